//! The directory: what was published, and changes that are proposed, approved, rejected, taken back, reverted.

use axum::Json;
use axum::extract::State as Held;
use axum::response::Response;
use base::Ts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::gate::Acted;
use super::on::{self, Id, Numbered, On};
use super::request::{Asked, Because, Created, Done, Input, limit, with_version};
use super::sight::Sight;
use super::{Api, Caller, Key, Paged};
use crate::agency::AgencyCode;
use crate::people::Act;
use crate::publish::{
    Change, NewProposal, Proposal, ProposalId, Publication, Standing, approve as approved, effect,
    propose as proposed, reject as rejected, revert as reverted, take_back as taken_back,
};
use crate::state::{Moment, State, vietnam_day};
use crate::text::Text;
use crate::{Event, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(list, propose))
        .routes(routes!(one))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(take_back))
        .routes(routes!(revert))
        .routes(routes!(differences))
}

/// The directory as the registry keeps it.
#[derive(Serialize, ToSchema)]
struct Overview {
    /// The number of the last publication; absent when the registry does not keep the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// Every publication, the newest first.
    publications: Vec<Published>,
}

/// One number of the directory.
#[derive(Serialize, ToSchema)]
struct Published {
    /// The number.
    number: u64,
    /// When, in microseconds since 1970.
    #[schema(value_type = i64)]
    at: Ts,
    /// What it brought; empty when only lists or signatures were renewed.
    #[schema(value_type = Vec<u64>)]
    proposals: Vec<ProposalId>,
    /// What somebody changed past the registry, and a person had taken in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by_hand: Vec<Told>,
}

impl From<&Publication> for Published {
    fn from(publication: &Publication) -> Self {
        let Publication { number, stamp, proposals, by_hand } = publication;
        let by_hand = by_hand.iter().cloned().map(Told::from).collect();
        Self { number: *number, at: stamp.at, proposals: proposals.clone(), by_hand }
    }
}

/// A change and what it means.
#[derive(Serialize, ToSchema)]
struct Told {
    /// The change.
    #[schema(value_type = Object)]
    change: Change,
    /// In a sentence.
    #[schema(value_type = Object)]
    summary: Text,
}

impl From<Change> for Told {
    fn from(change: Change) -> Self {
        Self { summary: change.summary(), change }
    }
}

/// A proposal and where it stands.
#[derive(Serialize, ToSchema)]
struct ProposalView {
    /// Its number.
    #[schema(value_type = u64)]
    id: ProposalId,
    /// The changes.
    changes: Vec<Told>,
    /// Why.
    note: String,
    /// Losses of single members were confirmed.
    confirmed: bool,
    /// The proposal that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    reverts: Option<ProposalId>,
    /// It needed no second person.
    routine: bool,
    /// Where it stands.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    standing: Standing,
    /// Who acted on it and when: proposed first, then judged, then published.
    history: Vec<Acted>,
    /// Its version.
    version: i64,
    /// What would be lost if it were approved now; absent in lists and once it was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    losses: Option<Vec<String>>,
}

impl From<&Proposal> for ProposalView {
    fn from(proposal: &Proposal) -> Self {
        Self {
            id: proposal.id,
            changes: proposal.changes.iter().cloned().map(Told::from).collect(),
            note: proposal.note.clone(),
            confirmed: proposal.confirmed,
            reverts: proposal.reverts,
            routine: proposal.routine,
            standing: proposal.standing.clone(),
            history: proposal.history.iter().map(Acted::from).collect(),
            version: proposal.version(),
            losses: None,
        }
    }
}

/// What somebody proposes.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The changes, in the order in which they are made: all together or none.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
    /// Why: the decision or request behind it; routine changes need none.
    #[serde(default)]
    note: String,
    /// I know that a member loses its last certificate or node, or its place with grants in force.
    #[serde(default)]
    confirmed: bool,
}

/// Taking back what was published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Back {
    /// Why.
    note: String,
    /// As with a proposal.
    #[serde(default)]
    confirmed: bool,
}

/// Which proposals are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<u64>,
    /// Only those that wait for a second person.
    #[serde(default)]
    waiting: bool,
}

/// Between which numbers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Between {
    /// From this number …
    from: u64,
    /// … to this one, which may be the earlier.
    to: u64,
}

impl Numbered for ProposalId {
    const KIND: &'static str = "proposal";

