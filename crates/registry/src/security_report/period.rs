//! Which days a yearly report covers, as `rules/security_report.toml` has it.

use base::Ts;
use jiff::civil::Date;
use serde::Serialize;
use worktime::start_of;

use crate::RegistryError;
use crate::rules::read::{self, Reader};
use crate::text::Text;

/// A day of any year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    /// Reads `12-15`; 29 February is no day of every year.
    fn read(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let two = |part: &str| if part.len() == 2 { part.parse::<i8>().ok() } else { None };
        let (month, day) = (two(month)?, two(day)?);
        Date::new(2001, month, day).ok().map(|_| Self { month, day })
    }

    fn of(self, year: i16) -> Option<Date> {
        Date::new(year, self.month, self.day).ok()
    }
}

/// One version of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its code.
    pub code: String,
    /// Name of the report.
    pub title: Text,
    /// The texts behind it.
    pub legal_basis: String,
    valid_from: Date,
    valid_to: Option<Date>,
    from: MonthDay,
    to: MonthDay,
    units_before: MonthDay,
    owner_before: MonthDay,
}

/// The days of one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The year of the report.
    pub year: i16,
    /// The first day that is covered.
    pub from: Date,
    /// The last day that is covered.
    pub to: Date,
    /// Units hand theirs in to the owner before this day.
    pub units_before: Date,
    /// The owner hands it in to the Ministry of Public Security before this day.
    pub owner_before: Date,
}

impl Window {
    /// The first moment that is covered.
    pub fn begins(&self) -> Ts {
        start_of(self.from)
    }

    /// The first moment that is no longer covered.
    pub fn ends(&self) -> Ts {
        self.to.tomorrow().map_or(Ts(i64::MAX), start_of)
    }

    /// Whether a moment is covered.
    pub fn covers(&self, at: Ts) -> bool {
        self.begins() <= at && at < self.ends()
    }
}

impl Period {
    /// The days of the report of a year; `None` for a year that no calendar has.
    pub fn window(&self, year: i16) -> Option<Window> {
        let first = if self.from > self.to { year.checked_sub(1)? } else { year };
        Some(Window {
            year,
            from: self.from.of(first)?,
            to: self.to.of(year)?,
            units_before: self.units_before.of(year)?,
            owner_before: self.owner_before.of(year)?,
        })
    }
}

impl read::Version for Period {
    fn code(&self) -> &str {
        &self.code
    }

    fn days(&self) -> (Date, Option<Date>) {
        (self.valid_from, self.valid_to)
    }
}

/// Periods by version, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Periods {
    versions: Vec<Period>,
}

impl Periods {
    /// Reads `security_report.toml`.
    ///
    /// # Errors
    /// Every mistake of the text.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        read::versions("security_report.toml", text, "period", period).map(|versions| Self { versions })
    }

    /// The version that counts for the report of a year: that of its 31 December.
    pub fn of(&self, year: i16) -> Option<&Period> {
        read::on(&self.versions, Date::new(year, 12, 31).ok()?)
    }
}

fn period(mut reader: Reader<'_>) -> Option<Period> {
    let code = reader.code();
    if let Some(code) = &code {
        reader.place = format!("period {code}");
    }
    let (title, legal_basis) = (reader.title("title"), reader.text("legal_basis"));
    let (valid_from, valid_to) = reader.days();
    let mut day = |key: &str| {
        let text = reader.text(key)?;
        let read = MonthDay::read(&text);
        if read.is_none() {
            reader.note(key, "ngày viết dạng 12-15 (tháng-ngày)", "a day is written 12-15 (month-day)");
        }
        read
    };
    let (from, to) = (day("from"), day("to"));
    let (units_before, owner_before) = (day("units_before"), day("owner_before"));
    reader.close();
    Some(Period {
        code: code?,
        title: title?,
        legal_basis: legal_basis?,
        valid_from: valid_from?,
        valid_to,
        from: from?,
        to: to?,
        units_before: units_before?,
        owner_before: owner_before?,
    })
}
