//! What is open, by what it is in: kept while a command is carried out, so that nothing is looked for in the whole state.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::state::{Awaited, ExecId, Role, State, Wait};
use crate::model::NodeIx;

/// A step and the number of its wait.
pub(super) type Waiting = (ExecId, u64);

/// The open steps as a tree.
#[derive(Default)]
pub(super) struct Tree {
    children: BTreeMap<ExecId, BTreeSet<ExecId>>,
    /// How many steps are open at a node of a body.
    at: BTreeMap<ExecId, BTreeMap<NodeIx, u32>>,
    /// Bodies in which tokens may wait for others.
    joining: BTreeSet<ExecId>,
    /// Bodies in which nothing is open.
    idle: BTreeSet<ExecId>,
    /// Who waits for a signal.
    listening: BTreeMap<String, BTreeSet<Waiting>>,
    /// Who waits for a condition.
    watching: BTreeSet<Waiting>,
}

impl Tree {
    pub fn of(state: &State) -> Self {
        let mut tree = Self::default();
        for (id, exec) in &state.execs {
            tree.open(*id, (exec.parent, exec.node), &exec.role);
            if exec.body().is_some_and(|body| !(body.arrived.is_empty() && body.gates.is_empty())) {
                tree.joining.insert(*id);
            }
            exec.waits.iter().for_each(|wait| tree.awaits(*id, wait));
        }
        tree
    }

    /// Takes in what is about to happen.
    pub fn before(&mut self, state: &State, event: &Event) {
        match event {
            Event::Entered { exec, parent, node, role } => self.open(*exec, (*parent, *node), role),
            Event::Arrived { body, .. } | Event::Gated { body, .. } => {
                self.joining.insert(*body);
            }
            Event::Left { exec } | Event::Cancelled { exec } => self.close(state, *exec),
            Event::Awaits { exec, wait } => self.awaits(*exec, wait),
            Event::Stopped { exec, wait } | Event::Observed { exec, wait, what: Awaited::Past } => {
                let waits = state.exec(*exec).map(|exec| exec.waits.as_slice()).unwrap_or_default();
                waits.iter().filter(|one| one.id == *wait).for_each(|one| self.awaits_no_more(*exec, one));
            }
            Event::Ended { .. } => *self = Self::default(),
            _ => {}
        }
    }

    fn open(&mut self, id: ExecId, (parent, node): (Option<ExecId>, Option<NodeIx>), role: &Role) {
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(id);
            self.idle.remove(&parent);
            if let Some(node) = node {
                *self.at.entry(parent).or_default().entry(node).or_default() += 1;
            }
        }
        if matches!(role, Role::Body(_)) {
            self.idle.insert(id);
        }
    }

    fn close(&mut self, state: &State, exec: ExecId) {
        self.children.remove(&exec);
        self.at.remove(&exec);
        self.idle.remove(&exec);
        self.joining.remove(&exec);
        let Some(closed) = state.exec(exec) else { return };
        closed.waits.iter().for_each(|wait| self.awaits_no_more(exec, wait));
        let Some(parent) = closed.parent else { return };
        if let Some(children) = self.children.get_mut(&parent) {
            children.remove(&exec);
            if children.is_empty() && state.exec(parent).is_some_and(|exec| exec.body().is_some()) {
                self.idle.insert(parent);
            }
        }
        if let Some((at, node)) = self.at.get_mut(&parent).zip(closed.node)
            && let Some(count) = at.get_mut(&node)
        {
            *count -= 1;
            if *count == 0 {
                at.remove(&node);
            }
        }
    }

    fn awaits(&mut self, exec: ExecId, wait: &Wait) {
        match &wait.what {
            Awaited::Signal(name) => {
                self.listening.entry(name.clone()).or_default().insert((exec, wait.id));
            }
            Awaited::Condition(_) => {
                self.watching.insert((exec, wait.id));
            }
            Awaited::Moment { .. } | Awaited::Message { .. } | Awaited::Past => {}
        }
    }

    fn awaits_no_more(&mut self, exec: ExecId, wait: &Wait) {
        self.watching.remove(&(exec, wait.id));
        if let Awaited::Signal(name) = &wait.what
            && let Some(all) = self.listening.get_mut(name)
        {
            all.remove(&(exec, wait.id));
        }
    }

    /// Who waits for a signal, in the order in which their steps began.
    pub fn listening(&self, name: &str) -> Vec<Waiting> {
        self.listening.get(name).into_iter().flatten().copied().collect()
    }

    /// Who waits for a condition, in the same order.
    pub fn watching(&self) -> Vec<Waiting> {
        self.watching.iter().copied().collect()
    }

    /// The nodes of a body at which steps are open.
    pub fn nodes(&self, of: ExecId) -> impl Iterator<Item = NodeIx> {
        self.at.get(&of).into_iter().flat_map(|at| at.keys().copied())
    }

    /// The first body from an id on in which tokens may wait for others.
    pub fn next_joining(&self, from: ExecId) -> Option<ExecId> {
        self.joining.range(from..).next().copied()
    }

    /// Nothing waits for others in a body any more.
    pub fn joined(&mut self, body: ExecId) {
        self.joining.remove(&body);
    }

    /// The steps directly in a step, in the order in which they began.
    pub fn children(&self, of: ExecId) -> impl DoubleEndedIterator<Item = ExecId> {
        self.children.get(&of).into_iter().flatten().copied()
    }

    /// Whether nothing is open in a step.
    pub fn is_idle(&self, of: ExecId) -> bool {
        self.children(of).next().is_none()
    }

    /// Bodies in which nothing is open, the newest first.
    pub fn idle(&self) -> impl Iterator<Item = ExecId> {
        self.idle.iter().rev().copied()
    }
}
