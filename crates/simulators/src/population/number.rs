//! The two numbers of the base: the 12-digit personal number and the 9-digit household number.

use std::fmt;
use std::str::FromStr;

/// Why a text is not one of the numbers. It does not repeat the text: personal numbers stay out of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not 12 digits that begin with 0.
    #[error(
        "số định danh phải gồm 12 chữ số, bắt đầu bằng 0 / a personal number is 12 digits and begins with 0"
    )]
    Person,
    /// Not nine digits that begin with 49.
    #[error("số hộ phải gồm 9 chữ số, bắt đầu bằng 49 / a household number is 9 digits and begins with 49")]
    Household,
}

/// A personal identification number (số định danh cá nhân): `PPPGYYNNNNNN`.
///
/// `PPP` province of birth registration, `G` century and sex, `YY` birth year, `NNNNNN` sequence;
/// no check digit. Source: Nghị định 137/2015/NĐ-CP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonNumber(pub(super) i64);

/// A household number (số hộ) of the invented base: `49` and a seven-digit sequence, nine digits in all.
///
/// The form is this simulator's own; 49 is the legacy statistical code of Quảng Nam.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HouseholdNumber(pub(super) i64);

/// The number before the first household's.
pub(super) const HOUSEHOLD_BASE: i64 = 490_000_000;

/// Sex as the personal number tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sex {
    Male,
    Female,
}

impl PersonNumber {
    /// Reads the century-and-sex digit: even is male, odd is female.
    pub(super) const fn sex(self) -> Sex {
        if self.0 / 100_000_000 % 2 == 0 { Sex::Male } else { Sex::Female }
    }
}

fn digits(text: &str, count: usize, prefix: &str) -> Option<i64> {
    let fits =
        text.len() == count && text.starts_with(prefix) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

impl FromStr for PersonNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        digits(text, 12, "0").map(Self).ok_or(NumberError::Person)
    }
}

impl FromStr for HouseholdNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        digits(text, 9, "49").map(Self).ok_or(NumberError::Household)
    }
}

impl fmt::Display for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Display for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNumber(..)")
    }
}

impl fmt::Debug for HouseholdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdNumber(..)")
    }
}
