//! Error codes and whose fault an error is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stable error code such as `EX-0103`; each one has a page in `docs/errors/`.
///
/// A code is never given a second meaning: it is retired, not reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EX-{:04}", self.0)
    }
}

/// On which side of a call the cause of an error lies: the first question of every incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The asking information system sent something that cannot be served.
    Client,
    /// The consumer's node, its configuration, store, keys or clock.
    Consumer,
    /// The provider's node refused or failed.
    Provider,
    /// The provider's information system behind its node failed.
    Service,
    /// The network between the nodes, or the centre.
    Network,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Consumer => "consumer",
            Self::Provider => "provider",
            Self::Service => "service",
            Self::Network => "network",
        })
    }
}
