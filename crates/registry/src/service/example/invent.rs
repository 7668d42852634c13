//! Values made from a schema: the description's own where it has some, else such that nobody takes them for real.

use serde_json::{Map, Value, json};

use super::super::reference;
use super::pattern;

/// What stands for a text of which nothing is known.
pub(super) const WORD: &str = "mẫu";

/// Deepest nesting of an invented value; what lies deeper is left out.
const DEPTH_MAX: usize = 12;

/// Most values in one invented value: enough to see the form, small enough to read.
const VALUES_MAX: usize = 1_000;

/// Longest text that a schema can make us write, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Which way a value goes: `readOnly` is not asked, `writeOnly` not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Question,
    Answer,
}

/// A value that fits the schema as far as the keywords go that are looked at.
pub(super) fn value(root: &Value, schema: &Value, side: Side) -> Value {
    Inventor { root, side, left: VALUES_MAX }.value(schema, DEPTH_MAX)
}

/// The value that the schema itself names.
pub(super) fn given(root: &Value, schema: &Value) -> Option<Value> {
    let own = |schema: &Value| {
        let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
        let named = first("examples").or_else(|| schema.get("example")).or_else(|| schema.get("default"));
        named.or_else(|| schema.get("const")).or_else(|| first("enum")).cloned()
    };
    own(schema).or_else(|| own(reference::resolve(root, schema)?))
}

struct Inventor<'a> {
    root: &'a Value,
    side: Side,
    left: usize,
}

impl<'a> Inventor<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        if let Some(value) = given(self.root, schema) {
            return value;
        }
        let Some(schema) = reference::resolve(self.root, schema) else { return Value::Null };
        if depth == 0 || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            return Value::Object(self.members(schema, depth));
        }
        if let Some(schema) = one_of(schema) {
            return self.value(schema, depth - 1);
        }
        match kind(schema) {
            "object" => Value::Object(Map::new()),
            "array" => self.array(schema, depth),
            "integer" => number(schema, true),
            "number" => number(schema, false),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(text(schema)),
        }
    }

    fn members(&mut self, schema: &'a Value, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(more) = self.value(part, depth - 1) {
                members.extend(more);
            }
        }
        if let Some(Value::Object(more)) = one_of(schema).map(|schema| self.value(schema, depth - 1)) {
            members.extend(more);
        }
        let hidden = if self.side == Side::Question { "readOnly" } else { "writeOnly" };
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let target = reference::resolve(self.root, property).unwrap_or(property);
            let is_hidden =
                [property, target].iter().any(|schema| schema.get(hidden) == Some(&Value::Bool(true)));
            if !is_hidden && self.left > 0 && depth > 1 {
                let value = self.value(property, depth - 1);
                members.insert(name.clone(), value);
            }
        }
        members
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        match schema.get("items").filter(|items| items.is_object()) {
            Some(items) if depth > 1 => Value::Array(vec![self.value(items, depth - 1)]),
            _ => Value::Array(Vec::new()),
        }
    }
}

/// The first alternative that is not merely "nothing".
fn one_of(schema: &Value) -> Option<&Value> {
    let mut all = ["oneOf", "anyOf"].iter().filter_map(|key| schema.get(*key)?.as_array()).flatten();
    all.find(|schema| kind(schema) != "null")
}

/// The first type that is not merely "nothing".
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

fn number(schema: &Value, whole: bool) -> Value {
    let least = schema.get("minimum").or_else(|| schema.get("exclusiveMinimum"));
    let most = schema.get("maximum").filter(|most| most.as_f64().is_some_and(|most| most < 1.0));
    match least.or(most) {
        Some(limit) if !whole || limit.is_i64() || limit.is_u64() => limit.clone(),
        _ if whole => json!(1),
        _ => json!(1.5),
    }
}

fn text(schema: &Value) -> String {
    let of = |key: &str| schema.get(key).and_then(Value::as_str);
    match of("format") {
        Some("date") => return "2000-01-01".to_owned(),
        Some("date-time") => return "2000-01-01T00:00:00Z".to_owned(),
        Some("time") => return "00:00:00Z".to_owned(),
        Some("email") => return "mau@example.com".to_owned(),
        Some("uuid") => return "00000000-0000-0000-0000-000000000000".to_owned(),
        Some("uri" | "url") => return "https://example.com/mau".to_owned(),
        Some("ipv4") => return "192.0.2.1".to_owned(),
        Some("byte") => return "bWF1".to_owned(),
        _ => {}
    }
    if let Some(text) = of("pattern").and_then(|pattern| pattern::first(pattern, TEXT_CHARS_MAX)) {
        return text;
    }
    let limit = |key: &str, other: usize| {
        let limit = schema.get(key).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        limit.unwrap_or(other).min(TEXT_CHARS_MAX)
    };
    let word = WORD.chars().cycle();
    word.take(limit("minLength", 3).max(3).min(limit("maxLength", TEXT_CHARS_MAX))).collect()
}
