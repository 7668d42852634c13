//! Figures of the registry as a table for people and as JSON for programs.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use crate::bench::machine::Machine;

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// From a revocation that is written down until a call is refused.
const REFUSED_MS_MAX: f64 = 1000.0;
/// 99 of 100 searches for an agency.
const SEARCH_US_MAX: f64 = 100_000.0;
/// 99 of 100 decisions: "in microseconds".
const DECISION_US_MAX: f64 = 100.0;

/// How much there was.
#[derive(Clone, Copy)]
pub struct Size {
    pub services: u32,
    pub grants: u32,
    pub units: u32,
}

/// Everything that was measured in one run.
pub struct Report {
    machine: Machine,
    size: Size,
    /// What one process measured of itself: decisions, search, directory.
    pub figures: Value,
    /// Entries of the journal after filling it.
    pub entries: u64,
    /// Its file.
    pub store_bytes: u64,
    /// Start of the registry's node to ready, and its peak memory.
    pub registry_start_ms: f64,
    pub registry_bytes: u64,
    /// The following gateway: without grants, with all of them, and the answer that it keeps.
    pub gateway_empty_bytes: u64,
    pub gateway_bytes: u64,
    pub snapshot_bytes: u64,
    /// Its start to ready: fetching everything, and with what it kept.
    pub gateway_first_start_ms: f64,
    pub gateway_start_ms: f64,
    /// From each revocation to the first refusal, in order of length.
    pub refused_after_ms: Vec<f64>,
}

/// A line of the table.
struct Line {
    what: String,
    measured: String,
    beside: String,
}

impl Line {
    fn new(what: impl Into<String>, measured: impl Into<String>, beside: impl Into<String>) -> Self {
        Self { what: what.into(), measured: measured.into(), beside: beside.into() }
    }
}

impl Report {
    pub fn new(machine: Machine, size: Size) -> Self {
        Self {
            machine,
            size,
            figures: Value::Null,
            entries: 0,
            store_bytes: 0,
            registry_start_ms: 0.0,
            registry_bytes: 0,
            gateway_empty_bytes: 0,
            gateway_bytes: 0,
            snapshot_bytes: 0,
            gateway_first_start_ms: 0.0,
            gateway_start_ms: 0.0,
            refused_after_ms: Vec::new(),
        }
    }

    /// The time within which that share of the revocations counted.
    fn refused_ms(&self, percent: usize) -> f64 {
        let last = self.refused_after_ms.len().saturating_sub(1);
        self.refused_after_ms.get(last * percent / 100).copied().unwrap_or(f64::NAN)
    }

