//! Signed checkpoints of the log and their time-stamps.

use base::Ts;

use crate::db::{Db, on_reader, on_writer};
use crate::error::StoreError;
use crate::log::hash;

/// A signed statement of what the log's first `size` rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many rows it covers; there is at most one checkpoint for a size.
    pub size: i64,
    /// When it was made.
    pub at: Ts,
    /// The text that was signed.
    pub text: String,
    /// The signature over the text.
    pub signature: Vec<u8>,
    /// SHA-256 fingerprint of the certificate that checks the signature.
    pub certificate: [u8; 32],
    /// The time-stamp token over the checkpoint, once an authority gave one.
    pub stamp: Option<Vec<u8>>,
}

const PUT: &str = "
    INSERT INTO checkpoint (size, at, text, signature, certificate, stamp) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (size) DO NOTHING";
const STAMP: &str = "UPDATE checkpoint SET stamp = $2 WHERE size = $1 AND stamp IS NULL";
const LATEST: &str = "
    SELECT size, at, text, signature, certificate, stamp FROM checkpoint ORDER BY size DESC LIMIT 1";
const COVERING: &str = "
    SELECT size, at, text, signature, certificate, stamp FROM checkpoint
    WHERE size >= $1 ORDER BY size LIMIT 1";
const STAMPED: &str = "
    SELECT size, at, text, signature, certificate, stamp FROM checkpoint
    WHERE size >= $1 AND stamp IS NOT NULL ORDER BY size LIMIT 1";
const UNSTAMPED: &str = "
    SELECT size, at, text, signature, certificate, stamp FROM checkpoint
    WHERE stamp IS NULL ORDER BY size LIMIT $1";

type Raw = (i64, i64, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

fn checkpoint((size, at, text, signature, certificate, stamp): Raw) -> Result<StoredCheckpoint, StoreError> {
    let certificate = hash("checkpoint", &certificate, || size.to_string())?;
    Ok(StoredCheckpoint { size, at: Ts(at), text, signature, certificate, stamp })
}

fn one(raw: Result<Option<Raw>, sqlx::Error>) -> Result<Option<StoredCheckpoint>, StoreError> {
    raw.map_err(StoreError::reading("checkpoint"))?.map(checkpoint).transpose()
}

impl Db {
    /// Keeps a checkpoint. False when there is one for this size already, which then stays as it is.
    pub async fn checkpoint_put(&self, new: &StoredCheckpoint) -> Result<bool, StoreError> {
        let done = on_writer!(self, |conn| sqlx::query(PUT)
            .bind(new.size)
            .bind(new.at.0)
            .bind(&new.text)
            .bind(&new.signature)
            .bind(&new.certificate[..])
            .bind(&new.stamp)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done == 1)
    }

    /// Adds the time-stamp to the checkpoint for this size. False when there is no such checkpoint
    /// or it has a time-stamp already.
    pub async fn checkpoint_stamp(&self, size: i64, token: &[u8]) -> Result<bool, StoreError> {
        let done = on_writer!(self, |conn| sqlx::query(STAMP)
            .bind(size)
            .bind(token)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(done == 1)
    }

    /// The checkpoint that covers most rows.
    pub async fn checkpoint_latest(&self) -> Result<Option<StoredCheckpoint>, StoreError> {
        one(on_reader!(self, |pool| sqlx::query_as(LATEST).fetch_optional(pool).await))
    }

    /// The first checkpoint that covers the log's first `size` rows.
    pub async fn checkpoint_covering(&self, size: i64) -> Result<Option<StoredCheckpoint>, StoreError> {
        one(on_reader!(self, |pool| sqlx::query_as(COVERING).bind(size).fetch_optional(pool).await))
    }

    /// The first time-stamped checkpoint that covers the log's first `size` rows.
    pub async fn checkpoint_stamped_covering(
        &self,
        size: i64,
    ) -> Result<Option<StoredCheckpoint>, StoreError> {
        one(on_reader!(self, |pool| sqlx::query_as(STAMPED).bind(size).fetch_optional(pool).await))
    }

    /// At most `limit` checkpoints without a time-stamp, oldest first.
    pub async fn checkpoints_unstamped(&self, limit: u32) -> Result<Vec<StoredCheckpoint>, StoreError> {
        let limit = i64::from(limit);
        let found: Vec<Raw> =
            on_reader!(self, |pool| sqlx::query_as(UNSTAMPED).bind(limit).fetch_all(pool).await)
                .map_err(StoreError::reading("checkpoint"))?;
        found.into_iter().map(checkpoint).collect()
    }
}
