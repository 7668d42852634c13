//! Tests through the public face, with real keys and certificates.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod container;
mod fixture;
mod fuzz;
mod privacy;
mod timestamp;
