//! A peer that answers whatever a test wants, byte for byte, and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it does when it is asked.
#[derive(Clone)]
pub enum Reply {
    /// These bytes, then it closes.
    Bytes(Vec<u8>),
    /// Nothing, for long.
    Silence,
}

impl Reply {
    /// An answer as HTTP has it.
    pub fn of(status: &str, media_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }

    pub fn json(body: &str) -> Self {
        Self::of("200 OK", "application/json", body)
    }
}

pub struct Peer {
    /// `127.0.0.1:PORT`.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
    reply: Arc<Mutex<Reply>>,
}

impl Peer {
    pub async fn start(reply: Reply) -> Self {
        Self::serve(reply, None).await
    }

    /// With TLS, and the certificate (PEM) of the authority that vouches for it.
    pub async fn with_tls(reply: Reply) -> (Self, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&own, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(own.serialize_der()).unwrap(),
            )
            .unwrap();
        (Self::serve(reply, Some(TlsAcceptor::from(Arc::new(config)))).await, root)
    }

    async fn serve(reply: Reply, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let peer = Self { address, asked: Arc::default(), reply: Arc::new(Mutex::new(reply)) };
        let (asked, reply) = (Arc::clone(&peer.asked), Arc::clone(&peer.reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, reply, tls) = (Arc::clone(&asked), reply.lock().unwrap().clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &asked, reply).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &asked, reply).await;
                            }
                        }
                    }
                });
            }
        });
        peer
    }

    pub fn set(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Head and body of the last question.
    pub fn last(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }

    /// How many questions came.
    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, asked: &Mutex<Vec<String>>, reply: Reply) {
    let (mut got, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&got).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                asked.lock().unwrap().push(text);
                break;
            }
        }
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => got.extend_from_slice(&part[..count]),
            _ => return,
        }
    }
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Silence => tokio::time::sleep(Duration::from_mins(1)).await,
    }
}
