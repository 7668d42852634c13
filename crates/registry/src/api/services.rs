//! Services: the catalogue, their descriptions, and their life from draft to withdrawal.
//!
//! What is or was on offer is for everybody who is signed in; drafts are for who may read at their owner.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::{PartyId, ServiceId, SubsystemId, Ts};
use http::header;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, At, Done, Input, limit, skip, with_version};
use super::rights::{permit, place, reads};
use super::{Api, Caller, Key, Paged, Seen};
use crate::agency::AgencyCode;
use crate::people::{Act, Person};
use crate::registry::{Deed, Receipt};
use crate::service::catalogue::{PAGE_MAX, Search, search_among};
use crate::service::example::{self, Example};
use crate::service::quality::{Hint, hints};
use crate::service::{
    self, DataClass, Deprecation, Draft, Entry, Field, Given, HandOver, Publication, Service, Stage,
    Withdrawal,
};
use crate::text::Text;
use crate::{Event, Moment, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, put))
        .routes(routes!(openapi))
        .routes(routes!(publish))
        .routes(routes!(deprecate))
        .routes(routes!(withdraw))
        .routes(routes!(hand_over))
}

/// Which services are wanted; a filter that is absent lets everything through.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Words, or beginnings of words, with or without tone marks.
    #[serde(default)]
    q: String,
    /// Of this owner.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// `public`, `internal`, `personal_basic`, `personal_sensitive`.
    #[param(value_type = Option<String>)]
    class: Option<DataClass>,
    /// Kind of sharing, a code of the vocabulary.
    sharing: Option<String>,
    /// `draft`, `published`, `deprecated`, `withdrawn`; what is on offer unless said.
    #[param(value_type = Option<String>)]
    stage: Option<Stage>,
    /// The source of this kind of master data, such as `cong-dan`.
    object: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 200 are given at most.
    limit: Option<usize>,
}

/// A version of a service in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceListed)]
struct Listed {
    /// `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`.
    #[schema(value_type = String)]
    id: ServiceId,
    /// The version of its description.
    version: String,
    /// The data owner.
    #[schema(value_type = String)]
    owner: AgencyCode,
    /// Its name.
    #[schema(value_type = Object)]
    title: Text,
    /// What it is for.
    #[schema(value_type = Object)]
    summary: Text,
    /// Where it stands today.
    #[schema(value_type = String)]
    stage: Stage,
    /// Class of its data.
    #[schema(value_type = String)]
    data_class: DataClass,
    /// Kind of sharing.
    sharing: String,
    /// How data reach the consumer.
    method: String,
    /// The kind of master data of which it is the only source.
    #[serde(skip_serializing_if = "Option::is_none")]
    master_of: Option<String>,
    /// Answer time promised, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_ms: Option<u32>,
    /// Last day on which it answers.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sunset: Option<Date>,
    /// What to ask for instead.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<ServiceId>,
}

impl Listed {
    fn new(service: &Service, today: Date) -> Self {
        let Service { id, version, owner, title, summary, .. } = service.clone();
        Self {
            id,
            version,
            owner,
            title,
            summary,
            stage: service.stage_on(today),
            data_class: service.data_class,
            sharing: service.sharing.clone(),
            method: service.method.clone(),
            master_of: service.master_of.clone(),
            response_ms: service.response_ms,
            sunset: service.sunset,
            replacement: service.replacement.clone(),
        }
    }
}

/// Whether the person may see a version.
fn sees(state: &crate::State, person: &Person, (entry, service): (&Entry, &Service), today: Date) -> bool {
    entry.is_public(service) || reads(state, person, &service.owner, today)
}

/// Searches the catalogue, best first.
#[utoipa::path(get, path = "/services", tag = "services", params(Wanted),
    responses((status = 200, body = Paged<Object>, description = "`items`: `ServiceListed`"), (status = 422, description = "EX-2002")))]
async fn list(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<Listed>>, Problem> {
    // One less than the catalogue gives at once: the next one tells whether there are more.
    let (limit, offset) = (limit(wanted.limit)?.min(PAGE_MAX - 1), skip(wanted.after.as_deref())?);
    let search = Search {
        words: wanted.q,
        owner: wanted.owner,
        data_class: wanted.class,
        sharing: wanted.sharing,
        stage: wanted.stage,
        master_of: wanted.object,
        offset,
        limit: limit + 1,
    };
    let today = api.today();
    let items = api.registry().read(|state| {
        let shown = |entry: &Entry, service: &Service| sees(state, &person, (entry, service), today);
        let found = search_among(state, &search, today, shown).services;
        found.into_iter().map(|service| Listed::new(service, today)).collect()
    });
    Ok(Json(Paged::behind(items, offset, limit)))
}

/// The parts of a service's identifier, as they stand in the path.
type Named = At<(String, String, String, String, String)>;

fn id(At((instance, class, member, subsystem, code)): Named) -> Result<ServiceId, RegistryError> {
    let text = format!("{instance}/{class}/{member}/{subsystem}/{code}");
    text.parse().map_err(|_| {
        RegistryError::invalid("path", "mã dịch vụ không đúng dạng", "not the identifier of a service")
    })
}

/// For whom the code to copy is made, and which version is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The version; the one that speaks for the service unless said.
    version: Option<String>,
    /// The asking system, for the code to copy: `INSTANCE/CLASS/MEMBER/SUBSYSTEM`.
    client: Option<String>,
}

