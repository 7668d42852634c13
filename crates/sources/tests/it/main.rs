//! A database that somebody brought, on each engine: looked at, drafted, checked, answered by.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod base;
mod changes;
mod duplicates;
mod export;
mod faults;
mod files;
mod keys;
mod old_text;
mod passthrough;
mod quality;
mod register;
mod service;
mod shaped;
mod spelling;
mod sql_server;
mod walk;
