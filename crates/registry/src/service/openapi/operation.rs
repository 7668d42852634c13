//! The parts of an operation: parameters, body, responses.

use serde_json::Value;

use super::super::mistakes::Found;
use super::super::{reference, schema};
use super::text;

/// Where a parameter can stand (OpenAPI 3.1.1, 4.8.12).
const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];

/// Checks an operation of a path with these parameters in its template, and those that the path item shares.
pub(super) fn check(
    document: &Value,
    operation: &Value,
    (names, shared): (&[&str], Option<&Value>),
    found: &mut Found,
) {
    if !operation.is_object() {
        return found.wrong("phải là đối tượng", "must be an object");
    }
    let back = found.enter("parameters");
    let mut known =
        operation.get("parameters").map(|own| parameters(document, own, found)).unwrap_or_default();
    found.leave(back);
    // What the path item shares is checked once, there.
    known.extend(shared.map(|shared| parameters(document, shared, &mut Found::at(""))).unwrap_or_default());
    for name in names.iter().filter(|name| !known.contains(name)) {
        found.wrong(
            format!("chưa mô tả tham số đường dẫn {{{name}}}"),
            format!("the path parameter {{{name}}} is not described"),
        );
    }
    for name in known.iter().filter(|name| !names.contains(name)) {
        found.wrong(
            format!("tham số đường dẫn {name} không có trong đường dẫn"),
            format!("the path parameter {name} is not in the path"),
        );
    }
    if let Some(body) = operation.get("requestBody") {
        let back = found.enter("requestBody");
        request_body(body, found);
        found.leave(back);
    }
    let back = found.enter("responses");
    responses(operation.get("responses"), found);
    found.leave(back);
}

/// Checks a list of parameters; yields the names of those in the path.
pub(super) fn parameters<'a>(document: &'a Value, list: &'a Value, found: &mut Found) -> Vec<&'a str> {
    let Some(list) = list.as_array() else {
        found.wrong("phải là danh sách", "must be a list");
        return Vec::new();
    };
    let mut in_path = Vec::new();
    let mut seen = Vec::new();
    for (index, given) in list.iter().enumerate() {
        let back = found.enter(&index.to_string());
        if let Some(parameter) = reference::resolve(document, given) {
            // What is referred to is reported where it stands.
            let mut elsewhere = Found::at("");
            let referred = reference::target(given).is_some();
            let key = one_parameter(parameter, if referred { &mut elsewhere } else { &mut *found });
            if key.is_some() && seen.contains(&key) {
                found.wrong("tham số này đã mô tả ở trên", "this parameter is described above already");
            }
            seen.push(key);
            in_path.extend(key.filter(|(place, _)| *place == "path").map(|(_, name)| name));
        }
        found.leave(back);
    }
    in_path
}

/// Checks a parameter; yields its place and name.
pub(super) fn one_parameter<'a>(parameter: &'a Value, found: &mut Found) -> Option<(&'a str, &'a str)> {
    let name = text(parameter, "name");
    if name.is_none() {
        found.wrong("thiếu name", "name is missing");
    }
    let place = text(parameter, "in").filter(|place| PLACES.contains(place));
    if place.is_none() {
        found.wrong("in phải là path, query, header hoặc cookie", "in must be path, query, header or cookie");
    }
    if place == Some("path") && parameter.get("required") != Some(&Value::Bool(true)) {
        found.wrong("tham số đường dẫn phải có required: true", "a path parameter needs required: true");
    }
    match (parameter.get("schema"), parameter.get("content")) {
        (Some(inner), None) => {
            let back = found.enter("schema");
            schema::check(inner, found);
            found.leave(back);
        }
        (None, Some(inner)) => content(inner, found),
        _ => found.wrong("phải có schema hoặc content", "needs either schema or content"),
    }
    place.zip(name)
}

/// Checks the body of a request, unless it is a reference.
pub(super) fn request_body(body: &Value, found: &mut Found) {
    match body.get("content") {
        Some(inner) => content(inner, found),
        None if reference::target(body).is_none() => found.wrong("thiếu content", "content is missing"),
        None => {}
    }
}

/// Media types and their schemas.
fn content(content: &Value, found: &mut Found) {
    let back = found.enter("content");
    let Some(types) = content.as_object() else {
        found.wrong("phải là đối tượng theo kiểu nội dung", "must be an object by media type");
        return found.leave(back);
    };
    for (media_type, description) in types {
        let back = found.enter(media_type);
        if !media_type.contains('/') {
            found.wrong(
                "không phải kiểu nội dung, ví dụ application/json",
                "is not a media type such as application/json",
            );
        }
        if let Some(inner) = description.get("schema") {
            let back = found.enter("schema");
            schema::check(inner, found);
            found.leave(back);
        } else if !description.is_object() {
            found.wrong("phải là đối tượng", "must be an object");
        }
        found.leave(back);
    }
    found.leave(back);
}

fn responses(responses: Option<&Value>, found: &mut Found) {
    let Some(responses) = responses.and_then(Value::as_object).filter(|responses| !responses.is_empty())
    else {
        return found.wrong("chưa mô tả phản hồi nào", "no response is described");
    };
    for (status, response) in reference::by_name(responses).filter(|(status, _)| !status.starts_with("x-")) {
        let back = found.enter(status);
        if !is_status(status) {
            found.wrong(
                "phải là mã như 200, 4XX hoặc default",
                "must be a status such as 200, 4XX or default",
            );
        }
        one_response(response, found);
        found.leave(back);
    }
}

fn is_status(status: &str) -> bool {
    let bytes = status.as_bytes();
    let range = |rest: &[u8]| rest == b"XX" || rest.iter().all(u8::is_ascii_digit);
    status == "default" || (bytes.len() == 3 && (b'1'..=b'5').contains(&bytes[0]) && range(&bytes[1..]))
}

/// Checks a response, unless it is a reference.
pub(super) fn one_response(response: &Value, found: &mut Found) {
    if reference::target(response).is_some() {
        return;
    }
    if !response.get("description").is_some_and(Value::is_string) {
        found.wrong("thiếu description", "description is missing");
    }
    if let Some(inner) = response.get("content") {
        content(inner, found);
    }
}
