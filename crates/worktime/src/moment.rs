//! Moments as people and models write them: with a zone, or without one by the clocks of Vietnam.

use std::ops::RangeInclusive;

use base::Ts;
use jiff::civil::Time;
use jiff::fmt::temporal::{Pieces, PiecesOffset};

use crate::TimeError;
use crate::span::TEXT_BYTES_MAX;
use crate::vietnam::VIETNAM;

/// Years of a moment that somebody can mean.
const YEARS: RangeInclusive<i16> = 1900..=2999;

/// Reads `2026-03-02T08:00:00+07:00`, `…Z`, and without a zone by the clocks of Vietnam; a day alone is its first moment.
///
/// What is finer than a microsecond is cut off.
///
/// # Errors
/// Another form, a named zone, a year before 1900 or after 2999.
pub fn moment(text: &str) -> Result<Ts, TimeError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(TimeError::TextTooLong { bytes_max: TEXT_BYTES_MAX });
    }
    let form = || TimeError::Moment(text.to_owned());
    let pieces = Pieces::parse(text).map_err(|_| form())?;
    // Names of zones and calendars in brackets have no meaning here: an offset says all.
    if text.contains('[') {
        return Err(form());
    }
    let offset = match pieces.offset() {
        None => VIETNAM,
        Some(PiecesOffset::Zulu) => jiff::tz::Offset::UTC,
        Some(PiecesOffset::Numeric(offset)) => offset.offset(),
        Some(_) => return Err(form()),
    };
    if !YEARS.contains(&pieces.date().year()) {
        return Err(TimeError::Year { first: *YEARS.start(), last: *YEARS.end() });
    }
    let local = pieces.date().to_datetime(pieces.time().unwrap_or_else(Time::midnight));
    let stamp = offset.to_timestamp(local).map_err(|_| form())?;
    // jiff rounds towards zero, which before 1970 would be later.
    i64::try_from(stamp.as_nanosecond().div_euclid(1_000)).map(Ts).map_err(|_| form())
}

#[cfg(test)]
mod tests;
