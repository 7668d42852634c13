//! Calendars of working time: files that are read again when they change, whereupon what waits is computed again.

use std::path::PathBuf;
use std::time::Duration;

use axum::Json;
use axum::extract::DefaultBodyLimit;
use hyper::StatusCode;
use process::runner::{Processes, Recalculated};
use process::timer::Timers;
use registry::api::{Api, Input};
use registry::people::Act;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Problem, ProblemError};
use worktime::{Calendar, CalendarError, Calendars, Mistake, Version};

use super::refused::refused;
use super::who::Here;
use super::workers::{Stamp, stamp};
use crate::config::ProcessSection;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After which what could not be computed again is tried once more.
const AGAIN: Duration = Duration::from_secs(30);
/// Both files together, in bytes.
const FILES_BYTES_MAX: usize = 2 << 20;
/// Moments that a trial lists; it counts all.
const LISTED_MAX: usize = 100;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(try_out)).layer(DefaultBodyLimit::max(FILES_BYTES_MAX))
}

/// The calendars of the configuration: the country's, built in unless a file says otherwise, and those of agencies over it.
///
/// # Errors
/// Every mistake of the files, or why one cannot be read.
pub fn read(section: &ProcessSection) -> Result<Calendars, Vec<String>> {
    let text = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|error| vec![format!("{}: {error}", path.display())])
    };
    let country = section.calendar.as_ref().map(text).transpose()?;
    let agencies = section.calendars.as_ref().map(text).transpose()?;
    let told = |Mistake { place: key, vi, en }: Mistake| format!("{}: {key}: {vi} / {en}", place(section));
    let read = parse(country.as_deref(), agencies.as_deref());
    read.map_err(|CalendarError(mistakes)| mistakes.into_iter().map(told).collect())
}

fn place(section: &ProcessSection) -> String {
    let named = [&section.calendar, &section.calendars].into_iter().flatten();
    named.map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn parse(country: Option<&str>, agencies: Option<&str>) -> Result<Calendars, CalendarError> {
    let country = country.map_or_else(Calendar::built_in, Calendar::parse)?;
    match agencies {
        Some(text) => Calendars::parse(country, text),
        None => Ok(Calendars::country(country)),
    }
}

fn stamps(section: &ProcessSection) -> [Option<Stamp>; 2] {
    [&section.calendar, &section.calendars].map(|path| path.as_deref().and_then(stamp))
}

/// Computes what waits again whenever the calendars are others, forever; at the begin, too, since they may have changed while
/// the node stood still. Files with mistakes change nothing; the mistakes are logged once.
pub async fn follow(section: ProcessSection, timers: Timers, processes: Processes) {
    let mut seen = stamps(&section);
    let mut current = false;
    loop {
        if !current {
            current = recalculate(&processes).await;
        }
        tokio::time::sleep(if current { LOOK_EVERY } else { AGAIN }).await;
        let now = stamps(&section);
        if now == seen {
            continue;
        }
        seen = now;
        match read(&section) {
            Ok(calendars) => {
                let version = timers.exchange(calendars);
                tracing::info!(%version, "calendars of procedures reloaded");
                current = false;
            }
            Err(mistakes) => {
                let mistakes = mistakes.join("; ");
                tracing::error!(%mistakes, "tệp lịch sai, giữ bản cũ / calendars refused, the old ones count");
            }
        }
    }
}

/// Whether everything was computed again.
async fn recalculate(processes: &Processes) -> bool {
    let mut tell = |done: Recalculated| {
        tracing::info!(done.looked, done.instances, done.moments, "computing again by other calendars");
    };
    match processes.recalculate(&mut tell).await {
        Ok(_) => true,
        Err(denied) => {
            tracing::error!(error = %denied, "what waits could not be computed again by other calendars; it is tried again");
            false
        }
    }
}

/// Calendars that somebody would put in the place of those that count.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Other {
    /// The country's, as in the file of `[process] calendar`; absent is the one that is built in.
    calendar: Option<String>,
    /// Those of agencies, as in the file of `[process] calendars`.
    calendars: Option<String>,
}

/// What they would move.
#[derive(Serialize, ToSchema)]
struct Moves {
    /// The numbers in the files: the country's, then that of the agencies' file.
    version: String,
    /// Instances that wait and were computed with other calendars than these.
    looked: u64,
    /// Those of them in which something would move.
    instances: u64,
    /// Due dates and timers that would move.
    moments: u64,
    /// The first 100 of them.
    list: Vec<Move>,
}

/// One that would move.
#[derive(Serialize, ToSchema)]
struct Move {
    /// The instance.
    instance: String,
    /// `instance`, `agency CODE`, `step ELEMENT`, `timer ELEMENT`.
    what: String,
    /// When it is due now.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<String>,
    /// When it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
}

fn wrong(CalendarError(mistakes): CalendarError) -> Problem {
    let title = "Lịch làm việc chưa đúng / The calendars are not right";
    let error = |Mistake { place, vi, en }: Mistake| ProblemError { place, vi, en };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &"EX-2003", title)
        .with_errors(mistakes.into_iter().map(error).collect())
}

/// What other calendars would move; nothing is done. They count as soon as they stand in the files of the configuration.
#[utoipa::path(post, path = "/process/calendars/try", tag = "process", request_body = Other,
    responses((status = 200, body = Moves), (status = 422, description = "EX-2003, all mistakes of the files")))]
async fn try_out(here: Here, Input(other): Input<Other>) -> Result<Json<Moves>, Problem> {
    here.allow(Act::ProcessOperate, None, "process/calendars").await?;
    let calendars = parse(other.calendar.as_deref(), other.calendars.as_deref()).map_err(wrong)?;
    let version: Version = calendars.version();
    let (all, list) = here.processes.recalculation(calendars, LISTED_MAX).await.map_err(refused)?;
    let list = list.into_iter().map(|moment| Move {
        instance: moment.instance.to_string(),
        what: moment.what,
        old: moment.old.map(|at| at.to_string()),
        new: moment.new.map(|at| at.to_string()),
    });
    let Recalculated { looked, instances, moments } = all;
    Ok(Json(Moves { version: version.to_string(), looked, instances, moments, list: list.collect() }))
}
