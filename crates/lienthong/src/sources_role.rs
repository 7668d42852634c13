//! The role of data sources: definitions in a folder, each a service of this node, taken over when they change.

mod comparing;
mod follow;
mod quality;
pub mod status;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use base::SystemClock;
use crypto::sign::KeyStore;
use hyper::{StatusCode, Uri};
use sources::changes::compare::Comparing;
use sources::serve::{Service, router};
use sources::{Offer, SourceError, passthrough};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_service::Service as _;
use web::{Problem, Server};

use crate::config::{Config, SourcesSection};
use crate::credentials::Unsealer;
use follow::Follower;

/// What became of the files of the folder.
#[derive(Default)]
pub struct Offering {
    /// Services at work, by `SUBSYSTEM/CODE`.
    services: BTreeMap<String, Working>,
    /// Files that cannot be used, or not yet.
    unusable: Vec<status::Unusable>,
    /// Whether the folder was looked at; before that nobody knows what there is.
    is_known: bool,
}

/// What is offered now.
pub type Offered = Arc<RwLock<Offering>>;

/// The role at work; nothing without the section `[sources]`.
#[derive(Default)]
pub struct Running {
    /// Answers the gateway; ends with the node.
    pub serving: Option<JoinHandle<()>>,
    /// Follows the folder, compares rows, checks quality; is cut off at the end.
    pub background: Vec<JoinHandle<()>>,
    /// What is offered, for who looks after the node; nothing without the section.
    pub offered: Option<Offered>,
}

/// What a node has that its sources need.
pub struct Means {
    /// Opens sealed passwords.
    pub unsealer: Unsealer,
    /// Where comparisons are kept.
    pub comparing: Arc<Comparing>,
}

impl Means {
    /// Those of a node.
    ///
    /// # Errors
    /// The node has no passphrase, or no secret of pseudonyms.
    pub fn of(config: &Config, section: &SourcesSection, keys: &dyn KeyStore) -> anyhow::Result<Self> {
        Ok(Self { unsealer: Unsealer::new(config)?, comparing: comparing(config, section, keys)? })
    }
}

/// A definition of the folder, or what is wrong with it.
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub definition: Result<Offer, SourceError>,
}

impl Found {
    fn read(path: PathBuf) -> Self {
        Self { definition: Offer::read(&path), path }
    }
}

/// The definitions of a folder: files that end in `.toml`, in order of name. No folder is no definition.
///
/// # Errors
/// The folder cannot be read.
pub fn definitions(dir: &Path) -> std::io::Result<Vec<Found>> {
    Ok(paths(dir)?.into_iter().map(Found::read).collect())
}

/// The files of a folder that are definitions.
fn paths(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(dir) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    Ok(paths)
}

/// A file, when it changed last, its size.
pub type Stamp = (PathBuf, Option<SystemTime>, u64);

/// When each file of the folder changed last, in a form that can be compared.
pub fn stamp(dir: &Path) -> Vec<Stamp> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut stamp: Vec<_> = entries
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((entry.path(), meta.modified().ok(), meta.len()))
        })
        .collect();
    stamp.sort();
    stamp
}

/// Serves the definitions of a folder on loopback, and follows the folder until the node stops.
///
/// # Errors
/// The socket is not usable.
pub async fn start(
    section: &SourcesSection,
    means: Means,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Running> {
    let means = Arc::new(means);
    let server = Server::bind(section.listen, None, web::Limits::default()).await;
    let server = server.with_context(|| {
        format!(
            "[sources] listen {}: không mở được cổng / cannot listen; the port may be in use",
            section.listen
        )
    })?;
    let offered = Offered::default();
    let dispatching = Router::new().fallback(dispatch).with_state(Arc::clone(&offered));
    let serving = tokio::spawn(web::router::serve(server, dispatching, stopped));
    let comparing = comparing::run(Arc::clone(&offered), Arc::clone(&means.comparing));
    let follower = Follower::new(section.dir.clone(), Arc::clone(&offered), means);
    let quality = quality::run(Arc::clone(&offered), section.store.clone());
    let background = vec![tokio::spawn(follower.follow()), tokio::spawn(comparing), tokio::spawn(quality)];
    Ok(Running { serving: Some(serving), background, offered: Some(offered) })
}

/// Where comparisons are kept, with the keys that come from a secret of the node.
///
/// # Errors
/// The node has no such secret.
pub fn comparing(
    config: &Config,
    section: &SourcesSection,
    keys: &dyn KeyStore,
) -> anyhow::Result<Arc<Comparing>> {
    let secret = keys.secret(&config.keys.pseudonyms);
    let secret = secret.with_context(|| "khóa bí danh / the secret of pseudonyms")?;
    Ok(Arc::new(Comparing::new(&section.store, &secret)))
}

/// Where the gateway of this node finds a definition.
pub fn url(listen: SocketAddr, definition: &Offer) -> String {
    let service = definition.about();
    format!("http://{listen}/{}/{}", service.subsystem, service.code)
}

/// A service at work.
#[derive(Clone)]
struct Working {
    /// `SUBSYSTEM/CODE`.
    name: String,
    routes: Router,
    /// What it is made of, when that is a table.
    table: Option<Arc<Service>>,
}

/// `SUBSYSTEM/CODE`.
fn name(definition: &Offer) -> String {
    let about = definition.about();
    format!("{}/{}", about.subsystem, about.code)
}

async fn offer(definition: Offer, means: &Means) -> Result<Working, SourceError> {
    let name = name(&definition);
    Ok(match means.unsealer.opened(definition).await? {
        Offer::Table(definition) => {
            let service = Service::open(*definition).await?;
            let service = Arc::new(service.with_comparing(Arc::clone(&means.comparing)));
            Working { name, routes: router(Arc::clone(&service)), table: Some(service) }
        }
        Offer::Existing(definition) => {
            let service = passthrough::serve::Service::open(*definition)?;
            Working { name, routes: passthrough::serve::router(service), table: None }
        }
    })
}

/// Hands a question to the service that the first two segments name.
async fn dispatch(State(offered): State<Offered>, mut request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
    if path == "/_status" {
        return Json(status::services(&offered, &SystemClock).await).into_response();
    }
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let name = format!("{}/{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let rest = parts.next().unwrap_or_default();
    let (found, may_come) = {
        let offer = offered.read().unwrap_or_else(PoisonError::into_inner);
        let waits = !offer.is_known || offer.unusable.iter().any(|file| file.may_be(&name));
        (offer.services.get(&name).cloned(), waits)
    };
    let inner = query.map_or_else(|| format!("/{rest}"), |query| format!("/{rest}?{query}"));
    if let (Some(mut working), Ok(uri)) = (found, inner.parse::<Uri>()) {
        *request.uri_mut() = uri;
        return working.routes.call(request).await.unwrap_or_else(|never| match never {});
    }
    if !may_come {
        let title = "Ở đây không có dịch vụ này / There is no such service here";
        return Problem::new(StatusCode::NOT_FOUND, &"EX-0302", title).into_response().map(Body::new);
    }
    let title = "Nguồn dữ liệu này chưa dùng được, xem nhật ký của nút / This data source cannot be used yet, see the node's log";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, &"EX-3002", title).into_response().map(Body::new)
}
