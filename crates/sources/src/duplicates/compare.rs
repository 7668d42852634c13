//! Comparing two persons: one level for each thing that both tell.

use serde::Serialize;

use super::person::{Person, Register};

/// From this similarity on names count as very similar, and as similar: the defaults of fastLink (Enamorado, Fifield and Imai,
/// "Using a Probabilistic Model to Assist Merging of Large-Scale Administrative Records", APSR 113, 2019).
const VERY_SIMILAR: f64 = 0.94;
const SIMILAR: f64 = 0.88;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Name.
    Name,
    /// Day of birth.
    Birth,
    /// Sex.
    Sex,
    /// Personal number.
    Number,
    /// Number of the old identity card.
    Card,
    /// Commune.
    Commune,
    /// Phone number.
    Phone,
    /// Name of the father.
    Father,
    /// Name of the mother.
    Mother,
}

/// How far two values agree. 0: one of them is not known, which speaks neither for nor against.
pub(super) type Level = u8;

/// Levels that a comparison has at most, 0 among them.
pub(super) const LEVELS_MAX: usize = 6;

/// What is weighed. Commune, phone and parents are one thing: brothers and sisters share all of them, and counted as four they
/// would make one person of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Name.
    Name,
    /// Day of birth.
    Birth,
    /// Sex.
    Sex,
    /// Personal number.
    Number,
    /// Number of the old identity card.
    Card,
    /// Commune, phone, father and mother together. Levels from 1 on: nothing agrees, the commune alone, one of phone and
    /// parents, more of these.
    Household,
}

impl Evidence {
    /// All, in their order.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Birth, Self::Sex, Self::Number, Self::Card, Self::Household];

    /// How many levels it has, "not known" not counted.
    pub const fn levels(self) -> usize {
        match self {
            Self::Name => Comparison::Name.levels().len(),
            Self::Birth => Comparison::Birth.levels().len(),
            Self::Sex => Comparison::Sex.levels().len(),
            Self::Number | Self::Card => Comparison::Number.levels().len(),
            Self::Household => 4,
        }
    }
}

/// The levels of all comparisons of a pair, three bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern(u32);

impl Comparison {
    /// All, in their order.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Birth,
        Self::Sex,
        Self::Number,
        Self::Card,
        Self::Commune,
        Self::Phone,
        Self::Father,
        Self::Mother,
    ];

    /// What the levels from 1 on mean, from "differs" to "same".
    pub const fn levels(self) -> &'static [(&'static str, &'static str)] {
        const DIFFERS: (&str, &str) = ("khác", "differs");
        const SAME: (&str, &str) = ("giống", "same");
        const SLIP: (&str, &str) = ("lệch một chữ số hoặc đảo", "one digit off or two swapped");
        match self {
            Self::Name => &[
                DIFFERS,
                ("hơi giống", "similar"),
                ("rất giống", "very similar"),
                ("giống khi bỏ dấu", "same without tone marks"),
                SAME,
            ],
            Self::Birth => &[
                DIFFERS,
                ("cùng năm", "same year"),
                ("lệch một phần hoặc đảo ngày tháng", "one part off, or day and month swapped"),
                SAME,
            ],
            Self::Number | Self::Card => &[DIFFERS, SLIP, SAME],
            Self::Father | Self::Mother => &[DIFFERS, ("hơi giống", "similar"), SAME],
            Self::Sex | Self::Commune | Self::Phone => &[DIFFERS, SAME],
        }
    }

    /// In words.
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("họ tên", "name"),
            Self::Birth => ("ngày sinh", "birth"),
            Self::Sex => ("giới tính", "sex"),
            Self::Number => ("số định danh", "personal number"),
            Self::Card => ("CMND", "old card"),
            Self::Commune => ("xã", "commune"),
            Self::Phone => ("điện thoại", "phone"),
            Self::Father => ("cha", "father"),
            Self::Mother => ("mẹ", "mother"),
        }
    }

    /// Its place in [`ALL`](Self::ALL).
    pub(super) const fn at(self) -> usize {
        self as usize
    }
}

impl Pattern {
    pub(super) fn level(self, comparison: Comparison) -> Level {
        (self.0 >> (3 * comparison.at()) & 7) as Level
    }

    /// The level of what is weighed.
    pub(super) fn evidence(self, of: Evidence) -> usize {
        let comparison = match of {
            Evidence::Name => Comparison::Name,
            Evidence::Birth => Comparison::Birth,
            Evidence::Sex => Comparison::Sex,
            Evidence::Number => Comparison::Number,
            Evidence::Card => Comparison::Card,
            Evidence::Household => return self.household(),
        };
        self.level(comparison).into()
    }

