//! The registry on another machine: asked over mutual TLS, believed by the signature of the member that keeps it.

mod verify;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base::{Clock, MemberId, Ts};
use bytes::Bytes;
use exchange::body::OutBody;
use exchange::dial::{self, Destination, InBody};
use exchange::standing::Standing;
use exchange::tls::{DirectoryWatch, Identity, NodeVerifier};
use http_body_util::{BodyExt as _, Limited};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Request, Response, StatusCode, Uri};
use registry::api::gateway::{CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT, WAIT_S_MAX};
use registry::snapshot::Snapshot;
use registry::snapshot::signature::Signature;
use tokio::time::Instant;

use super::kept::{Found, Kept};
use super::{Freshness, Latest};
use crate::config::RegistryElsewhere;
pub use verify::Refused;
use verify::{Arrived, Judge};

/// Largest body that is read: 100,000 grants have 41 MiB (`cargo xtask bench registry`).
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Largest refusal that is read.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;
/// How much longer than asked an answer may take to begin.
const ANSWER_S: u64 = 15;
/// How long its body may take.
const BODY_S: u64 = 120;
/// Least time between two questions when nothing was new.
const PACE: Duration = Duration::from_secs(1);
/// Longest pause after failures; the first is one second, and each doubles.
const PAUSE_S_MAX: u64 = 8;

/// What the registry answered, as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body, which is signed.
    pub body: Bytes,
    /// The registry's name for what it says.
    pub tag: String,
    /// The signature.
    pub signature: Signature,
}

/// Asks a registry and judges what it answers.
pub struct Asker {
    /// Where it is and whose.
    pub registry: RegistryElsewhere,
    /// Whose services.
    pub member: MemberId,
    /// This node's TLS identity.
    pub identity: Identity,
    /// The directory.
    pub directory: DirectoryWatch,
    /// Judge of certificates.
    pub standing: Arc<Standing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Asker {
    /// Asks for something else than what `tag` names, and waits for it up to `wait_s` seconds; nothing when there is
    /// nothing new.
    ///
    /// # Errors
    /// The registry cannot be reached, shows a certificate of somebody else, or refuses.
    pub async fn ask(&self, tag: Option<&str>, wait_s: u64) -> anyhow::Result<Option<Answer>> {
        let member = self.member.encoded();
        let uri: Uri = format!("{}{}/rights/{member}?wait={wait_s}", self.registry.url, registry::api::ROOT)
            .parse()
            .context("[rights] registry")?;
        let mut request = Request::get(uri);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request.body(OutBody::empty())?;
        // A connection of its own for each question: its certificate is judged each time.
        let verifier = NodeVerifier::new(
            self.directory.clone(),
            Arc::clone(&self.standing),
            Arc::clone(&self.clock),
            None,
        );
        let tls = self.identity.call_node(verifier.owned_by(self.registry.member.clone()))?;
        let client = dial::client(Destination::Url, Some(tls));
        let within = Duration::from_secs(wait_s + ANSWER_S);
        let answer = tokio::time::timeout(within, client.request(request)).await;
        let answer = answer
            .context("không trả lời kịp / no answer in time")?
            .with_context(|| format!("không kết nối được / cannot reach {}", self.registry.url))?;
        match answer.status() {
            StatusCode::OK => read(answer).await.map(Some),
            StatusCode::NOT_MODIFIED => Ok(None),
            status => {
                let text = body(answer, REFUSAL_BYTES_MAX).await.unwrap_or_default();
                bail!("{status}: {}", String::from_utf8_lossy(&text))
            }
        }
    }

    /// The snapshot of an answer that just arrived.
    ///
    /// # Errors
    /// It is not the registry's word, or not about this member.
    pub fn judge(&self, answer: &Answer) -> Result<Snapshot, Refused> {
        self.judged(answer, Arrived::Now)
    }

    fn judged(&self, answer: &Answer, arrived: Arrived) -> Result<Snapshot, Refused> {
        let directory = self.directory.borrow().clone().ok_or(Refused::NoDirectory)?;
        let judge = Judge {
            directory: &directory,
            standing: &self.standing,
            keeper: &self.registry.member,
            member: &self.member,
            now: self.clock.now(),
        };
        judge.snapshot(answer, arrived)
    }
}

async fn read(answer: Response<InBody>) -> anyhow::Result<Answer> {
    let headers = answer.headers();
    let signature = Signature {
        digest: text(headers, &CONTENT_DIGEST)?,
        input: text(headers, &SIGNATURE_INPUT)?,
        signature: text(headers, &SIGNATURE)?,
    };
    let tag = text(headers, &header::ETAG)?;
    Ok(Answer { body: body(answer, BODY_BYTES_MAX).await?, tag, signature })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> anyhow::Result<String> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    Ok(value.with_context(|| format!("câu trả lời thiếu / the answer has no {name}"))?.to_owned())
}

async fn body(answer: Response<InBody>, bytes_max: usize) -> anyhow::Result<Bytes> {
    let whole = Limited::new(answer.into_body(), bytes_max).collect();
    let whole = tokio::time::timeout(Duration::from_secs(BODY_S), whole).await;
    let whole = whole.context("nội dung đến quá chậm / the body came too slowly")?;
    Ok(whole
        .map_err(|error| anyhow::anyhow!(error))
        .context("nội dung không trọn vẹn / the body is not whole")?
        .to_bytes())
}

/// A registry elsewhere that is followed.
pub struct Remote {
    asker: Asker,
    freshness: Arc<Freshness>,
    kept: Kept,
    latest: Latest,
    tag: Option<String>,
}

impl Remote {
    /// Begins with what is kept on disk, when the directory to judge it by is there.
    pub fn new(asker: Asker, freshness: Arc<Freshness>, kept: Kept, latest: Latest) -> Self {
        let mut remote = Self { asker, freshness, kept, latest, tag: None };
        if remote.asker.directory.borrow().is_some() {
            remote.load();
        }
        remote
    }

