//! Finding agencies by words: one text with the folded names and codes of all, read from begin to end.
//!
//! 120,000 units are about 9 MB; reading them takes a few milliseconds (`cargo xtask bench registry` measures it), which
//! makes an index of words needless: nothing to keep in order, nothing that could miss a unit.

use std::cmp::Reverse;

use jiff::civil::Date;
use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization as _;

use super::{Agency, AgencyCode};
use crate::text::fold;

/// Longest query that is read, in characters; the rest is left out.
const QUERY_CHARS_MAX: usize = 200;
/// Most words of a query that are looked at; the rest is left out.
const WORDS_MAX: usize = 10;

/// Retired lines that are never worth a renewal.
const RETIRED_MIN: usize = 1_000;

/// Where a period stands in the index.
pub(super) type Slot = usize;

/// The folded text of all periods, a line for each: `name⇥code⇥other code`, a space before each word.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    folded: String,
    /// The names in lower case with their marks, to tell `Hòa` from `Hóa` where the query does.
    marked: String,
    lines: Vec<Line>,
    retired: usize,
}

#[derive(Clone, Debug)]
struct Line {
    /// Where it begins in the two texts, and where its codes do.
    at: usize,
    codes_at: usize,
    marked_at: usize,
    code: AgencyCode,
    from: Date,
    to: Option<Date>,
    level: u8,
    retired: bool,
}

/// How well a line fits; less is better. Those that fit as well keep the order in which they were entered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    fit: Fit,
    /// The query has tone marks and the name has not the same.
    differs: bool,
    level: u8,
    name_bytes: u32,
    slot: Slot,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Code,
    Name,
    BeginOfName,
    Phrase,
    Words,
}

struct Query {
    /// The folded query behind a space.
    phrase: String,
    in_phrase: Finder<'static>,
    /// The longest word, behind a space: the rarest one, mostly, which finds the lines.
    longest: Finder<'static>,
    /// The others, which are only looked up in those lines.
    others: Vec<Finder<'static>>,
    /// Whether it can be a whole code.
    is_code: bool,
    /// The query in lower case, when it has marks.
    marked: Option<Finder<'static>>,
}

impl Query {
    fn new(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(QUERY_CHARS_MAX).collect();
        let folded = fold(&text);
        let mut words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).take(WORDS_MAX).collect();
        words.sort_by_key(|word| Reverse(word.len()));
        words.dedup();
        let finder = |text: &str| Finder::new(text).into_owned();
        let mut words = words.into_iter().map(|word| finder(&format!(" {word}")));
        let longest = words.next()?;
        let phrase = format!(" {folded}");
        let lower: String = text.nfc().flat_map(char::to_lowercase).collect();
        Some(Self {
            in_phrase: finder(&phrase),
            phrase,
            longest,
            others: words.collect(),
            is_code: text.to_ascii_uppercase().parse::<AgencyCode>().is_ok(),
            marked: (!text.is_ascii()).then(|| finder(&lower)),
        })
    }
}

impl Index {
    pub(super) fn add(&mut self, agency: &Agency) -> Slot {
        let slot = self.lines.len();
        self.lines.push(Line {
            at: self.folded.len(),
            codes_at: 0,
            marked_at: self.marked.len(),
            code: agency.code.clone(),
            from: agency.valid_from,
            to: agency.valid_to,
            level: u8::try_from(agency.code.level()).unwrap_or(u8::MAX),
            retired: false,
        });
        self.folded.push(' ');
        self.folded.push_str(&fold(&agency.name));
        self.lines[slot].codes_at = self.folded.len();
        for code in agency.names() {
            self.folded.push_str("\t ");
            self.folded.push_str(&fold(code.as_str()));
        }
        self.folded.push('\n');
        self.marked.extend(agency.name.chars().flat_map(char::to_lowercase));
        slot
    }

    pub(super) fn retire(&mut self, slot: Slot) {
        if let Some(line) = self.lines.get_mut(slot) {
            line.retired = true;
            self.retired += 1;
        }
    }

    /// Whether more of it is retired than is worth reading over.
    pub(super) fn wants_renewal(&self) -> bool {
        self.retired > RETIRED_MIN && self.retired > self.lines.len() / 2
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Codes and first days of the periods that fit on `day`, best first.
    pub(super) fn find(&self, query: &str, day: Date, limit: usize) -> Vec<(&AgencyCode, Date)> {
        let Some(query) = Query::new(query) else { return Vec::new() };
        let mut hits: Vec<Rank> = Vec::new();
        let (mut slot, mut end) = (0, 0);
        for at in query.longest.find_iter(self.folded.as_bytes()) {
            if at < end {
                continue;
            }
            slot = self.slot_at(at, slot);
            end = self.lines.get(slot + 1).map_or(self.folded.len(), |next| next.at);
            let line = &self.lines[slot];
            if line.retired || line.from > day || line.to.is_some_and(|last| last < day) {
                continue;
            }
            let text = &self.folded.as_bytes()[line.at..end];
            if query.others.iter().all(|word| word.find(text).is_some()) {
                hits.push(self.rank(&query, slot, text));
            }
        }
        if limit < hits.len() {
            hits.select_nth_unstable(limit);
            hits.truncate(limit);
        }
        hits.sort_unstable();
        hits.into_iter().map(|rank| (&self.lines[rank.slot].code, self.lines[rank.slot].from)).collect()
    }

    /// The line in which a place of the folded text lies; not before `from`.
    fn slot_at(&self, at: usize, from: Slot) -> Slot {
        // Frequent words are in one of the next lines, rare ones anywhere.
        let near = self.lines[from..].iter().take(8).take_while(|line| line.at <= at).count();
        if near < 8 {
            from + near - 1
        } else {
            from + self.lines[from..].partition_point(|line| line.at <= at) - 1
        }
    }

    fn rank(&self, query: &Query, slot: Slot, text: &[u8]) -> Rank {
        let line = &self.lines[slot];
        let (name, codes) = text.split_at(line.codes_at - line.at);
        let phrase = query.phrase.as_bytes();
        let is_phrase = |code: &[u8]| code == phrase;
        let fit = if query.is_code && codes.split(|byte| matches!(byte, b'\t' | b'\n')).any(is_phrase) {
            Fit::Code
        } else if name == phrase {
            Fit::Name
        } else if name.starts_with(phrase) {
            Fit::BeginOfName
        } else if query.others.is_empty() || query.in_phrase.find(text).is_some() {
            Fit::Phrase
        } else {
            Fit::Words
        };
        let differs = query.marked.as_ref().is_some_and(|wanted| {
            let end = self.lines.get(slot + 1).map_or(self.marked.len(), |next| next.marked_at);
            wanted.find(&self.marked.as_bytes()[line.marked_at..end]).is_none()
        });
        let name_bytes = u32::try_from(name.len()).unwrap_or(u32::MAX);
        Rank { fit, differs, level: line.level, name_bytes, slot }
    }
}
