//! Opens connections for the pooled HTTP client: plain or TLS, several addresses tried in order.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

mod client;

pub use client::{ClientError, HttpClient, InBody};

/// Seconds to open a connection; X-Road's own value.
const CONNECT_S: u64 = 30;

/// Where a client's connections go.
#[derive(Clone)]
pub enum Destination {
    /// The addresses that this gives when asked, first to last.
    Addresses(Arc<dyn Fn() -> Vec<String> + Send + Sync>),
    /// Host and port of the URL.
    Url,
}

/// Opens connections.
#[derive(Clone)]
pub struct Dialer {
    destination: Destination,
    tls: Option<Arc<ClientConfig>>,
}

/// A client for one destination.
pub fn client(destination: Destination, tls: Option<Arc<ClientConfig>>) -> HttpClient {
    HttpClient::new(Dialer { destination, tls })
}

impl Dialer {
    async fn open(&self, uri: &Uri) -> io::Result<Stream> {
        let host = uri.host().unwrap_or("node").trim_matches(['[', ']']).to_owned();
        let addresses = match &self.destination {
            Destination::Addresses(of) => of(),
            Destination::Url => vec![address(uri, &host)],
        };
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address");
        for address in addresses {
            match self.open_one(&address, &host).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn open_one(&self, address: &str, host: &str) -> io::Result<Stream> {
        let open = async {
            let tcp = TcpStream::connect(address).await?;
            tcp.set_nodelay(true)?;
            let Some(tls) = &self.tls else { return Ok(Stream(Box::new(tcp))) };
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let tls = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await?;
            Ok(Stream(Box::new(tls)))
        };
        let limit = Duration::from_secs(CONNECT_S);
        tokio::time::timeout(limit, open).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

fn address(uri: &Uri, host: &str) -> String {
    let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection, plain or TLS.
pub struct Stream(Box<dyn Duplex>);

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
