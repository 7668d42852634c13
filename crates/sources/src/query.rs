//! From a definition and a question to a statement. Every value is a parameter; every name comes from the definition.

use std::borrow::Cow;
use std::sync::Arc;

use crate::definition::{Changes, Definition, Entity, Field, Filter, How, List};
use crate::engine::{Engine, Row, Statement};
use crate::error::{Mistake, SourceError};

/// Longest value of a parameter, in bytes.
pub const VALUE_BYTES_MAX: usize = 1_000;

/// Mistakes of a question that are told; more would make an answer that is larger than the question.
const MISTAKES_MAX: usize = 20;

/// Builds statements for one definition.
#[derive(Clone)]
pub struct Query<'a> {
    definition: &'a Definition,
    engine: Engine,
    parts: Cow<'a, Parts>,
}

/// What every statement of a definition has in common, in the words of its engine.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The columns of the fields, then those of the key.
    columns: String,
    /// What lists need of a row, behind its columns.
    links: String,
    table: String,
    /// The columns that pages go by.
    order: String,
    /// The whole statement of a look-up.
    one: Option<Arc<str>>,
}

impl Parts {
    /// The texts, made once for all questions.
    pub(crate) fn new(definition: &Definition, engine: Engine) -> Self {
        let Entity { key, table, .. } = &definition.entity;
        let mut columns = texts_of(engine, &definition.fields);
        columns.extend(keys_of(engine, &definition.entity));
        let links = definition.lists.iter().flat_map(|list| &list.by);
        let links = links
            .flat_map(|link| [", ".to_owned(), engine.as_text(&link.of, None, &link.column_type)])
            .collect();
        let order: Vec<_> = key.iter().map(|column| engine.column(column)).collect();
        let (columns, order) = (columns.join(", "), order.join(", "));
        let mut parts = Self { columns, links, table: engine.table(table), order, one: None };
        let look_up = definition.service.look_up.as_deref().and_then(|name| definition.field(name));
        parts.one = look_up.map(|field| {
            let mut building = Building::new(engine);
            building.condition(&field.column, "=", &field.column_type, String::new());
            parts.select(&building, &parts.links, 2)
        });
        parts
    }

    /// A statement on the definition's table.
    fn select(&self, building: &Building, more: &str, limit: u32) -> Arc<str> {
        let Self { columns, table, order, .. } = self;
        let (conditions, end) = (building.text(), building.engine.first_rows(order, limit));
        format!("SELECT {columns}{more} FROM {table}{conditions}{end}").into()
    }
}

/// The columns of fields, as texts.
pub(crate) fn texts_of(engine: Engine, fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| engine.as_text(&field.column, Some(field.kind), &field.column_type)).collect()
}

/// The columns of the key, as texts.
pub(crate) fn keys_of(engine: Engine, entity: &Entity) -> Vec<String> {
    let columns = entity.key.iter().zip(&entity.key_types);
    columns.map(|(column, type_name)| engine.key_as_text(column, type_name)).collect()
}

/// A question for a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Values of declared filters, by parameter.
    pub filters: Vec<(String, String)>,
    /// Rows at most.
    pub limit: u32,
    /// Values of the key behind which the page begins.
    pub after: Option<Vec<String>>,
    /// Only what changed at or after this value of the field of changes.
    pub since: Option<String>,
}

/// The text of a statement while it grows.
struct Building {
    engine: Engine,
    conditions: Vec<String>,
    parameters: Vec<String>,
}

impl Building {
    fn new(engine: Engine) -> Self {
        Self { engine, conditions: Vec::new(), parameters: Vec::new() }
    }

    fn condition(&mut self, column: &str, sign: &str, type_name: &str, value: String) {
        self.parameters.push(value);
        let place = self.engine.as_value(self.parameters.len(), type_name);
        self.conditions.push(format!("{} {sign} {place}", self.engine.compared(column, type_name)));
    }

    /// Texts that begin so. Where the index of a column serves for this is up to the database: `text_pattern_ops` in
    /// PostgreSQL.
    fn prefix(&mut self, column: &str, value: &str) {
        self.parameters.push(format!("{}%", self.engine.in_pattern(value)));
        let place = self.engine.place(self.parameters.len());
        self.conditions.push(format!("{} LIKE {place} ESCAPE '!'", self.engine.column(column)));
    }

    fn text(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.conditions.join(" AND "))
        }
    }
}

impl<'a> Query<'a> {
    /// Statements of a definition for an engine.
    pub fn new(definition: &'a Definition, engine: Engine) -> Self {
        Self { definition, engine, parts: Cow::Owned(Parts::new(definition, engine)) }
    }

    /// The same, with what was made before.
    pub(crate) fn with(definition: &'a Definition, engine: Engine, parts: &'a Parts) -> Self {
        Self { definition, engine, parts: Cow::Borrowed(parts) }
    }

