//! How a node begins, does its work and is completed.

use serde_json::{Map, Value};

use super::DEPTH_MAX;
use super::event::{Event, Fault};
use super::run::{Run, Work};
use super::state::{Body, Done, Exec, ExecId, Role, Step};
use crate::model::{FlowIx, Kind, Node, NodeIx, ScopeKind, Task};

/// Incident of a step that could not take its data in.
pub(super) const NO_INPUT: &str = "no-input";

impl<'a> Run<'a> {
    pub fn enter_all(&mut self, parent: ExecId, nodes: &[NodeIx]) {
        self.queue.extend(nodes.iter().map(|node| Work::Enter { parent, node: *node }));
    }

    /// A token is at a node.
    pub fn enter(&mut self, parent: ExecId, at: NodeIx) {
        if self.state.exec(parent).is_none() {
            return;
        }
        if self.program.node(at).repeat.is_some() {
            self.begin_many(parent, at);
        } else {
            self.begin(parent, at, Map::new());
        }
    }

    /// Begins a node once. `own` are variables of this time only.
    pub fn begin(&mut self, parent: ExecId, at: NodeIx, own: Map<String, Value>) {
        let node = self.program.node(at);
        let exec = ExecId(self.next_id());
        self.emit(Event::Entered { exec, parent: Some(parent), node: Some(at), role: role(node) });
        self.own(exec, own);
        let alone = !matches!(self.role_of(parent), Some(Role::Many(_)));
        if self.belongs(exec) {
            self.begin_clock(exec);
            if !alone || self.prepare(exec, node) {
                self.act(exec);
            }
        }
    }

    /// Takes data in and waits for the events on the border. Whether that went well.
    pub fn prepare(&mut self, exec: ExecId, node: &'a Node) -> bool {
        let locals = node.io.locals.iter().map(|name| (name.to_string(), Value::Null)).collect();
        self.own(exec, locals);
        // Data come in from outside, which the inside of a call does not see.
        let outside = self.parent_of(exec).unwrap_or(exec);
        match self.mapped(outside, &node.io.inputs) {
            Ok(values) => self.own(exec, values),
            Err(Fault { why, .. }) => {
                self.fail(exec, Fault { code: NO_INPUT, why }, false);
                return false;
            }
        }
        node.boundary.iter().all(|event| self.arm_event(exec, *event))
    }

    /// Begins a step again that could not take its data in, or not wait for its events.
    pub fn begin_again(&mut self, exec: ExecId) {
        let Some((_, node)) = self.node_of(exec) else { return };
        let waits: Vec<_> =
            self.state.exec(exec).into_iter().flat_map(|found| &found.waits).map(|wait| wait.id).collect();
        for wait in waits {
            self.emit(Event::Stopped { exec, wait });
        }
        let alone =
            !matches!(self.parent_of(exec).and_then(|parent| self.role_of(parent)), Some(Role::Many(_)));
        if self.belongs(exec) {
            self.begin_clock(exec);
            if !alone || self.prepare(exec, node) {
                self.act(exec);
            }
        }
    }

    /// Does what the node is there for.
    pub fn act(&mut self, exec: ExecId) {
        let Some((at, node)) = self.node_of(exec) else { return };
        if matches!(self.role_of(exec), Some(Role::Many(_))) {
            return self.go_on_with_many(exec);
        }
        match &node.kind {
            Kind::Start { .. }
            | Kind::Boundary { .. }
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::Inclusive
            | Kind::Complex(_) => self.complete(exec),
            Kind::Catch(on)
                if on.list.iter().any(|trigger| matches!(trigger, crate::model::Trigger::Link(_))) =>
            {
                self.complete(exec);
            }
            Kind::Catch(_) => drop(self.arm_event(exec, at)),
            Kind::EventBased { .. } => self.await_events(exec, node),
            Kind::Throw(list) | Kind::End(list) => self.tell_all(exec, list),
            Kind::Task(task) => self.task(exec, (at, node), task),
            Kind::SubProcess(scope) | Kind::Call(scope) => self.begin_body(exec, *scope),
        }
    }

