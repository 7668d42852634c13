//! Two gateways over real sockets, and those who attack them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod audit;
mod calls;
mod certificates;
mod clocks;
mod grants;
mod guessing;
mod impostor;
mod intruder;
mod load;
mod messages;
mod pair;
mod parsers;
mod party;
mod replay;
mod service;
mod storage;
mod vectors;
mod world;
