//! What can be a word of Vietnamese: each is one syllable of an onset, a rime and a tone.

use super::tables::parts;

const ONSETS: [&str; 28] = [
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p",
    "ph", "qu", "r", "s", "t", "th", "tr", "v", "x",
];
/// Vowels that end a syllable.
const OPEN: [&str; 46] = [
    "a", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây", "eo", "êu", "ia",
    "iu", "iêu", "oa", "oe", "oi", "oai", "oay", "oao", "oeo", "ôi", "ơi", "ua", "ui", "uê", "uơ", "uy",
    "uya", "uyu", "uôi", "uây", "ưa", "ưi", "ưu", "ươi", "ươu", "yêu", "êu",
];
/// Vowels before a consonant.
const CLOSED: [&str; 23] = [
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "iê", "yê", "oa", "oă", "oe", "oo", "uô",
    "ươ", "uâ", "uê", "uy",
];
const CODAS: [&str; 8] = ["c", "ch", "m", "n", "ng", "nh", "p", "t"];

/// Whether a word can be a Vietnamese syllable, by its spelling and its tone. Capitals do not matter.
pub(super) fn is_vietnamese(word: &str) -> bool {
    let mut plain = String::new();
    let mut tone = None;
    for letter in word.chars().flat_map(char::to_lowercase) {
        let Some(parts) = parts(letter) else { return false };
        plain.push(parts.letter);
        if parts.tone.is_some() && tone.is_some() {
            return false;
        }
        tone = tone.or(parts.tone);
    }
    ONSETS.iter().filter_map(|onset| plain.strip_prefix(onset)).any(|rime| is_rime(rime, tone))
}

fn is_rime(rime: &str, tone: Option<char>) -> bool {
    if OPEN.contains(&rime) {
        return true;
    }
    let closed = |coda: &&&str| {
        rime.strip_suffix(**coda).is_some_and(|vowels| CLOSED.contains(&vowels) || vowels == "uyê")
    };
    CODAS.iter().filter(closed).any(|coda| {
        // Before a stop there are two tones only, and one of them is always written.
        !["c", "ch", "p", "t"].contains(coda) || matches!(tone, Some('\u{301}' | '\u{323}'))
    })
}
