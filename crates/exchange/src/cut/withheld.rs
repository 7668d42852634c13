//! Names of what was left out, for the record.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// Paths that are named at most; more are `…`.
pub const WITHHELD_MAX: usize = 100;
/// Longest path that is named, bytes; of a longer one the beginning.
const PATH_BYTES_MAX: usize = 200;
/// Longest name of a member that is taken for a name, bytes.
const NAME_BYTES_MAX: usize = 64;
/// Digits in a row that make a number of a name.
const DIGITS_MAX: usize = 4;
/// Stands for more of the same.
const MORE: &str = "…";
/// Stands for what does not look like a name.
const UNNAMED: &str = "*";

/// Collects paths; keeps the first ones by the alphabet.
#[derive(Default)]
pub(super) struct Withheld(BTreeSet<String>);

impl Withheld {
    /// The member `name` of what is at `path`, or a value of the list there.
    pub(super) fn add(&mut self, path: &[Cow<'_, str>], name: Option<&str>) {
        let mut text = String::new();
        for name in path.iter().map(AsRef::as_ref).chain(name).map(shown) {
            if text.len() + name.len() >= PATH_BYTES_MAX {
                text.push_str(MORE);
                break;
            }
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(name);
        }
        if text.is_empty() {
            text.push_str(UNNAMED);
        }
        self.0.insert(text);
        if self.0.len() > WITHHELD_MAX + 1 {
            self.0.pop_last();
        }
    }

    pub(super) fn into_paths(self) -> Vec<String> {
        let mut paths: Vec<String> = self.0.into_iter().collect();
        if paths.len() > WITHHELD_MAX {
            paths.truncate(WITHHELD_MAX);
            paths.push(MORE.to_owned());
        }
        paths
    }
}

/// Some services put data where names belong, `{"049190000001": …}`: what does not look like a name is not recorded.
fn shown(name: &str) -> &str {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '@'));
    let of_names = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | ':');
    let number = name.split(|c: char| !c.is_numeric()).any(|digits| digits.chars().count() > DIGITS_MAX);
    let is_name = starts && !number && name.len() <= NAME_BYTES_MAX && name.chars().all(of_names);
    if is_name { name } else { UNNAMED }
}
