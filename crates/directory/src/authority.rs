//! Making the directory: the content that people edit, the keys, and the TUF repository that nodes download.
//!
//! ```text
//! DIR/authority.json          thresholds and validity times
//! DIR/content.json            the content, edited here, published by `publish`
//! DIR/keys/LABEL.key          root-1 … root-N, targets, snapshot, timestamp; encrypted PKCS#8
//! DIR/repository/metadata/    N.root.json, N.targets.json, N.snapshot.json, timestamp.json
//! DIR/repository/targets/     SHA256.directory.json
//! ```
//! Root keys are needed to rotate keys and to renew the root, `targets` to publish, `snapshot` and `timestamp`
//! to publish and to renew: key files may be kept elsewhere and brought back for the occasion.

mod error;
mod files;
mod keys;
mod root;

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use base::{Part, Ts};
use crypto::hash::sha256;
use crypto::sign::Passphrase;
use serde::{Deserialize, Serialize};
use tough::TargetName;
use tough::editor::signed::SignedRole;
use tough::schema::{Hashes, Metafile, Role, RoleType, Root, Signed, Snapshot, Target, Targets, Timestamp};

use crate::content::{Content, NoSuch};
use crate::{TARGET, TARGET_BYTES_MAX};
pub use error::AuthorityError;
use files::{Files, SPEC_VERSION};
use keys::Keys;
pub use root::OnlineRole;

/// Most root keys that an authority may have.
pub const ROOT_KEYS_MAX: u8 = 16;

/// How long each role's file is valid after it was signed, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityDays {
    /// `N.root.json`.
    pub root: u16,
    /// `N.targets.json`.
    pub targets: u16,
    /// `N.snapshot.json`.
    pub snapshot: u16,
    /// `timestamp.json`.
    pub timestamp: u16,
}

impl Default for ValidityDays {
    /// A year, 90 days, and for snapshot and timestamp a week: so long may the centre be down.
    fn default() -> Self {
        Self { root: 365, targets: 90, snapshot: 7, timestamp: 7 }
    }
}

/// What an authority is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The ecosystem that it governs.
    pub instance: Part,
    /// How many root keys there are.
    pub root_keys: u8,
    /// How many of them must sign a root file.
    pub threshold: u8,
    /// How long what it signs is valid.
    pub days: ValidityDays,
}

impl Options {
    /// Three root keys of which two must sign, default validity.
    pub fn new(instance: Part) -> Self {
        Self { instance, root_keys: 3, threshold: 2, days: ValidityDays::default() }
    }
}

/// `authority.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    format: String,
    instance: Part,
    root_keys: u8,
    threshold: u8,
    days: ValidityDays,
}

const SETTINGS_FORMAT: &str = "lienthong-authority/1";

/// One role as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleStatus {
    /// `root`, `targets`, `snapshot` or `timestamp`.
    pub role: &'static str,
    /// The published version and its expiry; absent before the first publication.
    pub published: Option<(u64, Ts)>,
    /// How many of its keys must sign.
    pub threshold: u64,
    /// Its keys: identifier, and label when the key file is here.
    pub keys: Vec<(String, Option<String>)>,
}

/// The holder of the directory. Only one process at a time can have it open.
///
/// Reads and writes a few files with blocking calls: made for a command line, not for a server's request path.
#[derive(Debug)]
pub struct Authority {
    settings: Settings,
    files: Files,
    keys: Keys,
    root: Signed<Root>,
    content: Content,
}

impl Authority {
    /// Makes an authority in `dir`, with new keys, its first root file and an empty content; publishes nothing yet.
    ///
    /// # Errors
    /// The options make no sense, there is an authority already, or `dir` cannot be written.
    pub async fn create(
        dir: &Path,
        options: Options,
        passphrase: &Passphrase,
        now: Ts,
    ) -> Result<Self, AuthorityError> {
        let Options { instance, root_keys, threshold, days } = options;
        let settings = Settings { format: SETTINGS_FORMAT.to_owned(), instance, root_keys, threshold, days };
        settings.check()?;
        let files = Files::create(dir)?;
        if files.settings_path().exists() {
            return Err(AuthorityError::Exists { dir: dir.into() });
        }
        let mut keys = Keys::open(&files.keys_dir(), passphrase)?;
        for label in root::first_labels(root_keys) {
            keys.ensure(&label)?;
        }
        let root = root::first(&settings, &keys, now)?;
        let content = Content::empty(settings.instance.clone(), now);
        let mut authority =
            Self { settings, files, keys, root: Signed { signed: root, signatures: Vec::new() }, content };
        let first = authority.root.signed.clone();
        authority.publish_root(first).await?;
        authority.files.write_content(&authority.content)?;
        // Last, because an authority exists when its settings do.
        authority.files.write_settings(&authority.settings)?;
        Ok(authority)
    }

