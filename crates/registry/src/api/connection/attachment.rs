//! Documents of requests: kept as files under their SHA-256; the journal has the hash.

use std::path::Path as File;

use axum::body::Bytes;
use axum::extract::FromRequest as _;
use axum::extract::{DefaultBodyLimit, Request, State as Held};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::Problem;

use super::{change, id, seen};
use crate::RegistryError;
use crate::api::request::{Asked, At, Done, unread_body};
use crate::api::sight::Sight;
use crate::api::{Api, Caller, Key, Seen};
use crate::people::Act;
use crate::publish::Fingerprint;
use crate::request::{Attach, Attachment, attach};
use crate::state::{Moment, State};

/// Largest document that this API takes, in bytes (20 MiB): some hundred scanned pages.
pub const DOCUMENT_BYTES_MAX: usize = 20 << 20;
/// Where a browser may not guess what a document is.
const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    let add = OpenApiRouter::new().routes(routes!(add)).layer(DefaultBodyLimit::max(DOCUMENT_BYTES_MAX));
    add.merge(OpenApiRouter::new().routes(routes!(read)))
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
    let media_type = media_type(request.headers());
    let content = Bytes::from_request(request, &()).await;
    let content = content.map_err(|rejection| unread_body(&rejection, DOCUMENT_BYTES_MAX))?;
    let sha256 = hex::encode(crypto::hash::sha256(&[&content]));
    let attachment = Attachment {
        item: about.item,
        number: about.number,
        name: about.name,
        media_type,
        bytes: content.len() as u64,
        sha256: sha256.clone(),
    };
    let input = Attach { id: id.clone(), if_version, attachment };
    let (registry, person) = (api.registry(), &caller.0);
    let rules = registry.rules();
    let decide = |state: &State, moment: &Moment| attach(state, rules, moment, person, &input);
    // The file comes first, so that the journal never names one that is not there; but nothing for who will be refused.
    let moment = Moment::new(api.now(), person.id.clone());
    if registry.read(|state| decide(state, &moment)).is_ok() {
        keep(api.attachments(), &sha256, &content).await.map_err(|error| failed(&error))?;
    }
    let done =
        change(&api, (&caller, &key), (Act::RequestStep, &id, &format!("attachments/{sha256}")), decide)
            .await;
    let named =
        |state: &State| state.requests.iter().flat_map(|r| &r.attachments).any(|a| a.sha256 == sha256);
    if done.is_err() && !registry.read(named) {
        // Nobody could ever read it: refused files must not fill the disk.
        let _ = tokio::fs::remove_file(api.attachments().join(&sha256)).await;
    }
    done
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
        let request = seen(state, Sight::new(state, &person, now), &id)?;
        request.attachments.iter().find(|attachment| attachment.sha256 == sha256).cloned().ok_or_else(none)
    })?;
    let content = tokio::fs::read(api.attachments().join(&sha256)).await.map_err(|error| failed(&error))?;
    if crypto::hash::sha256(&[&content]) != digest.0 {
        return Err(failed(&"the file is not what was handed in"));
    }
    let as_file = format!("attachment; filename*=UTF-8''{}", encoded(&found.name));
    let headers = [(header::CONTENT_TYPE, found.media_type), (header::CONTENT_DISPOSITION, as_file)];
    Ok((headers, [NOSNIFF], content).into_response())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Parameters such as `charset` say nothing about which program opens it.
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Writes the content beside its place and renames it: what stands there is whole.
async fn keep(folder: &File, name: &str, content: &[u8]) -> std::io::Result<()> {
    let place = folder.join(name);
    if tokio::fs::try_exists(&place).await? {
        return Ok(());
    }
    tokio::fs::create_dir_all(folder).await?;
    let beside = folder.join(format!("{name}.{}", hex::encode(crypto::hash::random::<8>())));
    let written = async {
        let mut file = tokio::fs::File::create_new(&beside).await?;
        file.write_all(content).await?;
        file.sync_all().await?;
        tokio::fs::rename(&beside, &place).await?;
        // The name must outlive a power cut, too.
        tokio::fs::File::open(folder).await?.sync_all().await
    };
    let result = written.await;
    if result.is_err() {
        // It may not even have begun; what is left over has a name that nobody asks for.
        drop(tokio::fs::remove_file(&beside).await);
    }
    result
}

fn failed(error: &dyn std::fmt::Display) -> Problem {
    let what = format!("attachments: {error}");
    RegistryError::Store(store::StoreError::Other { what }).into()
}

/// The name as RFC 8187 writes it in a header.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex::encode_upper([byte]));
        }
    }
    text
}
