//! What rows of others' tables were when they were compared last, for telling changes where no column tells them.
//!
//! A run reads the source in the order of its key, batch by batch; each batch is one durable transaction that also keeps
//! where the run goes on. Rows that stay as they were cost a bit, not a write. Whoever runs holds a token; a run that was
//! left is taken over by the next.

use base::Ts;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::db::{Db, Engine, on_reader};
use crate::error::StoreError;
use write::Write as _;

mod write;

/// A keyed hash, cut to 16 bytes: among 10⁸ rows two are alike once in 10²² cases.
pub type ShortHash = [u8; 16];

/// Places of one part of what a run has seen.
pub const PART_PLACES: i64 = 8_192;
/// Microseconds after which a run that does not move is taken over.
pub const LEFT_AFTER_US: i64 = 60_000_000;

/// What a row's last change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// None since the base line.
    Base,
    /// It came.
    Added,
    /// It became another.
    Changed,
    /// It went.
    Gone,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Base, Self::Added, Self::Changed, Self::Gone];

    fn read(number: i16) -> Result<Self, StoreError> {
        let found = usize::try_from(number).ok().and_then(|at| Self::ALL.get(at).copied());
        found.ok_or_else(|| corrupt("operation"))
    }

    const fn number(self) -> i16 {
        match self {
            Self::Base => 0,
            Self::Added => 1,
            Self::Changed => 2,
            Self::Gone => 3,
        }
    }
}

/// A service whose rows are compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its number in this store.
    pub id: i64,
    /// A keyed hash of what a row's key is: with another one everything begins anew.
    pub probe: ShortHash,
    /// The number of change at which the base line was taken; what happened before is not known.
    pub base: i64,
    /// The place of the next new row.
    pub next_place: i64,
    /// The number of the next change.
    pub next_number: i64,
    /// Who runs now.
    pub token: Option<i64>,
    /// When the run wrote last.
    pub touched: Ts,
    /// Rows read by the run.
    pub read_rows: i64,
    /// Where the run goes on; nothing at its beginning.
    pub position: Option<Vec<u8>>,
    /// When the last run that came to its end did so.
    pub finished: Option<Ts>,
    /// Rows that were there then.
    pub alive: i64,
}

impl std::fmt::Debug for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compared")
            .field("id", &self.id)
            .field("next_number", &self.next_number)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

/// A row that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its place.
    pub place: i64,
    /// Keyed hash of its key.
    pub key_hash: ShortHash,
    /// Keyed hash of what would be given of it.
    pub row_hash: ShortHash,
    /// Its last change.
    pub operation: Operation,
}

/// A row that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// What is known of it.
    pub row: Known,
    /// Number of the change; 0 in a base line.
    pub number: i64,
    /// Its key, encrypted.
    pub row_key: Vec<u8>,
}

/// A row that became another, or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Its place.
    pub place: i64,
    /// The new hash.
    pub row_hash: ShortHash,
    /// Number of the change.
    pub number: i64,
    /// What happened.
    pub operation: Operation,
}

/// What one transaction of a run writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// New rows.
    pub added: Vec<Added>,
    /// Rows that became others, or went.
    pub rewritten: Vec<Rewritten>,
    /// Parts of what was seen, with their bits.
    pub seen: Vec<(i64, Vec<u8>)>,
}

/// A change, as consumers ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// Its number.
    pub number: i64,
    /// What happened.
    pub operation: Operation,
    /// Keyed hash of the row's key.
    pub key_hash: ShortHash,
    /// The row's key, encrypted.
    pub row_key: Vec<u8>,
}

const ONE: &str = "
    SELECT id, probe, base, next_place, next_number, token, touched, read_rows, position, finished, alive
    FROM compared WHERE service = $1";
const BEGIN: &str = "
    INSERT INTO compared (id, service, probe, base, next_place, next_number, token, touched, read_rows, position, finished, alive)
    VALUES ((SELECT COALESCE(max(id), 0) + 1 FROM compared), $1, $2, 0, 0, 1, $3, $4, 0, NULL, NULL, 0)
    ON CONFLICT (service) DO UPDATE SET token = excluded.token, touched = excluded.touched
    WHERE compared.token IS NULL OR compared.touched < $5";
const ANEW: &str = "
    UPDATE compared SET probe = $3, base = next_number, next_number = next_number + 1, next_place = 0, read_rows = 0, position = NULL, finished = NULL, alive = 0
    WHERE id = $1 AND token = $2";
const FORGET_ROWS: &str = "DELETE FROM compared_row WHERE service = $1";
const FORGET_SEEN: &str = "DELETE FROM compared_seen WHERE service = $1";
const PROGRESS: &str = "
    UPDATE compared SET next_place = $3, next_number = $4, read_rows = $5, position = $6, touched = $7
    WHERE id = $1 AND token = $2";
const FINISH: &str = "
    UPDATE compared SET token = NULL, read_rows = 0, position = NULL, finished = $3, touched = $3, alive = $4
    WHERE id = $1 AND token = $2";
