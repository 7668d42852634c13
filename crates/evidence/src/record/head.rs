//! The signed head of a message: what RFC 9421 calls the signature base, with its signature.

use std::fmt;

use crypto::certificate::Certificate;
use crypto::hash::Digest;
use crypto::http_signature::{self, Component, Params};
use crypto::sign::Algorithm;
use serde::{Deserialize, Serialize};

use crate::batch::{self, BatchPlace};
use crate::text::{b64_bytes, hex_digest};

/// The label of the platform's signature in the two signature headers.
pub const LABEL: &str = "lt";

const SIGNATURE_PARAMS: &str = "\"@signature-params\"";

/// What a signed head belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// Signed by the asking member.
    Request,
    /// Signed by the answering member.
    Response,
}

impl HeadKind {
    /// The `tag` parameter of the signature.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Request => "lienthong-request-1",
            Self::Response => "lienthong-response-1",
        }
    }

    /// The covered components in their order, and whether each must be there.
    pub const fn components(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::Request => &[
                ("\"@method\"", true),
                ("\"lienthong-service\"", true),
                ("\"x-road-client\"", true),
                ("\"x-road-id\"", true),
                ("\"x-road-request-id\"", true),
                ("\"lienthong-node\"", true),
                ("\"lienthong-commitment\"", true),
                ("\"x-road-userid\"", false),
                ("\"x-road-issue\"", false),
                ("\"x-road-represented-party\"", false),
                ("\"lienthong-purpose\"", false),
                ("\"lienthong-legal-basis\"", false),
            ],
            Self::Response => &[
                ("\"@status\"", true),
                ("\"x-road-id\"", true),
                ("\"x-road-request-id\"", true),
                ("\"x-road-client\"", true),
                ("\"lienthong-service\"", true),
                ("\"lienthong-commitment\"", true),
                ("\"x-road-error\"", false),
                (REQUEST_SIGNATURE, true),
                (REQUEST_BATCH, false),
            ],
        }
    }
}

/// The component of a response that binds it to the request's signature.
pub const REQUEST_SIGNATURE: &str = "\"signature\";req;key=\"lt\"";

/// The component of a response that binds it to the request's place in its batch, when the request was in one.
///
/// The signature of a batch is the same for all its requests: without the place, a member could sign two questions
/// under one request id and later put the answer of one beside the other.
pub const REQUEST_BATCH: &str = "\"lienthong-batch\";req";

/// What a member signed about a message, and the signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// The signature base of RFC 9421, section 2.5.
    pub base: String,
    /// The signature in the form of RFC 9421, over the base or over the text of the batch.
    #[serde(with = "b64_bytes")]
    pub signature: Vec<u8>,
    /// The message's place, when it was signed in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchPlace>,
    /// SHA-256 of the DER of the signer's certificate.
    #[serde(with = "hex_digest")]
    pub certificate: Digest,
}

/// The base names an officer and a dossier: not for logs.
impl fmt::Debug for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.batch.is_some() { "batch" } else { "own" };
        write!(f, "SignedHead({kind} signature, certificate {})", hex::encode(self.certificate))
    }
}

/// Why a signed head proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The text is not a signature base in the one form that can be signed here.
    #[error("not a signature base of RFC 9421 in canonical form")]
    NotABase,
    /// The signature's parameters are not those of the platform's profile.
    #[error("the signature parameters are not in the profile: {0}")]
    Params(String),
    /// Other components are covered than the profile demands.
    #[error("the covered components are not those of a {0} in their order")]
    Components(&'static str),
    /// The tag is another one.
    #[error("the signature has the tag {found:?} instead of {expected:?}")]
    Tag {
        /// What the profile demands.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// `keyid`, the record and the certificate do not name the same key.
    #[error("the signature names another certificate")]
    OtherCertificate,
    /// The certificate's key cannot sign messages here.
    #[error("the certificate's key is of a kind that cannot sign messages here")]
    Key,
    /// `alg` does not fit the key.
    #[error("the signature names the algorithm {found:?}, the key is for {expected}")]
    Algorithm {
        /// What the certificate's key is for.
        expected: Algorithm,
        /// What is named.
        found: String,
    },
    /// The signature does not fit.
    #[error("the signature does not fit what was signed")]
    BadSignature,
}

/// A signature base taken apart.
#[derive(Clone, Debug)]
pub struct HeadParts<'a> {
    /// Serialized identifier and value of each covered component, in order.
    pub components: Vec<(&'a str, &'a str)>,
    /// The signature's parameters.
    pub params: Params,
}

