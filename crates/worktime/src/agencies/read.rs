//! Reads the calendars of agencies and finds all their mistakes at once.

use std::collections::BTreeMap;

use jiff::civil::Date;
use toml::Table;

use super::{AgencyCode, Calendars};
use crate::calendar::hours::Regime;
use crate::read::{Reader, days, each_day};
use crate::{Calendar, CalendarError, Exception};

/// Longest run of days under one name: two years. More is a slip.
const DAYS_MAX: usize = 731;

pub(super) fn calendars(country: Calendar, text: &str) -> Result<Calendars, CalendarError> {
    let mut table = Reader::table(text, "agencies.toml")?;
    let mut file =
        File { reader: Reader::default(), codes: BTreeMap::new(), found: Calendars::country(country) };
    file.found.agencies = file.reader.version(&mut table);
    let tables = file.reader.take::<Vec<Table>>(&mut table, "calendar", "");
    for (number, mut one) in (1..).zip(tables.unwrap_or_default()) {
        file.calendar(number, &mut one);
    }
    file.reader.nothing_left(&table, "");
    if file.reader.mistakes.is_empty() { Ok(file.found) } else { Err(CalendarError(file.reader.mistakes)) }
}

struct File {
    reader: Reader,
    /// Which code stands for which calendar that was read.
    codes: BTreeMap<String, usize>,
    found: Calendars,
}

impl File {
    fn calendar(&mut self, number: usize, table: &mut Table) {
        let Some(code) = self.reader.take::<String>(table, "code", &format!("calendar {number}, ")) else {
            return;
        };
        let under = format!("{code}, ");
        let name = self.reader.take::<String>(table, "name", &under).unwrap_or_default();
        self.reader.name(&name, &format!("{under}name"));
        let over = self.over(table, &under);
        let agencies = self.reader.take::<Vec<String>>(table, "agencies", &under).unwrap_or_default();
        let regimes = self.regimes(table, &under);
        let days = self.days(table, &under, &over.with(regimes.clone(), BTreeMap::new()));
        self.reader.nothing_left(table, &under);
        self.found.own.push(over.with(regimes, days));
        let place = self.found.own.len() - 1;
        for agency in agencies {
            self.agency(&agency, place, &under);
        }
        if self.codes.insert(code.clone(), place).is_some() {
            self.reader.wrong(
                under + "code",
                format!("mã {code} đã có ở trên"),
                format!("{code} stands above already"),
            );
        }
    }

    /// The calendar that this one goes on from.
    fn over(&mut self, table: &mut Table, under: &str) -> Calendar {
        let over = self.reader.take_if_any::<String>(table, "over", under);
        let known = over.as_ref().and_then(|code| self.codes.get(code));
        if let (Some(code), None) = (&over, known) {
            self.reader.wrong(
                format!("{under}over"),
                format!("không có lịch {code} ở trên; lịch làm nền phải đứng trước"),
                format!("there is no calendar {code} above: the one below must stand first"),
            );
        }
        known.map_or(&self.found.country, |place| &self.found.own[*place]).clone()
    }

    fn agency(&mut self, text: &str, place: usize, under: &str) {
        let under = format!("{under}agencies");
        match text.parse::<AgencyCode>() {
            Ok(agency) => {
                if self.found.of.insert(agency, place).is_some() {
                    self.reader.wrong(
                        under,
                        format!("cơ quan {text} đã có lịch; mỗi cơ quan một lịch"),
                        format!("{text} has a calendar already: one for each agency"),
                    );
                }
            }
            Err(_) => self.reader.wrong(
                under,
                format!("{text:?} không phải mã cơ quan"),
                format!("{text:?} is no code of an agency"),
            ),
        }
    }

