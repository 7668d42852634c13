//! Work of systems: jobs by topic, each given to one worker for a time.
//!
//! A worker that dies loses its job to another one when its time is over, so that a job may be begun twice: what a worker
//! does outside carries the job's [`key`](Job::key), which stays the same, so that the outside can tell.

use std::collections::{BTreeSet, HashMap};

use base::Ts;
use serde_json::{Map, Value, json};
use store::process::{Changes, HistoryRow, InstanceRow, ProcessTx, TaskRow};

use super::acts::LOCK_SECS_MAX;
use super::call::Act;
use super::catalog::Model;
use super::tasks::{OpenTask, PAGE_MAX};
use super::{Answer, By, Denied, Name, Payload, Processes, TaskId};
use crate::engine::{State, seen};

/// A job that a worker has got.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The job.
    pub task: OpenTask,
    /// The same whenever this job is given out: for what is done outside.
    pub key: String,
    /// The variables that its step sees.
    pub variables: Map<String, Value>,
}

impl Processes {
    /// Gives at most `limit` jobs of a topic to a worker for a time, the oldest first. The history of each instance says who got
    /// which job when.
    ///
    /// # Errors
    /// The time is not 1 second to a day, or the store failed.
    pub async fn fetch(
        &self,
        topic: &Name,
        worker: &Name,
        limit: u32,
        secs: i64,
    ) -> Result<Vec<Job>, Denied> {
        proper(secs)?;
        let shared = &self.shared;
        let now = shared.clock.now();
        let until = now.plus_secs(secs);
        let mut tx = shared.store.begin().await?;
        let limit = i64::from(limit.clamp(1, PAGE_MAX));
        let rows = tx.take_jobs((topic.as_str(), worker.as_str()), (now.0, until.0), limit).await?;
        if rows.is_empty() {
            tx.undo().await?;
            return Ok(Vec::new());
        }
        let ids: BTreeSet<_> = rows.iter().map(|row| row.instance.clone()).collect();
        let mut held: HashMap<_, _> =
            tx.lock(ids.into_iter().collect()).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
        let rows = given(&mut tx, rows, (&mut held, (worker, now))).await?;
        let mut read = HashMap::new();
        for row in held.into_values() {
            let model = shared.catalog.model(&mut tx, row.model).await?;
            let state: State = serde_json::from_str(&row.state)
                .map_err(|error| Denied::Damaged(format!("process_instance {}: {error}", row.id)))?;
            read.insert(row.id, (model, state));
        }
        tx.commit().await?;
        let mut jobs = Vec::new();
        for row in rows {
            let Some((model, state)) = read.get(&row.instance) else { continue };
            let task = OpenTask::read(row)?;
            jobs.push(job(task, model, state));
        }
        jobs.sort_by_key(|job| (job.task.created, job.task.id));
        Ok(jobs)
    }

    /// A worker did a job. With a `key` it may be said twice.
    ///
    /// # Errors
    /// The worker does not have it any more, or it is done.
    pub async fn job_done(
        &self,
        job: TaskId,
        variables: Payload,
        worker: &Name,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.job_act(job, Act::JobDone { exec: job.exec, variables }, worker, key).await
    }

    /// A job ended with a business error.
    ///
    /// # Errors
    /// As [`job_done`](Self::job_done).
    pub async fn job_error(
        &self,
        job: TaskId,
        (code, variables): (Name, Payload),
        worker: &Name,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.job_act(job, Act::JobError { exec: job.exec, code, variables }, worker, key).await
    }

    /// A job could not be done: it is given out again after a pause, which doubles from 10 s each time unless `after_secs` says
    /// otherwise. When it was tried often enough (extension attribute `retries`, else 3) it becomes an incident.
    ///
    /// # Errors
    /// The worker does not have it, or the pause is negative or longer than a day.
    pub async fn job_failed(
        &self,
        job: TaskId,
        (why, after_secs): (&str, Option<i64>),
        worker: &Name,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        if after_secs.is_some_and(|secs| !(0..=LOCK_SECS_MAX).contains(&secs)) {
            return Err(Denied::Time { max_secs: LOCK_SECS_MAX });
        }
        let why = why.to_owned();
        self.job_act(job, Act::JobFailed { exec: job.exec, why, after_secs }, worker, key).await
    }

    /// A worker needs a job for longer: so many seconds from now.
    ///
    /// # Errors
    /// The worker does not have it, or the time is not 1 second to a day.
    pub async fn job_extend(&self, job: TaskId, secs: i64, worker: &Name) -> Result<Answer, Denied> {
        proper(secs)?;
        self.job_act(job, Act::JobExtend { exec: job.exec, secs }, worker, None).await
    }

    async fn job_act(
        &self,
        job: TaskId,
        act: Act,
        worker: &Name,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.act(job.instance, act, &By::System(worker.clone()), key).await
    }
}

/// Writes down who gets which job, and gives those back whose instance another transaction holds: somebody may be ending
/// them just now.
async fn given(
    tx: &mut ProcessTx<'_>,
    rows: Vec<TaskRow>,
    (held, (worker, now)): (&mut HashMap<String, InstanceRow>, (&Name, Ts)),
) -> Result<Vec<TaskRow>, Denied> {
    let (mut changes, mut given) = (Changes::default(), Vec::new());
    for row in rows {
        let Some(instance) = held.get_mut(&row.instance) else {
            changes.tasks.push(TaskRow { locked_by: None, locked_until: 0, ..row });
            continue;
        };
        instance.version += 1;
        changes.history.push(HistoryRow {
            instance: row.instance.clone(),
            number: instance.version,
            at: now.0,
            who: By::System(worker.clone()).to_string(),
            element: None,
            command: json!({"act": "fetch", "exec": row.exec, "until": row.locked_until}).to_string(),
            events: "[]".to_owned(),
            snapshot: None,
        });
        given.push(row);
    }
    changes.instances = held.values().cloned().collect();
    tx.write(changes).await?;
    Ok(given)
}

fn proper(secs: i64) -> Result<(), Denied> {
    if (1..=LOCK_SECS_MAX).contains(&secs) { Ok(()) } else { Err(Denied::Time { max_secs: LOCK_SECS_MAX }) }
}

fn job(task: OpenTask, model: &Model, state: &State) -> Job {
    let variables = seen(&model.program, state, task.id.exec);
    Job { key: task.id.to_string(), variables, task }
}
