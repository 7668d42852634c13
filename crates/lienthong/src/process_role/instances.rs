//! Instances: beginning them, looking at them, what operators do with them.

use axum::Json;
use axum::response::Response;
use hyper::StatusCode;
use process::engine::Refused;
use process::runner::{
    Answer, Begin, Denied, Instance, InstanceId, Listed, Name, Payload, Plan, Retold, Shown,
};
use registry::agency::AgencyCode;
use registry::api::{Asked, At, Input, Paged, limit};
use registry::people::Act;
use registry::procedure::Event;
use registry::{RegistryError, api::Api};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::models::drawn;
use super::refused::refused;
use super::views::{ChangeView, ChangesPage, DoneView, InstanceView, InstancesPage, ShownView};
use super::who::{Here, agency, of_instance};

/// Pages that are looked through for one page of a list, when most of what they have is not to be shown.
pub const ROUNDS_MAX: usize = 20;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(show))
        .routes(routes!(history))
        .routes(routes!(picture))
        .routes(routes!(variables))
        .routes(routes!(cancel))
        .routes(routes!(migrate))
}

/// What an instance begins with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInstance {
    /// Key of the model.
    model: String,
    /// Its version; none is the newest whose procedure counts today.
    version: Option<i64>,
    /// Id of the process; none is the file's first executable one.
    process: Option<String>,
    /// Code of the agency whose it is.
    #[schema(value_type = String)]
    agency: AgencyCode,
    /// What people shall call it by, such as the number of a dossier.
    business_key: Option<String>,
    /// Its variables, at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
}

/// Begins an instance. Under the same `Idempotency-Key` the same person begins none again.
#[utoipa::path(post, path = "/process/instances", tag = "process", request_body = NewInstance,
    responses((status = 201, body = DoneView), (status = 404, description = "EX-4006"), (status = 422, description = "EX-4008, EX-4014")))]
async fn start(here: Here, Input(new): Input<NewInstance>) -> Result<(StatusCode, Json<DoneView>), Problem> {
    here.allow(Act::ProcessStart, Some(&new.agency), "process/instances").await?;
    let agency = here.known(&new.agency)?;
    let name = |text: String| text.parse::<Name>();
    let begin = || {
        Ok(Begin {
            model: name(new.model)?,
            version: new.version,
            process: new.process.map(name).transpose()?,
            business_key: new.business_key.map(name).transpose()?,
            agency: Some(agency),
            variables: Payload::new(new.variables)?,
        })
    };
    let begin = begin().map_err(refused)?;
    let id = here.processes.start(begin, &here.by()?, here.key()?).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(Answer::Started { instance: id.to_string() }.into())))
}

/// Which instances are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only of this model: its key.
    model: Option<String>,
    /// Only of this version of it.
    version: Option<i64>,
    /// Only with this business key.
    business_key: Option<String>,
    /// Only those that are not over (`true`), or are (`false`).
    open: Option<bool>,
    /// Only of this agency.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

/// Instances in the order in which they began, of the agencies at which the person may look. An instance in which another
/// agency only has a task is found through the task.
#[utoipa::path(get, path = "/process/instances", tag = "process", params(Wanted),
    responses((status = 200, body = InstancesPage)))]
async fn list(here: Here, Asked(wanted): Asked<Wanted>) -> Result<Json<InstancesPage>, Problem> {
    let limit = limit(wanted.limit)?;
    let name = |text: &String| text.parse::<Name>().map_err(refused);
    let mut agencies = here.agencies(Act::ProcessRead);
    if let Some(only) = &wanted.agency {
        here.api.registry().may(&here.person, Act::ProcessRead, Some(only))?;
        agencies = Some(here.codes(only));
    }
    let models = models(&here, &wanted).await?;
    let mut listed = Listed {
        business_key: wanted.business_key.as_ref().map(name).transpose()?,
        model: models.as_ref().filter(|models| models.len() == 1).and_then(|models| models.first().copied()),
        agencies,
        open: wanted.open,
        after: wanted.after.as_deref().map(cursor).transpose()?,
        limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
    };
    let fits = |instance: &Instance| models.as_ref().is_none_or(|models| models.contains(&instance.model));
    let (mut items, mut looked) = (Vec::new(), None);
    for _ in 0..ROUNDS_MAX {
        let page = here.processes.instances(&listed).await.map_err(refused)?;
        let more = page.len() > limit;
        looked = page.last().map(|last| last.id).filter(|_| more);
        listed.after = looked;
        items.extend(page.into_iter().filter(fits));
        if !more || items.len() > limit {
            break;
        }
    }
    Ok(Json(page(&here, (items, limit), looked).await?.into()))
}

