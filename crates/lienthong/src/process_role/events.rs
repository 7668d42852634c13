//! Messages and signals from outside.

use axum::Json;
use process::runner::{By, Message, Name, Payload};
use registry::agency::AgencyCode;
use registry::api::{Api, Input};
use registry::people::Act;
use registry::procedure::Event;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::refused::{not_listed, refused};
use super::views::DoneView;
use super::who::{Either, Here};
use super::workers::Worker;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(message)).routes(routes!(signal))
}

/// A message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProcessMessage {
    /// Its name.
    name: String,
    /// What must be equal at who waits for it, where that asks for something.
    #[schema(value_type = Value)]
    correlation: Option<Value>,
    /// What it brings, at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
    /// Seconds for which it is kept when nobody waits for it yet, up to 366 days; refused then unless said.
    keep_s: Option<i64>,
    /// Code of the agency whose instance begins with it, where the process does not say; of a worker its own.
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
}

/// Brings a message to the instance that waits for it, or begins a process by it: a worker one that `workers.toml` lists,
/// an operator any.
#[utoipa::path(post, path = "/process/messages", tag = "process", request_body = ProcessMessage,
    security(("session" = []), ("worker" = [])),
    responses((status = 200, body = DoneView), (status = 403, description = "EX-2004, EX-4030"), (status = 404, description = "EX-4021")))]
async fn message(who: Either, Input(new): Input<ProcessMessage>) -> Result<Json<DoneView>, Problem> {
    let name: Name = new.name.parse().map_err(refused)?;
    let (processes, by, key, agency) = match &who {
        Either::Worker(hand) => {
            let Worker { name: worker, agency, messages, .. } = &hand.worker;
            if !messages.contains(&name) {
                return Err(not_listed(name.as_str()));
            }
            if let Some(other) = new.agency.as_ref().filter(|other| *other != agency) {
                return Err(not_listed(other.as_str()));
            }
            let agency = agency.as_str().parse().map_err(refused)?;
            (&hand.processes, By::System(worker.clone()), hand.key()?, Some(agency))
        }
        Either::Person(here) => {
            here.allow(Act::ProcessOperate, None, "process/messages").await?;
            let agency = new.agency.as_ref().map(|code| here.known(code)).transpose()?;
            (&here.processes, here.by()?, here.key()?, agency)
        }
    };
    let variables = Payload::new(new.variables).map_err(refused)?;
    if let Either::Person(here) = &who {
        let event = Event::Messaged { name: name.to_string() };
        here.record(Act::ProcessOperate, (None, "process/messages"), event).await?;
    }
    let message = Message { name, correlation: new.correlation, variables, keep_secs: new.keep_s, agency };
    Ok(Json(processes.message(message, &by, key).await.map_err(refused)?.into()))
}

/// A signal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSignal {
    /// Its name.
    name: String,
    /// What it brings, at most 1 MiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
}

/// Tells a signal to every instance that waits for it now, and begins the processes that begin with it.
#[utoipa::path(post, path = "/process/signals", tag = "process", request_body = NewSignal,
    responses((status = 200, body = DoneView)))]
async fn signal(here: Here, Input(new): Input<NewSignal>) -> Result<Json<DoneView>, Problem> {
    here.allow(Act::ProcessOperate, None, "process/signals").await?;
    let name: Name = new.name.parse().map_err(refused)?;
    let variables = Payload::new(new.variables).map_err(refused)?;
    let event = Event::Signalled { name: name.to_string() };
    here.record(Act::ProcessOperate, (None, "process/signals"), event).await?;
    let told = here.processes.signal(name, variables, &here.by()?, here.key()?).await;
    Ok(Json(told.map_err(refused)?.into()))
}
