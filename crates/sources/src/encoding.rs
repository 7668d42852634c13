//! Vietnamese text from before Unicode: TCVN3 (ABC), VNI-Windows, windows-1258; and UTF-16.
//!
//! Such text comes in two ways: as the bytes of a file, and as characters of a database or a spreadsheet in which each
//! byte was taken for one of windows-1252, so that `Nguyễn` is kept as `NguyÔn` or `Nguyeãn`. Converted text is always
//! in normal form C. What an encoding has no letter for is not converted at all: better no text than a wrong one.
//!
//! TCVN3 has no capital letters with tone marks. They are the small letters in another font (`.VnTimeH`), which text
//! alone does not tell: `NGUYỄN` was kept as `NGUYÔN` and comes out as `NGUYễN`.

mod syllable;
mod tables;

use std::collections::BTreeSet;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1258};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Least share of a hundred marked words that must be Vietnamese in an encoding.
const SHARE_MIN: usize = 85;
/// By how much an encoding must be better than the text as it is and than the other encodings, of a hundred words.
const AHEAD_MIN: usize = 15;
/// Marked words that are looked at; more say nothing new.
const WORDS_MAX: usize = 2_000;
/// Bytes at the beginning that are looked at for UTF-16 without a mark.
const HEAD_BYTES: usize = 4_096;

/// How text is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Unicode in UTF-8.
    Utf8,
    /// TCVN 5712:1993 VN3, of the fonts called ABC or `.Vn…`.
    Tcvn3,
    /// VNI-Windows: a letter, then its marks as a second character.
    Vni,
    /// Code page 1258 of Windows: letters, then combining tone marks.
    Windows1258,
    /// Unicode in UTF-16, lower byte first.
    Utf16Le,
    /// Unicode in UTF-16, higher byte first.
    Utf16Be,
}

impl std::str::FromStr for Encoding {
    type Err = &'static str;

    /// As definitions write it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "utf8" => Self::Utf8,
            "tcvn3" => Self::Tcvn3,
            "vni" => Self::Vni,
            "windows1258" => Self::Windows1258,
            "utf16_le" => Self::Utf16Le,
            "utf16_be" => Self::Utf16Be,
            _ => return Err("utf8 | tcvn3 | vni | windows1258 | utf16_le | utf16_be"),
        })
    }
}

/// What text is probably written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Detected {
    /// The encoding.
    pub encoding: Encoding,
    /// How sure, from 1 to 100: the share of Vietnamese words, less where there are few.
    pub confidence: u8,
    /// Whether good Unicode stands beside it, so that nothing can be converted blindly.
    pub mixed: bool,
}

impl Detected {
    /// Whether it may be converted without asking anybody.
    pub fn is_sure(&self) -> bool {
        self.confidence >= 75 && !self.mixed
    }
}

/// The encodings whose bytes may be kept as characters of windows-1252.
const LEGACY: [Encoding; 3] = [Encoding::Tcvn3, Encoding::Vni, Encoding::Windows1258];

impl Encoding {
    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Tcvn3 => "TCVN3",
            Self::Vni => "VNI-Windows",
            Self::Windows1258 => "windows-1258",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// Whether it is one from before Unicode, whose bytes may be kept as characters.
    pub fn is_legacy(self) -> bool {
        LEGACY.contains(&self)
    }

    /// Whether each text is written in one way only, so that it can be searched for.
    pub const fn is_searchable(self) -> bool {
        matches!(self, Self::Utf8 | Self::Tcvn3 | Self::Vni)
    }

    /// Bytes as text in normal form C; nothing when one of them stands for no character.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let whole = |encoding: &'static encoding_rs::Encoding| {
            let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
            Some(text.strip_prefix('\u{feff}').unwrap_or(&text).nfc().collect())
        };
        match self {
            Self::Utf8 => {
                let text = str::from_utf8(bytes).ok()?;
                Some(text.strip_prefix('\u{feff}').unwrap_or(text).nfc().collect())
            }
            Self::Tcvn3 => bytes.iter().map(|byte| tables::tcvn3(*byte)).collect(),
            Self::Vni => tables::vni(bytes),
            Self::Windows1258 => whole(WINDOWS_1258),
            Self::Utf16Le => whole(UTF_16LE),
            Self::Utf16Be => whole(UTF_16BE),
        }
    }

    /// Text whose characters stand for bytes of this encoding, as what it means; nothing when it cannot be such text.
    /// For Unicode it is the text itself.
    pub fn convert(self, text: &str) -> Option<String> {
        if !self.is_legacy() {
            return Some(text.nfc().collect());
        }
        let bytes: Option<Vec<u8>> = text.nfc().map(tables::byte_of).collect();
        self.decode(&bytes?)
    }

    /// Text as characters that stand for bytes of this encoding, for comparing with what a database keeps; nothing
    /// when it has letters that the encoding lacks. A capital letter with a tone mark becomes in TCVN3 the small one,
    /// as it was kept.
    pub fn encode(self, text: &str) -> Option<String> {
        let text = text.nfc();
        match self {
            Self::Tcvn3 => text.map(tables::in_tcvn3).collect(),
            Self::Vni => {
                let mut coded = String::new();
                text.map(|letter| tables::in_vni(letter, &mut coded)).collect::<Option<()>>()?;
                Some(coded)
            }
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => Some(text.collect()),
            // The same word may have been typed with composed letters or with combining marks.
            Self::Windows1258 => None,
        }
    }
}

