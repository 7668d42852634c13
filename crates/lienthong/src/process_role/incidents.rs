//! Steps that stopped, and people who see to them.

use audit::PersonId;
use axum::Json;
use process::runner::{Answer, PAGE_MAX, Payload, TaskId};
use registry::RegistryError;
use registry::agency::AgencyCode;
use registry::api::{Api, Asked, At, Input, Paged, limit};
use registry::people::Act;
use registry::procedure::Event;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::instances::ROUNDS_MAX;
use super::refused::refused;
use super::tasks::{Results, cursor, step};
use super::views::{DoneView, IncidentView, IncidentsPage};
use super::who::{Here, agency};

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(retry))
        .routes(routes!(resolve))
        .routes(routes!(own))
}

/// Which incidents are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those of this instance.
    instance: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

/// Steps that stopped, of instances that the person sees.
#[utoipa::path(get, path = "/process/incidents", tag = "process", params(Wanted),
    responses((status = 200, body = IncidentsPage)))]
async fn list(here: Here, Asked(wanted): Asked<Wanted>) -> Result<Json<IncidentsPage>, Problem> {
    let limit = limit(wanted.limit)?;
    let of = wanted.instance.as_deref().map(str::parse).transpose().map_err(refused)?;
    let mut after = cursor(wanted.after.as_deref())?;
    let ask = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let (mut items, mut looked) = (Vec::new(), None);
    for _ in 0..ROUNDS_MAX {
        let page = here.processes.incidents(of, after, ask).await.map_err(refused)?;
        let more = page.len() > limit;
        looked = page.last().map(|last| last.id.to_string()).filter(|_| more);
        after = page.last().map(|last| last.id);
        for incident in page {
            let instance = here.processes.instance(incident.id.instance).await.map_err(refused)?;
            if here.sees(&instance, &[]).is_ok() {
                let sees_variables = here.sees_variables(&instance, &[]);
                items.push(IncidentView::new(incident, sees_variables));
            }
        }
        if !more || items.len() > limit {
            break;
        }
    }
    let page = Paged::of(items, limit, |incident: &IncidentView| incident.id.clone());
    Ok(Json(IncidentsPage { items: page.items, next: page.next.or(looked) }))
}

/// The incident's step, with the agency of its instance and how the journal calls it.
async fn target(here: &Here, at: (String, u64)) -> Result<(TaskId, Option<AgencyCode>, String), Problem> {
    let id = step(at)?;
    let instance = here.processes.instance(id.instance).await.map_err(refused)?;
    let at = agency(instance.agency.as_ref());
    let subject = format!("incident/{id}");
    here.allow(Act::ProcessMend, at.as_ref(), &subject).await?;
    if !here.processes.stopped(id).await.map_err(refused)? {
        return Err(refused(process::runner::Denied::NoIncident));
    }
    Ok((id, at, subject))
}

/// Tries again what stopped.
#[utoipa::path(post, path = "/process/incidents/{instance}/{step}/retry", tag = "process",
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4015")))]
async fn retry(here: Here, At(at): At<(String, u64)>) -> Result<Json<DoneView>, Problem> {
    let (id, at, subject) = target(&here, at).await?;
    here.record(Act::ProcessMend, (at.as_ref(), &subject), Event::Retried).await?;
    let done = here.processes.retry(id, &here.by()?).await.map_err(refused)?;
    tried(&here, id, done).await
}

/// Whether it went on: it may have stopped again at once, or elsewhere.
async fn tried(here: &Here, id: TaskId, done: Answer) -> Result<Json<DoneView>, Problem> {
    let incidents = here.processes.incidents(Some(id.instance), None, PAGE_MAX).await.map_err(refused)?;
    Ok(Json(DoneView { stopped: Some(incidents.len()), ..done.into() }))
}

/// Resolves it by hand: work that could not be done counts as done with these results; for anything else these variables are
/// set and it is tried again.
#[utoipa::path(post, path = "/process/incidents/{instance}/{step}/resolve", tag = "process", request_body = Results,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4015")))]
async fn resolve(
    here: Here,
    At(at): At<(String, u64)>,
    Input(results): Input<Results>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at, subject) = target(&here, at).await?;
    let names = results.variables.keys().cloned().collect();
    let variables = Payload::new(results.variables).map_err(refused)?;
    here.record(Act::ProcessMend, (at.as_ref(), &subject), Event::Resolved { names }).await?;
    let done = here.processes.resolve(id, variables, &here.by()?).await.map_err(refused)?;
    tried(&here, id, done).await
}

/// Who looks after it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Owner {
    /// Sign-in name of somebody who exists; whoever asks unless said.
    #[schema(value_type = Option<String>)]
    owner: Option<PersonId>,
}

/// Says who looks after it.
#[utoipa::path(post, path = "/process/incidents/{instance}/{step}/own", tag = "process", request_body = Owner,
    params(("instance" = String, Path), ("step" = u64, Path)),
    responses((status = 200, body = DoneView), (status = 404, description = "EX-4015, EX-2001")))]
async fn own(
    here: Here,
    At(at): At<(String, u64)>,
    Input(Owner { owner }): Input<Owner>,
) -> Result<Json<DoneView>, Problem> {
    let (id, at, subject) = target(&here, at).await?;
    let owner = owner.unwrap_or_else(|| here.person.id.clone());
    if here.api.person(&owner).is_none() {
        return Err(RegistryError::NoSuch { kind: "person", name: owner.to_string() }.into());
    }
    let name = owner.as_str().parse().map_err(refused)?;
    here.record(Act::ProcessMend, (at.as_ref(), &subject), Event::Owned { by: owner }).await?;
    Ok(Json(here.processes.own(id, name, &here.by()?).await.map_err(refused)?.into()))
}
