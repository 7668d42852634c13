//! Very many instances that wait for a timer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock as _, SystemClock, Ts};
use process::runner::{Name, Processes};
use serde::Deserialize;
use serde_json::{Value, json};
use store::process::{InstanceFilter, ProcessStore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Measured;
use crate::at_work::{Engine, percentiles, say};

/// Callers who begin instances at the same time.
const CALLERS: usize = 256;
/// Instances after which it is told how far it is.
const TELL_EACH: u64 = 50_000;
/// Between two looks at who has ended.
const LOOK_EACH: Duration = Duration::from_millis(20);
/// When the timers of [`Wake`] come after they were begun.
const SOON_SECS: i64 = 15;
/// How late a timer may be before the measurement fails.
const LATE_MAX: Duration = Duration::from_mins(2);

/// Begins instances, each by a call of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Waits for the moment in the variable `han`.
    model: PathBuf,
    instances: u64,
}

impl Fill {
    pub async fn run(self) -> Measured<Value> {
        let engine = Engine::open().await?;
        let model = engine.deploy(&self.model).await?;
        let began = Instant::now();
        // From a month on, a second after each other, as deadlines do.
        let first = SystemClock.now().plus_secs(30 * 86_400);
        begin(&engine, &model, (first, 1), self.instances).await?;
        let seconds = began.elapsed().as_secs_f64();
        engine.db.close().await;
        Ok(json!({"instances": self.instances, "seconds": seconds, "rss_bytes": resident("VmRSS:")?}))
    }
}

async fn begin(engine: &Engine, model: &Name, (first, apart): (Ts, i64), count: u64) -> Measured<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (engine, model, next) = (engine.clone(), model.clone(), Arc::clone(&next));
        callers.spawn(async move {
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= count {
                    return Ok::<(), crate::Failure>(());
                }
                let due = first.plus_secs(apart * i64::try_from(nth)?);
                engine.start(&model, json!({"han": due.to_string(), "ho_so": format!("H{nth:08}")})).await?;
                if nth > 0 && nth.is_multiple_of(TELL_EACH) {
                    say(&format!("{nth} of {count} instances"));
                }
            }
        });
    }
    while let Some(one) = callers.join_next().await {
        one??;
    }
    Ok(())
}

/// Opens such a store, and begins some more instances whose timers all come at the same moment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wake {
    /// As that of [`Fill`], with a key of its own.
    model: PathBuf,
    timers: u64,
}

impl Wake {
    pub async fn run(self) -> Measured<Value> {
        let began = Instant::now();
        let engine = Engine::open().await?;
        let opened = began.elapsed().as_secs_f64();
        let model = engine.deploy(&self.model).await?;
        engine.all.tick(SystemClock.now()).await?;
        let ready = began.elapsed().as_secs_f64();
        let rss_ready = resident("VmRSS:")?;
        let due = SystemClock.now().plus_secs(SOON_SECS);
        begin(&engine, &model, (due, 0), self.timers).await?;
        if SystemClock.now() >= due {
            return Err("the timers came before all of them had begun".into());
        }
        let going = tokio::spawn(keep_going(engine.all.clone()));
        let late = self.lateness(&engine, due).await?;
        going.abort();
        engine.db.close().await;
        Ok(json!({
            "opened_seconds": opened, "ready_seconds": ready, "rss_ready_bytes": rss_ready,
            "rss_peak_bytes": resident("VmHWM:")?, "late_ms": percentiles(late),
        }))
    }

    /// How long after the moment each instance was seen to have ended, in milliseconds.
    async fn lateness(&self, engine: &Engine, due: Ts) -> Measured<Vec<f64>> {
        let store = ProcessStore::new(engine.db.clone());
        let model = store.models().await?.last().ok_or("the model is gone")?.id;
        let filter = InstanceFilter { model: Some(model), ..InstanceFilter::default() };
        let limit = u32::try_from(self.timers)?;
        let mut late = Vec::new();
        while late.len() < limit as usize {
            tokio::time::sleep(LOOK_EACH).await;
            let all = store.instances(&filter, limit).await?;
            let now = SystemClock.now();
            let ended = all.iter().filter(|row| row.ended.is_some()).count();
            late.resize(ended.max(late.len()), micros(now.0 - due.0));
            if now > due.plus_secs(i64::try_from(LATE_MAX.as_secs())?) {
                return Err(format!("only {ended} of {limit} timers have come").into());
            }
        }
        Ok(late)
    }
}

async fn keep_going(all: Processes) {
    all.keep_going().await;
}

#[expect(clippy::cast_precision_loss, reason = "minutes at most")]
fn micros(micros: i64) -> f64 {
    micros as f64 / 1e3
}

/// Resident memory of this process in bytes, as the kernel tells it.
fn resident(which: &str) -> Measured<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1_024)
}
