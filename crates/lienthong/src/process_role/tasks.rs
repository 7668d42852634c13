//! Tasks of persons: lists, taking them, handing them over, doing them.

use audit::PersonId;
use axum::Json;
use process::engine::ExecId;
use process::runner::{Denied, Name, OpenTask, Payload, TaskId, TaskShown, Wanted as Filter};
use registry::RegistryError;
use registry::agency::AgencyCode;
use registry::api::{Api, Asked, At, Input, limit};
use registry::people::Act;
use registry::procedure::Event;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::instances::ROUNDS_MAX;
use super::refused::refused;
use super::views::{DoneView, TaskView, TasksPage, WholeTaskView};
use super::who::{Here, agency, of_task};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(claim))
        .routes(routes!(unclaim))
        .routes(routes!(assign))
        .routes(routes!(delegate))
        .routes(routes!(complete))
        .routes(routes!(error))
}

/// The step that a path names.
pub fn step((instance, exec): (String, u64)) -> Result<TaskId, Problem> {
    Ok(TaskId { instance: instance.parse().map_err(refused)?, exec: ExecId(exec) })
}

/// The step that a cursor names.
pub fn cursor(text: Option<&str>) -> Result<Option<TaskId>, Problem> {
    let wrong = |_| {
        let vi = "lấy từ `next` của trang trước";
        RegistryError::invalid("after", vi, "take `next` of the page before").into()
    };
    text.map(str::parse).transpose().map_err(wrong)
}

/// Which tasks are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those of this role.
    role: Option<String>,
    /// Only those at this agency.
    #[param(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Only those that the one who asks has taken.
    #[serde(default)]
    mine: bool,
    /// Only those of this instance.
    instance: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

impl Wanted {
    fn filter(&self, here: &Here, limit: usize) -> Result<Filter, Problem> {
        let mut agencies = here.agencies(Act::ProcessRead);
        if let Some(only) = &self.agency {
            here.api.registry().may(&here.person, Act::ProcessRead, Some(only))?;
            agencies = Some(here.codes(only));
        }
        let roles = self.role.iter().map(|role| role.parse()).collect::<Result<Vec<Name>, _>>();
        let me = || here.person.id.as_str().parse::<Name>();
        Ok(Filter {
            roles: roles.map_err(refused)?,
            agencies,
            assignee: self.mine.then(me).transpose().map_err(refused)?,
            instance: self.instance.as_deref().map(str::parse).transpose().map_err(refused)?,
            after: cursor(self.after.as_deref())?,
            limit: u32::try_from(limit + 1).unwrap_or(u32::MAX),
        })
    }
}

/// Open tasks at the agencies and of the groups of the person's posts, in the order in which their instances began.
#[utoipa::path(get, path = "/process/tasks", tag = "process", params(Wanted),
    responses((status = 200, body = TasksPage)))]
async fn list(here: Here, Asked(wanted): Asked<Wanted>) -> Result<Json<TasksPage>, Problem> {
    let limit = limit(wanted.limit)?;
    let mut filter = wanted.filter(&here, limit)?;
    let (mut items, mut looked) = (Vec::new(), None);
    for _ in 0..ROUNDS_MAX {
        let page = here.processes.tasks(&filter).await.map_err(refused)?;
        let more = page.len() > limit;
        looked = page.last().map(|last| last.id).filter(|_| more);
        filter.after = looked;
        items.extend(page.into_iter().filter(|task| here.sees_task(task)));
        if !more || items.len() > limit {
            break;
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(|last| last.id) } else { looked };
    let items = items.into_iter().map(TaskView::from).collect();
    Ok(Json(TasksPage { items, next: next.map(|id| id.to_string()) }))
}

/// A task with the variables that it sees, its form, and what may be done with it.
#[utoipa::path(get, path = "/process/tasks/{instance}/{step}", tag = "process",
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = WholeTaskView), (status = 404, description = "EX-4010")))]
async fn show(here: Here, At(at): At<(String, u64)>) -> Result<Json<WholeTaskView>, Problem> {
    let shown = here.processes.task(step(at)?).await.map_err(refused)?;
    let task = &shown.task;
    if !here.sees_task(task) {
        return Err(RegistryError::Forbidden(Act::ProcessRead.name()).into());
    }
    let instance = here.processes.instance(task.id.instance).await.map_err(refused)?;
    let sees_variables = here.sees_variables(&instance, std::slice::from_ref(task));
    let may = possible(&here, &shown);
    Ok(Json(WholeTaskView::new(shown, may, sees_variables)))
}

/// What the person may do with a task as it stands.
fn possible(here: &Here, TaskShown { task, barred, .. }: &TaskShown) -> Vec<&'static str> {
    let (is_work, me) = (task.topic.is_none(), here.person.id.as_str());
    let is_barred = barred.iter().any(|who| who.strip_prefix("person:") == Some(me));
    let mut may = Vec::new();
    if is_work && is_barred && task.assignee.as_deref() == Some(me) {
        may.extend(["unclaim", "delegate"]);
    } else if is_work && !is_barred && here.does_task(task) {
        may.extend(match task.assignee.as_deref() {
            None => &["claim", "complete", "error"][..],
            Some(has) if has == me => &["unclaim", "delegate", "complete", "error"],
            Some(_) => &[],
        });
    }
    if is_work && here.assigns_task(task) {
        may.push("assign");
    }
    may
}

