//! Several files as one program: the file that is executed, and those that its call activities and rule tasks name.
//!
//! Each file is there once, however often it is called. Its elements keep their ids; an id that an earlier file has
//! already becomes `KEY/id`, or `KEY:VERSION/id` where that is taken too, so that history and pictures are never ambiguous.

use std::collections::{BTreeMap, HashSet};

use super::{
    Behavior, Called, FlowIx, Kind, Model, Node, NodeIx, Program, Repeat, Scope, ScopeIx, ScopeKind, Task,
    Trigger, UNLINKED,
};
use crate::decision::Decisions;

/// Most files of a whole.
pub const FILES_MAX: usize = 64;
/// Most flow nodes of a whole.
pub const NODES_MAX: usize = 20_000;

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// Processes.
    Processes(Model),
    /// Decisions.
    Decisions(Decisions),
}

/// A file of a whole.
#[derive(Debug)]
pub struct Part {
    /// What it is deployed as; of a file that is not, its first process or decision.
    pub key: Box<str>,
    /// Its version, where it has one.
    pub version: Option<i64>,
    /// What it holds.
    pub content: Content,
    /// For each open call of its model, in order, the place of the part that is called.
    pub links: Vec<usize>,
}

/// Makes one program of parts, the first of which is executed.
///
/// # Errors
/// What is called cannot begin, calls lead back to where they came from, or the whole is too large; each in words.
pub fn link(parts: Vec<Part>) -> Result<Program, Vec<String>> {
    if parts.len() > FILES_MAX {
        return Err(vec![format!(
            "hơn {FILES_MAX} tệp gọi nhau; hãy gộp bớt / more than {FILES_MAX} files call each other; have fewer"
        )]);
    }
    let mut whole = Whole::default();
    let mut open = Vec::new();
    for (part, Part { key, version, content, links }) in parts.into_iter().enumerate() {
        match content {
            Content::Decisions(decisions) => whole.decisions.push((part, decisions)),
            Content::Processes(model) => {
                let first = whole.take(part, (&key, version), model.program);
                let calls = model.calls.into_iter().zip(links);
                open.extend(calls.map(|(call, link)| (NodeIx(call.node.0 + first), call, link)));
            }
        }
    }
    if whole.program.nodes.len() > NODES_MAX {
        return Err(vec![format!(
            "các tệp gọi nhau có hơn {NODES_MAX} nút / files that call each other have more than {NODES_MAX} nodes"
        )]);
    }
    for (node, call, link) in open {
        whole.join(node, &call, link);
    }
    whole.recursion();
    let Whole { mut program, decisions, faults, .. } = whole;
    program.decisions = decisions.into_iter().map(|(_, decisions)| decisions).collect();
    if faults.is_empty() { Ok(program) } else { Err(faults) }
}

