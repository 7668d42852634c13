//! What is left of a limit.

use base::Ts;

use crate::Calendar;
use crate::span::{Kind, Span};

/// What is left of a limit after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Microseconds day and night.
    Plain(i64),
    /// Working days, then microseconds of working time. No day left is the day whose close ends the last one; nothing is
    /// a day part that is over, or never was.
    Working { days: Option<u32>, micros: i64 },
    /// Nothing: it was due then.
    Spent(Ts),
}

impl Left {
    /// All of a limit that began at `start`: days and months by the calendar have the length that they have there.
    pub(super) fn of(limit: Span, start: Ts) -> Self {
        match limit.kind() {
            Kind::Plain(plain) => Self::Plain(plain.after(start).micros_since(start)),
            Kind::Working { days, micros } => Self::Working { days: (days > 0).then_some(days), micros },
        }
    }

    /// When it is due if it runs on from a moment.
    pub(super) fn due(self, calendar: &Calendar, from: Ts) -> Ts {
        match self {
            Self::Spent(due) => due,
            Self::Plain(micros) => Ts(from.0.saturating_add(micros)),
            Self::Working { days: None, micros } => calendar.add_working(from, micros),
            Self::Working { days: Some(days), micros: 0 } => calendar.due(from, days),
            Self::Working { days: Some(days), micros } => {
                calendar.add_working(calendar.due(from, days), micros)
            }
        }
    }

    /// What is left after it ran from one moment to another.
    pub(super) fn after(self, calendar: &Calendar, from: Ts, to: Ts) -> Self {
        let due = self.due(calendar, from);
        if due <= to {
            return Self::Spent(due);
        }
        match self {
            Self::Spent(_) => self,
            Self::Plain(micros) => Self::Plain(micros - to.micros_since(from)),
            Self::Working { days: None, micros } => {
                Self::Working { days: None, micros: micros - calendar.working_between(from, to) }
            }
            Self::Working { days: Some(days), micros } => {
                let close = calendar.due(from, days);
                if to < close {
                    let run = calendar.working_days_between(from, to);
                    return Self::Working { days: Some(days.saturating_sub(run)), micros };
                }
                Self::Working { days: None, micros: micros - calendar.working_between(close, to) }
            }
        }
    }
}
