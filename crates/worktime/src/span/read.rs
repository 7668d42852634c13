//! Reads `P2WDT4WH` and its kind.

use std::ops::Range;

use super::{Kind, Plain, Span, TEXT_BYTES_MAX};
use crate::TimeError;
use crate::vietnam::{HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};

/// What a part is added to.
#[derive(Clone, Copy)]
enum Unit {
    /// Months of the calendar, and how many of them.
    Months(u32),
    /// Days of the calendar, and how many of them.
    Days(u32),
    /// Microseconds of the calendar's time, and how many of them.
    Micros(i64),
    WorkingDays,
    /// Microseconds of working time, and how many of them.
    WorkingMicros(i64),
}

/// Parts in the order in which they may stand. The first five come before `T`, the others after it.
const UNITS: [(&str, Unit); 10] = [
    ("Y", Unit::Months(12)),
    ("M", Unit::Months(1)),
    ("W", Unit::Days(7)),
    ("D", Unit::Days(1)),
    ("WD", Unit::WorkingDays),
    ("H", Unit::Micros(HOUR_MICROS)),
    ("M", Unit::Micros(MINUTE_MICROS)),
    ("S", Unit::Micros(SECOND_MICROS)),
    ("WH", Unit::WorkingMicros(HOUR_MICROS)),
    ("WM", Unit::WorkingMicros(MINUTE_MICROS)),
];
/// How many of them stand before `T`.
const DATES: usize = 5;
/// Digits of a number before and after its point; nine of them cannot overflow what they are multiplied with.
const DIGITS_MAX: usize = 9;

#[derive(Default)]
struct Sum {
    months: u32,
    days: u32,
    micros: i64,
    working_days: u32,
    working_micros: i64,
    /// Whether there was a part of the calendar's time.
    plain: bool,
    /// Whether there was a part of working time.
    working: bool,
}

pub(super) fn span(text: &str) -> Result<Span, TimeError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(TimeError::TextTooLong { bytes_max: TEXT_BYTES_MAX });
    }
    if is_negative(text) {
        return Err(TimeError::Negative(text.to_owned()));
    }
    let form = || TimeError::Span(text.to_owned());
    let body = text.strip_prefix('P').ok_or_else(form)?;
    let (dates, times) = match body.split_once('T') {
        Some((_, "")) => return Err(form()),
        Some((dates, times)) => (dates, times),
        None if body.is_empty() => return Err(form()),
        None => (body, ""),
    };
    let mut sum = Sum::default();
    parts(dates, 0..DATES, &mut sum).ok_or_else(form)?;
    parts(times, DATES..UNITS.len(), &mut sum).ok_or_else(form)?;
    match (sum.plain, sum.working) {
        (true, true) => Err(TimeError::Mixed(text.to_owned())),
        (_, true) => Span::checked(Kind::Working { days: sum.working_days, micros: sum.working_micros }),
        _ => Span::checked(Kind::Plain(Plain { months: sum.months, days: sum.days, micros: sum.micros })),
    }
}

/// Whether a number has a sign: a minus that does not stand behind a digit.
fn is_negative(text: &str) -> bool {
    let mut before = None;
    text.chars().any(|c| {
        let last = before.replace(c);
        matches!(c, '-' | '\u{2212}') && !last.is_some_and(|last| last.is_ascii_digit())
    })
}

/// Adds the parts of one half; `None` when it has another form.
fn parts(mut text: &str, mut units: Range<usize>, sum: &mut Sum) -> Option<()> {
    while !text.is_empty() {
        let (number, rest) = split(text, |c| c.is_ascii_digit() || matches!(c, '.' | ','));
        let (name, rest) = split(rest, |c| c.is_ascii_uppercase());
        let place = units.clone().find(|place| UNITS[*place].0 == name)?;
        units.start = place + 1;
        text = rest;
        let (whole, fraction) = read_number(number)?;
        if fraction.is_some() && !text.is_empty() {
            return None;
        }
        add(sum, UNITS[place].1, whole, fraction)?;
    }
    Some(())
}

/// A fraction, as billionths.
type Billionths = i64;

fn add(sum: &mut Sum, unit: Unit, whole: u32, fraction: Option<Billionths>) -> Option<()> {
    let whole_micros = |micros: i64| i64::from(whole) * micros;
    match unit {
        Unit::WorkingDays | Unit::WorkingMicros(_) => sum.working = true,
        Unit::Months(_) | Unit::Days(_) | Unit::Micros(_) => sum.plain = true,
    }
    match (unit, fraction) {
        (Unit::Micros(micros), _) => {
            // 3.6 * 10^9 microseconds of an hour times 10^9 billionths stay below 2^63.
            sum.micros += whole_micros(micros) + micros * fraction.unwrap_or_default() / 1_000_000_000;
        }
        (_, Some(_)) => return None,
        (Unit::Months(months), None) => sum.months = sum.months.saturating_add(whole.saturating_mul(months)),
        (Unit::Days(days), None) => sum.days = sum.days.saturating_add(whole.saturating_mul(days)),
        (Unit::WorkingDays, None) => sum.working_days = whole,
        (Unit::WorkingMicros(micros), None) => sum.working_micros += whole_micros(micros),
    }
    Some(())
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn read_number(text: &str) -> Option<(u32, Option<Billionths>)> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| (1..=DIGITS_MAX).contains(&text.len()).then(|| text.parse::<u32>().ok())?;
    let whole = digits(whole)?;
    let Some(fraction) = fraction else { return Some((whole, None)) };
    digits(fraction)?;
    Some((whole, Some(format!("{fraction:0<9}").parse().ok()?)))
}
