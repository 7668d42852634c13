//! HTTP as bytes: what no client library would send, and a stand-in information system that keeps what it saw.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::{Answer, Sandbox, parse};

/// How long a test waits for bytes that must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// The provider's services begin with this.
pub const PROVIDER: &str = "/r1/VN-DEMO/GOV/G01/DANCU";
/// The consumer's subsystem, as a header line.
pub const CLIENT: &str = "X-Road-Client: VN-DEMO/GOV/H17/MOTCUA";

/// Offset of the information system that the harness starts.
pub const ECHO: u16 = 7;
/// Offset for the HTTPS listener of information systems.
pub const HTTPS: u16 = 8;
/// Offset for [`System`].
pub const SYSTEM: u16 = 9;

impl Sandbox {
    /// A port of the sandbox's ten.
    pub fn port(&self, offset: u16) -> u16 {
        let base = self.fact("ask_base").rsplit(':').next().unwrap();
        base.parse::<u16>().unwrap() + offset
    }

    /// Not yet started nodes; the provider offers these services besides the usual ones. In `toml`, `{echo}` and
    /// `{system}` are the addresses of the two information systems.
    pub fn offer(&self, toml: &str) {
        let address = |offset| format!("http://127.0.0.1:{}", self.port(offset));
        let toml = toml.replace("{echo}", &address(ECHO)).replace("{system}", &address(SYSTEM));
        self.edit_config("provider", |text| format!("{text}\n{toml}"));
    }

    /// A connection to the consumer's node.
    pub fn connect(&self) -> Connection {
        Connection::open(self.port(0))
    }

    /// Sends `bytes` to the consumer's node; the answer, if there is one.
    pub fn send(&self, bytes: &[u8]) -> Option<Answer> {
        let mut connection = self.connect();
        connection.write(bytes);
        connection.answer()
    }

    /// Sends a request whose head is these lines, and whose body is `body`.
    pub fn request(&self, lines: &[&str], body: &[u8]) -> Answer {
        self.send(&request(lines, body)).unwrap_or_else(|| panic!("no answer to {lines:?}"))
    }

    /// An ordinary call is answered.
    #[track_caller]
    pub fn assert_alive(&self, after: &str) {
        let line = format!("GET {PROVIDER}/thu/049 HTTP/1.1");
        let answer = self.request(&[&line, "Host: nut", CLIENT], b"");
        assert_eq!(answer.status, 200, "after {after}: {answer:?}");
    }
}

/// The bytes of a request.
pub fn request(lines: &[&str], body: &[u8]) -> Vec<u8> {
    [lines.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

/// One connection to a node.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    /// The last request was HEAD: its answer ends with its head, whatever length it names.
    head_only: bool,
}

impl Connection {
    pub fn open(port: u16) -> Self {
        Self::try_open(port).unwrap()
    }

    /// To a node that may be down just now.
    pub fn try_open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, read: Vec::new(), head_only: false })
    }

    /// Writes what the node still takes; it may have refused and closed already.
    pub fn write(&mut self, bytes: &[u8]) {
        self.head_only = bytes.starts_with(b"HEAD ");
        let _ = self.stream.write_all(bytes);
    }

    /// Says that nothing more will be written.
    pub fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether bytes come within this time.
    pub fn hears(&mut self, within: Duration) -> bool {
        self.stream.set_read_timeout(Some(within)).unwrap();
        let more = self.more();
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        more
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer).unwrap_or(0);
        self.read.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// The next answer; `None` when the node closed without one.
    pub fn answer(&mut self) -> Option<Answer> {
        loop {
            if let Some((answer, taken)) = whole(&self.read, self.head_only) {
                self.read.drain(..taken);
                return Some(answer);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Everything until the node closes.
    pub fn rest(mut self) -> Vec<u8> {
        while self.more() {}
        self.read
    }
}

/// A message that is there from its first byte to its last, and its length.
fn whole(bytes: &[u8], head_only: bool) -> Option<(Answer, usize)> {
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let mut answer = parse(bytes);
    let length = answer.header("content-length").filter(|_| !head_only).map_or(0, |v| v.parse().unwrap());
    if bytes.len() < head + length {
        return None;
    }
    answer.body.truncate(length);
    Some((answer, head + length))
}

/// A request as an information system saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The request line.
    pub line: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// An information system that answers every request with the same bytes and closes.
pub struct System {
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl System {
    pub fn start(port: u16) -> Self {
        let system = Self { seen: Arc::default(), answer: Arc::default() };
        system.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let (seen, answer) = (Arc::clone(&system.seen), Arc::clone(&system.answer));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        // Ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut connection = Connection { stream, read: Vec::new(), head_only: false };
                if let Some(request) = connection.answer() {
                    seen.lock().unwrap().push(Seen::from(request));
                    connection.write(&answer.lock().unwrap());
                }
            }
        });
        system
    }

    /// From now on it answers with these bytes.
    pub fn answers(&self, bytes: &str) {
        *self.answer.lock().unwrap() = bytes.as_bytes().to_vec();
    }

    /// What it saw since this was last called.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// The one request that it saw.
    #[track_caller]
    pub fn one(&self) -> Seen {
        let mut seen = self.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

impl From<Answer> for Seen {
    fn from(request: Answer) -> Self {
        let headers = request.headers.into_iter().map(|(n, v)| (n.to_ascii_lowercase(), v)).collect();
        Self { line: request.first_line, headers, body: request.body }
    }
}

/// `openssl dgst`: a second implementation of the digest.
pub fn openssl_sha512(bytes: &[u8]) -> Vec<u8> {
    let mut child = std::process::Command::new("openssl")
        .args(["dgst", "-sha512", "-binary"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}
