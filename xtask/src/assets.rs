//! `cargo xtask assets`: style sheet, fonts, scripts and map of the console, from npm packages by lock file.
//!
//! Nothing of it is committed; the binary embeds what lies in `crates/ui/assets/dist` when it is built.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{interrupt, tools};

/// Where the packages are named and what is built of them lies.
const FOLDER: &str = "crates/ui/assets";
/// What the result depends on.
const INPUTS: [&str; 4] = ["package-lock.json", "build.js", "console.scss", "console.js"];
/// What the last result was made of.
const STAMP: &str = "node_modules/.built-of";

/// Builds them where Node.js is present and something changed; says in one line where it is not.
///
/// # Errors
/// npm or the build failed.
pub fn ensure_built(root: &Path) -> Result<()> {
    if !tools::answers("npm", &["--version"]) {
        println!(
            "Không có Node.js (npm): các trang sẽ không có kiểu dáng / Node.js (npm) is missing: pages will lack their style sheet and fonts"
        );
        return Ok(());
    }
    let folder = root.join(FOLDER);
    let stamp = stamp(&folder)?;
    if folder.join("dist/console.css").exists()
        && fs::read_to_string(folder.join(STAMP)).is_ok_and(|last| last == stamp)
    {
        return Ok(());
    }
    println!("=== assets");
    install(&folder)?;
    npm(&folder, &["run", "--silent", "build"])?;
    fs::write(folder.join(STAMP), stamp).context(STAMP)
}

/// Installs the packages of a lock file beside it.
///
/// # Errors
/// npm failed.
pub fn install(folder: &Path) -> Result<()> {
    // Scripts of packages do not run: none of ours needs any.
    npm(folder, &["ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"])
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("npm");
    let status = interrupt::run(command.args(arguments).current_dir(folder))?;
    ensure!(status.success(), "`npm {}` failed in {}, see above", arguments.join(" "), folder.display());
    Ok(())
}

fn stamp(folder: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for name in INPUTS {
        fs::read(folder.join(name)).with_context(|| format!("{FOLDER}/{name}"))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
