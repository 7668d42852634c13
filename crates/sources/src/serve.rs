//! Answering by a definition, over HTTP on loopback: the node in front decides who may ask.

pub(crate) mod answer;
mod cache;
mod follow;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use base::{Clock as _, SystemClock};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use web::{Problem, ProblemError};

use crate::changes::compare::Comparing;
use crate::definition::{Definition, Gives};
use crate::engine::{Guard, Row, Seen, Source, Statement};
use crate::error::{Mistake, SourceError};
use crate::export::{EXPORTS_MAX, export};
use crate::load::{Asked, Load};
use crate::password;
use crate::protect::Protector;
use crate::quality::Report;
use crate::quality::judge::Judge;
use crate::quality::run::{Bounds, Run};
use crate::query::{Parts, Query};
use crate::shape::{Shape, Unfit};

use cache::Cache;

/// How many rows of the answer break a rule of severity red: `2 red`. An answer that is given again has none.
const QUALITY: HeaderName = HeaderName::from_static("lienthong-quality");
/// Largest question with a body, in bytes.
const BODY_BYTES_MAX: usize = 16 << 10;

/// A service at work.
pub struct Service {
    definition: Definition,
    source: Source,
    protector: Protector,
    parts: Parts,
    shape: Shape,
    lists: Vec<Shape>,
    cache: Cache,
    judge: Judge,
    /// Answers in which a row broke a rule of severity red.
    red_answers: AtomicU64,
    keys: Shape,
    load: Load,
    comparing: Option<Arc<Comparing>>,
    /// Places for exports.
    exports: Arc<Semaphore>,
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
        let parts = Parts::new(&definition, source.engine());
        let shape = Shape::new(&definition.fields, &definition.code_lists);
        let of_list = |list: &crate::definition::List| Shape::new(&list.fields, &definition.code_lists);
        let lists = definition.lists.iter().map(of_list).collect();
        let cache = Cache::new(definition.limits.cache_s);
        let (judge, red_answers) = (Judge::new(&definition), AtomicU64::new(0));
        let keys = Shape::new(&crate::changes::key_fields(&definition), &definition.code_lists);
        let load = Load::new(&definition.service.name());
        Ok(Self {
            definition,
            source,
            protector,
            parts,
            shape,
            lists,
            cache,
            judge,
            red_answers,
            keys,
            load,
            comparing: None,
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
        })
    }

    /// What it answers by.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// With what comparisons of its rows are kept in.
    #[must_use]
    pub fn with_comparing(mut self, comparing: Arc<Comparing>) -> Self {
        self.comparing = Some(comparing);
        self
    }

    /// The load on its source.
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// Where its source is, without a password.
    pub fn address(&self) -> String {
        self.source.address().without_password()
    }

    /// When its rows were last compared; nothing before the first time, or while that is not known.
    pub async fn compared(&self) -> Option<base::Ts> {
        self.comparing.as_ref()?.state(&self.definition).await.ok()??.finished
    }

    /// Whether its source is a file that is not read now, so that an earlier copy of it answers.
    pub fn is_behind(&self) -> bool {
        self.source.file().is_some_and(|file| file.alarm.is_some())
    }

    /// Seconds for which its source still rests after failures in a row.
    pub fn rests_s(&self) -> Option<u64> {
        self.protector.rests_s()
    }

    /// A place for an export, which ends when it is dropped.
    ///
    /// # Errors
    /// As many as there may be are under way.
    pub(crate) fn export_place(&self) -> Result<OwnedSemaphorePermit, SourceError> {
        let place = Arc::clone(&self.exports).try_acquire_owned();
        place
            .map_err(|_| SourceError::Busy { at_once: EXPORTS_MAX })
            .inspect_err(|error| self.load.refused(error))
    }

    /// Holds the definition's rules against every row.
    ///
    /// # Errors
    /// As [`Run::carry_out`].
    pub async fn quality(&self, now: Timestamp, bounds: Bounds) -> Result<Report, SourceError> {
        let stop = AtomicBool::new(false);
        let Self { definition, source, protector, .. } = self;
        let mut report =
            Run { definition, source, protector, now, bounds, stop: &stop }.carry_out(|_| ()).await?;
        report.red_answers = self.red_answers.load(Ordering::Relaxed);
        Ok(report)
    }

    /// Says on an answer how many of its rows break a rule of severity red. The header ends at the provider's node, which
    /// passes on none of ours.
    fn marked(&self, red: usize, mut answer: Response) -> Response {
        if red > 0 {
            self.red_answers.fetch_add(1, Ordering::Relaxed);
            let value = HeaderValue::try_from(format!("{red} red")).expect("digits and letters");
            answer.headers_mut().insert(QUALITY, value);
        }
        answer
    }

    /// Whether a row breaks a rule of severity red.
    fn is_red<T: AsRef<str>>(&self, row: &[Option<T>]) -> bool {
        self.judge.has_red() && self.judge.red(row, crate::quality::moment(SystemClock.now())) > 0
    }

    /// Reads the rows of a statement within the limits of the definition.
    ///
    /// # Errors
    /// What the source says; the rows together are larger than an answer may be.
    pub(crate) async fn read(
        &self,
        statement: &Statement,
        mut each: impl FnMut(Seen<'_>) + Send,
    ) -> Result<(), SourceError> {
        let _turn = self.protector.turn().await.inspect_err(|error| self.load.refused(error))?;
        let _running = self.load.question();
        let limits = &self.definition.limits;
        let (limit_ms, started) = (limits.statement_ms, Instant::now());
        let (mut rows, mut bytes) = (0_u64, 0);
        let mut counted = |row: Seen<'_>| {
            bytes += row.iter().flatten().map(|text| text.len()).sum::<usize>();
            if bytes > limits.answer_bytes_max {
                return Err(SourceError::TooLarge { limit_bytes: limits.answer_bytes_max });
            }
            rows += 1;
            each(row);
            Ok(())
        };
        let reading = self.source.read(statement, &mut counted);
        // The database keeps the limit itself; this is a second line.
        let result = match tokio::time::timeout(Duration::from_millis(limit_ms), reading).await {
            Err(_) | Ok(Err(SourceError::TimedOut { .. })) => Err(SourceError::TimedOut { limit_ms }),
            Ok(result) => result,
        };
        self.protector.note(&result);
        let asked = Asked { rows, bytes: bytes as u64, took: started.elapsed() };
        self.load.note(&asked, &result);
        result
    }

    /// All rows of a statement within the limits of the definition.
    pub(crate) async fn ask(&self, statement: Statement) -> Result<Vec<Row>, SourceError> {
        let mut rows = Vec::new();
        let owned = |row: Seen<'_>| row.iter().map(|text| text.map(str::to_owned)).collect();
        self.read(&statement, |row| rows.push(owned(row))).await?;
        Ok(rows)
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query::with(&self.definition, self.source.engine(), &self.parts)
    }

    /// Writes a row as consumers get it.
    pub(crate) fn write<T: AsRef<str>>(
        &self,
        row: &[Option<T>],
        out: &mut Vec<u8>,
    ) -> Result<(), SourceError> {
        self.shape.write(row, out).map_err(|unfit| self.unfit(unfit, row))
    }

    /// The error for a row with a field that has no right value.
    pub(crate) fn unfit<T: AsRef<str>>(&self, unfit: Unfit, row: &[Option<T>]) -> SourceError {
        self.shape.unfit(unfit, &self.query().key_of(row))
    }

    /// An answer, which is kept for as long as the definition says.
    fn keep(&self, question: &str, answer: Vec<u8>) -> Response {
        let answer = Bytes::from(answer);
        self.cache.put(question, answer.clone());
        answer::as_json(answer)
    }
}

