//! `lienthong doctor`.

use std::process::ExitCode;

/// Arguments of `doctor`.
#[derive(clap::Args)]
pub struct Args {}

/// Not there yet.
pub async fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("chưa có / not there yet")
}
