//! Who may do what in the console: everybody of the demo, and a stranger, tries every line of `docs/console-rights.md`.

mod stage;

use std::collections::BTreeSet;

use crate::harness::Answer;
use stage::{Person, Stage};

const TABLE: &str = include_str!("../../../../docs/console-rights.md");
/// What a form gets that was not sent from one of our pages.
const FOREIGN_FORM: &str = "Biểu mẫu không còn hiệu lực";

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The page, or the act is done, or what was filled in is to be mended.
    Yes,
    /// Refused: the role does not allow it.
    No,
    /// There is no such thing for this person.
    Nothing,
    /// First sign in.
    SignIn,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::SignIn, Self::Nothing, Self::No, Self::Yes];

    const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Nothing => "–",
            Self::SignIn => "sign in",
        }
    }

    fn of(line: &Line, answer: &Answer) -> Self {
        let text = answer.text();
        let to = answer.header("location").unwrap_or_default();
        match answer.status {
            303 if to.starts_with("/dang-nhap?den=") => Self::SignIn,
            200 | 303 | 409 | 422 => Self::Yes,
            403 if !text.contains(FOREIGN_FORM) => Self::No,
            404 => Self::Nothing,
            status => panic!("{line:?}: {status} {text}"),
        }
    }
}

/// A line of the table.
#[derive(Debug)]
struct Line {
    method: &'static str,
    route: &'static str,
    /// Of which thing, where there are several.
    of: &'static str,
    /// What each column says.
    words: Vec<&'static str>,
}

/// Who stands in the head of the table, and its lines.
fn table() -> (Vec<&'static str>, Vec<Line>) {
    let cells = |line: &'static str| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(str::trim).collect::<Vec<_>>()
    };
    let (_, table) = TABLE.split_once("## The table").unwrap();
    let mut rows = table.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = rows.next().unwrap().into_iter().skip(2).map(|name| name.trim_matches('`')).collect();
    let line = |cells: Vec<&'static str>| {
        let (method, route) = cells[0].trim_matches('`').split_once(' ').unwrap();
        Line { method, route, of: cells[1], words: cells[2..].to_vec() }
    };
    (head, rows.skip(1).map(line).collect())
}

/// Those who are refused try first, so that they try what is still to be done; then the others.
fn verdicts(stage: &Stage, people: &[Person], line: &Line) -> Vec<Verdict> {
    let mut found = vec![Verdict::Yes; people.len()];
    for turn in Verdict::ALL {
        std::thread::scope(|scope| {
            let columns = found.iter_mut().zip(people).zip(&line.words);
            for ((found, person), _) in columns.filter(|(_, word)| **word == turn.word()) {
                scope.spawn(move || *found = Verdict::of(line, &stage.tries(person, line, true)));
            }
        });
    }
    found
}

#[test]
fn everybody_may_what_the_table_says_and_nothing_else() {
    let (names, lines) = table();
    let words: BTreeSet<&str> = lines.iter().flat_map(|line| line.words.iter().copied()).collect();
    let known = Verdict::ALL.map(Verdict::word);
    assert!(words.iter().all(|word| known.contains(word)), "{words:?}");
    assert!(lines.iter().all(|line| line.words.len() == names.len()));
    let stage = Stage::set();
    let people = stage.people(&names);
    let before = stage.versions();
    foreign_forms_are_refused(&stage, &people, &lines);
    let mut other = Vec::new();
    for line in &lines {
        let found: Vec<_> = verdicts(&stage, &people, line).into_iter().map(Verdict::word).collect();
        if found != line.words {
            let Line { method, route, of, .. } = line;
            other.push(format!("| `{method} {route}` | {of} | {} |", found.join(" | ")));
        }
    }
    assert!(other.is_empty(), "the server answers otherwise:\n{}", other.join("\n"));
    assert_eq!(stage.versions(), before, "what was refused or not valid changed nothing");
}

/// No form counts that was not sent from a page of the session, though its person may do what it asks for.
fn foreign_forms_are_refused(stage: &Stage, people: &[Person], lines: &[Line]) {
    for line in lines.iter().filter(|line| line.method == "POST" && line.route != "/dang-nhap") {
        let mut signed_in = people.iter().zip(&line.words).filter(|(person, _)| !person.is_stranger());
        let (somebody, _) = signed_in.find(|(_, word)| **word == "yes").unwrap_or((&people[1], &""));
        let answer = stage.tries(somebody, line, false);
        assert_eq!((answer.status, answer.text().contains(FOREIGN_FORM)), (403, true), "{line:?}");
    }
}
