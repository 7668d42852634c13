//! Processes of a file that begin each other, or themselves, by messages and signals.

use std::collections::{BTreeSet, HashMap};

use super::super::draft::Draft;
use super::triggers;
use crate::model::fault::Code;
use crate::model::{Behavior, Kind, NodeIx, Repeat, Task, Trigger, UNLINKED};

/// A message, or a signal.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Said {
    signal: bool,
    name: Box<str>,
}

impl Said {
    fn by(trigger: &Trigger) -> Option<Self> {
        match trigger {
            Trigger::Message(message) => Some(Self { signal: false, name: message.name.clone() }),
            Trigger::Signal(name) => Some(Self { signal: true, name: name.clone() }),
            _ => None,
        }
    }
}

impl Draft<'_> {
    /// Notes what is told by a process and begins, perhaps by way of others, that process again.
    pub(super) fn check_rounds(&mut self) {
        let begun = self.begun();
        let mut leads: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut told = Vec::new();
        for at in self.places() {
            let process = self.program.scope(self.program.node(at).scope).process;
            if let Kind::Call(scope) = self.program.node(at).kind
                && scope != UNLINKED
            {
                leads.entry(process).or_default().insert(self.program.scope(scope).process);
            }
            for to in self.told(at).iter().flat_map(|said| begun.get(said).into_iter().flatten()) {
                leads.entry(process).or_default().insert(*to);
                told.push((at, process, *to));
            }
        }
        let mut reached: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut again: Vec<NodeIx> = Vec::new();
        for (at, process, to) in told {
            if reached.entry(to).or_insert_with(|| all_from(to, &leads)).contains(&process) {
                again.push(at);
            }
        }
        again.dedup();
        for at in again {
            self.report.add(Code::BeginsItself, self.tag(at), &[]);
        }
    }

    /// What begins which executable processes.
    fn begun(&self) -> HashMap<Said, BTreeSet<usize>> {
        let mut begun: HashMap<Said, BTreeSet<usize>> = HashMap::new();
        for at in self.places() {
            let node = self.program.node(at);
            let scope = self.program.scope(node.scope);
            let begins = scope.node.is_none() && (self.instantiated(at) || self.is_behind_begin(at));
            if !begins || !self.program.processes[scope.process].executable {
                continue;
            }
            let received = match &node.kind {
                Kind::Task(Task::Receive { message, .. }) => {
                    Some(Said { signal: false, name: message.name.clone() })
                }
                _ => None,
            };
            for said in triggers(node).iter().filter_map(Said::by).chain(received) {
                begun.entry(said).or_default().insert(scope.process);
            }
        }
        begun
    }

    fn told(&self, at: NodeIx) -> Vec<Said> {
        let node = self.program.node(at);
        let mut told: Vec<Said> = match &node.kind {
            Kind::Throw(list) | Kind::End(list) => list.iter().filter_map(Said::by).collect(),
            Kind::Task(Task::Send(Some(message))) => {
                vec![Said { signal: false, name: message.name.clone() }]
            }
            _ => Vec::new(),
        };
        if let Some(Repeat::Multi(multi)) = &node.repeat {
            match &multi.behavior {
                Behavior::All => {}
                Behavior::One(trigger) | Behavior::Each(trigger) => told.extend(Said::by(trigger)),
                Behavior::Complex(list) => told.extend(list.iter().filter_map(|(_, one)| Said::by(one))),
            }
        }
        told
    }
}

fn all_from(first: usize, leads: &HashMap<usize, BTreeSet<usize>>) -> BTreeSet<usize> {
    let (mut all, mut open) = (BTreeSet::new(), vec![first]);
    while let Some(process) = open.pop() {
        if all.insert(process) {
            open.extend(leads.get(&process).into_iter().flatten());
        }
    }
    all
}
