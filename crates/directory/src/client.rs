//! Fetching the directory, verifying it, and keeping the last good copy for the time when the centre is down.

mod explain;
mod mirror;
mod transport;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, SystemClock};
use tokio::sync::Mutex;
use url::Url;

use crate::error::DirectoryError;
use crate::snapshot::Snapshot;
use crate::{TARGET_BYTES_MAX, disk};
use mirror::Mirror;
use transport::{Fetcher, Source, Web};
use verify::Verified;

/// The one file of a cache directory.
const CACHE_FILE: &str = "directory-mirror.json";

/// What a download may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest root, timestamp, snapshot or targets file, in bytes.
    pub metadata_bytes_max: u64,
    /// Largest `directory.json`, in bytes.
    pub target_bytes_max: u64,
    /// How long one file may take, from the connection to the last byte.
    pub file_time_max: Duration,
    /// How many new root files one refresh follows.
    pub roots_max: u64,
}

impl Default for Limits {
    /// 1 MiB, 32 MiB, 30 s, 256 roots.
    fn default() -> Self {
        Self {
            metadata_bytes_max: 1024 * 1024,
            target_bytes_max: TARGET_BYTES_MAX,
            file_time_max: Duration::from_secs(30),
            roots_max: 256,
        }
    }
}

/// A node's view of the directory.
///
/// Trust begins at the root file of the configuration and is carried forward by each verified download. What was
/// verified is kept in memory and in one file of the cache directory, which is replaced as a whole or not at all.
pub struct Client {
    root: Vec<u8>,
    root_path: PathBuf,
    cache: PathBuf,
    base: Url,
    limits: Limits,
    clock: Arc<dyn Clock>,
    web: Web,
    /// What is trusted now; the lock also keeps two refreshes apart.
    trusted: Mutex<Option<Verified>>,
}

impl Client {
    /// A client of the repository at `url`, an `http://` or `file://` address of the folder that holds `metadata/`
    /// and `targets/`; `cache_dir` is made when it is missing.
    ///
    /// # Errors
    /// The root file cannot be read, the address is no such address, or the cache directory cannot be made.
    pub fn new(
        root_path: &Path,
        cache_dir: &Path,
        url: &str,
        limits: Limits,
    ) -> Result<Self, DirectoryError> {
        let unusable = |reason: std::io::Error| DirectoryError::Root {
            path: root_path.into(),
            reason: reason.to_string(),
        };
        let root = std::fs::read(root_path).map_err(unusable)?;
        let folder = if url.ends_with('/') { url.to_owned() } else { format!("{url}/") };
        let known = url.starts_with("http://") || url.starts_with("file:///");
        let base = Url::parse(&folder).ok().filter(|_| known);
        let base = base.ok_or_else(|| DirectoryError::Address { url: url.to_owned() })?;
        std::fs::create_dir_all(cache_dir).map_err(cannot_use(cache_dir))?;
        Ok(Self {
            root,
            root_path: root_path.into(),
            cache: cache_dir.join(CACHE_FILE),
            base,
            limits,
            clock: Arc::new(SystemClock),
            web: Web::new(limits.file_time_max),
            trusted: Mutex::new(None),
        })
    }

    /// The same client with another clock: for tests.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Fetches what is published now, verifies it and keeps it.
    ///
    /// Gives the same `Arc` as before when nothing new was published.
    ///
    /// # Errors
    /// The centre cannot be reached or offers nothing that may be trusted; memory and cache are as before.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>, DirectoryError> {
        let mut trusted = self.trusted.lock().await;
        if trusted.is_none() {
            *trusted = self.recall().await;
        }
        let source = match self.base.scheme() {
            "file" => Source::Folder,
            _ => Source::Web(Box::new(self.web.clone())),
        };
        let verified = self.verify(source, trusted.as_ref()).await?;
        self.check_expiry(&verified)?;
        if let Some(trusted) =
            trusted.as_ref().filter(|trusted| Arc::ptr_eq(&trusted.snapshot, &verified.snapshot))
        {
            return Ok(Arc::clone(&trusted.snapshot));
        }
        let bytes = verified.mirror.to_bytes();
        let path = self.cache.clone();
        let written = tokio::task::spawn_blocking(move || disk::write(&path, &bytes, disk::PRIVATE)).await;
        written.unwrap_or_else(|stopped| Err(stopped.into())).map_err(cannot_use(&self.cache))?;
        Ok(Arc::clone(&trusted.insert(verified).snapshot))
    }

    /// Takes the last good copy from the cache directory; needs no network.
    ///
    /// The copy is verified from the trusted root like a download, so that a damaged or replaced file is noticed.
    ///
    /// # Errors
    /// There is no copy, it cannot be trusted, it is older than what this client trusts already, or it has expired.
    pub async fn load_cached(&self) -> Result<Arc<Snapshot>, DirectoryError> {
        let mut trusted = self.trusted.lock().await;
        let cached = self.read_cache().await?;
        let known = trusted.as_ref().filter(|trusted| trusted.mirror == cached);
        if let Some(known) = known {
            self.check_expiry(known)?;
            return Ok(Arc::clone(&known.snapshot));
        }
        let verified = self.verify(Source::Mirror(Arc::new(cached)), trusted.as_ref()).await?;
        // Even an expired copy says what must not be rolled back.
        let verified = trusted.insert(verified);
        self.check_expiry(verified)?;
        Ok(Arc::clone(&verified.snapshot))
    }

    /// What the cache holds, as the ground that a download may not fall behind; expiry does not matter for that.
    async fn recall(&self) -> Option<Verified> {
        let recalled = match self.read_cache().await {
            Err(DirectoryError::NoCache { .. }) => return None,
            Err(error) => Err(error),
            Ok(mirror) => self.verify(Source::Mirror(Arc::new(mirror)), None).await,
        };
        // A damaged cache must not keep the node from a good download, which starts at the trusted root again.
        recalled.inspect_err(|error| tracing::warn!(%error, "the cached directory is not used")).ok()
    }

    async fn read_cache(&self) -> Result<Mirror, DirectoryError> {
        match tokio::fs::read(&self.cache).await {
            Ok(bytes) => Mirror::from_bytes(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(DirectoryError::NoCache { path: self.cache.clone() })
            }
            Err(error) => Err(cannot_use(&self.cache)(error)),
        }
    }

    async fn verify(&self, source: Source, trusted: Option<&Verified>) -> Result<Verified, DirectoryError> {
        let known = trusted.map(|trusted| &trusted.mirror);
        let root = known.and_then(Mirror::newest_root).map_or(self.root.as_slice(), str::as_bytes);
        let fetcher =
            Fetcher::new(source, self.base.clone(), self.limits, known.cloned().unwrap_or_default());
        verify::verify(root, &self.root_path, fetcher, trusted).await
    }

    fn check_expiry(&self, verified: &Verified) -> Result<(), DirectoryError> {
        let now = self.clock.now();
        match verified
            .snapshot
            .roles()
            .iter()
            .filter(|role| now >= role.expires)
            .min_by_key(|role| role.expires)
        {
            Some(role) => Err(DirectoryError::Expired { role: role.role, since: role.expires }),
            None => Ok(()),
        }
    }
}

fn cannot_use(path: &Path) -> impl Fn(std::io::Error) -> DirectoryError + '_ {
    move |source| DirectoryError::Cache { path: path.into(), source }
}
