//! `cargo xtask bench sources`: data services from a database, beside the bare driver and generic servers.

mod peers;
mod report;
mod table;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use rustix::process::Signal;
use serde_json::Value;

use super::http::{self, Url};
use super::kernel;
use super::load::{self, Target};
use super::machine::{self, Machine};
use super::nodes::Backend;
use super::publish::publish;
use crate::children::{RunAs, Running};
use crate::postgres::Cluster;
use crate::{demo, interrupt, mariadb, ports, tools};
use peers::{Paths, Peer};
use report::{Export, Inspected, Processor, Report, Round, Row};

/// Temporary files go here, as those of `bench exchange` do.
const FOLDER: &str = "/var/tmp";
/// How long the service may take until it answers.
const START_SECONDS_MAX: u64 = 30;
/// Connections over which is asked.
const CONNECTIONS: [usize; 2] = [1, 16];
/// Tables of the database that `inspect` looks at.
pub const TABLES: usize = 500;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Rows of the table.
    #[arg(long, default_value_t = 1_700_000)]
    rows: u64,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds; in each, everything is measured once.
    #[arg(long, default_value_t = 3)]
    rounds: u16,
    /// Measure this binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write docs/benchmarks-sources.md.
    #[arg(long)]
    write_docs: bool,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Question {
    LookUp,
    Page,
}

impl Question {
    pub const ALL: [Self; 2] = [Self::LookUp, Self::Page];

    pub const fn title(self) -> &'static str {
        match self {
            Self::LookUp => "look-up by key",
            Self::Page => "page of 100 rows",
        }
    }
}

/// Measures, prints, writes.
pub fn run(options: &Options) -> Result<()> {
    ensure!(options.rows >= 1_000, "--rows: at least 1000");
    tools::ensure_installed(&[tools::POSTGRES, tools::MARIADB, tools::MARIADB_CLIENT, tools::PYTHON])?;
    let python = tools::python_of_benchmarks()?;
    let binary = options.binary.clone().map_or_else(demo::release_binary, Ok)?;
    let folder = tempfile::Builder::new().prefix("lienthong-bench-").tempdir_in(FOLDER)?;
    let mut report = Report::new(Machine::here(), options.rows, options.seconds, options.rounds);
    say("filling the table");
    let cluster = Cluster::start(folder.path())?;
    let url = cluster.create_database("do")?;
    table::fill(&url, options.rows)?;
    let file = table::to_sqlite(&url, &python, folder.path())?;
    let database = cluster.server().pid();
    let bench =
        Bench { options, binary: &binary, python: &python, folder: folder.path(), url: &url, database };
    report.server = machine::postgres()?;
    bench.questions(&file, &mut report)?;
    bench.exports(&mut report)?;
    bench.inspections(&cluster, &mut report)?;
    let page = options.write_docs.then(|| ("benchmarks-sources.md", report.page()));
    publish("sources", (&report.json()?, &report.markdown()), page)
}

struct Bench<'a> {
    options: &'a Options,
    binary: &'a Path,
    python: &'a Path,
    folder: &'a Path,
    url: &'a str,
    /// The first process of the database's server.
    database: u32,
}

/// The service at work.
struct Ours {
    running: Running,
    base: String,
    definition: PathBuf,
}

/// Somebody who answers over HTTP, by question.
#[derive(Clone)]
struct Subject<'a> {
    name: &'a str,
    pid: [u32; 2],
    urls: [Url; 2],
    scripts: [Option<PathBuf>; 2],
}

