//! Bodies: how processes and sub-processes begin, and the order of ad-hoc sub-processes.

use serde_json::Value;

use super::agency::NO_AGENCY;
use super::event::{Event, Fault};
use super::run::Run;
use super::state::{ExecId, Incident, Role};
use crate::model::{AdHoc, Kind, NodeIx, Scope, ScopeIx, ScopeKind};

/// Incident of an ad-hoc sub-process that could not tell whether it is done.
pub(super) const COMPLETION_FAILED: &str = "completion-failed";

impl<'a> Run<'a> {
    /// Begins what is inside a step.
    pub fn begin_body(&mut self, exec: ExecId, scope: ScopeIx) {
        if self.is_too_deep(exec) {
            let why = "quy trình gọi lồng quá sâu / processes call each other too deeply".to_owned();
            return self.fail(exec, Fault { code: "too-deep", why }, false);
        }
        let scope = self.program.scope(scope);
        self.declare(exec, scope);
        // A process that is called may be somebody else's than the call.
        let called = scope.node.is_none().then(|| &self.program.processes[scope.process]);
        match called.and_then(|process| process.agency.as_ref()).map(|own| self.asked(exec, own)).transpose()
        {
            Ok(agency) => {
                if let Some(agency) = agency {
                    self.belongs_to(exec, agency);
                }
            }
            Err(Fault { why, .. }) => return self.fail(exec, Fault { code: NO_AGENCY, why }, false),
        }
        if !self.arm_event_subs(exec, scope) {
            return;
        }
        match &scope.kind {
            ScopeKind::AdHoc(rules) => self.next_round(exec, (scope, rules)),
            _ => self.enter_all(exec, &scope.starts),
        }
    }

    /// The variables of a body, which are empty at its begin.
    pub fn declare(&mut self, exec: ExecId, scope: &Scope) {
        self.own(exec, scope.variables.iter().map(|name| (name.to_string(), Value::Null)).collect());
    }

    /// Lets the event sub-processes of a body wait for their start; false when one cannot.
    pub fn arm_event_subs(&mut self, exec: ExecId, scope: &'a Scope) -> bool {
        scope
            .event_subs
            .iter()
            .all(|sub| self.start_of_sub(*sub).is_none_or(|start| self.arm_event(exec, start)))
    }

    /// The start event of an event sub-process.
    pub fn start_of_sub(&self, sub: NodeIx) -> Option<NodeIx> {
        let Kind::SubProcess(scope) = self.program.node(sub).kind else { return None };
        match self.program.scope(scope).kind {
            ScopeKind::Event(start) => Some(start),
            _ => None,
        }
    }

    /// All activities of an ad-hoc sub-process, one after another or at once.
    fn next_round(&mut self, exec: ExecId, (scope, rules): (&Scope, &AdHoc)) {
        if !rules.sequential {
            return self.enter_all(exec, &scope.starts);
        }
        if let Some((first, rest)) = scope.starts.split_first() {
            self.emit(Event::Planned { exec, todo: rest.to_vec(), over: false });
            self.enter_all(exec, &[*first]);
        }
    }

    /// An activity of an ad-hoc sub-process was completed; `last` says that no flow goes on from it.
    pub fn one_less(&mut self, exec: ExecId, (scope, rules): (&'a Scope, &'a AdHoc), last: bool) {
        let done = match &rules.completion {
            Some(condition) => match self.holds(exec, condition) {
                Ok(holds) => holds,
                Err(Fault { why, .. }) => {
                    let code = COMPLETION_FAILED.to_owned();
                    return self.stop(exec, Incident { code, why, completing: false });
                }
            },
            None => false,
        };
        let body = self.state.exec(exec).and_then(super::Exec::body);
        let Some((todo, over)) = body.map(|body| (body.todo.clone(), body.over)) else { return };
        if over {
            // It has held before: what is open is done, and nothing begins.
        } else if done {
            self.emit(Event::Planned { exec, todo: Vec::new(), over: true });
            if rules.cancel_remaining {
                self.clear(exec);
            }
        } else if let (true, Some((next, rest))) = (last && self.is_idle(exec), todo.split_first()) {
            self.emit(Event::Planned { exec, todo: rest.to_vec(), over: false });
            self.enter_all(exec, &[*next]);
        } else if last && todo.is_empty() && rules.completion.is_some() && self.is_idle(exec) {
            self.next_round(exec, (scope, rules));
        }
    }

    /// Looks again whether an ad-hoc sub-process is done, after that could not be told.
    pub fn look_again(&mut self, exec: ExecId) {
        let Some(Role::Body(body)) = self.role_of(exec) else { return };
        let scope = self.program.scope(body.scope);
        if let ScopeKind::AdHoc(rules) = &scope.kind {
            self.one_less(exec, (scope, rules), true);
        }
    }

    /// Whether nothing is open in a body.
    pub fn is_idle(&self, exec: ExecId) -> bool {
        let waiting = self.queue.iter().any(|work| work.parent() == exec);
        !waiting && self.tree.is_idle(exec)
    }

    /// Takes away all that is open in a body, tokens that wait at joins too.
    pub fn clear(&mut self, exec: ExecId) {
        self.queue.retain(|work| work.parent() != exec);
        self.cancel_children(exec);
        let Some(body) = self.state.exec(exec).and_then(super::Exec::body).cloned() else { return };
        let flows: Vec<_> =
            body.arrived.iter().flat_map(|(flow, count)| (0..*count).map(|_| *flow)).collect();
        if !flows.is_empty() {
            self.emit(Event::Joined { body: exec, flows });
        }
        for node in body.gates.into_keys() {
            self.emit(Event::Gated { body: exec, node, gate: None });
        }
        if !body.todo.is_empty() {
            self.emit(Event::Planned { exec, todo: Vec::new(), over: false });
        }
    }
}
