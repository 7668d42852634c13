//! Runs that are due, and those that were.

use std::sync::Arc;
use std::time::Duration;

use base::Ts;
use jiff::Timestamp;
use store::{Db, QualityRow, StoreError};

use super::report::Report;
use super::run::{Bounds, EXAMPLES};
use crate::serve::Service;

/// Keeps a report.
///
/// # Errors
/// The store does not take it.
pub async fn keep(db: &Db, report: &Report) -> Result<(), StoreError> {
    let at = report.at.parse::<Timestamp>().map_or(0, Timestamp::as_microsecond);
    // Texts and numbers are always JSON.
    let text = serde_json::to_string(report).unwrap_or_default();
    db.source_quality_put(&QualityRow { service: report.service.clone(), at: Ts(at), text }).await
}

/// Reports of a service or of all, the newest first. One that a newer program wrote in another form is left out.
///
/// # Errors
/// The store does not answer.
pub async fn list(db: &Db, service: Option<&str>, limit: u32) -> Result<Vec<Report>, StoreError> {
    let rows = db.source_quality_runs(service, limit).await?;
    Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.text).ok()).collect())
}

/// Carries out what became due after `since` and until `now`, one service after the other, so that a machine is not asked for
/// everything at once, and keeps what was found.
///
/// # Errors
/// The store does not take a report; the rest is not carried out. A source that cannot be read is told in the log.
pub async fn run_due(
    services: &[Arc<Service>],
    since: Timestamp,
    now: Timestamp,
    db: &Db,
) -> Result<usize, StoreError> {
    let mut kept = 0;
    for service in services {
        let Some(schedule) = &service.definition().quality else { continue };
        if schedule.next(since).is_none_or(|due| due > now) {
            continue;
        }
        let time = Duration::from_secs(schedule.time_s);
        let bounds = Bounds { rows_max: schedule.rows_max, time, whole_keys: false, examples: EXAMPLES };
        let name = &service.definition().service.code;
        match service.quality(now, bounds).await {
            Ok(report) => {
                keep(db, &report).await?;
                kept += 1;
                tell(&report);
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, service = %name, "không kiểm tra được chất lượng dữ liệu / data quality could not be checked");
            }
        }
    }
    Ok(kept)
}

fn tell(report: &Report) {
    let (service, rows) = (&report.service, report.rows);
    if let Err(error) = report.complete() {
        tracing::warn!(code = error.code(), %error, %service, "kiểm tra chất lượng dữ liệu chưa hết / not all rows were checked");
    }
    let overall = report.overall.unwrap_or_default();
    let identity = report.identity_is_whole();
    tracing::info!(%service, rows, overall, identity, "đã kiểm tra chất lượng dữ liệu / data quality was checked");
}
