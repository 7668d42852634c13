//! How a service is called: example questions and answers, a test call that can be carried out, code to copy.
//!
//! Values come from the examples of the description; where it has none they are made from the schema, and always such
//! that nobody takes them for those of a real person.

mod code;
mod invent;
mod pattern;

use base::ServiceId;
use serde::Serialize;
use serde_json::Value;

use super::fields::{json_content, successes};
use super::openapi::{Operation, each_operation, operations, text};
use super::{Service, reference};

pub use code::{curl, python};
use invent::Side;

/// Most operations of a service for which examples are made.
const EXAMPLES_MAX: usize = 50;

/// One operation with what is asked and answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// The operation.
    pub operation: Operation,
    /// What to send.
    pub call: TestCall,
    /// Status of the good answer, such as `200`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Its body, when it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Whether the answer is the description's own example and not made from the schema.
    pub answer_is_given: bool,
}

/// What to send for a test call; the consumer's node carries it out as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestCall {
    /// Method in capitals.
    pub method: String,
    /// Path below the service's code, percent-encoded, parameters filled in: empty or beginning with `/`.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers that the service asks for, beside `X-Road-Client`.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl TestCall {
    /// The request target at the consumer's node: `/r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE/path?query`.
    pub fn target(&self, service: &ServiceId) -> String {
        let pairs = self.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/r1/{}{}{mark}{query}", service.encoded(), self.path)
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        }
    }
    out
}

/// Examples of the first 50 operations of a service.
pub fn examples(service: &Service) -> Vec<Example> {
    let document = service.openapi.value();
    let described = operations(&document).into_iter().zip(each_operation(&document));
    let example = |(described, (path, method, operation)): (Operation, (&str, &str, &Value))| {
        let call = call(&document, path, method, operation);
        let (status, answer) = answer(&document, operation);
        let answer_is_given = answer.as_ref().is_some_and(|(_, given)| *given);
        let answer = answer.map(|(answer, _)| answer);
        Example { operation: described, call, status, answer, answer_is_given }
    };
    described.take(EXAMPLES_MAX).map(example).collect()
}

/// Whether the description has an example of the good answer of an operation itself.
pub(super) fn has_answer_example(document: &Value, operation: &Value) -> bool {
    answer(document, operation).1.is_none_or(|(_, given)| given)
}

fn call(document: &Value, path: &str, method: &str, operation: &Value) -> TestCall {
    let mut call = TestCall {
        method: method.to_ascii_uppercase(),
        path: if path == "/" { String::new() } else { path.to_owned() },
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
    };
    for parameter in parameters(document, path, operation) {
        let Some((name, place)) = text(parameter, "name").zip(text(parameter, "in")) else { continue };
        let (value, given) = parameter_value(document, parameter);
        let wanted = given || parameter.get("required") == Some(&Value::Bool(true));
        match place {
            // What was made up would look like a mistake in an address: the name says what to put there.
            "path" => {
                let value = if given || value != invent::WORD { plain(&value) } else { placeholder(name) };
                call.path = call.path.replace(&format!("{{{name}}}"), &encoded(&value));
            }
            "query" if wanted => match value {
                Value::Array(items) => {
                    call.query.extend(items.iter().map(|item| (name.to_owned(), plain(item))));
                }
                value => call.query.push((name.to_owned(), plain(&value))),
            },
            "header" if wanted && is_own_header(name) => call.headers.push((name.to_owned(), plain(&value))),
            _ => {}
        }
    }
    let body = operation.get("requestBody").and_then(|body| reference::resolve(document, body));
    call.body = body.and_then(json_content).map(|(_, media)| media_value(document, media, Side::Question).0);
    call
}

/// `SO-DINH-DANH` of `soDinhDanh`.
fn placeholder(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_uppercase());
    }
    text.replace('_', "-")
}

/// Parameters of the operation, then those of its path item that it does not describe anew.
fn parameters<'a>(document: &'a Value, path: &str, operation: &'a Value) -> Vec<&'a Value> {
    let item = document.get("paths").and_then(|paths| paths.get(path));
    let shared =
        item.and_then(|item| reference::resolve(document, item)).and_then(|item| item.get("parameters"));
    let lists = [operation.get("parameters"), shared].into_iter().flatten().filter_map(Value::as_array);
    let mut all: Vec<&Value> = Vec::new();
    for parameter in lists.flatten().filter_map(|given| reference::resolve(document, given)) {
        let key = |parameter: &'a Value| (parameter.get("name"), parameter.get("in"));
        if all.iter().all(|known| key(known) != key(parameter)) {
            all.push(parameter);
        }
    }
    all
}

/// Headers of the platform are not the service's, and `Accept`, `Content-Type`, `Authorization` are no parameters
/// (OpenAPI 3.1.1, 4.8.12.2).
fn is_own_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !(name.starts_with("x-road-")
        || name.starts_with("lienthong-")
        || ["accept", "content-type", "authorization"].contains(&name.as_str()))
}

fn parameter_value(document: &Value, parameter: &Value) -> (Value, bool) {
    match given_example(document, parameter) {
        Some(value) => (value, true),
        None => match parameter.get("schema") {
            Some(schema) => {
                let given = invent::given(document, schema).is_some();
                (invent::value(document, schema, Side::Question), given)
            }
            None => (Value::String("mau".to_owned()), false),
        },
    }
}

/// Status and body of the good answer, and whether the description gives the body itself.
fn answer(document: &Value, operation: &Value) -> (Option<String>, Option<(Value, bool)>) {
    let status = operation.get("responses").and_then(Value::as_object).and_then(|responses| {
        responses
            .keys()
            .find(|status| status.starts_with('2'))
            .or_else(|| responses.keys().find(|s| *s == "default"))
    });
    let response = successes(document, operation).into_iter().next();
    let body = response.and_then(json_content).map(|(_, media)| media_value(document, media, Side::Answer));
    (status.cloned(), body)
}

fn media_value(document: &Value, media: &Value, side: Side) -> (Value, bool) {
    if let Some(value) = given_example(document, media) {
        return (value, true);
    }
    match media.get("schema") {
        Some(schema) => (invent::value(document, schema, side), invent::given(document, schema).is_some()),
        None => (Value::Null, false),
    }
}

/// `example`, or the first of the named `examples` of a parameter or media type.
fn given_example(document: &Value, holder: &Value) -> Option<Value> {
    let first = || {
        let example = holder.get("examples")?.as_object()?.values().next()?;
        reference::resolve(document, example)?.get("value").cloned()
    };
    holder.get("example").cloned().or_else(first)
}

/// A value as it stands in an address or header.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
