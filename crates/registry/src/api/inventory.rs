//! The inventory of systems and databases: entries, files, what is there twice, figures.
//!
//! Entries are for everybody who is signed in; whom to call stands in them only for who may read at their owner.

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
    Asked, At, Done, FILE_BYTES_MAX, ImportItem, Imported, Input, Upload, file, limit, skip, with_version,
};
use super::rights::{permit, place, reads};
use super::{Api, Caller, Key, Page, Paged, Seen, aside};
use crate::agency::AgencyCode;
use crate::inventory::{
    self, AskedAgain, Closing, Contacts, Entry, Figures, Format, Holding, HoldingCode, Kind, Level,
    OverlapRule, Overlaps, Row, Scope, Sharing,
};
use crate::people::{Act, Person};
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
        .routes(routes!(overlaps))
        .routes(routes!(asked_again))
        .routes(routes!(figures))
        .merge(files)
}

/// Which entries are wanted; a filter that is absent lets everything through.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Of this agency and those below it.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// `information_system` or `database`.
    #[param(value_type = Option<String>)]
    kind: Option<Kind>,
    /// In use at this level: `central`, `province`, `district`, `commune`.
    #[param(value_type = Option<String>)]
    level: Option<Level>,
    /// `platform`, `off_platform`, `none`, `unknown`.
    #[param(value_type = Option<String>)]
    sharing: Option<Sharing>,
    /// `national`, `ministry`, `province`, `other`.
    #[param(value_type = Option<String>)]
    scope: Option<Scope>,
    /// With this main object, such as `cong-dan`.
    object: Option<String>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<HoldingCode>,
    /// Items of this page, 1 to 500.
    limit: Option<usize>,
}

impl Wanted {
    fn fits(&self, state: &crate::State, holding: &Holding, today: Date) -> bool {
        let owner = |owner| state.agencies.is_within(&holding.owner, owner, today);
        let object = |object: &String| holding.objects.iter().any(|held| held.object == *object);
        self.kind.is_none_or(|kind| kind == holding.kind)
            && self.level.is_none_or(|level| holding.levels.contains(&level))
            && self.sharing.is_none_or(|sharing| sharing == holding.sharing)
            && self.scope.is_none_or(|scope| scope == holding.scope)
            && self.object.as_ref().is_none_or(object)
            && self.owner.as_ref().is_none_or(owner)
    }
}

/// An entry.
#[derive(Serialize, ToSchema)]
#[schema(as = HoldingShown)]
struct Shown {
    /// The entry, as it is handed in again to change it.
    #[schema(value_type = Object)]
    holding: Holding,
    /// Its version, for `If-Match`.
    version: i64,
    /// Whether contacts were left out because the caller may not read at the owner.
    contacts_kept_back: bool,
}

impl Shown {
    fn new(state: &crate::State, person: &Person, entry: &Entry, today: Date) -> Self {
        let mut holding = entry.holding.clone();
        let contacts_kept_back = !holding.contacts.is_empty() && !reads(state, person, &holding.owner, today);
        if contacts_kept_back {
            holding.contacts = Contacts::default();
        }
        Self { holding, version: entry.version, contacts_kept_back }
    }
}

/// Lists entries by code.
#[utoipa::path(get, path = "/holdings", tag = "inventory", params(Wanted),
    responses((status = 200, body = Paged<Object>, description = "`items`: `HoldingShown`"), (status = 422, description = "EX-2002")))]
