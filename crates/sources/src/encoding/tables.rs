//! The tables, which are facts of the encodings.
//!
//! TCVN3: TCVN 5712:1993, the letters of VN3. VNI-Windows: as input methods and converters document it. In both, Windows
//! text has its own punctuation between 0x80 and 0x9F, where the fonts keep it.

use unicode_normalization::UnicodeNormalization as _;

/// 0xA0 to 0xFF of TCVN3; a blank where VN3 has no letter.
const TCVN3: &str = concat!(
    "\u{a0}ĂÂÊÔƠƯĐăâêôơưđ ",
    "     àảãáạ ằẳẵắ ",
    "      ặầẩẫấậè ẻẽ",
    "éẹềểễếệìỉ   ĩíịò",
    " ỏõóọồổỗốộờởỡớợù",
    " ủũúụừửữứựỳỷỹýỵ ",
);

/// 0x80 to 0x9F of windows-1252, as the Encoding Standard has it.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Letters of VNI that are one character, small ones; their capitals are 0x20 below.
const VNI_ALONE: [(u8, char); 9] = [
    (0xE6, 'ỉ'),
    (0xEC, 'ì'),
    (0xED, 'í'),
    (0xEE, 'ỵ'),
    (0xF1, 'đ'),
    (0xF2, 'ị'),
    (0xF3, 'ĩ'),
    (0xF4, 'ơ'),
    (0xF6, 'ư'),
];

/// Marks of VNI behind a small letter: shape, then tone, as combining characters. Behind a capital they are 0x20 below.
const VNI_MARKS: [(u8, &str); 17] = [
    (0xF9, "\u{301}"),
    (0xF8, "\u{300}"),
    (0xFB, "\u{309}"),
    (0xF5, "\u{303}"),
    (0xEF, "\u{323}"),
    (0xE2, "\u{302}"),
    (0xE1, "\u{302}\u{301}"),
    (0xE0, "\u{302}\u{300}"),
    (0xE5, "\u{302}\u{309}"),
    (0xE3, "\u{302}\u{303}"),
    (0xE4, "\u{302}\u{323}"),
    (0xEA, "\u{306}"),
    (0xE9, "\u{306}\u{301}"),
    (0xE8, "\u{306}\u{300}"),
    (0xFA, "\u{306}\u{309}"),
    (0xFC, "\u{306}\u{303}"),
    (0xEB, "\u{306}\u{323}"),
];

/// The byte of a character of windows-1252. The 32 controls above ASCII stand for their own bytes, too: ISO 8859-1 was
/// read where they are.
pub(super) fn byte_of(c: char) -> Option<u8> {
    u8::try_from(u32::from(c))
        .ok()
        .or_else(|| (0x80..=0x9F).zip(WINDOWS_1252.chars()).find(|(_, of)| *of == c).map(|(byte, _)| byte))
}

/// The character that windows-1252 has for a byte.
fn latin(byte: u8) -> char {
    match byte {
        0x80..=0x9F => WINDOWS_1252.chars().nth(usize::from(byte) - 0x80).unwrap_or_default(),
        _ => char::from(byte),
    }
}

/// Quotation marks, dashes and the like, which the fonts of TCVN3 and VNI have where windows-1252 has them.
pub(super) fn punctuation(byte: u8) -> Option<char> {
    let c = latin(byte);
    ("€‚„…†‡‰‹‘’“”•–—™›".contains(c) || byte == 0xA0).then_some(c)
}

/// A byte of TCVN3.
pub(super) fn tcvn3(byte: u8) -> Option<char> {
    match byte {
        0..=0x7F => Some(char::from(byte)),
        0x80..=0x9F => punctuation(byte),
        _ => TCVN3.chars().nth(usize::from(byte) - 0xA0).filter(|letter| *letter != ' '),
    }
}

/// A letter as the character that stands for its byte in TCVN3.
pub(super) fn in_tcvn3(letter: char) -> Option<char> {
    if letter.is_ascii() {
        return Some(letter);
    }
    let place = |letter: char| {
        (0xA0_u8..=0xFF).zip(TCVN3.chars()).find(|(_, of)| *of == letter).map(|(byte, _)| char::from(byte))
    };
    let small = letter.to_lowercase().next().filter(|small| *small != letter);
    place(letter)
        .or_else(|| place(small?))
        .or_else(|| byte_of(letter).filter(|byte| punctuation(*byte).is_some()).map(|_| letter))
}

