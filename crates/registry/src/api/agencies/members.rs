//! Who answers for members of the directory that are no agencies: recorded by the platform operator.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use base::{MemberId, SubsystemId, Ts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use crate::agency::{AgencyCode, Answering, Recorded, answer};
use crate::api::request::{At, Done, Input, with_version};
use crate::api::{Api, Caller, Key, Seen};
use crate::people::Act;
use crate::registry::Deed;
use crate::{Moment, RegistryError};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, put)).routes(routes!(systems))
}

/// Who answers for a member.
#[derive(Serialize, ToSchema)]
struct MemberView {
    /// The member and its agency.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    answering: Answering,
    /// When it was recorded last.
    #[schema(value_type = String)]
    at: Ts,
    /// By whom.
    by: String,
    /// Its version, for `If-Match`.
    version: i64,
}

impl From<&Recorded> for MemberView {
    fn from(recorded: &Recorded) -> Self {
        let last = recorded.history.last();
        Self {
            answering: recorded.answering.clone(),
            at: last.map_or(Ts(0), |stamp| stamp.at),
            by: last.map(|stamp| stamp.by.to_string()).unwrap_or_default(),
            version: recorded.version(),
        }
    }
}

/// Who shall answer.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnswering {
    /// The agency; absent when nobody answers for the member any more.
    #[schema(value_type = Option<String>, example = "000.00.00.H17")]
    agency: Option<AgencyCode>,
    /// The contract or decision.
    legal_basis: String,
}

/// A system in whose name an agency may ask.
#[derive(Serialize, ToSchema)]
struct System {
    /// Its identifier.
    #[schema(value_type = String)]
    id: SubsystemId,
    /// What people call it.
    name: String,
}

/// Lists the systems in the directory in whose name an agency may ask; none where the registry does not keep the directory.
#[utoipa::path(get, path = "/agencies/{code}/systems", tag = "agencies",
    params(("code" = String, Path, example = "000.00.00.H17")), responses((status = 200, body = Vec<System>)))]
async fn systems(State(api): State<Api>, _: Caller, At(code): At<AgencyCode>) -> Json<Vec<System>> {
    let today = api.today();
    Json(api.registry().read(|state| {
        let own = |(id, _): &(SubsystemId, &str)| state.agencies.speaks_for(&code, &id.member, today);
        let system = |(id, name): (SubsystemId, &str)| System { id, name: name.to_owned() };
        state.directory.systems().filter(own).map(system).collect()
    }))
}

type Named = At<(String, String, String)>;

fn id(At((instance, class, code)): Named) -> Result<MemberId, RegistryError> {
    let id = format!("{instance}/{class}/{code}").parse();
    id.map_err(|_| {
        RegistryError::invalid("path", "mã thành viên không đúng dạng", "not the identifier of a member")
    })
}

/// Lists the members that are no agencies and who answers for them.
#[utoipa::path(get, path = "/members", tag = "agencies", responses((status = 200, body = Vec<MemberView>)))]
async fn list(State(api): State<Api>, _: Caller) -> Json<Vec<MemberView>> {
    Json(api.registry().read(|state| state.agencies.members().map(MemberView::from).collect()))
}

/// Shows who answers for a member that is no agency; `ETag` is its version.
#[utoipa::path(get, path = "/members/{instance}/{class}/{member}", tag = "agencies",
    params(("instance" = String, Path), ("class" = String, Path), ("member" = String, Path)),
    responses((status = 200, body = MemberView), (status = 404, description = "EX-2001")))]
async fn show(State(api): State<Api>, _: Caller, named: Named) -> Result<Response, Problem> {
    let id = id(named)?;
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "member", name: id.to_string() };
        let recorded = state.agencies.member(&id).ok_or_else(none)?;
        Ok(with_version(recorded.version(), MemberView::from(recorded)))
    })
}

/// Records which agency answers for a member that is no agency (with `If-Match` once there is one); it may then ask in
/// the member's name. Only the platform operator.
#[utoipa::path(put, path = "/members/{instance}/{class}/{member}", tag = "agencies", request_body = NewAnswering,
    params(("instance" = String, Path), ("class" = String, Path), ("member" = String, Path),
        ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003"), (status = 422, description = "EX-2002")))]
async fn put(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(NewAnswering { agency, legal_basis }): Input<NewAnswering>,
) -> Result<Done, Problem> {
    let answering = Answering { member: id(named)?, agency, legal_basis };
    let subject = format!("member/{}", answering.member);
    let deed = Deed { act: Act::AgencyPut, agency: None, subject: &subject, key: key.0.as_deref() };
    let done = api.registry().act_once(&person, &deed, |state, moment: &Moment| {
        let seen = seen.of(state.agencies.member(&answering.member).is_some())?;
        answer(state, moment, answering.clone(), seen)
    });
    Ok(done.await?.into())
}
