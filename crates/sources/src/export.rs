//! Everything, for consumers that may have it: in parts, in bounded memory, each part a question of its own.
//!
//! A part that fails because the source is away is asked for again behind the last row that came, so that none is lost
//! and none comes twice; the reader only waits. What cannot be made good breaks the answer off: it is never just short.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Query as Asked, State};
use axum::response::{IntoResponse, Response};
use base::{Clock as _, SystemClock};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use tokio::sync::mpsc;

use crate::engine::Seen;
use crate::error::{Mistake, SourceError};
use crate::parquet::Writer;
use crate::query::Page;
use crate::serve::answer::{key, single, token};
use crate::serve::{Refusal, Service};

/// Parts of an export that may wait for a slow reader.
const PARTS: usize = 4;
/// Rows of a part of an export: a question of its own, so that none runs long or holds a place from others.
const ROWS: u32 = 500;
/// Longest wait for a reader of an export that does not read.
const WAIT: Duration = Duration::from_mins(1);
/// For so long a source may be away before an export is broken off: a restart takes seconds, a large one a minute.
const PATIENCE: Duration = Duration::from_mins(2);
/// First wait before a part is asked for again; each is twice the one before, up to the longest.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Longest wait before a part is asked for again.
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(5);

/// Exports of one service at once: each keeps some parts of its answer in memory for as long as its reader reads.
pub(crate) const EXPORTS_MAX: usize = 4;

type Parts = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// The forms that there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Ndjson,
    Parquet,
}

/// What of an export is wanted.
struct Wanted {
    format: Format,
    /// The key behind which it begins.
    after: Option<Vec<String>>,
    /// Whether a line with a token follows each part.
    tokens: bool,
}

/// Everything, in parts, as fast as the reader reads; the memory is bounded by the parts that wait.
pub(crate) async fn export(
    State(service): State<Arc<Service>>,
    Asked(given): Asked<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let definition = service.definition();
    if !definition.service.export {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let wanted = Wanted::read(given)?;
    if let Some(window) = definition.limits.bulk {
        let opens_in_s = window.opens_in_s(SystemClock.now());
        if opens_in_s > 0 {
            return Err(SourceError::NotNow { window: window.to_string(), opens_in_s }.into());
        }
    }
    let content_type = wanted.format.content_type();
    let place = service.export_place()?;
    let mut export = Export::new(Arc::clone(&service), wanted)?;
    let first = export.begin().await?;
    let (parts, coming) = mpsc::channel(PARTS);
    tokio::spawn(async move {
        let (_running, _place) = (service.load().export(), place);
        let written = tokio::select! {
            written = export.write(first, &parts) => written,
            () = parts.closed() => Err(Ended::Gone),
        };
        match written {
            Ok(()) => {}
            Err(Ended::Gone) => tracing::info!("the reader of an export went away"),
            Err(Ended::Failed(error)) => {
                tracing::warn!(code = error.code(), %error, "an export ended early");
                // The reader sees a broken answer, not a short one.
                let _ = parts.send(Err(std::io::Error::other(error.code()))).await;
            }
        }
    });
    let body = Body::from_stream(stream(coming));
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response())
}

fn stream<T: Send + 'static>(coming: mpsc::Receiver<T>) -> impl futures_util::Stream<Item = T> + Send {
    futures_util::stream::unfold(coming, async |mut coming| Some((coming.recv().await?, coming)))
}

impl Format {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl Wanted {
    /// Reads the parameters of an export; all mistakes at once.
    fn read(given: Vec<(String, String)>) -> Result<Self, SourceError> {
        let mut parameters = single(given)?;
        let mut mistakes = Vec::new();
        let mut wrong = |place: &str, vi: &str, en: &str| mistakes.push(Mistake::new(place, vi, en));
        let format = match parameters.remove("format").as_deref() {
            None | Some("ndjson") => Format::Ndjson,
            Some("parquet") => Format::Parquet,
            Some(_) => {
                wrong("format", "là ndjson hoặc parquet", "is ndjson or parquet");
                Format::Ndjson
            }
        };
        let tokens = match parameters.remove("tokens").as_deref() {
            None | Some("false") => false,
            Some("true") if format == Format::Ndjson => true,
            Some(_) => {
                wrong("tokens", "là true hoặc false, chỉ với ndjson", "is true or false, with ndjson only");
                false
            }
        };
        let after = parameters.remove("after").map(|text| {
            key(&text).unwrap_or_else(|| {
                wrong("after", "không phải giá trị _next đã nhận", "is no _next that was given");
                Vec::new()
            })
        });
        for name in parameters.into_keys() {
            let (vi, en) =
                ("xuất toàn bộ không lọc theo tham số này", "exports know format, after and tokens");
            wrong(&name, vi, en);
        }
        if mistakes.is_empty() {
            Ok(Self { format, after, tokens })
        } else {
            Err(SourceError::Question(mistakes))
        }
    }
}

/// An export under way.
struct Export {
    service: Arc<Service>,
    /// Rows that are asked for at once; fewer where they are large.
    rows: u32,
    /// The key of the last row that was taken.
    after: Option<Vec<String>>,
    tokens: bool,
    file: File,
}

/// What is written, and not sent yet.
enum File {
    Lines(Vec<u8>),
    /// Nothing while it is at work on another thread.
    Parquet(Option<Box<Writer>>),
}

/// Why an export ended before its last row.
enum Ended {
    /// Its reader took no more: nobody's fault here.
    Gone,
    Failed(SourceError),
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

/// How a part ended.
enum Step {
    More,
    Last,
}

impl Export {
    fn new(service: Arc<Service>, wanted: Wanted) -> Result<Self, SourceError> {
        let Wanted { format, after, tokens } = wanted;
        // Whether the key is one at all is said before the answer begins.
        service.query().page(&Page { limit: ROWS, after: after.clone(), ..Page::default() })?;
        let definition = service.definition();
        let file = match format {
            Format::Ndjson => File::Lines(Vec::new()),
            Format::Parquet => {
                let offered = &definition.service;
                let about = [
                    ("title", offered.title_vi.clone()),
                    ("title_en", offered.title_en.clone()),
                    ("service", format!("{}/{}", offered.subsystem, offered.code)),
                    ("version", offered.version.clone()),
                    ("exported_at", SystemClock.now().to_string()),
                ];
                let writer = Writer::new(&definition.fields, &definition.code_lists, &about)?;
                File::Parquet(Some(Box::new(writer)))
            }
        };
        Ok(Self { service, rows: ROWS, after, tokens, file })
    }

