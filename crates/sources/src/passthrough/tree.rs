//! An answer as a tree, whichever notation it came in, and what is given of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::definition::{Definition, Field, Operation};
use crate::error::SourceError;
use crate::value::Kind;

/// Deepest answer that is read.
const DEPTH_MAX: usize = 64;
/// Most parts of an answer: each costs some hundred bytes of memory, however few the answer has.
pub(super) const PARTS_MAX: u32 = 200_000;
/// Most attributes of an element, declarations of namespaces among them.
pub(super) const ATTRIBUTES_MAX: usize = 256;
/// Most namespaces that may be declared around one element.
pub(super) const NAMESPACES_MAX: usize = 128;
/// XML Schema's own attributes, such as `nil`.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A part of an answer. Elements that repeat and items of a JSON list are parts of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// Nothing: JSON's `null`, an empty element.
    Null,
    /// Characters.
    Text(String),
    /// JSON's number or boolean, as it was written: no digit is lost.
    Literal(String),
    /// Named parts; of an element with attributes but without elements its text, too.
    Inner(Vec<(String, Tree)>, Option<String>),
}

/// Where a value should be there are parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HasParts;

/// Why an answer is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoTree {
    /// Not in its notation.
    Malformed,
    /// Deeper than [`DEPTH_MAX`], of more parts than [`PARTS_MAX`], or with an element of more than [`ATTRIBUTES_MAX`]
    /// attributes or [`NAMESPACES_MAX`] namespaces.
    TooMuch,
}

impl NoTree {
    /// As an error of a source that should have given this notation.
    pub(super) fn in_notation(self, notation: &str) -> SourceError {
        let what = match self {
            Self::Malformed => format!("câu trả lời không phải / the answer is no {notation}"),
            Self::TooMuch => {
                format!(
                    "câu trả lời quá / the answer has more than {PARTS_MAX} phần / parts, {DEPTH_MAX} cấp / levels, {ATTRIBUTES_MAX} thuộc tính / attributes, {NAMESPACES_MAX} không gian tên / namespaces"
                )
            }
        };
        SourceError::Other { what }
    }
}

impl Tree {
    /// Of a JSON document.
    pub(super) fn json(text: &str) -> Result<Self, NoTree> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| NoTree::Malformed)?;
        json(raw, 0, &mut 0)
    }

    /// Of an element, with what is in it.
    pub(super) fn element(node: roxmltree::Node<'_, '_>) -> Result<Self, NoTree> {
        element(node, 0)
    }

    /// Everything at a path.
    pub(super) fn all<'a>(&'a self, path: &[String]) -> Vec<&'a Self> {
        path.iter().fold(vec![self], |places, name| {
            let below = |place: &'a Self| match place {
                Self::Inner(parts, _) => parts.as_slice(),
                _ => &[],
            };
            places.into_iter().flat_map(below).filter(|part| part.0 == *name).map(|part| &part.1).collect()
        })
    }

    /// The text of a part that has no parts; nothing when it is empty.
    fn text(&self) -> Result<Option<&str>, HasParts> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) | Self::Literal(text) => Ok(Some(text)),
            Self::Inner(_, None) => Err(HasParts),
            Self::Inner(_, Some(text)) => Ok(Some(&**text).filter(|text| !text.is_empty())),
        }
    }
}

fn json(raw: &RawValue, depth: usize, parts: &mut u32) -> Result<Tree, NoTree> {
    *parts += 1;
    if depth > DEPTH_MAX || *parts > PARTS_MAX {
        return Err(NoTree::TooMuch);
    }
    let text = raw.get();
    let malformed = |_| NoTree::Malformed;
    let mut inner = Vec::new();
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(malformed)?;
            for (name, value) in members {
                if value.get().starts_with('[') {
                    items(&name, value, depth, parts, &mut inner)?;
                } else {
                    inner.push((name, json(value, depth + 1, parts)?));
                }
            }
        }
        Some(b'[') => items("[]", raw, depth, parts, &mut inner)?,
        Some(b'"') => return serde_json::from_str(text).map(Tree::Text).map_err(malformed),
        Some(b'n') => return Ok(Tree::Null),
        _ => return Ok(Tree::Literal(text.to_owned())),
    }
    Ok(Tree::Inner(inner, None))
}

fn items(
    name: &str,
    list: &RawValue,
    depth: usize,
    parts: &mut u32,
    inner: &mut Vec<(String, Tree)>,
) -> Result<(), NoTree> {
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|_| NoTree::Malformed)?;
    for item in items {
        inner.push((name.to_owned(), json(item, depth + 1, parts)?));
    }
    Ok(())
}

