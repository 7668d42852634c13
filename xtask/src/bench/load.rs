//! Load: as much as goes through (wrk), a fixed rate, and large bodies at once.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::http::{self, Connection, Url};
use crate::interrupt;

/// Connections of every kind of load.
pub const CONNECTIONS: usize = 64;
const WRK_THREADS: usize = 2;
/// Rate of [`paced`].
pub const CALLS_PER_SECOND: u32 = 300;
/// Size of each body of [`large_bodies`]: the default limit of a node.
pub const LARGE_BODY_BYTES: usize = 20 * 1024 * 1024;

/// Where a load goes, and as whom.
#[derive(Clone)]
pub struct Target {
    pub url: Url,
    /// For the header `X-Road-Client`; a peer ignores it.
    pub client: String,
}

/// What wrk saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    pub calls: u64,
    pub calls_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// As many calls as go through in some seconds. `script` is wrk's own, for requests that differ.
pub fn flood(target: &Target, seconds: u64, script: Option<&Path>) -> Result<Throughput> {
    flood_over(CONNECTIONS, target, seconds, script)
}

/// As [`flood`], over so many connections.
pub fn flood_over(
    connections: usize,
    target: &Target,
    seconds: u64,
    script: Option<&Path>,
) -> Result<Throughput> {
    let output = tempfile::NamedTempFile::new()?;
    let mut wrk = Command::new("wrk");
    let threads = WRK_THREADS.min(connections);
    wrk.arg(format!("-t{threads}")).arg(format!("-c{connections}")).arg(format!("-d{seconds}s"));
    wrk.args(["--latency", "--timeout", "10s", "--header"]).arg(format!("X-Road-Client: {}", target.client));
    if let Some(script) = script {
        wrk.arg("--script").arg(script);
    }
    wrk.arg(format!("http://{}{}", target.url.address, target.url.path)).stdout(output.reopen()?);
    ensure!(interrupt::run(&mut wrk)?.success(), "wrk failed, see above");
    let text = fs::read_to_string(output.path())?;
    parse_wrk(&text).with_context(|| format!("wrk said:\n{text}"))
}

fn parse_wrk(text: &str) -> Result<Throughput> {
    let value_after = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim).with_context(|| format!("no line `{name}`"))
    };
    for trouble in ["Non-2xx", "Socket errors"] {
        ensure!(value_after(trouble).is_err(), "calls failed, so that the figure means nothing");
    }
    let calls =
        text.lines().find_map(|line| line.split_once(" requests in ")).context("no count of requests")?;
    Ok(Throughput {
        calls: calls.0.trim().parse()?,
        calls_per_second: value_after("Requests/sec:")?.parse()?,
        p50_ms: milliseconds(value_after("50%")?)?,
        p99_ms: milliseconds(value_after("99%")?)?,
    })
}

/// A duration as wrk writes it: `850.00us`, `2.10ms`, `1.20s`.
fn milliseconds(text: &str) -> Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))
        .with_context(|| format!("`{text}` is not a duration"))?;
    Ok(number.parse::<f64>()? * factor)
}

/// Calls at a fixed rate for some seconds; how long each took, in milliseconds.
///
/// Counted from when a call was *due*, not from when a connection was free for it: otherwise a standstill would show
/// as one slow call instead of the many that it delayed.
pub fn paced(target: &Target, seconds: u64) -> Result<Vec<f64>> {
    let calls = usize::try_from(seconds)? * CALLS_PER_SECOND as usize;
    let request = http::request("GET", &target.url, &[("x-road-client", &target.client)], None);
    let next = AtomicUsize::new(0);
    let start = Instant::now() + Duration::from_millis(100); // Until then all connections are open.
    let worker = || -> Result<Vec<f64>> {
        let mut connection = Connection::open(target.url.address)?;
        let mut took = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= calls || interrupt::requested() {
                return Ok(took);
            }
            let due = start + Duration::from_secs(1) * u32::try_from(number)? / CALLS_PER_SECOND;
            sleep_until(due);
            connection.send(&request)?;
            let (status, _) = connection.receive()?;
            ensure!(status == 200, "a call was answered with {status}");
            took.push(due.elapsed().as_secs_f64() * 1000.0);
        }
    };
    let took = on_all_connections(worker)?;
    interrupt::check()?;
    Ok(took.into_iter().flatten().collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a fixed rate is a matter of time, there is nothing else to wait for"
)]
fn sleep_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// Sends a large body on each connection so that all are under way at the same time; returns how long it took.
pub fn large_bodies(target: &Target) -> Result<Duration> {
    let headers = [("x-road-client", target.client.as_str())];
    let request = http::request("POST", &target.url, &headers, Some(LARGE_BODY_BYTES));
    let half = vec![b'x'; LARGE_BODY_BYTES / 2];
    let half_way = Barrier::new(CONNECTIONS);
    let begin = Instant::now();
    let worker = || -> Result<()> {
        let mut opened = Connection::open(target.url.address);
        if let Ok(connection) = &mut opened {
            let sent = connection.send(&request).and_then(|()| connection.send(&half));
            opened = sent.and(opened);
        }
        half_way.wait(); // Also after a failure: the others must not wait for ever.
        let mut connection = opened?;
        connection.send(&half)?;
        let (status, body) = connection.receive()?;
        ensure!(status == 200, "a large body was answered with {status}: {}", String::from_utf8_lossy(&body));
        Ok(())
    };
    on_all_connections(worker)?;
    Ok(begin.elapsed())
}

fn on_all_connections<T: Send>(worker: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(&worker)).collect();
        let results =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(anyhow!("a worker died"))));
        results.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRK: &str = "Running 10s test @ http://127.0.0.1:1/
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.69ms    1.06ms  17.20ms   81.43%
    Req/Sec    12.04k     1.02k   13.45k    84.50%
  Latency Distribution
     50%  850.00us
     75%    3.17ms
     90%    3.83ms
     99%    1.20s
  239795 requests in 10.01s, 262.31MB read
Requests/sec:  23954.12
Transfer/sec:     26.20MB
";

    #[test]
    fn the_report_of_wrk_is_understood() {
        let expected =
            Throughput { calls: 239_795, calls_per_second: 23_954.12, p50_ms: 0.85, p99_ms: 1200.0 };
        assert_eq!(parse_wrk(WRK).unwrap(), expected);
    }

    #[test]
    fn a_run_with_failed_calls_is_no_figure() {
        assert!(parse_wrk(&format!("{WRK}  Non-2xx or 3xx responses: 3\n")).is_err());
        assert!(
            parse_wrk(&format!("{WRK}  Socket errors: connect 0, read 1, write 0, timeout 0\n")).is_err()
        );
    }
}
