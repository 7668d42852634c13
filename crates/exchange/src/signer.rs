//! Signs outgoing messages: one signature each, or one over a Merkle root of those waiting.
//!
//! A batch is closed at once when nobody else waits; under load the signer waits a few hundred microseconds for more.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crypto::certificate::Certificate;
use crypto::sign::{KeyError, KeyStore};
use evidence::batch::{self, BATCH_LEAVES_MAX, BatchPlace};
use tokio::sync::oneshot;

/// How messages are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every message its own RFC 9421 signature.
    Single,
    /// One signature over all messages that wait within the window.
    Batch {
        /// How long to wait for more under load, microseconds; a message that comes alone never waits.
        window_us: u64,
    },
}

/// A signature over a message.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The message's place when the bytes sign a batch.
    pub batch: Option<BatchPlace>,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The certificate is for another key.
    #[error(
        "the signing certificate is not for the key {label:?}: import the one that belongs to it, or name the right key"
    )]
    Mismatch {
        /// The key.
        label: String,
    },
    /// The signer thread has ended.
    #[error("the signer has stopped")]
    Stopped,
}

/// The member's signing key at work.
#[derive(Clone)]
pub struct Signer {
    key: Key,
    queue: Option<mpsc::SyncSender<Waiting>>,
    /// The certificate that goes with the key.
    pub certificate: Certificate,
    /// Its fingerprint, lower-case hexadecimal: the `keyid`.
    pub keyid: Arc<str>,
    /// RFC 9421 name of the algorithm.
    pub alg: &'static str,
}

#[derive(Clone)]
struct Key {
    store: Arc<dyn KeyStore>,
    label: Arc<str>,
}

struct Waiting {
    leaf: [u8; 32],
    answer: oneshot::Sender<Result<Signature, SignError>>,
}

/// Messages that may wait for the signer thread; more make callers wait.
const QUEUE_MAX: usize = 4096;
/// A signer that signed within this time is under load.
const LOADED: Duration = Duration::from_millis(2);

impl Signer {
    /// A signer with the key `label`; fails when the certificate is for another key.
    ///
    /// # Errors
    /// The store has no such key, or key and certificate do not belong together.
    pub fn new(
        store: Arc<dyn KeyStore>,
        label: &str,
        certificate: Certificate,
        mode: Mode,
    ) -> Result<Self, SignError> {
        let public = store.public_key(label)?;
        if certificate.public_key().ok() != Some(&public) {
            return Err(SignError::Mismatch { label: label.to_owned() });
        }
        let key = Key { store, label: label.into() };
        let queue = match mode {
            Mode::Single => None,
            Mode::Batch { window_us } => Some(start(key.clone(), Duration::from_micros(window_us))),
        };
        let keyid = certificate.fingerprint_hex().into();
        Ok(Self { key, queue, certificate, keyid, alg: public.algorithm().as_str() })
    }

    /// Signs a signature base.
    ///
    /// # Errors
    /// The key failed or the signer has stopped.
    pub async fn sign(&self, base: &str) -> Result<Signature, SignError> {
        let Some(queue) = &self.queue else {
            let bytes = self.key.store.sign(&self.key.label, base.as_bytes())?;
            return Ok(Signature { bytes, batch: None });
        };
        let (answer, signed) = oneshot::channel();
        queue.send(Waiting { leaf: batch::leaf(base), answer }).map_err(|_| SignError::Stopped)?;
        signed.await.map_err(|_| SignError::Stopped)?
    }

    /// Signs bytes directly, for checkpoints.
    ///
    /// # Errors
    /// The key failed.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.key.store.sign(&self.key.label, bytes)?)
    }
}

fn start(key: Key, window: Duration) -> mpsc::SyncSender<Waiting> {
    let (queue, waiting) = mpsc::sync_channel(QUEUE_MAX);
    // A thread of its own: the wait below is shorter than Tokio's timer resolution, and keys may block.
    let run = move || {
        let mut last = None;
        while let Some(batch) = collect(&waiting, window, last) {
            sign_batch(&key, batch);
            last = Some(Instant::now());
        }
    };
    // Without the thread every call is refused with `Stopped`, which says what is wrong.
    let started = std::thread::Builder::new().name("signer".into()).spawn(run);
    if let Err(error) = started {
        tracing::error!(%error, "cannot start the signer thread");
    }
    queue
}

/// The messages of the next batch. Waits for more when several are there, or when the last batch was signed a moment
/// ago: messages come in bursts, and the first of a burst must not be signed alone.
fn collect(
    waiting: &mpsc::Receiver<Waiting>,
    window: Duration,
    last: Option<Instant>,
) -> Option<Vec<Waiting>> {
    let mut batch = vec![waiting.recv().ok()?];
    let more = |batch: &mut Vec<Waiting>| {
        let room = BATCH_LEAVES_MAX as usize - batch.len();
        batch.extend(waiting.try_iter().take(room));
    };
    more(&mut batch);
    if batch.len() > 1 || last.is_some_and(|last| last.elapsed() < LOADED) {
        // Asleep rather than waiting on the queue: each message would wake a waiting thread.
        #[expect(clippy::disallowed_methods, reason = "a thread of its own; Tokio's timers are too coarse")]
        std::thread::sleep(window);
        more(&mut batch);
    }
    Some(batch)
}

fn sign_batch(key: &Key, waiting: Vec<Waiting>) {
    let leaves: Vec<_> = waiting.iter().map(|w| w.leaf).collect();
    let (root, paths) = batch::batch_tree(&leaves);
    let signed = key.store.sign(&key.label, batch::batch_text(&root).as_bytes());
    let size = u32::try_from(leaves.len()).unwrap_or(BATCH_LEAVES_MAX);
    for ((index, path), one) in (0..size).zip(paths).zip(waiting) {
        let signature = match &signed {
            Ok(bytes) => BatchPlace::new(index, size, path)
                .map(|place| Signature { bytes: bytes.clone(), batch: Some(place) })
                .map_err(|_| SignError::Stopped),
            Err(error) => {
                tracing::error!(%error, "the signing key failed (EX-0801)");
                Err(SignError::Stopped)
            }
        };
        // Nobody waits any more when the call was given up.
        let _ = one.answer.send(signature);
    }
}
