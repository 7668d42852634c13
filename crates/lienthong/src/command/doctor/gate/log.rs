//! Logs: the message log and the journal are durable and whole, and what is logged beside them holds no bodies.

use std::path::Path;

use registry::Registry;
use store::Db;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::sockets::{NOT_SEEN, Process};
use crate::command::doctor::local;
use crate::command::doctor::report::Report;
use crate::command::evidence::audit;
use crate::command::evidence::log::Log;
use crate::config::Config;

/// The message log can be written, survives a power cut, and holds.
pub async fn messages(config: &Config, path: &Path) -> Report {
    let mut report = Report::default();
    local::store(config, &mut report).await;
    if let Some(file) = config.store_url.strip_prefix("sqlite:").map(Path::new) {
        if !file.exists() {
            return report;
        }
        on_disk(file, &mut report);
    }
    match Log::open(path).await {
        Ok(log) => {
            durable(&log.db, &mut report).await;
            whole(&log, &mut report).await;
        }
        Err(error) => report.unseen(("Nội dung", "content"), format!("{error:#}")),
    }
    report
}

fn on_disk(file: &Path, report: &mut Report) {
    let name = ("Đĩa của nhật ký", "disk of the log");
    match rustix::fs::statfs(file) {
        // `TMPFS_MAGIC` of Linux: a file system in memory.
        Ok(stat) if stat.f_type == 0x0102_1994 => {
            let remedy = (
                "chuyển nhật ký sang đĩa thật: khởi động lại máy là mất",
                "move the log to a disk: it is lost when the machine starts again",
            );
            report.doubtful(name, format!("{}: tmpfs", file.display()), remedy);
        }
        Ok(_) => report.good(name, file.display().to_string()),
        Err(error) => report.unseen(name, error.to_string()),
    }
}

async fn durable(db: &Db, report: &mut Report) {
    let name = ("Bền vững", "durability");
    match db.durability().await {
        Ok(settings) => {
            let text = |setting: &store::Setting| format!("{} = {}", setting.name, setting.value);
            let shown: Vec<String> = settings.iter().map(text).collect();
            let shown = shown.join(", ");
            if settings.iter().all(|setting| setting.is_safe) {
                report.good(name, shown);
            } else {
                let remedy = (
                    "bật fsync và full_page_writes ở máy chủ cơ sở dữ liệu",
                    "switch fsync and full_page_writes on at the database server",
                );
                report.wrong(name, shown, remedy);
            }
        }
        Err(error) => report.unseen(name, error.to_string()),
    }
}

async fn whole(log: &Log, report: &mut Report) {
    let name = ("Nguyên vẹn", "wholeness");
    let remedy = (
        "chạy `lienthong evidence audit`, báo kiểm toán",
        "run `lienthong evidence audit` and tell the auditor",
    );
    match audit::look(log, true).await {
        Ok((counts, None)) => {
            let (records, checkpoints) = (counts.records, counts.checkpoints);
            report.good(name, format!("{records} bản ghi / records, {checkpoints} điểm kiểm / checkpoints"));
        }
        Ok((_, Some(broken))) => {
            let (record, vi, en) = (broken.record, broken.vi, broken.en);
            report.wrong(name, format!("bản ghi / record {record}: {vi} / {en}"), remedy);
        }
        Err(error) => report.wrong(name, format!("{error:#}"), remedy),
    }
}

/// Nobody rewrote the registry's journal.
pub async fn journal(registry: &anyhow::Result<Registry>) -> Report {
    let mut report = Report::default();
    let name = ("Sổ nhật ký", "journal");
    let remedy = (
        "chạy `lienthong registry audit`, báo kiểm toán",
        "run `lienthong registry audit` and tell the auditor",
    );
    match registry {
        Err(error) => report.wrong(name, format!("{error:#}"), remedy),
        Ok(registry) => match registry.journal().check(&[]).await {
            Ok(tree) => report
                .good(name, format!("{} mục / entries, gốc / root {}", tree.size, hex::encode(tree.root))),
            Err(error) => report.wrong(name, error.to_string(), remedy),
        },
    }
    report
}

/// The running node logs so little that no body can be among it: libraries write bytes at the level `trace` only.
pub fn level(process: Option<&Process>) -> Report {
    let mut report = Report::default();
    let name = ("RUST_LOG", "RUST_LOG");
    let Some(process) = process else {
        report.unseen(name, NOT_SEEN);
        return report;
    };
    match process.variable(name.0) {
        Err(error) => report.unseen(name, format!("không xem được / cannot be seen: {error}")),
        Ok(None) => report.good(name, "mặc định / default: info,sqlx=warn"),
        Ok(Some(text)) => judge(&text, &mut report),
    }
    report
}

fn judge(text: &str, report: &mut Report) {
    let name = ("RUST_LOG", "RUST_LOG");
    let remedy = ("đặt RUST_LOG=info rồi khởi động lại nút", "set RUST_LOG=info and start the node again");
    // A text that cannot be read counts as none was given.
    let highest = EnvFilter::builder().parse(text).ok().and_then(|filter| filter.max_level_hint());
    match highest {
        Some(LevelFilter::TRACE) => report.wrong(name, text, remedy),
        Some(LevelFilter::DEBUG) => report.doubtful(name, text, remedy),
        _ => report.good(name, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::gate::{LOG_LEVEL, item};
    use registry::gate::report::Outcome;

    #[test]
    fn only_a_level_at_which_libraries_write_bytes_fails() {
        for (text, outcome) in [
            ("info,sqlx=warn", Outcome::Passed),
            ("off", Outcome::Passed),
            ("info,hyper=debug", Outcome::Warned),
            ("info,rustls=trace", Outcome::Failed),
            ("trace", Outcome::Failed),
        ] {
            let mut report = Report::default();
            judge(text, &mut report);
            assert_eq!(item(LOG_LEVEL, report).outcome, outcome, "{text}");
        }
    }
}
