//! `lienthong evidence export`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock};
use crypto::certificate::{Certificate, Crl};
use crypto::hash::Digest;
use evidence::container::{Container, Format, LoggedRecord, SignedCheckpoint};
use evidence::record::Record;
use store::StoredCheckpoint;

use super::log::Log;
use crate::node;

/// How long to wait for the running node's next checkpoint.
const WAIT: Duration = Duration::from_secs(15);

/// Arguments of `evidence export`.
#[derive(clap::Args)]
pub struct Args {
    /// X-Road-Id.
    #[arg(long)]
    id: String,
    /// Khi X-Road-Id được dùng nhiều lần: X-Road-Request-Id / when the id was used several times: which call.
    #[arg(long)]
    call: Option<String>,
    /// Tệp cấu hình của nút / the node's configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Tệp chứng cứ sẽ ghi / evidence file to write.
    #[arg(short, long)]
    output: PathBuf,
    /// Ghi đè tệp đã có / overwrite an existing file.
    #[arg(long)]
    force: bool,
}

/// Writes the evidence of one call.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.output.exists() && !args.force {
        bail!(
            "{} đã có; thêm --force để ghi đè / exists already; --force overwrites it",
            args.output.display()
        );
    }
    let log = Log::open(&args.config).await?;
    let found = log.of_id(&args.id).await?;
    let (call, container) = container_of(&log, found, args.call.as_deref()).await?;
    std::fs::write(&args.output, container.encode())
        .with_context(|| format!("không ghi được / cannot write {}", args.output.display()))?;
    let stamped = if container.checkpoint.timestamp.is_some() {
        "có dấu thời gian / time-stamped"
    } else {
        "chưa có dấu thời gian / no time-stamp"
    };
    println!(
        "Đã ghi / written: {} — cuộc gọi / call {call}, {} bản ghi / record(s), {stamped}",
        args.output.display(),
        container.records.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// The number and the evidence of one call among records with the same id.
pub async fn container_of(
    log: &Log,
    found: Vec<(i64, Record)>,
    wanted: Option<&str>,
) -> anyhow::Result<(String, Container)> {
    let (call, records) = one_call(found, wanted)?;
    let last = records.iter().map(|(index, _)| *index).max().unwrap_or(0);
    let checkpoint = covering(log, last + 1).await?;
    Ok((call, container(log, &records, checkpoint).await?))
}

/// The authorities that this node's directory names, for certificates and for time-stamps.
pub async fn trusted(log: &Log) -> anyhow::Result<Vec<Certificate>> {
    let snapshot = cached_directory(log).await?;
    let content = snapshot.content();
    let of_certificates = content.authorities.iter().map(|authority| authority.certificate.clone());
    let of_stamps = content.timestamp_authorities.iter().map(|authority| authority.certificate.clone());
    Ok(of_certificates.chain(of_stamps).collect())
}

/// The records of one call; without `wanted`, of the latest with this id.
fn one_call(all: Vec<(i64, Record)>, wanted: Option<&str>) -> anyhow::Result<(String, Vec<(i64, Record)>)> {
    let call = match wanted {
        Some(call) => call.to_owned(),
        None => all.last().map(|(_, record)| record.call.clone()).unwrap_or_default(),
    };
    let others = all.iter().filter(|(_, record)| record.call != call).count();
    let records: Vec<_> = all.into_iter().filter(|(_, record)| record.call == call).collect();
    if records.is_empty() {
        bail!("X-Road-Id này không có cuộc gọi {call} / no call {call} with this X-Road-Id");
    }
    if others > 0 && wanted.is_none() {
        eprintln!(
            "X-Road-Id này được dùng nhiều lần; lấy cuộc gọi mới nhất, chọn khác bằng --call / used several times; the latest call is taken, choose with --call"
        );
    }
    Ok((call, records))
}

/// A checkpoint that covers the first `size` records: stamped if there is one, else the first; waits for the node.
async fn covering(log: &Log, size: i64) -> anyhow::Result<StoredCheckpoint> {
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        let stamped = log.db.checkpoint_stamped_covering(size).await?;
        let any = match stamped {
            Some(stamped) => Some(stamped),
            None => log.db.checkpoint_covering(size).await?,
        };
        if let Some(found) = any {
            return Ok(found);
        }
        if tokio::time::Instant::now() >= deadline {
            bail!(
                "chưa có điểm kiểm cho cuộc gọi này; hãy chạy nút rồi thử lại / no checkpoint covers this call yet; run the node and try again"
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn container(
    log: &Log,
    records: &[(i64, Record)],
    checkpoint: StoredCheckpoint,
) -> anyhow::Result<Container> {
    let size = u64::try_from(checkpoint.size)?;
    let mut logged = Vec::new();
    for (index, record) in records {
        let index = u64::try_from(*index)?;
        logged.push(LoggedRecord {
            index,
            record: record.to_text(),
            path: log.inclusion_path(index, size).await?,
        });
    }
    let heads = records.iter().flat_map(|(_, record)| [&record.request, &record.response]).flatten();
    let mut wanted: Vec<Digest> =
        heads.map(|head| head.certificate).chain([checkpoint.certificate]).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut certificates = Vec::new();
    for fingerprint in wanted {
        certificates.push(certificate(log, &fingerprint).await?);
    }
    let (authorities, intermediates, crls, timestamp_authorities) = authorities(log, &certificates).await?;
    certificates.extend(intermediates);
    let StoredCheckpoint { text, signature, certificate, stamp, .. } = checkpoint;
    Ok(Container {
        format: Format,
        exported_at: SystemClock.now(),
        node: log.config.node.clone(),
        records: logged,
        timestamp_authorities: if stamp.is_some() { timestamp_authorities } else { Vec::new() },
        checkpoint: SignedCheckpoint { text, signature, certificate, timestamp: stamp },
        certificates,
        authorities,
        crls,
    })
}

/// From the store, where each directory's certificates were kept, or the node's own file.
async fn certificate(log: &Log, fingerprint: &Digest) -> anyhow::Result<Certificate> {
    if let Some(stored) = log.db.certificate_get(fingerprint).await? {
        return Ok(Certificate::from_der(stored.der)?);
    }
    let own = node::certificate(&log.config.keys.signing_certificate)?;
    if own.fingerprint() == *fingerprint {
        return Ok(own);
    }
    bail!(
        "kho không có chứng thư / the store lacks the certificate {}; the node keeps it once it has the directory",
        hex::encode(fingerprint)
    )
}

async fn cached_directory(log: &Log) -> anyhow::Result<Arc<directory::Snapshot>> {
    let config = &log.config.directory;
    let client = directory::Client::new(
        &config.root,
        &log.config.data_dir.join("directory"),
        &config.url,
        directory::Limits::default(),
    )?;
    let cached = client.load_cached().await;
    cached.with_context(|| "danh bạ trong bộ nhớ của nút / the node's copy of the directory")
}

type Found = (Vec<Certificate>, Vec<Certificate>, Vec<Crl>, Vec<Certificate>);

/// The authorities of these certificates, by the directory the node has.
async fn authorities(log: &Log, certificates: &[Certificate]) -> anyhow::Result<Found> {
    let snapshot = cached_directory(log).await?;
    let content = snapshot.content();
    let issuers: Vec<&str> = certificates.iter().map(Certificate::issuer).collect();
    let concerned = content.authorities.iter().filter(|a| {
        issuers.contains(&a.certificate.subject())
            || a.intermediates.iter().any(|i| issuers.contains(&i.subject()))
    });
    let (mut roots, mut intermediates, mut crls) = (Vec::new(), Vec::new(), Vec::new());
    for authority in concerned {
        let names: Vec<&str> = std::iter::once(&authority.certificate)
            .chain(&authority.intermediates)
            .map(Certificate::subject)
            .collect();
        crls.extend(content.crls.iter().filter(|crl| names.contains(&crl.issuer())).cloned());
        roots.push(authority.certificate.clone());
        intermediates.extend(authority.intermediates.iter().cloned());
    }
    let stamping = content.timestamp_authorities.iter().map(|t| t.certificate.clone()).collect();
    Ok((roots, intermediates, crls, stamping))
}
