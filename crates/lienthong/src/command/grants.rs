//! `lienthong grants …`.

use std::process::ExitCode;

/// Commands of `grants`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Chưa có / not there yet.
    List,
}

/// Not there yet.
pub async fn run(_command: Command) -> anyhow::Result<ExitCode> {
    anyhow::bail!("chưa có / not there yet")
}
