//! What changed, where a table of changes or a comparison tells it.

use std::collections::HashMap;

use serde_json::json;
use store::Operation as Stored;

use super::Service;
use super::answer::{array, question};
use crate::changes::table::{self, Reading};
use crate::changes::{self, Item, Operation};
use crate::definition::ChangeTable;
use crate::engine::Row;
use crate::error::SourceError;
use crate::query::Page;

/// Rows that one statement looks up: their keys are its parameters, of which SQLite takes 32,766.
const LOOKED_UP: usize = 200;

/// Changes that a table of the source tells.
pub(super) async fn by_table(
    service: &Service,
    table: &ChangeTable,
    page: &Page,
) -> Result<Vec<u8>, SourceError> {
    let reading = Reading::new(&service.definition, table, service.source.engine());
    let ordered = reading.is_ordered();
    let since = table::mark(since(page)?, ordered)?;
    let rows = service.ask(reading.statement(since, page.limit)).await?;
    let (told, last) = reading.changes(rows, since)?;
    let mut out = b"{\"items\":".to_vec();
    array(&told, &mut out, |change, out| {
        let mark = change.mark.text(ordered);
        let item =
            Item { mark: &mark, operation: change.operation, time: change.time.as_deref(), key: &change.key };
        write(service, &item, change.row.as_ref(), out)
    })?;
    Ok(closed(out, &last.unwrap_or(since).text(ordered)))
}

/// Changes that the last comparisons found.
pub(super) async fn by_hash(service: &Service, page: &Page) -> Result<Vec<u8>, SourceError> {
    let comparing = service.comparing.as_ref().ok_or(SourceError::NotCompared)?;
    let since = since(page)?.parse::<i64>().ok().filter(|since| *since >= 0);
    let since = since.ok_or_else(table::no_mark)?;
    let told = comparing.changes(&service.definition, since, page.limit).await?;
    let there = told.changes.iter().filter(|change| change.1 != Stored::Gone).map(|change| change.2.clone());
    let mut rows: HashMap<Vec<String>, Row> = HashMap::new();
    let query = service.query();
    for keys in there.collect::<Vec<_>>().chunks(LOOKED_UP) {
        let found = service.ask(query.keyed(keys)).await?;
        rows.extend(found.into_iter().map(|row| (query.key_of(&row), row)));
    }
    let mut out = b"{\"items\":".to_vec();
    array(&told.changes, &mut out, |(number, stored, key), out| {
        let row = rows.get(key);
        let operation = match (row, stored) {
            (None, _) | (_, Stored::Gone) => Operation::Gone,
            (Some(_), Stored::Added) => Operation::Added,
            (Some(_), Stored::Changed | Stored::Base) => Operation::Changed,
        };
        let key = key.iter().cloned().map(Some).collect();
        let item = Item { mark: &number.to_string(), operation, time: None, key: &key };
        write(service, &item, row, out)
    })?;
    Ok(closed(out, &told.next.to_string()))
}

/// The only parameter besides `limit`.
fn since(page: &Page) -> Result<&str, SourceError> {
    let other = page.filters.first().map(|(name, _)| name.as_str());
    match other.or(page.after.as_ref().map(|_| "after")) {
        Some(name) => Err(question(
            name,
            "không dùng ở đây; chỉ since và limit",
            "has no use here, only since and limit",
        )),
        None => Ok(page.since.as_deref().unwrap_or_default()),
    }
}

fn write(
    service: &Service,
    item: &Item<'_>,
    row: Option<&Row>,
    out: &mut Vec<u8>,
) -> Result<(), SourceError> {
    changes::write_head(&service.keys, item, out)?;
    match row {
        Some(row) => service.write(row, out)?,
        None => out.extend_from_slice(b"null"),
    }
    out.push(b'}');
    Ok(())
}

fn closed(mut out: Vec<u8>, next: &str) -> Vec<u8> {
    out.extend_from_slice(format!(",\"next\":{}}}", json!(next)).as_bytes());
    out
}
