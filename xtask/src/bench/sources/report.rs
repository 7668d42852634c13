//! Figures of data sources as a table for people and as JSON for programs.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Question, TABLES};
use crate::bench::machine::Machine;

const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// Share of what the bare driver does, at least.
const DRIVER_RATIO_MIN: f64 = 0.7;
/// Peak memory of a process that exports everything.
const EXPORT_MB_MAX: f64 = 200.0;
/// Looking at a database of 500 tables.
const INSPECT_S_MAX: f64 = 10.0;

/// Everything that was measured in one run.
pub struct Report {
    machine: Machine,
    rows: u64,
    seconds: u64,
    rounds: u16,
    pub server: String,
    /// The servers beside, with their versions.
    pub peers: Vec<String>,
    /// Bytes of a look-up's answer, and of a page.
    pub answer_bytes: [usize; 2],
    figures: Vec<Row>,
    pub exports: Vec<Export>,
    pub copy_seconds: f64,
    pub inspected: Vec<Inspected>,
    /// Peak memory under the load above.
    pub service_bytes: u64,
    pub roapi_bytes: u64,
}

/// One subject with one question over so many connections.
pub struct Row {
    subject: String,
    question: Question,
    connections: usize,
    pub rounds: Vec<Round>,
}

/// What was measured of it in one round.
pub struct Round {
    pub per_second: f64,
    pub p99_ms: Option<f64>,
    /// Processor time of one question, in microseconds.
    pub spent: Processor,
}

/// Processor time, by process. The driver stands among the load: it asks itself.
#[derive(Clone, Copy)]
pub struct Processor {
    pub database: f64,
    pub service: f64,
    pub load: f64,
}

impl Processor {
    /// What was spent since, in microseconds for each of so many questions.
    pub fn since(&self, before: &Self, questions: u64) -> Self {
        let each = |now: f64, before: f64| (now - before) * 1e6 / float(questions);
        Self {
            database: each(self.database, before.database),
            service: each(self.service, before.service),
            load: each(self.load, before.load),
        }
    }
}

/// All rows in one form.
pub struct Export {
    pub form: &'static str,
    pub seconds: f64,
    pub bytes: u64,
    pub peak_bytes: u64,
}

/// A look at [`TABLES`] tables.
pub struct Inspected {
    pub engine: &'static str,
    pub seconds: f64,
}

impl Row {
    /// The subject that this is about.
    pub const OURS: &'static str = "Liên Thông";
    /// The subject that everything is held against.
    pub const DRIVER: &'static str = "bare driver (sqlx), no HTTP";
    /// What HTTP takes by itself.
    pub const HTTP: &'static str = "HTTP alone, a fixed answer of that size";

