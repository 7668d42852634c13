//! Takes over changed services, grants and subsystems from the configuration file without a restart.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use exchange::rights::Rights;
use tokio::sync::watch;

use crate::config::{Config, SourcesSection};
use crate::sources_role;

/// How often the file is looked at; a change counts within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Follows the file, and the definitions of data sources, forever. A file with mistakes changes nothing; the mistakes are logged once.
pub async fn follow(path: PathBuf, sources: Option<SourcesSection>, rights: watch::Sender<Arc<Rights>>) {
    let look = || (stamp(&path), sources.as_ref().map(|section| sources_role::stamp(&section.dir)));
    let mut seen = look();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = look();
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
