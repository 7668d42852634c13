//! Where a node takes its rights from: the role of the registry (its store, its people, its API, the bridge to the
//! gateway of the same node), the registry of another machine, or the configuration file alone.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use base::{Clock, NodeId, Ts};
use exchange::signer::Signer;
use exchange::standing::Standing;
use exchange::tls::{DirectoryWatch, Identity};
use registry::api::gateway::{Gateways, SigningKey};
use registry::api::{self, Api, Parts};
use registry::people::People;
use registry::registry::Registry;
use registry::state::vietnam_day;
use registry::{RegistryError, Rules};
use store::Db;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use ui::Console;
use utoipa_axum::router::OpenApiRouter;
use web::{Limits, Server, TlsSource};

use crate::bridges::{self, rights};
use crate::config::{Config, RegistryElsewhere, RegistrySection};
use crate::trial::LateGateway;
use crate::{calls, desk, trial};

pub use crate::bridges::rights::RightsWatch;

/// Open connections on the API's HTTPS port: a node of each member waits there, and people come beside.
const CONNECTIONS_MAX: usize = 16_384;
/// Open connections of browsers; further ones wait, and take nothing from the exchange.
const VISITORS_MAX: usize = 1_024;
/// A registry that did not read its store for so long, in seconds, confirms nothing to other nodes.
const CURRENT_S: i64 = 10;

/// What the role works with.
pub struct Setup<'a> {
    /// Its configuration file.
    pub config: &'a Path,
    /// The node.
    pub node: &'a NodeId,
    /// Its TLS identity.
    pub identity: &'a Identity,
    /// Its member's signing key.
    pub signer: &'a Signer,
    /// Judge of certificates.
    pub standing: &'a Arc<Standing>,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// The directory that it downloads.
    pub directory: DirectoryWatch,
    /// Turns true when the node stops.
    pub stopped: watch::Receiver<bool>,
    /// Routes of other roles of the node, below the root of the API.
    pub more: OpenApiRouter<Api>,
}

/// The role at work.
pub struct Running {
    /// What the gateway of this node may allow.
    pub rights: RightsWatch,
    /// The registry, where this node keeps it.
    pub registry: Option<Arc<Registry>>,
    /// How old that is; nothing where no registry has a say.
    pub freshness: Option<Arc<rights::Freshness>>,
    /// Where the pages of this node find its gateway, to be set when that runs.
    pub gateway: LateGateway,
    /// Listeners of the API; they end with the node.
    pub serving: Vec<JoinHandle<()>>,
    /// Bridges; they are cut off at the end.
    pub background: Vec<JoinHandle<()>>,
}

/// Starts the role where the configuration has it, or follows the registry of another machine. Otherwise the rights of
/// the configuration file count.
///
/// # Errors
/// The store, the file of people or a socket is not usable; the text names it.
pub async fn start(config: &Config, setup: Setup<'_>, configured: RightsWatch) -> anyhow::Result<Running> {
    let freshness = Arc::new(rights::Freshness::new(config.stale_after_s, Arc::clone(&setup.clock)));
    match (&config.registry, &config.registry_elsewhere) {
        (Some(section), _) => keep(section, setup, (configured, freshness)).await,
        (None, Some(elsewhere)) => Ok(follow(elsewhere, &config.data_dir, setup, (configured, freshness))),
        (None, None) => {
            let (serving, background) = (Vec::new(), Vec::new());
            let gateway = LateGateway::default();
            Ok(Running { rights: configured, registry: None, freshness: None, gateway, serving, background })
        }
    }
}

/// This node is the registry.
async fn keep(
    section: &RegistrySection,
    setup: Setup<'_>,
    (configured, freshness): (RightsWatch, Arc<rights::Freshness>),
) -> anyhow::Result<Running> {
    let registry = Arc::new(open(section, Arc::clone(&setup.clock)).await?);
    freshness.confirm(setup.clock.now());
    let gateway = LateGateway::default();
    let (serving, following) = serve(section, (&registry, &freshness, &gateway), &setup).await?;
    let member = setup.node.owner.clone();
    let local = rights::local::Local {
        registry: Arc::clone(&registry),
        member: member.clone(),
        clock: Arc::clone(&setup.clock),
        freshness: Arc::clone(&freshness),
    };
    let (latest, snapshot) = watch::channel(Some(Arc::new(local.snapshot())));
    let bridge = rights::Bridge { member, snapshot, freshness: Arc::clone(&freshness), configured };
    let (rights, bridge) = bridge.start(local.follow(latest));
    let kept = Arc::clone(&registry);
    let directory = match section.authority.clone() {
        Some(authority) => {
            tokio::spawn(bridges::directory::publish(registry, authority, setup.clock, setup.directory))
        }
        None => tokio::spawn(bridges::directory::follow(registry, setup.directory)),
    };
    let background = vec![bridge, directory, following];
    Ok(Running { rights, registry: Some(kept), freshness: Some(freshness), gateway, serving, background })
}

