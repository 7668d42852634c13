//! Licences, banned crates and sources of all dependencies, by `cargo-deny` and `deny.toml`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{interrupt, repository};

/// The release that is installed when the machine has none; the one `deny.toml` was written for.
const VERSION: &str = "0.20.2";

/// Everything that can be checked without the network.
pub fn check() -> Result<()> {
    run(&["check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}

/// Known vulnerabilities: fetches the public advisory list.
pub fn advisories() -> Result<()> {
    run(&["check", "advisories"])
}

fn run(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(installed()?);
    let status = interrupt::run(command.arg("--workspace").args(arguments).current_dir(repository::root()))?;
    ensure!(
        status.success(),
        "cargo-deny found something, see above; its rules and their reasons are in deny.toml"
    );
    Ok(())
}

/// The machine's `cargo-deny`, or our own, built once into `target/test-tools`.
fn installed() -> Result<PathBuf> {
    if Command::new("cargo-deny").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok("cargo-deny".into());
    }
    let tools = repository::Metadata::read()?.target_directory.join("test-tools");
    let binary = tools.join("bin/cargo-deny");
    if !binary.exists() {
        println!("cargo-deny is missing: building it once into target/test-tools, which takes a few minutes");
        // Without optimisation: it builds several times faster and runs for a second.
        let mut install =
            repository::cargo(&["install", "cargo-deny", "--version", VERSION, "--locked", "--debug"]);
        let status =
            interrupt::run(install.arg("--root").arg(&tools).env("CARGO_TARGET_DIR", tools.join("build")))?;
        ensure!(
            status.success(),
            "cargo-deny cannot be built, see above; or install it yourself and try again"
        );
        std::fs::remove_dir_all(tools.join("build"))
            .context("cannot remove the build files of cargo-deny")?;
    }
    Ok(binary)
}
