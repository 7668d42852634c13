//! Header names and which of them pass.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// `X-Road-Client`: who asks.
pub const CLIENT: HeaderName = HeaderName::from_static("x-road-client");
/// `X-Road-Service`: the full service identifier, set by the provider's node.
pub const SERVICE: HeaderName = HeaderName::from_static("x-road-service");
/// `X-Road-Id`: the message id that the asking system chose, or its node made.
pub const ID: HeaderName = HeaderName::from_static("x-road-id");
/// `X-Road-Request-Id`: made by the consumer's node for each call.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-road-request-id");
/// `X-Road-Request-Hash`: binds the answer to the request for the asking system.
pub const REQUEST_HASH: HeaderName = HeaderName::from_static("x-road-request-hash");
/// `X-Road-UserId`: the officer.
pub const USER_ID: HeaderName = HeaderName::from_static("x-road-userid");
/// `X-Road-Issue`: the dossier.
pub const ISSUE: HeaderName = HeaderName::from_static("x-road-issue");
/// `X-Road-Represented-Party`: on whose behalf.
pub const REPRESENTED: HeaderName = HeaderName::from_static("x-road-represented-party");
/// `X-Road-Security-Server`: ask a given node of the provider.
pub const SECURITY_SERVER: HeaderName = HeaderName::from_static("x-road-security-server");
/// `X-Road-Error`: stands only on errors made by a node.
pub const ERROR: HeaderName = HeaderName::from_static("x-road-error");
/// Why the data are asked for; a code or short ASCII text.
pub const PURPOSE: HeaderName = HeaderName::from_static("lienthong-purpose");
/// The decision or article that allows asking.
pub const LEGAL_BASIS: HeaderName = HeaderName::from_static("lienthong-legal-basis");
/// How strongly the officer signed in, by the word of the asking system: 1 password, 2 second factor, 3 hardware key.
pub const SIGN_IN: HeaderName = HeaderName::from_static("lienthong-sign-in");
/// Our own error code, for example `EX-0301`.
pub const ERROR_CODE: HeaderName = HeaderName::from_static("lienthong-error");
/// Codes of the items that keep a readiness gate closed, for example `security_minutes`.
pub const GATE: HeaderName = HeaderName::from_static("lienthong-gate");

/// The provider's service, between nodes.
pub const NODE_SERVICE: HeaderName = HeaderName::from_static("lienthong-service");
/// The node that the message is for, between nodes.
pub const NODE: HeaderName = HeaderName::from_static("lienthong-node");
/// Commitments to head and body, between nodes.
pub const COMMITMENT: HeaderName = HeaderName::from_static("lienthong-commitment");
/// The salts that open the commitments, between nodes.
pub const SALT: HeaderName = HeaderName::from_static("lienthong-salt");
/// Place in a batch signature, between nodes.
pub const BATCH: HeaderName = HeaderName::from_static("lienthong-batch");
/// RFC 9421.
pub const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// RFC 9421.
pub const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// RFC 9530.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// Prefix under which a system's own headers of a name that the nodes use travel between nodes.
const PASS: &str = "lienthong-pass-";
/// Prefix of everything that belongs to the node protocol.
const OURS: &str = "lienthong-";

/// Headers in the order in which they came.
pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// Headers that concern one connection or that each side makes itself; X-Road's list.
fn hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::CONNECTION
            | header::PROXY_AUTHENTICATE
            | header::PROXY_AUTHORIZATION
            | header::TE
            | header::TRAILER
            | header::TRANSFER_ENCODING
            | header::UPGRADE
            | header::HOST
            | header::USER_AGENT
            | header::SERVER
            | header::CONTENT_LENGTH
            | header::EXPECT
    ) || name.as_str() == "keep-alive"
}

/// What information systems say to each other under our prefix.
fn of_systems(name: &HeaderName) -> bool {
    *name == PURPOSE || *name == LEGAL_BASIS || *name == SIGN_IN
}

/// The end-to-end headers of a system's message, without those that only nodes may write.
pub fn end_to_end(headers: &HeaderMap) -> Headers {
    let nominated = nominated(headers);
    let passes = |name: &HeaderName| {
        let text = name.as_str();
        let ours = text.starts_with(OURS) && !of_systems(name);
        // `Connection: x-road-client` must not make a header of the protocol disappear.
        let dropped = !text.starts_with("x-road-") && nominated.iter().any(|n| n == text);
        !(hop_by_hop(name) || ours || dropped || imitates(name))
    };
    let kept = headers.iter().filter(|(name, _)| passes(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `X_Road_Client`: to systems behind a CGI interface it is the same header as `X-Road-Client`.
fn imitates(name: &HeaderName) -> bool {
    let text = name.as_str();
    text.contains('_') && ["x-road-", OURS].iter().any(|of| text.replace('_', "-").starts_with(of))
}

fn nominated(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).map(|n| n.trim().to_ascii_lowercase()).collect()
}

/// Whether a header name is one that the nodes themselves write between them.
fn reserved(name: &HeaderName) -> bool {
    *name == SIGNATURE || *name == SIGNATURE_INPUT || *name == CONTENT_DIGEST
}

/// The name under which a system's header travels between nodes.
pub fn name_between_nodes(name: &HeaderName) -> HeaderName {
    if !reserved(name) {
        return name.clone();
    }
    HeaderName::try_from(format!("{PASS}{name}")).unwrap_or_else(|_| name.clone())
}

/// The system's own headers out of a message between nodes, in order, under their own names.
pub fn from_between_nodes(headers: &HeaderMap) -> Headers {
    let restored = headers.iter().filter_map(|(name, value)| {
        let text = name.as_str();
        if let Some(own) = text.strip_prefix(PASS) {
            let own = HeaderName::try_from(own).ok().filter(reserved)?;
            return Some((own, value.clone()));
        }
        let own = of_systems(name) || *name == ERROR_CODE || *name == GATE;
        let ours = (text.starts_with(OURS) && !own) || imitates(name);
        let dropped = ours || reserved(name) || hop_by_hop(name);
        (!dropped).then(|| (name.clone(), value.clone()))
    });
    restored.collect()
}

/// The only value of `name`, or how the rule is broken.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Repeated),
    }
}

/// A header that may stand once stands more than once.
#[derive(Debug)]
pub struct Repeated;
