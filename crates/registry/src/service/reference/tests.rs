use serde_json::json;

use super::super::fixtures::answering;
use super::*;

fn places(schemas: &Value) -> Vec<String> {
    let document = answering(json!({}), schemas.clone());
    let mut found = Found::at("");
    check(&document, &mut found);
    found.finish().into_iter().map(|mistake| mistake.place.replace("/components/schemas/", "")).collect()
}

#[test]
fn whatever_leads_outside_is_named_with_its_place() {
    for outside in [
        "https://example.com/a.json",
        "//example.com/a.json",
        "other.json",
        "other.json#/A",
        "file:///etc/passwd",
        "/components/schemas/A",
        "#A",
        "#",
        "",
        "urn:a",
    ] {
        assert_eq!(places(&json!({ "A": { "$ref": outside } })), ["A/$ref"], "{outside}");
    }
    assert_eq!(places(&json!({ "A": { "$ref": 7 } })), ["A/$ref"]);
    for keyword in ["$id", "$dynamicRef", "$recursiveRef", "$anchor"] {
        assert_eq!(places(&json!({ "A": { keyword: "https://example.com" } })), [format!("A/{keyword}")]);
    }
    let mapping = json!({ "A": { "discriminator": { "mapping": {
        "a": "https://example.com/a.json", "b": "#/components/schemas/A", "c": "A" } } } });
    assert_eq!(places(&mapping), ["A/discriminator/mapping/a"]);
}

#[test]
fn all_outside_references_are_named_at_once() {
    let schemas = json!({ "A": { "$ref": "a.json" }, "B": { "items": { "$ref": "b.json" } }, "C": { "$ref": "#/none" } });
    assert_eq!(places(&schemas), ["A/$ref", "B/items/$ref", "C/$ref"]);
}

#[test]
fn names_that_look_like_keywords_and_data_are_left_alone() {
    let schemas = json!({
        "A": { "properties": { "$ref": { "type": "string" }, "default": {}, "mapping": {}, "$id": {} } },
        "B": { "examples": [{ "$ref": "x.json" }], "default": { "$ref": "x" }, "enum": [{ "$ref": "x" }], "const": { "$ref": "x" } },
        "C": { "x-note": { "$ref": "x.json" } },
    });
    assert_eq!(places(&schemas), Vec::<String>::new());
}

#[test]
fn an_answer_called_default_is_looked_into() {
    let mut document = answering(json!({}), json!({}));
    document["paths"]["/"]["get"]["responses"]["default"] = json!({ "$ref": "errors.json" });
    let mut found = Found::at("");
    check(&document, &mut found);
    assert_eq!(found.finish()[0].place, "/paths/~1/get/responses/default/$ref");
}

#[test]
fn a_reference_that_never_arrives_is_refused_and_a_schema_inside_itself_is_not() {
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    assert_eq!(places(&json!({ "A": to("A") })), ["A/$ref"]);
    assert_eq!(places(&json!({ "A": to("B"), "B": to("C"), "C": to("A") })), ["A/$ref", "B/$ref", "C/$ref"]);
    assert_eq!(places(&json!({ "A": { "properties": { "a": to("A") } } })), Vec::<String>::new());
    // A chain that breaks is named where it breaks only.
    assert_eq!(places(&json!({ "A": to("B"), "B": to("none") })), ["B/$ref"]);
}

#[test]
fn pointers_are_unescaped() {
    let document = json!({ "a/b": { "m~n": 1, "Địa": 2, "c d": 3 } });
    for (reference, expected) in [
        ("#/a~1b/m~0n", Some(1)),
        ("#/a~1b/%C4%90%E1%BB%8Ba", Some(2)),
        ("#/a~1b/c%20d", Some(3)),
        ("#/a~1b/%zz", None),
        ("#/a~1b/%C4", None),
        ("#/a~1b/%+1", None),
    ] {
        assert_eq!(find(&document, reference).and_then(Value::as_i64), expected, "{reference}");
    }
}
