//! Every error code has its page, and every page its code.

use std::collections::BTreeSet;

use super::{Finding, is_rust, source};
use crate::repository::File;

const RULE: &str = "error-page";
const FOLDER: &str = "docs/errors/";
/// What a page has, in this order.
const SECTIONS: [&str; 2] = ["## Tiếng Việt", "## English"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| is_rust(file) && file.path.starts_with("crates/")) {
        for (_, line) in source::shipped_lines(&file.path, &file.text) {
            used.extend(codes_in(line));
        }
    }
    let pages: Vec<(&str, &File)> = files.iter().filter_map(page).collect();
    let mut findings = Vec::new();
    for code in &used {
        if !pages.iter().any(|(page, _)| page == code) {
            let text = "this code is used but has no page: what it means, whose fault it is, what to do";
            findings.push(Finding::new(RULE, format!("{FOLDER}{code}.md"), text));
        }
    }
    for (code, file) in pages {
        if !used.contains(code) {
            findings.push(Finding::new(RULE, &file.path, "no code in crates/ uses this page"));
        }
        if !is_complete(code, &file.text) {
            let text = format!("wants a title with {code}, then the sections `{}`", SECTIONS.join("` and `"));
            findings.push(Finding::new(RULE, &file.path, text));
        }
    }
    findings
}

/// The code that a file is the page of.
fn page(file: &File) -> Option<(&str, &File)> {
    let code = file.path.strip_prefix(FOLDER)?.strip_suffix(".md")?;
    (code != "README").then_some((code, file))
}

fn is_complete(code: &str, page: &str) -> bool {
    let title = page.lines().next().unwrap_or_default();
    let sections: Vec<&str> = page.lines().filter(|line| SECTIONS.contains(&line.trim_end())).collect();
    title.starts_with("# ") && title.contains(code) && sections == SECTIONS
}

/// How sources make a code from a number: directly, or in the table of what a reason means.
const MADE_BY: [&str; 2] = ["Code(", "Meaning("];

/// The codes of a line: written out as `EX-0103`, or made as `Code(103)`. Comments do not use a code.
fn codes_in(line: &str) -> Vec<String> {
    if line.trim_start().starts_with("//") {
        return Vec::new();
    }
    let mut codes = Vec::new();
    for (start, _) in line.match_indices("EX-") {
        let digits = leading_digits(&line[start + 3..]);
        if digits.len() == 4 {
            codes.push(format!("EX-{digits}"));
        }
    }
    for (start, found) in MADE_BY.iter().flat_map(|maker| line.match_indices(maker)) {
        let whole_word = !line[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let digits = leading_digits(&line[start + found.len()..]).replace('_', "");
        if let (true, Ok(number)) = (whole_word, digits.parse::<u16>()) {
            codes.push(format!("EX-{number:04}"));
        }
    }
    codes
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn places(files: &[File]) -> Vec<String> {
        check(files).into_iter().map(|finding| finding.place).collect()
    }

    const GOOD: &str = "# EX-0103 x\n\n## Tiếng Việt\n\nx\n\n## English\n\nx\n";

    #[test]
    fn codes_are_seen_in_both_forms_and_not_in_comments() {
        assert_eq!(codes_in("a => Code(103), // EX"), ["EX-0103"]);
        assert_eq!(codes_in("base::Code(1_203)"), ["EX-1203"]);
        assert_eq!(codes_in("Self::Busy => Meaning(703, Consumer),"), ["EX-0703"]);
        assert_eq!(codes_in(r#"text.contains("EX-0301")"#), ["EX-0301"]);
        assert!(codes_in("/// such as `EX-0103`").is_empty());
        assert!(codes_in("ExitCode(1), Code(code), EX-12").is_empty());
    }

    #[test]
    fn a_used_code_without_page_is_found() {
        assert_eq!(places(&[file("crates/a/src/error.rs", "Code(103)")]), ["docs/errors/EX-0103.md"]);
    }

    #[test]
    fn codes_of_tests_need_no_page() {
        assert!(places(&[file("crates/a/tests/it/main.rs", "Code(103)")]).is_empty());
    }

    #[test]
    fn a_page_that_nothing_uses_is_found() {
        assert_eq!(places(&[file("docs/errors/EX-0103.md", GOOD)]), ["docs/errors/EX-0103.md"]);
    }

    #[test]
    fn a_page_and_its_code_belong_together() {
        let code = file("crates/a/src/error.rs", "Code(103)");
        assert!(places(&[code, file("docs/errors/EX-0103.md", GOOD)]).is_empty());
    }

    #[test]
    fn vietnamese_comes_first() {
        assert!(is_complete("EX-0103", GOOD));
        assert!(!is_complete("EX-0103", "# EX-0103 x\n## English\n## Tiếng Việt\n"));
        assert!(!is_complete("EX-0104", GOOD));
    }
}
