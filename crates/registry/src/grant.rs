//! Grants: what a consumer may ask of a service, by which decision, until when, how much.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::state::Stamp;

/// Number of a grant: `QK-2026-000045`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantId(Box<str>);

/// Why a text is not the number of a grant or request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number is written {0}-2026-000045")]
pub struct NumberError(pub &'static str);

/// Checks `PREFIX-YYYY-NNNNNN`.
pub(crate) fn number(prefix: &'static str, text: &str) -> Result<Box<str>, NumberError> {
    let rest = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    let parts = rest.and_then(|rest| rest.split_once('-')).filter(|(year, count)| {
        year.len() == 4
            && (6..=12).contains(&count.len())
            && year.bytes().chain(count.bytes()).all(|b| b.is_ascii_digit())
    });
    parts.map(|_| text.into()).ok_or(NumberError(prefix))
}

impl GrantId {
    /// Number `count` of `year`.
    pub fn new(year: i16, count: u64) -> Self {
        Self(format!("QK-{year:04}-{count:06}").into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GrantId {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        number("QK", text).map(Self)
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for GrantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for GrantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Conditions that a call must meet beside who, what and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// The call must quote an open dossier (`X-Road-Issue`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dossier: bool,
    /// The officer must be named (`X-Road-UserId`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub officer: bool,
    /// How strongly the officer must have signed in (`Lienthong-Sign-In`): 0 not asked, 1 password, 2 second factor, 3 hardware key.
    #[serde(skip_serializing_if = "is_zero")]
    pub sign_in: u8,
    /// A Cedar condition on `context`, for what the others cannot say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cedar: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// What the decision gave, as it stands in the grant and in the request for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Fields of the answer, by path; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// For which purposes; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// The law or decision that allows asking.
    pub legal_basis: String,
    /// Calls a day (of Vietnam) at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_day: Option<u64>,
    /// Calls a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_s: Option<u32>,
    /// Until when (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Ts>,
    /// What each call must meet.
    #[serde(default)]
    pub conditions: Conditions,
}

/// Whether a grant counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    /// It counts.
    Active,
    /// Not at present; can be resumed.
    Suspended,
    /// Never again.
    Revoked,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// To whom: a subsystem or member.
    pub to: PartyId,
    /// Which service.
    pub service: ServiceId,
    /// The terms.
    pub terms: Terms,
    /// The request and decision that it came out of, such as `YC-2026-000012`.
    pub decision: String,
    /// Whether it counts.
    pub force: Force,
    /// Why it was suspended or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What can happen to grants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Event {
    /// Issued, or its terms or force changed.
    Put(Box<Grant>),
}

/// All grants.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    all: BTreeMap<GrantId, Grant>,
}

impl Grants {
    /// A grant.
    pub fn get(&self, id: &GrantId) -> Option<&Grant> {
        self.all.get(id)
    }

    /// Every grant, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.all.values()
    }

    pub(crate) fn apply(&mut self, _stamp: &Stamp, event: Event) {
        match event {
            Event::Put(grant) => drop(self.all.insert(grant.id.clone(), *grant)),
        }
    }
}
