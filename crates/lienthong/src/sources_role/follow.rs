//! Following the folder of definitions: each is opened by itself, so that a slow source keeps no other one waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sources::{Offer, SourceError};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::{Found, Means, Offered, Offering, Working, name, offer, paths, status};

/// How often the folder is looked at; a change counts within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A source that could not be reached is tried again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// When a file changed last, and its size.
type Stamp = (Option<SystemTime>, u64);

/// Keeps what is offered like the folder.
pub(super) struct Follower {
    dir: PathBuf,
    offered: Offered,
    means: Arc<Means>,
    /// What was made of each file.
    files: BTreeMap<PathBuf, Opened>,
    /// Files that are being opened; what was made of them before counts until then.
    opening: BTreeMap<PathBuf, Opening>,
    tasks: JoinSet<Done>,
    is_unreadable: bool,
}

/// A file of the folder, as it was when it was read.
struct Opened {
    stamp: Stamp,
    at: Instant,
    /// What is wrong while it cannot be used.
    service: Result<Working, status::Unusable>,
}

/// A file whose source is being opened.
struct Opening {
    stamp: Stamp,
    /// `SUBSYSTEM/CODE`.
    service: String,
    task: AbortHandle,
}

/// What became of a file as it was.
struct Done {
    path: PathBuf,
    stamp: Stamp,
    service: String,
    outcome: Result<Working, SourceError>,
}

impl Follower {
    /// Of a folder.
    pub(super) fn new(dir: PathBuf, offered: Offered, means: Arc<Means>) -> Self {
        let (files, opening) = (BTreeMap::new(), BTreeMap::new());
        Self { dir, offered, means, files, opening, tasks: JoinSet::new(), is_unreadable: false }
    }

    /// Until the node ends.
    pub(super) async fn follow(mut self) {
        loop {
            self.look().await;
            let next = tokio::time::sleep(LOOK_EVERY);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    () = &mut next => break,
                    Some(done) = self.tasks.join_next() => self.done(done),
                }
            }
        }
    }

    /// Opens what is new, changed, or could not be opened; what works goes on working.
    async fn look(&mut self) {
        let paths = match paths(&self.dir) {
            Ok(paths) => paths,
            Err(error) => {
                if !self.is_unreadable {
                    tracing::error!(%error, dir = %self.dir.display(), "không đọc được thư mục định nghĩa, giữ bản cũ / the folder of definitions is not read, the old ones count");
                }
                self.is_unreadable = true;
                return;
            }
        };
        self.is_unreadable = false;
        let stamps: BTreeMap<PathBuf, Stamp> =
            paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect();
        let known = self.files.len() + self.opening.len();
        self.files.retain(|path, _| stamps.contains_key(path));
        self.opening.retain(|path, opening| {
            let stays = stamps.get(path) == Some(&opening.stamp);
            if !stays {
                opening.task.abort();
            }
            stays
        });
        let changed = self.files.len() + self.opening.len() != known;
        let wanted: Vec<_> =
            stamps.into_iter().filter(|(path, stamp)| self.is_wanted(path, *stamp)).collect();
        if !changed && wanted.is_empty() && self.is_known() {
            return;
        }
        // A folder of the network may hang.
        let read = |(path, stamp)| (Found::read(path), stamp);
        let found = tokio::task::spawn_blocking(move || wanted.into_iter().map(read).collect::<Vec<_>>());
        for (found, stamp) in found.await.unwrap_or_default() {
            self.open(found, stamp);
        }
        self.publish();
    }

    fn is_known(&self) -> bool {
        self.offered.read().unwrap_or_else(PoisonError::into_inner).is_known
    }

    /// Whether a file is to be opened: it is new, another than it was, or failed some time ago.
    fn is_wanted(&self, path: &Path, stamp: Stamp) -> bool {
        let as_it_was =
            |file: &Opened| file.stamp == stamp && (file.service.is_ok() || file.at.elapsed() < AGAIN_AFTER);
        !self.opening.contains_key(path) && !self.files.get(path).is_some_and(as_it_was)
    }

    /// Begins to open a source.
    fn open(&mut self, Found { path, definition }: Found, stamp: Stamp) {
        let definition = match definition {
            Ok(definition) => definition,
            Err(error) => return self.keep(path, stamp, None, Err(error)),
        };
        let service = name(&definition);
        let opening = opened(path.clone(), stamp, definition, Arc::clone(&self.means));
        let task = self.tasks.spawn(opening);
        self.opening.insert(path, Opening { stamp, service, task });
    }

    /// Takes over a source that was opened, or is told that it cannot be.
    fn done(&mut self, done: Result<Done, JoinError>) {
        let Ok(Done { path, stamp, service, outcome }) = done else {
            // One that broke off is opened again at the next look.
            self.opening.retain(|_, opening| !opening.task.is_finished());
            return;
        };
        if self.opening.get(&path).is_none_or(|opening| opening.stamp != stamp) {
            return;
        }
        self.opening.remove(&path);
        self.keep(path, stamp, Some(service), outcome);
        self.publish();
        if self.opening.is_empty() {
            let services = self.offered.read().unwrap_or_else(PoisonError::into_inner).services.len();
            tracing::info!(services, "đã nạp nguồn dữ liệu / data sources loaded");
        }
    }

    fn keep(
        &mut self,
        path: PathBuf,
        stamp: Stamp,
        service: Option<String>,
        outcome: Result<Working, SourceError>,
    ) {
        let service = outcome.map_err(|error| {
            tracing::error!(code = error.code(), %error, path = %path.display(), "nguồn dữ liệu chưa dùng được / a data source cannot be used");
            status::Unusable::new(&path, service, &error)
        });
        self.files.insert(path, Opened { stamp, at: Instant::now(), service });
    }

    /// Says what is offered now.
    fn publish(&self) {
        let mut now = Offering { is_known: true, ..Offering::default() };
        let paths: BTreeSet<&PathBuf> = self.files.keys().chain(self.opening.keys()).collect();
        // Of two files for one service the first counts, as it does for the gateway's configuration: also while the first
        // is still being opened.
        let mut taken = BTreeSet::new();
        for path in paths {
            match (self.files.get(path).map(|file| &file.service), self.opening.get(path)) {
                (Some(Ok(working)), _) => {
                    if taken.insert(working.name.clone()) {
                        now.services.insert(working.name.clone(), working.clone());
                    }
                }
                (Some(Err(unusable)), _) => now.unusable.push(unusable.clone()),
                (None, Some(opening)) => {
                    if taken.insert(opening.service.clone()) {
                        now.unusable.push(status::Unusable::opening(path, opening.service.clone()));
                    }
                }
                (None, None) => {}
            }
        }
        *self.offered.write().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

async fn opened(path: PathBuf, stamp: Stamp, definition: Offer, means: Arc<Means>) -> Done {
    let service = name(&definition);
    let outcome = offer(definition, &means).await;
    Done { path, stamp, service, outcome }
}

/// Nothing of a file that is not there, such as one that a link names.
fn stamp(path: &Path) -> Stamp {
    std::fs::metadata(path).map_or((None, 0), |meta| (meta.modified().ok(), meta.len()))
}
