//! One listening socket and the connections accepted from it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// What one listener allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Bytes of a request's head that are read at all; callers may refuse smaller heads with a better text.
    pub head_bytes_max: usize,
    /// Seconds for a request's head to arrive, and for an idle kept-alive connection to say something.
    pub head_s: u64,
    /// Seconds for a TLS handshake.
    pub handshake_s: u64,
    /// Seconds that calls in flight get to finish after a shutdown was asked for.
    pub drain_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections_max: 1024, head_bytes_max: 128 * 1024, head_s: 75, handshake_s: 10, drain_s: 30 }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The remote address.
    pub address: SocketAddr,
    /// Whether the connection is TLS.
    pub tls: bool,
    /// The certificate that the peer proved to own in the handshake, DER.
    pub certificate: Option<Arc<[u8]>>,
}

/// Gives the TLS configuration for the next connection, so that new certificates need no restart.
pub type TlsSource = Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>;

/// A bound socket, ready to serve.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsSource>,
    limits: Limits,
}

impl Server {
    /// Binds `address`; without `tls` the listener speaks plain HTTP.
    ///
    /// # Errors
    /// The address is in use or not one of this machine's.
    pub async fn bind(address: SocketAddr, tls: Option<TlsSource>, limits: Limits) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, tls, limits })
    }

    /// The address that was bound; tells the port when 0 was asked for.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` turns true, then lets calls in flight finish within `drain_s` seconds.
    pub async fn run<F, Fut, B>(self, handle: F, mut stop: watch::Receiver<bool>)
    where
        F: Fn(Peer, Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<B>> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let slots = Arc::new(Semaphore::new(self.limits.connections_max));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&slots) => accepted,
                () = stopped(&mut stop) => break,
            };
            let Some((stream, address, slot)) = accepted else { continue };
            let (tls, limits, handle) = (self.tls.clone(), self.limits, handle.clone());
            let watcher = graceful.watcher();
            tokio::spawn(async move {
                serve_connection(stream, address, Setup { tls, limits, watcher }, handle).await;
                drop(slot);
            });
        }
        drop(self.listener);
        let drain = Duration::from_secs(self.limits.drain_s);
        if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
            tracing::warn!(drain_s = self.limits.drain_s, "calls still in flight were cut off at shutdown");
        }
    }

    async fn accept(&self, slots: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let slot = Arc::clone(slots).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, address)) => {
                // Small answers must not wait for a full segment.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot switch off Nagle's algorithm");
                }
                Some((stream, address, slot))
            }
            Err(error) => {
                // Out of descriptors or memory: a short pause instead of a busy loop.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                None
            }
        }
    }
}

struct Setup {
    tls: Option<TlsSource>,
    limits: Limits,
    watcher: Watcher,
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means that nobody will ever ask for anything else.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve_connection<F, Fut, B>(stream: TcpStream, address: SocketAddr, setup: Setup, handle: F)
where
    F: Fn(Peer, Request<Incoming>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Some(source) = &setup.tls else {
        let peer = Peer { address, tls: false, certificate: None };
        return serve_http(stream, peer, setup, handle).await;
    };
    let accept = TlsAcceptor::from(source()).accept(stream);
    match tokio::time::timeout(Duration::from_secs(setup.limits.handshake_s), accept).await {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates();
            let certificate = chain.and_then(|chain| chain.first()).map(|leaf| Arc::from(leaf.as_ref()));
            serve_http(stream, Peer { address, tls: true, certificate }, setup, handle).await;
        }
        Ok(Err(error)) => tracing::warn!(peer = %address, %error, "TLS handshake refused (EX-0415)"),
        Err(_) => tracing::warn!(peer = %address, "TLS handshake not finished in time (EX-0415)"),
    }
}

async fn serve_http<I, F, Fut, B>(io: I, peer: Peer, setup: Setup, handle: F)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Peer, Request<Incoming>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let service = service_fn(move |request| {
        let answer = handle(peer.clone(), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(setup.limits.head_s))
        .max_buf_size(setup.limits.head_bytes_max)
        .serve_connection(TokioIo::new(io), service);
    if let Err(error) = setup.watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}
