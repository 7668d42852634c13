//! Judging one row by the rules that need no other row.

use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use regex::{Regex, RegexBuilder};
use unicode_normalization::is_nfc;

use super::number::{Number, Sex};
use super::rule::{Bound, Check, Rule, Severity};
use crate::definition::Definition;
use crate::value::{self, Kind, VIETNAM};

/// Memory of a compiled pattern, in bytes. Matching takes time in proportion to the value, whatever the pattern.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What a rule says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule has nothing to say: the value is empty, or cannot be compared.
    PassedOver,
    /// The row keeps the rule.
    Kept,
    /// The row breaks the rule.
    Broken,
}

/// The rules of a definition, ready to be held against rows.
pub struct Judge {
    tests: Vec<Test>,
    kinds: Vec<Kind>,
    red: Vec<usize>,
}

/// A rule with everything looked up.
#[derive(Clone)]
struct Test {
    at: usize,
    kind: Kind,
    how: How,
}

#[derive(Clone)]
enum How {
    /// By more than one row; or by a field that is not there, which only a definition with mistakes has.
    Unjudged,
    Required,
    Pattern(Regex),
    Length(usize, usize),
    Range(Option<Edge>, Option<Edge>),
    OneOf(HashSet<String>),
    PersonalNumber,
    NumberAgrees {
        sex: Option<SexField>,
        birth: Option<(usize, Kind)>,
    },
    Consistent(usize, Kind),
    Clean,
    Fresh(i64),
    Typed,
}

#[derive(Clone)]
struct SexField {
    at: usize,
    male: Vec<String>,
    female: Vec<String>,
}

/// A bound that is known, or the day of the run.
#[derive(Clone)]
pub enum Edge {
    /// Known.
    At(Measure),
    /// Today, by the calendar in Vietnam.
    Today,
}

impl Judge {
    /// For the rules of a definition whose mistakes have been looked for, and the one that every definition has.
    pub fn new(definition: &Definition) -> Self {
        let nothing = Test { at: 0, kind: Kind::Text, how: How::Unjudged };
        let test = |rule: &Rule| Test::new(rule, definition).unwrap_or_else(|| nothing.clone());
        let mut tests: Vec<_> = definition.rules.iter().map(test).collect();
        tests.push(Test { at: 0, kind: Kind::Text, how: How::Typed });
        let red = (0..).zip(&definition.rules).filter(|(_, rule)| rule.severity == Severity::Red);
        let red = red.map(|(number, _)| number).collect();
        Self { tests, kinds: definition.fields.iter().map(|field| field.kind).collect(), red }
    }

    /// What each rule says of a row, in their order; the last is that values are of their types. `unique` is passed over.
    pub fn verdicts<'a, T: AsRef<str>>(
        &'a self,
        row: &'a [Option<T>],
        now: Timestamp,
    ) -> impl Iterator<Item = Verdict> + 'a {
        self.tests.iter().map(move |test| self.verdict(test, row, now))
    }

    /// How many rules of severity red a row breaks, of those that need no other row.
    pub fn red<T: AsRef<str>>(&self, row: &[Option<T>], now: Timestamp) -> usize {
        let broken = |number: &&usize| self.verdict(&self.tests[**number], row, now) == Verdict::Broken;
        self.red.iter().filter(broken).count()
    }

    /// The first value of a row that is not of its type: the place of its field.
    pub fn unfit<T: AsRef<str>>(&self, row: &[Option<T>]) -> Option<usize> {
        let fits =
            |(kind, text): (&Kind, &Option<T>)| text.as_ref().is_none_or(|text| kind.fits(text.as_ref()));
        self.kinds.iter().zip(row).position(|value| !fits(value))
    }

    /// Whether any rule of severity red can be judged on one row.
    pub fn has_red(&self) -> bool {
        self.red.iter().any(|number| !matches!(self.tests[*number].how, How::Unjudged))
    }

    fn verdict<T: AsRef<str>>(&self, test: &Test, row: &[Option<T>], now: Timestamp) -> Verdict {
        if matches!(test.how, How::Typed) {
            return said(self.unfit(row).is_none());
        }
        let value = row[test.at].as_ref().map(AsRef::as_ref);
        let is_empty = value.is_none_or(|text| text.trim().is_empty());
        if matches!(test.how, How::Required) {
            return said(!is_empty);
        }
        match value.filter(|_| !is_empty) {
            Some(value) => test.judge(value, row, now).map_or(Verdict::PassedOver, said),
            None => Verdict::PassedOver,
        }
    }
}

fn said(kept: bool) -> Verdict {
    if kept { Verdict::Kept } else { Verdict::Broken }
}