/// The task, if the person may do this with it. What was done already under the same key is asked of the engine again, which
/// knows the answer.
async fn for_act(here: &Here, id: TaskId, act: Act) -> Result<Option<OpenTask>, Problem> {
    match here.processes.open_task(id).await {
        Ok(task) => {
            here.allow_task(act, &task).await?;
            Ok(Some(task))
        }
        Err(Denied::NoTask) if here.key()?.is_some() => Ok(None),
        Err(denied) => Err(refused(denied)),
    }
}

async fn needed(here: &Here, at: (String, u64), act: Act) -> Result<OpenTask, Problem> {
    let task = for_act(here, step(at)?, act).await?;
    task.ok_or_else(|| refused(Denied::NoTask))
}

/// Takes a task.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/claim", tag = "process",
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 403, description = "EX-2004, EX-4019"), (status = 409, description = "EX-4017")))]
async fn claim(here: Here, At(at): At<(String, u64)>) -> Result<Json<DoneView>, Problem> {
    let task = needed(&here, at, Act::TaskDo).await?;
    Ok(Json(here.processes.claim(task.id, &here.by()?).await.map_err(refused)?.into()))
}

/// Gives a task back.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/unclaim", tag = "process",
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 409, description = "EX-4017, EX-4018")))]
async fn unclaim(here: Here, At(at): At<(String, u64)>) -> Result<Json<DoneView>, Problem> {
    let task = needed(&here, at, Act::TaskDo).await?;
    Ok(Json(here.processes.unclaim(task.id, &here.by()?).await.map_err(refused)?.into()))
}

/// To whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct To {
    /// Sign-in name of somebody who may do the task.
    #[schema(value_type = String)]
    to: PersonId,
}

/// Gives a task to a person, whoever had it.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/assign", tag = "process", request_body = To,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 403, description = "EX-2004, EX-4019"), (status = 422, description = "EX-2002")))]
async fn assign(
    here: Here,
    At(at): At<(String, u64)>,
    Input(To { to }): Input<To>,
) -> Result<Json<DoneView>, Problem> {
    let task = needed(&here, at, Act::TaskAssign).await?;
    let name = here.can_be_given(&task, &to)?;
    let (place, subject) = (agency(task.agency.as_ref()), of_task(task.id));
    here.record(Act::TaskAssign, (place.as_ref(), &subject), Event::Assigned { to }).await?;
    Ok(Json(here.processes.assign(task.id, name, &here.by()?).await.map_err(refused)?.into()))
}

/// The person who has a task gives it to another.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/delegate", tag = "process", request_body = To,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 409, description = "EX-4017, EX-4018"), (status = 422, description = "EX-2002")))]
async fn delegate(
    here: Here,
    At(at): At<(String, u64)>,
    Input(To { to }): Input<To>,
) -> Result<Json<DoneView>, Problem> {
    let task = needed(&here, at, Act::TaskDo).await?;
    let to = here.can_be_given(&task, &to)?;
    Ok(Json(here.processes.delegate(task.id, to, &here.by()?).await.map_err(refused)?.into()))
}

/// What a task brought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Variables, at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
}

/// A task is done. Under the same `Idempotency-Key` it may be said twice.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/complete", tag = "process", request_body = Results,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 403, description = "EX-2004, EX-4019"),
        (status = 404, description = "EX-4010"), (status = 409, description = "EX-4017")))]
async fn complete(
    here: Here,
    At(at): At<(String, u64)>,
    Input(results): Input<Results>,
) -> Result<Json<DoneView>, Problem> {
    let id = step(at)?;
    for_act(&here, id, Act::TaskDo).await?;
    let variables = Payload::new(results.variables).map_err(refused)?;
    let done = here.processes.complete(id, variables, &here.by()?, here.key()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// A business error.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Its code, as the model has it.
    pub code: String,
    /// Variables, at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
}

impl Failure {
    /// As the engine takes it.
    pub fn read(self) -> Result<(Name, Payload), Problem> {
        let Self { code, variables } = self;
        Ok((code.parse().map_err(refused)?, Payload::new(variables).map_err(refused)?))
    }
}

/// A task ends with a business error, such as a refusal.
#[utoipa::path(post, path = "/process/tasks/{instance}/{step}/error", tag = "process", request_body = Failure,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 403, description = "EX-2004, EX-4019"),
        (status = 404, description = "EX-4010"), (status = 409, description = "EX-4017"), (status = 422, description = "EX-4034")))]
async fn error(
    here: Here,
    At(at): At<(String, u64)>,
    Input(failure): Input<Failure>,
) -> Result<Json<DoneView>, Problem> {
    let id = step(at)?;
    for_act(&here, id, Act::TaskDo).await?;
    let done = here.processes.error(id, failure.read()?, &here.by()?, here.key()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}
