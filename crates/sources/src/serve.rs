//! Answering by a definition, over HTTP on loopback: the node in front decides who may ask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Asked, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use web::{Problem, ProblemError};

use crate::definition::Definition;
use crate::engine::{Guard, Row, Source};
use crate::error::{Mistake, SourceError};
use crate::protect::Protector;
use crate::query::{Page, Query};

/// Parts of an export that may wait for a slow reader.
const EXPORT_PARTS: usize = 4;
/// Rows of a part of an export: a question of its own, so that none runs long or holds a place from others.
const EXPORT_ROWS: u32 = 500;
/// Longest wait for a reader of an export that does not read.
const EXPORT_WAIT: Duration = Duration::from_mins(1);

/// A service at work.
pub struct Service {
    definition: Definition,
    source: Source,
    protector: Protector,
}

type Shared = Arc<Service>;

impl Service {
    /// Connects to the source of a definition.
    ///
    /// # Errors
    /// The address is wrong, the password's file cannot be read, nobody answers.
    pub async fn open(definition: Definition) -> Result<Self, SourceError> {
        let source = open(&definition).await?;
        let protector = Protector::new(definition.limits.at_once);
        Ok(Self { definition, source, protector })
    }

    /// What it answers by.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// All rows of a statement within the limits of the definition.
    async fn ask(&self, statement: crate::engine::Statement) -> Result<Vec<Row>, SourceError> {
        let _turn = self.protector.turn().await?;
        let limits = &self.definition.limits;
        let limit_ms = limits.statement_ms;
        let reading = async {
            let (mut rows, mut bytes) = (Vec::new(), 0);
            let mut coming = self.source.rows(statement);
            while let Some(row) = coming.next().await {
                let row = row?;
                bytes += row.iter().flatten().map(String::len).sum::<usize>();
                if bytes > limits.answer_bytes_max {
                    return Err(SourceError::TooLarge { limit_bytes: limits.answer_bytes_max });
                }
                rows.push(row);
            }
            Ok(rows)
        };
        // SQLite keeps no limit of its own; for the others this is a second line.
        let result = match tokio::time::timeout(Duration::from_millis(limit_ms), reading).await {
            Err(_) | Ok(Err(SourceError::TimedOut { .. })) => Err(SourceError::TimedOut { limit_ms }),
            Ok(result) => result,
        };
        self.protector.note(&result);
        result
    }

    fn query(&self) -> Query<'_> {
        Query::new(&self.definition, self.source.engine())
    }
}

/// Connects to the source of a definition.
///
/// # Errors
/// As [`Service::open`].
pub async fn open(definition: &Definition) -> Result<Source, SourceError> {
    let mut address: crate::engine::Address = definition.url.parse()?;
    if let Some(path) = &definition.password_file {
        address = address.with_password(password(path)?.trim_end())?;
    }
    let connections = u32::try_from(definition.limits.at_once).unwrap_or(4);
    Source::open(&address, &Guard { statement_ms: definition.limits.statement_ms, connections }).await
}

/// The password of a file that nobody else may read.
///
/// # Errors
/// [`SourceError::Unreachable`]: it cannot be read, or others can.
pub fn password(path: &std::path::Path) -> Result<String, SourceError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |what: String| SourceError::Unreachable { source_name: path.display().to_string(), what };
    let mode = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let what =
            format!("người khác đọc được, chạy / others can read it, run: chmod 600 '{}'", path.display());
        return Err(failed(what));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

/// The routes of a service, below its base.
pub fn router(service: Service) -> Router {
    let description = crate::openapi::openapi(&service.definition).to_string();
    let json = [(header::CONTENT_TYPE, "application/json")];
    Router::new()
        .route("/", get(page))
        .route("/_count", get(count))
        .route("/_changes", get(changes))
        .route("/_export", get(export))
        .route("/_openapi.json", get(async move || (json, description)))
        .route("/{value}", get(one))
        .with_state(Arc::new(service))
}

