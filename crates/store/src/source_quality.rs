//! Runs of data quality: what was found in a data service when.

use base::Ts;

use crate::db::{Db, on_reader, on_writer};
use crate::error::StoreError;

const PUT: &str = "INSERT INTO source_quality (service, at, text) VALUES ($1, $2, $3)";
/// The newest first; an empty service means all of them.
const LIST: &str = "
    SELECT service, at, text FROM source_quality WHERE $1 = '' OR service = $1
    ORDER BY at DESC, service LIMIT $2";

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityRow {
    /// `SUBSYSTEM/CODE`.
    pub service: String,
    /// When it began.
    pub at: Ts,
    /// What was found, as JSON.
    pub text: String,
}

impl Db {
    /// Keeps a run for ever. A second one of the same service and moment is refused.
    pub async fn source_quality_put(&self, row: &QualityRow) -> Result<(), StoreError> {
        on_writer!(self, |conn| sqlx::query(PUT)
            .bind(&row.service)
            .bind(row.at.0)
            .bind(&row.text)
            .execute(conn)
            .await
            .map(drop))?;
        Ok(())
    }

    /// Runs of one service or of all, the newest first, at most `limit`.
    pub async fn source_quality_runs(
        &self,
        service: Option<&str>,
        limit: u32,
    ) -> Result<Vec<QualityRow>, StoreError> {
        let service = service.unwrap_or_default();
        let raw: Vec<(String, i64, String)> = on_reader!(self, |pool| sqlx::query_as(LIST)
            .bind(service)
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await)
        .map_err(StoreError::reading("source_quality"))?;
        Ok(raw.into_iter().map(|(service, at, text)| QualityRow { service, at: Ts(at), text }).collect())
    }
}
