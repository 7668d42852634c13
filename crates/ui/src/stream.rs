//! Pieces of pages that renew themselves: an answer that stays open and brings a piece whenever what it shows has
//! changed (server-sent events).

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::session::Visit;

/// Between two looks at what a piece shows.
const EVERY: Duration = Duration::from_secs(2);
/// Something is sent so often in any case, so that nobody on the way takes the connection for a dead one.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Streams of one person at the same time: browsers open six connections to a host, and pages need some of them.
pub const OF_PERSON_MAX: usize = 3;
/// Streams of everybody: each asks the API every two seconds.
pub const ALL_MAX: usize = 200;
/// The event that tells a page that its session has ended.
const OVER: &str = "het-phien";
/// Keeps proxies from collecting events.
const BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// Who follows something at present.
pub struct Streams {
    open: Arc<Mutex<HashMap<String, usize>>>,
    /// Turns true when the node stops.
    stopped: watch::Receiver<bool>,
}

/// The place of one stream; free again when it is dropped.
struct Place {
    person: String,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl Streams {
    /// Nobody yet.
    pub fn new(stopped: watch::Receiver<bool>) -> Self {
        Self { open: Arc::default(), stopped }
    }

    fn enter(&self, person: &str) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= ALL_MAX
            || open.get(person).is_some_and(|own| *own >= OF_PERSON_MAX)
        {
            return None;
        }
        *open.entry(person.to_owned()).or_default() += 1;
        Some(Place { person: person.to_owned(), open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.person) {
            *own -= 1;
        }
        open.retain(|_, own| *own > 0);
    }
}

/// What a piece of a page shows, and how it is drawn.
pub trait Piece: Send + 'static {
    /// By what it is seen that something has changed.
    type Seen: PartialEq + Send;

    /// Looks at what is to be shown. Cheap, since it is done for every stream every two seconds.
    fn look(visit: &Visit) -> impl Future<Output = Result<Self::Seen, Failure>> + Send;

    /// HTML of the piece.
    fn draw(visit: &Visit, seen: &Self::Seen) -> impl Future<Output = Result<String, Failure>> + Send;
}

/// A piece that somebody follows.
struct Following<P: Piece> {
    visit: Visit,
    shown: Option<P::Seen>,
    tick: Interval,
    over: bool,
    _place: Place,
}

impl<P: Piece> Following<P> {
    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            self.tick.tick().await;
            match self.look().await {
                Ok(Some(html)) => return Some(Event::default().data(html)),
                Ok(None) => {}
                Err(failure) if failure.status == StatusCode::UNAUTHORIZED => {
                    self.over = true;
                    return Some(over_event());
                }
                // The reason is in the log already. The browser comes again, and is told so when it may not.
                Err(_) => self.over = true,
            }
        }
        None
    }

    async fn look(&mut self) -> Result<Option<String>, Failure> {
        let seen = P::look(&self.visit).await?;
        if self.shown.as_ref() == Some(&seen) {
            return Ok(None);
        }
        let html = P::draw(&self.visit, &seen).await?;
        self.shown = Some(seen);
        Ok(Some(html))
    }
}

/// Lets the visitor follow a piece, until the session ends, the node stops or the visitor goes.
///
/// # Errors
/// Too many are open.
pub fn follow<P: Piece>(visit: Visit) -> Result<Response, Failure> {
    let person = visit.who.as_ref().map(|who| who.id.clone()).ok_or_else(Failure::signed_out)?;
    let streams = visit.console().streams();
    let stopped = streams.stopped.clone();
    let place = streams.enter(&person).ok_or_else(too_many)?;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following =
        Following::<P> { visit: visit.unattended(), shown: None, tick, over: false, _place: place };
    let events = stream::unfold((following, stopped), async |(mut following, mut stopped)| {
        let event = tokio::select! {
            // An error means that nobody is left who could say so.
            _ = stopped.wait_for(|stopped| *stopped) => None,
            event = following.next() => event,
        };
        event.map(|event| (Ok::<_, Infallible>(event), (following, stopped)))
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY));
    Ok(([BUFFERING], sse).into_response())
}

/// Whether somebody wants to follow a piece.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|kind| kind == "text/event-stream")
}

/// To who is not signed in: nothing but that, since a page that follows cannot be led to another.
pub fn over() -> Response {
    Sse::new(stream::iter([Ok::<_, Infallible>(over_event())])).into_response()
}

fn over_event() -> Event {
    // Browsers pass over events without data.
    Event::default().event(OVER).data(OVER)
}

fn too_many() -> Failure {
    let vi = format!(
        "Mỗi người mở được {OF_PERSON_MAX} trang tự cập nhật cùng lúc. Đóng bớt trang rồi tải lại trang này."
    );
    let en = format!(
        "A person can have {OF_PERSON_MAX} pages open that renew themselves. Close some, then reload this one."
    );
    Failure { status: StatusCode::TOO_MANY_REQUESTS, ..Failure::field("stream", vi, en) }
}

#[cfg(test)]
mod tests;
