//! The readiness gate: how it stands for a party, what is filed and judged, what ends soon.

use axum::Json;
use axum::extract::State as Held;
use axum::response::{Html, IntoResponse, Response};
use base::{PartyId, Ts};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::on::{Id, Numbered, On};
use super::request::{Asked, Because, Created, Done, Input, with_version};
use super::sight::{Sight, agencies_of, place};
use super::{Api, Caller, Key};
use crate::gate::filing::{Filed, Filing, FilingId, Judgement, Standing, Verdict};
use crate::gate::{self, Report, Warning};
use crate::people::Act;
use crate::state::{Moment, State, vietnam_day};
use crate::{Deed, Event, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(report))
        .routes(routes!(warnings))
        .routes(routes!(waiting))
        .routes(routes!(file))
        .routes(routes!(one))
        .routes(routes!(judge))
        .routes(routes!(withdraw))
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// For machines.
    Json,
    /// A page.
    Html,
    /// A file to sign.
    Pdf,
}

/// Whose gate, and in which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The party: a subsystem or a member. It has slashes and therefore is no part of the path.
    #[param(value_type = String, example = "VN/GOV/H17/MOT-CUA")]
    party: PartyId,
    /// `json`, `html` or `pdf`; else what `Accept` names first, JSON unless it does.
    #[param(inline)]
    format: Option<Form>,
}

impl Form {
    /// The first form that `Accept` names; browsers name HTML first.
    fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let forms = accept.split(',').filter_map(|range| match range.split(';').next()?.trim() {
            "application/json" => Some(Self::Json),
            "text/html" => Some(Self::Html),
            "application/pdf" => Some(Self::Pdf),
            _ => None,
        });
        forms.into_iter().next().unwrap_or(Self::Json)
    }
}

/// A filing and where it stands.
#[derive(Serialize, ToSchema)]
struct FilingView {
    /// Its number.
    #[schema(value_type = u64)]
    id: FilingId,
    /// What was filed.
    #[schema(value_type = Object)]
    filing: Filing,
    /// `waiting`, `accepted`, `rejected`, `withdrawn`.
    standing: &'static str,
    /// Why it was rejected or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Who acted on it and when: filed first, then judged, then withdrawn.
    history: Vec<Acted>,
    /// Its version.
    version: i64,
}

/// Who did something and when.
#[derive(Serialize, ToSchema)]
pub(super) struct Acted {
    /// Number in the journal.
    seq: i64,
    /// When, in microseconds since 1970.
    #[schema(value_type = i64)]
    at: Ts,
    /// Who.
    by: String,
}

impl From<&crate::Stamp> for Acted {
    fn from(stamp: &crate::Stamp) -> Self {
        Self { seq: stamp.seq, at: stamp.at, by: stamp.by.to_string() }
    }
}

impl From<&Filed> for FilingView {
    fn from(filed: &Filed) -> Self {
        let (standing, reason) = match &filed.standing {
            Standing::Waiting => ("waiting", None),
            Standing::Accepted => ("accepted", None),
            Standing::Rejected { reason } => ("rejected", Some(reason)),
            Standing::Withdrawn { reason } => ("withdrawn", Some(reason)),
        };
        Self {
            id: filed.id,
            filing: filed.filing.clone(),
            standing,
            reason: reason.cloned(),
            history: filed.history.iter().map(Acted::from).collect(),
            version: filed.version(),
        }
    }
}

impl Numbered for FilingId {
    const KIND: &'static str = "filing";

    fn number(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn acts(&self, state: &State) -> Vec<i64> {
        let filed = state.gate.get(*self).into_iter();
        filed.flat_map(|filed| &filed.history).map(|stamp| stamp.seq).collect()
    }
}

/// Shows how the gate of a party stands: every item with state, evidence and legal basis.
#[utoipa::path(get, path = "/gate", tag = "gate", params(Wanted), responses((status = 200, content(
    (Object = "application/json"), (String = "text/html"), (Vec<u8> = "application/pdf")))))]
async fn report(
    Held(api): Held<Api>,
    Caller(person): Caller,
    headers: HeaderMap,
    Asked(Wanted { party, format }): Asked<Wanted>,
) -> Result<Response, Problem> {
    let now = api.now();
    let report: Report = api.registry().read(|state| {
        if !Sight::new(state, &person, now).party(&party) {
            return Err(RegistryError::Forbidden(Act::Read.name()));
        }
        Ok(gate::report(state, api.registry().rules(), &party, &[], now))
    })?;
    match format.unwrap_or_else(|| Form::accepted(&headers)) {
        Form::Json => Ok(Json(report).into_response()),
        Form::Html => Ok(Html(report.html()).into_response()),
        Form::Pdf => {
            // Setting type takes its time: not on the threads that serve others.
            let made = tokio::task::spawn_blocking(move || report.pdf()).await;
            let pdf =
                made.map_err(|error| error.to_string()).and_then(|made| made.map_err(|e| e.to_string()));
            let pdf = pdf.map_err(|what| RegistryError::Store(store::StoreError::Other { what }))?;
            Ok(([(header::CONTENT_TYPE, "application/pdf")], pdf).into_response())
        }
    }
}

