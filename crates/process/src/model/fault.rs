//! What can be wrong with a file, and what is only worth a look, in words for its author.

use std::fmt;

/// Longest detail of a sentence: a reference or an expression may be a megabyte.
const DETAIL_CHARS_MAX: usize = 400;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The file is refused.
    Fault,
    /// The file is refused if the process is executed; one that is only drawn stays a drawing.
    Incomplete,
    /// The file is accepted.
    Warning,
}

/// One place of a file and what is to be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of finding.
    pub code: Code,
    /// Id of the element, or what kind of element it is where it has none.
    pub element: Box<str>,
    /// Name of the element, or nothing.
    pub name: Box<str>,
    /// Line in the file, from 1.
    pub line: u32,
    /// What is wrong and what to do, in Vietnamese.
    pub vi: String,
    /// The same in English.
    pub en: String,
}

impl Fault {
    pub(super) fn new(code: Code, line: u32, details: &[&str]) -> Self {
        let (_, _, vi, en) = code.entry();
        Self { code, element: "".into(), name: "".into(), line, vi: fill(vi, details), en: fill(en, details) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dòng / line {}", self.line)?;
        if !self.element.is_empty() {
            write!(f, ", {}", self.element)?;
        }
        if !self.name.is_empty() {
            write!(f, " “{}”", self.name)?;
        }
        write!(f, ": {} / {} ({})", self.vi, self.en, self.code.as_str())
    }
}

/// Puts details where a sentence has `{0}`, `{1}` and so on, none of them inside another.
fn fill(sentence: &str, details: &[&str]) -> String {
    let mut filled = String::new();
    let mut rest = sentence;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let (place, behind) = behind.split_once('}').unwrap_or(("", behind));
        let detail = place.parse().ok().and_then(|place: usize| details.get(place)).unwrap_or(&"?");
        filled.extend(detail.chars().take(DETAIL_CHARS_MAX));
        if detail.chars().nth(DETAIL_CHARS_MAX).is_some() {
            filled.push('…');
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

macro_rules! codes {
    ($($name:ident = $code:literal, $weight:ident, $vi:literal, $en:literal;)*) => {
        /// What kind of finding. `{0}` and so on are details of the place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $en] $name,)*
        }

        impl Code {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) fn entry(self) -> (&'static str, Weight, &'static str, &'static str) {
                match self {
                    $(Self::$name => ($code, Weight::$weight, $vi, $en),)*
                }
            }
        }
    };
}

mod codes;

pub use codes::Code;

impl Code {
    /// Its name, which never changes.
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// How much it weighs.
    pub fn weight(self) -> Weight {
        self.entry().1
    }

    /// What it says, in Vietnamese and in English; details of the place stand as `{0}` and so on.
    pub fn sentences(self) -> (&'static str, &'static str) {
        let (_, _, vi, en) = self.entry();
        (vi, en)
    }
}
