//! Which sockets of this machine listen, and which of them are the node's: what Linux says in `/proc`.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::command::doctor::listener::{Listener, Speech};
use crate::command::doctor::report::Report;

/// Sockets of other programs that are named.
const NAMED_MAX: usize = 10;
/// The state of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// When no running node can be seen.
pub const NOT_SEEN: &str = "không thấy nút đang chạy; chạy nút, hoặc chạy lệnh này bằng người dùng của nút / \
     no running node is seen: start it, or run this as the node's user";

/// A running node.
#[derive(Debug)]
pub struct Process {
    folder: PathBuf,
    sockets: Vec<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket {
    address: SocketAddr,
    inode: u64,
}

impl Process {
    /// Whether it runs this program; else what it runs. `None` when that cannot be seen.
    pub fn runs(&self, this: Option<&Path>) -> Option<Result<(), PathBuf>> {
        let theirs = std::fs::read_link(self.folder.join("exe")).ok()?;
        Some(if theirs == this? { Ok(()) } else { Err(theirs) })
    }

    /// A variable of its environment, if it has one of that name.
    ///
    /// # Errors
    /// Its environment cannot be seen.
    pub fn variable(&self, name: &str) -> std::io::Result<Option<String>> {
        let all = std::fs::read(self.folder.join("environ"))?;
        let prefix = format!("{name}=");
        let mut values =
            all.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(prefix.as_bytes()));
        Ok(values.next().map(|value| String::from_utf8_lossy(value).into_owned()))
    }
}

/// The process that listens where the node should.
pub fn process(all: &[Listener]) -> Option<Process> {
    let open = listening();
    let ours = |socket: &&Socket| all.iter().any(|listener| listener.address == socket.address);
    let wanted: HashSet<u64> = open.iter().filter(ours).map(|socket| socket.inode).collect();
    let folders = std::fs::read_dir("/proc").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_process = |folder: &PathBuf| {
        folder.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
    };
    folders.filter(is_process).find_map(|folder| {
        let held = held_by(&folder);
        let sockets = open.iter().filter(|socket| held.contains(&socket.inode));
        let sockets: Vec<_> = sockets.map(|socket| socket.address).collect();
        held.iter().any(|inode| wanted.contains(inode)).then_some(Process { folder, sockets })
    })
}

/// Sockets of a process; nothing when it is somebody else's.
fn held_by(folder: &Path) -> HashSet<u64> {
    let links = std::fs::read_dir(folder.join("fd")).into_iter().flatten();
    let links = links.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let inode = |link: PathBuf| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    links.filter_map(inode).collect()
}

fn listening() -> Vec<Socket> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines().skip(1).filter_map(socket)).collect()
}

/// A line of `/proc/net/tcp` or `tcp6`, when its socket listens.
fn socket(line: &str) -> Option<Socket> {
    let mut fields = line.split_whitespace();
    let (ip, port) = fields.nth(1)?.split_once(':')?;
    fields.nth(1).filter(|state| *state == LISTENING)?;
    let inode = fields.nth(5)?.parse().ok()?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of 32 bits, each in the byte order of the machine.
    let words = (0..ip.len() / 8).map(|nth| u32::from_str_radix(ip.get(nth * 8..nth * 8 + 8)?, 16).ok());
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let address = match bytes.len() {
        4 => SocketAddr::new(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(), port),
        16 => SocketAddr::new(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(), port),
        _ => return None,
    };
    Some(Socket { address, inode })
}

/// Compares what is open with what is configured.
pub fn compared(all: &[Listener], process: Option<&Process>, report: &mut Report) {
    let Some(process) = process else {
        return report.unseen(("Cổng của nút", "ports of the node"), NOT_SEEN);
    };
    own(all, &process.sockets, report);
    let public = |socket: &Socket| !socket.address.ip().is_loopback();
    let others = listening().into_iter().filter(public).map(|socket| socket.address);
    let others: HashSet<_> = others.filter(|address| !process.sockets.contains(address)).collect();
    let name = ("Chương trình khác mở cổng ra mạng", "other programs with public ports");
    if others.is_empty() {
        return report.good(name, "không có / none");
    }
    let mut named: Vec<String> = others.iter().map(ToString::to_string).collect();
    named.sort();
    let more = if named.len() > NAMED_MAX { ", …" } else { "" };
    named.truncate(NAMED_MAX);
    let remedy = (
        "đóng những cổng không cần, hoặc chặn bằng tường lửa (xem: ss -ltnp)",
        "close those that are not needed, or keep them behind a firewall (see: ss -ltnp)",
    );
    report.doubtful(name, format!("{}{more}", named.join(", ")), remedy);
}