    fn figure(&self, pointer: &str) -> f64 {
        self.figures.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    /// For programs.
    pub fn json(&self) -> Result<String> {
        let Size { services, grants, units } = self.size;
        let all = json!({
            "machine": self.machine, "services": services, "grants": grants, "units": units,
            "figures": self.figures, "journal_entries": self.entries, "store_bytes": self.store_bytes,
            "registry_start_ms": self.registry_start_ms, "registry_bytes": self.registry_bytes,
            "gateway_empty_bytes": self.gateway_empty_bytes, "gateway_bytes": self.gateway_bytes,
            "snapshot_bytes": self.snapshot_bytes,
            "gateway_first_start_ms": self.gateway_first_start_ms, "gateway_start_ms": self.gateway_start_ms,
            "refused_p50_ms": self.refused_ms(50), "refused_p99_ms": self.refused_ms(99),
            "refused_max_ms": self.refused_ms(100), "refused_after_ms": self.refused_after_ms,
        });
        Ok(serde_json::to_string_pretty(&all)? + "\n")
    }

    fn lines(&self) -> Vec<Line> {
        let decision = |name: &str, percent: u8| self.figure(&format!("/decisions/{name}/p{percent}_us"));
        let map = format!(
            "a hash map of who and what alone, no conditions: p50 {:.2}, p99 {:.2} µs",
            decision("hash_map", 50),
            decision("hash_map", 99)
        );
        let (p50, p99) = (decision("authorize", 50), decision("authorize", 99));
        let search = ["p50", "p99"].map(|name| self.figure(&format!("/search/{name}_us")) / 1000.0);
        let [size, publish, first, same] = ["bytes", "publish_ms", "first_ms", "same_ms"]
            .map(|name| self.figure(&format!("/directory/{name}")));
        let [members, systems] =
            ["members", "subsystems"].map(|name| self.figure(&format!("/directory/{name}")));
        let (r50, r99, worst) = (self.refused_ms(50), self.refused_ms(99), self.refused_ms(100));
        let rounds = self.refused_after_ms.len();
        vec![
            Line::new("decision", format!("p50 {p50:.2}, p99 {p99:.2} µs"), map),
            Line::new(
                format!("revocation written down to first refusal, {rounds} times, over the network"),
                format!("p50 {r50:.0}, p99 {r99:.0}, longest {worst:.0} ms"),
                "a call takes part of it: it is asked again and again",
            ),
            Line::new(
                "memory of a gateway with all grants, at its highest",
                format!("{:.0} MiB", mebibytes(self.gateway_bytes)),
                format!("without services and grants: {:.0} MiB", mebibytes(self.gateway_empty_bytes)),
            ),
            Line::new(
                "start of that gateway to ready",
                format!("{:.0} ms with what it kept", self.gateway_start_ms),
                format!(
                    "{:.0} ms fetching {:.1} MiB",
                    self.gateway_first_start_ms,
                    mebibytes(self.snapshot_bytes)
                ),
            ),
            Line::new(
                "start of the registry to ready",
                format!("{:.1} s", self.registry_start_ms / 1000.0),
                format!("{} entries, {:.0} MiB on disk", self.entries, mebibytes(self.store_bytes)),
            ),
            Line::new(
                "memory of the registry's node, at its highest",
                format!("{:.0} MiB", mebibytes(self.registry_bytes)),
                "with what serving the gateway takes",
            ),
            Line::new(
                format!("search in {} agencies", self.size.units),
                format!("p50 {:.1}, p99 {:.1} ms", search[0], search[1]),
                "-",
            ),
            Line::new(
                format!("directory of {members:.0} members, {systems:.0} subsystems"),
                format!(
                    "{:.1} MiB; {first:.0} ms to take over, {same:.0} ms when nothing is new",
                    size / MEBIBYTE
                ),
                format!("published in {publish:.0} ms"),
            ),
        ]
    }

    /// The tables.
    pub fn markdown(&self) -> String {
        let Size { services, grants, .. } = self.size;
        let mut text = format!(
            "\n## {services} services, {grants} grants\n\n| what | measured | beside it |\n|---|---|---|\n"
        );
        for Line { what, measured, beside } in self.lines() {
            let _ = writeln!(text, "| {what} | {measured} | {beside} |"); // Writing to a string cannot fail.
        }
        text.push_str("\n## Goals\n\n| what | wanted | measured | met |\n|---|---|---|---|\n");
        for (what, wanted, measured, unit) in [
            ("99 of 100 decisions", DECISION_US_MAX, self.figure("/decisions/authorize/p99_us"), "µs"),
            ("99 of 100 revocations refuse", REFUSED_MS_MAX, self.refused_ms(99), "ms"),
            ("99 of 100 searches for an agency", SEARCH_US_MAX, self.figure("/search/p99_us"), "µs"),
        ] {
            let met = if measured <= wanted { "yes" } else { "**no**" };
            let _ = writeln!(text, "| {what} | ≤ {wanted:.0} {unit} | {measured:.1} {unit} | {met} |");
        }
        text
    }

    /// The page docs/benchmarks-registry.md.
    pub fn page(&self) -> String {
        let Machine { cores, processor, memory_gib, kernel, date } = &self.machine;
        format!(
            "# Benchmarks of the registry

Written by `cargo xtask bench registry --write-docs` on {date}; run it to have the figures of your machine.

Machine: {cores} cores ({processor}), {memory_gib} GiB, {kernel}, shared with others.

Three real nodes: one keeps the registry, one offers the services and takes its rights from the registry over mutual
TLS, one asks. All services are of one member, so that its gateway holds every grant. The registry holds {units} agencies
and what each consumer has filed for its readiness gate, too. One of 50 grants has a condition in Cedar, every second one
fields, quota and rate. Memory is the kernel's `VmHWM`.
{tables}",
            units = self.size.units,
            tables = self.markdown(),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MEBIBYTE
}