fn element(node: roxmltree::Node<'_, '_>, depth: usize) -> Result<Tree, NoTree> {
    if depth > DEPTH_MAX {
        return Err(NoTree::TooMuch);
    }
    if node.attribute((SCHEMA_INSTANCE, "nil")).is_some_and(|nil| nil == "true" || nil == "1") {
        return Ok(Tree::Null);
    }
    let own = node.attributes().filter(|attribute| attribute.namespace() != Some(SCHEMA_INSTANCE));
    let mut parts: Vec<_> = own
        .map(|attribute| {
            let name = expanded(attribute.namespace(), attribute.name());
            (format!("@{name}"), Tree::Text(attribute.value().to_owned()))
        })
        .collect();
    let has_attributes = !parts.is_empty();
    for child in node.children().filter(roxmltree::Node::is_element) {
        let name = expanded(child.tag_name().namespace(), child.tag_name().name());
        parts.push((name, element(child, depth + 1)?));
    }
    let is_leaf = node.first_element_child().is_none();
    if !is_leaf {
        return Ok(Tree::Inner(parts, None));
    }
    let text: String = node.children().filter_map(|child| child.is_text().then(|| child.text())?).collect();
    Ok(match (has_attributes, text.is_empty()) {
        (true, _) => Tree::Inner(parts, Some(text)),
        (false, true) => Tree::Null,
        (false, false) => Tree::Text(text),
    })
}

/// A name with its namespace, as definitions name parts of XML.
pub(super) fn expanded(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |uri| format!("{{{uri}}}{name}"))
}

/// What consumers get of an answer; nothing where the definition says that there is nothing.
pub(super) fn given(
    definition: &Definition,
    operation: &Operation,
    whole: &Tree,
) -> Result<Option<Value>, SourceError> {
    if let Some(none) = &operation.not_found
        && let Some(from) = &none.from
    {
        let there: Vec<_> = whole.all(&definition.names(from));
        let is_nothing = match &none.value {
            Some(value) => there.iter().any(|part| part.text() == Ok(Some(value))),
            None => there.iter().all(|part| part.text() == Ok(None)),
        };
        if is_nothing {
            return Ok(None);
        }
    }
    let places = whole.all(&definition.names(&operation.answer));
    let [place] = places.as_slice() else {
        let what = format!("{}: answer {}", operation.at, operation.answer);
        return Err(SourceError::Changed { what });
    };
    let reading = Reading { definition, operation };
    let mut object = reading.object(&operation.fields, place)?;
    for list in &operation.lists {
        let items = place.all(&definition.names(&list.from)).into_iter();
        let items = items.map(|item| reading.object(&list.fields, item).map(Value::Object));
        object.insert(list.name.clone(), items.collect::<Result<Vec<_>, _>>()?.into());
    }
    Ok(Some(Value::Object(object)))
}

struct Reading<'a> {
    definition: &'a Definition,
    operation: &'a Operation,
}

impl Reading<'_> {
    fn object(&self, fields: &[Field], place: &Tree) -> Result<Map<String, Value>, SourceError> {
        let mut object = Map::new();
        for field in fields {
            let wrong = |wanted| SourceError::Value {
                field: field.name.clone(),
                key: self.operation.at.clone(),
                wanted,
            };
            let there = place.all(&self.definition.names(&field.from));
            let value = match there.as_slice() {
                [] => Value::Null,
                [part] => value(field, part).ok_or_else(|| wrong(field.kind.name()))?,
                _ => return Err(wrong("một giá trị / one value")),
            };
            if field.required && value.is_null() {
                return Err(wrong("có giá trị / there"));
            }
            put(&mut object, &field.name.split('.').collect::<Vec<_>>(), value);
        }
        object.values_mut().for_each(emptied);
        Ok(object)
    }
}

