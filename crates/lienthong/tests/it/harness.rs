//! Two real nodes as processes, with a stand-in information system behind the provider, on free ports.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_lienthong");
/// How long a node may take to become ready, on a busy machine.
const READY: Duration = Duration::from_mins(1);

/// First ports of sandboxes of this process; each takes ten.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A row of ten ports that nobody uses now. Tests run as one process each, so the process number spreads them.
pub fn free_ports() -> u16 {
    let spread = u16::try_from(std::process::id() % 600).expect("less than 600") * 20;
    loop {
        let step = NEXT.fetch_add(10, Ordering::Relaxed);
        // Below the ports that the system gives to outgoing connections.
        let base = 20_000 + (spread + step) % 12_000;
        let free = (0..10).all(|offset| TcpListener::bind((Ipv4Addr::LOCALHOST, base + offset)).is_ok());
        if free {
            return base;
        }
    }
}

/// What a test wants to be different.
#[derive(Default)]
pub struct Options {
    /// PostgreSQL message logs instead of SQLite: consumer's and provider's address.
    pub stores: Option<[String; 2]>,
    /// `single` instead of `batch`.
    pub sign_single: bool,
    /// TOML for both configurations.
    pub more: String,
    /// Time-stamping authority: address and PEM file of its anchor.
    pub timestamp: Option<(String, PathBuf)>,
}

/// A running environment; everything ends with it.
pub struct Sandbox {
    pub dir: TempDir,
    /// What `lienthong sandbox` printed.
    pub facts: Value,
    pub centre: Process,
    _backend: Process,
    pub consumer: Option<Process>,
    pub provider: Option<Process>,
}

/// A child process that is killed when dropped.
pub struct Process(pub Child);

impl Process {
    /// Starts the program; its log goes to `log`.
    pub fn start(args: &[&str], log: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        // Where files may not grow, writing shall fail as on a full disk, and not end the process.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM]).args(args);
        let child = command.stdout(Stdio::piped()).stderr(log).stdin(Stdio::null()).spawn();
        Self(child.expect("the program starts"))
    }

