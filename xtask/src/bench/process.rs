//! `cargo xtask bench process`: what the process engine does with every step on the disk, beside `SpiffWorkflow`.

mod models;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::machine::{self, Machine};
use super::publish::publish;
use crate::children::RunAs;
use crate::postgres::Cluster;
use crate::{interrupt, repository, tools};
use report::{Report, STORES, Store};

/// Temporary files go here, as those of `bench exchange` do.
const FOLDER: &str = "/var/tmp";
/// Names the variable with the address of the store; it may hold a password.
const STORE_VARIABLE: &str = "LIENTHONG_LOAD_STORE";
/// The peer: its arguments stand in the file.
const SPIFF: &str = include_str!("process/spiff.py");
/// Tasks a second at which latency is measured.
const TASKS_PER_SECOND: u32 = 500;
/// Timers that fall due at the same moment among the waiting instances.
const TIMERS: u32 = 1_000;
/// Elements of the model that is deployed.
const ELEMENTS: u32 = 5_000;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Instances that wait for a timer.
    #[arg(long, default_value_t = 1_000_000)]
    instances: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Rounds; in each, everybody is measured once.
    #[arg(long, default_value_t = 3)]
    rounds: u16,
    /// Callers that complete tasks at the same time.
    #[arg(long, default_value_t = 64)]
    callers: u32,
    /// Measure with this build of the example `load` of the crate `process` instead of a release build of it.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Write docs/benchmarks-process.md.
    #[arg(long)]
    write_docs: bool,
}

/// Measures, prints, writes.
pub fn run(options: &Options) -> Result<()> {
    ensure!(options.instances >= 1_000, "--instances: at least 1000");
    ensure!(options.rounds >= 1 && options.seconds >= 1, "--rounds and --seconds: at least 1");
    tools::ensure_installed(&[tools::POSTGRES, tools::PYTHON])?;
    let python = tools::python_of_benchmarks()?;
    let program = options.program.clone().map_or_else(release_program, Ok)?;
    let folder = tempfile::Builder::new().prefix("lienthong-bench-").tempdir_in(FOLDER)?;
    models::write(folder.path(), ELEMENTS)?;
    fs::write(folder.path().join("spiff.py"), SPIFF)?;
    let cluster = Cluster::start(folder.path())?;
    let bench = Bench { options, program: &program, python: &python, folder: folder.path(), cluster };
    let mut report = Report::new(Machine::here(), machine::postgres()?, options);
    bench.rounds(&mut report)?;
    for store in STORES {
        bench.on(store, &mut report)?;
    }
    let page = options.write_docs.then(|| ("benchmarks-process.md", report.page()));
    publish("process", (&report.json()?, &report.markdown()), page)
}

/// Builds what puts the engine under load, optimised as the product is.
fn release_program() -> Result<PathBuf> {
    let build = ["build", "--release", "--package", "process", "--example", "load"];
    ensure!(repository::cargo(&build).status()?.success(), "the build failed, see above");
    Ok(repository::Metadata::read()?.target_directory.join("release/examples/load"))
}

struct Bench<'a> {
    options: &'a Options,
    program: &'a Path,
    python: &'a Path,
    folder: &'a Path,
    cluster: Cluster,
}

/// A store of one measurement.
enum Place {
    File(PathBuf),
    Database(String),
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Database(url) => url.clone(),
        }
    }

    /// Its bytes, when nobody has it open.
    fn bytes(&self) -> Result<u64> {
        let url = match self {
            Self::File(path) => return Ok(fs::metadata(path)?.len()),
            Self::Database(url) => url,
        };
        let programs = tools::postgres_programs().context("no PostgreSQL server is installed")?;
        let mut psql = RunAs::Myself.command(&programs.join("psql"));
        psql.args(["-XAtc", "SELECT pg_database_size(current_database())"]).arg(url);
        let output = psql.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "psql failed, see above");
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
}

