//! Services that exist already: a SOAP service by a library that is not ours, and peers that break every promise.

mod faults;
mod http;
mod peer;
mod soap;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::Value;
use sources::SourceError;
use sources::passthrough::Definition;
use sources::passthrough::serve::{Service, router};
use tower_service::Service as _;

/// A service by a definition.
fn start(definition: &str) -> Router {
    router(Service::open(Definition::parse(definition).unwrap()).unwrap())
}

/// Method and path, body; the status and the body that comes back.
async fn ask(router: &Router, at: &str, body: &str) -> (u16, Value) {
    let (method, path) = at.split_once(' ').unwrap();
    let request =
        ::http::Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).unwrap();
    let answer = router.clone().call(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Every byte as an escape of an address.
fn coded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

/// What attackers write into parameters.
const ATTEMPTS: [&str; 12] = [
    "</maHoSo><nam>1</nam><maHoSo>",
    "A]]><x/>",
    "&lt;b&gt;&amp;&#10;&xxe;",
    "\"' onload=\"x",
    "../../quan-tri",
    "..%2f..%2fquan-tri",
    "a?b=c&d=e#f",
    "a/b\\c;d",
    "%00%0d%0a",
    "{maHoSo}",
    "Nguyễn Văn Mẫu 🏛",
    "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
];

/// What cannot be sent at all.
const REFUSED: [&str; 5] = ["a\r\nX-Evil: 1", "a\0b", "a\nb", "\u{7f}", "\u{fffe}"];

#[test]
fn a_definition_says_everything_that_is_wrong_with_it() {
    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        let text = soap::definition("1.1", "http://127.0.0.1:1/hoso");
        assert!(Definition::parse(&text).is_ok());
        assert!(text.contains(from), "{from}");
        let error = Definition::parse(&text.replacen(from, to, 1)).err().unwrap();
        let said = error.to_string();
        assert!(matches!(error, SourceError::Definition(_)) && said.contains(expected), "{to}: {said}");
    }
    check("lienthong-passthrough/1", "lienthong-passthrough/2", "must be lienthong-passthrough/1");
    check("url = \"http:", "url = \"ftp:", "must be http://HOST");
    check("url = \"http://", "url = \"http://ten:mat-khau@", "use [credentials]");
    check("\"GET /{maHoSo}\"", "\"DELETE /{maHoSo}\"", "GET or POST");
    check("\"GET /{maHoSo}\"", "\"GET /_openapi.json\"", "at must be like");
    check("\"GET /{maHoSo}\"", "\"GET /{maHoSo}/{soBo}\"", "parameters of the path");
    check("request = \"h:traCuu\"", "request = \"x:traCuu\"", "soap.namespaces");
    check("request = \"h:traCuu\"", "request = \"h:traCuu><\"", "soap.namespaces");
    check("to = \"h:nam\"", "to = \"h:nam x='1'\"", "no path that can be used");
    check("parameter = \"nam\"", "parameter = \"thang\"", "declared parameter or a constant");
    check("from = \"h:hoTen\"", "from = \"q:hoTen\"", "from cannot be used");
    check("name = \"hoTen\"", "name = \"ma\"", "there twice");
    check("name = \"hoTen\"", "name = \"ma.x\"", "a value and an object");
    check("type = \"date\"", "type = \"json\"", "the type json cannot be used");
    check("type = \"date\"", "type = \"date\"\nformat = \"%H\"", "format is for date");
    check("at_once = 4", "at_once = 0", "from 1 to 64");
    check("at_once = 4", "khac = 4", "unknown field");
    check("h = \"http", "soap = \"http", "cannot be a prefix");
    check("about_person = false", "about_person = true\n[credentials]\nsecret_file = \"x\"", "name user");
    let twice = soap::definition("1.1", "http://127.0.0.1:1/hoso");
    let operation = twice.split_once("[[operation]]").unwrap().1.to_owned();
    let twice = format!("{twice}\n[[operation]]{operation}");
    assert!(Definition::parse(&twice).err().unwrap().to_string().contains("the same as another operation"));
}

#[test]
fn the_definition_of_the_walkthrough_is_one() {
    let page = include_str!("../../../../docs/walkthroughs/pass-a-service-through.md");
    let text = page.split_once("```toml").unwrap().1.split_once("```").unwrap().0;
    let read = sources::Offer::parse(text).unwrap();
    assert!(matches!(read, sources::Offer::Existing(_)));
    let first = read.first_call();
    assert_eq!((first.method, &*first.path, first.body), ("GET", "/GIA-TRI", None));
    let sent = soap::definition("1.1", "http://127.0.0.1:1/hoso")
        .replace("GET /{maHoSo}", "POST /")
        .replace("in = \"path\"", "in = \"body\"\nrequired = true");
    let first = sources::Offer::parse(&sent).unwrap().first_call();
    assert_eq!((first.method, &*first.path), ("POST", ""));
    assert_eq!(first.body, Some(serde_json::json!({ "maHoSo": "GIA-TRI" })));
}
