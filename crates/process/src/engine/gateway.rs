//! Where flows join and part.

use std::collections::BTreeSet;

use super::event::{Event, Fault};
use super::run::Run;
use super::state::{ExecId, Gate, Incident};
use crate::model::{FlowIx, Kind, Node, NodeIx, Trigger};

/// Incident of a body in which a gateway could not tell whether to start.
pub(super) const GATEWAY_FAILED: &str = "gateway-failed";

impl<'a> Run<'a> {
    /// A token comes to the end of a flow.
    pub fn arrive(&mut self, body: ExecId, flow: FlowIx) {
        if self.state.exec(body).is_none() {
            return;
        }
        self.emit(Event::Taken { body, flow });
        let at = self.program.flow(flow).target;
        let node = self.program.node(at);
        let joins = matches!(node.kind, Kind::Parallel | Kind::Inclusive | Kind::Complex(_));
        if joins && node.incoming.len() > 1 {
            self.emit(Event::Arrived { body, flow });
            self.join(body, (at, node));
        } else if node.start_quantity > 1 {
            self.emit(Event::Arrived { body, flow });
            self.collect(body, (at, node));
        } else {
            self.enter(body, at);
        }
    }

    /// Tokens that wait on a flow.
    pub fn arrived(&self, body: ExecId, flow: FlowIx) -> u32 {
        let body = self.state.exec(body).and_then(super::Exec::body);
        body.and_then(|body| body.arrived.get(&flow)).copied().unwrap_or_default()
    }