async fn list(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Paged<Shown>>, Problem> {
    let (limit, today) = (limit(wanted.limit)?, api.today());
    let items = api.registry().read(|state| {
        let entries = state.inventory.iter();
        let behind = |entry: &&Entry| wanted.after.as_ref().is_none_or(|after| entry.holding.code > *after);
        let entries = entries.filter(behind).filter(|entry| wanted.fits(state, &entry.holding, today));
        entries.take(limit + 1).map(|entry| Shown::new(state, &person, entry, today)).collect()
    });
    Ok(Json(Paged::of(items, limit, |shown: &Shown| shown.holding.code.to_string())))
}

/// An entry with all that was done to it.
#[derive(Serialize, ToSchema)]
#[schema(as = HoldingWhole)]
struct Whole {
    /// The entry.
    #[serde(flatten)]
    shown: Shown,
    /// What was done to it, oldest first.
    history: Vec<Line>,
}

/// A line of a history.
#[derive(Serialize, ToSchema)]
#[schema(as = HoldingLine)]
struct Line {
    /// When.
    #[schema(value_type = String)]
    at: Ts,
    /// By whom: the sign-in name, for who may read at the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// What, in Vietnamese.
    vi: String,
    /// What, in English.
    en: String,
}

/// Shows an entry with its history; `ETag` is its version.
#[utoipa::path(get, path = "/holdings/{code}", tag = "inventory", params(("code" = String, Path)),
    responses((status = 200, body = Whole), (status = 404, description = "EX-2001")))]
async fn show(
    State(api): State<Api>,
    Caller(person): Caller,
    At(code): At<HoldingCode>,
) -> Result<Response, Problem> {
    let today = api.today();
    let whole = api.registry().read(|state| {
        let entry = state.inventory.get(&code).ok_or_else(|| no_such(&code))?;
        let named = reads(state, &person, &entry.holding.owner, today);
        let line = |change: &inventory::Change| {
            let text = change.done.text();
            let by = named.then(|| change.stamp.by.to_string());
            Line { at: change.stamp.at, by, vi: text.vi, en: text.en }
        };
        let history = entry.history.iter().map(line).collect();
        Ok::<_, RegistryError>(Whole { shown: Shown::new(state, &person, entry, today), history })
    })?;
    Ok(with_version(whole.shown.version, whole))
}

fn no_such(code: &HoldingCode) -> RegistryError {
    RegistryError::NoSuch { kind: "holding", name: code.to_string() }
}

/// Enters an entry, or changes it (then with `If-Match`).
///
/// The caller must be an administrator of the owner as it was and as it will be.
#[utoipa::path(put, path = "/holdings/{code}", tag = "inventory", request_body(content = Object, example = json!({
        "code": "CSDL-000012", "kind": "database", "name": "CSDL hộ gia đình", "owner": "000.00.00.H17",
        "scope": "province", "levels": ["province", "commune"], "sharing": "platform",
        "objects": [{ "object": "ho-gia-dinh", "fields": ["chuHo", "diaChi"] }] })),
    params(("code" = String, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 409, description = "EX-2003"), (status = 422, description = "EX-2002, EX-2007")))]
async fn put(
    State(api): State<Api>,
    Caller(person): Caller,
    At(code): At<HoldingCode>,
    (seen, key): (Seen, Key),
    Input(holding): Input<Holding>,
) -> Result<Done, Problem> {
    let agency = answers(&api, &person, &code).unwrap_or_else(|| holding.owner.clone());
    let subject = format!("holding/{code}");
    let deed =
        Deed { act: Act::InventoryPut, agency: Some(&agency), subject: &subject, key: key.0.as_deref() };
    let done = api.registry().act_once(&person, &deed, |state, moment| {
        if code != holding.code {
            return Err(RegistryError::invalid(
                "code",
                "khác với mã trong địa chỉ",
                "is not the code in the path",
            ));
        }
        let seen = seen.of(state.inventory.get(&code).is_some())?;
        let events = inventory::put(state, moment, holding.clone(), seen)?;
        allowed(state, moment, &person, events)
    });
    Ok(done.await?.into())
}

/// The agency that answers for an entry as it stands.
fn answers(api: &Api, person: &Person, code: &HoldingCode) -> Option<AgencyCode> {
    let today = api.today();
    api.registry().read(|state| {
        let owner = &state.inventory.get(code)?.holding.owner;
        Some(place(state, person, Act::InventoryPut, owner, today))
    })
}

/// The events, if the person may work at every entry that they touch.
fn allowed(
    state: &crate::State,
    moment: &Moment,
    person: &Person,
    events: Vec<Event>,
) -> Result<Vec<Event>, RegistryError> {
    let agencies = inventory::concerned(state, &events);
    permit(state, person, Act::InventoryPut, &agencies, moment.today)?;
    Ok(events)
}

