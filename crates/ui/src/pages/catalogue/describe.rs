//! What a service's OpenAPI description says of its operations and fields, for people.

use std::collections::BTreeSet;

use serde_json::Value;

/// References that are followed one after the other; more is a circle.
const DEEP: usize = 24;
/// Schemas that are looked at for one field: those that contain themselves have no end.
const STEPS: usize = 500;
/// Allowed values that are shown; more are counted as “…”.
const VALUES: usize = 12;
/// Keywords whose schemas describe the same value as the schema they stand in.
const SAME: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Methods of a path item.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `path`, `query`, `header`, `body`.
    pub place: String,
    /// Whether a call without it is refused.
    pub required: bool,
    /// Its type.
    pub kind: String,
    /// What it means.
    pub title: String,
}

/// An answer that an operation may give.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status such as `200`.
    pub status: String,
    /// When it is given.
    pub title: String,
}

/// What there is to know of a field beside its path and title.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Its type; empty where the description says none.
    pub kind: String,
    /// The code list that its values come from.
    pub list: String,
    /// Values that it may have.
    pub values: Vec<String>,
    /// Whether the description marks it as sensitive personal data.
    pub sensitive: bool,
}

/// Parameters of an operation, its own before those of its path, then what its body holds.
pub fn parameters(document: &Value, path: &str, method: &str) -> Vec<Parameter> {
    let item = resolve(document, &document["paths"][path]);
    let operation = &item[method.to_ascii_lowercase()];
    let lists = [&operation["parameters"], &item["parameters"]].into_iter().filter_map(Value::as_array);
    let mut found: Vec<Parameter> = Vec::new();
    for given in lists.flatten().map(|given| resolve(document, given)) {
        let (name, place) = (text(&given["name"]), text(&given["in"]));
        if found.iter().any(|known| known.name == name && known.place == place) {
            continue;
        }
        let kind = shape(document, &given["schema"]).kind;
        let required = given["required"] == Value::Bool(true);
        found.push(Parameter { name, place, required, kind, title: text(&given["description"]) });
    }
    let contents = resolve(document, &operation["requestBody"])["content"].as_object();
    let body = contents.into_iter().flatten().find_map(|(_, content)| content.get("schema"));
    if let Some(body) = body {
        inside(document, body, "", (&mut found, &mut { STEPS }));
    }
    found
}

/// The members of an object in a body, with those of the objects in it.
fn inside(document: &Value, schema: &Value, above: &str, (found, left): (&mut Vec<Parameter>, &mut usize)) {
    let schema = resolve(document, schema);
    let Some(fewer) = left.checked_sub(1) else { return };
    *left = fewer;
    let needed = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        found.push(Parameter {
            name: path.clone(),
            place: "body".to_owned(),
            required: needed.iter().any(|needed| needed == name),
            kind: shape(document, member).kind,
            title: text(&resolve(document, member)["description"]),
        });
        inside(document, member, &path, (&mut *found, &mut *left));
    }
    let below = SAME.iter().filter_map(|key| schema[*key].as_array()).flatten();
    for schema in below.chain(schema.get("items")) {
        inside(document, schema, above, (&mut *found, &mut *left));
    }
}

/// Answers of an operation.
pub fn answers(document: &Value, path: &str, method: &str) -> Vec<Answer> {
    let item = resolve(document, &document["paths"][path]);
    let answers = item[method.to_ascii_lowercase()]["responses"].as_object();
    let one = |(status, answer): (&String, &Value)| Answer {
        status: status.clone(),
        title: text(&resolve(document, answer)["description"]),
    };
    answers.into_iter().flatten().map(one).collect()
}

/// What the description says of a field of the answers. What stands in a sensitive field is sensitive too.
pub fn field(document: &Value, path: &str) -> Shape {
    let one = |path: &str| {
        let mut left = STEPS;
        let found = roots(document).find_map(|root| find(document, root, path, &mut left));
        found.map_or_else(Shape::default, |found| shape(document, found))
    };
    let above = path.match_indices('.').any(|(end, _)| one(&path[..end]).sensitive);
    let own = one(path);
    Shape { sensitive: own.sensitive || above, ..own }
}

/// The schemas of all good JSON answers.
fn roots(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document["paths"].as_object().into_iter().flatten().map(|(_, item)| resolve(document, item));
    let operations = items.flat_map(|item| METHODS.iter().filter_map(|method| item.get(*method)));
    let answers = operations.filter_map(|operation| operation["responses"].as_object()).flatten();
    let good = answers.filter(|(status, _)| status.starts_with('2') || *status == "default");
    let contents = good.filter_map(|(_, answer)| resolve(document, answer)["content"].as_object()).flatten();
    contents.filter_map(|(_, content)| content.get("schema"))
}

/// The schema of the field with this path below a schema.
fn find<'a>(document: &'a Value, schema: &'a Value, path: &str, left: &mut usize) -> Option<&'a Value> {
    *left = left.checked_sub(1)?;
    let schema = resolve(document, schema);
    let below = SAME.iter().filter_map(|key| schema[*key].as_array()).flatten();
    let below = below.chain(schema.get("items"));
    let own = schema["properties"].as_object().and_then(|properties| {
        if let Some(found) = properties.get(path) {
            return Some(found);
        }
        let (name, rest) = path.split_once('.')?;
        find(document, properties.get(name)?, rest, left)
    });
    own.or_else(|| below.into_iter().find_map(|schema| find(document, schema, path, left)))
}

