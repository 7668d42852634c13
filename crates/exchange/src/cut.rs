//! Cuts answers to the fields that were granted, before anything is committed to, signed or recorded.
//!
//! Works on the text: what is granted is copied as it stands, so numbers, strings and the order of members stay byte for
//! byte; what is not granted is read, so that the text is known to be JSON, and left out. Pure, never panics, memory
//! in proportion to the text.

use std::borrow::Cow;
use std::collections::HashSet;

mod answer;
mod fields;
mod lines;
mod text;
mod withheld;

pub(crate) use answer::{answer, asks_about_the_whole};
pub use fields::{FIELDS_MAX, FieldError, FieldSet, PATH_BYTES_MAX};
pub(crate) use lines::{Lines, comes_in_lines};
pub use withheld::WITHHELD_MAX;

use fields::Node;
use text::{Reader, Token};
use withheld::Withheld;

/// Objects and lists inside each other at most; deeper answers are not cut.
pub const DEPTH_MAX: usize = 64;

/// Why an answer cannot be cut, and so is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncuttable {
    /// Not JSON by its `Content-Type`.
    MediaType,
    /// Compressed, although the service was asked not to.
    Encoded,
    /// A part of an answer, 206.
    Partial,
    /// More bytes than may be cut.
    TooLarge(u64),
    /// JSON by its name, not by its text.
    NotJson,
    /// A name stands twice in one object: readers disagree which one counts.
    NameTwice,
    /// More than [`DEPTH_MAX`] levels.
    TooDeep,
    /// Neither an object nor a list, so nothing in it has a name.
    NoFields,
}

/// A cut answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// What may be given.
    pub text: String,
    /// Paths of what was left out, sorted, at most [`WITHHELD_MAX`] and then `…`; never a value.
    pub withheld: Vec<String>,
}

/// Members of an error that pass whatever was granted: RFC 9457, and what is usual beside it.
const PROBLEM_MEMBERS: [&str; 8] =
    ["type", "title", "status", "detail", "instance", "code", "error", "message"];

/// What happens to a value.
#[derive(Clone, Copy)]
enum Rule<'f> {
    /// Read and left out.
    Skip,
    /// Copied as it stands.
    Whole,
    /// Only these members, in objects in lists too; a value without members is left out.
    Fields(&'f Node),
    /// Only members of an error, on every level.
    Problem,
}

impl Rule<'_> {
    fn for_member(self, name: &str) -> Self {
        match self {
            // What is copied whole is copied by whoever holds it.
            Rule::Skip | Rule::Whole => Rule::Skip,
            Rule::Fields(node) => match node.below(name) {
                None => Rule::Skip,
                Some(Node::All) => Rule::Whole,
                Some(some) => Rule::Fields(some),
            },
            Rule::Problem => {
                if PROBLEM_MEMBERS.contains(&name) {
                    Rule::Problem
                } else {
                    Rule::Skip
                }
            }
        }
    }

    fn for_item(self) -> Self {
        if self.picks() { self } else { Rule::Skip }
    }

    /// Whether it looks inside of objects and lists.
    fn picks(self) -> bool {
        matches!(self, Rule::Fields(_) | Rule::Problem)
    }
}

/// Cuts an answer to `fields`.
///
/// # Errors
/// The text is not an object or a list in JSON, or cannot be read in one way only.
pub fn cut(body: &[u8], fields: &FieldSet) -> Result<Cut, Uncuttable> {
    let mut cutter = Cutter::new(body)?;
    if !cutter.document(Rule::Fields(fields.root()))? {
        return Err(Uncuttable::NoFields);
    }
    Ok(Cut { text: cutter.out, withheld: cutter.withheld.into_paths() })
}

/// What of an error may be given; `None` when that is nothing.
pub(crate) fn problem(body: &[u8]) -> Option<String> {
    let mut cutter = Cutter::new(body).ok()?;
    let is_object = cutter.read.peek() == Some(b'{');
    let shown = is_object && cutter.document(Rule::Problem).ok()?;
    Some(cutter.out).filter(|text| shown && text != "{}")
}

struct Cutter<'t> {
    read: Reader<'t>,
    out: String,
    /// Names of the members that are being read.
    path: Vec<Cow<'t, str>>,
    withheld: Withheld,
}

impl<'t> Cutter<'t> {
    fn new(body: &'t [u8]) -> Result<Self, Uncuttable> {
        let text = std::str::from_utf8(body).map_err(|_| Uncuttable::NotJson)?;
        let mut read = Reader::new(text);
        read.space();
        Ok(Self { read, out: String::new(), path: Vec::new(), withheld: Withheld::default() })
    }

    fn document(&mut self, rule: Rule<'_>) -> Result<bool, Uncuttable> {
        let shown = self.value(rule, 0)?;
        self.read.space();
        if self.read.peek().is_some() { Err(Uncuttable::NotJson) } else { Ok(shown) }
    }

