//! Times that stand as they are: ISO 8601, and working time (`P5WD`, `PT16WH`).

use worktime::{Cycle, Span, moment};

use crate::model::Timer;

/// Whether a text is a time of that kind; none if it looks like an expression.
pub(super) fn literal(kind: Timer, text: &str) -> Option<bool> {
    if let Some(behind) = text.strip_prefix('-') {
        return literal(kind, behind).and(Some(false));
    }
    let looks_like =
        |first: char, behind: &str| text.starts_with(first) && text[1..].starts_with(|c| behind.contains(c));
    let date =
        text.len() > 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    if !(date || looks_like('P', "T0123456789") || looks_like('R', "/0123456789")) {
        // In small letters it would be a name without a value.
        let upper = text.to_uppercase();
        return (upper != text && literal(kind, &upper) == Some(true)).then_some(false);
    }
    let is_span = |text: &str| Span::parse(text).is_ok();
    Some(match kind {
        Timer::Date => moment(text).is_ok(),
        Timer::Duration => is_span(text),
        Timer::Cycle => is_span(text) || Cycle::parse(text).is_ok(),
    })
}

/// What is expected, in Vietnamese and English, and an example.
pub(super) fn words(kind: Timer) -> (&'static str, &'static str, &'static str) {
    match kind {
        Timer::Date => ("ngày giờ", "a date and time", "`2026-01-31T08:00:00+07:00`"),
        Timer::Duration => ("khoảng thời gian", "a duration", "`PT5M`, `P5WD`, `PT16WH`"),
        Timer::Cycle => ("chu kỳ", "a cycle", "`R3/PT10M`, `R/P1D`, `R/P5WD`"),
    }
}

/// Days of a duration in calendar days only, such as 5 of `P5D`.
pub(super) fn calendar_days(text: &str) -> Option<&str> {
    let duration = text.rsplit('/').next().unwrap_or(text);
    let days = duration.strip_prefix('P')?.strip_suffix('D')?;
    (!days.is_empty() && days.bytes().all(|digit| digit.is_ascii_digit())).then_some(days)
}
