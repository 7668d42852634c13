//! Connection requests: asking, deciding, handing in again; what is late, and how data owners answer.

mod attachment;
mod list;

use axum::Json;
use axum::extract::State as Held;
use axum::response::Response;
use base::PartyId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, At, Because, Created, Done, Input, done, with_version};
use super::sight::{Sight, place};
use super::{Api, Caller, Key, Seen};
use crate::agency::AgencyCode;
use crate::gate::checklist::About;
use crate::gate::filing::{FilingId, Standing};
use crate::grant::Terms;
use crate::people::{Act, Role};
use crate::request::{
    self, Ask, Close, Contact, Decision, Late, OwnerBoard, Request, RequestId, Resubmit, Take, Whose,
    Withdraw, agency_of, stands_against, who,
};
use crate::state::{Moment, State, vietnam_day};
use crate::text::Text;
use crate::{Deed, Event, RegistryError, Rules, gate, incident};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(open, list::list))
        .routes(routes!(one))
        .routes(routes!(step))
        .routes(routes!(withdraw))
        .routes(routes!(resubmit))
        .routes(routes!(close_task))
        .routes(routes!(hoarding))
        .routes(routes!(overdue))
        .merge(attachment::routes())
}

/// Who has to act now.
#[derive(Serialize, ToSchema)]
struct Holder {
    /// Whose person: `consumer`, `consumer_root`, `provider`, `platform`.
    #[schema(value_type = String)]
    whose: Whose,
    /// In which role.
    #[schema(value_type = String)]
    role: Role,
    /// At which agency; absent for the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Whole working days that are left; 0 on the last day and past it.
    working_days_left: u32,
    /// Whole working days past the limit.
    working_days_late: u32,
    /// The limit is over: shown in red.
    overdue: bool,
}

/// A request with what follows from it now.
#[derive(Serialize, ToSchema)]
struct RequestView {
    /// The request with its documents, tasks, stays and history.
    #[schema(value_type = Object)]
    request: Request,
    /// Who has to act; absent when it is at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<Holder>,
    /// What stands against going live: open tasks, and what the gates of both sides miss, with the party.
    stands_against: Vec<String>,
    /// The second half of that, for programs.
    missed: Vec<Missed>,
}

/// What the gate of one side misses.
#[derive(Serialize, ToSchema)]
struct Missed {
    /// Code of the item.
    item: String,
    /// Its name.
    #[schema(value_type = Object)]
    title: Text,
    /// Who must show it.
    #[schema(value_type = String)]
    party: PartyId,
    /// Whether it is shown for this connection; else once for the party.
    of_connection: bool,
    /// What was filed for it and waits for a second person.
    #[schema(value_type = Option<u64>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<FilingId>,
}

impl Missed {
    /// What the gates of both sides miss, without what an open task will show.
    fn of(state: &State, rules: &Rules, request: &Request, now: base::Ts) -> Vec<Self> {
        let mut parties = vec![&request.consumer];
        let provider = request.service.provider.party();
        // Who asks for a service of its own is both sides.
        parties.extend(Some(&provider).filter(|provider| **provider != request.consumer));
        let checklist = rules.checklists.on(vietnam_day(now));
        let missed = parties.into_iter().flat_map(|party| {
            let failing = gate::failing(state, rules, party, Some(&request.id), now);
            failing.into_iter().map(move |failing| {
                let about = checklist.and_then(|list| list.item(&failing.item)).map(|item| item.about);
                let of_connection = about == Some(About::Connection);
                let about = Some(&request.id).filter(|_| of_connection);
                let mut filings = state.gate.filings(party, about, &failing.item);
                let waiting =
                    filings.rfind(|filed| filed.standing == Standing::Waiting).map(|filed| filed.id);
                Self {
                    item: failing.item,
                    title: failing.title,
                    party: party.clone(),
                    of_connection,
                    waiting,
                }
            })
        });
        missed.filter(|missed| request.open_tasks().all(|task| task.code != missed.item)).collect()
    }
}

impl Holder {
    fn of(state: &State, rules: &Rules, request: &Request, now: base::Ts) -> Option<Self> {
        let (whose, role) = request.waits_for()?;
        Some(Self {
            whose,
            role,
            agency: agency_of(state, request, whose, vietnam_day(now)),
            working_days_left: rules.calendar.working_days_between(now, request.due),
            working_days_late: rules.calendar.working_days_between(request.due, now),
            overdue: request.due < now,
        })
    }
}

/// What the consumer corrects. What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// Remark.
    #[serde(default)]
    comment: String,
    /// What is asked for now.
    #[schema(value_type = Option<Object>)]
    terms: Option<Terms>,
    /// Why.
    reason: Option<String>,
    /// Whom to ask.
    #[schema(value_type = Option<Vec<Object>>)]
    contacts: Option<Vec<Contact>>,
}

/// What came out of a task.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Conclusion {
    /// What came out of it.
    conclusion: String,
}

