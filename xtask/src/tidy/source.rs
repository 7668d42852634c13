//! Which lines of a Rust file ship, and which only test or show.

/// Whether the whole file is test code, by its place.
pub(super) fn is_test_file(path: &str) -> bool {
    let mut parts = path.split('/');
    let file = parts.next_back().unwrap_or_default();
    matches!(file, "tests.rs" | "test_support.rs")
        || parts.any(|part| matches!(part, "tests" | "benches" | "examples"))
}

/// The numbered lines outside `#[cfg(test)] mod … { … }`; none of a test file.
///
/// Relies on rustfmt: a block ends at the first `}` that stands as far to the right as the line that opened it.
pub(super) fn shipped_lines<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    if is_test_file(path) {
        return Vec::new();
    }
    let mut shipped = Vec::new();
    let mut after_attribute = false;
    let mut end_of_tests: Option<String> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim_start();
        let indentation = &line[..line.len() - trimmed.len()];
        if let Some(end) = &end_of_tests {
            if line == end {
                end_of_tests = None;
            }
        } else if after_attribute && trimmed.starts_with("mod ") && trimmed.ends_with('{') {
            end_of_tests = Some(format!("{indentation}}}"));
        } else {
            shipped.push((number, line));
        }
        // Other attributes and comments may stand between `#[cfg(test)]` and the module.
        let between = trimmed.starts_with("#[") || trimmed.starts_with("//");
        after_attribute = trimmed == "#[cfg(test)]" || (after_attribute && between);
    }
    shipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_test_module_does_not_ship() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nc\n";
        let lines: Vec<_> = shipped_lines("src/x.rs", text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["a", "#[cfg(test)]", "c"]);
    }

    #[test]
    fn numbers_are_those_of_the_file() {
        let text = "#[cfg(test)]\n#[allow(x)]\nmod tests {\n}\nlast\n";
        assert_eq!(shipped_lines("src/x.rs", text).last(), Some(&(5, "last")));
    }

    #[test]
    fn a_module_without_the_attribute_ships() {
        let text = "#[cfg(test)]\nuse x;\nmod inner {\n    a\n}\n";
        assert_eq!(shipped_lines("src/x.rs", text).len(), 5);
    }

    #[test]
    fn test_files_are_told_by_their_place() {
        assert!(is_test_file("crates/a/src/id/tests.rs"));
        assert!(is_test_file("crates/a/tests/it/main.rs"));
        assert!(!is_test_file("crates/a/src/tests_of_time.rs"));
    }
}
