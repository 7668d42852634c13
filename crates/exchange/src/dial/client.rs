//! A small pool of HTTP/1.1 connections. Whoever uses a connection drives it, from the first byte of the request to
//! the last of the answer: a task for each connection would cost several changes of task for each call.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::{Authority, Parts, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;

use super::{Dialer, Stream};
use crate::body::OutBody;

/// How long an idle connection is kept; shorter than what listeners allow, so that it is we who close.
const IDLE: Duration = Duration::from_secs(30);
/// Idle connections kept for one place.
const IDLE_MAX: usize = 256;

/// A pooled HTTP/1.1 client; redirects are never followed, no proxy is taken from the environment.
#[derive(Clone)]
pub struct HttpClient(Arc<Pool>);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection could be opened.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The other end broke off, or does not speak HTTP.
    #[error("connection broken off")]
    Broken(#[source] hyper::Error),
}

/// Connections to different places are kept apart.
type Place = (Scheme, Authority);

struct Pool {
    dialer: Dialer,
    /// How long an idle connection is kept.
    idle_max: Duration,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// The one used last stands at the end, and is used next.
    kept: HashMap<Place, Vec<(Instant, Box<Live>)>>,
    is_swept: bool,
}

/// An open connection.
struct Live {
    sender: SendRequest<OutBody>,
    /// Absent when it has ended.
    connection: Option<Connection<TokioIo<Stream>, OutBody>>,
}

impl HttpClient {
    /// No connections yet.
    pub fn new(dialer: Dialer) -> Self {
        Self::keeping(dialer, IDLE)
    }

    fn keeping(dialer: Dialer, idle_max: Duration) -> Self {
        Self(Arc::new(Pool { dialer, idle_max, idle: Mutex::default() }))
    }

    /// Sends a request and gives its answer's head; the body is still to be read.
    ///
    /// # Errors
    /// No connection, or it breaks off. What was sent is never sent a second time.
    pub async fn request(&self, mut request: Request<OutBody>) -> Result<Response<InBody>, ClientError> {
        let uri = request.uri().clone();
        let place = place(&uri).map_err(ClientError::Connect)?;
        prepare(&mut request, &uri).map_err(ClientError::Connect)?;
        while let Some(mut live) = self.0.take(&place) {
            // The other end may have closed it meanwhile.
            if !live.is_ready().await {
                continue;
            }
            match live.exchange(request).await {
                Ok(response) => return Ok(self.answer(place, live, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(ClientError::Broken(error.into_error())),
                },
            }
        }
        let stream = self.0.dialer.open(&uri).await.map_err(ClientError::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(ClientError::Broken)?;
        let mut live = Box::new(Live { sender, connection: Some(connection) });
        match live.exchange(request).await {
            Ok(response) => Ok(self.answer(place, live, response)),
            Err(error) => Err(ClientError::Broken(error.into_error())),
        }
    }

    fn answer(&self, place: Place, live: Box<Live>, response: Response<Incoming>) -> Response<InBody> {
        let pool = Arc::clone(&self.0);
        response.map(|body| InBody { body, held: Some(Held { live, pool, place }) })
    }
}

impl Live {
    /// Lets the connection read and write.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            self.connection = None;
        }
    }

    async fn is_ready(&mut self) -> bool {
        std::future::poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(self.connection.is_some() && self.sender.is_ready())
        })
        .await
    }

    async fn exchange(
        &mut self,
        request: Request<OutBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<OutBody>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        std::future::poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(cx)
        })
        .await
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, place: &Place) -> Option<Box<Live>> {
        let mut idle = self.idle();
        let kept = idle.kept.get_mut(place)?;
        let (since, live) = kept.pop()?;
        if since.elapsed() > self.idle_max {
            // All others are older.
            kept.clear();
            return None;
        }
        Some(live)
    }

    fn put(self: Arc<Self>, place: Place, live: Box<Live>) {
        let mut idle = self.idle();
        let kept = idle.kept.entry(place).or_default();
        if kept.len() < IDLE_MAX {
            kept.push((Instant::now(), live));
        }
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self), self.idle_max));
        }
    }
}

/// Closes what is idle for too long, until nothing is left.
async fn sweep(pool: Weak<Pool>, idle_max: Duration) {
    loop {
        tokio::time::sleep(idle_max / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        for kept in idle.kept.values_mut() {
            let old = kept.partition_point(|(since, _)| since.elapsed() > idle_max);
            for (_, live) in kept.drain(..old) {
                let Live { sender, connection } = *live;
                // Without a sender the connection takes its leave and ends; kept whole, it would wait for the other end.
                drop(sender);
                tokio::spawn(async move { tokio::time::timeout(IDLE, connection?).await.ok() });
            }
        }
        idle.kept.retain(|_, kept| !kept.is_empty());
        if idle.kept.is_empty() {
            idle.is_swept = false;
            return;
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn place(uri: &Uri) -> io::Result<Place> {
    let scheme = uri.scheme().cloned().ok_or_else(|| invalid("a URL without scheme"))?;
    Ok((scheme, uri.authority().cloned().ok_or_else(|| invalid("a URL without host"))?))
}

/// RFC 9112, section 3.2: the path stands in the first line, the host in a header.
fn prepare(request: &mut Request<OutBody>, uri: &Uri) -> io::Result<()> {
    let mut parts = Parts::default();
    parts.path_and_query = uri.path_and_query().cloned();
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| invalid("a URL without path"))?;
    if !request.headers().contains_key(header::HOST) {
        let host = uri.host().unwrap_or_default();
        let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        let host = match uri.port_u16().filter(|port| *port != default) {
            Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
            None => HeaderValue::from_str(host),
        };
        request.headers_mut().insert(header::HOST, host.map_err(|_| invalid("a URL with a strange host"))?);
    }
    Ok(())
}

/// An answer's body, with the connection that it comes over.
pub struct InBody {
    body: Incoming,
    /// Absent when the connection was given back.
    held: Option<Held>,
}

struct Held {
    live: Box<Live>,
    pool: Arc<Pool>,
    place: Place,
}

impl InBody {
    /// The last byte was read: the connection is free, if it still stands.
    fn give_back(&mut self, cx: &mut Context<'_>) {
        let Some(Held { mut live, pool, place }) = self.held.take() else { return };
        live.drive(cx);
        if live.connection.is_some() && live.sender.is_ready() {
            pool.put(place, live);
        }
    }
}

impl Body for InBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let mut polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_pending()
            && let Some(held) = &mut this.held
        {
            // Only now does the connection know that more is wanted.
            held.live.drive(cx);
            polled = Pin::new(&mut this.body).poll_frame(cx);
        }
        if matches!(polled, Poll::Ready(None)) || this.body.is_end_stream() {
            this.give_back(cx);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        // Not before the connection was given back, though the body may be empty.
        self.held.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
