//! Code for a test call, to be copied: curl and Python, with placeholders for the node's address and the asking system.

use base::{PartyId, ServiceId};

use super::TestCall;

/// Stands for the address of the consumer's own node.
const NODE: &str = "https://DIA-CHI-NUT:8443";

/// Stands for the asking system, when it is not known.
const CLIENT: &str = "VN/GOV/MA-CO-QUAN/HE-THONG";

/// The call as a curl command for a POSIX shell.
pub fn curl(call: &TestCall, service: &ServiceId, client: Option<&PartyId>) -> String {
    let url = format!("{NODE}{}", call.target(service));
    let mut lines = vec![format!("curl --request {} {}", call.method, quoted(&url))];
    for (name, value) in headers(call, client) {
        lines.push(format!("  --header {}", quoted(&format!("{name}: {value}"))));
    }
    if let Some(body) = &call.body {
        lines.push(format!("  --data {}", quoted(&body.to_string())));
    }
    lines.join(" \\\n")
}

/// The call in Python 3 with nothing but its standard library.
pub fn python(call: &TestCall, service: &ServiceId, client: Option<&PartyId>) -> String {
    let mut lines = vec![
        "import urllib.request".to_owned(),
        String::new(),
        "request = urllib.request.Request(".to_owned(),
        format!("    {},", literal(&format!("{NODE}{}", call.target(service)))),
        format!("    method={},", literal(&call.method)),
        "    headers={".to_owned(),
    ];
    for (name, value) in headers(call, client) {
        lines.push(format!("        {}: {},", literal(&name), literal(&value)));
    }
    lines.push("    },".to_owned());
    if let Some(body) = &call.body {
        lines.push(format!("    data={}.encode(\"utf-8\"),", literal(&body.to_string())));
    }
    lines.extend([
        ")".to_owned(),
        "with urllib.request.urlopen(request, timeout=30) as answer:".to_owned(),
        "    print(answer.status, answer.read().decode(\"utf-8\"))".to_owned(),
        String::new(),
    ]);
    lines.join("\n")
}

fn headers(call: &TestCall, client: Option<&PartyId>) -> Vec<(String, String)> {
    let client = client.map_or_else(|| CLIENT.to_owned(), PartyId::encoded);
    let mut all =
        vec![("X-Road-Client".to_owned(), client), ("Accept".to_owned(), "application/json".to_owned())];
    if call.body.is_some() {
        all.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    // A line break in an example must not make another header.
    let own = call.headers.iter().map(|(name, value)| (one_line(name), one_line(value)));
    all.extend(own);
    all
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text for Python: JSON's escapes are among Python's.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
