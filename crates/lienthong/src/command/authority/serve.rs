//! The repository as static files, for nodes to download.

use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::services::ServeDir;

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
