//! What faults are made with: load, foreign hands in the message log, a small disk, a time-stamping authority.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::harness::{Answer, Process, Sandbox, run};
use crate::raw::{CLIENT, Connection, PROVIDER, request};

/// A service of the provider whose paths are those of the information system that misbehaves when asked to.
pub const ECHO_SERVICE: &str = "
[[service]]
subsystem = \"DANCU\"
code = \"moi\"
url = \"{echo}\"
timeout_s = 3
[[grant]]
to = \"VN-DEMO/GOV/H17/MOTCUA\"
service = \"DANCU/moi\"
";

/// The same on [`crate::raw::System`], which counts.
pub const SYSTEM_SERVICE: &str = "
[[service]]
subsystem = \"DANCU\"
code = \"dem\"
url = \"{system}\"
[[grant]]
to = \"VN-DEMO/GOV/H17/MOTCUA\"
service = \"DANCU/dem\"
";

/// An information system that answers when it is told to; its service is `doi`.
pub struct Patient(TcpListener);

/// A request that waits for its answer.
pub struct Held {
    asker: JoinHandle<Option<Answer>>,
    system: TcpStream,
}

impl Patient {
    /// Offered by the provider from its next start on.
    pub fn offer(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let service = SYSTEM_SERVICE.replace("{system}", &format!("http://{address}"));
        sandbox.offer(&service.replace("\"dem\"", "\"doi\"").replace("DANCU/dem", "DANCU/doi"));
        Self(listener)
    }

    /// Asks, and returns when the request is here: then it is in the provider's log.
    pub fn hold(&self, sandbox: &Sandbox, id: &str) -> Held {
        let (mut connection, id) = (sandbox.connect(), id.to_owned());
        let asker = std::thread::spawn(move || get(&mut connection, &id, "doi", "/049"));
        Held { asker, system: self.take() }
    }

    /// The next request's connection.
    pub fn take(&self) -> TcpStream {
        let (mut stream, _) = self.0.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "the request is whole");
            head.extend_from_slice(&byte);
        }
        stream
    }
}

impl Held {
    /// What the asker gets when the information system answers; `None` when its node has gone.
    pub fn answer(mut self) -> Option<Answer> {
        answer(&mut self.system);
        self.asker.join().unwrap()
    }

    /// What the asker gets while the information system goes on thinking, and that thinking.
    pub fn unanswered(self) -> (Option<Answer>, TcpStream) {
        (self.asker.join().unwrap(), self.system)
    }
}

/// The answer of [`Patient`]; the node may have gone.
pub fn answer(system: &mut TcpStream) {
    let _ = system.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

/// Runs what needs a runtime.
pub fn block<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Statements by a foreign hand; the store must not be open elsewhere, or bear it.
pub fn sql(url: &str, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    block(async {
        if url.starts_with("postgres") {
            let mut conn = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        } else {
            let mut conn = SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(statements).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
        }
    });
}

impl Sandbox {
    /// A GET of the service with this code; `path` begins with `/`.
    pub fn call(&self, id: &str, code: &str, path: &str) -> Answer {
        get(&mut self.connect(), id, code, path).expect("an answer")
    }

    /// All records of a node's log.
    pub fn list(&self, role: &str) -> Vec<Value> {
        let config = self.fact(&format!("{role}_config"));
        let (code, output) = run(&["evidence", "list", "--json", "--limit", "1000000", "--config", config]);
        assert_eq!(code, 0, "{output}");
        let lines = output.lines().filter(|line| line.starts_with('{'));
        lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].take()).collect()
    }

    /// The parts of a call in a node's log, in order.
    pub fn parts(&self, role: &str, id: &str) -> Vec<String> {
        let records = self.records(role, id);
        records.iter().map(|r| r["record"]["part"].as_str().unwrap().to_owned()).collect()
    }

    /// Starts a node without waiting for anything.
    pub fn spawn(&self, role: &str) -> Process {
        let config = self.fact(&format!("{role}_config"));
        Process::start(&["run", "--config", config], &self.dir.path().join(format!("{role}.log")))
    }

    /// Status of a node's `/readyz`; 0 when nothing answers.
    pub fn readiness(&self, role: &str) -> u16 {
        self.get(&format!("{}/readyz", self.fact(&format!("{role}_ops"))), &[]).map_or(0, |a| a.status)
    }

    /// A node's message log is at `url` from its next start on.
    pub fn move_log(&self, role: &str, url: &str) {
        self.edit_config(role, |text| text.replace("sqlite:log.db", url));
    }

    /// Address of a node's SQLite log.
    pub fn log_url(&self, role: &str) -> String {
        format!("sqlite:{}", self.node_dir(role).join("log.db").display())
    }
}

/// A GET over a connection that is kept; `None` when the node closed it.
pub fn get(connection: &mut Connection, id: &str, code: &str, path: &str) -> Option<Answer> {
    let line = format!("GET {PROVIDER}/{code}{path} HTTP/1.1");
    let id = format!("X-Road-Id: {id}");
    connection.write(&request(&[&line, "Host: nut", CLIENT, &id], b""));
    connection.answer()
}

/// Calls without pause, from several threads.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answered: Mutex<Vec<String>>,
    failed: AtomicUsize,
}

impl Load {
    pub fn start(sandbox: &Sandbox, threads: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let port = sandbox.port(0);
        let worker = |number| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.work(number, port))
        };
        let threads = (0..threads).map(worker).collect();
        Self { shared, threads }
    }

    /// Calls that were answered by the service.
    pub fn answered(&self) -> usize {
        self.shared.answered.lock().unwrap().len()
    }

    /// Calls that were refused or broken off.
    pub fn failed(&self) -> usize {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// Ends the load; the ids of calls that were answered by the service.
    pub fn finish(self) -> Vec<String> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        std::mem::take(&mut *self.shared.answered.lock().unwrap())
    }
}

