//! Anything at all, read by the parsers of the wire: no panic, and what is taken is what was meant.

use exchange::signer::{Mode, Signer};
use exchange::wire::headers;
use exchange::wire::peer::{self, Bound};
use exchange::wire::rest::{self, NewIds};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::party::{Lives, Party, START};
use crate::world::authority;

const NAMES: [&str; 22] = [
    "x-road-client",
    "x-road-id",
    "x-road-request-id",
    "x-road-userid",
    "x-road-issue",
    "x-road-represented-party",
    "x-road-security-server",
    "x-road-error",
    "lienthong-service",
    "lienthong-node",
    "lienthong-commitment",
    "lienthong-salt",
    "lienthong-batch",
    "lienthong-purpose",
    "lienthong-legal-basis",
    "lienthong-pass-signature",
    "signature",
    "signature-input",
    "content-digest",
    "connection",
    "accept",
    "te",
];

const FRAGMENTS: [&str; 20] = [
    "VN-TEST/GOV/H17/MOTCUA",
    "VN-TEST/GOV/H17",
    "lt=",
    "lt=:AAAA:",
    ":",
    "(",
    ")",
    "\"@method\" ",
    "\"x-road-id\"",
    ";created=1795000000;expires=1795000030",
    ";nonce=\"a\";keyid=\"b\";alg=\"ed25519\";tag=\"lienthong-request-1\"",
    "head=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
    ", body=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
    "index=0, size=1, path=()",
    "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
    "%2e%2e",
    "99999999999999999999",
    ",",
    "\t",
    "a",
];

fn name() -> impl Strategy<Value = HeaderName> {
    select(&NAMES[..]).prop_map(HeaderName::from_static)
}

fn value() -> impl Strategy<Value = HeaderValue> {
    let pieces = vec(select(&FRAGMENTS[..]), 0..6).prop_map(|pieces| pieces.concat().into_bytes());
    let bytes = vec(prop_oneof![Just(9_u8), 32..=126_u8, 128..=255_u8], 0..80);
    prop_oneof![pieces, bytes].prop_map(|bytes| HeaderValue::from_bytes(&bytes).unwrap())
}

fn header_map() -> impl Strategy<Value = HeaderMap> {
    vec((name(), value()), 0..16).prop_map(|pairs| {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, value);
        }
        map
    })
}

fn target() -> impl Strategy<Value = String> {
    let pieces = [
        "/",
        "/r1/VN-TEST/GOV/G01/DANCU/dich-vu",
        "..",
        "%2e",
        "%2F",
        "%25",
        "%00",
        "%",
        "?",
        "a",
        "ế",
        "\\",
        "#",
    ];
    prop_oneof![vec(select(pieces.to_vec()), 0..10).prop_map(|p| p.concat()), any::<String>()]
}

/// How a header is changed.
#[derive(Clone, Debug)]
enum Change {
    Replace(HeaderName, HeaderValue),
    Append(HeaderName, HeaderValue),
    Remove(HeaderName),
    /// Another byte at a place in its value.
    Flip(HeaderName, usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (name(), value()).prop_map(|(name, value)| Change::Replace(name, value)),
        (name(), value()).prop_map(|(name, value)| Change::Append(name, value)),
        name().prop_map(Change::Remove),
        (name(), 0..600_usize, 32..127_u8).prop_map(|(name, at, byte)| Change::Flip(name, at, byte)),
    ]
}

fn apply(map: &mut HeaderMap, change: Change) {
    match change {
        Change::Replace(name, value) => drop(map.insert(name, value)),
        Change::Append(name, value) => drop(map.append(name, value)),
        Change::Remove(name) => drop(map.remove(name)),
        Change::Flip(name, at, byte) => {
            let Some(value) = map.get_mut(&name) else { return };
            let mut bytes = value.as_bytes().to_vec();
            if bytes.is_empty() {
                return;
            }
            let at = at % bytes.len();
            bytes[at] = byte;
            *value = HeaderValue::from_bytes(&bytes).unwrap();
        }
    }
}

fn signer() -> &'static Signer {
    static SIGNER: std::sync::OnceLock<Signer> = std::sync::OnceLock::new();
    SIGNER
        .get_or_init(|| Party::new(&authority("CA"), "H17", "MOTCUA", Lives::default()).signer(Mode::Single))
}

fn facts() -> HeaderMap {
    let salts = peer::Salts::random();
    let commitment = evidence::opening::Commitment { head: [1; 32], body: Some([2; 32]) };
    let mut map: HeaderMap = [
        (headers::CLIENT, "VN-TEST/GOV/H17/MOTCUA"),
        (headers::ID, "ma-1"),
        (headers::REQUEST_ID, "lan-1"),
        (headers::USER_ID, "can-bo-1"),
    ]
    .into_iter()
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .collect();
    peer::write_facts(&mut map, "VN-TEST/GOV/G01/DANCU/dich-vu", &commitment, &salts).unwrap();
    peer::write_node(&mut map, &"VN-TEST/GOV/G01/NUT-1".parse().unwrap()).unwrap();
    map
}

fn sign(map: &mut HeaderMap, unsigned: &peer::Unsigned) -> Bound {
    let bytes = signer().sign_bytes(unsigned.base.as_bytes()).unwrap();
    let signature = exchange::signer::Signature { bytes, batch: None };
    peer::write_signature(map, unsigned, &signature, Some(&[3; 32])).unwrap()
}

