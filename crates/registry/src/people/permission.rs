//! Which role may do what, and where.

use jiff::civil::Date;

use super::{Act, Person, Role};
use crate::RegistryError;
use crate::agency::AgencyCode;
use crate::state::State;

/// How far a role reaches for an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The agency of the post and those below it; everywhere, if the post names none.
    Own,
    /// Everything, whichever agency the post names.
    All,
}

/// Who may do this. The first role that fits is the one that the journal names.
const fn allowed(act: Act) -> &'static [(Role, Reach)] {
    use Reach::{All, Own};
    use Role::{AgencyAdministrator, Auditor, DataOwner, Leader, Officer, PlatformOperator, SecurityOfficer};
    match act {
        // Containing is asked for without agency: grants and gates of others stop at once.
        Act::AgencyPut
        | Act::DirectoryPropose
        | Act::DirectoryApprove
        | Act::IncidentContain
        | Act::ProcessDeploy
        | Act::ProcessOperate => &[(PlatformOperator, Own)],
        Act::ProcessStart => &[(Officer, Own), (AgencyAdministrator, Own)],
        Act::TaskDo => &[(Officer, Own), (Leader, Own)],
        Act::TaskAssign => &[(AgencyAdministrator, Own), (Leader, Own)],
        Act::ProcessMend => &[(PlatformOperator, Own), (AgencyAdministrator, Own)],
        // Whose work has to do with procedures; who reads everything else of an agency need not know its citizens.
        Act::ProcessRead => &[
            (Auditor, All),
            (PlatformOperator, Own),
            (AgencyAdministrator, Own),
            (Leader, Own),
            (Officer, Own),
        ],
        Act::InventoryPut | Act::RequestMake => &[(AgencyAdministrator, Own)],
        Act::ServicePut | Act::GrantTry => &[(AgencyAdministrator, Own), (DataOwner, Own)],
        // Which of them it must be stands in the step; an auditor never takes one.
        Act::RequestStep => &[
            (AgencyAdministrator, Own),
            (DataOwner, Own),
            (SecurityOfficer, Own),
            (Leader, Own),
            (PlatformOperator, Own),
        ],
        Act::GrantChange => &[(DataOwner, Own)],
        Act::GateFile | Act::IncidentPut => &[(SecurityOfficer, Own), (PlatformOperator, Own)],
        Act::SecurityReport => {
            &[(Auditor, All), (SecurityOfficer, Own), (Leader, Own), (PlatformOperator, Own)]
        }
        // Asked for without agency: only whose post is the platform's judges.
        Act::GateJudge => &[(PlatformOperator, Own), (SecurityOfficer, Own)],
        Act::DirectoryRegister => &[(AgencyAdministrator, Own), (PlatformOperator, Own)],
        Act::Read => &[
            (Auditor, All),
            (PlatformOperator, Own),
            (AgencyAdministrator, Own),
            (DataOwner, Own),
            (SecurityOfficer, Own),
            (Leader, Own),
        ],
    }
}

/// Whether the person may do this at the agency (for [`Act::RequestStep`]: may take some step; whether it is this one
/// says [`holds`] with the role of the step). Without agency it concerns the whole platform, and needs a post that
/// names no agency.
///
/// # Errors
/// [`RegistryError::Forbidden`].
pub fn may(
    state: &State,
    person: &Person,
    act: Act,
    agency: Option<&AgencyCode>,
    today: Date,
) -> Result<(), RegistryError> {
    role(state, person, act, agency, today).map(drop).ok_or(RegistryError::Forbidden(act.name()))
}

/// The role in which the person may do this at the agency.
pub(crate) fn role(
    state: &State,
    person: &Person,
    act: Act,
    agency: Option<&AgencyCode>,
    today: Date,
) -> Option<Role> {
    let fits = |(role, reach): &&(Role, Reach)| match reach {
        Reach::Own => holds(state, person, *role, agency, today),
        Reach::All => person.posts.iter().any(|post| post.role == *role),
    };
    allowed(act).iter().find(fits).map(|(role, _)| *role)
}

/// Whether the person may do this at the agency to work of this group: as [`may`], but only by posts that are for it.
pub fn works_for(
    state: &State,
    person: &Person,
    act: Act,
    (agency, group): (Option<&AgencyCode>, Option<&str>),
    today: Date,
) -> bool {
    let posts = person.posts.iter().filter(|post| post.is_for(group)).cloned().collect();
    role(state, &Person { id: person.id.clone(), posts }, act, agency, today).is_some()
}

/// The agency of the first post in which the person may do this somewhere, for an act at many agencies, each of which is
/// checked by itself.
pub fn home(person: &Person, act: Act) -> Option<&AgencyCode> {
    let fits = |role: Role| allowed(act).iter().any(|(able, _)| *able == role);
    person.posts.iter().find(|post| fits(post.role)).and_then(|post| post.agency.as_ref())
}

/// Whether the person has this role at the agency, or above it.
pub fn holds(state: &State, person: &Person, role: Role, agency: Option<&AgencyCode>, today: Date) -> bool {
    person.posts.iter().filter(|post| post.role == role).any(|post| match (&post.agency, agency) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(above), Some(agency)) => state.agencies.is_within(agency, above, today),
    })
}
