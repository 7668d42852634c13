//! The message log: its rows, and reading them.

use base::Ts;

use crate::db::{Db, Engine, on_reader};
use crate::error::StoreError;

/// Inner nodes of the log's tree are stored from this level upward; a lower one is recomputed from
/// at most 2^8 leaf hashes.
pub const STORED_LEVEL_MIN: i16 = 8;

/// One record of the message log.
#[derive(Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its place in the log, counted from 0, without gaps.
    pub seq: i64,
    /// When it was made.
    pub at: Ts,
    /// What kind of record; the caller's own numbers.
    pub kind: i16,
    /// First 8 bytes of SHA-256 of the message id. A key to look up, not an identity: other messages may share it.
    pub id_key: i64,
    /// The place of the record that this one closes, for example the request that a response answers.
    pub closes: Option<i64>,
    /// The record's leaf hash in the log's tree.
    pub leaf: [u8; 32],
    /// The nonce of a signature that must not be seen twice.
    pub nonce: Option<Vec<u8>>,
    /// The record itself, byte for byte as it was hashed.
    pub text: String,
}

impl std::fmt::Debug for LogRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the text: it names officers and what they asked.
        f.debug_struct("LogRow")
            .field("seq", &self.seq)
            .field("at", &self.at)
            .field("kind", &self.kind)
            .field("closes", &self.closes)
            .field("text_bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// An inner node of the log's tree that will never change again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeNode {
    /// Height above the leaves, at least [`STORED_LEVEL_MIN`].
    pub level: i16,
    /// Place within its level, counted from 0.
    pub index: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// What the tree's right edge can be rebuilt from: see [`Db::log_tail`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// How many rows the log has.
    pub size: i64,
    /// The complete subtrees of 2^8 leaves and more, largest (and left-most) first.
    pub nodes: Vec<TreeNode>,
    /// The leaf hashes to their right, at most 255.
    pub leaves: Vec<[u8; 32]>,
}

pub(crate) const SIZE: &str = "SELECT COALESCE(max(seq) + 1, 0) FROM record";
const ROWS: &str = "SELECT seq, at, kind, id_key, closes, leaf, nonce, text FROM record WHERE seq >= $1 ORDER BY seq LIMIT $2";
pub(crate) const LEAVES: &str = "SELECT seq, leaf FROM record WHERE seq >= $1 AND seq < $2 ORDER BY seq";
const NODE: &str = "SELECT hash FROM tree_node WHERE level = $1 AND idx = $2";
const NONCES: &str = "SELECT at, nonce FROM record WHERE at >= $1 AND nonce IS NOT NULL";

/// Asks each part of the index `record_id` in turn; the number of parts is one for 4,096 rows.
const BY_ID_SQLITE: &str = "
    WITH RECURSIVE part (n) AS (
        SELECT 0 UNION ALL SELECT n + 1 FROM part WHERE n < (SELECT max(seq) >> 12 FROM record)
    )
    SELECT r.seq, r.at, r.kind, r.id_key, r.closes, r.leaf, r.nonce, r.text
    FROM part CROSS JOIN record r ON (r.seq >> 12) = part.n AND r.id_key = $1
    ORDER BY r.seq";
const BY_ID_POSTGRES: &str = "
    SELECT seq, at, kind, id_key, closes, leaf, nonce, text FROM record
    WHERE (seq >> 12) = ANY (ARRAY(SELECT generate_series(0, (SELECT max(seq) >> 12 FROM record))))
      AND id_key = $1
    ORDER BY seq";

/// The set difference reads the index `record_at` alone; only what is left over is looked up.
const OPEN_SQLITE: &str = "
    SELECT seq, at, kind, id_key, closes, leaf, nonce, text FROM record
    WHERE seq IN (
        SELECT seq FROM record WHERE at >= $1 AND kind = $2
        EXCEPT
        SELECT closes FROM record WHERE at >= $1 AND closes IS NOT NULL
    )
    ORDER BY seq";

/// With an array and not a set, lest the planner, which expects much to be left over, reads the whole log.
const OPEN_POSTGRES: &str = "
    SELECT seq, at, kind, id_key, closes, leaf, nonce, text FROM record
    WHERE seq = ANY (ARRAY(
        SELECT seq FROM record WHERE at >= $1 AND kind = $2
        EXCEPT
        SELECT closes FROM record WHERE at >= $1 AND closes IS NOT NULL
    ))
    ORDER BY seq";

type RawRow = (i64, i64, i16, i64, Option<i64>, Vec<u8>, Option<Vec<u8>>, String);

fn row((seq, at, kind, id_key, closes, leaf, nonce, text): RawRow) -> Result<LogRow, StoreError> {
    let leaf = hash("record", &leaf, || seq.to_string())?;
    Ok(LogRow { seq, at: Ts(at), kind, id_key, closes, leaf, nonce, text })
}

/// The 32 bytes that were stored in a row of `table`.
pub(crate) fn hash(
    table: &'static str,
    bytes: &[u8],
    row: impl Fn() -> String,
) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt {
        table,
        row: row(),
        what: format!("a hash has {} bytes instead of 32", bytes.len()),
    })
}