/// Whose boards are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Owners {
    /// Only this data owner.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
}

/// The number in a path. What is none names nothing.
fn id(text: &str) -> Result<RequestId, RegistryError> {
    text.parse().map_err(|_| RegistryError::NoSuch { kind: "request", name: text.to_owned() })
}

/// A request that the person sees.
fn seen<'a>(state: &'a State, sight: &Sight<'_>, id: &RequestId) -> Result<&'a Request, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "request", name: id.to_string() };
    let request = state.requests.get(id).ok_or_else(none)?;
    if sight.request(request) { Ok(request) } else { Err(RegistryError::Forbidden(Act::Read.name())) }
}

/// Where something may be done to a request: first at whoever it waits for, then at whoever takes part.
fn places(state: &State, act: Act, id: &RequestId, now: base::Ts) -> Vec<Option<AgencyCode>> {
    let Some(request) = state.requests.get(id) else { return Vec::new() };
    let at = |whose| agency_of(state, request, whose, vietnam_day(now));
    if act == Act::RequestMake {
        return vec![at(Whose::Consumer)];
    }
    let part = [Whose::Consumer, Whose::Provider, Whose::ConsumerRoot, Whose::Platform];
    request.waits_for().map(|(whose, _)| whose).into_iter().chain(part).map(at).collect()
}

/// Does something to a request in the name of a person.
async fn change(
    api: &Api,
    (Caller(person), Key(key)): (&Caller, &Key),
    (act, id, verb): (Act, &RequestId, &str),
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let now = api.now();
    let registry = api.registry();
    let agency =
        registry.read(|state| place((state, person, vietnam_day(now)), act, &places(state, act, id, now)));
    let subject = format!("request/{id}/{verb}");
    let deed = Deed { act, agency: agency.as_ref(), subject: &subject, key: key.as_deref() };
    let receipt = registry.act_once(person, &deed, decide).await?;
    Ok(registry.read(|state| {
        let history = state.requests.get(id).map(|request| &request.history[..]).unwrap_or_default();
        done(&receipt, history.iter().map(|entry| entry.seq))
    }))
}

/// Asks for a service.
#[utoipa::path(post, path = "/requests", tag = "requests", request_body(content = Object,
    description = "consumer, agency, service, terms, reason, contacts",
    example = json!({ "consumer": "VN/GOV/H17/MOT-CUA", "agency": "000.00.00.H17", "service": "VN/GOV/G01/DAN-CU/tra-cuu",
        "terms": { "fields": ["hoTen"], "purposes": ["giai-quyet-tthc"], "legal_basis": "Điều 7 Nghị định 278/2025/NĐ-CP" },
        "reason": "Giải quyết thủ tục hành chính", "contacts": [{ "kind": "technical", "name": "Phòng CNTT", "phone": "0236 1022" }] })),
    responses((status = 201, body = Created), (status = 409, description = "EX-2005: one is on its way"), (status = 422, description = "EX-2002, EX-2016")))]
async fn open(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Key(key): Key,
    Input(ask): Input<Ask>,
) -> Result<Created, Problem> {
    let registry = api.registry();
    let day = vietnam_day(api.now());
    let agency = registry.read(|state| who::current(state, &ask.agency, day));
    let subject = format!("requests/{}/{}", ask.consumer, ask.service);
    let deed = Deed { act: Act::RequestMake, agency: Some(&agency), subject: &subject, key: key.as_deref() };
    let decide =
        |state: &State, moment: &Moment| request::open(state, registry.rules(), moment, &person, &ask);
    let receipt = registry.act_once(&person, &deed, decide).await?;
    registry.read(|state| {
        let opened =
            |request: &&Request| request.history.first().map(|entry| entry.seq) == Some(receipt.from);
        let found = state.requests.iter().rfind(opened).map(|request| request.id.to_string());
        let id = found.ok_or_else(|| RegistryError::NoSuch { kind: "request", name: subject.clone() })?;
        Ok(Created { id, version: receipt.from })
    })
}

/// Shows a request: where it stands, who holds it, how long, what happened, what stands against going live.
#[utoipa::path(get, path = "/requests/{id}", tag = "requests", params(("id" = String, Path)),
    responses((status = 200, body = RequestView, headers(("ETag" = String)))))]
async fn one(
    Held(api): Held<Api>,
    Caller(person): Caller,
    At(number): At<String>,
) -> Result<Response, Problem> {
    let (id, now, rules) = (id(&number)?, api.now(), api.registry().rules());
    api.registry().read(|state| {
        let request = seen(state, &Sight::new(state, &person, now), &id)?;
        let holder = Holder::of(state, rules, request, now);
        let pending = request.status.is_pending();
        let stands_against = if pending { stands_against(state, rules, request, now) } else { Vec::new() };
        let missed = if pending { Missed::of(state, rules, request, now) } else { Vec::new() };
        let whole = RequestView { request: request.clone(), holder, stands_against, missed };
        Ok(with_version(request.version, whole))
    })
}

