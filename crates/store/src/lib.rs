//! Durable storage on SQLite or PostgreSQL: the message log of the data plane, the journal of the control plane,
//! what is remembered of others' tables, the tables of the process engine.
//!
//! The only crate that knows SQL and which engine runs. Readers share a pool. Messages go through
//! the one [`LogWriter`] of a store; the journal may be continued by several processes, of which one
//! gets each number. Either way a group of rows is one durable transaction.
//!
//! **Invariant:** a row that [`LogWriter::append`] or [`Db::journal_append`] reported as written
//! survives the loss of power; a group is there as a whole or not at all; numbers have no gaps.

mod certificate;
mod checkpoint;
mod compared;
mod db;
mod durability;
mod error;
mod journal;
mod log;
pub mod process;
mod schema;
mod sign_in;
mod source_quality;
mod writer;

pub use certificate::StoredCertificate;
pub use checkpoint::StoredCheckpoint;
pub use compared::{
    Added, Batch, Compared, Known, LEFT_AFTER_US, Operation, PART_PLACES, Rewritten, ShortHash, StoredChange,
};
pub use db::Db;
pub use durability::Setting;
pub use error::StoreError;
pub use journal::JournalRow;
pub use log::{LogRow, LogTail, STORED_LEVEL_MIN, TreeNode};
pub use source_quality::QualityRow;
pub use writer::LogWriter;

#[cfg(test)]
mod tests;