    /// The row whose `look_up` field has this value, with what its lists need behind the key.
    ///
    /// # Errors
    /// The value cannot be one of the field; the service has no look-up.
    pub fn one(&self, value: &str) -> Result<Statement, SourceError> {
        let none =
            || wrong("look_up", "dịch vụ không tra cứu theo một giá trị", "the service looks up nothing");
        let name = self.definition.service.look_up.as_deref().ok_or_else(none)?;
        let field = self.definition.field(name).ok_or_else(none)?;
        let sql = Arc::clone(self.parts.one.as_ref().ok_or_else(none)?);
        Ok(Statement { sql, parameters: vec![accepted(field, name, How::Equals, value)?] })
    }

    /// The rows of a list that belong to a row of [`one`](Self::one); nothing when a value that links them is empty.
    pub fn list(&self, list: &List, row: &Row) -> Option<Statement> {
        let before = self.definition.lists.iter().take_while(|other| other.name != list.name);
        let first = self.definition.fields.len()
            + self.definition.entity.key.len()
            + before.map(|other| other.by.len()).sum::<usize>();
        let mut building = Building::new(self.engine);
        for (link, value) in list.by.iter().zip(row.get(first..)?) {
            building.condition(&link.column, "=", &link.column_type, value.clone()?);
        }
        let columns = texts_of(self.engine, &list.fields).join(", ");
        let order = list.order.iter().map(|column| self.engine.column(column)).collect::<Vec<_>>().join(", ");
        let end = self.engine.first_rows(&order, list.rows_max.saturating_add(1));
        let sql = format!("SELECT {columns} FROM {}{}{end}", self.engine.table(&list.table), building.text());
        Some(Statement { sql: sql.into(), parameters: building.parameters })
    }

    /// A page: one row more than asked for, which tells whether there is another page.
    ///
    /// # Errors
    /// Everything that is wrong with the question.
    pub fn page(&self, page: &Page) -> Result<Statement, SourceError> {
        let mut building = self.filtered(page)?;
        if let Some(after) = &page.after {
            self.behind(&mut building, after)?;
        }
        let sql = self.parts.select(&building, "", page.limit.saturating_add(1));
        Ok(Statement { sql, parameters: building.parameters })
    }

    /// The rows that have these keys.
    pub(crate) fn keyed(&self, keys: &[Vec<String>]) -> Statement {
        let mut building = Building::new(self.engine);
        let Entity { key, key_types, .. } = &self.definition.entity;
        let mut rows = Vec::with_capacity(keys.len());
        for values in keys {
            let mut part = Vec::with_capacity(key.len());
            for ((column, type_name), value) in key.iter().zip(key_types).zip(values) {
                building.parameters.push(value.clone());
                let place = self.engine.as_value(building.parameters.len(), type_name);
                part.push(format!("{} = {place}", self.engine.column(column)));
            }
            rows.push(format!("({})", part.join(" AND ")));
        }
        building.conditions.push(format!("({})", rows.join(" OR ")));
        let limit = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        Statement { sql: self.parts.select(&building, "", limit), parameters: building.parameters }
    }