/// A service with its versions.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceWhole)]
struct Whole {
    /// Number of the act that last touched it, for `If-Match`.
    revision: i64,
    /// The version that is shown.
    shown: Listed,
    /// The text that makes the owner share it.
    legal_basis: String,
    /// Number of the impact assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_assessment: Option<String>,
    /// Fields of its answers.
    #[schema(value_type = Vec<Object>)]
    fields: Vec<Field>,
    /// All versions that the caller may see.
    versions: Vec<Listed>,
    /// What was done to it, oldest first; for who may read at the owner.
    history: Vec<Line>,
    /// What would make it easier to use.
    #[schema(value_type = Vec<Object>)]
    hints: Vec<Hint>,
    /// Example calls, with code to copy.
    examples: Vec<Call>,
}

/// A line of a history.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceLine)]
struct Line {
    /// When.
    #[schema(value_type = String)]
    at: Ts,
    /// By whom: the sign-in name.
    by: String,
    /// What.
    #[schema(value_type = Object)]
    text: Text,
}

/// An example call.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceCall)]
struct Call {
    /// What is asked and answered.
    #[schema(value_type = Object)]
    example: Example,
    /// As a curl command.
    curl: String,
    /// In Python.
    python: String,
}

/// Shows a service; `ETag` is its revision.
#[utoipa::path(get, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}", tag = "services",
    params(Which), responses((status = 200, body = Whole), (status = 404, description = "EX-2001")))]
async fn show(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let (id, today) = (id(named)?, api.today());
    let client = which.client.as_deref().map(party).transpose()?;
    let whole = api.registry().read(|state| {
        let (entry, service) = visible(state, &person, (&id, which.version.as_deref()), today)?;
        Ok::<_, RegistryError>(whole(state, &person, (entry, service), client.as_ref(), today))
    })?;
    Ok(with_version(whole.revision, whole))
}

fn party(text: &str) -> Result<PartyId, RegistryError> {
    text.parse().map_err(|_| {
        RegistryError::invalid("client", "mã hệ thống không đúng dạng", "not the identifier of a system")
    })
}

/// The version that is asked for, if the person may see it.
fn visible<'a>(
    state: &'a crate::State,
    person: &Person,
    (id, version): (&ServiceId, Option<&str>),
    today: Date,
) -> Result<(&'a Entry, &'a Service), RegistryError> {
    let entry = state.services.entry(id);
    let found = entry.and_then(|entry| {
        let seen = |service: &&Service| sees(state, person, (entry, service), today);
        let service = match version {
            Some(version) => entry.version(version).filter(seen),
            None => entry.current().filter(seen).or_else(|| entry.versions().iter().rev().find(seen)),
        };
        Some((entry, service?))
    });
    let name = version.map_or_else(|| id.to_string(), |version| format!("{id} {version}"));
    found.ok_or(RegistryError::NoSuch { kind: "service", name })
}

fn whole(
    state: &crate::State,
    person: &Person,
    (entry, service): (&Entry, &Service),
    client: Option<&PartyId>,
    today: Date,
) -> Whole {
    let versions = entry.versions().iter().filter(|other| sees(state, person, (entry, other), today));
    let named = reads(state, person, &service.owner, today);
    let past = entry.history.iter().filter(|_| named);
    let line = |past: &service::Past| Line {
        at: past.stamp.at,
        by: past.stamp.by.to_string(),
        text: past.text.clone(),
    };
    let call = |example: Example| Call {
        curl: example::curl(&example.call, &service.id, client),
        python: example::python(&example.call, &service.id, client),
        example,
    };
    let before = entry.current().filter(|current| current.version != service.version);
    Whole {
        revision: entry.revision,
        shown: Listed::new(service, today),
        legal_basis: service.legal_basis.clone(),
        impact_assessment: service.impact_assessment.clone(),
        fields: service.fields.clone(),
        versions: versions.map(|version| Listed::new(version, today)).collect(),
        history: past.map(line).collect(),
        hints: hints(service, before),
        examples: example::examples(service).into_iter().map(call).collect(),
    }
}

/// The OpenAPI description of a version.
#[utoipa::path(get, path = "/services/{instance}/{class}/{member}/{subsystem}/{service}/openapi", tag = "services",
    params(Which), responses((status = 200, body = Object), (status = 404, description = "EX-2001")))]
async fn openapi(
    State(api): State<Api>,
    Caller(person): Caller,
    named: Named,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let (id, today) = (id(named)?, api.today());
    let text = api.registry().read(|state| {
        let (_, service) = visible(state, &person, (&id, which.version.as_deref()), today)?;
        Ok::<_, RegistryError>(service.openapi.as_str().to_owned())
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
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
    (ids, will): (&[&ServiceId], Option<&AgencyCode>),
    key: Key,
    mut decide: impl FnMut(&crate::State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let today = api.today();
    let agency = api.registry().read(|state| {
        let owner = state.services.get(ids[0]).map(|service| &service.owner).or(will)?;
        Some(place(state, person, Act::ServicePut, owner, today))
    });
    let subject = format!("service/{}", ids[0]);
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
    act(&api, &person, (&[&id], Some(&draft.owner)), key, |state, moment| {
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
    act(&api, &person, (&[&id], None), key, |state, moment| {
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
    act(&api, &person, (&[&id], None), key, |state, moment| {
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
    act(&api, &person, (&[&id], None), key, |state, moment| {
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
    act(&api, &person, (&[&from, &to], None), key, |state, moment| {
        seen.needed()?;
        service::hand_over(state, moment, &asked)
    })
    .await
}
