//! Agencies: what a code means on a day, searching, entering, closing, importing.

mod members;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use base::Ts;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::request::{
    Asked, At, Done, FILE_BYTES_MAX, ImportItem, Imported, Input, Trial, Upload, file, limit, skip,
    with_version,
};
use super::{Api, Caller, Key, Paged, Seen, aside};
use crate::agency::{self, Agency, AgencyCode, Change, Closing, Standing, table};
use crate::people::{Act, Person, may};
use crate::registry::Deed;
use crate::{Event, Moment, RegistryError};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    let files = OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(FILE_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, put))
        .routes(routes!(close))
        .routes(routes!(export))
        .merge(members::routes())
        .merge(files)
}

/// Which agencies are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Words of the name or the code, with or without tone marks: best first. Without them: all, by code.
    q: Option<String>,
    /// Only those directly below this one, without words.
    #[param(value_type = Option<String>)]
    parent: Option<AgencyCode>,
    /// Those that count on this day, `2025-07-01`; today unless said.
    #[param(value_type = Option<String>)]
    day: Option<Date>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500.
    limit: Option<usize>,
}

/// Lists or searches the agencies that count on a day.
#[utoipa::path(get, path = "/agencies", tag = "agencies", params(Wanted),
    responses((status = 200, body = Paged<Object>), (status = 422, description = "EX-2002")))]
async fn list(
    State(api): State<Api>,
    _: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<Agency>>, Problem> {
    let (limit, day) = (limit(wanted.limit)?, wanted.day.unwrap_or_else(|| api.today()));
    if let Some(words) = &wanted.q {
        let skip = skip(wanted.after.as_deref())?;
        let found = api.registry().read(|state| {
            let found = state.agencies.search(words, day, skip.saturating_add(limit + 1));
            found.into_iter().skip(skip).cloned().collect()
        });
        return Ok(Json(Paged::behind(found, skip, limit)));
    }
    if let Some(parent) = &wanted.parent {
        let skip = skip(wanted.after.as_deref())?;
        let found = api.registry().read(|state| {
            let below = state.agencies.children(parent, day).into_iter();
            below.skip(skip).take(limit + 1).cloned().collect()
        });
        return Ok(Json(Paged::behind(found, skip, limit)));
    }
    let after: Option<AgencyCode> = wanted.after.as_deref().map(code).transpose()?;
    let found: Vec<Agency> = api
        .registry()
        .read(|state| state.agencies.page(after.as_ref(), limit + 1, day).into_iter().cloned().collect());
    Ok(Json(Paged::of(found, limit, |agency| agency.code.to_string())))
}

fn code(text: &str) -> Result<AgencyCode, RegistryError> {
    text.parse().map_err(|error: agency::AgencyCodeError| {
        RegistryError::invalid("after", "không phải mã cơ quan", error.to_string())
    })
}

/// The day that is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OnDay {
    /// A day, `2025-07-01`; today unless said.
    #[param(value_type = Option<String>)]
    day: Option<Date>,
}

/// What a code means on a day.
#[derive(Serialize, ToSchema)]
struct Meaning {
    /// The day.
    #[schema(value_type = String)]
    day: Date,
    /// `not_yet`, `valid` or `closed`.
    standing: &'static str,
    /// Whose the code is or, when closed, was last.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<Agency>,
    /// The first day on which it will count.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    /// The first day on which it did not count any more.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Date>,
    /// Who took over.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<AgencyCode>,
    /// Who answers today for what the code did: itself, or the last of its successors.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    answers_today: Option<Agency>,
    /// All periods of the code, in time.
    periods: Vec<PeriodShown>,
    /// What was done to it, oldest first.
    history: Vec<Line>,
}

/// A period of a code.
#[derive(Serialize, ToSchema)]
struct PeriodShown {
    /// The agency.
    #[schema(value_type = Object)]
    agency: Agency,
    /// Its version: for `If-Match` when this period is changed.
    version: i64,
}

/// A line of a history.
#[derive(Serialize, ToSchema)]
#[schema(as = AgencyLine)]
struct Line {
    /// When.
    #[schema(value_type = String)]
    at: Ts,
    /// By whom: the sign-in name.
    by: String,
    /// What, in Vietnamese.
    vi: String,
    /// What, in English.
    en: String,
}

