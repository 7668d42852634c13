//! What a column of a file holds, when every one of its cells says the same; otherwise it holds text.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::meaning::{Meaning, folded};

/// Values of a column that are remembered to see whether it may be a key.
const REMEMBERED: usize = 1_000;
/// Years of dates that are believed; others are typing mistakes, and the column stays text.
const YEARS: std::ops::RangeInclusive<i16> = 1_800..=2_200;

/// A cell as a reader found it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// Letters: what they are is to be found out.
    Text(String),
    /// A spreadsheet knows what it is; in the form in which it is kept.
    Typed(String, Form),
}

impl Cell {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Typed(text, _) => text,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text().is_empty()
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Form {
    Text,
    Whole,
    Decimal,
    Boolean,
    Date,
    Moment,
    Time,
}

const FORMS: [Form; 7] =
    [Form::Text, Form::Whole, Form::Decimal, Form::Boolean, Form::Date, Form::Moment, Form::Time];

impl Form {
    /// The type of the column in SQL. Decimals stay text, so that nobody rounds them: SQLite would make floating point
    /// of a type without `TEXT`.
    pub(super) const fn type_name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Whole => "INTEGER",
            Self::Decimal => crate::file::DECIMAL,
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::Moment => "DATETIME",
            Self::Time => "TIME",
        }
    }

    pub(super) fn of_type(name: &str) -> Option<Self> {
        FORMS.into_iter().find(|form| form.type_name() == name)
    }

    /// A cell as it is kept in a column of this form; nothing when it is no such value.
    pub(super) fn keep(self, cell: &Cell) -> Option<String> {
        let text = cell.text();
        match (self, cell) {
            (Self::Text, _) => Some(text.to_owned()),
            (_, Cell::Typed(text, form)) if *form == self => Some(text.clone()),
            (Self::Whole, Cell::Text(_)) => is_whole(text).then(|| text.to_owned()),
            (Self::Decimal, Cell::Typed(text, Form::Whole)) => Some(text.clone()),
            (Self::Decimal, Cell::Text(_)) => decimal(text),
            (Self::Date, Cell::Text(_)) => Some(date(text)?.to_string()),
            (Self::Moment, Cell::Typed(day, Form::Date)) => Some(format!("{day} 00:00:00")),
            (Self::Moment, Cell::Text(_)) => {
                let midnight = || date(text).map(|day| day.to_datetime(Time::midnight()));
                Some(moment(text).or_else(midnight)?.strftime("%Y-%m-%d %H:%M:%S").to_string())
            }
            _ => None,
        }
    }
}

/// What was seen of a column.
pub(super) struct Tally {
    pub(super) filled: u64,
    pub(super) empty: u64,
    whole: bool,
    point: Fractions,
    comma: Fractions,
    date: bool,
    moment: bool,
    /// Cells of which a spreadsheet said that they are of this form.
    typed: [u64; FORMS.len()],
    /// Values so far; nothing once one came twice.
    values: Option<HashSet<u64>>,
}

/// Whether all values can be numbers with this sign before the fraction, and whether one of them can be nothing else:
/// `1.234` may be a thousand.
#[derive(Clone, Copy)]
struct Fractions {
    all: bool,
    any: bool,
    sure: bool,
}

const NO_FRACTIONS: Fractions = Fractions { all: true, any: false, sure: false };

impl Default for Tally {
    fn default() -> Self {
        Self {
            filled: 0,
            empty: 0,
            whole: true,
            point: NO_FRACTIONS,
            comma: NO_FRACTIONS,
            date: true,
            moment: true,
            typed: [0; FORMS.len()],
            values: Some(HashSet::new()),
        }
    }
}

impl Tally {
    /// Of a column that was empty in so many rows.
    pub(super) fn after(rows: u64) -> Self {
        Self { empty: rows, ..Self::default() }
    }

    /// Takes note of a cell.
    pub(super) fn note(&mut self, cell: &Cell) {
        if cell.is_empty() {
            self.empty += 1;
            return;
        }
        self.filled += 1;
        self.remember(cell.text());
        match cell {
            Cell::Typed(_, form) => self.typed[*form as usize] += 1,
            _ => self.note_text(cell.text()),
        }
    }

    fn remember(&mut self, text: &str) {
        if let Some(values) = self.values.as_mut().filter(|values| values.len() < REMEMBERED) {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            if !values.insert(hasher.finish()) {
                self.values = None;
            }
        }
    }

    fn note_text(&mut self, text: &str) {
        self.typed[Form::Text as usize] += 1;
        self.whole &= is_whole(text);
        self.point.note(text, '.', ',');
        self.comma.note(text, ',', '.');
        self.date = self.date && date(text).is_some();
        self.moment = self.moment && (moment(text).is_some() || date(text).is_some());
    }

