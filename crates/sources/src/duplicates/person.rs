//! Persons as they are held while they are compared: about 100 bytes each, names kept once.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use crate::definition::{Definition, Field};
use crate::meaning::{Meaning, folded};
use crate::quality::judge::Measure;
use crate::value::Kind;

/// Most persons that are compared at once, of all sources together: 190 MB were measured.
pub const PERSONS_MAX: usize = 2_000_000;

/// Which field of a definition tells what of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    name: Option<usize>,
    birth: Option<(usize, Kind)>,
    sex: Option<usize>,
    number: Option<usize>,
    card: Option<usize>,
    commune: Option<usize>,
    phone: Option<usize>,
    father: Option<usize>,
    mother: Option<usize>,
}

/// A person; 0 stands for what is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Person {
    pub(super) source: u16,
    pub(super) sex: u8,
    /// Year, month and day, each with its own bits; month and day are 0 where only the year is known.
    pub(super) birth: u32,
    /// Twelve digits.
    pub(super) number: u64,
    /// Nine digits, and one in front of them so that zeros count.
    pub(super) card: u64,
    pub(super) phone: u64,
    pub(super) commune: u32,
    pub(super) name: u32,
    pub(super) father: u32,
    pub(super) mother: u32,
}

impl Person {
    pub(super) fn year(&self) -> u32 {
        self.birth >> 9
    }

    /// Whether day and month are known, too.
    pub(super) fn has_day(&self) -> bool {
        self.birth & 0x1ff != 0
    }
}

/// Names, each once. Number 0 is no name.
pub(super) struct Names {
    by_hash: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
    /// For each name that of its plain form.
    plain_of: Vec<u32>,
    plain_by_hash: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
    /// Plain forms, one behind the other, and where each ends.
    text: String,
    ends: Vec<usize>,
    /// How many persons have each plain form as their own name.
    pub(super) counts: Vec<u32>,
}

impl Names {
    fn new() -> Self {
        Self {
            by_hash: HashMap::default(),
            plain_of: vec![0],
            plain_by_hash: HashMap::default(),
            text: String::new(),
            ends: vec![0],
            counts: vec![0],
        }
    }

    fn number(&mut self, name: &str) -> u32 {
        let exact = crate::meaning::name_folded(name);
        if exact.is_empty() {
            return 0;
        }
        let next = u32::try_from(self.plain_of.len()).unwrap_or(u32::MAX);
        let number = *self.by_hash.entry(hash(&exact)).or_insert(next);
        if number == next {
            let plain = self.plain_number(&exact);
            self.plain_of.push(plain);
        }
        number
    }

    fn plain_number(&mut self, exact: &str) -> u32 {
        // The given name comes last and tells the most, the family name comes first and is one of few. A comparison that
        // looks at beginnings, as Jaro-Winkler does, must begin with the given name.
        let words: Vec<String> = exact.split(' ').rev().map(folded).filter(|word| !word.is_empty()).collect();
        let plain = words.join(" ");
        let next = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        let number = *self.plain_by_hash.entry(hash(&plain)).or_insert(next);
        if number == next {
            self.text.push_str(&plain);
            self.ends.push(self.text.len());
            self.counts.push(0);
        }
        number
    }

    /// The number of the form without tone marks.
    pub(super) fn plain(&self, name: u32) -> u32 {
        self.plain_of[name as usize]
    }

    /// The form without tone marks, given name first.
    pub(super) fn text(&self, plain: u32) -> &str {
        let at = plain as usize;
        if at == 0 { "" } else { &self.text[self.ends[at - 1]..self.ends[at]] }
    }
}

/// The same in every run.
pub(super) fn hash(text: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
}

/// The persons of one source or of several.
pub struct Register {
    pub(super) people: Vec<Person>,
    pub(super) names: Names,
    keys: String,
    key_ends: Vec<usize>,
    sources: Vec<String>,
}