/// Takes the step at which a request stands: approve, return for correction, refuse.
#[utoipa::path(post, path = "/requests/{id}/steps", tag = "requests",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body(content = Object,
    description = "decision: approve (comment, terms), return (comment), refuse (reason, legal_basis)",
    example = json!({ "decision": "refuse", "reason": "Ngoài phạm vi được chia sẻ", "legal_basis": "Điều 7 Nghị định 278/2025/NĐ-CP" })),
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010, EX-2013"), (status = 422, description = "EX-2011, EX-2012")))]
async fn step(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(decision): Input<Decision>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let take = Take { id: id.clone(), if_version, step: None, decision };
    let (rules, person) = (api.registry().rules(), &caller.0);
    let decide = |state: &State, moment: &Moment| request::take(state, rules, moment, person, &take);
    change(&api, (&caller, &key), (Act::RequestStep, &id, "steps"), decide).await
}

/// Takes a request back.
#[utoipa::path(post, path = "/requests/{id}/withdraw", tag = "requests",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn withdraw(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(Because { reason }): Input<Because>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Withdraw { id: id.clone(), if_version, reason };
    let decide = |state: &State, moment: &Moment| request::withdraw(state, moment, &caller.0, &input);
    change(&api, (&caller, &key), (Act::RequestMake, &id, "withdraw"), decide).await
}

/// Hands a returned request in again.
#[utoipa::path(post, path = "/requests/{id}/resubmit", tag = "requests",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Correction,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn resubmit(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(correction): Input<Correction>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let Correction { comment, terms, reason, contacts } = correction;
    let input = Resubmit { id: id.clone(), if_version, comment, terms, reason, contacts };
    let (rules, person) = (api.registry().rules(), &caller.0);
    let decide = |state: &State, moment: &Moment| request::resubmit(state, rules, moment, person, &input);
    change(&api, (&caller, &key), (Act::RequestMake, &id, "resubmit"), decide).await
}

/// Closes a task of a request, such as its risk assessment.
#[utoipa::path(post, path = "/requests/{id}/tasks/{code}/close", tag = "requests",
    params(("id" = String, Path), ("code" = String, Path), ("If-Match" = String, Header)), request_body = Conclusion,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2012")))]
async fn close_task(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At((number, task)): At<(String, String)>,
    Input(Conclusion { conclusion }): Input<Conclusion>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let verb = format!("tasks/{task}/close");
    let input = Close { id: id.clone(), if_version, task, conclusion };
    let (rules, person) = (api.registry().rules(), &caller.0);
    let decide = |state: &State, moment: &Moment| request::close_task(state, rules, moment, person, &input);
    change(&api, (&caller, &key), (Act::RequestStep, &id, &verb), decide).await
}

/// Shows how each data owner answers, worst silence first: refusals with officer, time, reason and legal basis, silence,
/// late decisions. Each figure is the list of the requests behind it.
#[utoipa::path(get, path = "/hoarding", tag = "requests", params(Owners), responses((status = 200, body = Vec<Object>)))]
async fn hoarding(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Asked(Owners { owner }): Asked<Owners>,
) -> Json<Vec<OwnerBoard>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let wanted = owner.map(|owner| who::current(state, &owner, vietnam_day(now)));
        let mut boards = request::hoarding(state, api.registry().rules(), now);
        boards.retain(|board| wanted.as_ref().is_none_or(|owner| board.owner == *owner));
        boards.retain(|board| sight.at(Some(&board.owner)));
        boards
    }))
}

/// Something past its limit.
#[derive(Serialize)]
#[serde(untagged)]
enum PastLimit {
    /// Of a request.
    Request(Late),
    /// Of the file of an incident.
    Incident(incident::Late),
}

impl PastLimit {
    const fn due(&self) -> base::Ts {
        match self {
            Self::Request(late) => late.due,
            Self::Incident(late) => late.due,
        }
    }
}

/// Lists everything past its limit, the longest first: steps, corrections and tasks of requests, obligations of incidents.
#[utoipa::path(get, path = "/overdue", tag = "requests", responses((status = 200, body = Vec<Object>)))]
async fn overdue(Held(api): Held<Api>, Caller(person): Caller) -> Json<Vec<PastLimit>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let requests = request::overdue(state, api.registry().rules(), now).into_iter();
        let seen = |late: &Late| state.requests.get(&late.request).is_some_and(|one| sight.request(one));
        let incidents = incident::overdue(state, now).into_iter().filter(|late| sight.at(Some(&late.agency)));
        let requests = requests.filter(seen).map(PastLimit::Request);
        let mut late: Vec<PastLimit> = requests.chain(incidents.map(PastLimit::Incident)).collect();
        // The sort is stable: those that ended together stay in the order of their numbers.
        late.sort_by_key(PastLimit::due);
        late
    }))
}
