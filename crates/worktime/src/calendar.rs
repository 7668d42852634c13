//! Working time: days off, make-up days, working hours (UTC+7).
//!
//! Deadlines of the state are counted in working days or working hours (Decree 118/2025, one-stop). Days off are announced
//! year by year and swaps weeks before, so they are data with a source. Beyond the years with data only weekends are
//! known: whoever shows a deadline asks [`Calendar::certainty`] and says so.

use std::collections::BTreeMap;

use base::Ts;
use jiff::civil::{Date, Weekday};

use crate::CalendarError;
use crate::vietnam::{HOUR_MICROS, day_of, start_of};

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
}

/// Where the days of one year come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// Announced by the competent ministry, else computed in advance.
    pub announced: bool,
    /// Notice, publication or data set.
    pub source: String,
}

/// Part of a working day, in microseconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shift {
    from: i64,
    to: i64,
}

/// Days off, make-up working days and working hours; a value has at least one working day a week and one shift a day.
#[derive(Clone, Debug)]
pub struct Calendar {
    shifts: Vec<Shift>,
    week: Vec<Weekday>,
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

    /// Whether people work on that day. In a year without data this knows only the days of the week.
    pub fn is_working_day(&self, day: Date) -> bool {
        self.exceptions.get(&day).map_or_else(|| self.week.contains(&day.weekday()), |known| known.works)
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

    /// The end of working hours of the n-th working day after the day of `from`, which does not count itself.
    ///
    /// Zero days end with the working hours of the day of `from`, or, when these are over, of the next working day.
    /// A count that would leave the calendar (year 9999) ends at its end.
    pub fn due(&self, from: Ts, working_days: u32) -> Ts {
        let start = day_of(from);
        if working_days == 0 && self.is_working_day(start) && from <= self.close(start) {
            return self.close(start);
        }
        let mut day = start;
        for _ in 0..working_days.max(1) {
            match self.next_working_day(day) {
                Some(next) => day = next,
                None => return self.close(Date::MAX),
            }
        }
        self.close(day)
    }

    /// The moment at which `hours` of working time after `from` are over. Hours outside working time do not count.
    ///
    /// A deadline on the edge of a shift is the end of that shift, not the begin of the next: received at 18:20 with eight
    /// hours it is 17:00 of the next working day, not 07:00 of the day after. Zero hours are `from` itself within
    /// working time, else the next begin of a shift.
    pub fn due_hours(&self, from: Ts, hours: u32) -> Ts {
        let mut left = i64::from(hours).saturating_mul(HOUR_MICROS);
        let start = day_of(from);
        let mut day = start;
        let mut arrived = from.micros_since(start_of(start));
        loop {
            if self.is_working_day(day) {
                for shift in &self.shifts {
                    let begin = shift.from.max(arrived);
                    if begin <= shift.to && begin.saturating_add(left) <= shift.to {
                        return Ts(start_of(day).0.saturating_add(begin + left));
                    }
                    left -= (shift.to - begin).max(0);
                }
            }
            let Some(next) = self.next_working_day(day) else { return self.close(Date::MAX) };
            (day, arrived) = (next, 0);
        }
    }

    /// Working days after the day of `from`, up to the day of `to`, which counts; zero when `to` is not later.
    ///
    /// It is the inverse of [`Calendar::due`], and the length of a pause: asked on Wednesday, answered on Friday, two.
    pub fn working_days_between(&self, from: Ts, to: Ts) -> u32 {
        let last = day_of(to);
        let mut day = day_of(from);
        let mut count = 0;
        while let Some(next) = self.next_working_day(day).filter(|next| *next <= last) {
            (day, count) = (next, count + 1);
        }
        count
    }

    fn next_working_day(&self, after: Date) -> Option<Date> {
        let mut day = after.tomorrow().ok()?;
        while !self.is_working_day(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    fn close(&self, day: Date) -> Ts {
        let end = self.shifts.last().expect("a calendar without hours cannot be read").to;
        Ts(start_of(day).0.saturating_add(end))
    }
}

#[cfg(test)]
mod tests;