const AGAIN: &str = "
    UPDATE compared SET read_rows = 0, position = NULL WHERE id = $1 AND token = $2";
const LEAVE: &str = "UPDATE compared SET token = NULL WHERE id = $1 AND token = $2";
const SEE: &str = "
    INSERT INTO compared_seen (service, part, bits) VALUES ($1, $2, $3)
    ON CONFLICT (service, part) DO UPDATE SET bits = excluded.bits";
const SEEN: &str = "SELECT bits FROM compared_seen WHERE service = $1 AND part = $2";
const ALIVE: &str = "
    SELECT place FROM compared_row WHERE service = $1 AND place >= $2 AND place < $3 AND operation <> 3 ORDER BY place";
const CHANGES: &str = "
    SELECT number, operation, key_hash, row_key FROM compared_row
    WHERE service = $1 AND number > $2 AND number > 0 ORDER BY number LIMIT $3";
const FIND_POSTGRES: &str = "
    SELECT place, key_hash, row_hash, operation FROM compared_row WHERE service = $1 AND key_hash = ANY($2)";
/// Rows of one INSERT or SELECT on SQLite, which takes at most 32,766 values in a statement.
const SQLITE_ROWS: usize = 500;
/// As for the message log: on the disk before it is reported, also where the server's setting is weaker.
const DURABLE: &str = "
    SELECT set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";

type Raw = (i64, Vec<u8>, i64, i64, i64, Option<i64>, i64, i64, Option<Vec<u8>>, Option<i64>, i64);
type RawKnown = (i64, Vec<u8>, Vec<u8>, i16);

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt { table: "compared_row", row: "unknown".into(), what: what.into() }
}

fn short(bytes: &[u8]) -> Result<ShortHash, StoreError> {
    bytes.try_into().map_err(|_| corrupt("a hash has not 16 bytes"))
}

fn compared(raw: Raw) -> Result<Compared, StoreError> {
    let (id, probe, base, next_place, next_number, token, touched, read_rows, position, finished, alive) =
        raw;
    let (probe, touched, finished) = (short(&probe)?, Ts(touched), finished.map(Ts));
    Ok(Compared {
        id,
        probe,
        base,
        next_place,
        next_number,
        token,
        touched,
        read_rows,
        position,
        finished,
        alive,
    })
}

fn known((place, key_hash, row_hash, operation): RawKnown) -> Result<Known, StoreError> {
    let operation = Operation::read(operation)?;
    Ok(Known { place, key_hash: short(&key_hash)?, row_hash: short(&row_hash)?, operation })
}

/// Runs the same statements as one durable transaction on whichever engine this is.
macro_rules! transaction {
    ($db:expr, |$conn:ident| $run:expr) => {
        match $db.engine() {
            Engine::Sqlite(it) => {
                let (mut slot, mut held) = it.writer().await?;
                let mut tx = held.begin_with("BEGIN IMMEDIATE").await?;
                let $conn = &mut *tx;
                $run;
                tx.commit().await?;
                *slot = Some(held);
            }
            Engine::Postgres(it) => {
                let mut tx = it.pool.begin().await?;
                sqlx::query(DURABLE).execute(&mut *tx).await?;
                let $conn = &mut *tx;
                $run;
                tx.commit().await?;
            }
        }
    };
}

/// A statement that only the holder of the token may run; no row is touched when another took over.
macro_rules! held {
    ($statement:expr, $conn:expr) => {{
        if $statement.execute(&mut *$conn).await?.rows_affected() != 1 {
            return Err(StoreError::Locked { what: "another comparison of this service runs".into() });
        }
    }};
}

impl Db {
    /// A service whose rows are compared; nothing when none of its runs began.
    pub async fn compared(&self, service: &str) -> Result<Option<Compared>, StoreError> {
        let raw: Option<Raw> =
            on_reader!(self, |pool| sqlx::query_as(ONE).bind(service).fetch_optional(pool).await)
                .map_err(StoreError::reading("compared"))?;
        raw.map(compared).transpose()
    }

    /// Begins a run, or goes on with one that was left. With another `probe` everything begins anew.
    ///
    /// # Errors
    /// [`StoreError::Locked`]: another run is under way.
    pub async fn compare_begin(
        &self,
        service: &str,
        probe: ShortHash,
        token: i64,
        now: Ts,
    ) -> Result<Compared, StoreError> {
        let left = now.0 - LEFT_AFTER_US;
        transaction!(self, |conn| {
            let begin = sqlx::query(BEGIN).bind(service).bind(&probe[..]);
            held!(begin.bind(token).bind(now.0).bind(left), conn);
        });
        let gone = || StoreError::Locked { what: "another comparison of this service runs".into() };
        let begun = self.compared(service).await?.ok_or_else(gone)?;
        if begun.probe == probe {
            return Ok(begun);
        }
        transaction!(self, |conn| {
            held!(sqlx::query(ANEW).bind(begun.id).bind(token).bind(&probe[..]), conn);
            for forget in [FORGET_ROWS, FORGET_SEEN] {
                sqlx::query(forget).bind(begun.id).execute(&mut *conn).await?;
            }
        });
        self.compared(service).await?.ok_or_else(gone)
    }

