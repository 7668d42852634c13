//! Agency codes of both forms.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An agency's code: `000.00.11.H53` (QCVN 102:2016) or `H53.11` (QĐ 20/2020/QĐ-TTg); each form is kept as written.
///
/// Cheap to clone. Its order is that of the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyCode(Arc<str>);

/// Which regulation a code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `000.00.11.H53`: QCVN 102:2016/BTTTT, 13 characters, the highest level last.
    Qcvn102,
    /// `H53.11`: QĐ 20/2020/QĐ-TTg, the highest level first.
    Qd20,
}

/// Why a text is not an agency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an agency code is written 000.00.00.H17 (QCVN 102:2016) or H17.11 (QĐ 20/2020/QĐ-TTg)")]
pub struct AgencyCodeError;

impl AgencyCode {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which regulation it follows.
    pub fn form(&self) -> Form {
        // Only the old form begins with a digit.
        if self.0.starts_with(|c: char| c.is_ascii_digit()) { Form::Qcvn102 } else { Form::Qd20 }
    }

    /// How far down it is: 1 for a province or a ministry, one more for each level below.
    ///
    /// It says where the code was given, not who is above: that is [`Agency::parent`](super::Agency::parent).
    pub fn level(&self) -> usize {
        let parts = self.0.split('.');
        match self.form() {
            Form::Qcvn102 => 4 - parts.take_while(|part| part.bytes().all(|b| b == b'0')).count(),
            Form::Qd20 => parts.count(),
        }
    }
}

impl FromStr for AgencyCode {
    type Err = AgencyCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str, counts: &[usize]| {
            counts.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        let level1 = |part: &str| {
            part.len() == 3 && part.as_bytes()[0].is_ascii_uppercase() && digits(&part[1..], &[2])
        };
        let parts: Vec<&str> = if text.is_ascii() { text.split('.').collect() } else { Vec::new() };
        let fits = match parts.as_slice() {
            [a, b, c, last] if digits(a, &[3]) => digits(b, &[2]) && digits(c, &[2]) && level1(last),
            [first, rest @ ..] if rest.len() <= 4 => level1(first) && rest.iter().all(|p| digits(p, &[2, 3])),
            _ => false,
        };
        if fits { Ok(Self(text.into())) } else { Err(AgencyCodeError) }
    }
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for AgencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AgencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
