//! Call activities: what is called can begin, and nothing calls itself.

use std::collections::BTreeMap;

use super::super::draft::Draft;
use crate::model::fault::Code;
use crate::model::{Kind, NodeIx, ScopeIx, UNLINKED};

impl Draft<'_> {
    pub(super) fn check_calls(&mut self) {
        // The calls of each process, with the process that is called.
        let mut calls: BTreeMap<usize, Vec<(NodeIx, usize)>> = BTreeMap::new();
        for at in self.places() {
            let node = self.program.node(at);
            let Kind::Call(scope) = node.kind else { continue };
            if scope == UNLINKED {
                continue;
            }
            let (process, called) =
                (self.program.scope(node.scope).process, self.program.scope(scope).process);
            calls.entry(process).or_default().push((at, called));
            self.check_called(at, scope);
        }
        let mut finished = vec![false; self.program.processes.len()];
        for process in 0..finished.len() {
            self.check_recursion(process, &calls, &mut finished);
        }
    }

    fn check_called(&mut self, at: NodeIx, scope: ScopeIx) {
        let called = self.program.scope(scope);
        if called.starts.is_empty() {
            let id = self.program.processes[called.process].id.to_string();
            self.report.add(Code::CallWithoutStart, self.tag(at), &[&id]);
        }
    }

    /// Follows calls from a process, without recursion of its own: there may be thousands of processes.
    fn check_recursion(
        &mut self,
        process: usize,
        calls: &BTreeMap<usize, Vec<(NodeIx, usize)>>,
        finished: &mut [bool],
    ) {
        if finished[process] {
            return;
        }
        // Processes on the way here, each with how many of its calls were followed.
        let mut way = vec![(process, 0)];
        while let Some((inner, followed)) = way.last_mut() {
            let next = calls.get(inner).and_then(|calls| calls.get(*followed)).copied();
            let Some((at, called)) = next else {
                finished[*inner] = true;
                way.pop();
                continue;
            };
            *followed += 1;
            if let Some(first) = way.iter().position(|(process, _)| *process == called) {
                let names =
                    way[first..].iter().take(20).map(|(process, _)| &*self.program.processes[*process].id);
                let names = names.collect::<Vec<_>>().join(" → ");
                let id = self.program.processes[called].id.to_string();
                self.report.add(Code::CallRecursion, self.tag(at), &[&id, &names]);
            } else if !finished[called] {
                way.push((called, 0));
            }
        }
    }
}
