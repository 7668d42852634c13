//! What can happen to requests, as the journal keeps it.

use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};

use super::{Attachment, Contact, RequestId, Whose};
use crate::agency::AgencyCode;
use crate::grant::{GrantId, Terms};
use crate::people::Role;

/// Arriving at a step: everything that was decided with it, so that no later rule changes the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entering {
    /// The step.
    pub step: String,
    /// Who takes it.
    pub role: Role,
    /// Whose person.
    pub whose: Whose,
    /// Until when.
    pub due: Ts,
    /// Tasks that open with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<NewTask>,
}

/// A task that opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// Its code.
    pub code: String,
    /// Until when.
    pub due: Ts,
}

/// A new request, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Its number.
    pub id: RequestId,
    /// In which role it was opened.
    pub role: Role,
    /// Its kind.
    pub kind: u8,
    /// Version of its road.
    pub road: String,
    /// Who asks.
    pub consumer: PartyId,
    /// The agency that asks.
    pub agency: AgencyCode,
    /// For which service.
    pub service: ServiceId,
    /// The data owner.
    pub owner: AgencyCode,
    /// What is asked for.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// The first step.
    pub next: Entering,
}

/// What the consumer changed in a returned request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// What is asked for now.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
}

/// What can happen to requests. `role` is the one in which the person acted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
#[rustfmt::skip]
pub enum Event {
    /// Opened.
    Opened(Box<Opened>),
    /// A document was added.
    Attached { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// The document.
        attachment: Attachment },
    /// A step was approved.
    Approved { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Remark, or why less is granted.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String, /// What is granted when it is less than was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        narrowed: Option<Terms>, /// The next step.
        next: Entering },
    /// Given back for correction.
    Returned { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// What is to be corrected.
        comment: String, /// Until when.
        due: Ts },
    /// Handed in again.
    Resubmitted { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Remark.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String, /// What was changed beside documents.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed: Option<Box<Correction>>, /// Where it goes on.
        next: Entering },
    /// Refused.
    Refused { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Why.
        reason: String, /// By which text.
        legal_basis: String },
    /// Taken back.
    Withdrawn { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Why.
        reason: String },
    /// A task was closed.
    TaskClosed { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Which task.
        task: String, /// What came out of it.
        conclusion: String },
    /// The last step was approved.
    Live { /// Which request.
        id: RequestId, /// In which role.
        role: Role, /// Remark.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String, /// The grant.
        grant: GrantId },
}
