//! Files of incidents: what happened, what must be sent to whom until when, what was done about it.
//!
//! Which obligations an incident has, and how many hours after detection they end, stands in `rules/incidents.toml`. The
//! hours run by the calendar, at night and on holidays too. What was decided with an event stays: a later version of the
//! rules changes no file. Nothing is deleted, and a closed file stays closed.

mod apply;
pub mod clock;
mod decide;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use audit::PersonId;
use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agency::AgencyCode;
use crate::gate::filing::FilingId;
use crate::grant::{GrantId, NumberError, number, number_parts};
use crate::inventory::HoldingCode;
use crate::publish::Fingerprint;

pub use clock::{Late, Standing, overdue};
pub use decide::{
    Change, Close, Contain, Explain, Measure, Opening, Send, change, close, contain, explain, measure, open,
    send,
};
pub use rules::{Clock, Clocks, Version};

/// Most systems, services or grants named in one file, each.
pub const NAMED_MAX: usize = 1_000;
/// Most measures, and most messages of one obligation, in one file.
pub const ENTRIES_MAX: usize = 1_000;

/// Number of an incident: `SC-2026-000003` (sự cố).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentId(Box<str>);

impl IncidentId {
    /// Number `count` of `year`.
    pub fn new(year: i16, count: u64) -> Self {
        Self(format!("SC-{year:04}-{count:06}").into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IncidentId {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        number("SC", text).map(Self)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for IncidentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IncidentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How grave an incident is (Nghị định 331/2026/NĐ-CP, Điều 31 khoản 2 điểm d).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// None of the others.
    Ordinary,
    /// Serious.
    Serious,
    /// Signs of harm to national security or public order, or serious interruption.
    Critical,
}

impl Severity {
    /// The words for it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ordinary => ("Thông thường", "Ordinary"),
            Self::Serious => ("Nghiêm trọng", "Serious"),
            Self::Critical => (
                "Xâm phạm an ninh quốc gia hoặc gián đoạn nghiêm trọng",
                "National security or serious interruption",
            ),
        }
    }
}

/// What is known about an incident. `Debug` shows nothing of the description: it may end in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// When it was detected; every clock begins here.
    pub detected: Ts,
    /// What happened.
    pub description: String,
    /// How grave it is.
    pub severity: Severity,
    /// Whether personal data leaked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal_data: bool,
    /// How many persons' data; absent while nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_subjects: Option<u64>,
    /// Subsystems and members concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parties: Vec<PartyId>,
    /// Entries of the inventory concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holdings: Vec<HoldingCode>,
    /// Services concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// Grants concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantId>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Facts");
        shown.field("detected", &self.detected).field("severity", &self.severity);
        shown.field("personal_data", &self.personal_data).finish_non_exhaustive()
    }
}

/// The clock of an obligation, as it was decided for one incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// Code of the obligation, such as `first_notice`.
    pub code: String,
    /// From when on people are warned.
    pub warn: Ts,
    /// Until when it must be sent.
    pub due: Ts,
    /// What is sent until then counts as sent in time.
    pub in_time: Ts,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// To whom.
    pub to: String,
    /// When.
    pub at: Ts,
    /// Number of the document, such as `15/BC-SKHCN`.
    pub number: String,
    /// SHA-256 of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Fingerprint>,
}

/// A message with who wrote it into the file, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// When it was written into the file.
    pub recorded: Ts,
    /// Who wrote it.
    pub by: PersonId,
}

/// Something that must be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obligation {
    /// Its clock.
    #[serde(flatten)]
    pub clock: Due,
    /// What was sent, in the order in which it was written down.
    pub sent: Vec<Sent>,
    /// Why it was not sent in time, as somebody recorded it.
    pub late: Option<String>,
}

/// Something that was done against the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// What.
    pub text: String,
    /// When it was written down.
    pub at: Ts,
    /// By whom.
    pub by: PersonId,
}

