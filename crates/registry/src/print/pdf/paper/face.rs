//! One font: which glyph stands for a character, and how wide it is.
//!
//! Texts are NFC, so that each Vietnamese letter is one character with a glyph of its own: no shaping is needed.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

/// Stands for a character that the font does not have.
const UNKNOWN: char = '?';

/// A font that is embedded into the file.
pub(super) struct Face {
    font: Font,
    parsed: FontRef<'static>,
}

impl Face {
    /// `None` when the bytes are no font.
    pub(super) fn new(bytes: &'static [u8]) -> Option<Self> {
        let parsed = FontRef::new(bytes).ok()?;
        Some(Self { font: Font::new(bytes.to_vec().into(), 0)?, parsed })
    }

    pub(super) fn font(&self) -> Font {
        self.font.clone()
    }

    /// Whether the font can show the character.
    pub(super) fn has(&self, c: char) -> bool {
        // PDF/A-2u forbids what means something else in each font, the private use area, and the byte order mark.
        let forbidden = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. | '\u{feff}');
        !c.is_control() && !forbidden && self.parsed.charmap().map(c).is_some_and(|glyph| glyph.to_u32() != 0)
    }

    fn shown(&self, text: &str) -> String {
        let one = |c: char| match c {
            c if c.is_whitespace() => ' ',
            c if self.has(c) => c,
            '→' => '>',
            _ => UNKNOWN,
        };
        text.nfc().map(one).collect()
    }

    /// Width of a character, as a part of the font's size.
    fn advance(&self, c: char) -> f32 {
        let metrics = self.parsed.glyph_metrics(Size::unscaled(), LocationRef::default());
        let glyph = self.parsed.charmap().map(c).unwrap_or_default();
        metrics.advance_width(glyph).unwrap_or(0.0) / self.font.units_per_em()
    }

    /// The text as it is shown, and its glyphs.
    pub(super) fn glyphs(&self, text: &str) -> (String, Vec<KrillaGlyph>) {
        let text = self.shown(text);
        let one = |(at, c): (usize, char)| {
            let glyph = self.parsed.charmap().map(c).unwrap_or_default();
            let range = at..at + c.len_utf8();
            KrillaGlyph::new(GlyphId::new(glyph.to_u32()), self.advance(c), 0.0, 0.0, 0.0, range, None)
        };
        let glyphs = text.char_indices().map(one).collect();
        (text, glyphs)
    }

    /// Lines no wider than `width` at that size, broken at spaces; a word that is wider than a line is broken anywhere.
    pub(super) fn broken(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.shown(text);
        let space = self.advance(' ') * size;
        let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0.0);
        for word in text.split_whitespace() {
            let wide: f32 = word.chars().map(|c| self.advance(c) * size).sum();
            if !line.is_empty() && used + space + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if !line.is_empty() {
                line.push(' ');
                used += space;
            }
            for c in word.chars() {
                let wide = self.advance(c) * size;
                if used + wide > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(c);
                used += wide;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::Face;

    /// Every Vietnamese letter: vowels with their five tone marks and without, and đ.
    fn letters() -> impl Iterator<Item = char> {
        let lower = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ\
                     bcdghklmnpqrstvxfjwz";
        lower.chars().chain(lower.chars().flat_map(char::to_uppercase))
    }

    #[test]
    fn both_fonts_have_a_glyph_for_every_vietnamese_letter() {
        for bytes in [notosans::REGULAR_TTF, notosans::BOLD_TTF] {
            let face = Face::new(bytes).unwrap();
            let missing: String =
                letters().chain("0123456789.,:;()/-·%₫–“”".chars()).filter(|c| !face.has(*c)).collect();
            assert_eq!(missing, "");
        }
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken_and_nothing_is_lost() {
        let face = Face::new(notosans::REGULAR_TTF).unwrap();
        let text = format!("ngắn {} hết", "ư".repeat(200));
        let lines = face.broken(&text, 9.0, 100.0);
        assert!(lines.len() > 5);
        let kept: String = lines.concat();
        assert_eq!(kept.matches('ư').count(), 200);
        assert!(kept.starts_with("ngắn") && kept.ends_with("hết"), "{kept}");
    }

    #[test]
    fn what_the_font_does_not_have_is_shown_as_a_question_mark() {
        let face = Face::new(notosans::REGULAR_TTF).unwrap();
        assert_eq!(face.shown("a\u{7}漢\u{e000}e\u{301}\nb"), "a???é b");
    }
}
