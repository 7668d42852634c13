//! Asking a service over HTTP/1.1: TLS, time, size; redirects are never followed and no proxy is taken from the environment.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::definition::{Credentials, Definition, Limits};
use crate::error::{Mistake, SourceError};

/// How long an idle connection is kept; servers often close after a minute.
const IDLE: Duration = Duration::from_secs(30);

/// A service that can be asked.
pub(super) struct Target {
    client: Client<Connector, Full<Bytes>>,
    /// Name and value of the header by which the service knows us.
    credentials: Option<(HeaderName, HeaderValue)>,
    limits: Limits,
    name: String,
}

/// A question in the service's own form.
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Headers with their values.
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Vec<u8>,
}

/// What the service answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Media type without parameters, in small letters.
    pub(super) media_type: String,
    /// The body as text; nothing when it is none in the encoding that it names.
    pub(super) text: Option<String>,
}

impl Target {
    /// Reads the files that a definition names; nobody is asked yet.
    ///
    /// # Errors
    /// A file cannot be read, or has no certificate.
    pub(super) fn of(definition: &Definition) -> Result<Self, SourceError> {
        let credentials = definition.credentials.as_ref();
        Self::new(definition.ca_file.as_deref(), credentials, &definition.limits, &definition.url)
    }

    /// With these files; nobody is asked yet.
    ///
    /// # Errors
    /// A file cannot be read, or has no certificate.
    pub(super) fn new(
        ca_file: Option<&Path>,
        credentials: Option<&Credentials>,
        limits: &Limits,
        name: &str,
    ) -> Result<Self, SourceError> {
        let connector = Connector { tls: Arc::new(tls(ca_file)?) };
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .pool_max_idle_per_host(limits.at_once)
            .build(connector);
        let credentials = credentials.map(secret_header).transpose()?;
        Ok(Self { client, credentials, limits: limits.clone(), name: name.to_owned() })
    }

    /// Asks once, within the limits.
    ///
    /// # Errors
    /// Nobody answers, not in time, or too much.
    pub(super) async fn ask(&self, question: Question) -> Result<Answer, SourceError> {
        let request = self.request(question)?;
        let limit_ms = self.limits.timeout_ms;
        match tokio::time::timeout(Duration::from_millis(limit_ms), self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(SourceError::TimedOut { limit_ms }),
        }
    }

    fn request(&self, question: Question) -> Result<Request<Full<Bytes>>, SourceError> {
        let failed = |what: String| SourceError::Other { what };
        let mut request = Request::new(Full::new(Bytes::from(question.body)));
        *request.method_mut() = question.method;
        *request.uri_mut() =
            question.url.as_str().parse::<Uri>().map_err(|error| failed(error.to_string()))?;
        let headers = request.headers_mut();
        for (name, value) in question.headers {
            headers.insert(name, HeaderValue::try_from(value).map_err(|error| failed(error.to_string()))?);
        }
        headers.insert(header::USER_AGENT, HeaderValue::from_static("lienthong"));
        if let Some((name, value)) = &self.credentials {
            headers.insert(name.clone(), value.clone());
        }
        Ok(request)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, SourceError> {
        let unreachable = |what| SourceError::Unreachable { source_name: self.name.clone(), what };
        let answer = self.client.request(request).await.map_err(|error| unreachable(chain(&error)))?;
        let (head, body) = answer.into_parts();
        let limit_bytes = self.limits.answer_bytes_max;
        let body = Limited::new(body, limit_bytes).collect().await.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                SourceError::TooLarge { limit_bytes }
            } else {
                unreachable(chain(&*error))
            }
        })?;
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
        let text = text(&body.to_bytes(), parameters);
        Ok(Answer { status: head.status, media_type: media_type.trim().to_owned(), text })
    }
}

/// An error and what caused it: libraries tell the reason only there.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A body as text: in the encoding of its mark, of its media type, of its XML declaration, or UTF-8.
fn text(body: &[u8], parameters: &str) -> Option<String> {
    let charset = parameters.split(';').find_map(|one| one.trim().strip_prefix("charset="));
    let head = body.get(..body.len().min(100)).map(String::from_utf8_lossy).unwrap_or_default();
    let declared = head.strip_prefix("<?xml").and_then(|rest| {
        let rest = rest.split_once("?>")?.0.split_once("encoding=")?.1;
        rest.get(1..)?.split(['"', '\'']).next()
    });
    let label = charset.map(|charset| charset.trim_matches('"')).or(declared).unwrap_or("utf-8");
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    let (text, _, is_wrong) = encoding.decode(body);
    (!is_wrong).then(|| text.into_owned())
}

fn secret_header(credentials: &Credentials) -> Result<(HeaderName, HeaderValue), SourceError> {
    let secret = crate::password::clear(&credentials.secret_file)?;
    let secret = secret.text();
    let (name, value) = match (&credentials.user, &credentials.header) {
        (Some(user), _) => {
            ("authorization".to_owned(), format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))))
        }
        (None, header) => (header.clone().unwrap_or_default().to_ascii_lowercase(), secret.to_owned()),
    };
    let wrong = || {
        let vi = "nội dung tệp không dùng làm tiêu đề HTTP được";
        let mistake =
            Mistake::new("credentials.secret_file", vi, "the file's text cannot be a header of HTTP");
        SourceError::Definition(vec![mistake])
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok((HeaderName::try_from(name).map_err(|_| wrong())?, value))
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, SourceError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let wrong = |what: String| {
            let place = format!("ca_file {}", path.display());
            SourceError::Definition(vec![Mistake::new(place, what.clone(), what)])
        };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(wrong("không có chứng thư / there is no certificate".into()));
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has what TLS 1.2 and 1.3 need");
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Opens connections: plain for `http`, TLS for `https`.
#[derive(Clone)]
struct Connector {
    tls: Arc<ClientConfig>,
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection, plain or TLS.
struct Wire(TokioIo<Box<dyn Duplex>>);

impl tower_service::Service<Uri> for Connector {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = (uri.scheme_str() == Some("https")).then(|| Arc::clone(&self.tls));
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
            let tcp = TcpStream::connect((&*host, port)).await?;
            tcp.set_nodelay(true)?;
            let Some(tls) = tls else { return Ok(Wire(TokioIo::new(Box::new(tcp)))) };
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let tls = TlsConnector::from(tls).connect(name, tcp).await?;
            Ok(Wire(TokioIo::new(Box::new(tls))))
        })
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_in_the_encoding_that_it_names_and_never_guessed() {
        assert_eq!(text("Nguyễn".as_bytes(), " charset=utf-8").as_deref(), Some("Nguyễn"));
        assert_eq!(text(b"caf\xe9", "charset=\"iso-8859-1\"").as_deref(), Some("café"));
        let declared = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>";
        assert!(text(declared, "").is_some_and(|text| text.ends_with("<a>é</a>")));
        assert_eq!(text(b"\xff\xfe", "charset=khong-co"), None);
        assert_eq!(text(b"caf\xe9", ""), None, "no UTF-8");
    }
}
