//! One durable transaction.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use tokio::sync::MutexGuard;

use super::rows::{
    AnswerRow, HistoryRow, IncidentRow, InstanceRow, LetterRow, ModelHead, ModelRow, TaskRow, WaitRow,
};
use super::table::{Cell, Connection, Lock, Row, Twice, postgres_arguments, sqlite_arguments};
use super::{Failpoint, ProcessStore};
use crate::db::Engine;
use crate::error::StoreError;

/// As for the message log: on the disk before it is reported, also where the server's setting is weaker.
const DURABLE: &str = "
    SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";
/// Two nodes must not give the same version, or the same procedure, to two models.
const LOCK_MODELS: &str = "LOCK TABLE process_model IN SHARE ROW EXCLUSIVE MODE";
const WAITING: &str = "
    SELECT instance, number FROM process_wait
    WHERE kind = 1 AND name = $1 AND correlation IN ($2, '') ORDER BY correlation = '', instance, number LIMIT $3";
const LISTENING: &str = "
    SELECT DISTINCT instance FROM process_wait WHERE kind = 2 AND name = $1 ORDER BY instance";
const DUE_SQLITE: &str = "
    SELECT instance, number FROM process_wait WHERE due <= $1 ORDER BY due LIMIT $2";
const DUE_POSTGRES: &str = "
    SELECT w.instance, w.number FROM process_wait w JOIN process_instance i ON i.id = w.instance
    WHERE w.due <= $1 ORDER BY w.due LIMIT $2 FOR UPDATE OF i SKIP LOCKED";
/// Texts of one statement, beyond which another one is begun: PostgreSQL takes 1 GB at most.
const STATEMENT_BYTES: usize = 16 << 20;
const SET_DUE: &str = "UPDATE process_task SET due = $1 WHERE instance = $2 AND exec = $3";
const LAST_MODEL: &str = "SELECT COALESCE(max(id), 0) FROM process_model";
const FORGET_LETTERS: &str = "DELETE FROM process_letter WHERE until < $1";
const FORGET_STARTS: &str = "
    DELETE FROM process_letter WHERE kind = 2 AND correlation <> '' AND model IN (SELECT id FROM process_model WHERE key = $1)";
const FORGET_ANSWERS: &str = "DELETE FROM process_answer WHERE at < $1";

/// A transaction; dropped without [`commit`](Self::commit) it was not.
pub struct ProcessTx<'a> {
    inner: Inner<'a>,
    failpoint: &'a Failpoint,
}

enum Inner<'a> {
    Sqlite { slot: MutexGuard<'a, Option<SqliteConnection>>, held: Box<SqliteConnection> },
    Postgres(Transaction<'static, Postgres>),
}

/// What one transaction writes. No row may be there twice, nor be written and be gone.
#[derive(Default)]
pub struct Changes {
    /// New instances, and what others have become.
    pub instances: Vec<InstanceRow>,
    /// What happened.
    pub history: Vec<HistoryRow>,
    /// What is waited for now.
    pub waits: Vec<WaitRow>,
    /// What is waited for no more.
    pub waits_gone: Vec<(String, i64)>,
    /// Work that is open now.
    pub tasks: Vec<TaskRow>,
    /// Work that is open no more.
    pub tasks_gone: Vec<(String, i64)>,
    /// Work that should be done at another time, and stays as it is otherwise.
    pub dues: Vec<((String, i64), Option<i64>)>,
    /// Steps that stopped.
    pub incidents: Vec<IncidentRow>,
    /// Steps that go on.
    pub incidents_gone: Vec<(String, i64)>,
    /// New letters.
    pub letters: Vec<LetterRow>,
    /// Letters that were delivered.
    pub letters_gone: Vec<String>,
    /// Answers to questions with a key.
    pub answers: Vec<AnswerRow>,
}

/// The same query on the connection of either engine.
macro_rules! on_tx {
    ($tx:expr, |$conn:ident| $query:expr) => {
        match &mut $tx.inner {
            Inner::Sqlite { held, .. } => {
                let $conn = &mut **held;
                $query
            }
            Inner::Postgres(tx) => {
                let $conn = &mut **tx;
                $query
            }
        }
    };
}

impl ProcessStore {
    /// Begins a transaction. On SQLite nobody else writes until it ends.
    pub async fn begin(&self) -> Result<ProcessTx<'_>, StoreError> {
        let inner = match self.db.engine() {
            Engine::Sqlite(it) => {
                let (slot, mut held) = it.writer().await?;
                sqlx::query("BEGIN IMMEDIATE").execute(&mut held).await?;
                Inner::Sqlite { slot, held: Box::new(held) }
            }
            Engine::Postgres(it) => {
                let mut tx = it.pool.begin().await?;
                sqlx::query(DURABLE).execute(&mut *tx).await?;
                Inner::Postgres(tx)
            }
        };
        Ok(ProcessTx { inner, failpoint: &self.failpoint })
    }
}

