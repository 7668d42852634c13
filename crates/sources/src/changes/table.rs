//! Changes by a table that triggers of the source fill.
//!
//! A transaction may take its numbers early and commit late. On PostgreSQL changes are therefore read in the order of
//! transaction and number, and only of transactions before the oldest that still runs: that part is final. Elsewhere a
//! gap in the numbers holds back what follows until it is old; SQLite has one writer at a time and no such gaps.

use crate::definition::{ChangeTable, Definition};
use crate::engine::{Engine, Row, Statement};
use crate::error::{Mistake, SourceError};
use crate::value::Kind;

use super::Operation;

/// Seconds for which a gap in the numbers may be a transaction that still runs.
pub const GAP_S: i64 = 600;
/// Columns of a row of changes before the key: number, transaction, operation, time, age, whether the row is there.
const OWN: usize = 6;

/// A place in the order of changes, behind which to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    transaction: i64,
    number: i64,
}

impl Mark {
    /// Reads a mark: `NUMBER`, or `TRANSACTION.NUMBER` where transactions are known.
    pub fn parse(text: &str, ordered: bool) -> Option<Self> {
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        match text.split_once('.') {
            Some((transaction, n)) if ordered => {
                Some(Self { transaction: number(transaction)?, number: number(n)? })
            }
            None if text == "0" || !ordered => Some(Self { transaction: 0, number: number(text)? }),
            _ => None,
        }
    }

    /// As consumers get it.
    pub fn text(self, ordered: bool) -> String {
        if ordered { format!("{}.{}", self.transaction, self.number) } else { self.number.to_string() }
    }
}

/// A change, with its row as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub mark: Mark,
    /// What happened, as far as it can still be seen.
    pub operation: Operation,
    /// When.
    pub time: Option<String>,
    /// The key of the row.
    pub key: Row,
    /// The row as it is now: its fields, then its key.
    pub row: Option<Row>,
}

/// Statements and rows of a table of changes.
pub struct Reading<'a> {
    definition: &'a Definition,
    table: &'a ChangeTable,
    engine: Engine,
}

impl<'a> Reading<'a> {
    /// For one definition.
    pub fn new(definition: &'a Definition, table: &'a ChangeTable, engine: Engine) -> Self {
        Self { definition, table, engine }
    }

    /// Whether changes are in the order of transactions.
    pub fn is_ordered(&self) -> bool {
        self.engine == Engine::Postgres && !self.table.transaction.is_empty()
    }

    /// The changes behind a mark, each with its row as it is now.
    pub fn statement(&self, since: Mark, limit: u32) -> Statement {
        let Self { definition, table, engine } = *self;
        let column = |name: &str| format!("c.{}", engine.quoted(name));
        let (so, transaction) = (column(&table.sequence), column(&table.transaction));
        let ordered = self.is_ordered();
        let as_text = |expression: &str| match engine {
            Engine::Postgres => format!("({expression})::text"),
            Engine::MySql => format!("CAST({expression} AS CHAR)"),
            // Definitions for SQL Server cannot ask for this.
            Engine::Sqlite | Engine::SqlServer => format!("CAST({expression} AS TEXT)"),
        };
        let key = table.keys(&definition.entity);
        let mut columns: Vec<String> = crate::query::texts_of(engine, &definition.fields);
        columns.extend(crate::query::keys_of(engine, &definition.entity));
        columns.extend([
            as_text(&so),
            if ordered { as_text(&transaction) } else { "NULL".into() },
            as_text(&column(&table.operation)),
            engine.as_text_of("c", &table.time, (Some(Kind::Moment), "")),
            self.age(&column(&table.time)),
            format!("CASE WHEN {} IS NULL THEN '0' ELSE '1' END", engine.column(&definition.entity.key[0])),
        ]);
        let kinds = definition.entity.key.iter().map(|column| kind_of(definition, column));
        columns.extend(key.iter().zip(kinds).map(|(name, kind)| engine.as_text_of("c", name, (kind, ""))));
        let pairs = definition.entity.key.iter().zip(key);
        let pairs: Vec<_> =
            pairs.map(|(of, name)| format!("{} = {}", engine.column(of), column(name))).collect();
        let place = |number: usize| engine.as_value(number, "bigint");
        let (behind, order, parameters) = if ordered {
            let behind = format!(
                "({transaction}, {so}) > ({}, {}) AND {transaction} < txid_snapshot_xmin(txid_current_snapshot())",
                place(1),
                place(2)
            );
            let parameters = vec![since.transaction.to_string(), since.number.to_string()];
            (behind, format!("{transaction}, {so}"), parameters)
        } else {
            // SQLite compares a column of whole numbers with a text by its own rules, MySQL, too.
            (format!("{so} > {}", place(1)), so, vec![since.number.to_string()])
        };
        let from: Vec<_> = table.table.split('.').map(|part| engine.quoted(part)).collect();
        let sql = format!(
            "SELECT {} FROM {} AS c LEFT JOIN {} ON {} WHERE {behind} ORDER BY {order} LIMIT {}",
            columns.join(", "),
            from.join("."),
            engine.table(&definition.entity.table),
            pairs.join(" AND "),
            limit
        );
        Statement { sql: sql.into(), parameters }
    }