/// How an entry ends.
#[derive(Deserialize, ToSchema)]
#[schema(as = HoldingEnding)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// Its last day of use.
    #[schema(value_type = String, example = "2026-12-31")]
    on: Date,
    /// What takes over its tasks.
    #[schema(value_type = Option<String>)]
    successor: Option<HoldingCode>,
    /// The decision.
    legal_basis: String,
}

/// Takes an entry out of use.
#[utoipa::path(post, path = "/holdings/{code}/close", tag = "inventory", request_body = Ending,
    params(("code" = String, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Done), (status = 403, description = "EX-2004"),
        (status = 404, description = "EX-2001"), (status = 409, description = "EX-2003, EX-2010"),
        (status = 422, description = "EX-2002, EX-2007")))]
async fn close(
    State(api): State<Api>,
    Caller(person): Caller,
    At(code): At<HoldingCode>,
    (seen, key): (Seen, Key),
    Input(ending): Input<Ending>,
) -> Result<Done, Problem> {
    let agency = answers(&api, &person, &code).ok_or_else(|| no_such(&code))?;
    let subject = format!("holding/{code}");
    let deed =
        Deed { act: Act::InventoryPut, agency: Some(&agency), subject: &subject, key: key.0.as_deref() };
    let Ending { on, successor, legal_basis } = ending;
    let closing = Closing { code, on, successor, legal_basis };
    let done = api.registry().act_once(&person, &deed, |state, moment| {
        let events = inventory::close(state, closing.clone(), Some(seen.needed()?))?;
        allowed(state, moment, &person, events)
    });
    Ok(done.await?.into())
}

/// The form of a file.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FileForm {
    /// Comma-separated text.
    #[default]
    Csv,
    /// Excel.
    Xlsx,
    /// An array of entries.
    Json,
}

impl FileForm {
    const fn format(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Xlsx => Format::Xlsx,
            Self::Json => Format::Json,
        }
    }

    /// Name of the file and its media type.
    const fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("holdings.csv", "text/csv; charset=utf-8"),
            Self::Xlsx => {
                ("holdings.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
            }
            Self::Json => ("holdings.json", "application/json"),
        }
    }
}

/// A file that is handed in.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Handed {
    /// `csv`, `xlsx` or `json`.
    #[param(inline)]
    format: FileForm,
    /// Check and count everything, write nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Takes over a file, all of it or nothing; columns as in the export.
///
/// The caller must be an administrator of every owner that it names or changes.
#[utoipa::path(post, path = "/holdings/import", tag = "inventory", params(Handed),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = 403, description = "EX-2004"),
        (status = 413, description = "EX-2022"), (status = 422, description = "EX-2018: every mistake of every row")))]
async fn import(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(handed): Asked<Handed>,
    key: Key,
    Upload(bytes): Upload,
) -> Result<Json<Imported>, Problem> {
    let who = person.clone();
    let decide = move |state: &crate::State, moment: &Moment| {
        let format = handed.format.format();
        let (rows, events) = inventory::import_counted(state, moment, format, &bytes)?;
        let put = events.iter().filter_map(|event| match event {
            Event::Inventory(inventory::Event::Put(holding)) => Some(&**holding),
            _ => None,
        });
        let item = |holding: &Holding| ImportItem {
            code: holding.code.to_string(),
            name: holding.name.clone(),
            new: state.inventory.get(&holding.code).is_none(),
        };
        let items = put.map(item).collect();
        let agencies = inventory::concerned(state, &events);
        let may =
            |agency: &&AgencyCode| permit(state, &who, Act::InventoryPut, [*agency], moment.today).is_ok();
        let refused: Vec<_> = agencies.iter().filter(|agency| !may(agency)).collect();
        if !refused.is_empty() {
            let refused = refused.into_iter().map(|agency| aside::out_of_reach(agency));
            return Err(RegistryError::ForbiddenRows(refused.collect()));
        }
        Ok(aside::Taken { rows, items, events })
    };
    aside::import(&api, (Caller(person), key), (Act::InventoryPut, "holding", handed.dry_run), decide).await
}

