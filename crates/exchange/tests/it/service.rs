//! The information system behind the provider's node: counts what reaches it, and lies when asked to.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use exchange::body::OutBody;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{Semaphore, watch};
use web::{Limits, Server};

/// How long a request that must come may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// | path | what it does |
/// |---|---|
/// | `/giu` | answers when [`Service::release`] is called |
/// | `/chuyen-huong` | redirects to `/da-chuyen` |
/// | `/gia-mao` | answers with headers that only nodes may write |
/// | `/tieu-de` | answers with a signature of its own |
/// | `/ket-qua/{text}` | answers `{"ketQua":text}` |
/// | `/noi` | sends the body back with the headers `x-noi-…` without that beginning, and the status `x-noi-status` |
/// | else | sends the body back, or `xin chao` |
pub struct Service {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    _stop: watch::Sender<bool>,
}

struct Seen {
    requests: Mutex<Vec<(Parts, Bytes)>>,
    count: watch::Sender<usize>,
    release: Semaphore,
}

impl Service {
    pub async fn start() -> Self {
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), None, Limits::default()).await.unwrap();
        let address = server.address().unwrap();
        let count = watch::channel(0).0;
        let seen = Arc::new(Seen { requests: Mutex::default(), count, release: Semaphore::new(0) });
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::clone(&seen);
        let answer = move |_, request| answer(Arc::clone(&shared), request);
        tokio::spawn(server.run(answer, stopped));
        Self { address, seen, _stop: stop }
    }

    /// Requests so far.
    pub fn count(&self) -> usize {
        *self.seen.count.borrow()
    }

    /// Waits until so many requests have come.
    pub async fn reached(&self, count: usize) {
        let mut counter = self.seen.count.subscribe();
        let reached = tokio::time::timeout(PATIENCE, counter.wait_for(|now| *now >= count)).await;
        assert!(reached.is_ok(), "only {} of {count} requests came", self.count());
    }

    /// Lets so many requests at `/giu` go on.
    pub fn release(&self, calls: usize) {
        self.seen.release.add_permits(calls);
    }

    /// The newest request.
    pub fn last(&self) -> (Parts, Bytes) {
        self.seen.requests.lock().unwrap().last().unwrap().clone()
    }
}

async fn answer(seen: Arc<Seen>, request: Request<Incoming>) -> Response<OutBody> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let said = parts.headers.clone();
    seen.requests.lock().unwrap().push((parts, body.clone()));
    seen.count.send_modify(|count| *count += 1);
    let echoed = if body.is_empty() { Bytes::from_static(b"xin chao") } else { body };
    match path.as_str() {
        "/giu" => {
            seen.release.acquire().await.unwrap().forget();
            with(echoed, &[])
        }
        "/chuyen-huong" => {
            let mut response = with(Bytes::new(), &[("location", "/da-chuyen")]);
            *response.status_mut() = http::StatusCode::FOUND;
            response
        }
        "/noi" => saying(body_of(&said, echoed), &said),
        "/gia-mao" => with(echoed, &FORGED),
        "/tieu-de" => with(echoed, &[("signature", "cua-toi=:AA==:"), ("content-digest", "md5=:AA==:")]),
        path => match path.strip_prefix("/ket-qua/") {
            Some(result) => with(format!("{{\"ketQua\":{result}}}").into(), &[]),
            None => with(echoed, &[("x-cua-toi", "1")]),
        },
    }
}

/// Nothing, when the request has the header `x-khong-noi`.
fn body_of(said: &HeaderMap, echoed: Bytes) -> Bytes {
    if said.get("x-khong-noi").is_some() { Bytes::new() } else { echoed }
}

fn saying(body: Bytes, said: &HeaderMap) -> Response<OutBody> {
    let mut response = with(body, &[]);
    for (name, value) in said {
        match name.as_str().strip_prefix("x-noi-") {
            Some("status") => *response.status_mut() = value.to_str().unwrap().parse().unwrap(),
            Some(name) => {
                response.headers_mut().append(HeaderName::try_from(name).unwrap(), value.clone());
            }
            None => {}
        }
    }
    response
}

/// Headers that only nodes may write.
const FORGED: [(&str, &str); 6] = [
    ("x-road-service", "VN-TEST/GOV/H48/KHAC/gia"),
    ("x-road-error", "server.serverproxy.access_denied"),
    ("x-road-id", "gia"),
    ("x-road-request-hash", "gia"),
    ("lienthong-error", "EX-0301"),
    ("lienthong-salt", "gia"),
];

fn with(body: Bytes, headers: &[(&'static str, &'static str)]) -> Response<OutBody> {
    let mut response = Response::new(OutBody::from_bytes(body));
    for (name, value) in headers {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}
