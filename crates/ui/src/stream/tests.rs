#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use axum::body::Body;
use axum::routing::get;
use axum::{Json, Router};
use http::{Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower_service::Service as _;
use web::{Limits, Server};

use super::*;
use crate::{Console, Setup, router};

/// An API whose figures and session the test holds in its hands.
#[derive(Default)]
struct World {
    calls: AtomicI64,
    signed_out: AtomicBool,
}

impl World {
    fn console(self: &Arc<Self>, stopped: watch::Receiver<bool>) -> Router {
        let (me, hour) = (Arc::clone(self), Arc::clone(self));
        let me = async move || me.answer(json!({ "id": "truc", "posts": [] }));
        let hour = async move || {
            let calls = hour.calls.load(Ordering::SeqCst);
            hour.answer(json!({ "calls": calls, "failed": {}, "latest": calls }))
        };
        let api = Router::new().route("/api/v1/me", get(me)).route("/api/v1/calls/last-hour", get(hour));
        router(Console::new(Setup { api, asks_code: false, behind_tls: false, drafts: None, stopped }))
    }

    fn answer(&self, value: Value) -> Result<Json<Value>, StatusCode> {
        if self.signed_out.load(Ordering::SeqCst) { Err(StatusCode::UNAUTHORIZED) } else { Ok(Json(value)) }
    }
}

async fn open(console: &Router) -> Response {
    let request = Request::get("/giam-sat/dong").header(header::COOKIE, "lienthong=phien");
    console.clone().call(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// The next event; nothing when the stream is over. Signs of life are passed over.
async fn event(body: &mut Body) -> Option<String> {
    loop {
        let frame = body.frame().await?.unwrap().into_data().unwrap();
        let text = String::from_utf8(frame.into()).unwrap();
        if !text.starts_with(':') {
            return Some(text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_piece_comes_when_it_changed_and_the_stream_ends_with_the_session() {
    let (_stop, stopped) = watch::channel(false);
    let world = Arc::new(World::default());
    let answer = open(&world.console(stopped)).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = answer.into_body();
    assert!(event(&mut body).await.unwrap().contains("<b>0</b>"));
    let silent = tokio::time::timeout(ALIVE_EVERY * 10, event(&mut body)).await;
    assert!(silent.is_err(), "nothing had changed: {silent:?}");
    world.calls.store(7, Ordering::SeqCst);
    assert!(event(&mut body).await.unwrap().contains("<b>7</b>"));
    world.signed_out.store(true, Ordering::SeqCst);
    assert!(event(&mut body).await.unwrap().contains(OVER));
    assert_eq!(event(&mut body).await, None);
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_and_nothing_else() {
    let (_stop, stopped) = watch::channel(false);
    let console = Arc::new(World::default()).console(stopped);
    let request = Request::get("/giam-sat/dong").header(header::ACCEPT, "text/event-stream");
    let answer = console.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
    let mut body = answer.into_body();
    assert_eq!(event(&mut body).await.unwrap(), format!("event: {OVER}\ndata: {OVER}\n\n"));
    assert_eq!(event(&mut body).await, None);
}

#[tokio::test]
async fn so_many_streams_a_person_and_no_more_until_one_ends() {
    let (_stop, stopped) = watch::channel(false);
    let console = Arc::new(World::default()).console(stopped);
    let mut streams = Vec::new();
    for _ in 0..OF_PERSON_MAX {
        streams.push(open(&console).await);
    }
    assert!(streams.iter().all(|one| one.status() == StatusCode::OK));
    assert_eq!(open(&console).await.status(), StatusCode::TOO_MANY_REQUESTS);
    streams.pop();
    assert_eq!(open(&console).await.status(), StatusCode::OK);
}

#[test]
fn so_many_streams_of_everybody_and_no_more() {
    let streams = Streams::new(watch::channel(false).1);
    let mut places: Vec<_> = (0..ALL_MAX).map(|one| streams.enter(&one.to_string()).unwrap()).collect();
    assert!(streams.enter("one-more").is_none());
    places.pop();
    assert!(streams.enter("one-more").is_some());
}

#[tokio::test]
async fn a_node_stops_although_somebody_follows() {
    let (stop, stopped) = watch::channel(false);
    let console = Arc::new(World::default()).console(stopped.clone());
    let limits = Limits { drain_s: 3600, ..Limits::default() };
    let server = Server::bind(([127, 0, 0, 1], 0).into(), None, limits).await.unwrap();
    let address = server.address().unwrap();
    let serving = tokio::spawn(web::router::serve(server, console, stopped));
    let mut browser = TcpStream::connect(address).await.unwrap();
    let asked = b"GET /giam-sat/dong HTTP/1.1\r\nHost: a\r\nCookie: lienthong=phien\r\n\r\n";
    browser.write_all(asked).await.unwrap();
    let mut heard = Vec::new();
    while !heard.windows(5).any(|part| part == b"data:") {
        assert_ne!(browser.read_buf(&mut heard).await.unwrap(), 0);
    }
    stop.send_replace(true);
    // Far less than what calls in flight would be given.
    tokio::time::timeout(Duration::from_mins(1), serving).await.unwrap().unwrap();
}
