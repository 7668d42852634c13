//! Where the repository is, which files it has, what cargo says about it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// Folders without sources of ours, skipped when git cannot tell which files belong to the repository.
const FOREIGN_FOLDERS: [&str; 4] = [".git", "target", "out", "node_modules"];

/// The repository's top folder.
pub fn root() -> &'static Path {
    // This crate stands directly below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a crate's folder has a parent")
}

/// `cargo` with arguments, run in the top folder, as if it had been called from a shell.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // `cargo run` describes this crate in the environment; build scripts that look there would run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command
}

/// What `cargo metadata` says about the workspace.
#[derive(Deserialize)]
pub struct Metadata {
    /// The crates of the workspace.
    pub packages: Vec<Package>,
    /// Where builds go.
    pub target_directory: PathBuf,
}

/// One crate of the workspace.
#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

/// One dependency of a crate.
#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` for a normal one, `dev` or `build`.
    pub kind: Option<String>,
    /// Given for crates of the same workspace.
    pub path: Option<PathBuf>,
}

impl Metadata {
    /// Asks cargo.
    pub fn read() -> Result<Self> {
        let output = cargo(&["metadata", "--no-deps", "--format-version=1"]).output()?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        serde_json::from_slice(&output.stdout).context("cargo metadata answered something unexpected")
    }
}

/// A file of the repository.
pub struct File {
    /// Relative to the top folder, with `/`.
    pub path: String,
    /// Its text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// Every file that belongs to the repository: what git tracks or would track, or else the whole folder.
pub fn files() -> Result<Vec<File>> {
    let mut paths = match paths_from_git() {
        Some(paths) => paths,
        None => paths_from_disk(root(), "")?,
    };
    paths.sort();
    paths.dedup();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        match std::fs::read(root().join(&path)) {
            Ok(bytes) => files.push(File { path, text: String::from_utf8_lossy(&bytes).into_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {} // Deleted, not yet committed.
            Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
        }
    }
    Ok(files)
}

fn paths_from_git() -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let list = String::from_utf8(output.stdout).ok()?;
    Some(list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

fn paths_from_disk(folder: &Path, prefix: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if !entry.file_type()?.is_dir() {
            paths.push(path);
        } else if !FOREIGN_FOLDERS.contains(&name.as_str()) {
            paths.extend(paths_from_disk(&entry.path(), &format!("{path}/"))?);
        }
    }
    Ok(paths)
}