/// Makes one program of a file and others that it may call, none of which is deployed. Which version a call wants does not
/// matter: the files are what there is.
///
/// # Errors
/// As [`link`]; or what is called is in none of them.
pub fn link_files(first: Model, others: Vec<Content>) -> Result<Program, Vec<String>> {
    let contents: Vec<Content> = std::iter::once(Content::Processes(first)).chain(others).collect();
    let (mut links, mut faults) = (Vec::new(), Vec::new());
    for content in &contents {
        let Content::Processes(model) = content else {
            links.push(Vec::new());
            continue;
        };
        let found = model.calls.iter().map(|call| {
            let node = model.program.node(call.node);
            contents.iter().position(|one| one.offers(call)).ok_or_else(|| call.missing(node.line, &node.id))
        });
        let (there, missing): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
        links.push(there.into_iter().flatten().collect());
        faults.extend(missing.into_iter().filter_map(Result::err));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let parts = contents.into_iter().zip(links).map(|(content, links)| {
        let key = content.key().into();
        Part { key, version: None, content, links }
    });
    link(parts.collect())
}

impl Content {
    /// Whether what a call names is here.
    fn offers(&self, call: &super::OpenCall) -> bool {
        match (self, call.what) {
            (Self::Processes(model), Called::Process) => {
                model.program.processes.iter().any(|process| process.id == call.name)
            }
            (Self::Decisions(decisions), Called::Decision) => decisions.find(&call.name).is_some(),
            _ => false,
        }
    }

    /// Id of its first executable process, or first process, or first decision.
    fn key(&self) -> &str {
        match self {
            Self::Decisions(decisions) => decisions.key(),
            Self::Processes(model) => {
                let processes = &model.program.processes;
                let first = processes.iter().find(|process| process.executable).or(processes.first());
                first.map_or("", |process| &process.id)
            }
        }
    }
}

#[derive(Default)]
struct Whole {
    program: Program,
    decisions: Vec<(usize, Decisions)>,
    /// For each process its part, and what it is called there.
    origins: Vec<(usize, Box<str>)>,
    /// Key of each part that has processes.
    keys: BTreeMap<usize, Box<str>>,
    faults: Vec<String>,
    ids: HashSet<Box<str>>,
}

impl Whole {
    /// Adds the program of a part. Gives the place of its first node.
    fn take(&mut self, part: usize, (key, version): (&str, Option<i64>), mut program: Program) -> u32 {
        let whole = &self.program;
        let place = |count: usize| u32::try_from(count).expect("files are limited in size");
        let by = Shift {
            node: place(whole.nodes.len()),
            flow: place(whole.flows.len()),
            scope: place(whole.scopes.len()),
            process: whole.processes.len(),
        };
        self.keys.insert(part, key.into());
        self.origins.extend(program.processes.iter().map(|process| (part, process.id.clone())));
        by.program(&mut program);
        for process in &mut program.processes {
            // What is called does not begin by itself in the caller's name.
            process.executable &= part == 0;
            self.unique(&mut process.id, (key, version));
        }
        for node in &mut program.nodes {
            self.unique(&mut node.id, (key, version));
        }
        for flow in &mut program.flows {
            self.unique(&mut flow.id, (key, version));
        }
        self.program.processes.append(&mut program.processes);
        self.program.scopes.append(&mut program.scopes);
        self.program.nodes.append(&mut program.nodes);
        self.program.flows.append(&mut program.flows);
        self.program.errors.append(&mut program.errors);
        by.node
    }

    fn unique(&mut self, id: &mut Box<str>, (key, version): (&str, Option<i64>)) {
        if self.ids.contains(id) {
            let mut qualified = format!("{key}/{id}");
            if self.ids.contains(&*qualified) {
                qualified = version.map_or(format!("{key}:/{id}"), |version| format!("{key}:{version}/{id}"));
            }
            while self.ids.contains(&*qualified) {
                qualified.push('\'');
            }
            *id = qualified.into();
        }
        self.ids.insert(id.clone());
    }

    /// Joins a call to what it calls.
    fn join(&mut self, at: NodeIx, call: &super::OpenCall, part: usize) {
        let id = self.program.node(at).id.clone();
        let line = self.program.node(at).line;
        match call.what {
            Called::Process => {
                let is = |(origin, process): &(usize, Box<str>)| *origin == part && *process == call.name;
                let Some(place) = self.origins.iter().position(is) else { return self.lost(line, &id, call) };
                let scope = self.program.processes[place].scope;
                if self.program.scope(scope).starts.is_empty() {
                    self.faults.push(format!(
                        "dòng / line {line}, {id}: quy trình {} không có sự kiện bắt đầu thường / process {0} has no none start event",
                        call.name
                    ));
                }
                self.program.nodes[at.0 as usize].kind = Kind::Call(scope);
            }
            Called::Decision => {
                let place = self
                    .decisions
                    .iter()
                    .position(|(origin, found)| *origin == part && found.find(&call.name).is_some());
                if place.is_none() {
                    return self.lost(line, &id, call);
                }
                if let Kind::Task(Task::Rule(Some(decision))) = &mut self.program.nodes[at.0 as usize].kind {
                    decision.file = place;
                }
            }
        }
    }

    fn lost(&mut self, line: u32, id: &str, call: &super::OpenCall) {
        self.faults.push(call.missing(line, id));
    }

    /// Calls that lead back to the same process, whatever its version: the way in words.
    fn recursion(&mut self) {
        let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut names = Vec::new();
        let mut of_process = Vec::new();
        for (part, process) in &self.origins {
            let key = (&*self.keys[part], &**process);
            let place = *places.entry(key).or_insert_with(|| {
                names.push(process.clone());
                names.len() - 1
            });
            of_process.push(place);
        }
        let mut calls = vec![Vec::new(); names.len()];
        for node in &self.program.nodes {
            let Kind::Call(scope) = node.kind else { continue };
            if scope != UNLINKED {
                let from = of_process[self.program.scope(node.scope).process];
                calls[from].push(of_process[self.program.scope(scope).process]);
            }
        }
        if let Some(way) = cycle(&calls) {
            let way = way.into_iter().take(20).map(|place| &*names[place]).collect::<Vec<_>>().join(" → ");
            self.faults.push(format!(
                "các quy trình gọi vòng: {way}; hãy bỏ một lời gọi / processes call each other in circles: {way}; remove a call"
            ));
        }
    }
}

/// A way that leads back to where it began, without recursion of its own.
pub(crate) fn cycle(calls: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut finished = vec![false; calls.len()];
    for first in 0..calls.len() {
        // Processes on the way here, each with how many of its calls were followed.
        let mut way = vec![(first, 0)];
        while let Some((inner, followed)) = way.last_mut().filter(|(inner, _)| !finished[*inner]) {
            let Some(called) = calls[*inner].get(*followed).copied() else {
                finished[*inner] = true;
                way.pop();
                continue;
            };
            *followed += 1;
            if let Some(begin) = way.iter().position(|(process, _)| *process == called) {
                return Some(way[begin..].iter().map(|(process, _)| *process).chain([called]).collect());
            }
            if !finished[called] {
                way.push((called, 0));
            }
        }
    }
    None
}

/// How far the places of a part move.
#[derive(Clone, Copy)]
struct Shift {
    node: u32,
    flow: u32,
    scope: u32,
    process: usize,
}

impl Shift {
    fn program(self, program: &mut Program) {
        program.processes.iter_mut().for_each(|process| self.scope_ix(&mut process.scope));
        program.scopes.iter_mut().for_each(|scope| self.scope(scope));
        program.nodes.iter_mut().for_each(|node| self.node(node));
        for flow in &mut program.flows {
            self.node_ix(&mut flow.source);
            self.node_ix(&mut flow.target);
        }
    }

    fn node_ix(self, at: &mut NodeIx) {
        at.0 += self.node;
    }

    fn flow_ix(self, at: &mut FlowIx) {
        at.0 += self.flow;
    }

    fn scope_ix(self, at: &mut ScopeIx) {
        if *at != UNLINKED {
            at.0 += self.scope;
        }
    }

    fn scope(self, scope: &mut Scope) {
        scope.process += self.process;
        let nodes = scope.node.iter_mut().chain(&mut scope.nodes);
        nodes.chain(&mut scope.starts).chain(&mut scope.event_subs).for_each(|at| self.node_ix(at));
        if let ScopeKind::Event(start) = &mut scope.kind {
            self.node_ix(start);
        }
    }

    fn node(self, node: &mut Node) {
        self.scope_ix(&mut node.scope);
        let flows = node.incoming.iter_mut().chain(&mut node.outgoing).chain(&mut node.default);
        flows.for_each(|at| self.flow_ix(at));
        node.boundary.iter_mut().chain(&mut node.compensated_by).for_each(|at| self.node_ix(at));
        match &mut node.kind {
            Kind::SubProcess(scope) | Kind::Call(scope) => self.scope_ix(scope),
            Kind::Boundary { attached, on, .. } => {
                self.node_ix(attached);
                self.triggers(&mut on.list);
            }
            Kind::Start { on, .. } | Kind::Catch(on) => self.triggers(&mut on.list),
            Kind::Throw(list) | Kind::End(list) => self.triggers(list),
            Kind::Task(_)
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::Inclusive
            | Kind::Complex(_)
            | Kind::EventBased { .. } => {}
        }
        if let Some(Repeat::Multi(multi)) = &mut node.repeat {
            match &mut multi.behavior {
                Behavior::All => {}
                Behavior::One(trigger) | Behavior::Each(trigger) => self.trigger(trigger),
                Behavior::Complex(list) => {
                    for (_, trigger) in list {
                        self.trigger(trigger);
                    }
                }
            }
        }
    }

    fn triggers(self, list: &mut [Trigger]) {
        for trigger in list {
            self.trigger(trigger);
        }
    }

    fn trigger(self, trigger: &mut Trigger) {
        match trigger {
            Trigger::Link(Some(at)) | Trigger::Compensation { activity: Some(at), .. } => self.node_ix(at),
            Trigger::Link(None)
            | Trigger::Compensation { activity: None, .. }
            | Trigger::Message(_)
            | Trigger::Timer(..)
            | Trigger::Signal(_)
            | Trigger::Error(_)
            | Trigger::Escalation(_)
            | Trigger::Condition(_)
            | Trigger::Cancel
            | Trigger::Terminate => {}
        }
    }
}
