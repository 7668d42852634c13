//! What a node writes in its log about a message.
//!
//! A record is one line of JSON; its exact bytes are the leaf of the log, so they are kept as written. It holds who,
//! whom, when and how it ended, and what was signed. It never holds a body, a target, a digest of them without salt,
//! or an exact size: an answer of `true` and one of `false` leave the same record but for random bytes.

mod head;

use base::{Code, Fault, NodeId, PartyId, ServiceId, Ts};
use crypto::hash::Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{hex_digest_option, moment, number};

pub use head::{
    HeadError, HeadKind, HeadParts, LABEL, REQUEST_BATCH, REQUEST_SIGNATURE, SignedHead, component,
};

/// On which side of the call the node stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The asking member's node.
    Consumer,
    /// The answering member's node.
    Provider,
}

/// Which part of a call the record is about.
///
/// A call begins with `Request` and is closed by one of the others; `Call` stands for both in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallPart {
    /// The question, before it goes on.
    Request,
    /// The answer, before it goes on.
    Response,
    /// Question and answer together.
    Call,
    /// There was no answer by the service: somebody on the way refused or failed.
    Refusal,
    /// The node stopped while the call was open; how it ended is not known here.
    Interrupted,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The HTTP status that was answered.
    pub status: u16,
    /// The platform's own error code; absent when the service's answer was passed on.
    #[serde(default, with = "code_option", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Where the cause lies, when there is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Room for the text of a usual record, bytes.
const TEXT_BYTES_USUAL: usize = 4096;

/// The version of the record's form: 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(serde::de::Error::custom(format!("version {other} of a record is not known here"))),
        }
    }
}

/// One entry of a node's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this form.
    pub v: Version,
    /// Where the node stood.
    pub side: Side,
    /// What it is about.
    pub part: CallPart,
    /// When it was written, by the node's clock.
    #[serde(with = "moment")]
    pub at: Ts,
    /// `X-Road-Id`: chosen by the asking information system, the same in both nodes.
    pub id: String,
    /// `X-Road-Request-Id`: made by the consumer's node, one for each call.
    pub call: String,
    /// Who asked.
    pub client: PartyId,
    /// What was asked for.
    pub service: ServiceId,
    /// The node at the other end; absent when none was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<NodeId>,
    /// What the consumer's member signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<SignedHead>,
    /// What the provider's member signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<SignedHead>,
    /// How it ended; absent while the call is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Keyed hash of the person concerned, with a key that never leaves the node.
    #[serde(default, with = "hex_digest_option", skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// Size of the request's body, as [`kib`] rounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_kib: Option<u64>,
    /// Size of the response's body, as [`kib`] rounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_kib: Option<u64>,
    /// How long the call took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// By which decision, or to whom granted, the provider allowed the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<String>,
    /// Paths of fields that were cut out of the answer because the grant does not name them; never their values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
}

/// Why a text is not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON of this form.
    #[error("not a record: {0}")]
    Form(#[from] serde_json::Error),
    /// The same content, written otherwise than this form demands.
    #[error("a record that is not written in its one canonical form")]
    NotCanonical,
}

impl Record {
    /// The text that is logged: JSON in one line, fields in the order of this type, absent ones left out.
    ///
    /// # Panics
    /// Never: every field has a text form.
    pub fn to_text(&self) -> String {
        // Growing piece by piece would copy the text several times.
        let mut text = Vec::with_capacity(TEXT_BYTES_USUAL);
        serde_json::to_writer(&mut text, self).expect("every field has a text form");
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Reads a text in exactly the form that [`Record::to_text`] writes.
    ///
    /// # Errors
    /// Any other text, also one with the same content.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let record: Self = serde_json::from_str(text)?;
        if record.to_text() == text { Ok(record) } else { Err(RecordError::NotCanonical) }
    }

    /// Whether signatures and outcome are there just as the part of the call demands.
    pub fn is_whole(&self) -> bool {
        let (request, response) = (self.request.is_some(), self.response.is_some());
        match self.part {
            CallPart::Request => request && !response && self.outcome.is_none(),
            CallPart::Response => response && self.outcome.is_some(),
            CallPart::Call => request && response && self.outcome.is_some(),
            CallPart::Refusal => self.outcome.is_some(),
            CallPart::Interrupted => !response,
        }
    }
}

/// A size in whole KiB, rounded up: an exact size would tell `true` from `false`.
pub const fn kib(bytes: u64) -> u64 {
    bytes.div_ceil(1024)
}

/// Serde: an error code as its text, when there is one.
mod code_option {
    use super::{Code, Deserialize, Deserializer, Serializer, number};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference to the field"
    )]
    pub fn serialize<S: Serializer>(code: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
        match code {
            Some(code) => serializer.collect_str(code),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Code>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("EX-").map(|digits| digits.trim_start_matches('0'));
        let code = digits.and_then(|digits| number(if digits.is_empty() { "0" } else { digits })).map(Code);
        let code = code.filter(|code| code.to_string() == text);
        code.map(Some).ok_or_else(|| serde::de::Error::custom("not an error code such as `EX-0301`"))
    }
}

#[cfg(test)]
mod tests;
