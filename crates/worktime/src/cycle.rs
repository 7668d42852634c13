//! Cycles: what comes again and again.

use std::fmt;
use std::str::FromStr;

use base::Ts;
use serde::{Deserialize, Serialize};

use crate::span::TEXT_BYTES_MAX;
use crate::{Calendar, Span, TimeError, moment};

/// A repeating timer: `R3/PT10S`, `R/P1D`, `R3/2026-01-01T00:00:00Z/PT10S`.
///
/// `R3` comes three times, `R` for ever. With a moment it comes then for the first time, without one a span after it began.
/// Times of a cycle are at least so far apart: what comes oftener only keeps everything else waiting.
const SECOND_MICROS: i64 = 1_000_000;

/// All times are counted from the beginning and not from each other: `R/2026-01-31/P1M` comes on 31 March, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cycle {
    times: Option<u32>,
    start: Option<Ts>,
    every: Span,
}

impl Cycle {
    /// Reads a repeating interval of ISO 8601 whose span may be working time.
    ///
    /// # Errors
    /// Another form, no time at all (`R0`), less than a second between the times, and what is wrong with its moment or span.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(TimeError::TextTooLong { bytes_max: TEXT_BYTES_MAX });
        }
        let form = || TimeError::Cycle(text.to_owned());
        let (times, rest) = text.strip_prefix('R').and_then(|rest| rest.split_once('/')).ok_or_else(form)?;
        if times.starts_with('-') {
            return Err(TimeError::Negative(text.to_owned()));
        }
        let times = match times {
            "" => None,
            digits if digits.len() < 10 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| form())?)
            }
            _ => return Err(form()),
        };
        let (start, every) = match rest.split_once('/') {
            None => (None, Span::parse(rest)?),
            // What ends with a moment is an interval of ISO 8601 that timers do not know.
            Some((_, end)) if !end.starts_with(['P', '-']) => return Err(form()),
            Some((start, every)) => (Some(moment(start)?), Span::parse(every)?),
        };
        if times == Some(0) || every.is_shorter_than(SECOND_MICROS) {
            return Err(TimeError::CycleOfNothing(text.to_owned()));
        }
        Ok(Self { times, start, every })
    }

    /// How often it comes; for ever when there is no number.
    pub fn times(&self) -> Option<u32> {
        self.times
    }

    /// What lies between two times.
    pub fn every(&self) -> Span {
        self.every
    }

    /// When a cycle that began at `began` comes for the n-th time, the first being 0; nothing when that is once too often.
    pub fn nth(&self, n: u32, began: Ts, calendar: &Calendar) -> Option<Ts> {
        if self.times.is_some_and(|times| n >= times) {
            return None;
        }
        match (self.start, n) {
            (Some(start), 0) => Some(start),
            (Some(start), n) => Some(calendar.add(start, self.every.times(n))),
            (None, n) => Some(calendar.add(began, self.every.times(n.saturating_add(1)))),
        }
    }

    /// The number of the first time that is not before `now`: what was missed meanwhile does not come all at once.
    pub fn next(&self, now: Ts, began: Ts, calendar: &Calendar) -> Option<u32> {
        let past = |n: u32| self.nth(n, began, calendar).is_some_and(|at| at < now);
        // Times never go backwards: first a power of two that is not past, then halving.
        let mut not_past = 1_u32;
        while past(not_past - 1) {
            not_past = not_past.checked_mul(2)?;
        }
        let mut first = not_past / 2;
        let mut end = not_past - 1;
        while first < end {
            let middle = first.midpoint(end);
            if past(middle) { first = middle + 1 } else { end = middle }
        }
        self.nth(first, began, calendar).map(|_| first)
    }
}

impl FromStr for Cycle {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Cycle {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        Self::parse(&text)
    }
}

impl From<Cycle> for String {
    fn from(cycle: Cycle) -> Self {
        cycle.to_string()
    }
}

impl fmt::Display for Cycle {
    /// The canonical text; its moment is in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R")?;
        if let Some(times) = self.times {
            write!(f, "{times}")?;
        }
        if let Some(start) = self.start {
            write!(f, "/{start}")?;
        }
        write!(f, "/{}", self.every)
    }
}

#[cfg(test)]
mod tests;
