//! A PostgreSQL cluster of our own: in a temporary folder, on a free loopback port, gone at the end.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::children::{RunAs, Running};
use crate::{interrupt, ports, tools};

/// How long a server may take until it answers; a slow disk needs a few seconds.
const START_SECONDS_MAX: u64 = 60;
/// How often another port is tried when somebody else took the one chosen.
const PORTS_TRIED_MAX: u32 = 3;
/// The cluster's folder in the temporary one.
const DATA: &str = "data";
/// Settings that differ from the defaults; those of durability do not, on purpose: tests depend on them.
const SETTINGS: [&str; 4] = [
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "unix_socket_directories=",
    "log_min_messages=fatal",
];

/// A running cluster; dropping it stops the server and then removes the data, in the order of the fields.
pub struct Cluster {
    server: Running,
    url: String,
    _folder: TempDir,
}

impl Cluster {
    /// Makes a cluster in a new folder below `parent` and starts it.
    pub fn start(parent: &Path) -> Result<Self> {
        let programs = tools::postgres_programs().context("no PostgreSQL server is installed")?;
        // PostgreSQL refuses to run as root.
        let run_as = if rustix::process::geteuid().is_root() { RunAs::Postgres } else { RunAs::Myself };
        let folder = tempfile::Builder::new().prefix("lienthong-postgres-").tempdir_in(parent)?;
        let password = random_hex()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        run_as.give(folder.path())?;
        run_as.give(&password_file)?;

        let mut initdb = run_as.command(&programs.join("initdb"));
        initdb.args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
        ]);
        initdb
            .arg(folder.path().join(DATA))
            .arg("--pwfile")
            .arg(&password_file)
            .current_dir(folder.path())
            .stdout(Stdio::null());
        ensure!(interrupt::run(&mut initdb)?.success(), "initdb failed, see above");

        for _ in 0..PORTS_TRIED_MAX {
            let port = ports::free()?;
            if let Some(server) = start_server(run_as, &programs, folder.path(), port)? {
                let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
                return Ok(Self { server, url, _folder: folder });
            }
        }
        bail!("the PostgreSQL server does not start, see above")
    }

    /// The administrator's address, with its password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes an empty database and gives its address.
    pub fn create_database(&self, name: &str) -> Result<String> {
        let programs = tools::postgres_programs().context("no PostgreSQL server is installed")?;
        let mut createdb = RunAs::Myself.command(&programs.join("createdb"));
        createdb.arg(format!("--maintenance-db={}", self.url)).arg(name);
        ensure!(interrupt::run(&mut createdb)?.success(), "createdb failed, see above");
        let server = self.url.rsplit_once('/').map_or(self.url.as_str(), |(server, _)| server);
        Ok(format!("{server}/{name}"))
    }

    /// The server's first process.
    pub fn server(&self) -> &Running {
        &self.server
    }
}

/// Starts the server and waits until it takes connections; `None` when it ended at once.
fn start_server(run_as: RunAs, programs: &Path, folder: &Path, port: u16) -> Result<Option<Running>> {
    let data = &folder.join(DATA);
    let log = folder.join("log");
    let mut command = run_as.command(&programs.join("postgres"));
    command.arg("-D").arg(data).arg("-p").arg(port.to_string());
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command.current_dir(folder).stderr(fs::File::create(&log)?);
    // SIGINT is PostgreSQL's fast shutdown: connections are closed, nothing is waited for.
    let mut server = Running::start("PostgreSQL", command, Signal::INT)?;
    match server.wait_until(START_SECONDS_MAX, || is_ready(data)) {
        Ok(()) => Ok(Some(server)),
        Err(error) if server.has_ended() => {
            eprint!("{error:#}: {}", fs::read_to_string(&log)?);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether the server has written that it takes connections: the eighth line of its lock file.
fn is_ready(data: &Path) -> bool {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    lock.lines().nth(7).is_some_and(|state| state.trim() == "ready")
}

/// A password for the minutes that the cluster lives: others on this machine reach the port too.
pub fn random_hex() -> Result<String> {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}
