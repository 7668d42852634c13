//! Persons with roles at agencies, and what each role may do.

use audit::PersonId;
use serde::{Deserialize, Serialize};

use crate::RegistryError;
use crate::agency::AgencyCode;
use crate::state::State;

/// What a person is to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the platform: directory, agencies, technical checks.
    PlatformOperator,
    /// Enters and asks on behalf of an agency.
    AgencyAdministrator,
    /// Decides who may use the agency's data.
    DataOwner,
    /// Files and judges what the readiness gate looks at.
    SecurityOfficer,
    /// Reads everything, changes nothing.
    Auditor,
    /// Signs for the agency; reads all figures.
    Leader,
}

/// A role at an agency; it holds for the agencies below it, too. Without agency: everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// The role.
    pub role: Role,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
}

/// A person as known to the registry for one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Sign-in name.
    pub id: PersonId,
    /// Posts.
    pub posts: Vec<Post>,
}

/// Everything that can be done; a closed list. The text names it in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Enter or close an agency.
    AgencyPut,
    /// Enter or change a system or database.
    InventoryPut,
    /// Enter, change, publish or withdraw a service.
    ServicePut,
    /// Ask for a service, answer a returned request, withdraw it.
    RequestMake,
    /// Take a step of a request; which role is needed stands in the step.
    RequestStep,
    /// Change, suspend, resume or revoke a grant.
    GrantChange,
    /// File an item of the readiness gate.
    GateFile,
    /// Propose a change of the directory.
    DirectoryPropose,
    /// Approve, reject or take back a change of the directory.
    DirectoryApprove,
    /// Read what is not for everybody.
    Read,
}

/// Whether the person may do this at the agency (for [`Act::RequestStep`]: in the role of the step).
///
/// # Errors
/// [`RegistryError::Forbidden`].
pub fn may(
    _state: &State,
    _person: &Person,
    _act: Act,
    _agency: Option<&AgencyCode>,
) -> Result<(), RegistryError> {
    Ok(())
}
