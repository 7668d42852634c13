//! What every handler reads from a request, and how an error is answered.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Path, Query, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Problem, ProblemError};

use super::Api;
use super::guard::RequestDigest;
use crate::RegistryError;
use crate::people::Person;
use crate::registry::{IdempotencyKey, Receipt};

/// `Idempotency-Key`.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest body in bytes: a service's description of 2 MiB, and room for how it is written.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// How long a body of JSON may take to arrive: who is slower holds a place that others need.
const ARRIVES: Duration = Duration::from_mins(1);
/// Longest file that is imported, in bytes.
pub const FILE_BYTES_MAX: usize = crate::inventory::FILE_BYTES_MAX;
/// Items of a page unless the caller asks for another number.
const PAGE_ITEMS: usize = 50;
/// Items of a page at most.
const PAGE_ITEMS_MAX: usize = 500;

/// The person who is signed in.
#[derive(Clone, Debug)]
pub struct Caller(pub Person);

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        api.signed_in(&parts.headers, &parts.extensions).map(Self).ok_or_else(|| RegistryError::SignIn.into())
    }
}

/// The token of a session.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

impl OptionalFromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<Api>>::from_request_parts(parts, api).await.map(Some)
    }
}

/// The body of a request: JSON, of the members that its type knows, at most [`BODY_BYTES_MAX`].
#[derive(Clone, Debug)]
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Api> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let bytes = tokio::time::timeout(ARRIVES, body(request, api, BODY_BYTES_MAX)).await;
        let bytes = bytes.unwrap_or_else(|_| Err(late().into()))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| unread(&error).into())
    }
}

/// What is wrong with a body, without the values in it: they may be what must not be repeated anywhere.
fn unread(error: &serde_json::Error) -> RegistryError {
    let (line, column, text) = (error.line(), error.column(), error.to_string());
    let text = text.find("expected").map_or(text.as_str(), |at| &text[at..]);
    let told = ["expected", "missing field", "unknown field", "duplicate field"];
    let what = if told.iter().any(|begin| text.starts_with(begin)) {
        text.split(" at line ").next().unwrap_or_default()
    } else {
        "a value does not have the form that it needs"
    };
    RegistryError::invalid(
        "body",
        format!("không đúng mẫu JSON (dòng {line}, cột {column}); xem /api/v1/openapi.json"),
        format!("not the JSON that is wanted (line {line}, column {column}): {what}"),
    )
}

/// The query of a request: members that its type does not know are refused.
#[derive(Clone, Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, api).await;
        read.map(|Query(asked)| Self(asked)).map_err(|rejection| {
            let vi = "tham số truy vấn không đúng; xem /api/v1/openapi.json";
            RegistryError::invalid("query", vi, rejection.body_text()).into()
        })
    }
}

/// What the path of a request names.
#[derive(Clone, Debug)]
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let read = <Path<T> as FromRequestParts<Api>>::from_request_parts(parts, api).await;
        read.map(|Path(named)| Self(named)).map_err(|rejection| {
            let vi = "mã trong địa chỉ không đúng dạng";
            RegistryError::invalid("path", vi, rejection.body_text()).into()
        })
    }
}

/// A file as the body of a request, at most [`FILE_BYTES_MAX`]; its route must lift the limit of other bodies.
#[derive(Clone, Debug)]
pub struct Upload(pub Bytes);

impl FromRequest<Api> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        body(request, api, FILE_BYTES_MAX).await.map(Self)
    }
}

/// The body of a request; its route must lift the limit of other bodies to `max` bytes.
///
/// # Errors
/// It is longer, or did not arrive.
pub async fn body(request: Request, api: &Api, max: usize) -> Result<Bytes, Problem> {
    Bytes::from_request(request, api).await.map_err(|rejection| unread_body(&rejection, max).into())
}

/// Why a body of at most `max` bytes was not read.
pub(super) fn unread_body(rejection: &BytesRejection, max: usize) -> RegistryError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return RegistryError::TooMany { what: "byte / bytes", max };
    }
    late()
}

/// What did not come, or not in time.
fn late() -> RegistryError {
    let vi = "không nhận đủ nội dung; hãy gửi lại";
    RegistryError::invalid("body", vi, "did not arrive whole: send it again")
}

/// The version that the caller saw: `If-Match: "1234"`.
#[derive(Clone, Copy, Debug)]
pub struct Seen(pub Option<i64>);

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = single(&parts.headers, &header::IF_MATCH)? else { return Ok(Self(None)) };
        let version = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).and_then(|v| v.parse().ok());
        version.map(|version| Self(Some(version))).ok_or_else(|| {
            RegistryError::invalid(
                "If-Match",
                "phiên bản viết trong dấu nháy, như \"1234\"",
                "a version in quotes, such as \"1234\"",
            )
            .into()
        })
    }
}

impl Seen {
    /// The version, which must be said to change something that exists.
    ///
    /// # Errors
    /// It is missing.
    pub fn needed(self) -> Result<i64, RegistryError> {
        self.0.ok_or_else(|| {
            RegistryError::invalid(
                "If-Match",
                "hãy tải lại và gửi kèm phiên bản (ETag) đã xem",
                "load it and send the version (ETag) that you saw",
            )
        })
    }

    /// The version, which must be said if the thing exists.
    ///
    /// # Errors
    /// It exists and the version is missing.
    pub fn of(self, exists: bool) -> Result<Option<i64>, RegistryError> {
        if exists { self.needed().map(Some) } else { Ok(self.0) }
    }
}