    fn join(&mut self, body: ExecId, (at, node): (NodeIx, &'a Node)) {
        if let Kind::Complex(_) = node.kind {
            return self.complex(body, at);
        }
        // An inclusive gateway that has not all of its tokens is looked at when everything else is at rest.
        if node.incoming.iter().all(|flow| self.arrived(body, *flow) > 0) {
            self.emit(Event::Joined { body, flows: node.incoming.clone() });
            self.enter(body, at);
        }
    }

    /// An activity that begins with several tokens.
    fn collect(&mut self, body: ExecId, (at, node): (NodeIx, &'a Node)) {
        let mut flows = Vec::new();
        for flow in &node.incoming {
            flows.extend((0..self.arrived(body, *flow)).map(|_| *flow));
        }
        if flows.len() >= node.start_quantity as usize {
            flows.truncate(node.start_quantity as usize);
            self.emit(Event::Joined { body, flows });
            self.enter(body, at);
        }
    }

    /// A complex gateway starts when its condition holds, takes in silence what comes of the other flows, and is then as
    /// at the begin. Without a condition it starts when all its tokens are there.
    pub fn complex(&mut self, body: ExecId, at: NodeIx) {
        let node = self.program.node(at);
        loop {
            let gate = self
                .state
                .exec(body)
                .and_then(super::Exec::body)
                .and_then(|body| body.gates.get(&at))
                .cloned();
            let here: Vec<_> =
                node.incoming.iter().copied().filter(|flow| self.arrived(body, *flow) > 0).collect();
            let Some(Gate { mut had }) = gate else {
                if here.is_empty() || !self.starts_complex(body, (at, node), &here) {
                    return;
                }
                self.emit(Event::Joined { body, flows: here.clone() });
                if here.len() < node.incoming.len() {
                    self.emit(Event::Gated { body, node: at, gate: Some(Gate { had: here }) });
                }
                self.enter(body, at);
                continue;
            };
            let late: Vec<_> = here.into_iter().filter(|flow| !had.contains(flow)).collect();
            if late.is_empty() {
                return;
            }
            had.extend(&late);
            self.emit(Event::Joined { body, flows: late });
            let gate = (had.len() < node.incoming.len()).then_some(Gate { had });
            self.emit(Event::Gated { body, node: at, gate });
        }
    }

    fn starts_complex(&mut self, body: ExecId, (at, node): (NodeIx, &'a Node), here: &[FlowIx]) -> bool {
        let Kind::Complex(Some(condition)) = &node.kind else { return here.len() == node.incoming.len() };
        let mut sight = self.sight(body);
        let count: u32 = here.iter().map(|flow| self.arrived(body, *flow)).sum();
        sight.own.insert("activationCount".to_owned(), count.into());
        sight.own.insert("waitingForStart".to_owned(), true.into());
        match condition.holds(&sight) {
            Ok(holds) => holds,
            Err(failed) => {
                let why = format!("{}: {failed}", self.program.node(at).id);
                self.stop(body, Incident { code: GATEWAY_FAILED.to_owned(), why, completing: false });
                false
            }
        }
    }

    /// Whether tokens may still come to a joining gateway: one is somewhere from where flows lead to an entry that is
    /// empty, and to none that is full, without passing the gateway (BPMN 2.0.2, 13.4.3).
    pub fn may_come(&self, body: ExecId, at: NodeIx) -> bool {
        let node = self.program.node(at);
        let (full, empty): (Vec<_>, Vec<_>) =
            node.incoming.iter().copied().partition(|flow| self.arrived(body, *flow) > 0);
        let (to_empty, to_full) = (self.leading_to(&empty, at), self.leading_to(&full, at));
        let mut steps = self.tree.nodes(body).filter(|one| *one != at);
        let waiting = self.state.exec(body).and_then(super::Exec::body).map(|body| &body.arrived);
        let mut waiting = waiting.into_iter().flatten().map(|(flow, _)| self.program.flow(*flow).target);
        let leads = |one: NodeIx| to_empty.contains(&one) && !to_full.contains(&one);
        steps.any(leads) || waiting.any(|one| one != at && leads(one))
    }

    /// The nodes from which flows lead to one of these, without passing a node.
    fn leading_to(&self, flows: &[FlowIx], without: NodeIx) -> BTreeSet<NodeIx> {
        let mut found = BTreeSet::new();
        let mut open: Vec<_> = flows.iter().map(|flow| self.program.flow(*flow).source).collect();
        while let Some(at) = open.pop() {
            if at == without || !found.insert(at) {
                continue;
            }
            let node = self.program.node(at);
            open.extend(node.incoming.iter().map(|flow| self.program.flow(*flow).source));
            if let Kind::Boundary { attached, .. } = node.kind {
                open.push(attached);
            }
            open.extend(self.throws_of(at));
        }
        found
    }

    /// The events that throw a link to this one.
    fn throws_of(&self, at: NodeIx) -> impl Iterator<Item = NodeIx> {
        let node = self.program.node(at);
        let is_link =
            matches!(&node.kind, Kind::Catch(on) if matches!(on.list.as_slice(), [Trigger::Link(_)]));
        let siblings = if is_link { self.program.scope(node.scope).nodes.as_slice() } else { &[] };
        let throws = move |from: &NodeIx| match &self.program.node(*from).kind {
            Kind::Throw(list) => list.iter().any(|one| matches!(one, Trigger::Link(Some(to)) if *to == at)),
            _ => false,
        };
        siblings.iter().copied().filter(throws)
    }

    /// The flows on which tokens go on.
    pub fn chosen(&self, exec: ExecId, node: &'a Node) -> Result<Vec<FlowIx>, Fault> {
        let first_only = matches!(node.kind, Kind::Exclusive);
        let all = matches!(node.kind, Kind::Parallel | Kind::EventBased { .. });
        if all || node.outgoing.is_empty() {
            return Ok(node.outgoing.clone());
        }
        let (mut flows, mut held) = (Vec::new(), false);
        for flow in node.outgoing.iter().filter(|flow| Some(**flow) != node.default) {
            let holds = match &self.program.flow(*flow).condition {
                Some(condition) => {
                    let holds = self.holds(exec, condition)?;
                    held |= holds;
                    holds
                }
                None => true,
            };
            if holds {
                flows.push(*flow);
                if first_only {
                    return Ok(flows);
                }
            }
        }
        let gateway = matches!(node.kind, Kind::Inclusive | Kind::Complex(_) | Kind::Exclusive);
        match node.default {
            Some(default) if flows.is_empty() || (!gateway && !held) => flows.push(default),
            None if flows.is_empty() => {
                let why = "không có điều kiện nào đúng, không có nhánh mặc định / no condition holds and there is no default flow";
                return Err(Fault { code: "no-condition-holds", why: why.to_owned() });
            }
            _ => {}
        }
        Ok(flows)
    }
}
