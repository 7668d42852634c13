//! A small and fast HTTP service for benchmarks and tests, which also misbehaves when asked to.
//!
//! | path | what it does |
//! |---|---|
//! | `/cham/{ms}` | answers after so many milliseconds |
//! | `/im-lang` | never answers |
//! | `/dong-som` | promises a body, sends half of it, closes |
//! | `/rac` | sends bytes that are not HTTP |
//! | `/to/{bytes}` | streams a body of that size: the letters a to z over and over |
//! | `/chuyen-huong` | 302 to `/da-chuyen` |
//! | `/loi/{status}` | that status, 200 to 599, with a JSON body |
//! | `/soi` | the request as it arrived: method, target, headers in order |
//! | anything else | `POST`, `PUT`, `PATCH`: the body sent back; other methods: the fixed JSON |

mod wire;

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Running;
use wire::Wire;

/// Size of the fixed answer unless told otherwise, in bytes.
pub const BYTES_DEFAULT: usize = 1000;

/// Longest wait of `/cham`, in milliseconds.
const DELAY_MS_MAX: u64 = 600_000;

/// Largest body of `/to`, in bytes.
const STREAM_BYTES_MAX: u64 = 10 << 30;

/// What `/dong-som` promises, in bytes; it sends half.
const CUT_BYTES: usize = 1000;

/// Size of one piece of `/to`: a multiple of the 26 letters near 64 KiB.
const PIECE_BYTES: usize = 26 * 2520;

type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Starts the service; `bytes` is the size of the fixed JSON answer, at least 13. Port 0 takes a free one.
///
/// # Errors
/// The address cannot be listened on.
pub async fn start(address: SocketAddr, bytes: usize) -> std::io::Result<Running> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let echo = Arc::new(Echo::new(bytes));
    Ok(Running::start(address, |stopped| accept(listener, echo, stopped)))
}

async fn accept(listener: TcpListener, echo: Arc<Echo>, mut stopped: oneshot::Receiver<()>) {
    // Dropping the set ends every connection, the silent ones too.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that was gone before it was accepted is no reason to stop.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&echo)));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => return,
        }
    }
}

async fn connection(stream: TcpStream, echo: Arc<Echo>) {
    let _ = stream.set_nodelay(true);
    let garbled = Arc::new(AtomicBool::new(false));
    let wire = Wire::new(stream, Arc::clone(&garbled));
    let service = service_fn(move |request| {
        let (echo, garbled) = (Arc::clone(&echo), Arc::clone(&garbled));
        async move { Ok::<_, Infallible>(echo.answer(request, &garbled).await) }
    });
    // An error is a client that left, or a fault that was asked for.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(wire), service).await;
}

struct Echo {
    fixed: Bytes,
    piece: Bytes,
}

impl Echo {
    fn new(bytes: usize) -> Self {
        let frame = br#"{"duLieu":""}"#.len();
        let fixed = format!(r#"{{"duLieu":"{}"}}"#, "x".repeat(bytes.saturating_sub(frame)));
        let piece: Vec<u8> = (b'a'..=b'z').cycle().take(PIECE_BYTES).collect();
        Self { fixed: fixed.into(), piece: piece.into() }
    }

    async fn answer(&self, request: Request<Incoming>, garbled: &AtomicBool) -> Response<Body> {
        let path = request.uri().path();
        let (kind, value) =
            path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        match (kind, value.parse::<u64>().ok()) {
            ("cham", Some(ms)) if ms <= DELAY_MS_MAX => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.plain(request)
            }
            ("im-lang", None) => std::future::pending().await,
            ("dong-som", None) => self.cut(),
            ("rac", None) => {
                garbled.store(true, Ordering::Relaxed);
                with_header(self.fixed(), CONNECTION, "close")
            }
            ("to", Some(bytes)) if bytes <= STREAM_BYTES_MAX => self.stream(bytes),
            ("chuyen-huong", None) => {
                with_header(json(StatusCode::FOUND, Bytes::new()), LOCATION, "/da-chuyen")
            }
            ("loi", Some(status @ 200..=599)) => {
                let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
                json(status.unwrap_or_default(), Bytes::from_static(br#"{"ma":"LOI_MO_PHONG"}"#))
            }
            ("soi", None) => mirror(&request),
            _ => self.plain(request),
        }
    }

    fn plain(&self, request: Request<Incoming>) -> Response<Body> {
        if !matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
            return self.fixed();
        }
        let media_type = request.headers().get(CONTENT_TYPE).cloned();
        let mut response = Response::new(request.into_body().map_err(Into::into).boxed_unsync());
        if let Some(media_type) = media_type {
            response.headers_mut().insert(CONTENT_TYPE, media_type);
        }
        response
    }

    fn fixed(&self) -> Response<Body> {
        json(StatusCode::OK, self.fixed.clone())
    }

    fn cut(&self) -> Response<Body> {
        let half = stream::iter([Ok(Frame::data(self.piece.slice(..CUT_BYTES / 2)))]);
        // What is not yet on the wire when a body fails is dropped, so let it be written first.
        let pieces = half.chain(stream::once(async {
            tokio::task::yield_now().await;
            Err("closed early, as asked".into())
        }));
        let response = Response::new(StreamBody::new(pieces).boxed_unsync());
        with_header(response, CONTENT_LENGTH, &CUT_BYTES.to_string())
    }

    fn stream(&self, bytes: u64) -> Response<Body> {
        let piece = self.piece.clone();
        let pieces = stream::unfold(bytes, move |left| {
            let size = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
            let next = (size > 0).then(|| (Ok(Frame::data(piece.slice(..size))), left - size as u64));
            std::future::ready(next)
        });
        let response = Response::new(StreamBody::new(pieces).boxed_unsync());
        let response = with_header(response, CONTENT_LENGTH, &bytes.to_string());
        with_header(response, CONTENT_TYPE, "text/plain")
    }
}

fn mirror(request: &Request<Incoming>) -> Response<Body> {
    let headers: Vec<(&str, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let seen = serde_json::json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "headers": headers,
    });
    json(StatusCode::OK, seen.to_string().into())
}

fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    with_header(response, CONTENT_TYPE, "application/json")
}

fn with_header(mut response: Response<Body>, name: hyper::header::HeaderName, value: &str) -> Response<Body> {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests;
