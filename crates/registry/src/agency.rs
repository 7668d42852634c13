//! Bodies of the state: codes of both forms, parents, validity, successors.
//!
//! A code means something only on a day: it may be closed, answered for by a successor, and given anew. So a code has
//! periods, which never overlap; nothing is deleted, and old data are read with the code and their day (CV 4856).
//!
//! **Invariants:** on no day do two agencies carry the same text, in either form; successors never lead back to where they
//! began; nobody is above itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::state::Stamp;

mod built_in;
mod check;
mod code;
mod decide;
mod member;
pub mod sample;
mod search;
pub mod table;

pub use built_in::built_in;
pub use check::{NAME_CHARS_MAX, PERIODS_MAX, TEXT_CHARS_MAX};
pub use code::{AgencyCode, AgencyCodeError, Form};
pub use decide::{Closing, ROWS_MAX, close, import, put, redate};
pub use member::{Answering, Recorded, answer};

/// Longest line of successors that is followed; each hop is a reorganisation, so this is centuries.
const SUCCESSORS_MAX: usize = 100;
/// Most levels from a unit up to the highest body above it; the codes themselves know five.
pub const LEVELS_MAX: usize = 10;

/// An agency during one period of validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Its code.
    pub code: AgencyCode,
    /// Its code in the other form; it is found and referred to under both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<AgencyCode>,
    /// Its name.
    pub name: String,
    /// The agency above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AgencyCode>,
    /// The first day on which it counts.
    pub valid_from: Date,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Who took over its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<AgencyCode>,
    /// The decision that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
    /// The decision that closed it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub closing_basis: String,
    /// What a reader should know, such as a code that is still to be checked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Agency {
    /// An agency that counts from a day on, with nothing else said about it.
    pub fn new(code: AgencyCode, name: impl Into<String>, valid_from: Date) -> Self {
        Self {
            code,
            also: None,
            name: name.into(),
            parent: None,
            valid_from,
            valid_to: None,
            successor: None,
            legal_basis: String::new(),
            closing_basis: String::new(),
            note: String::new(),
        }
    }

    /// Whether it counts on that day.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether it is meant by `name`, in either form.
    pub fn is_called(&self, name: &AgencyCode) -> bool {
        self.code == *name || self.also.as_ref() == Some(name)
    }

    fn names(&self) -> impl Iterator<Item = &AgencyCode> {
        std::iter::once(&self.code).chain(&self.also)
    }

    /// The first day after it.
    fn after(&self) -> Option<Date> {
        self.valid_to.map(|last| last.tomorrow().unwrap_or(Date::MAX))
    }
}

/// What can happen to agencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Entered, or the period that begins on the same day written anew.
    Put(Agency),
    /// The same for many, from an import.
    PutMany {
        /// In no particular order.
        agencies: Vec<Agency>,
    },
    /// The first day of a period was wrong.
    Redated {
        /// Whose.
        code: AgencyCode,
        /// The day that was wrong.
        from: Date,
        /// The right one.
        to: Date,
    },
    /// Who answers for a member of the directory that is no agency.
    Answering(Answering),
}

/// What a code means on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nobody ever had this code.
    Unknown,
    /// It will be somebody's.
    NotYet {
        /// From this day on.
        from: Date,
    },
    /// This agency's.
    Valid(&'a Agency),
    /// Nobody's any more.
    Closed {
        /// Whose it was last.
        last: &'a Agency,
        /// The first day on which it did not count.
        since: Date,
        /// Who took over.
        successor: Option<&'a AgencyCode>,
    },
}

/// A period as the registry keeps it.
#[derive(Clone, Debug)]
pub struct Period {
    /// The agency during this period.
    pub agency: Agency,
    /// Number of the journal's entry that last touched it.
    pub version: i64,
    slot: search::Slot,
}

/// One line of the history of a code.
#[derive(Clone, Debug)]
pub struct Done {
    /// When and by whom.
    pub stamp: Arc<Stamp>,
    /// What.
    pub change: Change,
}

/// What was done to a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A period was entered.
    Entered {
        /// The first day of the period.
        from: Date,
    },
    /// A period was written anew.
    Changed {
        /// What it said before.
        before: Box<Agency>,
    },
    /// The first day of a period was corrected.
    Redated {
        /// The day that was wrong.
        from: Date,
        /// The right one.
        to: Date,
    },
}

/// All that carried one code, in its order in time, and what was done to it.
#[derive(Clone, Debug, Default)]
struct Unit {
    periods: Vec<Period>,
    history: Vec<Done>,
}

