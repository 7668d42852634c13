//! The role of a node that executes procedures: its store, its engine, the routes under `/api/v1/process`, its workers.
//!
//! People are those of the registry of the same node. What an operator does stands in the registry's journal before it is
//! done; what became of it stands in the history of the instance, with the same name.

pub mod calendars;
mod clocks;
mod events;
mod incidents;
mod instances;
mod jobs;
mod models;
mod refused;
mod tasks;
mod views;
mod who;
pub mod workers;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Extension;
use base::Clock;
use process::runner::{Figures, Processes, read_bpmn};
use process::timer::Timers;
use registry::api::Api;
use store::Db;
use store::process::ProcessStore;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::config::ProcessSection;
use who::Office;

/// How often the engine counts what there is.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// What was counted last, or why nothing could be.
pub type Counted = watch::Receiver<Result<Figures, String>>;

/// The role at work; nothing where the node does not have it.
#[derive(Default)]
pub struct Running {
    /// Its routes, below the root of the registry's API.
    pub routes: OpenApiRouter<Api>,
    /// How much there is, for operators.
    pub counted: Option<Counted>,
    /// What is due is done by it; it ends with the node, between two transactions.
    pub serving: Vec<JoinHandle<()>>,
    /// They are cut off at the end.
    pub background: Vec<JoinHandle<()>>,
}

/// Opens the store and takes up the work.
///
/// # Errors
/// The store, a calendar or the file of workers is not usable; the text names it.
pub async fn start(
    section: &ProcessSection,
    clock: Arc<dyn Clock>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Running> {
    let db = Db::open(&section.store).await.context("[process] store")?;
    let (workers, following) = match workers::watched(section.workers.as_ref()) {
        Ok(watched) => watched,
        Err(mistakes) => bail!("[process] workers:\n  - {}", mistakes.join("\n  - ")),
    };
    let timers = match calendars::read(section) {
        Ok(calendars) => Timers::with(calendars),
        Err(mistakes) => bail!("[process] calendar, calendars:\n  - {}", mistakes.join("\n  - ")),
    };
    let processes = Processes::open(ProcessStore::new(db), clock, Arc::new(timers.clone()), read_bpmn);
    let (latest, counted) = watch::channel(processes.figures().await.map_err(|denied| denied.to_string()));
    let serving = vec![tokio::spawn(keep_going(processes.clone(), stopped.clone()))];
    let counting = tokio::spawn(count(processes.clone(), latest));
    let recalculating = tokio::spawn(calendars::follow(section.clone(), timers, processes.clone()));
    let background = following.into_iter().chain([counting, recalculating]).collect();
    let routes = routes().layer(Extension(Office { processes, workers, stopped }));
    Ok(Running { routes, counted: Some(counted), serving, background })
}

/// Every route, which finds its [`Office`] among the extensions of a request.
fn routes() -> OpenApiRouter<Api> {
    let mut routes = all_routes();
    for item in routes.get_openapi_mut().paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some("The same request with the same key is done once."));
            post.parameters.get_or_insert_default().push(RefOr::T(key.build()));
            let mut refused = |status: &str, code: &str| {
                let known = post.responses.responses.entry(status.to_owned());
                known.or_insert_with(|| ResponseBuilder::new().description(code).build().into());
            };
            refused("401", "EX-2020, or EX-4029 of a worker");
            refused("403", "EX-2004");
            refused("422", "EX-2002: the body says what is not proper");
        }
    }
    routes
}

fn all_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(models::routes())
        .merge(instances::routes())
        .merge(clocks::routes())
        .merge(calendars::routes())
        .merge(tasks::routes())
        .merge(jobs::routes())
        .merge(events::routes())
        .merge(incidents::routes())
}

/// Does what is due until the node stops. What was begun is finished by the engine's writer, in one transaction or none.
async fn keep_going(processes: Processes, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = processes.keep_going() => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

/// Counts what there is, forever.
async fn count(processes: Processes, latest: watch::Sender<Result<Figures, String>>) {
    loop {
        let figures = processes.figures().await.map_err(|denied| denied.to_string());
        if let Ok(figures) = &figures {
            gauges(figures);
        }
        drop(latest.send_replace(figures));
        tokio::time::sleep(COUNT_EVERY).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floating point; the numbers are small")]
fn gauges(figures: &Figures) {
    metrics::gauge!("lienthong_process_instances_open").set(figures.instances as f64);
    metrics::gauge!("lienthong_process_tasks_open").set(figures.tasks as f64);
    metrics::gauge!("lienthong_process_jobs_open").set(figures.jobs as f64);
    metrics::gauge!("lienthong_process_incidents_open").set(figures.incidents as f64);
    metrics::gauge!("lienthong_process_timer_late_seconds").set(figures.late_us as f64 / 1e6);
}

#[cfg(test)]
mod tests;
