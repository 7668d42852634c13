//! `cargo xtask bench exchange`: what signing and recording cost, beside nginx that does neither.
//!
//! Every figure is the median of several rounds, and the three are measured in turn within each round: on a shared
//! machine only figures of the same minute can be compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use super::http;
use super::load::{self, Target, Throughput};
use super::machine::{self, Machine};
use super::nginx::Nginx;
use super::nodes::{Backend, Nodes, Signing};
use super::publish::publish;
use super::report::{Bodies, Latency, Memory, Report, Row, Start};
use super::{kernel, population};
use crate::children::Running;
use crate::postgres::Cluster;
use crate::{demo, repository, tools};

/// Temporary files go here: on a disk by convention, whereas `/tmp` may be memory, where durability costs nothing.
const FOLDER: &str = "/var/tmp";
/// Load before each measurement, so that connections stand and pages are in memory.
const WARM_SECONDS: u64 = 2;

const NGINX: tools::Tool =
    tools::Tool { what: "nginx", package: "nginx", present: || tools::answers("nginx", &["-v"]) };
const WRK: tools::Tool = tools::Tool {
    what: "the load generator wrk",
    package: "wrk",
    // It has no option that succeeds without a load.
    present: || !machine::output("wrk", &["--version"]).is_empty(),
};

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each is repeated; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Only this store; both otherwise.
    #[arg(long, value_enum)]
    store: Option<Store>,
    /// Measure this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Leave out the look-ups in the population base, which has to be built first.
    #[arg(long)]
    no_population: bool,
    /// Write docs/benchmarks.md.
    #[arg(long)]
    write_docs: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
}

/// Measures, prints, writes.
pub fn run(options: &Options) -> Result<()> {
    tools::ensure_installed(&[NGINX, WRK, tools::OPENSSL])?;
    let binary = options.binary.clone().map_or_else(demo::release_binary, Ok)?;
    let target = repository::Metadata::read()?.target_directory;
    let folder = tempfile::Builder::new().prefix("lienthong-bench-").tempdir_in(FOLDER)?;
    let mut report = Report::new(Machine::here(), std::fs::metadata(&binary)?.len());
    report.nginx = machine::output("nginx", &["-v"]);
    report.rounds = options.rounds;
    report.seconds = options.seconds;

    let backend = Backend::start(&binary)?;
    let nginx = Nginx::start(&folder.path().join("nginx"), &backend.url)?;
    for store in [Store::Sqlite, Store::Postgres] {
        if options.store.is_none_or(|only| only == store) {
            let bench =
                Bench { binary: &binary, folder: folder.path(), backend: &backend, nginx: &nginx, options };
            bench.measure(store, &mut report)?;
        }
    }
    drop(nginx);
    if !options.no_population {
        say("look-ups in the population base");
        let rounds = usize::from(options.rounds);
        report.look_ups = population::measure(&binary, &target.join("bench/demo"), options.seconds, rounds)?;
    }
    let page = options.write_docs.then(|| ("benchmarks.md", report.page()));
    publish("exchange", (&report.json()?, &report.markdown()), page)
}

/// What all measurements share.
struct Bench<'a> {
    binary: &'a Path,
    folder: &'a Path,
    backend: &'a Backend,
    nginx: &'a Nginx,
    options: &'a Options,
}

/// One way of travel: where to send load, and the processes that carry it.
struct Subject<'a> {
    name: &'static str,
    target: Target,
    processes: Vec<(&'static str, &'a Running)>,
}