/// All agencies.
#[derive(Clone, Debug, Default)]
pub struct Agencies {
    units: BTreeMap<AgencyCode, Unit>,
    /// From the other form to the codes of those that ever had it.
    also: HashMap<AgencyCode, BTreeSet<AgencyCode>>,
    /// From a parent, as it was written, to the codes of those that ever named it.
    below: HashMap<AgencyCode, BTreeSet<AgencyCode>>,
    words: search::Index,
    /// Members of the directory that are no agencies.
    members: member::Members,
}

impl Agencies {
    /// What a code of either form means on a day.
    pub fn on(&self, code: &AgencyCode, day: Date) -> Standing<'_> {
        standing(self.called(code), day)
    }

    /// Who answers on `day` for what `code` did: itself while it counts, then its successors.
    ///
    /// Nobody when it is unknown, does not count yet, or was closed without a successor.
    pub fn current_successor(&self, code: &AgencyCode, day: Date) -> Option<&Agency> {
        let mut standing = self.on(code, day);
        for _ in 0..SUCCESSORS_MAX {
            match standing {
                Standing::Valid(agency) => return Some(agency),
                Standing::Closed { successor: Some(next), .. } => standing = self.on(next, day),
                _ => return None,
            }
        }
        None
    }

    /// Whether `code` is `above` itself or below it, by the parents that count on `day`.
    ///
    /// A closed agency stays where it was when it was closed, so that somebody can still look after what it left; one to
    /// come is where it will be.
    pub fn is_within(&self, code: &AgencyCode, above: &AgencyCode, day: Date) -> bool {
        let mut name = code;
        for _ in 0..=LEVELS_MAX {
            if name == above {
                return true;
            }
            let Some(agency) = self.nearest(name, day) else { return false };
            if agency.is_called(above) {
                return true;
            }
            let Some(parent) = &agency.parent else { return false };
            name = parent;
        }
        false
    }

    /// Those directly below an agency that count on `day`, by code.
    pub fn children(&self, code: &AgencyCode, day: Date) -> Vec<&Agency> {
        let names: BTreeSet<&AgencyCode> = match self.nearest(code, day) {
            Some(agency) => agency.names().collect(),
            None => BTreeSet::from([code]),
        };
        let codes: BTreeSet<_> = names.iter().filter_map(|name| self.below.get(*name)).flatten().collect();
        let found = codes.into_iter().filter_map(|code| self.own_on(code, day));
        found.filter(|agency| agency.parent.as_ref().is_some_and(|parent| names.contains(parent))).collect()
    }

    /// Those that count on `day` while the agency above them does not: to be put under another one, or closed.
    ///
    /// A reorganisation closes the agency above first; that is no mistake, but it must not be forgotten.
    pub fn orphans(&self, day: Date) -> impl Iterator<Item = &Agency> {
        let gone = move |parent: &AgencyCode| !matches!(self.on(parent, day), Standing::Valid(_));
        self.units
            .keys()
            .filter_map(move |code| self.own_on(code, day))
            .filter(move |agency| agency.parent.as_ref().is_some_and(gone))
    }

    /// Those that count on `day`, by code, beginning behind `after`; at most `limit`.
    pub fn page(&self, after: Option<&AgencyCode>, limit: usize, day: Date) -> Vec<&Agency> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let codes = self.units.range::<AgencyCode, _>((begin, Bound::Unbounded));
        codes.filter_map(|(code, _)| self.own_on(code, day)).take(limit).collect()
    }

    /// Those that count on `day` and whose name or code has words beginning with those of `query`; best first.
    ///
    /// Tone marks and case may be left out; where they are written, names with the same ones come first. A whole code of
    /// either form finds its agency first.
    pub fn search(&self, query: &str, day: Date, limit: usize) -> Vec<&Agency> {
        let found = self.words.find(query, day, limit);
        found.into_iter().filter_map(|(code, from)| Some(&self.period(code, from)?.agency)).collect()
    }

    /// The period of a code that begins on that day.
    pub fn period(&self, code: &AgencyCode, valid_from: Date) -> Option<&Period> {
        self.periods(code).iter().find(|period| period.agency.valid_from == valid_from)
    }

    /// All periods of a code, in time. Not by its other form: that may have been another agency's.
    pub fn periods(&self, code: &AgencyCode) -> &[Period] {
        self.units.get(code).map_or(&[], |unit| &unit.periods)
    }

    /// What was done to a code, when and by whom.
    pub fn history(&self, code: &AgencyCode) -> &[Done] {
        self.units.get(code).map_or(&[], |unit| &unit.history)
    }

    /// All periods of all codes, by code and time: for export.
    pub fn all(&self) -> impl Iterator<Item = &Agency> {
        self.units.values().flat_map(|unit| &unit.periods).map(|period| &period.agency)
    }

    /// How many codes there are, closed ones included.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether nothing was entered yet.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// All periods that carry a name of either form.
    fn called(&self, name: &AgencyCode) -> impl Iterator<Item = &Agency> {
        let others = self.also.get(name).into_iter().flatten().flat_map(|code| self.periods(code));
        let others = others.filter(move |period| period.agency.also.as_ref() == Some(name));
        self.periods(name).iter().chain(others).map(|period| &period.agency)
    }

    fn own_on(&self, code: &AgencyCode, day: Date) -> Option<&Agency> {
        self.periods(code).iter().map(|period| &period.agency).find(|agency| agency.is_valid_on(day))
    }

    /// The period on that day, else the last one before, else the next one.
    fn nearest(&self, name: &AgencyCode, day: Date) -> Option<&Agency> {
        match self.on(name, day) {
            Standing::Valid(agency) | Standing::Closed { last: agency, .. } => Some(agency),
            Standing::NotYet { from } => self.called(name).find(|agency| agency.valid_from == from),
            Standing::Unknown => None,
        }
    }

    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        let stamp = Arc::new(stamp.clone());
        match event {
            Event::Put(agency) => self.take(&stamp, agency),
            Event::PutMany { agencies } => {
                for agency in agencies {
                    self.take(&stamp, agency);
                }
            }
            Event::Redated { code, from, to } => self.redate(&stamp, &code, (from, to)),
            Event::Answering(answering) => member::apply(&mut self.members, &stamp, answering),
        }
    }

    fn take(&mut self, stamp: &Arc<Stamp>, agency: Agency) {
        if self.words.wants_renewal() {
            self.renew_words();
        }
        for (from, to) in [(&agency.also, &mut self.also), (&agency.parent, &mut self.below)] {
            if let Some(name) = from {
                to.entry(name.clone()).or_default().insert(agency.code.clone());
            }
        }
        let slot = self.words.add(&agency);
        let unit = self.units.entry(agency.code.clone()).or_default();
        let place = unit.periods.binary_search_by_key(&agency.valid_from, |period| period.agency.valid_from);
        let from = agency.valid_from;
        let period = Period { agency, version: stamp.seq, slot };
        let change = match place {
            Ok(place) => {
                let before = std::mem::replace(&mut unit.periods[place], period);
                self.words.retire(before.slot);
                Change::Changed { before: Box::new(before.agency) }
            }
            Err(place) => {
                unit.periods.insert(place, period);
                Change::Entered { from }
            }
        };
        unit.history.push(Done { stamp: Arc::clone(stamp), change });
    }

    fn renew_words(&mut self) {
        self.words = search::Index::default();
        for period in self.units.values_mut().flat_map(|unit| &mut unit.periods) {
            period.slot = self.words.add(&period.agency);
        }
    }

    fn redate(&mut self, stamp: &Arc<Stamp>, code: &AgencyCode, (from, to): (Date, Date)) {
        let Some(unit) = self.units.get_mut(code) else { return };
        for period in unit.periods.iter_mut().filter(|period| period.agency.valid_from == from) {
            period.agency.valid_from = to;
            period.version = stamp.seq;
            self.words.retire(period.slot);
            period.slot = self.words.add(&period.agency);
        }
        unit.periods.sort_by_key(|period| period.agency.valid_from);
        unit.history.push(Done { stamp: Arc::clone(stamp), change: Change::Redated { from, to } });
    }
}

/// What a name means on a day, when these are all the periods that carry it; they do not overlap.
fn standing<'a>(periods: impl Iterator<Item = &'a Agency>, day: Date) -> Standing<'a> {
    let mut last: Option<&Agency> = None;
    let mut next: Option<Date> = None;
    for agency in periods {
        let from = agency.valid_from;
        if from > day {
            next = Some(next.map_or(from, |other| other.min(from)));
        } else if last.is_none_or(|other| other.valid_from < from) {
            last = Some(agency);
        }
    }
    match (last, next) {
        (Some(agency), _) => match agency.after() {
            Some(since) if since <= day => {
                Standing::Closed { last: agency, since, successor: agency.successor.as_ref() }
            }
            _ => Standing::Valid(agency),
        },
        (None, Some(from)) => Standing::NotYet { from },
        (None, None) => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests;