/// `Idempotency-Key`, when there is one; in a box, since most requests have none.
#[derive(Clone, Debug)]
pub struct Key(pub Option<Box<IdempotencyKey>>);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let request = parts.extensions.get::<RequestDigest>().map(|digest| digest.0);
        let key = single(&parts.headers, &IDEMPOTENCY_KEY)?;
        Ok(Self(key.map(|key| Box::new(IdempotencyKey { key: key.to_owned(), request }))))
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(RegistryError::invalid(
            name.as_str(),
            "chỉ một giá trị, ký tự ASCII",
            "one value of ASCII characters",
        )
        .into()),
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Items of this page, 1 to 500; 50 unless said.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub after: Option<String>,
}

impl Page {
    /// Items wanted.
    ///
    /// # Errors
    /// Not 1 to 500.
    pub fn limit(&self) -> Result<usize, RegistryError> {
        limit(self.limit)
    }
}

/// Items wanted of a page.
///
/// # Errors
/// Not 1 to 500.
pub fn limit(asked: Option<usize>) -> Result<usize, RegistryError> {
    let limit = asked.unwrap_or(PAGE_ITEMS);
    if (1..=PAGE_ITEMS_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(RegistryError::invalid("limit", "từ 1 đến 500", "1 to 500"))
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Ask for `after` this for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Paged<T> {
    /// The first `limit` of `items`, of which there may be one more; `name` gives the cursor of an item.
    pub fn of(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(name) } else { None };
        Self { items, next }
    }
}

impl<T> Paged<T> {
    /// The part of a sorted list that begins behind the first `skip`, of which there may be more; the cursor is a number.
    pub fn behind(mut items: Vec<T>, skip: usize, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, next: more.then(|| (skip + limit).to_string()) }
    }
}

/// How many items a cursor of [`Paged::behind`] leaves out.
///
/// # Errors
/// Not a number.
pub fn skip(after: Option<&str>) -> Result<usize, RegistryError> {
    let read = after.map_or(Some(0), |text| text.parse::<u32>().ok()).and_then(|n| usize::try_from(n).ok());
    read.ok_or_else(|| {
        RegistryError::invalid("after", "lấy từ `next` của trang trước", "take `next` of the page before")
    })
}

/// Entries of a trial that are named; all of them are counted.
pub const IMPORT_ITEMS_MAX: usize = 500;

/// An entry that a file brings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportItem {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it is new; otherwise it changes.
    pub new: bool,
}

/// What a file brought, or would bring.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Imported {
    /// Rows that were read; absent when the same key had brought them before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Entries that are new or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<usize>,
    /// Of them, those that are new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<usize>,
    /// The first 500 of them, when it was only tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ImportItem>,
    /// Whether nothing was written because it was only tried.
    pub dry_run: bool,
    /// Number of the first entry in the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<i64>,
}

/// A file that is handed in: tried, or taken over.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Check and count everything, write nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// A file to be saved.
pub fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

/// What was written down for a change.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Done {
    /// The version that the thing has now: send it in `If-Match` with the next change.
    pub version: Option<i64>,
    /// Number of the first entry in the journal.
    pub entry: i64,
}

impl From<Receipt> for Done {
    fn from(receipt: Receipt) -> Self {
        Self { version: receipt.version(), entry: receipt.from }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let tag = self.version.map(etag);
        let mut response = Json(self).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// A thing with its version as entity tag.
pub fn with_version<T: Serialize>(version: i64, body: T) -> Response {
    ([(header::ETAG, etag(version))], Json(body)).into_response()
}

fn etag(version: i64) -> http::HeaderValue {
    http::HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes")
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        use RegistryError as E;
        let status = match &error {
            E::NoSuch { .. } => StatusCode::NOT_FOUND,
            E::SignIn => StatusCode::UNAUTHORIZED,
            E::Forbidden(_) | E::ForbiddenRows(_) | E::FourEyes => StatusCode::FORBIDDEN,
            E::Conflict { .. }
            | E::Exists { .. }
            | E::MasterTaken { .. }
            | E::Transition { .. }
            | E::GateClosed(_)
            | E::LockOut(_) => StatusCode::CONFLICT,
            E::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            E::Store(_) | E::Journal(_) => StatusCode::SERVICE_UNAVAILABLE,
            E::Invalid(_)
            | E::Overlap { .. }
            | E::Cycle(_)
            | E::StateSecret
            | E::ReasonMissing
            | E::AttachmentMissing(_)
            | E::UnknownFields(_)
            | E::ImpactAssessmentMissing
            | E::Import(_)
            | E::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        };
        if status.is_server_error() {
            // The operator's words; the caller learns that it is our fault and that trying again makes sense.
            tracing::error!(%error, code = %error.code(), "the registry could not answer");
        }
        let mut problem = Problem::new(status, &error.code(), error.to_string());
        problem.retry_after_s = status.is_server_error().then_some(5);
        match error {
            E::Invalid(mistakes) | E::Import(mistakes) | E::ForbiddenRows(mistakes) => problem.with_errors(
                mistakes.into_iter().map(|m| ProblemError { place: m.place, vi: m.vi, en: m.en }).collect(),
            ),
            _ => problem,
        }
    }
}

/// Why somebody does it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// The reason.
    pub reason: String,
}

/// Something that was entered, with the number that it got.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Created {
    /// Its number.
    pub id: String,
    /// The version that it has: send it in `If-Match` with the next change.
    pub version: i64,
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, with_version(self.version, self)).into_response()
    }
}

/// The receipt for a thing of which the journal entries `acts` tell, oldest first: one act may write of several things.
pub fn done(receipt: &Receipt, acts: impl DoubleEndedIterator<Item = i64>) -> Done {
    let version = acts.rev().find(|seq| (receipt.from..receipt.to).contains(seq));
    Done { version, entry: receipt.from }
}
