//! What is asked for by people: lists, page by page. Nothing is locked.

use sqlx::AssertSqlSafe;

use super::ProcessStore;
use super::rows::{HistoryRow, IncidentRow, InstanceRow, ModelHead, ModelRow, TaskRow, WaitRow};
use super::table::{Cell, Row, postgres_arguments, sqlite_arguments};
use crate::db::Engine;
use crate::error::StoreError;

/// Which open work.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// 0 tasks of persons, 1 jobs of workers; none both.
    pub kind: Option<i64>,
    /// Of one of these roles; empty is every role.
    pub roles: Vec<String>,
    /// Of one of these agencies; none is every one, and none.
    pub agencies: Option<Vec<String>>,
    /// Taken by this person.
    pub assignee: Option<String>,
    /// Of this instance.
    pub instance: Option<String>,
    /// Behind this one.
    pub after: Option<(String, i64)>,
}

/// Which instances.
#[derive(Clone, Debug, Default)]
pub struct InstanceFilter {
    /// With this business key.
    pub business_key: Option<String>,
    /// Of this model.
    pub model: Option<i64>,
    /// Not over, or over.
    pub open: Option<bool>,
    /// Of one of these agencies; none is every one, and none.
    pub agencies: Option<Vec<String>>,
    /// Computed with other calendars than these.
    pub not_by: Option<String>,
    /// Behind this one.
    pub after: Option<String>,
}

/// Which part of a history.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistoryPage {
    /// Behind this number.
    pub after: i64,
    /// So many at most.
    pub limit: u32,
}

/// Conditions of a query, with their values.
#[derive(Default)]
struct Where {
    words: Vec<String>,
    cells: Vec<Cell>,
}

impl Where {
    fn add(&mut self, words: &str, cells: Vec<Cell>) {
        let mut text = words.to_owned();
        for cell in cells {
            self.cells.push(cell);
            text = text.replacen('?', &format!("${}", self.cells.len()), 1);
        }
        self.words.push(text);
    }

    fn text(&mut self, words: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.add(words, vec![Cell::Text(Some(value.clone()))]);
        }
    }

    /// No value at all is none of nothing.
    fn one_of(&mut self, column: &str, values: &[String]) {
        if values.is_empty() {
            return self.words.push("1 = 0".to_owned());
        }
        let places = vec!["?"; values.len()].join(", ");
        let cells = values.iter().map(|value| Cell::Text(Some(value.clone()))).collect();
        self.add(&format!("{column} IN ({places})"), cells);
    }

    fn int(&mut self, words: &str, value: Option<i64>) {
        if value.is_some() {
            self.add(words, vec![Cell::Int(value)]);
        }
    }
}

impl ProcessStore {
    async fn list<R: Row>(&self, conditions: Where, order: &str, limit: u32) -> Result<Vec<R>, StoreError> {
        let Where { words, cells } = conditions;
        let only = if words.is_empty() { String::new() } else { format!("WHERE {}", words.join(" AND ")) };
        let (list, table) = (R::TABLE.list(""), R::TABLE.name);
        let sql = AssertSqlSafe(format!("SELECT {list} FROM {table} {only} ORDER BY {order} LIMIT {limit}"));
        let raw: Vec<R::Raw> = match self.db.engine() {
            Engine::Sqlite(it) => {
                sqlx::query_as_with(sql, sqlite_arguments(cells)?).fetch_all(&it.readers).await
            }
            Engine::Postgres(it) => {
                sqlx::query_as_with(sql, postgres_arguments(cells)?).fetch_all(&it.pool).await
            }
        }
        .map_err(StoreError::reading(table))?;
        Ok(raw.into_iter().map(R::read).collect())
    }

