//! `lienthong keys …`.

use std::process::ExitCode;

/// Commands of `keys`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Chưa có / not there yet.
    List,
}

/// Not there yet.
pub fn run(_command: Command) -> anyhow::Result<ExitCode> {
    anyhow::bail!("chưa có / not there yet")
}
