//! What the reader and the engine do together, on models of our own.

mod away;
mod chance;
mod crash;
mod docs;
mod events;
mod files;
mod flow;
mod help;
mod many;
mod picture;
mod procedures;
mod scopes;
