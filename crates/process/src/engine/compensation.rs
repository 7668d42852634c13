//! Undoing what was done, in reverse order: compensation, and the cancelling of transactions.

use serde_json::{Map, Value};

use super::event::Event;
use super::run::Run;
use super::state::{Done, ExecId, Role, Undo, Undoing};
use crate::model::{Kind, NodeIx, Program, ScopeIx, ScopeKind, Trigger};

impl Run<'_> {
    /// Undoes what was done in the body around a step: all of it, or one activity. Whether the step goes on by itself; else
    /// it does so when all is undone, after the first `told` of what it tells.
    pub fn compensate(&mut self, exec: ExecId, activity: Option<NodeIx>, (wait, told): (bool, u32)) -> bool {
        let Some((holder, body)) = self.undone_by(exec, activity) else { return true };
        let list = self.withdraw(holder, activity);
        if list.is_empty() {
            return true;
        }
        let waiter = wait.then_some(exec);
        self.begin_undoing(body, exec, Undoing { list, waiter, cancels: false, told, inner: Vec::new() });
        !wait && self.state.exec(exec).is_some()
    }

    /// Who knows what a step can undo, and the body in which it is undone: the one around the step; in an event sub-process
    /// the one around that, or, where it undoes a sub-process as a whole, what was done in that; for a named activity, the one
    /// in which it was done.
    fn undone_by(&self, exec: ExecId, activity: Option<NodeIx>) -> Option<(ExecId, ExecId)> {
        let has =
            |list: &[Done]| activity.is_none_or(|activity| list.iter().any(|done| done.node == activity));
        let mut at = self.body_around(exec)?;
        loop {
            let Some(Role::Body(body)) = self.role_of(at) else { return None };
            let is_event = matches!(self.program.scope(body.scope).kind, ScopeKind::Event(_));
            if has(&body.done) && (!is_event || activity.is_some()) {
                return Some((at, at));
            }
            let around = self.parent_of(at).filter(|_| is_event);
            if let Some(Role::Undoing(undoing)) = around.and_then(|around| self.role_of(around)) {
                return around.filter(|_| has(&undoing.inner)).map(|around| (around, at));
            }
            match self.body_around(at) {
                Some(outer) if is_event || activity.is_some() => at = outer,
                _ => return None,
            }
        }
    }

    /// Takes what can be undone from who knows it, the first to be undone last.
    fn withdraw(&mut self, holder: ExecId, activity: Option<NodeIx>) -> Vec<Undo> {
        let wanted = |done: &Done| activity.is_none_or(|activity| done.node == activity);
        let known = match self.role_of(holder) {
            Some(Role::Body(body)) => &body.done,
            Some(Role::Undoing(undoing)) => &undoing.inner,
            _ => return Vec::new(),
        };
        let mut list = Vec::new();
        // What is still open is seen as it is.
        known
            .iter()
            .filter(|done| wanted(done))
            .for_each(|done| plan(self.program, done, &Map::new(), &mut list));
        let places: Vec<_> = (0..known.len()).filter(|at| wanted(&known[*at])).collect();
        if places.is_empty() {
            return list;
        }
        if let Some(Role::Undoing(undoing)) = self.role_of(holder) {
            let mut undoing = undoing.clone();
            undoing.inner.retain(|done| !wanted(done));
            self.emit(Event::Undone { exec: holder, undoing });
        } else {
            self.emit(Event::Withdrawn { body: holder, places });
        }
        list
    }

    /// What was done in the running sub-processes of a body, which are about to end: undone before what was done around them.
    fn withdraw_inner(&self, of: ExecId, list: &mut Vec<Undo>) {
        for child in self.tree.children(of) {
            let Some(found) = self.state.exec(child) else { continue };
            for done in found.body().map(|body| body.done.as_slice()).unwrap_or_default() {
                plan(self.program, done, &found.variables, list);
            }
            self.withdraw_inner(child, list);
        }
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
        let Some(Undo { handler, variables, inner }) = undoing.list.pop() else {
            return self.undone(exec, &undoing);
        };
        undoing.inner = inner;
        let exec = self.without_variables(exec, undoing);
        self.own(exec, variables);
        self.queue.push_back(super::run::Work::Enter { parent: exec, node: handler });
    }

    /// Goes on with what is left to undo; what one handler saw is not what the next one sees.
    fn without_variables(&mut self, exec: ExecId, undoing: Undoing) -> ExecId {
        let Some(found) = self.state.exec(exec).filter(|found| !found.variables.is_empty()) else {
            self.emit(Event::Undone { exec, undoing });
            return exec;
        };
        let (parent, node) = (found.parent, found.node);
        let next = ExecId(self.next_id());
        self.emit(Event::Entered { exec: next, parent, node, role: Role::Undoing(undoing) });
        self.emit(Event::Left { exec });
        next
    }

    fn undone(&mut self, exec: ExecId, undoing: &Undoing) {
        let body = self.parent_of(exec);
        self.emit(Event::Left { exec });
        if let (true, Some(body)) = (undoing.cancels, body) {
            self.cancelled(body);
        } else if let Some(waiter) = undoing.waiter {
            self.told_on(waiter, undoing.told);
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
        let mut inner = Vec::new();
        self.withdraw_inner(transaction, &mut inner);
        self.clear(transaction);
        let mut list = self.withdraw(transaction, None);
        list.extend(inner);
        if list.is_empty() {
            return self.cancelled(transaction);
        }
        let node = self.state.exec(transaction).and_then(|exec| exec.node);
        let exec = ExecId(self.next_id());
        let role = Role::Undoing(Undoing { list, waiter: None, cancels: true, told: 0, inner: Vec::new() });
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
fn plan(program: &Program, done: &Done, seen: &Map<String, Value>, list: &mut Vec<Undo>) {
    let node = program.node(done.node);
    if let Some(handler) = node.compensated_by {
        return list.push(Undo { handler, variables: seen.clone(), inner: Vec::new() });
    }
    let by_event = match node.kind {
        Kind::SubProcess(scope) | Kind::Call(scope) => undoing_sub(program, scope),
        _ => None,
    };
    if let Some(handler) = by_event {
        let (variables, inner) = (done.variables.clone(), done.inner.clone());
        return list.push(Undo { handler, variables, inner });
    }
    for inner in &done.inner {
        plan(program, inner, &done.variables, list);
    }
}
