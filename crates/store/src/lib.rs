//! Durable storage on SQLite or PostgreSQL; so far the message log of the data plane.
//!
//! The only crate that knows SQL and which engine runs. Readers share a pool; everything a node
//! appends goes through the one [`LogWriter`] of a store, one durable transaction per group.
//!
//! **Invariant:** a row that [`LogWriter::append`] reported as written survives the loss of power;
//! a group is in the log as a whole or not at all; sequence numbers have no gaps.

mod certificate;
mod checkpoint;
mod db;
mod error;
mod log;
mod schema;
mod writer;

pub use certificate::StoredCertificate;
pub use checkpoint::StoredCheckpoint;
pub use db::Db;
pub use error::StoreError;
pub use log::{LogRow, LogTail, STORED_LEVEL_MIN, TreeNode};
pub use writer::LogWriter;

#[cfg(test)]
mod tests;
