//! Mistakes of a content file: all of them at once, each with its place.

use std::collections::HashMap;
use std::fmt;

/// How many mistakes are kept; the rest is only counted, so that a hostile file cannot fill the memory.
pub const MISTAKES_MAX: usize = 1_000;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, for example `members[3].subsystems[0].code`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.path, self.what) }
    }
}

/// Every mistake of a content file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    list: Vec<Mistake>,
    more: usize,
}

impl Mistakes {
    /// The mistakes in the order in which they stand in the file, at most [`MISTAKES_MAX`].
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// How many there are, those that were not kept included.
    pub fn count(&self) -> usize {
        self.list.len() + self.more
    }
}

/// Mistakes while they are being found.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    mistakes: Mistakes,
    /// For a list that lost entries which could not be read: where the others stood in the file.
    places: HashMap<String, Vec<usize>>,
}

impl Notes {
    pub(crate) fn note(&mut self, path: impl Into<String>, what: impl fmt::Display) {
        if self.mistakes.list.len() < MISTAKES_MAX {
            self.mistakes.list.push(Mistake { path: path.into(), what: what.to_string() });
        } else {
            self.mistakes.more += 1;
        }
    }

    /// Remembers where the entries that were read stood.
    pub(crate) fn placed(&mut self, list: String, places: Vec<usize>) {
        if places.last().is_some_and(|last| *last >= places.len()) {
            self.places.insert(list, places);
        }
    }

    /// The place of an entry in the file, for example `members[3]`.
    pub(crate) fn place(&self, list: &str, index: usize) -> String {
        let place = self.places.get(list).and_then(|places| places.get(index)).unwrap_or(&index);
        format!("{list}[{place}]")
    }

    /// `value` when there is no mistake.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Mistakes> {
        if self.mistakes.list.is_empty() { Ok(value) } else { Err(self.mistakes) }
    }

    /// What was found.
    pub(crate) fn into_mistakes(self) -> Mistakes {
        self.mistakes
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the directory content has {} mistake(s)", self.count())?;
        for mistake in &self.list {
            write!(f, "\n  {mistake}")?;
        }
        if self.more > 0 {
            write!(f, "\n  … and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
