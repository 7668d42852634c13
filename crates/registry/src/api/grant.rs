//! Grants: what each consumer may ask of each service, how it is changed, and why a call would be refused.

use axum::Json;
use axum::extract::State as Kept;
use axum::response::Response;
use base::{PartyId, ServiceId, Ts};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::on::{Id, Numbered, On};
use super::request::{Asked, Because, Done, Input, limit, with_version};
use super::sight::Sight;
use super::{Api, Caller, Paged};
use crate::agency::AgencyCode;
use crate::grant::{
    self, Change, Explanation, Grant, GrantId, Held, HypotheticalCall, Pause, Renew, Standing, Terms, explain,
};
use crate::people::Act;
use crate::request::who;
use crate::state::{Moment, State, vietnam_day};
use crate::{Event, RegistryError};

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
    /// Only those on services of this data owner.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// Only those held by systems for which this agency or one below it answers.
    #[param(value_type = Option<String>)]
    holder: Option<AgencyCode>,
    /// Only those that stand so now.
    #[param(inline)]
    state: Option<Stands>,
}

impl Wanted {
    /// Where to look, newest first.
    fn candidates<'a>(&'a self, state: &'a State) -> Box<dyn Iterator<Item = &'a Held> + 'a> {
        match (&self.service, &self.consumer) {
            (Some(service), _) => Box::new(state.grants.on_service(service).rev()),
            (None, Some(consumer)) => Box::new(state.grants.of_consumer(consumer).rev()),
            (None, None) => Box::new(state.grants.all().rev()),
        }
    }

    fn fits(&self, state: &State, (grant, stands): (&Grant, Stands), day: Date) -> bool {
        let owner = |owner: &AgencyCode| {
            state.services.get(&grant.service).is_some_and(|service| service.owner == *owner)
        };
        let holder = |holder: &AgencyCode| {
            let own = state.agencies.of_member(&grant.to.member, day);
            let asked =
                grant.request().and_then(|id| state.requests.get(&id)).map(|request| request.agency.clone());
            [own, asked].into_iter().flatten().any(|agency| state.agencies.is_within(&agency, holder, day))
        };
        self.state.is_none_or(|wanted| wanted == stands)
            && self.consumer.as_ref().is_none_or(|consumer| grant.to == *consumer)
            && self.owner.as_ref().is_none_or(owner)
            && self.holder.as_ref().is_none_or(holder)
    }
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

impl Numbered for GrantId {
    const KIND: &'static str = "grant";

    fn number(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn acts(&self, state: &State) -> Vec<i64> {
        let held = state.grants.held(self).into_iter();
        held.flat_map(|held| &held.history).map(|entry| entry.seq).collect()
    }
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
    on: &On<GrantId>,
    verb: &str,
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let (id, now) = (&on.id, api.now());
    let agency = api.registry().read(|state| owner(state, id, now));
    on.act(api, (Act::GrantChange, agency.as_ref(), &format!("grant/{id}/{verb}")), decide).await
}

/// Lists grants, newest first, replaced ones too.
#[utoipa::path(get, path = "/grants", tag = "grants", params(Wanted), responses((status = 200, body = Paged<Object>)))]
async fn list(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<GrantRow>>, Problem> {
    let (limit, now, day) = (limit(wanted.limit)?, api.now(), api.today());
    let none = |text: &str| RegistryError::NoSuch { kind: "grant", name: text.to_owned() };
    let after =
        wanted.after.as_deref().map(|text| GrantId::number(text).ok_or_else(|| none(text))).transpose()?;
    let rows = api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let rest =
            wanted.candidates(state).skip_while(|held| after.as_ref().is_some_and(|id| held.grant.id != *id));
        rest.skip(usize::from(after.is_some()))
            .map(|held| (held, Stands::of(held, now)))
            .filter(|(held, stands)| {
                wanted.fits(state, (&held.grant, *stands), day) && sight.grant(&held.grant)
            })
            .take(limit + 1)
            .map(|(held, state)| GrantRow { grant: held.grant.clone(), state })
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
async fn one(Kept(api): Kept<Api>, Caller(person): Caller, Id(id): Id<GrantId>) -> Result<Response, Problem> {
    let now = api.now();
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "grant", name: id.to_string() };
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
    on: On<GrantId>,
    Input(NewTerms { terms, reason }): Input<NewTerms>,
) -> Result<Done, Problem> {
    let input = Change { id: on.id.clone(), if_version: on.if_version, terms, reason };
    act(&api, &on, "change", |state, moment| grant::change(state, moment, &input)).await
}

/// Suspends a grant; it can be resumed.
#[utoipa::path(post, path = "/grants/{id}/suspend", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn suspend(
    Kept(api): Kept<Api>,
    on: On<GrantId>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&on, because);
    act(&api, &on, "suspend", |state, moment| grant::suspend(state, moment, &input)).await
}

/// Puts a suspended grant in force again.
#[utoipa::path(post, path = "/grants/{id}/resume", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn resume(
    Kept(api): Kept<Api>,
    on: On<GrantId>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&on, because);
    act(&api, &on, "resume", |state, moment| grant::resume(state, moment, &input)).await
}

/// Revokes a grant for good.
#[utoipa::path(post, path = "/grants/{id}/revoke", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn revoke(
    Kept(api): Kept<Api>,
    on: On<GrantId>,
    Input(because): Input<Because>,
) -> Result<Done, Problem> {
    let input = pause(&on, because);
    act(&api, &on, "revoke", |state, moment| grant::revoke(state, moment, &input)).await
}

/// Gives a grant more time.
#[utoipa::path(post, path = "/grants/{id}/renew", tag = "grants",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = MoreTime,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn renew(
    Kept(api): Kept<Api>,
    on: On<GrantId>,
    Input(MoreTime { until, reason }): Input<MoreTime>,
) -> Result<Done, Problem> {
    let input = Renew { id: on.id.clone(), if_version: on.if_version, until, reason };
    act(&api, &on, "renew", |state, moment| grant::renew(state, moment, &input)).await
}

fn pause(on: &On<GrantId>, Because { reason }: Because) -> Pause {
    Pause { id: on.id.clone(), if_version: on.if_version, reason }
}
