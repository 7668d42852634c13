//! HTTP listeners: TLS handshakes off the accept loop, limits with numbers, graceful drain.
//!
//! **Invariant:** knows nothing of services, rights or stores; hands each request to one function.

pub mod listen;
pub mod problem;
pub mod router;

pub use listen::{Limits, Peer, Server, TlsSource};
pub use problem::{Problem, ProblemError};

/// Among the extensions of a request of this process: nobody's hand made it, so it keeps no session alive.
#[derive(Clone, Copy, Debug)]
pub struct Unattended;
