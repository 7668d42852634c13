//! Telling what changed where no column tells it: by a table that triggers fill, or by comparing hashes.

pub mod compare;
pub mod table;
pub mod triggers;

use crate::definition::{Definition, Field};
use crate::engine::Row;
use crate::error::SourceError;
use crate::shape::Shape;
use crate::value::Kind;

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It came.
    Added,
    /// It became another.
    Changed,
    /// It went.
    Gone,
}

impl Operation {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "them",
            Self::Changed => "sua",
            Self::Gone => "xoa",
        }
    }

    /// What a table of changes says, in a letter or a word.
    pub fn read(text: &str) -> Option<Self> {
        let text = crate::meaning::folded(text.trim());
        Some(match &*text {
            "i" | "insert" | "them" | "c" | "create" => Self::Added,
            "u" | "update" | "sua" => Self::Changed,
            "d" | "delete" | "xoa" => Self::Gone,
            _ => return None,
        })
    }
}

/// Fields that make the key of a row, in the order of the key: what consumers know a row by that is gone.
pub fn key_fields(definition: &Definition) -> Vec<Field> {
    let field = |column: &String| definition.fields.iter().find(|field| field.column == *column).cloned();
    definition.entity.key.iter().filter_map(field).collect()
}

/// An item of an answer.
pub(crate) struct Item<'a> {
    pub(crate) mark: &'a str,
    pub(crate) operation: Operation,
    pub(crate) time: Option<&'a str>,
    pub(crate) key: &'a Row,
}

/// Writes what is known of a change, up to where its row stands.
pub(crate) fn write_head(keys: &Shape, item: &Item<'_>, out: &mut Vec<u8>) -> Result<(), SourceError> {
    let head = format!("{{\"so\":\"{}\",\"thaoTac\":\"{}\",\"khoa\":", item.mark, item.operation.name());
    out.extend_from_slice(head.as_bytes());
    let key: Vec<String> = item.key.iter().map(|value| value.clone().unwrap_or_default()).collect();
    keys.write(item.key, out).map_err(|unfit| keys.unfit(unfit, &key))?;
    out.extend_from_slice(b",\"luc\":");
    let time = out.len();
    if !item.time.is_some_and(|text| Kind::Moment.write(text, out)) {
        out.truncate(time);
        out.extend_from_slice(b"null");
    }
    out.extend_from_slice(b",\"dong\":");
    Ok(())
}
