//! Values on their way from a database to JSON.
//!
//! Every engine gives every value as text, made by the database itself: numbers stay exact, and no driver's idea of a
//! date comes in between.

mod plain;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write as _;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Characters, in normal form C.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction; text in JSON, so that nobody rounds it.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment with its zone, given in UTC.
    Moment,
    /// A moment on a clock in Vietnam, of which the database keeps no zone.
    LocalMoment,
    /// A JSON document.
    Json,
}

impl Kind {
    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::Moment => "moment",
            Self::LocalMoment => "local_moment",
            Self::Json => "json",
        }
    }

    /// Writes the value as JSON; `false` when the text is no such value, and what was written is of no use.
    pub fn write(self, text: &str, out: &mut Vec<u8>) -> bool {
        let trimmed = text.trim();
        match self {
            Self::Text => {
                plain::is_text(text) && quoted_as_it_is(&[text], out)
                    || serde_json::to_writer(out, &*composed(text)).is_ok()
            }
            Self::Integer => {
                plain::is_number(trimmed) && as_it_is(trimmed, out)
                    || trimmed.parse::<i64>().is_ok_and(|number| write!(out, "{number}").is_ok())
            }
            Self::Decimal => decimal(trimmed).is_some_and(|digits| quoted_as_it_is(&[&digits], out)),
            Self::Boolean => boolean(trimmed).is_some_and(|yes| write!(out, "{yes}").is_ok()),
            Self::Date => {
                plain::is_day(trimmed) && quoted_as_it_is(&[trimmed], out)
                    || date(trimmed).is_some_and(|day| quoted(day, out))
            }
            Self::Time => {
                plain::is_time(trimmed) && quoted_as_it_is(&[trimmed], out)
                    || time(trimmed).is_some_and(|time| quoted(time, out))
            }
            Self::Moment => {
                let in_utc = trimmed.strip_suffix("+00").and_then(plain::day_and_time);
                in_utc.is_some_and(|(day, time)| quoted_as_it_is(&[day, "T", time, "Z"], out))
                    || moment(trimmed).is_some_and(|at| quoted(at, out))
            }
            Self::LocalMoment => {
                let parts = plain::day_and_time(trimmed);
                parts.is_some_and(|(day, time)| quoted_as_it_is(&[day, "T", time, "+07:00"], out))
                    || local(trimmed).is_some_and(|at| quoted(format_args!("{at}+07:00"), out))
            }
            Self::Json => serde_json::from_str::<Value>(text).is_ok() && on_one_line(text, out),
        }
    }

    /// The value as a text of a Parquet file; nothing when the text is no such value.
    pub(crate) fn text(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Text => Some(composed(text)),
            Self::Decimal => decimal(text.trim()),
            _ => {
                let mut out = Vec::new();
                self.write(text, &mut out).then_some(())?;
                String::from_utf8(out).ok().map(Cow::Owned)
            }
        }
    }

    /// The value as a whole number; of times, the microseconds after midnight or after 1970 began.
    pub(crate) fn number(self, text: &str) -> Option<i64> {
        let text = text.trim();
        match self {
            Self::Time => i64::try_from(time(text)?.duration_since(Time::midnight()).as_micros()).ok(),
            Self::Moment => moment(text).map(Timestamp::as_microsecond),
            Self::LocalMoment => VIETNAM.to_timestamp(local(text)?).ok().map(Timestamp::as_microsecond),
            _ => text.parse().ok(),
        }
    }

    /// Whether a text is such a value.
    pub fn fits(self, text: &str) -> bool {
        self.write(text, &mut Vec::new())
    }

    /// The value as consumers read it, without the quotation marks of JSON; nothing when the text is no such value.
    pub fn told(self, text: &str) -> Option<Cow<'_, str>> {
        if self == Self::Text {
            return Some(composed(text));
        }
        let mut out = Vec::new();
        self.write(text, &mut out).then_some(())?;
        let written = String::from_utf8(out).ok()?;
        // Only texts and JSON have something to escape.
        let bare = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Some(bare.filter(|_| self != Self::Json).map(str::to_owned).unwrap_or(written).into())
    }

    /// Whether a text is such a value in the very form in which consumers read it.
    pub fn is_told_so(self, text: &str) -> bool {
        self.told(text).is_some_and(|told| told == text)
    }

    /// A value that a consumer gave, in words that every engine takes; `None` when it is none of this kind. Blanks around a
    /// text are part of it.
    pub fn for_source(self, text: &str) -> Option<String> {
        let text = if self == Self::Text { text } else { text.trim() };
        match self {
            Self::Moment => Some(moment(text)?.to_zoned(TimeZone::UTC).strftime(IN_SQL).to_string()),
            Self::LocalMoment => {
                let vietnam = |at: Timestamp| at.to_zoned(TimeZone::fixed(VIETNAM)).datetime();
                let at = moment(text).map(vietnam).or_else(|| local(text))?;
                Some(at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string())
            }
            Self::Boolean => boolean(text).map(|yes| if yes { "1".into() } else { "0".into() }),
            Self::Text => Some(composed(text).into_owned()),
            Self::Decimal => decimal(text).map(Cow::into_owned),
            _ => self.fits(text).then(|| text.to_owned()),
        }
    }

    /// The schema of the field in OpenAPI 3.1.
    pub fn schema(self) -> Value {
        match self {
            Self::Text => serde_json::json!({ "type": "string" }),
            Self::Integer => serde_json::json!({ "type": "integer", "format": "int64" }),
            Self::Decimal => serde_json::json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }),
            Self::Boolean => serde_json::json!({ "type": "boolean" }),
            Self::Date => serde_json::json!({ "type": "string", "format": "date" }),
            Self::Time => serde_json::json!({ "type": "string", "format": "time" }),
            Self::Moment | Self::LocalMoment => {
                serde_json::json!({ "type": "string", "format": "date-time" })
            }
            Self::Json => serde_json::json!({}),
        }
    }
}

