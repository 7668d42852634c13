//! The one thing time-stamping and OCSP need from a network: post some bytes over HTTP, get some bytes back.
//!
//! Plain HTTP on purpose: both answers are signed, and both kinds of authority are addressed so. No redirect is
//! followed and no proxy taken from the environment, because the address is the operator's decision.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Most memory for an answer's head, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long and how large an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For name look-up, connection, request and answer together.
    pub time: Duration,
    /// For the answer's body.
    pub bytes_max: usize,
}

impl Default for Limits {
    /// Ten seconds and 64 KiB: real answers have 2 to 8 KiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(10), bytes_max: 64 * 1024 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// Not an address that can be asked.
    #[error("the address should look like http://host[:port]/path, it is {0:?}")]
    Address(String),
    /// No connection.
    #[error("no connection to {authority}")]
    Connect {
        /// Host and port.
        authority: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The exchange broke off or was not HTTP.
    #[error("the exchange with the server failed")]
    Exchange(#[source] hyper::Error),
    /// An answer, but no success; redirects count here.
    #[error("the server answered with status {0}")]
    Status(StatusCode),
    /// The body broke off or is too large.
    #[error("the answer broke off or is too large")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The body is larger than allowed.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// Nothing complete in time.
    #[error("no complete answer within {0:?}")]
    Timeout(Duration),
}

/// Posts `body` to `url` and gives the body of a successful answer.
pub(crate) async fn post(
    url: &str,
    content_type: &'static str,
    body: Vec<u8>,
    limits: Limits,
) -> Result<Vec<u8>, PostError> {
    let uri: Uri = url.parse().map_err(|_| PostError::Address(url.to_owned()))?;
    tokio::time::timeout(limits.time, exchange(&uri, content_type, body, limits.bytes_max))
        .await
        .unwrap_or(Err(PostError::Timeout(limits.time)))
}

async fn exchange(
    uri: &Uri,
    content_type: &'static str,
    body: Vec<u8>,
    bytes_max: usize,
) -> Result<Vec<u8>, PostError> {
    let address = || PostError::Address(uri.to_string());
    let authority =
        uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(address)?;
    if uri.scheme_str() != Some("http") {
        return Err(address());
    }
    // An IPv6 address keeps its brackets in a URI, the system wants it without.
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)))
        .await
        .map_err(|source| PostError::Connect { authority: authority.to_string(), source })?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(PostError::Exchange)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, authority.as_str())
        .header(CONTENT_TYPE, content_type)
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| address())?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(PostError::Exchange)?;
        if response.status() != StatusCode::OK {
            return Err(PostError::Status(response.status()));
        }
        let collected = Limited::new(response.into_body(), bytes_max).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                PostError::TooLarge(bytes_max)
            } else {
                PostError::Body(error)
            }
        })?;
        Ok(collected.to_bytes().to_vec())
    };
    // The connection works only while polled; it is dropped with the answer, so nothing is left behind.
    tokio::pin!(connection, answer);
    tokio::select! {
        biased;
        outcome = &mut answer => outcome,
        // The connection may end before the answer has been read out of its buffers.
        _ = &mut connection => answer.await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers its first visitor with these bytes and says nothing more.
    async fn server(answer: Vec<u8>, close: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/tsa?x=1", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(&answer).await.unwrap();
            if !close {
                std::future::pending::<()>().await;
            }
        });
        url
    }

    async fn ask(answer: &[u8], close: bool, limits: Limits) -> Result<Vec<u8>, PostError> {
        post(&server(answer.to_vec(), close).await, "application/x", b"question".to_vec(), limits).await
    }

    #[tokio::test]
    async fn a_good_answer_is_given() {
        let limits = Limits::default();
        let answer = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, limits).await;
        assert_eq!(answer.unwrap(), b"hi");
        assert_eq!(
            ask(b"HTTP/1.0 200 OK\r\n\r\nuntil the end", true, limits).await.unwrap(),
            b"until the end"
        );
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let refusal = ask(answer, false, Limits::default()).await.unwrap_err();
        assert!(matches!(refusal, PostError::Status(StatusCode::FOUND)), "{refusal:?}");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_refused() {
        let limits = Limits { bytes_max: 3, ..Limits::default() };
        let announced =
            ask(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhiho", false, limits).await.unwrap_err();
        let unannounced = ask(b"HTTP/1.1 200 OK\r\n\r\nhiho", true, limits).await.unwrap_err();
        assert!(matches!(announced, PostError::TooLarge(3)), "{announced:?}");
        assert!(matches!(unannounced, PostError::TooLarge(3)), "{unannounced:?}");
    }

    #[tokio::test]
    async fn an_endless_head_is_refused() {
        let mut answer = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        answer.resize(HEAD_BYTES_MAX * 4, b'x');
        let refusal = ask(&answer, false, Limits::default()).await.unwrap_err();
        assert!(matches!(refusal, PostError::Exchange(_)), "{refusal:?}");
    }

    #[tokio::test]
    async fn silence_and_slowness_end_at_the_time_limit() {
        let limits = Limits { time: Duration::from_millis(50), ..Limits::default() };
        for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
            let refusal = ask(answer, false, limits).await.unwrap_err();
            assert!(matches!(refusal, PostError::Timeout(_)), "{refusal:?}");
        }
    }

    #[tokio::test]
    async fn only_plain_http_addresses_are_asked() {
        for url in
            ["https://127.0.0.1/", "file:///etc/passwd", "http://user@127.0.0.1/", "/path", "", "http:// /"]
        {
            let refusal = post(url, "a/b", Vec::new(), Limits::default()).await.unwrap_err();
            assert!(matches!(refusal, PostError::Address(_)), "{url}: {refusal:?}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let refusal = post(&url, "a/b", Vec::new(), Limits::default()).await.unwrap_err();
        assert!(matches!(refusal, PostError::Connect { .. }), "{refusal:?}");
    }
}
