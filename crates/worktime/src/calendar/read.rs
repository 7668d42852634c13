//! Reads `calendar.toml` and finds all its mistakes at once.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::{Date, Time, Weekday};
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::{Calendar, Exception, Shift, Year};
use crate::{CalendarError, Mistake};

/// Years that a calendar may hold: since the present time zone, and not so far that it must be a slip.
const YEARS: RangeInclusive<i16> = 1976..=2199;
/// Longest name of a day, longest source, in characters.
const NAME_CHARS_MAX: usize = 500;

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

pub(super) fn calendar(text: &str) -> Result<Calendar, CalendarError> {
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
        CalendarError(vec![Mistake {
            place: "calendar.toml".to_owned(),
            vi: format!("không đọc được TOML: {error}"),
            en: format!("is not TOML: {error}"),
        }])
    })?;
    let mut reader = Reader::default();
    reader.week(&mut table);
    reader.shifts(&mut table);
    let years = reader.take::<Vec<Table>>(&mut table, "year", "");
    if years.as_ref().is_some_and(Vec::is_empty) {
        reader.wrong("year", "phải có ít nhất một năm", "wants at least one year");
    }
    for (number, mut year) in (1..).zip(years.unwrap_or_default()) {
        reader.year(number, &mut year);
    }
    reader.nothing_left(&table, "");
    let Reader { week, shifts, exceptions, years, mistakes } = reader;
    if mistakes.is_empty() {
        Ok(Calendar { shifts, week, exceptions, years })
    } else {
        Err(CalendarError(mistakes))
    }
}

#[derive(Default)]
struct Reader {
    week: Vec<Weekday>,
    shifts: Vec<Shift>,
    exceptions: BTreeMap<Date, Exception>,
    years: BTreeMap<i16, Year>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    fn wrong(&mut self, place: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) {
        self.mistakes.push(Mistake { place: place.into(), vi: vi.into(), en: en.into() });
    }

    /// Takes a key out of a table, so that what is left over is unknown.
    fn take<T: DeserializeOwned>(&mut self, table: &mut Table, key: &str, under: &str) -> Option<T> {
        let place = format!("{under}{key}");
        let Some(value) = table.remove(key) else {
            self.wrong(place, "thiếu khóa này", "this key is missing");
            return None;
        };
        self.convert(value, &place)
    }

    fn convert<T: DeserializeOwned>(&mut self, value: Value, place: &str) -> Option<T> {
        let read = value.try_into();
        if let Err(error) = &read {
            let why = error.message();
            self.wrong(place, format!("sai kiểu giá trị ({why})"), format!("has the wrong type: {why}"));
        }
        read.ok()
    }

    fn nothing_left(&mut self, table: &Table, under: &str) {
        for key in table.keys() {
            self.wrong(
                format!("{under}{key}"),
                "không có khóa này; hãy sửa hoặc bỏ",
                "is no known key: correct or remove it",
            );
        }
    }

    fn week(&mut self, table: &mut Table) {
        let Some(names) = self.take::<Vec<String>>(table, "working_days", "") else { return };
        for name in &names {
            match WEEK.iter().find(|(known, _)| known == name) {
                Some((_, day)) if !self.week.contains(day) => self.week.push(*day),
                Some(_) => self.wrong(
                    "working_days",
                    format!("{name} bị ghi hai lần"),
                    format!("{name} is named twice"),
                ),
                None => self.wrong(
                    "working_days",
                    format!("{name:?} không phải ngày trong tuần; ghi monday … sunday"),
                    format!("{name:?} is no day of the week: write monday … sunday"),
                ),
            }
        }
        if names.is_empty() {
            self.wrong("working_days", "phải có ít nhất một ngày", "wants at least one day");
        }
    }

    fn shifts(&mut self, table: &mut Table) {
        let Some(texts) = self.take::<Vec<String>>(table, "working_hours", "") else { return };
        for text in &texts {
            match shift(text) {
                Some(next) if self.shifts.last().is_none_or(|last| last.to < next.from) => {
                    self.shifts.push(next);
                }
                Some(_) => self.wrong(
                    "working_hours",
                    format!("{text} phải đứng sau và tách khỏi ca trước"),
                    format!("{text} must come after the shift before it, apart from it"),
                ),
                None => self.wrong(
                    "working_hours",
                    format!("{text:?} phải có dạng 07:00-11:30, giờ đầu trước giờ cuối"),
                    format!("{text:?}: write 07:00-11:30, the begin before the end"),
                ),
            }
        }
        if texts.is_empty() {
            self.wrong("working_hours", "phải có ít nhất một ca", "wants at least one shift");
        }
    }

