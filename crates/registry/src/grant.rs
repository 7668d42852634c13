//! Grants: what a consumer may ask of a service, by which decision, until when, how much.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use audit::PersonId;
use base::{MemberId, PartyId, ServiceId, Ts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gate::Gate;
use crate::request::RequestId;

mod apply;
pub mod decide;
pub mod explain;
pub mod sample;
pub(crate) mod terms;

pub(crate) use decide::issue;
pub use decide::{Change, Pause, Renew, change, renew, resume, revoke, suspend};
pub use explain::{Explanation, HypotheticalCall, Why, explain};
pub use terms::{FIELDS_MAX, PURPOSES_MAX, SIGN_IN_MAX};

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

/// Year and count of a number that was checked.
pub(crate) fn number_parts(text: &str) -> Option<(i16, u64)> {
    let (year, count) = text.split_once('-')?.1.split_once('-')?;
    Some((year.parse().ok()?, count.parse().ok()?))
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

impl Grant {
    /// The request that it came out of.
    pub fn request(&self) -> Option<RequestId> {
        self.decision.parse().ok()
    }

    /// The connection for which the gate demands items of their own; none when nobody asked for it here.
    pub fn connection(&self, gate: &Gate) -> Option<RequestId> {
        self.request().filter(|request| gate.connection(request).is_some())
    }

    /// How it stands at a moment.
    pub fn standing(&self, now: Ts) -> Standing {
        match self.force {
            Force::Revoked => Standing::Revoked,
            Force::Active | Force::Suspended if self.terms.until.is_some_and(|until| until <= now) => {
                Standing::Ended
            }
            Force::Suspended => Standing::Suspended,
            Force::Active => Standing::InForce,
        }
    }
}

/// How a grant stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts.
    InForce,
    /// Not at present.
    Suspended,
    /// Never again.
    Revoked,
    /// Its time is over; it can be renewed.
    Ended,
}

/// What can happen to grants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[rustfmt::skip]
pub enum Event {
    /// Issued. An earlier grant of the same consumer for the same service is replaced by it.
    Issued(Box<Grant>),
    /// Its terms were changed.
    Changed { /// Which grant.
        id: GrantId, /// The terms from now on.
        terms: Terms, /// Why.
        reason: String },
    /// Suspended.
    Suspended { /// Which grant.
        id: GrantId, /// Why.
        reason: String },
    /// In force again.
    Resumed { /// Which grant.
        id: GrantId, /// Why.
        reason: String },
    /// Revoked for good.
    Revoked { /// Which grant.
        id: GrantId, /// Why.
        reason: String },
    /// Given more time.
    Renewed { /// Which grant.
        id: GrantId, /// Until when (exclusive); absent means without end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Ts>, /// Why.
        reason: String },
    /// Somebody asks once by it from a page; written before the question is sent.
    Tried { /// Which grant.
        id: GrantId, /// `X-Road-Id` of the call.
        call: String },
}

/// What somebody did to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Issued it.
    Issued,
    /// Changed its terms.
    Changed,
    /// Suspended it.
    Suspended,
    /// Put it in force again.
    Resumed,
    /// Revoked it.
    Revoked,
    /// Gave it more time.
    Renewed,
    /// Issued another one in its place.
    Replaced,
    /// Asked by it from a page.
    Tried,
}

/// One act in the history of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Number in the journal.
    pub seq: i64,
    /// When.
    pub at: Ts,
    /// Who.
    pub by: PersonId,
    /// What.
    pub did: Did,
    /// Why, or by which request or grant.
    pub reason: String,
    /// The terms until then, where they were changed or prolonged.
    pub before: Option<Box<Terms>>,
}

/// A grant with what happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The grant as it stands.
    pub grant: Grant,
    /// Number of the journal entry that last changed it: what `if_version` is compared with.
    pub version: i64,
    /// The grant that took its place.
    pub replaced_by: Option<GrantId>,
    /// Every act, oldest first.
    pub history: Vec<Entry>,
}

impl Held {
    /// Since when it has counted no more at `now`: revoked, replaced, or its time over.
    pub fn over_since(&self, now: Ts) -> Option<Ts> {
        let ended = self.history.iter().rev().find(|e| matches!(e.did, Did::Revoked | Did::Replaced));
        ended.map(|entry| entry.at).or_else(|| self.grant.terms.until.filter(|until| *until <= now))
    }
}

/// All grants. One counts for each consumer and service: the one that was issued last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// In the order of issue.
    all: Vec<Held>,
    places: HashMap<GrantId, usize>,
    /// Places of all grants on a service, by the member that offers it: a gateway asks for its own.
    by_member: BTreeMap<MemberId, BTreeMap<ServiceId, Vec<usize>>>,
    by_consumer: HashMap<PartyId, Vec<usize>>,
    /// The last number given in each year.
    last: BTreeMap<i16, u64>,
}

impl Grants {
    /// A grant.
    pub fn get(&self, id: &GrantId) -> Option<&Grant> {
        self.held(id).map(|held| &held.grant)
    }

    /// A grant with its version and history.
    pub fn held(&self, id: &GrantId) -> Option<&Held> {
        self.places.get(id).map(|place| &self.all[*place])
    }

    /// Every grant with its version and history, in the order of issue.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Held> {
        self.all.iter()
    }

    /// Every grant, in the order of issue.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Grant> {
        self.all.iter().map(|held| &held.grant)
    }

    /// Grants on a service, replaced ones too, in the order of issue.
    pub fn on_service<'a>(&'a self, service: &ServiceId) -> impl DoubleEndedIterator<Item = &'a Held> {
        let places = self.by_member.get(&service.provider.member).and_then(|services| services.get(service));
        places.map_or(&[][..], Vec::as_slice).iter().map(|place| &self.all[*place])
    }

    /// Grants of a consumer, replaced ones too, in the order of issue.
    pub fn of_consumer<'a>(&'a self, consumer: &PartyId) -> impl DoubleEndedIterator<Item = &'a Held> {
        let places = self.by_consumer.get(consumer).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.all[*place])
    }

    /// The one grant of a consumer for a service: the last that was issued, whatever its force.
    pub fn find(&self, consumer: &PartyId, service: &ServiceId) -> Option<&Held> {
        self.on_service(service).rfind(|held| held.grant.to == *consumer)
    }

    /// Grants on the services of a member, service by service; replaced ones are left out.
    pub fn on_member<'a>(
        &'a self,
        member: &MemberId,
    ) -> impl Iterator<Item = (&'a ServiceId, impl Iterator<Item = &'a Held>)> {
        let services = self.by_member.get(member).into_iter().flatten();
        services.map(|(service, places)| {
            let held = places.iter().map(|place| &self.all[*place]);
            (service, held.filter(|held| held.replaced_by.is_none()))
        })
    }

    /// The next number of a year.
    pub(crate) fn next_id(&self, year: i16) -> GrantId {
        GrantId::new(year, self.last.get(&year).map_or(1, |last| last + 1))
    }
}

#[cfg(test)]
mod tests;
