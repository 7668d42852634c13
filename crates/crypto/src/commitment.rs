//! Salted commitments to the head and the body of a message.
//!
//! What is signed and stored about a message must not be a bare digest: a personal number has few billions of values
//! and an answer may be `true` or `false`, so a digest could be found by trying. A salt of 32 random bytes per message
//! makes trying hopeless; whoever keeps the salt and the text can later show what was asked.

use std::fmt;

use zeroize::Zeroize;

use crate::hash::{self, Digest, Sha256};

const HEAD_DOMAIN: &[u8] = b"lienthong/head/1\n";
const BODY_DOMAIN: &[u8] = b"lienthong/body/1\n";

/// The salt of one part of a message: its head and its body have one each, so that one can be shown without the other.
///
/// It travels beside the message and is as secret as the message: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl Salt {
    /// A fresh salt.
    pub fn random() -> Self {
        Self(hash::random())
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Drop for Salt {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The commitment to a message's head: SHA-256 of `"lienthong/head/1\n"`, the salt and the head.
pub fn commit_head(salt: &Salt, head: &[u8]) -> Digest {
    hash::sha256(&[HEAD_DOMAIN, &salt.0, head])
}

/// The commitment to a body that arrives piece by piece: SHA-256 of `"lienthong/body/1\n"`, the salt and the body.
#[derive(Clone)]
pub struct BodyCommitment(Sha256);

impl BodyCommitment {
    /// Starts with an empty body.
    pub fn new(salt: &Salt) -> Self {
        let mut hash = Sha256::new();
        hash.update(BODY_DOMAIN);
        hash.update(&salt.0);
        Self(hash)
    }

    /// Adds the next bytes of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The commitment to the whole body.
    pub fn finish(self) -> Digest {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(salt: &Salt, parts: &[&[u8]]) -> Digest {
        let mut commitment = BodyCommitment::new(salt);
        for part in parts {
            commitment.update(part);
        }
        commitment.finish()
    }

    #[test]
    fn the_same_answer_under_two_salts_looks_different() {
        let (one, two) = (Salt::random(), Salt::random());
        assert_ne!(body(&one, &[b"true"]), body(&two, &[b"true"]));
        assert_ne!(commit_head(&one, b"GET /049"), commit_head(&two, b"GET /049"));
    }

    #[test]
    fn head_and_body_with_equal_text_have_different_commitments() {
        let salt = Salt([7; 32]);
        assert_ne!(commit_head(&salt, b"same"), body(&salt, &[b"same"]));
    }

    #[test]
    fn a_body_in_pieces_has_the_commitment_of_the_whole_as_documented() {
        let salt = Salt([7; 32]);
        let documented = hash::sha256(&[b"lienthong/body/1\n", &[7; 32], b"body"]);
        assert_eq!(body(&salt, &[b"bo", b"", b"dy"]), documented);
    }

    #[test]
    fn a_salt_is_not_shown() {
        assert_eq!(format!("{:?}", Salt([7; 32])), "Salt(..)");
    }
}
