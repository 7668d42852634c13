//! Persons who are there more than once, within a source and across sources.
//!
//! Record linkage as Fellegi and Sunter gave it ("A theory for record linkage", JASA 64, 1969): each pair of rows is compared
//! field by field, each comparison has a level, and each level says how much likelier it is for one person (`m`) than for two
//! (`u`). `u` is counted on pairs by chance, `m` is found by expectation–maximization on pairs that agree in something
//! (Winkler, "Using the EM algorithm for weight computation", 1988), and a common name counts less than a rare one
//! (Winkler, "Frequency-based matching", 2000). Pairs are looked for only where they agree in a blocking key.
//!
//! What is found is told to people. Nothing is merged, nothing is written anywhere.

mod block;
mod compare;
mod found;
mod model;
mod person;
mod told;

pub use compare::{Comparison, Evidence};
pub use found::{Cluster, Found, Options, Pair, find};
pub use model::Model;
pub use person::{Columns, PERSONS_MAX, Register};