fn shape(document: &Value, schema: &Value) -> Shape {
    let sensitive = schema["x-personal-data"] == "sensitive";
    let schema = resolve(document, schema);
    let properties = &schema["properties"];
    let list = text(&properties["danhMuc"]["const"]);
    let version = text(&properties["phienBan"]["const"]);
    let list = if list.is_empty() || version.is_empty() { list } else { format!("{list} ({version})") };
    let given = schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
    let given = given.iter().chain(schema.get("const")).map(plain);
    let mut values: Vec<String> = given.take(VALUES + 1).collect();
    if values.len() > VALUES {
        values.truncate(VALUES);
        values.push("…".to_owned());
    }
    let sensitive = sensitive || schema["x-personal-data"] == "sensitive";
    Shape {
        kind: kinds(document, schema, &mut { STEPS }).into_iter().collect::<Vec<_>>().join(", "),
        list,
        values,
        sensitive,
    }
}

/// Types that a value may have, without null.
fn kinds(document: &Value, schema: &Value, left: &mut usize) -> BTreeSet<String> {
    let schema = resolve(document, schema);
    let Some(fewer) = left.checked_sub(1) else { return BTreeSet::new() };
    *left = fewer;
    let format = text(&schema["format"]);
    let mut named = |kind: &Value| match kind.as_str() {
        None | Some("null") => None,
        Some("array") => {
            let items = kinds(document, &schema["items"], left);
            let items = items.into_iter().collect::<Vec<_>>().join(", ");
            Some(if items.is_empty() { "array".to_owned() } else { format!("array<{items}>") })
        }
        Some(kind) if format.is_empty() => Some(kind.to_owned()),
        Some(kind) => Some(format!("{kind} ({format})")),
    };
    let own: BTreeSet<String> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(&mut named).collect(),
        kind => named(kind).into_iter().collect(),
    };
    if !own.is_empty() {
        return own;
    }
    let below = SAME.iter().filter_map(|key| schema[*key].as_array()).flatten();
    below.flat_map(|schema| kinds(document, schema, left)).collect()
}

/// What a reference inside the document stands for; a circle of references stands for nothing.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut found = value;
    for _ in 0..DEEP {
        let Some(reference) = found.get("$ref").and_then(Value::as_str) else { return found };
        let place = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        let Some(place) = place else { return &Value::Null };
        found = place;
    }
    &Value::Null
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "paths": { "/{so}": {
                "parameters": [{ "$ref": "#/components/parameters/So" }, { "name": "trang", "in": "query" }],
                "get": {
                    "parameters": [{ "name": "trang", "in": "query", "schema": { "type": "integer" } }],
                    "requestBody": { "content": { "application/json": { "schema": {
                        "type": "object", "required": ["nguoi"], "properties": { "nguoi": { "type": "object",
                            "properties": { "ten": { "type": "string" } } } } } } } },
                    "responses": {
                        "200": { "description": "Tốt", "content": { "application/json": { "schema": {
                            "type": "array", "items": { "$ref": "#/components/schemas/Nguoi" } } } } },
                        "404": { "description": "Không có" },
                    },
                },
            } },
            "components": {
                "parameters": { "So": { "name": "so", "in": "path", "required": true,
                    "schema": { "type": "string" }, "description": "Số" } },
                "schemas": { "Nguoi": { "type": "object", "properties": {
                    "ngaySinh": { "type": ["string", "null"], "format": "date" },
                    "danToc": { "type": "object", "x-personal-data": "sensitive", "properties": {
                        "ma": { "enum": ["01", "02"] }, "danhMuc": { "const": "DM-DAN-TOC" },
                        "phienBan": { "const": "1979" } } },
                    "con": { "type": "array", "items": { "$ref": "#/components/schemas/Nguoi" } },
                    "vong": { "$ref": "#/components/schemas/Vong" },
                } }, "Vong": { "$ref": "#/components/schemas/Vong" } },
            },
        })
    }

    #[test]
    fn fields_are_found_through_references_and_arrays() {
        let document = document();
        assert_eq!(field(&document, "ngaySinh").kind, "string (date)");
        assert_eq!(field(&document, "con.con.ngaySinh").kind, "string (date)");
        assert_eq!(field(&document, "con").kind, "array<object>");
        let origin = field(&document, "danToc");
        assert_eq!((&*origin.list, origin.sensitive), ("DM-DAN-TOC (1979)", true));
        assert_eq!(field(&document, "danToc.ma").values, ["01", "02"]);
        assert_eq!(field(&document, "vong"), Shape::default());
        assert_eq!(field(&document, "khong.co"), Shape::default());
    }

    #[test]
    fn an_operation_has_its_own_parameters_and_those_of_its_path() {
        let document = document();
        let found = parameters(&document, "/{so}", "GET");
        let names: Vec<_> = found.iter().map(|one| (&*one.name, &*one.kind, one.required)).collect();
        assert_eq!(
            names,
            [
                ("trang", "integer", false),
                ("so", "string", true),
                ("nguoi", "object", true),
                ("nguoi.ten", "string", false),
            ]
        );
        let answers = answers(&document, "/{so}", "GET");
        assert_eq!(answers.iter().map(|one| &*one.status).collect::<Vec<_>>(), ["200", "404"]);
        assert!(parameters(&document, "/", "PUT").is_empty());
    }
}
