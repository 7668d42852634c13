//! Hashes, signatures, certificates and key custody: the crate that answers "is this signature good".
//!
//! **Invariant:** every primitive comes from `aws-lc-rs`; no other crate of the workspace calls it. Nothing here knows
//! databases or the node protocol. A private key never leaves [`sign`] except encrypted.

pub mod b64;
pub mod ca;
pub mod certificate;
pub mod commitment;
pub mod hash;
pub mod http_signature;
pub mod ocsp;
mod post;
pub mod seal;
pub mod sign;
pub mod timestamp;