    /// Opens the authority in `dir` with those of its keys whose files are there.
    ///
    /// # Errors
    /// There is none, another process has it open, the passphrase is wrong, or its content has mistakes (all are named).
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<Self, AuthorityError> {
        let files = Files::open(dir)?;
        let settings: Settings = files.read_settings()?;
        settings.check()?;
        let keys = Keys::open(&files.keys_dir(), passphrase)?;
        let root = files.newest_root()?;
        let content = Content::parse(&files.read_content()?)?;
        settings.same_instance(&content)?;
        Ok(Self { settings, files, keys, root, content })
    }

    /// The content as edited, which may be ahead of what is published.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Changes the content and saves it; `publish` makes it known.
    ///
    /// # Errors
    /// What was to be changed does not exist, or the result has mistakes; the content is then as before.
    pub fn edit(
        &mut self,
        change: impl FnOnce(&mut Content) -> Result<(), NoSuch>,
    ) -> Result<(), AuthorityError> {
        let mut content = self.content.clone();
        change(&mut content)?;
        self.save(content)
    }

    /// Takes over a whole content from a file of the format of `directory.json`; its number and date do not count.
    ///
    /// # Errors
    /// Every mistake of the file; the content is then as before.
    pub fn replace(&mut self, json: &[u8]) -> Result<(), AuthorityError> {
        self.save(Content::parse(json)?)
    }

    fn save(&mut self, mut content: Content) -> Result<(), AuthorityError> {
        (content.number, content.created) = (self.content.number, self.content.created);
        self.settings.same_instance(&content)?;
        content.check()?;
        self.files.write_content(&content)?;
        self.content = content;
        Ok(())
    }

    /// Publishes the content under the next number and signs targets, snapshot and timestamp anew; gives the number.
    ///
    /// A client sees the old publication or the new one: the timestamp file is written last.
    ///
    /// # Errors
    /// A key is not here, or the repository cannot be written; what was published before is then still in force.
    pub async fn publish(&mut self, now: Ts) -> Result<u64, AuthorityError> {
        let published = self.files.published()?;
        let versions = published.as_ref().map_or([0; 3], |published| {
            let Published { targets, snapshot, timestamp } = published;
            [targets.signed.version.get(), snapshot.signed.version.get(), timestamp.signed.version.get()]
        });
        let [number, snapshot_version, timestamp_version] = versions.map(|version| version + 1);
        let mut content = self.content.clone();
        (content.number, content.created) = (number, Ts::from_secs(now.secs()));
        content.check()?;
        let target = content.to_json().into_bytes();
        if target.len() as u64 > TARGET_BYTES_MAX {
            return Err(AuthorityError::TooLarge { bytes: target.len() as u64 });
        }
        let targets = self.sign(self.targets(number, &target, now)?).await?;
        let snapshot = self.snapshot(snapshot_version, metafile(&targets), now)?;
        let snapshot = self.sign(snapshot).await?;
        let timestamp = self.sign(self.timestamp(timestamp_version, metafile(&snapshot), now)?).await?;
        self.files.write_target(&hex::encode(sha256(&[&target])), &target)?;
        self.files.write_role(&targets)?;
        self.files.write_role(&snapshot)?;
        self.files.write_role(&timestamp)?;
        self.files.write_content(&content)?;
        self.content = content;
        Ok(number)
    }

    /// Signs snapshot and timestamp anew, so that what is published stays valid; needs no other key.
    ///
    /// # Errors
    /// Nothing is published yet, a key is not here, or the repository cannot be written.
    pub async fn renew(&mut self, now: Ts) -> Result<(), AuthorityError> {
        let published = self.files.published()?.ok_or(AuthorityError::NotPublished)?;
        let targets = published
            .snapshot
            .signed
            .meta
            .get("targets.json")
            .cloned()
            .ok_or(AuthorityError::NotPublished)?;
        let snapshot = self.snapshot(published.snapshot.signed.version.get() + 1, targets, now)?;
        let snapshot = self.sign(snapshot).await?;
        let version = published.timestamp.signed.version.get() + 1;
        let timestamp = self.sign(self.timestamp(version, metafile(&snapshot), now)?).await?;
        self.files.write_role(&snapshot)?;
        self.files.write_role(&timestamp)
    }

