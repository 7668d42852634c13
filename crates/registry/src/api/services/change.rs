//! Entering services and taking them through their life.

use std::collections::BTreeSet;

use axum::extract::State;
use base::{ServiceId, SubsystemId};
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::super::request::{Done, Input};
use super::super::rights::{permit, place};
use super::super::{Api, Caller, Key, Seen};
use super::{Named, id};
use crate::agency::AgencyCode;
use crate::people::{Act, Person};
use crate::registry::{Deed, Receipt};
use crate::service::{self, Deprecation, Draft, Entry, Given, HandOver, Publication, Withdrawal};
use crate::{Event, Moment, RegistryError};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(put))
        .routes(routes!(publish))
        .routes(routes!(deprecate))
        .routes(routes!(withdraw))
        .routes(routes!(hand_over))
}

/// Whom a change of services concerns: the owners of all their versions.
fn owners(state: &crate::State, ids: &[&ServiceId]) -> BTreeSet<AgencyCode> {
    let entries = ids.iter().filter_map(|id| state.services.entry(id));
    entries.flat_map(Entry::versions).map(|service| service.owner.clone()).collect()
}

/// Does something to services, in the name of a person who may do it at every agency that it concerns: the owners of
/// the services, and the one that `will` own.
async fn act(
    api: &Api,
    person: &Person,
    (verb, ids, will): (&str, &[&ServiceId], Option<&AgencyCode>),
    key: Key,
    mut decide: impl FnMut(&crate::State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let today = api.today();
    let agency = api.registry().read(|state| {
        let owner = state.services.get(ids[0]).map(|service| &service.owner).or(will)?;
        Some(place(state, person, Act::ServicePut, owner, today))
    });
    let subject = format!("service/{}/{verb}", ids[0]);
    let unknown = || RegistryError::NoSuch { kind: "service", name: ids[0].to_string() };
    let agency = agency.ok_or_else(unknown)?;
    let deed = Deed { act: Act::ServicePut, agency: Some(&agency), subject: &subject, key: key.0.as_deref() };
    let done: Receipt = api
        .registry()
        .act_once(person, &deed, |state, moment| {
            let owners = owners(state, ids);
            permit(state, person, Act::ServicePut, owners.iter().chain(will), moment.today)?;
            decide(state, moment)
        })
        .await?;
    Ok(done.into())
}

/// Enters a version of a service as a draft, or changes it (with `If-Match` once there is any version).
#[utoipa::path(put, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}", tag = "services",
    request_body(content = Object, example = json!({ "id": "VN/GOV/G01/DANCU/tra-cuu-ho", "owner": "000.00.00.G01",
        "title": { "vi": "Tra cứu hộ gia đình" }, "data_class": "personal_basic", "sharing": "on_request",
        "legal_basis": "Luật Cư trú 68/2020/QH14", "openapi": { "openapi": "3.1.1" } })),
    params(("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003, EX-2009, EX-2010"),
        (status = 422, description = "EX-2002, EX-2008, EX-2016, EX-2017")))]
async fn put(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(draft): Input<Draft>,
) -> Result<Done, Problem> {
    let id = id(named)?;
    let rules = api.registry().rules();
    act(&api, &person, ("put", &[&id], Some(&draft.owner)), key, |state, moment| {
        if draft.id != id {
            return Err(RegistryError::invalid(
                "id",
                "khác với mã trong địa chỉ",
                "is not the one in the path",
            ));
        }
        let known = |subsystem: &SubsystemId| in_directory(state, subsystem);
        let decide = |if_version| {
            let given = Given { if_version, in_directory: &known };
            service::put(state, rules, moment, &draft, given)
        };
        match seen.of(state.services.entry(&id).is_some()) {
            Ok(if_version) => decide(if_version),
            // A state secret is refused as one, whatever else is wrong.
            Err(missing) => match decide(None) {
                Err(RegistryError::StateSecret) => Err(RegistryError::StateSecret),
                _ => Err(missing),
            },
        }
    })
    .await
}