    fn year(&mut self, number: usize, table: &mut Table) {
        let under = format!("year {number}, ");
        let Some(year) = self.take::<i16>(table, "year", &under) else { return };
        let under = format!("{year}, ");
        if !YEARS.contains(&year) {
            self.wrong(under + "year", "năm phải từ 1976 đến 2199", "must be between 1976 and 2199");
            return;
        }
        if self.years.last_key_value().is_some_and(|(last, _)| last + 1 != year) {
            self.wrong(
                format!("{under}year"),
                "các năm phải liên tiếp, theo thứ tự",
                "years must follow each other, in order",
            );
        }
        let announced = match self.take::<String>(table, "status", &under).as_deref() {
            Some("announced") | None => true,
            Some("computed") => false,
            Some(_) => {
                let vi = "phải là announced (đã công bố) hoặc computed (tính trước)";
                self.wrong(format!("{under}status"), vi, "must be announced or computed");
                true
            }
        };
        let source = self.take::<String>(table, "source", &under);
        let source = source.map(|text| self.name(&text, &format!("{under}source"))).unwrap_or_default();
        self.years.insert(year, Year { announced, source });
        self.days(table, ("off", year), false);
        if table.contains_key("make_up") {
            self.days(table, ("make_up", year), true);
        }
        self.nothing_left(table, &under);
    }

    fn days(&mut self, table: &mut Table, (key, year): (&str, i16), works: bool) {
        let mut before: Option<Date> = None;
        for entry in self.take::<Vec<Value>>(table, key, &format!("{year}, ")).unwrap_or_default() {
            let Some((text, name)) = self.convert::<(String, String)>(entry, &format!("{year}, {key}"))
            else {
                continue;
            };
            let place = format!("{year}, {key}, {text}");
            let name = self.name(&name, &place);
            let Some((from, to)) = span(year, &text) else {
                self.wrong(
                    place,
                    "phải có dạng MM-DD hoặc MM-DD..MM-DD, ngày có thật, ngày đầu trước ngày cuối",
                    "write MM-DD or MM-DD..MM-DD: days that exist, the first before the last",
                );
                continue;
            };
            if before.is_some_and(|last| from < last) {
                self.wrong(&place, "phải xếp theo thứ tự ngày", "days must stand in order");
            }
            before = Some(to);
            for day in from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to) {
                self.day(day, &place, Exception { works, name: name.clone() });
            }
        }
    }

    fn day(&mut self, day: Date, place: &str, exception: Exception) {
        if exception.works && self.week.contains(&day.weekday()) {
            self.wrong(
                place,
                "ngày này vốn là ngày làm việc; bỏ khỏi make_up",
                "is a working day anyway: remove it from make_up",
            );
        }
        if self.exceptions.insert(day, exception).is_some() {
            self.wrong(
                place,
                format!("ngày {day} đã có ở trên; chỉ ghi một lần"),
                format!("{day} stands above already: write each day once"),
            );
        }
    }

    fn name(&mut self, text: &str, place: &str) -> String {
        let name: String = text.trim().nfc().collect();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            self.wrong(place, "phải có từ 1 đến 500 ký tự", "must have 1 to 500 characters");
        }
        name
    }
}

/// Reads `07:00-11:30`.
fn shift(text: &str) -> Option<Shift> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (time(from)?, time(to)?);
    (from < to).then_some(Shift { from, to })
}

/// Microseconds since midnight of `HH:MM`.
fn time(text: &str) -> Option<i64> {
    // Longer forms that jiff knows, with seconds or an offset, have no meaning here.
    let time: Time = (text.len() == "07:00".len()).then(|| text.parse().ok())??;
    Some((i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60_000_000)
}

/// Reads `MM-DD` or `MM-DD..MM-DD`.
fn span(year: i16, text: &str) -> Option<(Date, Date)> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let day = |text: &str| -> Option<Date> {
        (text.len() == "01-31".len()).then(|| format!("{year:04}-{text}").parse().ok())?
    };
    let (from, to) = (day(from)?, day(to)?);
    (from <= to).then_some((from, to))
}
