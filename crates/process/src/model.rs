//! A BPMN file as a checked graph: what can be executed, with all references resolved.
//!
//! The file itself is what is kept and given out again: import and export lose nothing because nothing is written anew.
//! [`read()`] takes from it what is executed. [`Element`] says of every element of the standard what becomes of it.

mod element;
mod fault;
mod graph;
mod read;
mod report;
#[cfg(test)]
mod tests;
mod walk;
mod xml;

pub use element::{Class, Element};
pub use fault::{Code, Fault, Weight};
pub use graph::*;
pub use read::read;

/// A file that was read.
#[derive(Debug, Default)]
pub struct Model {
    /// What is executed.
    pub program: Program,
    /// Calls of processes that are not in the file, to be linked before anything is executed.
    pub calls: Vec<OpenCall>,
    /// Ids of processes that are only drawn: not executable, called by none that is, and not complete.
    pub drawings: Vec<Box<str>>,
    /// What the author should look at.
    pub warnings: Vec<Fault>,
}

/// A call activity that calls a process of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// The call activity; its kind is [`Kind::Call`] of the scope [`UNLINKED`] until it is linked.
    pub node: NodeIx,
    /// Id of the process or global task.
    pub process: Box<str>,
}

/// The scope of a call activity that is not linked yet: none of the program.
pub const UNLINKED: ScopeIx = ScopeIx(u32::MAX);
