//! Checks that a document is an OpenAPI 3.1 (or 3.0) description that the catalogue, the gate and the cutting of answers
//! can rely on. The clauses are those of the OpenAPI Specification 3.1.1, section 4.8.

mod operation;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::mistakes::Found;
use super::{document, reference, schema};
use crate::Mistake;

/// Longest `info.version`, in characters: it stands in addresses and headlines.
const VERSION_CHARS_MAX: usize = 32;

/// The methods that a path item can have (OpenAPI 3.1.1, 4.8.9.1).
pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// One operation of a description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Method in capitals: `GET`.
    pub method: String,
    /// Path below the service's code, with its parameters: `/{soHo}`.
    pub path: String,
    /// `operationId`, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `summary`, else the first line of `description`.
    pub summary: String,
}

/// The operations of a description that was taken in, by path.
pub fn operations(document: &Value) -> Vec<Operation> {
    let describe = |(path, method, operation): (&str, &str, &Value)| Operation {
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        id: text(operation, "operationId").map(str::to_owned),
        summary: text(operation, "summary").or_else(|| first_line(operation)).unwrap_or_default().to_owned(),
    };
    each_operation(document).map(describe).collect()
}

/// Path, method in small letters, and operation.
pub(super) fn each_operation(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flat_map(reference::by_name);
    paths.flat_map(move |(path, item)| {
        let item = reference::resolve(document, item).and_then(Value::as_object);
        let methods =
            item.into_iter().flat_map(reference::by_name).filter(|(key, _)| METHODS.contains(&key.as_str()));
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// A member that is a text and not empty.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The first line of `description`.
pub(super) fn first_line(value: &Value) -> Option<&str> {
    text(value, "description").and_then(|text| text.lines().next())
}

/// `info.version`.
pub(super) fn version(document: &Value) -> Option<&str> {
    document.get("info").and_then(|info| text(info, "version"))
}

/// Whether the document is of 3.0, which is taken with a note.
pub(super) fn is_3_0(document: &Value) -> bool {
    text(document, "openapi").is_some_and(|version| version.starts_with("3.0."))
}

/// All mistakes of a description.
pub(super) fn check(document: &Value) -> Vec<Mistake> {
    if let Some(mistake) = document::depth_mistake(document) {
        return vec![mistake];
    }
    let mut found = Found::at("openapi");
    let Some(members) = document.as_object() else {
        found.wrong("phải là đối tượng JSON", "must be a JSON object");
        return found.finish();
    };
    head(document, &mut found);
    let back = found.enter("paths");
    paths(document, members.get("paths"), &mut found);
    found.leave(back);
    components(members.get("components"), &mut found);
    reference::check(document, &mut found);
    found.finish()
}

fn head(document: &Value, found: &mut Found) {
    let back = found.enter("openapi");
    let patch = |version: &str, minor: &str| {
        version
            .strip_prefix(minor)
            .is_some_and(|patch| patch.bytes().next().is_some_and(|b| b.is_ascii_digit()))
    };
    if !text(document, "openapi").is_some_and(|version| patch(version, "3.1.") || patch(version, "3.0.")) {
        found.wrong(
            "phải là phiên bản 3.1.x (3.0.x vẫn nhận); hãy chuyển tài liệu Swagger 2.0 sang 3.1",
            "must be 3.1.x (3.0.x is taken, too): convert a Swagger 2.0 document to 3.1",
        );
    }
    found.leave(back);
    let back = found.enter("info");
    let info = document.get("info").unwrap_or(&Value::Null);
    if text(info, "title").is_none() {
        found.wrong("thiếu title", "title is missing");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
    let good = |version: &str| version.len() <= VERSION_CHARS_MAX && version.chars().all(allowed);
    if !version(document).is_some_and(good) {
        found.wrong(
            format!("thiếu version, hoặc có ký tự ngoài A-Z a-z 0-9 . - + _, hoặc dài quá {VERSION_CHARS_MAX}"),
            format!(
                "version is missing, has other characters than A-Z a-z 0-9 . - + _, or more than {VERSION_CHARS_MAX}"
            ),
        );
    }
    found.leave(back);
}

fn paths(document: &Value, paths: Option<&Value>, found: &mut Found) {
    let Some(paths) = paths.and_then(Value::as_object).filter(|paths| !paths.is_empty()) else {
        return found.wrong(
            "chưa có đường dẫn nào; hãy mô tả ít nhất một thao tác",
            "there are no paths: describe at least one operation",
        );
    };
    let mut shapes = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, item) in reference::by_name(paths).filter(|(path, _)| !path.starts_with("x-")) {
        let back = found.enter(path);
        match template(path) {
            Some(names) => {
                if !shapes.insert(shape(path)) {
                    found.wrong(
                        "trùng với đường dẫn khác, chỉ khác tên tham số",
                        "equals another path but for the names of its parameters",
                    );
                }
                path_item(document, item, &names, &mut ids, found);
            }
            None => found.wrong(
                "đường dẫn phải bắt đầu bằng /, không có ? và #, mỗi {tham số} đóng mở đúng một lần",
                "a path must start with /, have no ? and #, and each {parameter} opened and closed once",
            ),
        }
        found.leave(back);
    }
    if each_operation(document).next().is_none() {
        found.wrong("không có thao tác nào (get, post, …)", "there is no operation (get, post, …)");
    }
}

/// The names of the parameters of a path.
fn template(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest =
        path.strip_prefix('/').filter(|rest| !rest.contains(['?', '#']) && !rest.contains("//"))?;
    while let Some(open) = rest.find(['{', '}']) {
        let (name, after) = rest[open..].strip_prefix('{')?.split_once('}')?;
        if name.is_empty() || name.contains(['{', '/']) || names.contains(&name) {
            return None;
        }
        names.push(name);
        rest = after;
    }
    Some(names)
}

/// The path without the names of its parameters.
fn shape(path: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shape, part| shape + "{" + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn path_item<'a>(
    document: &'a Value,
    item: &'a Value,
    names: &[&str],
    ids: &mut BTreeSet<&'a str>,
    found: &mut Found,
) {
    // A reference that does not arrive is reported by the walk over references.
    let Some(item) = reference::resolve(document, item) else { return };
    let Some(members) = item.as_object() else {
        return found.wrong("phải là đối tượng", "must be an object");
    };
    let shared = members.get("parameters");
    for (key, member) in members {
        let back = found.enter(key);
        match key.as_str() {
            "parameters" => drop(operation::parameters(document, member, found)),
            "summary" | "description" | "servers" | "$ref" => {}
            key if key.starts_with("x-") => {}
            key if METHODS.contains(&key) => {
                let id = text(member, "operationId");
                if id.is_some_and(|id| !ids.insert(id)) {
                    found.wrong("operationId đã dùng cho thao tác khác", "the operationId is used twice");
                }
                operation::check(document, member, (names, shared), found);
            }
            _ => found.wrong(
                "không phải phương thức HTTP (get, put, post, delete, options, head, patch, trace)",
                "is not an HTTP method (get, put, post, delete, options, head, patch, trace)",
            ),
        }
        found.leave(back);
    }
}

/// Names of components (OpenAPI 3.1.1, 4.8.7.1) and what they are.
fn components(components: Option<&Value>, found: &mut Found) {
    let Some(components) = components else { return };
    let back = found.enter("components");
    let empty = Map::new();
    let kinds = components.as_object().unwrap_or_else(|| {
        found.wrong("phải là đối tượng", "must be an object");
        &empty
    });
    for (kind, named) in reference::by_name(kinds).filter(|(kind, _)| !kind.starts_with("x-")) {
        let back = found.enter(kind);
        let Some(named) = named.as_object() else {
            found.wrong("phải là đối tượng", "must be an object");
            found.leave(back);
            continue;
        };
        for (name, component) in named {
            let back = found.enter(name);
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            if name.is_empty() || !name.chars().all(allowed) {
                found.wrong(
                    "tên chỉ gồm A-Z a-z 0-9 . - _",
                    "a name has only the characters A-Z a-z 0-9 . - _",
                );
            }
            match kind.as_str() {
                "schemas" => schema::check(component, found),
                "responses" => operation::one_response(component, found),
                "requestBodies" => operation::request_body(component, found),
                "parameters" if reference::target(component).is_none() => {
                    let _ = operation::one_parameter(component, found);
                }
                _ => {}
            }
            found.leave(back);
        }
        found.leave(back);
    }
    found.leave(back);
}

#[cfg(test)]
mod tests;
