//! Files of incidents: what must be sent until when, what was sent, what was done.

use axum::Json;
use axum::extract::State as Held;
use axum::response::Response;
use base::Ts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{Asked, At, Created, Done, Input, done, limit, skip, with_version};
use super::sight::Sight;
use super::{Api, Caller, Key, Paged, Seen};
use crate::agency::AgencyCode;
use crate::gate::filing::FilingId;
use crate::grant::GrantId;
use crate::incident::{
    self, Change, Close, Contain, Explain, Facts, Incident, IncidentId, Measure, Message, Opening, Send,
    Severity, Standing,
};
use crate::people::Act;
use crate::request::who;
use crate::state::{Moment, State, vietnam_day};
use crate::text::Text;
use crate::{Deed, Event, RegistryError, Rules};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(open, list))
        .routes(routes!(one, change))
        .routes(routes!(send))
        .routes(routes!(explain))
        .routes(routes!(measure))
        .routes(routes!(contain))
        .routes(routes!(close))
}

/// Where obligations stand, as lists are asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Waits {
    /// Something ends within the hours of the warning.
    Soon,
    /// Something is past its end: shown in red.
    Past,
    /// Something has to be sent, whenever it ends.
    Any,
}

impl Waits {
    fn fits(self, standing: Standing) -> bool {
        match self {
            Self::Soon => standing == Standing::Soon,
            Self::Past => standing == Standing::Past,
            Self::Any => matches!(standing, Standing::Running | Standing::Soon | Standing::Past),
        }
    }
}

/// Which files are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
    /// Only those of this agency or one below it.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Only open ones (`true`), or closed ones (`false`).
    open: Option<bool>,
    /// Only open ones of which something must be sent: `soon`, `past`, `any`; the soonest end first.
    #[param(inline)]
    due: Option<Waits>,
}

/// An obligation and where it stands now.
#[derive(Serialize, ToSchema)]
struct ObligationRow {
    /// Its code.
    code: String,
    /// Its name.
    #[schema(value_type = Object)]
    title: Text,
    /// From when on people are warned, in microseconds since 1970.
    #[schema(value_type = i64)]
    warn: Ts,
    /// Until when it must be sent.
    #[schema(value_type = i64)]
    due: Ts,
    /// `running`, `soon`, `past` (red), `met`, `sent_late`.
    #[schema(value_type = String)]
    state: Standing,
    /// When something was first sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    sent_at: Option<Ts>,
    /// Why it was late, as somebody recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<String>,
}

/// A file in a list.
#[derive(Serialize, ToSchema)]
struct IncidentRow {
    /// Its number.
    #[schema(value_type = String)]
    id: IncidentId,
    /// The agency that answers for it.
    #[schema(value_type = String)]
    agency: AgencyCode,
    /// `ordinary`, `serious`, `critical`.
    #[schema(value_type = String)]
    severity: Severity,
    /// Whether personal data leaked.
    personal_data: bool,
    /// When it was detected, in microseconds since 1970.
    #[schema(value_type = i64)]
    detected: Ts,
    /// Whether it is open.
    open: bool,
    /// What must be sent, and where it stands.
    obligations: Vec<ObligationRow>,
}

/// A file with what follows from it now.
#[derive(Serialize, ToSchema)]
struct IncidentView {
    /// The file with messages, measures and history.
    #[schema(value_type = Object)]
    incident: Incident,
    /// Where its obligations stand.
    obligations: Vec<ObligationRow>,
}

/// What is known from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFacts {
    /// All of it.
    #[schema(value_type = Object)]
    facts: Facts,
    /// Why.
    reason: String,
}

/// What was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// Code of the obligation.
    obligation: String,
    /// To whom, when, number and SHA-256 of the document.
    #[schema(value_type = Object)]
    message: Message,
}

/// Why an obligation was not met in time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhyLate {
    /// Code of the obligation.
    obligation: String,
    /// The reason.
    reason: String,
}

/// What was done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMeasure {
    /// In words.
    text: String,
}

/// What is stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Stopped {
    /// Grants to suspend.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    grants: Vec<GrantId>,
    /// Filings of the readiness gate to take back.
    #[serde(default)]
    #[schema(value_type = Vec<u64>)]
    filings: Vec<FilingId>,
    /// Why.
    reason: String,
}

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ended {
    /// What came out of it.
    conclusion: String,
}

fn rows(rules: &Rules, incident: &Incident, now: Ts) -> Vec<ObligationRow> {
    let row = |one: &incident::Obligation| ObligationRow {
        code: one.clock.code.clone(),
        title: rules.clocks.title(incident, &one.clock.code),
        warn: one.clock.warn,
        due: one.clock.due,
        state: one.standing(now),
        sent_at: one.sent_at(),
        late: one.late.clone(),
    };
    incident.obligations.iter().map(row).collect()
}

