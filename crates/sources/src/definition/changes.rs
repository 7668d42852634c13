//! How a source tells what changed.

use std::fmt;
use std::str::FromStr;

use base::Ts;
use jiff::civil::Time;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Definition, Entity};
use crate::error::Mistake;
use crate::value::Kind;

/// Telling what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Changes {
    /// A column tells. Rows that go are not told of.
    Column {
        /// The field that grows with every change of its row.
        field: String,
    },
    /// A table that triggers of the source fill tells.
    Table(ChangeTable),
    /// The node compares all rows with what they were.
    Hash {
        /// How often.
        #[serde(default)]
        every: Every,
        /// When by the clock in Vietnam; of an hourly comparison the minutes count.
        #[serde(default)]
        at: At,
    },
}

/// A table of changes. Unless the definition says other names they are those of `lienthong source triggers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeTable {
    /// The table, with its schema where the engine has schemas.
    pub table: String,
    /// Column of the growing number.
    #[serde(default = "sequence")]
    pub sequence: String,
    /// Column of what happened: `I`, `U`, `D`, or words.
    #[serde(default = "operation")]
    pub operation: String,
    /// Column of the moment, with its zone.
    #[serde(default = "time")]
    pub time: String,
    /// On PostgreSQL the column of the transaction's number, by which no change is lost; empty where there is none.
    #[serde(default = "transaction")]
    pub transaction: String,
    /// Columns of the row's key; those of the entity without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
}

fn sequence() -> String {
    "lt_so".into()
}

fn operation() -> String {
    "lt_thao_tac".into()
}

fn time() -> String {
    "lt_luc".into()
}

fn transaction() -> String {
    "lt_giao_dich".into()
}

impl ChangeTable {
    /// With the names of `lienthong source triggers`.
    pub fn new(table: String) -> Self {
        let (sequence, operation, time) = (sequence(), operation(), time());
        Self { table, sequence, operation, time, transaction: transaction(), key: Vec::new() }
    }

    /// The columns of the row's key.
    pub fn keys<'a>(&'a self, entity: &'a Entity) -> &'a [String] {
        if self.key.is_empty() { &entity.key } else { &self.key }
    }
}

/// How often rows are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Once a day.
    #[default]
    Day,
    /// Once an hour.
    Hour,
}

impl Every {
    /// The last moment at or before `now` at which a comparison was due.
    pub fn last_due(self, at: At, now: Ts) -> Ts {
        let zone = TimeZone::fixed(Offset::constant(7));
        let clock = Timestamp::from_microsecond(now.0).unwrap_or_default().to_zoned(zone.clone()).datetime();
        let (due, back) = match self {
            Self::Day => (clock.date().to_datetime(at.0), SignedDuration::from_hours(24)),
            Self::Hour => {
                let hour = clock.hour();
                let time = Time::new(hour, at.0.minute(), 0, 0).unwrap_or_default();
                (clock.date().to_datetime(time), SignedDuration::from_hours(1))
            }
        };
        let due = if due > clock { due.saturating_sub(back) } else { due };
        due.to_zoned(zone).map_or(now, |due| Ts(due.timestamp().as_microsecond()))
    }
}

/// A time of day, written `23:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct At(Time);

impl Default for At {
    /// At night, before the day ends.
    fn default() -> Self {
        Self(Time::constant(23, 30, 0, 0))
    }
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = Time::strptime("%H:%M", text.trim());
        read.map(Self).map_err(|_| format!("{text}: viết như / write as 23:30"))
    }
}

impl TryFrom<String> for At {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<At> for String {
    fn from(at: At) -> Self {
        at.to_string()
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%H:%M"))
    }
}

impl Definition {
    /// What is wrong with the way of telling changes. A row that went is known by its key alone, so the key is given.
    pub(super) fn change_mistakes(&self) -> Vec<Mistake> {
        let table = match &self.changes {
            Some(Changes::Table(table)) => Some(table),
            Some(Changes::Hash { .. }) => None,
            None | Some(Changes::Column { .. }) => return Vec::new(),
        };
        let mut all = Vec::new();
        let mut wrong = |vi: String, en: String| all.push(Mistake::new("changes", vi, en));
        for column in &self.entity.key {
            match self.fields.iter().find(|field| field.column == *column) {
                None => wrong(
                    format!("cột khóa {column} phải là một trường: dòng bị xóa chỉ còn khóa"),
                    format!(
                        "the key column {column} must be a field: of a row that went only its key is left"
                    ),
                ),
                Some(field) if field.kind == Kind::Moment => wrong(
                    format!("cột khóa {column} kiểu moment không dùng được ở đây"),
                    format!("a key column of the type moment, {column}, cannot be used here"),
                ),
                Some(_) => {}
            }
        }
        if table.is_some_and(|table| table.keys(&self.entity).len() != self.entity.key.len()) {
            wrong(
                "key phải có đúng số cột của entity.key".into(),
                "key wants as many columns as entity.key".into(),
            );
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(every: Every, at: &str, now: &str, due: &str) {
        let due_found = every.last_due(at.parse().unwrap(), Ts::parse(now).unwrap());
        assert_eq!(due_found, Ts::parse(due).unwrap());
    }

    #[test]
    fn a_comparison_is_due_by_the_clock_in_vietnam() {
        check(Every::Day, "23:30", "2026-11-22T16:30:00Z", "2026-11-22T16:30:00Z");
        check(Every::Day, "23:30", "2026-11-22T16:29:59Z", "2026-11-21T16:30:00Z");
        check(Every::Day, "00:10", "2026-11-22T18:00:00Z", "2026-11-22T17:10:00Z");
        check(Every::Hour, "23:30", "2026-11-22T16:29:00Z", "2026-11-22T15:30:00Z");
        check(Every::Hour, "00:05", "2026-11-22T17:04:00Z", "2026-11-22T16:05:00Z");
    }

    #[test]
    fn each_way_of_telling_changes_is_written_and_read_again() {
        let check = |text: &str, changes: Changes| {
            let read: Changes = toml::from_str(text).unwrap();
            assert_eq!(read, changes);
            assert_eq!(toml::from_str::<Changes>(&toml::to_string(&changes).unwrap()).unwrap(), changes);
        };
        check("by = \"column\"\nfield = \"capNhat\"", Changes::Column { field: "capNhat".into() });
        check("by = \"table\"\ntable = \"a.b\"", Changes::Table(ChangeTable::new("a.b".into())));
        check("by = \"hash\"", Changes::Hash { every: Every::Day, at: At::default() });
        let hour = Changes::Hash { every: Every::Hour, at: "00:05".parse().unwrap() };
        check("by = \"hash\"\nevery = \"hour\"\nat = \"00:05\"", hour);
        for wrong in ["by = \"hash\"\nat = \"24:00\"", "by = \"table\"", "by = \"table\"\ntable=\"a\"\nx=1"] {
            assert!(toml::from_str::<Changes>(wrong).is_err(), "{wrong}");
        }
    }
}
