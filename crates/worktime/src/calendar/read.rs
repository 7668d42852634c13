//! Reads `calendar.toml`, the days of the country, and finds all its mistakes at once.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use toml::{Table, Value};

use super::hours::Regime;
use super::{Calendar, Exception, Year};
use crate::CalendarError;
use crate::read::{Reader, days, each_day};

/// Years that a calendar may hold: since the present time zone, and not so far that it must be a slip.
const YEARS: RangeInclusive<i16> = 1976..=2199;

pub(super) fn calendar(text: &str) -> Result<Calendar, CalendarError> {
    let mut table = Reader::table(text, "calendar.toml")?;
    let mut reader = Reader::default();
    let version = reader.version(&mut table);
    let regime = reader.regime(&mut table, "", (Date::MIN, Date::MAX));
    let years = reader.take::<Vec<Table>>(&mut table, "year", "");
    if years.as_ref().is_some_and(Vec::is_empty) {
        reader.wrong("year", "phải có ít nhất một năm", "wants at least one year");
    }
    let mut known = File { reader, regime, exceptions: BTreeMap::new(), years: BTreeMap::new() };
    for (number, mut year) in (1..).zip(years.unwrap_or_default()) {
        known.year(number, &mut year);
    }
    let File { mut reader, regime, exceptions, years } = known;
    reader.nothing_left(&table, "");
    if reader.mistakes.is_empty() {
        Ok(Calendar { version, regimes: vec![regime], exceptions, years })
    } else {
        Err(CalendarError(reader.mistakes))
    }
}

struct File {
    reader: Reader,
    regime: Regime,
    exceptions: BTreeMap<Date, Exception>,
    years: BTreeMap<i16, Year>,
}

impl File {
    fn year(&mut self, number: usize, table: &mut Table) {
        let reader = &mut self.reader;
        let Some(year) = reader.take::<i16>(table, "year", &format!("year {number}, ")) else { return };
        let under = format!("{year}, ");
        if !YEARS.contains(&year) {
            reader.wrong(under + "year", "năm phải từ 1976 đến 2199", "must be between 1976 and 2199");
            return;
        }
        if self.years.last_key_value().is_some_and(|(last, _)| last + 1 != year) {
            reader.wrong(
                format!("{under}year"),
                "các năm phải liên tiếp, theo thứ tự",
                "years must follow each other, in order",
            );
        }
        let announced = match reader.take::<String>(table, "status", &under).as_deref() {
            Some("announced") | None => true,
            Some("computed") => false,
            Some(_) => {
                let vi = "phải là announced (đã công bố) hoặc computed (tính trước)";
                reader.wrong(format!("{under}status"), vi, "must be announced or computed");
                true
            }
        };
        let source = reader.take::<String>(table, "source", &under);
        let source = source.map(|text| reader.name(&text, &format!("{under}source"))).unwrap_or_default();
        let decisions: Vec<String> = reader.take_if_any(table, "decisions", &under).unwrap_or_default();
        let place = format!("{under}decisions");
        let decisions = decisions.iter().map(|text| reader.name(text, &place)).collect();
        self.years.insert(year, Year { announced, source, decisions });
        self.days(table, ("off", year), false);
        if table.contains_key("make_up") {
            self.days(table, ("make_up", year), true);
        }
        self.reader.nothing_left(table, &under);
    }

    fn days(&mut self, table: &mut Table, (key, year): (&str, i16), works: bool) {
        let mut before: Option<Date> = None;
        for entry in self.reader.take::<Vec<Value>>(table, key, &format!("{year}, ")).unwrap_or_default() {
            let read = self.reader.convert::<(String, String)>(entry, &format!("{year}, {key}"));
            let Some((text, name)) = read else { continue };
            let place = format!("{year}, {key}, {text}");
            let name = self.reader.name(&name, &place);
            let Some((from, to)) = days(&text, |text| day_of_year(year, text)) else {
                self.reader.wrong(
                    place,
                    "phải có dạng MM-DD hoặc MM-DD..MM-DD, ngày có thật, ngày đầu trước ngày cuối",
                    "write MM-DD or MM-DD..MM-DD: days that exist, the first before the last",
                );
                continue;
            };
            if before.is_some_and(|last| from < last) {
                self.reader.wrong(&place, "phải xếp theo thứ tự ngày", "days must stand in order");
            }
            before = Some(to);
            for day in each_day((from, to)) {
                self.day(day, &place, Exception { works, name: name.clone(), decision: None, hours: None });
            }
        }
    }

    fn day(&mut self, day: Date, place: &str, exception: Exception) {
        if exception.works && self.regime.counts(day.weekday()) {
            self.reader.wrong(
                place,
                "ngày này vốn là ngày làm việc; bỏ khỏi make_up",
                "is a working day anyway: remove it from make_up",
            );
        }
        if self.exceptions.insert(day, exception).is_some() {
            self.reader.wrong(
                place,
                format!("ngày {day} đã có ở trên; chỉ ghi một lần"),
                format!("{day} stands above already: write each day once"),
            );
        }
    }
}

fn day_of_year(year: i16, text: &str) -> Option<Date> {
    (text.len() == "01-31".len()).then(|| format!("{year:04}-{text}").parse().ok())?
}
