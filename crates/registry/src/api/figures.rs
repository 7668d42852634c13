//! Figures: how many there are of what a person may see. Each is the length of a list that the API gives.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Kept;
use base::Ts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, limit, skip};
use super::sight::Sight;
use super::{Api, Caller, Paged};
use crate::agency::AgencyCode;
use crate::grant::{Grant, Standing};
use crate::request::{Request, Whose, agency_of, overdue};
use crate::state::{State, vietnam_day};
use crate::{RegistryError, gate, incident};

/// Days ahead, unless said: the first warning of the gate comes 30 days before.
const DAYS: u16 = 30;
/// Days ahead at most.
const DAYS_MAX: u16 = 366;
const DAY_US: i64 = 86_400_000_000;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(figures))
        .routes(routes!(by_agency))
        .routes(routes!(by_service))
        .routes(routes!(ending))
}

/// How far ahead to look.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Ahead {
    /// What ends within so many days, 1 to 366; 30 unless said.
    days: Option<u16>,
}

/// The last moment of the days ahead.
fn last(days: Option<u16>, now: Ts) -> Result<Ts, RegistryError> {
    let days = days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(RegistryError::invalid("days", "từ 1 đến 366", "1 to 366"));
    }
    Ok(Ts(now.0.saturating_add(i64::from(days) * DAY_US)))
}

fn ends(grant: &Grant, now: Ts, last: Ts) -> bool {
    grant.standing(now) == Standing::InForce && grant.terms.until.is_some_and(|until| until <= last)
}

/// Grants that count: not replaced, in force, and the person sees them.
fn in_force<'a>(state: &'a State, sight: &'a Sight<'_>, now: Ts) -> impl Iterator<Item = &'a Grant> {
    let counts = state.grants.all().filter(|held| held.replaced_by.is_none()).map(|held| &held.grant);
    counts.filter(move |grant| grant.standing(now) == Standing::InForce && sight.grant(grant))
}

/// What leaders ask for first.
#[derive(Serialize, ToSchema)]
struct Figures {
    /// Requests by where they stand: `open`, `returned`, `refused`, `withdrawn`, `live`.
    requests: BTreeMap<&'static str, usize>,
    /// Requests of which something is past its limit.
    requests_overdue: usize,
    /// Incidents of which an obligation is past its limit.
    incidents_overdue: usize,
    /// Grants in force.
    grants: usize,
    /// Grants in force that end within the days ahead.
    grants_ending: usize,
    /// Documents of the gate that end soon: see `/gate/warnings`.
    papers_ending: usize,
}

/// Counts requests, grants and what is overdue or ends soon, as far as the person sees them.
#[utoipa::path(get, path = "/figures", tag = "figures", params(Ahead),
    responses((status = 200, body = Figures), (status = 422, description = "EX-2002")))]
async fn figures(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(Ahead { days }): Asked<Ahead>,
) -> Result<Json<Figures>, Problem> {
    let now = api.now();
    let last = last(days, now)?;
    Ok(Json(api.registry().read(|state| {
        let (sight, rules) = (Sight::new(state, &person, now), api.registry().rules());
        let seen: Vec<&Request> = state.requests.iter().filter(|request| sight.request(request)).collect();
        let mut requests = BTreeMap::new();
        for request in &seen {
            *requests.entry(request.status.name()).or_insert(0) += 1;
        }
        let mut late: Vec<_> = overdue(state, rules, now).into_iter().map(|late| late.request).collect();
        late.sort();
        late.dedup();
        late.retain(|id| state.requests.get(id).is_some_and(|request| sight.request(request)));
        let incidents = incident::overdue(state, now).into_iter().filter(|late| sight.at(Some(&late.agency)));
        let mut incidents: Vec<_> = incidents.map(|late| late.incident).collect();
        incidents.sort();
        incidents.dedup();
        let papers = gate::warnings(state, rules, now);
        let (mut grants, mut grants_ending) = (0, 0);
        for grant in in_force(state, &sight, now) {
            grants += 1;
            grants_ending += usize::from(ends(grant, now, last));
        }
        Figures {
            requests,
            requests_overdue: late.len(),
            incidents_overdue: incidents.len(),
            grants,
            grants_ending,
            papers_ending: papers.iter().filter(|warning| sight.party(&warning.party)).count(),
        }
    })))
}

/// What an agency has and wants.
#[derive(Default, Serialize, ToSchema)]
struct OfAgency {
    /// Grants in force that it holds.
    grants: usize,
    /// Requests of it on their way.
    requests: usize,
}

/// Counts grants in force and pending requests by the agency that has them: its code, or the code of the member for which
/// no agency answers.
#[utoipa::path(get, path = "/figures/agencies", tag = "figures",
    responses((status = 200, body = BTreeMap<String, OfAgency>)))]
async fn by_agency(Kept(api): Kept<Api>, Caller(person): Caller) -> Json<BTreeMap<String, OfAgency>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let (sight, day) = (Sight::new(state, &person, now), vietnam_day(now));
        let mut counts: BTreeMap<String, OfAgency> = BTreeMap::new();
        for grant in in_force(state, &sight, now) {
            let member = &grant.to.member;
            let agency = state.agencies.of_member(member, day);
            let name = agency.map_or_else(|| member.code.to_string(), |code| code.to_string());
            counts.entry(name).or_default().grants += 1;
        }
        let pending = state.requests.iter().filter(|one| one.status.is_pending() && sight.request(one));
        for request in pending {
            let agency = agency_of(state, request, Whose::Consumer, day);
            counts
                .entry(agency.unwrap_or_else(|| request.agency.clone()).to_string())
                .or_default()
                .requests += 1;
        }
        counts
    }))
}

/// Whose services.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Owned {
    /// The data owner.
    #[param(value_type = String)]
    owner: AgencyCode,
}

/// Counts the grants in force on each service of a data owner; services without any are left out.
#[utoipa::path(get, path = "/figures/services", tag = "figures", params(Owned),
    responses((status = 200, body = BTreeMap<String, usize>)))]
async fn by_service(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(Owned { owner }): Asked<Owned>,
) -> Json<BTreeMap<String, usize>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let count = |held: &&crate::grant::Held| {
            held.replaced_by.is_none()
                && held.grant.standing(now) == Standing::InForce
                && sight.grant(&held.grant)
        };
        let owned = state.services.iter().filter(|service| service.owner == owner);
        let counted = owned.map(|service| {
            (service.id.to_string(), state.grants.on_service(&service.id).filter(count).count())
        });
        counted.filter(|(_, count)| *count > 0).collect()
    }))
}

/// Which grants that end.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// Those that end within so many days, 1 to 366; 30 unless said.
    days: Option<u16>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

/// Lists grants in force that end within some days, the soonest first.
#[utoipa::path(get, path = "/grants/ending", tag = "figures", params(Ending),
    responses((status = 200, body = Paged<Object>), (status = 422, description = "EX-2002")))]
async fn ending(
    Kept(api): Kept<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Ending>,
) -> Result<Json<Paged<Grant>>, Problem> {
    let now = api.now();
    let (limit, skip, last) = (limit(wanted.limit)?, skip(wanted.after.as_deref())?, last(wanted.days, now)?);
    let found = api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let mut found: Vec<&Grant> =
            in_force(state, &sight, now).filter(|grant| ends(grant, now, last)).collect();
        found.sort_by_key(|grant| grant.terms.until);
        found.into_iter().skip(skip).take(limit + 1).cloned().collect()
    });
    Ok(Json(Paged::behind(found, skip, limit)))
}
