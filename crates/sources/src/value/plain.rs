//! Values that a database has written as we would: they are checked and handed on, where others are read and written anew.
//!
//! An answer of a hundred rows has a thousand values. What is not plain is not wrong; it takes the longer way.

/// A text in normal form C that JSON has nothing to escape in: ASCII, Latin letters with marks and Vietnamese ones, in one
/// piece each. Below U+0300 and from U+1E00 to U+1EFF nothing composes with what stands before it.
pub(super) fn is_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'"' | b'\\' | 0..0x20 => false,
        // ASCII, inner bytes of a letter, and the first ones of those up to U+02FF.
        0x20..=0xCB => true,
        0xE1 => (0xB8..=0xBB).contains(&bytes[at + 1]),
        _ => false,
    })
}

/// A whole number of up to 18 digits, which 64 bits hold, without zeros in front.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    all && (!digits.starts_with('0') || text == "0")
}

/// A day of the years 1 to 9999, written `2026-11-22`.
pub(super) fn is_day(text: &str) -> bool {
    let text = text.as_bytes();
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return false;
    }
    let parts = (two(text, 0), two(text, 2), two(text, 5), two(text, 8));
    let (Some(century), Some(year), Some(month), Some(day)) = parts else { return false };
    let leap = if year == 0 { century % 4 == 0 } else { year % 4 == 0 };
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day) && (century, year) != (0, 0)
}

/// A time of day, written `07:00:00` or with a fraction of a second that has no zero at its end.
pub(super) fn is_time(text: &str) -> bool {
    let text = text.as_bytes();
    if text.len() < 8 || text[2] != b':' || text[5] != b':' {
        return false;
    }
    let below = |at, limit| two(text, at).is_some_and(|number| number < limit);
    let fraction = match &text[8..] {
        [] => true,
        [b'.', digits @ .., last] => {
            digits.len() < 9 && digits.iter().all(u8::is_ascii_digit) && (b'1'..=b'9').contains(last)
        }
        _ => false,
    };
    below(0, 24) && below(3, 60) && below(6, 60) && fraction
}

/// The day and the time of `2026-11-22 07:00:00`.
pub(super) fn day_and_time(text: &str) -> Option<(&str, &str)> {
    let (day, time) = text.split_once(' ')?;
    (is_day(day) && is_time(time)).then_some((day, time))
}

/// The number of two digits that stand there.
fn two(text: &[u8], at: usize) -> Option<u8> {
    let (tens, ones) = (text[at], text[at + 1]);
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, Time};

    use super::*;

    #[test]
    fn every_plain_letter_is_in_normal_form_c_and_needs_no_escape() {
        use unicode_normalization::is_nfc;
        let mut plain = 0;
        for letter in (0..=0x0010_FFFF).filter_map(char::from_u32) {
            for text in [letter.to_string(), format!("e{letter}"), format!("{letter}e")] {
                if is_text(&text) {
                    plain += 1;
                    assert!(is_nfc(&text), "{letter:?}");
                    assert_eq!(serde_json::to_string(&text).unwrap(), format!("\"{text}\""));
                }
            }
        }
        assert!(plain > 1_000 && is_text("Nguyễn Thị Mẫu, phường Ứng Hòa ở Đà Nẵng"));
        assert!(!is_text("Nguye\u{302}\u{303}n") && !is_text("a\"") && !is_text("\\") && !is_text("\n"));
    }

    #[test]
    fn what_is_plain_is_what_would_be_written_anew() {
        for year in [0, 1, 4, 100, 400, 1900, 2000, 2023, 2024, 9999] {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let text = format!("{year:04}-{month:02}-{day:02}");
                let wanted = year > 0 && text.parse::<Date>().is_ok_and(|date| date.to_string() == text);
                assert_eq!(is_day(&text), wanted, "{text}");
            }
        }
        for time in [
            "00:00:00",
            "23:59:59",
            "24:00:00",
            "07:60:00",
            "07:00:60",
            "7:00:00",
            "07:00:00.5",
            "07:00:00.50",
            "07:00:00.",
            "07:00:00.123456789",
            "07:00:00.1234567891",
            "07:00",
            "07:00:00+07",
            "",
        ] {
            let wanted = time.parse::<Time>().is_ok_and(|read| read.to_string() == time);
            assert!(!is_time(time) || wanted, "{time}");
        }
        assert!(is_time("07:00:00.5") && is_time("23:59:59") && !is_time("24:00:00"));
        for number in [
            "0",
            "-0",
            "007",
            "1",
            "-1",
            "-",
            "",
            "+1",
            "999999999999999999",
            "9223372036854775807",
            "1.0",
            "١",
        ] {
            let wanted = number.parse::<i64>().is_ok_and(|read| read.to_string() == number);
            assert!(!is_number(number) || wanted, "{number}");
        }
        assert!(is_number("0") && is_number("-999999999999999999") && !is_number("-0") && !is_number("00"));
    }
}
