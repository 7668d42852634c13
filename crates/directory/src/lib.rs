//! The trusted directory: who takes part, with which certificates, at which addresses.
//!
//! One file, `directory.json`, in a repository of The Update Framework (TUF). [`authority`] makes the
//! repository, [`client`] fetches and verifies it, [`snapshot`] is what the gateway looks things up in.
//! The format for a second implementation: `docs/protocol/directory.md`.
//!
//! **Invariant:** nothing leaves this crate as a [`Snapshot`] that was not signed by the roles which the
//! trusted root names, fresh, and no older than what was trusted before.

pub mod authority;
pub mod client;
pub mod content;
mod disk;
pub mod error;
pub mod mistake;
pub mod snapshot;

pub use authority::{Authority, AuthorityError};
pub use client::{Client, Limits};
pub use content::Content;
pub use error::DirectoryError;
pub use mistake::{Mistake, Mistakes};
pub use snapshot::{RoleState, Snapshot};

/// The name of the one target file of a repository.
pub const TARGET: &str = "directory.json";

/// Largest `directory.json` that is made or accepted, in bytes: some 20,000 members with their certificates.
pub const TARGET_BYTES_MAX: u64 = 32 * 1024 * 1024;
