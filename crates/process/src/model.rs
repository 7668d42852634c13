//! A BPMN file as a checked graph: what can be executed, with all references resolved.
//!
//! The file itself is what is kept and given out again: import and export lose nothing because nothing is written anew.
//! [`read()`] takes from it what is executed. [`Element`] says of every element of the standard what becomes of it.

mod element;
mod fault;
mod graph;
mod link;
mod read;
mod report;
#[cfg(test)]
mod tests;
mod walk;
pub(crate) mod xml;

use serde::{Deserialize, Serialize};

pub use element::{Class, Element};
pub use fault::{Code, Fault, Weight};
pub use graph::*;
pub(crate) use link::cycle;
pub use link::{Content, FILES_MAX, NODES_MAX, Part, link, link_files};
pub use read::read;

/// A file that was read.
#[derive(Debug, Default)]
pub struct Model {
    /// What is executed.
    pub program: Program,
    /// Calls of processes and decisions that are not in the file, to be linked before anything is executed.
    pub calls: Vec<OpenCall>,
    /// Ids of processes that are only drawn: not executable, called by none that is, and not complete.
    pub drawings: Vec<Box<str>>,
    /// What the author should look at.
    pub warnings: Vec<Fault>,
}

/// A call activity or rule task that names what is in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// The activity. The kind of a call activity is [`Kind::Call`] of the scope [`UNLINKED`] until it is linked.
    pub node: NodeIx,
    /// What it names.
    pub what: Called,
    /// Id of the process or global task; id or name of the decision.
    pub name: Box<str>,
    /// The version that it wants, from the extension attribute `version`; else the newest that counts.
    pub version: Option<i64>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Called {
    /// A process or global task.
    Process,
    /// A decision.
    Decision,
}

impl OpenCall {
    /// That what it names is not there, in words.
    pub fn missing(&self, line: u32, element: &str) -> String {
        let (vi, en) = match self.what {
            Called::Process => ("quy trình", "process"),
            Called::Decision => ("quyết định", "decision"),
        };
        let name = &self.name;
        let version = self.version.map_or(String::new(), |version| format!(" (version {version})"));
        format!(
            "dòng / line {line}, {element}: không có {vi} {name}{version} trong tệp hay trong các mô hình đã triển khai; hãy triển khai trước, hoặc thêm --with TỆP khi chạy thử / {en} {name}{version} is neither in the file nor deployed; deploy it first, or add --with FILE when trying out"
        )
    }
}

/// The scope of a call activity that is not linked yet: none of the program.
pub const UNLINKED: ScopeIx = ScopeIx(u32::MAX);