/// The form of an export.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Export {
    /// `csv` (unless said), `xlsx` or `json`.
    #[param(inline)]
    #[serde(default)]
    format: FileForm,
    /// Only the headings, to be filled in.
    #[serde(default)]
    template: bool,
}

/// Every entry at whose owner the caller may read, as a file that can be edited and imported again.
#[utoipa::path(get, path = "/holdings/export", tag = "inventory", params(Export),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn export(
    State(api): State<Api>,
    Caller(person): Caller,
    Asked(wanted): Asked<Export>,
) -> Result<Response, Problem> {
    let today = api.today();
    let rows: Vec<Row> = api.registry().read(|state| {
        let entries = state.inventory.iter().filter(|_| !wanted.template);
        // Without its contacts an entry would lose them when it is imported again.
        let whole = entries.filter(|entry| reads(state, &person, &entry.holding.owner, today));
        whole.map(|entry| Row { holding: entry.holding.clone(), version: Some(entry.version) }).collect()
    });
    let (name, kind) = wanted.format.kind();
    let written = async move { inventory::write(wanted.format.format(), &rows) };
    Ok(file(name, kind, api.0.aside.run(written).await?))
}

/// When two entries count as the same, and how many pairs are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Alike {
    /// So many fields in common count even when the object has another name; 4 unless said.
    fields_min: Option<usize>,
    /// Pairs at most, 1 to 500.
    limit: Option<usize>,
}

/// Pairs of entries that hold the same, those with the most fields in common first.
#[utoipa::path(get, path = "/holdings/overlaps", tag = "inventory", params(Alike),
    responses((status = 200, body = Object), (status = 422, description = "EX-2002")))]
async fn overlaps(
    State(api): State<Api>,
    _: Caller,
    Asked(alike): Asked<Alike>,
) -> Result<Json<Overlaps>, Problem> {
    let fields_min = alike.fields_min.unwrap_or(OverlapRule::default().fields_min);
    let rule = OverlapRule { fields_min, pairs_max: limit(alike.limit)? };
    Ok(Json(api.registry().read(|state| inventory::overlaps(state, api.today(), &rule))))
}

/// Fields that citizens are asked for although a service on offer has them.
#[utoipa::path(get, path = "/holdings/asked-again", tag = "inventory", params(Page),
    responses((status = 200, body = Paged<Object>), (status = 422, description = "EX-2002")))]
async fn asked_again(
    State(api): State<Api>,
    _: Caller,
    Asked(page): Asked<Page>,
) -> Result<Json<Paged<AskedAgain>>, Problem> {
    let (skip, limit) = (skip(page.after.as_deref())?, page.limit()?);
    let all = api.registry().read(|state| inventory::asked_again(state, api.today()));
    let items = all.into_iter().skip(skip).take(limit + 1).collect();
    Ok(Json(Paged::behind(items, skip, limit)))
}

/// Of which entries figures are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Counted {
    /// As of this day; today unless said.
    #[param(value_type = Option<String>)]
    day: Option<Date>,
    /// Of this agency and those below it.
    #[param(value_type = Option<String>)]
    owner: Option<AgencyCode>,
    /// `national`, `ministry`, `province`, `other`.
    #[param(value_type = Option<String>)]
    scope: Option<Scope>,
}

/// The figures of a day; each is the list of the codes behind it.
#[utoipa::path(get, path = "/holdings/figures", tag = "inventory", params(Counted),
    responses((status = 200, body = Object), (status = 422, description = "EX-2002")))]
async fn figures(
    State(api): State<Api>,
    _: Caller,
    Asked(counted): Asked<Counted>,
) -> Result<Json<Figures>, Problem> {
    let day = counted.day.unwrap_or_else(|| api.today());
    let figures = api.registry().read(|state| {
        inventory::figures_of(state, day, |holding| {
            let owner = |owner| state.agencies.is_within(&holding.owner, owner, day);
            counted.scope.is_none_or(|scope| scope == holding.scope)
                && counted.owner.as_ref().is_none_or(owner)
        })
    });
    Ok(Json(figures))
}