impl Default for Register {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            names: Names::new(),
            keys: String::new(),
            key_ends: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl Columns {
    /// By what the fields mean. Nothing where they tell too little of persons: a name with a day of birth, or a number.
    pub fn of(definition: &Definition) -> Option<Self> {
        let fields = || definition.fields.iter().enumerate();
        let means = |meaning| fields().find(|(_, field)| field.meaning == Some(meaning)).map(|(at, _)| at);
        let name_of = |words: &[&str]| {
            let mut names = fields().filter(|(_, field)| field.meaning == Some(Meaning::PersonName));
            names.find(|(_, field)| is_of(field, words)).map(|(at, _)| at)
        };
        let of_others = [FATHER, MOTHER, OTHERS].concat();
        let own = fields().find(|(_, f)| f.meaning == Some(Meaning::PersonName) && !is_of(f, &of_others));
        let columns = Self {
            name: own.map(|(at, _)| at),
            birth: means(Meaning::BirthDate).map(|at| (at, definition.fields[at].kind)),
            sex: means(Meaning::Sex),
            number: means(Meaning::PersonalNumber),
            card: means(Meaning::OldIdentityCard),
            commune: means(Meaning::CommuneCode),
            phone: means(Meaning::Phone),
            father: name_of(FATHER),
            mother: name_of(MOTHER),
        };
        let enough = columns.number.is_some() || (columns.name.is_some() && columns.birth.is_some());
        enough.then_some(columns)
    }
}

/// Words of column names that say whose name it is.
const FATHER: &[&str] = &["cha", "bo", "father"];
const MOTHER: &[&str] = &["me", "mother"];
const OTHERS: &[&str] = &["vo", "chong", "con", "wife", "husband", "child", "chu", "giam", "nguoi"];

/// Whether one of the words stands in the name of the column or of the field.
fn is_of(field: &Field, words: &[&str]) -> bool {
    let mut found = String::new();
    let mut small_before = false;
    for c in field.column.chars().chain([' ']).chain(field.name.chars()) {
        if !c.is_alphanumeric() || (c.is_uppercase() && small_before) {
            found.push(' ');
        }
        small_before = c.is_lowercase();
        found.push(c);
    }
    found.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&&*folded(word)))
}

impl Register {
    /// A new source; what is added from now on is from there.
    pub fn begin(&mut self, source: impl Into<String>) {
        self.sources.push(source.into());
    }

    /// Adds a row. False: there are as many as can be compared, and it was not added.
    pub fn add(&mut self, columns: &Columns, row: &[Option<String>], key: &str) -> bool {
        if self.people.len() >= PERSONS_MAX {
            return false;
        }
        let text = |at: Option<usize>| at.and_then(|at| row[at].as_deref()).map_or("", str::trim);
        let (number, mut card) = number(text(columns.number));
        if card == 0 {
            card = self::number(text(columns.card)).1;
        }
        let commune = text(columns.commune);
        let name = self.names.number(text(columns.name));
        let person = Person {
            source: u16::try_from(self.sources.len().saturating_sub(1)).unwrap_or(u16::MAX),
            sex: sex(text(columns.sex)),
            birth: columns.birth.map_or(0, |(at, kind)| birth(kind, text(Some(at)))),
            number,
            card,
            phone: phone(text(columns.phone)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "half of a hash is enough for some thousands of codes"
            )]
            commune: if commune.is_empty() { 0 } else { hash(commune) as u32 | 1 },
            name,
            father: self.names.number(text(columns.father)),
            mother: self.names.number(text(columns.mother)),
        };
        let plain = self.names.plain(name) as usize;
        self.names.counts[plain] = self.names.counts[plain].saturating_add(1);
        self.people.push(person);
        self.keys.push_str(key);
        self.key_ends.push(self.keys.len());
        true
    }

    /// How many persons there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Source and key of a person.
    pub fn place(&self, person: u32) -> (&str, &str) {
        let at = person as usize;
        let from = if at == 0 { 0 } else { self.key_ends[at - 1] };
        (&self.sources[usize::from(self.people[at].source)], &self.keys[from..self.key_ends[at]])
    }
}

