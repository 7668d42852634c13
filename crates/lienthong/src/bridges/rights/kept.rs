//! The last good answer of the registry on disk, with its signature: a node starts with it while the registry is away.
//!
//! ```text
//! DATA/rights/HASH.json   the body as it came, named by its SHA-256
//! DATA/rights/head.json   which one counts, its signature, when the registry confirmed it last
//! ```
//! The head is written last and whole, so a crash leaves the old answer or the new one.

use std::io;
use std::path::{Path, PathBuf};

use base::Ts;
use registry::snapshot::signature::Signature;
use serde::{Deserialize, Serialize};

use super::remote::Answer;
use crate::command::file;

/// The value of `format`.
const FORMAT: &str = "lienthong-rights-kept/1";
const HEAD: &str = "head.json";

/// `head.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    /// SHA-256 of the body, hexadecimal; the name of its file.
    body: String,
    /// The registry's name for what it says, `ETag`.
    tag: String,
    /// When the registry confirmed it last.
    confirmed: Ts,
    signature: Signature,
}

/// The folder.
pub struct Kept {
    dir: PathBuf,
    head: Option<Head>,
}

/// What was found there.
pub struct Found {
    /// The answer.
    pub answer: Answer,
    /// When the registry confirmed it last.
    pub confirmed: Ts,
}

impl Kept {
    /// The folder `rights` in the node's data; made when something is written.
    pub fn new(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("rights"), head: None }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was written last; nothing before the first time.
    ///
    /// # Errors
    /// The files cannot be read or are not ours.
    pub fn load(&mut self) -> io::Result<Option<Found>> {
        let text = match std::fs::read(self.dir.join(HEAD)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let head: Head = serde_json::from_slice(&text)?;
        let is_name = head.body.len() == 64 && head.body.bytes().all(|byte| byte.is_ascii_hexdigit());
        if head.format != FORMAT || !is_name {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a file of rights of this version"));
        }
        let body = std::fs::read(self.path(&head.body))?.into();
        let answer = Answer { body, tag: head.tag.clone(), signature: head.signature.clone() };
        let confirmed = head.confirmed;
        self.head = Some(head);
        Ok(Some(Found { answer, confirmed }))
    }

    /// Keeps an answer in the place of the one before.
    ///
    /// # Errors
    /// The disk; the one before is then still whole.
    pub fn save(&mut self, answer: &Answer, confirmed: Ts) -> anyhow::Result<()> {
        let body = hex::encode(crypto::hash::sha256(&[&answer.body]));
        file::make_dir(&self.dir)?;
        file::replace(&self.path(&body), &answer.body, file::PRIVATE)?;
        let (tag, signature) = (answer.tag.clone(), answer.signature.clone());
        self.write(Head { format: FORMAT.to_owned(), body, tag, confirmed, signature })?;
        self.sweep();
        Ok(())
    }

    /// Notes that what is kept was confirmed.
    ///
    /// # Errors
    /// The disk.
    pub fn confirm(&mut self, confirmed: Ts) -> anyhow::Result<()> {
        let head = self.head.clone();
        head.map_or(Ok(()), |head| self.write(Head { confirmed, ..head }))
    }

    fn write(&mut self, head: Head) -> anyhow::Result<()> {
        file::replace(&self.dir.join(HEAD), &serde_json::to_vec_pretty(&head)?, file::PRIVATE)?;
        self.head = Some(head);
        Ok(())
    }

    /// Removes bodies that count no more. What stays by mistake is removed the next time.
    fn sweep(&self) {
        let Some(head) = &self.head else { return };
        let (Ok(entries), kept) = (std::fs::read_dir(&self.dir), self.path(&head.body)) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_body = path.extension().is_some_and(|end| end == "json") && !path.ends_with(HEAD);
            if is_body && path != kept {
                drop(std::fs::remove_file(path));
            }
        }
    }

    fn path(&self, body: &str) -> PathBuf {
        self.dir.join(format!("{body}.json"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use registry::snapshot::signature::Unsigned;

    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_000_000);

    fn answer(body: &'static [u8]) -> Answer {
        let signature = Unsigned::new(body, "ab", "ed25519", NOW).signed(b"any");
        Answer { body: body.into(), tag: "\"1\"".to_owned(), signature }
    }

    #[test]
    fn the_last_answer_is_found_again_with_its_last_confirmation_and_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut kept = Kept::new(dir.path());
        assert!(kept.load().unwrap().is_none());
        kept.save(&answer(b"one"), NOW).unwrap();
        let two = answer(b"two");
        kept.save(&two, NOW).unwrap();
        kept.confirm(NOW.plus_secs(30)).unwrap();
        let found = Kept::new(dir.path()).load().unwrap().unwrap();
        assert_eq!((&found.answer.body[..], found.confirmed), (&b"two"[..], NOW.plus_secs(30)));
        assert_eq!(found.answer.signature, two.signature);
        assert_eq!(std::fs::read_dir(dir.path().join("rights")).unwrap().count(), 2);
    }

    #[test]
    fn a_damaged_copy_is_an_error_and_not_nothing() {
        let dir = tempfile::tempdir().unwrap();
        Kept::new(dir.path()).save(&answer(b"one"), NOW).unwrap();
        std::fs::write(dir.path().join("rights/head.json"), "{}").unwrap();
        assert!(Kept::new(dir.path()).load().is_err());
    }
}
