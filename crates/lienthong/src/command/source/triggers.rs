//! `lienthong source triggers`: a table of changes, for the owner of a database to read and run.

use std::path::PathBuf;
use std::process::ExitCode;

use sources::Address;
use sources::changes::triggers;

/// Arguments of `source triggers`.
#[derive(clap::Args)]
pub struct Triggers {
    /// Tệp định nghĩa có `[changes] by = "table"` / definition file with `[changes] by = "table"`.
    file: PathBuf,
}

/// Carries the command out. Nothing is asked of the database, and nothing written to it.
pub fn run(args: &Triggers) -> anyhow::Result<ExitCode> {
    let definition = super::read_table(&args.file)?;
    let address: Address = definition.url.parse()?;
    let script = triggers::script(&definition, address.engine()).map_err(super::all_mistakes)?;
    print!("{script}");
    Ok(ExitCode::SUCCESS)
}