    /// How many rows a page's question has in all.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub fn count(&self, page: &Page) -> Result<Statement, SourceError> {
        let building = self.filtered(page)?;
        let sql = format!("SELECT {} FROM {}{}", self.engine.count(), self.parts.table, building.text());
        Ok(Statement { sql: sql.into(), parameters: building.parameters })
    }

    /// A row without key that pages would leave out: `>` is never true of it, and PostgreSQL has it behind all others, so that
    /// none of the pages but the first could show it. Nothing on other engines, which begin with such rows, and where no
    /// column may be empty.
    pub(crate) fn keyless(&self, nullable: &[String]) -> Option<Statement> {
        if self.engine != Engine::Postgres || nullable.is_empty() {
            return None;
        }
        let empty: Vec<_> =
            nullable.iter().map(|column| format!("{} IS NULL", self.engine.column(column))).collect();
        let sql = format!("SELECT '1' FROM {} WHERE {} LIMIT 1", self.parts.table, empty.join(" OR "));
        Some(Statement { sql: sql.into(), parameters: Vec::new() })
    }

    /// The values of the key, which stand behind the fields in each row.
    pub fn key_of(&self, row: &[Option<impl AsRef<str>>]) -> Vec<String> {
        let (first, count) = (self.definition.fields.len(), self.definition.entity.key.len());
        let text = |value: &Option<_>| value.as_ref().map(|text: &_| AsRef::<str>::as_ref(text).to_owned());
        row.iter().skip(first).take(count).map(|value| text(value).unwrap_or_default()).collect()
    }

    fn filtered(&self, page: &Page) -> Result<Building, SourceError> {
        let mut building = Building::new(self.engine);
        let mut mistakes = Vec::new();
        for (parameter, value) in &page.filters {
            if mistakes.len() >= MISTAKES_MAX {
                break;
            }
            let declared = self.definition.filters.iter().find(|filter| filter.parameter == *parameter);
            let found = declared.and_then(|filter| Some((filter, self.definition.field(&filter.field)?)));
            match found {
                Some((filter, field)) => match accepted(field, parameter, filter.how, value) {
                    Ok(value) => filter_by(&mut building, filter, field, value),
                    Err(SourceError::Question(more)) => mistakes.extend(more),
                    Err(error) => return Err(error),
                },
                None => mistakes.push(self.not_declared(parameter)),
            }
        }
        if let (Some(since), Some(Changes::Column { field })) = (&page.since, &self.definition.changes)
            && let Some(field) = self.definition.field(field)
        {
            let since = accepted(field, "since", How::From, since)?;
            building.condition(&field.column, ">=", &field.column_type, since);
        }
        if mistakes.is_empty() { Ok(building) } else { Err(SourceError::Question(mistakes)) }
    }

    fn not_declared(&self, parameter: &str) -> Mistake {
        let known: Vec<_> = self.definition.filters.iter().map(|filter| &*filter.parameter).collect();
        let known = if known.is_empty() { "—".to_owned() } else { known.join(", ") };
        Mistake::new(
            parameter,
            format!("không tìm theo tham số này được; các tham số: {known}"),
            format!("is no declared filter; there are: {known}"),
        )
    }

    /// Rows behind a key, written out so that every engine uses its index.
    fn behind(&self, building: &mut Building, after: &[String]) -> Result<(), SourceError> {
        let Entity { key, key_types, .. } = &self.definition.entity;
        if after.len() != key.len() || after.iter().any(|value| !is_short(value)) {
            return Err(wrong(
                "after",
                "không phải giá trị next của trang trước",
                "is not the next of a page",
            ));
        }
        let mut parts = Vec::new();
        for last in 0..key.len() {
            let mut part = Vec::new();
            for (at, (column, type_name)) in key.iter().zip(key_types).enumerate().take(last + 1) {
                building.parameters.push(after[at].clone());
                let place = self.engine.as_value(building.parameters.len(), type_name);
                let sign = if at == last { ">" } else { "=" };
                part.push(format!("{} {sign} {place}", self.engine.column(column)));
            }
            parts.push(format!("({})", part.join(" AND ")));
        }
        building.conditions.push(format!("({})", parts.join(" OR ")));
        Ok(())
    }
}

fn filter_by(building: &mut Building, filter: &Filter, field: &Field, value: String) {
    match filter.how {
        How::Equals => building.condition(&field.column, "=", &field.column_type, value),
        How::From => building.condition(&field.column, ">=", &field.column_type, value),
        How::To => building.condition(&field.column, "<=", &field.column_type, value),
        How::Prefix => building.prefix(&field.column, &value),
    }
}

/// A value that can be one of the field, in the words of the database. Who asks for the very value writes it as it is given:
/// otherwise one row would be found by many spellings, and the log of a person would know only one of them.
fn accepted(field: &Field, place: &str, how: How, value: &str) -> Result<String, SourceError> {
    if !is_short(value) {
        let (vi, en) = (
            format!("dài quá {VALUE_BYTES_MAX} byte, hoặc có ký tự NUL"),
            format!("is longer than {VALUE_BYTES_MAX} bytes, or has a NUL"),
        );
        return Err(wrong(place, &vi, &en));
    }
    let accepted = field.kind.for_source(value).ok_or_else(|| {
        let kind = field.kind.name();
        wrong(place, &format!("không phải giá trị kiểu {kind}"), &format!("is no value of the type {kind}"))
    })?;
    if how == How::Equals && !field.kind.is_told_so(value) {
        let (vi, en) = (
            "phải viết đúng như dịch vụ trả ra, không thêm khoảng trắng, dấu + hay số 0 ở đầu",
            "must be written as the service gives it, without blanks, plus signs or zeros in front",
        );
        return Err(wrong(place, vi, en));
    }
    let Some(encoding) = field.encoding else { return Ok(accepted) };
    encoding.encode(&accepted).ok_or_else(|| {
        let (vi, en) = ("có chữ mà nguồn không ghi được", "has letters that the source cannot hold");
        wrong(place, vi, en)
    })
}

/// Whether a value may be sent to a database at all.
fn is_short(value: &str) -> bool {
    value.len() <= VALUE_BYTES_MAX && !value.contains('\0')
}

fn wrong(place: &str, vi: &str, en: &str) -> SourceError {
    SourceError::Question(vec![Mistake::new(place, vi, en)])
}