/// Vietnam's offset; there is no daylight saving time.
pub(crate) const VIETNAM: Offset = Offset::constant(7);
/// A moment in UTC. PostgreSQL reads the offset, MySQL's session is in UTC and wants none: `+00:00` suits both.
const IN_SQL: &str = "%Y-%m-%d %H:%M:%S%.f+00:00";

/// Largest exponent of a number: that of binary fractions of 64 bits, with the digits behind the point.
const EXPONENT_MAX: u16 = 400;

/// Text that is JSON already.
fn as_it_is(text: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(text.as_bytes());
    true
}

/// Texts without characters that JSON would escape, as one.
fn quoted_as_it_is(parts: &[&str], out: &mut Vec<u8>) -> bool {
    out.push(b'"');
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
    true
}

/// A text in normal form C.
fn composed(text: &str) -> Cow<'_, str> {
    if plain::is_text(text) || is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() }
}

/// A value without characters that JSON would escape.
fn quoted(value: impl Display, out: &mut Vec<u8>) -> bool {
    write!(out, "\"{value}\"").is_ok()
}

/// A JSON document as it is written, with every digit, without the blanks and line breaks between its parts.
fn on_one_line(text: &str, out: &mut Vec<u8>) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    out.extend(text.bytes().filter(|byte| {
        if is_quoted {
            is_quoted = is_escaped || *byte != b'"';
            is_escaped = !is_escaped && *byte == b'\\';
            return true;
        }
        is_quoted = *byte == b'"';
        !byte.is_ascii_whitespace()
    }));
    true
}

/// A number with all its digits. Engines write large and small binary fractions with an exponent.
fn decimal(text: &str) -> Option<Cow<'_, str>> {
    if is_decimal(text) {
        return Some(text.into());
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).filter(|(mantissa, _)| is_decimal(mantissa))?;
    let exponent = exponent.parse::<i16>().ok().filter(|exponent| exponent.unsigned_abs() <= EXPONENT_MAX)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let shift = |by: i16| "0".repeat(usize::from(by.max(0).unsigned_abs()));
    let all = [&*shift(-exponent), whole, fraction, &*shift(exponent)].concat();
    let point = whole.len() + usize::from(exponent.unsigned_abs());
    let (whole, fraction) = if exponent < 0 { all.split_at(whole.len()) } else { all.split_at(point) };
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some([sign, whole, dot, fraction].concat().into())
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

/// Yes or no, as any of the engines writes it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "true" | "TRUE" => Some(true),
        "0" | "f" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A day, also where the database writes a time of midnight behind it. MySQL's day 0 is none.
