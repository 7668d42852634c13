//! Timers of a simulation: ISO 8601 dates, durations and cycles.

use base::Ts;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

use crate::engine::{Due, Outside};
use crate::expression::Variables;
use crate::model::Timer;

/// Vietnam's time, in which dates without a zone are meant.
const VIETNAM: Offset = Offset::constant(7);

/// Timers as ISO 8601 says; no decisions.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsoTime;

impl IsoTime {
    /// A date, or a duration after a moment.
    ///
    /// # Errors
    /// The text is neither, in words.
    pub fn moment(text: &str, after: Ts) -> Result<Ts, String> {
        if text.starts_with('P') { Ok(span(text)?.after(after)) } else { date(text.trim()) }
    }
}

/// A duration.
pub(super) struct Takes(jiff::Span);

impl Takes {
    /// The moment so long after another.
    pub fn after(&self, from: Ts) -> Ts {
        let zone = TimeZone::fixed(VIETNAM);
        let moment = Timestamp::from_microsecond(from.0).map(|at| at.to_zoned(zone));
        let moment = moment.and_then(|at| at.checked_add(self.0));
        Ts(moment.map_or(i64::MAX, |at| at.timestamp().as_microsecond()))
    }
}

/// Reads a duration.
pub(super) fn span(text: &str) -> Result<Takes, String> {
    let wrong = || format!("{text}: không phải thời lượng ISO 8601 / not an ISO 8601 duration");
    let span: jiff::Span = text.trim().parse().map_err(|_| wrong())?;
    if span.is_negative() { Err(wrong()) } else { Ok(Takes(span)) }
}

fn date(text: &str) -> Result<Ts, String> {
    let wrong = || format!("{text}: không phải ngày giờ ISO 8601 / not an ISO 8601 date");
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Ts(at.as_microsecond()));
    }
    let local: civil::DateTime = text.parse().map_err(|_| wrong())?;
    VIETNAM.to_timestamp(local).map(|at| Ts(at.as_microsecond())).map_err(|_| wrong())
}

/// `R3/PT10S`, `R/2026-01-01T00:00:00Z/P1D`, `P1D`.
fn cycle(text: &str, from: Ts) -> Result<Due, String> {
    let wrong = || format!("{text}: không phải chu kỳ ISO 8601 / not an ISO 8601 cycle");
    let mut parts = text.split('/');
    let first = parts.next().unwrap_or_default();
    let (times, rest): (Option<u32>, Vec<&str>) = match first.strip_prefix('R') {
        Some("" | "-1") => (None, parts.collect()),
        Some(count) => (Some(count.parse().map_err(|_| wrong())?), parts.collect()),
        None => (None, vec![text]),
    };
    if times == Some(0) {
        return Err(wrong());
    }
    let again = times.map(|times| times - 1);
    match rest.as_slice() {
        [every] => Ok(Due { at: span(every)?.after(from), again }),
        [start, every] => {
            let (start, every) = (date(start)?, span(every)?);
            let mut at = start;
            while at <= from {
                let next = every.after(at);
                if next <= at {
                    return Err(wrong());
                }
                at = next;
            }
            Ok(Due { at, again })
        }
        _ => Err(wrong()),
    }
}

impl Outside for IsoTime {
    fn due(&self, timer: Timer, value: &Value, from: Ts) -> Result<Due, String> {
        let text = match value {
            Value::String(text) => text.trim(),
            Value::Object(entries) => entries.get("@").and_then(Value::as_str).unwrap_or_default(),
            _ => "",
        };
        match timer {
            Timer::Date => Ok(Due { at: date(text)?, again: Some(0) }),
            Timer::Duration => Ok(Due { at: span(text)?.after(from), again: Some(0) }),
            Timer::Cycle => cycle(text, from),
        }
    }

    fn decide(&self, decision: &str, _: &dyn Variables) -> Result<Value, String> {
        Err(format!("{decision}: không có quyết định này / there is no such decision"))
    }
}
