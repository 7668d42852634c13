//! The role of data sources: definitions in a folder, each a service of this node, taken over when they change.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base::{Clock as _, SystemClock};
use futures_util::future::join_all;
use hyper::{StatusCode, Uri};
use sources::error::Mistake;
use sources::quality::{history, moment};
use sources::serve::{Service, router};
use sources::{Offer, SourceError, passthrough};
use store::Db;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_service::Service as _;
use web::{Problem, Server};

use crate::config::SourcesSection;

/// How often the folder is looked at; a change counts within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A source that could not be reached is tried again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// How often it is looked whether a check of quality is due.
const DUE_EVERY: Duration = Duration::from_secs(20);

/// Services at work, by `SUBSYSTEM/CODE`.
type Offered = Arc<RwLock<BTreeMap<String, Router>>>;

/// The role at work; nothing without the section `[sources]`.
#[derive(Default)]
pub struct Running {
    /// Answers the gateway; ends with the node.
    pub serving: Option<JoinHandle<()>>,
    /// Follows the folder, checks quality; is cut off at the end.
    pub background: Vec<JoinHandle<()>>,
}

/// A definition of the folder, or what is wrong with it.
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub definition: Result<Offer, SourceError>,
}

/// The definitions of a folder: files that end in `.toml`, in order of name. No folder is no definition.
///
/// # Errors
/// The folder cannot be read.
pub fn definitions(dir: &Path) -> std::io::Result<Vec<Found>> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(dir) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    Ok(paths.into_iter().map(|path| Found { definition: read(&path), path }).collect())
}

/// A definition of a file. Files that it names lie beside it.
fn read(path: &Path) -> Result<Offer, SourceError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let text = error.to_string();
        SourceError::Definition(vec![Mistake::new(path.display().to_string(), text.clone(), text)])
    })?;
    let dir = path.parent().unwrap_or(Path::new("."));
    Ok(Offer::parse(&text)?.placed(dir))
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
    section: Option<&SourcesSection>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Running> {
    let Some(section) = section else { return Ok(Running::default()) };
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
    let (working, services) = watch::channel(Vec::new());
    let follower = Follower { dir: section.dir.clone(), offered, working, files: BTreeMap::new() };
    let checking = check_quality(services, section.store.clone());
    let background = vec![tokio::spawn(follower.follow()), tokio::spawn(checking)];
    Ok(Running { serving: Some(serving), background })
}

/// Where the gateway of this node finds a definition.
pub fn url(listen: SocketAddr, definition: &Offer) -> String {
    let service = definition.about();
    format!("http://{listen}/{}/{}", service.subsystem, service.code)
}

struct Follower {
    dir: PathBuf,
    offered: Offered,
    /// The services at work, for who looks after their data.
    working: watch::Sender<Vec<Arc<Service>>>,
    /// What was made of each file.
    files: BTreeMap<PathBuf, Opened>,
}

/// A file of the folder, as it was when it was read.
struct Opened {
    stamp: (Option<SystemTime>, u64),
    /// Nothing while it cannot be used.
    service: Option<Working>,
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

impl Follower {
    async fn follow(mut self) {
        let mut seen = None;
        let mut tried = Instant::now();
        loop {
            let now = stamp(&self.dir);
            let failed = self.files.values().any(|file| file.service.is_none());
            if seen.as_ref() != Some(&now) || failed && tried.elapsed() >= AGAIN_AFTER {
                self.load(&now).await;
                seen = Some(now);
                tried = Instant::now();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Opens what is new, changed, or could not be opened; what works goes on working.
    async fn load(&mut self, now: &[Stamp]) {
        let mut found = match definitions(&self.dir) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, dir = %self.dir.display(), "không đọc được thư mục định nghĩa, giữ bản cũ / the folder of definitions is not read, the old ones count");
                return;
            }
        };
        self.files.retain(|path, _| found.iter().any(|found| found.path == *path));
        found.retain(|found| {
            let stamp = stamp_of(now, &found.path);
            self.files.get(&found.path).is_none_or(|file| file.service.is_none() || file.stamp != stamp)
        });
        for (path, opened) in join_all(found.into_iter().map(open)).await {
            let service = opened.map_err(|error| {
                tracing::error!(code = error.code(), %error, path = %path.display(), "nguồn dữ liệu chưa dùng được / a data source cannot be used");
            });
            self.files.insert(path.clone(), Opened { stamp: stamp_of(now, &path), service: service.ok() });
        }
        let mut offered = BTreeMap::new();
        let mut working = Vec::new();
        for it in self.files.values().filter_map(|file| file.service.clone()) {
            // Of two files for one service the first counts, as it does for the gateway's configuration.
            if let Entry::Vacant(place) = offered.entry(it.name) {
                place.insert(it.routes);
                working.extend(it.table);
            }
        }
        self.working.send_replace(working);
        tracing::info!(services = offered.len(), "đã nạp nguồn dữ liệu / data sources loaded");
        *self.offered.write().unwrap_or_else(PoisonError::into_inner) = offered;
    }
}

async fn open(found: Found) -> (PathBuf, Result<Working, SourceError>) {
    let Found { path, definition } = found;
    (path, offer(definition).await)
}

async fn offer(definition: Result<Offer, SourceError>) -> Result<Working, SourceError> {
    let definition = definition?;
    let about = definition.about();
    let name = format!("{}/{}", about.subsystem, about.code);
    Ok(match definition {
        Offer::Table(definition) => {
            let service = Arc::new(Service::open(*definition).await?);
            Working { name, routes: router(Arc::clone(&service)), table: Some(service) }
        }
        Offer::Existing(definition) => {
            let service = passthrough::serve::Service::open(*definition)?;
            Working { name, routes: passthrough::serve::router(service), table: None }
        }
    })
}

/// Holds the rules of definitions with `[quality]` against their sources when it is time, and keeps what is found.
async fn check_quality(services: watch::Receiver<Vec<Arc<Service>>>, store: String) {
    let mut since = moment(SystemClock.now());
    let mut db = None;
    loop {
        tokio::time::sleep(DUE_EVERY).await;
        let (now, working) = (moment(SystemClock.now()), services.borrow().clone());
        if !working.iter().any(|service| service.definition().quality.is_some()) {
            since = now;
            continue;
        }
        let done = async {
            // Opened when it is needed: a node without schedules has no such store.
            let db = match &mut db {
                Some(db) => db,
                none => none.insert(Db::open(&store).await?),
            };
            history::run_due(&working, since, now, db).await
        };
        if let Err(error) = done.await {
            tracing::error!(%error, "không lưu được kết quả kiểm tra chất lượng / the results of quality checks are not kept");
        }
        since = now;
    }
}

fn stamp_of(all: &[Stamp], path: &Path) -> (Option<SystemTime>, u64) {
    all.iter().find(|stamp| stamp.0 == path).map_or((None, 0), |stamp| (stamp.1, stamp.2))
}

/// Hands a question to the service that the first two segments name.
async fn dispatch(State(offered): State<Offered>, mut request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let name = format!("{}/{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let rest = parts.next().unwrap_or_default();
    let found = offered.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
    let inner = query.map_or_else(|| format!("/{rest}"), |query| format!("/{rest}?{query}"));
    if let (Some(mut service), Ok(uri)) = (found, inner.parse::<Uri>()) {
        *request.uri_mut() = uri;
        return service.call(request).await.unwrap_or_else(|never| match never {});
    }
    let title = "Nguồn dữ liệu này chưa dùng được, xem nhật ký của nút / This data source cannot be used yet, see the node's log";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, &"EX-3002", title).into_response().map(Body::new)
}