impl SignedHead {
    /// Takes the base apart; it is exactly what the profile would build from the parts.
    ///
    /// # Errors
    /// [`HeadError::NotABase`] or [`HeadError::Params`].
    pub fn parts(&self) -> Result<HeadParts<'_>, HeadError> {
        let (lines, params_line) = self.base.rsplit_once('\n').ok_or(HeadError::NotABase)?;
        let input = params_line.strip_prefix(SIGNATURE_PARAMS).and_then(|rest| rest.strip_prefix(": "));
        let input = input.ok_or(HeadError::NotABase)?;
        let components: Option<Vec<_>> = lines.split('\n').map(component_line).collect();
        let components = components.ok_or(HeadError::NotABase)?;
        let header = format!("{LABEL}={input}");
        let (ids, params, member) = http_signature::parse_input(&header, LABEL)
            .map_err(|error| HeadError::Params(error.to_string()))?;
        if member != input || !ids.iter().eq(components.iter().map(|(id, _)| id)) {
            return Err(HeadError::NotABase);
        }
        let rebuilt: Vec<Component<'_>> = components
            .iter()
            .map(|(id, value)| Component { id: (*id).into(), value: (*value).into() })
            .collect();
        if http_signature::base(&rebuilt, member) != self.base {
            return Err(HeadError::NotABase);
        }
        Ok(HeadParts { components, params })
    }

    /// Checks the signature with the signer's certificate, and that the certificate is the one it names. Whether the
    /// certificate may be believed is not checked here.
    ///
    /// # Errors
    /// Any [`HeadError`] but those of [`HeadParts::check`].
    pub fn verify(&self, certificate: &Certificate) -> Result<HeadParts<'_>, HeadError> {
        let parts = self.parts()?;
        let fingerprint = certificate.fingerprint();
        if fingerprint != self.certificate || parts.params.keyid != hex::encode(fingerprint) {
            return Err(HeadError::OtherCertificate);
        }
        let key = certificate.public_key().map_err(|_| HeadError::Key)?;
        if parts.params.alg != key.algorithm().as_str() {
            return Err(HeadError::Algorithm { expected: key.algorithm(), found: parts.params.alg });
        }
        let batch_text = match &self.batch {
            None => None,
            Some(place) => {
                let root =
                    batch::batch_root(&batch::leaf(&self.base), place).ok_or(HeadError::BadSignature)?;
                Some(batch::batch_text(&root))
            }
        };
        let signed = batch_text.as_ref().unwrap_or(&self.base);
        key.verify(signed.as_bytes(), &self.signature).map_err(|_| HeadError::BadSignature)?;
        Ok(parts)
    }

    /// The value of a covered component by its plain name, for example `x-road-id` or `@status`.
    pub fn component(&self, name: &str) -> Option<&str> {
        component(&self.base, name)
    }
}

impl<'a> HeadParts<'a> {
    /// Components and tag are those of a request or a response.
    ///
    /// # Errors
    /// [`HeadError::Components`] or [`HeadError::Tag`].
    pub fn check(&self, kind: HeadKind) -> Result<(), HeadError> {
        let mut covered = self.components.iter().map(|(id, _)| *id).peekable();
        let name = if kind == HeadKind::Request { "request" } else { "response" };
        for (id, required) in kind.components() {
            if covered.next_if_eq(id).is_none() && *required {
                return Err(HeadError::Components(name));
            }
        }
        if covered.next().is_some() {
            return Err(HeadError::Components(name));
        }
        if self.params.tag != kind.tag() {
            return Err(HeadError::Tag { expected: kind.tag(), found: self.params.tag.clone() });
        }
        Ok(())
    }

    /// The value of a covered component by its serialized identifier, for example [`REQUEST_SIGNATURE`].
    pub fn value(&self, id: &str) -> Option<&'a str> {
        self.components.iter().find(|(found, _)| *found == id).map(|(_, value)| *value)
    }
}

/// The value of a covered component in a signature base, by its plain name.
pub fn component<'a>(base: &'a str, name: &str) -> Option<&'a str> {
    base.split('\n').find_map(|line| {
        let rest = line.strip_prefix('"')?.strip_prefix(name)?;
        rest.strip_prefix("\": ")
    })
}

/// Identifier and value of one line, when both are what RFC 9421 and header fields allow.
fn component_line(line: &str) -> Option<(&str, &str)> {
    let (id, value) = line.split_once(": ")?;
    let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t');
    (printable && value.trim_ascii() == value).then_some((id, value))
}
