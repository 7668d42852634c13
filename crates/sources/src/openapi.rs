//! The `OpenAPI` 3.1 description of a definition.

use serde_json::{Map, Value, json};

use crate::definition::{Definition, Field, How};

/// Describes a service; paths are relative to the service, as X-Road counts them.
pub fn openapi(definition: &Definition) -> Value {
    let service = &definition.service;
    let mut paths = Map::new();
    if let Some(field) = service.look_up.as_deref().and_then(|name| definition.field(name)) {
        paths.insert(format!("/{{{}}}", field.name), json!({ "get": one(definition, field) }));
    }
    paths.insert("/".into(), json!({ "get": page(definition) }));
    paths.insert("/_count".into(), json!({ "get": count(definition) }));
    if definition.changes.is_some() {
        paths.insert("/_changes".into(), json!({ "get": changes(definition) }));
    }
    if service.export {
        paths.insert("/_export".into(), json!({ "get": export() }));
    }
    json!({
        "openapi": "3.1.1",
        "info": { "title": title(definition), "version": service.version },
        "servers": [{ "url": format!("/{}", service.code) }],
        "paths": paths,
        "components": { "schemas": { "Item": item(definition), "Page": {
            "type": "object", "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": { "$ref": "#/components/schemas/Item" }, "description": "Các dòng / rows" },
                "next": { "type": ["string", "null"], "description": "Gửi lại bằng after để lấy trang sau; null là hết / send it as after for the next page" },
            },
        } } },
    })
}

fn title(definition: &Definition) -> String {
    let service = &definition.service;
    if service.title_en.is_empty() {
        service.title_vi.clone()
    } else {
        format!("{} / {}", service.title_vi, service.title_en)
    }
}

fn item(definition: &Definition) -> Value {
    let property = |field: &Field| {
        let mut schema = field.kind.schema();
        if !field.required
            && let Some(kind) = schema.get("type").cloned()
        {
            schema["type"] = json!([kind, "null"]);
        }
        schema["description"] = described(field).into();
        if let Some(personal) = field.personal {
            schema["x-personal-data"] = json!(personal);
        }
        (field.name.clone(), schema)
    };
    let required: Vec<_> = definition.fields.iter().map(|field| &field.name).collect();
    let properties: Map<_, _> = definition.fields.iter().map(property).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn described(field: &Field) -> String {
    match field.meaning.map(crate::meaning::Meaning::title) {
        Some((_, en)) if !field.title_vi.is_empty() => format!("{} / {en}", field.title_vi),
        Some((vi, en)) => format!("{vi} / {en}"),
        None if field.title_vi.is_empty() => field.name.clone(),
        None => field.title_vi.clone(),
    }
}

fn answers(schema: &Value, what: &str) -> Value {
    json!({
        "200": { "description": what, "content": { "application/json": { "schema": schema } } },
        "404": { "description": "Không có / not there" },
        "422": { "description": "Câu hỏi sai / the question is wrong (EX-3009)" },
        "503": { "description": "Nguồn không trả lời / the source does not answer (EX-3002, EX-3004 … EX-3007)" },
    })
}

fn one(definition: &Definition, field: &Field) -> Value {
    json!({
        "summary": format!("Một dòng theo {} / one row", field.name),
        "parameters": [{ "name": field.name, "in": "path", "required": true, "schema": field.kind.schema(), "description": described(field) }],
        "responses": answers(&json!({ "$ref": "#/components/schemas/Item" }), &title(definition)),
    })
}

fn filters(definition: &Definition) -> Vec<Value> {
    let declared = definition.filters.iter().filter_map(|filter| {
        let field = definition.field(&filter.field)?;
        let how = match filter.how {
            How::Equals => "bằng / equals",
            How::Prefix => "bắt đầu bằng / begins with",
            How::From => "từ / from",
            How::To => "đến / to",
        };
        Some(json!({ "name": filter.parameter, "in": "query", "schema": field.kind.schema(), "description": format!("{}: {how}", described(field)) }))
    });
    declared.collect()
}

fn page(definition: &Definition) -> Value {
    let mut parameters = filters(definition);
    let limits = &definition.limits;
    parameters.push(json!({ "name": "limit", "in": "query", "description": "Số dòng một trang / rows of a page",
        "schema": { "type": "integer", "minimum": 1, "maximum": limits.page_rows_max, "default": limits.page_rows } }));
    parameters.push(json!({ "name": "after", "in": "query", "description": "next của trang trước / next of the page before", "schema": { "type": "string" } }));
    json!({
        "summary": "Một trang, theo thứ tự khóa / a page in the order of the key", "parameters": parameters,
        "responses": answers(&json!({ "$ref": "#/components/schemas/Page" }), &title(definition)),
    })
}

fn count(definition: &Definition) -> Value {
    let schema = json!({ "type": "object", "required": ["count"], "properties": {
        "count": { "type": "integer", "description": "Số dòng / rows" } } });
    json!({ "summary": "Số dòng / how many rows", "parameters": filters(definition), "responses": answers(&schema, "Số dòng / rows") })
}

fn changes(definition: &Definition) -> Value {
    let since = definition.changes.as_ref().and_then(|changes| definition.field(&changes.field));
    let schema = since.map_or_else(|| json!({ "type": "string" }), |field| field.kind.schema());
    let mut page = page(definition);
    page["summary"] = "Các dòng thay đổi từ một thời điểm / rows that changed since".into();
    if let Some(parameters) = page["parameters"].as_array_mut() {
        parameters.push(json!({ "name": "since", "in": "query", "required": true, "schema": schema, "description": "Từ / since" }));
    }
    page
}

fn export() -> Value {
    json!({
        "summary": "Toàn bộ, mỗi dòng một đối tượng JSON / everything, one JSON object a line",
        "responses": { "200": { "description": "NDJSON", "content": { "application/x-ndjson": { "schema": { "type": "string" } } } } },
    })
}
