use serde_json::json;

use super::super::fixtures::{answering, household, mistakes, places};
use super::*;

fn paths(document: &Value) -> Vec<String> {
    fields_of(document).unwrap().into_iter().map(|field| field.path).collect()
}

#[test]
fn a_household_has_the_fields_of_its_members() {
    let fields = fields_of(&household("1.0.0")).unwrap();
    let mut paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "chuHo",
            "chuHo.hoTen",
            "chuHo.ngaySinh",
            "diaChi",
            "diaChi.chiTiet",
            "diaChi.xa",
            "soHo",
            "soThanhVien",
            "thanhVien",
            "thanhVien.hoTen",
            "thanhVien.ngaySinh",
            "thanhVien.quanHeVoiChuHo",
        ]
    );
    let field = |path: &str| fields.iter().find(|field| field.path == path).unwrap();
    assert_eq!(field("thanhVien.hoTen").title, "Họ, chữ đệm và tên / Full name");
    assert_eq!(field("chuHo").title, "Chủ hộ");
    assert_eq!(field("diaChi").title, "Địa chỉ");
    assert_eq!(field("diaChi.chiTiet").title, "Số nhà");
    assert!(field("thanhVien.hoTen").personal && field("chuHo").personal);
    assert!(!field("thanhVien.quanHeVoiChuHo").personal && !field("soHo").personal);
}

#[test]
fn alternatives_arrays_and_conditions_are_merged() {
    let name = |name: &str| json!({ "properties": { name: { "type": "string" } } });
    for (schema, expected) in [
        (json!({ "type": "array", "items": name("a") }), vec!["a"]),
        (json!({ "type": "array", "items": { "type": "array", "items": name("a") } }), vec!["a"]),
        (json!({ "type": "array", "prefixItems": [name("a"), name("b")] }), vec!["a", "b"]),
        (json!({ "oneOf": [name("a"), name("b")] }), vec!["a", "b"]),
        (json!({ "anyOf": [name("a"), { "type": "null" }, name("a")] }), vec!["a"]),
        (json!({ "allOf": [name("a")], "properties": { "b": {} } }), vec!["a", "b"]),
        (json!({ "if": name("c"), "then": name("a"), "else": name("b") }), vec!["a", "b"]),
        (json!({ "properties": { "a": { "writeOnly": true }, "b": { "readOnly": true } } }), vec!["b"]),
        (json!({ "properties": { "a": { "additionalProperties": name("b") } } }), vec!["a"]),
        (json!({ "type": "string" }), vec![]),
        (json!(true), vec![]),
    ] {
        let mut found = paths(&answering(schema.clone(), json!({})));
        found.sort();
        assert_eq!(found, expected, "{schema}");
    }
}

#[test]
fn a_schema_inside_itself_is_listed_once() {
    let person = json!({ "properties": {
        "ten": { "type": "string" },
        "cha": { "$ref": "#/components/schemas/Nguoi" },
        "con": { "type": "array", "items": { "$ref": "#/components/schemas/Nguoi" } } } });
    let document = answering(json!({ "$ref": "#/components/schemas/Nguoi" }), json!({ "Nguoi": person }));
    let mut found = paths(&document);
    found.sort();
    assert_eq!(found, ["cha", "con", "ten"]);
}

#[test]
fn the_fields_of_all_operations_and_all_good_answers_count_and_those_of_errors_do_not() {
    let answer = |name: &str, media: &str| json!({ "description": "", "content": { media: { "schema": { "properties": { name: {} } } } } });
    let mut document = answering(json!({ "properties": { "a": {} } }), json!({}));
    document["paths"]["/"]["get"]["responses"]["2XX"] = answer("b", "application/problem+json");
    document["paths"]["/"]["get"]["responses"]["400"] = answer("c", "application/json");
    document["paths"]["/"]["get"]["responses"]["default"] = answer("d", "application/json");
    document["paths"]["/x"] = json!({ "post": { "responses": {
        "default": answer("e", "Application/JSON; charset=utf-8"),
        "404": answer("f", "application/json") } } });
    document["paths"]["/y"] = json!({ "get": { "responses": { "200": answer("g", "text/plain") } } });
    let mut found = paths(&document);
    found.sort();
    assert_eq!(found, ["a", "b", "e"]);
}

#[test]
fn names_that_cannot_stand_in_a_path_are_all_named() {
    let schema = json!({ "properties": { "a.b": {}, "": {}, "c,d": {}, "good": {}, "x".repeat(501): {} } });
    assert_eq!(mistakes(fields_of(&answering(schema, json!({})))).len(), 4);
}

#[test]
fn two_thousand_fields_are_taken_and_one_more_is_not() {
    let document = |count: usize| {
        let properties: serde_json::Map<_, _> = (0..count).map(|n| (format!("f{n}"), json!({}))).collect();
        answering(json!({ "properties": properties }), json!({}))
    };
    assert_eq!(fields_of(&document(FIELDS_MAX)).unwrap().len(), FIELDS_MAX);
    assert_eq!(mistakes(fields_of(&document(FIELDS_MAX + 1))).len(), 1);
}

/// `{"S0": {allOf: [S1, S1]}, "S1": …}`: two to the power of `count` ways through.
#[test]
fn ways_that_multiply_are_walked_once() {
    let mut schemas = serde_json::Map::new();
    for n in 0..100 {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", n + 1) });
        schemas.insert(format!("S{n}"), json!({ "allOf": [next, next] }));
    }
    schemas.insert("S100".into(), json!({ "properties": { "a": {} } }));
    let document = answering(json!({ "$ref": "#/components/schemas/S0" }), Value::Object(schemas));
    // A hundred schemas in each other are two hundred levels: refused, but quickly.
    assert_eq!(places(fields_of(&document)), ["fields"]);

    let wide: serde_json::Map<_, _> = (0..40)
        .map(|n| {
            let parts: Vec<_> =
                (n + 1..40).map(|m| json!({ "$ref": format!("#/components/schemas/S{m}") })).collect();
            let schema = if parts.is_empty() {
                json!({ "properties": { "a": {} } })
            } else {
                json!({ "oneOf": parts })
            };
            (format!("S{n}"), schema)
        })
        .collect();
    let document = answering(json!({ "$ref": "#/components/schemas/S0" }), Value::Object(wide));
    assert_eq!(paths(&document), ["a"]);
}

#[test]
fn a_list_without_a_word_of_its_own_is_called_like_its_items() {
    let schema =
        json!({ "properties": { "a": { "type": "array", "items": { "$ref": "#/components/schemas/Xa" } } } });
    let fields = fields_of(&answering(schema, json!({ "Xa": { "description": "Xã, phường" } }))).unwrap();
    assert_eq!(fields[0].title, "Xã, phường");
}
