//! What happens when no token moves any more: signals that nobody heard, conditions, joins, ends of bodies.

use super::event::{Event, Outcome};
use super::run::Run;
use super::state::{Awaited, ExecId, Incident};
use crate::model::{Kind, NodeIx, Trigger};

/// Incident of a body in which tokens wait for others that cannot come.
pub(super) const STUCK: &str = "stuck";

impl Run<'_> {
    /// Does one thing that was waiting for rest; false when there is none.
    pub fn settle(&mut self) -> bool {
        self.told_again() || self.conditions() || self.joins() || self.ends()
    }

    /// Signals that were told before somebody of the same instance could wait for them.
    fn told_again(&mut self) -> bool {
        if self.unheard.is_empty() {
            return false;
        }
        for (name, variables) in std::mem::take(&mut self.unheard) {
            self.broadcast(&name, &variables);
        }
        true
    }

    /// Conditions that have become true.
    fn conditions(&mut self) -> bool {
        if !std::mem::take(&mut self.changed) {
            return false;
        }
        for (exec, wait) in self.tree.watching() {
            // One that happened before may have ended the step of this one.
            let waits = self.state.exec(exec).map(|exec| exec.waits.as_slice()).unwrap_or_default();
            let Some(found) = waits.iter().find(|one| one.id == wait) else { continue };
            let Awaited::Condition(was) = found.what else { continue };
            let triggers = self.program.triggers(found.node);
            let Some(Trigger::Condition(condition)) = triggers.get(usize::from(found.trigger)) else {
                continue;
            };
            // A condition that has no value does not hold; what it misses may still come.
            let holds = self.holds(exec, condition).unwrap_or(false);
            if holds != was {
                self.emit(Event::Observed { exec, wait, what: Awaited::Condition(holds) });
            }
            if holds && !was {
                self.happened((exec, wait), serde_json::Map::new());
            }
        }
        true
    }

    /// Joins whose last token has come, because no other can.
    fn joins(&mut self) -> bool {
        let mut from = ExecId(0);
        while let Some(body) = self.tree.next_joining(from) {
            if self.joins_in(body) {
                return true;
            }
            from = ExecId(body.0 + 1);
        }
        false
    }

    fn joins_in(&mut self, body: ExecId) -> bool {
        let Some(found) = self.state.exec(body).and_then(super::Exec::body) else { return false };
        let mut nodes: Vec<NodeIx> =
            found.arrived.keys().map(|flow| self.program.flow(*flow).target).collect();
        nodes.dedup();
        let gates = found.gates.clone();
        let is_well = self.state.exec(body).is_some_and(|exec| exec.incident.is_none());
        if nodes.is_empty() && gates.is_empty() {
            self.tree.joined(body);
        }
        for at in nodes {
            let node = self.program.node(at);
            match &node.kind {
                Kind::Inclusive if !self.may_come(body, at) => {
                    let flows = node.incoming.iter().copied();
                    let flows = flows.filter(|flow| self.arrived(body, *flow) > 0).collect();
                    self.emit(Event::Joined { body, flows });
                    self.enter(body, at);
                    return true;
                }
                // Its condition may hold now that variables are others.
                Kind::Complex(Some(_)) if !gates.contains_key(&at) && is_well => {
                    let before = self.events.len();
                    self.complex(body, at);
                    if self.events.len() > before {
                        return true;
                    }
                }
                Kind::Complex(_) if gates.contains_key(&at) && !self.may_come(body, at) => {
                    self.emit(Event::Gated { body, node: at, gate: None });
                    self.complex(body, at);
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// The innermost body in which nothing is open any more.
    fn ends(&mut self) -> bool {
        let running = |id: &ExecId| self.state.exec(*id).is_some_and(|exec| exec.incident.is_none());
        let Some(id) = self.tree.idle().find(running) else { return false };
        let Some(body) = self.state.exec(id).and_then(super::Exec::body) else { return false };
        if !body.arrived.is_empty() {
            let flows = body.arrived.keys().map(|flow| self.program.flow(*flow));
            let at: Vec<_> = flows.map(|flow| &*self.program.node(flow.target).id).collect();
            let why = format!("thẻ chờ mãi ở {0} / tokens wait for ever at {0}", at.join(", "));
            self.stop(id, Incident { code: STUCK.to_owned(), why, completing: false });
        } else if self.state.exec(id).is_some_and(|exec| exec.parent.is_none()) {
            self.emit(Event::Ended { outcome: Outcome::Completed });
        } else {
            self.complete(id);
        }
        true
    }
}
