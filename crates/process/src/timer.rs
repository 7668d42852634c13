//! What timers of a model mean: dates, durations and cycles of ISO 8601, in the time of the calendar or in working time.

use std::sync::{Arc, PoisonError, RwLock};

use base::Ts;
use serde_json::Value;
use worktime::{AgencyCode, Calendar, CalendarError, Calendars, Cycle, Span, Version, moment};

use crate::engine::{Outside, Timing};
use crate::expression::Variables;
use crate::model::Timer;

/// Stands for no agency: such a one has no hours of its own, so that those of the country count.
const NOBODY: &str = "-";

/// A moment as clocks in Vietnam show it, to the second: `02/03/2026 08:00:00`.
pub fn shown(at: Ts) -> String {
    let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    jiff::tz::Offset::constant(7).to_datetime(stamp).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// Timers by calendars; no decisions. Clones have the same calendars, also after these were exchanged.
#[derive(Clone, Debug)]
pub struct Timers {
    calendars: Arc<RwLock<Arc<Calendars>>>,
}

impl Timers {
    /// Timers by the country's calendar that is built in.
    ///
    /// # Errors
    /// The calendar that is built in cannot be read.
    pub fn built_in() -> Result<Self, CalendarError> {
        Ok(Self::by(Calendar::built_in()?))
    }

    /// Timers by a calendar, for every agency.
    pub fn by(calendar: Calendar) -> Self {
        Self::with(Calendars::country(calendar))
    }

    /// Timers by the calendars of agencies.
    pub fn with(calendars: Calendars) -> Self {
        Self { calendars: Arc::new(RwLock::new(Arc::new(calendars))) }
    }

    /// Counts by other calendars from now on, and gives their version. What waits already keeps its moment until
    /// [`Processes::recalculate`](crate::runner::Processes::recalculate).
    pub fn exchange(&self, calendars: Calendars) -> Version {
        let version = calendars.version();
        *self.calendars.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendars);
        version
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

    /// The moment at which a span is over, by the country's calendar.
    ///
    /// # Errors
    /// The text is no span, in words.
    pub fn after(&self, span: &str, began: Ts) -> Result<Ts, String> {
        let span = Span::parse(span).map_err(|error| error.to_string())?;
        Ok(self.calendars().of(&code(None)).add(began, span))
    }
}

impl Outside for Timers {
    fn calendars(&self) -> Arc<Calendars> {
        Arc::clone(&self.calendars.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn decide(&self, decision: &str, _: &dyn Variables) -> Result<Value, String> {
        Err(format!("{decision}: không có quyết định này / there is no such decision"))
    }
}

/// When a timer comes due by these calendars; nothing when that is once too often.
///
/// # Errors
/// The text is no date, duration or cycle, in words.
pub fn due(calendars: &Calendars, timing: Timing<'_>) -> Result<Option<Ts>, String> {
    let Timing { timer, text, began, nth, agency } = timing;
    match timer {
        Timer::Date => moment(text).map(|at| (nth == 0).then_some(at)).map_err(|error| error.to_string()),
        Timer::Duration => {
            let span = Span::parse(text).map_err(|error| error.to_string())?;
            Ok((nth == 0).then(|| calendars.of(&code(agency)).add(began, span)))
        }
        Timer::Cycle => Ok(cycle(text)?.nth(nth, began, calendars.of(&code(agency)))),
    }
}

/// The number with which a timer begins: a cycle whose first times were past already begins with the first that was not.
/// Nothing when all were.
///
/// # Errors
/// The text is no cycle, in words.
pub fn first(calendars: &Calendars, timing: Timing<'_>) -> Result<Option<u32>, String> {
    let Timing { timer, text, began, agency, .. } = timing;
    match timer {
        Timer::Date | Timer::Duration => Ok(Some(0)),
        Timer::Cycle => Ok(cycle(text)?.next(began, began, calendars.of(&code(agency)))),
    }
}

fn cycle(text: &str) -> Result<Cycle, String> {
    // A span alone comes for ever.
    let text = if text.starts_with('P') { format!("R/{text}") } else { text.to_owned() };
    Cycle::parse(&text).map_err(|error| error.to_string())
}

/// Whether a timer is counted in working time, so that its moment depends on a calendar.
pub(crate) fn is_working(text: &str) -> bool {
    let working = || {
        Span::parse(text).map(Span::is_working).ok().or_else(|| Some(cycle(text).ok()?.every().is_working()))
    };
    // Most are not, and need not be read to say so.
    text.contains('W') && working() == Some(true)
}

/// An agency for calendars.
pub(crate) fn code(agency: Option<&str>) -> AgencyCode {
    let nobody = || NOBODY.parse().expect("a hyphen is a code");
    agency.and_then(|code| code.parse().ok()).unwrap_or_else(nobody)
}

/// The agency that a code stands for.
pub(crate) fn agency(code: &AgencyCode) -> Option<&str> {
    Some(code.as_str()).filter(|code| *code != NOBODY)
}
