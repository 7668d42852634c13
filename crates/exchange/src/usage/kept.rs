//! The day's counts in a file: a restart does not give the quota anew.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base::{Clock, Ts};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Usage;
use crate::vietnam::LocalTime;

/// The value of `format`.
const FORMAT: &str = "lienthong-usage/1";
/// How often the counts are written when they changed: what a crash can lose.
const EVERY: Duration = Duration::from_secs(1);

/// The file: counts of one day, by grant.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: String,
    /// The day in Vietnam.
    day: Date,
    used: BTreeMap<Box<str>, u64>,
}

/// Why the counts could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file system failed.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// How.
        #[source]
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{}: not a file of counts: {source}", .path.display())]
    Form {
        /// Which file.
        path: PathBuf,
        /// How.
        #[source]
        source: serde_json::Error,
    },
}

impl Usage {
    /// The counts of the day of `now`, and drops what is older.
    fn today(&self, now: Ts) -> Kept {
        let today = LocalTime::at(now);
        let mut meters = self.meters.write().unwrap_or_else(PoisonError::into_inner);
        // A meter that somebody holds is about to count.
        meters.retain(|_, meter| Arc::strong_count(meter) > 1 || meter.lock().day >= today.day);
        let used = meters.iter().map(|(key, meter)| (key.clone(), meter.lock().on(today.day)));
        let used = used.filter(|(_, used)| *used > 0).collect();
        Kept { format: FORMAT.to_owned(), day: today.date(), used }
    }

    fn restore(&self, kept: Kept, now: Ts) {
        let today = LocalTime::at(now);
        if kept.format != FORMAT || kept.day != today.date() {
            return;
        }
        for (key, used) in kept.used {
            let meter = self.meter(&key);
            let mut count = meter.lock();
            count.turn_to(today.day);
            count.used += used;
        }
    }
}

/// Reads the counts of the day back; no file, or one of another day, is no count.
///
/// # Errors
/// The file is there and cannot be read.
pub fn load(usage: &Usage, path: &Path, now: Ts) -> Result<(), KeptError> {
    let at = || path.to_owned();
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(KeptError::File { path: at(), source }),
    };
    let kept = serde_json::from_slice(&text).map_err(|source| KeptError::Form { path: at(), source })?;
    usage.restore(kept, now);
    Ok(())
}

/// Writes the counts of the day, whole or not at all; of two that do so at the same time the later counts stay.
///
/// # Errors
/// The file system.
pub fn save(usage: &Usage, path: &Path, now: Ts) -> Result<(), KeptError> {
    let at = |source| KeptError::File { path: path.to_owned(), source };
    let form = |source| KeptError::Form { path: path.to_owned(), source };
    let _saving = usage.saving.lock().unwrap_or_else(PoisonError::into_inner);
    let text = serde_json::to_vec(&usage.today(now)).map_err(form)?;
    let written = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    written().map_err(at)
}

/// Writes the counts each second in which they changed, forever. Whoever ends it calls [`save`] once more.
pub async fn keep(usage: Arc<Usage>, path: PathBuf, clock: Arc<dyn Clock>) {
    let (mut written, mut failing) = (0, false);
    loop {
        tokio::time::sleep(EVERY).await;
        let changes = usage.changes.load(Ordering::Relaxed);
        if changes == written {
            continue;
        }
        let (usage, path, now) = (Arc::clone(&usage), path.clone(), clock.now());
        let result = tokio::task::spawn_blocking(move || save(&usage, &path, now)).await;
        match result.map_err(|error| error.to_string()).and_then(|saved| saved.map_err(|e| e.to_string())) {
            Ok(()) => (written, failing) = (changes, false),
            Err(error) if failing => tracing::debug!(%error, "the counts of quotas are still not kept"),
            Err(error) => {
                failing = true;
                tracing::error!(%error, "không lưu được số đếm hạn mức; khởi động lại sẽ đếm thiếu / the counts of quotas are not kept: after a restart they will be too low");
            }
        }
    }
}
