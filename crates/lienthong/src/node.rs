//! Starts a node from its configuration: sockets bound early, served late, drained at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base::{Clock, SystemClock};
use crypto::certificate::Certificate;
use crypto::sign::{FileKeyStore, KeyStore};
use directory::snapshot::Snapshot;
use exchange::recorder::{self, Checkpoints, Recorder};
use exchange::signer::Signer;
use exchange::standing::Standing;
use exchange::tls::{Identity, NodeVerifier};
use exchange::{Gateway, Parts, consumer, provider, revocation, stamper, usage};
use registry::Registry;
use store::Db;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Server, TlsSource};

use crate::config::{Config, Evidence, Mistakes};
use crate::ops::{self, Health};
use crate::process_role;
use crate::registry_role;
use crate::reload;
use crate::sources_role;

/// A running node.
pub struct Node {
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    background: Vec<JoinHandle<()>>,
    writer: JoinHandle<()>,
    gateway: Arc<Gateway>,
    /// Where the counts of quotas are kept.
    usage_file: PathBuf,
    /// What readiness looks at.
    pub health: Arc<Health>,
    /// The registry, where this node keeps it.
    pub registry: Option<Arc<Registry>>,
}

impl Node {
    /// Starts a node; returns when its sockets are served.
    ///
    /// # Errors
    /// Keys, store or sockets are not usable; the text names the remedy.
    pub async fn start(config_path: &Path) -> anyhow::Result<Self> {
        let mut config = read_config(config_path)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let spool_dir = make_spool(&config)?;
        let Own { keys, identity, signer, certificates } = Own::load(&config)?;

        let client = directory_client(&config)?;
        let first = first_directory(&client).await;
        let db = open_log(&config, first.as_deref()).await?;
        let (directory_in, directory) = watch::channel(first);

        let every = Duration::from_millis(config.evidence.checkpoint_ms);
        let checkpoints = Checkpoints { node: config.node.clone(), every, signer: signer.clone() };
        let (recorder, writer) = Recorder::start(db.clone(), Arc::clone(&clock), checkpoints).await?;

        let (stop, stopped) = watch::channel(false);
        let (configured_in, configured) = watch::channel(Arc::new(std::mem::take(&mut config.rights)));
        let standing = Arc::new(Standing::default());
        let engine = start_process(&config, &clock, &stopped).await?;
        let setup = registry_role::Setup {
            config: config_path,
            node: &config.node,
            identity: &identity,
            signer: &signer,
            standing: &standing,
            clock: Arc::clone(&clock),
            directory: directory.clone(),
            stopped: stopped.clone(),
            more: engine.routes,
        };
        let role = registry_role::start(&config, setup, configured).await?;
        let gateway = Arc::new(Gateway::new(Parts {
            node: config.node.clone(),
            clock: Arc::clone(&clock),
            directory: directory.clone(),
            rights: role.rights,
            signer,
            recorder,
            standing: Arc::clone(&standing),
            identity: identity.clone(),
            limits: config.limits,
            spool_dir,
            pseudonym_key: pseudonym_key(&config, &*keys)?,
        }));
        // Nobody else sets it.
        let _ = role.gateway.set(Arc::downgrade(&gateway));
        let usage_file = remember(&gateway, &db, &config.data_dir, &*clock).await?;

        let sources = start_sources(&config, &*keys, &stopped).await?;
        let health = Arc::new(Health::new(ops::Subjects {
            gateway: Arc::clone(&gateway),
            directory: directory.clone(),
            own: certificates,
            rights: role.freshness,
            sources: sources.offered,
            process: engine.counted,
            clock: Arc::clone(&clock),
        }));
        let verifier = NodeVerifier::new(directory.clone(), Arc::clone(&standing), Arc::clone(&clock), None);
        let sockets = bind(&config.listen, &identity, verifier).await?;

        let mut serving = serve(sockets, &gateway, &health, &stopped);
        let ocsp = Duration::from_secs(config.evidence.ocsp_s.max(1));
        let mut background = vec![
            tokio::spawn(follow_directory(client, config.directory.refresh_s, directory_in, db.clone())),
            tokio::spawn(reload::follow(config_path.to_owned(), config.sources.clone(), configured_in)),
            tokio::spawn(usage::keep(Arc::clone(&gateway.usage), usage_file.clone(), Arc::clone(&clock))),
            tokio::spawn(revocation::run(directory, standing, clock, ocsp)),
            tokio::spawn(ops::gauges(Arc::clone(&health))),
        ];
        serving.extend(role.serving.into_iter().chain(sources.serving).chain(engine.serving));
        background.extend(role.background.into_iter().chain(sources.background).chain(engine.background));
        background.extend(stamping(config.evidence, db));
        tracing::info!(node.id = %config.node, nodes = %config.listen.nodes, "nút đã chạy / the node is running");
        Ok(Self { stop, serving, background, writer, gateway, usage_file, health, registry: role.registry })
    }

