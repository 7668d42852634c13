//! The repository as static files, for nodes to download.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::services::ServeDir;

use crate::command::run::{asked_to_stop, start_logging};

/// Serves `metadata/` and `targets/` of a repository until `stop` turns true; downloads in flight finish.
///
/// Plain HTTP: every file is signed, and a node believes nothing else. Only `GET` and `HEAD` are answered.
pub async fn serve(listener: TcpListener, repository: PathBuf, mut stop: watch::Receiver<bool>) {
    let folder = |name: &str| ServeDir::new(repository.join(name)).append_index_html_on_directories(false);
    let router = axum::Router::new()
        .nest_service("/metadata", folder("metadata"))
        .nest_service("/targets", folder("targets"));
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "máy chủ danh bạ dừng / the directory server ended");
    }
}

/// Arguments of `authority serve`.
#[derive(clap::Args)]
pub struct Args {
    /// Thư mục của cơ quan quản lý danh bạ / the authority's folder.
    #[arg(long)]
    dir: PathBuf,
    /// Địa chỉ và cổng / address and port.
    #[arg(long, default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Nhật ký dạng JSON / log lines as JSON.
    #[arg(long)]
    json: bool,
}

/// Serves until Ctrl-C or SIGTERM.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let repository = args.dir.join("repository");
    if !repository.join("metadata/timestamp.json").is_file() {
        let dir = args.dir.display();
        bail!(
            "{dir}: chưa công bố danh bạ nào / nothing is published: `lienthong authority publish --dir {dir}`"
        );
    }
    start_logging(args.json);
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        let listen = args.listen;
        format!("không mở được / cannot listen on {listen}; chọn cổng khác / choose another port: --listen")
    })?;
    println!("Danh bạ ở / the directory is at http://{}/", listener.local_addr()?);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, repository, stopped));
    asked_to_stop().await?;
    stop.send_replace(true);
    // A task that panicked has said so already.
    let _ = serving.await;
    println!("Đã dừng / stopped");
    Ok(ExitCode::SUCCESS)
}