/// The registry is on another machine.
fn follow(
    elsewhere: &RegistryElsewhere,
    data_dir: &Path,
    setup: Setup<'_>,
    (configured, freshness): (RightsWatch, Arc<rights::Freshness>),
) -> Running {
    let member = setup.node.owner.clone();
    let asker = rights::remote::Asker {
        registry: elsewhere.clone(),
        member: member.clone(),
        identity: setup.identity.clone(),
        directory: setup.directory,
        standing: Arc::clone(setup.standing),
        clock: setup.clock,
    };
    let (latest, snapshot) = watch::channel(None);
    let kept = rights::kept::Kept::new(data_dir);
    let remote = rights::remote::Remote::new(asker, Arc::clone(&freshness), kept, latest);
    let bridge = rights::Bridge { member, snapshot, freshness: Arc::clone(&freshness), configured };
    let (rights, bridge) = bridge.start(remote.follow());
    let (serving, background) = (Vec::new(), vec![bridge]);
    let gateway = LateGateway::default();
    Running { rights, registry: None, freshness: Some(freshness), gateway, serving, background }
}

/// Serves the API and the console; also gives the task that follows the message log.
async fn serve(
    section: &RegistrySection,
    (registry, freshness, gateway): (&Arc<Registry>, &Arc<rights::Freshness>, &LateGateway),
    setup: &Setup<'_>,
) -> anyhow::Result<(Vec<JoinHandle<()>>, JoinHandle<()>)> {
    let people = Arc::new(People::read(&section.people)?.with_password_only(section.password_only));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&section.attachments)
        .with_context(|| format!("[registry] attachments = {}", section.attachments.display()))?;
    let (standing, names) = (Arc::clone(&people), Arc::clone(&people));
    let api = Api::new(Parts {
        registry: Arc::clone(registry),
        sign_in: people.into_sign_in(),
        standing: Arc::new(move |id, now: Ts| standing.person(id, vietnam_day(now))),
        names: Arc::new(move |id| names.name(id).map(str::to_owned)),
        sessions: api::session::Sessions::default(),
        attachments: section.attachments.clone(),
        gateways: Some(gateways(setup, Arc::clone(freshness))),
    });
    let (calls, following) = calls::start(api.clone(), setup.config).await?;
    let desk = desk::router(api.clone(), &Config::read(setup.config)?)?;
    let trial = trial::router(api.clone(), Arc::clone(gateway), section.password_only);
    let router = api::router_with(api, setup.more.clone()).merge(calls).merge(desk).merge(trial);
    let config = setup.identity.accept_systems()?;
    let tls: TlsSource = Arc::new(move || Arc::clone(&config));
    let console = section.console.map(|addresses| {
        let (api, asks_code) = (router.clone(), !section.password_only);
        let drafts = Some(section.attachments.with_file_name("drafts"));
        let (behind_tls, stopped) = (addresses.behind_tls, setup.stopped.clone());
        let pages = ui::Setup { api, asks_code, behind_tls, drafts, stopped };
        (addresses, ui::router(Console::new(pages)))
    });
    let mut serving = listen(
        [(section.listen, Some(Arc::clone(&tls))), (section.plain, None)],
        (router, CONNECTIONS_MAX),
        setup,
    )
    .await?;
    if let Some((addresses, pages)) = console {
        serving.extend(
            listen([(addresses.listen, Some(tls)), (addresses.plain, None)], (pages, VISITORS_MAX), setup)
                .await?,
        );
    }
    Ok((serving, following))
}

/// Serves a router on those addresses that there are.
async fn listen(
    addresses: [(Option<SocketAddr>, Option<TlsSource>); 2],
    (router, connections_max): (axum::Router, usize),
    setup: &Setup<'_>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let mut serving = Vec::new();
    for (address, tls) in addresses {
        let Some(address) = address else { continue };
        let limits = Limits { connections_max, ..Limits::default() };
        let server = Server::bind(address, tls, limits).await;
        let server = server.with_context(|| {
            format!("[registry] {address}: không mở được cổng / cannot listen; the port may be in use")
        })?;
        serving.push(tokio::spawn(web::router::serve(server, router.clone(), setup.stopped.clone())));
    }
    Ok(serving)
}

/// How nodes of other machines are known and answered.
fn gateways(setup: &Setup<'_>, freshness: Arc<rights::Freshness>) -> Gateways {
    let (directory, standing, clock) =
        (setup.directory.clone(), Arc::clone(setup.standing), Arc::clone(&setup.clock));
    let known = move |shown: &[u8]| {
        let (directory, now) = (directory.borrow().clone()?, clock.now());
        let caller = standing.caller(&directory, shown, now).filter(|_| !directory.is_expired(now));
        caller.map(|node| node.id.clone())
    };
    let signer = setup.signer.clone();
    let key = SigningKey {
        keyid: Arc::clone(&setup.signer.keyid),
        alg: setup.signer.alg,
        sign: Arc::new(move |base| match signer.sign_bytes(base) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::error!(%error, "the rights of a member are not signed (EX-0801)");
                None
            }
        }),
    };
    let current = move || freshness.age_s().is_some_and(|age_s| age_s <= CURRENT_S);
    Gateways::new(Arc::new(known), key, Arc::new(current), setup.stopped.clone())
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