    /// What is known of rows, by the hashes of their keys, in no order.
    pub async fn compare_find(&self, id: i64, keys: &[ShortHash]) -> Result<Vec<Known>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        match self.engine() {
            Engine::Postgres(it) => {
                let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
                let raw: Vec<RawKnown> =
                    sqlx::query_as(FIND_POSTGRES).bind(id).bind(keys).fetch_all(&it.pool).await?;
                found.extend(raw);
            }
            Engine::Sqlite(it) => {
                for chunk in keys.chunks(SQLITE_ROWS) {
                    let places = vec!["?"; chunk.len()].join(",");
                    let sql = format!(
                        "SELECT place, key_hash, row_hash, operation FROM compared_row WHERE service = ? AND key_hash IN ({places})"
                    );
                    let whole = chunk.len() == SQLITE_ROWS;
                    let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(whole).bind(id);
                    for key in chunk {
                        query = query.bind(&key[..]);
                    }
                    let raw: Vec<RawKnown> = query.fetch_all(&it.readers).await?;
                    found.extend(raw);
                }
            }
        }
        found.into_iter().map(known).collect()
    }

    /// The bits of a part of what the run has seen; nothing when it has seen none of its places.
    pub async fn compare_seen(&self, id: i64, part: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let seen =
            on_reader!(self, |pool| sqlx::query_scalar(SEEN).bind(id).bind(part).fetch_optional(pool).await);
        seen.map_err(StoreError::reading("compared_seen"))
    }

    /// Places of a part whose rows were there when they were compared last.
    pub async fn compare_alive(&self, id: i64, part: i64) -> Result<Vec<i64>, StoreError> {
        let (from, to) = (part * PART_PLACES, (part + 1) * PART_PLACES);
        let places = on_reader!(self, |pool| sqlx::query_scalar(ALIVE)
            .bind(id)
            .bind(from)
            .bind(to)
            .fetch_all(pool)
            .await);
        places.map_err(StoreError::reading("compared_row"))
    }

    /// Writes a batch of a run and where it goes on, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Locked`]: another run took over.
    pub async fn compare_write(&self, run: &Compared, batch: &Batch) -> Result<(), StoreError> {
        transaction!(self, |conn| {
            let progress = sqlx::query(PROGRESS).bind(run.id).bind(run.token).bind(run.next_place);
            let progress = progress.bind(run.next_number).bind(run.read_rows).bind(run.position.as_deref());
            held!(progress.bind(run.touched.0), conn);
            conn.add(run.id, &batch.added).await?;
            conn.rewrite(run.id, &batch.rewritten).await?;
            for (part, bits) in &batch.seen {
                sqlx::query(SEE).bind(run.id).bind(part).bind(&bits[..]).execute(&mut *conn).await?;
            }
        });
        Ok(())
    }

    /// Ends a run: so many rows are there.
    ///
    /// # Errors
    /// [`StoreError::Locked`]: another run took over.
    pub async fn compare_finish(&self, run: &Compared, alive: i64, now: Ts) -> Result<(), StoreError> {
        transaction!(self, |conn| {
            held!(sqlx::query(FINISH).bind(run.id).bind(run.token).bind(now.0).bind(alive), conn);
            sqlx::query(FORGET_SEEN).bind(run.id).execute(&mut *conn).await?;
        });
        Ok(())
    }

    /// Begins a run again from the first row; what is known of rows stays.
    ///
    /// # Errors
    /// [`StoreError::Locked`]: another run took over.
    pub async fn compare_again(&self, run: &Compared) -> Result<Compared, StoreError> {
        transaction!(self, |conn| {
            held!(sqlx::query(AGAIN).bind(run.id).bind(run.token), conn);
            sqlx::query(FORGET_SEEN).bind(run.id).execute(&mut *conn).await?;
        });
        Ok(Compared { read_rows: 0, position: None, ..run.clone() })
    }

    /// Leaves a run where it is, for the next to go on.
    pub async fn compare_leave(&self, run: &Compared) -> Result<(), StoreError> {
        transaction!(self, |conn| {
            sqlx::query(LEAVE).bind(run.id).bind(run.token).execute(&mut *conn).await?;
        });
        Ok(())
    }

    /// At most `limit` changes behind a number, in order; of each row its last.
    pub async fn compared_changes(
        &self,
        id: i64,
        since: i64,
        limit: u32,
    ) -> Result<Vec<StoredChange>, StoreError> {
        type RawChange = (i64, i16, Vec<u8>, Vec<u8>);
        let raw: Vec<RawChange> = on_reader!(self, |pool| sqlx::query_as(CHANGES)
            .bind(id)
            .bind(since)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)
        .map_err(StoreError::reading("compared_row"))?;
        let change = |(number, operation, key_hash, row_key): RawChange| {
            let operation = Operation::read(operation)?;
            Ok(StoredChange { number, operation, key_hash: short(&key_hash)?, row_key })
        };
        raw.into_iter().map(change).collect()
    }
}