impl Shared {
    fn work(&self, thread: usize, port: u16) {
        let mut connection = None;
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("tai-{thread}-{number}");
            connection = connection.or_else(|| Connection::try_open(port).ok());
            match connection.as_mut().and_then(|open| get(open, &id, "thu", "/049")) {
                Some(answer) if answer.status == 200 => self.answered.lock().unwrap().push(id),
                other => {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    connection = connection.filter(|_| other.is_some());
                    // Refused at once: without a pause this would be all that the machine does.
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
            }
        }
    }
}

/// A place whose space can be used up.
pub enum SmallDisk {
    /// A file system of its own: the real thing.
    Mounted(TempDir),
    /// Where mounting is not allowed: the node's files may not grow.
    Limited(TempDir),
}

impl SmallDisk {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=4m", "lienthong-test"]).arg(dir.path()).output();
        // The variable is for whoever wants to see the other way work where mounting is allowed.
        let allowed = std::env::var_os("LIENTHONG_TEST_NO_MOUNT").is_none();
        match mount {
            Ok(done) if done.status.success() && allowed => Self::Mounted(dir),
            Ok(done) if done.status.success() => {
                unmount(dir.path());
                Self::Limited(dir)
            }
            _ => Self::Limited(dir),
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Mounted(dir) | Self::Limited(dir) => dir.path(),
        }
    }

    /// What a node refuses with when nothing can be written here.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mounted(_) => "EX-0702",
            Self::Limited(_) => "EX-0701",
        }
    }

    /// Leaves no space to this process.
    pub fn fill(&self, node: &Process) {
        match self {
            Self::Mounted(dir) => {
                let mut filler = std::fs::File::create(dir.path().join("filler")).unwrap();
                for piece in [&[0_u8; 4096][..], &[0_u8; 64]] {
                    while filler.write_all(piece).is_ok() {}
                }
            }
            Self::Limited(_) => limit(node, "--fsize=0:unlimited"),
        }
    }

    /// Gives the space back.
    pub fn free(&self, node: &Process) {
        match self {
            Self::Mounted(dir) => std::fs::remove_file(dir.path().join("filler")).unwrap(),
            Self::Limited(_) => limit(node, "--fsize=unlimited"),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Self::Mounted(dir) = self {
            unmount(dir.path());
        }
    }
}

fn unmount(path: &Path) {
    // Lazily: a node of a test that failed may still hold files there.
    let _ = Command::new("umount").arg("-l").arg(path).status();
}

fn limit(node: &Process, limit: &str) {
    let pid = node.0.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, limit]).status().unwrap().success());
}

const TSA_CONFIG: &str = "
[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
[signer]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = dn
[dn]
";

/// An RFC 3161 authority made of the `openssl` command, over HTTP; ends with the test.
pub struct StampingAuthority {
    dir: Arc<TempDir>,
    pub url: String,
}

impl StampingAuthority {
    pub fn start() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(dir.path().join("tsa.cnf"), TSA_CONFIG).unwrap();
        std::fs::write(dir.path().join("serial"), "01\n").unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config tsa.cnf";
        for command in [
            &format!(
                "req -x509 {key} -extensions root -days 30 -subj /CN=TSA-Root -keyout root.key -out root.pem"
            ),
            &format!("req -new {key} -subj /CN=TSA -keyout tsa.key -out tsa.csr"),
            "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 7 -days 29 -extfile tsa.cnf -extensions signer -out tsa.pem",
        ] {
            openssl(dir.path(), command);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/tsa", listener.local_addr().unwrap());
        let here = Arc::clone(&dir);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                stamp(stream, here.path());
            }
        });
        Self { dir, url }
    }

    /// The anchor: PEM.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }
}

fn stamp(mut stream: TcpStream, dir: &Path) {
    let mut raw = Vec::new();
    let mut piece = [0; 4096];
    let query = loop {
        let read = stream.read(&mut piece).unwrap_or(0);
        raw.extend_from_slice(&piece[..read]);
        let request = crate::harness::parse(&raw);
        let length = request.header("content-length").and_then(|v| v.parse().ok());
        if read == 0 || length == Some(request.body.len()) {
            break request.body;
        }
    };
    std::fs::write(dir.join("query.tsq"), query).unwrap();
    openssl(
        dir,
        "ts -reply -config tsa.cnf -section tsa -queryfile query.tsq -inkey tsa.key -signer tsa.pem -chain root.pem -out reply.tsr",
    );
    let reply = std::fs::read(dir.join("reply.tsr")).unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    // A client that has had enough may have gone.
    let _ = stream.write_all(&[head.as_bytes(), &reply].concat());
}

fn openssl(dir: &Path, arguments: &str) {
    let made = Command::new("openssl").current_dir(dir).args(arguments.split_whitespace()).output().unwrap();
    assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// Runs a Python program of the repository with the packages that `cargo xtask test` installs.
pub fn python(script: &str, args: &[&str]) -> (bool, String) {
    let python = std::env::var("LIENTHONG_TEST_PYTHON")
        .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(script);
    let done = Command::new(python).arg(script).args(args).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// How many records each call has in a log, by its `X-Road-Request-Id`: opening ones, closing ones.
pub fn openings_and_closings(records: &[Value]) -> HashMap<String, (u32, u32)> {
    let mut calls: HashMap<String, (u32, u32)> = HashMap::new();
    for record in records {
        let counts = calls.entry(record["call"].as_str().unwrap().to_owned()).or_default();
        if record["part"] == "request" { counts.0 += 1 } else { counts.1 += 1 }
    }
    calls
}
