//! Where the figures of a bench go: to the terminal, to a file for programs, and to its page of the documentation.

use std::fs;

use anyhow::{Context as _, Result};

use crate::repository;

/// Prints the table, writes `target/bench/SUBJECT.json`, and, where it is given, the page.
///
/// # Errors
/// A file cannot be written.
pub fn publish(subject: &str, (json, markdown): (&str, &str), page: Option<(&str, String)>) -> Result<()> {
    let folder = repository::Metadata::read()?.target_directory.join("bench");
    fs::create_dir_all(&folder)?;
    let file = folder.join(subject).with_extension("json");
    fs::write(&file, json)?;
    println!("{markdown}");
    println!("JSON: {}", file.display());
    if let Some((name, text)) = page {
        let page = repository::root().join("docs").join(name);
        fs::write(&page, text).with_context(|| format!("cannot write {}", page.display()))?;
    }
    Ok(())
}