    fn number(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn acts(&self, state: &State) -> Vec<i64> {
        let proposal = state.directory.get(*self).into_iter();
        proposal.flat_map(|proposal| &proposal.history).map(|stamp| stamp.seq).collect()
    }
}

/// Who sees everything sees it, who proposed it, and who reads at the agency of each member that it is about.
fn sees(state: &State, (caller, now): (&Caller, Ts), proposal: &Proposal) -> bool {
    let sight = Sight::new(state, &caller.0, now);
    let of_member = |change: &Change| {
        let agency = change.member().and_then(|member| state.agencies.of_member(member, vietnam_day(now)));
        agency.is_some_and(|agency| sight.at(Some(&agency)))
    };
    sight.at(None) || proposal.proposed().by == caller.0.id || proposal.changes.iter().all(of_member)
}

/// The agency that may make these changes by itself: all are routine and about the one member that it is.
fn own(state: &State, changes: &[Change], now: Ts) -> Option<AgencyCode> {
    let member = changes.first()?.member()?;
    let routine = changes.iter().all(|change| change.is_routine() && change.member() == Some(member));
    routine.then(|| state.agencies.of_member(member, vietnam_day(now))).flatten()
}

/// Shows the number and every publication.
#[utoipa::path(get, path = "/directory", tag = "directory", responses((status = 200, body = Overview)))]
async fn overview(Held(api): Held<Api>, _: Caller) -> Json<Overview> {
    Json(api.registry().read(|state| {
        let newest_first = state.directory.publications().iter().rev();
        let publications = newest_first.map(Published::from).collect();
        Overview { number: state.directory.number(), publications }
    }))
}

/// Lists proposals, newest first.
#[utoipa::path(get, path = "/directory/changes", tag = "directory", params(Wanted),
    responses((status = 200, body = Paged<Object>)))]
async fn list(
    Held(api): Held<Api>,
    caller: Caller,
    Asked(Wanted { limit: asked, after, waiting }): Asked<Wanted>,
) -> Result<Json<Paged<ProposalView>>, Problem> {
    let (limit, now) = (limit(asked)?, api.now());
    let views = api.registry().read(|state| {
        let newest_first = state.directory.iter().rev();
        newest_first
            .filter(|proposal| after.is_none_or(|after| proposal.id.0 < after))
            .filter(|proposal| !waiting || proposal.standing == Standing::Proposed)
            .filter(|proposal| sees(state, (&caller, now), proposal))
            .take(limit + 1)
            .map(ProposalView::from)
            .collect()
    });
    Ok(Json(Paged::of(views, limit, |view: &ProposalView| view.id.to_string())))
}

/// Proposes changes. Routine ones, such as a new subsystem, an agency makes by itself.
#[utoipa::path(post, path = "/directory/changes", tag = "directory", request_body = Wish,
    responses((status = 201, body = Created), (status = 409, description = "EX-2015"), (status = 422, description = "EX-2002")))]
async fn propose(
    Held(api): Held<Api>,
    caller: Caller,
    key: Key,
    Input(wish): Input<Wish>,
) -> Result<Created, Problem> {
    let now = api.now();
    let agency = api.registry().read(|state| own(state, &wish.changes, now));
    let act = if agency.is_some() { Act::DirectoryRegister } else { Act::DirectoryPropose };
    let decide = |state: &State, moment: &Moment| {
        let Wish { changes, note, confirmed } = wish.clone();
        proposed(state, moment, NewProposal { changes, note, confirmed, reverts: None })
    };
    let deed = (act, agency.as_ref(), "directory/changes");
    created(&api, (&caller, &key), deed, decide).await
}

/// Shows a proposal with what would be lost by it.
#[utoipa::path(get, path = "/directory/changes/{id}", tag = "directory", params(("id" = String, Path)),
    responses((status = 200, body = ProposalView, headers(("ETag" = String)))))]
async fn one(Held(api): Held<Api>, caller: Caller, Id(id): Id<ProposalId>) -> Result<Response, Problem> {
    let now = api.now();
    let moment = Moment::new(now, caller.0.id.clone());
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "proposal", name: id.to_string() };
        let proposal = state.directory.get(id).ok_or_else(none)?;
        if !sees(state, (&caller, now), proposal) {
            return Err(RegistryError::Forbidden(Act::Read.name()).into());
        }
        let mut view = ProposalView::from(proposal);
        if proposal.standing == Standing::Proposed {
            // Where it no longer fits, approving says so.
            let losses = effect(state, &moment, id).map(|(_, losses)| losses);
            view.losses = losses.ok().map(|losses| losses.iter().map(ToString::to_string).collect());
        }
        Ok(with_version(proposal.version(), view))
    })
}

