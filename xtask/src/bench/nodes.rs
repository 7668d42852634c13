//! Two nodes as separate processes, and the service behind the provider's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use serde::Deserialize;

use super::http::{self, Url};
use crate::children::{RunAs, Running};
use crate::ports;

/// How long a node may take to be ready; the figure itself is measured.
const START_SECONDS_MAX: u64 = 30;
/// How many neighbouring ports `lienthong sandbox` may take from its base.
const PORTS_OF_A_SETUP: u16 = 20;

/// The service behind the provider's node and behind nginx: one process that answers 1 kB of JSON.
pub struct Backend {
    pub process: Running,
    pub url: Url,
}

impl Backend {
    pub fn start(binary: &Path) -> Result<Self> {
        Self::with_bytes(binary, 1_000)
    }

    /// One that answers so many bytes.
    pub fn with_bytes(binary: &Path, bytes: usize) -> Result<Self> {
        let port = ports::free()?;
        let mut command = RunAs::Myself.command(binary);
        command.args(["sandbox-backend", "--port", &port.to_string(), "--bytes", &bytes.to_string()]);
        command.stdout(Stdio::null());
        let mut process = Running::start("the information system", command, Signal::TERM)?;
        let url = Url::parse(&format!("http://127.0.0.1:{port}/"))?;
        process.wait_until(START_SECONDS_MAX, || http::get(&url).is_ok())?;
        Ok(Self { process, url })
    }
}

/// How many messages one signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    Single,
    Batch,
}

impl Signing {
    /// As in a table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Single => "one signature per message",
            Self::Batch => "Merkle batches",
        }
    }

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
        }
    }
}

/// What `lienthong sandbox` prints.
#[derive(Deserialize)]
pub struct Setup {
    /// Where information systems ask the consumer's node, without a path.
    pub ask_base: String,
    /// The asking subsystem, for the header `X-Road-Client`.
    pub client: String,
    /// The path of a call, from `/r1/` on.
    pub service_path: String,
    pub consumer_config: PathBuf,
    pub provider_config: PathBuf,
    /// `http://127.0.0.1:PORT` of `/readyz`.
    pub consumer_ops: String,
    pub provider_ops: String,
}

impl Setup {
    /// Makes two nodes in `folder`, which do not run yet, and serves their directory; `stores` are the two logs when they
    /// are not SQLite files.
    pub fn make(
        binary: &Path,
        folder: &Path,
        stores: Option<&[String; 2]>,
        signing: Signing,
        backend: &Url,
    ) -> Result<(Running, Self)> {
        let mut command = RunAs::Myself.command(binary);
        command.arg("sandbox").arg("--dir").arg(folder).arg("--serve");
        command.args(["--port-base", &free_range()?.to_string(), "--sign", signing.name()]);
        command.args(["--backend", &format!("http://{}", backend.address)]);
        if let Some(stores) = stores {
            command.arg("--stores").args(stores);
        }
        let printed = folder.with_extension("json");
        command.stdout(std::fs::File::create(&printed)?).stderr(Stdio::null());
        let mut centre = Running::start("lienthong sandbox", command, Signal::TERM)?;
        let read = || serde_json::from_slice::<Self>(&std::fs::read(&printed).unwrap_or_default());
        centre.wait_until(START_SECONDS_MAX, || read().is_ok())?;
        Ok((centre, read().context("lienthong sandbox printed no JSON")?))
    }
}

/// A consumer's and a provider's node, running.
pub struct Nodes {
    /// Serves the directory.
    _centre: Running,
    pub consumer: Running,
    pub provider: Running,
    pub url: Url,
    pub client: String,
    /// From the start of a process to its first good answer on `/readyz`: the slower of the two.
    pub start_to_ready: Duration,
}

impl Nodes {
    /// Makes two nodes in `folder` and starts them; `stores` are the two logs when they are not SQLite files.
    pub fn start(
        binary: &Path,
        folder: &Path,
        stores: Option<&[String; 2]>,
        signing: Signing,
        backend: &Url,
    ) -> Result<Self> {
        let (centre, setup) = Setup::make(binary, folder, stores, signing, backend)?;
        let (provider, provider_ready) =
            start_node(binary, "provider", &setup.provider_config, (&setup.provider_ops, START_SECONDS_MAX))?;
        let (consumer, consumer_ready) =
            start_node(binary, "consumer", &setup.consumer_config, (&setup.consumer_ops, START_SECONDS_MAX))?;
        Ok(Self {
            _centre: centre,
            consumer,
            provider,
            url: Url::parse(&format!("{}{}", setup.ask_base.trim_end_matches('/'), setup.service_path))?,
            client: setup.client,
            start_to_ready: provider_ready.max(consumer_ready),
        })
    }
}

/// Starts a node; gives the time until it was ready.
pub fn start_node(
    binary: &Path,
    side: &str,
    configuration: &Path,
    (ops, seconds_max): (&str, u64),
) -> Result<(Running, Duration)> {
    let mut command = RunAs::Myself.command(binary);
    command.arg("run").arg("--config").arg(configuration).stdout(Stdio::null());
    ready(command, side, configuration, (ops, seconds_max))
}

/// Starts a command that runs a node, and waits until `/readyz` says yes.
pub fn ready(
    mut command: Command,
    side: &str,
    configuration: &Path,
    (ops, seconds_max): (&str, u64),
) -> Result<(Running, Duration)> {
    let log = configuration.with_file_name("node.log");
    command.stderr(std::fs::File::create(&log)?);
    let ready = Url::parse(&format!("{ops}/readyz"))?;
    let mut node = Running::start(&format!("the {side}'s node"), command, Signal::TERM)?;
    let waited = node.wait_until(seconds_max, || matches!(http::get(&ready), Ok((200, _))));
    let duration = node.age();
    waited.with_context(|| last_lines(&log))?;
    Ok((node, duration))
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// The first of enough ports in a row that are free now.
pub fn free_range() -> Result<u16> {
    for _ in 0..100 {
        let base = ports::free()?;
        let last = base.checked_add(PORTS_OF_A_SETUP);
        if last.is_some_and(|last| (base..last).all(ports::is_free)) {
            return Ok(base);
        }
    }
    anyhow::bail!("no {PORTS_OF_A_SETUP} free ports in a row on loopback")
}
