//! The readiness gate: how it stands for a party, what is filed and judged, what ends soon.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Request, State as Held};
use axum::response::Response;
use base::{PartyId, Ts};
use http::HeaderMap;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::document::{self, Document};
use super::form::{Form, Formed};
use super::on::{Id, Numbered, On};
use super::request::{Asked, Because, Created, Done, Input, with_version};
use super::sight::{Sight, place};
use super::{Api, Caller, Key};
use crate::agency::AgencyCode;
use crate::gate::filing::{DocumentFile, Filed, Filing, FilingId, Judgement, Standing, Verdict};
use crate::gate::{self, Report, Warning};
use crate::party::agencies_of;
use crate::people::{Act, Person};
use crate::print::PdfError;
use crate::registry::IdempotencyKey;
use crate::request::RequestId;
use crate::state::{Moment, State, vietnam_day};
use crate::text::Text;
use crate::{Deed, Event, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    document::taking(OpenApiRouter::new().routes(routes!(hand_in)))
        .routes(routes!(report))
        .routes(routes!(warnings))
        .routes(routes!(waiting))
        .routes(routes!(file))
        .routes(routes!(one))
        .routes(routes!(content))
        .routes(routes!(judge))
        .routes(routes!(withdraw))
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

impl Formed for Report {
    fn html(&self) -> String {
        self.html()
    }

    fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        self.pdf()
    }
}

/// A filing whose document comes with it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Paper {
    /// For whom.
    #[param(value_type = String, example = "VN/GOV/H17/MOT-CUA")]
    party: PartyId,
    /// Code of the item, such as `security_minutes`.
    item: String,
    /// The request, where the item is about one connection.
    #[param(value_type = Option<String>)]
    about: Option<RequestId>,
    /// Number of the document, such as `12/BB-CAT`.
    #[serde(default)]
    number: String,
    /// The day of issue, `2026-11-09`.
    #[param(value_type = String)]
    issued_on: Date,
    /// The last day that the document names.
    #[param(value_type = Option<String>)]
    valid_until: Option<Date>,
    /// The security level that it grants.
    level: Option<u8>,
    /// Name of the file, without a path.
    name: String,
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

