//! The role of the registry: its store, its people, its API, and the bridge to the gateway of the same node.

use std::sync::Arc;

use anyhow::Context as _;
use base::{Clock, NodeId, Ts};
use exchange::rights::Rights;
use exchange::tls::{DirectoryWatch, Identity};
use registry::api::{self, Api, Parts};
use registry::people::People;
use registry::registry::Registry;
use registry::state::vietnam_day;
use registry::{RegistryError, Rules};
use store::Db;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Server, TlsSource};

use crate::bridges;
use crate::config::RegistrySection;

/// What the role works with.
pub struct Setup<'a> {
    /// The node.
    pub node: &'a NodeId,
    /// Its TLS identity.
    pub identity: &'a Identity,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// The directory that it downloads.
    pub directory: DirectoryWatch,
    /// Turns true when the node stops.
    pub stopped: watch::Receiver<bool>,
}

/// The role at work.
pub struct Running {
    /// What the gateway of this node may allow.
    pub rights: RightsWatch,
    /// Listeners of the API; they end with the node.
    pub serving: Vec<JoinHandle<()>>,
    /// Bridges; they are cut off at the end.
    pub background: Vec<JoinHandle<()>>,
}

/// Changing rights.
pub type RightsWatch = watch::Receiver<Arc<Rights>>;

/// Starts the role where the configuration has it. Without it the rights of the configuration file count.
///
/// # Errors
/// The store, the file of people or a socket is not usable; the text names it.
pub async fn start(
    section: Option<&RegistrySection>,
    setup: Setup<'_>,
    configured: RightsWatch,
) -> anyhow::Result<Running> {
    let Some(section) = section else {
        return Ok(Running { rights: configured, serving: Vec::new(), background: Vec::new() });
    };
    let registry = Arc::new(open(section, Arc::clone(&setup.clock)).await?);
    let serving = serve(section, &registry, &setup).await?;
    let member = setup.node.owner.clone();
    let bridge = bridges::rights::Bridge::new(Arc::clone(&registry), member, Arc::clone(&setup.clock));
    let (rights_in, rights) = watch::channel(bridge.rights(&configured.borrow()));
    let directory = match section.authority.clone() {
        Some(authority) => tokio::spawn(bridges::directory::publish(registry, authority, setup.clock)),
        None => tokio::spawn(bridges::directory::follow(registry, setup.directory)),
    };
    Ok(Running { rights, serving, background: vec![bridge.start(configured, rights_in), directory] })
}

/// Serves the API.
async fn serve(
    section: &RegistrySection,
    registry: &Arc<Registry>,
    setup: &Setup<'_>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let people = Arc::new(People::read(&section.people)?);
    std::fs::create_dir_all(&section.attachments)
        .with_context(|| format!("[registry] attachments = {}", section.attachments.display()))?;
    let standing = Arc::clone(&people);
    let router = api::router(Api::new(Parts {
        registry: Arc::clone(registry),
        sign_in: people.into_sign_in(),
        standing: Arc::new(move |id, now: Ts| standing.person(id, vietnam_day(now))),
        sessions: api::session::Sessions::default(),
        attachments: section.attachments.clone(),
    }));
    let config = setup.identity.accept_systems()?;
    let tls: TlsSource = Arc::new(move || Arc::clone(&config));
    let mut serving = Vec::new();
    for (address, tls) in [(section.listen, Some(tls)), (section.plain, None)] {
        let Some(address) = address else { continue };
        let server = Server::bind(address, tls, web::Limits::default()).await;
        let server = server.with_context(|| {
            format!("[registry] {address}: không mở được cổng / cannot listen; the port may be in use")
        })?;
        serving.push(tokio::spawn(web::router::serve(server, router.clone(), setup.stopped.clone())));
    }
    Ok(serving)
}

/// Opens the registry without serving it; for commands.
///
/// # Errors
/// The store cannot be read, or the rules are wrong.
pub async fn open(section: &RegistrySection, clock: Arc<dyn Clock>) -> anyhow::Result<Registry> {
    let rules = Rules::built_in()?;
    let db = Db::open(&section.store).await.map_err(RegistryError::from)?;
    Ok(Registry::open(db, rules, clock).await?)
}
