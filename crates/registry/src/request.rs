//! Connection requests: a consumer asks for a service; steps, decisions, time limits, refusals that are counted.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use audit::PersonId;
use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agency::AgencyCode;
use crate::grant::{GrantId, NumberError, Terms, number, number_parts};
use crate::people::Role;

mod apply;
pub mod clock;
pub mod decide;
pub mod event;
pub(crate) mod intake;
mod live;
pub mod open;
pub mod road;
pub(crate) mod who;

pub use clock::{Late, OwnerBoard, Waiting, hoarding, overdue};
pub use decide::{
    Attach, Close, Decision, Resubmit, Take, Withdraw, attach, close_task, resubmit, take, withdraw,
};
pub use event::{Correction, Entering, Event, NewTask, Opened};
pub use live::stands_against;
pub use open::{Ask, open};
pub use road::{Item, Limit, Road, Roads, Step, TaskRule, Whose};
pub use who::agency_of;

/// Longest text that a person writes to explain something, in characters.
pub const TEXT_CHARS_MAX: usize = 5_000;
/// Longest name, in characters.
pub const NAME_CHARS_MAX: usize = 500;
/// Most documents of one request.
pub const ATTACHMENTS_MAX: usize = 100;
/// Largest document, bytes (50 MiB): minutes are scanned in colour.
pub const ATTACHMENT_BYTES_MAX: u64 = 50 << 20;
/// Most contacts of one request.
pub const CONTACTS_MAX: usize = 20;

/// Number of a request: `YC-2026-000012`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// Number `count` of `year`.
    pub fn new(year: i16, count: u64) -> Self {
        Self(format!("YC-{year:04}-{count:06}").into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Year and count.
    pub(crate) fn parts(&self) -> Option<(i16, u64)> {
        number_parts(&self.0)
    }
}

impl FromStr for RequestId {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        number("YC", text).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a contact answers for (CV 4856, step 1: business, technical, security).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// What the data are used for.
    Business,
    /// How the systems are connected.
    Technical,
    /// Security, and incidents at any hour.
    Security,
}

/// Whom to ask about a connection. `Debug` shows no name and no number: these are persons.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What the person answers for.
    pub kind: ContactKind,
    /// Name, with the post.
    pub name: String,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Address for mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A document of a request. Its content lies in a file named by its hash; the journal keeps only this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is: the code of an item of `roads.toml`, such as `test_minutes`.
    pub item: String,
    /// Its number and date as people quote it: `12/BB-SKHCN ngày 20/11/2026`; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// Name of the file.
    pub name: String,
    /// Media type, such as `application/pdf`.
    pub media_type: String,
    /// Size of the content.
    pub bytes: u64,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On its road.
    Open,
    /// Given back to the consumer, who corrects it.
    Returned,
    /// Refused, with a reason and a legal basis. A new request may follow.
    Refused,
    /// Taken back by the consumer.
    Withdrawn,
    /// At the end of its road: the grant is issued.
    Live,
}

impl Status {
    /// Whether somebody still has to do something.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Open | Self::Returned)
    }

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Returned => "returned",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Live => "live",
        }
    }

    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "đang xử lý (open)",
            Self::Returned => "đã trả lại để bổ sung (returned for correction)",
            Self::Refused => "đã từ chối (refused)",
            Self::Withdrawn => "đã rút (withdrawn)",
            Self::Live => "đã vận hành (live)",
        }
    }
}

/// What somebody did to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Opened it.
    Opened,
    /// Added a document.
    Attached,
    /// Approved a step.
    Approved,
    /// Approved a step, for less than was asked for.
    Narrowed,
    /// Gave it back for correction.
    Returned,
    /// Handed it in again.
    Resubmitted,
    /// Refused it.
    Refused,
    /// Took it back.
    Withdrew,
    /// Closed a task.
    ClosedTask,
    /// Approved the last step: the grant was issued.
    WentLive,
}

/// One act in the history of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Number in the journal.
    pub seq: i64,
    /// When.
    pub at: Ts,
    /// Who.
    pub by: PersonId,
    /// In which role.
    pub role: Role,
    /// At which step.
    pub step: String,
    /// What.
    pub did: Did,
    /// With which words: the comment, the reason, the code of the document or task.
    pub comment: String,
    /// The legal basis of a refusal; else empty.
    pub legal_basis: String,
}

