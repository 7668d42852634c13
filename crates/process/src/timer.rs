//! What timers of a model mean: dates, durations and cycles of ISO 8601, in the time of the calendar or in working time.

use base::Ts;
use serde_json::Value;
use worktime::{Calendar, CalendarError, Cycle, Span, moment};

use crate::engine::Outside;
use crate::expression::Variables;
use crate::model::Timer;

/// Timers by a calendar; no decisions.
#[derive(Clone, Debug)]
pub struct Timers {
    calendar: Calendar,
}

impl Timers {
    /// Timers by the country's calendar that is built in.
    ///
    /// # Errors
    /// The calendar that is built in cannot be read.
    pub fn built_in() -> Result<Self, CalendarError> {
        Ok(Self { calendar: Calendar::built_in()? })
    }

    /// Timers by a calendar.
    pub fn by(calendar: Calendar) -> Self {
        Self { calendar }
    }

    /// A moment, or a span after one.
    ///
    /// # Errors
    /// The text is neither, in words.
    pub fn moment(&self, text: &str, after: Ts) -> Result<Ts, String> {
        if text.starts_with('P') {
            self.after(text, after)
        } else {
            moment(text).map_err(|error| error.to_string())
        }
    }

    /// The moment at which a span is over.
    ///
    /// # Errors
    /// The text is no span, in words.
    pub fn after(&self, span: &str, began: Ts) -> Result<Ts, String> {
        let span = Span::parse(span).map_err(|error| error.to_string())?;
        Ok(self.calendar.add(began, span))
    }
}

impl Outside for Timers {
    fn due(&self, timer: Timer, text: &str, began: Ts, nth: u32) -> Result<Option<Ts>, String> {
        match timer {
            Timer::Date => moment(text).map(|at| (nth == 0).then_some(at)).map_err(|error| error.to_string()),
            Timer::Duration => self.after(text, began).map(|at| (nth == 0).then_some(at)),
            Timer::Cycle => {
                // A span alone comes for ever.
                let text = if text.starts_with('P') { format!("R/{text}") } else { text.to_owned() };
                let cycle = Cycle::parse(&text).map_err(|error| error.to_string())?;
                Ok(cycle.nth(nth, began, &self.calendar))
            }
        }
    }

    fn decide(&self, decision: &str, _: &dyn Variables) -> Result<Value, String> {
        Err(format!("{decision}: không có quyết định này / there is no such decision"))
    }
}
