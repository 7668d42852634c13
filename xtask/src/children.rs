//! Servers that run beside this program and must not outlive it.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::{interrupt, tools};

/// How long a server may take to stop before it is killed.
const STOP_SECONDS_MAX: u64 = 10;
/// How often a server's state is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Who a child runs as.
#[derive(Clone, Copy)]
pub enum RunAs {
    Myself,
    /// The system's user `postgres`, which Debian's package makes.
    Postgres,
}

impl RunAs {
    /// A command as this user, ended by the system should this program be killed.
    pub fn command(self, program: &Path) -> Command {
        let mut command = if tools::answers("setpriv", &["--version"]) {
            let mut setpriv = Command::new("setpriv");
            if matches!(self, Self::Postgres) {
                setpriv.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
            }
            setpriv.arg("--pdeathsig=INT").arg("--").arg(program);
            setpriv
        } else {
            Command::new(program)
        };
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Makes a file or folder this user's own.
    pub fn give(self, path: &Path) -> Result<()> {
        if matches!(self, Self::Myself) {
            return Ok(());
        }
        let status = Command::new("chown").arg("postgres:postgres").arg(path).status()?;
        ensure!(
            status.success(),
            "PostgreSQL refuses to run as root, and the system has no user `postgres` to run it: \
             make one (`useradd --system postgres`) or run this as an ordinary user"
        );
        Ok(())
    }
}

/// A running server; dropping it stops it.
pub struct Running {
    name: String,
    child: Child,
    stop: Signal,
    started: Instant,
}

impl Running {
    /// Starts a command that stays until it gets the signal `stop`.
    pub fn start(name: &str, mut command: Command, stop: Signal) -> Result<Self> {
        interrupt::check()?;
        // A process group of its own: Ctrl-C in the terminal reaches only us, and we stop servers in our order.
        command.process_group(0);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, stop, started })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Time since it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Waits until `ready`; fails when the process ends before, or takes too long.
    pub fn wait_until(&mut self, seconds_max: u64, ready: impl Fn() -> bool) -> Result<()> {
        while !ready() {
            interrupt::check()?;
            if self.has_ended() {
                bail!("{} ended instead of starting", self.name);
            }
            if self.age() > Duration::from_secs(seconds_max) {
                bail!("{} was not ready after {seconds_max} seconds", self.name);
            }
            look_again();
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), self.stop); // Gone already is as good.
        let deadline = Instant::now() + Duration::from_secs(STOP_SECONDS_MAX);
        while !self.has_ended() && Instant::now() < deadline {
            look_again();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server tells nobody when it is ready or gone: we have to look"
)]
fn look_again() {
    thread::sleep(LOOK_EVERY);
}
