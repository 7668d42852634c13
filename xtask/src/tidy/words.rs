//! Words that must not be in the repository: unfinished work, addresses of one machine or one network.

use super::{Finding, is_rust, source};
use crate::repository::{self, File};

/// Work that was left undone.
const UNFINISHED: &str = "unfinished";
/// A test that nobody runs.
const IGNORED: &str = "ignored-test";
/// Output that is neither a log line nor the command line's.
const PRINTED: &str = "print";
/// A folder that exists on one machine only.
const MACHINE_PATH: &str = "machine-path";
/// A package registry by name: which one is used is the business of each machine's settings.
const REGISTRY: &str = "registry-host";

/// This file: it has to name what it forbids.
const EXEMPT: &str = "xtask/src/tidy/words.rs";
/// Crates whose business is to print: the command line, this automation.
const PRINTING: [&str; 2] = ["crates/lienthong/", "xtask/"];

const UNFINISHED_WORDS: [&str; 4] = ["todo!(", "unimplemented!(", "dbg!(", "FIXME"];
const PRINT_WORDS: [&str; 4] = ["println!(", "eprintln!(", "print!(", "eprint!("];
const HOME_FOLDERS: [&str; 3] = ["/home/", "/Users/", "/root/"];
const REGISTRY_HOSTS: [&str; 6] = [
    "index.crates.io",
    "static.crates.io",
    "files.pythonhosted.org",
    "pypi.org",
    "registry.npmjs.org",
    "deb.debian.org",
];

/// The folders that name this machine: where the repository is, where its user lives.
pub(super) fn own_folders() -> Vec<String> {
    let home = std::env::var("HOME").unwrap_or_default();
    let mut folders = vec![repository::root().display().to_string(), home];
    // Too short to be telling: "/root" alone is also the name of a TUF role's file.
    folders.retain(|folder| folder.matches('/').count() > 1);
    folders
}

pub(super) fn check(files: &[File], own_folders: &[String]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.path != EXEMPT)
        .flat_map(|file| {
            let mut findings = places(file, own_folders);
            if is_rust(file) {
                findings.extend(unfinished(file));
            }
            findings
        })
        .collect()
}

fn places(file: &File, own_folders: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let homes = HOME_FOLDERS.iter().copied().filter(|home| has_path(line, home));
        let own = own_folders.iter().map(String::as_str).filter(|folder| line.contains(*folder));
        for path in homes.chain(own) {
            let text = format!("line {number}: `{path}` exists on one machine only");
            findings.push(Finding::new(MACHINE_PATH, &file.path, text));
        }
        for host in REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)) {
            let text =
                format!("line {number}: `{host}`: which registry is used is each machine's own setting");
            findings.push(Finding::new(REGISTRY, &file.path, text));
        }
    }
    findings
}

/// Whether a line has the folder at the beginning of a path, not in the middle of one.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        !line[..start].ends_with(|before: char| before.is_alphanumeric() || ")}>._-*~$".contains(before))
    })
}

fn unfinished(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for word in UNFINISHED_WORDS.iter().filter(|word| line.contains(**word)) {
            findings.push(Finding::new(
                UNFINISHED,
                &file.path,
                format!("line {number}: `{word}`: finish it"),
            ));
        }
        if line.trim_start().starts_with("#[ignore") {
            let text =
                format!("line {number}: a test that nobody runs proves nothing: make it run or remove it");
            findings.push(Finding::new(IGNORED, &file.path, text));
        }
    }
    // A build script speaks to cargo by printing.
    let to_cargo = file.path.ends_with("/build.rs");
    if !to_cargo && !PRINTING.iter().any(|folder| file.path.starts_with(folder)) {
        for (number, line) in source::shipped_lines(&file.path, &file.text) {
            let code = line.trim_start();
            if PRINT_WORDS.iter().any(|word| code.starts_with(word)) {
                let text = format!("line {number}: prints: libraries log, only the command line prints");
                findings.push(Finding::new(PRINTED, &file.path, text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        check(&[file], &["/srv/checkout".to_owned()]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn unfinished_work_is_found_in_sources_only() {
        assert_eq!(rules("crates/a/src/x.rs", "    todo!()\n// FIXME later\n"), [UNFINISHED, UNFINISHED]);
        assert!(rules("docs/STYLE.md", "no `todo!()`\n").is_empty());
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(rules("crates/a/src/x.rs", "    #[ignore = \"slow\"]\n"), [IGNORED]);
    }

    #[test]
    fn libraries_do_not_print_but_tests_and_the_command_line_do() {
        assert_eq!(rules("crates/a/src/x.rs", "    println!(\"x\");\n"), [PRINTED]);
        assert!(rules("crates/lienthong/src/x.rs", "    println!(\"x\");\n").is_empty());
        assert!(rules("crates/a/src/x/tests.rs", "    println!(\"x\");\n").is_empty());
    }

    #[test]
    fn folders_of_one_machine_are_found_everywhere() {
        assert_eq!(rules("docs/a.md", "see /home/an/x\n"), [MACHINE_PATH]);
        assert_eq!(rules("a.toml", "path = \"/root/x\"\n"), [MACHINE_PATH]);
        assert_eq!(rules("a.toml", "path = \"/srv/checkout/x\"\n"), [MACHINE_PATH]);
        assert!(rules("docs/a.md", "DIR/home/x and metadata/root/1\n").is_empty());
    }

    #[test]
    fn registries_are_found() {
        assert_eq!(rules("a.toml", concat!("url = \"https://py", "pi.org/simple\"\n")), [REGISTRY]);
    }
}