impl Bench<'_> {
    /// Throughput: everybody once in each round, one after the other.
    fn rounds(&self, report: &mut Report) -> Result<()> {
        let Options { seconds, rounds, callers, .. } = self.options;
        for round in 1..=*rounds {
            say(&format!("tasks a second, round {round} of {rounds}"));
            report.peer_in_memory.push(self.peer(None)?);
            report.peer_saved.push(self.peer(Some(self.folder.join(format!("spiff-{round}.db"))))?);
            for store in STORES {
                let place = self.place(store, &format!("nhanh_{round}"))?;
                let subject = json!({"throughput": {
                    "model": self.model("ho-so"), "callers": callers, "seconds": seconds,
                }});
                let figures = self.load(&place, &subject)?;
                report.of(store).throughput.push(figures);
            }
        }
        Ok(())
    }

    /// Everything else, on one store.
    fn on(&self, store: Store, report: &mut Report) -> Result<()> {
        let Options { seconds, .. } = self.options;
        say(&format!("{}: latency at {TASKS_PER_SECOND} tasks/s", store.title()));
        let latency = json!({"latency": {
            "model": self.model("ho-so"), "per_second": TASKS_PER_SECOND, "seconds": seconds,
        }});
        report.of(store).latency = self.load(&self.place(store, "deu")?, &latency)?;
        say(&format!("{}: a long past", store.title()));
        let growth = json!({"growth": {
            "model": self.model("lap"), "instances": 20, "past_long": 1_000, "past_short": 5, "steps": 10,
        }});
        report.of(store).growth = self.load(&self.place(store, "lau")?, &growth)?;
        say(&format!("{}: deploying {ELEMENTS} elements", store.title()));
        let deploy = json!({"deploy": {"model": self.model("lon"), "times": 9}});
        report.of(store).deploy = self.load(&self.place(store, "lon")?, &deploy)?;
        self.waiting(store, report)
    }

    fn waiting(&self, store: Store, report: &mut Report) -> Result<()> {
        let instances = self.options.instances;
        say(&format!("{}: {instances} waiting instances", store.title()));
        let place = self.place(store, "cho")?;
        let fill = json!({"fill": {"model": self.model("cho"), "instances": instances}});
        report.of(store).fill = self.load(&place, &fill)?;
        report.of(store).store_bytes = place.bytes()?;
        say(&format!("{}: restart, {TIMERS} timers", store.title()));
        let wake = json!({"wake": {"model": self.model("sap"), "timers": TIMERS}});
        report.of(store).wake = self.load(&place, &wake)?;
        Ok(())
    }

    fn model(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.bpmn"))
    }

    /// An empty store.
    fn place(&self, store: Store, name: &str) -> Result<Place> {
        Ok(match store {
            Store::Sqlite => Place::File(self.folder.join(format!("{name}.db"))),
            Store::Postgres => Place::Database(self.cluster.create_database(name)?),
        })
    }

    /// Lets the engine do something; the figures that it prints.
    fn load(&self, place: &Place, subject: &Value) -> Result<Value> {
        interrupt::check()?;
        let mut command = RunAs::Myself.command(self.program);
        command.arg(subject.to_string()).env(STORE_VARIABLE, place.url());
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{subject} failed, see above");
        serde_json::from_slice(&output.stdout).context("the program under load printed no JSON")
    }

    fn peer(&self, file: Option<PathBuf>) -> Result<Value> {
        interrupt::check()?;
        let mut command = RunAs::Myself.command(self.python);
        command.arg(self.folder.join("spiff.py")).arg(self.model("ho-so"));
        command.arg(self.options.seconds.to_string());
        command.arg(file.unwrap_or_else(|| "-".into()));
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "SpiffWorkflow failed, see above");
        serde_json::from_slice(&output.stdout).context("SpiffWorkflow printed no JSON")
    }
}

fn say(what: &str) {
    eprintln!("… {what}");
}