    /// Lets calls in flight finish, writes the log to its end, and stops.
    pub async fn stop(self) {
        self.health.stopping();
        self.stop.send_replace(true);
        for task in self.serving {
            // A task that panicked has said so already.
            let _ = task.await;
        }
        for task in &self.background {
            task.abort();
        }
        for task in self.background {
            let _ = task.await;
        }
        let usage = Arc::clone(&self.gateway.usage);
        drop((self.gateway, self.health));
        // The writer ends when the last call does: calls that were cut off still count.
        let _ = self.writer.await;
        let saved =
            tokio::task::spawn_blocking(move || usage::save(&usage, &self.usage_file, SystemClock.now()));
        if let Ok(Err(error)) = saved.await {
            tracing::error!(%error, "không lưu được số đếm hạn mức / the counts of quotas are not kept");
        }
    }
}

/// The configuration; what is allowed but probably not meant goes to the log.
fn read_config(path: &Path) -> Result<Config, Mistakes> {
    let config = Config::read(path)?;
    config.notices.iter().for_each(|notice| tracing::warn!("{notice}"));
    Ok(config)
}

/// What proves who this node is.
struct Own {
    keys: Arc<dyn KeyStore>,
    identity: Identity,
    signer: Signer,
    certificates: Vec<(Certificate, &'static str)>,
}

impl Own {
    fn load(config: &Config) -> anyhow::Result<Self> {
        let keys = open_keys(config)?;
        let remedy = "`lienthong keys import-certificate` đặt chứng thư vào chỗ / puts it there";
        let signing = certificate(&config.keys.signing_certificate).context(remedy)?;
        let tls = certificate(&config.keys.tls_certificate).context(remedy)?;
        let identity = Identity::new(&*keys, &config.keys.tls, &tls)?;
        let signer = Signer::new(Arc::clone(&keys), &config.keys.signing, signing.clone(), config.signing)
            .with_context(|| "khóa ký / the signing key")?;
        Ok(Self { keys, identity, signer, certificates: vec![(signing, "signing"), (tls, "tls")] })
    }
}

/// Opens the keys of a configuration.
///
/// # Errors
/// No passphrase, a wrong one, or unusable files.
pub fn open_keys(config: &Config) -> anyhow::Result<Arc<dyn KeyStore>> {
    let passphrase =
        config.passphrase().with_context(|| "mật khẩu của kho khóa / the passphrase of the keys")?;
    Ok(Arc::new(FileKeyStore::open(&config.keys.dir, &passphrase)?))
}

/// Reads a PEM certificate.
///
/// # Errors
/// No such file, or not a certificate.
pub fn certificate(path: &PathBuf) -> anyhow::Result<Certificate> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("không đọc được chứng thư / cannot read the certificate {}", path.display())
    })?;
    Certificate::from_pem(&text).with_context(|| format!("chứng thư / the certificate {}", path.display()))
}

fn pseudonym_key(config: &Config, keys: &dyn KeyStore) -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
    keys.secret(&config.keys.pseudonyms).with_context(|| "khóa bí danh / the secret of pseudonyms")
}

/// The folder of large bodies that wait.
fn make_spool(config: &Config) -> anyhow::Result<PathBuf> {
    let dir = config.data_dir.join("spool");
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("không tạo được thư mục / cannot make {}", config.data_dir.display()))?;
    Ok(dir)
}

fn directory_client(config: &Config) -> Result<directory::Client, directory::DirectoryError> {
    let (cache, url) = (config.data_dir.join("directory"), &config.directory.url);
    directory::Client::new(&config.directory.root, &cache, url, directory::Limits::default())
}

/// The message log, ready for the first call: what is recorded must be verifiable later.
async fn open_log(config: &Config, directory: Option<&Snapshot>) -> anyhow::Result<Db> {
    let db = Db::open(&config.store_url).await?;
    if let Some(directory) = directory {
        recorder::keep_certificates(&db, directory).await?;
    }
    Ok(db)
}

/// Has checkpoints time-stamped, where the configuration names an authority.
fn stamping(evidence: Evidence, db: Db) -> Option<JoinHandle<()>> {
    let every = Duration::from_secs(evidence.timestamp_s.max(1));
    evidence.timestamp_url.map(|url| tokio::spawn(stamper::run(db, url, every)))
}

/// The directory to start with: fresh, or the last good copy while the centre is down.
async fn first_directory(client: &directory::Client) -> Option<Arc<Snapshot>> {
    match client.load_cached().await {
        Ok(cached) => return Some(cached),
        Err(error) => tracing::debug!(%error, "no usable copy of the directory"),
    }
    match client.refresh().await {
        Ok(fresh) => Some(fresh),
        Err(error) => {
            tracing::error!(%error, "chưa có danh bạ; mọi cuộc gọi bị từ chối / no directory; calls are refused (EX-0601)");
            None
        }
    }
}

