//! Ctrl-C and termination: stop the running child, then let every guard clean up.
//!
//! A signal must not end the process at once, because the test database and the servers of a benchmark are
//! removed by `Drop`. So the handler only marks the wish and ends what is being waited for; the waiting code
//! then returns an error, and the stack unwinds as for any other failure.

use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

static REQUESTED: AtomicBool = AtomicBool::new(false);
static WAITED_FOR: Mutex<Option<Pid>> = Mutex::new(None);

/// Takes over Ctrl-C, `SIGTERM` and `SIGHUP`.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        REQUESTED.store(true, Ordering::SeqCst);
        if let Some(child) = *WAITED_FOR.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = kill_process(child, Signal::TERM); // It may be gone already, which is as good.
        }
    })
    .context("cannot handle Ctrl-C")
}

/// Whether somebody asked this program to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// Fails once somebody asked this program to stop.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}

/// Runs a command to its end; a signal to this program ends it.
pub fn run(command: &mut Command) -> Result<ExitStatus> {
    check()?;
    let mut child = command.spawn().with_context(|| format!("cannot start {}", name(command)))?;
    watch(Some(Pid::from_child(&child)));
    if requested() {
        let _ = child.kill(); // The signal came between `check` and `watch`.
    }
    let status = child.wait();
    watch(None);
    check()?;
    status.with_context(|| format!("cannot wait for {}", name(command)))
}

fn watch(child: Option<Pid>) {
    *WAITED_FOR.lock().unwrap_or_else(PoisonError::into_inner) = child;
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
