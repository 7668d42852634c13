//! `lienthong directory …`: the directory as a node sees it.

pub mod view;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use base::{Clock as _, SystemClock};
use directory::{Client, DirectoryError, Limits, Snapshot};
use serde_json::{Value, json};

use super::terminal::{Table, until};
use crate::config::Config;

/// Commands of `directory`.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Xem danh bạ / show the directory.
    Show(Show),
}

/// Arguments of `directory show`.
#[derive(clap::Args)]
pub struct Show {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
    /// Tải bản mới thay vì dùng bản mà nút đang giữ / download instead of showing the copy that the node keeps.
    #[arg(long)]
    refresh: bool,
}

/// Shows the directory.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Show(args) = command;
    let config = Config::read(&args.config)?;
    let source = if args.refresh { Source::Centre } else { Source::Copy };
    let snapshot = look(&config, source).await.map_err(|error| {
        let (vi, en) = remedy(&error, &config);
        anyhow::Error::new(error).context(format!("{vi} / {en}"))
    })?;
    let now = SystemClock.now();
    if args.json {
        let roles: Vec<Value> = snapshot
            .roles()
            .iter()
            .map(|role| json!({ "role": role.role, "version": role.version, "expires": role.expires.to_string() }))
            .collect();
        let expires = snapshot.expires().to_string();
        println!(
            "{:#}",
            json!({ "number": snapshot.number(), "expires": expires, "roles": roles, "content": snapshot.content() })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let content = snapshot.content();
    println!(
        "Danh bạ / directory {} — số / number {} ({})\n",
        content.instance, content.number, content.created
    );
    view::print(content, now);
    let mut table =
        Table::new("Vai trò / roles", ["Vai trò / role", "Phiên bản / version", "Hết hạn / expires"]);
    for role in snapshot.roles() {
        table.row([role.role.to_owned(), role.version.to_string(), until(role.expires, now)]);
    }
    table.print();
    println!("Hiệu lực đến / valid until {}", until(snapshot.expires(), now));
    Ok(ExitCode::SUCCESS)
}

/// Where a directory is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The copy that the node keeps.
    Copy,
    /// The centre; what the node trusted already may not be rolled back.
    Centre,
}

/// The directory, verified as the node does it.
///
/// Works on a copy of the node's cache: whoever looks, perhaps as another user, must not change what the node has.
pub async fn look(config: &Config, source: Source) -> Result<Arc<Snapshot>, DirectoryError> {
    let cache = config.data_dir.join("directory");
    let cannot = |source: std::io::Error| DirectoryError::Cache { path: cache.clone(), source };
    let copy = tempfile::tempdir().map_err(cannot)?;
    copy_files(&cache, copy.path()).map_err(cannot)?;
    let client = Client::new(&config.directory.root, copy.path(), &config.directory.url, Limits::default())?;
    let found = match source {
        Source::Copy => client.load_cached().await,
        Source::Centre => client.refresh().await,
    };
    found.map_err(|error| match error {
        // The node's folder says more than that of the copy.
        DirectoryError::NoCache { .. } => DirectoryError::NoCache { path: cache.clone() },
        other => other,
    })
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// What to do when the directory cannot be had.
pub fn remedy(error: &DirectoryError, config: &Config) -> (String, String) {
    let (root, url) = (config.directory.root.display(), &config.directory.url);
    match error {
        DirectoryError::Root { .. } => (
            format!("đặt tệp gốc tin cậy nhận từ cơ quan quản lý danh bạ vào {root}"),
            format!("put the trusted root file from the holder of the directory at {root}"),
        ),
        DirectoryError::NoCache { .. } => (
            "nút chưa tải danh bạ lần nào; thử `lienthong directory show --refresh`".to_owned(),
            "the node has not downloaded it yet; try `lienthong directory show --refresh`".to_owned(),
        ),
        DirectoryError::Cache { .. } => (
            "chạy bằng người dùng của nút, kiểm tra quyền truy cập".to_owned(),
            "run this as the node's user, check the access rights".to_owned(),
        ),
        DirectoryError::Expired { .. } => (
            "cơ quan quản lý danh bạ cần chạy `authority renew`; kiểm tra cả đồng hồ máy này".to_owned(),
            "the holder of the directory must run `authority renew`; check this machine's clock too"
                .to_owned(),
        ),
        DirectoryError::Unreachable { .. }
        | DirectoryError::Timeout { .. }
        | DirectoryError::Interrupted { .. } => (
            format!("kiểm tra mạng và [directory] url = {url}"),
            format!("check the network and [directory] url = {url}"),
        ),
        _ => (
            format!("kiểm tra [directory] url = {url} và tệp gốc {root}; báo cơ quan quản lý danh bạ"),
            format!(
                "check [directory] url = {url} and the root file {root}; tell the holder of the directory"
            ),
        ),
    }
}
