//! Acts of named persons in an append-only journal proven by a Merkle tree: the only way to commit a change.
//!
//! What a context knows is the fold of its journal: there is no other table, nothing is ever changed or deleted, and
//! who did what when is not a second book that could disagree with the first. The text of an entry is the leaf of the
//! tree, as records of the message log are; [`Journal::check`] proves that texts, leaves and numbers agree.
//!
//! **Invariant:** an entry that was returned is on the disk, and what is returned was read back from the text that is
//! there, not from what the caller had in mind.

mod entry;
mod error;
mod index;
mod journal;
mod person;

pub use entry::{Draft, Entry, Outcome};
pub use error::AuditError;
pub use evidence::merkle::Tree;
pub use index::{About, Filter, Index};
pub use journal::Journal;
pub use person::{PersonId, PersonIdError};
