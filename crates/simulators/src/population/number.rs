//! The two numbers of the base, as texts: the 12-digit personal number and the 9-digit household number.

/// The number before the first household's.
const HOUSEHOLD_BASE: i64 = 490_000_000;

/// The province of birth registration of everybody: the first three digits of their numbers, and its name.
pub(super) const BIRTHS_REGISTERED_IN: [(&str, &str); 1] = [("049", "Tỉnh Quảng Nam")];

/// Sex as the personal number tells it: an even fourth digit is male, an odd one female.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sex {
    Male,
    Female,
}

/// A personal identification number (số định danh cá nhân): `PPPGYYNNNNNN`.
///
/// `PPP` province of birth registration, `G` century and sex, `YY` birth year, `NNNNNN` sequence;
/// no check digit. Source: Nghị định 137/2015/NĐ-CP.
pub(super) fn person_text(number: i64) -> String {
    format!("{number:012}")
}

/// The household number (số hộ) of a household by its place: `49` and a seven-digit sequence, nine digits in all.
///
/// The form is this simulator's own; 49 is the legacy statistical code of Quảng Nam.
pub(super) fn household_text(place: u32) -> String {
    format!("{:09}", HOUSEHOLD_BASE + 1 + i64::from(place))
}
