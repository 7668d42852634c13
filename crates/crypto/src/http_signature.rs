//! HTTP message signatures (RFC 9421) in the one shape that nodes use, and content digests (RFC 9530).
//!
//! Of the many ways that RFC 9421 and RFC 9651 allow to write the same thing, only the canonical one is read: the label
//! asked for and no other, all six parameters in the order of [`Params`], no optional white space. So the text received
//! is the text signed, two readers cannot understand it differently, and any RFC 9421 library can write and check it.
//!
//! The node protocol calls this for every message; nothing here allocates more than its result.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::b64;
use crate::hash::Digest;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{parse_content_digest, parse_input, parse_signature};

/// Longest header value that is parsed, in bytes. A real one has a few hundred.
pub const HEADER_BYTES_MAX: usize = 4096;
/// Most components that a signature may cover. The node protocol covers at most 12.
pub const COMPONENTS_MAX: usize = 32;
/// Longest text parameter, in bytes.
pub const TEXT_BYTES_MAX: usize = 128;

/// The parameters of a signature (RFC 9421 section 2.3); all of them are always there, in this order.
///
/// Texts are 1 to [`TEXT_BYTES_MAX`] visible ASCII characters other than `"` and `\`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// When it was signed: seconds since 1970, 0 to 999,999,999,999,999.
    pub created: i64,
    /// From when on it must be refused, as `created`.
    pub expires: i64,
    /// What makes it unlike any other, against replay.
    pub nonce: String,
    /// Which key signed it.
    pub keyid: String,
    /// The algorithm, by its RFC 9421 name.
    pub alg: String,
    /// For which protocol, and for which part of it, the signature was made.
    pub tag: String,
}

/// One covered component: a line of the signature base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component<'a> {
    /// The identifier as serialized, for example `"@method"` or `"signature";req;key="lt"`, quotes included.
    pub id: Cow<'a, str>,
    /// The value.
    pub value: Cow<'a, str>,
}

/// Why a header of a message signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpSignatureError {
    /// More than [`HEADER_BYTES_MAX`] bytes.
    #[error("the header has {0} bytes, at most {HEADER_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// The header does not begin with the expected label.
    #[error("no signature labelled {0:?}")]
    NoSuchLabel(String),
    /// Something else than our profile wants at this place.
    #[error("expected {expected} at byte {at} of the header")]
    Unexpected {
        /// What should be there.
        expected: &'static str,
        /// Byte offset in the header value.
        at: usize,
    },
    /// The same component is covered twice.
    #[error("the component {0} is covered twice")]
    Duplicate(String),
    /// More than [`COMPONENTS_MAX`] components.
    #[error("more than {COMPONENTS_MAX} components are covered")]
    TooManyComponents,
    /// The bytes between the colons.
    #[error(transparent)]
    NotBase64(#[from] b64::NotBase64),
    /// A digest that is not 32 bytes long.
    #[error("a SHA-256 digest has 32 bytes, this one has {0}")]
    DigestLength(usize),
}

/// The value of one member of `Signature-Input`, which is also the value of `@signature-params` in the base.
///
/// `ids` are serialized identifiers with their quotes. Identifiers and texts outside the profile give a value that
/// [`parse_input`] refuses.
pub fn input_value(ids: &[&str], params: &Params) -> String {
    let texts =
        [("nonce", &params.nonce), ("keyid", &params.keyid), ("alg", &params.alg), ("tag", &params.tag)];
    let length = ids.iter().map(|id| id.len() + 1).sum::<usize>()
        + texts.iter().map(|(name, text)| name.len() + text.len() + 4).sum::<usize>();
    // 64 bytes hold the brackets, two names and two numbers.
    let mut value = String::with_capacity(length + 64);
    value.push('(');
    for (index, id) in ids.iter().enumerate() {
        if index > 0 {
            value.push(' ');
        }
        value.push_str(id);
    }
    // Writing to a string cannot fail.
    let _ = write!(value, ");created={};expires={}", params.created, params.expires);
    for (name, text) in texts {
        value.push(';');
        value.push_str(name);
        value.push_str("=\"");
        value.push_str(text);
        value.push('"');
    }
    value
}

/// The signature base (RFC 9421 section 2.5): the exact text that is signed.
///
/// White space around a value is dropped and a line break within one becomes a space, as RFC 9421 section 2.1 wants,
/// so that no value can pretend to be another line.
pub fn base(components: &[Component<'_>], input_value: &str) -> String {
    const LAST: &str = "\"@signature-params\": ";
    let length =
        components.iter().map(|component| component.id.len() + component.value.len() + 3).sum::<usize>();
    let mut base = String::with_capacity(length + LAST.len() + input_value.len());
    for component in components {
        push_line_safe(&mut base, &component.id);
        base.push_str(": ");
        push_line_safe(&mut base, component.value.trim_matches([' ', '\t', '\r', '\n']));
        base.push('\n');
    }
    base.push_str(LAST);
    push_line_safe(&mut base, input_value);
    base
}

/// Appends `text`, each run of line breaks as one space.
fn push_line_safe(base: &mut String, text: &str) {
    // Nearly every text is one line, and this is called a dozen times for each message.
    if !text.bytes().any(|byte| byte == b'\r' || byte == b'\n') {
        base.push_str(text);
        return;
    }
    for (index, line) in text.split(['\r', '\n']).filter(|line| !line.is_empty()).enumerate() {
        if index > 0 {
            base.push(' ');
        }
        base.push_str(line);
    }
}

/// The value of the `Signature` header: `label=:base64:`.
pub fn signature_value(label: &str, signature: &[u8]) -> String {
    bytes_member(label, signature)
}

/// The value of the `Content-Digest` header: `sha-256=:base64:`.
pub fn content_digest(digest: &Digest) -> String {
    bytes_member(DIGEST_KEY, digest)
}

const DIGEST_KEY: &str = "sha-256";

/// A dictionary of one member that is a byte sequence (RFC 9651).
fn bytes_member(key: &str, bytes: &[u8]) -> String {
    let mut value = String::with_capacity(key.len() + 3 + bytes.len().div_ceil(3) * 4);
    value.push_str(key);
    value.push_str("=:");
    b64::encode_onto(bytes, &mut value);
    value.push(':');
    value
}