    /// Open work, in the order in which its instances began.
    pub async fn tasks(&self, filter: &TaskFilter, limit: u32) -> Result<Vec<TaskRow>, StoreError> {
        let mut only = Where::default();
        // The number stands in the text, so that the index over tasks of one kind is seen to fit.
        match filter.kind {
            Some(0) => only.add("kind = 0", Vec::new()),
            Some(_) => only.add("kind = 1", Vec::new()),
            None => {}
        }
        if !filter.roles.is_empty() {
            only.one_of("role", &filter.roles);
        }
        filter.agencies.iter().for_each(|agencies| only.one_of("agency", agencies));
        only.text("assignee = ?", filter.assignee.as_ref());
        only.text("instance = ?", filter.instance.as_ref());
        if let Some((instance, exec)) = &filter.after {
            let cells = vec![Cell::Text(Some(instance.clone())), Cell::Int(Some(*exec))];
            only.add("(instance, exec) > (?, ?)", cells);
        }
        self.list(only, "instance, exec", limit).await
    }

    /// Steps that stopped, of all instances or one, in the order in which their instances began.
    pub async fn incidents(
        &self,
        instance: Option<&String>,
        after: Option<(String, i64)>,
        limit: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let mut only = Where::default();
        only.text("instance = ?", instance);
        if let Some((instance, exec)) = after {
            let cells = vec![Cell::Text(Some(instance)), Cell::Int(Some(exec))];
            only.add("(instance, exec) > (?, ?)", cells);
        }
        self.list(only, "instance, exec", limit).await
    }

    /// Instances, in the order in which they began.
    pub async fn instances(
        &self,
        filter: &InstanceFilter,
        limit: u32,
    ) -> Result<Vec<InstanceRow>, StoreError> {
        let mut only = Where::default();
        only.text("business_key = ?", filter.business_key.as_ref());
        only.int("model = ?", filter.model);
        match filter.open {
            Some(true) => only.add("ended IS NULL", Vec::new()),
            Some(false) => only.add("ended IS NOT NULL", Vec::new()),
            None => {}
        }
        filter.agencies.iter().for_each(|agencies| only.one_of("agency", agencies));
        only.text("calendar IS NOT NULL AND calendar <> ?", filter.not_by.as_ref());
        only.text("id > ?", filter.after.as_ref());
        self.list(only, "id", limit).await
    }

    /// What an instance waits for.
    pub async fn waits(&self, instance: &str) -> Result<Vec<WaitRow>, StoreError> {
        let mut only = Where::default();
        only.text("instance = ?", Some(&instance.to_owned()));
        self.list(only, "number", u32::MAX).await
    }

    /// One instance.
    pub async fn instance(&self, id: &str) -> Result<Option<InstanceRow>, StoreError> {
        let mut only = Where::default();
        only.text("id = ?", Some(&id.to_owned()));
        Ok(self.list(only, "id", 1).await?.pop())
    }

    /// A part of an instance's history.
    pub async fn history(&self, instance: &str, page: HistoryPage) -> Result<Vec<HistoryRow>, StoreError> {
        let mut only = Where::default();
        only.text("instance = ?", Some(&instance.to_owned()));
        only.int("number > ?", Some(page.after));
        self.list(only, "number", page.limit).await
    }

    /// What of an instance's history was the work of these elements.
    pub async fn done(&self, instance: &str, elements: &[String]) -> Result<Vec<HistoryRow>, StoreError> {
        let mut only = Where::default();
        only.text("instance = ?", Some(&instance.to_owned()));
        only.one_of("element", elements);
        self.list(only, "number", u32::MAX).await
    }

    /// All models, in the order of deployment.
    pub async fn models(&self) -> Result<Vec<ModelHead>, StoreError> {
        self.list(Where::default(), "id", u32::MAX).await
    }

    /// A model with its file.
    pub async fn model(&self, id: i64) -> Result<Option<ModelRow>, StoreError> {
        let mut only = Where::default();
        only.int("id = ?", Some(id));
        Ok(self.list(only, "id", 1).await?.pop())
    }
}
