//! What files of calendars have in common: keys taken one by one, all mistakes collected.

use jiff::civil::{Date, Time, Weekday};
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use unicode_normalization::UnicodeNormalization as _;

use crate::calendar::hours::{Regime, Shift};
use crate::{CalendarError, Mistake};

/// Longest name of a day, longest source or decision, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 500;

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) mistakes: Vec<Mistake>,
}

impl Reader {
    /// The table of a file, or the one mistake of what is no TOML.
    pub(crate) fn table(text: &str, file: &str) -> Result<Table, CalendarError> {
        text.parse().map_err(|error: toml::de::Error| {
            CalendarError(vec![Mistake {
                place: file.to_owned(),
                vi: format!("không đọc được TOML: {error}"),
                en: format!("is not TOML: {error}"),
            }])
        })
    }

    pub(crate) fn wrong(&mut self, place: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) {
        self.mistakes.push(Mistake { place: place.into(), vi: vi.into(), en: en.into() });
    }

    /// Takes a key out of a table, so that what is left over is unknown.
    pub(crate) fn take<T: DeserializeOwned>(
        &mut self,
        table: &mut Table,
        key: &str,
        under: &str,
    ) -> Option<T> {
        if !table.contains_key(key) {
            self.wrong(format!("{under}{key}"), "thiếu khóa này", "this key is missing");
        }
        self.take_if_any(table, key, under)
    }

    /// Takes a key that may be absent.
    pub(crate) fn take_if_any<T: DeserializeOwned>(
        &mut self,
        table: &mut Table,
        key: &str,
        under: &str,
    ) -> Option<T> {
        let value = table.remove(key)?;
        self.convert(value, &format!("{under}{key}"))
    }

    pub(crate) fn convert<T: DeserializeOwned>(&mut self, value: Value, place: &str) -> Option<T> {
        let read = value.try_into();
        if let Err(error) = &read {
            let why = error.message();
            self.wrong(place, format!("sai kiểu giá trị ({why})"), format!("has the wrong type: {why}"));
        }
        read.ok()
    }

    pub(crate) fn nothing_left(&mut self, table: &Table, under: &str) {
        for key in table.keys() {
            self.wrong(
                format!("{under}{key}"),
                "không có khóa này; hãy sửa hoặc bỏ",
                "is no known key: correct or remove it",
            );
        }
    }

    /// The number that a file raises with each change.
    pub(crate) fn version(&mut self, table: &mut Table) -> u32 {
        let version = self.take::<u32>(table, "version", "");
        if version == Some(0) {
            self.wrong(
                "version",
                "phiên bản bắt đầu từ 1, mỗi lần sửa tệp tăng 1",
                "begins with 1 and is raised with each change of the file",
            );
        }
        version.unwrap_or_default()
    }

    /// A name in the form in which it is kept.
    pub(crate) fn name(&mut self, text: &str, place: &str) -> String {
        let name: String = text.trim().nfc().collect();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            self.wrong(place, "phải có từ 1 đến 500 ký tự", "must have 1 to 500 characters");
        }
        name
    }

    /// The days and hours of a table, which hold for the days of `valid`.
    pub(crate) fn regime(&mut self, table: &mut Table, under: &str, valid: (Date, Date)) -> Regime {
        let days = self.working_days(table, under);
        let place = format!("{under}working_hours");
        let texts = self.take::<Vec<String>>(table, "working_hours", under);
        let usual = texts.map(|texts| self.shifts(&texts, &place)).unwrap_or_default();
        let mut regime = Regime::new(valid, usual, &days);
        for (name, value) in self.take_if_any::<Table>(table, "hours_on", under).into_iter().flatten() {
            let place = format!("{under}hours_on, {name}");
            let Some(texts) = self.convert::<Vec<String>>(value, &place) else { continue };
            let shifts = self.shifts(&texts, &place);
            match weekday(&name) {
                Some(day) => regime.set(day, shifts),
                None => self.no_weekday(&place, &name),
            }
        }
        regime
    }

    fn no_weekday(&mut self, place: &str, name: &str) {
        self.wrong(
            place,
            format!("{name:?} không phải ngày trong tuần; ghi monday … sunday"),
            format!("{name:?} is no day of the week: write monday … sunday"),
        );
    }

    fn working_days(&mut self, table: &mut Table, under: &str) -> Vec<Weekday> {
        let Some(names) = self.take::<Vec<String>>(table, "working_days", under) else { return Vec::new() };
        let place = format!("{under}working_days");
        let mut days = Vec::new();
        for name in &names {
            match weekday(name) {
                Some(day) if !days.contains(&day) => days.push(day),
                Some(_) => {
                    self.wrong(&place, format!("{name} bị ghi hai lần"), format!("{name} is named twice"));
                }
                None => self.no_weekday(&place, name),
            }
        }
        if names.is_empty() {
            self.wrong(&place, "phải có ít nhất một ngày", "wants at least one day");
        }
        days
    }

    /// Shifts of one day, at least one, in order and apart from each other.
    pub(crate) fn shifts(&mut self, texts: &[String], place: &str) -> Vec<Shift> {
        let mut shifts: Vec<Shift> = Vec::new();
        for text in texts {
            match shift(text) {
                Some(next) if shifts.last().is_none_or(|last| last.to < next.from) => shifts.push(next),
                Some(_) => self.wrong(
                    place,
                    format!("{text} phải đứng sau và tách khỏi ca trước"),
                    format!("{text} must come after the shift before it, apart from it"),
                ),
                None => self.wrong(
                    place,
                    format!("{text:?} phải có dạng 07:00-11:30, giờ đầu trước giờ cuối"),
                    format!("{text:?}: write 07:00-11:30, the begin before the end"),
                ),
            }
        }
        if texts.is_empty() {
            self.wrong(place, "phải có ít nhất một ca", "wants at least one shift");
        }
        shifts
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    WEEK.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
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

/// Reads two days as `A..B` or one as `A`; `day` reads each.
pub(crate) fn days(text: &str, day: impl Fn(&str) -> Option<Date>) -> Option<(Date, Date)> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (day(from)?, day(to)?);
    (from <= to).then_some((from, to))
}

/// All days from one to another, both included.
pub(crate) fn each_day((from, to): (Date, Date)) -> impl Iterator<Item = Date> {
    from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= to)
}
