//! The message log: one writer, many records in one durable commit. No record, no call.
//!
//! The only file of the gateway that imports `store`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base::{Clock, NodeId, Ts};
use crypto::hash::Digest;
use crypto::sign::Algorithm;
use evidence::checkpoint::{self, Checkpoint};
use evidence::merkle::{Frontier, Node, leaf_hash};
use evidence::record::{CallPart, Outcome, Record};
use store::{
    Db, LogRow, LogTail, LogWriter, STORED_LEVEL_MIN, StoreError, StoredCertificate, StoredCheckpoint,
    TreeNode,
};
use tokio::sync::{mpsc, oneshot};

use crate::error::Reason;
use crate::nonces::NonceKey;
use crate::signer::Signer;

mod tail;

pub use tail::{frontier_of, hash_of_level};

/// Records that may wait for the writer; more are refused with `Busy`.
pub const QUEUE_MAX: usize = 8192;
/// Records in one commit at most.
const GROUP_MAX: usize = 1024;
/// Kinds of rows in the log.
pub const KIND_REQUEST: i16 = 1;
/// Any record that needs no closing.
pub const KIND_OTHER: i16 = 2;
/// Kind of a stored certificate: of a member, or an authority.
pub const STORED_CERTIFICATE: i16 = 1;
/// Kind of a stored revocation list.
pub const STORED_CRL: i16 = 2;
/// How far behind the last record a start looks for calls that a crash left open; no call lives longer.
const OPEN_LOOK_BACK_S: i64 = 3600;

struct Pending {
    row: LogRow,
    done: oneshot::Sender<Result<i64, Reason>>,
}

/// Hands records to the writer.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Pending>,
    healthy: Arc<AtomicBool>,
}

/// A place in the writer's queue: whoever holds one will not meet a full queue.
pub struct Slot(mpsc::OwnedPermit<Pending>);

/// What a record is stored with.
#[derive(Clone, Copy, Default)]
pub struct Filing {
    /// The number of the record that this one closes.
    pub closes: Option<i64>,
    /// The nonce of a request, so that a restarted node knows it.
    pub nonce: Option<NonceKey>,
}

/// How often and by whom the log is signed.
pub struct Checkpoints {
    /// This node: the log's origin.
    pub node: NodeId,
    /// How often, when there are new records.
    pub every: Duration,
    /// Who signs.
    pub signer: Signer,
}

