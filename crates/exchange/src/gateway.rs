//! What both sides of a call share: the parts of a running gateway.

use std::path::PathBuf;
use std::sync::Arc;

use base::{Clock, NodeId};
use crypto::certificate::Purpose;
use directory::snapshot::Snapshot;
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use crate::error::Reason;
use crate::forward::Systems;
use crate::nonces::Nonces;
use crate::peers::Peers;
use crate::recorder::Recorder;
use crate::rights::Rights;
use crate::signer::Signer;
use crate::standing::{Standing, short};
use crate::tls::{DirectoryWatch, Identity};
use crate::usage::Usage;
use crate::verifier::Verifier;

/// Limits of the data plane; each has a key in the section `[limits]` of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body, request or answer.
    pub body_bytes_max: u64,
    /// Bytes of an answer that is cut to granted fields: it is held in memory.
    pub cut_bytes_max: u64,
    /// Bytes of a request's line and headers.
    pub head_bytes_max: usize,
    /// Seconds for a whole call, at the consumer's node.
    pub call_s: u64,
    /// Calls in flight on each side; more are refused with 503.
    pub calls_max: usize,
    /// Seconds that another node's clock may differ from ours.
    pub clock_skew_max_s: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 20 * 1024 * 1024,
            cut_bytes_max: 4 * 1024 * 1024,
            head_bytes_max: 64 * 1024,
            call_s: 60,
            calls_max: 2048,
            clock_skew_max_s: 60,
        }
    }
}

/// What a gateway is made of.
pub struct Parts {
    /// This node.
    pub node: NodeId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The latest directory.
    pub directory: DirectoryWatch,
    /// What is offered and allowed.
    pub rights: watch::Receiver<Arc<Rights>>,
    /// The member's signing key.
    pub signer: Signer,
    /// The message log.
    pub recorder: Recorder,
    /// Judge of certificates.
    pub standing: Arc<Standing>,
    /// The node's TLS identity.
    pub identity: Identity,
    /// Numbers.
    pub limits: Limits,
    /// Folder for large bodies.
    pub spool_dir: PathBuf,
    /// Key of the pseudonyms of persons concerned.
    pub pseudonym_key: Zeroizing<Vec<u8>>,
}

/// A running gateway, both sides.
pub struct Gateway {
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    directory: DirectoryWatch,
    rights: watch::Receiver<Arc<Rights>>,
    pub(crate) signer: Signer,
    pub(crate) recorder: Recorder,
    pub(crate) standing: Arc<Standing>,
    pub(crate) verifier: Verifier,
    /// The replay window.
    pub nonces: Nonces,
    /// What was used of grants.
    pub usage: Arc<Usage>,
    pub(crate) peers: Peers,
    pub(crate) systems: Systems,
    pub(crate) limits: Limits,
    pub(crate) spool_dir: PathBuf,
    pub(crate) pseudonym_key: Zeroizing<Vec<u8>>,
    pub(crate) consuming: Arc<Semaphore>,
    pub(crate) providing: Arc<Semaphore>,
}

impl Gateway {
    /// Puts the parts together; no call is carried out yet.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            node,
            clock,
            directory,
            rights,
            signer,
            recorder,
            standing,
            identity,
            limits,
            spool_dir,
            pseudonym_key,
        } = parts;
        let peers =
            Peers::new(directory.clone(), Arc::clone(&standing), Arc::clone(&clock), identity.clone());
        Self {
            node,
            clock,
            directory,
            rights,
            signer,
            recorder,
            standing,
            verifier: Verifier::default(),
            nonces: Nonces::new(limits.clock_skew_max_s),
            usage: Arc::default(),
            peers,
            systems: Systems::new(identity),
            limits,
            spool_dir,
            pseudonym_key,
            consuming: Arc::new(Semaphore::new(limits.calls_max)),
            providing: Arc::new(Semaphore::new(limits.calls_max)),
        }
    }

    /// The directory, if it is in force.
    ///
    /// # Errors
    /// [`Reason::DirectoryExpired`], also when there never was one.
    pub fn directory(&self) -> Result<Arc<Snapshot>, Reason> {
        let directory = self.directory.borrow().clone().ok_or(Reason::DirectoryExpired)?;
        if directory.is_expired(self.clock.now()) { Err(Reason::DirectoryExpired) } else { Ok(directory) }
    }

    /// Whether others will believe what this node signs; asked before anything is set in motion.
    ///
    /// # Errors
    /// [`Reason::CannotSign`]: its own signing certificate is not in force.
    pub fn can_sign(&self, directory: &Snapshot) -> Result<(), Reason> {
        let standing =
            self.standing.check(directory, &self.signer.certificate, Purpose::Sign, self.clock.now());
        standing.map_err(|error| Reason::CannotSign(short(&error)))
    }

    /// What is offered and allowed now.
    pub fn rights(&self) -> Arc<Rights> {
        Arc::clone(&self.rights.borrow())
    }

    /// Calls in flight: as consumer, as provider.
    pub fn in_flight(&self) -> (usize, usize) {
        let busy = |free: &Semaphore| self.limits.calls_max.saturating_sub(free.available_permits());
        (busy(&self.consuming), busy(&self.providing))
    }

    /// The message log's queue and health, for metrics and readiness.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}
