//! `cargo xtask bench`: figures, each beside a peer's that was measured in the same run.

mod console;
mod exchange;
mod goals;
mod http;
mod kernel;
mod load;
mod machine;
mod nginx;
mod nodes;
mod population;
mod process;
mod publish;
mod registry;
mod report;
mod sources;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Subcommand)]
pub enum Subject {
    /// The path of a call through two nodes, beside nginx with mutual TLS.
    Exchange(exchange::Options),
    /// Pages over a registry at the size of a country, beside the API alone.
    Console(console::Options),
    /// The process engine: tasks, latency, long pasts, a million timers, beside another engine.
    Process(process::Options),
    /// The registry at the size of a country: decisions, revocation, memory, start, search, directory.
    Registry(registry::Options),
    /// Data services from a database, beside the bare driver and servers that turn a database into an API.
    Sources(sources::Options),
}

/// Measures and reports.
pub fn run(subject: &Subject) -> Result<()> {
    match subject {
        Subject::Exchange(options) => exchange::run(options),
        Subject::Console(options) => console::run(options),
        Subject::Process(options) => process::run(options),
        Subject::Registry(options) => registry::run(options),
        Subject::Sources(options) => sources::run(options),
    }
}
