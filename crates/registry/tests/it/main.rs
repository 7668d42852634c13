//! The registry through its API, over real sockets, on both stores.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod agencies;
mod connection;
mod directory;
mod figures;
mod gate;
mod grant;
mod incident;
mod inventory;
mod malformed;
mod members;
mod server;
mod services;
mod session;
mod story;
mod words;
mod writes;
