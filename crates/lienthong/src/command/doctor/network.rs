//! What is reached over the network: ports, directory, clock, other nodes.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock as _, SystemClock, Ts};
use bytes::Bytes;
use directory::{DirectoryError, Snapshot};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::listener::Listener;
use super::report::Report;
use crate::command::directory::{Source, look, remedy};
use crate::command::terminal::{Nearness, until};
use crate::config::Config;

/// A message signed further off than this is refused by default.
const CLOCK_OFF_MAX_S: i64 = 60;
/// For a connection to another node, or the answer of the directory's server.
const WAIT: Duration = Duration::from_secs(3);
/// Connections that are tried at the same time.
const TRIES_MAX: usize = 32;
/// Nodes that are named when they do not answer.
const NAMED_MAX: usize = 5;

/// Each port is free, or a running node of this configuration has it.
pub async fn ports(listeners: &[Listener], running: bool, report: &mut Report) {
    let name = ("Cổng", "ports");
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for listener in listeners {
        let in_use = |error: &std::io::Error| error.kind() == std::io::ErrorKind::AddrInUse;
        match TcpListener::bind(listener.address).await {
            Ok(_) => good.push(format!("{listener} tự do / free")),
            Err(error) if running && in_use(&error) => {
                good.push(format!("{listener} nút đang dùng / in use by the node"));
            }
            Err(error) => bad.push(format!("{listener}: {error}")),
        }
    }
    if bad.is_empty() {
        report.good(name, good.join(", "));
    } else {
        let remedy = (
            "đổi cổng trong [listen], [registry] hoặc [sources], hoặc dừng chương trình đang giữ cổng (xem: ss -ltnp)",
            "change [listen], [registry] or [sources], or stop the program that has the port (see: ss -ltnp)",
        );
        report.wrong(name, bad.join(", "), remedy);
    }
}

/// The node's copy is usable, and the centre answers; gives the newest that can be had.
pub async fn directory(config: &Config, now: Ts, report: &mut Report) -> Option<Arc<Snapshot>> {
    let fresh = look(config, Source::Centre).await;
    let copy = look(config, Source::Copy).await;
    let name = ("Danh bạ ở trung tâm", "directory at the centre");
    match &fresh {
        Ok(fresh) => validity(name, fresh, now, report),
        Err(error) if copy.is_ok() => report.doubtful(name, error.to_string(), remedy(error, config)),
        Err(error) => report.wrong(name, error.to_string(), remedy(error, config)),
    }
    let name = ("Bản danh bạ của nút", "the node's copy of the directory");
    match &copy {
        Ok(copy) => validity(name, copy, now, report),
        // The same mistake need not be told twice.
        Err(DirectoryError::Root { .. }) => {}
        Err(error) if fresh.is_ok() => report.doubtful(name, error.to_string(), remedy(error, config)),
        Err(error) => report.wrong(name, error.to_string(), remedy(error, config)),
    }
    fresh.or(copy).ok()
}

fn validity(name: super::report::Both, directory: &Snapshot, now: Ts, report: &mut Report) {
    let detail = format!("số / number {}, {}", directory.number(), until(directory.expires(), now));
    // A week is the usual life of a publication, so that only its last day says something.
    if Nearness::of(directory.expires(), now) <= Nearness::Day {
        let remedy = (
            "cơ quan quản lý danh bạ cần chạy `authority renew`",
            "the holder of the directory must run `authority renew`",
        );
        report.doubtful(name, detail, remedy);
    } else {
        report.good(name, detail);
    }
}

/// The clock agrees with that of the directory's server.
pub async fn clock(url: &str, report: &mut Report) {
    let name = ("Đồng hồ", "clock");
    if !url.starts_with("http://") {
        report
            .unseen(name, "không so được với danh bạ trên đĩa / not compared: the directory is on this disk");
        return;
    }
    let Some(theirs) = tokio::time::timeout(WAIT, server_time(url)).await.ok().flatten() else {
        let remedy = ("kiểm tra bằng tay: timedatectl", "check by hand: timedatectl");
        report.doubtful(
            name,
            "máy chủ danh bạ không cho biết giờ / the directory's server does not tell the time",
            remedy,
        );
        return;
    };
    let off = SystemClock.now().micros_since(theirs).div_euclid(1_000_000);
    let detail = format!("lệch / off by {off} s ({url})");
    if off.abs() > CLOCK_OFF_MAX_S {
        let remedy = (
            "đồng bộ giờ bằng NTP: timedatectl set-ntp true",
            "synchronise it by NTP: timedatectl set-ntp true",
        );
        report.wrong(name, detail, remedy);
    } else {
        report.good(name, detail);
    }
}

/// The `Date` header of any answer.
async fn server_time(url: &str) -> Option<Ts> {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = hyper::Request::head(url).body(Empty::new()).ok()?;
    let answer = client.request(request).await.ok()?;
    http_date(answer.headers().get(hyper::header::DATE)?.to_str().ok()?)
}

/// A moment in the form of RFC 9110 section 5.6.7, for example `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Ts> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Ts(moment.as_microsecond()))
}

/// Other nodes accept connections.
pub async fn peers(config: &Config, directory: &Snapshot, report: &mut Report) {
    let name = ("Các nút khác", "other nodes");
    let tries = Arc::new(Semaphore::new(TRIES_MAX));
    let mut tasks = JoinSet::new();
    let others =
        directory.content().nodes.iter().filter(|node| node.id != config.node && node.maintenance.is_none());
    for node in others {
        let (id, addresses, tries) = (node.id.to_string(), node.addresses.clone(), Arc::clone(&tries));
        tasks.spawn(async move {
            let _turn = tries.acquire().await;
            for address in &addresses {
                if reaches(address).await {
                    return (id, true);
                }
            }
            (format!("{id} ({})", addresses.join(", ")), false)
        });
    }
    let all = tasks.join_all().await;
    let mut silent: Vec<&str> =
        all.iter().filter(|(_, reached)| !reached).map(|(id, _)| id.as_str()).collect();
    silent.sort_unstable();
    let detail = format!("{}/{} trả lời / answer", all.len() - silent.len(), all.len());
    if silent.is_empty() {
        report.good(name, detail);
        return;
    }
    let named = silent.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if silent.len() > NAMED_MAX { ", …" } else { "" };
    let detail = format!("{detail}; không nối được / not reached: {named}{more}");
    if silent.len() == all.len() {
        let remedy = (
            "kiểm tra mạng và tường lửa chiều ra của máy này",
            "check this machine's network and firewall for outgoing connections",
        );
        report.wrong(name, detail, remedy);
    } else {
        let remedy = ("báo đơn vị vận hành các nút đó", "tell those who run these nodes");
        report.doubtful(name, detail, remedy);
    }
}

/// Somebody accepts connections there.
pub async fn reaches(address: &str) -> bool {
    matches!(tokio::time::timeout(WAIT, TcpStream::connect(address)).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::command::doctor::listener::Speech;

    #[test]
    fn a_date_header_is_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Ts::from_secs(784_111_777)));
        assert_eq!(http_date("today"), None);
    }

    #[tokio::test]
    async fn a_port_in_use_is_wrong_unless_the_node_runs() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let listen = [Listener { key: "nodes", address, speech: Speech::Nodes, registry: false }];
        for (running, good) in [(false, false), (true, true)] {
            let mut report = Report::default();
            ports(&listen, running, &mut report).await;
            assert_eq!(report.is_good(), good);
        }
        drop(taken);
        let mut report = Report::default();
        ports(&listen, false, &mut report).await;
        assert!(report.is_good());
    }
}