    /// Takes the first rows before the answer begins: what is wrong from the start is said in so many words.
    async fn begin(&mut self) -> Result<Step, SourceError> {
        match self.ask().await {
            Err(SourceError::TooLarge { .. }) => Ok(Step::More),
            step => step,
        }
    }

    /// Sends everything from the step on.
    async fn write(&mut self, mut step: Step, parts: &Parts) -> Result<(), Ended> {
        while let Step::More = step {
            let written = self.written().await?;
            // While the reader takes this part, the source makes the next one.
            let (sent, next) = tokio::join!(send(parts, written), self.part());
            sent?;
            step = next?;
        }
        let rest = match &mut self.file {
            File::Lines(lines) => std::mem::take(lines),
            File::Parquet(writer) => {
                let writer = writer.take().ok_or_else(lost)?;
                tokio::task::spawn_blocking(|| writer.finish()).await.map_err(|_| lost())??
            }
        };
        send(parts, rest).await
    }

    /// What can be sent.
    async fn written(&mut self) -> Result<Vec<u8>, SourceError> {
        match &mut self.file {
            File::Lines(lines) => {
                if let Some(after) = self.after.as_ref().filter(|_| self.tokens) {
                    lines.extend_from_slice(json!({ "_next": token(after) }).to_string().as_bytes());
                    lines.push(b'\n');
                }
                Ok(std::mem::take(lines))
            }
            File::Parquet(place) => {
                let mut writer = place.take().ok_or_else(lost)?;
                let mut written = Vec::new();
                if writer.is_full() {
                    // Compressing takes tens of milliseconds, in which this thread could answer others.
                    let working = tokio::task::spawn_blocking(move || (writer.part(), writer));
                    let (part, back) = working.await.map_err(|_| lost())?;
                    (written, writer) = (part?, back);
                }
                *place = Some(writer);
                Ok(written)
            }
        }
    }

    /// Takes the next rows. What a source that is away leaves undone is asked for again, behind the last row that came.
    async fn part(&mut self) -> Result<Step, SourceError> {
        let (mut since, mut wait) = (Instant::now(), AGAIN_AFTER);
        loop {
            let before = self.after.clone();
            let error = match self.ask().await {
                Ok(step) => return Ok(step),
                // Rows that are large go in smaller parts; one that is larger than an answer may be cannot be given.
                Err(SourceError::TooLarge { .. }) if self.rows > 1 || self.after != before => {
                    self.rows = (self.rows / 4).max(1);
                    continue;
                }
                Err(error) => error,
            };
            if self.after != before {
                (since, wait) = (Instant::now(), AGAIN_AFTER);
            }
            let pause = error.retry_s().map_or(wait, Duration::from_secs);
            if !passes(&error) || since.elapsed() + pause > PATIENCE {
                return Err(error);
            }
            tracing::warn!(code = error.code(), %error, "an export waits for its source");
            tokio::time::sleep(pause).await;
            wait = AGAIN_AFTER_MAX.min(wait * 2);
        }
    }

    /// Asks once; every row that comes is taken, also when it does not end well.
    async fn ask(&mut self) -> Result<Step, SourceError> {
        let service = Arc::clone(&self.service);
        let query = service.query();
        let page = Page { limit: self.rows, after: self.after.clone(), ..Page::default() };
        let statement = query.page(&page)?;
        let (mut rows, mut wrong) = (0, None);
        let read = service.read(&statement, |row| {
            rows += 1;
            if rows <= page.limit && wrong.is_none() {
                match self.file.take(&service, row) {
                    Ok(()) => self.after = Some(query.key_of(row)),
                    Err(error) => wrong = Some(error),
                }
            }
        });
        let read = read.await;
        if let Some(error) = wrong {
            return Err(error);
        }
        read?;
        Ok(if rows > page.limit { Step::More } else { Step::Last })
    }
}

impl File {
    fn take(&mut self, service: &Service, row: Seen<'_>) -> Result<(), SourceError> {
        match self {
            Self::Lines(lines) => {
                service.write(row, lines)?;
                lines.push(b'\n');
                Ok(())
            }
            Self::Parquet(writer) => {
                let writer = writer.as_mut().ok_or_else(lost)?;
                writer.push(row).map_err(|unfit| service.unfit(unfit, row))
            }
        }
    }
}

/// Whether what is wrong passes when the source is there again.
const fn passes(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::Unreachable { .. }
            | SourceError::Resting { .. }
            | SourceError::TimedOut { .. }
            | SourceError::Busy { .. }
    )
}

async fn send(parts: &Parts, part: Vec<u8>) -> Result<(), Ended> {
    if part.is_empty() {
        return Ok(());
    }
    match tokio::time::timeout(WAIT, parts.send(Ok(part.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended::Gone),
    }
}

/// The thread that compressed has ended, which it never does by itself.
fn lost() -> SourceError {
    SourceError::Other { what: "an export lost its file".into() }
}
