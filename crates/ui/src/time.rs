//! Moments and days of the API as people in Vietnam read them.

use base::Ts;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Vietnam has been at UTC+7 without summer time since 1975.
const VIETNAM: Offset = Offset::constant(7);

/// `14:05 22/11/2026`; a dash for what lies outside the calendar.
pub fn moment(ts: Ts) -> String {
    local(ts).map_or_else(|| "–".to_owned(), |at| at.strftime("%H:%M %d/%m/%Y").to_string())
}

/// `14:05:09`, for what happened just now.
pub fn clock(ts: Ts) -> String {
    local(ts).map_or_else(|| "–".to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

/// `22/11/2026`, the day in Vietnam.
pub fn day_of(ts: Ts) -> String {
    local(ts).map_or_else(|| "–".to_owned(), |at| at.strftime("%d/%m/%Y").to_string())
}

/// `22/11/2026` of `2026-11-22`; other text stays as it is.
pub fn day(text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| date.strftime("%d/%m/%Y").to_string())
}

/// `2026-11-22` of `22/11/2026` or `2026-11-22`, as people type it; nothing when it is no day.
pub fn typed_day(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut parts = text.split(['/', '-', '.']).map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none();
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    date.filter(|_| whole && year.len() == 4)
}

/// The moment at which a day in Vietnam begins.
pub fn begin_of(date: Date) -> Option<Ts> {
    Some(Ts(date.to_zoned(TimeZone::fixed(VIETNAM)).ok()?.timestamp().as_microsecond()))
}

/// A text in which moments and days of ISO 8601 are written as people read them.
pub fn spoken(text: &str) -> String {
    let one = |word: &str| {
        let inside = word.trim_end_matches([',', ';', '.', ')']).trim_start_matches('(');
        let said = match (inside.parse::<Timestamp>(), inside.parse::<Date>()) {
            (Ok(at), _) => {
                local(Ts(at.as_microsecond())).map(|at| at.strftime("%H:%M:%S %d/%m/%Y").to_string())
            }
            (_, Ok(date)) if inside.len() == 10 => Some(date.strftime("%d/%m/%Y").to_string()),
            _ => None,
        };
        said.map_or_else(|| word.to_owned(), |said| word.replace(inside, &said))
    };
    text.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// Whether a text is three numbers, as days are; those that are no day are not in the calendar.
pub fn is_like_a_day(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split(['/', '-', '.']).map(str::trim).collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.iter().any(|part| part.len() == 4)
}

/// The moment at which a day in Vietnam is over.
pub fn end_of(date: Date) -> Option<Ts> {
    begin_of(date.tomorrow().ok()?)
}

/// `31/12/2027` of the moment at which that day in Vietnam is over; nothing for any other moment.
pub fn last_day(ts: Ts) -> Option<String> {
    let day = local(Ts(ts.0.checked_sub(1)?))?.date();
    (end_of(day) == Some(ts)).then(|| day.strftime("%d/%m/%Y").to_string())
}

fn local(ts: Ts) -> Option<jiff::Zoned> {
    Timestamp::from_microsecond(ts.0).ok().map(|at| at.to_zoned(TimeZone::fixed(VIETNAM)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_and_read_the_vietnamese_way() {
        assert_eq!(day("2026-11-02"), "02/11/2026");
        assert_eq!(day("bao giờ"), "bao giờ");
        assert_eq!(moment(Ts::from_secs(1_795_305_900)), "07:05 22/11/2026");
        assert_eq!(moment(Ts(i64::MAX)), "–");
        let end = end_of(Date::constant(2026, 12, 31)).expect("there is a day after");
        assert_eq!(last_day(end).as_deref(), Some("31/12/2026"));
        assert_eq!(last_day(end.plus_secs(1)), None);
        assert_eq!(moment(end), "00:00 01/01/2027");
        let told = spoken("ký lúc 2026-11-22T14:58:23Z (đến 2026-11-30), nút 1.2.3");
        assert_eq!(told, "ký lúc 21:58:23 22/11/2026 (đến 30/11/2026), nút 1.2.3");
        assert_eq!(last_day(end).as_deref(), Some("31/12/2026"));
        assert_eq!(last_day(Ts(end.0 - 1)), None);
        assert!(
            is_like_a_day("31/2/2027")
                && !is_like_a_day("mai")
                && !is_like_a_day("1/2")
                && !is_like_a_day("//2027")
        );
        let day = Date::constant(2026, 11, 2);
        for typed in ["2/11/2026", "02-11-2026", " 2026-11-02 ", "2.11.2026"] {
            assert_eq!(typed_day(typed), Some(day), "{typed}");
        }
        for wrong in ["", "31/2/2026", "2/11/26", "1/2/3/2026", "mai"] {
            assert_eq!(typed_day(wrong), None, "{wrong}");
        }
    }
}
