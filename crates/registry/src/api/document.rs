//! Documents that people hand in: kept as files under their SHA-256; the journal has the hash.

use std::path::Path as Folder;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use tokio::io::AsyncWriteExt as _;
use utoipa_axum::router::OpenApiRouter;
use web::Problem;

use super::Api;
use super::request::unread_body;
use crate::RegistryError;
use crate::publish::Fingerprint;
use crate::state::State;

/// Largest document that this API takes, in bytes (20 MiB): some hundred scanned pages.
pub const DOCUMENT_BYTES_MAX: usize = 20 << 20;

/// A document that arrived whole.
pub(super) struct Document {
    /// What it is, such as `application/pdf`.
    pub media_type: String,
    /// Its name on the disk and in the journal.
    pub sha256: Fingerprint,
    content: Bytes,
}

/// Routes that take documents: their bodies may be as large as those.
pub(super) fn taking(routes: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    routes.layer(DefaultBodyLimit::max(DOCUMENT_BYTES_MAX))
}

impl Document {
    /// Reads the body of a request; its media type is the `Content-Type`.
    pub(super) async fn read(request: Request) -> Result<Self, RegistryError> {
        let media_type = media_type(request.headers());
        let content = Bytes::from_request(request, &()).await;
        let content = content.map_err(|rejection| unread_body(&rejection, DOCUMENT_BYTES_MAX))?;
        let sha256 = Fingerprint(crypto::hash::sha256(&[&content]));
        Ok(Self { media_type, sha256, content })
    }

    /// Its size.
    pub(super) fn bytes(&self) -> u64 {
        self.content.len() as u64
    }

    /// Keeps the document and does the act that names it. `possible` says beforehand whether the act will be refused.
    ///
    /// The file comes first, so that the journal never names one that is not there; but nothing for who will be refused.
    pub(super) async fn hand_in<T>(
        &self,
        api: &Api,
        possible: bool,
        act: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let name = self.sha256.to_string();
        // The same document may come twice at once: what one keeps, the other must not take away.
        let _alone = api.0.documents.alone(&self.sha256).await;
        if possible {
            keep(api.attachments(), &name, &self.content).await.map_err(|error| failed(&error))?;
        }
        let done = act.await;
        if done.is_err() && !api.registry().read(|state| is_named(state, &self.sha256)) {
            // Nobody could ever read it: refused files must not fill the disk.
            let _ = tokio::fs::remove_file(api.attachments().join(&name)).await;
        }
        done
    }
}

/// Locks of documents that come in.
#[derive(Default)]
pub(super) struct Documents([tokio::sync::Mutex<()>; 16]);

impl Documents {
    /// Waits until nobody else handles the same document, or one of its sixteenth.
    async fn alone(&self, sha256: &Fingerprint) -> tokio::sync::MutexGuard<'_, ()> {
        self.0[usize::from(sha256.0[0] & 0x0f)].lock().await
    }
}

/// Whether anything in the registry has this document.
fn is_named(state: &State, sha256: &Fingerprint) -> bool {
    let text = sha256.to_string();
    let attached = |request: &crate::request::Request| request.attachments.iter().any(|a| a.sha256 == text);
    let filed = |filed: &crate::gate::filing::Filed| {
        filed.filing.file.is_some() && filed.filing.document.as_ref() == Some(sha256)
    };
    state.requests.iter().any(attached) || state.gate.iter().any(filed)
}

/// The content of a document, as it was handed in.
pub(super) async fn answer(
    api: &Api,
    sha256: &Fingerprint,
    (name, media_type): (&str, &str),
) -> Result<Response, Problem> {
    let place = api.attachments().join(sha256.to_string());
    let content = tokio::fs::read(place).await.map_err(|error| failed(&error))?;
    if crypto::hash::sha256(&[&content]) != sha256.0 {
        return Err(failed(&"the file is not what was handed in"));
    }
    let as_file = format!("attachment; filename*=UTF-8''{}", encoded(name));
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, &as_file)];
    Ok((headers, content).into_response())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Parameters such as `charset` say nothing about which program opens it.
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Writes the content beside its place and renames it: what stands there is whole.
async fn keep(folder: &Folder, name: &str, content: &[u8]) -> std::io::Result<()> {
    let place = folder.join(name);
    if tokio::fs::try_exists(&place).await? {
        return Ok(());
    }
    tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).await?;
    let beside = folder.join(format!("{name}.{}", hex::encode(crypto::hash::random::<8>())));
    let written = async {
        let mut file =
            tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).await?;
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
