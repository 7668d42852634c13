//! `cargo xtask bench registry`: what a registry at the size of a country costs, and how fast a revocation is.
//!
//! Three real nodes: one keeps the registry, one offers the services and follows it over the network, one asks. All
//! grants are on services of one member, so that its gateway holds all of them: more than any member will have.

mod report;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Value;

use super::http::Url;
use super::kernel;
use super::machine::Machine;
use super::nodes::{self, Backend, Setup, Signing};
use super::publish::publish;
use crate::children::{RunAs, Running};
use crate::{demo, ports};
use report::{Report, Size};

/// Temporary files go here, as those of `bench exchange` do.
const FOLDER: &str = "/var/tmp";
/// How long filling, starting and measuring may take, each.
const SECONDS_MAX: u64 = 3_600;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Services.
    #[arg(long, default_value_t = 10_000)]
    services: u32,
    /// Grants on them.
    #[arg(long, default_value_t = 100_000)]
    grants: u32,
    /// Agencies to search in.
    #[arg(long, default_value_t = 120_000)]
    units: u32,
    /// Members of the directory.
    #[arg(long, default_value_t = 1_200)]
    members: u32,
    /// Decisions that are measured.
    #[arg(long, default_value_t = 1_000_000)]
    calls: u32,
    /// How often each of the 128 queries is asked.
    #[arg(long, default_value_t = 20)]
    searches: u32,
    /// Grants that are given and revoked.
    #[arg(long, default_value_t = 300)]
    rounds: u32,
    /// Measure this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write docs/benchmarks-registry.md.
    #[arg(long)]
    write_docs: bool,
}

/// Measures, prints, writes.
pub fn run(options: &Options) -> Result<()> {
    let binary = options.binary.clone().map_or_else(demo::release_binary, Ok)?;
    let folder = tempfile::Builder::new().prefix("lienthong-bench-").tempdir_in(FOLDER)?;
    let bench = Bench { binary: &binary, folder: folder.path(), options };
    let Options { services, grants, units, .. } = *options;
    let mut report = Report::new(Machine::here(), Size { services, grants, units });
    say("decisions, search, directory");
    report.figures = bench.figures()?;
    bench.nodes(&mut report)?;
    let page = options.write_docs.then(|| ("benchmarks-registry.md", report.page()));
    publish("registry", (&report.json()?, &report.markdown()), page)
}

struct Bench<'a> {
    binary: &'a Path,
    folder: &'a Path,
    options: &'a Options,
}

impl Bench<'_> {
    /// What one process measures of itself.
    fn figures(&self) -> Result<Value> {
        let Options { services, grants, units, members, calls, searches, .. } = self.options;
        let numbers = [services, grants, units, members, calls, searches].map(ToString::to_string);
        let names = ["--services", "--grants", "--units", "--members", "--calls", "--searches"];
        let pairs = names.into_iter().zip(&numbers).flat_map(|(name, number)| [name, number.as_str()]);
        self.to_its_end(&[&["figures"][..], &pairs.collect::<Vec<_>>()].concat())
    }

    /// Runs `lienthong sandbox-registry` to its end; the JSON that it prints.
    fn to_its_end(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = RunAs::Myself.command(self.binary);
        let output = command.arg("sandbox-registry").args(arguments).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "sandbox-registry {} failed", arguments.join(" "));
        serde_json::from_slice(&output.stdout).context("sandbox-registry printed no JSON")
    }

    /// What real nodes need and do.
    fn nodes(&self, report: &mut Report) -> Result<()> {
        let backend = Backend::start(self.binary)?;
        let folder = self.folder.join("nodes");
        let (_centre, setup) = Setup::make(self.binary, &folder, None, Signing::Batch, &backend.url)?;
        say("a gateway without grants");
        let (empty, _) = self.provider(&setup)?;
        report.gateway_empty_bytes = kernel::peak_memory_bytes(empty.pid())?;
        drop(empty);

        let place = Place::make(self.binary, &setup)?;
        say("filling the registry");
        let (services, grants, units) = (
            self.options.services.to_string(),
            self.options.grants.to_string(),
            self.options.units.to_string(),
        );
        let config = place.config.to_str().context("a folder name that is not UTF-8")?;
        let sizes = ["--services", &services, "--grants", &grants, "--units", &units];
        let filled = self.to_its_end(&[&["fill", "--config", config][..], &sizes].concat())?;
        report.entries = filled["entries"].as_u64().unwrap_or_default();
        report.store_bytes = store_bytes(&place.folder);

        say("starting the registry and the gateway that follows it");
        let printed = self.folder.join("revocations.json");
        let (mut registry, start) = self.registry(&place, &setup, &printed)?;
        report.registry_start_ms = start;
        self.follow(&setup, &place)?;
        let (first, ready) = self.provider(&setup)?;
        report.gateway_first_start_ms = ready;
        drop(first);
        let (provider, ready) = self.provider(&setup)?;
        report.gateway_start_ms = ready;
        let (_consumer, _) = nodes::start_node(
            self.binary,
            "consumer",
            &setup.consumer_config,
            (&setup.consumer_ops, SECONDS_MAX),
        )?;
        say("revocations");
        let read = || serde_json::from_slice::<Value>(&fs::read(&printed).unwrap_or_default());
        registry.wait_until(SECONDS_MAX, || read().is_ok())?;
        let times = read()?["refused_after_ms"].as_array().cloned().unwrap_or_default();
        report.refused_after_ms = times.iter().filter_map(Value::as_f64).collect();
        ensure!(report.refused_after_ms.len() == self.options.rounds as usize, "a round is missing");
        report.refused_after_ms.sort_by(f64::total_cmp);
        report.gateway_bytes = kernel::peak_memory_bytes(provider.pid())?;
        report.registry_bytes = kernel::peak_memory_bytes(registry.pid())?;
        report.snapshot_bytes = kept_bytes(&setup.provider_config)?;
        Ok(())
    }

    fn provider(&self, setup: &Setup) -> Result<(Running, f64)> {
        let address = (setup.provider_ops.as_str(), SECONDS_MAX);
        let (running, ready) = nodes::start_node(self.binary, "provider", &setup.provider_config, address)?;
        Ok((running, ready.as_secs_f64() * 1000.0))
    }

    /// The node with the registry; measures by itself as soon as calls come through, and prints to `printed`.
    fn registry(&self, place: &Place, setup: &Setup, printed: &Path) -> Result<(Running, f64)> {
        let ask = Url::parse(&format!("{}{}", setup.ask_base.trim_end_matches('/'), setup.service_path))?;
        let mut command = RunAs::Myself.command(self.binary);
        command.args(["sandbox-registry", "run", "--config"]).arg(&place.config);
        command.args(["--ask", &format!("http://{}{}", ask.address, ask.path)]);
        command.args(["--rounds", &self.options.rounds.to_string()]).stdout(fs::File::create(printed)?);
        let (running, ready) = nodes::ready(command, "registry", &place.config, (&place.ops, SECONDS_MAX))?;
        Ok((running, ready.as_secs_f64() * 1000.0))
    }

    /// The provider offers all services and takes its rights from the registry.
    fn follow(&self, setup: &Setup, place: &Place) -> Result<()> {
        let mut text = fs::read_to_string(&setup.provider_config)?;
        for nth in 0..self.options.services {
            let _ = write!(
                text,
                "\n[[service]]\nsubsystem = \"DANCU\"\ncode = \"dich-vu-{nth:05}\"\nurl = \"http://127.0.0.1:1\"\n"
            ); // Writing to a string cannot fail.
        }
        let _ = write!(
            text,
            "\n[rights]\nregistry = \"{}\"\nregistry_member = \"{}\"\n",
            place.api, place.member
        );
        Ok(fs::write(&setup.provider_config, text)?)
    }
}

