//! Figures as a table for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::goals;
use super::load::{self, Throughput};
use super::machine::Machine;
use super::population::LookUps;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Everything that was measured in one run.
pub struct Report {
    pub machine: Machine,
    pub nginx: String,
    pub seconds: u64,
    pub rounds: u16,
    pub binary_bytes: u64,
    pub throughput: Vec<Row>,
    pub latency: Vec<Latency>,
    pub memory: Vec<Memory>,
    pub bodies: Vec<Bodies>,
    pub starts: Vec<Start>,
    pub look_ups: Vec<LookUps>,
}

/// Throughput of one way of travel.
pub struct Row {
    pub store: &'static str,
    pub subject: &'static str,
    pub rounds: Vec<Throughput>,
    /// Processor time of one call, by process, in each round.
    pub processor_us: Vec<BTreeMap<&'static str, f64>>,
}

/// Times of calls at a fixed rate.
pub struct Latency {
    pub store: &'static str,
    pub subject: &'static str,
    pub took_ms: Vec<f64>,
}

/// Resident memory at its highest under load.
pub struct Memory {
    pub store: &'static str,
    pub signing: &'static str,
    pub consumer_bytes: u64,
    pub provider_bytes: u64,
}

/// Resident memory at its highest while large bodies were under way.
pub struct Bodies {
    pub store: &'static str,
    pub seconds: f64,
    pub consumer_bytes: u64,
    pub provider_bytes: u64,
}

/// From process start to ready, the slower of two nodes.
pub struct Start {
    pub store: &'static str,
    pub ready_ms: f64,
}

impl Row {
    pub fn new(store: &'static str, subject: &'static str) -> Self {
        Self { store, subject, rounds: Vec::new(), processor_us: Vec::new() }
    }

    fn median(&self, figure: impl Fn(&Throughput) -> f64) -> f64 {
        median(self.rounds.iter().map(figure).collect())
    }

    fn processor_us(&self, role: &str) -> Option<f64> {
        let rounds: Vec<f64> =
            self.processor_us.iter().filter_map(|round| round.get(role).copied()).collect();
        (!rounds.is_empty()).then(|| median(rounds))
    }

    /// The median of the ratios within each round.
    fn ratio(&self, peer: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&peer.rounds);
        median(pairs.map(|(own, peer)| own.calls_per_second / peer.calls_per_second).collect())
    }
}

