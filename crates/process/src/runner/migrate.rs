//! Moving an instance to another version of its model.
//!
//! What is open goes on at its counterpart: tokens, waits and what can be undone. What it waits for stays as it is: a timer
//! keeps its moment, a message its name; events that are new on the border of an open activity are not waited for.

use std::collections::BTreeMap;
use std::mem::discriminant;

use serde_json::{Value, json};
use store::process::TaskRow;

use super::book::{Making, number, task_row};
use super::call::Act;
use super::catalog::Model;
use super::work::{Change, Work, stored};
use super::{Answer, By, Denied, InstanceId, Processes};
use crate::engine::{Body, Done, ExecId, Gate, Role, State};
use crate::model::{FlowIx, Kind, NodeIx, Program, ScopeIx};

/// Where an instance moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Number of the model: another version of the same key.
    pub to: i64,
    /// For an element's id, its id there, where it is another.
    pub elements: BTreeMap<String, String>,
}

/// An open step that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The step.
    pub exec: ExecId,
    /// Id of its element now.
    pub from: String,
    /// Id of its element then.
    pub to: String,
}

impl Plan {
    pub(super) fn json(&self) -> Value {
        json!({"act": "migrate", "to": self.to, "elements": self.elements})
    }
}

impl Processes {
    /// What a migration would do; nothing is done.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub async fn migration(&self, id: InstanceId, plan: &Plan) -> Result<Vec<Moved>, Denied> {
        let (row, state, model) = self.stored(id).await?;
        if !self.incidents(Some(id), None, 1).await?.is_empty() {
            return Err(Denied::OpenIncidents);
        }
        let target = self.model(plan.to).await?;
        Ok(moved(&state, (&model, &target), (&row.process, plan))?.1)
    }

    /// Moves an instance to another version of its model.
    ///
    /// # Errors
    /// It is over, has open incidents, or an open step has no counterpart of the same kind; all reasons are named.
    pub async fn migrate(&self, id: InstanceId, plan: Plan, by: &By) -> Result<Answer, Denied> {
        self.act(id, Act::Migrate(plan), by, None).await
    }
}

impl Work {
    pub(super) fn migrate(&mut self, plan: &Plan, change: &Change<'_>) -> Result<i64, Denied> {
        let target = self.models.get(&plan.to).cloned().ok_or(Denied::NoModel)?;
        let held = self.incidents.keys().any(|(id, _)| id == change.id);
        let open = self.opens.get_mut(change.id).ok_or(Denied::NoInstance)?;
        if held || open.state.incidents().next().is_some() {
            return Err(Denied::OpenIncidents);
        }
        let (state, _) = moved(&open.state, (&open.model, &target), (&open.row.process, plan))?;
        open.row.state = stored(&state)?;
        open.row.version += 1;
        open.row.model = target.id;
        (open.state, open.model, open.changed) = (state, target, true);
        let (version, snapshot) = (open.row.version, open.row.state.clone());
        let making = Making::of(&open.row, &open.model.program, change.now);
        for (exec, step) in &open.state.execs {
            let key = (change.id.to_owned(), number(exec.0));
            let known = self.book.tasks.get(&key).cloned().unwrap_or_else(|| self.tasks.get(&key).cloned());
            let (Some(row), Some(node)) = (known, step.node) else { continue };
            let TaskRow { element, name, role, topic, .. } =
                task_row(change.id, &making, (*exec, node), (None, None));
            self.book.tasks.insert(key, Some(TaskRow { element, name, role, topic, ..row }));
        }
        self.write_down(change, version, &[], Some(snapshot));
        Ok(version)
    }
}

/// The state in the other version, and what moves; or everything that does not fit.
fn moved(
    state: &State,
    (from, to): (&Model, &Model),
    (process, plan): (&str, &Plan),
) -> Result<(State, Vec<Moved>), Denied> {
    if state.outcome.is_some() {
        return Err(Denied::Refused(crate::engine::Refused::Over));
    }
    if from.key != to.key {
        let why = format!("{} không phải phiên bản của {} / {0} is no version of {1}", to.key, from.key);
        return Err(Denied::NoMigration(vec![why]));
    }
    if from.id == to.id {
        let why = format!(
            "hồ sơ đã ở phiên bản {} / it is at version {0} already: `process models` lists the others",
            from.version
        );
        return Err(Denied::NoMigration(vec![why]));
    }
    let mut moving = Moving {
        from: &from.program,
        to: &to.program,
        process,
        elements: &plan.elements,
        faults: Vec::new(),
    };
    let (mut state, mut moves) = (state.clone(), Vec::new());
    for (exec, step) in &mut state.execs {
        if let Some(node) = &mut step.node {
            let before = *node;
            moving.node(node);
            let (from, to) = (&from.program.node(before).id, &to.program.nodes.get(node.0 as usize));
            let to = to.map(|node| node.id.to_string()).unwrap_or_default();
            moves.push(Moved { exec: *exec, from: from.to_string(), to });
        }
        for wait in &mut step.waits {
            let before = wait.node;
            moving.node(&mut wait.node);
            moving.trigger(before, (wait.node, wait.trigger));
        }
        moving.role(&mut step.role);
    }
    moving.faults.dedup();
    if moving.faults.is_empty() { Ok((state, moves)) } else { Err(Denied::NoMigration(moving.faults)) }
}

