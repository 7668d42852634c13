//! Models: taking them in, lists, files, pictures.

use axum::Json;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse as _, Response};
use hyper::{StatusCode, header};
use process::picture::NoPicture;
use process::runner::{Denied, Deployed, ModelShown};
use registry::agency::{AgencyCode, Standing};
use registry::api::{Api, Asked, At, Paged, body, limit};
use registry::people::Act;
use registry::{RegistryError, procedure};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::refused::{not_drawn, refused};
use super::views::{ModelView, ModelsPage};
use super::who::Here;

/// Longest file of a model, in bytes: as much as the reader takes, and a byte more to be told so by it.
const FILE_BYTES_MAX: usize = (8 << 20) + 1;

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    let files = OpenApiRouter::new().routes(routes!(deploy)).layer(DefaultBodyLimit::max(FILE_BYTES_MAX));
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(file)).routes(routes!(picture)).merge(files)
}

/// How a model is handed in.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Handed {
    /// Check it only.
    #[serde(default)]
    dry: bool,
}

/// A model that is there, or would be.
#[derive(Serialize, ToSchema)]
struct DeployedView {
    /// Its number; of one that was only checked the number that it would have got now.
    number: i64,
    /// Id of the file's first executable process.
    key: String,
    /// Its version, from 1.
    version: i64,
    /// Whether the newest version was these bytes already.
    known: bool,
    /// Whether it was only checked.
    dry: bool,
    /// What is odd and does not stop it, such as an agency that the registry does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// Takes a model in as the next version of its key, or only checks it. The same bytes again are the same version.
#[utoipa::path(post, path = "/process/models", tag = "process", params(Handed),
    request_body(content = String, content_type = "application/xml", description = "BPMN 2.0 of at most 8 MiB, or DMN of at most 1 MiB"),
    responses((status = 201, body = DeployedView), (status = 200, body = DeployedView, description = "known, or only checked"),
        (status = 409, description = "EX-4005"), (status = 422, description = "EX-4004, all faults in `errors`")))]
async fn deploy(
    here: Here,
    State(api): State<Api>,
    Asked(Handed { dry }): Asked<Handed>,
    request: Request,
) -> Result<(StatusCode, Json<DeployedView>), Problem> {
    // Who may not hears so before anything is read.
    here.allow(Act::ProcessDeploy, None, "process/models").await?;
    let xml = body(request, &api, FILE_BYTES_MAX).await?;
    let by = here.by()?;
    let tried = here.processes.try_deploy(&xml, &by).await.map_err(refused)?;
    let deployed = if dry || tried.known {
        tried
    } else {
        let event = procedure::Event::Deployed { sha256: hex::encode(crypto::hash::sha256(&[&xml])) };
        let subject = format!("process/model/{}", tried.key);
        here.record(Act::ProcessDeploy, (None, &subject), event).await?;
        here.processes.deploy(&xml, &by).await.map_err(refused)?
    };
    let status = if dry || deployed.known { StatusCode::OK } else { StatusCode::CREATED };
    let warnings = warnings(&api, &deployed);
    let Deployed { model: number, key, version, known, .. } = deployed;
    Ok((status, Json(DeployedView { number, key, version, known, dry, warnings })))
}

/// The file's own, and agencies that are not in the registry today: their tasks would be nobody's.
fn warnings(api: &Api, deployed: &Deployed) -> Vec<String> {
    let stands = |code: &str| {
        code.parse().is_ok_and(|code: AgencyCode| {
            api.registry().read(|state| matches!(state.agencies.on(&code, api.today()), Standing::Valid(_)))
        })
    };
    let unknown = deployed.agencies.iter().filter(|code| !stands(code)).map(|code| {
        format!(
            "{code}: hôm nay không có cơ quan này trong sổ đăng ký, việc của nó không ai nhận được / the registry has no such agency today, and nobody could do its tasks"
        )
    });
    deployed.warnings.iter().cloned().chain(unknown).collect()
}

/// Which models are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only versions of this key.
    key: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items of this page, 1 to 500; 50 unless said.
    limit: Option<usize>,
}

/// Models in the order of deployment: for everybody who is signed in.
#[utoipa::path(get, path = "/process/models", tag = "process", params(Wanted),
    responses((status = 200, body = ModelsPage)))]
async fn list(here: Here, Asked(wanted): Asked<Wanted>) -> Result<Json<ModelsPage>, Problem> {
    let limit = limit(wanted.limit)?;
    let after = match &wanted.after {
        None => 0,
        Some(text) => text.parse::<i64>().ok().filter(|after| *after > 0).ok_or_else(|| {
            let vi = "lấy từ `next` của trang trước";
            RegistryError::invalid("after", vi, "take `next` of the page before")
        })?,
    };
    let all = here.processes.models().await.map_err(refused)?;
    let fits =
        |model: &ModelShown| model.model > after && wanted.key.as_ref().is_none_or(|key| model.key == *key);
    let items = all.into_iter().filter(fits).take(limit + 1).map(ModelView::from).collect();
    Ok(Json(Paged::of(items, limit, |model: &ModelView| model.number.to_string()).into()))
}

/// The file of a model, byte for byte as it came.
#[utoipa::path(get, path = "/process/models/{key}/{version}/file", tag = "process",
    params(("key" = String, Path), ("version" = i64, Path)),
    responses((status = 200, content_type = "application/xml", body = String), (status = 404, description = "EX-4006")))]
async fn file(here: Here, At((key, version)): At<(String, i64)>) -> Result<Response, Problem> {
    let number = here.processes.model_number(&key, version).await.map_err(refused)?;
    let bytes = here.processes.model_file(number).await.map_err(refused)?;
    let disposition = "attachment; filename=\"model.bpmn\"";
    let headers = [(header::CONTENT_TYPE, "application/xml"), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

/// A model drawn, from the diagram that its file brings along.
#[utoipa::path(get, path = "/process/models/{key}/{version}/picture", tag = "process",
    params(("key" = String, Path), ("version" = i64, Path)),
    responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, description = "EX-4006, EX-4028")))]
async fn picture(here: Here, At((key, version)): At<(String, i64)>) -> Result<Response, Problem> {
    let number = here.processes.model_number(&key, version).await.map_err(refused)?;
    drawn(here.processes.model_picture(number).await)
}

/// A picture as an answer.
pub fn drawn(picture: Result<Result<String, NoPicture>, Denied>) -> Result<Response, Problem> {
    let svg = picture.map_err(refused)?.map_err(not_drawn)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}
