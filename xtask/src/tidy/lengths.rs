//! No file is so long that a reader loses the thread.

use super::{Finding, is_rust, source};
use crate::repository::File;

pub(super) const RULE: &str = "file-length";

/// Lines of a file that ship; tests below or beside them are not counted.
const FILE_LINES_MAX: usize = 500;

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_rust(file)) {
        let lines = source::shipped_lines(&file.path, &file.text).len();
        if lines > FILE_LINES_MAX {
            let text = format!("{lines} lines without tests, at most {FILE_LINES_MAX}: split it by concern");
            findings.push(Finding::new(RULE, &file.path, text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(path: &str, text: String) -> usize {
        check(&[File { path: path.to_owned(), text }]).len()
    }

    #[test]
    fn the_first_line_too_many_is_found() {
        assert_eq!(places("src/x.rs", "x\n".repeat(FILE_LINES_MAX)), 0);
        assert_eq!(places("src/x.rs", "x\n".repeat(FILE_LINES_MAX + 1)), 1);
    }

    #[test]
    fn tests_and_other_files_may_be_longer() {
        assert_eq!(places("src/x/tests.rs", "x\n".repeat(FILE_LINES_MAX + 1)), 0);
        assert_eq!(places("data.csv", "x\n".repeat(FILE_LINES_MAX + 1)), 0);
    }
}
