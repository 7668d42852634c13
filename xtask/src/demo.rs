//! `cargo xtask demo`: an optimised binary, then `lienthong demo` in the place of this process.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{assets, repository};

/// Builds and becomes `lienthong demo`; comes back only when that fails.
///
/// The process is replaced, so that signals and the exit code are the demo's own.
pub fn run(arguments: &[String]) -> Result<()> {
    let binary = binary("demo")?;
    let error = Command::new(&binary).arg("demo").args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", binary.display()))
}

/// Builds `lienthong` with the optimisation that benchmarks and operators use, and returns where it is.
pub fn release_binary() -> Result<PathBuf> {
    binary("release")
}

fn binary(profile: &str) -> Result<PathBuf> {
    assets::ensure_built(repository::root())?;
    let status = repository::cargo(&["build", "--profile", profile, "--package", "lienthong"]).status()?;
    ensure!(status.success(), "the build failed, see above");
    Ok(repository::Metadata::read()?.target_directory.join(profile).join("lienthong"))
}
