//! Services: the catalogue, their descriptions, and their life from draft to withdrawal.
//!
//! What is or was on offer is for everybody who is signed in; drafts are for who may read at their owner.

mod change;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::{PartyId, ServiceId, Ts};
use http::header;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, At, limit, skip, with_version};
use super::rights::reads;
use super::{Api, Caller, Paged};
use crate::RegistryError;
use crate::agency::AgencyCode;
use crate::people::Person;
use crate::service::catalogue::{PAGE_MAX, Search, search_among};
use crate::service::example::{self, Example};
use crate::service::quality::{Hint, hints};
use crate::service::{self, DataClass, Entry, Field, Service, Stage};
use crate::text::Text;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(openapi))
        .merge(change::routes())
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