    /// The four roles: versions, expiries, thresholds, keys.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn status(&self) -> Result<Vec<RoleStatus>, AuthorityError> {
        let published = self.files.published()?;
        let state = |role: RoleType| {
            let published = published.as_ref();
            match role {
                RoleType::Targets => published.map(|published| state(&published.targets.signed)),
                RoleType::Snapshot => published.map(|published| state(&published.snapshot.signed)),
                RoleType::Timestamp => published.map(|published| state(&published.timestamp.signed)),
                _ => Some(state(&self.root.signed)),
            }
        };
        let names = [
            ("root", RoleType::Root),
            ("targets", RoleType::Targets),
            ("snapshot", RoleType::Snapshot),
            ("timestamp", RoleType::Timestamp),
        ];
        let status = |(role, kind): (&'static str, RoleType)| {
            let keys = self.root.signed.roles.get(&kind);
            let with_label = |id: &[u8]| (hex::encode(id), self.keys.label_of(id).map(str::to_owned));
            RoleStatus {
                role,
                published: state(kind),
                threshold: keys.map_or(0, |keys| keys.threshold.get()),
                keys: keys
                    .map_or_else(Vec::new, |keys| keys.keyids.iter().map(|id| with_label(id)).collect()),
            }
        };
        Ok(names.into_iter().map(status).collect())
    }

    /// The folder to be served to nodes: `metadata/` and `targets/`.
    pub fn repository_path(&self) -> PathBuf {
        self.files.repository()
    }

    /// The first root file, which nodes are given by hand and trust.
    pub fn root_path(&self) -> PathBuf {
        self.files.root_path(1)
    }

    fn targets(&self, version: u64, target: &[u8], now: Ts) -> Result<Targets, AuthorityError> {
        let hashes = Hashes { sha256: sha256(&[target]).to_vec().into(), _extra: HashMap::new() };
        let entry =
            Target { length: target.len() as u64, hashes, custom: HashMap::new(), _extra: HashMap::new() };
        let expires = after(now, self.settings.days.targets)?;
        let mut targets = Targets::new(SPEC_VERSION.to_owned(), at_least_one(version), expires);
        targets.delegations = None;
        targets.targets.insert(TargetName::new(TARGET).map_err(AuthorityError::from)?, entry);
        Ok(targets)
    }

    fn snapshot(&self, version: u64, targets: Metafile, now: Ts) -> Result<Snapshot, AuthorityError> {
        let expires = after(now, self.settings.days.snapshot)?;
        let mut snapshot = Snapshot::new(SPEC_VERSION.to_owned(), at_least_one(version), expires);
        snapshot.meta.insert("targets.json".to_owned(), targets);
        Ok(snapshot)
    }

    fn timestamp(&self, version: u64, snapshot: Metafile, now: Ts) -> Result<Timestamp, AuthorityError> {
        let expires = after(now, self.settings.days.timestamp)?;
        let mut timestamp = Timestamp::new(SPEC_VERSION.to_owned(), at_least_one(version), expires);
        timestamp.meta.insert("snapshot.json".to_owned(), snapshot);
        Ok(timestamp)
    }

    async fn sign<T: Role>(&self, role: T) -> Result<SignedRole<T>, AuthorityError> {
        self.keys.sign(role, &self.root.signed).await
    }
}

/// What the repository offers now.
struct Published {
    targets: Signed<Targets>,
    snapshot: Signed<Snapshot>,
    timestamp: Signed<Timestamp>,
}

impl Settings {
    fn check(&self) -> Result<(), AuthorityError> {
        let ValidityDays { root, targets, snapshot, timestamp } = self.days;
        let mistake = if self.format != SETTINGS_FORMAT {
            "its format is not lienthong-authority/1"
        } else if self.root_keys == 0 || self.root_keys > ROOT_KEYS_MAX {
            "there must be 1 to 16 root keys"
        } else if self.threshold == 0 || self.threshold > self.root_keys {
            "the threshold must be between 1 and the number of root keys"
        } else if [root, targets, snapshot, timestamp].contains(&0) {
            "each validity must be at least one day"
        } else {
            return Ok(());
        };
        Err(AuthorityError::Settings(mistake))
    }

    fn same_instance(&self, content: &Content) -> Result<(), AuthorityError> {
        if content.instance == self.instance {
            return Ok(());
        }
        let (own, found) = (self.instance.to_string(), content.instance.to_string());
        Err(AuthorityError::OtherInstance { own, found })
    }
}

fn state<R: Role>(role: &R) -> (u64, Ts) {
    (role.version().get(), Ts(role.expires().as_microsecond()))
}

fn metafile<T: Role>(role: &SignedRole<T>) -> Metafile {
    Metafile {
        length: Some(*role.length()),
        hashes: Some(Hashes { sha256: role.sha256().to_vec().into(), _extra: HashMap::new() }),
        version: role.signed().signed.version(),
        _extra: HashMap::new(),
    }
}

fn at_least_one(version: u64) -> NonZeroU64 {
    NonZeroU64::new(version).unwrap_or(NonZeroU64::MIN)
}

/// Whole seconds: other TUF clients refuse fractions.
fn after(now: Ts, days: u16) -> Result<jiff::Timestamp, AuthorityError> {
    let seconds = now.secs().saturating_add(i64::from(days) * 86_400);
    jiff::Timestamp::from_second(seconds).map_err(|_| AuthorityError::Settings("the clock is far off"))
}
