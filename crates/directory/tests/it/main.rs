//! The directory from outside: made, served over HTTP, attacked, verified.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod authority;
mod client;
mod content;
mod foreign;
mod site;
mod snapshot;
mod support;
