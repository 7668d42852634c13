//! Vietnam's time: UTC+7 all year, so days and hours are arithmetic.

use base::Ts;
use jiff::Span;
use jiff::civil::{Date, date};

/// Seconds by which Vietnam is ahead of UTC.
const OFFSET_S: i64 = 7 * 3600;
const DAY_S: i64 = 24 * 3600;

/// A moment as a clock in Vietnam shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Days since 1 January 1970.
    pub day: i64,
    /// Seconds since midnight.
    pub second: i64,
}

impl LocalTime {
    /// What the clock shows at `now`.
    pub fn at(now: Ts) -> Self {
        let seconds = now.secs().saturating_add(OFFSET_S);
        Self { day: seconds.div_euclid(DAY_S), second: seconds.rem_euclid(DAY_S) }
    }

    /// 0 to 23.
    pub const fn hour(self) -> i64 {
        self.second / 3600
    }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub const fn weekday(self) -> i64 {
        // The first day that is counted was a Thursday.
        (self.day + 3).rem_euclid(7) + 1
    }

    /// Seconds until the next day begins; at least one.
    pub fn to_midnight_s(self) -> u64 {
        u64::try_from(DAY_S - self.second).unwrap_or(1)
    }

    /// The calendar date; at the ends of the calendar when the clock shows nonsense.
    pub fn date(self) -> Date {
        date(1970, 1, 1).saturating_add(Span::new().days(self.day.clamp(-700_000, 2_900_000)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_seven_hours_before_that_of_utc() {
        // 2026-11-21 is a Saturday; 17:00 in UTC is midnight in Vietnam.
        let before = LocalTime::at(Ts::parse("2026-11-21T16:59:59Z").expect("a moment"));
        let after = LocalTime::at(Ts::parse("2026-11-21T17:00:00Z").expect("a moment"));
        assert_eq!((before.hour(), before.weekday(), before.to_midnight_s()), (23, 6, 1));
        assert_eq!((after.hour(), after.weekday(), after.to_midnight_s()), (0, 7, 86_400));
        assert_eq!((before.date(), after.date()), (date(2026, 11, 21), date(2026, 11, 22)));
    }
}
