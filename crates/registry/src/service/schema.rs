//! The form of schemas: those keywords of JSON Schema 2020-12 that fields and examples are read from.
//!
//! A whole validator would bring a large library for little: what is wrong elsewhere in a schema harms nobody here.

use serde_json::Value;

use super::mistakes::Found;

/// What `type` can be (JSON Schema 2020-12 Validation, 6.1.1).
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/// Keywords with one schema, with a list of them, with named ones.
const ONE: [&str; 10] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const MANY: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "dependentSchemas"];

/// Looks at a schema and at those in it; references are looked at elsewhere.
pub(super) fn check(schema: &Value, found: &mut Found) {
    let members = match schema {
        Value::Bool(_) => return,
        Value::Object(members) => members,
        _ => {
            return found.wrong("phải là đối tượng, true hoặc false", "a schema is an object, true or false");
        }
    };
    for (key, value) in members {
        let back = found.enter(key);
        keyword(key, value, found);
        found.leave(back);
    }
}

fn keyword(key: &str, value: &Value, found: &mut Found) {
    match key {
        "type" => kind(value, found),
        "required" if !is_list_of_texts(value) => {
            found.wrong("phải là danh sách tên trường", "must be a list of names");
        }
        "enum" if !value.is_array() => found.wrong("phải là danh sách", "must be a list"),
        "title" | "description" | "format" | "pattern" if !value.is_string() => {
            found.wrong("phải là chữ", "must be a text");
        }
        _ if ONE.contains(&key) => check(value, found),
        _ if MANY.contains(&key) => {
            let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
                return found.wrong("phải là danh sách, không để trống", "must be a list that is not empty");
            };
            for (index, schema) in list.iter().enumerate() {
                let back = found.enter(&index.to_string());
                check(schema, found);
                found.leave(back);
            }
        }
        _ if NAMED.contains(&key) => {
            let Some(named) = value.as_object() else {
                return found.wrong("phải là đối tượng", "must be an object");
            };
            for (name, schema) in named {
                let back = found.enter(name);
                check(schema, found);
                found.leave(back);
            }
        }
        _ => {}
    }
}

fn kind(value: &Value, found: &mut Found) {
    let known = |value: &Value| value.as_str().is_some_and(|kind| TYPES.contains(&kind));
    let good = match value {
        Value::Array(kinds) => !kinds.is_empty() && kinds.iter().all(known),
        one => known(one),
    };
    if !good {
        found.wrong(
            "phải là null, boolean, object, array, number, string hoặc integer",
            "must be null, boolean, object, array, number, string or integer",
        );
    }
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}
