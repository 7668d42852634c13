//! From the elements of a file to the graph, in steps: outline, flows, kinds of nodes, data, checks.

mod activity;
mod agency;
mod check;
mod data;
mod draft;
mod event;
mod gateway;
mod lanes;
mod message;
mod outline;
mod procedure;
mod timer;

use std::collections::{BTreeMap, BTreeSet};

use draft::Draft;

use super::Model;
use super::fault::{Code, Fault};
use super::report::Report;
use super::walk::walk;
use super::xml::{self, Lines, Tag};

/// Reads a file and checks it.
///
/// At most 8 MiB, 20,000 elements, 64 levels; UTF-8, UTF-16 or ISO-8859-1; no DTD.
///
/// # Errors
/// All faults of the file, in its order.
pub fn read(bytes: &[u8]) -> Result<Model, Vec<Fault>> {
    let text = xml::decode(bytes).map_err(|fault| vec![fault])?;
    let document = xml::parse(&text).map_err(|fault| vec![fault])?;
    let root = document.root_element();
    let Some(root) = Tag::new(root).filter(|root| root.kind() == "definitions") else {
        let namespace = root.tag_name().namespace().unwrap_or_default();
        return Err(vec![Fault::new(Code::WrongNamespace, 1, &[root.tag_name().name(), namespace])]);
    };
    let lines = Lines::new(&text);
    let mut report = Report::new(&lines);
    let ids = walk(root, &mut report);
    if report.has(Code::TooManyElements) {
        return Err(report.split(|_| false).0);
    }
    let live = Live::of(root);
    let mut draft = Draft::read(root, ids.clone(), report, &BTreeSet::new());
    let drawings = live.drawings(draft.report.incomplete());
    for process in drawings.iter().filter_map(|id| ids.get(id)) {
        draft.report.add(Code::DrawingOnly, *process, &[]);
    }
    if !live.any_executable {
        draft.report.add(Code::NothingExecutable, root, &[]);
    }
    let (faults, warnings) = draft.report.split(|process| drawings.contains(process));
    if !faults.is_empty() {
        return Err(faults);
    }
    let (mut program, mut calls) = (draft.program, draft.calls);
    if !drawings.is_empty() {
        // What stays a drawing has places in the tables: they are made anew without it.
        let again = Draft::read(root, ids, Report::new(&lines), &drawings);
        (program, calls) = (again.program, again.calls);
    }
    let errors = root.children().filter(|tag| tag.kind() == "error");
    program.errors = errors.map(|tag| event::code_of(tag, "errorCode")).collect();
    let drawings = drawings.into_iter().map(Into::into).collect();
    Ok(Model { program, calls, drawings, warnings })
}

/// Which processes are executed, and which of them call which.
struct Live<'a> {
    any_executable: bool,
    /// Executable, or called by one that is.
    ids: BTreeSet<&'a str>,
    calls: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Live<'a> {
    fn of(root: Tag<'a>) -> Self {
        let mut calls: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut open = Vec::new();
        for process in root.all("process") {
            let Some(id) = process.id() else { continue };
            if matches!(process.get("isExecutable"), Some("true" | "1")) {
                open.push(id);
            }
            let inside = process.node().descendants().filter_map(Tag::new);
            let called = inside.filter(|tag| tag.kind() == "callActivity");
            let called = called.filter_map(|tag| Some(draft::local(tag, tag.get("calledElement")?)));
            calls.insert(id, called.collect());
        }
        let any_executable = !open.is_empty();
        let mut ids = BTreeSet::new();
        while let Some(id) = open.pop() {
            if ids.insert(id) {
                open.extend(calls.get(id).into_iter().flatten());
            }
        }
        Self { any_executable, ids, calls }
    }

    /// Processes that stay drawings: incomplete, not executed; and those that call such a one.
    fn drawings(&self, incomplete: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (caller, called) in &self.calls {
            for id in called {
                callers.entry(id).or_default().push(caller);
            }
        }
        let mut open: Vec<&str> = incomplete.collect();
        let mut drawings = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !self.ids.contains(id) && drawings.insert(id) {
                open.extend(callers.get(id).into_iter().flatten());
            }
        }
        drawings
    }
}
