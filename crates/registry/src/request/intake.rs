//! What people hand in: texts in one form, all mistakes at once.

use unicode_normalization::UnicodeNormalization as _;

use super::ATTACHMENT_BYTES_MAX;
use crate::{Mistake, RegistryError};

/// Collects what is wrong with an input while the rest is read on.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    mistakes: Vec<Mistake>,
}

impl Intake {
    /// Notes a mistake.
    pub(crate) fn wrong(&mut self, place: &str, vi: impl Into<String>, en: impl Into<String>) {
        self.mistakes.push(Mistake::new(place, vi, en));
    }

    /// A text as it is kept: NFC, without spaces around it; at most `max` characters.
    pub(crate) fn text(&mut self, place: &str, text: &str, max: usize) -> String {
        let text: String = text.trim().nfc().collect();
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.chars().count() > max {
            self.wrong(place, format!("tối đa {max} ký tự"), format!("at most {max} characters"));
        } else if text.contains(control) {
            self.wrong(place, "có ký tự điều khiển; hãy gõ lại", "has control characters: type it again");
        }
        text
    }

    /// The same, and not empty.
    pub(crate) fn needed(&mut self, place: &str, text: &str, max: usize) -> String {
        let text = self.text(place, text, max);
        if text.is_empty() {
            self.wrong(place, "không được để trống", "must not be empty");
        }
        text
    }

    /// A list of texts, each needed, repetitions left out.
    pub(crate) fn list(&mut self, place: &str, texts: &[String], count_max: usize) -> Vec<String> {
        if texts.len() > count_max {
            self.wrong(place, format!("tối đa {count_max} mục"), format!("at most {count_max} entries"));
            return Vec::new();
        }
        let mut list: Vec<String> = Vec::with_capacity(texts.len());
        for text in texts {
            let text = self.needed(place, text, super::NAME_CHARS_MAX);
            if !list.contains(&text) {
                list.push(text);
            }
        }
        list
    }

    /// The file of a document: gives its name.
    pub(crate) fn file(&mut self, name: &str, media_type: &str, bytes: u64) -> String {
        let name = self.needed("name", name, super::NAME_CHARS_MAX);
        if name.contains(['/', '\\', '\n', '\r']) {
            self.wrong("name", "chỉ ghi tên tệp, không ghi đường dẫn", "the name of a file, without a path");
        }
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        let media = media_type.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
        if !media || media_type.len() > 127 {
            self.wrong("media_type", "phải có dạng application/pdf", "is written like application/pdf");
        }
        if bytes == 0 || bytes > ATTACHMENT_BYTES_MAX {
            let vi = format!("tệp phải có từ 1 đến {ATTACHMENT_BYTES_MAX} byte");
            self.wrong("bytes", vi, format!("a file has 1 to {ATTACHMENT_BYTES_MAX} bytes"));
        }
        name
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Everything that was noted.
    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] with everything that was noted.
    pub(crate) fn done(self) -> Result<(), RegistryError> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(RegistryError::Invalid(self.mistakes)) }
    }
}