/// The number in a path. What is none names nothing.
fn id(text: &str) -> Result<IncidentId, RegistryError> {
    text.parse().map_err(|_| RegistryError::NoSuch { kind: "incident", name: text.to_owned() })
}

/// The agency that answers for a file; who took over its tasks does in its place.
fn agency(state: &State, incident: &Incident, now: Ts) -> AgencyCode {
    who::current(state, &incident.agency, vietnam_day(now))
}

/// Opens a file; its clocks run from the detection.
#[utoipa::path(post, path = "/incidents", tag = "incidents", request_body(content = Object,
    description = "agency; facts: detected (microseconds since 1970), description, severity (ordinary, serious, critical), personal_data, data_subjects, parties, holdings, services, grants",
    example = json!({ "agency": "000.00.00.H17", "facts": { "detected": 1_794_180_000_000_000_i64, "description": "Máy chủ một cửa bị mã hóa dữ liệu",
        "severity": "serious", "personal_data": true, "data_subjects": 1200, "parties": ["VN/GOV/H17/MOT-CUA"] } })),
    responses((status = 201, body = Created), (status = 422, description = "EX-2002")))]
async fn open(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Key(key): Key,
    Input(opening): Input<Opening>,
) -> Result<Created, Problem> {
    let registry = api.registry();
    let day = vietnam_day(api.now());
    let agency = registry.read(|state| who::current(state, &opening.agency, day));
    let subject = format!("incidents/{agency}");
    let deed = Deed { act: Act::IncidentPut, agency: Some(&agency), subject: &subject, key: key.as_deref() };
    let decide = |state: &State, moment: &Moment| incident::open(state, registry.rules(), moment, &opening);
    let receipt = registry.act_once(&person, &deed, decide).await?;
    registry.read(|state| {
        let opened = |file: &&Incident| file.history.first().map(|entry| entry.seq) == Some(receipt.from);
        let found = state.incidents.iter().rfind(opened).map(|file| file.id.to_string());
        let id = found.ok_or_else(|| RegistryError::NoSuch { kind: "incident", name: subject.clone() })?;
        Ok(Created { id, version: receipt.from })
    })
}

/// Lists files, newest first; with `due`, the soonest end first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(Wanted),
    responses((status = 200, body = Paged<Object>)))]