/// First 8 bytes of SHA-256 of a message id, as the store indexes it.
pub fn id_key(id: &str) -> i64 {
    let hash = crypto::hash::sha256(&[id.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

impl Recorder {
    /// Opens the log for writing, closes calls that a crash left open, and starts the writer.
    ///
    /// The writer ends when every clone of the recorder is gone; the task's end says that all is written.
    ///
    /// # Errors
    /// The store is not there, or another process writes to it.
    pub async fn start(
        db: Db,
        clock: Arc<dyn Clock>,
        checkpoints: Checkpoints,
    ) -> Result<(Self, tokio::task::JoinHandle<()>), StoreError> {
        let (queue, pending) = mpsc::channel(QUEUE_MAX);
        let healthy = Arc::new(AtomicBool::new(true));
        let mut log = LogWriter::open(&db).await?;
        let frontier = load(&db, log.size().await?).await?;
        let signed = db.checkpoint_latest().await?.map_or(0, |c| c.size);
        let unclosed = Vec::new();
        let mut writer =
            Writer { db, log, frontier, clock, checkpoints, healthy: Arc::clone(&healthy), signed, unclosed };
        writer.close_open_calls().await?;
        let task = tokio::spawn(writer.run(pending));
        Ok((Self { queue, healthy }, task))
    }

    /// Reserves a place for a record.
    ///
    /// # Errors
    /// [`Reason::Busy`] when the queue is full.
    pub fn reserve(&self) -> Result<Slot, Reason> {
        self.queue.clone().try_reserve_owned().map(Slot).map_err(|_| Reason::Busy)
    }

    /// Whether the last commit succeeded. While it did not, a consumer records before it asks.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Records waiting for the writer.
    pub fn waiting(&self) -> usize {
        QUEUE_MAX - self.queue.capacity()
    }
}

impl Slot {
    /// Writes a record; returns its number when it is durable.
    ///
    /// # Errors
    /// [`Reason::LogUnavailable`] or [`Reason::LogDiskFull`]: the record is not in the log.
    pub async fn record(self, record: &Record, filing: Filing) -> Result<i64, Reason> {
        let (done, written) = oneshot::channel();
        self.0.send(Pending { row: row(record, filing), done });
        written.await.unwrap_or(Err(Reason::LogUnavailable))
    }
}

fn row(record: &Record, filing: Filing) -> LogRow {
    let text = record.to_text();
    LogRow {
        seq: 0, // Known only to the writer.
        at: record.at,
        kind: if record.part == CallPart::Request { KIND_REQUEST } else { KIND_OTHER },
        id_key: id_key(&record.id),
        closes: filing.closes,
        leaf: leaf_hash(text.as_bytes()),
        nonce: filing.nonce.map(|n| n.to_vec()),
        text,
    }
}

async fn load(db: &Db, size: i64) -> Result<Frontier, StoreError> {
    let LogTail { size, nodes, leaves } = db.log_tail(size).await?;
    frontier_of(size, &nodes, &leaves).ok_or_else(|| StoreError::Corrupt {
        table: "tree_node",
        row: format!("of the first {size} records"),
        what: "inner nodes are missing".into(),
    })
}

struct Writer {
    db: Db,
    log: LogWriter,
    frontier: Frontier,
    clock: Arc<dyn Clock>,
    checkpoints: Checkpoints,
    healthy: Arc<AtomicBool>,
    /// Size of the last checkpoint.
    signed: i64,
    /// Questions in the log, by number and id, whose end could not be written while the log failed.
    unclosed: Vec<(i64, i64)>,
}

impl Writer {
    async fn run(mut self, mut pending: mpsc::Receiver<Pending>) {
        let every = self.checkpoints.every;
        let mut last = Instant::now();
        let mut group = Vec::with_capacity(GROUP_MAX);
        loop {
            match tokio::time::timeout(every, pending.recv_many(&mut group, GROUP_MAX)).await {
                Ok(0) => break,
                Ok(_) => self.write(std::mem::take(&mut group)).await,
                Err(_) => {}
            }
            if last.elapsed() >= every {
                self.recover().await;
                self.checkpoint().await;
                last = Instant::now();
            }
        }
        self.recover().await;
        self.checkpoint().await;
        self.log.close().await;
    }

    /// While the log fails: looks whether it can be written again, so that readiness does not wait for a call.
    async fn recover(&mut self) {
        if self.healthy.load(Ordering::Relaxed) && self.unclosed.is_empty() {
            return;
        }
        let tried = async {
            self.follow_log().await?;
            self.db.try_write().await?;
            self.close_unclosed().await
        };
        match tried.await {
            Ok(()) => self.set_healthy(),
            Err(error) => tracing::debug!(%error, "the message log still cannot be written"),
        }
    }

    fn set_healthy(&self) {
        if !self.healthy.swap(true, Ordering::Relaxed) {
            tracing::info!("the message log is written again");
        }
    }

    async fn write(&mut self, group: Vec<Pending>) {
        let started = Instant::now();
        let (mut rows, waiting): (Vec<LogRow>, Vec<_>) =
            group.into_iter().map(|one| (one.row, one.done)).unzip();
        let result = match self.follow_log().await {
            Ok(()) => self.append(&mut rows).await,
            Err(error) => Err(error),
        };
        metrics::histogram!("lienthong_log_commit_seconds").record(started.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
        metrics::histogram!("lienthong_log_commit_records").record(rows.len() as f64);
        let reason = result.err().map(|error| self.failed(&error, &rows));
        if reason.is_none() {
            self.set_healthy();
        }
        let first = self.size() - i64::try_from(rows.len()).unwrap_or(0);
        for (number, done) in (first..).zip(waiting) {
            // Nobody waits any more when the caller went away.
            let _ = done.send(reason.clone().map_or(Ok(number), Err));
        }
    }

    /// What the callers of a group that was not written are told.
    fn failed(&mut self, error: &StoreError, rows: &[LogRow]) -> Reason {
        if self.healthy.swap(false, Ordering::Relaxed) {
            tracing::error!(%error, "the message log cannot be written; calls are refused (EX-0701)");
        }
        self.unclosed.extend(rows.iter().filter_map(|row| Some((row.closes?, row.id_key))));
        if matches!(error, StoreError::DiskFull { .. }) {
            Reason::LogDiskFull
        } else {
            Reason::LogUnavailable
        }
    }

    fn size(&self) -> i64 {
        i64::try_from(self.frontier.size()).unwrap_or(i64::MAX)
    }

    /// After an error the log may be longer than we think: what it holds counts.
    async fn follow_log(&mut self) -> Result<(), StoreError> {
        let size = self.log.size().await?;
        if size != self.size() {
            let frontier = load(&self.db, size).await?;
            // Their callers were told that they are not in the log.
            let count = u32::try_from(size - self.size()).unwrap_or(u32::MAX);
            let unknown = self.db.rows(self.size(), count).await?;
            let questions = unknown.into_iter().filter(|row| row.kind == KIND_REQUEST);
            self.unclosed.extend(questions.map(|row| (row.seq, row.id_key)));
            self.frontier = frontier;
        }
        Ok(())
    }

    /// Numbers the rows and writes them, with the tree nodes that they complete.
    async fn append(&mut self, rows: &mut [LogRow]) -> Result<(), StoreError> {
        let mut frontier = self.frontier.clone();
        let mut completed = Vec::new();
        for (seq, row) in (self.size()..).zip(rows.iter_mut()) {
            row.seq = seq;
            frontier.append(row.leaf, &mut completed);
        }
        let nodes: Vec<TreeNode> = completed.iter().filter_map(stored).collect();
        self.log.append(rows, &nodes).await?;
        self.frontier = frontier;
        Ok(())
    }

    /// A crash left requests without an answer: say so, so that no call stays half recorded.
    async fn close_open_calls(&mut self) -> Result<(), StoreError> {
        // The node may have been down for long: the last record tells when it stopped, not the clock.
        let Some(last) = self.db.rows(self.size() - 1, 1).await?.pop() else { return Ok(()) };
        let open = self.db.open_rows(KIND_REQUEST, last.at.plus_secs(-OPEN_LOOK_BACK_S)).await?;
        self.unclosed = open.into_iter().map(|row| (row.seq, row.id_key)).collect();
        self.close_unclosed().await
    }

    /// Writes that the calls in `unclosed` were interrupted, unless their end is in the log after all.
    async fn close_unclosed(&mut self) -> Result<(), StoreError> {
        let mut pending = Vec::new();
        for (seq, id_key) in &self.unclosed {
            let rows = self.db.rows_by_id_key(*id_key).await?;
            if rows.iter().any(|row| row.closes == Some(*seq)) {
                continue;
            }
            let question = rows.into_iter().find(|row| row.seq == *seq);
            pending.extend(question.and_then(|row| self.interrupted(&row)));
        }
        if !pending.is_empty() {
            tracing::warn!(
                calls = pending.len(),
                "calls whose end was not recorded are closed as interrupted"
            );
            self.append(&mut pending).await?;
        }
        self.unclosed.clear();
        Ok(())
    }

    fn interrupted(&self, question: &LogRow) -> Option<LogRow> {
        let request = Record::parse(&question.text).ok()?;
        let outcome = Some(Outcome { status: 0, code: None, fault: None });
        let (part, at) = (CallPart::Interrupted, self.clock.now());
        let closing = Record { part, at, request: None, outcome, ..request };
        let filing = Filing { closes: Some(question.seq), nonce: None };
        Some(row(&closing, filing))
    }

    async fn checkpoint(&mut self) {
        if self.size() == self.signed {
            return;
        }
        if let Err(error) = self.sign_checkpoint().await {
            tracing::error!(%error, "no checkpoint could be written; the next tick tries again (EX-0701)");
        }
    }

    async fn sign_checkpoint(&mut self) -> Result<(), StoreError> {
        let signer = &self.checkpoints.signer;
        let made = Checkpoint {
            origin: self.checkpoints.node.clone(),
            size: self.frontier.size(),
            root: self.frontier.root(),
            at: self.clock.now(),
        };
        let text = made.text();
        let other = |what: String| StoreError::Other { what };
        let raw = signer.sign_bytes(text.as_bytes()).map_err(|e| other(e.to_string()))?;
        let algorithm: Algorithm = signer.alg.parse().map_err(|_| other("unknown algorithm".into()))?;
        let signature = checkpoint::stored_signature(algorithm, raw);
        let certificate = signer.certificate.fingerprint();
        let size = self.size();
        let new = StoredCheckpoint { size, at: made.at, text, signature, certificate, stamp: None };
        self.db.checkpoint_put(&new).await?;
        self.signed = size;
        Ok(())
    }
}

fn stored(node: &Node) -> Option<TreeNode> {
    let level = i16::from(node.level);
    let index = i64::try_from(node.index).ok()?;
    (level >= STORED_LEVEL_MIN).then_some(TreeNode { level, index, hash: node.hash })
}

/// Keeps what is needed to check the log later: certificates and revocation lists of a directory.
///
/// # Errors
/// The store does not take them.
pub async fn keep_certificates(db: &Db, directory: &directory::snapshot::Snapshot) -> Result<(), StoreError> {
    for (fingerprint, kind, der) in certificates_of(directory) {
        db.certificate_put(&StoredCertificate { fingerprint, kind, der }).await?;
    }
    Ok(())
}

fn certificates_of(directory: &directory::snapshot::Snapshot) -> Vec<(Digest, i16, Vec<u8>)> {
    let content = directory.content();
    let members = content.members.iter().flat_map(|m| &m.signing_certificates);
    let authorities =
        content.authorities.iter().flat_map(|a| std::iter::once(&a.certificate).chain(&a.intermediates));
    let stamping = content.timestamp_authorities.iter().map(|t| &t.certificate);
    let certificates = members.chain(authorities).chain(stamping);
    let certificates = certificates.map(|c| (c.fingerprint(), STORED_CERTIFICATE, c.der().to_vec()));
    let crls =
        content.crls.iter().map(|crl| (crypto::hash::sha256(&[crl.der()]), STORED_CRL, crl.der().to_vec()));
    certificates.chain(crls).collect()
}

/// Nonces of recent requests, so that a restart opens no door to replay.
///
/// # Errors
/// The store does not answer.
pub async fn recent_nonces(db: &Db, since: Ts) -> Result<HashSet<NonceKey>, StoreError> {
    let stored = db.nonces_since(since).await?;
    Ok(stored.into_iter().filter_map(|(_, nonce)| nonce.try_into().ok()).collect())
}
