//! Persons with roles at agencies, what each role may do, and how a person signs in.

mod file;
mod permission;
mod sign_in;

use audit::PersonId;
use serde::{Deserialize, Serialize};

use crate::agency::AgencyCode;

pub(crate) use permission::role;
pub use permission::{holds, home, may, works_for};
pub use sign_in::{ATTEMPTS_MAX, LOCK_SECONDS, People, Proof, SignIn, SignedIn};

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
    /// Works on the agency's dossiers.
    Officer,
}

impl Role {
    /// The word for it in files and in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PlatformOperator => "platform_operator",
            Self::AgencyAdministrator => "agency_administrator",
            Self::DataOwner => "data_owner",
            Self::SecurityOfficer => "security_officer",
            Self::Auditor => "auditor",
            Self::Leader => "leader",
            Self::Officer => "officer",
        }
    }
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
    /// Which work of procedures the post is for, as models name it (`mot-cua-xa`); empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl Post {
    /// A post for all work.
    pub const fn new(role: Role, agency: Option<AgencyCode>) -> Self {
        Self { role, agency, groups: Vec::new() }
    }

    /// Whether the post is for this work; work that nobody named is for posts that are for all.
    pub fn is_for(&self, group: Option<&str>) -> bool {
        self.groups.is_empty() || group.is_some_and(|group| self.groups.iter().any(|one| one == group))
    }
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
    /// Ask once by a grant, from a page, in the name of a system of one's own.
    GrantTry,
    /// File an item of the readiness gate.
    GateFile,
    /// Accept or reject what was filed for the readiness gate.
    GateJudge,
    /// Register or rename a subsystem of an agency in the directory.
    DirectoryRegister,
    /// Propose a change of the directory.
    DirectoryPropose,
    /// Approve, reject or take back a change of the directory.
    DirectoryApprove,
    /// Open the file of an incident, record in it, close it.
    IncidentPut,
    /// Suspend grants and close gates because of an incident.
    IncidentContain,
    /// Make the yearly security report of an agency.
    SecurityReport,
    /// Take a model of a procedure in.
    ProcessDeploy,
    /// Begin an instance of a procedure.
    ProcessStart,
    /// Look at instances of procedures and their work.
    ProcessRead,
    /// Do a task of a procedure.
    TaskDo,
    /// Give a task of a procedure to somebody.
    TaskAssign,
    /// Migrate instances, change their variables, tell messages and signals.
    ProcessOperate,
    /// End an instance as it stands; see to steps that stopped.
    ProcessMend,
    /// Read what is not for everybody.
    Read,
}

impl Act {
    /// The word for it in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AgencyPut => "agency_put",
            Self::InventoryPut => "inventory_put",
            Self::ServicePut => "service_put",
            Self::RequestMake => "request_make",
            Self::RequestStep => "request_step",
            Self::GrantChange => "grant_change",
            Self::GrantTry => "grant_try",
            Self::GateFile => "gate_file",
            Self::GateJudge => "gate_judge",
            Self::DirectoryRegister => "directory_register",
            Self::DirectoryPropose => "directory_propose",
            Self::DirectoryApprove => "directory_approve",
            Self::IncidentPut => "incident_put",
            Self::IncidentContain => "incident_contain",
            Self::SecurityReport => "security_report",
            Self::ProcessDeploy => "process_deploy",
            Self::ProcessStart => "process_start",
            Self::ProcessRead => "process_read",
            Self::TaskDo => "task_do",
            Self::TaskAssign => "task_assign",
            Self::ProcessOperate => "process_operate",
            Self::ProcessMend => "process_mend",
            Self::Read => "read",
        }
    }
}

#[cfg(test)]
mod tests;
