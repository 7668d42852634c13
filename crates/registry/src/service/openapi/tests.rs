use serde_json::json;

use super::super::fixtures::{answering, household};
use super::*;

/// Sets the value at a pointer, or adds a member there.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key, value);
    document
}

fn without(mut document: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    document
}

fn places(document: &Value) -> Vec<String> {
    check(document).into_iter().map(|mistake| mistake.place).collect()
}

const GET: &str = "/paths/~1{soHo}/get";

#[test]
fn a_good_description_has_no_mistakes() {
    assert_eq!(check(&household("1.0.0")), []);
    assert_eq!(check(&with(household("1.0.0"), "/openapi", json!("3.0.3"))), []);
    assert_eq!(check(&with(household("1.0.0"), "/openapi", json!("3.1.0"))), []);
}

#[test]
fn each_mistake_is_named_with_its_place() {
    let get = |rest: &str| format!("{GET}{rest}");
    let cases: Vec<(Value, String)> = vec![
        (with(household("1"), "/openapi", json!("2.0")), "/openapi".into()),
        (with(household("1"), "/openapi", json!("3.2.0")), "/openapi".into()),
        (with(household("1"), "/openapi", json!(3.1)), "/openapi".into()),
        (without(household("1"), "/openapi"), "/openapi".into()),
        (with(household("1"), "/info", json!({ "version": "1" })), "/info".into()),
        (with(household("1"), "/info/version", json!("phiên bản 1")), "/info".into()),
        (with(household("1"), "/info/version", json!("1".repeat(33))), "/info".into()),
        (without(household("1"), "/paths"), "/paths".into()),
        (with(household("1"), "/paths", json!({})), "/paths".into()),
        (with(household("1"), "/paths", json!({ "/x": {} })), "/paths".into()),
        (with(household("1"), "/paths/ho", json!({})), "/paths/ho".into()),
        (with(household("1"), "/paths/~1a?b", json!({})), "/paths/~1a?b".into()),
        (with(household("1"), "/paths/~1{a", json!({})), "/paths/~1{a".into()),
        (with(household("1"), "/paths/~1{a}{a}", json!({})), "/paths/~1{a}{a}".into()),
        (with(household("1"), "/paths/~1{khac}", json!({})), "/paths/~1{soHo}".into()),
        (with(household("1"), "/paths/~1{soHo}/fetch", json!({})), "/paths/~1{soHo}/fetch".into()),
        (with(household("1"), "/paths/~1x", json!([])), "/paths/~1x".into()),
        (with(household("1"), GET, json!(7)), get("")),
        (without(household("1"), &get("/parameters")), get("")),
        (with(household("1"), &get("/parameters"), json!({})), get("/parameters")),
        (with(household("1"), &get("/parameters/0/required"), json!(false)), get("/parameters/0")),
        (with(household("1"), &get("/parameters/0/in"), json!("body")), get("/parameters/0")),
        (without(household("1"), &get("/parameters/0/name")), get("/parameters/0")),
        (without(household("1"), &get("/parameters/0/schema")), get("/parameters/0")),
        (with(household("1"), &get("/parameters/0/name"), json!("khac")), get("")),
        (with(household("1"), &get("/requestBody"), json!({})), get("/requestBody")),
        (without(household("1"), &get("/responses")), get("/responses")),
        (with(household("1"), &get("/responses/600"), json!({ "description": "" })), get("/responses/600")),
        (with(household("1"), &get("/responses/201"), json!({})), get("/responses/201")),
        (
            with(household("1"), &get("/responses/200/content/json"), json!({})),
            get("/responses/200/content/json"),
        ),
        (
            with(household("1"), "/components/schemas/DiaChi/type", json!("text")),
            "/components/schemas/DiaChi/type".into(),
        ),
        (
            with(household("1"), "/components/schemas/DiaChi/properties", json!([])),
            "/components/schemas/DiaChi/properties".into(),
        ),
        (
            with(household("1"), "/components/schemas/DiaChi/allOf", json!([])),
            "/components/schemas/DiaChi/allOf".into(),
        ),
        (
            with(household("1"), "/components/schemas/DiaChi/required", json!("xa")),
            "/components/schemas/DiaChi/required".into(),
        ),
        (with(household("1"), "/components/schemas/D c", json!({})), "/components/schemas/D c".into()),
        (
            with(household("1"), "/components/responses/KhongTimThay", json!({})),
            "/components/responses/KhongTimThay".into(),
        ),
        (json!([]), String::new()),
        (Value::Null, String::new()),
    ];
    for (document, place) in cases {
        let place = format!("openapi{place}");
        assert!(places(&document).contains(&place), "{place} in {:?}", places(&document));
    }
}

#[test]
fn an_operation_id_is_used_once() {
    let operation = json!({ "operationId": "traCuuHo", "responses": { "200": { "description": "" } } });
    let document = with(household("1"), "/paths/~1x", json!({ "get": operation }));
    assert_eq!(places(&document), ["openapi/paths/~1{soHo}/get"]);
}

#[test]
fn parameters_of_the_path_item_and_of_components_count() {
    let parameter = household("1").pointer(&format!("{GET}/parameters/0")).unwrap().clone();
    let shared = without(household("1"), &format!("{GET}/parameters"));
    let shared =
        with(shared, "/paths/~1{soHo}/parameters", json!([{ "$ref": "#/components/parameters/SoHo" }]));
    let shared = with(shared, "/components/parameters", json!({ "SoHo": parameter }));
    assert_eq!(check(&shared), []);
    let broken = with(shared, "/components/parameters/SoHo/in", json!("body"));
    assert!(places(&broken).contains(&"openapi/components/parameters/SoHo".to_owned()));
}

#[test]
fn what_is_nested_too_deeply_is_refused_without_being_walked() {
    let nested = |levels: usize| {
        let schema = (0..levels).fold(json!({}), |inner, _| json!({ "items": inner }));
        answering(schema, json!({}))
    };
    assert_eq!(check(&nested(40)), []);
    assert_eq!(places(&nested(60)), ["openapi"]);
    assert_eq!(places(&nested(100)), ["openapi"]);
}

#[test]
fn all_mistakes_are_named_up_to_two_hundred() {
    let broken: serde_json::Map<_, _> = (0..300).map(|n| (format!("a{n}"), json!({}))).collect();
    let found = check(&with(household("1"), "/paths", Value::Object(broken)));
    assert_eq!(found.len(), 201);
    assert!(found[200].en.contains("101"), "{}", found[200].en);
}

#[test]
fn operations_are_listed_with_id_and_summary() {
    let document = with(
        household("1"),
        "/paths/~1",
        json!({ "post": { "description": "Dòng một\nDòng hai", "responses": { "200": { "description": "" } } } }),
    );
    let listed = operations(&document);
    assert_eq!(listed.len(), 2);
    assert_eq!((listed[0].method.as_str(), listed[0].path.as_str(), &listed[0].id), ("POST", "/", &None));
    assert_eq!(listed[0].summary, "Dòng một");
    assert_eq!(listed[1].id.as_deref(), Some("traCuuHo"));
    assert_eq!(listed[1].summary, "Tra cứu theo số hộ / Look up by household number");
}