/// Puts a value at a path of members.
pub(super) fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [name] => drop(object.insert((*name).to_owned(), value)),
        [outer, rest @ ..] => {
            let inner = object.entry(*outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// An object of nothing is nothing.
fn emptied(value: &mut Value) {
    if let Value::Object(object) = value {
        object.values_mut().for_each(emptied);
        if object.values().all(Value::is_null) {
            *value = Value::Null;
        }
    }
}

/// A part as its field says; nothing when it is of another type.
fn value(field: &Field, part: &Tree) -> Option<Value> {
    let is_number = matches!(field.kind, Kind::Integer | Kind::Decimal | Kind::Boolean);
    match (part, part.text().ok()?) {
        (_, None) => Some(Value::Null),
        (Tree::Literal(_), Some(_)) if !is_number => None,
        (_, Some(text)) => read(field.kind, field.format.as_deref(), text),
    }
}

/// A text of the service as JSON.
pub(super) fn read(kind: Kind, format: Option<&str>, text: &str) -> Option<Value> {
    match (kind, format) {
        (Kind::Date, Some(format)) => Some(Date::strptime(format, text.trim()).ok()?.to_string().into()),
        (Kind::LocalMoment, Some(format)) => {
            let at = DateTime::strptime(format, text.trim()).ok()?;
            Some(format!("{at}+07:00").into())
        }
        // A day of XML Schema may have a zone, which changes nothing about the day.
        (Kind::Date, None) => as_json(kind, without_zone(text.trim())),
        // With an offset or without.
        (Kind::LocalMoment, None) => as_json(kind, &kind.for_source(text)?),
        _ => as_json(kind, text),
    }
}

/// A text in the usual form of its type as JSON.
pub(super) fn as_json(kind: Kind, text: &str) -> Option<Value> {
    let mut written = Vec::new();
    kind.write(text, &mut written).then(|| serde_json::from_slice(&written).ok())?
}

fn without_zone(day: &str) -> &str {
    match day.split_at_checked("2026-11-22".len()) {
        Some((day, "Z")) => day,
        Some((day, zone))
            if zone.len() == 6 && zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':' =>
        {
            day
        }
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_json_keep_every_digit_and_lists_are_parts_of_one_name() {
        let tree = Tree::json(r#"{"a":[{"b":12345678901234567890.10},{"b":null}],"c":[]}"#).unwrap();
        let path = ["a".to_owned(), "b".to_owned()];
        assert_eq!(tree.all(&path), [&Tree::Literal("12345678901234567890.10".into()), &Tree::Null]);
        assert!(tree.all(&["c".to_owned()]).is_empty());
    }

    #[test]
    fn answers_that_are_too_deep_or_have_too_many_parts_are_refused() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let many = format!("[{}1]", "1,".repeat(300_000));
        assert_eq!(Tree::json(&deep), Err(NoTree::TooMuch));
        assert_eq!(Tree::json(&many), Err(NoTree::TooMuch));
        assert_eq!(Tree::json("{\"a\":1"), Err(NoTree::Malformed));
        let nested = "<a>".repeat(1_000) + &"</a>".repeat(1_000);
        let document = roxmltree::Document::parse(&nested).unwrap();
        assert_eq!(Tree::element(document.root_element()), Err(NoTree::TooMuch));
    }

    #[test]
    fn an_element_has_its_text_its_attributes_and_its_parts() {
        let text = r#"<a xmlns="urn:x" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
            <b ma="1">mot</b><b i:nil="true"/><c/></a>"#;
        let document = roxmltree::Document::parse(text).unwrap();
        let tree = Tree::element(document.root_element()).unwrap();
        let texts = |path: &[&str]| -> Vec<Option<String>> {
            let path: Vec<_> = path.iter().map(|&name| name.to_owned()).collect();
            tree.all(&path).into_iter().map(|part| part.text().unwrap().map(str::to_owned)).collect()
        };
        assert_eq!(texts(&["{urn:x}b"]), [Some("mot".to_owned()), None]);
        assert_eq!(texts(&["{urn:x}b", "@ma"]), [Some("1".to_owned())]);
        assert_eq!(texts(&["{urn:x}c"]), [None]);
        assert_eq!(tree.all(&["b".to_owned()]), Vec::<&Tree>::new(), "another namespace");
    }

    #[test]
    fn days_and_moments_are_read_in_the_form_that_the_service_writes() {
        let read =
            |kind, format, text| read(kind, format, text).map(|value| value.as_str().unwrap().to_owned());
        let day = Some("1990-02-28".to_owned());
        assert_eq!(read(Kind::Date, Some("%d/%m/%Y"), "28/02/1990"), day);
        assert_eq!(read(Kind::Date, Some("%Y%m%d"), "19900228"), day);
        assert_eq!(read(Kind::Date, None, "1990-02-28+07:00"), day);
        assert_eq!(read(Kind::Date, None, "1990-02-28T00:00:01"), None);
        assert_eq!(read(Kind::Date, Some("%d/%m/%Y"), "1990-02-28"), None);
        let moment = Some("2026-11-22T07:30:00+07:00".to_owned());
        assert_eq!(read(Kind::LocalMoment, None, "2026-11-22T07:30:00"), moment);
        assert_eq!(read(Kind::LocalMoment, None, "2026-11-22T00:30:00Z"), moment);
    }
}
