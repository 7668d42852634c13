//! Figures of the process engine as a table for people and as JSON for programs.

use anyhow::Result;
use serde_json::{Value, json};

use super::{ELEMENTS, Options, TASKS_PER_SECOND, TIMERS};
use crate::bench::machine::Machine;

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// Tasks a second, at least.
const TASKS_MIN: f64 = 1_500.0;
/// Milliseconds within which 99 of 100 tasks are done at [`TASKS_PER_SECOND`].
const P99_MS_MAX: f64 = 50.0;
/// How much longer the next step of an instance with a long past may take.
const GROWTH_MAX: f64 = 1.2;
/// Seconds for deploying [`ELEMENTS`] elements.
const DEPLOY_S_MAX: f64 = 1.0;

/// What instances are kept in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Sqlite,
    Postgres,
}

/// Both, in the order of the tables.
pub const STORES: [Store; 2] = [Store::Sqlite, Store::Postgres];

impl Store {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Everything that was measured in one run.
pub struct Report {
    machine: Machine,
    server: String,
    instances: u32,
    seconds: u32,
    rounds: u16,
    callers: u32,
    /// Whether the program was built as the product is.
    optimised: bool,
    /// `SpiffWorkflow` with its state in memory only, by round.
    pub peer_in_memory: Vec<Value>,
    /// The same with its state in a file after each task.
    pub peer_saved: Vec<Value>,
    figures: [Figures; 2],
}

/// What was measured on one store, as the program under load printed it.
#[derive(Default)]
pub struct Figures {
    pub throughput: Vec<Value>,
    pub latency: Value,
    pub growth: Value,
    pub deploy: Value,
    pub fill: Value,
    pub store_bytes: u64,
    pub wake: Value,
}

/// A promise, and what became of it.
struct Goal {
    what: String,
    wanted: String,
    measured: String,
    met: bool,
}

/// The number at a place of the figures; not a number where there is none, which meets no goal.
fn number(figures: &Value, place: &str) -> f64 {
    figures.pointer(place).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn tasks_per_second(figures: &Value) -> f64 {
    number(figures, "/tasks") / number(figures, "/seconds")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of the ratios within each round.
fn ratio(ours: &[Value], peer: &[Value]) -> f64 {
    let pairs = ours.iter().zip(peer);
    median(pairs.map(|(ours, peer)| tasks_per_second(ours) / tasks_per_second(peer)).collect())
}

impl Figures {
    fn tasks_per_second(&self) -> f64 {
        median(self.throughput.iter().map(tasks_per_second).collect())
    }

    fn growth(&self) -> f64 {
        number(&self.growth, "/long/ms/p50") / number(&self.growth, "/short/ms/p50")
    }

    fn goals(&self, store: Store) -> Vec<Goal> {
        let title = store.title();
        let (tasks, growth) = (self.tasks_per_second(), self.growth());
        let (p99, deploy) = (number(&self.latency, "/ms/p99"), number(&self.deploy, "/ms/max") / 1e3);
        let goal = |what: String, wanted: String, measured: String, met: bool| Goal {
            what: format!("{title}: {what}"),
            wanted,
            measured,
            met,
        };
        vec![
            goal(
                "tasks completed a second, each durably".to_owned(),
                format!("≥ {TASKS_MIN:.0}"),
                format!("{tasks:.0}"),
                tasks >= TASKS_MIN,
            ),
            goal(
                format!("p99 of a task at {TASKS_PER_SECOND}/s"),
                format!("< {P99_MS_MAX:.0} ms"),
                format!("{p99:.1} ms"),
                p99 < P99_MS_MAX,
            ),
            goal(
                "next step after 1000 past steps, beside after 5".to_owned(),
                format!("≤ {GROWTH_MAX} ×"),
                format!("{growth:.2} ×"),
                growth <= GROWTH_MAX,
            ),
            goal(
                format!("deploying {ELEMENTS} elements, the slowest time"),
                format!("< {DEPLOY_S_MAX:.0} s"),
                format!("{deploy:.2} s"),
                deploy < DEPLOY_S_MAX,
            ),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "throughput": self.throughput, "latency": self.latency, "growth": self.growth, "deploy": self.deploy,
            "fill": self.fill, "store_bytes": self.store_bytes, "wake": self.wake,
        })
    }
}

impl Report {
    pub fn new(machine: Machine, server: String, options: &Options) -> Self {
        let Options { instances, seconds, rounds, callers, .. } = *options;
        let (peer_in_memory, peer_saved) = (Vec::new(), Vec::new());
        let (figures, optimised) = ([Figures::default(), Figures::default()], options.program.is_none());
        Self {
            machine,
            server,
            instances,
            seconds,
            rounds,
            callers,
            optimised,
            peer_in_memory,
            peer_saved,
            figures,
        }
    }

    /// The figures of a store.
    pub fn of(&mut self, store: Store) -> &mut Figures {
        &mut self.figures[store as usize]
    }

    fn each(&self) -> impl Iterator<Item = (Store, &Figures)> {
        STORES.into_iter().zip(&self.figures)
    }

    /// For programs; figures are not rounded.
    pub fn json(&self) -> Result<String> {
        let Self { machine, server, instances, seconds, rounds, callers, optimised, .. } = self;
        let stores: serde_json::Map<_, _> =
            self.each().map(|(store, figures)| (store.title().to_owned(), figures.json())).collect();
        let all = json!({
            "machine": machine, "server": server, "instances": instances, "seconds": seconds, "rounds": rounds,
            "callers": callers, "optimised": optimised, "stores": stores,
            "spiffworkflow": {"in_memory": self.peer_in_memory, "saved": self.peer_saved},
        });
        Ok(serde_json::to_string_pretty(&all)? + "\n")
    }

    /// The tables.
    pub fn markdown(&self) -> String {
        [self.goal_table(), self.task_table(), self.latency_table(), self.other_table(), self.waiting_table()]
            .concat()
    }

    fn goal_table(&self) -> String {
        let head = "\n## Goals\n\n| what | wanted | measured | reached |\n|---|---|---|---|\n".to_owned();
        self.each().flat_map(|(store, figures)| figures.goals(store)).fold(head, |text, goal| {
            let Goal { what, wanted, measured, met } = goal;
            text + &format!("| {what} | {wanted} | {measured} | {} |\n", if met { "yes" } else { "**no**" })
        })
    }

    fn task_table(&self) -> String {
        let mut text = format!(
            "\n## Tasks completed a second\n\n{} callers of Liên Thông begin an instance, ask for its tasks, complete each, and \
             begin the next. SpiffWorkflow is called directly by one loop, without asking.\n\n\
             | who | tasks/s | × SpiffWorkflow saved | × SpiffWorkflow in memory |\n|---|---|---|---|\n",
            self.callers
        );
        let peers =
            [("SpiffWorkflow, in memory", &self.peer_in_memory), ("SpiffWorkflow, saved", &self.peer_saved)];
        let ours = self.each().map(|(store, figures)| (store.title(), &figures.throughput));
        for (who, rounds) in peers.into_iter().chain(ours) {
            let tasks = median(rounds.iter().map(tasks_per_second).collect());
            let (saved, memory) = (ratio(rounds, &self.peer_saved), ratio(rounds, &self.peer_in_memory));
            add(&mut text, &format!("| {who} | {tasks:.0} | {saved:.1} | {memory:.1} |\n"));
        }
        text
    }

    fn latency_table(&self) -> String {
        let head = format!(
            "\n## Time of a task at {TASKS_PER_SECOND} tasks/s\n\nTasks are completed by a schedule, whether or not those before are \
             answered; time counts from when a task was due.\n\n\
             | store | p50 ms | p95 ms | p99 ms | longest ms |\n|---|---|---|---|---|\n"
        );
        self.each().fold(head, |text, (store, Figures { latency, .. })| {
            let [p50, p95, p99, max] =
                ["p50", "p95", "p99", "max"].map(|name| number(latency, &format!("/ms/{name}")));
            text + &format!("| {} | {p50:.1} | {p95:.1} | {p99:.1} | {max:.1} |\n", store.title())
        })
    }

    fn other_table(&self) -> String {
        let mut text = "\n## A long past\n\n| store | past steps | next step p50 ms | p99 ms | bytes of the state | rows of history |\n\
                        |---|---|---|---|---|---|\n"
            .to_owned();
        for (store, Figures { growth, .. }) in self.each() {
            for (steps, name) in [("1000", "long"), ("5", "short")] {
                let of = |place: &str| number(growth, &format!("/{name}/{place}"));
                let (p50, p99, bytes, rows) =
                    (of("ms/p50"), of("ms/p99"), of("state_bytes"), of("history_rows"));
                add(
                    &mut text,
                    &format!(
                        "| {} | {steps} | {p50:.2} | {p99:.2} | {bytes:.0} | {rows:.0} |\n",
                        store.title()
                    ),
                );
            }
        }
        add(
            &mut text,
            &format!(
                "\n## Deploying {ELEMENTS} elements\n\n| store | p50 ms | longest ms | first instance then, p50 ms |\n|---|---|---|---|\n"
            ),
        );
        for (store, Figures { deploy, .. }) in self.each() {
            let (p50, max) = (number(deploy, "/ms/p50"), number(deploy, "/ms/max"));
            let first = number(deploy, "/first_start_ms/p50");
            add(&mut text, &format!("| {} | {p50:.0} | {max:.0} | {first:.1} |\n", store.title()));
        }
        text
    }

    fn waiting_table(&self) -> String {
        let mut text = format!(
            "\n## {} waiting instances with timers\n\nEach was begun by a call of its own. Then the process is started again on that \
             store, and {TIMERS} more instances begin whose timers all fall due at one moment. Lateness counts until a reader that \
             looks every 20 ms has seen the instance ended. Memory is that of the engine's process.\n\n\
             | store | begun/s | store MiB | bytes each | opening to ready | memory when ready | memory at most | timers late p50 | \
             p99 | latest |\n|---|---|---|---|---|---|---|---|---|---|\n",
            self.instances
        );
        for (store, Figures { fill, wake, store_bytes, .. }) in self.each() {
            let begun = number(fill, "/instances") / number(fill, "/seconds");
            let bytes = mebibytes(*store_bytes);
            let each = bytes * MEBIBYTE / f64::from(self.instances);
            let ready = number(wake, "/ready_seconds") * 1e3;
            let memory = ["/rss_ready_bytes", "/rss_peak_bytes"].map(|place| number(wake, place) / MEBIBYTE);
            let [p50, p99, max] = ["p50", "p99", "max"].map(|name| number(wake, &format!("/late_ms/{name}")));
            add(
                &mut text,
                &format!(
                    "| {} | {begun:.0} | {bytes:.0} | {each:.0} | {ready:.0} ms | {:.0} MiB | {:.0} MiB | {p50:.0} ms | {p99:.0} ms | \
                 {max:.0} ms |\n",
                    store.title(),
                    memory[0],
                    memory[1]
                ),
            );
        }
        text
    }

    /// The page docs/benchmarks-process.md.
    pub fn page(&self) -> String {
        let Machine { cores, processor, memory_gib, kernel, date } = &self.machine;
        let version = self.peer_saved.first().and_then(|one| one["version"].as_str()).unwrap_or_default();
        format!(
            "# Benchmarks of the process engine

Written by `cargo xtask bench process --write-docs` on {date}; run it to have the figures of your machine.

Machine: {cores} cores ({processor}), {memory_gib} GiB, {kernel}; {server}. Callers, engine and database share these cores, and
others share the machine: read the ratios, not the figures. This run: {instances} waiting instances, {rounds} rounds of {seconds} s,
{build}.

The model has four user tasks, one choice with one condition, one parallel split and join; its file is the same for
SpiffWorkflow {version} (Python, one thread). A dossier brings five variables of about 600 bytes, each task two more. Liên Thông
commits every step durably (`synchronous=FULL`, `synchronous_commit=on`) with state, history, open work and who did it, before the
caller has its answer; callers that ask at the same moment share a transaction. SpiffWorkflow is measured in memory, and with its
state serialized to JSON and committed to SQLite just as durably after the begin and after each task; it keeps no history
beside the state. Each figure is the median of the rounds, and within a round everybody is measured one after the other.
{tables}",
            server = self.server,
            build = if self.optimised { "built as the product is" } else { "a trial with a build of somebody's own (`--program`)" },
            instances = self.instances,
            rounds = self.rounds,
            seconds = self.seconds,
            tables = self.markdown(),
        )
    }
}

fn add(text: &mut String, more: &str) {
    text.push_str(more);
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MEBIBYTE
}