/// A personal number, or an old identity card in its place. A number that lost its zeros in front, as spreadsheets make it,
/// gets them back.
fn number(text: &str) -> (u64, u64) {
    let digits: String = text.chars().filter(|c| !" .-".contains(*c)).collect();
    match digits.parse::<u64>() {
        Ok(value) if digits.len() == 9 => (0, value + 1_000_000_000),
        Ok(value) if (10..=12).contains(&digits.len()) => (value, 0),
        _ => (0, 0),
    }
}

fn sex(text: &str) -> u8 {
    match folded(text).as_str() {
        "" => 0,
        "1" | "nam" | "m" | "male" => 1,
        "2" | "nu" | "f" | "female" => 2,
        other => other.as_bytes()[0] | 0x80,
    }
}

fn phone(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = if text.starts_with('+') { digits.strip_prefix("84").unwrap_or(&digits) } else { &digits };
    let national = national.trim_start_matches('0');
    if (8..=10).contains(&national.len()) { national.parse().unwrap_or(0) } else { 0 }
}

/// A day of birth, also as forms write it: `28/02/1990`, `1990`.
fn birth(kind: Kind, text: &str) -> u32 {
    if let Some(Measure::Time(at, _)) = Measure::read(kind, text) {
        let part = |part: i8| u32::from(part.unsigned_abs());
        return packed(u32::from(at.year().unsigned_abs()), part(at.month()), part(at.day()));
    }
    let parts: Option<Vec<u32>> = text.split(['/', '-', '.']).map(|part| part.trim().parse().ok()).collect();
    match parts.as_deref() {
        Some([year] | [_, year]) => packed(*year, 0, 0),
        Some([year, month, day]) if *year > 31 => packed(*year, *month, *day),
        Some([day, month, year]) => packed(*year, *month, *day),
        _ => 0,
    }
}

fn packed(year: u32, month: u32, day: u32) -> u32 {
    if !(1800..=2399).contains(&year) || month > 12 || day > 31 {
        return 0;
    }
    // Half a day is none.
    let (month, day) = if month == 0 || day == 0 { (0, 0) } else { (month, day) };
    year << 9 | month << 5 | day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_birth_are_read_as_forms_write_them() {
        let full = packed(1990, 2, 28);
        for text in ["28/02/1990", "28-2-1990", "1990-02-28", "28.02.1990"] {
            assert_eq!(birth(Kind::Text, text), full, "{text}");
        }
        assert_eq!(birth(Kind::Date, "1990-02-28"), full);
        assert_eq!(birth(Kind::Text, "1990"), packed(1990, 0, 0));
        assert_eq!(birth(Kind::Text, "02/1990"), packed(1990, 0, 0));
        for text in ["", "x", "0001-01-01", "28/13/1990", "28/02/90"] {
            assert_eq!(birth(Kind::Text, text), 0, "{text}");
        }
    }

    #[test]
    fn numbers_and_phones_are_read_however_they_are_written() {
        assert_eq!(number("049062980012"), (49_062_980_012, 0));
        assert_eq!(number("49062980012"), (49_062_980_012, 0), "a spreadsheet took the zero");
        assert_eq!(number("012345678"), (0, 1_012_345_678));
        assert_eq!(number("không"), (0, 0));
        assert_eq!(phone("+84 905 123 456"), phone("0905.123.456"));
        assert_eq!(phone("113"), 0);
    }

    #[test]
    fn names_are_kept_once_without_tone_marks_and_given_name_first() {
        let mut names = Names::new();
        let (a, b, c) =
            (names.number("Nguyễn Thị  Đào"), names.number("nguyễn thị đào"), names.number("Nguyen Thi Dao"));
        assert_eq!(a, b);
        assert_ne!(a, c);
        assert_eq!(names.plain(a), names.plain(c));
        assert_eq!(names.text(names.plain(a)), "dao thi nguyen");
        assert_eq!(names.number(" "), 0);
    }
}