/// What somebody did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Opened it.
    Opened,
    /// Changed what is known; the clocks were computed anew.
    Changed,
    /// Recorded what was sent.
    Sent,
    /// Recorded why something was late.
    ExplainedLate,
    /// Recorded a measure.
    Measured,
    /// Suspended grants or took back what the readiness gate looks at.
    Contained,
    /// Closed it.
    Closed,
}

/// One act in the history of a file.
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
    /// With which words: the reason, the measure, the obligation and its message, the conclusion.
    pub text: String,
    /// What was known until then, where it was changed.
    pub before: Option<Box<Facts>>,
}

/// What can happen to files of incidents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[rustfmt::skip]
pub enum Event {
    /// Opened.
    Opened { /// Its number.
        id: IncidentId, /// The agency that answers for it.
        agency: AgencyCode, /// What is known.
        facts: Box<Facts>, /// Version of the rules.
        rules: String, /// The obligations.
        obligations: Vec<Due> },
    /// What is known was changed.
    Changed { /// Which file.
        id: IncidentId, /// What is known from now on.
        facts: Box<Facts>, /// Why.
        reason: String, /// Version of the rules.
        rules: String, /// The obligations from now on.
        obligations: Vec<Due> },
    /// Something was sent.
    Sent { /// Which file.
        id: IncidentId, /// Which obligation.
        obligation: String, /// The message.
        message: Message },
    /// Somebody said why an obligation was not met in time.
    ExplainedLate { /// Which file.
        id: IncidentId, /// Which obligation.
        obligation: String, /// Why.
        reason: String },
    /// Something was done against the incident.
    Measured { /// Which file.
        id: IncidentId, /// What.
        text: String },
    /// Grants were suspended, filings of the readiness gate taken back; their own events stand beside this one.
    Contained { /// Which file.
        id: IncidentId, /// Grants.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        grants: Vec<GrantId>, /// Filings.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        filings: Vec<FilingId>, /// Why.
        reason: String },
    /// Closed.
    Closed { /// Which file.
        id: IncidentId, /// What came out of it.
        conclusion: String },
}

/// The file of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Number of the journal entry that last changed it: what `if_version` is compared with.
    pub version: i64,
    /// The agency that answers for it.
    pub agency: AgencyCode,
    /// What is known.
    pub facts: Facts,
    /// Version of the rules by which its clocks were computed.
    pub rules: String,
    /// What must be sent.
    pub obligations: Vec<Obligation>,
    /// What was done, oldest first.
    pub measures: Vec<Taken>,
    /// Grants that were suspended because of it.
    pub suspended: Vec<GrantId>,
    /// Filings of the readiness gate that were taken back because of it.
    pub withdrawn: Vec<FilingId>,
    /// When it was closed.
    pub closed: Option<Ts>,
    /// What came out of it; empty while it is open.
    pub conclusion: String,
    /// Every act, oldest first.
    pub history: Vec<Entry>,
}

impl Incident {
    /// Whether somebody still has to do something.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// The obligation of that code.
    pub fn obligation(&self, code: &str) -> Option<&Obligation> {
        self.obligations.iter().find(|obligation| obligation.clock.code == code)
    }
}

/// All files of incidents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incidents {
    /// In the order of opening.
    all: Vec<Incident>,
    places: HashMap<IncidentId, usize>,
    /// The last number given in each year.
    last: BTreeMap<i16, u64>,
}

impl Incidents {
    /// A file.
    pub fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.places.get(id).map(|place| &self.all[*place])
    }

    /// Every file, in the order of opening.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.all.iter()
    }

    /// The next number of a year.
    pub(crate) fn next_id(&self, year: i16) -> IncidentId {
        IncidentId::new(year, self.last.get(&year).map_or(1, |last| last + 1))
    }

    /// Keeps a number from being given again.
    fn count(&mut self, id: &IncidentId) {
        if let Some((year, count)) = number_parts(id.as_str()) {
            let last = self.last.entry(year).or_default();
            *last = count.max(*last);
        }
    }
}
