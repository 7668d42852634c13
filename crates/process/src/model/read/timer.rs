//! Times that stand as they are: ISO 8601, and working time (`P5WD`, `PT16WH`).

use crate::model::Timer;

/// Whether a text is a time of that kind; none if it looks like an expression.
pub(super) fn literal(kind: Timer, text: &str) -> Option<bool> {
    let looks_like =
        |first: char, behind: &str| text.starts_with(first) && text[1..].starts_with(|c| behind.contains(c));
    let date =
        text.len() > 4 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    if !(date || looks_like('P', "T0123456789") || looks_like('R', "/0123456789")) {
        // In small letters it would be a name without a value.
        let upper = text.to_uppercase();
        return (upper != text && literal(kind, &upper) == Some(true)).then_some(false);
    }
    Some(match kind {
        Timer::Date => is_date(text),
        Timer::Duration => is_duration(text),
        Timer::Cycle => is_duration(text) || is_cycle(text),
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

fn is_date(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::Zoned>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
}

fn is_cycle(text: &str) -> bool {
    let Some((count, duration)) = text.strip_prefix('R').and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    (count.is_empty() || count.parse::<u32>().is_ok()) && is_duration(duration)
}

fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let working = days.ends_with("WD") || time.is_some_and(|time| time.ends_with("WH"));
    let (of_days, of_time): (&[_], &[_]) =
        if working { (&["WD"], &["WH"]) } else { (&["Y", "M", "W", "D"], &["H", "M", "S"]) };
    parts(days, of_days)
        && time.is_none_or(|time| !time.is_empty() && parts(time, of_time))
        && !rest.is_empty()
}

/// Whether a text is numbers with these units, in their order, each at most once; only seconds have a fraction.
fn parts(text: &str, units: &[&str]) -> bool {
    let mut rest = text;
    for unit in units {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let mut length = digits;
        if *unit == "S" && rest[digits..].starts_with('.') {
            let fraction = &rest[digits + 1..];
            length += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        }
        if digits > 0 && digits <= 9 && rest[length..].starts_with(unit) {
            rest = &rest[length + unit.len()..];
        }
    }
    rest.is_empty()
}
