//! Calls the information system behind the provider's node.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base::ServiceId;
use http::{HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::body::{self, BodyError, OutBody, Reading, Spooled};
use crate::cut::{self, Lines, Uncuttable};
use crate::dial::{self, ClientError, Destination, HttpClient};
use crate::error::Reason;
use crate::message::Call;
use crate::rights::{Description, Permit, Service};
use crate::tls::Identity;
use crate::wire::headers::{self, Headers};
use crate::wire::peer::Salts;

/// Largest OpenAPI description that is passed on; X-Road's own limit.
const DESCRIPTION_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The information systems of this node's services.
pub struct Systems {
    plain: HttpClient,
    identity: Identity,
    secure: Mutex<HashMap<ServiceId, Pinned>>,
}

/// A client and the fingerprints of the certificates that it accepts.
type Pinned = (Vec<[u8; 32]>, HttpClient);

/// What the information system is asked.
pub struct Errand<'a> {
    /// The service.
    pub service: &'a Service,
    /// The call.
    pub call: &'a Call,
    /// Its body.
    pub body: Option<Spooled>,
}

/// What the information system answered.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its end-to-end headers.
    pub headers: Headers,
    /// Its body, absent when it had no bytes.
    pub body: Option<Spooled>,
    /// The salts that its commitments are made with.
    pub salts: Salts,
    /// Paths of fields that were cut out of it, see [`cut::Cut::withheld`].
    pub withheld: Vec<String>,
}

/// How the answer is to be read.
pub struct Terms<'a> {
    /// Salts of the answer.
    pub salts: Salts,
    /// Bytes at most.
    pub bytes_max: u64,
    /// Bytes at most of an answer that is to be cut.
    pub cut_bytes_max: u64,
    /// Folder for large bodies.
    pub spool_dir: &'a std::path::Path,
}

impl Systems {
    /// No connections yet.
    pub fn new(identity: Identity) -> Self {
        Self { plain: dial::client(Destination::Url, None), identity, secure: Mutex::default() }
    }

    /// Carries out a permitted call and cuts its answer to what the permit allows. Takes the permit: no check, no call.
    ///
    /// # Errors
    /// The system is not reachable, too slow, breaks off, or answers something that is not HTTP or cannot be cut.
    pub async fn forward(
        &self,
        permit: Permit,
        errand: Errand<'_>,
        terms: Terms<'_>,
    ) -> Result<Reply, Reason> {
        let Errand { service, call, body } = errand;
        let seconds = service.timeout.as_secs();
        let deadline = Instant::now() + service.timeout;
        let mut request = request(service, call, body)?;
        if permit.fields().is_some() {
            leave_out(&mut request, cut::asks_about_the_whole);
        }
        let client = self.client(service)?;
        let fields = permit.used();
        let sent = timeout_at(deadline, client.request(request)).await;
        let response = sent.map_err(|_| Reason::ServiceTimeout(seconds))?.map_err(|error| {
            tracing::warn!(service = %service.id, %error, cause = ?std::error::Error::source(&error), "the information system failed");
            match error {
                ClientError::Connect(_) => Reason::ServiceUnreachable,
                ClientError::Broken(_) => Reason::ServiceBroken,
            }
        })?;
        let (parts, incoming) = response.into_parts();
        if parts.status.is_informational() {
            // `101` would make the connection a tunnel past every check.
            return Err(Reason::ServiceBroken);
        }
        let cut_bytes_max = fields.as_ref().map_or(u64::MAX, |_| terms.cut_bytes_max);
        let reading = Reading {
            salt: &terms.salts.body,
            bytes_max: terms.bytes_max.min(cut_bytes_max),
            deadline,
            spool_dir: terms.spool_dir,
            sha512: false,
        };
        let broken = |error| match error {
            BodyError::TooLarge(max) => Reason::ServiceTooLarge(max),
            BodyError::Incomplete if Instant::now() >= deadline => Reason::ServiceTimeout(seconds),
            BodyError::Incomplete => Reason::ServiceBroken,
            BodyError::Disk(error) => {
                tracing::error!(%error, "cannot spool an answer (EX-0704)");
                Reason::Spool
            }
        };
        let (status, headers) = (parts.status, headers::end_to_end(&parts.headers));
        let in_lines = fields.as_ref().filter(|_| cut::comes_in_lines(status, &headers)).cloned();
        let reply = |salts| Reply { status, headers, body: None, salts, withheld: Vec::new() };
        if let Some(fields) = in_lines {
            let reading = Reading { bytes_max: terms.bytes_max, ..reading };
            let mut lines = Lines::new(incoming, fields, terms.cut_bytes_max);
            let read = body::read(&mut lines, &reading).await.map_err(broken);
            return lines.reply(reply(terms.salts), read);
        }
        let read = body::read(incoming, &reading).await;
        let reply = reply(terms.salts);
        match (fields, read) {
            (None, read) => Ok(Reply { body: read.map_err(broken)?, ..reply }),
            (Some(fields), Err(BodyError::TooLarge(max))) => {
                cut::answer(fields, reply, Err(Uncuttable::TooLarge(max))).await
            }
            (Some(fields), read) => cut::answer(fields, reply, Ok(read.map_err(broken)?)).await,
        }
    }