    /// Follows the registry forever.
    pub async fn follow(mut self) {
        if self.asker.directory.borrow().is_none() {
            if self.asker.directory.wait_for(Option::is_some).await.is_err() {
                return;
            }
            self.load();
        }
        let (mut failing, mut pause_s) = (String::new(), 1);
        loop {
            let asked = Instant::now();
            match self.once().await {
                Ok(new) => {
                    if !failing.is_empty() {
                        tracing::info!(registry = %self.asker.registry.url, "đã theo dõi lại sổ đăng ký / the registry is followed again");
                    }
                    (failing, pause_s) = (String::new(), 1);
                    if !new {
                        tokio::time::sleep_until(asked + PACE).await;
                    }
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    if error == failing {
                        tracing::debug!(%error, "the registry is still not followed");
                    } else {
                        tracing::error!(%error, registry = %self.asker.registry.url, "không lấy được quyền từ sổ đăng ký, quyền đã biết còn hiệu lực đến hạn stale_after_s / the rights are not fetched from the registry; those known last count until stale_after_s");
                        failing = error;
                    }
                    tokio::time::sleep(Duration::from_secs(pause_s)).await;
                    pause_s = (pause_s * 2).min(PAUSE_S_MAX);
                }
            }
        }
    }

    /// Asks once and takes over what is new; whether something was.
    async fn once(&mut self) -> anyhow::Result<bool> {
        // Several confirmations in each period for which rights count without one.
        let patience_s = WAIT_S_MAX.min(self.freshness.limit_s() / 4);
        let tag = self.tag.as_deref();
        let answer = self.asker.ask(tag, if tag.is_some() { patience_s } else { 0 }).await?;
        let now = self.asker.clock.now();
        let Some(answer) = answer else {
            self.freshness.confirm(now);
            self.keep(|kept| kept.confirm(now));
            return Ok(false);
        };
        let snapshot = tokio::task::block_in_place(|| self.asker.judge(&answer))?;
        self.refuse_older(&snapshot)?;
        self.freshness.confirm(now);
        super::tell(&self.latest, Arc::new(snapshot));
        // After it counts: a disk that is slow or full holds no revocation up.
        self.keep(|kept| kept.save(&answer, now));
        let same = self.tag.as_ref() == Some(&answer.tag);
        self.tag = Some(answer.tag);
        Ok(!same)
    }

    /// A registry that was set back would bring revoked rights to life again.
    fn refuse_older(&self, new: &Snapshot) -> Result<(), Refused> {
        let latest = self.latest.borrow();
        let Some(known) = latest.as_deref() else { return Ok(()) };
        if (new.number, new.made) < (known.number, known.made) {
            let dir = self.kept.dir().to_owned();
            return Err(Refused::Older { found: new.number, known: known.number, dir });
        }
        Ok(())
    }

    fn keep(&mut self, write: impl FnOnce(&mut Kept) -> anyhow::Result<()>) {
        if let Err(error) = tokio::task::block_in_place(|| write(&mut self.kept)) {
            let error = format!("{error:#}");
            tracing::error!(%error, "không lưu được quyền, nút không khởi động được khi sổ đăng ký ngừng / the rights are not kept on disk: the node could not start with them while the registry is away");
        }
    }

    /// What is kept on disk counts as if it came now, but for its age.
    fn load(&mut self) {
        let found = match self.kept.load() {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, dir = %self.kept.dir().display(), "không đọc được quyền đã lưu / the rights kept on disk are not readable");
                return;
            }
        };
        let Found { answer, confirmed } = found;
        match self.asker.judged(&answer, Arrived::Earlier) {
            Ok(snapshot) => self.begin_with(snapshot, answer.tag, confirmed),
            Err(error) => {
                tracing::error!(%error, dir = %self.kept.dir().display(), "quyền đã lưu không được chấp nhận / the rights kept on disk are refused");
            }
        }
    }

    fn begin_with(&mut self, snapshot: Snapshot, tag: String, confirmed: Ts) {
        tracing::info!(number = snapshot.number, %confirmed, "bắt đầu với quyền đã lưu / beginning with the rights kept on disk");
        self.latest.send_replace(Some(Arc::new(snapshot)));
        self.freshness.confirm(confirmed);
        self.tag = Some(tag);
    }
}

#[cfg(test)]
mod tests;
