//! The node protocol's headers: what is signed, what travels beside it. `docs/protocol/node.md` is the text of this file.

use std::borrow::Cow;

use base::Ts;
use crypto::commitment::Salt;
use crypto::http_signature::{self, Component, Params};
use evidence::batch::BatchPlace;
use evidence::opening::Commitment;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::headers as h;
use crate::error::Reason;
use crate::signer::{Signature, Signer};

/// Label of our signature in `Signature` and `Signature-Input`.
pub const LABEL: &str = "lt";
/// `tag` of a request's signature.
pub const TAG_REQUEST: &str = "lienthong-request-1";
/// `tag` of an answer's signature.
pub const TAG_RESPONSE: &str = "lienthong-response-1";
/// Seconds for which a message may arrive after it was signed.
pub const VALIDITY_S: i64 = 30;

/// A header with its identifier as a covered component.
type Covered = (&'static str, HeaderName);

/// Headers that every request signature covers, in order.
const REQUEST_COVERED: [Covered; 6] = [
    ("\"lienthong-service\"", h::NODE_SERVICE),
    ("\"x-road-client\"", h::CLIENT),
    ("\"x-road-id\"", h::ID),
    ("\"x-road-request-id\"", h::REQUEST_ID),
    ("\"lienthong-node\"", h::NODE),
    ("\"lienthong-commitment\"", h::COMMITMENT),
];
/// Headers that it covers when they are there, in order.
const REQUEST_OPTIONAL: [Covered; 5] = [
    ("\"x-road-userid\"", h::USER_ID),
    ("\"x-road-issue\"", h::ISSUE),
    ("\"x-road-represented-party\"", h::REPRESENTED),
    ("\"lienthong-purpose\"", h::PURPOSE),
    ("\"lienthong-legal-basis\"", h::LEGAL_BASIS),
];
/// Headers that every answer's signature covers, in order.
const RESPONSE_COVERED: [Covered; 5] = [
    ("\"x-road-id\"", h::ID),
    ("\"x-road-request-id\"", h::REQUEST_ID),
    ("\"x-road-client\"", h::CLIENT),
    ("\"lienthong-service\"", h::NODE_SERVICE),
    ("\"lienthong-commitment\"", h::COMMITMENT),
];
/// The header that it covers on a refusal.
const REFUSAL_COVERED: Covered = ("\"x-road-error\"", h::ERROR);

/// Salts of head and body: separate, so that one can be opened without the other.
#[derive(Clone, Debug)]
pub struct Salts {
    /// Salt of the head's commitment.
    pub head: Salt,
    /// Salt of the body's commitment.
    pub body: Salt,
}

impl Salts {
    /// Fresh salts for one message.
    pub fn random() -> Self {
        let random = crypto::hash::random::<64>();
        let (mut head, mut body) = ([0; 32], [0; 32]);
        head.copy_from_slice(&random[..32]);
        body.copy_from_slice(&random[32..]);
        Self { head: Salt(head), body: Salt(body) }
    }

    fn value(&self) -> String {
        Commitment { head: self.head.0, body: Some(self.body.0) }.encode()
    }

    fn parse(text: &str) -> Option<Self> {
        let both = Commitment::parse(text).ok()?;
        Some(Self { head: Salt(both.head), body: Salt(both.body?) })
    }
}

/// What an answer is bound to: the request's own signature as the asking node wrote it.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The item `:base64:` of the request's `Signature`.
    pub signature: String,
    /// The request's `Lienthong-Batch`, when it had one.
    pub batch: Option<String>,
}

