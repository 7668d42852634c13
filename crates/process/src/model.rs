//! A BPMN file as a checked graph: what can be executed, with all references resolved.

mod graph;

pub use graph::*;
