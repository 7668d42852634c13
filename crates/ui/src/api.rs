//! Asking the registry's API, in the name of whoever has the session.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower_service::Service as _;

use crate::failure::Failure;

/// Path under which the API is.
pub const ROOT: &str = "/api/v1";
/// Longest answer that is read, in bytes: a page shows less, a file passes through.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The API, called in this process.
#[derive(Clone)]
pub struct Api(Router);

/// One question to the API.
#[must_use = "nothing is asked before it is sent"]
pub struct Ask<'a> {
    api: &'a Api,
    token: Option<&'a str>,
    method: Method,
    path: String,
    version: Option<i64>,
    key: Option<&'a str>,
    unattended: bool,
    body: (Option<&'static str>, Bytes),
    peer: Option<web::Peer>,
}

/// An answer with the version of what it shows.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    /// To be sent back with a change; absent where nothing can be changed.
    pub version: Option<i64>,
    /// The thing.
    pub value: T,
}

impl Api {
    /// An API whose routes lie below [`ROOT`].
    pub fn new(router: Router) -> Self {
        Self(router)
    }

    /// A question. `path` begins behind [`ROOT`] and is a URL already: use `view::query` and
    /// `view::segment` for what came from people.
    pub fn ask<'a>(&'a self, token: Option<&'a str>, method: Method, path: impl Into<String>) -> Ask<'a> {
        Ask {
            api: self,
            token,
            method,
            path: path.into(),
            version: None,
            key: None,
            unattended: false,
            body: (None, Bytes::new()),
            peer: None,
        }
    }
}

impl<'a> Ask<'a> {
    /// The version that the person saw.
    pub fn seen(self, version: Option<i64>) -> Self {
        Self { version, ..self }
    }

    /// The form's own key: who sends a form twice does it once.
    pub fn once(self, key: &'a str) -> Self {
        Self { key: Some(key).filter(|key| !key.is_empty()), ..self }
    }

    /// Who is at the other end, for what counts attempts by address.
    pub fn from(self, peer: Option<web::Peer>) -> Self {
        Self { peer, ..self }
    }

    /// Not by anybody's hand: the session does not count as used.
    pub fn unattended(self, unattended: bool) -> Self {
        Self { unattended, ..self }
    }

    /// With a JSON body.
    pub fn json(self, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).unwrap_or_default();
        Self { body: (Some("application/json"), bytes.into()), ..self }
    }

    /// With a file as body.
    pub fn file(self, media_type: &'static str, bytes: Bytes) -> Self {
        Self { body: (Some(media_type), bytes), ..self }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// What the API refuses, in its words.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T, Failure> {
        Ok(self.versioned().await?.value)
    }

    /// As [`Ask::send`], for something that can be changed afterwards.
    ///
    /// # Errors
    /// What the API refuses, in its words.
    pub async fn versioned<T: DeserializeOwned>(self) -> Result<Versioned<T>, Failure> {
        // Without the query: it may hold what somebody searched for.
        let what = self.path.split('?').next().unwrap_or_default().to_owned();
        let response = self.response().await?;
        let version = response.headers().get(header::ETAG).and_then(|value| value.to_str().ok());
        let version = version.and_then(|text| text.trim_matches('"').parse().ok());
        let bytes = whole(response).await?;
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        let value = serde_json::from_slice(bytes).map_err(|error| Failure::odd(&what, &error))?;
        Ok(Versioned { version, value })
    }

    /// Asks for something that passes through as it is, such as a document.
    ///
    /// # Errors
    /// What the API refuses, in its words.
    pub async fn response(self) -> Result<Response, Failure> {
        let mut request = Request::builder().method(self.method).uri(format!("{ROOT}{}", self.path));
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(version) = self.version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if let Some(key) = self.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(kind) = self.body.0 {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        // What cannot be a request names nothing that there is.
        let mut request = request.body(Body::from(self.body.1)).map_err(|_| Failure::nothing())?;
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        if self.unattended {
            request.extensions_mut().insert(web::Unattended);
        }
        let mut router = self.api.0.clone();
        let response = match router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }
}

async fn whole(response: Response) -> Result<Bytes, Failure> {
    let body = http_body_util::Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| Failure::odd("body", &error))
}

/// The problem that an answer tells of.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let problem = match whole(response).await {
        Ok(bytes) => serde_json::from_slice::<Value>(&bytes).unwrap_or_default(),
        Err(failure) => return failure,
    };
    if status == StatusCode::UNAUTHORIZED && problem["code"].is_null() {
        return Failure::signed_out();
    }
    Failure::refused(status, &problem)
}
