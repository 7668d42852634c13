//! What a reader must know about the machine to judge a figure; nothing that identifies it.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::tools;

#[derive(Serialize)]
pub struct Machine {
    pub cores: usize,
    pub processor: String,
    pub memory_gib: u64,
    pub kernel: String,
    pub date: String,
}

impl Machine {
    /// This machine, today.
    pub fn here() -> Self {
        let processor = after(&read("/proc/cpuinfo"), "model name");
        let memory_kib: u64 =
            after(&read("/proc/meminfo"), "MemTotal").trim_end_matches("kB").trim().parse().unwrap_or(0);
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor,
            memory_gib: memory_kib.div_ceil(1024 * 1024),
            // Without what a builder appended to the version.
            kernel: format!(
                "Linux {}",
                read("/proc/sys/kernel/osrelease").split('-').next().unwrap_or("").trim()
            ),
            date: output("date", &["--utc", "+%Y-%m-%d"]),
        }
    }
}

/// The first line that a program writes on either output, such as its version.
pub fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program).args(arguments).output().map_or_else(
        |_| String::new(),
        |output| {
            let text = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned()
        },
    )
}

/// Name and version of the PostgreSQL server that is measured.
///
/// # Errors
/// None is installed.
pub fn postgres() -> Result<String> {
    let programs = tools::postgres_programs().context("no PostgreSQL server is installed")?;
    let version = output(&programs.join("postgres").display().to_string(), &["--version"]);
    Ok(version.replace("postgres (PostgreSQL)", "PostgreSQL"))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line `name : value`.
fn after(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}
