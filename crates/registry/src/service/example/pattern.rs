//! The first text that a simple regular expression allows: `^0[0-9]{11}$` gives twelve zeros.
//!
//! Understands literals, classes, `\d`, `\w`, `.` and counts, which is what codes and numbers are described with.

use std::iter::Peekable;
use std::str::Chars;

/// The first text that fits, or `None` for a pattern with groups, alternatives or more than `chars_max` characters.
pub(super) fn first(pattern: &str, chars_max: usize) -> Option<String> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let mut rest = pattern.chars().peekable();
    let mut text = String::new();
    let mut chars = 0;
    while let Some(c) = rest.next() {
        let one = match c {
            '(' | ')' | '|' | '^' | '$' | '*' | '+' | '?' | '{' | '}' => return None,
            '[' => class(&mut rest)?,
            '\\' => escape(rest.next()?)?,
            '.' => 'a',
            other => other,
        };
        let count = count(&mut rest)?;
        chars += count;
        if chars > chars_max {
            return None;
        }
        text.extend(std::iter::repeat_n(one, count));
    }
    Some(text)
}

fn escape(c: char) -> Option<char> {
    match c {
        'd' => Some('0'),
        'w' => Some('a'),
        's' => Some(' '),
        c if !c.is_alphanumeric() => Some(c),
        _ => None,
    }
}

/// The first character of a class that is not negated.
fn class(rest: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = match rest.next()? {
        '^' | ']' => return None,
        '\\' => escape(rest.next()?)?,
        c => c,
    };
    loop {
        match rest.next()? {
            ']' => return Some(first),
            '\\' => drop(rest.next()?),
            _ => {}
        }
    }
}

/// The fewest times that a count allows: none for `*` and `?`, one without a count.
fn count(rest: &mut Peekable<Chars<'_>>) -> Option<usize> {
    match rest.peek() {
        Some('*' | '?') => {
            rest.next();
            Some(0)
        }
        Some('+') => {
            rest.next();
            Some(1)
        }
        Some('{') => {
            rest.next();
            let mut inside = String::new();
            loop {
                match rest.next()? {
                    '}' => break,
                    c => inside.push(c),
                }
            }
            inside.split(',').next()?.trim().parse().ok()
        }
        _ => Some(1),
    }
}