impl Latency {
    /// Puts the times in order, which [`Latency::percentile`] needs.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.took_ms.sort_by(f64::total_cmp);
        self
    }

    /// The time within which that share of the calls was answered.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.took_ms.len().saturating_sub(1);
        self.took_ms.get(last * percent / 100).copied().unwrap_or(f64::NAN)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Report {
    pub fn new(machine: Machine, binary_bytes: u64) -> Self {
        Self {
            machine,
            nginx: String::new(),
            seconds: 0,
            rounds: 0,
            binary_bytes,
            throughput: Vec::new(),
            latency: Vec::new(),
            memory: Vec::new(),
            bodies: Vec::new(),
            starts: Vec::new(),
            look_ups: Vec::new(),
        }
    }

    /// The row of nginx that was measured in the same rounds.
    fn peer(&self, row: &Row) -> Option<&Row> {
        self.throughput.iter().find(|peer| peer.store == row.store && peer.subject == "nginx")
    }

    /// The row's share of nginx's throughput.
    pub fn ratio_to_peer(&self, row: &Row) -> f64 {
        self.peer(row).map_or(f64::NAN, |peer| row.ratio(peer))
    }

    /// For programs; figures are not rounded.
    pub fn json(&self) -> Result<String> {
        let throughput: Vec<Value> = self
            .throughput
            .iter()
            .map(|row| {
                json!({
                    "store": row.store, "subject": row.subject,
                    "calls_per_second": row.median(|round| round.calls_per_second),
                    "calls_per_second_rounds": row.rounds.iter().map(|round| round.calls_per_second).collect::<Vec<_>>(),
                    "ratio_to_nginx": self.ratio_to_peer(row),
                    "p50_ms": row.median(|round| round.p50_ms), "p99_ms": row.median(|round| round.p99_ms),
                    "processor_us_per_call": self.roles().iter()
                        .filter_map(|role| Some(((*role).to_owned(), json!(row.processor_us(role)?))))
                        .collect::<serde_json::Map<_, _>>(),
                })
            })
            .collect();
        let latency = self.latency.iter().map(|row| {
            json!({ "store": row.store, "subject": row.subject, "calls": row.took_ms.len(),
                    "p50_ms": row.percentile(50), "p95_ms": row.percentile(95), "p99_ms": row.percentile(99) })
        });
        let memory = self.memory.iter().map(|row| {
            json!({ "store": row.store, "signing": row.signing,
                    "consumer_bytes": row.consumer_bytes, "provider_bytes": row.provider_bytes })
        });
        let bodies = self.bodies.iter().map(|row| {
            json!({ "store": row.store, "bodies": load::CONNECTIONS, "body_bytes": load::LARGE_BODY_BYTES,
                    "seconds": row.seconds,
                    "consumer_bytes": row.consumer_bytes, "provider_bytes": row.provider_bytes })
        });
        let starts = self.starts.iter().map(|row| json!({ "store": row.store, "ready_ms": row.ready_ms }));
        let look_ups = self.look_ups.iter().map(|row| {
            json!({ "service": row.service, "calls_per_second": row.throughput.calls_per_second,
                    "p50_ms": row.throughput.p50_ms, "p99_ms": row.throughput.p99_ms, "different": row.different })
        });
        let all = json!({
            "machine": self.machine, "nginx": self.nginx, "seconds": self.seconds, "rounds": self.rounds,
            "connections": load::CONNECTIONS, "binary_bytes": self.binary_bytes,
            "throughput": throughput,
            "latency_calls_per_second": load::CALLS_PER_SECOND, "latency": latency.collect::<Vec<_>>(),
            "memory": memory.collect::<Vec<_>>(), "bodies": bodies.collect::<Vec<_>>(),
            "starts": starts.collect::<Vec<_>>(), "look_ups": look_ups.collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string_pretty(&all)? + "\n")
    }

    fn roles(&self) -> Vec<&'static str> {
        let all = ["consumer side", "provider side", "database", "service", "load (wrk)"];
        all.into_iter()
            .filter(|role| self.throughput.iter().any(|row| row.processor_us(role).is_some()))
            .collect()
    }

    /// The tables.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.goal_table(&mut text);
        self.throughput_table(&mut text);
        self.processor_table(&mut text);
        self.latency_table(&mut text);
        self.memory_table(&mut text);
        self.look_up_table(&mut text);
        text
    }

    fn goal_table(&self, text: &mut String) {
        text.push_str("\n## Goals\n\n| what | wanted | measured | met |\n|---|---|---|---|\n");
        for goals::Goal { what, wanted, measured, met } in goals::goals(self) {
            line(
                text,
                &format!("| {what} | {wanted} | {measured} | {} |", if met { "yes" } else { "**no**" }),
            );
        }
    }

    fn throughput_table(&self, text: &mut String) {
        text.push_str("\n## Throughput\n\n| store | way | calls/s | × nginx | p50 ms | p99 ms |\n|---|---|---|---|---|---|\n");
        for row in &self.throughput {
            let ratio = self.ratio_to_peer(row);
            let (p50, p99) = (row.median(|round| round.p50_ms), row.median(|round| round.p99_ms));
            let calls = row.median(|round| round.calls_per_second);
            line(
                text,
                &format!(
                    "| {} | {} | {calls:.0} | {ratio:.2} | {p50:.1} | {p99:.1} |",
                    row.store, row.subject
                ),
            );
        }
    }

    fn processor_table(&self, text: &mut String) {
        let roles = self.roles();
        text.push_str("\n## Where the time goes: processor time of one call, µs\n\n| store | way |");
        line(text, &format!(" {} | all |", roles.join(" | ")));
        line(text, &("|---".repeat(roles.len() + 3) + "|"));
        for row in &self.throughput {
            let _ = write!(text, "| {} | {} |", row.store, row.subject);
            let mut sum = 0.0;
            for role in &roles {
                let cell = row.processor_us(role).map_or("-".to_owned(), |us| format!("{us:.0}"));
                sum += row.processor_us(role).unwrap_or(0.0);
                let _ = write!(text, " {cell} |");
            }
            line(text, &format!(" {sum:.0} |"));
        }
    }

    fn latency_table(&self, text: &mut String) {
        let rate = load::CALLS_PER_SECOND;
        let _ = write!(
            text,
            "\n## Latency at {rate} calls/s\n\n| store | way | p50 ms | p95 ms | p99 ms | added p50 ms | added p95 ms |\n"
        );
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.latency {
            let alone = self.latency.iter().find(|other| other.store == row.store); // The service is the first.
            let added =
                |percent| row.percentile(percent) - alone.map_or(f64::NAN, |alone| alone.percentile(percent));
            let (added50, added95) = (added(50), added(95));
            let [p50, p95, p99] = [50, 95, 99].map(|percent| row.percentile(percent));
            line(
                text,
                &format!(
                    "| {} | {} | {p50:.1} | {p95:.1} | {p99:.1} | {added50:.1} | {added95:.1} |",
                    row.store, row.subject
                ),
            );
        }
    }

    fn memory_table(&self, text: &mut String) {
        text.push_str("\n## Memory, start, size\n\n| what | store | consumer's node | provider's node |\n|---|---|---|---|\n");
        for row in &self.memory {
            let (consumer, provider) = (mebibytes(row.consumer_bytes), mebibytes(row.provider_bytes));
            let what = format!("peak under the load above, {}", row.signing);
            line(text, &format!("| {what} | {} | {consumer:.0} MiB | {provider:.0} MiB |", row.store));
        }
        for row in &self.bodies {
            let (consumer, provider) = (mebibytes(row.consumer_bytes), mebibytes(row.provider_bytes));
            let what =
                format!("peak with {} bodies of 20 MiB at once ({:.1} s)", load::CONNECTIONS, row.seconds);
            line(text, &format!("| {what} | {} | {consumer:.0} MiB | {provider:.0} MiB |", row.store));
        }
        let slowest = self.starts.iter().map(|start| start.ready_ms).fold(0.0, f64::max);
        let starts = self.starts.len() * 2;
        line(text, &format!("\nStart to ready, the slowest of {starts} starts: {slowest:.0} ms."));
        line(text, &format!("Release binary: {:.1} MiB.", mebibytes(self.binary_bytes)));
    }

    fn look_up_table(&self, text: &mut String) {
        if self.look_ups.is_empty() {
            return;
        }
        text.push_str("\n## Look-ups in the population base\n\n| service | calls/s | p50 ms | p99 ms | different keys |\n");
        text.push_str("|---|---|---|---|---|\n");
        for row in &self.look_ups {
            let Throughput { calls_per_second, p50_ms, p99_ms, .. } = row.throughput;
            let figures = format!("{calls_per_second:.0} | {p50_ms:.1} | {p99_ms:.1} | {}", row.different);
            line(text, &format!("| {} | {figures} |", row.service));
        }
    }

    /// The page docs/benchmarks.md.
    pub fn page(&self) -> String {
        let Machine { cores, processor, memory_gib, kernel, date } = &self.machine;
        format!(
            "# Benchmarks

Written by `cargo xtask bench exchange --write-docs` on {date}; run it to have the figures of your machine.

Machine: {cores} cores ({processor}), {memory_gib} GiB, {kernel}. Peer: {nginx}. The load, the peer, both nodes, the
service and the database share these cores, and others share the machine: read the ratios, not the figures.

What travels: load → consumer side → mutual TLS 1.3 → provider side → a service that answers 1 kB of JSON, over
{connections} kept connections. nginx only carries. The nodes also check rights, sign and verify both messages, and write both
logs to the disk (`synchronous=FULL`, `fsync` on) before they go on. Each figure is the median of {rounds} rounds of
{seconds} s, and within a round all ways are measured one after the other. Latency counts from the moment a call was due.
{tables}",
            nginx = self.nginx.replace("nginx version: ", ""),
            connections = load::CONNECTIONS,
            rounds = self.rounds,
            seconds = self.seconds,
            tables = self.markdown(),
        )
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MEBIBYTE
}