/// Connects to the source of a definition.
///
/// # Errors
/// As [`Service::open`].
pub async fn open(definition: &Definition) -> Result<Source, SourceError> {
    let columns = definition.fields.iter().map(|field| (field.column.clone(), field.column_type.clone()));
    let address: crate::engine::Address = definition.url.parse()?;
    let mut address = address.with_import(&definition.import, columns.collect());
    let read = definition.password_file.as_deref().filter(|_| definition.password.is_none());
    let read = read.map(password::clear).transpose()?;
    if let Some(password) = definition.password.as_ref().or(read.as_ref()) {
        address = address.with(password)?;
    }
    let connections = u32::try_from(definition.limits.at_once).unwrap_or(4);
    Source::open(&address, &Guard { statement_ms: definition.limits.statement_ms, connections }).await
}

/// The routes of a service, below its base.
pub fn router(service: impl Into<Arc<Service>>) -> Router {
    let service: Arc<Service> = service.into();
    let description = crate::openapi::openapi(&service.definition).to_string();
    let described = described(&service.definition.service.code, description);
    let mut router = Router::new().route("/_openapi.json", described);
    let gives = service.definition.service.gives;
    if gives == Gives::Rows {
        router = router
            .route("/", get(answer::page))
            .route("/_count", get(answer::count))
            .route("/_changes", get(answer::changes))
            .route("/_export", get(export));
    }
    if gives != Gives::Verdict {
        router = router.route("/{value}", get(answer::one));
    }
    if !service.definition.verified.is_empty() {
        router = router.route("/", post(answer::verify).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)));
    }
    router.layer(from_fn(text_only)).with_state(service)
}