    /// Reads one value; says whether anything of it is shown.
    fn value(&mut self, rule: Rule<'_>, depth: usize) -> Result<bool, Uncuttable> {
        if depth > DEPTH_MAX {
            return Err(Uncuttable::TooDeep);
        }
        let start = self.read.at();
        let simple = match self.read.token()? {
            Token::Object => {
                self.object(rule, depth)?;
                false
            }
            Token::List => {
                self.list(rule, depth)?;
                false
            }
            Token::Simple => true,
        };
        let (copied, shown) = match rule {
            Rule::Skip => (false, false),
            Rule::Whole => (true, true),
            Rule::Fields(_) => (false, !simple),
            Rule::Problem => (simple, true),
        };
        if copied {
            self.out.push_str(self.read.since(start));
        }
        Ok(shown)
    }

    fn object(&mut self, rule: Rule<'_>, depth: usize) -> Result<(), Uncuttable> {
        let mut names = HashSet::new();
        let opened = self.open(rule, '{');
        self.read.space();
        if !self.read.eat(b'}') {
            loop {
                self.read.space();
                let start = self.read.at();
                let name = self.read.name()?;
                let written = self.read.since(start);
                if !names.insert(name.clone()) {
                    return Err(Uncuttable::NameTwice);
                }
                self.read.space();
                self.read.want(b':')?;
                self.read.space();
                self.member(rule, (name, written), depth, opened)?;
                self.read.space();
                if !self.read.eat(b',') {
                    break;
                }
            }
            self.read.want(b'}')?;
        }
        self.close(rule, '}');
        Ok(())
    }

    fn member(
        &mut self,
        rule: Rule<'_>,
        (name, written): (Cow<'t, str>, &'t str),
        depth: usize,
        opened: usize,
    ) -> Result<(), Uncuttable> {
        let below = rule.for_member(&name);
        if let Rule::Skip = below {
            self.value(below, depth + 1)?;
            if rule.picks() {
                self.withheld.add(&self.path, Some(&name));
            }
            return Ok(());
        }
        let mark = self.separate(opened);
        self.out.push_str(written);
        self.out.push(':');
        self.path.push(name);
        let shown = self.value(below, depth + 1)?;
        let name = self.path.pop();
        if !shown {
            self.out.truncate(mark);
            self.withheld.add(&self.path, name.as_deref());
        }
        Ok(())
    }

    fn list(&mut self, rule: Rule<'_>, depth: usize) -> Result<(), Uncuttable> {
        let opened = self.open(rule, '[');
        let below = rule.for_item();
        self.read.space();
        if !self.read.eat(b']') {
            loop {
                self.read.space();
                let mark = if below.picks() { self.separate(opened) } else { self.out.len() };
                if !self.value(below, depth + 1)? && below.picks() {
                    self.out.truncate(mark);
                    self.withheld.add(&self.path, None);
                }
                self.read.space();
                if !self.read.eat(b',') {
                    break;
                }
            }
            self.read.want(b']')?;
        }
        self.close(rule, ']');
        Ok(())
    }

    /// Writes the bracket of an object or list that is looked into; says where what is in it begins.
    fn open(&mut self, rule: Rule<'_>, bracket: char) -> usize {
        if rule.picks() {
            self.out.push(bracket);
        }
        self.out.len()
    }

    fn close(&mut self, rule: Rule<'_>, bracket: char) {
        if rule.picks() {
            self.out.push(bracket);
        }
    }

    /// A comma before what is not the first; gives the length to go back to.
    fn separate(&mut self, opened: usize) -> usize {
        let mark = self.out.len();
        if mark > opened {
            self.out.push(',');
        }
        mark
    }
}

impl Uncuttable {
    /// For people, in Vietnamese.
    pub(crate) fn vi(self) -> String {
        match self {
            Self::MediaType => "không phải JSON".to_owned(),
            Self::Encoded => "đã nén (Content-Encoding)".to_owned(),
            Self::Partial => "chỉ là một phần (206)".to_owned(),
            Self::TooLarge(max) => format!("lớn hơn {max} byte"),
            Self::NotJson => "JSON sai cú pháp".to_owned(),
            Self::NameTwice => "một tên trường xuất hiện hai lần".to_owned(),
            Self::TooDeep => format!("quá {DEPTH_MAX} tầng"),
            Self::NoFields => "không phải đối tượng hay danh sách".to_owned(),
        }
    }

    /// For people, in English.
    pub(crate) fn en(self) -> String {
        match self {
            Self::MediaType => "it is not JSON".to_owned(),
            Self::Encoded => "it is compressed (Content-Encoding)".to_owned(),
            Self::Partial => "it is a part only (206)".to_owned(),
            Self::TooLarge(max) => format!("it is larger than {max} bytes"),
            Self::NotJson => "it is not well-formed JSON".to_owned(),
            Self::NameTwice => "a member stands twice in one object".to_owned(),
            Self::TooDeep => format!("it has more than {DEPTH_MAX} levels"),
            Self::NoFields => "it is neither an object nor a list".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
