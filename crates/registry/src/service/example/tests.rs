use serde_json::json;

use super::super::fixtures::{answering, household};
use super::super::{Document, sample};
use super::*;

fn service(document: Value) -> Service {
    let id = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho".parse().unwrap();
    Service { id, openapi: Document::from(document), ..sample::service(1) }
}

fn value_of(schema: Value) -> Value {
    let document =
        answering(schema, json!({ "S": { "properties": { "con": { "$ref": "#/components/schemas/S" } } } }));
    invent::value(
        &document,
        document.pointer("/paths/~1/get/responses/200/content/application~1json/schema").unwrap(),
        Side::Answer,
    )
}

#[test]
fn an_example_is_made_for_each_operation() {
    let examples = examples(&service(household("1")));
    let [example] = examples.as_slice() else { panic!("{examples:?}") };
    assert_eq!(example.status.as_deref(), Some("200"));
    assert_eq!(example.call.path, "/490000000");
    assert!(!example.answer_is_given);
    let answer = example.answer.as_ref().unwrap();
    assert_eq!(answer["soHo"], "490000000");
    assert_eq!(answer["diaChi"]["xa"], "Phường Tam Kỳ");
    assert_eq!(answer["soThanhVien"], 1);
    assert_eq!(answer["thanhVien"][0]["hoTen"], "mẫu");
    assert_eq!(answer["thanhVien"][0]["ngaySinh"], "2000-01-01");
}

#[test]
fn values_of_the_description_come_before_invented_ones() {
    for (schema, expected) in [
        (json!({ "type": "string", "examples": ["a", "b"] }), json!("a")),
        (json!({ "type": "string", "example": "a" }), json!("a")),
        (json!({ "type": "string", "default": "a" }), json!("a")),
        (json!({ "type": "string", "const": "a" }), json!("a")),
        (json!({ "type": "string", "enum": ["a", "b"] }), json!("a")),
        (json!({ "type": "string" }), json!("mẫu")),
        (json!({ "type": "string", "minLength": 5 }), json!("mẫumẫ")),
        (json!({ "type": "string", "maxLength": 2 }), json!("mẫ")),
        (json!({ "type": "string", "pattern": "^0[0-9]{11}$" }), json!("000000000000")),
        (json!({ "type": "string", "pattern": "^[A-Z]{2}\\d+-x?\\.a*$" }), json!("AA0-.")),
        (json!({ "type": "string", "pattern": "^(a|b)$" }), json!("mẫu")),
        (json!({ "type": "string", "pattern": "^a{999999999}$" }), json!("mẫu")),
        (json!({ "type": "string", "format": "email" }), json!("mau@example.com")),
        (json!({ "type": ["null", "string"], "format": "date-time" }), json!("2000-01-01T00:00:00Z")),
        (json!({ "type": "integer" }), json!(1)),
        (json!({ "type": "integer", "minimum": 7 }), json!(7)),
        (json!({ "type": "integer", "maximum": -3 }), json!(-3)),
        (json!({ "type": "number" }), json!(1.5)),
        (json!({ "type": "boolean" }), json!(true)),
        (json!({ "type": "null" }), json!(null)),
        (json!({ "type": "array", "items": { "type": "boolean" } }), json!([true])),
        (json!({ "oneOf": [{ "type": "null" }, { "type": "boolean" }] }), json!(true)),
        (
            json!({ "allOf": [{ "properties": { "a": { "const": 1 } } }], "properties": { "b": { "const": 2 } } }),
            json!({ "a": 1, "b": 2 }),
        ),
        (json!({ "properties": { "a": { "writeOnly": true }, "b": { "const": 2 } } }), json!({ "b": 2 })),
    ] {
        assert_eq!(value_of(schema.clone()), expected, "{schema}");
    }
}

#[test]
fn a_schema_inside_itself_gives_an_example_that_ends() {
    let text = value_of(json!({ "$ref": "#/components/schemas/S" })).to_string();
    assert!(text.len() < 500, "{text}");
}

#[test]
fn the_question_is_filled_in_where_it_belongs() {
    let operation = json!({
        "parameters": [
            { "name": "a b", "in": "path", "required": true, "schema": {}, "example": "x/y ộ" },
            { "name": "ngay", "in": "query", "required": true, "schema": { "type": "string", "format": "date" } },
            { "name": "loai", "in": "query", "schema": { "type": "array", "items": {} }, "example": ["1", 2] },
            { "name": "trang", "in": "query", "schema": { "type": "integer" } },
            { "name": "X-Kenh", "in": "header", "schema": {}, "examples": { "mot": { "value": "web" } } },
            { "name": "X-Road-UserId", "in": "header", "required": true, "schema": {} },
            { "name": "Authorization", "in": "header", "required": true, "schema": {} },
        ],
        "requestBody": { "content": { "application/json": { "schema": { "properties": {
            "soHo": { "const": "1" }, "tao": { "readOnly": true } } } } } },
        "responses": { "204": { "description": "" } },
    });
    let mut document = household("1");
    document["paths"] = json!({ "/{a b}": { "post": operation } });
    let service = service(document);
    let example = examples(&service).remove(0);
    assert_eq!((example.status.as_deref(), &example.answer), (Some("204"), &None));
    let call = example.call;
    assert_eq!(
        call.target(&service.id),
        "/r1/VN-DEMO/GOV/G01/DANCU/tra-cuu-ho/x%2Fy%20%E1%BB%99?ngay=2000-01-01&loai=1&loai=2"
    );
    assert_eq!(call.headers, [("X-Kenh".to_owned(), "web".to_owned())]);
    assert_eq!(call.body, Some(json!({ "soHo": "1" })));
}

#[test]
fn code_can_be_copied_and_nothing_in_an_example_breaks_out_of_it() {
    let call = TestCall {
        method: "POST".into(),
        path: "/a".into(),
        query: vec![("q".into(), "'\"$(x)".into())],
        headers: vec![("X-Kenh".into(), "a\r\nX-Road-Client: b'".into())],
        body: Some(json!({ "ten": "it's \"mẫu\"" })),
    };
    let id: ServiceId = "VN-DEMO/GOV/G01/DANCU/ho".parse().unwrap();
    let client = "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap();
    assert_eq!(
        curl(&call, &id, Some(&client)),
        "curl --request POST 'https://DIA-CHI-NUT:8443/r1/VN-DEMO/GOV/G01/DANCU/ho/a?q=%27%22%24%28x%29' \\\n  \
         --header 'X-Road-Client: VN-DEMO/GOV/H17/MOTCUA' \\\n  \
         --header 'Accept: application/json' \\\n  \
         --header 'Content-Type: application/json' \\\n  \
         --header 'X-Kenh: aX-Road-Client: b'\\''' \\\n  \
         --data '{\"ten\":\"it'\\''s \\\"mẫu\\\"\"}'"
    );
    let python = python(&call, &id, None);
    assert!(python.contains("\"X-Road-Client\": \"VN/GOV/MA-CO-QUAN/HE-THONG\","), "{python}");
    assert!(python.contains(r#"data="{\"ten\":\"it's \\\"mẫu\\\"\"}".encode("utf-8"),"#), "{python}");
}