/// The numbers of the models that are wanted; none is all.
async fn models(here: &Here, wanted: &Wanted) -> Result<Option<Vec<i64>>, Problem> {
    let Some(key) = &wanted.model else {
        return if wanted.version.is_none() {
            Ok(None)
        } else {
            let vi = "phải kèm model";
            Err(RegistryError::invalid("version", vi, "needs model beside it").into())
        };
    };
    let all = here.processes.models().await.map_err(refused)?;
    let fits = |model: &&process::runner::ModelShown| {
        model.key == *key && wanted.version.is_none_or(|version| model.version == version)
    };
    Ok(Some(all.iter().filter(fits).map(|model| model.model).collect()))
}

fn cursor(text: &str) -> Result<InstanceId, Problem> {
    text.parse().map_err(|_| {
        let vi = "lấy từ `next` của trang trước";
        RegistryError::invalid("after", vi, "take `next` of the page before").into()
    })
}

/// A page of what was found; where more may come behind what was looked at, it says so.
async fn page(
    here: &Here,
    (mut items, limit): (Vec<Instance>, usize),
    looked: Option<InstanceId>,
) -> Result<Paged<InstanceView>, Problem> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(|last| last.id) } else { looked };
    let mut views = Vec::with_capacity(items.len());
    for instance in items {
        let name = here.processes.model_name(instance.model).await.map_err(refused)?;
        views.push(InstanceView::new(instance, name));
    }
    Ok(Paged { items: views, next: next.map(|id| id.to_string()) })
}

/// An instance that the person sees.
pub async fn seen(here: &Here, id: &str) -> Result<Shown, Problem> {
    let id = id.parse().map_err(refused)?;
    let shown = here.processes.show(id).await.map_err(refused)?;
    here.sees(&shown.instance, &shown.tasks)?;
    Ok(shown)
}

/// An instance as it stands.
#[utoipa::path(get, path = "/process/instances/{id}", tag = "process", params(("id" = String, Path)),
    responses((status = 200, body = ShownView), (status = 404, description = "EX-4009")))]
async fn show(here: Here, At(id): At<String>) -> Result<Json<ShownView>, Problem> {
    let shown = seen(&here, &id).await?;
    let sees_variables = here.sees_variables(&shown.instance, &shown.tasks);
    Ok(Json(ShownView::new(shown, sees_variables)))
}

/// Which changes are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Part {
    /// Only changes behind this number: `next` of the page before.
    after: Option<u32>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

/// What happened to an instance, in order, with who did it.
#[utoipa::path(get, path = "/process/instances/{id}/history", tag = "process", params(("id" = String, Path), Part),
    responses((status = 200, body = ChangesPage), (status = 404, description = "EX-4009")))]
async fn history(
    here: Here,
    At(id): At<String>,
    Asked(part): Asked<Part>,
) -> Result<Json<ChangesPage>, Problem> {
    let limit = limit(part.limit)?;
    let shown = seen(&here, &id).await?;
    let sees_variables = here.sees_variables(&shown.instance, &shown.tasks);
    let wanted = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let after = i64::from(part.after.unwrap_or_default());
    let told = here.processes.retold(shown.instance.id, after, wanted).await.map_err(refused)?;
    let items = told.into_iter().map(|change: Retold| ChangeView::new(change, sees_variables)).collect();
    Ok(Json(Paged::of(items, limit, |change: &ChangeView| change.number.to_string()).into()))
}

/// The model drawn with where the instance stands, what was done how often and since when.
#[utoipa::path(get, path = "/process/instances/{id}/picture", tag = "process", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, description = "EX-4009, EX-4028")))]
async fn picture(here: Here, At(id): At<String>) -> Result<Response, Problem> {
    let shown = seen(&here, &id).await?;
    drawn(here.processes.picture(shown.instance.id).await)
}

/// New values.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewValues {
    /// Values by name of the variable.
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
}

/// The instance as its agency and id, for an act on it.
async fn target(here: &Here, id: &str) -> Result<(InstanceId, Option<AgencyCode>), Problem> {
    let id: InstanceId = id.parse().map_err(refused)?;
    let instance = here.processes.instance(id).await.map_err(refused)?;
    Ok((id, agency(instance.agency.as_ref())))
}

/// What is seen beforehand to be impossible must not stand in the journal as done.
async fn not_over(here: &Here, id: InstanceId) -> Result<(), Problem> {
    let is_over = here.processes.instance(id).await.map_err(refused)?.ended.is_some();
    // A request that comes again has its answer.
    if is_over && here.key()?.is_none() {
        return Err(refused(Denied::Refused(Refused::Over)));
    }
    Ok(())
}

