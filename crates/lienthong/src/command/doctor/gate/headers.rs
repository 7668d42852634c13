//! What the registry's API tells browsers.

use std::io::{Read, Write};
use std::net::SocketAddr;

use crypto::certificate::Certificate;
use exchange::tls::probe;
use rustls::version::TLS13;
use web::router::{CAREFUL, ONLY_TLS};

use super::tls::{connect, session};
use crate::command::doctor::listener::{Listener, Speech};
use crate::command::doctor::report::Report;

/// A page that everybody may read.
const PAGE: &str = "/openapi.json";
/// Longest head that is read, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Each listener of the registry sends every header that makes browsers careful.
pub fn sent(all: &[Listener], certificate: &Certificate, report: &mut Report) {
    let name = ("Tiêu đề", "headers");
    for listener in all.iter().filter(|listener| listener.registry && listener.address.port() != 0) {
        let tls = listener.speech == Speech::Https;
        let head = match head(listener.reached_at(), tls.then_some(certificate)) {
            Ok(head) => head,
            Err(error) => {
                report.unseen(name, format!("{listener}: {error:#}"));
                continue;
            }
        };
        let wanted: Vec<_> =
            CAREFUL.into_iter().chain(tls.then_some(ONLY_TLS)).map(|(header, _)| header).collect();
        let wanted = wanted.iter().map(hyper::header::HeaderName::as_str);
        let missing: Vec<&str> = wanted.clone().filter(|wanted| !has(&head, wanted)).collect();
        if missing.is_empty() {
            report.good(name, format!("{listener}: {}", wanted.collect::<Vec<_>>().join(", ")));
        } else {
            let remedy = (
                "kiểm tra máy chủ trung gian đứng trước cổng này",
                "look at the proxy in front of this port: the node itself sends them",
            );
            report.wrong(name, format!("{listener}: thiếu / missing: {}", missing.join(", ")), remedy);
        }
    }
}

fn has(head: &str, wanted: &str) -> bool {
    let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    names.into_iter().any(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.trim().is_empty())
}

/// The head of an answer: status line and headers.
fn head(address: SocketAddr, tls: Option<&Certificate>) -> anyhow::Result<String> {
    match tls {
        None => ask(&mut connect(address)?, address),
        Some(certificate) => {
            let (mut session, mut stream) = session(address, probe(certificate, &TLS13)?)?;
            ask(&mut rustls::Stream::new(&mut session, &mut stream), address)
        }
    }
}

fn ask(stream: &mut (impl Read + Write), address: SocketAddr) -> anyhow::Result<String> {
    let path = format!("{}{PAGE}", registry::api::ROOT);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    while head.len() < HEAD_BYTES_MAX {
        let read = stream.read(&mut piece)?;
        head.extend_from_slice(&piece[..read]);
        let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end {
            return Ok(String::from_utf8_lossy(&head[..end]).into_owned());
        }
        anyhow::ensure!(read > 0, "không phải HTTP / not HTTP");
    }
    anyhow::bail!("phần đầu quá dài / the head is too long")
}
