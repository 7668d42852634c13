//! Documents of requests.

use axum::extract::{Request, State as Held};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::{change, id, seen};
use crate::RegistryError;
use crate::api::document::{self, Document};
use crate::api::request::{Asked, At, Done};
use crate::api::sight::Sight;
use crate::api::{Api, Caller, Key, Seen};
use crate::people::Act;
use crate::publish::Fingerprint;
use crate::request::{Attach, Attachment, attach};
use crate::state::{Moment, State};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    document::taking(OpenApiRouter::new().routes(routes!(add)))
        .merge(OpenApiRouter::new().routes(routes!(read)))
}

/// What the document is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct About {
    /// Code of the item, such as `test_minutes`.
    item: String,
    /// Name of the file, without a path.
    name: String,
    /// Number and date as people quote it.
    #[serde(default)]
    number: String,
}

/// Adds a document; its media type is the `Content-Type`, at most 20 MiB.
#[utoipa::path(post, path = "/requests/{id}/attachments", tag = "requests",
    params(("id" = String, Path), ("If-Match" = String, Header), About), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Done), (status = 413, description = "EX-2022"), (status = 422, description = "EX-2002")))]
async fn add(
    Held(api): Held<Api>,
    caller: Caller,
    (seen, key): (Seen, Key),
    (At(number), Asked(about)): (At<String>, Asked<About>),
    request: Request,
) -> Result<Done, Problem> {
    let (id, if_version) = (id(&number)?, seen.of(true)?);
    let document = Document::read(request).await?;
    let attachment = Attachment {
        item: about.item,
        number: about.number,
        name: about.name,
        media_type: document.media_type.clone(),
        bytes: document.bytes(),
        sha256: document.sha256.to_string(),
    };
    let input = Attach { id: id.clone(), if_version, attachment };
    let (registry, person) = (api.registry(), &caller.0);
    let rules = registry.rules();
    let decide = |state: &State, moment: &Moment| attach(state, rules, moment, person, &input);
    let moment = Moment::new(api.now(), person.id.clone());
    let possible = registry.read(|state| decide(state, &moment)).is_ok();
    let verb = format!("attachments/{}", document.sha256);
    let act = change(&api, (&caller, &key), (Act::RequestStep, &id, &verb), decide);
    document.hand_in(&api, possible, act).await
}

/// The content of a document.
#[utoipa::path(get, path = "/requests/{id}/attachments/{sha256}", tag = "requests",
    params(("id" = String, Path), ("sha256" = String, Path)),
    responses((status = 200, description = "The document, as it was handed in", body = Vec<u8>)))]
async fn read(
    Held(api): Held<Api>,
    Caller(person): Caller,
    At((number, sha256)): At<(String, String)>,
) -> Result<Response, Problem> {
    let (id, now) = (id(&number)?, api.now());
    let none = || RegistryError::NoSuch { kind: "attachment", name: sha256.clone() };
    let digest: Fingerprint = sha256.parse().map_err(|_| none())?;
    let found = api.registry().read(|state| {
        let request = seen(state, &Sight::new(state, &person, now), &id)?;
        request.attachments.iter().find(|attachment| attachment.sha256 == sha256).cloned().ok_or_else(none)
    })?;
    document::answer(&api, &digest, (&found.name, &found.media_type)).await
}
