//! Undoing what was done, in reverse order: compensation, and the cancelling of transactions.

use super::event::Event;
use super::run::Run;
use super::state::{Done, ExecId, Role, Undo, Undoing};
use crate::model::{Kind, NodeIx, Program, ScopeIx, ScopeKind, Trigger};

impl Run<'_> {
    /// Undoes what was done in the body around a step: all of it, or one activity. Whether the step goes on by itself.
    pub fn compensate(&mut self, exec: ExecId, activity: Option<NodeIx>, wait: bool) -> bool {
        let Some(body) = self.undone_by(exec, activity) else { return true };
        let list = self.withdraw(body, activity);
        if list.is_empty() {
            return true;
        }
        let undoing = Undoing { list, waiter: wait.then_some(exec), cancels: false };
        self.begin_undoing(body, exec, undoing);
        !wait && self.state.exec(exec).is_some()
    }

    /// The body whose activities a step can undo: the one around it, or, in an event sub-process, the one around that; for
    /// a named activity, the one in which it is.
    fn undone_by(&self, exec: ExecId, activity: Option<NodeIx>) -> Option<ExecId> {
        let mut at = self.body_around(exec)?;
        loop {
            let Some(Role::Body(body)) = self.role_of(at) else { return None };
            let is_event = matches!(self.program.scope(body.scope).kind, ScopeKind::Event(_));
            let has = activity.is_none_or(|activity| body.done.iter().any(|done| done.node == activity));
            if has && (!is_event || activity.is_some()) {
                return Some(at);
            }
            match self.body_around(at) {
                Some(outer) if is_event || activity.is_some() => at = outer,
                _ => return None,
            }
        }
    }

    /// Takes what can be undone out of a body, the first to be undone last.
    fn withdraw(&mut self, body: ExecId, activity: Option<NodeIx>) -> Vec<Undo> {
        let Some(Role::Body(found)) = self.role_of(body) else { return Vec::new() };
        let wanted = |done: &&Done| activity.is_none_or(|activity| done.node == activity);
        let seen = self.state.exec(body).map(|exec| exec.variables.clone()).unwrap_or_default();
        let mut list = Vec::new();
        for done in found.done.iter().filter(wanted) {
            plan(self.program, done, &seen, &mut list);
        }
        let places = found.done.iter().enumerate().filter(|(_, done)| wanted(done)).map(|(at, _)| at);
        let places: Vec<_> = places.collect();
        if !places.is_empty() {
            self.emit(Event::Withdrawn { body, places });
        }
        list
    }

    fn begin_undoing(&mut self, body: ExecId, by: ExecId, undoing: Undoing) {
        let node = self.state.exec(by).and_then(|exec| exec.node);
        let exec = ExecId(self.next_id());
        self.emit(Event::Entered { exec, parent: Some(body), node, role: Role::Undoing(undoing) });
        self.undo_next(exec);
    }

    /// Begins the next handler, or ends the undoing.
    pub fn undo_next(&mut self, exec: ExecId) {
        let Some(Role::Undoing(undoing)) = self.role_of(exec) else { return };
        let mut undoing = undoing.clone();
        let Some(Undo { handler, variables }) = undoing.list.pop() else {
            return self.undone(exec, &undoing);
        };
        self.emit(Event::Undone { exec, undoing });
        self.own(exec, variables);
        self.queue.push_back(super::run::Work::Enter { parent: exec, node: handler });
    }

    fn undone(&mut self, exec: ExecId, undoing: &Undoing) {
        let body = self.parent_of(exec);
        self.emit(Event::Left { exec });
        if let (true, Some(body)) = (undoing.cancels, body) {
            self.cancelled(body);
        } else if let Some(waiter) = undoing.waiter {
            self.complete(waiter);
        }
    }

    /// Cancels the transaction around an event: all in it ends, what was done is undone, then its cancel event goes on.
    pub fn cancel_transaction(&mut self, exec: ExecId) {
        let mut around = self.body_around(exec);
        while let Some(at) = around {
            let Some(Role::Body(body)) = self.role_of(at) else { return };
            if matches!(self.program.scope(body.scope).kind, ScopeKind::Transaction) {
                break;
            }
            around = self.body_around(at);
        }
        let Some(transaction) = around else { return };
        self.emit(Event::Left { exec });
        self.clear(transaction);
        let list = self.withdraw(transaction, None);
        if list.is_empty() {
            return self.cancelled(transaction);
        }
        let node = self.state.exec(transaction).and_then(|exec| exec.node);
        let exec = ExecId(self.next_id());
        let role = Role::Undoing(Undoing { list, waiter: None, cancels: true });
        self.emit(Event::Entered { exec, parent: Some(transaction), node, role });
        self.undo_next(exec);
    }

    /// All of a transaction is undone.
    fn cancelled(&mut self, transaction: ExecId) {
        let Some(mut at) = Some(transaction).filter(|at| self.state.exec(*at).is_some()) else { return };
        // The event stands on the border of the whole, also when the transaction is done several times.
        if let Some(parent) = self.parent_of(at).filter(|up| matches!(self.role_of(*up), Some(Role::Many(_))))
        {
            at = parent;
        }
        let border = self.node_of(at).map(|(_, node)| node.boundary.as_slice()).unwrap_or_default();
        let is_cancel = |event: &&NodeIx| matches!(self.program.triggers(**event), [Trigger::Cancel]);
        let event = border.iter().find(is_cancel).copied();
        let parent = self.parent_of(at);
        self.cancel(at);
        if let (Some(event), Some(parent)) = (event, parent) {
            self.enter(parent, event);
        }
    }

    /// The event sub-process that undoes a scope as a whole.
    pub fn undoing_sub(&self, scope: ScopeIx) -> Option<NodeIx> {
        undoing_sub(self.program, scope)
    }
}

fn undoing_sub(program: &Program, scope: ScopeIx) -> Option<NodeIx> {
    let subs = program.scope(scope).event_subs.iter().copied();
    subs.into_iter().find(|sub| {
        let Kind::SubProcess(body) = program.node(*sub).kind else { return false };
        let ScopeKind::Event(start) = program.scope(body).kind else { return false };
        matches!(program.triggers(start), [Trigger::Compensation { .. }])
    })
}

/// Adds what undoes an activity, so that what was done last comes last and is taken first.
fn plan(
    program: &Program,
    done: &Done,
    seen: &serde_json::Map<String, serde_json::Value>,
    list: &mut Vec<Undo>,
) {
    let node = program.node(done.node);
    if let Some(handler) = node.compensated_by {
        return list.push(Undo { handler, variables: seen.clone() });
    }
    let by_event = match node.kind {
        Kind::SubProcess(scope) | Kind::Call(scope) => undoing_sub(program, scope),
        _ => None,
    };
    if let Some(handler) = by_event {
        return list.push(Undo { handler, variables: done.variables.clone() });
    }
    for inner in &done.inner {
        plan(program, inner, &done.variables, list);
    }
}