/// The node's own sockets.
fn own(all: &[Listener], open: &[SocketAddr], report: &mut Report) {
    let name = ("Cổng của nút", "ports of the node");
    let mut wrong = Vec::new();
    for listener in all.iter().filter(|listener| !open.iter().any(|open| listener.is(*open))) {
        wrong.push(format!("{listener} không mở / is not open"));
    }
    for address in open.iter().filter(|open| !all.iter().any(|listener| listener.is(**open))) {
        wrong.push(format!("{address} không có trong cấu hình / is not in the configuration"));
    }
    if wrong.is_empty() {
        let open: Vec<String> = all.iter().map(ToString::to_string).collect();
        report.good(name, open.join(", "));
    } else {
        let remedy = (
            "khởi động lại nút với đúng tệp cấu hình này",
            "start the node again with exactly this configuration file",
        );
        report.wrong(name, wrong.join(", "), remedy);
    }
    let name = ("Không có văn bản rõ trên địa chỉ công khai", "nothing public in plain text");
    let plain =
        |listener: &&Listener| listener.speech == Speech::Plain && !listener.address.ip().is_loopback();
    let public: Vec<String> = all.iter().filter(plain).map(ToString::to_string).collect();
    if public.is_empty() {
        report.good(name, "127.0.0.1, ::1");
    } else {
        let remedy =
            ("đổi sang địa chỉ loopback, ví dụ 127.0.0.1", "give it a loopback address, such as 127.0.0.1");
        report.wrong(name, public.join(", "), remedy);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn listener(address: &str, speech: Speech) -> Listener {
        Listener { key: "ops", address: address.parse().unwrap(), speech, registry: false }
    }

    #[test]
    fn listening_sockets_are_read_and_others_left_out() {
        let rest = "00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0";
        let line = |ip: &str, state: &str| format!("   0: {ip} 00000000:0000 {state} {rest}");
        let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let v4 = format!("{}:157C", word([127, 0, 0, 1]));
        let found = socket(&line(&v4, "0A")).unwrap();
        assert_eq!(found, Socket { address: "127.0.0.1:5500".parse().unwrap(), inode: 4711 });
        assert_eq!(socket(&line(&v4, "01")), None, "a connection");
        let zero = word([0; 4]);
        let v6 = format!("{zero}{zero}{zero}{}:0050", word([0, 0, 0, 1]));
        assert_eq!(socket(&line(&v6, "0A")).unwrap().address, "[::1]:80".parse().unwrap());
        assert_eq!(socket("sl local_address"), None);
    }

    #[test]
    fn what_is_open_and_not_configured_is_wrong_and_so_is_plain_text_in_public() {
        let nodes = listener("0.0.0.0:5500", Speech::Nodes);
        let good = |all: &[Listener], open: &[&str]| {
            let open: Vec<SocketAddr> = open.iter().map(|text| text.parse().unwrap()).collect();
            let mut report = Report::default();
            own(all, &open, &mut report);
            report.is_good()
        };
        assert!(good(&[nodes], &["0.0.0.0:5500"]));
        assert!(!good(&[nodes], &["0.0.0.0:5500", "127.0.0.1:9"]));
        assert!(!good(&[nodes], &[]));
        let any = listener("127.0.0.1:0", Speech::Plain);
        assert!(good(&[nodes, any], &["0.0.0.0:5500", "127.0.0.1:40000"]));
        assert!(!good(&[listener("0.0.0.0:9500", Speech::Plain)], &["0.0.0.0:9500"]));
    }

    #[test]
    fn the_process_that_listens_is_found() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let all =
            [Listener { address: held.local_addr().unwrap(), ..listener("127.0.0.1:1", Speech::Plain) }];
        let process = process(&all).unwrap();
        assert_eq!(process.folder, Path::new("/proc").join(std::process::id().to_string()));
        assert!(process.sockets.contains(&all[0].address));
        assert_eq!(process.runs(std::env::current_exe().ok().as_deref()), Some(Ok(())));
        assert_eq!(process.variable("NO_SUCH_VARIABLE").unwrap(), None);
    }
}
