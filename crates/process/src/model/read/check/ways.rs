//! Ways through a scope: what none leads to, and those that go round without waiting.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::draft::Draft;
use crate::model::fault::Code;
use crate::model::{Kind, NodeIx, ScopeIx, ScopeKind, Task, Trigger};

impl Draft<'_> {
    pub(super) fn check_ways(&mut self) {
        // What is inside has a higher place, so that from the end it is known whether it waits.
        let mut waits = vec![false; self.tags.len()];
        let places: Vec<_> = self.places().collect();
        for at in places.into_iter().rev() {
            waits[at.0 as usize] = self.waits(at, &waits);
        }
        let handlers = self.program.nodes.iter().filter_map(|node| node.compensated_by).collect();
        for scope in self.scopes() {
            self.check_reached(scope, &handlers);
            self.check_cycles(scope, &waits);
            self.check_beside(scope);
        }
    }

    /// Whether a token stays at a node until something happens.
    fn waits(&self, at: NodeIx, waits: &[bool]) -> bool {
        match &self.program.node(at).kind {
            Kind::Task(task) => {
                !matches!(task, Task::Plain | Task::Script(_) | Task::Send(Some(_)) | Task::Rule(Some(_)))
            }
            Kind::Catch(on) => !on.list.iter().any(|trigger| matches!(trigger, Trigger::Link(_))),
            Kind::SubProcess(body) => {
                self.program.scope(*body).nodes.iter().any(|inner| waits[inner.0 as usize])
            }
            Kind::Call(_) | Kind::EventBased { .. } => true,
            _ => false,
        }
    }

    /// Where a token can go on from a node.
    fn next(&self, at: NodeIx) -> impl Iterator<Item = NodeIx> {
        let node = self.program.node(at);
        let link = match &node.kind {
            Kind::Throw(list) => list.iter().find_map(|trigger| match trigger {
                Trigger::Link(caught) => *caught,
                _ => None,
            }),
            _ => None,
        };
        node.outgoing.iter().map(|flow| self.program.flow(*flow).target).chain(link)
    }

    /// Notes what is never executed.
    fn check_reached(&mut self, scope: ScopeIx, handlers: &HashSet<NodeIx>) {
        let nodes = self.program.scope(scope).nodes.clone();
        let mut reached = HashSet::new();
        let mut open = self.program.scope(scope).starts.clone();
        open.extend(nodes.iter().filter(|at| {
            self.instantiated(**at) || handlers.contains(at) || self.is_event_sub_process(**at)
        }));
        while let Some(at) = open.pop() {
            if reached.insert(at) {
                open.extend(self.next(at));
                open.extend(&self.program.node(at).boundary);
            }
        }
        for at in nodes.into_iter().filter(|at| !reached.contains(at)) {
            self.report.add(Code::Unreachable, self.tag(at), &[]);
        }
    }

    /// Notes a cycle of nodes that do not wait: what is left when all that is before or behind cycles is taken away.
    fn check_cycles(&mut self, scope: ScopeIx, waits: &[bool]) {
        let nodes = self.program.scope(scope).nodes.iter().copied();
        let mut left: BTreeSet<_> = nodes.filter(|at| !waits[at.0 as usize]).collect();
        let steps = left.iter().flat_map(|at| self.next(*at).map(|next| (*at, next)));
        let mut steps: Vec<_> = steps.filter(|(_, next)| left.contains(next)).collect();
        take_away_first(&mut left, &steps);
        for step in &mut steps {
            *step = (step.1, step.0);
        }
        take_away_first(&mut left, &steps);
        if let Some(first) = left.first() {
            self.report.add(Code::CycleWithoutWait, self.tag(*first), &[]);
        }
    }

    /// Notes what begins beside a start event because no flow leads to it.
    fn check_beside(&mut self, scope: ScopeIx) {
        let scope_of = self.program.scope(scope);
        let is_start = |at: &NodeIx| matches!(self.program.node(*at).kind, Kind::Start { .. });
        if matches!(scope_of.kind, ScopeKind::AdHoc(_)) || !scope_of.nodes.iter().any(is_start) {
            return;
        }
        let beside: Vec<_> = scope_of.starts.iter().copied().filter(|at| !is_start(at)).collect();
        for at in beside {
            self.report.add(Code::StartsBeside, self.tag(at), &[]);
        }
    }
}

/// Takes away what no step leads to, again and again.
fn take_away_first(left: &mut BTreeSet<NodeIx>, steps: &[(NodeIx, NodeIx)]) {
    let mut behind: HashMap<NodeIx, Vec<NodeIx>> = HashMap::new();
    let mut count: HashMap<NodeIx, usize> = HashMap::new();
    for (from, to) in steps.iter().filter(|(from, to)| left.contains(from) && left.contains(to)) {
        behind.entry(*from).or_default().push(*to);
        *count.entry(*to).or_default() += 1;
    }
    let mut open: Vec<_> = left.iter().copied().filter(|at| !count.contains_key(at)).collect();
    while let Some(at) = open.pop() {
        left.remove(&at);
        for next in behind.remove(&at).unwrap_or_default() {
            let ways = count.entry(next).or_default();
            *ways -= 1;
            if *ways == 0 {
                open.push(next);
            }
        }
    }
}
