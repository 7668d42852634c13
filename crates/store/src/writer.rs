//! The one writer of a store's message log.

mod postgres;
mod sqlite;

pub(crate) mod lock;

use crate::db::{Db, Engine};
use crate::error::StoreError;
use crate::log::{LogRow, TreeNode};

/// Appends to the message log; there is one per store, whatever the number of processes.
///
/// After an error the rows are either all in the log or none of them, and which is not known. Hand
/// the same rows to [`append`](Self::append) again, which finds out, or ask [`size`](Self::size).
/// Either connects again by itself as soon as the store is back.
pub struct LogWriter {
    db: Db,
    session: Session,
    /// The number of the next row; unknown after an error or a cancelled call.
    next: Option<i64>,
}

/// What holds the single-writer lock.
enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl LogWriter {
    /// Takes the writer's lock and finds the end of the log.
    ///
    /// The lock ends with this value, or with the process. A second writer is
    /// [`Locked`](StoreError::Locked).
    pub async fn open(db: &Db) -> Result<Self, StoreError> {
        let session = match db.engine() {
            Engine::Sqlite(it) => Session::Sqlite(sqlite::Session::open(it)?),
            Engine::Postgres(it) => Session::Postgres(postgres::Session::open(it).await?),
        };
        let mut writer = Self { db: db.clone(), session, next: None };
        writer.size().await?;
        Ok(writer)
    }

    /// How many rows the log has for certain; asks the store after an error.
    pub async fn size(&mut self) -> Result<i64, StoreError> {
        if let Some(next) = self.next {
            return Ok(next);
        }
        let size = match (&mut self.session, self.db.engine()) {
            (Session::Sqlite(it), Engine::Sqlite(db)) => it.size(db).await?,
            (Session::Postgres(it), Engine::Postgres(db)) => it.size(db).await?,
            _ => unreachable!("a session is made for the engine of its store"),
        };
        self.next = Some(size);
        Ok(size)
    }

    /// Appends a group of rows, and the tree nodes they complete, in one durable transaction.
    ///
    /// The rows continue the log without a gap. Rows that are in the log already, with the same
    /// leaf hashes, are a success: a caller may simply repeat an append that failed. One call with
    /// many rows is far cheaper than many calls; groups of 64 and more cost the disk next to nothing
    /// for a row.
    pub async fn append(&mut self, rows: &[LogRow], nodes: &[TreeNode]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        for (expected, row) in (first.seq..).zip(rows) {
            if row.seq != expected {
                return Err(StoreError::Sequence { expected, found: row.seq });
            }
        }
        let was_sure = self.next.is_some();
        match self.attempt((first.seq, last.seq), rows, nodes).await {
            // The connection may have ended while it was idle: a new one is worth a try, once.
            Err(StoreError::Unavailable { .. }) if was_sure => {
                self.attempt((first.seq, last.seq), rows, nodes).await
            }
            result => result,
        }
    }

    async fn attempt(
        &mut self,
        (first, last): (i64, i64),
        rows: &[LogRow],
        nodes: &[TreeNode],
    ) -> Result<(), StoreError> {
        let size = self.size().await?;
        if size != first {
            let stored = size > last && self.has(first, rows).await?;
            return if stored { Ok(()) } else { Err(StoreError::Sequence { expected: size, found: first }) };
        }
        // From here until success nobody knows how long the log is, also when the caller goes away.
        self.next = None;
        match (&mut self.session, self.db.engine()) {
            (Session::Sqlite(it), Engine::Sqlite(db)) => it.append(db, rows, nodes).await?,
            (Session::Postgres(it), Engine::Postgres(db)) => it.append(db, rows, nodes).await?,
            _ => unreachable!("a session is made for the engine of its store"),
        }
        self.next = Some(last + 1);
        Ok(())
    }

    /// Whether the log has these very rows from `first` on.
    async fn has(&self, first: i64, rows: &[LogRow]) -> Result<bool, StoreError> {
        let end = first.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let stored = self.db.leaf_hashes(first, end).await?;
        Ok(stored.iter().eq(rows.iter().map(|row| &row.leaf)))
    }

    /// Ends the writer and gives its lock back at once.
    pub async fn close(self) {
        if let Session::Postgres(session) = self.session {
            session.close().await;
        }
    }
}
