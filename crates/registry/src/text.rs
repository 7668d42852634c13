//! Texts that people write and search for.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A text in Vietnamese and, where somebody wrote it, English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Vietnamese.
    pub vi: String,
    /// English; empty when nobody wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
}

impl Text {
    /// A Vietnamese text.
    pub fn vi(text: &str) -> Self {
        Self { vi: text.to_owned(), en: String::new() }
    }
}

/// Vietnamese, then English.
impl From<(&str, &str)> for Text {
    fn from((vi, en): (&str, &str)) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }
}

/// Vietnamese, then English.
impl From<(String, String)> for Text {
    fn from((vi, en): (String, String)) -> Self {
        Self { vi, en }
    }
}

/// What is the same in every language: numbers, codes, names.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { vi: text, en: String::new() }
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

/// The form in which texts are compared by people: lower case, without tone marks, `đ` as `d`, words apart by one space.
pub fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let plain: String = plain.map(|c| if c == 'đ' { 'd' } else { c }).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn tone_marks_case_and_spaces_do_not_matter() {
        assert_eq!(fold("  Sở  Giáo dục và Đào tạo "), "so giao duc va dao tao");
        assert_eq!(fold("Hòa Bình"), fold("HOÀ-BÌNH"));
    }
}
