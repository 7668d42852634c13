//! What the reader and the engine do together, on models of our own.

mod chance;
mod docs;
mod events;
mod flow;
mod help;
mod many;
mod picture;
mod procedures;
mod scopes;
