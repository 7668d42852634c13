//! The signature under a snapshot that travels to a gateway: an HTTP message signature (RFC 9421) over the digest of the
//! answer's body (RFC 9530), in the one shape that nodes use. It stays with the body, so that a copy on disk proves
//! whose word it is as well as an answer does.

use base::Ts;
use crypto::hash::sha256;
use crypto::http_signature::{self, Component, HttpSignatureError, Params};
use serde::{Deserialize, Serialize};

/// Label of the signature in `Signature` and `Signature-Input`.
pub const LABEL: &str = "lt";
/// `tag` of the signature: what it was made for.
pub const TAG: &str = "lienthong-rights-1";
/// Seconds for which an answer may arrive after it was signed.
pub const VALIDITY_S: i64 = 60;
/// What it covers, and nothing else: member, number and moment stand in the body.
const COVERED: &str = "\"content-digest\"";

/// The three headers of a signed answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `Content-Digest`.
    pub digest: String,
    /// `Signature-Input`.
    pub input: String,
    /// `Signature`.
    pub signature: String,
}

/// An answer about to be signed.
#[derive(Clone, Debug)]
pub struct Unsigned {
    /// What is signed.
    pub base: String,
    digest: String,
    input: String,
}

/// A signature as it was read; not yet verified.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// What was signed.
    pub base: String,
    /// By whom, when, for how long.
    pub params: Params,
    /// The signature itself.
    pub bytes: Vec<u8>,
}

/// Why the headers are not a signature over the body.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// A header is not of the form that nodes use.
    #[error(transparent)]
    Form(#[from] HttpSignatureError),
    /// It was made for something else, or covers something else.
    #[error("the signature is not one over the rights of a member")]
    Purpose,
    /// The body is another one.
    #[error("the body is not the one that was signed")]
    Digest,
}

impl Unsigned {
    /// Prepares the signature over `body` by the key with this `keyid` (the certificate's fingerprint, hexadecimal) and
    /// algorithm (its RFC 9421 name).
    pub fn new(body: &[u8], keyid: &str, alg: &str, now: Ts) -> Self {
        let params = Params {
            created: now.secs(),
            expires: now.secs() + VALIDITY_S,
            nonce: crypto::b64::encode(&crypto::hash::random::<16>()),
            keyid: keyid.to_owned(),
            alg: alg.to_owned(),
            tag: TAG.to_owned(),
        };
        let digest = http_signature::content_digest(&sha256(&[body]));
        let input = http_signature::input_value(&[COVERED], &params);
        Self { base: base(&digest, &input), digest, input }
    }

    /// The headers with the signature over [`Unsigned::base`].
    pub fn signed(self, bytes: &[u8]) -> Signature {
        let signature = http_signature::signature_value(LABEL, bytes);
        Signature { digest: self.digest, input: format!("{LABEL}={}", self.input), signature }
    }
}

impl Signature {
    /// What the headers claim about `body`; whether the signature fits is for whoever knows the key.
    ///
    /// # Errors
    /// Another form, another purpose, another body.
    pub fn over(&self, body: &[u8]) -> Result<Claimed, SignatureError> {
        let (ids, params, input) = http_signature::parse_input(&self.input, LABEL)?;
        if params.tag != TAG || ids != [COVERED] {
            return Err(SignatureError::Purpose);
        }
        if http_signature::parse_content_digest(&self.digest)? != sha256(&[body]) {
            return Err(SignatureError::Digest);
        }
        let bytes = http_signature::parse_signature(&self.signature, LABEL)?;
        Ok(Claimed { base: base(&self.digest, input), params, bytes })
    }
}

fn base(digest: &str, input: &str) -> String {
    http_signature::base(&[Component { id: COVERED.into(), value: digest.into() }], input)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_000_000);

    fn signature(body: &[u8]) -> Signature {
        Unsigned::new(body, "ab", "ecdsa-p256-sha256", NOW).signed(b"any bytes")
    }

    #[test]
    fn what_is_read_is_what_was_signed() {
        let unsigned = Unsigned::new(b"{}", "ab", "ecdsa-p256-sha256", NOW);
        let base = unsigned.base.clone();
        let claimed = unsigned.signed(b"any bytes").over(b"{}").unwrap();
        assert_eq!((claimed.base, claimed.bytes.as_slice()), (base, &b"any bytes"[..]));
        assert_eq!((claimed.params.keyid.as_str(), claimed.params.expires), ("ab", NOW.secs() + VALIDITY_S));
    }

    #[test]
    fn another_body_is_noticed() {
        assert!(matches!(signature(b"{}").over(b"{ }"), Err(SignatureError::Digest)));
    }

    #[test]
    fn a_signature_made_for_something_else_is_refused() {
        let mut other = signature(b"{}");
        other.input = other.input.replace(TAG, "lienthong-request-1");
        assert!(matches!(other.over(b"{}"), Err(SignatureError::Purpose)));
        let mut other = signature(b"{}");
        other.input = other.input.replace("(\"content-digest\")", "(\"content-digest\" \"@status\")");
        assert!(matches!(other.over(b"{}"), Err(SignatureError::Purpose)));
    }
}
