//! How many tasks a second, and how long one takes at a steady rate.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use process::runner::{Name, TaskId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Measured;
use crate::at_work::{Engine, dossier, ms, percentiles};

/// Callers that make the instances of which tasks are then asked for.
const MAKERS: usize = 64;

/// Callers who begin an instance, do all its tasks, and begin the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    model: PathBuf,
    callers: usize,
    seconds: u64,
}

impl Throughput {
    pub async fn run(self) -> Measured<Value> {
        let engine = Engine::open().await?;
        let model = engine.deploy(&self.model).await?;
        let began = Instant::now();
        let until = began + Duration::from_secs(self.seconds);
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            callers.spawn(caller(engine.clone(), model.clone(), until));
        }
        let (mut instances, mut took) = (0_u64, Vec::new());
        while let Some(one) = callers.join_next().await {
            let (its_instances, its_took) = one??;
            instances += its_instances;
            took.extend(its_took);
        }
        let seconds = began.elapsed().as_secs_f64();
        engine.db.close().await;
        Ok(json!({"seconds": seconds, "instances": instances, "tasks": took.len(), "ms": percentiles(took)}))
    }
}

/// How many instances it began, and how long each task took, in milliseconds.
async fn caller(engine: Engine, model: Name, until: Instant) -> Measured<(u64, Vec<f64>)> {
    let (mut instances, mut took) = (0, Vec::new());
    while Instant::now() < until {
        let instance = engine.start(&model, dossier()).await?;
        instances += 1;
        loop {
            let tasks = engine.tasks(instance).await?;
            if tasks.is_empty() || Instant::now() >= until {
                break;
            }
            for task in tasks {
                let began = Instant::now();
                engine.complete(task.id).await?;
                took.push(ms(began.elapsed()));
            }
        }
    }
    Ok((instances, took))
}

/// Tasks that are completed by a schedule, whether or not those before are answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    model: PathBuf,
    per_second: u32,
    seconds: u32,
}

/// Tasks that are open.
type Open = Arc<Mutex<VecDeque<TaskId>>>;

impl Latency {
    pub async fn run(self) -> Measured<Value> {
        let engine = Engine::open().await?;
        let model = engine.deploy(&self.model).await?;
        // Half as many instances as tasks that will be done: one that was touched comes last, so some task is always open.
        let open = self.instances(&engine, &model).await?;
        let (mut calls, mut late) = (JoinSet::new(), 0.0_f64);
        let began = Instant::now() + Duration::from_millis(100);
        for nth in 0..self.per_second * self.seconds {
            let due = began + Duration::from_secs_f64(f64::from(nth) / f64::from(self.per_second));
            sleep_until(due).await;
            late = late.max(ms(due.elapsed()));
            let task = open.lock().map_err(|_| "a caller failed")?.pop_front();
            let task = task.ok_or("no task is open: the engine does not keep up")?;
            calls.spawn(one(engine.clone(), task, due, Arc::clone(&open)));
        }
        let mut took = Vec::new();
        while let Some(one) = calls.join_next().await {
            took.push(one??);
        }
        let seconds = began.elapsed().as_secs_f64();
        engine.db.close().await;
        Ok(json!({"seconds": seconds, "schedule_late_ms_max": late, "ms": percentiles(took)}))
    }

    async fn instances(&self, engine: &Engine, model: &Name) -> Measured<Open> {
        let wanted = (self.per_second * self.seconds / 2).max(self.per_second) as usize;
        let open = Open::default();
        let mut makers = JoinSet::new();
        for maker in 0..MAKERS {
            let (engine, model, open) = (engine.clone(), model.clone(), Arc::clone(&open));
            makers.spawn(async move {
                for _ in (maker..wanted).step_by(MAKERS) {
                    let instance = engine.start(&model, dossier()).await?;
                    let tasks = engine.tasks(instance).await?;
                    open.lock().map_err(|_| "a maker failed")?.extend(tasks.into_iter().map(|task| task.id));
                }
                Ok::<(), crate::Failure>(())
            });
        }
        while let Some(one) = makers.join_next().await {
            one??;
        }
        Ok(open)
    }
}

/// Completes one task; gives the time since it was due. What is open in its instance then is put behind everything else.
async fn one(engine: Engine, task: TaskId, due: Instant, open: Open) -> Measured<f64> {
    engine.complete(task).await?;
    let took = ms(due.elapsed());
    let tasks = engine.tasks(task.instance).await?;
    let mut open = open.lock().map_err(|_| "a caller failed")?;
    for task in tasks.into_iter().map(|task| task.id) {
        // Of two that are open beside each other the second is in the list already.
        if !open.contains(&task) {
            open.push_back(task);
        }
    }
    Ok(took)
}
