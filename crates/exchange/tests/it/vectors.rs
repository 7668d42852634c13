//! The documented test vectors (`docs/protocol/vectors/node-1.json`), made by another implementation, are read,
//! verified and opened by this one.

use crypto::certificate::Certificate;
use crypto::commitment::commit_head;
use exchange::verifier::Verifier;
use exchange::wire::headers;
use exchange::wire::peer::{self, Bound, Sealed};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol/vectors/node-1.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn wire(message: &Value) -> HeaderMap {
    let mut map = HeaderMap::new();
    for field in message["wire"].as_array().unwrap() {
        let name: HeaderName = field[0].as_str().unwrap().parse().unwrap();
        map.append(name, HeaderValue::from_str(field[1].as_str().unwrap()).unwrap());
    }
    map
}

fn read(message: &Value, asked: Option<&Bound>) -> Sealed {
    let map = wire(message);
    match asked {
        None => peer::read_request(&text(message, "method").parse().unwrap(), &map).unwrap(),
        Some(bound) => {
            let status = u16::try_from(message["status"].as_u64().unwrap()).unwrap();
            peer::read_response(status.try_into().unwrap(), &map, bound).unwrap()
        }
    }
}

fn certificate(vectors: &Value, question: bool) -> Certificate {
    let party = if question { "consumer" } else { "provider" };
    let der = crypto::b64::decode(text(&vectors["parties"][party], "certificate")).unwrap();
    Certificate::from_der(der).unwrap()
}

#[test]
fn the_documented_messages_are_read_verified_and_opened() {
    let vectors = vectors();
    let messages = vectors["messages"].as_array().unwrap();
    let verifier = Verifier::default();
    for message in messages {
        let name = text(message, "name");
        let question = message.get("answers").map(|of| {
            let of = of.as_str().unwrap();
            read(messages.iter().find(|m| m["name"] == of).unwrap(), None)
        });
        let sealed = read(message, question.as_ref().map(|q| &q.bound));
        assert_eq!(sealed.base, text(message, "base"), "{name}");
        let certificate = certificate(&vectors, question.is_none());
        verifier.check(&sealed, certificate.public_key().unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let head = text(message, "head");
        assert_eq!(commit_head(&sealed.salts.head, head.as_bytes()), sealed.commitment.head, "{name}");
        let own = headers::from_between_nodes(&wire(message));
        let lines: Vec<String> =
            own.iter().map(|(n, v)| format!("{n}:{}\r\n", v.to_str().unwrap())).collect();
        let lines = lines.concat();
        assert!(head.ends_with(&lines), "{name}: {lines:?} in {head:?}");
    }
    assert!(messages.len() >= 7);
}

#[test]
fn the_documented_wrong_signature_inputs_are_refused() {
    let vectors = vectors();
    let refused = vectors["refused_signature_inputs"].as_array().unwrap();
    let good = &vectors["messages"][0];
    for case in refused {
        let mut map = wire(good);
        map.insert(headers::SIGNATURE_INPUT, text(case, "signature-input").parse().unwrap());
        let read = peer::read_request(&text(good, "method").parse().unwrap(), &map);
        // Some are well formed and only not what was signed: then the signature does not fit.
        let refused = read.is_err() || {
            let key = certificate(&vectors, true);
            Verifier::default().check(&read.unwrap(), key.public_key().unwrap()).is_err()
        };
        assert!(refused, "{}", text(case, "why"));
    }
    assert!(refused.len() >= 12);
}
