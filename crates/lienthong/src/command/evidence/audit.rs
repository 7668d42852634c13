//! `lienthong evidence audit`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use crypto::certificate::Certificate;
use crypto::hash::Digest;
use evidence::checkpoint::{self, Checkpoint};
use evidence::merkle::{Frontier, Node, leaf_hash};
use evidence::record::{Record, SignedHead};
use indicatif::ProgressBar;
use serde_json::json;
use store::{LogRow, STORED_LEVEL_MIN, StoredCheckpoint};

use super::log::Log;
use crate::EXIT_CHECK_FAILED;

/// Rows read at a time.
const PAGE: u32 = 4096;

/// Arguments of `evidence audit`.
#[derive(clap::Args)]
pub struct Args {
    /// Tệp cấu hình của nút / the node's configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Không kiểm tra chữ ký từng thông điệp, nhanh hơn / do not check each message's signature; faster.
    #[arg(long)]
    fast: bool,
    /// JSON.
    #[arg(long)]
    json: bool,
}

/// What was found in a log.
struct Audit<'a> {
    log: &'a Log,
    fast: bool,
    frontier: Frontier,
    /// The next checkpoint to be met.
    ahead: Option<StoredCheckpoint>,
    certificates: HashMap<Digest, Option<Certificate>>,
    /// Calls that have a request and no closing record yet.
    open: HashMap<i64, String>,
    counts: Counts,
}

/// How much was looked at.
#[derive(Default)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    stamped: u64,
    signatures: u64,
    open: usize,
}

