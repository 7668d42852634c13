//! Calls other nodes over kept-alive connections.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base::{Clock, NodeId};
use crypto::certificate::{Certificate, Purpose};
use directory::content::Node;
use directory::snapshot::Snapshot;
use http::{Request, Response};

use crate::body::OutBody;
use crate::dial::{self, ClientError, Destination, HttpClient, InBody};
use crate::error::Reason;
use crate::message::Call;
use crate::standing::Standing;
use crate::tls::{DirectoryWatch, Identity, NodeVerifier};

/// How long a node that could not be reached is passed over while others serve the same subsystem.
const AVOID: Duration = Duration::from_secs(5);

/// What connections to a node were judged by: the directory, and which of its TLS certificates were in force.
type Judged = (u64, Vec<bool>);

/// The other nodes, as this one calls them.
pub struct Peers {
    directory: DirectoryWatch,
    standing: Arc<Standing>,
    clock: Arc<dyn Clock>,
    identity: Identity,
    clients: Mutex<HashMap<NodeId, (Judged, HttpClient)>>,
    avoided: Mutex<HashMap<NodeId, Instant>>,
}

impl Peers {
    /// No connections yet.
    pub fn new(
        directory: DirectoryWatch,
        standing: Arc<Standing>,
        clock: Arc<dyn Clock>,
        identity: Identity,
    ) -> Self {
        Self { directory, standing, clock, identity, clients: Mutex::default(), avoided: Mutex::default() }
    }

    /// Chooses the node of the provider: the one asked for, or the first that answers calls.
    ///
    /// # Errors
    /// Unknown provider, unsuitable node, or all in maintenance.
    pub fn find(&self, directory: &Snapshot, call: &Call) -> Result<Arc<Node>, Reason> {
        let nodes = directory.nodes_of(&call.target.service.provider);
        if nodes.is_empty() {
            return Err(Reason::ProviderUnknown);
        }
        let wanted = |node: &&Arc<Node>| call.wanted_node.as_ref().is_none_or(|id| *id == node.id);
        let mut nodes: Vec<_> = nodes.iter().filter(wanted).collect();
        if nodes.is_empty() {
            return Err(Reason::NodeUnsuitable);
        }
        let avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.sort_by_key(|node| avoided.get(&node.id).is_some_and(|since| since.elapsed() < AVOID));
        let open = nodes.iter().find(|node| node.maintenance.is_none());
        open.map(|node| Arc::clone(node))
            .ok_or_else(|| Reason::Maintenance(nodes[0].maintenance.clone().unwrap_or_default()))
    }

    /// Sends a message to a node and gives its answer's head; the body is still to be read.
    ///
    /// # Errors
    /// The node cannot be reached, shows a wrong certificate, or breaks off.
    pub async fn send(&self, node: &Node, request: Request<OutBody>) -> Result<Response<InBody>, Reason> {
        let client = self.client(&node.id)?;
        match client.request(request).await {
            Ok(response) => Ok(response),
            Err(error) => {
                let reason = reason(&error);
                tracing::warn!(node = %node.id, %error, cause = ?error.source(), "call to a node failed");
                if matches!(error, ClientError::Connect(_)) {
                    self.avoid(&node.id);
                }
                Err(reason)
            }
        }
    }

    fn avoid(&self, node: &NodeId) {
        let mut avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        avoided.insert(node.clone(), Instant::now());
    }

    fn client(&self, node: &NodeId) -> Result<HttpClient, Reason> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // A certificate that was withdrawn or is over ends its connections: they are opened, and judged, anew.
        let judged = self.judged(node);
        if let Some((_, client)) = clients.get(node).filter(|(by, _)| *by == judged) {
            return Ok(client.clone());
        }
        let (directory, standing, clock) =
            (self.directory.clone(), Arc::clone(&self.standing), Arc::clone(&self.clock));
        let verifier = NodeVerifier::new(directory.clone(), standing, clock, Some(node.clone()));
        let tls = self.identity.call_node(verifier).map_err(|error| {
            tracing::error!(%error, "cannot make a TLS configuration");
            Reason::Internal
        })?;
        let id = node.clone();
        let addresses = move || {
            let directory = directory.borrow().clone();
            directory.and_then(|d| d.node(&id).map(|n| n.addresses.clone())).unwrap_or_default()
        };
        let client = dial::client(Destination::Addresses(Arc::new(addresses)), Some(tls));
        clients.insert(node.clone(), (judged, client.clone()));
        Ok(client)
    }

    fn judged(&self, node: &NodeId) -> Judged {
        let Some(directory) = self.directory.borrow().clone() else { return Judged::default() };
        let now = self.clock.now();
        let in_force = |c: &Certificate| self.standing.check(&directory, c, Purpose::TlsServer, now).is_ok();
        let certificates = directory.node(node).map(|n| n.tls_certificates.iter().map(in_force).collect());
        (directory.number(), certificates.unwrap_or_default())
    }
}

fn reason(error: &ClientError) -> Reason {
    let mut cause = error.source();
    while let Some(inner) = cause {
        // An `io::Error` shows what it wraps only through `get_ref`.
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = wrapped.and_then(|w| w.downcast_ref::<rustls::Error>());
        if tls.or_else(|| inner.downcast_ref::<rustls::Error>()).is_some() {
            return Reason::PeerCertificate;
        }
        cause = inner.source();
    }
    match error {
        ClientError::Connect(_) => Reason::PeerUnreachable,
        ClientError::Broken(_) => Reason::PeerMessage("connection broken off"),
    }
}
