//! Which processes, scopes, nodes and flows there are.

use std::collections::BTreeSet;

use super::draft::{Draft, truth};
use crate::model::element::{is_flow_node, is_global_task, is_sub_process};
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{Flow, FlowIx, Io, Kind, Node, NodeIx, Process, Scope, ScopeIx, ScopeKind, Task};

impl<'a> Draft<'a> {
    /// Gives places to processes, scopes and nodes.
    pub(super) fn outline(&mut self, left_out: &BTreeSet<&'a str>) {
        for tag in self.root.children() {
            let global = is_global_task(tag.kind());
            if !(global || tag.kind() == "process") || tag.id().is_some_and(|id| left_out.contains(id)) {
                continue;
            }
            self.needs_id(tag);
            let id = tag.id().unwrap_or_default();
            let at = self.program.processes.len();
            self.processes.entry(id).or_insert(at);
            let scope = ScopeIx(place(self.program.scopes.len()));
            let procedure = self.read_procedure(tag);
            let (agency, limit) = (self.agency(tag), self.limit(tag));
            let name = if tag.name().is_empty() { id } else { tag.name() };
            let executable = self.flag(tag, "isExecutable", false);
            self.program.processes.push(Process {
                id: id.into(),
                name: name.into(),
                executable,
                scope,
                procedure,
                agency,
                limit,
                clocked: limit.is_some(),
            });
            self.scope(tag, None, at);
            if global {
                self.node(tag, scope, at);
            }
        }
    }

    fn scope(&mut self, tag: Tag<'a>, node: Option<NodeIx>, process: usize) -> ScopeIx {
        let at = ScopeIx(place(self.program.scopes.len()));
        self.program.scopes.push(Scope {
            node,
            process,
            kind: ScopeKind::Plain,
            nodes: Vec::new(),
            starts: Vec::new(),
            event_subs: Vec::new(),
            variables: Vec::new(),
        });
        self.bodies.push(tag);
        for child in tag.children().filter(|child| is_flow_node(child.kind())) {
            self.node(child, at, process);
        }
        at
    }

    fn node(&mut self, tag: Tag<'a>, scope: ScopeIx, process: usize) {
        let at = NodeIx(place(self.program.nodes.len()));
        let id = tag.id().unwrap_or_default();
        self.needs_id(tag);
        self.program.nodes.push(Node {
            id: id.into(),
            name: tag.name().into(),
            line: self.report.line(tag),
            scope,
            kind: Kind::Task(Task::Plain),
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
            boundary: Vec::new(),
            repeat: None,
            io: Io::default(),
            start_quantity: 1,
            completion_quantity: 1,
            for_compensation: truth(tag.get("isForCompensation")),
            compensated_by: None,
            lane: None,
            agency: None,
            lane_limit: None,
            pauses: false,
            extra: Vec::new(),
        });
        self.tags.push(tag);
        self.nodes.entry(id).or_insert(at);
        self.scope_mut(scope).nodes.push(at);
        if is_sub_process(tag.kind()) {
            let body = self.scope(tag, Some(at), process);
            self.node_mut(at).kind = Kind::SubProcess(body);
            if self.is_event_sub_process(at) {
                self.scope_mut(scope).event_subs.push(at);
            }
        }
    }

    fn needs_id(&mut self, tag: Tag<'a>) {
        // A global task is a process and its node, and told once.
        if tag.id().is_none() && !(is_global_task(tag.kind()) && self.processes.contains_key("")) {
            self.report.add(Code::MissingId, tag, &[tag.kind()]);
        }
    }

    /// Joins the nodes by their sequence flows.
    pub(super) fn read_flows(&mut self) {
        for scope in 0..self.bodies.len() {
            let flows: Vec<_> = self.bodies[scope].all("sequenceFlow").collect();
            for tag in flows {
                self.needs_id(tag);
                let ends = (self.end(tag, "sourceRef"), self.end(tag, "targetRef"));
                if let (Some(source), Some(target)) = ends {
                    self.flow(tag, source, target);
                }
            }
        }
    }

    fn end(&mut self, tag: Tag<'a>, attribute: &str) -> Option<NodeIx> {
        if tag.get(attribute).is_none() {
            self.report.add(Code::MissingReference, tag, &[attribute]);
        }
        let end = self.refer_by(tag, attribute, &[])?;
        let node = end.id().and_then(|id| self.nodes.get(id)).copied();
        if node.is_none() {
            let id = end.id().unwrap_or_default();
            let expected = "task, …Event, …Gateway, subProcess, callActivity";
            self.report.add(Code::WrongReference, tag, &[attribute, id, end.kind(), expected]);
        }
        node
    }

    fn flow(&mut self, tag: Tag<'a>, source: NodeIx, target: NodeIx) {
        let (from, to) = (self.program.node(source), self.program.node(target));
        if from.scope != to.scope {
            let ends = [from.id.to_string(), to.id.to_string()];
            return self.report.add(Code::FlowCrossesScope, tag, &[&ends[0], &ends[1]]);
        }
        let at = FlowIx(place(self.program.flows.len()));
        let id = tag.id().unwrap_or_default();
        self.flows.entry(id).or_insert(at);
        self.flow_tags.push(tag);
        self.program.flows.push(Flow {
            id: id.into(),
            name: tag.name().into(),
            source,
            target,
            condition: None,
        });
        self.node_mut(source).outgoing.push(at);
        self.node_mut(target).incoming.push(at);
    }
}

/// A place in a table; a file has far fewer elements.
fn place(length: usize) -> u32 {
    u32::try_from(length).expect("a file has fewer than four thousand million elements")
}
