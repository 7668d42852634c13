//! Tables of the process engine: models, instances, what waits, what is open, what happened.
//!
//! A step is one [`ProcessTx`]: what is read in it is its own until it ends, and what is written in it is there as a whole
//! or not at all, on the disk before [`ProcessTx::commit`] returns. Several nodes may work on one PostgreSQL: an instance that
//! another transaction holds is left out, never waited for.

mod count;
mod read;
mod rows;
mod table;
mod tx;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::db::Db;
use crate::error::StoreError;

pub use count::Counts;
pub use read::{HistoryPage, InstanceFilter, TaskFilter};
pub use rows::{
    AnswerRow, HistoryRow, IncidentRow, InstanceRow, LetterRow, ModelHead, ModelRow, TaskRow, WaitRow,
};
pub use tx::{Changes, ProcessTx};

/// The process engine's part of a store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ProcessStore {
    db: Db,
    failpoint: Failpoint,
}

/// Makes every write fail from a chosen one on, as a crash would: for tests of what is left behind. Clones are the same.
#[derive(Clone, Debug)]
pub struct Failpoint(Arc<AtomicI64>);

impl Default for Failpoint {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }
}

impl Failpoint {
    /// Lets so many more writes and commits happen; a commit counts twice, because it may fail before and after.
    pub fn after(&self, writes: i64) {
        self.0.store(writes, Ordering::SeqCst);
    }

    /// Whether it has failed something.
    pub fn has_failed(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    fn pass(&self) -> Result<(), StoreError> {
        // It never fails unless a test says so: nobody writes 2^63 times.
        let left = self.0.fetch_sub(1, Ordering::SeqCst);
        if left > 0 { Ok(()) } else { Err(StoreError::other("the failpoint of a test")) }
    }
}

impl ProcessStore {
    /// The tables of a store.
    pub fn new(db: Db) -> Self {
        Self { db, failpoint: Failpoint::default() }
    }

    /// The same, with writes that fail when the test says so.
    pub fn failing(db: Db, failpoint: Failpoint) -> Self {
        Self { db, failpoint }
    }
}
