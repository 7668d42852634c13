//! Acts of named persons in an append-only journal proven by a Merkle tree: the only way to commit a change.
//!
//! What a context knows is the fold of its journal: there is no other table, nothing is ever changed or deleted, and
//! who did what when is not a second book that could disagree with the first.

mod person;

pub use person::{PersonId, PersonIdError};