/// A message's signed part, read from its headers; not yet verified.
#[derive(Debug)]
pub struct Sealed {
    /// The signature base rebuilt from the message.
    pub base: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// The place in a batch.
    pub batch: Option<BatchPlace>,
    /// RFC 9421 parameters.
    pub params: Params,
    /// What was committed to.
    pub commitment: Commitment,
    /// What opens it.
    pub salts: Salts,
    /// SHA-256 of the body.
    pub content_digest: Option<[u8; 32]>,
    /// How an answer to this message is bound to it.
    pub bound: Bound,
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Reason> {
    optional(headers, name)?.ok_or(Reason::PeerMessage("header missing"))
}

fn optional<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Reason> {
    let value = h::single(headers, name).map_err(|_| Reason::PeerMessage("header repeated"))?;
    value.map(|v| v.to_str().map_err(|_| Reason::PeerMessage("header not ASCII"))).transpose()
}

fn push<'a>(out: &mut Vec<Component<'a>>, headers: &'a HeaderMap, covered: &Covered) -> Result<(), Reason> {
    let (id, name) = covered;
    out.push(Component { id: Cow::Borrowed(id), value: Cow::Borrowed(text(headers, name)?) });
    Ok(())
}

/// The components that a request's signature covers, from the message itself.
fn request_components<'a>(method: &'a Method, headers: &'a HeaderMap) -> Result<Vec<Component<'a>>, Reason> {
    let mut out = Vec::with_capacity(12);
    out.push(Component { id: Cow::Borrowed("\"@method\""), value: Cow::Borrowed(method.as_str()) });
    for covered in &REQUEST_COVERED {
        push(&mut out, headers, covered)?;
    }
    for covered in &REQUEST_OPTIONAL {
        if headers.contains_key(&covered.1) {
            push(&mut out, headers, covered)?;
        }
    }
    Ok(out)
}

/// The components that an answer's signature covers.
fn response_components<'a>(
    status: StatusCode,
    headers: &'a HeaderMap,
    bound: &'a Bound,
) -> Result<Vec<Component<'a>>, Reason> {
    let mut out = Vec::with_capacity(10);
    out.push(Component { id: Cow::Borrowed("\"@status\""), value: Cow::Owned(status.as_str().to_owned()) });
    for covered in &RESPONSE_COVERED {
        push(&mut out, headers, covered)?;
    }
    if headers.contains_key(h::ERROR) {
        push(&mut out, headers, &REFUSAL_COVERED)?;
    }
    let id = Cow::Borrowed("\"signature\";req;key=\"lt\"");
    out.push(Component { id, value: Cow::Borrowed(&bound.signature) });
    if let Some(batch) = &bound.batch {
        out.push(Component { id: Cow::Borrowed("\"lienthong-batch\";req"), value: Cow::Borrowed(batch) });
    }
    Ok(out)
}

/// A message about to be signed: its base and the value of `Signature-Input`.
pub struct Unsigned {
    /// What is signed.
    pub base: String,
    input: String,
}