/// Whether the directory has a subsystem, published or about to be; anything goes while the registry keeps none.
fn in_directory(state: &crate::State, subsystem: &SubsystemId) -> bool {
    let contents = [state.directory.draft(), state.directory.current()];
    let mut contents = contents.into_iter().flatten().peekable();
    contents.peek().is_none()
        || contents.flat_map(|content| &content.members).any(|member| {
            member.id == subsystem.member
                && member.subsystems.iter().any(|known| known.code == subsystem.code)
        })
}

/// Which version goes on offer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Offering {
    /// The version.
    version: String,
    /// Last day of the version that is on offer until now.
    #[schema(value_type = Option<String>)]
    previous_until: Option<Date>,
}

/// Offers a version to everybody.
#[utoipa::path(post, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}/publish", tag = "services",
    request_body = Offering, params(("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003, EX-2009, EX-2010"), (status = 422, description = "EX-2002, EX-2017")))]
async fn publish(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(Offering { version, previous_until }): Input<Offering>,
) -> Result<Done, Problem> {
    let id = id(named)?;
    let rules = api.registry().rules();
    let asked = Publication { id: id.clone(), version, previous_until, if_version: seen.0 };
    act(&api, &person, ("publish", &[&id], None), key, |state, moment| {
        seen.needed()?;
        service::publish(state, rules, moment, &asked)
    })
    .await
}

/// Until when a version is on offer.
#[derive(Deserialize, ToSchema)]
#[schema(as = ServiceEnding)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// The version.
    version: String,
    /// The last day on which it answers.
    #[schema(value_type = String)]
    sunset: Date,
    /// What to ask for instead.
    #[schema(value_type = Option<String>)]
    replacement: Option<ServiceId>,
}

/// Ends the offer of a version on a day.
#[utoipa::path(post, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}/deprecate", tag = "services",
    request_body = Ending, params(("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002")))]
async fn deprecate(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(Ending { version, sunset, replacement }): Input<Ending>,
) -> Result<Done, Problem> {
    let id = id(named)?;
    let asked = Deprecation { id: id.clone(), version, sunset, replacement, if_version: seen.0 };
    act(&api, &person, ("deprecate", &[&id], None), key, |state, moment| {
        seen.needed()?;
        service::deprecate(state, moment, &asked)
    })
    .await
}

/// Which version is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Taking {
    /// The version.
    version: String,
    /// Why; consumers are told.
    reason: String,
}

/// Takes a version away at once.
#[utoipa::path(post, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}/withdraw", tag = "services",
    request_body = Taking, params(("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002")))]
async fn withdraw(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(Taking { version, reason }): Input<Taking>,
) -> Result<Done, Problem> {
    let id = id(named)?;
    let asked = Withdrawal { id: id.clone(), version, reason, if_version: seen.0 };
    act(&api, &person, ("withdraw", &[&id], None), key, |state, moment| {
        seen.needed()?;
        service::withdraw(state, moment, &asked)
    })
    .await
}

/// Who becomes the only source of master data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Handing {
    /// The kind of master data, such as `cong-dan`.
    object: String,
    /// The service that becomes its source.
    #[schema(value_type = String)]
    to: ServiceId,
    /// The revision of that service that the caller saw.
    if_version_to: Option<i64>,
}

/// Makes another service the only source of master data of which this one is the source; `If-Match` is for this one.
///
/// The caller must be in charge at the owners of both.
#[utoipa::path(post, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}/hand-over", tag = "services",
    request_body = Handing, params(("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 404, description = "EX-2001"), (status = 409, description = "EX-2003"),
        (status = 422, description = "EX-2002")))]
async fn hand_over(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    (seen, key): (Seen, Key),
    Input(Handing { object, to, if_version_to }): Input<Handing>,
) -> Result<Done, Problem> {
    let from = id(named)?;
    let asked =
        HandOver { object, from: from.clone(), to: to.clone(), if_version_from: seen.0, if_version_to };
    act(&api, &person, ("hand-over", &[&from, &to], None), key, |state, moment| {
        seen.needed()?;
        service::hand_over(state, moment, &asked)
    })
    .await
}
