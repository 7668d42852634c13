//! Private copies of files: kept, used again while they fit, followed when the file changes.

use std::collections::hash_map::DefaultHasher;
use std::fs::{DirBuilder, Permissions};
use std::hash::{Hash, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{FileAddress, FileState, Report, Stamp, refused, unreadable};
use crate::engine::Guard;
use crate::engine::kept::{Connecting, Kept};
use crate::error::SourceError;

/// The table that says what a copy was made of.
pub(crate) const IMPORTED: &str = "_lienthong_nhap";
/// The folder of copies beside a file.
const FOLDER: &str = ".lienthong-nguon";
/// How often a file is looked at. One that changed is read when it was the same at two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Copies of another version of this program are not used again.
const FORMAT: u32 = 1;

/// A file that is followed, and its copy that answers.
pub(crate) struct Following {
    file: FileAddress,
    guard: Guard,
    answering: RwLock<Arc<Copy>>,
    look: Mutex<Look>,
}

/// A copy that is open.
pub(crate) struct Copy {
    pub(crate) kept: Arc<Kept<SqliteConnection>>,
    stamp: Stamp,
    report: Report,
}

/// What was seen of the file.
#[derive(Default)]
struct Look {
    /// What it was at the last look, when it was another than the copy.
    changed: Option<Stamp>,
    /// What could not be read; it is not tried again until it changes.
    failed: Option<Stamp>,
    alarm: Option<(String, String)>,
    behind_since: Option<Instant>,
}

/// What stands in a copy about itself.
#[derive(Serialize, Deserialize)]
struct Made {
    format: u32,
    path: PathBuf,
    stamp: Stamp,
    report: Report,
}

impl Following {
    /// Opens the copy that fits, or makes one, and follows the file for as long as somebody holds what this gives.
    /// Where the file cannot be read now, an earlier copy answers, with an alarm.
    pub(crate) async fn open(file: &FileAddress, guard: &Guard) -> Result<Arc<Self>, SourceError> {
        let started = match file.stamp() {
            Ok(stamp) => (read(file, guard, stamp).await, Some(stamp)),
            Err(error) => (Err(error), None),
        };
        let mut look = Look::default();
        let copy = match started {
            (Ok(copy), _) => copy,
            (Err(error), failed) => {
                let Some(copy) = earlier(file, guard).await else { return Err(error) };
                look.failed = failed;
                look.alarmed(&error);
                copy
            }
        };
        let answering = RwLock::new(Arc::new(copy));
        let following =
            Arc::new(Self { file: file.clone(), guard: *guard, answering, look: Mutex::new(look) });
        tokio::spawn(follow(Arc::downgrade(&following)));
        Ok(following)
    }

    /// The copy that answers now.
    pub(crate) fn current(&self) -> Arc<Copy> {
        Arc::clone(&self.answering.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> FileState {
        let look = self.look();
        let behind = look.behind_since.map(|since| since.elapsed());
        FileState { report: self.current().report.clone(), alarm: look.alarm.clone(), behind }
    }

    fn look(&self) -> MutexGuard<'_, Look> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the file, and reads it when it changed and is no longer changing. Until the new copy is whole, the one of
    /// before answers.
    async fn look_again(&self) {
        let file = self.file.clone();
        // A folder of the network may hang.
        let Ok(stamp) = tokio::task::spawn_blocking(move || file.stamp()).await else { return };
        let Some(stamp) = self.wanted(stamp) else { return };
        match read(&self.file, &self.guard, stamp).await {
            Ok(copy) => {
                let (rows, problems) = (copy.report.rows, copy.report.problems);
                tracing::info!(file = %self.file.path.display(), rows, problems, "đã đọc lại tệp nguồn / a file was read again");
                *self.answering.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(copy);
                *self.look() = Look::default();
            }
            Err(error) => {
                // What changed while it was read is looked at again.
                let same = self.file.stamp().is_ok_and(|now| now == stamp);
                let mut look = self.look();
                look.failed = Some(stamp).filter(|_| same);
                look.alarmed(&error);
            }
        }
    }

    /// What is to be read now: a state that was the same at the look before, and was not tried in vain.
    fn wanted(&self, stamp: Result<Stamp, SourceError>) -> Option<Stamp> {
        let mut look = self.look();
        let stamp = match stamp {
            Ok(stamp) if stamp == self.current().stamp => {
                *look = Look::default();
                return None;
            }
            Ok(stamp) => stamp,
            Err(error) => {
                look.alarmed(&error);
                return None;
            }
        };
        look.behind_since.get_or_insert_with(Instant::now);
        let settled = look.changed == Some(stamp);
        look.changed = Some(stamp);
        (settled && look.failed != Some(stamp)).then_some(stamp)
    }
}

/// Looks at a file until nobody needs it.
async fn follow(following: Weak<Following>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(following) = following.upgrade() else { return };
        following.look_again().await;
    }
}

impl Look {
    /// Keeps an alarm, and logs it when it is a new one.
    fn alarmed(&mut self, error: &SourceError) {
        let behind_s = self.behind_since.get_or_insert_with(Instant::now).elapsed().as_secs();
        let told = error.told();
        if self.alarm.as_ref() != Some(&told) {
            tracing::error!(code = error.code(), %error, behind_s, "không đọc được tệp nguồn, bản trước trả lời / a file is not read, its copy of before answers");
        }
        self.alarm = Some(told);
    }
}

/// The copy of a file as it is now: one that is there, or a new one.
async fn read(file: &FileAddress, guard: &Guard, stamp: Stamp) -> Result<Copy, SourceError> {
    let folder = folder(file)?;
    let place = folder.join(name(file, Some(stamp)));
    if let Some(copy) = fitting(file, guard, &place).await.filter(|copy| copy.stamp == stamp) {
        return Ok(copy);
    }
    let unwritable = |error: std::io::Error| unreadable(&folder, &error);
    // Made under another name, readable by the node alone, and gone when it does not become whole.
    let made = tempfile::Builder::new().prefix(".moi-").tempfile_in(&folder).map_err(unwritable)?;
    let report = super::import::import(file, made.path()).await?;
    if file.stamp()? != stamp {
        let vi = "tệp thay đổi trong khi đọc; sẽ đọc lại";
        return Err(refused(&file.path, vi, "the file changed while it was read; it will be read again"));
    }
    sign(made.path(), &Made { format: FORMAT, path: file.path.clone(), stamp, report }).await?;
    made.as_file().sync_all().map_err(unwritable)?;
    made.persist(&place).map_err(|error| unwritable(error.error))?;
    prune(file, &folder, &place);
    fitting(file, guard, &place)
        .await
        .ok_or_else(|| refused(&place, "bản sao không mở được", "the copy cannot be opened"))
}

/// Writes into a copy what it was made of.
async fn sign(path: &Path, made: &Made) -> Result<(), SourceError> {
    let failed = |error: sqlx::Error| SourceError::Other { what: error.to_string() };
    let text = serde_json::to_string(made).map_err(|error| SourceError::Other { what: error.to_string() })?;
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.map_err(failed)?;
    let create = sqlx::AssertSqlSafe(format!("CREATE TABLE {IMPORTED} (made TEXT NOT NULL)"));
    sqlx::query(create).execute(&mut connection).await.map_err(failed)?;
    let insert = sqlx::AssertSqlSafe(format!("INSERT INTO {IMPORTED} VALUES (?)"));
    sqlx::query(insert).bind(text).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// A copy that is there, when it is one of this file and whole.
async fn fitting(file: &FileAddress, guard: &Guard, place: &Path) -> Option<Copy> {
    if !place.exists() {
        return None;
    }
    // Nobody writes a copy that has its name.
    let options = SqliteConnectOptions::new()
        .filename(place)
        .read_only(true)
        .immutable(true)
        .pragma("query_only", "on");
    let mut reading = options.clone().connect().await.ok()?;
    let select = sqlx::AssertSqlSafe(format!("SELECT made FROM {IMPORTED}"));
    let text: String = sqlx::query_scalar(select).fetch_one(&mut reading).await.ok()?;
    reading.close().await.ok()?;
    let connect = move || -> Connecting<SqliteConnection> {
        let options = options.clone();
        Box::pin(async move { options.connect().await })
    };
    let kept = Kept::open(guard.connections, connect).await.ok()?;
    let made: Made = serde_json::from_str(&text).ok()?;
    (made.format == FORMAT && made.path == file.path).then_some(Copy {
        kept,
        stamp: made.stamp,
        report: made.report,
    })
}

/// The newest copy that was made with the same options, of whatever the file was then.
async fn earlier(file: &FileAddress, guard: &Guard) -> Option<Copy> {
    let folder = folder(file).ok()?;
    let mut copies = copies(file, &folder);
    copies.retain(|(path, _)| same_options(file, path));
    copies.sort_by_key(|(_, changed)| *changed);
    fitting(file, guard, &copies.pop()?.0).await
}

/// The folder of copies, which nobody else may read.
fn folder(file: &FileAddress) -> Result<PathBuf, SourceError> {
    let beside = || file.path.parent().unwrap_or(Path::new(".")).join(FOLDER);
    let folder = file.import.cache.clone().unwrap_or_else(beside);
    let failed = |error: std::io::Error| {
        let vi =
            format!("không dùng được thư mục bản sao {0}: {error}; ghi [import] cache", folder.display());
        let en = format!(
            "the folder of copies {0} cannot be used: {error}; write [import] cache",
            folder.display()
        );
        refused(&file.path, &vi, &en)
    };
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    }
    let mode = std::fs::metadata(&folder).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        // One of our own that was copied or unpacked; a folder that somebody named stays as it is.
        if file.import.cache.is_some() {
            let private = std::io::Error::other("chmod 700");
            return Err(failed(private));
        }
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(folder)
}

fn hash(value: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    (FORMAT, value).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The name of a copy: of which file, of which state, with which options.
fn name(file: &FileAddress, stamp: Option<Stamp>) -> String {
    let state = stamp.map(hash).unwrap_or_default();
    format!("{}-{state}-{}.sqlite", hash(&file.path), hash((&file.import, &file.expected)))
}

fn same_options(file: &FileAddress, copy: &Path) -> bool {
    let ending = name(file, None);
    let ending = ending.rsplit('-').next().unwrap_or_default();
    copy.to_string_lossy().ends_with(ending)
}

/// The copies of a file, each with the moment it was made.
fn copies(file: &FileAddress, folder: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let start = hash(&file.path);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&start))
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.modified().ok()?)))
        .collect()
}

/// Removes copies with the same options except the newest of before: another process may still answer with that one.
fn prune(file: &FileAddress, folder: &Path, place: &Path) {
    let mut old = copies(file, folder);
    old.retain(|(path, _)| path != place && same_options(file, path));
    old.sort_by_key(|(_, changed)| *changed);
    old.pop();
    for (path, _) in old {
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "không xóa được bản sao cũ / an old copy is not removed");
        }
    }
}
