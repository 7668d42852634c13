//! Finding agencies by words: one text with the folded names and codes of all, read from begin to end.
//!
//! 120,000 units are about 6 MB; reading them takes a few milliseconds (`cargo xtask bench registry` measures it), which
//! makes an index of words needless: nothing to keep in order, nothing that could miss a unit.

use std::cmp::Reverse;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use super::{Agency, AgencyCode};
use crate::text::fold;

/// Longest query that is read, in characters; the rest is left out.
const QUERY_CHARS_MAX: usize = 200;
/// Most words of a query that are looked at; the rest is left out.
const WORDS_MAX: usize = 10;

/// Where a period stands in the index.
pub(super) type Slot = usize;

/// The folded text of all periods, a line for each: `name⇥code⇥other code`, a space before each word.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    folded: String,
    /// The names in lower case with their marks, to tell `Hòa` from `Hóa` where the query does.
    marked: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    /// Where it begins in the two texts.
    at: usize,
    marked_at: usize,
    code: AgencyCode,
    from: Date,
    to: Option<Date>,
    level: usize,
    retired: bool,
}

/// How well a line fits; less is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    fit: Fit,
    /// The query has tone marks and the name has not the same.
    differs: bool,
    level: usize,
    bytes: usize,
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
    /// Its words, each behind a space, the longest first.
    words: Vec<String>,
    /// The query in lower case, when it has marks.
    marked: Option<String>,
}

impl Query {
    fn new(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(QUERY_CHARS_MAX).collect();
        let folded = fold(&text);
        let mut words: Vec<String> =
            folded.split(' ').filter(|w| !w.is_empty()).take(WORDS_MAX).map(|w| format!(" {w}")).collect();
        // The longest is the rarest, mostly: it finds the lines, the others are only looked up in those.
        words.sort_by_key(|word| Reverse(word.len()));
        words.dedup();
        let marked = (!text.is_ascii()).then(|| text.nfc().flat_map(char::to_lowercase).collect());
        (!words.is_empty()).then(|| Self { phrase: format!(" {folded}"), words, marked })
    }
}

impl Index {
    pub(super) fn add(&mut self, agency: &Agency) -> Slot {
        let slot = self.lines.len();
        self.lines.push(Line {
            at: self.folded.len(),
            marked_at: self.marked.len(),
            code: agency.code.clone(),
            from: agency.valid_from,
            to: agency.valid_to,
            level: agency.code.level(),
            retired: false,
        });
        self.folded.push(' ');
        self.folded.push_str(&fold(&agency.name));
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
        }
    }

    /// Codes and first days of the periods that fit on `day`, best first.
    pub(super) fn find(&self, query: &str, day: Date, limit: usize) -> Vec<(&AgencyCode, Date)> {
        let Some(query) = Query::new(query) else { return Vec::new() };
        let mut hits: Vec<(Rank, &Line)> = Vec::new();
        let (mut slot, mut end) = (0, 0);
        for (at, _) in self.folded.match_indices(query.words[0].as_str()) {
            if at < end {
                continue;
            }
            slot += self.lines[slot..].partition_point(|line| line.at <= at) - 1;
            let line = &self.lines[slot];
            end = self.lines.get(slot + 1).map_or(self.folded.len(), |next| next.at);
            if line.retired || line.from > day || line.to.is_some_and(|last| last < day) {
                continue;
            }
            let text = &self.folded[line.at..end - 1];
            if query.words[1..].iter().all(|word| text.contains(word.as_str())) {
                hits.push((self.rank(&query, slot, text), line));
            }
        }
        let better = |a: &(Rank, &Line), b: &(Rank, &Line)| {
            (a.0, &a.1.code, a.1.from).cmp(&(b.0, &b.1.code, b.1.from))
        };
        if limit < hits.len() {
            hits.select_nth_unstable_by(limit, better);
            hits.truncate(limit);
        }
        hits.sort_unstable_by(better);
        hits.into_iter().map(|(_, line)| (&line.code, line.from)).collect()
    }

    fn rank(&self, query: &Query, slot: Slot, text: &str) -> Rank {
        let line = &self.lines[slot];
        let (name, codes) = text.split_once('\t').unwrap_or((text, ""));
        let phrase = query.phrase.as_str();
        let fit = if codes.split('\t').any(|code| code == phrase) {
            Fit::Code
        } else if name == phrase {
            Fit::Name
        } else if name.starts_with(phrase) {
            Fit::BeginOfName
        } else if text.contains(phrase) {
            Fit::Phrase
        } else {
            Fit::Words
        };
        let marked_end = self.lines.get(slot + 1).map_or(self.marked.len(), |next| next.marked_at);
        let marked = &self.marked[line.marked_at..marked_end];
        let differs = query.marked.as_ref().is_some_and(|wanted| !marked.contains(wanted.as_str()));
        Rank { fit, differs, level: line.level, bytes: name.len() }
    }
}
