//! `lienthong evidence`: what the message log says, and proofs out of it.

pub mod audit;
pub mod export;
pub mod log;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use crypto::certificate::Certificate;
use evidence::container::CONTAINER_BYTES_MAX;
use evidence::record::Record;
use evidence::verify::{self, Outcome};
use serde_json::{Value, json};

use crate::EXIT_CHECK_FAILED;
use log::Log;

/// Subcommands of `evidence`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Liệt kê các bản ghi gần nhất / list the latest records.
    List {
        /// Tệp cấu hình của nút / the node's configuration file.
        #[arg(long, default_value = "lienthong.toml")]
        config: PathBuf,
        /// Số bản ghi / how many records.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Bên khai thác hoặc dịch vụ chứa chuỗi này / only clients or services that contain this text.
        #[arg(long)]
        only: Option<String>,
        /// JSON, mỗi dòng một bản ghi / JSON, a record a line.
        #[arg(long)]
        json: bool,
    },
    /// Xem các bản ghi của một cuộc gọi / show the records of one call.
    Show {
        /// X-Road-Id.
        #[arg(long)]
        id: String,
        /// Tệp cấu hình của nút / the node's configuration file.
        #[arg(long, default_value = "lienthong.toml")]
        config: PathBuf,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Xuất chứng cứ của một cuộc gọi ra một tệp / export the evidence of one call into a file.
    Export(export::Args),
    /// Kiểm tra tệp chứng cứ, không cần nút hay kho / verify an evidence file; needs no node and no store.
    Verify {
        /// Tệp chứng cứ / evidence file.
        file: PathBuf,
        /// Chứng thư gốc mà người kiểm tra tin, PEM; nhiều lần được / certificates of authorities that you trust, PEM; repeatable.
        #[arg(long)]
        trust: Vec<PathBuf>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tính lại toàn bộ nhật ký, chỉ ra bản ghi sai đầu tiên / recompute the whole log and name the first record that does not fit.
    Audit(audit::Args),
}

/// Carries out a subcommand.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List { config, limit, only, json } => list(&config, limit, only.as_deref(), json).await,
        Command::Show { id, config, json } => show(&config, &id, json).await,
        Command::Export(args) => export::run(args).await,
        Command::Verify { file, trust, json } => check(&file, &trust, json),
        Command::Audit(args) => audit::run(args).await,
    }
}

async fn list(
    config: &std::path::Path,
    limit: u32,
    only: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let log = Log::open(config).await?;
    let rows = log.latest(limit, only).await?;
    if rows.is_empty() && !as_json {
        println!("Chưa có bản ghi nào / no records yet");
    }
    for (index, record) in rows {
        if as_json {
            println!("{}", row_json(index, &record)?);
        } else {
            println!("{}", line(index, &record));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row_json(index: i64, record: &Record) -> anyhow::Result<Value> {
    Ok(json!({ "index": index, "record": serde_json::to_value(record)? }))
}

/// One record in one line: number, time, side, part, outcome, who, whom, id.
fn line(index: i64, record: &Record) -> String {
    let outcome = match &record.outcome {
        None => "…".to_owned(),
        Some(outcome) => outcome
            .code
            .map_or_else(|| outcome.status.to_string(), |code| format!("{} {code}", outcome.status)),
    };
    let (side, part) = words(record);
    let at = record.at.to_string();
    let second = at.get(..19).unwrap_or(&at);
    format!(
        "{index:>8}  {second}Z  {side:<9} {part:<11} {outcome:<12} {} → {}  {}",
        record.client, record.service, record.id
    )
}

fn words(record: &Record) -> (&'static str, &'static str) {
    use evidence::record::{CallPart, Side};
    let side = match record.side {
        Side::Consumer => "khai thác",
        Side::Provider => "cung cấp",
    };
    let part = match record.part {
        CallPart::Request => "yêu cầu",
        CallPart::Response => "trả lời",
        CallPart::Call => "hỏi và đáp",
        CallPart::Refusal => "từ chối",
        CallPart::Interrupted => "gián đoạn",
    };
    (side, part)
}

async fn show(config: &std::path::Path, id: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let rows = Log::open(config).await?.of_id(id).await?;
    if as_json {
        let all: Vec<Value> =
            rows.iter().map(|(index, record)| row_json(*index, record)).collect::<anyhow::Result<_>>()?;
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    for (index, record) in rows {
        println!("{}", line(index, &record));
        for (what, head) in [
            ("yêu cầu đã ký / signed request", &record.request),
            ("trả lời đã ký / signed answer", &record.response),
        ] {
            let Some(head) = head else { continue };
            let batch = if head.batch.is_some() { ", ký theo lô / in a batch" } else { "" };
            println!(
                "          {what}, chứng thư / certificate {}…{batch}",
                hex::encode(&head.certificate[..8])
            );
            head.base.lines().for_each(|line| println!("            {line}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &std::path::Path, trust: &[PathBuf], as_json: bool) -> anyhow::Result<ExitCode> {
    let mut bytes = Vec::new();
    let limit = CONTAINER_BYTES_MAX as u64 + 1;
    std::fs::File::open(file)
        .and_then(|open| open.take(limit).read_to_end(&mut bytes))
        .with_context(|| format!("không đọc được / cannot read {}", file.display()))?;
    let trusted: Vec<Certificate> =
        trust.iter().map(crate::node::certificate).collect::<anyhow::Result<_>>()?;
    let report = verify::verify(&bytes, (!trusted.is_empty()).then_some(&trusted[..]));
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json!({ "ok": report.ok(), "checks": report.checks }))?);
    } else {
        for check in &report.checks {
            let mark = match check.result {
                Outcome::Passed => "✓",
                Outcome::Failed => "✗",
                Outcome::NotPresent => "–",
            };
            println!(
                "{mark} {} / {}: {} / {}",
                check.name_vi, check.name_en, check.detail_vi, check.detail_en
            );
        }
        println!(
            "{}",
            match (report.ok(), trusted.is_empty()) {
                (true, false) => "Chứng cứ đúng / the evidence holds",
                (true, true) =>
                    "Chứng cứ nhất quán, nhưng CHƯA xét cơ quan chứng thực có đáng tin: dùng --trust / consistent, \
                     but whether its authorities are to be trusted was NOT checked: use --trust",
                (false, _) => "CHỨNG CỨ SAI / THE EVIDENCE DOES NOT HOLD",
            }
        );
    }
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_CHECK_FAILED) })
}
