//! A database that somebody brought, on each engine: looked at, drafted, checked, answered by.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod base;
mod faults;
mod passthrough;
mod service;
mod shaped;
mod sql_server;
mod walk;
