//! Which words of an expression are names.
//!
//! A FEEL name may have spaces and signs in it, so that `a + b` is one name to a reader that knows neither `a` nor `b`.
//! Variables of a procedure are plain identifiers, so every identifier of an expression is made known before it is read.

use std::collections::BTreeSet;

use dsntk_feel::bif::{is_built_in_date_time_function_name, is_built_in_function_name};
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{FeelScope, Name};

/// Words of the grammar.
const KEYWORDS: [&str; 20] = [
    "and",
    "between",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "item",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];
/// Words that begin the name of a type, where there may be types.
const TYPES: [&str; 9] = ["Any", "Null", "boolean", "date", "days", "number", "string", "time", "years"];

/// The names that an expression is read with: its own identifiers.
pub(super) fn scope(text: &str) -> FeelScope {
    let typed = text.contains("instance") || text.contains("function");
    let mut context = FeelContext::default();
    let mut know = |name: &str| context.set_entry(&Name::from(name), Value::Null(None));
    for run in runs(text) {
        let mut words = run.words;
        if run.called
            && let Some(at) = (0..words.len()).find(|at| is_built_in_function_name(words[*at..].join(" ")))
        {
            let function = words.split_off(at).join(" ");
            if !is_built_in_date_time_function_name(&function) {
                know(&function);
            }
        }
        words.retain(|word| !(is_keyword(word) || typed && TYPES.contains(word)));
        words.into_iter().for_each(&mut know);
    }
    FeelScope::from(context)
}

/// All words of a text, each once: whatever variable an expression names is among them.
pub(super) fn words(text: &str) -> Box<[Box<str>]> {
    let words: BTreeSet<&str> = runs(text).into_iter().flat_map(|run| run.words).collect();
    words.into_iter().map(Into::into).collect()
}

/// Whether a word belongs to the grammar.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// What an expression asks for that it must not: the clock of the machine, or functions outside of FEEL.
pub(super) fn forbidden(text: &str) -> Option<&str> {
    runs(text).into_iter().find_map(|run| {
        let last = run.words.last().copied().filter(|word| run.called && matches!(*word, "now" | "today"));
        last.or_else(|| run.words.into_iter().find(|word| *word == "external"))
    })
}

/// Words with nothing but white space between them.
struct Run<'a> {
    words: Vec<&'a str>,
    /// Whether a parenthesis opens behind them.
    called: bool,
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let (mut runs, mut words) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some((first, token, behind)) = token(rest) {
        if begins_word(first) {
            words.push(token);
        } else if !first.is_whitespace() && !words.is_empty() {
            runs.push(Run { words: std::mem::take(&mut words), called: first == '(' });
        }
        rest = behind;
    }
    runs.push(Run { words, called: false });
    runs
}

/// How many words and signs of operations follow each other before another sign comes, again and again.
pub(super) fn run_lengths(text: &str) -> Vec<usize> {
    let mut lengths = vec![0];
    let mut rest = text;
    while let Some((first, _, behind)) = token(rest) {
        if continues_word(first) || ".+-*/'".contains(first) {
            *lengths.last_mut().expect("it is never empty") += 1;
        } else if !first.is_whitespace() {
            lengths.push(0);
        }
        rest = behind;
    }
    lengths
}

/// The first word, number, literal, comment or sign of a text, with its first character and what is behind it.
fn token(text: &str) -> Option<(char, &str, &str)> {
    let first = text.chars().next()?;
    let length = match first {
        '"' => quoted(text),
        '/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        '/' if text.starts_with("/*") => text.find("*/").map_or(text.len(), |end| end + 2),
        _ if begins_word(first) || first.is_ascii_digit() => {
            text.find(|c| !continues_word(c)).unwrap_or(text.len())
        }
        _ => first.len_utf8(),
    };
    let (token, behind) = text.split_at(length);
    Some((first, token, behind))
}

/// Length of the string literal that a text begins with.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Whether an identifier may begin with it.
pub(super) fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether an identifier may go on with it; marks that stand alone belong to the letter before.
pub(super) fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || ('\u{300}'..='\u{36F}').contains(&c)
}