/// A filing that waits.
#[derive(Serialize, ToSchema)]
struct WaitingView {
    /// The filing.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    filing: FilingView,
    /// Name of the item.
    #[schema(value_type = Object)]
    title: Text,
    /// Whether who asks may judge it, and has not filed it.
    for_me: bool,
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
    Form::wanted(format, &headers).give(report).await
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
#[utoipa::path(get, path = "/gate/waiting", tag = "gate", responses((status = 200, body = Vec<WaitingView>)))]
async fn waiting(Held(api): Held<Api>, Caller(person): Caller) -> Json<Vec<WaitingView>> {
    let (now, registry) = (api.now(), api.registry());
    let judges = registry.may(&person, Act::GateJudge, None).is_ok();
    let checklist = registry.rules().checklists.on(vietnam_day(now));
    let view = |filed: &Filed| {
        let item = checklist.and_then(|list| list.item(&filed.filing.item));
        WaitingView {
            title: item.map_or_else(|| Text::from(filed.filing.item.clone()), |item| item.title.clone()),
            for_me: judges && filed.filed().by != person.id,
            filing: FilingView::from(filed),
        }
    };
    Json(registry.read(|state| {
        let sight = Sight::new(state, &person, now);
        state.gate.waiting().filter(|filed| sight.party(&filed.filing.party)).map(view).collect()
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
    if filing.file.is_some() {
        let vi = "gửi tệp bằng POST /gate/documents";
        return Err(RegistryError::invalid("file", vi, "hand the file in with POST /gate/documents").into());
    }
    let agency = agency_for(&api, &person, &filing.party);
    put(&api, (&person, agency.as_ref()), key.as_deref(), &filing).await
}

/// Files a document together with its content, which is the body; its media type is the `Content-Type`, at most 20 MiB.
/// Another person judges it.
#[utoipa::path(post, path = "/gate/documents", tag = "gate", params(Paper),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Created), (status = 413, description = "EX-2022"), (status = 422, description = "EX-2002")))]
async fn hand_in(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Key(key): Key,
    Asked(paper): Asked<Paper>,
    request: Request,
) -> Result<Created, Problem> {
    let document = Document::read(request).await?;
    let (media_type, bytes) = (document.media_type.clone(), document.bytes());
    let filing = Filing {
        party: paper.party,
        item: paper.item,
        about: paper.about,
        number: paper.number,
        issued_on: paper.issued_on,
        valid_until: paper.valid_until,
        document: Some(document.sha256.clone()),
        file: Some(DocumentFile { name: paper.name, media_type, bytes }),
        level: paper.level,
        contacts: Vec::new(),
    };
    let registry = api.registry();
    let agency = agency_for(&api, &person, &filing.party);
    let moment = Moment::new(api.now(), person.id.clone());
    let decide = |state: &State| gate::file(state, registry.rules(), &moment, filing.clone());
    let possible =
        registry.may(&person, Act::GateFile, agency.as_ref()).is_ok() && registry.read(decide).is_ok();
    let act = put(&api, (&person, agency.as_ref()), key.as_deref(), &filing);
    document.hand_in(&api, possible, act).await
}

/// The agency in whose name the person files something for a party.
fn agency_for(api: &Api, person: &Person, party: &PartyId) -> Option<AgencyCode> {
    let day = vietnam_day(api.now());
    api.registry().read(|state| {
        let places: Vec<_> = agencies_of(state, party, day).into_iter().map(Some).collect();
        place((state, person, day), Act::GateFile, &places)
    })
}

/// Files something in the name of an agency.
async fn put(
    api: &Api,
    (person, agency): (&Person, Option<&AgencyCode>),
    key: Option<&IdempotencyKey>,
    filing: &Filing,
) -> Result<Created, Problem> {
    let registry = api.registry();
    let mut subject = format!("gate/{}/{}/file", filing.party, filing.item);
    if let (Some(_), Some(document)) = (&filing.file, &filing.document) {
        // Another document under the same key is another filing.
        let _ = write!(subject, "/{document}");
    }
    let deed = Deed { act: Act::GateFile, agency, subject: &subject, key };
    let decide = |state: &State, moment: &Moment| gate::file(state, registry.rules(), moment, filing.clone());
    let receipt = registry.act_once(person, &deed, decide).await?;
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
        let filed = seen(state, &person, now, id)?;
        Ok(with_version(filed.version(), FilingView::from(filed)))
    })
}

/// The content of the document of a filing.
#[utoipa::path(get, path = "/gate/filings/{id}/document", tag = "gate", params(("id" = String, Path)),
    responses((status = 200, description = "The document, as it was handed in", body = Vec<u8>)))]
async fn content(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Id(id): Id<FilingId>,
) -> Result<Response, Problem> {
    let now = api.now();
    let filing =
        api.registry().read(|state| seen(state, &person, now, id).map(|filed| filed.filing.clone()))?;
    let (Some(document), Some(file)) = (&filing.document, &filing.file) else {
        return Err(RegistryError::NoSuch { kind: "document of filing", name: id.to_string() }.into());
    };
    document::answer(&api, document, (&file.name, &file.media_type)).await
}

/// A filing that the person may read.
fn seen<'a>(state: &'a State, person: &Person, now: Ts, id: FilingId) -> Result<&'a Filed, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "filing", name: id.to_string() };
    let filed = state.gate.get(id).ok_or_else(none)?;
    let may = Sight::new(state, person, now).party(&filed.filing.party);
    if may { Ok(filed) } else { Err(RegistryError::Forbidden(Act::Read.name())) }
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
