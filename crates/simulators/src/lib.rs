//! Stand-ins for what stands behind a node, for the demo, the tests and the benchmarks: databases and files as agencies
//! have them, with the definitions that make services of them, and a service that echoes.
//!
//! **Invariant:** nothing here knows the exchange.

pub mod civil_status;
pub mod echo;
pub mod poor_households;
pub mod population;
mod running;
#[cfg(test)]
mod testing;

pub use running::Running;
