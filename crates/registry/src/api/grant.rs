//! Grants: what each consumer may ask of each service, how it is changed, and why a call would be refused.

use axum::Json;
use axum::extract::{Path, State as Kept};
use axum::response::Response;
use base::{PartyId, ServiceId, Ts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, Because, Done, Input, done, limit, with_version};
use super::sight::Sight;
use super::{Api, Caller, Key, Paged, Seen};
use crate::agency::AgencyCode;
use crate::grant::{
    self, Change, Explanation, Grant, GrantId, Held, HypotheticalCall, Pause, Renew, Standing, Terms, explain,
};
use crate::people::Act;
use crate::request::who;
use crate::state::{Moment, State, vietnam_day};
use crate::{Deed, Event, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(why))
        .routes(routes!(one, change))
        .routes(routes!(suspend))
        .routes(routes!(resume))
        .routes(routes!(revoke))
        .routes(routes!(renew))
}

/// How a grant stands, as lists are asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// It counts.
    InForce,
    /// Not at present.
    Suspended,
    /// Never again.
    Revoked,
    /// Its time is over; it can be renewed.
    Ended,
    /// A newer one took its place.
    Replaced,
}

impl Stands {
    fn of(held: &Held, now: Ts) -> Self {
        match held.grant.standing(now) {
            _ if held.replaced_by.is_some() => Self::Replaced,
            Standing::InForce => Self::InForce,
            Standing::Suspended => Self::Suspended,
            Standing::Revoked => Self::Revoked,
            Standing::Ended => Self::Ended,
        }
    }
}

/// Which grants are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
    /// Only those of this consumer.
    #[param(value_type = Option<String>)]
    consumer: Option<PartyId>,
    /// Only those on this service.
    #[param(value_type = Option<String>)]
    service: Option<ServiceId>,
    /// Only those that stand so now.
    #[param(inline)]
    state: Option<Stands>,
}

/// A grant with how it stands now.
#[derive(Serialize, ToSchema)]
struct GrantRow {
    /// The grant.
    #[schema(value_type = Object)]
    grant: Grant,
    /// How it stands now.
    #[schema(inline)]
    state: Stands,
}

/// A grant with everything that happened to it.
#[derive(Serialize, ToSchema)]
struct GrantView {
    /// How it stands now.
    #[schema(inline)]
    state: Stands,
    /// The grant, its version, what replaced it, its history.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    held: Held,
}

/// New terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTerms {
    /// The terms from now on, all of them.
    #[schema(value_type = Object)]
    terms: Terms,
    /// Why, with the decision that it rests on.
    reason: String,
}

/// More time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoreTime {
    /// Until when (exclusive), in microseconds since 1970; `null` means without end, and must be said.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = Option<i64>)]
    until: Option<Ts>,
    /// Why, with the decision that it rests on.
    reason: String,
}

/// What shall be explained: what the consumer may ask of the service, and a call where something of it is named.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Question {
    /// Who would call.
    #[param(value_type = String)]
    consumer: PartyId,
    /// Which service.
    #[param(value_type = String)]
    service: ServiceId,
    /// HTTP method.
    method: Option<String>,
    /// Path behind the service's code.
    path: Option<String>,
    /// The purpose that the call states.
    purpose: Option<String>,
    /// The officer that it names.
    officer: Option<String>,
    /// The dossier that it quotes.
    dossier: Option<String>,
    /// How strongly the officer signed in, 0 to 3.
    sign_in: Option<u8>,
    /// How many calls were made on that day before it.
    calls_today: Option<u64>,
    /// When, in microseconds since 1970; now unless said.
    #[param(value_type = Option<i64>)]
    at: Option<Ts>,
}

impl Question {
    fn call(self) -> Option<HypotheticalCall> {
        let Self { method, path, purpose, officer, dossier, sign_in, calls_today, at, .. } = self;
        let texts = [&method, &path, &purpose, &officer, &dossier];
        let is_call = texts.iter().any(|text| text.is_some())
            || sign_in.is_some()
            || calls_today.is_some()
            || at.is_some();
        is_call.then(|| HypotheticalCall {
            method: method.unwrap_or_default(),
            path: path.unwrap_or_default(),
            purpose,
            officer,
            dossier,
            sign_in: sign_in.unwrap_or_default(),
            calls_today: calls_today.unwrap_or_default(),
            at,
        })
    }
}

/// The number in a path. What is none names nothing.
fn id(text: &str) -> Result<GrantId, RegistryError> {
    text.parse().map_err(|_| RegistryError::NoSuch { kind: "grant", name: text.to_owned() })
}

/// The data owner who gave it; who took over its tasks decides in its place.
fn owner(state: &State, id: &GrantId, now: Ts) -> Option<AgencyCode> {
    let grant = state.grants.get(id)?;
    let service = state.services.get(&grant.service)?;
    Some(who::current(state, &service.owner, vietnam_day(now)))
}

/// Does something to a grant in the name of a person of the data owner.
async fn act(
    api: &Api,
    (Caller(person), Key(key)): (&Caller, &Key),
    (id, verb): (&GrantId, &str),
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let (now, registry) = (api.now(), api.registry());
    let agency = registry.read(|state| owner(state, id, now));
    let subject = format!("grant/{id}/{verb}");
    let deed =
        Deed { act: Act::GrantChange, agency: agency.as_ref(), subject: &subject, key: key.as_deref() };
    let receipt = registry.act_once(person, &deed, decide).await?;
    Ok(registry.read(|state| {
        let history = state.grants.held(id).map(|held| &held.history[..]).unwrap_or_default();
        done(&receipt, history.iter().map(|entry| entry.seq))
    }))
}