impl Bench<'_> {
    fn measure(&self, store: Store, report: &mut Report) -> Result<()> {
        let cluster = (store == Store::Postgres).then(own_cluster).transpose()?;
        let name = if cluster.is_some() { "PostgreSQL" } else { "SQLite" };
        say(&format!("starting nodes on {name}"));
        let nodes = |signing: Signing| {
            let folder = self.folder.join(format!("{name}-{}", signing.name()));
            let database =
                |cluster: &Cluster, side| cluster.create_database(&format!("{side}_{}", signing.name()));
            let both = |cluster| {
                Ok::<_, anyhow::Error>([database(cluster, "consumer")?, database(cluster, "provider")?])
            };
            let stores = cluster.as_ref().map(both).transpose()?;
            Nodes::start(self.binary, &folder, stores.as_ref(), signing, &self.backend.url)
        };
        let (single, batch) = (nodes(Signing::Single)?, nodes(Signing::Batch)?);
        let database = cluster.as_ref().map(Cluster::server);
        for nodes in [&single, &batch] {
            report.starts.push(Start { store: name, ready_ms: nodes.start_to_ready.as_secs_f64() * 1000.0 });
        }
        let subjects = [
            self.peer(),
            self.nodes(&single, Signing::Single.title(), database),
            self.nodes(&batch, Signing::Batch.title(), database),
        ];
        for subject in &subjects {
            check_answer(subject)?;
        }
        report.throughput.extend(self.throughput(name, &subjects)?);
        for (signing, nodes) in [(Signing::Single, &single), (Signing::Batch, &batch)] {
            let bytes = [nodes.consumer.pid(), nodes.provider.pid()].map(kernel::peak_memory_bytes);
            let [consumer_bytes, provider_bytes] = bytes.map(|bytes| bytes.unwrap_or(0));
            report.memory.push(Memory {
                store: name,
                signing: signing.name(),
                consumer_bytes,
                provider_bytes,
            });
        }
        report.latency.extend(self.latency(name, &subjects)?);
        report.bodies.push(bodies(name, &batch)?);
        Ok(())
    }

    fn peer(&self) -> Subject<'_> {
        Subject {
            name: "nginx",
            target: Target { url: self.nginx.url.clone(), client: "-".to_owned() },
            processes: vec![
                ("consumer side", &self.nginx.consumer_side),
                ("provider side", &self.nginx.provider_side),
                ("service", &self.backend.process),
            ],
        }
    }

    fn nodes<'a>(
        &'a self,
        nodes: &'a Nodes,
        name: &'static str,
        database: Option<&'a Running>,
    ) -> Subject<'a> {
        let mut processes = vec![
            ("consumer side", &nodes.consumer),
            ("provider side", &nodes.provider),
            ("service", &self.backend.process),
        ];
        processes.extend(database.map(|database| ("database", database)));
        Subject { name, target: Target { url: nodes.url.clone(), client: nodes.client.clone() }, processes }
    }

    /// Calls a second and processor time of a call, one row for each subject.
    fn throughput(&self, store: &'static str, subjects: &[Subject<'_>]) -> Result<Vec<Row>> {
        let mut rows: Vec<Row> = subjects.iter().map(|subject| Row::new(store, subject.name)).collect();
        for round in 1..=self.options.rounds {
            for (subject, row) in subjects.iter().zip(&mut rows) {
                say(&format!("throughput on {store}, round {round}: {}", subject.name));
                load::flood(&subject.target, WARM_SECONDS, None)?;
                let before = processor_times(subject)?;
                let seen = load::flood(&subject.target, self.options.seconds, None)?;
                row.rounds.push(seen);
                row.processor_us.push(per_call(&before, &processor_times(subject)?, seen));
            }
        }
        Ok(rows)
    }

    /// Time of a call at a fixed rate, the service alone first.
    fn latency(&self, store: &'static str, subjects: &[Subject<'_>]) -> Result<Vec<Latency>> {
        let alone = Target { url: self.backend.url.clone(), client: "-".to_owned() };
        let targets = std::iter::once(("the service alone", &alone));
        let targets = targets.chain(subjects.iter().map(|subject| (subject.name, &subject.target)));
        let mut rows: Vec<(Latency, &Target)> = targets
            .map(|(name, target)| (Latency { store, subject: name, took_ms: Vec::new() }, target))
            .collect();
        for round in 1..=self.options.rounds {
            say(&format!("latency on {store}, round {round}"));
            for (row, target) in &mut rows {
                row.took_ms.extend(load::paced(target, self.options.seconds)?);
            }
        }
        Ok(rows.into_iter().map(|(row, _)| row.sorted()).collect())
    }
}

/// Large bodies all at once, and what they cost in memory.
fn bodies(store: &'static str, nodes: &Nodes) -> Result<Bodies> {
    say(&format!("large bodies on {store}"));
    let pids = [nodes.consumer.pid(), nodes.provider.pid()];
    for pid in pids {
        kernel::forget_peak(pid)?;
    }
    let took = load::large_bodies(&Target { url: nodes.url.clone(), client: nodes.client.clone() })?;
    let [consumer_bytes, provider_bytes] = pids.map(kernel::peak_memory_bytes);
    Ok(Bodies {
        store,
        seconds: took.as_secs_f64(),
        consumer_bytes: consumer_bytes?,
        provider_bytes: provider_bytes?,
    })
}

/// Refuses to measure an error page.
fn check_answer(subject: &Subject<'_>) -> Result<()> {
    let Target { url, client } = &subject.target;
    let mut connection = http::Connection::open(url.address)?;
    connection.send(&http::request("GET", url, &[("x-road-client", client)], None))?;
    let (status, body) = connection.receive()?;
    let text = String::from_utf8_lossy(&body);
    ensure!(status == 200, "{}: a call was answered with {status}: {text}", subject.name);
    ensure!(
        (900..1200).contains(&body.len()),
        "{}: the answer has {} bytes, not about 1 kB",
        subject.name,
        body.len()
    );
    Ok(())
}

type Times = BTreeMap<&'static str, f64>;

/// Processor seconds so far.
fn processor_times(subject: &Subject<'_>) -> Result<Times> {
    let mut times = Times::new();
    for (role, process) in &subject.processes {
        times.insert(role, kernel::processor_time(process.pid())?.as_secs_f64());
    }
    times.insert("load (wrk)", kernel::processor_time_of_finished_children()?.as_secs_f64());
    Ok(times)
}

/// Microseconds of processor time that one call cost in each process.
fn per_call(before: &Times, after: &Times, seen: Throughput) -> Times {
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    let calls = seen.calls.max(1) as f64;
    after
        .iter()
        .map(|(role, seconds)| (*role, (seconds - before.get(role).unwrap_or(&0.0)) * 1e6 / calls))
        .collect()
}

fn own_cluster() -> Result<Cluster> {
    tools::ensure_installed(&[tools::POSTGRES])?;
    Cluster::start(&PathBuf::from(FOLDER))
}

fn say(what: &str) {
    eprintln!("… {what}");
}
