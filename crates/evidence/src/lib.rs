//! Proof formats: Merkle log, signed checkpoints, records, and the file that proves one call to an outsider.
//!
//! All an outside verifier needs, together with `crypto`. The formats are written in `docs/protocol/evidence.md`.
//!
//! **Invariant:** no input or output and no clock: callers pass bytes and moments. Whatever bytes come in, nothing here
//! panics. Nothing here holds a body, a personal number or a bare digest of one.

pub mod batch;
pub mod checkpoint;
pub mod container;
pub mod merkle;
pub mod opening;
pub mod record;
mod text;
pub mod verify;

pub use batch::BatchPlace;
pub use checkpoint::Checkpoint;
pub use container::Container;
pub use record::{Record, SignedHead};
pub use verify::{Report, verify};
