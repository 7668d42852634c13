//! Days as whole numbers from 1 January 1920 to the day the invented data were taken.

use jiff::civil::{Date, date};

/// The day the population is described at.
pub(super) const REFERENCE: Date = date(2026, 11, 1);

/// First day a person of [`AGE_MAX`] can have been born, rounded down to a year's start.
const FIRST: Date = date(1920, 1, 1);

/// Oldest person, in completed years at [`REFERENCE`].
pub(super) const AGE_MAX: i32 = 105;

/// A place in the calendar, counted in days.
pub(super) type Day = usize;

/// Every day as `yyyymmdd`, and where each year's reference day lies.
#[derive(Debug)]
pub(super) struct Calendar {
    days: Vec<u32>,
    /// The place of the reference day and month in 1920, 1921 … 2026.
    anniversaries: Vec<Day>,
}

impl Calendar {
    pub(super) fn new() -> Self {
        let mut calendar = Self { days: Vec::with_capacity(40_000), anniversaries: Vec::with_capacity(107) };
        for day in FIRST.series(jiff::Span::new().days(1)).take_while(|day| *day <= REFERENCE) {
            if (day.month(), day.day()) == (REFERENCE.month(), REFERENCE.day()) {
                calendar.anniversaries.push(calendar.days.len());
            }
            calendar.days.push(packed(day));
        }
        calendar
    }

    /// The reference day.
    pub(super) fn last(&self) -> Day {
        self.days.len() - 1
    }

    /// The day so many years before the reference day.
    pub(super) fn years_ago(&self, years: i32) -> Day {
        let years = usize::try_from(years).unwrap_or(0);
        self.anniversaries[self.anniversaries.len().saturating_sub(1 + years)]
    }

    /// First and last possible birthday of somebody of this age in completed years.
    pub(super) fn births(&self, age: i32) -> (Day, Day) {
        (self.years_ago(age + 1) + 1, self.years_ago(age))
    }

    /// A day as `yyyymmdd`.
    pub(super) fn packed(&self, day: Day) -> u32 {
        self.days[day.min(self.last())]
    }
}

fn packed(day: Date) -> u32 {
    let (year, month, day) = (i32::from(day.year()), i32::from(day.month()), i32::from(day.day()));
    u32::try_from(year * 10_000 + month * 100 + day).unwrap_or(0)
}

/// `yyyymmdd` as a date; `None` for a number that is no day.
pub(super) fn unpacked(packed: u32) -> Option<Date> {
    let year = i16::try_from(packed / 10_000).ok()?;
    let month = i8::try_from(packed / 100 % 100).ok()?;
    let day = i8::try_from(packed % 100).ok()?;
    Date::new(year, month, day).ok()
}

/// `yyyymmdd` as an ISO 8601 calendar day.
pub(super) fn iso(packed: u32) -> String {
    format!("{:04}-{:02}-{:02}", packed / 10_000, packed / 100 % 100, packed % 100)
}