/// A valid signed request.
fn request() -> HeaderMap {
    let mut map = facts();
    let unsigned = peer::unsigned_request(&Method::POST, &map, signer(), START).unwrap();
    sign(&mut map, &unsigned);
    map
}

/// A valid signed answer, and what it is bound to.
fn response() -> (HeaderMap, Bound) {
    let bound = Bound { signature: ":AAAA:".into(), batch: None };
    let mut map = facts();
    map.remove(headers::NODE);
    let unsigned = peer::unsigned_response(StatusCode::OK, &map, &bound, (signer(), START)).unwrap();
    sign(&mut map, &unsigned);
    (map, bound)
}

fn verifies(sealed: &peer::Sealed) -> bool {
    let key = signer().certificate.public_key().unwrap();
    key.verify(sealed.base.as_bytes(), &sealed.signature).is_ok()
}

/// What the signatures of a question and of an answer cover.
const OF_QUESTIONS: [&str; 9] = [
    "x-road-client",
    "x-road-id",
    "x-road-request-id",
    "x-road-userid",
    "x-road-issue",
    "lienthong-service",
    "lienthong-node",
    "lienthong-commitment",
    "lienthong-purpose",
];
const OF_ANSWERS: [&str; 6] = [
    "x-road-client",
    "x-road-id",
    "x-road-request-id",
    "x-road-error",
    "lienthong-service",
    "lienthong-commitment",
];

/// The values of these headers; RFC 9421 ignores white space around one.
fn values(map: &HeaderMap, names: &[&str]) -> Vec<Vec<Vec<u8>>> {
    let all = |name: &&str| map.get_all(*name).iter().map(|v| v.as_bytes().trim_ascii().to_vec()).collect();
    names.iter().map(all).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_target_that_is_taken_has_no_way_out(raw in target()) {
        if let Ok(target) = rest::target(&raw) {
            prop_assert!(target.rest().is_empty() || target.rest().starts_with(['/', '?']));
            let path = rest::decoded_path(target.path()).unwrap();
            prop_assert!(!path.split(['/', '\\']).any(|segment| segment == ".." || segment == "."));
            // Nor when a system behind decodes once more.
            if let Ok(again) = rest::decoded_path(&path.replace("%2F", "/")) {
                prop_assert!(!again.split(['/', '\\']).any(|segment| segment == ".."), "{raw}");
            } else {
                prop_assert!(!path.to_ascii_lowercase().contains("%2e"), "{raw}");
            }
        }
    }

    #[test]
    fn a_call_is_read_from_any_headers_without_panic(map in header_map(), raw in target(), method in "[A-Z]{1,8}") {
        let Ok(mut request) = Request::builder().uri(raw).method(method.as_str()).body(()) else { return Ok(()) };
        *request.headers_mut() = map;
        let (parts, ()) = request.into_parts();
        let new = NewIds { request_id: "lan-1".into(), instance: "VN-TEST" };
        if let Ok(call) = rest::call(&parts, 64 * 1024, new) {
            prop_assert_eq!(&call.request_id, "lan-1");
            prop_assert!(call.headers.iter().all(|(n, _)| !n.as_str().starts_with("lienthong-") || *n == headers::PURPOSE || *n == headers::LEGAL_BASIS));
            prop_assert!(call.headers.iter().any(|(n, v)| *n == headers::ID && v.as_bytes() == call.id.as_bytes()));
            let _ = call.head();
        }
    }

    #[test]
    fn system_headers_come_through_a_node_as_they_were(map in header_map()) {
        let own = headers::end_to_end(&map);
        let mut between = HeaderMap::new();
        for (name, value) in &own {
            between.append(headers::name_between_nodes(name), value.clone());
        }
        prop_assert_eq!(headers::from_between_nodes(&between), own);
    }

    #[test]
    fn a_message_of_any_headers_is_read_without_panic(map in header_map()) {
        let bound = Bound { signature: ":AAAA:".into(), batch: None };
        let _ = peer::read_request(&Method::GET, &map);
        let _ = peer::read_response(StatusCode::OK, &map, &bound);
        let _ = headers::from_between_nodes(&map);
    }

    #[test]
    fn a_changed_question_verifies_only_when_nothing_that_is_covered_changed(changes in vec(change(), 0..4)) {
        let whole = request();
        let mut map = whole.clone();
        for change in changes {
            apply(&mut map, change);
        }
        if let Ok(sealed) = peer::read_request(&Method::POST, &map) && verifies(&sealed) {
            prop_assert_eq!(values(&map, &OF_QUESTIONS), values(&whole, &OF_QUESTIONS));
        }
    }

    #[test]
    fn a_changed_answer_verifies_only_when_nothing_that_is_covered_changed(changes in vec(change(), 0..4)) {
        let (whole, bound) = response();
        let mut map = whole.clone();
        for change in changes {
            apply(&mut map, change);
        }
        if let Ok(sealed) = peer::read_response(StatusCode::OK, &map, &bound) && verifies(&sealed) {
            prop_assert_eq!(values(&map, &OF_ANSWERS), values(&whole, &OF_ANSWERS));
        }
    }
}
