//! Why the journal did not do what it was asked.

use store::StoreError;

/// A refused or failed operation on the journal.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Another process appended first: read what it wrote, decide again.
    #[error("the journal has {found} entries, not {expected}: another process was faster")]
    Behind {
        /// How many entries the caller thought there were.
        expected: i64,
        /// How many there are.
        found: i64,
    },
    /// What stands in the journal cannot be what was written there.
    #[error(
        "entry {seq} of the journal is damaged: {what}; restore a backup and find out who could write to it"
    )]
    Damaged {
        /// The entry's number.
        seq: i64,
        /// What is wrong with it.
        what: String,
    },
    /// The entry is as it was written, but this program cannot take it over.
    #[error(
        "entry {seq} of the journal says something that this program does not know ({what}): start the newer program that wrote it"
    )]
    Unknown {
        /// The entry's number.
        seq: i64,
        /// What could not be read.
        what: String,
    },
    /// Each entry is fine by itself, but they are not those that were there before.
    #[error(
        "the first {size} entries of the journal are not those that were there before: somebody rewrote them"
    )]
    Rewritten {
        /// How many entries were known before.
        size: u64,
    },
    /// What should be written could not be read again, for example because it is nested too deeply.
    #[error("this act cannot be written into the journal: {what}")]
    Unwritable {
        /// Why.
        what: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
