//! Which fields the answers of a service have, read from the schemas of its description.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::mistakes::Found;
use super::openapi::{each_operation, first_line, text};
use super::{Field, openapi, reference};
use crate::RegistryError;

/// Most fields of one service.
pub const FIELDS_MAX: usize = 2_000;

/// Longest path of a field, in characters.
const PATH_CHARS_MAX: usize = 500;

/// Longest title of a field, in characters.
const TITLE_CHARS_MAX: usize = 500;

/// Deepest chain of schemas in schemas, references followed.
const NESTING_MAX: usize = 128;

/// Marks personal data in a description.
const PERSONAL: &str = "x-lienthong-personal";

/// Keywords whose schemas describe the same value as the schema they stand in.
const SAME: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// The fields of the answers that a description promises: of each operation the JSON bodies of its successful
/// responses (2xx, else `default`), objects with their parts, arrays passed through, alternatives merged. Where a
/// schema contains itself, its fields are listed once and not again inside themselves.
///
/// # Errors
/// [`RegistryError::Invalid`] with every mistake of a document that is not OpenAPI 3.1 or 3.0, is nested too deeply or
/// refers outside itself; with more than [`FIELDS_MAX`] fields; with names of fields that cannot stand in a path.
pub fn fields_of(document: &Value) -> Result<Vec<Field>, RegistryError> {
    let mistakes = openapi::check(document);
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    let mut walk = Walk {
        root: document,
        fields: Vec::new(),
        places: BTreeMap::new(),
        seen: BTreeSet::new(),
        open: Vec::new(),
        nesting: 0,
        found: Found::at("fields"),
        stopped: false,
    };
    for schema in answers(document) {
        walk.schema(schema, "", false);
    }
    let mistakes = walk.found.finish();
    if mistakes.is_empty() { Ok(walk.fields) } else { Err(RegistryError::Invalid(mistakes)) }
}

/// The schemas of the JSON bodies of all successful responses.
fn answers(document: &Value) -> Vec<&Value> {
    let operations = each_operation(document);
    operations.flat_map(|(_, _, operation)| successes(document, operation)).filter_map(json_schema).collect()
}

/// The successful responses of an operation: 2xx, and when there is none, `default`.
pub(super) fn successes<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let responses = operation.get("responses").and_then(Value::as_object);
    let pick = |wanted: fn(&str) -> bool| -> Vec<&'a Value> {
        let picked = responses.into_iter().flatten().filter(|(status, _)| wanted(status));
        picked.filter_map(|(_, response)| reference::resolve(document, response)).collect()
    };
    let good = pick(|status| status.starts_with('2'));
    if good.is_empty() { pick(|status| status == "default") } else { good }
}

/// The JSON media type of a response or request body, with what it says of it.
pub(super) fn json_content(body: &Value) -> Option<(&str, &Value)> {
    let types = body.get("content")?.as_object()?;
    types.iter().map(|(name, description)| (name.as_str(), description)).find(|(name, _)| is_json(name))
}

/// The schema of a JSON body, or of each line of one that comes in lines.
fn json_schema(response: &Value) -> Option<&Value> {
    let lines = || response.get("content")?.get("application/x-ndjson");
    json_content(response).map(|(_, media)| media).or_else(lines)?.get("schema")
}

fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name == "application/json" || name.ends_with("+json") || name == "*/*"
}

/// Where the walk through the schemas is, and what it found.
struct Walk<'a> {
    root: &'a Value,
    fields: Vec<Field>,
    /// Where each path stands in `fields`.
    places: BTreeMap<String, usize>,
    /// References that were followed, each with the path at which and as what; the same leads to the same fields.
    seen: BTreeSet<(&'a str, String, bool)>,
    /// References that are being followed: one of them again is a schema inside itself.
    open: Vec<&'a str>,
    nesting: usize,
    found: Found,
    /// Set when going on would only find the same mistake again.
    stopped: bool,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value, path: &str, personal: bool) {
        if self.stopped {
            return;
        }
        if self.nesting == NESTING_MAX {
            return self.stop(
                format!("các kiểu dữ liệu lồng nhau quá {NESTING_MAX} mức"),
                format!("the schemas are nested deeper than {NESTING_MAX} levels"),
            );
        }
        self.nesting += 1;
        self.parts(schema, path, personal || is_personal(schema));
        self.nesting -= 1;
    }

    fn parts(&mut self, schema: &'a Value, path: &str, personal: bool) {
        if let Some(reference) = reference::target(schema) {
            self.follow(reference, path, personal);
        }
        for list in SAME.iter().chain(&["prefixItems"]).filter_map(|key| schema.get(*key)?.as_array()) {
            for schema in list {
                self.schema(schema, path, personal);
            }
        }
        for schema in ["items", "then", "else"].iter().filter_map(|key| schema.get(*key)) {
            self.schema(schema, path, personal);
        }
        for (name, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flat_map(reference::by_name)
        {
            self.property(name, property, (path, personal));
        }
    }

    fn follow(&mut self, reference: &'a str, path: &str, personal: bool) {
        if self.open.contains(&reference) || !self.seen.insert((reference, path.to_owned(), personal)) {
            return;
        }
        if let Some(schema) = reference::find(self.root, reference) {
            self.open.push(reference);
            self.schema(schema, path, personal);
            self.open.pop();
        }
    }

    fn property(&mut self, name: &'a str, property: &'a Value, (above, personal): (&str, bool)) {
        // What is only sent never comes back.
        let target = reference::resolve(self.root, property).unwrap_or(property);
        if self.stopped || target.get("writeOnly") == Some(&Value::Bool(true)) {
            return;
        }
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        if name.is_empty() || name.contains(['.', ',']) || path.chars().count() > PATH_CHARS_MAX {
            let back = self.found.enter(&path);
            self.found.wrong(
                format!("tên trường không được trống, không có dấu chấm, dấu phẩy; đường dẫn tối đa {PATH_CHARS_MAX} ký tự"),
                format!("the name of a field is not empty and has no dot or comma; a path has at most {PATH_CHARS_MAX} characters"),
            );
            return self.found.leave(back);
        }
        let personal = personal || is_personal(property) || is_personal(target);
        let of_items = || title(reference::resolve(self.root, target.get("items")?)?);
        let title = title(property).or_else(|| title(target)).or_else(of_items);
        self.add(&path, title, personal);
        self.schema(property, &path, personal);
    }

    fn add(&mut self, path: &str, title: Option<String>, personal: bool) {
        let title = title.unwrap_or_default();
        if let Some(place) = self.places.get(path) {
            let field = &mut self.fields[*place];
            field.personal |= personal;
            if field.title.is_empty() {
                field.title = title;
            }
            return;
        }
        if self.fields.len() == FIELDS_MAX {
            return self.stop(
                format!("có hơn {FIELDS_MAX} trường; hãy tách thành nhiều dịch vụ"),
                format!("there are more than {FIELDS_MAX} fields: split it into several services"),
            );
        }
        self.places.insert(path.to_owned(), self.fields.len());
        self.fields.push(Field { path: path.to_owned(), title, personal });
    }

    fn stop(&mut self, vi: String, en: String) {
        self.found.wrong(vi, en);
        self.stopped = true;
    }
}

fn is_personal(schema: &Value) -> bool {
    schema.get(PERSONAL) == Some(&Value::Bool(true))
}

/// The first line of the description, else the title.
fn title(schema: &Value) -> Option<String> {
    let line = first_line(schema).or_else(|| text(schema, "title"))?;
    Some(line.trim().chars().take(TITLE_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests;
