//! Getting the repository's files: over HTTP, from a folder, or from the mirror; whole, limited, remembered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::io::AsyncReadExt as _;
use tough::{Transport, TransportError, TransportErrorKind, TransportStream};
use url::Url;

use super::Limits;
use super::mirror::{Mirror, root_version};
use crate::error::DirectoryError;

/// An HTTP client that keeps connections, follows no redirect and asks no proxy.
#[derive(Clone, Debug)]
pub(super) struct Web(Client<HttpConnector, Empty<Bytes>>);

impl Web {
    pub fn new(connect_time_max: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect_time_max));
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector))
    }
}

/// Where files come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Web(Box<Web>),
    /// The folder that the base address names.
    Folder,
    Mirror(Arc<Mirror>),
}

/// Gets files for one verification.
///
/// Each file is read whole before the TUF library sees it, so that what is kept afterwards is byte for byte what
/// was verified. The library takes any failure to get the next root file for "there is none"; here every failure
/// but a plain "not found" is remembered, so that keeping new root files away does not go unnoticed.
#[derive(Clone, Debug)]
pub(super) struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    base: Url,
    limits: Limits,
    known: Mirror,
    fetched: Mutex<Mirror>,
    failure: Mutex<Option<DirectoryError>>,
}

impl Fetcher {
    pub fn new(source: Source, base: Url, limits: Limits, known: Mirror) -> Self {
        let (fetched, failure) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { source, base, limits, known, fetched, failure }))
    }

    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// The address of `metadata/` or `targets/`.
    pub fn folder(&self, name: &str) -> Result<Url, DirectoryError> {
        self.0.base.join(name).map_err(|_| DirectoryError::Address { url: self.0.base.to_string() })
    }

    /// What was trusted before.
    pub fn known(&self) -> &Mirror {
        &self.0.known
    }

    /// What was fetched so far.
    pub fn fetched(&self) -> Mirror {
        self.0.fetched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first failure so far.
    pub fn failure(&self) -> Option<DirectoryError> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn get(&self, url: &Url, name: &str) -> Result<String, DirectoryError> {
        let is_target = name.starts_with("targets/");
        let limits = self.0.limits;
        let bytes_max = if is_target { limits.target_bytes_max } else { limits.metadata_bytes_max };
        // A target's name holds its digest, so the copy at hand is the file, and the library checks the digest.
        if let Some(text) = self.0.known.get(name).filter(|_| is_target) {
            return Ok(text.to_owned());
        }
        let bytes = match &self.0.source {
            Source::Web(web) => {
                let seconds = limits.file_time_max.as_secs();
                let late = |_| DirectoryError::Timeout { url: url.to_string(), seconds };
                tokio::time::timeout(limits.file_time_max, download(web, url, bytes_max))
                    .await
                    .map_err(late)??
            }
            Source::Folder => read(url, bytes_max).await?,
            Source::Mirror(mirror) => match mirror.get(name) {
                Some(text) => return Ok(text.to_owned()),
                None => return Err(DirectoryError::NotFound { url: format!("{name} in the cache") }),
            },
        };
        let malformed =
            |_| DirectoryError::Malformed { file: name.to_owned(), reason: "it is not UTF-8".to_owned() };
        String::from_utf8(bytes).map_err(malformed)
    }
}

#[async_trait]
impl Transport for Fetcher {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let name = url.as_str().strip_prefix(self.0.base.as_str()).unwrap_or_default().to_owned();
        match self.get(&url, &name).await {
            Ok(text) => {
                let bytes = Bytes::from(text.clone());
                self.0.fetched.lock().unwrap_or_else(PoisonError::into_inner).0.insert(name, text);
                Ok(Box::pin(stream::iter([Ok(bytes)])))
            }
            Err(error) => {
                let missing = matches!(error, DirectoryError::NotFound { .. });
                let kind = if missing { TransportErrorKind::FileNotFound } else { TransportErrorKind::Other };
                let told = TransportError::new_with_cause(kind, url.as_str(), error.to_string());
                // The chain of roots ends with the first version that does not exist.
                if !(missing && root_version(&name).is_some()) {
                    let mut failure = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                }
                Err(told)
            }
        }
    }
}

async fn download(web: &Web, url: &Url, bytes_max: u64) -> Result<Vec<u8>, DirectoryError> {
    let text = url.to_string();
    let uri = text.parse().map_err(|_| DirectoryError::Address { url: text.clone() })?;
    let unreachable = |error| DirectoryError::Unreachable { url: text.clone(), reason: innermost(&error) };
    let response = web.0.get(uri).await.map_err(unreachable)?;
    let status = response.status();
    if status.is_redirection() {
        return Err(DirectoryError::Redirect { url: text, status: status.as_u16() });
    }
    match status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(DirectoryError::NotFound { url: text }),
        _ => return Err(DirectoryError::Status { url: text, status: status.as_u16() }),
    }
    let too_large = || DirectoryError::TooLarge { file: text.clone(), bytes_max };
    let capacity = usize::try_from(bytes_max).map_err(|_| too_large())?;
    match Limited::new(response.into_body(), capacity).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(DirectoryError::Interrupted { reason: innermost(error.as_ref()), url: text }),
    }
}

/// The cause at the bottom says what happened; those above it only say where.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

async fn read(url: &Url, bytes_max: u64) -> Result<Vec<u8>, DirectoryError> {
    let text = url.to_string();
    let path = url.to_file_path().map_err(|()| DirectoryError::Address { url: text.clone() })?;
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => DirectoryError::NotFound { url: text.clone() },
        _ => DirectoryError::Unreachable { url: text.clone(), reason: error.to_string() },
    };
    let file = tokio::fs::File::open(path).await.map_err(fail)?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits.
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).await.map_err(fail)?;
    if bytes.len() as u64 > bytes_max {
        return Err(DirectoryError::TooLarge { file: text, bytes_max });
    }
    Ok(bytes)
}