/// Gives variables new values; events that wait for a condition look at it.
#[utoipa::path(post, path = "/process/instances/{id}/variables", tag = "process", params(("id" = String, Path)),
    request_body = NewValues, responses((status = 200, body = DoneView), (status = 409, description = "EX-4013")))]
async fn variables(
    here: Here,
    At(id): At<String>,
    Input(new): Input<NewValues>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at) = target(&here, &id).await?;
    let names: Vec<String> = new.variables.keys().cloned().collect();
    let subject = of_instance(id);
    here.allow(Act::ProcessOperate, at.as_ref(), &subject).await?;
    let values = Payload::new(new.variables).map_err(refused)?;
    not_over(&here, id).await?;
    here.record(Act::ProcessOperate, (at.as_ref(), &subject), Event::Set { names }).await?;
    let done = here.processes.set_variables(id, values, &here.by()?, here.key()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// Why somebody does it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// The reason, 1 to 256 bytes.
    pub reason: String,
}

/// The instance that somebody may mend and that is not over, its agency, and the reason that stands in the journal.
pub async fn mended(
    here: &Here,
    id: &str,
    because: &Because,
) -> Result<(InstanceId, Option<AgencyCode>, Name), Problem> {
    let (id, at) = target(here, id).await?;
    here.allow(Act::ProcessMend, at.as_ref(), &of_instance(id)).await?;
    let reason = because.reason.parse().map_err(refused)?;
    not_over(here, id).await?;
    Ok((id, at, reason))
}

/// Ends an instance as it stands.
#[utoipa::path(post, path = "/process/instances/{id}/cancel", tag = "process", params(("id" = String, Path)),
    request_body = Because, responses((status = 200, body = DoneView), (status = 409, description = "EX-4013")))]
async fn cancel(
    here: Here,
    At(id): At<String>,
    Input(because): Input<Because>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at, reason) = mended(&here, &id, &because).await?;
    let event = Event::Cancelled { reason: reason.to_string() };
    here.record(Act::ProcessMend, (at.as_ref(), &of_instance(id)), event).await?;
    let done = here.processes.cancel(id, &reason, &here.by()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// A migration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Migration {
    /// Where to.
    plan: PlanBody,
    /// Whether it is only tried: must be said.
    dry: bool,
}

/// Where an instance moves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanBody {
    /// Number of the model: another version of the same key.
    to: i64,
    /// For an element's id, its id there, where it is another.
    #[serde(default)]
    elements: BTreeMap<String, String>,
}

/// What a migration does, or would do.
#[derive(Serialize, ToSchema)]
struct MigrationView {
    /// Whether it was only tried.
    dry: bool,
    /// Open steps, with their elements now and then.
    moves: Vec<MoveView>,
    /// Number of the change in the instance's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
}

/// An open step that moves.
#[derive(Serialize, ToSchema)]
struct MoveView {
    /// The step.
    step: u64,
    /// Id of its element now.
    from: String,
    /// Id of its element then.
    to: String,
}

/// Moves an instance to another version of its model, or says what would move. Refused while steps have stopped.
#[utoipa::path(post, path = "/process/instances/{id}/migrate", tag = "process", params(("id" = String, Path)),
    request_body = Migration, responses((status = 200, body = MigrationView),
        (status = 409, description = "EX-4022"), (status = 422, description = "EX-4023, all reasons in `errors`")))]
async fn migrate(
    here: Here,
    At(id): At<String>,
    Input(asked): Input<Migration>,
) -> Result<Json<MigrationView>, Problem> {
    let (id, at) = target(&here, &id).await?;
    let subject = of_instance(id);
    here.allow(Act::ProcessOperate, at.as_ref(), &subject).await?;
    let Migration { plan: PlanBody { to, elements }, dry } = asked;
    let plan = Plan { to, elements };
    let planned = here.processes.migration(id, &plan).await.map_err(refused)?;
    let mut number = None;
    if !dry {
        here.record(Act::ProcessOperate, (at.as_ref(), &subject), Event::Migrated { to }).await?;
        let done = here.processes.migrate(id, plan, &here.by()?).await.map_err(refused)?;
        number = DoneView::from(done).number;
    }
    let moves = planned.into_iter().map(|one| MoveView { step: one.exec.0, from: one.from, to: one.to });
    Ok(Json(MigrationView { dry, moves: moves.collect(), number }))
}
