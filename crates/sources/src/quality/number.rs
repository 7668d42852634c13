//! The personal number of 12 digits: `PPP G YY NNNNNN`.
//!
//! Its parts are those of Nghị định 137/2015/NĐ-CP, Điều 13: where the birth was registered, century and sex, year of birth,
//! six digits by chance. The codes are those of Thông tư 07/2016/TT-BCA, Điều 7 and Thông tư 59/2021/TT-BCA, Điều 4. There is no check digit, and Luật Căn cước
//! 26/2023/QH15, Điều 12 keeps the numbers as they are. Provinces that were merged in 2025 keep their old codes here.

/// Codes of the 63 provinces in which births were registered: `0` and the two digits of the statistical code.
const PROVINCES: [u8; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40,
    42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83,
    84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
];

/// Sex, as the personal number tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

/// What a personal number says of its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Year of birth.
    pub year: i16,
    /// Sex.
    pub sex: Sex,
}

impl Number {
    /// Reads a number of 12 digits whose place of registration is known. Codes that begin with another digit than 0 are
    /// countries, whose list we do not have: any is accepted.
    pub fn read(text: &str) -> Option<Self> {
        let digits: &[u8; 12] = text.as_bytes().try_into().ok()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let two = |at: usize| (digits[at] - b'0') * 10 + (digits[at + 1] - b'0');
        if digits[0] == b'0' && PROVINCES.binary_search(&two(1)).is_err() {
            return None;
        }
        let century = digits[3] - b'0';
        let sex = if century.is_multiple_of(2) { Sex::Male } else { Sex::Female };
        Some(Self { year: 1900 + i16::from(century / 2) * 100 + i16::from(two(4)), sex })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_sex_and_year() {
        let check = |text: &str, then: Option<(i16, Sex)>| {
            assert_eq!(Number::read(text), then.map(|(year, sex)| Number { year, sex }), "{text}");
        };
        check("046099000001", Some((1999, Sex::Male)));
        check("079304000001", Some((2004, Sex::Female)));
        check("001999000001", Some((2399, Sex::Female)));
        check("123185000001", Some((1985, Sex::Female)));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["097099000001", "04609900001", "0460990000011", "04609900000a", "", "０４６０９９"]
        {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }
}
