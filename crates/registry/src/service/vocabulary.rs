//! The words of the law for sharing: kinds, classes of data, methods; old and new, each with its days.

mod read;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use super::DataClass;
use crate::RegistryError;
use crate::text::{Text, fold};

/// A spelling of a state secret with at least so many letters is found inside a longer mark, too.
const INSIDE_LETTERS_MIN: usize = 5;

/// A kind of sharing during one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharingKind {
    /// Code, such as `mandatory` or `legacy_default`.
    pub code: String,
    /// Its name in the law's words.
    pub title: Text,
    /// The kind of the vocabulary before, whose place it takes.
    pub old: Option<String>,
    /// How a consumer gets such a service: 1 automatic, 2 on request, 3 special (CV 4856/BCA-TTDLQG).
    pub request_kind: u8,
    /// Whether a service of this kind must name its impact assessment.
    pub needs_impact_assessment: bool,
    /// The text that made the kind.
    pub legal_basis: String,
    /// The first day on which the word counts.
    pub valid_from: Date,
    /// The last day.
    pub valid_to: Option<Date>,
}

/// A class of data during one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRule {
    /// Code, such as `personal_basic`.
    pub code: String,
    /// The class; `None` is state secret, which is blocked.
    pub class: Option<DataClass>,
    /// Its name.
    pub title: Text,
    /// Folded marks, without spaces, that mean a blocked class.
    spellings: Vec<String>,
    /// The text that made the class.
    pub legal_basis: String,
    /// The first day on which the word counts.
    pub valid_from: Date,
    /// The last day.
    pub valid_to: Option<Date>,
}

/// A way in which data reach the consumer (NĐ 278/2025/NĐ-CP, Điều 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharingMethod {
    /// Code, such as `query`.
    pub code: String,
    /// Its name.
    pub title: Text,
    /// The text that made it.
    pub legal_basis: String,
    /// The first day on which the word counts.
    pub valid_from: Date,
    /// The last day.
    pub valid_to: Option<Date>,
}

/// An entry that counts from a day to a day.
trait Dated {
    fn code(&self) -> &str;
    fn days(&self) -> (Date, Option<Date>);

    fn counts_on(&self, day: Date) -> bool {
        let (from, to) = self.days();
        from <= day && to.is_none_or(|to| day <= to)
    }
}

macro_rules! dated {
    ($($name:ident),+) => {$(
        impl Dated for $name {
            fn code(&self) -> &str {
                &self.code
            }
            fn days(&self) -> (Date, Option<Date>) {
                (self.valid_from, self.valid_to)
            }
        }
    )+};
}

dated!(SharingKind, ClassRule, SharingMethod);

/// Kinds of sharing, classes of data and methods, old words and new.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    kinds: Vec<SharingKind>,
    classes: Vec<ClassRule>,
    methods: Vec<SharingMethod>,
}

impl Vocabulary {
    /// Reads `vocabulary.toml`.
    ///
    /// # Errors
    /// Every mistake of the text; of a text that is not TOML, the first.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        read::vocabulary(text)
    }

    /// The kind of sharing with this code, as it counts on the day.
    pub fn kind(&self, code: &str, day: Date) -> Option<&SharingKind> {
        on(&self.kinds, code, day)
    }

    /// The last entry with this code, whether or not it still counts: to name what was entered under older words.
    pub fn kind_ever(&self, code: &str) -> Option<&SharingKind> {
        self.kinds.iter().filter(|kind| kind.code == code).max_by_key(|kind| kind.valid_from)
    }

    /// The kinds of sharing of a day.
    pub fn kinds(&self, day: Date) -> impl Iterator<Item = &SharingKind> {
        self.kinds.iter().filter(move |kind| kind.counts_on(day))
    }

    /// What takes the place of an older kind on the day; the likeliest first. Empty when nothing does.
    pub fn heirs(&self, old: &str, day: Date) -> Vec<&SharingKind> {
        self.kinds(day).filter(|kind| kind.old.as_deref() == Some(old)).collect()
    }

    /// The class of data with this code, as it counts on the day.
    pub fn class(&self, code: &str, day: Date) -> Option<&ClassRule> {
        on(&self.classes, code, day)
    }

    /// The classes of a day, the blocked one included.
    pub fn classes(&self, day: Date) -> impl Iterator<Item = &ClassRule> {
        self.classes.iter().filter(move |class| class.counts_on(day))
    }

    /// The method with this code, as it counts on the day.
    pub fn method(&self, code: &str, day: Date) -> Option<&SharingMethod> {
        on(&self.methods, code, day)
    }

    /// The methods of a day.
    pub fn methods(&self, day: Date) -> impl Iterator<Item = &SharingMethod> {
        self.methods.iter().filter(move |method| method.counts_on(day))
    }

    /// Whether a mark means a state secret, in any spelling, under any law: case, tone marks, spaces, punctuation and
    /// full-width letters do not matter.
    pub fn is_state_secret(&self, mark: &str) -> bool {
        let mark = squeezed(mark);
        let blocked = self.classes.iter().filter(|class| class.class.is_none());
        blocked.flat_map(|class| &class.spellings).any(|spelling| {
            mark == *spelling || (spelling.len() >= INSIDE_LETTERS_MIN && mark.contains(spelling.as_str()))
        })
    }
}

/// Folded, compatibility forms made plain, without spaces.
fn squeezed(text: &str) -> String {
    fold(&text.nfkc().collect::<String>()).replace(' ', "")
}

fn on<'a, T: Dated>(entries: &'a [T], code: &str, day: Date) -> Option<&'a T> {
    entries.iter().find(|entry| entry.code() == code && entry.counts_on(day))
}

#[cfg(test)]
mod tests;
