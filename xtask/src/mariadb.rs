//! A MariaDB server of our own: in a temporary folder, on a free loopback port, gone at the end.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::children::{RunAs, Running};
use crate::postgres::random_hex;
use crate::{interrupt, ports};

/// How long a server may take until it answers.
const START_SECONDS_MAX: u64 = 60;
/// How often another port is tried when somebody else took the one chosen.
const PORTS_TRIED_MAX: u32 = 3;

/// A running server; dropping it stops the server and then removes the data, in the order of the fields.
pub struct Server {
    _running: Running,
    url: String,
    _folder: TempDir,
}

impl Server {
    /// Makes a data folder below `parent` and starts a server on it.
    pub fn start(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lienthong-mariadb-").tempdir_in(parent)?;
        let data = folder.path().join("data");
        let mut install = RunAs::Myself.command(Path::new("mariadb-install-db"));
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(option("datadir", &data)).args(user()).stdout(Stdio::null()).stderr(Stdio::null());
        ensure!(interrupt::run(&mut install)?.success(), "mariadb-install-db failed");

        let password = random_hex()?;
        let accounts = folder.path().join("accounts.sql");
        let make = format!(
            "CREATE USER 'lienthong'@'%' IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO 'lienthong'@'%' WITH GRANT OPTION;\n"
        );
        fs::write(&accounts, make)?;
        for _ in 0..PORTS_TRIED_MAX {
            let port = ports::free()?;
            if let Some(server) = start_server(folder.path(), &data, &accounts, port)? {
                let url = format!("mysql://lienthong:{password}@127.0.0.1:{port}");
                return Ok(Self { _running: server, url, _folder: folder });
            }
        }
        bail!("the MariaDB server does not start")
    }

    /// The administrator's address, with its password and without a database.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Starts the server and waits until it takes connections; `None` when it ended at once.
fn start_server(folder: &Path, data: &Path, accounts: &Path, port: u16) -> Result<Option<Running>> {
    let log = folder.join("log");
    let mut command = RunAs::Myself.command(Path::new("mariadbd"));
    command.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
    command.args([
        option("datadir", data),
        option("init-file", accounts),
        option("socket", &folder.join("socket")),
    ]);
    command.args([option("pid-file", &folder.join("pid")), format!("--port={port}")]).args(user());
    command.stdout(Stdio::null()).stderr(fs::File::create(&log)?);
    let mut server = Running::start("MariaDB", command, Signal::TERM)?;
    match server.wait_until(START_SECONDS_MAX, || TcpStream::connect(("127.0.0.1", port)).is_ok()) {
        Ok(()) => Ok(Some(server)),
        Err(error) if server.has_ended() => {
            eprint!("{error:#}: {}", fs::read_to_string(&log)?);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// MariaDB runs as root only when told so.
fn user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}