/// Why a log does not hold.
pub struct Broken {
    /// The first record that does not fit.
    pub record: i64,
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

fn broken(record: i64, vi: impl Into<String>, en: impl Into<String>) -> Broken {
    Broken { record, vi: vi.into(), en: en.into() }
}

/// Recomputes the log; exit code 1 when it does not hold.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let log = Log::open(&args.config).await?;
    let (counts, found) = look(&log, args.fast).await?;
    let ok = found.is_none();
    if args.json {
        let broken = found.map(|b| json!({ "record": b.record, "reason": b.en, "lyDo": b.vi }));
        println!(
            "{}",
            json!({ "ok": ok, "records": counts.records, "checkpoints": counts.checkpoints, "stamped": counts.stamped, "signatures": counts.signatures, "open": counts.open, "broken": broken })
        );
    } else {
        println!(
            "Bản ghi / records: {}; điểm kiểm / checkpoints: {} ({} có dấu thời gian / time-stamped); chữ ký / signatures: {}; đang mở / open calls: {}",
            counts.records, counts.checkpoints, counts.stamped, counts.signatures, counts.open
        );
        match &found {
            None => println!("Nhật ký nguyên vẹn / the log is whole"),
            Some(Broken { record, vi, en }) => println!(
                "NHẬT KÝ BỊ SỬA tại bản ghi {record}: {vi} / THE LOG DOES NOT HOLD at record {record}: {en}"
            ),
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}

/// Recomputes a log as it is now, `fast` without each message's signature: what was looked at, and the first thing that
/// does not fit.
pub async fn look(log: &Log, fast: bool) -> anyhow::Result<(Counts, Option<Broken>)> {
    // A running node appends behind this meanwhile; that is for the next audit.
    let size = log.db.log_size().await?;
    let ahead = log.db.checkpoint_covering(1).await?;
    let mut audit = Audit {
        log,
        fast,
        frontier: Frontier::new(),
        ahead,
        certificates: HashMap::new(),
        open: HashMap::new(),
        counts: Counts::default(),
    };
    let found = audit.read(size).await?;
    let Audit { mut counts, open, .. } = audit;
    counts.open = open.len();
    Ok((counts, found))
}

impl Audit<'_> {
    /// Reads the whole log; gives the first thing that does not fit.
    async fn read(&mut self, size: i64) -> anyhow::Result<Option<Broken>> {
        let bar = ProgressBar::new(u64::try_from(size)?);
        let mut next = 0;
        while next < size {
            let rows = self.log.db.rows(next, PAGE).await?;
            if rows.is_empty() {
                return Ok(Some(broken(next, "thiếu bản ghi", "records are missing")));
            }
            for row in rows.into_iter().filter(|row| row.seq < size) {
                if let Err(found) = self.row(next, &row).await? {
                    return Ok(Some(found));
                }
                next += 1;
            }
            bar.set_position(u64::try_from(next)?);
        }
        bar.finish_and_clear();
        let cut = match &self.ahead {
            Some(ahead) => ahead.size > self.log.db.log_size().await?,
            None => false,
        };
        Ok(cut.then(|| {
            broken(
                size,
                "nhật ký bị cắt cuối: điểm kiểm đã ký phủ nhiều bản ghi hơn",
                "the end is cut off: a signed checkpoint covers more records",
            )
        }))
    }

    async fn row(&mut self, expected: i64, row: &LogRow) -> anyhow::Result<Result<(), Broken>> {
        if row.seq != expected {
            return Ok(Err(broken(expected, "thiếu bản ghi", "the record is missing")));
        }
        let leaf = leaf_hash(row.text.as_bytes());
        if leaf != row.leaf {
            return Ok(Err(broken(
                expected,
                "nội dung không khớp giá trị băm",
                "the text does not fit its hash",
            )));
        }
        let Ok(record) = Record::parse(&row.text) else {
            return Ok(Err(broken(expected, "không đọc được bản ghi", "the record cannot be read")));
        };
        if row.id_key != exchange::recorder::id_key(&record.id) {
            return Ok(Err(broken(expected, "chỉ mục sai", "its index key is wrong")));
        }
        let mut completed = Vec::new();
        self.frontier.append(leaf, &mut completed);
        if let Some(node) = self.wrong_node(&completed).await? {
            return Ok(Err(broken(
                expected,
                "nút cây đã lưu bị sai",
                format!("the stored tree node {}/{} is wrong", node.level, node.index),
            )));
        }
        self.counts.records += 1;
        if let Some(seq) = row.closes {
            self.open.remove(&seq);
        } else if row.kind == exchange::recorder::KIND_REQUEST {
            self.open.insert(row.seq, record.call.clone());
        }
        if !self.fast {
            for head in [&record.request, &record.response].into_iter().flatten() {
                if let Err(why) = self.signature(head).await? {
                    return Ok(Err(broken(expected, "chữ ký thông điệp sai", why)));
                }
            }
        }
        self.checkpoints(expected).await
    }

    async fn wrong_node<'n>(&self, completed: &'n [Node]) -> anyhow::Result<Option<&'n Node>> {
        for node in completed.iter().filter(|n| i16::from(n.level) >= STORED_LEVEL_MIN) {
            let stored = self.log.db.tree_node(i16::from(node.level), i64::try_from(node.index)?).await;
            if !stored.is_ok_and(|hash| hash == node.hash) {
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    async fn signature(&mut self, head: &SignedHead) -> anyhow::Result<Result<(), String>> {
        let Some(certificate) = self.certificate(&head.certificate).await? else {
            return Ok(Err("its certificate is not in the store".into()));
        };
        self.counts.signatures += 1;
        Ok(head.verify(&certificate).map(|_| ()).map_err(|error| error.to_string()))
    }

    async fn certificate(&mut self, fingerprint: &Digest) -> anyhow::Result<Option<Certificate>> {
        if let Some(known) = self.certificates.get(fingerprint) {
            return Ok(known.clone());
        }
        let stored = self.log.db.certificate_get(fingerprint).await?;
        let read = stored.map(|s| Certificate::from_der(s.der)).transpose();
        let mut certificate = read.with_context(|| "chứng thư trong kho / a stored certificate")?;
        if certificate.is_none() {
            let own = crate::node::certificate(&self.log.config.keys.signing_certificate).ok();
            certificate = own.filter(|own| own.fingerprint() == *fingerprint);
        }
        self.certificates.insert(*fingerprint, certificate.clone());
        Ok(certificate)
    }

    /// The checkpoints that end with this record.
    async fn checkpoints(&mut self, index: i64) -> anyhow::Result<Result<(), Broken>> {
        while let Some(stored) = self.ahead.take_if(|c| c.size == index + 1) {
            self.ahead = self.log.db.checkpoint_covering(index + 2).await?;
            let Ok(signed) = Checkpoint::parse(&stored.text) else {
                return Ok(Err(broken(index, "không đọc được điểm kiểm", "the checkpoint cannot be read")));
            };
            if signed.root != self.frontier.root()
                || i64::try_from(signed.size) != Ok(stored.size)
                || signed.origin != self.log.config.node
            {
                return Ok(Err(broken(
                    index,
                    "điểm kiểm đã ký không khớp các bản ghi đến đây",
                    "the signed checkpoint does not fit the records up to here",
                )));
            }
            let certificate = self.certificate(&stored.certificate).await?;
            let key = certificate.as_ref().and_then(|c| c.public_key().ok());
            if key
                .is_none_or(|key| checkpoint::verify_signature(&stored.text, &stored.signature, key).is_err())
            {
                return Ok(Err(broken(index, "chữ ký điểm kiểm sai", "the checkpoint's signature is wrong")));
            }
            self.counts.checkpoints += 1;
            self.counts.stamped += u64::from(stored.stamp.is_some());
        }
        Ok(Ok(()))
    }
}
