//! What the platform promises of itself, beside what was measured.

use super::nodes::Signing;
use super::report::Report;

/// Share of nginx's throughput with one signature for each message, at least.
const SINGLE_RATIO_MIN: f64 = 0.15;
/// Share of nginx's throughput with Merkle batches, at least.
const BATCH_RATIO_MIN: f64 = 0.33;
/// 95 of 100 calls at the fixed rate are answered within this.
const P95_MS_MAX: f64 = 20.0;
/// Memory of a node under load.
const MEMORY_MB_MAX: f64 = 150.0;
/// Memory of a node while large bodies are under way.
const LARGE_BODIES_MB_MAX: f64 = 400.0;
/// From the start of a process until it is ready.
const READY_MS_MAX: f64 = 1000.0;

/// One promise.
#[derive(Debug, PartialEq)]
pub struct Goal {
    pub what: String,
    pub wanted: String,
    pub measured: String,
    pub met: bool,
}

/// All promises on which the run has something to say.
pub fn goals(report: &Report) -> Vec<Goal> {
    let mut goals = Vec::new();
    for row in &report.throughput {
        let wanted = match row.subject {
            subject if subject == Signing::Single.title() => SINGLE_RATIO_MIN,
            subject if subject == Signing::Batch.title() => BATCH_RATIO_MIN,
            _ => continue,
        };
        let what = format!("throughput, {}, {}", row.subject, row.store);
        goals.push(at_least(what, wanted, report.ratio_to_peer(row), "× nginx"));
    }
    for row in report.latency.iter().filter(|row| row.subject.starts_with(Signing::Batch.title())) {
        let what = format!("95 of 100 calls at a fixed rate, {}, {}", row.subject, row.store);
        goals.push(at_most(what, P95_MS_MAX, row.percentile(95), "ms"));
    }
    let peaks = report.memory.iter().map(|row| row.consumer_bytes.max(row.provider_bytes));
    goals.extend(peak(peaks.max(), "memory of a node under load", MEMORY_MB_MAX));
    let peaks = report.bodies.iter().map(|row| row.consumer_bytes.max(row.provider_bytes));
    goals.extend(peak(peaks.max(), "memory of a node with 64 bodies of 20 MiB", LARGE_BODIES_MB_MAX));
    let slowest = report.starts.iter().map(|start| start.ready_ms).reduce(f64::max);
    goals.extend(slowest.map(|ms| at_most("start to ready".to_owned(), READY_MS_MAX, ms, "ms")));
    goals
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn peak(bytes: Option<u64>, what: &str, limit_mb: f64) -> Option<Goal> {
    bytes.map(|bytes| at_most(what.to_owned(), limit_mb, bytes as f64 / 1e6, "MB"))
}

fn at_least(what: String, limit: f64, measured: f64, unit: &str) -> Goal {
    let (wanted, text) = (format!("≥ {limit} {unit}"), format!("{measured:.2} {unit}"));
    Goal { what, wanted, measured: text, met: measured >= limit }
}

fn at_most(what: String, limit: f64, measured: f64, unit: &str) -> Goal {
    let (wanted, text) = (format!("≤ {limit:.0} {unit}"), format!("{measured:.1} {unit}"));
    Goal { what, wanted, measured: text, met: measured <= limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_met_up_to_its_last_value_and_not_beyond() {
        assert!(at_least(String::new(), 0.15, 0.15, "").met);
        assert!(!at_least(String::new(), 0.15, 0.149, "").met);
        assert!(at_most(String::new(), 20.0, 20.0, "").met);
        assert!(!at_most(String::new(), 20.0, 20.1, "").met);
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert!(!at_least(String::new(), 0.15, f64::NAN, "").met);
        assert!(!at_most(String::new(), 20.0, f64::NAN, "").met);
        assert_eq!(peak(None, "", 1.0), None);
    }
}