    /// Seconds since a change; nothing where numbers need no rest.
    fn age(&self, time: &str) -> String {
        match self.engine {
            Engine::MySql => format!("CAST(TIMESTAMPDIFF(SECOND, {time}, CURRENT_TIMESTAMP) AS CHAR)"),
            Engine::Postgres if !self.is_ordered() => {
                format!("(EXTRACT(EPOCH FROM now() - {time})::bigint)::text")
            }
            Engine::Postgres | Engine::Sqlite | Engine::SqlServer => "NULL".into(),
        }
    }

    /// The changes of rows, as far as they are final: in order, of each row of the source its last one.
    ///
    /// # Errors
    /// The table of changes is not what the definition says.
    pub fn changes(&self, rows: Vec<Row>, since: Mark) -> Result<(Vec<Change>, Option<Mark>), SourceError> {
        let mut before = since;
        let mut kept: Vec<Change> = Vec::new();
        for mut row in rows {
            let mut own = row.split_off(self.definition.fields.len() + self.definition.entity.key.len());
            let key = own.split_off(OWN);
            let number = |at: usize| own[at].as_deref().and_then(|text| text.parse::<i64>().ok());
            let wrong = |column: &str| SourceError::Value {
                field: column.to_owned(),
                key: own[0].clone().unwrap_or_default(),
                wanted: "I, U, D",
            };
            let mark = Mark {
                transaction: number(1).unwrap_or_default(),
                number: number(0).ok_or_else(|| wrong(&self.table.sequence))?,
            };
            let gap = mark.number != before.number + 1;
            if gap && number(4).is_some_and(|age_s| age_s < GAP_S) {
                break;
            }
            let said = own[2].as_deref().and_then(Operation::read);
            let said = said.ok_or_else(|| wrong(&self.table.operation))?;
            let row = (own[5].as_deref() == Some("1")).then_some(row);
            // A row that is not there is gone, whatever was said of it; one that is there came back.
            let operation = match (&row, said) {
                (None, _) => Operation::Gone,
                (Some(_), Operation::Gone) => Operation::Changed,
                (Some(_), said) => said,
            };
            before = mark;
            kept.push(Change { mark, operation, time: own.swap_remove(3), key, row });
        }
        let last = kept.last().map(|change| change.mark);
        let mut seen = std::collections::HashSet::new();
        kept.reverse();
        kept.retain(|change| seen.insert(change.key.clone()));
        kept.reverse();
        Ok((kept, last))
    }
}

/// What the field of a column holds.
fn kind_of(definition: &Definition, column: &str) -> Option<Kind> {
    definition.fields.iter().find(|field| field.column == column).map(|field| field.kind)
}

/// A mark that a consumer gave.
///
/// # Errors
/// It is none.
pub fn mark(text: &str, ordered: bool) -> Result<Mark, SourceError> {
    Mark::parse(text.trim(), ordered).ok_or_else(no_mark)
}

pub(crate) fn no_mark() -> SourceError {
    let vi = "không phải giá trị next của lần trước, hoặc quá cũ; gửi 0 và lấy lại toàn bộ";
    let en = "is not the next of an answer, or too old: send 0, and take everything again";
    SourceError::Question(vec![Mistake::new("since", vi, en)])
}

#[cfg(test)]
mod tests;