/// What the bytes of a file are written in; nothing when no encoding that we know makes words of them.
pub fn detect(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return Some(Encoding::Utf8),
        [0xFF, 0xFE, ..] => return Some(Encoding::Utf16Le),
        [0xFE, 0xFF, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, letters) = (zeros(0), zeros(1), head.len() / 2);
    if letters > 0 && odd * 5 > letters && even * 20 < letters {
        return Some(Encoding::Utf16Le);
    }
    if letters > 0 && even * 5 > letters && odd * 20 < letters {
        return Some(Encoding::Utf16Be);
    }
    if str::from_utf8(bytes).is_ok() {
        return Some(Encoding::Utf8);
    }
    let text: String = bytes.iter().copied().map(char::from).collect();
    detect_text(&[&text]).filter(|detected| detected.confidence >= 60).map(|detected| detected.encoding)
}

/// Which bytes from before Unicode the characters of a column stand for; nothing when the text is good as it is, or
/// when nothing makes Vietnamese words of it.
pub fn detect_text(samples: &[&str]) -> Option<Detected> {
    let words = marked_words(samples);
    let good: BTreeSet<&str> =
        words.iter().map(String::as_str).filter(|word| syllable::is_vietnamese(word)).collect();
    // Letters that no byte stands for: these words were never written in anything but Unicode.
    let unicode = |word: &str| good.contains(word) && word.chars().any(|c| tables::byte_of(c).is_none());
    let doubtful: Vec<&str> = words.iter().map(String::as_str).filter(|word| !unicode(word)).collect();
    if doubtful.is_empty() {
        return None;
    }
    let share = |count: usize| count * 100 / doubtful.len();
    let as_it_is = share(doubtful.iter().filter(|word| good.contains(**word)).count());
    let means = |encoding: Encoding, word: &str| {
        encoding.convert(word).is_some_and(|word| syllable::is_vietnamese(&word))
    };
    let mut shares = LEGACY
        .map(|encoding| (share(doubtful.iter().filter(|word| means(encoding, word)).count()), encoding));
    shares.sort_by_key(|(share, _)| std::cmp::Reverse(*share));
    let [(best, encoding), (second, _), _] = shares;
    if best < SHARE_MIN || best < as_it_is + AHEAD_MIN || best < second + AHEAD_MIN {
        return None;
    }
    let confidence = best * doubtful.len() / (doubtful.len() + 1);
    Some(Detected {
        encoding,
        confidence: u8::try_from(confidence).unwrap_or(100),
        mixed: words.len() - doubtful.len() >= 2,
    })
}

/// The different words that have something beside the letters of ASCII, and at least one of these: `×` alone is no
/// word in any encoding.
fn marked_words(samples: &[&str]) -> Vec<String> {
    let mut words = BTreeSet::new();
    for sample in samples {
        let text: String = sample.nfc().collect();
        for word in text.split(ends_a_word) {
            let marked = !word.is_ascii() && word.chars().any(|c| c.is_ascii_alphabetic());
            if marked && word.chars().count() <= 12 {
                words.insert(word.to_owned());
            }
            if words.len() >= WORDS_MAX {
                return words.into_iter().collect();
            }
        }
    }
    words.into_iter().collect()
}

/// Symbols above ASCII are letters of some encoding; blanks, quotation marks and dashes are not.
fn ends_a_word(c: char) -> bool {
    (c.is_ascii() && !c.is_ascii_alphabetic())
        || c.is_whitespace()
        || tables::byte_of(c).is_some_and(|byte| tables::punctuation(byte).is_some())
}

#[cfg(test)]
mod tests;
