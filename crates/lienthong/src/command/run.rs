//! `lienthong run`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::node::Node;
use crate::ops;

/// Arguments of `run`.
#[derive(clap::Args)]
pub struct Args {
    /// Tệp cấu hình / configuration file.
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    /// Nhật ký dạng JSON / log lines as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    start_logging(args.json);
    ops::install_metrics();
    allow_descriptors();
    let node = Node::start(&args.config).await?;
    asked_to_stop().await?;
    tracing::info!("đang dừng, chờ các cuộc gọi dở dang / stopping, waiting for calls in flight");
    node.stop().await;
    tracing::info!("đã dừng / stopped");
    Ok(ExitCode::SUCCESS)
}

/// Takes as many descriptors as the system allows this program: each connection is one, and the usual limit of 1,024 is
/// from a time when programs could not count further.
fn allow_descriptors() {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays as it was");
    }
}

/// Log lines go to the error output; `RUST_LOG` chooses which (default `info`).
pub fn start_logging(json: bool) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,sqlx=warn".into());
    // A line that cannot be written, to a full disk for example, is lost; telling so would panic.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false);
    if json { lines.json().init() } else { lines.init() }
}

/// Returns when the process is asked to end.
pub async fn asked_to_stop() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
