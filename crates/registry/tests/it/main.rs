//! The registry through its API, over real sockets, on both stores.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod connection;
mod directory;
mod gate;
mod grant;
mod server;
mod session;
mod story;