/// Says what a code of either form means on a day.
///
/// The `ETag` is the version of the period in `agency`; the others have theirs in `periods`.
#[utoipa::path(get, path = "/agencies/{code}", tag = "agencies",
    params(("code" = String, Path, example = "000.00.00.H17"), OnDay),
    responses((status = 200, body = Meaning), (status = 404, description = "EX-2001: nobody ever had this code")))]
async fn show(
    State(api): State<Api>,
    _: Caller,
    At(code): At<AgencyCode>,
    Asked(asked): Asked<OnDay>,
) -> Result<Response, Problem> {
    let today = api.today();
    let meaning = api.registry().read(|state| meaning(state, &code, asked.day.unwrap_or(today), today))?;
    let shown = meaning.agency.as_ref().map(|agency| agency.valid_from);
    let period = meaning.periods.iter().find(|period| Some(period.agency.valid_from) == shown);
    let version = period.or(meaning.periods.last()).map_or(0, |period| period.version);
    Ok(with_version(version, meaning))
}

fn meaning(
    state: &crate::State,
    code: &AgencyCode,
    day: Date,
    today: Date,
) -> Result<Meaning, RegistryError> {
    let agencies = &state.agencies;
    let (standing, agency, from, since, successor) = match agencies.on(code, day) {
        Standing::Unknown => {
            return Err(RegistryError::NoSuch { kind: "agency", name: code.to_string() });
        }
        Standing::NotYet { from } => ("not_yet", None, Some(from), None, None),
        Standing::Valid(agency) => ("valid", Some(agency), None, None, None),
        Standing::Closed { last, since, successor } => {
            ("closed", Some(last), None, Some(since), successor.cloned())
        }
    };
    let own = agency.map_or(code, |agency| &agency.code);
    let periods = agencies.periods(own).iter();
    Ok(Meaning {
        day,
        standing,
        agency: agency.cloned(),
        from,
        since,
        successor,
        answers_today: agencies.current_successor(code, today).cloned(),
        periods: periods.map(|p| PeriodShown { agency: p.agency.clone(), version: p.version }).collect(),
        history: agencies.history(own).iter().map(line).collect(),
    })
}

/// A day as it is written in Vietnamese.
fn written(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

fn line(done: &agency::Done) -> Line {
    let (vi, en) = match &done.change {
        Change::Entered { from } => {
            (format!("Nhập, hiệu lực từ {}", written(*from)), format!("Entered, valid from {from}"))
        }
        Change::Changed { before } => {
            let name = &before.name;
            (format!("Sửa; trước đó: {name}"), format!("Changed; before: {name}"))
        }
        Change::Redated { from, to } => (
            format!("Sửa ngày hiệu lực từ {} thành {}", written(*from), written(*to)),
            format!("First day corrected: {from} to {to}"),
        ),
    };
    Line { at: done.stamp.at, by: done.stamp.by.to_string(), vi, en }
}

/// Enters a period of a code, or changes the one that begins on the same day (then with `If-Match`).
#[utoipa::path(put, path = "/agencies/{code}", tag = "agencies", request_body(content = Object, example = json!({
        "code": "000.00.00.H17", "also": "H17", "name": "Ủy ban nhân dân thành phố Đà Nẵng",
        "valid_from": "2025-07-01", "legal_basis": "Nghị quyết 202/2025/QH15" })),
    params(("code" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003"), (status = 422, description = "EX-2002, EX-2006, EX-2007")))]
async fn put(
    State(api): State<Api>,
    Caller(person): Caller,
    At(code): At<AgencyCode>,
    (seen, key): (Seen, Key),
    Input(agency): Input<Agency>,
) -> Result<Done, Problem> {
    let place = api.registry().read(|state| places(state, &agency).into_iter().next().flatten());
    let subject = format!("agency/{code}");
    let deed = Deed { act: Act::AgencyPut, agency: place.as_ref(), subject: &subject, key: key.0.as_deref() };
    let done = api.registry().act_once(&person, &deed, |state, moment| {
        same_code(&code, &agency)?;
        permit(state, moment, &person, &agency)?;
        let seen = seen.of(state.agencies.period(&code, agency.valid_from).is_some())?;
        agency::put(state, moment, agency.clone(), seen)
    });
    Ok(done.await?.into())
}

fn same_code(code: &AgencyCode, agency: &Agency) -> Result<(), RegistryError> {
    if *code == agency.code {
        return Ok(());
    }
    Err(RegistryError::invalid("code", "khác với mã trong địa chỉ", "is not the code in the path"))
}

/// Where one must be an operator to enter this: at the agency as it stands and at the one above it when that is new;
/// `None` stands for the whole platform.
fn places(state: &crate::State, agency: &Agency) -> Vec<Option<AgencyCode>> {
    let periods = state.agencies.periods(&agency.code);
    let mut places: Vec<_> = periods.first().map(|_| Some(agency.code.clone())).into_iter().collect();
    if !periods.iter().any(|period| period.agency.parent == agency.parent) {
        places.push(agency.parent.clone());
    }
    places
}

fn permit(
    state: &crate::State,
    moment: &Moment,
    person: &Person,
    agency: &Agency,
) -> Result<(), RegistryError> {
    let mut places = places(state, agency).into_iter();
    places.try_for_each(|place| may(state, person, Act::AgencyPut, place.as_ref(), moment.today))
}

/// How an agency ends.
#[derive(Deserialize, ToSchema)]
#[schema(as = AgencyEnding)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// The last day on which it counts.
    #[schema(value_type = String, example = "2025-06-30")]
    last_day: Date,
    /// Who takes over its tasks.
    #[schema(value_type = Option<String>)]
    successor: Option<AgencyCode>,
    /// The decision.
    legal_basis: String,
}

/// Closes the last period of a code.
#[utoipa::path(post, path = "/agencies/{code}/close", tag = "agencies", request_body = Ending,
    params(("code" = String, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 404, description = "EX-2001"), (status = 409, description = "EX-2003, EX-2010"),
        (status = 422, description = "EX-2002, EX-2007")))]