    /// The first line of its output.
    pub fn first_line(&mut self) -> String {
        let mut line = String::new();
        let output = self.0.stdout.as_mut().expect("output is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        line
    }

    /// SIGKILL: no chance to say anything.
    pub fn kill_9(mut self) {
        self.0.kill().expect("it was running");
        self.0.wait().expect("it ends");
    }

    /// SIGTERM, and its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(sent.success());
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    /// As it came: a status line, or a request line where a test is the server.
    pub first_line: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Sandbox {
    /// Makes and starts everything; returns when both nodes are ready.
    pub fn start(options: &Options) -> Self {
        let mut sandbox = Self::prepare(options);
        sandbox.start_provider();
        sandbox.start_consumer();
        sandbox
    }

    /// Centre and information system run, the nodes do not yet.
    pub fn prepare(options: &Options) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let base = free_ports();
        let mut backend = Process::start(
            &["sandbox-backend", "--port", &(base + 7).to_string()],
            &dir.path().join("backend.log"),
        );
        backend.first_line();
        let (data, port) = (dir.path().join("data"), base.to_string());
        let url = format!("http://127.0.0.1:{}", base + 7);
        let mut args = vec![
            "sandbox",
            "--dir",
            data.to_str().expect("UTF-8"),
            "--port-base",
            &port,
            "--backend",
            &url,
            "--serve",
        ];
        let more = dir.path().join("more.toml");
        std::fs::write(&more, &options.more).expect("written");
        args.extend(["--more", more.to_str().expect("UTF-8")]);
        if options.sign_single {
            args.extend(["--sign", "single"]);
        }
        if let Some([consumer, provider]) = &options.stores {
            args.extend(["--stores", consumer, provider]);
        }
        if let Some((url, pem)) = &options.timestamp {
            args.extend(["--timestamp", url, pem.to_str().expect("UTF-8")]);
        }
        let mut centre = Process::start(&args, &dir.path().join("centre.log"));
        let line = centre.first_line();
        let facts = serde_json::from_str(&line).unwrap_or_else(|e| {
            let log = std::fs::read_to_string(dir.path().join("centre.log")).unwrap_or_default();
            panic!("{e}: {line:?} {log}")
        });
        let sandbox = Self { dir, facts, centre, _backend: backend, consumer: None, provider: None };
        wait(|| {
            sandbox
                .get(&format!("{}metadata/timestamp.json", sandbox.fact("directory_url")), &[])
                .is_ok_and(|a| a.status == 200)
        });
        sandbox
    }

    pub fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.facts))
    }

    pub fn start_consumer(&mut self) {
        self.consumer = Some(self.node("consumer"));
    }

    pub fn start_provider(&mut self) {
        self.provider = Some(self.node("provider"));
    }

    fn node(&self, role: &str) -> Process {
        let config = self.fact(&format!("{role}_config"));
        let mut node =
            Process::start(&["run", "--config", config], &self.dir.path().join(format!("{role}.log")));
        let ready = format!("{}/readyz", self.fact(&format!("{role}_ops")));
        let started = Instant::now();
        while self.get(&ready, &[]).map_or(0, |a| a.status) != 200 {
            let ended = node.0.try_wait().expect("a child");
            assert!(ended.is_none() && started.elapsed() < READY, "{role} is not ready: {}", self.log(role));
            std::thread::sleep(Duration::from_millis(20));
        }
        node
    }

    /// What a node has logged.
    pub fn log(&self, role: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(format!("{role}.log"))).unwrap_or_default()
    }

    /// GET with curl, a client that is not ours.
    #[expect(clippy::unused_self, reason = "reads better where it is used")]
    pub fn get(&self, url: &str, headers: &[&str]) -> Result<Answer, String> {
        curl(&[&["-g", url], &headers.iter().flat_map(|h| ["-H", *h]).collect::<Vec<_>>()[..]].concat(), None)
    }

    /// A call of the granted service through both nodes: `path` begins with `/`.
    pub fn ask(&self, path: &str, more: &[&str]) -> Answer {
        let url = format!("{}{}{path}", self.fact("ask_base"), self.fact("service_path"));
        let client = format!("X-Road-Client: {}", self.fact("client"));
        curl(&[&["-g", "--path-as-is", &url, "-H", &client], more].concat(), None).expect("an answer")
    }

    /// The folder of a node's configuration.
    pub fn node_dir(&self, role: &str) -> PathBuf {
        Path::new(self.fact(&format!("{role}_config"))).parent().expect("in a folder").to_owned()
    }

    /// Rewrites a node's configuration.
    pub fn edit_config(&self, role: &str, change: impl FnOnce(String) -> String) {
        let path = self.fact(&format!("{role}_config"));
        let text = std::fs::read_to_string(path).expect("a configuration");
        std::fs::write(path, change(text)).expect("written");
    }

    /// `evidence audit` of a node says that the log is whole; gives its JSON.
    pub fn audit(&self, role: &str) -> Value {
        let (code, output) =
            run(&["evidence", "audit", "--json", "--config", self.fact(&format!("{role}_config"))]);
        assert_eq!(code, 0, "{role}: {output}");
        let line = output.lines().find(|l| l.starts_with('{')).unwrap_or_else(|| panic!("{output}"));
        serde_json::from_str(line).expect("JSON")
    }

    /// Records of a node's log with this message id.
    pub fn records(&self, role: &str, id: &str) -> Vec<Value> {
        let (code, output) = run(&[
            "evidence",
            "show",
            "--json",
            "--id",
            id,
            "--config",
            self.fact(&format!("{role}_config")),
        ]);
        if code != 0 {
            return Vec::new();
        }
        serde_json::from_str(&output).unwrap_or_else(|e| panic!("{e}: {output}"))
    }
}

/// Runs the program to its end: exit code and both outputs.
pub fn run(args: &[&str]) -> (i32, String) {
    let output = Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// Runs curl; an error when there was no HTTP answer.
pub fn curl(args: &[&str], body: Option<&[u8]>) -> Result<Answer, String> {
    let mut command = Command::new("curl");
    command.args(["-sS", "--noproxy", "*", "-i", "-m", "90", "-H", "Expect:"]).args(args);
    if body.is_some() {
        command.args(["--data-binary", "@-"]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("curl starts");
    let mut input = child.stdin.take().expect("piped");
    let body = body.map(<[u8]>::to_vec).unwrap_or_default();
    // The server may answer, and curl end, before all is read.
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, &body)));
    let mut raw = Vec::new();
    child.stdout.take().expect("piped").read_to_end(&mut raw).expect("output");
    writer.join().expect("the writer ends");
    let output = child.wait_with_output().expect("curl ends");
    if raw.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(parse(&raw))
}

/// Takes a message apart.
pub fn parse(raw: &[u8]) -> Answer {
    let end = raw.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(raw.len());
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let first_line = lines.next().unwrap_or_default().to_owned();
    let status = first_line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let headers =
        lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect();
    Answer { first_line, status, headers, body: raw.get(end + 4..).unwrap_or_default().to_vec() }
}

/// Waits until `done`, at most [`READY`].
pub fn wait(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < READY, "nothing happened in {READY:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