async fn list(
    Held(api): Held<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<IncidentRow>>, Problem> {
    let (limit, skip, now) = (limit(wanted.limit)?, skip(wanted.after.as_deref())?, api.now());
    let rules = api.registry().rules();
    let rows = api.registry().read(|state| {
        let sight = Sight::new(state, &person, now);
        let above = wanted.agency.as_ref().map(|code| who::current(state, code, vietnam_day(now)));
        let fits = |file: &&Incident| {
            let at = agency(state, file, now);
            let within = |above| state.agencies.is_within(&at, above, vietnam_day(now));
            above.as_ref().is_none_or(within)
                && wanted.open.is_none_or(|open| open == file.is_open())
                && wanted.due.is_none_or(|_| file.is_open())
                && sight.at(Some(&at))
        };
        let files = state.incidents.iter().rev().filter(fits);
        let mut files: Vec<(Option<Ts>, &Incident)> =
            files.map(|file| (wanted.due.and_then(|due| next_end(file, due, now)), file)).collect();
        if wanted.due.is_some() {
            files.retain(|(end, _)| end.is_some());
            files.sort_by_key(|(end, _)| *end);
        }
        let page = files.into_iter().skip(skip).take(limit + 1);
        page.map(|(_, file)| IncidentRow::of(rules, file, now)).collect()
    });
    Ok(Json(Paged::behind(rows, skip, limit)))
}

/// The soonest end of what stands so.
fn next_end(incident: &Incident, due: Waits, now: Ts) -> Option<Ts> {
    let fit = incident.obligations.iter().filter(|one| due.fits(one.standing(now)));
    fit.map(|one| one.clock.due).min()
}

impl IncidentRow {
    fn of(rules: &Rules, incident: &Incident, now: Ts) -> Self {
        Self {
            id: incident.id.clone(),
            agency: incident.agency.clone(),
            severity: incident.facts.severity,
            personal_data: incident.facts.personal_data,
            detected: incident.facts.detected,
            open: incident.is_open(),
            obligations: rows(rules, incident, now),
        }
    }
}

/// Shows a file.
#[utoipa::path(get, path = "/incidents/{id}", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = IncidentView, headers(("ETag" = String)))))]
async fn one(
    Held(api): Held<Api>,
    Caller(person): Caller,
    At(number): At<String>,
) -> Result<Response, Problem> {
    let (id, now) = (id(&number)?, api.now());
    api.registry().read(|state| {
        let none = || RegistryError::NoSuch { kind: "incident", name: number.clone() };
        let incident = state.incidents.get(&id).ok_or_else(none)?;
        if !Sight::new(state, &person, now).at(Some(&agency(state, incident, now))) {
            return Err(RegistryError::Forbidden(Act::Read.name()).into());
        }
        let obligations = rows(api.registry().rules(), incident, now);
        Ok(with_version(incident.version, IncidentView { incident: incident.clone(), obligations }))
    })
}

/// Does something to a file: containing is the platform's, all else that of the agency.
async fn act(
    api: &Api,
    (Caller(person), Key(key)): (&Caller, &Key),
    (act, id, verb): (Act, &IncidentId, &str),
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Done, Problem> {
    let (registry, now) = (api.registry(), api.now());
    let at = registry.read(|state| state.incidents.get(id).map(|incident| agency(state, incident, now)));
    let at = at.filter(|_| act != Act::IncidentContain);
    let subject = format!("incident/{id}/{verb}");
    let deed = Deed { act, agency: at.as_ref(), subject: &subject, key: key.as_deref() };
    let receipt = registry.act_once(person, &deed, decide).await?;
    Ok(registry.read(|state| {
        let history = state.incidents.get(id).map(|incident| &incident.history[..]).unwrap_or_default();
        done(&receipt, history.iter().map(|entry| entry.seq))
    }))
}

/// Changes what is known; the clocks are computed anew from the detection.
#[utoipa::path(patch, path = "/incidents/{id}", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = NewFacts,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002")))]
async fn change(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(NewFacts { facts, reason }): Input<NewFacts>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let (input, rules) = (Change { id: id.clone(), if_version, facts, reason }, api.registry().rules());
    let decide = |state: &State, moment: &Moment| incident::change(state, rules, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentPut, &id, "change"), decide).await
}

/// Records what was sent for an obligation.
#[utoipa::path(post, path = "/incidents/{id}/sent", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body(content = NewMessage,
    example = json!({ "obligation": "first_notice", "message": { "to": "Công an tỉnh (PA05)", "at": 1_794_186_000_000_000_i64,
        "number": "15/TB-SKHCN", "document": "0707070707070707070707070707070707070707070707070707070707070707" } })),
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002")))]
async fn send(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(NewMessage { obligation, message }): Input<NewMessage>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Send { id: id.clone(), if_version, obligation, message };
    let decide = |state: &State, moment: &Moment| incident::send(state, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentPut, &id, "sent"), decide).await
}

/// Records why an obligation was not met in time; without it a file with a missed clock cannot be closed.
#[utoipa::path(post, path = "/incidents/{id}/late", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = WhyLate,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn explain(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(WhyLate { obligation, reason }): Input<WhyLate>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Explain { id: id.clone(), if_version, obligation, reason };
    let decide = |state: &State, moment: &Moment| incident::explain(state, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentPut, &id, "late"), decide).await
}

/// Records a measure that was taken.
#[utoipa::path(post, path = "/incidents/{id}/measures", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = NewMeasure,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010")))]
async fn measure(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(NewMeasure { text }): Input<NewMeasure>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Measure { id: id.clone(), if_version, text };
    let decide = |state: &State, moment: &Moment| incident::measure(state, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentPut, &id, "measures"), decide).await
}

/// Suspends grants and takes back filings of the readiness gate because of the incident; the platform operator's act.
#[utoipa::path(post, path = "/incidents/{id}/contain", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body(content = Stopped,
    example = json!({ "grants": ["QK-2026-000045"], "filings": [12], "reason": "Nghi lộ khóa của hệ thống một cửa" })),
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002")))]
async fn contain(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(Stopped { grants, filings, reason }): Input<Stopped>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Contain { id: id.clone(), if_version, grants, filings, reason };
    let decide = |state: &State, moment: &Moment| incident::contain(state, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentContain, &id, "contain"), decide).await
}

/// Closes a file, once every obligation was met or recorded as late.
#[utoipa::path(post, path = "/incidents/{id}/close", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = Ended,
    responses((status = 200, body = Done), (status = 409, description = "EX-2003, EX-2010"), (status = 422, description = "EX-2002: what is still to be sent")))]
async fn close(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    At(number): At<String>,
    Input(Ended { conclusion }): Input<Ended>,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let input = Close { id: id.clone(), if_version, conclusion };
    let decide = |state: &State, moment: &Moment| incident::close(state, moment, &input);
    act(&api, (&caller, &key), (Act::IncidentPut, &id, "close"), decide).await
}
