//! Mistakes found while walking through a document, each with the place as a JSON pointer.

use crate::Mistake;

/// Most mistakes of one document that are listed; a machine-made document can have one on each line.
pub(super) const MISTAKES_MAX: usize = 200;

/// Where a walk is, and what it found so far.
pub(super) struct Found {
    /// The place, as a JSON pointer below what was handed in.
    at: String,
    list: Vec<Mistake>,
    left_out: usize,
}

impl Found {
    /// Nothing yet, at the root of what is called `place`.
    pub(super) fn at(place: &str) -> Self {
        Self { at: place.to_owned(), list: Vec::new(), left_out: 0 }
    }

    /// Something is wrong here.
    pub(super) fn wrong(&mut self, vi: impl Into<String>, en: impl Into<String>) {
        if self.list.len() < MISTAKES_MAX {
            self.list.push(Mistake::new(self.at.clone(), vi, en));
        } else {
            self.left_out += 1;
        }
    }

    /// Goes down to a member, which is text from outside, and back up.
    pub(super) fn enter(&mut self, key: &str) -> usize {
        let back = self.at.len();
        self.at.push('/');
        // Nobody reads a longer name, and it would be repeated by each mistake below it.
        self.at.extend(key.chars().take(200).flat_map(escaped));
        back
    }

    /// Goes back up to where [`Found::enter`] was called.
    pub(super) fn leave(&mut self, back: usize) {
        self.at.truncate(back);
    }

    /// All that was found.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        if self.left_out > 0 {
            let more = self.left_out;
            self.list.push(Mistake::new(
                "",
                format!("và {more} lỗi khác"),
                format!("and {more} more mistakes"),
            ));
        }
        self.list
    }
}

/// A character of a JSON pointer (RFC 6901, section 3).
fn escaped(c: char) -> impl Iterator<Item = char> {
    let text = match c {
        '~' => ['~', '0'],
        '/' => ['~', '1'],
        other => [other, '\0'],
    };
    text.into_iter().filter(|c| *c != '\0')
}
