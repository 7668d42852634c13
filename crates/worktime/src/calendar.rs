//! Working time: days off, make-up days, working hours (UTC+7).
//!
//! Deadlines of the state are counted in working days or working hours (Decree 118/2025, one-stop). Days off are announced
//! year by year and swaps weeks before, so they are data with a source. Beyond the years with data only weekends are
//! known: whoever shows a deadline asks [`Calendar::certainty`] and says so.

use std::collections::BTreeMap;

use base::Ts;
use jiff::civil::Date;

use crate::CalendarError;
use crate::vietnam::{day_of, start_of};
use hours::{Regime, Shift};

mod count;
pub(crate) mod hours;
mod read;

/// How far a span of days can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// All its years are announced.
    Announced,
    /// It reaches into a year whose days off are computed: a swap may still move it.
    Computed,
    /// It reaches into a year without data: only weekends are known.
    Unknown,
}

/// Why a day is not what its place in the week says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Whether people work on it: a make-up day, else a day off.
    pub works: bool,
    /// Its name, in Vietnamese, for example `Quốc khánh`.
    pub name: String,
    /// Number and day of an agency's own decision; the country's are those of its [`Year`].
    pub decision: Option<String>,
    /// Other hours than the usual ones.
    pub(crate) hours: Option<Vec<Shift>>,
}

/// Where the days of one year come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// Announced by the competent ministry, else computed in advance.
    pub announced: bool,
    /// Notice, publication or data set.
    pub source: String,
    /// Numbers and days of the documents that announced it, as far as they are known.
    pub decisions: Vec<String>,
}

/// Days off, make-up working days and working hours, of the country or of an agency.
///
/// A value has at least one working day a week and one shift a day. A day can have hours without counting as a working
/// day: the Saturday morning on which a one-stop desk is open.
#[derive(Clone, Debug)]
pub struct Calendar {
    version: u32,
    /// The first that holds on a day says its hours; the last holds on all days.
    regimes: Vec<Regime>,
    exceptions: BTreeMap<Date, Exception>,
    years: BTreeMap<i16, Year>,
}

impl Calendar {
    /// The calendar of the country that comes with the program.
    ///
    /// # Errors
    /// Never, as a test proves; the type is that of a calendar from a file.
    pub fn built_in() -> Result<Self, CalendarError> {
        Self::parse(include_str!("../rules/calendar.toml"))
    }

    /// Reads `calendar.toml`.
    ///
    /// # Errors
    /// Every mistake of the text: unknown keys, days that are none, days named twice or not in order, a make-up day that
    /// is a working day anyway, a year that is missing between two others, hours that overlap.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        read::calendar(text)
    }

    /// This calendar with an agency's own hours and days, which go before those that are there already.
    pub(crate) fn with(&self, own: Vec<Regime>, days: BTreeMap<Date, Exception>) -> Self {
        let mut calendar = self.clone();
        calendar.regimes.splice(0..0, own);
        calendar.exceptions.extend(days);
        calendar
    }

    /// The number of its file, raised with each change of it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether a day counts as a working day. In a year without data this knows only the days of the week.
    pub fn is_working_day(&self, day: Date) -> bool {
        self.exceptions.get(&day).map_or_else(|| self.regime(day).counts(day.weekday()), |known| known.works)
    }

    /// Whether people work at a moment. Begin and end of a shift both belong to it.
    pub fn is_open(&self, at: Ts) -> bool {
        let day = day_of(at);
        let time = at.micros_since(start_of(day));
        self.shifts(day).iter().any(|shift| (shift.from..=shift.to).contains(&time))
    }

    /// Begin and end of each shift of a day, in order; none on a day off.
    pub fn hours(&self, day: Date) -> impl DoubleEndedIterator<Item = (Ts, Ts)> {
        let midnight = start_of(day).0;
        let moment = move |time: i64| Ts(midnight.saturating_add(time));
        self.shifts(day).iter().map(move |shift| (moment(shift.from), moment(shift.to)))
    }

    /// Number and day of the agency's decision that sets the hours of a day; none where the country's hold.
    pub fn decision(&self, day: Date) -> Option<&str> {
        let own = self.exceptions.get(&day).and_then(|known| known.decision.as_deref());
        own.or(self.regime(day).decision.as_deref())
    }

    /// The days of a year that differ from their place in the week, in order.
    pub fn exceptions(&self, year: i16) -> impl Iterator<Item = (Date, &Exception)> {
        self.exceptions.iter().filter(move |(day, _)| day.year() == year).map(|(day, known)| (*day, known))
    }

    /// Where the days of a year come from; nothing when there are no data.
    pub fn year(&self, year: i16) -> Option<&Year> {
        self.years.get(&year)
    }

    /// The last day with data, computed ones included.
    pub fn known_until(&self) -> Date {
        self.years.last_key_value().map_or(Date::MIN, |(last, _)| jiff::civil::date(*last, 12, 31))
    }

    /// How far a count from one day to another can be trusted, both included.
    pub fn certainty(&self, from: Date, to: Date) -> Certainty {
        let of = |year: i16| match self.years.get(&year) {
            Some(Year { announced: true, .. }) => Certainty::Announced,
            Some(_) => Certainty::Computed,
            None => Certainty::Unknown,
        };
        // Years have no gaps, so a span of more of them than there are holds an unknown one at one of its ends.
        let ends = of(from.year()).max(of(to.year()));
        let between = self.years.range(from.year()..=to.year().max(from.year()));
        between.map(|(year, _)| of(*year)).fold(ends, Certainty::max)
    }

    fn regime(&self, day: Date) -> &Regime {
        let found = self.regimes.iter().find(|regime| regime.holds_on(day));
        found.expect("the country's regime, the last one, holds on all days")
    }

    pub(crate) fn shifts(&self, day: Date) -> &[Shift] {
        let regime = self.regime(day);
        match self.exceptions.get(&day) {
            Some(Exception { works: false, .. }) => &[],
            Some(Exception { hours: Some(own), .. }) => own,
            Some(_) => &regime.usual,
            None => regime.shifts(day.weekday()),
        }
    }
}

#[cfg(test)]
mod tests;
