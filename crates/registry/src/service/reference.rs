//! `$ref` in OpenAPI documents: everything stays inside the document, points at something, and arrives.

use serde_json::Value;

use super::mistakes::Found;

/// Longest chain of references that only point at each other.
const HOPS_MAX: usize = 32;

/// Members whose content is data of the described service, not description.
const DATA: [&str; 5] = ["example", "default", "enum", "const", "value"];

/// Schema keywords that would make references mean something else than a place in this document.
const RENAMING: [&str; 6] =
    ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];

/// The text of a reference, when the value is one.
pub(super) fn target(value: &Value) -> Option<&str> {
    value.get("$ref").and_then(Value::as_str)
}

/// What a reference points at.
pub(super) fn find<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/'))?;
    // A fragment is percent-encoded (RFC 6901, section 6).
    if pointer.contains('%') { root.pointer(&decoded(pointer)?) } else { root.pointer(pointer) }
}

/// The value itself, or what it refers to at last. `None` when the chain leaves the document or never arrives.
pub(super) fn resolve<'a>(root: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let mut value = value;
    for _ in 0..HOPS_MAX {
        match target(value) {
            Some(reference) => value = find(root, reference)?,
            None => return Some(value),
        }
    }
    None
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Members that are maps: below them stand names of the service, such as a response `default`, and not keywords.
const MAPS: [&str; 19] = [
    "$defs",
    "callbacks",
    "content",
    "dependentSchemas",
    "encoding",
    "examples",
    "headers",
    "links",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
    "variables",
    "webhooks",
];

/// Looks at every reference of a document that is not nested too deeply.
pub(super) fn check(root: &Value, found: &mut Found) {
    walk(root, root, found);
}

fn walk(root: &Value, value: &Value, found: &mut Found) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let back = found.enter(key);
                member_of(root, key, member, found);
                found.leave(back);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let back = found.enter(&index.to_string());
                walk(root, item, found);
                found.leave(back);
            }
        }
        _ => {}
    }
}

fn member_of(root: &Value, key: &str, member: &Value, found: &mut Found) {
    match key {
        "$ref" | "operationRef" => reference(root, member, found),
        "externalValue" => found.wrong(
            "ví dụ nằm ngoài tài liệu; hãy ghi ví dụ vào value",
            "the example is outside the document: write it into value",
        ),
        _ if RENAMING.contains(&key) => found.wrong(
            "không nhận từ khóa này; hãy dùng $ref bắt đầu bằng #/",
            "this keyword is not taken: use a $ref that starts with #/",
        ),
        "mapping" => mapping(root, member, found),
        // The list of a schema's examples is data; the map of a media type's has objects of the description.
        "examples" if member.is_array() => {}
        _ if MAPS.contains(&key) && member.is_object() => each(root, member, found),
        _ if DATA.contains(&key) || key.starts_with("x-") => {}
        _ => walk(root, member, found),
    }
}

/// The members of an object by name: the order in which JSON has them means nothing, and may not be kept.
pub(super) fn by_name(map: &serde_json::Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let mut all: Vec<_> = map.iter().collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all.into_iter()
}

/// Walks through the values of a map whose keys are names.
fn each(root: &Value, map: &Value, found: &mut Found) {
    for (name, value) in map.as_object().into_iter().flat_map(by_name) {
        let back = found.enter(name);
        walk(root, value, found);
        found.leave(back);
    }
}

fn reference(root: &Value, member: &Value, found: &mut Found) {
    let Some(text) = member.as_str() else {
        return found.wrong("$ref phải là chữ", "a $ref must be a text");
    };
    if !text.starts_with("#/") {
        return found.wrong(
            format!("tham chiếu ra ngoài tài liệu ({}); hãy đưa phần đó vào components", shown(text)),
            format!("refers outside the document ({}): move that part into components", shown(text)),
        );
    }
    match find(root, text) {
        None => found.wrong(
            format!("không có gì tại {}", shown(text)),
            format!("there is nothing at {}", shown(text)),
        ),
        Some(target) if resolve(root, target).is_none() && ends_in_itself(root, target) => found.wrong(
            format!("tham chiếu {} quay vòng, không bao giờ đến nơi", shown(text)),
            format!("the reference {} goes in a circle and never arrives", shown(text)),
        ),
        Some(_) => {}
    }
}

/// Whether a chain of references goes on for too long; a chain that breaks is reported where it breaks.
fn ends_in_itself(root: &Value, value: &Value) -> bool {
    let mut next = Some(value);
    for _ in 0..HOPS_MAX {
        match next.and_then(target) {
            Some(reference) => next = find(root, reference),
            None => return false,
        }
    }
    next.is_some()
}

/// `discriminator.mapping`: a name of a schema, or a reference.
fn mapping(root: &Value, map: &Value, found: &mut Found) {
    for (name, value) in map.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        if text.contains(['/', '#', ':']) {
            let back = found.enter(name);
            reference(root, value, found);
            found.leave(back);
        }
    }
}

/// A text from outside, cut for a message.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
