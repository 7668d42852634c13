//! Commitments to target and body, and opening them later.
//!
//! A message is signed over commitments, not over digests that could be guessed. Whoever still holds the salt and the
//! text can show what was asked or answered; the log alone tells nobody.

use std::fmt;

use crypto::b64;
use crypto::commitment::{BodyCommitment, Salt, commit_head};
use crypto::hash::Digest;

use crate::record::component;
use crate::text::digest_of_b64;

/// The header `lienthong-commitment`: what a message commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The commitment to the head's sensitive part, for a request its target.
    pub head: Digest,
    /// The commitment to the body; absent when there is none.
    pub body: Option<Digest>,
}

/// The text is not a commitment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a commitment: expected `head=:..:` or `head=:..:, body=:..:`")]
pub struct NotACommitment;

impl Commitment {
    /// Reads the header's value in exactly the form that `Display` writes.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(header: &str) -> Result<Self, NotACommitment> {
        Self::read(header).ok_or(NotACommitment)
    }

    /// The header's value, a dictionary of RFC 9651.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(112);
        text.push_str("head=:");
        b64::encode_onto(&self.head, &mut text);
        if let Some(body) = &self.body {
            text.push_str(":, body=:");
            b64::encode_onto(body, &mut text);
        }
        text.push(':');
        text
    }

    fn read(header: &str) -> Option<Self> {
        let digest = |text: &str| digest_of_b64(text.strip_suffix(':')?);
        let rest = header.strip_prefix("head=:")?;
        match rest.split_once(", body=:") {
            Some((head, body)) => Some(Self { head: digest(head)?, body: Some(digest(body)?) }),
            None => Some(Self { head: digest(rest)?, body: None }),
        }
    }
}

impl fmt::Display for Commitment {
    /// As [`Commitment::encode`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

/// Why a text is not what a message committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The signature base has no commitment in the right form.
    #[error("the signed text holds no commitment")]
    NoCommitment,
    /// Nothing was given to compare.
    #[error("neither a head nor a body was given to compare")]
    NothingGiven,
    /// Head or salt are others.
    #[error("the head is not the one that was signed, or the salt is another message's")]
    Head,
    /// Body or salt are others.
    #[error("the body is not the one that was signed, or the salt is another message's")]
    Body,
    /// A body was given and the message had none.
    #[error("the signed message had no body")]
    NoBody,
}

/// Shows that a signed message had this head or this body, each given with its salt.
///
/// `base` is the signature base out of an evidence file whose signature was checked. Giving away the salt lets
/// everybody guess the part that is not shown: it is for a judge, not for a web page.
///
/// # Errors
/// What was given is not what was signed.
pub fn verify_opening(
    base: &str,
    head: Option<(&Salt, &[u8])>,
    body: Option<(&Salt, &[u8])>,
) -> Result<(), OpeningError> {
    let header = component(base, "lienthong-commitment").ok_or(OpeningError::NoCommitment)?;
    let signed = Commitment::parse(header).map_err(|NotACommitment| OpeningError::NoCommitment)?;
    if head.is_none() && body.is_none() {
        return Err(OpeningError::NothingGiven);
    }
    if head.is_some_and(|(salt, head)| commit_head(salt, head) != signed.head) {
        return Err(OpeningError::Head);
    }
    let Some((salt, body)) = body else { return Ok(()) };
    let mut commitment = BodyCommitment::new(salt);
    commitment.update(body);
    match signed.body {
        None => Err(OpeningError::NoBody),
        Some(signed) if signed != commitment.finish() => Err(OpeningError::Body),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use proptest::prelude::*;

    fn base(salt: &Salt, head: &[u8], body: Option<&[u8]>) -> String {
        let body = body.map(|body| {
            let mut commitment = BodyCommitment::new(salt);
            commitment.update(body);
            commitment.finish()
        });
        let commitment = Commitment { head: commit_head(salt, head), body };
        format!("\"@method\": GET\n\"lienthong-commitment\": {commitment}\n\"@signature-params\": ()")
    }

    #[test]
    fn only_what_was_signed_opens_a_commitment() {
        let (salt, other) = (Salt([7; 32]), Salt([8; 32]));
        let with = base(&salt, b"GET /a", Some(b"true"));
        let without = base(&salt, b"GET /a", None);
        for (base, salt, head, body, expected) in [
            (&with, &salt, Some("GET /a"), Some("true"), Ok(())),
            (&with, &salt, None, Some("true"), Ok(())),
            (&with, &salt, Some("GET /a"), None, Ok(())),
            (&with, &salt, None, None, Err(OpeningError::NothingGiven)),
            (&with, &salt, Some("GET /b"), None, Err(OpeningError::Head)),
            (&with, &salt, None, Some("false"), Err(OpeningError::Body)),
            (&with, &other, None, Some("true"), Err(OpeningError::Body)),
            (&with, &other, Some("GET /a"), None, Err(OpeningError::Head)),
            (&without, &salt, Some("GET /a"), None, Ok(())),
            (&without, &salt, Some("GET /a"), Some("true"), Err(OpeningError::NoBody)),
            (&"\"@method\": GET".to_owned(), &salt, Some("GET /a"), None, Err(OpeningError::NoCommitment)),
        ] {
            let opened =
                verify_opening(base, head.map(|h| (salt, h.as_bytes())), body.map(|b| (salt, b.as_bytes())));
            assert_eq!(opened, expected, "{base} {head:?} {body:?}");
        }
    }

    proptest! {
        #[test]
        fn a_commitment_survives_its_header(head in any::<Digest>(), body in any::<Option<Digest>>()) {
            let commitment = Commitment { head, body };
            prop_assert_eq!(Commitment::parse(&commitment.to_string()), Ok(commitment));
        }

        #[test]
        fn whatever_is_read_is_written_the_same(text in "(head=:[A-Za-z0-9+/]{43}=:(, body=:[A-Za-z0-9+/]{43}=:)?)|\\PC*") {
            if let Ok(commitment) = Commitment::parse(&text) {
                prop_assert_eq!(commitment.to_string(), text);
            }
        }
    }
}