    fn task(&mut self, exec: ExecId, (at, _): (NodeIx, &'a Node), task: &'a Task) {
        match task {
            Task::Plain | Task::Script(None) => self.complete(exec),
            // Somebody, or a worker, says when.
            Task::Manual | Task::User | Task::Service | Task::Send(None) | Task::Rule(None) => {}
            Task::Send(Some(message)) => match self.message(exec, message) {
                Ok(told) => {
                    if self.may_tell(exec) {
                        self.tell(exec, told);
                        self.complete(exec);
                    }
                }
                Err(fault) => self.fail(exec, fault, false),
            },
            Task::Receive { .. } => drop(self.arm_event(exec, at)),
            Task::Script(Some(script)) => match script.entries(&self.sight(exec)) {
                Ok(values) => {
                    self.assign(exec, values);
                    self.complete(exec);
                }
                Err(failed) => {
                    let fault = Fault { code: "script-failed", why: failed.to_string() };
                    self.fail(exec, fault, false);
                }
            },
            Task::Rule(Some(decision)) => self.decide(exec, decision),
        }
    }

    fn decide(&mut self, exec: ExecId, decision: &crate::model::Decision) {
        let linked = decision.file.and_then(|file| self.program.decisions.get(file));
        let answer = match linked {
            Some(decisions) => decisions.decide(&decision.id, &self.sight(exec)),
            None => self.context.outside.decide(&decision.id, &self.sight(exec)),
        };
        let values = answer.and_then(|value| match (&decision.result, value) {
            (Some(name), value) => Ok(Map::from_iter([(name.to_string(), value)])),
            (None, Value::Object(entries)) => Ok(entries),
            (None, other) => Err(format!("{other} is not a context, and `result` names no variable")),
        });
        match values {
            Ok(values) => {
                self.assign(exec, values);
                self.complete(exec);
            }
            Err(why) => self.fail(exec, Fault { code: "decision-failed", why }, false),
        }
    }

    /// The work of a step is done: gives its data out, remembers how to undo it, and sends tokens on.
    pub fn complete(&mut self, exec: ExecId) {
        let Some((at, node)) = self.node_of(exec) else { return };
        let Some(parent) = self.parent_of(exec) else { return };
        let alone = !matches!(self.role_of(parent), Some(Role::Many(_)));
        if alone {
            match self.mapped(exec, &node.io.outputs) {
                Ok(values) => self.assign(parent, values),
                Err(fault) => return self.fail(exec, fault, true),
            }
        }
        let goes_on = matches!(self.role_of(parent), Some(Role::Body(_)));
        let flows = if goes_on { self.chosen(exec, node) } else { Ok(Vec::new()) };
        let flows = match flows {
            Ok(flows) => flows,
            Err(fault) => return self.fail(exec, fault, true),
        };
        self.record(exec, (at, node));
        let closed = self.state.exec(exec).cloned();
        self.emit(Event::Left { exec });
        self.after(parent, (at, node), &flows, closed);
    }

    /// What follows when a step is closed.
    fn after(
        &mut self,
        parent: ExecId,
        (at, node): (NodeIx, &'a Node),
        flows: &[FlowIx],
        closed: Option<Exec>,
    ) {
        match self.role_of(parent) {
            Some(Role::Many(_)) => self.one_more(parent, at, closed),
            Some(Role::Undoing(_)) => self.undo_next(parent),
            Some(Role::Body(body)) => {
                let scope = self.program.scope(body.scope);
                for flow in flows {
                    for _ in 0..node.completion_quantity.max(1) {
                        self.queue.push_back(Work::Token { body: parent, flow: *flow });
                    }
                }
                if let ScopeKind::AdHoc(rules) = &scope.kind {
                    self.one_less(parent, (scope, rules), flows.is_empty());
                }
            }
            _ => {}
        }
    }

    /// Remembers a completed activity that can be undone.
    fn record(&mut self, exec: ExecId, (at, node): (NodeIx, &'a Node)) {
        let Some(found) = self.state.exec(exec) else { return };
        // An activity that is done several times is remembered once for each time; undoing is not undone.
        let undoes = self.parent_of(exec).and_then(|parent| self.role_of(parent));
        if matches!(found.role, Role::Many(_)) || matches!(undoes, Some(Role::Undoing(_))) {
            return;
        }
        let inner = found.body().map(|body| body.done.clone()).unwrap_or_default();
        let undoes = |scope| self.undoing_sub(scope).is_some();
        let by_event = matches!(&node.kind, Kind::SubProcess(scope) | Kind::Call(scope) if undoes(*scope));
        if node.compensated_by.is_none() && inner.is_empty() && !by_event {
            return;
        }
        let variables = found.variables.clone();
        if let Some(body) = self.body_around(exec) {
            self.emit(Event::Recorded { body, done: Done { node: at, variables, inner } });
        }
    }

    /// The next body around a step.
    pub fn body_around(&self, exec: ExecId) -> Option<ExecId> {
        let mut at = self.parent_of(exec)?;
        while !matches!(self.role_of(at), Some(Role::Body(_))) {
            at = self.parent_of(at)?;
        }
        Some(at)
    }

    /// Whether bodies are too deep within each other, for example because a process calls itself.
    pub fn is_too_deep(&self, exec: ExecId) -> bool {
        std::iter::successors(Some(exec), |at| self.parent_of(*at)).nth(DEPTH_MAX).is_some()
    }

    /// Closes a step and everything in it from outside, the innermost first.
    pub fn cancel(&mut self, exec: ExecId) {
        self.cancel_children(exec);
        self.emit(Event::Cancelled { exec });
    }

    pub fn cancel_children(&mut self, of: ExecId) {
        let children: Vec<_> = self.tree.children(of).rev().collect();
        for child in children {
            // Cancelling one child may have closed another, as with what undoes for it.
            if self.state.exec(child).is_some() {
                self.cancel(child);
            }
        }
    }
}

/// What a node does while it is open.
fn role(node: &Node) -> Role {
    match &node.kind {
        Kind::SubProcess(scope) | Kind::Call(scope) => Role::Body(Body::new(*scope)),
        Kind::Task(Task::Manual | Task::User | Task::Service | Task::Send(None) | Task::Rule(None)) => {
            Role::Step(Step::Work)
        }
        Kind::EventBased { instantiate: true, parallel: true } => Role::Step(Step::WaitingForAll),
        Kind::Task(Task::Receive { .. }) | Kind::Catch(_) | Kind::EventBased { .. } => {
            Role::Step(Step::Waiting)
        }
        _ => Role::Step(Step::Passing),
    }
}
