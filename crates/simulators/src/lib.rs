//! Stand-ins for the information systems around a node, for the demo, the tests and the benchmarks.
//!
//! **Invariant:** nothing here knows the exchange. These are plain HTTP services on loopback, as a
//! ministry's own system would be behind its node.

pub mod civil_status;
pub mod echo;
pub mod poor_households;
pub mod population;
mod running;
#[cfg(test)]
mod testing;

pub use running::Running;
