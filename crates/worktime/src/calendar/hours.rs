//! Hours of a week, and the days on which they hold.

use jiff::civil::{Date, Weekday};

/// Part of a working day, in microseconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// Which hours are worked on which day of the week.
#[derive(Clone, Debug)]
pub(crate) struct Regime {
    /// First day on which it holds.
    pub(crate) from: Date,
    /// Last day on which it holds.
    pub(crate) to: Date,
    /// Number and day of the decision that says so; the country's own hours have none.
    pub(crate) decision: Option<String>,
    /// Hours of make-up days and of working days without hours of their own.
    pub(crate) usual: Vec<Shift>,
    /// Hours of each day of the week, Monday first; none on days on which nobody works.
    week: [Vec<Shift>; 7],
    /// Which of them count as working days, Monday first.
    counted: [bool; 7],
}

impl Regime {
    /// The usual hours on `days`, which count as working days.
    pub(crate) fn new((from, to): (Date, Date), usual: Vec<Shift>, days: &[Weekday]) -> Self {
        let mut regime =
            Self { from, to, decision: None, usual, week: [const { Vec::new() }; 7], counted: [false; 7] };
        for day in days {
            regime.week[place(*day)].clone_from(&regime.usual);
            regime.counted[place(*day)] = true;
        }
        regime
    }

    /// Gives a day hours of its own. A day that did not count as a working day does not count now.
    pub(crate) fn set(&mut self, day: Weekday, shifts: Vec<Shift>) {
        self.week[place(day)] = shifts;
    }

    pub(crate) fn shifts(&self, day: Weekday) -> &[Shift] {
        &self.week[place(day)]
    }

    pub(crate) fn counts(&self, day: Weekday) -> bool {
        self.counted[place(day)]
    }

    pub(crate) fn holds_on(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

fn place(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}
