//! The journal of the control plane: rows that several processes append, each number once.

use std::sync::Arc;

use base::Ts;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::db::{Db, Engine, Postgres, Sqlite, on_reader};
use crate::error::StoreError;
use crate::log::hash;

/// One act of a person, as it was written down.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Its place in the journal, counted from 0, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Ts,
    /// Its leaf hash in the journal's tree.
    pub leaf: [u8; 32],
    /// The act itself, byte for byte as it was hashed.
    pub text: String,
}

impl std::fmt::Debug for JournalRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the text: it names persons and what they did.
        f.debug_struct("JournalRow")
            .field("seq", &self.seq)
            .field("at", &self.at)
            .field("text_bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// Rows of one INSERT on SQLite, which takes at most 32,766 values in a statement.
const SQLITE_CHUNK_ROWS: usize = 256;

/// Rows of one INSERT on PostgreSQL, so that the texts of one statement stay far below its limit of 1 GB.
const POSTGRES_CHUNK_ROWS: usize = 1_000;

const SIZE: &str = "SELECT COALESCE(max(seq) + 1, 0) FROM journal";
const ROWS: &str = "SELECT seq, at, leaf, text FROM journal WHERE seq >= $1 ORDER BY seq LIMIT $2";
const INSERT_POSTGRES: &str = "
    INSERT INTO journal (seq, at, leaf, text)
    SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BYTEA[], $4::TEXT[])";

/// As for the message log: on the disk before it is reported, also where the server's setting is weaker.
const DURABLE: &str = "
    SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";

type RawRow = (i64, i64, Vec<u8>, String);

fn row((seq, at, leaf, text): RawRow) -> Result<JournalRow, StoreError> {
    let leaf = hash("journal", &leaf, || seq.to_string())?;
    Ok(JournalRow { seq, at: Ts(at), leaf, text })
}

/// Why rows were not appended.
enum Failed {
    /// Somebody else has the number already, or the rows leave a gap.
    Taken,
    /// Anything else.
    Store(StoreError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // The key is the number: two processes that saw the same end of the journal both try it.
            sqlx::Error::Database(db) if db.is_unique_violation() => Self::Taken,
            _ => Self::Store(error.into()),
        }
    }
}

impl Db {
    /// How many rows the journal has.
    pub async fn journal_size(&self) -> Result<i64, StoreError> {
        Ok(on_reader!(self, |pool| sqlx::query_scalar(SIZE).fetch_one(pool).await)?)
    }

    /// At most `limit` rows from number `from` on, in order.
    pub async fn journal_rows(&self, from: i64, limit: u32) -> Result<Vec<JournalRow>, StoreError> {
        let limit = i64::from(limit);
        let raw: Vec<RawRow> =
            on_reader!(self, |pool| sqlx::query_as(ROWS).bind(from).bind(limit).fetch_all(pool).await)
                .map_err(StoreError::reading("journal"))?;
        raw.into_iter().map(row).collect()
    }

    /// Appends rows in one durable transaction, any number of them.
    ///
    /// The first row has the number that the journal's size is now, or it is
    /// [`Sequence`](StoreError::Sequence) and nothing was written: somebody else was faster. After any
    /// other error the rows are all there or none, and which is not known: read on from the first number.
    pub async fn journal_append(&self, rows: &[JournalRow]) -> Result<(), StoreError> {
        let Some(first) = rows.first() else { return Ok(()) };
        for (expected, row) in (first.seq..).zip(rows) {
            if row.seq != expected {
                return Err(StoreError::Sequence { expected, found: row.seq });
            }
        }
        let done = match self.engine() {
            Engine::Sqlite(it) => append_sqlite(it, first.seq, rows).await,
            Engine::Postgres(it) => append_postgres(it, first.seq, rows).await,
        };
        match done {
            Ok(()) => Ok(()),
            Err(Failed::Store(error)) => Err(error),
            Err(Failed::Taken) => {
                Err(StoreError::Sequence { expected: self.journal_size().await?, found: first.seq })
            }
        }
    }
}

async fn append_sqlite(db: &Sqlite, first: i64, rows: &[JournalRow]) -> Result<(), Failed> {
    let (mut slot, mut held) = db.writer().await.map_err(Failed::Store)?;
    let mut tx = held.begin_with("BEGIN IMMEDIATE").await?;
    let size: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut *tx).await?;
    let fits = size == first;
    if fits {
        insert_sqlite(&mut tx, rows).await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    *slot = Some(held);
    if fits { Ok(()) } else { Err(Failed::Taken) }
}

async fn insert_sqlite(conn: &mut SqliteConnection, rows: &[JournalRow]) -> Result<(), sqlx::Error> {
    let full = statement(SQLITE_CHUNK_ROWS);
    for chunk in rows.chunks(SQLITE_CHUNK_ROWS) {
        let whole = chunk.len() == SQLITE_CHUNK_ROWS;
        let text = if whole { Arc::clone(&full) } else { statement(chunk.len()) };
        // Only the full chunk comes again; the rest would push better statements out of the cache.
        let mut query = sqlx::query(AssertSqlSafe(text)).persistent(whole || chunk.len() == 1);
        for row in chunk {
            query = query.bind(row.seq).bind(row.at.0).bind(&row.leaf[..]).bind(row.text.as_str());
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// The INSERT of so many rows.
fn statement(rows: usize) -> Arc<str> {
    let values = vec!["(?,?,?,?)"; rows].join(",");
    format!("INSERT INTO journal (seq, at, leaf, text) VALUES {values}").into()
}

async fn append_postgres(db: &Postgres, first: i64, rows: &[JournalRow]) -> Result<(), Failed> {
    let mut tx = db.pool.begin().await?;
    sqlx::query(DURABLE).execute(&mut *tx).await?;
    let size: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut *tx).await?;
    if size != first {
        tx.rollback().await?;
        return Err(Failed::Taken);
    }
    insert_postgres(&mut tx, rows).await?;
    Ok(tx.commit().await?)
}

async fn insert_postgres(conn: &mut PgConnection, rows: &[JournalRow]) -> Result<(), sqlx::Error> {
    for chunk in rows.chunks(POSTGRES_CHUNK_ROWS) {
        sqlx::query(INSERT_POSTGRES)
            .bind(chunk.iter().map(|row| row.seq).collect::<Vec<_>>())
            .bind(chunk.iter().map(|row| row.at.0).collect::<Vec<_>>())
            .bind(chunk.iter().map(|row| &row.leaf[..]).collect::<Vec<_>>())
            .bind(chunk.iter().map(|row| row.text.as_str()).collect::<Vec<_>>())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
