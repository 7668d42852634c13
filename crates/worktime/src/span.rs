//! Spans: ISO 8601 durations by the calendar, and the same form in working time.
//!
//! `P1Y2M3DT4H5M6.5S` runs day and night; `P5WD`, `PT16WH`, `PT30WM` and `P2WDT4WH` run while people work.

use std::fmt;
use std::str::FromStr;

use base::Ts;
use serde::{Deserialize, Serialize};

use crate::TimeError;
use crate::vietnam::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS, local, moment_of};

mod read;

/// Longest span: a hundred years, also in working days of one a day. More is a slip.
pub const SPAN_DAYS_MAX: u32 = 36_600;
/// Longest text of a span, a cycle or a moment, in bytes.
pub const TEXT_BYTES_MAX: usize = 100;

/// How long something takes or may take; at most [`SPAN_DAYS_MAX`] days, never negative.
///
/// Its text is canonical: weeks become days, years stay years, `PT90S` becomes `PT1M30S`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// By the calendar, day and night.
    Plain(Plain),
    /// While people work: days by the counting rule, then hours.
    Working { days: u32, micros: i64 },
}

/// A span by the calendar; months and days have no fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Plain {
    pub(crate) months: u32,
    pub(crate) days: u32,
    pub(crate) micros: i64,
}

impl Plain {
    /// The moment this much later by clocks in Vietnam; 31 January and a month is the last day of February.
    pub(crate) fn after(self, from: Ts) -> Ts {
        let dated = if self.has_dates() {
            local(from).checked_add(self.dates()).map_or(Ts(i64::MAX), moment_of)
        } else {
            from
        };
        Ts(dated.0.saturating_add(self.micros))
    }

    /// The moment this much earlier: 31 March less a month is the last day of February.
    pub(crate) fn before(self, to: Ts) -> Ts {
        let dated = if self.has_dates() {
            local(to).checked_sub(self.dates()).map_or(Ts(i64::MIN), moment_of)
        } else {
            to
        };
        Ts(dated.0.saturating_sub(self.micros))
    }

    fn has_dates(self) -> bool {
        self.months > 0 || self.days > 0
    }

    fn dates(self) -> jiff::Span {
        // Cycles multiply spans; what lies beyond the calendar is brought to where the addition fails.
        let months = self.months.min(19_998 * 12);
        let days = self.days.min(7_304_484);
        jiff::Span::new().months(months).days(days)
    }
}

impl Span {
    /// Nothing, in working time: over when work begins, at once within hours.
    pub const ZERO: Self = Self(Kind::Working { days: 0, micros: 0 });

    /// Working days.
    pub fn working_days(days: u16) -> Self {
        Self(Kind::Working { days: u32::from(days), micros: 0 })
    }

    /// Working hours.
    pub fn working_hours(hours: u16) -> Self {
        Self(Kind::Working { days: 0, micros: i64::from(hours) * HOUR_MICROS })
    }

    /// Reads a duration of ISO 8601 or of working time.
    ///
    /// A fraction is taken in the last part only and only of hours, minutes and seconds by the calendar; what is finer than a
    /// microsecond is cut off. Working time has no fractions: half an hour of it is `PT30WM`.
    ///
    /// # Errors
    /// Another form, a negative span, both kinds of time in one span, more than [`SPAN_DAYS_MAX`] days.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        read::span(text)
    }

    /// Whether it is shorter than so many microseconds, days being longer than any.
    pub(crate) fn is_shorter_than(self, least: i64) -> bool {
        match self.0 {
            Kind::Working { days, micros } => days == 0 && micros < least,
            Kind::Plain(Plain { months, days, micros }) => months == 0 && days == 0 && micros < least,
        }
    }

    /// Whether it runs only while people work.
    pub fn is_working(self) -> bool {
        matches!(self.0, Kind::Working { .. })
    }

    /// Whether it is days, weeks, months or years by the calendar: where a law says working days, that is a slip.
    pub fn counts_days_off(self) -> bool {
        matches!(self.0, Kind::Plain(plain) if plain.has_dates())
    }

    /// Whether it is over as soon as it begins.
    pub fn is_zero(self) -> bool {
        matches!(
            self.0,
            Kind::Working { days: 0, micros: 0 } | Kind::Plain(Plain { months: 0, days: 0, micros: 0 })
        )
    }

    pub(crate) fn kind(self) -> Kind {
        self.0
    }

    /// This span `times` times over; what would be longer than any calendar stays as long as that.
    pub(crate) fn times(self, times: u32) -> Self {
        let days = |days: u32| days.saturating_mul(times);
        let micros = |micros: i64| micros.saturating_mul(i64::from(times));
        Self(match self.0 {
            Kind::Plain(one) => Kind::Plain(Plain {
                months: days(one.months),
                days: days(one.days),
                micros: micros(one.micros),
            }),
            Kind::Working { days: one, micros: rest } => {
                Kind::Working { days: days(one), micros: micros(rest) }
            }
        })
    }

    /// Refuses what is longer than [`SPAN_DAYS_MAX`] days.
    pub(crate) fn checked(kind: Kind) -> Result<Self, TimeError> {
        let days = match kind {
            Kind::Plain(Plain { months, days, micros }) => {
                // Years count 366 days: a hundred of them are just within.
                (i64::from(months) * 61 + 1) / 2 + i64::from(days) + micros / DAY_MICROS
            }
            Kind::Working { days, micros } => i64::from(days) + micros / DAY_MICROS,
        };
        if days > i64::from(SPAN_DAYS_MAX) {
            return Err(TimeError::TooLong { days_max: SPAN_DAYS_MAX });
        }
        Ok(Self(kind))
    }
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Span {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        Self::parse(&text)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    /// The canonical text; nothing is `PT0S` or `PT0WH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, work, micros) = match self.0 {
            Kind::Plain(Plain { months, days, micros }) => {
                ([(months / 12, "Y"), (months % 12, "M"), (days, "D")], "", micros)
            }
            Kind::Working { days, micros } => ([(0, ""), (0, ""), (days, "WD")], "W", micros),
        };
        f.write_str("P")?;
        for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number}{unit}")?;
        }
        if micros == 0 && parts.iter().any(|(number, _)| *number > 0) {
            return Ok(());
        }
        f.write_str("T")?;
        time(f, micros, work)
    }
}

/// Hours, minutes and seconds; working time has no seconds.
fn time(f: &mut fmt::Formatter<'_>, micros: i64, work: &str) -> fmt::Result {
    if micros == 0 {
        return write!(f, "0{work}{}", if work.is_empty() { "S" } else { "H" });
    }
    let (hours, rest) = (micros / HOUR_MICROS, micros % HOUR_MICROS);
    let (minutes, rest) = (rest / MINUTE_MICROS, rest % MINUTE_MICROS);
    for (number, unit) in [(hours, "H"), (minutes, "M")].into_iter().filter(|(number, _)| *number > 0) {
        write!(f, "{number}{work}{unit}")?;
    }
    if rest == 0 {
        return Ok(());
    }
    let fraction = format!("{:06}", rest % SECOND_MICROS);
    let fraction = fraction.trim_end_matches('0');
    write!(f, "{}{}{fraction}S", rest / SECOND_MICROS, if fraction.is_empty() { "" } else { "." })
}

#[cfg(test)]
mod tests;
