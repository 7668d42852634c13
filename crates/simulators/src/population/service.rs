//! The information system: JSON over HTTP on loopback, without sign-in of its own; the node in front decides
//! who may ask.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::Serialize;
use tokio::net::TcpListener;

use super::calendar::parse_iso;
use super::name::NAME_BYTES_MAX;
use super::number::{HouseholdNumber, NumberError, PersonNumber};
use super::wire::{Claim, Verdict};
use super::{Population, PopulationError, openapi};
use crate::Running;

/// Largest body of a question, in bytes: a number, a name and a date need a few hundred.
const BODY_BYTES_MAX: usize = 4096;

/// Serves the base on a loopback address; port 0 takes a free one.
///
/// # Errors
/// The address is not loopback, or cannot be listened on.
pub async fn serve(population: Population, address: SocketAddr) -> Result<Running, PopulationError> {
    if !address.ip().is_loopback() {
        return Err(PopulationError::NotLoopback(address));
    }
    let refused = |source| PopulationError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    // Small answers must not wait for more to come.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router = router(population);
    Ok(Running::start(address, |stopped| async move {
        let stop = async { drop(stopped.await) };
        if let Err(e) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
            tracing::error!(error = %e, "population service ended");
        }
    }))
}

struct Shared {
    population: Population,
    /// Counted once: the file does not change.
    statistics: Bytes,
}

fn router(population: Population) -> Router {
    let statistics = serde_json::to_vec(&population.statistics()).unwrap_or_default().into();
    Router::new()
        .route("/xac-thuc-cong-dan", post(verify))
        .route("/xac-thuc-cong-dan/", post(verify))
        .route("/tra-cuu-cong-dan/{number}", get(person))
        .route("/tra-cuu-ho/{number}", get(household))
        .route("/tra-cuu-cu-tru/{number}", get(residence))
        .route("/thong-ke-dan-cu", get(statistics_answer))
        .route("/thong-ke-dan-cu/", get(statistics_answer))
        .route("/openapi/{document}", get(description))
        .fallback(|| async { Refusal::NoSuchService })
        .method_not_allowed_fallback(|| async { Refusal::Method })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(Shared { population, statistics }))
}

/// Why a question is not answered.
#[derive(Debug)]
enum Refusal {
    Number(NumberError),
    Body(String),
    Path,
    NotFound,
    NoSuchService,
    Method,
    TooLarge,
    MediaType,
    Failed,
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "ma")]
    code: &'a str,
    #[serde(rename = "thongBao")]
    message: &'a str,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, String) {
        let (status, code, message) = match self {
            Self::Number(e) => return (StatusCode::BAD_REQUEST, "SAI_SO", e.to_string()),
            Self::Body(why) => return (StatusCode::BAD_REQUEST, "SAI_NOI_DUNG", why.clone()),
            Self::Path => {
                (StatusCode::BAD_REQUEST, "SAI_DUONG_DAN", "đường dẫn không hợp lệ / the path is malformed")
            }
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "KHONG_TIM_THAY",
                "không có trong cơ sở dữ liệu / not in the database",
            ),
            Self::NoSuchService => {
                (StatusCode::NOT_FOUND, "KHONG_CO_DICH_VU", "không có dịch vụ này / there is no such service")
            }
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "SAI_PHUONG_THUC",
                "dịch vụ không nhận phương thức này / the service does not take this method",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "QUA_LON",
                "nội dung vượt quá 4096 byte / the body is larger than 4096 bytes",
            ),
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "SAI_KIEU_NOI_DUNG",
                "nội dung phải là application/json / the body must be application/json",
            ),
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "LOI_HE_THONG",
                "cơ sở dữ liệu dân cư gặp lỗi / the population database failed",
            ),
        };
        (status, code, message.to_owned())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.parts();
        (status, json(&Error { code, message: &message })).into_response()
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "population query failed");
        Self::Failed
    }
}

impl From<NumberError> for Refusal {
    fn from(error: NumberError) -> Self {
        Self::Number(error)
    }
}

/// Personal data: no cache may keep an answer.
fn json(value: &impl Serialize) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match serde_json::to_vec(value) {
        Ok(body) => (headers, body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

type Answer = Result<Response, Refusal>;

fn part(path: Result<Path<String>, PathRejection>) -> Result<String, Refusal> {
    path.map(|Path(text)| text).map_err(|_| Refusal::Path)
}

async fn verify(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let body = body.map_err(|e| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Body("không đọc được nội dung / the body cannot be read".to_owned()),
    })?;
    if !is_json(&headers) {
        return Err(Refusal::MediaType);
    }
    let claim: Claim = serde_json::from_slice(&body).map_err(|e| unreadable(&e))?;
    let number: PersonNumber = claim.number.parse()?;
    if claim.name.trim().is_empty() || claim.name.len() > NAME_BYTES_MAX {
        return Err(Refusal::Body(format!(
            "hoTen phải có 1 đến {NAME_BYTES_MAX} byte / hoTen must be 1 to {NAME_BYTES_MAX} bytes"
        )));
    }
    let birth = match claim.birth.as_deref() {
        Some(text) => Some(parse_iso(text).ok_or_else(|| {
            Refusal::Body("ngaySinh phải là ngày YYYY-MM-DD / ngaySinh must be a day YYYY-MM-DD".to_owned())
        })?),
        None => None,
    };
    let matches = shared.population.matches(number, &claim.name, birth).await?;
    Ok(json(&Verdict { matches }))
}

/// Where the JSON is wrong, without repeating what was sent.
fn unreadable(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    Refusal::Body(format!(
        "nội dung không đúng mô tả (dòng {line}, cột {column}) / \
         the body is not as described (line {line}, column {column})"
    ))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = value.split(';').next().unwrap_or("").trim();
    media_type.eq_ignore_ascii_case("application/json")
}

async fn person(State(shared): State<Arc<Shared>>, path: Result<Path<String>, PathRejection>) -> Answer {
    let number: PersonNumber = part(path)?.parse()?;
    let found = shared.population.person(number).await?.ok_or(Refusal::NotFound)?;
    Ok(json(&found))
}

async fn household(State(shared): State<Arc<Shared>>, path: Result<Path<String>, PathRejection>) -> Answer {
    let number: HouseholdNumber = part(path)?.parse()?;
    let found = shared.population.household(number).await?.ok_or(Refusal::NotFound)?;
    Ok(json(&found))
}

async fn residence(State(shared): State<Arc<Shared>>, path: Result<Path<String>, PathRejection>) -> Answer {
    let number: PersonNumber = part(path)?.parse()?;
    let found = shared.population.residence(number).await?.ok_or(Refusal::NotFound)?;
    Ok(json(&found))
}

async fn statistics_answer(State(shared): State<Arc<Shared>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], shared.statistics.clone()).into_response()
}

async fn description(path: Result<Path<String>, PathRejection>) -> Answer {
    let document = part(path)?;
    let service = document.strip_suffix(".json").and_then(openapi).ok_or(Refusal::NoSuchService)?;
    Ok(([(CONTENT_TYPE, "application/json")], service).into_response())
}

#[cfg(test)]
mod tests;
