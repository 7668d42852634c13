//! Clocks of an instance: how they stand, letting them stand still and run on.

use axum::Json;
use process::engine::Refused;
use process::runner::{ClockShown, ClocksShown, Denied, InstanceId};
use registry::api::{Api, At, Input};
use registry::people::Act;
use registry::procedure::Event;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::instances::{Because, mended, seen};
use super::refused::refused;
use super::views::DoneView;
use super::who::{Here, of_instance};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(pause)).routes(routes!(resume))
}

/// The clocks of an instance.
#[derive(Serialize, ToSchema)]
struct ClocksView {
    /// Since when and why somebody let them stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<HoldView>,
    /// That of the instance.
    instance: ClockView,
    /// Those of the agencies that had it.
    agencies: Vec<ClockView>,
    /// Those of open steps with a limit.
    steps: Vec<StepClockView>,
}

/// That clocks stand still.
#[derive(Serialize, ToSchema)]
struct HoldView {
    /// Since when.
    since: String,
    /// Why.
    reason: String,
}

/// A clock.
#[derive(Serialize, ToSchema)]
struct ClockView {
    /// By whose hours it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    /// When it began.
    started: String,
    /// Its limit, such as `P8WD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Whether it stands still.
    paused: bool,
    /// Seconds of working time in which it ran.
    used_s: i64,
    /// Seconds until it is due, negative after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_s: Option<i64>,
}

/// The clock of a step.
#[derive(Serialize, ToSchema)]
struct StepClockView {
    /// Number of the step.
    step: u64,
    /// Id of its element.
    element: String,
    /// The clock.
    #[serde(flatten)]
    clock: ClockView,
}

impl From<ClockShown> for ClockView {
    fn from(clock: ClockShown) -> Self {
        let ClockShown { agency, started, limit, due, paused, used_micros, left_micros } = clock;
        Self {
            agency,
            started: started.to_string(),
            limit,
            due: due.map(|at| at.to_string()),
            paused,
            used_s: used_micros / 1_000_000,
            left_s: left_micros.map(|micros| micros / 1_000_000),
        }
    }
}

impl From<ClocksShown> for ClocksView {
    fn from(clocks: ClocksShown) -> Self {
        let step = |(exec, element, clock): (process::engine::ExecId, String, ClockShown)| StepClockView {
            step: exec.0,
            element,
            clock: clock.into(),
        };
        Self {
            hold: clocks.hold.map(|hold| HoldView { since: hold.since.to_string(), reason: hold.reason }),
            instance: clocks.instance.into(),
            agencies: clocks.agencies.into_iter().map(|(_, clock)| clock.into()).collect(),
            steps: clocks.steps.into_iter().map(step).collect(),
        }
    }
}

/// How the clocks stand; `null` where nothing in the procedure has a limit.
#[utoipa::path(get, path = "/process/instances/{id}/clocks", tag = "process", params(("id" = String, Path)),
    responses((status = 200, body = Option<ClocksView>), (status = 404, description = "EX-4009")))]
async fn show(here: Here, At(id): At<String>) -> Result<Json<Option<ClocksView>>, Problem> {
    let shown = seen(&here, &id).await?;
    let clocks = here.processes.clocks(shown.instance.id).await.map_err(refused)?;
    Ok(Json(clocks.map(ClocksView::from)))
}

/// Whether the clocks stand still because of a person, or not, as it is wanted: nothing else may stand in the journal.
async fn can_be(here: &Here, id: InstanceId, held: bool) -> Result<(), Problem> {
    let clocks = here.processes.clocks(id).await.map_err(refused)?;
    match (clocks.is_some_and(|clocks| clocks.hold.is_some()), held) {
        (true, false) => Err(refused(Denied::Refused(Refused::Paused))),
        (false, true) => Err(refused(Denied::Refused(Refused::NotPaused))),
        _ => Ok(()),
    }
}

/// Lets the clocks, and timers of working time, stand still: for example until the applicant has handed in what was missing.
#[utoipa::path(post, path = "/process/instances/{id}/pause", tag = "process", params(("id" = String, Path)),
    request_body = Because, responses((status = 200, body = DoneView), (status = 409, description = "EX-4013, EX-4032")))]
async fn pause(
    here: Here,
    At(id): At<String>,
    Input(because): Input<Because>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at, reason) = mended(&here, &id, &because).await?;
    can_be(&here, id, false).await?;
    let event = Event::Paused { reason: reason.to_string() };
    here.record(Act::ProcessMend, (at.as_ref(), &of_instance(id)), event).await?;
    let done = here.processes.pause(id, &reason, &here.by()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// Lets them run on with what was left.
#[utoipa::path(post, path = "/process/instances/{id}/resume", tag = "process", params(("id" = String, Path)),
    request_body = Because, responses((status = 200, body = DoneView), (status = 409, description = "EX-4013, EX-4033")))]
async fn resume(
    here: Here,
    At(id): At<String>,
    Input(because): Input<Because>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at, reason) = mended(&here, &id, &because).await?;
    can_be(&here, id, true).await?;
    let event = Event::Resumed { reason: reason.to_string() };
    here.record(Act::ProcessMend, (at.as_ref(), &of_instance(id)), event).await?;
    let done = here.processes.resume(id, &reason, &here.by()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}
