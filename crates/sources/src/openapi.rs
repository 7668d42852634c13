//! The `OpenAPI` 3.1 description of a definition.

use serde_json::{Map, Value, json};

use crate::definition::{Changes, CodeList, Compare, Definition, Field, Gives, How, Verified};

/// Describes a service; paths are relative to the service, as X-Road counts them.
pub fn openapi(definition: &Definition) -> Value {
    let service = &definition.service;
    let mut paths = Map::new();
    let looked_up = service.look_up.as_deref().and_then(|name| definition.field(name));
    if let Some(field) = looked_up.filter(|_| service.gives != Gives::Verdict) {
        let whole = if definition.lists.is_empty() { "Item" } else { "Whole" };
        paths.insert(format!("/{{{}}}", field.name), json!({ "get": one(definition, field, whole) }));
    }
    if service.gives == Gives::Rows {
        paths.insert("/".into(), json!({ "get": page(definition) }));
        paths.insert("/_count".into(), json!({ "get": count(definition) }));
        if definition.changes.is_some() {
            paths.insert("/_changes".into(), json!({ "get": changes(definition) }));
        }
        if service.export {
            paths.insert("/_export".into(), json!({ "get": export(definition) }));
        }
    }
    if !definition.verified.is_empty() {
        let path = paths.entry("/").or_insert_with(|| json!({}));
        path["post"] = verify(definition);
    }
    json!({
        "openapi": "3.1.1",
        "info": { "title": title(definition), "version": service.version },
        "servers": [{ "url": format!("/{}", service.code) }],
        "paths": paths,
        "components": { "schemas": schemas(definition) },
    })
}

fn schemas(definition: &Definition) -> Map<String, Value> {
    let mut schemas = Map::new();
    if definition.service.gives == Gives::Verdict {
        return schemas;
    }
    let item = object(definition, &definition.fields, "");
    if !definition.lists.is_empty() {
        let mut whole = item.clone();
        for list in &definition.lists {
            let rows = object(definition, &list.fields, "");
            whole["properties"][&list.name] =
                json!({ "type": "array", "items": rows, "maxItems": list.rows_max });
            if let Some(required) = whole["required"].as_array_mut() {
                required.push(list.name.clone().into());
            }
        }
        schemas.insert("Whole".into(), whole);
    }
    if definition.service.gives == Gives::Row {
        if definition.lists.is_empty() {
            schemas.insert("Item".into(), item);
        }
        return schemas;
    }
    schemas.insert("Item".into(), item);
    if matches!(definition.changes, Some(Changes::Table(_) | Changes::Hash { .. })) {
        schemas.insert("Change".into(), change(definition));
    }
    schemas.insert("Page".into(), json!({
        "type": "object", "required": ["items", "next"],
        "properties": {
            "items": { "type": "array", "items": { "$ref": "#/components/schemas/Item" }, "description": "Các dòng / rows" },
            "next": { "type": ["string", "null"], "description": "Gửi lại bằng after để lấy trang sau; null là hết / send it as after for the next page" },
        },
    }));
    schemas
}

fn title(definition: &Definition) -> String {
    let service = &definition.service;
    if service.title_en.is_empty() {
        service.title_vi.clone()
    } else {
        format!("{} / {}", service.title_vi, service.title_en)
    }
}

/// The object of all fields whose names begin with a prefix (empty, or ending in a dot).
fn object(definition: &Definition, fields: &[Field], prefix: &str) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let Some(rest) = field.name.strip_prefix(prefix) else { continue };
        let name = rest.split('.').next().unwrap_or(rest);
        if properties.contains_key(name) {
            continue;
        }
        let schema = if name.len() < rest.len() {
            let mut within = object(definition, fields, &format!("{prefix}{name}."));
            within["type"] = json!(["object", "null"]);
            within
        } else {
            property(definition, field)
        };
        properties.insert(name.into(), schema);
    }
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn property(definition: &Definition, field: &Field) -> Value {
    let list = field.code_list.as_deref().and_then(|id| definition.code_list(id));
    let mut schema = list.map_or_else(|| field.kind.schema(), code);
    if !field.required
        && let Some(kind) = schema.get("type").cloned()
    {
        schema["type"] = json!([kind, "null"]);
    }
    schema["description"] = described(field).into();
    if let Some(personal) = field.personal {
        schema["x-personal-data"] = json!(personal);
    }
    schema
}

/// A code with its name, its catalogue and the catalogue's version.
fn code(list: &CodeList) -> Value {
    let codes: Vec<_> = list.values.keys().collect();
    let mut schema = json!({
        "type": "object", "required": ["ma", "ten", "danhMuc", "phienBan"],
        "properties": {
            "ma": { "type": "string", "description": "Mã / code" },
            "ten": { "type": ["string", "null"], "description": "Tên (bỏ trống nếu mã không có trong danh mục) / Name (empty where the code is not in the list)" },
            "danhMuc": { "const": list.catalogue }, "phienBan": { "const": list.version },
        },
    });
    if !codes.is_empty() {
        schema["properties"]["ma"]["examples"] = json!(codes.iter().take(5).collect::<Vec<_>>());
    }
    schema
}

