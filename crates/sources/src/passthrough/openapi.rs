//! The `OpenAPI` 3.1 description of an existing service as it is offered.

use serde_json::{Map, Value, json};

use super::definition::{Definition, Field, Operation, Parameter, Place};
use super::tree::as_json;

/// Describes what is offered; paths are relative to the service, as X-Road counts them.
pub fn openapi(definition: &Definition) -> Value {
    let service = &definition.service;
    let mut paths: Map<String, Value> = Map::new();
    for operation in &definition.operations {
        let (method, path) = operation.method_and_path();
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[method.to_ascii_lowercase()] = described(operation);
    }
    json!({
        "openapi": "3.1.1",
        "info": { "title": both(&service.title_vi, &service.title_en), "version": service.version },
        "servers": [{ "url": format!("/{}", service.code) }],
        "paths": paths,
    })
}

fn both(vi: &str, en: &str) -> String {
    if en.is_empty() { vi.to_owned() } else { format!("{vi} / {en}") }
}

fn described(operation: &Operation) -> Value {
    let outside = operation.parameters.iter().filter(|parameter| parameter.place != Place::Body);
    let parameters: Vec<_> = outside
        .map(|parameter| {
            json!({ "name": parameter.name, "in": parameter.place.name(), "schema": schema(parameter),
                "required": parameter.required || parameter.place == Place::Path })
        })
        .collect();
    let mut described = json!({
        "summary": both(&operation.title_vi, &operation.title_en),
        "parameters": parameters,
        "responses": {
            "200": { "description": operation.title_vi, "content": { "application/json": { "schema": answer(operation) } } },
            "404": { "description": "Không có / not there" },
            "422": { "description": "Câu hỏi sai / the question is wrong (EX-3009)" },
            "503": { "description": "Dịch vụ gốc không trả lời / the service behind does not answer (EX-3002 … EX-3007, EX-3015)" },
        },
    });
    let inside: Vec<_> =
        operation.parameters.iter().filter(|parameter| parameter.place == Place::Body).collect();
    if !inside.is_empty() {
        let required: Vec<_> = inside.iter().filter(|one| one.required).map(|one| &one.name).collect();
        let properties: Map<_, _> = inside.iter().map(|one| (one.name.clone(), schema(one))).collect();
        let schema = json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    described
}

fn schema(parameter: &Parameter) -> Value {
    let mut schema = parameter.kind.schema();
    if !parameter.values.is_empty() {
        schema["enum"] = parameter.values.iter().filter_map(|value| as_json(parameter.kind, value)).collect();
    }
    if parameter.digits {
        schema["pattern"] = "^[0-9]*$".into();
    }
    for (name, length) in [("minLength", parameter.length_min), ("maxLength", parameter.length_max)] {
        if let Some(length) = length {
            schema[name] = length.into();
        }
    }
    schema["description"] = title(&parameter.title_vi, parameter.meaning, &parameter.name);
    schema
}

fn title(title_vi: &str, meaning: Option<crate::meaning::Meaning>, name: &str) -> Value {
    match meaning.map(crate::meaning::Meaning::title) {
        Some((vi, en)) => both(if title_vi.is_empty() { vi } else { title_vi }, en).into(),
        None if title_vi.is_empty() => name.into(),
        None => title_vi.into(),
    }
}

fn answer(operation: &Operation) -> Value {
    let mut schema = object(&operation.fields);
    for list in &operation.lists {
        let list_schema = json!({ "type": "array", "items": object(&list.fields), "description": title(&list.title_vi, None, &list.name) });
        add(&mut schema, &list.name, list_schema);
    }
    schema
}

fn object(fields: &[Field]) -> Value {
    let mut schema = json!({ "type": "object", "required": [], "properties": {} });
    for field in fields {
        let mut one = field.kind.schema();
        if !field.required {
            one["type"] = json!([one["type"], "null"]);
        }
        one["description"] = title(&field.title_vi, field.meaning, &field.name);
        if let Some(personal) = field.personal {
            one["x-personal-data"] = json!(personal);
        }
        add(&mut schema, &field.name, one);
    }
    schema
}

/// Adds a property where its name says. An object of optional fields is `null` when all are.
fn add(schema: &mut Value, name: &str, property: Value) {
    let (outer, rest) = name.split_once('.').map_or((name, None), |(outer, rest)| (outer, Some(rest)));
    let known = schema["properties"].get(outer).is_some();
    if !known && let Some(required) = schema["required"].as_array_mut() {
        required.push(outer.into());
    }
    match rest {
        None => schema["properties"][outer] = property,
        Some(rest) => {
            if !known {
                schema["properties"][outer] =
                    json!({ "type": ["object", "null"], "required": [], "properties": {} });
            }
            add(&mut schema["properties"][outer], rest, property);
        }
    }
}