/// Finds the place in one program of what has a place in the other.
struct Moving<'a> {
    from: &'a Program,
    to: &'a Program,
    process: &'a str,
    elements: &'a BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Moving<'_> {
    fn wanted<'b>(&'b self, id: &'b str) -> &'b str {
        self.elements.get(id).map_or(id, String::as_str)
    }

    fn node(&mut self, at: &mut NodeIx) {
        let node = self.from.node(*at);
        let wanted = self.wanted(&node.id);
        let found = self.to.find(wanted).filter(|found| same_kind(&node.kind, &self.to.node(*found).kind));
        match found.filter(|found| self.same_place(*at, *found)) {
            Some(found) => *at = found,
            None => self.faults.push(format!(
                "{0}: không có bước tương ứng cùng loại {wanted}; nếu bước đã đổi mã, ghi `elements` (--map {0}=MỚI) / there is no counterpart {wanted} of the same kind; if its id is another now, say so in `elements` (--map {0}=NEW)",
                node.id
            )),
        }
    }

    /// Whether both are in bodies that correspond.
    fn same_place(&self, one: NodeIx, other: NodeIx) -> bool {
        self.scope_of(self.from.node(one).scope) == Some(self.to.node(other).scope)
    }

    fn scope_of(&self, scope: ScopeIx) -> Option<ScopeIx> {
        let scope = self.from.scope(scope);
        let Some(node) = scope.node else {
            let id = &self.from.processes.get(scope.process)?.id;
            return self.to.processes.iter().find(|process| process.id == *id).map(|process| process.scope);
        };
        let there = self.to.node(self.to.find(self.wanted(&self.from.node(node).id))?);
        match there.kind {
            Kind::SubProcess(scope) | Kind::Call(scope) => Some(scope),
            _ => None,
        }
    }

    fn scope(&mut self, scope: &mut ScopeIx) {
        match self.scope_of(*scope) {
            Some(found) => *scope = found,
            None => {
                self.faults.push(format!("{}: không còn quy trình này / the process is gone", self.process));
            }
        }
    }

    fn flow(&mut self, flow: FlowIx) -> FlowIx {
        let id = &self.from.flow(flow).id;
        let wanted = self.wanted(id);
        let place = self.to.flows.iter().position(|flow| *flow.id == *wanted);
        if let Some(found) = place.and_then(|place| u32::try_from(place).ok()) {
            return FlowIx(found);
        }
        self.faults.push(format!(
            "{id}: thẻ đang chờ trên nhánh không còn nữa; nhánh đổi mã thì ghi `elements` (--map {id}=MỚI) / a token waits on a flow that is gone; if its id is another now, say so in `elements` (--map {id}=NEW)"
        ));
        flow
    }

    fn trigger(&mut self, before: NodeIx, (after, trigger): (NodeIx, u16)) {
        let had = self.from.triggers(before).get(usize::from(trigger));
        let has = self.to.nodes.get(after.0 as usize).map(|_| self.to.triggers(after));
        let has = has.and_then(|list| list.get(usize::from(trigger)));
        if had.map(discriminant) != has.map(discriminant) {
            let id = &self.from.node(before).id;
            self.faults.push(format!("{id}: chờ một loại sự kiện khác / it waits for another kind of event"));
        }
    }

    fn role(&mut self, role: &mut Role) {
        match role {
            Role::Step(_) | Role::Many(_) => {}
            Role::Body(body) => self.body(body),
            Role::Undoing(undoing) => {
                undoing.inner.iter_mut().for_each(|done| self.done(done));
                for undo in &mut undoing.list {
                    self.node(&mut undo.handler);
                    undo.inner.iter_mut().for_each(|done| self.done(done));
                }
            }
        }
    }

    fn body(&mut self, body: &mut Body) {
        self.scope(&mut body.scope);
        let arrived = std::mem::take(&mut body.arrived);
        body.arrived = arrived.into_iter().map(|(flow, count)| (self.flow(flow), count)).collect();
        for (mut node, gate) in std::mem::take(&mut body.gates) {
            self.node(&mut node);
            let had = gate.had.into_iter().map(|flow| self.flow(flow)).collect();
            body.gates.insert(node, Gate { had });
        }
        body.todo.iter_mut().for_each(|node| self.node(node));
        body.done.iter_mut().for_each(|done| self.done(done));
    }

    fn done(&mut self, done: &mut Done) {
        self.node(&mut done.node);
        done.inner.iter_mut().for_each(|inner| self.done(inner));
    }
}

fn same_kind(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Task(one), Kind::Task(other)) => discriminant(one) == discriminant(other),
        _ => discriminant(one) == discriminant(other),
    }
}