    fn median(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(figure).collect())
    }

    fn p99_ms(&self) -> Option<f64> {
        let all: Vec<f64> = self.rounds.iter().filter_map(|round| round.p99_ms).collect();
        (!all.is_empty()).then(|| median(all))
    }

    /// The median of the ratios within each round.
    fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(pairs.map(|(own, other)| own.per_second / other.per_second).collect())
    }

    /// The median of the ratios to what two others would do one after the other.
    fn ratio_to_both(&self, (first, second): (&Self, &Self)) -> f64 {
        let all = self.rounds.iter().zip(&first.rounds).zip(&second.rounds);
        let both = |((own, first), second): ((&Round, &Round), &Round)| {
            own.per_second * (1.0 / first.per_second + 1.0 / second.per_second)
        };
        median(all.map(both).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A promise, and what became of it.
struct Goal {
    what: String,
    wanted: String,
    measured: String,
    met: bool,
}

impl Report {
    pub fn new(machine: Machine, rows: u64, seconds: u64, rounds: u16) -> Self {
        Self {
            machine,
            rows,
            seconds,
            rounds,
            server: String::new(),
            peers: Vec::new(),
            answer_bytes: [0; 2],
            figures: Vec::new(),
            exports: Vec::new(),
            copy_seconds: f64::NAN,
            inspected: Vec::new(),
            service_bytes: 0,
            roapi_bytes: 0,
        }
    }

    /// The figures of a subject, which are there from its first round on.
    pub fn row(&mut self, subject: &str, question: Question, connections: usize) -> &mut Row {
        let is =
            |row: &Row| row.subject == subject && row.question == question && row.connections == connections;
        let at = self.figures.iter().position(is).unwrap_or_else(|| {
            let subject = subject.to_owned();
            self.figures.push(Row { subject, question, connections, rounds: Vec::new() });
            self.figures.len() - 1
        });
        &mut self.figures[at]
    }

    /// What another subject did with the same question.
    fn beside(&self, row: &Row, subject: &str) -> Option<&Row> {
        let same = |other: &&Row| {
            other.subject == subject && other.question == row.question && other.connections == row.connections
        };
        self.figures.iter().find(same)
    }

    fn ratio(&self, row: &Row, subject: &str) -> f64 {
        self.beside(row, subject).map_or(f64::NAN, |other| row.ratio(other))
    }

    fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        for row in self.figures.iter().filter(|row| row.subject == Row::OURS) {
            let what = format!("{}, {}", row.question.title(), connections(row.connections));
            let ratio = self.ratio(row, Row::DRIVER);
            goals.push(Goal {
                what: what.clone(),
                wanted: format!("≥ {DRIVER_RATIO_MIN} × bare driver"),
                measured: format!("{ratio:.2} ×"),
                met: ratio >= DRIVER_RATIO_MIN,
            });
            for peer in &self.peers {
                let ratio = self.ratio(row, peer);
                goals.push(Goal {
                    what: what.clone(),
                    wanted: format!("ahead of {peer}"),
                    measured: format!("{ratio:.1} ×"),
                    met: ratio > 1.0,
                });
            }
        }
        for export in &self.exports {
            let peak = megabytes(export.peak_bytes);
            goals.push(at_most(
                format!("peak memory of the export as {}", export.form),
                EXPORT_MB_MAX,
                peak,
                "MB",
            ));
        }
        for Inspected { engine, seconds } in &self.inspected {
            goals.push(at_most(
                format!("`inspect` on {TABLES} tables, {engine}"),
                INSPECT_S_MAX,
                *seconds,
                "s",
            ));
        }
        goals
    }

    /// For programs; figures are not rounded.
    pub fn json(&self) -> Result<String> {
        let figures = self.figures.iter().map(|row| {
            json!({ "subject": row.subject, "question": row.question.title(), "connections": row.connections,
                    "per_second": row.median(|round| round.per_second),
                    "per_second_rounds": row.rounds.iter().map(|round| round.per_second).collect::<Vec<_>>(),
                    "p99_ms": row.p99_ms(), "ratio_to_driver": self.ratio(row, Row::DRIVER),
                    "database_us": row.median(|round| round.spent.database),
                    "service_us": row.median(|round| round.spent.service),
                    "load_us": row.median(|round| round.spent.load) })
        });
        let exports = self.exports.iter().map(|export| {
            json!({ "form": export.form, "seconds": export.seconds, "bytes": export.bytes,
                    "peak_bytes": export.peak_bytes })
        });
        let inspected =
            self.inspected.iter().map(|one| json!({ "engine": one.engine, "seconds": one.seconds }));
        let all: Value = json!({
            "machine": self.machine, "rows": self.rows, "seconds": self.seconds, "rounds": self.rounds,
            "server": self.server, "peers": self.peers, "figures": figures.collect::<Vec<_>>(),
            "exports": exports.collect::<Vec<_>>(), "copy_seconds": self.copy_seconds,
            "inspect_tables": TABLES, "inspect": inspected.collect::<Vec<_>>(),
            "service_bytes": self.service_bytes, "roapi_bytes": self.roapi_bytes,
        });
        Ok(serde_json::to_string_pretty(&all)? + "\n")
    }

    /// The tables.
    pub fn markdown(&self) -> String {
        let mut text = String::from("\n## Goals\n\n| what | wanted | measured | met |\n|---|---|---|---|\n");
        for Goal { what, wanted, measured, met } in self.goals() {
            let met = if met { "yes" } else { "**no**" };
            line(&mut text, &format!("| {what} | {wanted} | {measured} | {met} |"));
        }
        self.questions(&mut text);
        let (service, roapi) = (megabytes(self.service_bytes), megabytes(self.roapi_bytes));
        line(
            &mut text,
            &format!("\nPeak memory under this load: {} {service:.0} MB, ROAPI {roapi:.0} MB.", Row::OURS),
        );
        text.push_str("\n## Export of all rows\n\n| form | seconds | rows/s | MiB | peak memory |\n|---|---|---|---|---|\n");
        for Export { form, seconds, bytes, peak_bytes } in &self.exports {
            let (size, peak) = (float(*bytes) / MEBIBYTE, megabytes(*peak_bytes));
            let pace = float(self.rows) / seconds;
            line(&mut text, &format!("| {form} | {seconds:.1} | {pace:.0} | {size:.0} | {peak:.0} MB |"));
        }
        line(
            &mut text,
            &format!("\n`COPY` of the server itself as CSV, without us: {:.1} s.", self.copy_seconds),
        );
        let _ = write!(
            text,
            "\n## `source inspect` on {TABLES} tables of 12 columns and 1000 rows\n\n| engine | seconds |\n|---|---|\n"
        );
        for Inspected { engine, seconds } in &self.inspected {
            line(&mut text, &format!("| {engine} | {seconds:.1} |"));
        }
        text
    }

    fn questions(&self, text: &mut String) {
        let head = "question | connections | who | per second | × bare driver | p99 ms | database µs | service µs | load or driver µs";
        line(text, &format!("\n## Questions\n\n| {head} |\n{}|", "|---".repeat(9)));
        let mut rows: Vec<&Row> = self.figures.iter().collect();
        rows.sort_by_key(|row| (row.question == Question::Page, row.connections));
        for row in rows {
            let p99 = row.p99_ms().map_or_else(|| "-".to_owned(), |p99| format!("{p99:.2}"));
            let (per_second, ratio) = (row.median(|round| round.per_second), self.ratio(row, Row::DRIVER));
            let spent = [
                row.median(|round| round.spent.database),
                row.median(|round| round.spent.service),
                row.median(|round| round.spent.load),
            ];
            let spent =
                spent.map(|us| if us < 0.5 { "-".to_owned() } else { format!("{us:.0}") }).join(" | ");
            let Row { subject, question, connections, .. } = row;
            let what = format!("{} | {connections} | {subject}", question.title());
            line(text, &format!("| {what} | {per_second:.0} | {ratio:.2} | {p99} | {spent} |"));
        }
        text.push('\n');
        for row in self.figures.iter().filter(|row| row.subject == Row::OURS) {
            let (driver, http) = (self.beside(row, Row::DRIVER), self.beside(row, Row::HTTP));
            let ratio = driver.zip(http).map_or(f64::NAN, |both| row.ratio_to_both(both));
            let what = format!("{}, {}", row.question.title(), connections(row.connections));
            line(text, &format!("- {what}: {ratio:.2} × what driver and HTTP would do one after the other."));
        }
    }

    /// The page docs/benchmarks-sources.md.
    pub fn page(&self) -> String {
        let Machine { cores, processor, memory_gib, kernel, date } = &self.machine;
        format!(
            "# Benchmarks of data sources

Written by `cargo xtask bench sources --write-docs` on {date}; run it to have the figures of your machine.

Machine: {cores} cores ({processor}), {memory_gib} GiB, {kernel}. Database, service, peers and load share these cores, and
others share the machine: read the ratios, not the figures.

One {server} with one table of {rows} invented rows in twelve columns of all kinds; rows are asked for by chance. {ours}
answers over HTTP on loopback, as it answers the node, and wrk asks. The bare driver is sqlx alone: the same statement,
the same texts, read and thrown away, nobody between. {peers} are asked by wrk, too, and read the same rows from an SQLite
file: the wheel of ROAPI comes without a driver for PostgreSQL and keeps all rows in its memory, Datasette knows SQLite
only. PostgREST is in none of the package sources that the benchmark may use. HTTP alone is hyper with a fixed answer of
the size of ours ({look_up} and {page} bytes). Microseconds are processor time of one question. Each figure is the median of {rounds} rounds
of {seconds} s, and within a round everybody is measured one after the other.
{tables}",
            server = self.server,
            rows = self.rows,
            ours = Row::OURS,
            peers = self.peers.join(" and "),
            look_up = self.answer_bytes[0],
            page = self.answer_bytes[1],
            rounds = self.rounds,
            seconds = self.seconds,
            tables = self.markdown(),
        )
    }
}

fn connections(number: usize) -> String {
    if number == 1 { "1 connection".to_owned() } else { format!("{number} connections") }
}

fn at_most(what: String, limit: f64, measured: f64, unit: &str) -> Goal {
    Goal {
        what,
        wanted: format!("< {limit} {unit}"),
        measured: format!("{measured:.1} {unit}"),
        met: measured < limit,
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn megabytes(bytes: u64) -> f64 {
    float(bytes) / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(report: &mut Report, subject: &str, per_second: f64) {
        let spent = Processor { database: 1.0, service: 1.0, load: 1.0 };
        let round = Round { per_second, p99_ms: None, spent };
        report.row(subject, Question::LookUp, 16).rounds.push(round);
    }

    #[test]
    fn ratios_are_medians_of_rounds_and_decide_on_goals() {
        let mut report = Report::new(Machine::here(), 1_000, 1, 3);
        report.peers = vec!["peer 1".into()];
        let met = |report: &Report| report.goals().iter().map(|goal| goal.met).collect::<Vec<_>>();
        for ours in [80.0, 30.0, 75.0] {
            note(&mut report, Row::OURS, ours);
            note(&mut report, Row::DRIVER, 100.0);
            note(&mut report, "peer 1", 10.0);
        }
        assert_eq!(met(&report), [true, true]);
        for _ in 0..2 {
            note(&mut report, Row::OURS, 60.0);
            note(&mut report, Row::DRIVER, 100.0);
        }
        assert_eq!(met(&report), [false, true]);
        for _ in 0..5 {
            note(&mut report, Row::HTTP, 150.0);
        }
        let [ours, driver, http] =
            [Row::OURS, Row::DRIVER, Row::HTTP].map(|who| report.beside(&report.figures[0], who).unwrap());
        assert!((ours.ratio_to_both((driver, http)) - 1.0).abs() < 1e-9, "60 of 60 a second");
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert!(!at_most(String::new(), 10.0, f64::NAN, "s").met);
    }
}