fn rows(raw: Result<Vec<RawRow>, sqlx::Error>) -> Result<Vec<LogRow>, StoreError> {
    raw.map_err(StoreError::reading("record"))?.into_iter().map(row).collect()
}

impl Db {
    /// How many rows the log has.
    pub async fn log_size(&self) -> Result<i64, StoreError> {
        Ok(on_reader!(self, |pool| sqlx::query_scalar(SIZE).fetch_one(pool).await)?)
    }

    /// At most `limit` rows from number `from` on, in order.
    pub async fn rows(&self, from: i64, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        let limit = i64::from(limit);
        rows(on_reader!(self, |pool| sqlx::query_as(ROWS).bind(from).bind(limit).fetch_all(pool).await))
    }

    /// All rows with this key, in order. The caller compares the message id itself.
    pub async fn rows_by_id_key(&self, id_key: i64) -> Result<Vec<LogRow>, StoreError> {
        rows(match self.engine() {
            Engine::Sqlite(it) => sqlx::query_as(BY_ID_SQLITE).bind(id_key).fetch_all(&it.readers).await,
            Engine::Postgres(it) => sqlx::query_as(BY_ID_POSTGRES).bind(id_key).fetch_all(&it.pool).await,
        })
    }

    /// The rows of this kind made at or after `since` that no row made at or after `since` closes.
    ///
    /// `since` bounds the work: it need only lie before the start of the oldest call that can still
    /// have been in flight. Reads the index, not the rows, of all calls since then.
    pub async fn open_rows(&self, kind: i16, since: Ts) -> Result<Vec<LogRow>, StoreError> {
        rows(match self.engine() {
            Engine::Sqlite(it) => {
                sqlx::query_as(OPEN_SQLITE).bind(since.0).bind(kind).fetch_all(&it.readers).await
            }
            Engine::Postgres(it) => {
                sqlx::query_as(OPEN_POSTGRES).bind(since.0).bind(kind).fetch_all(&it.pool).await
            }
        })
    }

    /// The nonces of the rows made at or after `since`, each with the row's time; in no order.
    pub async fn nonces_since(&self, since: Ts) -> Result<Vec<(Ts, Vec<u8>)>, StoreError> {
        let found: Vec<(i64, Vec<u8>)> =
            on_reader!(self, |pool| sqlx::query_as(NONCES).bind(since.0).fetch_all(pool).await)
                .map_err(StoreError::reading("record"))?;
        Ok(found.into_iter().map(|(at, nonce)| (Ts(at), nonce)).collect())
    }

    /// The leaf hashes of rows `from` to `to`, `to` not included. All of them exist or it is an error.
    pub async fn leaf_hashes(&self, from: i64, to: i64) -> Result<Vec<[u8; 32]>, StoreError> {
        let found: Vec<(i64, Vec<u8>)> =
            on_reader!(self, |pool| sqlx::query_as(LEAVES).bind(from).bind(to).fetch_all(pool).await)
                .map_err(StoreError::reading("record"))?;
        let mut leaves = Vec::with_capacity(found.len());
        for (expected, (seq, leaf)) in (from..to).zip(&found) {
            if *seq != expected {
                return Err(missing("record", expected.to_string()));
            }
            leaves.push(hash("record", leaf, || seq.to_string())?);
        }
        let known = from + i64::try_from(leaves.len()).unwrap_or(i64::MAX);
        if known < to { Err(missing("record", known.to_string())) } else { Ok(leaves) }
    }

    /// The hash of a complete subtree of 2^`level` leaves, `level` at least [`STORED_LEVEL_MIN`].
    pub async fn tree_node(&self, level: i16, index: i64) -> Result<[u8; 32], StoreError> {
        let found: Option<Vec<u8>> = on_reader!(self, |pool| sqlx::query_scalar(NODE)
            .bind(level)
            .bind(index)
            .fetch_optional(pool)
            .await)?;
        match found {
            Some(bytes) => hash("tree_node", &bytes, || format!("{level}/{index}")),
            None => Err(missing("tree_node", format!("{level}/{index}"))),
        }
    }

    /// What the right edge of the tree over the first `size` rows can be rebuilt from.
    ///
    /// `size` is at most [`log_size`](Self::log_size); a log that grows meanwhile changes nothing.
    pub async fn log_tail(&self, size: i64) -> Result<LogTail, StoreError> {
        let mut nodes = Vec::new();
        let mut start = 0;
        // Each bit of the size is one complete subtree, the highest bit the left-most.
        for level in (STORED_LEVEL_MIN..63).rev() {
            if size & (1 << level) != 0 {
                let index = start >> level;
                nodes.push(TreeNode { level, index, hash: self.tree_node(level, index).await? });
                start += 1 << level;
            }
        }
        let leaves = self.leaf_hashes(start, size).await?;
        Ok(LogTail { size, nodes, leaves })
    }
}

fn missing(table: &'static str, row: String) -> StoreError {
    StoreError::Corrupt { table, row, what: "it is missing".into() }
}
