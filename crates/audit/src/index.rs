//! Finding entries by who, what and when, without reading the journal.

use std::collections::HashMap;
use std::sync::Arc;

use base::Ts;

use crate::{Entry, PersonId};

/// Which subjects are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// All.
    #[default]
    Everything,
    /// Exactly this one.
    Subject(String),
    /// Those that begin so.
    Prefix(String),
}

/// Which entries are looked for; all conditions hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What was acted on.
    pub about: About,
    /// Who acted.
    pub by: Option<PersonId>,
    /// The agency at which they acted.
    pub agency: Option<String>,
    /// What they did.
    pub act: Option<String>,
    /// Only what was refused, or only what was done.
    pub refused: Option<bool>,
    /// Not before this moment.
    pub since: Option<Ts>,
    /// Before this moment.
    pub until: Option<Ts>,
}

/// What is known of each entry without its text: 32 bytes, and each different word once.
#[derive(Clone, Debug, Default)]
pub struct Index {
    lines: Vec<Line>,
    words: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    at: Ts,
    subject: u32,
    by: u32,
    /// The number of the empty word when there is none.
    agency: u32,
    act: u32,
    refused: bool,
}

impl Index {
    /// Takes up the next entry; entries come in order, from the first.
    pub fn add(&mut self, entry: &Entry) {
        let line = Line {
            at: entry.at,
            subject: self.number(&entry.subject),
            by: self.number(entry.by.as_str()),
            agency: self.number(entry.agency.as_deref().unwrap_or_default()),
            act: self.number(&entry.act),
            refused: entry.is_refused(),
        };
        self.lines.push(line);
    }

    /// The numbers of at most `limit` entries before number `before`, newest first.
    ///
    /// To turn the page, ask again before the last number that was found.
    pub fn find(&self, filter: &Filter, before: i64, limit: usize) -> Vec<i64> {
        let end = usize::try_from(before).unwrap_or(0).min(self.lines.len());
        // A word that no entry has: then there is nothing to find.
        let number = |word: Option<&str>| match word {
            Some(word) => self.numbers.get(word).map(|number| Some(*number)),
            None => Some(None),
        };
        let exact = if let About::Subject(subject) = &filter.about { Some(subject.as_str()) } else { None };
        let (Some(subject), Some(by), Some(agency), Some(act)) = (
            number(exact),
            number(filter.by.as_ref().map(PersonId::as_str)),
            number(filter.agency.as_deref()),
            number(filter.act.as_deref()),
        ) else {
            return Vec::new();
        };
        let fits = |line: &Line| {
            subject.is_none_or(|subject| line.subject == subject)
                && by.is_none_or(|by| line.by == by)
                && agency.is_none_or(|agency| line.agency == agency)
                && act.is_none_or(|act| line.act == act)
                && filter.refused.is_none_or(|refused| line.refused == refused)
                && filter.since.is_none_or(|since| line.at >= since)
                && filter.until.is_none_or(|until| line.at < until)
                && match &filter.about {
                    About::Prefix(prefix) => self.words[line.subject as usize].starts_with(prefix.as_str()),
                    About::Everything | About::Subject(_) => true,
                }
        };
        let found = self.lines[..end].iter().enumerate().rev().filter(|(_, line)| fits(line));
        found.take(limit).filter_map(|(seq, _)| i64::try_from(seq).ok()).collect()
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).expect("four billion words would not fit in memory");
        let word: Arc<str> = word.into();
        self.words.push(Arc::clone(&word));
        self.numbers.insert(word, number);
        number
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::Outcome;

    fn index() -> Index {
        let mut index = Index::default();
        for (seq, (subject, by, agency)) in (0..).zip([
            ("agency/H17", "an", None),
            ("agency/H17.11", "binh", Some("H17")),
            ("grant/1", "an", Some("H17")),
            ("agency/H17", "binh", Some("H01")),
        ]) {
            let refused = Outcome::Refused { code: String::new(), reason: String::new() };
            index.add(&Entry {
                seq,
                at: Ts(seq * 10),
                by: by.parse().unwrap(),
                in_role: None,
                agency: agency.map(str::to_owned),
                act: if seq < 2 { "put" } else { "change" }.into(),
                subject: subject.into(),
                outcome: if seq == 1 { refused } else { Outcome::Done },
                event: None,
                key: None,
                key_request: None,
            });
        }
        index
    }

    #[test]
    fn entries_are_found_by_each_condition_newest_first() {
        let index = index();
        let check = |filter: Filter, found: &[i64]| assert_eq!(index.find(&filter, i64::MAX, 9), found);
        let about = |about| Filter { about, ..Filter::default() };
        check(Filter::default(), &[3, 2, 1, 0]);
        check(about(About::Subject("agency/H17".into())), &[3, 0]);
        check(about(About::Prefix("agency/H17".into())), &[3, 1, 0]);
        check(about(About::Subject("agency".into())), &[]);
        check(Filter { by: Some("an".parse().unwrap()), ..Filter::default() }, &[2, 0]);
        check(Filter { by: Some("chi".parse().unwrap()), ..Filter::default() }, &[]);
        check(Filter { agency: Some("H17".into()), ..Filter::default() }, &[2, 1]);
        check(Filter { act: Some("put".into()), ..Filter::default() }, &[1, 0]);
        check(Filter { act: Some("agency/H17".into()), ..Filter::default() }, &[]);
        check(Filter { refused: Some(true), ..Filter::default() }, &[1]);
        check(Filter { refused: Some(false), ..Filter::default() }, &[3, 2, 0]);
        check(Filter { since: Some(Ts(10)), until: Some(Ts(30)), ..Filter::default() }, &[2, 1]);
    }

    #[test]
    fn pages_follow_each_other_without_gap() {
        let index = index();
        let all = Filter::default();
        assert_eq!(index.find(&all, i64::MAX, 3), [3, 2, 1]);
        assert_eq!(index.find(&all, 1, 3), [0]);
        assert!(index.find(&all, 0, 3).is_empty());
        assert!(index.find(&all, -5, 3).is_empty());
    }
}
