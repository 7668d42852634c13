//! Jobs of workers: fetching them and saying how they went.

use std::time::Duration;

use axum::Json;
use process::runner::{Name, Payload};
use registry::RegistryError;
use registry::api::{Api, At, Input};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::refused::{not_listed, refused};
use super::tasks::{Failure, Results, step};
use super::views::{DoneView, JobView};
use super::who::Hand;

/// Jobs of one fetch at most.
const JOBS_MAX: u32 = 100;
/// For how long a worker holds a job unless it says otherwise, in seconds.
const LOCK_S: i64 = 300;
/// How long a fetch may wait for a job, in seconds.
const WAIT_S_MAX: u64 = 30;
/// Between two looks of a fetch that waits.
const LOOK: Duration = Duration::from_millis(500);

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(fetch))
        .routes(routes!(done))
        .routes(routes!(error))
        .routes(routes!(failed))
        .routes(routes!(extend))
}

/// What a worker is ready to do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fetch {
    /// The kind of jobs.
    topic: String,
    /// Jobs at most, 1 to 100; 1 unless said.
    limit: Option<u32>,
    /// Seconds for which nobody else gets them, 1 to 86400; 300 unless said.
    lock_s: Option<i64>,
    /// Seconds to wait until there is one, 0 to 30; 0 unless said.
    wait_s: Option<u64>,
}

/// Jobs that a worker has got.
#[derive(Serialize, ToSchema)]
struct Jobs {
    /// The oldest first; empty when there is none.
    jobs: Vec<JobView>,
}

fn within(place: &str, value: u64, (least, most): (u64, u64)) -> Result<(), RegistryError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(RegistryError::invalid(place, format!("từ {least} đến {most}"), format!("{least} to {most}")))
}

/// Gives jobs of a topic to the worker for a time, the oldest first; waits for one when it is asked to.
#[utoipa::path(post, path = "/process/jobs/fetch", tag = "process", security(("worker" = [])), request_body = Fetch,
    responses((status = 200, body = Jobs), (status = 401, description = "EX-4029"), (status = 403, description = "EX-4030")))]
async fn fetch(hand: Hand, Input(asked): Input<Fetch>) -> Result<Json<Jobs>, Problem> {
    let topic: Name = asked.topic.parse().map_err(refused)?;
    if !hand.worker.topics.contains(&topic) {
        return Err(not_listed(topic.as_str()));
    }
    let (limit, wait_s) = (asked.limit.unwrap_or(1), asked.wait_s.unwrap_or_default());
    within("limit", limit.into(), (1, JOBS_MAX.into()))?;
    within("wait_s", wait_s, (0, WAIT_S_MAX))?;
    let lock_s = asked.lock_s.unwrap_or(LOCK_S);
    let until = tokio::time::Instant::now() + Duration::from_secs(wait_s);
    let mut stopped = hand.stopped.clone();
    loop {
        let jobs = hand.processes.fetch(&topic, &hand.worker.name, limit, lock_s).await.map_err(refused)?;
        if !jobs.is_empty() || tokio::time::Instant::now() >= until || *stopped.borrow() {
            return Ok(Json(Jobs { jobs: jobs.into_iter().map(JobView::from).collect() }));
        }
        // A node that stops lets those who wait go.
        let _ = tokio::time::timeout(LOOK, stopped.wait_for(|stop| *stop)).await;
    }
}

/// A job is done. Under the same `Idempotency-Key` it may be said twice.
#[utoipa::path(post, path = "/process/jobs/{instance}/{step}/done", tag = "process", security(("worker" = [])), request_body = Results,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4010"), (status = 409, description = "EX-4017, EX-4018")))]
async fn done(
    hand: Hand,
    At(at): At<(String, u64)>,
    Input(results): Input<Results>,
) -> Result<Json<DoneView>, Problem> {
    let variables = Payload::new(results.variables).map_err(refused)?;
    let done = hand.processes.job_done(step(at)?, variables, &hand.worker.name, hand.key()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// A job ended with a business error.
#[utoipa::path(post, path = "/process/jobs/{instance}/{step}/error", tag = "process", security(("worker" = [])), request_body = Failure,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4010"), (status = 409, description = "EX-4017, EX-4018"),
        (status = 422, description = "EX-4034")))]
async fn error(
    hand: Hand,
    At(at): At<(String, u64)>,
    Input(failure): Input<Failure>,
) -> Result<Json<DoneView>, Problem> {
    let done = hand.processes.job_error(step(at)?, failure.read()?, &hand.worker.name, hand.key()?).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// Why a job could not be done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// In words; the first 4096 bytes are kept.
    why: String,
    /// Seconds after which it is tried again, up to a day; from 10 seconds on twice as long each time unless said.
    after_s: Option<i64>,
}

/// A job could not be done: it is given out again after a pause, or becomes an incident when it was tried often enough.
#[utoipa::path(post, path = "/process/jobs/{instance}/{step}/failed", tag = "process", security(("worker" = [])), request_body = Why,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4010"), (status = 409, description = "EX-4017, EX-4018"),
        (status = 422, description = "EX-4024")))]
async fn failed(
    hand: Hand,
    At(at): At<(String, u64)>,
    Input(Why { why, after_s }): Input<Why>,
) -> Result<Json<DoneView>, Problem> {
    let (worker, key) = (&hand.worker.name, hand.key()?);
    let done = hand.processes.job_failed(step(at)?, (&why, after_s), worker, key).await;
    Ok(Json(done.map_err(refused)?.into()))
}

/// For how long.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Longer {
    /// Seconds from now, 1 to 86400.
    lock_s: i64,
}

/// The worker needs a job for longer.
#[utoipa::path(post, path = "/process/jobs/{instance}/{step}/extend", tag = "process", security(("worker" = [])), request_body = Longer,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4010"), (status = 422, description = "EX-4024")))]
async fn extend(
    hand: Hand,
    At(at): At<(String, u64)>,
    Input(Longer { lock_s }): Input<Longer>,
) -> Result<Json<DoneView>, Problem> {
    let done = hand.processes.job_extend(step(at)?, lock_s, &hand.worker.name).await;
    Ok(Json(done.map_err(refused)?.into()))
}