impl ProcessTx<'_> {
    /// Makes it durable. After an error it is not known whether it is.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.failpoint.pass()?;
        match self.inner {
            Inner::Sqlite { mut slot, mut held } => {
                sqlx::query("COMMIT").execute(&mut *held).await?;
                *slot = Some(*held);
            }
            Inner::Postgres(tx) => tx.commit().await?,
        }
        self.failpoint.pass()
    }

    /// Undoes it and gives the connection back.
    pub async fn undo(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite { mut slot, mut held } => {
                sqlx::query("ROLLBACK").execute(&mut *held).await?;
                *slot = Some(*held);
            }
            Inner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    async fn find<R: Row>(
        &mut self,
        columns: &[&str],
        keys: Vec<Vec<Cell>>,
        lock: Lock,
    ) -> Result<Vec<R>, StoreError> {
        let found = on_tx!(self, |conn| conn.find(columns, keys, lock).await);
        found.map_err(StoreError::reading(R::TABLE.name))
    }

    /// The instances that no other transaction holds, for this one alone.
    pub async fn lock(&mut self, ids: Vec<String>) -> Result<Vec<InstanceRow>, StoreError> {
        self.find(&["id"], ids.into_iter().map(text).collect(), Lock::Skip).await
    }

    /// Instances as they stand, held by others or not.
    pub async fn instances(&mut self, ids: Vec<String>) -> Result<Vec<InstanceRow>, StoreError> {
        self.find(&["id"], ids.into_iter().map(text).collect(), Lock::Free).await
    }

    /// Open work by instance and step, for this transaction alone.
    pub async fn tasks(&mut self, keys: Vec<(String, i64)>) -> Result<Vec<TaskRow>, StoreError> {
        self.find(&["instance", "exec"], keys.into_iter().map(pair).collect(), Lock::Wait).await
    }

    /// Steps that stopped, by instance and step.
    pub async fn incidents(&mut self, keys: Vec<(String, i64)>) -> Result<Vec<IncidentRow>, StoreError> {
        self.find(&["instance", "exec"], keys.into_iter().map(pair).collect(), Lock::Free).await
    }

    /// What of the history was the work of these elements, by instance and element.
    pub async fn done(&mut self, keys: Vec<(String, String)>) -> Result<Vec<HistoryRow>, StoreError> {
        let keys = keys
            .into_iter()
            .map(|(instance, element)| vec![Cell::Text(Some(instance)), Cell::Text(Some(element))]);
        self.find(&["instance", "element"], keys.collect(), Lock::Free).await
    }

    /// What was answered to these keys.
    pub async fn answers(&mut self, keys: Vec<String>) -> Result<Vec<AnswerRow>, StoreError> {
        self.find(&["key"], keys.into_iter().map(text).collect(), Lock::Free).await
    }

    /// A model with its file.
    pub async fn model(&mut self, id: i64) -> Result<Option<ModelRow>, StoreError> {
        Ok(self.find(&["id"], vec![vec![Cell::Int(Some(id))]], Lock::Free).await?.pop())
    }

    /// The number of the newest model; 0 without one.
    pub async fn last_model(&mut self) -> Result<i64, StoreError> {
        Ok(on_tx!(self, |conn| sqlx::query_scalar(LAST_MODEL).fetch_one(conn).await)?)
    }

    /// All models, in the order of deployment.
    pub async fn models(&mut self) -> Result<Vec<ModelHead>, StoreError> {
        let sql = format!("SELECT {} FROM process_model ORDER BY id", ModelHead::TABLE.list(""));
        let raw: Vec<<ModelHead as Row>::Raw> =
            on_tx!(self, |conn| sqlx::query_as(AssertSqlSafe(sql)).fetch_all(conn).await)
                .map_err(StoreError::reading("process_model"))?;
        Ok(raw.into_iter().map(ModelHead::read).collect())
    }

    /// Lets nobody else deploy until this transaction ends.
    pub async fn lock_models(&mut self) -> Result<(), StoreError> {
        if let Inner::Postgres(tx) = &mut self.inner {
            sqlx::query(LOCK_MODELS).execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// Adds a model.
    pub async fn add_model(&mut self, model: &ModelRow) -> Result<(), StoreError> {
        self.put::<ModelRow>(std::slice::from_ref(model), Twice::Fails).await.map(drop)
    }

    /// At most `limit` instances and waits that take a message: first those that ask for what it has, then those that ask
    /// for nothing.
    pub async fn waiting(
        &mut self,
        (name, correlation): (&str, &str),
        limit: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(on_tx!(self, |conn| sqlx::query_as(WAITING)
            .bind(name)
            .bind(correlation)
            .bind(limit)
            .fetch_all(conn)
            .await)?)
    }

    /// The instances that wait for a signal.
    pub async fn listening(&mut self, name: &str) -> Result<Vec<String>, StoreError> {
        Ok(on_tx!(self, |conn| sqlx::query_scalar(LISTENING).bind(name).fetch_all(conn).await)?)
    }

    /// At most `limit` waits whose moment has come, the oldest first, of instances that no other transaction holds.
    pub async fn due(&mut self, now: i64, limit: i64) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(match &mut self.inner {
            Inner::Sqlite { held, .. } => {
                sqlx::query_as(DUE_SQLITE).bind(now).bind(limit).fetch_all(&mut **held).await?
            }
            Inner::Postgres(tx) => {
                sqlx::query_as(DUE_POSTGRES).bind(now).bind(limit).fetch_all(&mut **tx).await?
            }
        })
    }

    /// At most `limit` letters that somebody waits for, for this transaction alone. A message goes to who waits for it or, if
    /// its name is one of `starts`, begins a process.
    pub async fn letters(
        &mut self,
        now: i64,
        starts: &[String],
        limit: i64,
    ) -> Result<Vec<LetterRow>, StoreError> {
        let places = (3..3 + starts.len()).map(|at| format!("${at}"));
        let begins = places.collect::<Vec<_>>().join(", ");
        let begins = if starts.is_empty() { String::new() } else { format!("OR l.name IN ({begins})") };
        let lock = match self.inner {
            Inner::Sqlite { .. } => "",
            Inner::Postgres(_) => "FOR UPDATE OF l SKIP LOCKED",
        };
        let sql = format!(
            "SELECT {} FROM process_letter l WHERE l.due <= $1 AND (l.kind <> 0 {begins} OR EXISTS (
                SELECT 1 FROM process_wait w WHERE w.kind = 1 AND w.name = l.name AND w.correlation IN (l.correlation, '')))
            ORDER BY l.due, l.id LIMIT $2 {lock}",
            LetterRow::TABLE.list("l.")
        );
        let mut cells = vec![Cell::Int(Some(now)), Cell::Int(Some(limit))];
        cells.extend(starts.iter().map(|name| Cell::Text(Some(name.clone()))));
        let sql = AssertSqlSafe(sql);
        let raw: Vec<<LetterRow as Row>::Raw> = match &mut self.inner {
            Inner::Sqlite { held, .. } => {
                sqlx::query_as_with(sql, sqlite_arguments(cells)?).fetch_all(&mut **held).await
            }
            Inner::Postgres(tx) => {
                sqlx::query_as_with(sql, postgres_arguments(cells)?).fetch_all(&mut **tx).await
            }
        }
        .map_err(StoreError::reading("process_letter"))?;
        Ok(raw.into_iter().map(LetterRow::read).collect())
    }

    /// Gives at most `limit` jobs of a topic to a worker, the oldest first.
    pub async fn take_jobs(
        &mut self,
        (topic, worker): (&str, &str),
        (now, until): (i64, i64),
        limit: i64,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.failpoint.pass()?;
        let lock = match self.inner {
            Inner::Sqlite { .. } => "",
            Inner::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE process_task SET locked_by = $2, locked_until = $4 WHERE (instance, exec) IN (
                SELECT instance, exec FROM process_task
                WHERE kind = 1 AND topic = $1 AND not_before <= $3 AND locked_until <= $3
                ORDER BY created LIMIT $5 {lock}) RETURNING {}",
            TaskRow::TABLE.list("")
        );
        let raw: Vec<<TaskRow as Row>::Raw> = on_tx!(self, |conn| sqlx::query_as(AssertSqlSafe(sql))
            .bind(topic)
            .bind(worker)
            .bind(now)
            .bind(until)
            .bind(limit)
            .fetch_all(conn)
            .await)
        .map_err(StoreError::reading("process_task"))?;
        Ok(raw.into_iter().map(TaskRow::read).collect())
    }

    /// Deletes letters that nobody took in time, and answers given before a moment.
    pub async fn forget(&mut self, now: i64, answered: i64) -> Result<u64, StoreError> {
        self.failpoint.pass()?;
        let letters = on_tx!(self, |conn| sqlx::query(FORGET_LETTERS)
            .bind(now)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        on_tx!(self, |conn| sqlx::query(FORGET_ANSWERS).bind(answered).execute(conn).await.map(drop))?;
        Ok(letters)
    }

    /// Deletes what would begin processes of the models of a key by the clock: letters of kind 2 with a correlation.
    pub async fn forget_starts(&mut self, key: &str) -> Result<(), StoreError> {
        self.failpoint.pass()?;
        Ok(on_tx!(self, |conn| sqlx::query(FORGET_STARTS).bind(key).execute(conn).await.map(drop))?)
    }

    /// Writes all of it. False when another transaction has answered one of the keys in the meantime: then nothing of this one
    /// may be committed.
    pub async fn write(&mut self, changes: Changes) -> Result<bool, StoreError> {
        self.delete::<WaitRow>(changes.waits_gone.into_iter().map(pair).collect()).await?;
        self.delete::<TaskRow>(changes.tasks_gone.into_iter().map(pair).collect()).await?;
        self.delete::<IncidentRow>(changes.incidents_gone.into_iter().map(pair).collect()).await?;
        self.delete::<LetterRow>(changes.letters_gone.into_iter().map(text).collect()).await?;
        self.put(&changes.instances, Twice::Changes).await?;
        self.put(&changes.history, Twice::Fails).await?;
        self.put(&changes.waits, Twice::Changes).await?;
        self.put(&changes.tasks, Twice::Changes).await?;
        self.put(&changes.incidents, Twice::Changes).await?;
        self.set_dues(changes.dues).await?;
        self.put(&changes.letters, Twice::Fails).await?;
        let answers = changes.answers.len() as u64;
        Ok(self.put(&changes.answers, Twice::Stays).await? == answers)
    }

    async fn set_dues(&mut self, dues: Vec<((String, i64), Option<i64>)>) -> Result<(), StoreError> {
        for ((instance, exec), due) in dues {
            self.failpoint.pass()?;
            on_tx!(self, |conn| sqlx::query(SET_DUE)
                .bind(due)
                .bind(instance)
                .bind(exec)
                .execute(conn)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    async fn put<R: Row>(&mut self, rows: &[R], twice: Twice) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.failpoint.pass()?;
        let (mut cells, mut bytes, mut written) = (Vec::new(), 0, 0);
        for row in rows {
            let row = row.cells();
            bytes += row.iter().map(Cell::bytes_long).sum::<usize>();
            cells.push(row);
            if bytes > STATEMENT_BYTES {
                let part = std::mem::take(&mut cells);
                written += on_tx!(self, |conn| conn.put(&R::TABLE, part, twice).await)?;
                bytes = 0;
            }
        }
        Ok(written + on_tx!(self, |conn| conn.put(&R::TABLE, cells, twice).await)?)
    }

    async fn delete<R: Row>(&mut self, keys: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.failpoint.pass()?;
        Ok(on_tx!(self, |conn| conn.delete(&R::TABLE, keys).await)?)
    }
}

fn text(value: String) -> Vec<Cell> {
    vec![Cell::Text(Some(value))]
}

fn pair((text, number): (String, i64)) -> Vec<Cell> {
    vec![Cell::Text(Some(text)), Cell::Int(Some(number))]
}