fn described(field: &Field) -> String {
    if !field.title_vi.is_empty() && !field.title_en.is_empty() {
        return format!("{} / {}", field.title_vi, field.title_en);
    }
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

fn one(definition: &Definition, field: &Field, schema: &str) -> Value {
    json!({
        "summary": format!("Một dòng theo {} / one row", field.name),
        "parameters": [{ "name": field.name, "in": "path", "required": true, "schema": field.kind.schema(), "description": described(field) }],
        "responses": answers(&json!({ "$ref": format!("#/components/schemas/{schema}") }), &title(definition)),
    })
}

/// Yes or no to what a consumer knows already.
fn verify(definition: &Definition) -> Value {
    let known = definition
        .verified
        .iter()
        .filter_map(|verified| Some((verified, definition.field(&verified.field)?)));
    let property = |(verified, field): (&Verified, &Field)| {
        let mut schema = field.kind.schema();
        schema["description"] = match verified.compare {
            Compare::Exact => described(field),
            Compare::Name => format!(
                "{}; không phân biệt hoa thường, khoảng trắng / case and blanks do not count",
                described(field)
            ),
        }
        .into();
        (field.name.clone(), schema)
    };
    let properties: Map<_, _> = known.map(property).collect();
    let required: Vec<_> = definition.verified.iter().filter(|v| v.required).map(|v| &v.field).collect();
    let question = json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
    let verdict = json!({ "type": "object", "required": ["ketQua"], "properties": {
        "ketQua": { "type": "boolean", "description": "true: mọi giá trị đều khớp / every value agrees" } } });
    json!({
        "summary": "Xác thực: khớp hay không / whether what is known is so",
        "requestBody": { "required": true, "content": { "application/json": { "schema": question } } },
        "responses": answers(&verdict, &title(definition)),
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
    let Some(Changes::Column { field }) = &definition.changes else { return followed(definition) };
    let schema =
        definition.field(field).map_or_else(|| json!({ "type": "string" }), |field| field.kind.schema());
    let mut page = page(definition);
    page["summary"] = "Các dòng thay đổi từ một thời điểm / rows that changed since".into();
    if let Some(parameters) = page["parameters"].as_array_mut() {
        parameters.push(json!({ "name": "since", "in": "query", "required": true, "schema": schema, "description": "Từ / since" }));
    }
    page
}

/// Changes with what happened, where a table of changes or a comparison tells.
fn followed(definition: &Definition) -> Value {
    let limits = &definition.limits;
    let schema = json!({ "type": "object", "required": ["items", "next"], "properties": {
        "items": { "type": "array", "items": { "$ref": "#/components/schemas/Change" }, "description": "Thay đổi, mỗi dòng một lần / changes, each row once" },
        "next": { "type": "string", "description": "Gửi lại bằng since lần sau; items rỗng là đã đủ / send it as since the next time; no items: that is all for now" },
    } });
    json!({
        "summary": "Thêm, sửa, xóa từ lần trước / what came, changed and went since",
        "parameters": [
            { "name": "since", "in": "query", "required": true, "schema": { "type": "string" }, "description": "next của lần trước; lần đầu 0 / next of the last answer, 0 the first time" },
            { "name": "limit", "in": "query", "description": "Số thay đổi mỗi lần / changes of an answer",
              "schema": { "type": "integer", "minimum": 1, "maximum": limits.page_rows_max, "default": limits.page_rows } },
        ],
        "responses": answers(&schema, "Thay đổi / changes"),
    })
}

/// A change, for services that tell them with what happened.
fn change(definition: &Definition) -> Value {
    let key = object(definition, &crate::changes::key_fields(definition), "");
    json!({ "type": "object", "required": ["so", "thaoTac", "khoa", "luc", "dong"], "properties": {
        "so": { "type": "string", "description": "Thứ tự / its place in the order" },
        "thaoTac": { "type": "string", "enum": ["them", "sua", "xoa"], "description": "Thêm, sửa, xóa / came, changed, went" },
        "khoa": key,
        "luc": { "type": ["string", "null"], "format": "date-time", "description": "Lúc thay đổi, nếu biết / when, if known" },
        "dong": { "oneOf": [{ "$ref": "#/components/schemas/Item" }, { "type": "null" }], "description": "Dòng hiện nay; null là đã xóa / the row as it is now; null: it went" },
    } })
}

fn export(definition: &Definition) -> Value {
    let hours = definition.limits.bulk.map_or_else(String::new, |window| {
        format!(
            "; chỉ bắt đầu trong giờ {window} (giờ Việt Nam) / begins at {window} in Vietnam only (EX-3019)"
        )
    });
    // Each line is one of these; grants name fields by what is said of them here.
    let token = json!({ "type": "object", "properties": { "_next": { "type": "string", "description": "Dấu để nhận tiếp / token to go on behind" } } });
    let line = json!({ "schema": { "anyOf": [{ "$ref": "#/components/schemas/Item" }, token] } });
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    json!({
        "summary": format!("Toàn bộ, NDJSON hoặc Parquet / everything, as NDJSON or Parquet{hours}"),
        "parameters": [
            { "name": "format", "in": "query", "schema": { "enum": ["ndjson", "parquet"], "default": "ndjson" } },
            { "name": "tokens", "in": "query", "schema": { "type": "boolean", "default": false },
              "description": "Thêm dòng {\"_next\": …} sau mỗi phần, chỉ NDJSON / a line {\"_next\": …} after each part, NDJSON only" },
            { "name": "after", "in": "query", "schema": { "type": "string" },
              "description": "Nhận tiếp sau _next cuối cùng đã nhận / go on behind the last _next received" },
        ],
        "responses": { "200": { "description": "NDJSON, Parquet", "content": {
            "application/x-ndjson": line, "application/vnd.apache.parquet": binary } } },
    })
}
