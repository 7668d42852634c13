//! Drafts of long forms, kept here per person so that somebody can go on another day and on another machine.
//!
//! A draft is one JSON file `FOLDER/{person}/{draft}.json` that only this program may read, or lives in memory where no
//! folder is set up. Nobody but its person is ever shown it.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::view::segment;

/// Drafts of one person at most.
pub const DRAFTS_MAX: usize = 50;
/// Longest draft in bytes.
pub const DRAFT_BYTES_MAX: usize = 64 * 1024;

/// The drafts of everybody.
#[derive(Clone)]
pub struct Drafts {
    place: Place,
    /// One work at a time: what is counted or found stays so until it is written.
    alone: Arc<Mutex<()>>,
}

/// Person and draft, and what it says.
type Kept = BTreeMap<(String, String), Vec<u8>>;

#[derive(Clone)]
enum Place {
    Memory(Arc<Mutex<Kept>>),
    Folder(PathBuf),
}

impl Drafts {
    /// Drafts in a folder, or in memory without one.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let place = folder.map_or_else(|| Place::Memory(Arc::default()), Place::Folder);
        Self { place, alone: Arc::default() }
    }

    /// All drafts of a person with their identifiers. What cannot be read as such a draft is left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn list<T: DeserializeOwned>(&self, person: &str) -> Result<Vec<(String, T)>, Failure> {
        let person = person.to_owned();
        let found = self.work(move |place| place.list(&person)).await?;
        let read = |(id, bytes): (String, Vec<u8>)| Some((id, serde_json::from_slice(&bytes).ok()?));
        Ok(found.into_iter().filter_map(read).collect())
    }

    /// A draft of a person.
    ///
    /// # Errors
    /// There is none; the folder cannot be read.
    pub async fn get<T: DeserializeOwned>(&self, person: &str, id: &str) -> Result<T, Failure> {
        let (person, id) = (person.to_owned(), checked(id)?);
        let found = self.work(move |place| place.get(&person, &id)).await?;
        let bytes = found.ok_or_else(Failure::nothing)?;
        serde_json::from_slice(&bytes).map_err(|error| Failure::odd("draft", &error))
    }

    /// Keeps a new draft; gives its identifier.
    ///
    /// # Errors
    /// The person has too many; it is too long; the folder cannot be written.
    pub async fn begin(&self, person: &str, draft: &impl Serialize) -> Result<String, Failure> {
        let (of, bytes) = (person.to_owned(), written(draft)?);
        let id = format!("{:016x}", u64::from_be_bytes(crypto::hash::random()));
        let name = id.clone();
        let kept = self
            .work(move |place| {
                let free = place.list(&of)?.len() < DRAFTS_MAX;
                if free { place.put(&of, &name, bytes).map(|()| true) } else { Ok(false) }
            })
            .await?;
        if kept { Ok(id) } else { Err(too_many()) }
    }

    /// Keeps what a draft is now.
    ///
    /// # Errors
    /// There is no such draft; it is too long; the folder cannot be written.
    pub async fn put(&self, person: &str, id: &str, draft: &impl Serialize) -> Result<(), Failure> {
        let (person, id, bytes) = (person.to_owned(), checked(id)?, written(draft)?);
        let kept = self
            .work(move |place| match place.get(&person, &id)? {
                Some(_) => place.put(&person, &id, bytes).map(|()| true),
                None => Ok(false),
            })
            .await?;
        if kept { Ok(()) } else { Err(Failure::nothing()) }
    }

    /// Forgets a draft; one that is not there is forgotten already.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub async fn delete(&self, person: &str, id: &str) -> Result<(), Failure> {
        let (person, id) = (person.to_owned(), checked(id)?);
        self.work(move |place| place.delete(&person, &id)).await
    }

    /// Files are written through to the disk: not on the threads that serve others.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let Self { place, alone } = self.clone();
        let alone = move || {
            let _alone = alone.lock().unwrap_or_else(PoisonError::into_inner);
            work(&place)
        };
        let done = tokio::task::spawn_blocking(alone).await;
        let done = done.map_err(|error| Failure::odd("drafts", &error))?;
        done.map_err(|error| Failure::odd("drafts", &error))
    }
}

impl Place {
    fn list(&self, person: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let folder = match self {
            Self::Memory(all) => {
                let all = all.lock().unwrap_or_else(PoisonError::into_inner);
                let own = all.iter().filter(|((of, _), _)| of == person);
                return Ok(own.map(|((_, id), bytes)| (id.clone(), bytes.clone())).collect());
            }
            Self::Folder(root) => own(root, person),
        };
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let id = path.file_stem().and_then(|id| id.to_str()).map(str::to_owned);
            if let Some(id) = id.filter(|_| path.extension().is_some_and(|end| end == "json")) {
                found.push((id, std::fs::read(&path)?));
            }
        }
        Ok(found)
    }

    fn get(&self, person: &str, id: &str) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Memory(all) => {
                let all = all.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(all.get(&(person.to_owned(), id.to_owned())).cloned())
            }
            Self::Folder(root) => match std::fs::read(file(root, person, id)) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                read => read.map(Some),
            },
        }
    }

    fn put(&self, person: &str, id: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let root = match self {
            Self::Memory(all) => {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert((person.to_owned(), id.to_owned()), bytes);
                return Ok(());
            }
            Self::Folder(root) => root,
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(own(root, person))?;
        let path = file(root, person, id);
        // Whole or not at all: the new text takes the place of the old one when it is on the disk.
        let beside = path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        let mut new = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        new.write_all(&bytes)?;
        new.sync_all()?;
        std::fs::rename(beside, path)
    }

    fn delete(&self, person: &str, id: &str) -> Result<(), Error> {
        match self {
            Self::Memory(all) => {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.remove(&(person.to_owned(), id.to_owned()));
                Ok(())
            }
            Self::Folder(root) => match std::fs::remove_file(file(root, person, id)) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                done => done,
            },
        }
    }
}

