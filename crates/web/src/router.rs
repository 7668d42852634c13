//! Serves an axum router on a [`Server`]; handlers find the [`Peer`] among the extensions of a request.
//!
//! Every answer tells browsers to be careful, unless its handler said otherwise: see [`CAREFUL`].

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use hyper::body::Incoming;
use tokio::sync::watch;
use tower_http::timeout::TimeoutBody;
use tower_service::Service as _;

use crate::{Peer, Server};

/// What every answer says to browsers: guess no types, load and frame nothing, tell and keep nothing.
pub const CAREFUL: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
/// Over TLS also: for a year never again without it.
pub const ONLY_TLS: (HeaderName, HeaderValue) =
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));

/// How long a request's body may say nothing: a stranger must not hold connections by sending nothing.
const BODY_IDLE: Duration = Duration::from_secs(20);

/// Serves `router` until `stop` turns true, then drains as [`Server::run`] does.
pub async fn serve(server: Server, router: Router, stop: watch::Receiver<bool>) {
    let answer = move |peer, request| answer(router.clone(), peer, request);
    server.run(answer, stop).await;
}

async fn answer(mut router: Router, peer: Peer, request: Request<Incoming>) -> Response {
    let tls = peer.tls;
    let mut request = request.map(|body| Body::new(TimeoutBody::new(BODY_IDLE, body)));
    request.extensions_mut().insert(peer);
    let mut response = match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    be_careful(response.headers_mut(), tls);
    response
}

fn be_careful(headers: &mut HeaderMap, tls: bool) {
    for (name, value) in CAREFUL.into_iter().chain(tls.then_some(ONLY_TLS)) {
        headers.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_said_to_browsers_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        be_careful(&mut headers, false);
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        be_careful(&mut headers, true);
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(headers.get_all(header::X_FRAME_OPTIONS).iter().count(), 1);
    }
}
