//! `lienthong init`.

use std::process::ExitCode;

/// Arguments of `init`.
#[derive(clap::Args)]
pub struct Args {}

/// Not there yet.
pub fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("chưa có / not there yet")
}
