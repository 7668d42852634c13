//! What is open, by what it is in: kept while a command is carried out, so that nothing is looked for in the whole state.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::state::{ExecId, Role, State};

/// The open steps as a tree.
#[derive(Default)]
pub(super) struct Tree {
    children: BTreeMap<ExecId, BTreeSet<ExecId>>,
    /// Bodies in which nothing is open.
    idle: BTreeSet<ExecId>,
}

impl Tree {
    pub fn of(state: &State) -> Self {
        let mut tree = Self::default();
        for (id, exec) in &state.execs {
            tree.open(*id, exec.parent, &exec.role);
        }
        tree
    }

    /// Takes in what is about to happen.
    pub fn before(&mut self, state: &State, event: &Event) {
        match event {
            Event::Entered { exec, parent, role, .. } => self.open(*exec, *parent, role),
            Event::Left { exec } | Event::Cancelled { exec } => {
                self.children.remove(exec);
                self.idle.remove(exec);
                let parent = state.exec(*exec).and_then(|exec| exec.parent);
                if let Some((parent, children)) =
                    parent.and_then(|up| Some((up, self.children.get_mut(&up)?)))
                {
                    children.remove(exec);
                    if children.is_empty() && state.exec(parent).is_some_and(|exec| exec.body().is_some()) {
                        self.idle.insert(parent);
                    }
                }
            }
            Event::Ended { .. } => *self = Self::default(),
            _ => {}
        }
    }

    fn open(&mut self, id: ExecId, parent: Option<ExecId>, role: &Role) {
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(id);
            self.idle.remove(&parent);
        }
        if matches!(role, Role::Body(_)) {
            self.idle.insert(id);
        }
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
