//! Keys of rows that come in their order: rows are lost or come twice where a key is empty, there twice, or goes back.
//! Then better no answer than one that looks whole.

use crate::definition::{Definition, Entity};
use crate::error::SourceError;

/// The keys of the rows of a page, one after the other.
pub(crate) struct Order<'a> {
    entity: &'a Entity,
    /// Place of the key in a row: behind the fields.
    first: usize,
    /// The key before; empty before the first row.
    last: Vec<String>,
}

impl<'a> Order<'a> {
    /// Rows that come behind a key.
    pub(crate) fn behind(definition: &'a Definition, after: Option<&[String]>) -> Self {
        let last = after.map(<[String]>::to_vec).unwrap_or_default();
        Self { entity: &definition.entity, first: definition.fields.len(), last }
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// Its key is empty, or does not come behind the one before.
    pub(crate) fn take<T: AsRef<str>>(&mut self, row: &[Option<T>]) -> Result<(), SourceError> {
        let count = self.entity.key.len();
        let key = row.iter().skip(self.first).take(count).map(|value| value.as_ref().map(AsRef::as_ref));
        let is_first = self.last.is_empty();
        self.last.resize(count, String::new());
        let mut is_behind = is_first;
        for (at, value) in key.enumerate() {
            let Some(value) = value else { return Err(self.wrong(at)) };
            let last = &mut self.last[at];
            if !is_behind && *last != value {
                if self.entity.key_types.get(at).is_some_and(|name| is_back(name, last, value)) {
                    return Err(self.wrong(at));
                }
                is_behind = true;
            }
            last.clear();
            last.push_str(value);
        }
        if is_behind { Ok(()) } else { Err(self.wrong(count - 1)) }
    }

    /// The key of the last row that was taken.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.clone()
    }

    fn wrong(&self, at: usize) -> SourceError {
        no_key(self.entity, at, &self.last.join(","))
    }
}

/// The error for a row whose key is none.
pub(crate) fn no_key(entity: &Entity, at: usize, key: &str) -> SourceError {
    SourceError::Value {
        field: entity.key[at].clone(),
        key: key.to_owned(),
        wanted: "key (NOT NULL, UNIQUE, ORDER BY)",
    }
}

/// Whether whole numbers go back. How texts are ordered is known to the database only.
fn is_back(type_name: &str, last: &str, value: &str) -> bool {
    let is_whole = type_name.to_ascii_lowercase().contains("int");
    match (last.parse::<i128>(), value.parse::<i128>()) {
        (Ok(last), Ok(value)) if is_whole => value <= last,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_empty_comes_twice_or_goes_back_is_found() {
        let entity = Entity {
            table: "t".into(),
            key: vec!["loai".into(), "so".into()],
            key_types: vec!["text".into(), "bigint".into()],
        };
        let check = |rows: &[[Option<&str>; 3]], expected: Option<&str>| {
            let mut order = Order { entity: &entity, first: 1, last: vec!["a".into(), "9".into()] };
            let said = rows.iter().find_map(|row| order.take(row).err()).map(|error| error.to_string());
            assert_eq!(said.is_some(), expected.is_some(), "{rows:?} {said:?}");
            assert!(said.is_none_or(|said| said.contains(expected.unwrap_or_default())), "{rows:?}");
        };
        check(&[[None, Some("a"), Some("10")], [None, Some("B"), Some("1")]], None);
        check(&[[None, Some("a"), Some("9")]], Some("so"));
        check(&[[None, Some("a"), Some("10")], [None, Some("a"), Some("10")]], Some("so"));
        check(&[[None, Some("a"), Some("8")]], Some("so"));
        check(&[[None, None, Some("8")]], Some("loai"));
        check(&[[None, Some("b"), None]], Some("so"));
    }
}
