//! When a definition's rules are held against its source, `[quality]`.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::error::Mistake;
use crate::value::VIETNAM;

/// Rows of a run unless the definition says; enough for every commune and most provinces.
const ROWS_MAX: u64 = 5_000_000;
/// Seconds of a run unless the definition says: from 23:00 until office hours.
const TIME_S: u64 = 8 * 3_600;

/// When, and how far a run goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// How often.
    pub every: Every,
    /// Time of day by the clock in Vietnam, `HH:MM`; weekly runs begin on Saturdays.
    #[serde(default = "evening")]
    pub at: String,
    /// Rows of a run at most.
    #[serde(default = "rows_max")]
    pub rows_max: u64,
    /// Seconds of a run at most.
    #[serde(default = "time_s")]
    pub time_s: u64,
}

fn evening() -> String {
    "23:00".into()
}

fn rows_max() -> u64 {
    ROWS_MAX
}

fn time_s() -> u64 {
    TIME_S
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each day.
    Day,
    /// Each week, on Saturday.
    Week,
}

impl Schedule {
    fn time(&self) -> Option<Time> {
        Time::strptime("%H:%M", &self.at).ok()
    }

    /// What is wrong with it.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        if self.time().is_none() {
            all.push(Mistake::new("quality.at", "viết như 23:00", "is written as 23:00"));
        }
        for (name, value, max) in
            [("rows_max", self.rows_max, 1_000_000_000), ("time_s", self.time_s, 86_400)]
        {
            if !(1..=max).contains(&value) {
                let place = format!("quality.{name}");
                all.push(Mistake::new(place, format!("từ 1 đến {max}"), format!("from 1 to {max}")));
            }
        }
        all
    }

    /// The first moment after `now` at which a run begins. A run that was missed while the node was down is not made up for
    /// in office hours.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::fixed(VIETNAM);
        let today = now.to_zoned(zone.clone()).date();
        (0..8).find_map(|days| {
            let day = today.checked_add(days.days()).ok()?;
            let due = day.to_datetime(self.time()?).to_zoned(zone.clone()).ok()?.timestamp();
            let right = self.every == Every::Day || day.weekday() == Weekday::Saturday;
            (right && due > now).then_some(due)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(every: Every, now: &str, then: &str) {
        let schedule = Schedule { every, at: "23:00".into(), rows_max: 1, time_s: 1 };
        assert_eq!(schedule.next(now.parse().unwrap()), Some(then.parse().unwrap()), "{now}");
    }

    #[test]
    fn a_run_is_due_by_the_clock_in_vietnam() {
        // 2026-11-22 is a Sunday.
        check(Every::Day, "2026-11-22T15:59:59Z", "2026-11-22T16:00:00Z");
        check(Every::Day, "2026-11-22T16:00:00Z", "2026-11-23T16:00:00Z");
        check(Every::Day, "2026-11-22T17:30:00Z", "2026-11-23T16:00:00Z");
        check(Every::Week, "2026-11-22T00:00:00Z", "2026-11-28T16:00:00Z");
        check(Every::Week, "2026-11-28T16:00:00Z", "2026-12-05T16:00:00Z");
    }

    #[test]
    fn a_time_that_is_none_is_a_mistake() {
        let wrong = Schedule { every: Every::Day, at: "24:61".into(), rows_max: 0, time_s: 1 };
        assert_eq!(wrong.mistakes().len(), 2);
        assert_eq!(wrong.next(Timestamp::UNIX_EPOCH), None);
    }
}