pub(crate) fn date(text: &str) -> Option<Date> {
    let day = match text.split_once([' ', 'T']) {
        Some((day, time)) if time.trim_end_matches('Z').bytes().all(|b| b"0:.".contains(&b)) => day,
        Some(_) => return None,
        None => text,
    };
    day.parse().ok()
}

/// A day as the number of days after 1970-01-01.
pub(crate) fn days(text: &str) -> Option<i32> {
    let days = date(text)?.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    i32::try_from(days).ok()
}

/// A time of day. What one with an offset means depends on a day that is not there.
fn time(text: &str) -> Option<Time> {
    if text.contains(['+', '-', 'Z', 'z']) { None } else { text.parse().ok() }
}

/// A clock's time of a day in Vietnam. With another offset it is a moment, at which that clock shows another time.
pub(crate) fn local(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix("+07:00").unwrap_or(text);
    if text.get(10..).is_some_and(|time| time.contains(['+', '-', 'Z', 'z'])) {
        return None;
    }
    text.replacen(' ', "T", 1).parse().ok()
}

/// A moment with an offset. Some engines leave out the minutes of the offset.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    let short = text.len() >= 3 && matches!(text.as_bytes()[text.len() - 3], b'+' | b'-');
    let text = if short { format!("{text}:00") } else { text };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(kind: Kind, text: &str, expected: impl Into<Option<Value>>) {
        let mut out = Vec::new();
        let read = kind.write(text, &mut out).then(|| serde_json::from_slice(&out).unwrap());
        assert_eq!(read, expected.into(), "{kind:?} {text}");
    }

    #[test]
    fn values_keep_what_the_database_wrote() {
        check(Kind::Integer, "9223372036854775807", Some(json!(i64::MAX)));
        check(Kind::Integer, "9223372036854775808", None);
        check(Kind::Decimal, "1234567890123456789.10", Some(json!("1234567890123456789.10")));
        check(Kind::Decimal, "NaN", None);
        for (text, expected) in [
            ("1e+20", "100000000000000000000"),
            ("1.0e+20", "100000000000000000000"),
            ("-1.5E3", "-1500"),
            ("1.25e1", "12.5"),
            ("1.25e-7", "0.000000125"),
            ("-25e-1", "-2.5"),
            ("0e0", "0"),
        ] {
            check(Kind::Decimal, text, Some(json!(expected)));
        }
        for none in ["1e401", "1e", "e5", "1e5.0", "1e99999999999", "1e-32768", "Infinity"] {
            check(Kind::Decimal, none, None);
        }
        check(Kind::Boolean, "t", Some(json!(true)));
        check(Kind::Date, "0001-01-01", Some(json!("0001-01-01")));
        check(Kind::Date, "2026-11-22 00:00:00", Some(json!("2026-11-22")));
        check(Kind::Date, "2026-11-22 01:00:00", None);
        check(Kind::Date, "0000-00-00", None);
        check(Kind::Moment, "2026-11-22 07:00:00.5+07", Some(json!("2026-11-22T00:00:00.5Z")));
        check(Kind::Moment, "infinity", None);
        check(Kind::LocalMoment, "2026-11-22 07:00:00", Some(json!("2026-11-22T07:00:00+07:00")));
        check(Kind::LocalMoment, "2026-11-22T07:00:00+07:00", Some(json!("2026-11-22T07:00:00+07:00")));
        check(Kind::LocalMoment, "2026-11-22 00:00:00+00", None);
        check(Kind::LocalMoment, "2026-11-22 00:00:00-05", None);
        check(Kind::Time, "07:00:00+07", None);
    }

    #[test]
    fn a_document_keeps_its_digits_and_stands_on_one_line() {
        let mut out = Vec::new();
        let given = "{ \"a\": 12345678901234567890123,\n \"b\":\t[0.12345678901234567891, \"x \\\" \\\\\" , \"y z\"]}";
        assert!(Kind::Json.write(given, &mut out));
        let expected = r#"{"a":12345678901234567890123,"b":[0.12345678901234567891,"x \" \\","y z"]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(!Kind::Json.fits("{\"a\":1}}") && !Kind::Json.fits("\"a\nb\""));
    }

    #[test]
    fn text_is_in_normal_form_c() {
        check(Kind::Text, "Nguye\u{302}\u{303}n", Some(json!("Nguyễn")));
    }
}