async fn follow_directory(
    client: directory::Client,
    refresh_s: u64,
    directory: watch::Sender<Option<Arc<Snapshot>>>,
    db: Db,
) {
    let mut kept = directory.borrow().as_ref().map(|first| first.number());
    let mut failing = false;
    let mut tick = tokio::time::interval(Duration::from_secs(refresh_s.max(1)));
    loop {
        tick.tick().await;
        match client.refresh().await {
            Ok(fresh) => {
                if failing {
                    tracing::info!("the directory is reached again");
                }
                failing = false;
                if kept != Some(fresh.number()) {
                    // Kept before it is used; when the log is away no call is made anyway.
                    match recorder::keep_certificates(&db, &fresh).await {
                        Ok(()) => kept = Some(fresh.number()),
                        Err(error) => {
                            tracing::warn!(%error, "certificates of the directory not kept; trying again");
                        }
                    }
                }
                directory.send_replace(Some(fresh));
            }
            Err(error) if failing => tracing::debug!(%error, "directory still not refreshed"),
            Err(error) => {
                failing = true;
                tracing::warn!(%error, "directory not refreshed; the last good copy counts until it expires");
            }
        }
    }
}

/// A message that was accepted before a restart must not be accepted again, and a quota that was used not be used again.
/// Gives the file in which the counts of quotas are kept.
async fn remember(gateway: &Gateway, db: &Db, data_dir: &Path, clock: &dyn Clock) -> anyhow::Result<PathBuf> {
    let (now, usage_file) = (clock.now(), data_dir.join("usage.json"));
    if let Err(error) = usage::load(&gateway.usage, &usage_file, now) {
        tracing::error!(%error, "số đếm hạn mức không đọc được, đếm lại từ 0 / the counts of quotas are not readable and begin at 0");
    }
    let window = gateway.nonces.window_s();
    let recent = recorder::recent_nonces(db, now.plus_secs(-window)).await?;
    gateway.nonces.remember(recent, now.plus_secs(window));
    Ok(usage_file)
}

struct Sockets {
    nodes: Server,
    plain: Option<Server>,
    secure: Option<Server>,
    ops: Option<tokio::net::TcpListener>,
}

async fn bind(
    listen: &crate::config::Listen,
    identity: &Identity,
    verifier: NodeVerifier,
) -> anyhow::Result<Sockets> {
    let limits = web::Limits {
        connections_max: listen.connections_max,
        drain_s: listen.drain_s,
        ..web::Limits::default()
    };
    let always = |config: Arc<rustls::ServerConfig>| -> TlsSource { Arc::new(move || Arc::clone(&config)) };
    let in_use = |key: &str, address| {
        format!(
            "[listen] {key} = {address}: không mở được cổng, có thể đang dùng; đổi cổng hoặc dừng chương trình kia / cannot listen; the port may be in use: choose another or stop the other program"
        )
    };
    let nodes = Server::bind(listen.nodes, Some(always(identity.accept_nodes(verifier)?)), limits).await;
    let nodes = nodes.with_context(|| in_use("nodes", listen.nodes))?;
    // Other nodes keep the default: it is longer than they keep idle connections.
    let limits = web::Limits { head_s: listen.head_s, ..limits };
    let plain = match listen.systems_plain {
        Some(address) => Some(
            Server::bind(address, None, limits).await.with_context(|| in_use("systems_plain", address))?,
        ),
        None => None,
    };
    let secure = match listen.systems {
        Some(address) => {
            let tls = Some(always(identity.accept_systems()?));
            Some(Server::bind(address, tls, limits).await.with_context(|| in_use("systems", address))?)
        }
        None => None,
    };
    let ops = match listen.ops {
        Some(address) => {
            Some(tokio::net::TcpListener::bind(address).await.with_context(|| in_use("ops", address))?)
        }
        None => None,
    };
    Ok(Sockets { nodes, plain, secure, ops })
}

fn serve(
    sockets: Sockets,
    gateway: &Arc<Gateway>,
    health: &Arc<Health>,
    stopped: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    let gw = Arc::clone(gateway);
    let answer = move |peer, request| provider::handle(Arc::clone(&gw), peer, request);
    tasks.push(tokio::spawn(sockets.nodes.run(answer, stopped.clone())));
    for server in [sockets.plain, sockets.secure].into_iter().flatten() {
        let gw = Arc::clone(gateway);
        let answer = move |peer, request| consumer::handle(Arc::clone(&gw), peer, request);
        tasks.push(tokio::spawn(server.run(answer, stopped.clone())));
    }
    if let Some(listener) = sockets.ops {
        tasks.push(tokio::spawn(ops::serve(listener, Arc::clone(health), stopped.clone())));
    }
    tasks
}

/// The role of data sources, where the node has it.
async fn start_sources(
    config: &Config,
    keys: &dyn KeyStore,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<sources_role::Running> {
    let Some(section) = &config.sources else { return Ok(sources_role::Running::default()) };
    let means = sources_role::Means::of(config, section, keys)?;
    sources_role::start(section, means, stopped.clone()).await
}

/// The role of procedures, where the node has it.
async fn start_process(
    config: &Config,
    clock: &Arc<dyn Clock>,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<process_role::Running> {
    let Some(section) = &config.process else { return Ok(process_role::Running::default()) };
    process_role::start(section, Arc::clone(clock), stopped.clone()).await
}
