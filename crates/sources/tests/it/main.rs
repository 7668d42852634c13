//! A database that somebody brought, on each engine: looked at, drafted, checked, answered by.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod base;
mod changes;
mod faults;
mod service;
mod shaped;
mod walk;
