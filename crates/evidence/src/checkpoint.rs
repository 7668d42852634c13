//! A checkpoint: what a node's log was at a moment, in few lines that are signed and time-stamped.
//!
//! The text is the body of a C2SP tlog-checkpoint: origin, size, root and one extension line with the moment.

use base::{NodeId, Ts};
use crypto::b64;
use crypto::hash::{Digest, sha256};
use crypto::sign::{self, Algorithm, PublicKey};

use crate::merkle::Tree;
use crate::text::{digest_of_b64, moment_of, number};

/// What a node's log was at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log it is.
    pub origin: NodeId,
    /// How many records the log has.
    pub size: u64,
    /// The root of the Merkle tree over the records.
    pub root: Digest,
    /// When the node made the checkpoint, by its own clock.
    pub at: Ts,
}

/// The text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a checkpoint: expected four lines with the node, the size, the root in base64 and the moment")]
pub struct NotACheckpoint;

/// The signature under a checkpoint does not fit its text and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature under the checkpoint does not fit its text and the key")]
pub struct BadCheckpointSignature;

impl Checkpoint {
    /// The bytes that are signed: four lines, each ended by a line feed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n{}\n", self.origin, self.size, b64::encode(&self.root), self.at)
    }

    /// Reads a text in exactly the form that [`Checkpoint::text`] writes.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        Self::read(text).ok_or(NotACheckpoint)
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let [origin, size, root, at] = [lines.next()?, lines.next()?, lines.next()?, lines.next()?];
        if lines.next().is_some() {
            return None;
        }
        let (size, root, at) = (number(size)?, digest_of_b64(root)?, moment_of(at)?);
        Some(Self { origin: origin.parse().ok()?, size, root, at })
    }

    /// The tree it speaks of.
    pub fn tree(&self) -> Tree {
        Tree { size: self.size, root: self.root }
    }
}

/// A signature as `KeyStore::sign` gives it, in the form that is stored: ECDSA as DER, which OpenSSL reads.
pub fn stored_signature(algorithm: Algorithm, signature: Vec<u8>) -> Vec<u8> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => sign::ecdsa_der(&signature),
        Algorithm::Ed25519 | Algorithm::RsaPssSha512 => signature,
    }
}

/// Checks a stored signature over the text of a checkpoint.
///
/// # Errors
/// The signature is not by this key over this text.
pub fn verify_signature(text: &str, stored: &[u8], key: &PublicKey) -> Result<(), BadCheckpointSignature> {
    let raw = match key.algorithm() {
        Algorithm::EcdsaP256Sha256 => sign::ecdsa_raw(stored).map_err(|_| BadCheckpointSignature)?,
        Algorithm::Ed25519 | Algorithm::RsaPssSha512 => stored.to_vec(),
    };
    key.verify(text.as_bytes(), &raw).map_err(|_| BadCheckpointSignature)
}

/// What the time-stamp covers: SHA-256 of the text followed by the stored signature.
///
/// The signature is covered too, because its certificate is judged at the moment of the time-stamp.
pub fn imprint(text: &str, stored_signature: &[u8]) -> Digest {
    sha256(&[text.as_bytes(), stored_signature])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use proptest::prelude::*;

    const GOOD: &str =
        "VN-DEMO/GOV/H17/N1\n42\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2026-11-21T03:00:00.5Z\n";

    #[test]
    fn only_the_canonical_text_is_read() {
        assert_eq!(Checkpoint::parse(GOOD).unwrap().text(), GOOD);
        for wrong in [
            GOOD.trim_end().to_owned(),
            format!("{GOOD}\n"),
            format!("\n{GOOD}"),
            GOOD.replace('\n', "\r\n"),
            GOOD.replace("\n42\n", "\n042\n"),
            GOOD.replace("\n42\n", "\n-42\n"),
            GOOD.replace("\n42\n", "\n18446744073709551616\n"),
            GOOD.replace("=\n", "\n"),
            GOOD.replace("A=\n", "B=\n"),
            GOOD.replace(".5Z", ".50Z"),
            GOOD.replace(".5Z", ".5000001Z"),
            GOOD.replace(".5Z", ".5+00:00"),
            GOOD.replace("/N1", ""),
            GOOD.replace("/N1", "/N 1"),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), Err(NotACheckpoint), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_checkpoint_survives_its_text(size in any::<u64>(), root in any::<Digest>(), at in 0_i64..4_000_000_000_000_000) {
            let origin: NodeId = "VN-DEMO/GOV/H17/N1".parse().unwrap();
            let checkpoint = Checkpoint { origin, size, root, at: Ts(at) };
            prop_assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint));
        }
    }
}