/// An error as a problem (RFC 9457).
struct Refusal(SourceError);

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            SourceError::Question(_) | SourceError::TooLarge { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            SourceError::Value { .. } | SourceError::Definition(_) | SourceError::Address { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        if status.is_server_error() {
            tracing::warn!(code = self.0.code(), error = %self.0, "a source did not answer");
        }
        let errors = match &self.0 {
            SourceError::Question(mistakes) => mistakes.iter().map(problem).collect(),
            _ => Vec::new(),
        };
        // What the database says of itself is for its owner, not for who asked.
        let title = match &self.0 {
            SourceError::Changed { .. } | SourceError::NoRight { .. } | SourceError::Unreachable { .. } | SourceError::Other { .. } => {
                "Nguồn dữ liệu tạm không dùng được; nguyên nhân ở nhật ký của nút bên cung cấp / The source cannot be used now; the log of the provider's node says why".to_owned()
            }
            error => error.to_string(),
        };
        Problem::new(status, &self.0.code(), title).with_errors(errors).into_response()
    }
}

fn problem(mistake: &Mistake) -> ProblemError {
    ProblemError { place: mistake.place.clone(), vi: mistake.vi.clone(), en: mistake.en.clone() }
}

type Asking = Asked<Vec<(String, String)>>;
type Parameters = BTreeMap<String, String>;

/// The parameters of a question, each at most once.
fn single(given: Vec<(String, String)>) -> Result<Parameters, SourceError> {
    let mut parameters = Parameters::new();
    for (name, value) in given {
        if parameters.insert(name.clone(), value).is_some() {
            let mistake = Mistake::new(name, "chỉ được nêu một lần", "may stand once only");
            return Err(SourceError::Question(vec![mistake]));
        }
    }
    Ok(parameters)
}

async fn one(
    State(service): State<Shared>,
    Path(value): Path<String>,
    Asked(given): Asking,
) -> Result<Response, Refusal> {
    if let Some((name, _)) = given.into_iter().next() {
        let en = "a look-up has no parameters";
        return Err(
            SourceError::Question(vec![Mistake::new(name, "tra cứu một dòng không có tham số", en)]).into()
        );
    }
    let query = service.query();
    let rows = service.ask(query.one(&value)?).await?;
    match rows.as_slice() {
        [] => Ok(StatusCode::NOT_FOUND.into_response()),
        [row] => Ok(axum::Json(query.item(row)?).into_response()),
        _ => {
            let name = service.definition.service.look_up.clone().unwrap_or_default();
            let vi = "có nhiều dòng cùng giá trị này; tìm bằng bộ lọc";
            Err(SourceError::Question(vec![Mistake::new(
                name,
                vi,
                "more rows than one have this value: search with a filter",
            )])
            .into())
        }
    }
}

async fn page(State(service): State<Shared>, Asked(given): Asking) -> Result<axum::Json<Value>, Refusal> {
    answer(&service, read_page(&service.definition, single(given)?, false)?).await
}

async fn changes(State(service): State<Shared>, Asked(given): Asking) -> Result<axum::Json<Value>, Refusal> {
    answer(&service, read_page(&service.definition, single(given)?, true)?).await
}

async fn answer(service: &Service, page: Page) -> Result<axum::Json<Value>, Refusal> {
    let query = service.query();
    let mut rows = service.ask(query.page(&page)?).await?;
    let more = rows.len() > page.limit as usize;
    rows.truncate(page.limit as usize);
    let next = rows.last().filter(|_| more).map(|row| token(&query.key_of(row)));
    let items = rows.iter().map(|row| query.item(row)).collect::<Result<Vec<_>, _>>()?;
    Ok(axum::Json(json!({ "items": items, "next": next })))
}

async fn count(State(service): State<Shared>, Asked(given): Asking) -> Result<axum::Json<Value>, Refusal> {
    let page = read_page(&service.definition, single(given)?, false)?;
    let rows = service.ask(service.query().count(&page)?).await?;
    let count = rows.first().and_then(|row| row.first()?.as_deref()?.parse::<u64>().ok());
    Ok(axum::Json(json!({ "count": count })))
}