/// The folder of a person. A name that begins with a dot would be another folder or a hidden one.
fn own(root: &Path, person: &str) -> PathBuf {
    let name = segment(person);
    root.join(name.strip_prefix('.').map_or_else(|| name.clone(), |rest| format!("%2E{rest}")))
}

fn file(root: &Path, person: &str, id: &str) -> PathBuf {
    own(root, person).join(format!("{id}.json"))
}

/// Identifiers come from addresses: only those that are made here name a file.
fn checked(id: &str) -> Result<String, Failure> {
    let ours = id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if ours { Ok(id.to_owned()) } else { Err(Failure::nothing()) }
}

fn written(draft: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let bytes = serde_json::to_vec(draft).map_err(|error| Failure::odd("draft", &error))?;
    if bytes.len() <= DRAFT_BYTES_MAX {
        return Ok(bytes);
    }
    let vi = "bản nháp quá dài; rút gọn nội dung đã nhập";
    Err(Failure::field("draft", vi, "the draft is too long: shorten what was entered"))
}

fn too_many() -> Failure {
    let vi = format!("đã có {DRAFTS_MAX} bản nháp; gửi hoặc xóa bớt rồi lập bản mới");
    Failure::field("draft", vi, format!("there are {DRAFTS_MAX} drafts already: send or delete some of them"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    async fn keeps(drafts: &Drafts) {
        let id = drafts.begin("a.b", &"một").await.expect("kept");
        assert_eq!(drafts.get::<String>("a.b", &id).await.expect("there"), "một");
        assert!(drafts.get::<String>("khác", &id).await.is_err(), "another person's draft");
        drafts.put("a.b", &id, &"hai").await.expect("kept");
        assert_eq!(drafts.list::<String>("a.b").await.expect("listed"), [(id.clone(), "hai".to_owned())]);
        assert!(drafts.put("a.b", &id, &"x".repeat(DRAFT_BYTES_MAX)).await.is_err(), "too long");
        drafts.delete("a.b", &id).await.expect("deleted");
        assert!(drafts.put("a.b", &id, &"ba").await.is_err(), "one that was sent does not come back");
        assert!(drafts.list::<String>("a.b").await.expect("listed").is_empty());
    }

    #[tokio::test]
    async fn a_draft_is_kept_for_its_person_alone() {
        keeps(&Drafts::new(None)).await;
        let folder = tempfile::tempdir().expect("a folder");
        keeps(&Drafts::new(Some(folder.path().join("drafts")))).await;
    }

    #[tokio::test]
    async fn only_this_program_may_read_drafts_on_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let drafts = Drafts::new(Some(folder.path().join("drafts")));
        let id = drafts.begin("..", &"một").await.expect("kept");
        let path = folder.path().join("drafts/%2E.").join(format!("{id}.json"));
        let mode = path.metadata().expect("it stands inside the folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_person_has_fifty_drafts_at_most() {
        let drafts = Drafts::new(None);
        for _ in 0..DRAFTS_MAX {
            drafts.begin("a", &1).await.expect("kept");
        }
        assert!(drafts.begin("a", &1).await.expect_err("one too many").is_mendable());
        drafts.begin("b", &1).await.expect("another person has none yet");
    }

    #[tokio::test]
    async fn drafts_saved_at_the_same_time_are_whole_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let drafts = Drafts::new(Some(folder.path().join("drafts")));
        let id = drafts.begin("a", &String::new()).await.expect("kept");
        let mut saving = tokio::task::JoinSet::new();
        for length in 0..60 {
            let (drafts, id) = (drafts.clone(), id.clone());
            saving.spawn(async move {
                drafts.put("a", &id, &"x".repeat(length * 7)).await.expect("saved");
                drafts.begin("a", &String::new()).await.is_ok()
            });
        }
        let begun = saving.join_all().await.into_iter().filter(|begun| *begun).count();
        assert_eq!(begun, DRAFTS_MAX - 1);
        drafts.get::<String>("a", &id).await.expect("whole");
    }

    #[tokio::test]
    async fn an_address_names_no_other_file() {
        let drafts = Drafts::new(None);
        for id in ["../../etc/passwd", "", "0123456789ABCDEF", "0123456789abcde/"] {
            assert!(drafts.get::<String>("a", id).await.is_err(), "{id}");
        }
    }
}
