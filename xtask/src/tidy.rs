//! `cargo xtask tidy`: the repository's own rules, which no compiler knows.
//!
//! Lengths of functions and numbers of parameters are not here: clippy counts them better (`clippy.toml`).

mod arrows;
mod commands;
mod crates;
mod errors;
mod exceptions;
mod lengths;
mod source;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::repository::{self, File, Metadata};

/// The list of what may break a rule for now. It may only shrink: an entry that nothing needs is itself a finding.
const EXCEPTIONS: &str = "xtask/tidy-exceptions.txt";

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    /// Short name of the rule, as in the list of exceptions.
    rule: &'static str,
    /// A path, a crate, or whatever the rule is about, as in the list of exceptions.
    place: String,
    /// What is wrong there and what to do.
    text: String,
}

impl Finding {
    fn new(rule: &'static str, place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { rule, place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.rule, self.place, self.text)
    }
}

/// Checks everything and prints what it finds.
pub fn run() -> Result<()> {
    let files = repository::files()?;
    let mut findings = arrows::check(&Metadata::read()?.packages);
    findings.extend(lengths::check(&files));
    findings.extend(words::check(&files, &words::own_folders()));
    findings.extend(errors::check(&files));
    findings.extend(commands::check(&files));
    findings.extend(crates::check()?);
    let listed = files.iter().find(|file| file.path == EXCEPTIONS).map_or("", |file| file.text.as_str());
    let findings = exceptions::apply(listed, findings);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("tidy found {count} places that break the rules of docs/STYLE.md"),
    }
}

/// Whether a file is Rust source of ours.
fn is_rust(file: &File) -> bool {
    std::path::Path::new(&file.path).extension().is_some_and(|extension| extension == "rs")
}