async fn close(
    State(api): State<Api>,
    Caller(person): Caller,
    At(code): At<AgencyCode>,
    (seen, key): (Seen, Key),
    Input(ending): Input<Ending>,
) -> Result<Done, Problem> {
    let subject = format!("agency/{code}");
    let deed = Deed { act: Act::AgencyPut, agency: Some(&code), subject: &subject, key: key.0.as_deref() };
    let done = api.registry().act_once(&person, &deed, |state, moment| {
        let Ending { last_day, successor, legal_basis } = &ending;
        let (successor, legal_basis) = (successor.clone(), legal_basis.clone());
        let closing = Closing { last_day: *last_day, successor, legal_basis };
        agency::close(state, moment, &code, closing, seen.needed()?)
    });
    Ok(done.await?.into())
}

/// Takes over a CSV file of agencies, all of it or nothing; columns as in the export.
#[utoipa::path(post, path = "/agencies/import", tag = "agencies", params(Trial),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Imported), (status = 403, description = "EX-2004"),
        (status = 413, description = "EX-2022"), (status = 422, description = "EX-2018: every mistake of every line")))]
async fn import(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(trial): Asked<Trial>,
    key: Key,
    Upload(bytes): Upload,
) -> Result<Json<Imported>, Problem> {
    let who = person.clone();
    let decide = move |state: &crate::State, moment: &Moment| {
        let (rows, events) = table::import_counted(state, moment, &bytes)?;
        let (mut items, mut refused) = (Vec::new(), Vec::new());
        for event in &events {
            let Event::Agency(agency::Event::PutMany { agencies }) = event else { continue };
            for agency in agencies {
                if permit(state, moment, &who, agency).is_err() {
                    refused.push(aside::out_of_reach(&agency.code));
                }
                let new = state.agencies.period(&agency.code, agency.valid_from).is_none();
                items.push(ImportItem { code: agency.code.to_string(), name: agency.name.clone(), new });
            }
        }
        if !refused.is_empty() {
            return Err(RegistryError::ForbiddenRows(refused));
        }
        Ok(aside::Taken { rows, items, events })
    };
    aside::import(&api, (Caller(person), key), (Act::AgencyPut, "agency", trial.dry_run), decide).await
}

/// What of an export is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Export {
    /// Only the headings, to be filled in.
    #[param(inline)]
    #[serde(default)]
    template: bool,
}

/// Every period of every code as CSV.
#[utoipa::path(get, path = "/agencies.csv", tag = "agencies", params(Export),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export(
    State(api): State<Api>,
    _: Caller,
    Asked(Export { template }): Asked<Export>,
) -> Result<Response, Problem> {
    let own = api.clone();
    let written = async move {
        let all: Vec<Agency> = own.registry().read(|state| {
            let all = state.agencies.all().filter(|_| !template);
            all.cloned().collect()
        });
        Ok(table::to_csv(&all))
    };
    Ok(file("agencies.csv", "text/csv; charset=utf-8", api.0.aside.run(written).await?))
}
