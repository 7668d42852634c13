//! How much there is, for operators.

use super::ProcessStore;
use crate::db::Engine;
use crate::error::StoreError;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Instances that are not over.
    pub instances: i64,
    /// Open tasks of persons.
    pub tasks: i64,
    /// Open jobs of workers.
    pub jobs: i64,
    /// Steps that stopped.
    pub incidents: i64,
    /// The first moment that is waited for, in microseconds; it lies behind when it is late.
    pub due: Option<i64>,
}

const COUNT: &str = "
    SELECT (SELECT count(*) FROM process_instance WHERE ended IS NULL) AS instances,
           (SELECT count(*) FROM process_task WHERE kind = 0) AS tasks,
           (SELECT count(*) FROM process_task WHERE kind = 1) AS jobs,
           (SELECT count(*) FROM process_incident) AS incidents,
           (SELECT min(due) FROM process_wait WHERE due IS NOT NULL) AS due";

impl ProcessStore {
    /// Counts what is open. It reads an entry of an index for each thing that is: not for every second.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let row = match self.db.engine() {
            Engine::Sqlite(it) => sqlx::query_as(COUNT).fetch_one(&it.readers).await,
            Engine::Postgres(it) => sqlx::query_as(COUNT).fetch_one(&it.pool).await,
        };
        let row: (i64, i64, i64, i64, Option<i64>) = row.map_err(StoreError::reading("process_instance"))?;
        let (instances, tasks, jobs, incidents, due) = row;
        Ok(Counts { instances, tasks, jobs, incidents, due })
    }
}