/// How a stay at a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Approved.
    Approved,
    /// Given back for correction.
    Returned,
    /// Refused.
    Refused,
    /// Taken back by the consumer meanwhile.
    Withdrawn,
}

/// One stay of a request at a step. Coming back after a correction begins another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// The step.
    pub step: String,
    /// Whose decision was waited for.
    pub whose: Whose,
    /// In which role.
    pub role: Role,
    /// Since when.
    pub entered: Ts,
    /// Until when it should have been decided.
    pub due: Ts,
    /// When and how it was left; absent while the request stands there.
    pub left: Option<(Ts, Outcome)>,
}

/// Work beside the road.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its code in `roads.toml`, such as `risk_assessment`.
    pub code: String,
    /// When it was opened.
    pub opened: Ts,
    /// Until when it should be closed.
    pub due: Ts,
    /// When and by whom it was closed.
    pub closed: Option<(Ts, PersonId)>,
    /// What came out of it; empty while it is open.
    pub conclusion: String,
}

/// A connection request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Number of the journal entry that last changed it: what `if_version` is compared with.
    pub version: i64,
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// Version of the road that it goes along to its end.
    pub road: String,
    /// Who asks.
    pub consumer: PartyId,
    /// The agency that asks.
    pub agency: AgencyCode,
    /// For which service.
    pub service: ServiceId,
    /// The data owner on the day of opening.
    pub owner: AgencyCode,
    /// What was asked for, as last handed in.
    pub asked: Terms,
    /// What would be granted: what was asked for, or less.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// Its documents, oldest first.
    pub attachments: Vec<Attachment>,
    /// Work beside the road.
    pub tasks: Vec<Task>,
    /// The step where it stands or where its road ended.
    pub step: String,
    /// Since when it has stood where it stands.
    pub entered: Ts,
    /// Until when whoever it waits for should act; what it says after the end has no meaning.
    pub due: Ts,
    /// Where it stands.
    pub status: Status,
    /// The grant that it became.
    pub grant: Option<GrantId>,
    /// Every stay at a step, oldest first.
    pub stays: Vec<Stay>,
    /// Every act, oldest first.
    pub history: Vec<Entry>,
}

impl Request {
    /// Whether a document of this kind is there.
    pub fn has(&self, item: &str) -> bool {
        self.attachments.iter().any(|attachment| attachment.item == item)
    }

    /// Tasks that keep it from going live.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.closed.is_none())
    }

    /// Whether the task of this code was opened and closed.
    pub fn task_closed(&self, code: &str) -> bool {
        self.tasks.iter().any(|task| task.code == code && task.closed.is_some())
    }

    /// The role and side that it waits for: those of the step, or the consumer who corrects it.
    pub fn waits_for(&self) -> Option<(Whose, Role)> {
        match self.status {
            Status::Open => self.stays.last().map(|stay| (stay.whose, stay.role)),
            Status::Returned => Some((Whose::Consumer, Role::AgencyAdministrator)),
            Status::Refused | Status::Withdrawn | Status::Live => None,
        }
    }
}

/// All requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    /// In the order of opening.
    all: Vec<Request>,
    places: HashMap<RequestId, usize>,
    /// Places of the requests for a service.
    by_service: BTreeMap<ServiceId, Vec<usize>>,
    /// The last number given in each year.
    last: BTreeMap<i16, u64>,
}

impl Requests {
    /// A request.
    pub fn get(&self, id: &RequestId) -> Option<&Request> {
        self.places.get(id).map(|place| &self.all[*place])
    }

    /// Every request, in the order of opening.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.all.iter()
    }

    /// Requests for a service, in the order of opening.
    pub fn on_service<'a>(&'a self, service: &ServiceId) -> impl DoubleEndedIterator<Item = &'a Request> {
        let places = self.by_service.get(service).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.all[*place])
    }

    /// The last request of a consumer for a service.
    pub fn latest(&self, consumer: &PartyId, service: &ServiceId) -> Option<&Request> {
        self.on_service(service).rfind(|request| request.consumer == *consumer)
    }

    /// The next number of a year.
    pub(crate) fn next_id(&self, year: i16) -> RequestId {
        RequestId::new(year, self.last.get(&year).map_or(1, |last| last + 1))
    }
}

#[cfg(test)]
pub(crate) mod tests;