/// The parameters of a page; `since` only where changes are asked for.
fn read_page(
    definition: &Definition,
    mut parameters: Parameters,
    changes: bool,
) -> Result<Page, SourceError> {
    let mut mistakes = Vec::new();
    let limits = &definition.limits;
    let limit = parameters.remove("limit").map_or(Some(limits.page_rows), |text| text.parse().ok());
    let limit = limit.filter(|limit| (1..=limits.page_rows_max).contains(limit)).unwrap_or_else(|| {
        let max = limits.page_rows_max;
        mistakes.push(Mistake::new("limit", format!("từ 1 đến {max}"), format!("from 1 to {max}")));
        1
    });
    let after = parameters.remove("after").map(|text| {
        key(&text).unwrap_or_else(|| {
            let vi = "không phải giá trị next của trang trước";
            mistakes.push(Mistake::new("after", vi, "is not the next of a page"));
            Vec::new()
        })
    });
    let since = if changes { parameters.remove("since") } else { None };
    if changes && (since.is_none() || definition.changes.is_none()) {
        let vi = "phải có; dịch vụ phải khai changes";
        mistakes.push(Mistake::new("since", vi, "is needed, and the service must tell changes"));
    }
    if !mistakes.is_empty() {
        return Err(SourceError::Question(mistakes));
    }
    Ok(Page { filters: parameters.into_iter().collect(), limit, after, since })
}

/// The key of a row as consumers send it back: JSON in base64 for addresses.
fn token(key: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(json!(key).to_string())
}

fn key(token: &str) -> Option<Vec<String>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// Everything, in parts, as fast as the reader reads; the memory is bounded by the parts that wait.
async fn export(State(service): State<Shared>) -> Result<Response, Refusal> {
    if !service.definition.service.export {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let (parts, coming) = mpsc::channel::<Result<Bytes, std::io::Error>>(EXPORT_PARTS);
    tokio::spawn(async move {
        if let Err(error) = write_export(&service, &parts).await {
            tracing::warn!(code = error.code(), %error, "an export ended early");
            // The reader sees a broken answer, not a short one.
            let _ = parts.send(Err(std::io::Error::other(error.code()))).await;
        }
    });
    let body = Body::from_stream(tokio_stream(coming));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn tokio_stream<T: Send + 'static>(coming: mpsc::Receiver<T>) -> impl futures_util::Stream<Item = T> + Send {
    futures_util::stream::unfold(coming, async |mut coming| Some((coming.recv().await?, coming)))
}

async fn write_export(
    service: &Service,
    parts: &mpsc::Sender<Result<Bytes, std::io::Error>>,
) -> Result<(), SourceError> {
    let query = service.query();
    let mut page = Page { limit: EXPORT_ROWS, ..Page::default() };
    loop {
        let mut rows = service.ask(query.page(&page)?).await?;
        let more = rows.len() > EXPORT_ROWS as usize;
        rows.truncate(EXPORT_ROWS as usize);
        let mut part = Vec::new();
        for row in &rows {
            let item = query.item(row)?;
            serde_json::to_writer(&mut part, &item)
                .map_err(|error| SourceError::Other { what: error.to_string() })?;
            part.push(b'\n');
        }
        send(parts, part).await?;
        match rows.last().filter(|_| more) {
            Some(last) => page.after = Some(query.key_of(last)),
            None => return Ok(()),
        }
    }
}

async fn send(parts: &mpsc::Sender<Result<Bytes, std::io::Error>>, part: Vec<u8>) -> Result<(), SourceError> {
    let sent = tokio::time::timeout(EXPORT_WAIT, parts.send(Ok(part.into()))).await;
    match sent {
        Ok(Ok(())) => Ok(()),
        _ => Err(SourceError::Other { what: "the reader went away".into() }),
    }
}