/// Lists what ends soon, the soonest first.
#[utoipa::path(get, path = "/gate/warnings", tag = "gate", responses((status = 200, body = Vec<Object>)))]
async fn warnings(Held(api): Held<Api>, Caller(person): Caller) -> Json<Vec<Warning>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let mut warnings = gate::warnings(state, api.registry().rules(), now);
        warnings.retain(|warning| sight.party(&warning.party));
        warnings
    }))
}

/// Lists filings that wait for a second person, the oldest first.
#[utoipa::path(get, path = "/gate/waiting", tag = "gate", responses((status = 200, body = Vec<FilingView>)))]
async fn waiting(Held(api): Held<Api>, Caller(person): Caller) -> Json<Vec<FilingView>> {
    let now = api.now();
    Json(api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let waiting = state.gate.waiting().filter(|filed| sight.party(&filed.filing.party));
        waiting.map(FilingView::from).collect()
    }))
}

/// Files a document or contacts for an item; another person judges it.
#[utoipa::path(post, path = "/gate/filings", tag = "gate", request_body(content = Object,
    description = "party, item, about (a request), number, issued_on, valid_until, document (SHA-256), level, contacts",
    example = json!({ "party": "VN/GOV/H17/MOT-CUA", "item": "security_minutes", "number": "12/BB-CAT", "issued_on": "2026-11-09",
        "document": "0707070707070707070707070707070707070707070707070707070707070707" })),
    responses((status = 201, body = Created), (status = 422, description = "EX-2002")))]
async fn file(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Key(key): Key,
    Input(filing): Input<Filing>,
) -> Result<Created, Problem> {
    let (registry, day) = (api.registry(), vietnam_day(api.now()));
    let agency = registry.read(|state| {
        let places: Vec<_> = agencies_of(state, &filing.party, day).into_iter().map(Some).collect();
        place((state, &person, day), Act::GateFile, &places)
    });
    let subject = format!("gate/{}/{}/file", filing.party, filing.item);
    let deed = Deed { act: Act::GateFile, agency: agency.as_ref(), subject: &subject, key: key.as_deref() };
    let decide = |state: &State, moment: &Moment| gate::file(state, registry.rules(), moment, filing.clone());
    let receipt = registry.act_once(&person, &deed, decide).await?;
    registry.read(|state| {
        let found = state.gate.iter().find(|filed| filed.filed().seq == receipt.from);
        let none = || RegistryError::NoSuch { kind: "filing", name: subject.clone() };
        let id = found.ok_or_else(none)?.id.to_string();
        Ok(Created { id, version: receipt.from })
    })
}

/// Shows a filing.
#[utoipa::path(get, path = "/gate/filings/{id}", tag = "gate", params(("id" = String, Path)),
    responses((status = 200, body = FilingView, headers(("ETag" = String)))))]
async fn one(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Id(id): Id<FilingId>,
) -> Result<Response, Problem> {
    let now = api.now();
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "filing", name: id.to_string() };
        let filed = state.gate.get(id).ok_or_else(none)?;
        if !Sight::new(state, &person, now).party(&filed.filing.party) {
            return Err(RegistryError::Forbidden(Act::Read.name()).into());
        }
        Ok(with_version(filed.version(), FilingView::from(filed)))
    })
}

/// Accepts or rejects a filing; not by who filed it.
#[utoipa::path(post, path = "/gate/filings/{id}/judge", tag = "gate",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body(content = Object,
    example = json!({ "verdict": "rejected", "reason": "Thiếu chữ ký" })),
    responses((status = 200, body = Done), (status = 403, description = "EX-2014"), (status = 409, description = "EX-2003, EX-2010")))]
async fn judge(
    Held(api): Held<Api>,
    on: On<FilingId>,
    Input(verdict): Input<Verdict>,
) -> Result<Done, Problem> {
    let judgement = Judgement { id: on.id, verdict, if_version: on.if_version };
    let rules = api.registry().rules();
    let decide = |state: &State, moment: &Moment| gate::judge(state, rules, moment, judgement.clone());
    change(&api, &on, (Act::GateJudge, "judge"), decide).await
}

/// Takes a filing back; the gate may close.
#[utoipa::path(post, path = "/gate/filings/{id}/withdraw", tag = "gate",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Because,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn withdraw(
    Held(api): Held<Api>,
    on: On<FilingId>,
    Input(Because { reason }): Input<Because>,
) -> Result<Done, Problem> {
    let decide = |state: &State, _: &Moment| gate::withdraw(state, on.id, &reason, on.if_version);
    change(&api, &on, (Act::GateFile, "withdraw"), decide).await
}

/// Does something to a filing: judging is the platform's, withdrawing that of the party's agency.
async fn change(
    api: &Api,
    on: &On<FilingId>,
    (act, verb): (Act, &str),
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let (id, person, day) = (on.id, &on.caller.0, vietnam_day(api.now()));
    let (subject, agency) = api.registry().read(|state| match state.gate.get(id) {
        None => (format!("gate/filings/{id}/{verb}"), None),
        Some(filed) => {
            let Filing { party, item, .. } = &filed.filing;
            let places: Vec<_> = match act {
                Act::GateJudge => Vec::new(),
                _ => agencies_of(state, party, day).into_iter().map(Some).collect(),
            };
            let subject = format!("gate/{party}/{item}/{id}/{verb}");
            (subject, place((state, person, day), act, &places))
        }
    });
    on.act(api, (act, agency.as_ref(), &subject), decide).await
}