    /// Whether digits that are no quantity were written as numbers, which have no zeros in front.
    pub(super) fn lost_zeros(&self, name: &str) -> bool {
        self.typed[Form::Whole as usize] > 0 && stays_text(name)
    }

    /// Whether the column may be a key: never empty, and no value twice as far as was remembered.
    pub(super) fn may_be_key(&self) -> bool {
        self.empty == 0 && self.filled > 0 && self.values.is_some()
    }

    /// What the column holds, and whether numbers in it could be read in two ways, so that it stays text.
    pub(super) fn form(&self, name: &str) -> (Form, bool) {
        let all_are = |forms: &[Form]| {
            let typed: u64 = forms.iter().map(|form| self.typed[*form as usize]).sum();
            typed + self.typed[Form::Text as usize] == self.filled
        };
        let no_text = self.typed[Form::Text as usize] == 0;
        if self.filled == 0 || stays_text(name) {
            return (Form::Text, false);
        }
        if no_text && all_are(&[Form::Boolean]) {
            return (Form::Boolean, false);
        }
        if no_text && all_are(&[Form::Time]) {
            return (Form::Time, false);
        }
        if self.whole && all_are(&[Form::Whole]) {
            return (Form::Whole, false);
        }
        if self.date && all_are(&[Form::Date]) {
            return (Form::Date, false);
        }
        if self.moment && all_are(&[Form::Date, Form::Moment]) {
            return (Form::Moment, false);
        }
        if all_are(&[Form::Whole, Form::Decimal]) {
            let readings = [self.point, self.comma].into_iter().filter(|reading| reading.all);
            let readings: Vec<Fractions> = readings.collect();
            return match readings.as_slice() {
                [] => (Form::Text, false),
                [reading] if reading.any && !reading.sure => (Form::Text, true),
                [..] => (Form::Decimal, false),
            };
        }
        (Form::Text, false)
    }
}

impl Fractions {
    fn note(&mut self, text: &str, sign: char, other: char) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let Some((whole, fraction)) = digits.split_once(sign) else {
            self.all &= is_whole(text);
            return;
        };
        let grouped = whole.contains(other);
        self.all &= is_digits(fraction) && (is_plain(whole) || is_grouped(whole, other));
        self.any = true;
        // Three digits behind one to three could be thousands.
        self.sure |= grouped || fraction.len() != 3 || whole.len() > 3 || whole == "0";
    }
}

/// Names of columns whose digits are no quantity: they keep their zeros, and nobody adds them.
fn stays_text(name: &str) -> bool {
    let plain = folded(name);
    is_code(name)
        || ["dienthoai", "sdt", "didong", "phone", "fax", "taikhoan", "zip"]
            .iter()
            .any(|word| plain.contains(word))
}

/// Whether a column's name says that it tells its rows apart: a number of a person or a paper, a code.
pub(super) fn is_code(name: &str) -> bool {
    let plain = folded(name);
    let first = name.split(|c: char| !c.is_alphanumeric()).next().map(folded).unwrap_or_default();
    ["ma", "id", "code", "uuid", "mst"].contains(&&*first)
        || [
            "dinhdanh", "cccd", "cmnd", "cmt", "cancuoc", "sothe", "sohoso", "sogiay", "sohieu", "masothue",
            "hochieu",
        ]
        .iter()
        .any(|word| plain.contains(word))
}

/// Meanings by which consumers ask.
pub(super) const fn is_asked_by(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::PersonalNumber
            | Meaning::OldIdentityCard
            | Meaning::PersonName
            | Meaning::BirthDate
            | Meaning::Phone
            | Meaning::Email
            | Meaning::CommuneCode
            | Meaning::ProvinceCode
            | Meaning::AgencyCode
            | Meaning::TaxNumber
            | Meaning::ChangedAt
    )
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits without a zero that leads.
fn is_plain(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

/// `1.234.567`: groups of three.
fn is_grouped(text: &str, sign: char) -> bool {
    let mut groups = text.split(sign);
    let first = groups.next().unwrap_or_default();
    is_plain(first) && first.len() <= 3 && groups.all(|group| is_digits(group) && group.len() == 3)
}

/// A whole number of 64 bits that is written in one way only.
fn is_whole(text: &str) -> bool {
    is_plain(text.strip_prefix('-').filter(|digits| *digits != "0").unwrap_or(text))
        && text.parse::<i64>().is_ok()
}

/// A number with a point before its fraction. Which sign it is here the column has decided: a value of both readings
/// does not come this far unless other values of its column have told.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (mark, group) = match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => ('.', ','),
        (Some(_), None) => ('.', ','),
        _ => (',', '.'),
    };
    let (whole, fraction) = digits.split_once(mark).unwrap_or((digits, "0"));
    let known = (is_plain(whole) || is_grouped(whole, group)) && is_digits(fraction);
    let whole = whole.replace(group, "");
    let fraction = if digits.contains(mark) { format!(".{fraction}") } else { String::new() };
    known.then(|| format!("{sign}{whole}{fraction}"))
}