impl Bench<'_> {
    fn ours(&self) -> Result<Ours> {
        let dir = self.folder.join("sources");
        let definition = table::definition(&dir, self.url)?;
        let port = ports::free()?;
        let mut command = RunAs::Myself.command(self.binary);
        command.args(["sandbox-sources", "serve", "--listen", &format!("127.0.0.1:{port}"), "--dir"]);
        command.arg(&dir).env("RUST_LOG", "warn");
        let mut running = Running::start("the service", command, Signal::TERM)?;
        let base = format!("http://127.0.0.1:{port}/DO/nguoi");
        let probe = Url::parse(&format!("{base}/000000007919"))?;
        running.wait_until(START_SECONDS_MAX, || matches!(http::get(&probe), Ok((200, _))))?;
        Ok(Ours { running, base, definition })
    }

    /// Look-ups and pages of everybody, round by round.
    fn questions(&self, file: &Path, report: &mut Report) -> Result<()> {
        let ours = self.ours()?;
        say("starting the peers");
        let peers = peers::start(self.python, file)?;
        report.peers = peers.iter().map(|peer| peer.name.clone()).collect();
        let subjects = self.subjects(&ours, &peers)?;
        let bytes = [peers::check(&ours.base, PATHS.look_up)?, peers::check(&ours.base, PATHS.page)?];
        let fixed =
            [Backend::with_bytes(self.binary, bytes[0])?, Backend::with_bytes(self.binary, bytes[1])?];
        let http = Subject {
            name: Row::HTTP,
            pid: [fixed[0].process.pid(), fixed[1].process.pid()],
            urls: [fixed[0].url.clone(), fixed[1].url.clone()],
            scripts: [None, None],
        };
        let subjects = [subjects, vec![http]].concat();
        report.answer_bytes = bytes;
        for round in 1..=self.options.rounds {
            for connections in CONNECTIONS {
                for question in Question::ALL {
                    say(&format!("round {round}, {connections} connections: {}", question.title()));
                    self.ask_all(&subjects, &ours, (question, connections), report)?;
                }
            }
        }
        report.roapi_bytes = kernel::peak_memory_bytes(peers[0].running.pid())?;
        report.service_bytes = kernel::peak_memory_bytes(ours.running.pid())?;
        Ok(())
    }

    fn subjects<'a>(&self, ours: &'a Ours, peers: &'a [Peer]) -> Result<Vec<Subject<'a>>> {
        let all = [(Row::OURS, &ours.running, &*ours.base, PATHS)].into_iter();
        let all = all.chain(peers.iter().map(|peer| (&*peer.name, &peer.running, &*peer.base, peer.paths)));
        let subjects = all.enumerate().map(|(number, (name, running, base, paths))| {
            peers::check(base, paths.look_up)?;
            peers::check(base, paths.page)?;
            let url = Url::parse(base)?;
            let script = |kind: &str, path: &str| {
                let path = format!("{}{path}", url.path.trim_end_matches('/'));
                peers::script(self.folder, &format!("{kind}-{number}"), self.options.rows, &path).map(Some)
            };
            let scripts = [script("look-up", paths.look_up)?, script("page", paths.page)?];
            Ok(Subject { name, pid: [running.pid(); 2], urls: [url.clone(), url], scripts })
        });
        subjects.collect()
    }

    fn ask_all(
        &self,
        subjects: &[Subject<'_>],
        ours: &Ours,
        (question, connections): (Question, usize),
        report: &mut Report,
    ) -> Result<()> {
        let which = usize::from(question == Question::Page);
        for subject in subjects {
            let target = Target { url: subject.urls[which].clone(), client: String::new() };
            let before = self.processor(Some(subject.pid[which]))?;
            let seen = load::flood_over(
                connections,
                &target,
                self.options.seconds,
                subject.scripts[which].as_deref(),
            )
            .with_context(|| subject.name.to_owned())?;
            let spent = self.processor(Some(subject.pid[which]))?.since(&before, seen.calls);
            let round = Round { per_second: seen.calls_per_second, p99_ms: Some(seen.p99_ms), spent };
            report.row(subject.name, question, connections).rounds.push(round);
        }
        let round = self.driver(&ours.definition, question, connections)?;
        report.row(Row::DRIVER, question, connections).rounds.push(round);
        Ok(())
    }

    /// Processor time until now: of the database, of who answers, and of the load or the driver, which have ended.
    fn processor(&self, pid: Option<u32>) -> Result<Processor> {
        Ok(Processor {
            database: kernel::processor_time(self.database)?.as_secs_f64(),
            service: pid.map(kernel::processor_time).transpose()?.unwrap_or_default().as_secs_f64(),
            load: kernel::processor_time_of_finished_children()?.as_secs_f64(),
        })
    }

    /// What the bare driver does.
    fn driver(&self, definition: &Path, question: Question, connections: usize) -> Result<Round> {
        let mut command = RunAs::Myself.command(self.binary);
        command.args(["sandbox-sources", "driver", "--definition"]).arg(definition);
        command.args(["--rows", &self.options.rows.to_string(), "--connections", &connections.to_string()]);
        command.args(["--seconds", &self.options.seconds.to_string()]).env("LIENTHONG_BENCH_URL", self.url);
        if question == Question::Page {
            command.args(["--page-by", "tuId"]);
        }
        let before = self.processor(None)?;
        let output = command.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "sandbox-sources driver failed");
        let after = self.processor(None)?;
        let said: Value = serde_json::from_slice(&output.stdout).context("the driver printed no JSON")?;
        let figure = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
        ensure!(figure("bytes") > 0.0, "the driver got nothing");
        let calls = said["calls"].as_u64().unwrap_or_default();
        let per_second = figure("calls") / figure("seconds");
        Ok(Round { per_second, p99_ms: None, spent: after.since(&before, calls) })
    }

    /// All rows, in both forms, each by a fresh process so that its memory is its own; beside the server's `COPY`.
    fn exports(&self, report: &mut Report) -> Result<()> {
        for (form, name) in [("ndjson", "nguoi.ndjson"), ("parquet", "nguoi.parquet")] {
            say(&format!("export as {form}"));
            let ours = self.ours()?;
            let url = Url::parse(&format!("{}/_export?format={form}", ours.base))?;
            let to = self.folder.join(name);
            let began = Instant::now();
            let bytes = http::download(&url, &to)?;
            let seconds = began.elapsed().as_secs_f64();
            let peak_bytes = kernel::peak_memory_bytes(ours.running.pid())?;
            let rows = if form == "parquet" { self.parquet_rows(&to)? } else { lines(&to)? };
            ensure!(rows == self.options.rows, "the export as {form} has {rows} rows");
            report.exports.push(Export { form, seconds, bytes, peak_bytes });
            fs::remove_file(to)?;
        }
        say("COPY by the server itself");
        let to = self.folder.join("nguoi.csv");
        let began = Instant::now();
        table::copy(self.url, fs::File::create(&to)?)?;
        report.copy_seconds = began.elapsed().as_secs_f64();
        Ok(())
    }

    /// Rows of a Parquet file as a reader finds them that is not ours: it reads every value.
    fn parquet_rows(&self, file: &Path) -> Result<u64> {
        let read = "import sys, pyarrow.parquet as p\nfile = p.ParquetFile(sys.argv[1])\n\
                    print(sum(batch.num_rows for batch in file.iter_batches()))";
        let output = RunAs::Myself.command(self.python).arg("-c").arg(read).arg(file).output()?;
        ensure!(output.status.success(), "not readable: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }

    fn inspections(&self, cluster: &Cluster, report: &mut Report) -> Result<()> {
        say("inspect on PostgreSQL");
        let many = cluster.create_database("nhieu")?;
        table::fill_many(&many)?;
        report.inspected.push(Inspected { engine: "PostgreSQL", seconds: self.inspect(&many)? });
        say("inspect on MariaDB");
        let server = mariadb::Server::start(self.folder)?;
        table::fill_many_mariadb(server.url())?;
        let url = format!("{}/nhieu", server.url());
        report.inspected.push(Inspected { engine: "MariaDB", seconds: self.inspect(&url)? });
        Ok(())
    }

    fn inspect(&self, url: &str) -> Result<f64> {
        interrupt::check()?;
        let began = Instant::now();
        let output =
            RunAs::Myself.command(self.binary).args(["source", "inspect", "--json", url]).output()?;
        let seconds = began.elapsed().as_secs_f64();
        ensure!(output.status.success(), "inspect failed: {}", String::from_utf8_lossy(&output.stderr));
        let seen: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        ensure!(seen.len() == TABLES, "inspect saw {} tables", seen.len());
        let guessed = |table: &Value| {
            table["columns"].as_array().is_some_and(|all| all.iter().any(|c| !c["guess"].is_null()))
        };
        ensure!(seen.iter().all(guessed), "inspect has looked at nothing");
        Ok(seconds)
    }
}

/// What is asked of the service.
const PATHS: Paths = Paths { look_up: "/{so}", page: "/?limit=100&tuId={n}" };

fn lines(file: &Path) -> Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, fs::File::open(file)?);
    let mut lines = 0;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        line.clear();
    }
    Ok(lines)
}

fn say(what: &str) {
    eprintln!("… {what}");
}