    fn regimes(&mut self, table: &mut Table, under: &str) -> Vec<Regime> {
        let mut regimes: Vec<Regime> = Vec::new();
        let tables = self.reader.take_if_any::<Vec<Table>>(table, "hours", under).unwrap_or_default();
        for (number, mut one) in (1..).zip(tables) {
            let under = format!("{under}hours {number}, ");
            let from = self.date(&mut one, "valid_from", &under);
            let to = if one.contains_key("valid_to") {
                self.date(&mut one, "valid_to", &under)
            } else {
                Some(Date::MAX)
            };
            let decision = self.decision(&mut one, &under);
            let valid = (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX));
            let mut regime = self.reader.regime(&mut one, &under, valid);
            regime.decision = decision;
            self.reader.nothing_left(&one, &under);
            if regime.to < regime.from {
                let vi = "ngày hết hiệu lực trước ngày có hiệu lực";
                self.reader.wrong(format!("{under}valid_to"), vi, "lies before valid_from");
            }
            if from.is_some()
                && regimes.iter().any(|other| other.from <= regime.to && regime.from <= other.to)
            {
                self.reader.wrong(
                    format!("{under}valid_from"),
                    "thời gian hiệu lực chồng lên giờ làm việc ghi ở trên; ghi valid_to cho giờ cũ",
                    "overlaps hours that stand above: end the old ones with valid_to",
                );
            }
            regimes.push(regime);
        }
        regimes
    }

    /// Own days off and working days; `without` is the calendar as it would be without them.
    fn days(&mut self, table: &mut Table, under: &str, without: &Calendar) -> BTreeMap<Date, Exception> {
        let mut found = BTreeMap::new();
        let tables = self.reader.take_if_any::<Vec<Table>>(table, "day", under).unwrap_or_default();
        for (number, mut one) in (1..).zip(tables) {
            let under = format!("{under}day {number}, ");
            let text = self.reader.take::<String>(&mut one, "days", &under).unwrap_or_default();
            let exception = self.exception(&mut one, &under);
            self.reader.nothing_left(&one, &under);
            let Some(span) = days(&text, date) else {
                self.reader.wrong(
                    format!("{under}days"),
                    "phải có dạng YYYY-MM-DD hoặc YYYY-MM-DD..YYYY-MM-DD, ngày có thật, ngày đầu trước ngày cuối",
                    "write YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD: days that exist, the first before the last",
                );
                continue;
            };
            if each_day(span).nth(DAYS_MAX).is_some() {
                let (vi, en) =
                    (format!("dài hơn {DAYS_MAX} ngày"), format!("is longer than {DAYS_MAX} days"));
                self.reader.wrong(format!("{under}days"), vi, en);
                continue;
            }
            for day in each_day(span) {
                let place = format!("{under}days");
                if exception.works && exception.hours.is_none() && without.is_working_day(day) {
                    self.reader.wrong(
                        &place,
                        format!("{day} vốn là ngày làm việc; bỏ, hoặc ghi hours"),
                        format!("{day} is a working day anyway: remove it, or give its hours"),
                    );
                }
                if found.insert(day, exception.clone()).is_some() {
                    self.reader.wrong(
                        &place,
                        format!("ngày {day} đã có ở trên; chỉ ghi một lần"),
                        format!("{day} stands above already: write each day once"),
                    );
                }
            }
        }
        found
    }

    fn exception(&mut self, table: &mut Table, under: &str) -> Exception {
        let works = self.reader.take::<bool>(table, "works", under).unwrap_or_default();
        let name = self.reader.take::<String>(table, "name", under).unwrap_or_default();
        let name = self.reader.name(&name, &format!("{under}name"));
        let decision = self.decision(table, under);
        let place = format!("{under}hours");
        let texts = self.reader.take_if_any::<Vec<String>>(table, "hours", under);
        if texts.is_some() && !works {
            let vi = "ngày nghỉ không có giờ làm việc; bỏ hours hoặc ghi works = true";
            self.reader.wrong(&place, vi, "a day off has no hours: remove them or write works = true");
        }
        let hours = texts.map(|texts| self.reader.shifts(&texts, &place));
        Exception { works, name, decision, hours }
    }

    fn decision(&mut self, table: &mut Table, under: &str) -> Option<String> {
        let text = self.reader.take::<String>(table, "decision", under)?;
        Some(self.reader.name(&text, &format!("{under}decision")))
    }

    fn date(&mut self, table: &mut Table, key: &str, under: &str) -> Option<Date> {
        let text = self.reader.take::<String>(table, key, under)?;
        let found = date(&text);
        if found.is_none() {
            self.reader.wrong(
                format!("{under}{key}"),
                "phải có dạng YYYY-MM-DD, ngày có thật",
                "write YYYY-MM-DD: a day that exists",
            );
        }
        found
    }
}

fn date(text: &str) -> Option<Date> {
    (text.len() == "2026-01-31".len()).then(|| text.parse().ok())?
}
