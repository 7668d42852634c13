//! Serves an axum router on a [`Server`]; handlers find the [`Peer`] among the extensions of a request.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use tokio::sync::watch;
use tower_service::Service as _;

use crate::{Peer, Server};

/// Serves `router` until `stop` turns true, then drains as [`Server::run`] does.
pub async fn serve(server: Server, router: Router, stop: watch::Receiver<bool>) {
    let answer = move |peer, request| answer(router.clone(), peer, request);
    server.run(answer, stop).await;
}

async fn answer(mut router: Router, peer: Peer, request: Request<Incoming>) -> Response {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
