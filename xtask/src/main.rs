//! Everything that is automated in this repository: `cargo xtask demo`, `test`, `assets`, `tidy`, `deny`, `bench`.
//!
//! Rust and not shell, so that it works the same on every machine that can build the project.

mod assets;
mod bench;
mod children;
mod demo;
mod deny;
mod interrupt;
mod mariadb;
mod ports;
mod postgres;
mod repository;
mod steps;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Automation of the Liên Thông repository", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the release binary and run `lienthong demo` with the given arguments.
    Demo {
        /// Handed on to `lienthong demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Install what tests need, then run every check and every test, on both stores.
    Test(steps::Options),
    /// Check the repository's own rules (docs/STYLE.md).
    Tidy,
    /// Build the style sheet, fonts and scripts of the console from npm packages; `demo` and `test` do it by themselves.
    Assets,
    /// Measure, and compare with what a user would put there instead.
    #[command(subcommand)]
    Bench(bench::Subject),
    /// Check licences, banned crates and sources of all dependencies.
    Deny {
        /// Look for known vulnerabilities instead; needs the network.
        #[arg(long)]
        advisories: bool,
    },
}

fn main() -> ExitCode {
    match carry_out(CommandLine::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if interrupt::requested() => {
            eprintln!("xtask: interrupted");
            ExitCode::from(130) // What a shell reports for a program ended by Ctrl-C.
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> Result<()> {
    match command {
        Command::Demo { arguments } => demo::run(&arguments),
        Command::Test(options) => {
            interrupt::install()?;
            steps::run(&options)
        }
        Command::Bench(subject) => {
            interrupt::install()?;
            bench::run(&subject)
        }
        Command::Assets => {
            interrupt::install()?;
            assets::ensure_built(repository::root())
        }
        Command::Tidy => tidy::run(),
        Command::Deny { advisories: true } => deny::advisories(),
        Command::Deny { advisories: false } => deny::check(),
    }
}
