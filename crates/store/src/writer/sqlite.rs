//! Appending on SQLite: the whole group is one text of statements, so that it costs one visit to
//! SQLite's thread.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Connection};

use super::lock;
use crate::db::Sqlite;
use crate::error::StoreError;
use crate::log::{LogRow, SIZE, TreeNode};

/// Rows of one INSERT. A power of two: a smaller group is filled up with empty rows to the next
/// power of two, so that a handful of prepared statements serves groups of any size.
const CHUNK_ROWS: usize = 256;

/// Columns of a row of the log, and of a tree node.
const ROW_COLUMNS: usize = 8;
const NODE_COLUMNS: usize = 3;

/// The lock, and the texts of the statements made so far.
pub(super) struct Session {
    _lock: File,
    texts: HashMap<(usize, usize), Arc<str>>,
}

impl Session {
    pub(super) fn open(db: &Sqlite) -> Result<Self, StoreError> {
        Ok(Self { _lock: lock::file(&db.path)?, texts: HashMap::new() })
    }

    /// The size of the log, read behind any append that is still under way.
    pub(super) async fn size(&mut self, db: &Sqlite) -> Result<i64, StoreError> {
        let (mut slot, mut held) = db.writer().await?;
        let mut tx = held.begin_with("BEGIN IMMEDIATE").await?;
        let size = sqlx::query_scalar(SIZE).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        *slot = Some(held);
        Ok(size)
    }

    pub(super) async fn append(
        &mut self,
        db: &Sqlite,
        rows: &[LogRow],
        nodes: &[TreeNode],
    ) -> Result<(), StoreError> {
        let places = (padded(rows.len()), padded(nodes.len()));
        let text = self.texts.entry(places).or_insert_with(|| statements(places).into());
        let arguments =
            arguments(rows, nodes, places).map_err(|error| StoreError::other(error.to_string()))?;
        let (mut slot, mut held) = db.writer().await?;
        sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments).execute(&mut held).await?;
        *slot = Some(held);
        Ok(())
    }
}

/// How many places the statements for so many rows have.
fn padded(rows: usize) -> usize {
    let rest = rows % CHUNK_ROWS;
    rows - rest + if rest == 0 { 0 } else { rest.next_power_of_two() }
}

/// The transaction for so many places of rows and nodes.
fn statements((rows, nodes): (usize, usize)) -> String {
    let mut text = String::from("BEGIN IMMEDIATE;\n");
    insert(&mut text, "record (seq, at, kind, id_key, closes, leaf, nonce, text)", ROW_COLUMNS, rows);
    insert(&mut text, "tree_node (level, idx, hash)", NODE_COLUMNS, nodes);
    text.push_str("COMMIT");
    text
}

fn insert(text: &mut String, table: &str, columns: usize, places: usize) {
    let place = format!("({})", vec!["?"; columns].join(","));
    for start in (0..places).step_by(CHUNK_ROWS) {
        let values = vec![place.as_str(); CHUNK_ROWS.min(places - start)].join(",");
        text.extend([
            "INSERT OR ROLLBACK INTO ",
            table,
            " SELECT * FROM (VALUES ",
            &values,
            ") WHERE column1 IS NOT NULL;\n",
        ]);
    }
}

fn arguments(
    rows: &[LogRow],
    nodes: &[TreeNode],
    (row_places, node_places): (usize, usize),
) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut args = SqliteArguments::default();
    args.reserve(row_places * ROW_COLUMNS + node_places * NODE_COLUMNS, 0);
    for row in rows {
        args.add(row.seq)?;
        args.add(row.at.0)?;
        args.add(row.kind)?;
        args.add(row.id_key)?;
        args.add(row.closes)?;
        args.add(&row.leaf[..])?;
        args.add(row.nonce.as_deref())?;
        args.add(row.text.as_str())?;
    }
    for _ in rows.len() * ROW_COLUMNS..row_places * ROW_COLUMNS {
        args.add(None::<i64>)?;
    }
    for node in nodes {
        args.add(node.level)?;
        args.add(node.index)?;
        args.add(&node.hash[..])?;
    }
    for _ in nodes.len() * NODE_COLUMNS..node_places * NODE_COLUMNS {
        args.add(None::<i64>)?;
    }
    Ok(args)
}