    /// Fetches a service's OpenAPI description: content type and text.
    ///
    /// # Errors
    /// There is none, or the system does not give it.
    pub async fn description(&self, service: &Service) -> Result<(String, bytes::Bytes), Reason> {
        let url = match service.description.as_ref().ok_or(Reason::NoDescription)? {
            Description::Text(text) => {
                let kind = if text.trim_start().starts_with('{') { "application/json" } else { "text/yaml" };
                return Ok((kind.to_owned(), text.clone().into()));
            }
            Description::Url(url) => url,
        };
        let request = Request::get(url.as_str()).body(OutBody::empty()).map_err(|_| Reason::NoDescription)?;
        let deadline = Instant::now() + service.timeout;
        let response = timeout_at(deadline, self.client(service)?.request(request)).await;
        let response = response.map_err(|_| Reason::ServiceTimeout(service.timeout.as_secs()))?;
        let response = response.map_err(|_| Reason::ServiceUnreachable)?;
        if response.status() != StatusCode::OK {
            return Err(Reason::NoDescription);
        }
        let kind = response.headers().get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = kind.unwrap_or("application/json").to_owned();
        let limited = http_body_util::Limited::new(response.into_body(), DESCRIPTION_BYTES_MAX);
        let body = timeout_at(deadline, limited.collect()).await;
        let body = body.map_err(|_| Reason::ServiceTimeout(service.timeout.as_secs()))?;
        Ok((kind, body.map_err(|_| Reason::ServiceBroken)?.to_bytes()))
    }

    fn client(&self, service: &Service) -> Result<HttpClient, Reason> {
        if !service.url.starts_with("https:") {
            return Ok(self.plain.clone());
        }
        let allowed: Vec<_> =
            service.certificates.iter().map(crypto::certificate::Certificate::fingerprint).collect();
        let mut secure = self.secure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((for_these, client)) = secure.get(&service.id)
            && *for_these == allowed
        {
            return Ok(client.clone());
        }
        let tls = self.identity.call_system(&service.certificates).map_err(|error| {
            tracing::error!(%error, "cannot make a TLS configuration");
            Reason::Internal
        })?;
        let client = dial::client(Destination::Url, Some(tls));
        secure.insert(service.id.clone(), (allowed, client.clone()));
        Ok(client)
    }
}

/// X-Road's rule: base URL, path, `?query`, with one slash where two would meet.
fn url(base: &str, rest: &str) -> String {
    if rest.starts_with('/') {
        format!("{}{rest}", base.strip_suffix('/').unwrap_or(base))
    } else {
        format!("{base}{rest}")
    }
}

fn request(service: &Service, call: &Call, body: Option<Spooled>) -> Result<Request<OutBody>, Reason> {
    let uri: Uri = url(&service.url, call.target.rest()).parse().map_err(|_| Reason::PathUnsafe)?;
    let body = body.map_or_else(OutBody::empty, Spooled::into_body);
    let mut request = Request::new(body);
    *request.method_mut() = call.method.clone();
    *request.uri_mut() = uri;
    for (name, value) in &call.headers {
        request.headers_mut().append(name, value.clone());
    }
    Ok(request)
}

fn leave_out(request: &mut Request<OutBody>, what: fn(&Method, &HeaderName) -> bool) {
    let method = request.method().clone();
    let headers = request.headers_mut();
    let names: Vec<HeaderName> = headers.keys().filter(|name| what(&method, name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn base_path_and_query_meet_with_one_slash() {
        assert_eq!(url("http://h/a", "/b?c"), "http://h/a/b?c");
        assert_eq!(url("http://h/a/", "/b"), "http://h/a/b");
        assert_eq!(url("http://h/a", "?c"), "http://h/a?c");
        assert_eq!(url("http://h/a", ""), "http://h/a");
    }
}
