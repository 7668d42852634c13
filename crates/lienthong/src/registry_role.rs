//! The role of the registry: its store, its people, its API, and the bridge to the gateway of the same node.

use std::sync::Arc;

use anyhow::Context as _;
use base::{Clock, Ts};
use exchange::tls::Identity;
use registry::api::{self, Api, Parts};
use registry::people::People;
use registry::registry::Registry;
use registry::state::vietnam_day;
use registry::{RegistryError, Rules};
use store::Db;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Server, TlsSource};

use crate::config::RegistrySection;

/// A running registry.
pub struct Running {
    /// The registry.
    pub registry: Arc<Registry>,
    /// Listeners of the API; they end with the node.
    pub serving: Vec<JoinHandle<()>>,
}

/// Opens the registry and serves its API.
///
/// # Errors
/// The store, the file of people or a socket is not usable; the text names it.
pub async fn start(
    section: &RegistrySection,
    identity: &Identity,
    clock: Arc<dyn Clock>,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<Running> {
    let registry = Arc::new(open(section, clock).await?);
    let people = Arc::new(People::read(&section.people)?);
    std::fs::create_dir_all(&section.attachments)
        .with_context(|| format!("[registry] attachments = {}", section.attachments.display()))?;
    let standing = Arc::clone(&people);
    let api = Api::new(Parts {
        registry: Arc::clone(&registry),
        sign_in: people.into_sign_in(),
        standing: Arc::new(move |id, now: Ts| standing.person(id, vietnam_day(now))),
        sessions: api::session::Sessions::default(),
        attachments: section.attachments.clone(),
    });
    let router = api::router(api);
    let tls: TlsSource = {
        let config = identity.accept_systems()?;
        Arc::new(move || Arc::clone(&config))
    };
    let mut serving = Vec::new();
    for (address, tls) in [(section.listen, Some(tls)), (section.plain, None)] {
        let Some(address) = address else { continue };
        let server = Server::bind(address, tls, web::Limits::default()).await;
        let server = server.with_context(|| {
            format!("[registry] {address}: không mở được cổng / cannot listen; the port may be in use")
        })?;
        serving.push(tokio::spawn(web::router::serve(server, router.clone(), stopped.clone())));
    }
    Ok(Running { registry, serving })
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
