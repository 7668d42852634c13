//! The authority's folder: where each file is, and how it is replaced.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tough::editor::signed::SignedRole;
use tough::schema::{Role, Root, Signed, Timestamp};

use super::{AuthorityError, Published, Settings};
use crate::content::Content;
use crate::{TARGET, disk};

/// The version of the TUF specification that the files name.
pub(super) const SPEC_VERSION: &str = "1.0.0";

/// Only the owner sees the keys; the repository below is made readable for whoever serves it.
const DIR_MODE: u32 = 0o700;
const REPOSITORY_MODE: u32 = 0o755;

/// The folder, locked for this process.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
    _lock: File,
}

impl Files {
    /// Makes the folders and takes the lock.
    pub fn create(dir: &Path) -> Result<Self, AuthorityError> {
        make_dir(dir, DIR_MODE)?;
        let files = Self { dir: dir.into(), _lock: lock(dir)? };
        make_dir(&files.keys_dir(), DIR_MODE)?;
        make_dir(&files.metadata(), REPOSITORY_MODE)?;
        make_dir(&files.targets(), REPOSITORY_MODE)?;
        Ok(files)
    }

    /// Takes the lock of an authority that exists.
    pub fn open(dir: &Path) -> Result<Self, AuthorityError> {
        if !dir.join("authority.json").exists() {
            return Err(AuthorityError::Missing { dir: dir.into() });
        }
        Ok(Self { dir: dir.into(), _lock: lock(dir)? })
    }

    pub fn settings_path(&self) -> PathBuf {
        self.dir.join("authority.json")
    }

    pub fn keys_dir(&self) -> PathBuf {
        self.dir.join("keys")
    }

    pub fn repository(&self) -> PathBuf {
        self.dir.join("repository")
    }

    pub fn root_path(&self, version: u64) -> PathBuf {
        self.metadata().join(format!("{version}.root.json"))
    }

    fn metadata(&self) -> PathBuf {
        self.repository().join("metadata")
    }

    fn targets(&self) -> PathBuf {
        self.repository().join("targets")
    }

    fn content_path(&self) -> PathBuf {
        self.dir.join("content.json")
    }

    pub fn read_settings(&self) -> Result<Settings, AuthorityError> {
        read_json(&self.settings_path())
    }

    pub fn write_settings(&self, settings: &Settings) -> Result<(), AuthorityError> {
        let mut text = serde_json::to_vec_pretty(settings).expect("settings have a JSON form");
        text.push(b'\n');
        write(&self.settings_path(), &text, disk::PRIVATE)
    }

    pub fn read_content(&self) -> Result<Vec<u8>, AuthorityError> {
        let path = self.content_path();
        std::fs::read(&path).map_err(cannot_use(&path))
    }

    pub fn write_content(&self, content: &Content) -> Result<(), AuthorityError> {
        write(&self.content_path(), content.to_json().as_bytes(), disk::PRIVATE)
    }

    pub fn write_target(&self, sha256_hex: &str, bytes: &[u8]) -> Result<(), AuthorityError> {
        write(&self.targets().join(format!("{sha256_hex}.{TARGET}")), bytes, disk::PUBLIC)
    }

    pub fn write_role<T: Role + Serialize>(&self, role: &SignedRole<T>) -> Result<(), AuthorityError> {
        let path = self.metadata().join(role.signed().signed.filename(true));
        write(&path, role.buffer(), disk::PUBLIC)
    }

    /// The end of the chain `1.root.json`, `2.root.json`, …
    pub fn newest_root(&self) -> Result<Signed<Root>, AuthorityError> {
        let next = |version: &u64| Some(version + 1).filter(|next| self.root_path(*next).exists());
        let newest = std::iter::successors(Some(1), next).last().unwrap_or(1);
        read_json(&self.root_path(newest))
    }

    /// What the repository offers now; nothing before the first publication.
    ///
    /// The files' signatures are not checked: after a rotation they still carry the old key's signature,
    /// and whoever could change them here could change the keys as well.
    pub fn published(&self) -> Result<Option<Published>, AuthorityError> {
        let path = self.metadata().join("timestamp.json");
        if !path.exists() {
            return Ok(None);
        }
        let timestamp: Signed<Timestamp> = read_json(&path)?;
        let version = |meta: Option<&tough::schema::Metafile>| {
            let damaged =
                || AuthorityError::Damaged { path: path.clone(), reason: "an entry is missing".to_owned() };
            meta.map(|meta| meta.version).ok_or_else(damaged)
        };
        let snapshot_version = version(timestamp.signed.meta.get("snapshot.json"))?;
        let snapshot: Signed<tough::schema::Snapshot> =
            read_json(&self.metadata().join(format!("{snapshot_version}.snapshot.json")))?;
        let targets_version = version(snapshot.signed.meta.get("targets.json"))?;
        let targets = read_json(&self.metadata().join(format!("{targets_version}.targets.json")))?;
        Ok(Some(Published { targets, snapshot, timestamp }))
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, AuthorityError> {
    let bytes = std::fs::read(path).map_err(cannot_use(path))?;
    let damaged =
        |error: serde_json::Error| AuthorityError::Damaged { path: path.into(), reason: error.to_string() };
    serde_json::from_slice(&bytes).map_err(damaged)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), AuthorityError> {
    disk::write(path, bytes, mode).map_err(cannot_use(path))
}

fn make_dir(path: &Path, mode: u32) -> Result<(), AuthorityError> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(cannot_use(path))
}

fn lock(dir: &Path) -> Result<File, AuthorityError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(cannot_use(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AuthorityError::Busy { dir: dir.into() }),
        Err(TryLockError::Error(source)) => Err(AuthorityError::Io { path, source }),
    }
}

fn cannot_use(path: &Path) -> impl Fn(io::Error) -> AuthorityError + '_ {
    move |source| AuthorityError::Io { path: path.into(), source }
}
