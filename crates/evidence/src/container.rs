//! The evidence file: all that is needed to prove one call, for somebody who trusts only an authority's certificate.
//!
//! It is JSON with two blanks of indentation, in one canonical form: reading it and writing it again gives the same
//! bytes. Its last field is a digest over the rest, so that a damaged file is told from a forged one.

use std::fmt;

use base::{NodeId, Ts};
use crypto::certificate::{Certificate, Crl};
use crypto::hash::{Digest, sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{b64_bytes, b64_digests, hex_digest, moment};

/// Largest file that is read, in bytes. Only long revocation lists make a file larger than some 20 KiB.
pub const CONTAINER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most entries in one list of a file. One call has at most a handful of each.
pub const ENTRIES_MAX: usize = 64;

const FORMAT: &str = "lienthong-evidence/1";

/// What stands between the rest of the file and the digest, and after it.
const DIGEST_HEAD: &str = ",\n  \"digest\": \"";
const DIGEST_TAIL: &str = "\"\n}\n";

/// The name and version of the file's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format;

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(FORMAT)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("the format {text:?} is not known here"));
        if text == FORMAT { Ok(Self) } else { Err(unknown()) }
    }
}

/// A record of the log with the proof that it is in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedRecord {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Its exact text.
    pub record: String,
    /// Its audit path in the checkpoint's tree, from the leaf up.
    #[serde(with = "b64_digests")]
    pub path: Vec<Digest>,
}

/// A checkpoint with what makes it believable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCheckpoint {
    /// Its exact text.
    pub text: String,
    /// The signature over the text; ECDSA in DER.
    #[serde(with = "b64_bytes")]
    pub signature: Vec<u8>,
    /// SHA-256 of the DER of the signer's certificate.
    #[serde(with = "hex_digest")]
    pub certificate: Digest,
    /// The time-stamp token (RFC 3161) over text and signature, if there is one yet.
    #[serde(with = "b64_option")]
    pub timestamp: Option<Vec<u8>>,
}

/// The evidence of one call out of one node's log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Container {
    /// What kind of file this is.
    pub format: Format,
    /// When it was made.
    #[serde(with = "moment")]
    pub exported_at: Ts,
    /// The node whose log it is from.
    pub node: NodeId,
    /// All records of the call, by index.
    pub records: Vec<LoggedRecord>,
    /// A checkpoint of a log that has grown past them.
    pub checkpoint: SignedCheckpoint,
    /// The signers' certificates, and those between them and their authorities.
    pub certificates: Vec<Certificate>,
    /// The authorities in which the chains end.
    pub authorities: Vec<Certificate>,
    /// Their revocation lists.
    pub crls: Vec<Crl>,
    /// The authorities in which the time-stamp's chain ends.
    pub timestamp_authorities: Vec<Certificate>,
}

/// Why bytes are not an evidence file.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Too large to be read.
    #[error("larger than {CONTAINER_BYTES_MAX} bytes")]
    TooLarge,
    /// The end is not that of an evidence file: cut off, or something else altogether.
    #[error("the file does not end with its digest: it is cut off, or not an evidence file")]
    NoDigest,
    /// The digest does not fit.
    #[error("the file was altered after it was made: its digest does not fit")]
    Altered,
    /// Not JSON of this form.
    #[error("not an evidence file: {0}")]
    Form(#[from] serde_json::Error),
    /// A list is too long.
    #[error("a list in the file has more than {ENTRIES_MAX} entries")]
    TooMany,
    /// The same content, written otherwise than this form demands.
    #[error("the file is not written in its one canonical form")]
    NotCanonical,
}

impl Container {
    /// The file.
    pub fn encode(&self) -> String {
        let body = self.body();
        let digest = hex::encode(file_digest(&body));
        [&body, DIGEST_HEAD, &digest, DIGEST_TAIL].concat()
    }

    /// Reads a file in exactly the form that [`Container::encode`] writes.
    ///
    /// # Errors
    /// Any other bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ContainerError> {
        if bytes.len() > CONTAINER_BYTES_MAX {
            return Err(ContainerError::TooLarge);
        }
        let body = checked_body(bytes)?;
        let container: Self = serde_json::from_str(&format!("{body}\n}}"))?;
        let lists = [
            container.records.len(),
            container.certificates.len(),
            container.authorities.len(),
            container.crls.len(),
            container.timestamp_authorities.len(),
        ];
        if lists.iter().any(|entries| *entries > ENTRIES_MAX) {
            return Err(ContainerError::TooMany);
        }
        if container.body() == body { Ok(container) } else { Err(ContainerError::NotCanonical) }
    }

    /// The file up to the comma before the digest.
    fn body(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("every field has a text form");
        text.truncate(text.len() - "\n}".len());
        text
    }
}

/// SHA-256 of the file with an empty digest.
fn file_digest(body: &str) -> Digest {
    sha256(&[body.as_bytes(), DIGEST_HEAD.as_bytes(), DIGEST_TAIL.as_bytes()])
}

/// The file up to the comma before the digest, when the digest fits.
fn checked_body(bytes: &[u8]) -> Result<&str, ContainerError> {
    let rest = bytes.strip_suffix(DIGEST_TAIL.as_bytes()).ok_or(ContainerError::NoDigest)?;
    let (rest, digest) = rest.split_last_chunk::<64>().ok_or(ContainerError::NoDigest)?;
    let body = rest.strip_suffix(DIGEST_HEAD.as_bytes()).ok_or(ContainerError::NoDigest)?;
    let body = std::str::from_utf8(body).map_err(|_| ContainerError::Altered)?;
    if hex::encode(file_digest(body)).as_bytes() == digest { Ok(body) } else { Err(ContainerError::Altered) }
}

/// The records name officers and dossiers: not for logs.
impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({} records of {}, made {})", self.records.len(), self.node, self.exported_at)
    }
}

/// Serde: bytes as canonical base64, or `null`.
mod b64_option {
    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => super::b64_bytes::serialize(bytes, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let decoded = text.map(|text| crypto::b64::decode(&text).map_err(serde::de::Error::custom));
        decoded.transpose()
    }
}