    fn household(self) -> usize {
        let strong = [Comparison::Phone, Comparison::Father, Comparison::Mother];
        let agree = |c: &Comparison| usize::from(self.level(*c)) == c.levels().len();
        let is_known = |c: &Comparison| self.level(*c) > 0;
        match strong.iter().filter(|c| agree(c)).count() {
            0 if agree(&Comparison::Commune) => 2,
            0 => usize::from(strong.iter().chain([&Comparison::Commune]).any(is_known)),
            agreeing => 2 + agreeing.min(2),
        }
    }
}

impl Register {
    /// The levels of a pair.
    pub(super) fn compare(&self, a: &Person, b: &Person) -> Pattern {
        let same = |a: u64, b: u64| if a == 0 || b == 0 { 0 } else { 1 + Level::from(a == b) };
        let levels: [Level; 9] = [
            self.names_agree(a.name, b.name),
            births_agree(a, b),
            same(a.sex.into(), b.sex.into()),
            numbers_agree(a.number, b.number),
            numbers_agree(a.card, b.card),
            same(a.commune.into(), b.commune.into()),
            same(a.phone, b.phone),
            parents_agree(self.names_agree(a.father, b.father)),
            parents_agree(self.names_agree(a.mother, b.mother)),
        ];
        let mut pattern = 0;
        for (at, level) in levels.into_iter().enumerate() {
            pattern |= u32::from(level) << (3 * at);
        }
        Pattern(pattern)
    }

    fn names_agree(&self, a: u32, b: u32) -> Level {
        if a == 0 || b == 0 {
            return 0;
        }
        if a == b {
            return 5;
        }
        let (a, b) = (self.names.plain(a), self.names.plain(b));
        if a == b {
            return 4;
        }
        let similarity = strsim::jaro_winkler(self.names.text(a), self.names.text(b));
        match similarity {
            _ if similarity >= VERY_SIMILAR => 3,
            _ if similarity >= SIMILAR => 2,
            _ => 1,
        }
    }
}

/// Of parents less is told apart: there are fewer pairs to learn from.
fn parents_agree(level: Level) -> Level {
    match level {
        0 => 0,
        4 | 5 => 3,
        2 | 3 => 2,
        _ => 1,
    }
}

fn births_agree(a: &Person, b: &Person) -> Level {
    if a.birth == 0 || b.birth == 0 {
        return 0;
    }
    let same_year = a.year() == b.year();
    if !a.has_day() || !b.has_day() {
        return 1 + Level::from(same_year);
    }
    if a.birth == b.birth {
        return 4;
    }
    let parts = |person: &Person| [person.year(), person.birth >> 5 & 15, person.birth & 31];
    let (a, b) = (parts(a), parts(b));
    let swapped = a[0] == b[0] && a[1] == b[2] && a[2] == b[1];
    let number = |parts: [u32; 3]| u64::from(parts[0] * 10_000 + parts[1] * 100 + parts[2]);
    if swapped || slipped(number(a), number(b)) { 3 } else { 1 + Level::from(same_year) }
}

fn numbers_agree(a: u64, b: u64) -> Level {
    match (a, b) {
        (0, _) | (_, 0) => 0,
        _ if a == b => 3,
        _ => 1 + Level::from(slipped(a, b)),
    }
}

/// Whether two different numbers differ in one digit, or in two neighbours that changed places.
fn slipped(mut a: u64, mut b: u64) -> bool {
    // The lowest digit that differs, and what is above it.
    while a % 10 == b % 10 {
        (a, b) = (a / 10, b / 10);
    }
    a / 10 == b / 10 || (a / 100 == b / 100 && a % 10 == b / 10 % 10 && a / 10 % 10 == b % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_of_the_hand_is_told_from_another_number() {
        for (a, b, then) in [
            (49_062_980_012, 49_062_980_013, true),
            (49_062_980_012, 59_062_980_012, true),
            (49_062_980_012, 49_062_980_021, true),
            (49_062_980_012, 49_062_890_012, true),
            (49_062_980_012, 49_062_980_123, false),
            (49_062_980_012, 49_062_981_013, false),
        ] {
            assert_eq!(slipped(a, b), then, "{a} {b}");
        }
    }

    #[test]
    fn days_of_birth_have_levels() {
        let person = |year: u32, month: u32, day: u32| Person {
            birth: year << 9 | month << 5 | day,
            ..Person::default()
        };
        for (a, b, level) in [
            (person(1990, 2, 8), person(1990, 2, 8), 4),
            (person(1990, 2, 8), person(1990, 8, 2), 3),
            (person(1990, 2, 8), person(1991, 2, 8), 3),
            (person(1990, 2, 8), person(1990, 5, 21), 2),
            (person(1990, 0, 0), person(1990, 5, 21), 2),
            (person(1990, 2, 8), person(1981, 5, 21), 1),
            (person(1990, 2, 8), Person::default(), 0),
        ] {
            assert_eq!(births_agree(&a, &b), level, "{a:?} {b:?}");
        }
    }
}
