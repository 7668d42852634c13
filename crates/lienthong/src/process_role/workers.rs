//! `workers.toml`: systems that do work of procedures, each known by a random token of which the file has the hash only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use process::runner::Name;
use registry::agency::AgencyCode;
use serde::Deserialize;
use tokio::sync::watch;

/// How often the file is looked at; a change counts within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Topics and messages of one worker at most.
const NAMES_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    worker: Vec<RawWorker>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWorker {
    name: String,
    agency: String,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    messages: Vec<String>,
    token_sha256: String,
}

/// A system that does work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// What histories call it.
    pub name: Name,
    /// Whose it is.
    pub agency: AgencyCode,
    /// The topics of jobs that it may fetch.
    pub topics: Vec<Name>,
    /// The messages that it may tell.
    pub messages: Vec<Name>,
    token_sha256: [u8; 32],
}

/// All workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workers(Vec<Worker>);

impl Workers {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake in it, or why it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Vec<String>> {
        let text =
            std::fs::read_to_string(path).map_err(|error| vec![format!("{}: {error}", path.display())])?;
        Self::parse(&text).map_err(|mistakes| {
            mistakes.into_iter().map(|mistake| format!("{}: {mistake}", path.display())).collect()
        })
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let file: File =
            toml::from_str(text).map_err(|error| vec![error.to_string().trim_end().to_owned()])?;
        let (mut workers, mut mistakes) = (Vec::<Worker>::new(), Vec::new());
        for (number, raw) in (1..).zip(file.worker) {
            let place = format!("worker {number} ({})", raw.name);
            match worker(raw) {
                Err(wrong) => mistakes.extend(wrong.into_iter().map(|what| format!("{place}: {what}"))),
                Ok(one) if workers.iter().any(|other| other.name == one.name) => {
                    mistakes.push(format!("{place}: đã có tên này / this name is there already"));
                }
                Ok(one) if workers.iter().any(|other| other.token_sha256 == one.token_sha256) => {
                    mistakes
                        .push(format!("{place}: token_sha256 của bên khác / another worker's token_sha256"));
                }
                Ok(one) => workers.push(one),
            }
        }
        if mistakes.is_empty() { Ok(Self(workers)) } else { Err(mistakes) }
    }

    /// The hash of a worker's token, in small letters.
    pub fn hash_of(&self, name: &str) -> Option<String> {
        let worker = self.0.iter().find(|worker| worker.name.as_str() == name)?;
        Some(hex::encode(worker.token_sha256))
    }

    /// Whose token this is. It takes the same time for each token of nobody.
    pub fn find(&self, token: &str) -> Option<&Worker> {
        let shown = crypto::hash::sha256(&[token.as_bytes()]);
        let same =
            |one: &[u8; 32]| one.iter().zip(&shown).fold(0_u8, |differs, (a, b)| differs | (a ^ b)) == 0;
        // All are looked at, whichever it is.
        self.0.iter().filter(|worker| same(&worker.token_sha256)).fold(None, |_, worker| Some(worker))
    }
}

fn worker(raw: RawWorker) -> Result<Worker, Vec<String>> {
    let mut mistakes = Vec::new();
    let mut names = |key: &str, texts: Vec<String>| -> Vec<Name> {
        if texts.len() > NAMES_MAX {
            mistakes.push(format!("{key}: tối đa {NAMES_MAX} / at most {NAMES_MAX}"));
        }
        let mut names = Vec::new();
        for text in texts {
            match text.parse() {
                Ok(name) => names.push(name),
                Err(denied) => mistakes.push(format!("{key} {text:?}: {denied}")),
            }
        }
        names
    };
    let name = names("name", vec![raw.name]).pop();
    let (topics, messages) = (names("topics", raw.topics), names("messages", raw.messages));
    let agency: Option<AgencyCode> =
        raw.agency.parse().map_err(|error| mistakes.push(format!("agency {:?}: {error}", raw.agency))).ok();
    let token_sha256: Option<[u8; 32]> =
        hex::decode(&raw.token_sha256).ok().and_then(|bytes| bytes.try_into().ok());
    if token_sha256.is_none() {
        mistakes.push("token_sha256: 64 chữ số hexa / 64 hexadecimal digits".to_owned());
    }
    match (name, agency, token_sha256) {
        (Some(name), Some(agency), Some(token_sha256)) if mistakes.is_empty() => {
            Ok(Worker { name, agency, topics, messages, token_sha256 })
        }
        _ => Err(mistakes),
    }
}

/// The workers of a file, which is read again when it changes; and the task that does it.
///
/// # Errors
/// Every mistake in the file.
pub fn watched(path: Option<&PathBuf>) -> Result<Watched, Vec<String>> {
    let Some(path) = path else { return Ok((watch::channel(Arc::default()).1, None)) };
    let seen = stamp(path);
    let (latest, workers) = watch::channel(Arc::new(Workers::read(path)?));
    Ok((workers, Some(tokio::spawn(follow(path.clone(), seen, latest)))))
}

/// What [`watched`] gives.
pub type Watched = (watch::Receiver<Arc<Workers>>, Option<tokio::task::JoinHandle<()>>);

/// Follows the file forever. One with mistakes changes nothing; the mistakes are logged once.
async fn follow(path: PathBuf, mut seen: Option<Stamp>, latest: watch::Sender<Arc<Workers>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = stamp(&path);
        if now == seen {
            continue;
        }
        seen = now;
        match Workers::read(&path) {
            Ok(workers) => {
                tracing::info!(workers = workers.0.len(), "workers of procedures reloaded");
                latest.send_replace(Arc::new(workers));
            }
            Err(mistakes) => {
                let mistakes = mistakes.join("; ");
                tracing::error!(%mistakes, "tệp workers sai, giữ bản cũ / workers file refused, the old one counts");
            }
        }
    }
}

/// By what a change of a file is noticed: when it was changed, and its length.
pub type Stamp = (SystemTime, u64);

/// The stamp of a file that is there.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn entry(name: &str, token: &str, more: &str) -> String {
        let sha256 = hex::encode(crypto::hash::sha256(&[token.as_bytes()]));
        format!("[[worker]]\nname = \"{name}\"\nagency = \"H17\"\ntoken_sha256 = \"{sha256}\"\n{more}\n")
    }

    #[test]
    fn a_worker_is_found_by_its_token_only() {
        let text =
            [entry("a", "mot", "topics = [\"in\"]"), entry("b", "hai", "messages = [\"xong\"]")].concat();
        let workers = Workers::parse(&text).unwrap();
        assert_eq!(workers.find("hai").unwrap().name.as_str(), "b");
        assert_eq!(workers.find("mot").unwrap().topics[0].as_str(), "in");
        assert_eq!(workers.find("ba"), None);
        assert_eq!(Workers::default().find(""), None);
    }

    #[test]
    fn all_mistakes_of_the_file_are_named_with_their_worker() {
        let last = "[[worker]]\nname = \"c\"\nagency = \"đâu\"\ntoken_sha256 = \"ab\"\n".to_owned();
        let (first, twice) = (entry("a", "mot", "topics = [\"\"]"), entry("a", "hai", ""));
        let text = [first, twice.clone(), twice, last].concat();
        let mistakes = Workers::parse(&text).unwrap_err().join("\n");
        for part in ["worker 1 (a): topics", "worker 3 (a): đã có", "worker 4 (c): agency", "token_sha256"]
        {
            assert!(mistakes.contains(part), "{part} is not in {mistakes}");
        }
        assert!(Workers::parse("[[worker]]\nten = 1").is_err());
    }
}
