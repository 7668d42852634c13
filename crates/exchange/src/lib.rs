//! The data plane: one question across two nodes, allowed, signed, recorded, answered.
//!
//! [`consumer`] and [`provider`] read top to bottom like the protocol; each step yields what the next one needs.
//! `docs/protocol/rest.md` is the side of information systems, `docs/protocol/node.md` the side between nodes.
//!
//! **Invariants:** no query, no lock across an await and no memory in proportion to a large body on the path of a
//! call; only [`recorder`] imports `store`; a call is forwarded only with a [`rights::Permit`] and after its record is
//! durable. The gateway does not know where directory and rights come from: it borrows the latest value.

pub mod body;
pub mod consumer;
pub mod cut;
pub mod dial;
pub mod error;
pub mod forward;
pub mod gateway;
pub mod message;
pub mod metadata;
pub mod nonces;
pub mod opened;
pub mod peers;
pub mod provider;
pub mod recorder;
pub mod revocation;
pub mod rights;
pub mod seal;
pub mod signer;
pub mod stamper;
pub mod standing;
pub mod tls;
pub mod trail;
pub mod usage;
pub mod verifier;
mod vietnam;
pub mod wire;

pub use gateway::{Gateway, Limits, Parts};
