//! Takes over changed services, grants and subsystems from the configuration file without a restart.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use exchange::rights::Rights;
use tokio::sync::watch;

use crate::config::Config;

/// How often the file is looked at; a change counts within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Follows the file forever. A file with mistakes changes nothing; the mistakes are logged once.
pub async fn follow(path: PathBuf, rights: watch::Sender<Arc<Rights>>) {
    let mut seen = stamp(&path);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = stamp(&path);
        if now == seen {
            continue;
        }
        seen = now;
        match Config::read(&path) {
            Ok(config) => {
                rights.send_replace(Arc::new(config.rights));
                tracing::info!(
                    "đã nạp lại dịch vụ và quyền / services and grants reloaded; other sections need a restart"
                );
            }
            Err(mistakes) => {
                tracing::error!(%mistakes, "tệp cấu hình sai, giữ bản cũ / configuration file refused, the old one counts");
            }
        }
    }
}

fn stamp(path: &PathBuf) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
