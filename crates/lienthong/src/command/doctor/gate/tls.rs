//! Which versions of TLS a listener accepts, tried from outside.
//!
//! A running node logs each refused trial as a refused handshake (EX-0415).

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crypto::certificate::Certificate;
use exchange::tls::probe;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection};

use crate::command::doctor::listener::{Listener, Speech};
use crate::command::doctor::report::Report;

/// For a connection, and for each answer.
pub const WAIT: Duration = Duration::from_secs(3);

/// Old cipher suites, without authenticated encryption, that every server had which spoke TLS 1.0 or 1.1 (RFC 4346, 5246,
/// 8422). TLS 1.2 with them is no better.
const OLD_SUITES: [u16; 7] = [0xc00a, 0xc009, 0xc014, 0xc013, 0x0035, 0x002f, 0x000a];

/// Each TLS listener accepts what it must, and nothing older.
pub fn versions(all: &[Listener], certificate: &Certificate, report: &mut Report) {
    let name = ("Cổng TLS", "TLS listener");
    for listener in
        all.iter().filter(|listener| listener.speech != Speech::Plain && listener.address.port() != 0)
    {
        let address = listener.reached_at();
        if let Err(error) = connect(address) {
            report.unseen(name, format!("{listener}: {error}"));
            continue;
        }
        let (mut accepted, mut wrong) = (Vec::new(), Vec::new());
        match modern(address, certificate, &TLS13) {
            Ok(suite) => accepted.push(format!("1.3 {suite}")),
            Err(error) => wrong.push(format!("1.3: {error}")),
        }
        match (modern(address, certificate, &TLS12), listener.speech) {
            (Ok(suite), Speech::Nodes) => wrong.push(format!("1.2 {suite} được chấp nhận / is accepted")),
            (Ok(suite), _) => accepted.push(format!("1.2 {suite}")),
            (Err(_), _) => {}
        }
        for (minor, version) in [(3, "1.2, bộ mã cũ / old suites"), (2, "1.1"), (1, "1.0")] {
            match accepts_old(address, minor) {
                Ok(false) => {}
                Ok(true) => wrong.push(format!("{version} được chấp nhận / is accepted")),
                Err(error) => wrong.push(format!("{version}: {error}")),
            }
        }
        if wrong.is_empty() {
            report.good(name, format!("{listener}: {}", accepted.join(", ")));
        } else {
            let remedy = (
                "cổng cho nút chỉ nhận TLS 1.3, cổng HTTPS từ 1.2; kiểm tra chương trình đứng trước cổng này",
                "the port for nodes takes TLS 1.3 only, HTTPS 1.2 and above: look at what stands in front of it",
            );
            report.wrong(name, format!("{listener}: {}", wrong.join(", ")), remedy);
        }
    }
}

/// A connection with limits on waiting.
pub fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, WAIT)?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    Ok(stream)
}

/// A TLS session that shows the node's own certificate, with its stream.
pub fn session(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> anyhow::Result<(ClientConnection, TcpStream)> {
    let mut stream = connect(address)?;
    let mut session = ClientConnection::new(config, ServerName::IpAddress(address.ip().into()))?;
    while session.is_handshaking() {
        session.complete_io(&mut stream)?;
    }
    Ok((session, stream))
}

/// The suite that is agreed on.
fn modern(
    address: SocketAddr,
    certificate: &Certificate,
    version: &'static rustls::SupportedProtocolVersion,
) -> anyhow::Result<String> {
    let (session, _) = session(address, probe(certificate, version)?)?;
    let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
    Ok(suite.map_or_else(String::new, |suite| format!("{suite:?}")))
}

/// Whether a listener goes on with an old greeting: 1 is TLS 1.0, 2 is TLS 1.1, 3 is TLS 1.2 with old suites only.
///
/// Written by hand, since no library of ours speaks these.
fn accepts_old(address: SocketAddr, minor: u8) -> std::io::Result<bool> {
    let mut stream = connect(address)?;
    stream.write_all(&hello(minor, &crypto::hash::random::<32>()))?;
    // Record: type, version, length; then the message's type and length, and the version that was chosen.
    let mut answer = [0; 11];
    let mut read = 0;
    while read < answer.len() {
        match stream.read(&mut answer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            // Closing at once is a refusal, too.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error),
        }
    }
    Ok(read == answer.len() && answer[0] == 22 && answer[5] == 2 && answer[9] == 3 && answer[10] <= minor)
}

/// A `ClientHello` (RFC 4346, section 7.4.1.2) without a server's name.
fn hello(minor: u8, random: &[u8; 32]) -> Vec<u8> {
    let sized = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).expect("a few dozen bytes");
        [&length.to_be_bytes(), bytes].concat()
    };
    let suites: Vec<u8> = OLD_SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let groups = [[0, 10].as_slice(), &sized(&sized(&[0, 23, 0, 24, 0, 25]))].concat();
    let formats = [[0, 11].as_slice(), &sized(&[1, 0])].concat();
    // ECDSA and RSA with SHA-256: without them TLS 1.2 means SHA-1.
    let signatures = [[0, 13].as_slice(), &sized(&sized(&[4, 3, 4, 1]))].concat();
    let body = [
        [3, minor].as_slice(),
        random,
        // No session, then the suites, then no compression.
        &[0],
        &sized(&suites),
        &[1, 0],
        &sized(&[groups, formats, signatures].concat()),
    ]
    .concat();
    // A message has a length of three bytes.
    let message = [[1, 0].as_slice(), &sized(&body)].concat();
    [[22, 3, 1].as_slice(), &sized(&message)].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::net::TcpListener;

    use super::*;

    /// A server that answers a greeting with these bytes.
    fn server(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut greeting = [0; 5];
            stream.read_exact(&mut greeting).unwrap();
            let mut rest = vec![0; usize::from(u16::from_be_bytes([greeting[3], greeting[4]]))];
            stream.read_exact(&mut rest).unwrap();
            stream.write_all(answer).unwrap();
        });
        address
    }

    #[test]
    fn a_server_that_answers_an_old_greeting_is_caught_and_an_alert_is_a_refusal() {
        for (answer, accepted) in [
            (&[22, 3, 1, 0, 60, 2, 0, 0, 56, 3, 1, 0, 0][..], true),
            (&[22, 3, 3, 0, 60, 2, 0, 0, 56, 3, 3, 0, 0], false),
            (&[21, 3, 1, 0, 2, 2, 70], false),
            (&[], false),
        ] {
            assert_eq!(accepts_old(server(answer), 1).unwrap(), accepted, "{answer:?}");
        }
    }
}