/// Bytes of VNI.
pub(super) fn vni(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let letter = vni_letter(byte)?;
        text.push(letter);
        if let Some(marks) = bytes.peek().and_then(|mark| vni_marks(letter, *mark)) {
            text.push_str(marks);
            bytes.next();
        }
    }
    Some(text.nfc().collect())
}

/// A character of VNI that is no mark.
fn vni_letter(byte: u8) -> Option<char> {
    let alone = |byte: u8| VNI_ALONE.iter().find(|(of, _)| *of == byte).map(|(_, letter)| *letter);
    match byte {
        0..=0x7F | 0xA0..=0xBF | 0xD7 | 0xF7 => Some(char::from(byte)),
        0x80..=0x9F => punctuation(byte),
        0xC0..=0xDF => alone(byte + 0x20)?.to_uppercase().next(),
        _ => alone(byte),
    }
}

/// The marks that a byte puts on a letter; nothing when it cannot stand behind that letter.
fn vni_marks(letter: char, mark: u8) -> Option<&'static str> {
    let small = if (0xC0..=0xDF).contains(&mark) { mark + 0x20 } else { mark };
    let marks = VNI_MARKS.iter().find(|(of, _)| *of == small)?.1;
    let letters = match marks.chars().next() {
        Some('\u{302}') => "aeo",
        Some('\u{306}') => "a",
        _ => "aeouyơư",
    };
    let base = letter.to_lowercase().next()?;
    (letters.contains(base) && !(base == 'y' && small == 0xEF)).then_some(marks)
}

/// Puts a letter in VNI behind others, as the characters that stand for its bytes.
pub(super) fn in_vni(letter: char, coded: &mut String) -> Option<()> {
    let capital = letter.is_uppercase();
    let small = letter.to_lowercase().next()?;
    let put = |byte: u8| char::from(if capital { byte - 0x20 } else { byte });
    let alone = |wanted: char| VNI_ALONE.iter().find(|(_, of)| *of == wanted).map(|(byte, _)| put(*byte));
    if letter.is_ascii() {
        coded.push(letter);
    } else if let Some(one) = alone(small) {
        coded.push(one);
    } else if byte_of(letter).is_some_and(|byte| vni_letter(byte) == Some(letter)) {
        coded.push(letter);
    } else {
        let parts = parts(small)?;
        let (base, shape) = match parts.letter {
            'ă' => ('a', "\u{306}"),
            'â' => ('a', "\u{302}"),
            'ê' => ('e', "\u{302}"),
            'ô' => ('o', "\u{302}"),
            other => (other, ""),
        };
        let base = alone(base).unwrap_or(if capital { base.to_ascii_uppercase() } else { base });
        let wanted = format!("{shape}{}", parts.tone.map(String::from).unwrap_or_default());
        let mark = VNI_MARKS.iter().find(|(_, marks)| *marks == wanted)?.0;
        coded.extend([base, put(mark)]);
    }
    Some(())
}

/// A small letter of Vietnamese in its parts.
pub(super) struct Parts {
    /// With its shape (`ê`, `ơ`), without its tone.
    pub letter: char,
    /// The tone as a combining character.
    pub tone: Option<char>,
}

/// Takes the tone from a small letter; nothing when it is none of Vietnamese.
pub(super) fn parts(small: char) -> Option<Parts> {
    const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
    let decomposed: Vec<char> = small.nfd().collect();
    let tones: Vec<char> = decomposed.iter().copied().filter(|c| TONES.contains(c)).collect();
    let rest: String = decomposed.iter().copied().filter(|c| !TONES.contains(c)).nfc().collect();
    let mut letters = rest.chars();
    let (letter, more) = (letters.next()?, letters.next());
    let known = letter.is_ascii_lowercase() || "ăâđêôơư".contains(letter);
    (known && more.is_none() && tones.len() < 2).then(|| Parts { letter, tone: tones.first().copied() })
}
