//! The console of this work tree over the API of a registry that runs elsewhere, such as that of `cargo xtask demo`: for
//! work on pages, without building the node.
//!
//! `cargo run -p ui --example console -- 127.0.0.1:7487 127.0.0.1:9001`

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use ui::{Console, Setup};
use web::{Limits, Server};

type Forward = (Client<HttpConnector, Body>, String);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(api), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: console HOST:PORT-OF-THE-API ADDRESS:PORT".into());
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let api = Router::new().fallback(forward).with_state((client, api));
    let (_go_on, stop) = watch::channel(false);
    let setup = Setup { api, asks_code: false, behind_tls: false, drafts: None, stopped: stop.clone() };
    let console = ui::router(Console::new(setup));
    let server = Server::bind(address.parse()?, None, Limits::default()).await?;
    web::router::serve(server, console, stop).await;
    Ok(())
}

async fn forward(State((client, host)): State<Forward>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = format!("http://{host}{path}").parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = uri;
    match client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