fn unsigned(components: &[Component<'_>], signer: &Signer, now: Ts, tag: &str) -> Unsigned {
    let params = Params {
        created: now.secs(),
        expires: now.secs() + VALIDITY_S,
        nonce: crypto::b64::encode(&crypto::hash::random::<16>()),
        keyid: signer.keyid.to_string(),
        alg: signer.alg.to_owned(),
        tag: tag.to_owned(),
    };
    let ids: Vec<&str> = components.iter().map(|c| &*c.id).collect();
    let input = http_signature::input_value(&ids, &params);
    Unsigned { base: http_signature::base(components, &input), input }
}

/// Prepares a request's signature.
///
/// # Errors
/// A covered header is missing or not ASCII.
pub fn unsigned_request(
    method: &Method,
    headers: &HeaderMap,
    signer: &Signer,
    now: Ts,
) -> Result<Unsigned, Reason> {
    Ok(unsigned(&request_components(method, headers)?, signer, now, TAG_REQUEST))
}

/// Prepares an answer's signature.
///
/// # Errors
/// A covered header is missing or not ASCII.
pub fn unsigned_response(
    status: StatusCode,
    headers: &HeaderMap,
    bound: &Bound,
    by: (&Signer, Ts),
) -> Result<Unsigned, Reason> {
    Ok(unsigned(&response_components(status, headers, bound)?, by.0, by.1, TAG_RESPONSE))
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: String) -> Result<(), Reason> {
    let value = HeaderValue::try_from(text).map_err(|_| Reason::PeerMessage("header not ASCII"))?;
    headers.insert(name, value);
    Ok(())
}

/// Writes the facts that are signed: service, node, commitment, and what opens it.
///
/// # Errors
/// Never for well-formed identifiers.
pub fn write_facts(
    headers: &mut HeaderMap,
    service: &str,
    commitment: &Commitment,
    salts: &Salts,
) -> Result<(), Reason> {
    set(headers, h::NODE_SERVICE, service.to_owned())?;
    set(headers, h::COMMITMENT, commitment.encode())?;
    set(headers, h::SALT, salts.value())
}

/// Writes the node that a request is for.
///
/// # Errors
/// Never for well-formed identifiers.
pub fn write_node(headers: &mut HeaderMap, node: &base::NodeId) -> Result<(), Reason> {
    set(headers, h::NODE, node.text())
}

/// Writes the signature and says how an answer is bound to it.
///
/// # Errors
/// Never: all values are ASCII.
pub fn write_signature(
    headers: &mut HeaderMap,
    unsigned: &Unsigned,
    signature: &Signature,
    digest: Option<&[u8; 32]>,
) -> Result<Bound, Reason> {
    set(headers, h::SIGNATURE_INPUT, [LABEL, "=", &unsigned.input].concat())?;
    let value = http_signature::signature_value(LABEL, &signature.bytes);
    let bound = item(&value);
    set(headers, h::SIGNATURE, value)?;
    let batch = signature.batch.as_ref().map(BatchPlace::encode);
    if let Some(batch) = &batch {
        set(headers, h::BATCH, batch.clone())?;
    }
    if let Some(digest) = digest {
        set(headers, h::CONTENT_DIGEST, http_signature::content_digest(digest))?;
    }
    Ok(Bound { signature: bound, batch })
}

/// The item of our label in a `Signature` header: `:base64:`.
fn item(value: &str) -> String {
    value.strip_prefix(LABEL).and_then(|v| v.strip_prefix('=')).unwrap_or(value).to_owned()
}

fn read(headers: &HeaderMap, components: &[Component<'_>], tag: &str) -> Result<Sealed, Reason> {
    let malformed = |_| Reason::PeerMessage("signature headers");
    let (ids, params, input) =
        http_signature::parse_input(text(headers, &h::SIGNATURE_INPUT)?, LABEL).map_err(malformed)?;
    // Exactly our list: a signature that leaves something out is not one.
    if params.tag != tag || !ids.iter().copied().eq(components.iter().map(|c| &*c.id)) {
        return Err(Reason::PeerMessage("signature does not cover what it must"));
    }
    let value = text(headers, &h::SIGNATURE)?;
    let signature = http_signature::parse_signature(value, LABEL).map_err(malformed)?;
    let batch = optional(headers, &h::BATCH)?;
    let place = batch.map(BatchPlace::parse).transpose().map_err(|_| Reason::PeerMessage("batch place"))?;
    let commitment =
        Commitment::parse(text(headers, &h::COMMITMENT)?).map_err(|_| Reason::PeerMessage("commitment"))?;
    let salts = Salts::parse(text(headers, &h::SALT)?).ok_or(Reason::PeerMessage("salt"))?;
    let digest = optional(headers, &h::CONTENT_DIGEST)?;
    let content_digest = digest.map(http_signature::parse_content_digest).transpose().map_err(malformed)?;
    let bound = Bound { signature: item(value), batch: batch.map(str::to_owned) };
    let base = http_signature::base(components, input);
    Ok(Sealed { base, signature, batch: place, params, commitment, salts, content_digest, bound })
}

/// Reads the signed part of a request.
///
/// # Errors
/// A header is missing, repeated or malformed, or the signature does not cover what it must.
pub fn read_request(method: &Method, headers: &HeaderMap) -> Result<Sealed, Reason> {
    read(headers, &request_components(method, headers)?, TAG_REQUEST)
}

/// Reads the signed part of an answer to the request that `bound` names.
///
/// # Errors
/// As for a request; also when the answer is not bound to that request.
pub fn read_response(status: StatusCode, headers: &HeaderMap, bound: &Bound) -> Result<Sealed, Reason> {
    read(headers, &response_components(status, headers, bound)?, TAG_RESPONSE)
}