impl Test {
    fn new(rule: &Rule, definition: &Definition) -> Option<Self> {
        let place = |name: &str| {
            let at = definition.fields.iter().position(|field| field.name == name)?;
            Some((at, definition.fields[at].kind))
        };
        let (at, kind) = place(&rule.field)?;
        let edge =
            |bound: &Option<Bound>| bound.as_ref().and_then(|bound| Measure::bound(kind, &bound.text()));
        let how = match rule.check {
            Check::Required => How::Required,
            Check::Pattern => How::Pattern(pattern(rule.pattern.as_deref()?).ok()?),
            Check::Length => {
                let characters = |bound: &Option<Bound>| bound.as_ref().and_then(Bound::characters);
                How::Length(characters(&rule.from).unwrap_or(0), characters(&rule.to).unwrap_or(usize::MAX))
            }
            Check::Range => How::Range(edge(&rule.from), edge(&rule.to)),
            Check::OneOf => How::OneOf(rule.values.iter().cloned().collect()),
            Check::Code => How::OneOf(super::rule::codes(&definition.fields[at], definition)),
            Check::Unique => How::Unjudged,
            Check::PersonalNumber => How::PersonalNumber,
            Check::NumberAgrees => How::NumberAgrees {
                sex: rule.sex.as_deref().and_then(place).map(|(at, _)| SexField::new(at, rule)),
                birth: rule.birth_date.as_deref().and_then(place),
            },
            Check::Consistent => {
                let (other, kind) = place(rule.other.as_deref()?)?;
                How::Consistent(other, kind)
            }
            Check::Clean => How::Clean,
            Check::Fresh => How::Fresh(rule.days?.into()),
            Check::Typed => How::Typed,
        };
        Some(Self { at, kind, how })
    }

    /// Whether a value that is there keeps the rule; nothing where it cannot be compared.
    fn judge<T: AsRef<str>>(&self, text: &str, row: &[Option<T>], now: Timestamp) -> Option<bool> {
        Some(match &self.how {
            How::Required | How::Typed | How::Unjudged => return None,
            How::Pattern(pattern) => pattern.is_match(text),
            How::Length(min, max) => (*min..=*max).contains(&text.chars().count()),
            How::Range(from, to) => {
                let value = Measure::read(self.kind, text)?;
                let today = || Measure::today(now);
                let beyond = |edge: &Option<Edge>, side: Ordering| match edge {
                    Some(Edge::At(bound)) => value.compared(bound) == Some(side),
                    Some(Edge::Today) => value.compared(&today()) == Some(side),
                    None => false,
                };
                !beyond(from, Ordering::Less) && !beyond(to, Ordering::Greater)
            }
            How::OneOf(values) => values.contains(text.trim()),
            How::PersonalNumber => Number::read(text.trim()).is_some(),
            How::NumberAgrees { sex, birth } => {
                let number = Number::read(text.trim())?;
                let sex = sex.as_ref().and_then(|field| field.read(row)).map(|sex| sex == number.sex);
                let year = birth.and_then(|(at, kind)| year(kind, row[at].as_ref()?.as_ref()));
                let year = year.map(|year| year == number.year);
                sex.or(year)?;
                sex.unwrap_or(true) && year.unwrap_or(true)
            }
            How::Consistent(other, kind) => {
                let (value, other) =
                    (Measure::read(self.kind, text)?, Measure::read(*kind, row[*other].as_ref()?.as_ref())?);
                value.compared(&other)? != Ordering::Greater
            }
            How::Clean => is_clean(text),
            How::Fresh(days) => {
                let Measure::Time(oldest, _) = Measure::today(now) else { return None };
                let oldest = oldest.checked_sub(days.days()).ok()?;
                Measure::read(self.kind, text)?.compared(&Measure::Time(oldest, true))? != Ordering::Less
            }
        })
    }
}

impl SexField {
    fn new(at: usize, rule: &Rule) -> Self {
        let or = |given: &[String], usual: &[&str]| -> Vec<String> {
            let given: Vec<_> = given.iter().map(|value| crate::meaning::folded(value)).collect();
            if given.is_empty() { usual.iter().map(|&value| value.to_owned()).collect() } else { given }
        };
        // 1 and 2 as in ISO/IEC 5218; 0 is "not known" there and "female" elsewhere, so it is nothing here.
        Self {
            at,
            male: or(&rule.male, &["1", "nam", "m", "male"]),
            female: or(&rule.female, &["2", "nu", "f", "female"]),
        }
    }