/// Lists grants, newest first, replaced ones too.
#[utoipa::path(get, path = "/grants", tag = "grants", params(Wanted), responses((status = 200, body = Paged<Object>)))]
async fn list(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<GrantRow>>, Problem> {
    let (limit, now) = (limit(wanted.limit)?, api.now());
    let after = wanted.after.as_deref().map(id).transpose()?;
    let rows = api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let newest_first = state.grants.iter().rev();
        let rest = newest_first.skip_while(|grant| after.as_ref().is_some_and(|id| grant.id != *id));
        rest.skip(usize::from(after.is_some()))
            .filter(|grant| wanted.consumer.as_ref().is_none_or(|consumer| grant.to == *consumer))
            .filter(|grant| wanted.service.as_ref().is_none_or(|service| grant.service == *service))
            .filter_map(|grant| Some((grant, Stands::of(state.grants.held(&grant.id)?, now))))
            .filter(|(grant, stands)| {
                wanted.state.is_none_or(|wanted| wanted == *stands) && sight.grant(grant)
            })
            .take(limit + 1)
            .map(|(grant, state)| GrantRow { grant: grant.clone(), state })
            .collect()
    });
    Ok(Json(Paged::of(rows, limit, |row: &GrantRow| row.grant.id.to_string())))
}

/// Says in sentences what a consumer may ask of a service and why a call would be refused.
#[utoipa::path(get, path = "/grants/explain", tag = "grants", params(Question), responses((status = 200, body = Object,
    example = json!({ "allowed": false, "vi": "…", "en": "…", "why": ["purpose"] }))))]
async fn why(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(question): Asked<Question>,
) -> Result<Json<Explanation>, Problem> {
    let now = api.now();
    let (consumer, service) = (question.consumer.clone(), question.service.clone());
    let call = question.call();
    api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        if !sight.party(&consumer) && !sight.party(&service.provider.party()) {
            return Err(RegistryError::Forbidden(Act::Read.name()).into());
        }
        let rules = api.registry().rules();
        Ok(Json(explain(state, rules, (&consumer, &service), call.as_ref(), now)))
    })
}

/// Shows a grant with its history.
#[utoipa::path(get, path = "/grants/{id}", tag = "grants", params(("id" = String, Path)),
    responses((status = 200, body = GrantView, headers(("ETag" = String)))))]
async fn one(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let (id, now) = (id(&number)?, api.now());
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "grant", name: number.clone() };
        let held = state.grants.held(&id).ok_or_else(none)?;
        if !Sight::new(state, &person, now).grant(&held.grant) {
            return Err(RegistryError::Forbidden(Act::Read.name()).into());
        }
        let whole = GrantView { state: Stands::of(held, now), held: held.clone() };
        Ok(with_version(held.version, whole))
    })
}

/// Changes the terms; the next call meets them.
#[utoipa::path(patch, path = "/grants/{id}", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = NewTerms,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002, EX-2016")))]
async fn change(
    Kept(api): Kept<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    Path(number): Path<String>,
    Input(NewTerms { terms, reason }): Input<NewTerms>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Change { id: id.clone(), if_version, terms, reason };
    let decide = |state: &State, moment: &Moment| grant::change(state, moment, &input);
    act(&api, (&caller, &key), (&id, "change"), decide).await
}

/// Suspends a grant; it can be resumed.
#[utoipa::path(post, path = "/grants/{id}/suspend", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn suspend(
    Kept(api): Kept<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    Path(number): Path<String>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&number, seen, because)?;
    let decide = |state: &State, moment: &Moment| grant::suspend(state, moment, &input);
    act(&api, (&caller, &key), (&input.id, "suspend"), decide).await
}

/// Puts a suspended grant in force again.
#[utoipa::path(post, path = "/grants/{id}/resume", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn resume(
    Kept(api): Kept<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    Path(number): Path<String>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&number, seen, because)?;
    let decide = |state: &State, moment: &Moment| grant::resume(state, moment, &input);
    act(&api, (&caller, &key), (&input.id, "resume"), decide).await
}

/// Revokes a grant for good.
#[utoipa::path(post, path = "/grants/{id}/revoke", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn revoke(
    Kept(api): Kept<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    Path(number): Path<String>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&number, seen, because)?;
    let decide = |state: &State, moment: &Moment| grant::revoke(state, moment, &input);
    act(&api, (&caller, &key), (&input.id, "revoke"), decide).await
}

/// Gives a grant more time.
#[utoipa::path(post, path = "/grants/{id}/renew", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = MoreTime,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn renew(
    Kept(api): Kept<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    Path(number): Path<String>,
    Input(MoreTime { until, reason }): Input<MoreTime>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Renew { id: id.clone(), if_version, until, reason };
    let decide = |state: &State, moment: &Moment| grant::renew(state, moment, &input);
    act(&api, (&caller, &key), (&id, "renew"), decide).await
}

fn pause(number: &str, seen: Seen, Because { reason }: Because) -> Result<Pause, RegistryError> {
    Ok(Pause { id: id(number)?, if_version: seen.of(true)?, reason })
}