/// Approves a proposal; not by who proposed it.
#[utoipa::path(post, path = "/directory/changes/{id}/approve", tag = "directory",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2014"), (status = 409, description = "EX-2003, EX-2010, EX-2015")))]
async fn approve(Held(api): Held<Api>, on: On<ProposalId>) -> Result<Done, Problem> {
    change(&api, &on, (Act::DirectoryApprove, "approve"), |state, moment| {
        approved(state, moment, on.id, on.if_version)
    })
    .await
}

/// Rejects a proposal; not by who proposed it.
#[utoipa::path(post, path = "/directory/changes/{id}/reject", tag = "directory",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 403, description = "EX-2014"), (status = 409, description = "EX-2003, EX-2010")))]
async fn reject(
    Held(api): Held<Api>,
    on: On<ProposalId>,
    Input(Because { reason }): Input<Because>,
) -> Result<Done, Problem> {
    change(&api, &on, (Act::DirectoryApprove, "reject"), |state, moment| {
        rejected(state, moment, on.id, &reason, on.if_version)
    })
    .await
}

/// Takes a proposal back; only by who proposed it.
#[utoipa::path(post, path = "/directory/changes/{id}/take-back", tag = "directory",
    params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn take_back(Held(api): Held<Api>, on: On<ProposalId>) -> Result<Done, Problem> {
    change(&api, &on, (Act::DirectoryPropose, "take-back"), |state, moment| {
        taken_back(state, moment, on.id, on.if_version)
    })
    .await
}

/// Proposes the inverse of what was published. What was published stays as it is, so that no version is asked for.
#[utoipa::path(post, path = "/directory/changes/{id}/revert", tag = "directory", params(("id" = String, Path)),
    request_body = Back, responses((status = 201, body = Created), (status = 409, description = "EX-2010, EX-2015")))]
async fn revert(
    Held(api): Held<Api>,
    caller: Caller,
    key: Key,
    Id(id): Id<ProposalId>,
    Input(Back { note, confirmed }): Input<Back>,
) -> Result<Created, Problem> {
    let decide = |state: &State, moment: &Moment| reverted(state, moment, id, &note, confirmed);
    let subject = format!("directory/changes/{id}/revert");
    created(&api, (&caller, &key), (Act::DirectoryPropose, None, &subject), decide).await
}

/// Lists what was changed from one number to another, as changes that lead there.
#[utoipa::path(get, path = "/directory/differences", tag = "directory", params(Between),
    responses((status = 200, body = Vec<Told>), (status = 404, description = "EX-2001: a number from before, or not yet")))]
async fn differences(
    Held(api): Held<Api>,
    _: Caller,
    Asked(Between { from, to }): Asked<Between>,
) -> Result<Json<Vec<Told>>, Problem> {
    let changes = api.registry().read(|state| state.directory.differences(from, to));
    let name = format!("{from}–{to}");
    let changes = changes.ok_or(RegistryError::NoSuch { kind: "publication", name })?;
    Ok(Json(changes.into_iter().map(Told::from).collect()))
}

type Decided = Result<Vec<Event>, RegistryError>;

/// Makes a new proposal.
async fn created(
    api: &Api,
    who: (&Caller, &Key),
    what: (Act, Option<&AgencyCode>, &str),
    decide: impl FnMut(&State, &Moment) -> Decided,
) -> Result<Created, Problem> {
    let receipt = on::act(api, who, what, decide).await?;
    api.registry().read(|state| {
        let found = state.directory.iter().rfind(|proposal| proposal.proposed().seq == receipt.from);
        let none = || RegistryError::NoSuch { kind: "proposal", name: what.2.to_owned() };
        let id = found.ok_or_else(none)?.id.to_string();
        Ok(Created { id, version: receipt.from })
    })
}

/// Does something to a proposal.
async fn change(
    api: &Api,
    on: &On<ProposalId>,
    (act, verb): (Act, &str),
    decide: impl FnMut(&State, &Moment) -> Decided,
) -> Result<Done, Problem> {
    on.act(api, (act, None, &format!("directory/changes/{}/{verb}", on.id)), decide).await
}