    fn read<T: AsRef<str>>(&self, row: &[Option<T>]) -> Option<Sex> {
        let text = crate::meaning::folded(row[self.at].as_ref()?.as_ref());
        let is = |values: &[String]| values.contains(&text);
        if is(&self.male) { Some(Sex::Male) } else { is(&self.female).then_some(Sex::Female) }
    }
}

/// The year of a day of birth, also where only the year is known and written as four digits.
fn year(kind: Kind, text: &str) -> Option<i16> {
    match Measure::read(kind, text) {
        Some(Measure::Time(at, _)) => Some(at.year()),
        _ => text.trim().parse().ok().filter(|year| (1800..=2399).contains(year)),
    }
}

/// A regular expression for whole values.
///
/// # Errors
/// What is wrong with it, or that it is too large.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    let whole = format!(r"\A(?:{text})\z");
    RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build().map_err(|error| {
        let what = error.to_string();
        what.lines().last().unwrap_or(&what).trim().to_owned()
    })
}

/// See [`Check::Clean`].
fn is_clean(text: &str) -> bool {
    let unwanted = |c: char| {
        c.is_control()
            || matches!(c, '\u{fffd}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
    };
    let mut blanks_before = true;
    for c in text.chars() {
        if unwanted(c) || (c.is_whitespace() && (blanks_before || c != ' ')) {
            return false;
        }
        blanks_before = c.is_whitespace();
    }
    !blanks_before && is_nfc(text)
}

/// A value that can be compared with others of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A number, exactly: whether negative, whole digits, digits of the fraction.
    Number(bool, String, String),
    /// A time by the clock in Vietnam, and whether only its day is known.
    Time(DateTime, bool),
}

impl Measure {
    /// A value of a field; nothing when it is not of that kind, or the kind has no order.
    pub fn read(kind: Kind, text: &str) -> Option<Self> {
        let text = text.trim();
        match kind {
            Kind::Integer | Kind::Decimal => kind.fits(text).then(|| number(text)),
            Kind::Date => value::date(text).map(|day| Self::Time(day.at(0, 0, 0, 0), true)),
            Kind::LocalMoment => value::local(text).map(|at| Self::Time(at, false)),
            Kind::Moment => {
                let vietnam = value::moment(text)?.to_zoned(TimeZone::fixed(VIETNAM));
                Some(Self::Time(vietnam.datetime(), false))
            }
            _ => None,
        }
    }

    /// A bound as people write it: for times also a day alone, or `today`.
    pub fn bound(kind: Kind, text: &str) -> Option<Edge> {
        if Self::is_time(kind) {
            if text == "today" {
                return Some(Edge::Today);
            }
            if let Some(day) = Self::read(Kind::Date, text) {
                return Some(Edge::At(day));
            }
        }
        Self::read(kind, text).map(Edge::At)
    }

    fn today(now: Timestamp) -> Self {
        Self::Time(now.to_zoned(TimeZone::fixed(VIETNAM)).datetime(), true)
    }

    /// Whether values of a kind are times.
    pub const fn is_time(kind: Kind) -> bool {
        matches!(kind, Kind::Date | Kind::Moment | Kind::LocalMoment)
    }

    /// Whether values of two kinds can be compared with each other.
    pub const fn same(one: Kind, other: Kind) -> bool {
        let numbers =
            matches!(one, Kind::Integer | Kind::Decimal) && matches!(other, Kind::Integer | Kind::Decimal);
        numbers || (Self::is_time(one) && Self::is_time(other))
    }

    /// The order of two values. Where one of two times is only a day, days are compared.
    pub fn compared(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Time(a, a_day), Self::Time(b, b_day)) if *a_day || *b_day => Some(a.date().cmp(&b.date())),
            (Self::Time(a, _), Self::Time(b, _)) => Some(a.cmp(b)),
            (Self::Number(a_less, a, a_rest), Self::Number(b_less, b, b_rest)) => {
                let size = a.len().cmp(&b.len()).then_with(|| a.cmp(b)).then_with(|| a_rest.cmp(b_rest));
                Some(match (a_less, b_less) {
                    (false, false) => size,
                    (true, true) => size.reverse(),
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                })
            }
            _ => None,
        }
    }
}

/// A number without the zeros that mean nothing, so that texts compare as numbers do.
fn number(text: &str) -> Measure {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) =
        digits.trim_start_matches('+').split_once('.').unwrap_or((digits.trim_start_matches('+'), ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_zero = whole.is_empty() && fraction.is_empty();
    Measure::Number(is_negative && !is_zero, whole.to_owned(), fraction.to_owned())
}

#[cfg(test)]
mod tests;