/// Bytes of the registry's store with what is not moved into its main file yet.
fn store_bytes(folder: &Path) -> u64 {
    let length = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    length("registry.db") + length("registry.db-wal")
}

/// Bytes of the answer that the gateway keeps.
fn kept_bytes(config: &Path) -> Result<u64> {
    let entries = fs::read_dir(config.with_file_name("data").join("rights"))?;
    let sizes: Result<Vec<u64>, std::io::Error> = entries.map(|entry| Ok(entry?.metadata()?.len())).collect();
    Ok(sizes?.into_iter().max().unwrap_or_default())
}

/// A node of the consumer's member that only keeps the registry: the consumer's identity on ports of its own.
pub(super) struct Place {
    folder: PathBuf,
    /// Its configuration.
    pub(super) config: PathBuf,
    /// The registry's API.
    api: String,
    /// `http://127.0.0.1:PORT` of `/readyz`.
    pub(super) ops: String,
    member: String,
}

impl Place {
    /// Makes it below the folder of the other nodes.
    pub(super) fn make(binary: &Path, setup: &Setup) -> Result<Self> {
        let from = setup.consumer_config.parent().context("a configuration lies in a folder")?;
        let folder = from.with_file_name("registry");
        fs::create_dir_all(folder.join("keys"))?;
        fs::set_permissions(folder.join("keys"), fs::metadata(from.join("keys"))?.permissions())?;
        for name in ["sign.pem", "tls.pem", "keys/sign.key", "keys/tls.key", "keys/pseudonyms.secret"] {
            fs::copy(from.join(name), folder.join(name))?;
        }
        let (api, ops) = (ports::free()?, ports::free()?);
        let config = folder.join("lienthong.toml");
        fs::write(&config, configuration(&fs::read_to_string(&setup.consumer_config)?, api, ops)?)?;
        sign_in_somebody(binary, &folder, &config)?;
        let member = setup.client.rsplit_once('/').map_or("", |(member, _)| member).to_owned();
        let (api, ops) = (format!("https://127.0.0.1:{api}"), format!("http://127.0.0.1:{ops}"));
        Ok(Self { folder, config, api, ops, member })
    }
}

/// The consumer's configuration with other ports, without its information system, with the registry.
fn configuration(consumer: &str, api: u16, ops: u16) -> Result<String> {
    let (text, _) = consumer.split_once("[[subsystem]]").context("the consumer has a subsystem")?;
    let line = |line: &str| match line.split(" = ").next() {
        Some("systems_plain") => String::new(),
        Some("nodes") => "nodes = \"127.0.0.1:0\"\n".to_owned(),
        Some("ops") => format!("ops = \"127.0.0.1:{ops}\"\n"),
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(line).collect();
    let role = format!(
        "[registry]\nstore = \"sqlite:registry.db\"\npeople = \"people.toml\"\nlisten = \"127.0.0.1:{api}\"\n"
    );
    Ok(text + &role)
}

/// A registry needs somebody who may sign in; nobody does here.
fn sign_in_somebody(binary: &Path, folder: &Path, config: &Path) -> Result<()> {
    let password = folder.join("password");
    fs::write(&password, "only for measuring\n")?;
    let mut command = RunAs::Myself.command(binary);
    command.args(["registry", "person", "vanhanh", "--name", "Vận hành", "--role", "platform_operator"]);
    command.arg("--config").arg(config).arg("--password-file").arg(&password).stdout(Stdio::null());
    ensure!(command.status()?.success(), "lienthong registry person failed");
    Ok(())
}

fn say(what: &str) {
    eprintln!("… {what}");
}