/// A day: `2026-11-22`, or as people write it here, the day first: `22/11/2026`, `2-1-2026`.
fn date(text: &str) -> Option<Date> {
    if !(8..=10).contains(&text.len()) {
        return None;
    }
    let sign = text.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = text.split(sign).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    if !['-', '/', '.'].contains(&sign) || !parts.iter().all(|part| is_digits(part)) || month.len() > 2 {
        return None;
    }
    let (year, day) = match (first.len(), last.len()) {
        (4, 1..=2) if sign == '-' => (first, last),
        (1..=2, 4) => (last, first),
        _ => return None,
    };
    let year = year.parse().ok().filter(|year| YEARS.contains(year))?;
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A day with a time of day.
fn moment(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once([' ', 'T'])?;
    let short = time.len() == 4 || time.len() == 7;
    let time = if short { format!("0{time}") } else { time.to_owned() };
    let time: Time = time.parse().ok()?;
    Some(date(day)?.to_datetime(time))
}

/// A value in ISO 8601, as spreadsheets keep some, or nothing.
pub(super) fn iso(text: &str) -> Option<Cell> {
    if let Some(day) = date(text) {
        return Some(Cell::Typed(day.to_string(), Form::Date));
    }
    let at = moment(text)?;
    Some(at_moment(at))
}

/// A moment of a spreadsheet: at midnight it is a day.
pub(super) fn at_moment(at: DateTime) -> Cell {
    if at.time() == Time::midnight() {
        return Cell::Typed(at.date().to_string(), Form::Date);
    }
    Cell::Typed(at.strftime("%Y-%m-%d %H:%M:%S").to_string(), Form::Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, values: &[&str], expected: Form) {
        let mut tally = Tally::default();
        for value in values {
            tally.note(&Cell::Text((*value).into()));
        }
        assert_eq!(tally.form(name).0, expected, "{name} {values:?}");
    }

    #[test]
    fn a_column_is_what_every_one_of_its_cells_says() {
        check("Diện tích", &["12", "0", "-3", ""], Form::Whole);
        check("Diện tích", &["12", "007"], Form::Text);
        check("Diện tích", &["12", "1.5"], Form::Decimal);
        check("Diện tích", &["1234,5", "7"], Form::Decimal);
        check("Diện tích", &["1.234.567,89", "0,125"], Form::Decimal);
        check("Diện tích", &["1.234", "5.678"], Form::Text);
        check("Diện tích", &["1,234"], Form::Text);
        check("Diện tích", &["1.5", "1,5"], Form::Text);
        check("Diện tích", &["9223372036854775808"], Form::Text);
        check("Ngày cấp", &["22/11/2026", "1-2-1990", "2020-02-29"], Form::Date);
        check("Ngày cấp", &["30/02/1990"], Form::Text);
        check("Ngày cấp", &["11/22/2026"], Form::Text);
        check("Ngày cấp", &["1990", "22/11/1990"], Form::Text);
        check("Ngày cấp", &["22/11/2026 7:05", "2026-11-22 07:05:09", "1/2/2026"], Form::Moment);
        check("Mã xã", &["20242"], Form::Text);
        check("Số CCCD", &["200123456"], Form::Text);
        check("Điện thoại", &["905123456"], Form::Text);
        check("trống", &["", ""], Form::Text);
    }

    #[test]
    fn cells_are_kept_in_the_form_of_their_column() {
        let keep = |form: Form, text: &str| form.keep(&Cell::Text(text.into()));
        assert_eq!(keep(Form::Date, "1-2-1990").as_deref(), Some("1990-02-01"));
        assert_eq!(keep(Form::Moment, "1/2/1990 7:05").as_deref(), Some("1990-02-01 07:05:00"));
        assert_eq!(keep(Form::Moment, "1/2/1990").as_deref(), Some("1990-02-01 00:00:00"));
        assert_eq!(keep(Form::Decimal, "-1.234.567,80").as_deref(), Some("-1234567.80"));
        assert_eq!(keep(Form::Decimal, "1,234.5").as_deref(), Some("1234.5"));
        assert_eq!(keep(Form::Decimal, "12").as_deref(), Some("12"));
        assert_eq!(keep(Form::Whole, "12 m"), None);
        assert_eq!(Form::Text.keep(&Cell::Typed("5".into(), Form::Whole)).as_deref(), Some("5"));
    }
}
