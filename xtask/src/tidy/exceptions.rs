//! The list of exceptions: `rule place  # why` on each line.

use super::{EXCEPTIONS, Finding};

const RULE: &str = "exceptions";

/// Takes away the findings that are listed, and adds one for each line that is useless or malformed.
pub(super) fn apply(list: &str, findings: Vec<Finding>) -> Vec<Finding> {
    let mut left = findings;
    for (number, line) in (1..).zip(list.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("{EXCEPTIONS}:{number}");
        let Some((entry, reason)) = line.split_once('#') else {
            left.push(Finding::new(RULE, place, "has no reason: write `rule place  # why`"));
            continue;
        };
        let mut words = entry.split_whitespace();
        let (rule, excepted, rest) = (words.next(), words.next(), words.next());
        let (Some(rule), Some(excepted), None, false) = (rule, excepted, rest, reason.trim().is_empty())
        else {
            left.push(Finding::new(RULE, place, "is malformed: write `rule place  # why`"));
            continue;
        };
        let before = left.len();
        left.retain(|finding| finding.rule != rule || finding.place != excepted);
        if left.len() == before {
            left.push(Finding::new(RULE, place, "is not needed any more: remove the line"));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_left(list: &str) -> Vec<&'static str> {
        let found = Finding::new("file-length", "src/x.rs", "long");
        apply(list, vec![found]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_listed_finding_is_taken_away() {
        assert!(rules_left("# comment\n\nfile-length src/x.rs  # split in the next change\n").is_empty());
    }

    #[test]
    fn an_entry_for_another_file_changes_nothing_and_is_found_itself() {
        assert_eq!(rules_left("file-length src/y.rs  # old\n"), ["file-length", RULE]);
    }

    #[test]
    fn an_entry_without_reason_is_refused() {
        assert_eq!(rules_left("file-length src/x.rs\n"), ["file-length", RULE]);
        assert_eq!(rules_left("file-length src/x.rs  #\n"), ["file-length", RULE]);
    }

    #[test]
    fn a_second_entry_for_the_same_place_is_refused() {
        let twice = "file-length src/x.rs  # why\n".repeat(2);
        assert_eq!(rules_left(&twice), [RULE]);
    }
}