/// Refuses addresses whose escapes are no text: what cannot be read is not looked for, and not as something else either.
pub(crate) async fn text_only(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let parts = [("path", uri.path()), ("query", uri.query().unwrap_or_default())];
    let wrong = parts.into_iter().find(|(_, part)| !is_text(part)).map(|(place, _)| place);
    let Some(place) = wrong else { return next.run(request).await };
    let mistake = Mistake::new(place, "không phải chữ UTF-8", "is no text in UTF-8");
    Refusal(SourceError::Question(vec![mistake])).into_response()
}

/// Whether the bytes that an address stands for are UTF-8.
fn is_text(part: &str) -> bool {
    let (mut bytes, mut rest) = (Vec::with_capacity(part.len()), part.as_bytes());
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let escaped =
            digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    str::from_utf8(&bytes).is_ok()
}

/// Gives the description to whoever asks here. A call through the nodes is told how to ask for it there: its answer would be
/// cut to granted fields, of which a description has none.
pub(crate) fn described<S: Clone + Send + Sync + 'static>(
    code: &str,
    description: String,
) -> MethodRouter<S> {
    let code = code.to_owned();
    get(async move |headers: HeaderMap| {
        if headers.contains_key("x-road-client") {
            let vi = format!("qua các nút, mô tả lấy bằng getOpenAPI?serviceCode={code}");
            let en = format!("through the nodes the description is given by getOpenAPI?serviceCode={code}");
            let refused = SourceError::Question(vec![Mistake::new("_openapi.json", vi, en)]);
            return Refusal(refused).into_response();
        }
        ([(header::CONTENT_TYPE, "application/json")], description).into_response()
    })
}

/// An error as a problem (RFC 9457).
pub(crate) struct Refusal(SourceError);

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            SourceError::Question(_) | SourceError::TooLarge { .. } | SourceError::TooLong { .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
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
            SourceError::Changed { .. } | SourceError::NoRight { .. } | SourceError::Unreachable { .. } | SourceError::Import { .. } | SourceError::Encoding { .. } | SourceError::Other { .. } | SourceError::Fault { .. } | SourceError::Comparison { .. } | SourceError::PasswordFile { .. } => {
                "Nguồn dữ liệu tạm không dùng được; nguyên nhân ở nhật ký của nút bên cung cấp / The source cannot be used now; the log of the provider's node says why".to_owned()
            }
            error => error.to_string(),
        };
        let mut answer = Problem::new(status, &self.0.code(), title).with_errors(errors).into_response();
        if let Some(seconds) = self.0.retry_s() {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

fn problem(mistake: &Mistake) -> ProblemError {
    ProblemError { place: mistake.place.clone(), vi: mistake.vi.clone(), en: mistake.en.clone() }
}
