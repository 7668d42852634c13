//! Gateways and the conditions behind them.

use super::draft::Draft;
use crate::model::fault::Code;
use crate::model::{FlowIx, Kind, NodeIx};

impl Draft<'_> {
    pub(super) fn read_gateway(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let kind = match tag.kind() {
            "exclusiveGateway" => Kind::Exclusive,
            "parallelGateway" => Kind::Parallel,
            "inclusiveGateway" => Kind::Inclusive,
            "complexGateway" => Kind::Complex(self.expression_in(tag, "activationCondition")),
            _ => {
                let parallel = self.choice(tag, "eventGatewayType", &["Exclusive", "Parallel"]) == "Parallel";
                let instantiate = self.instantiates(at);
                if parallel && !instantiate {
                    self.report.add(Code::ParallelEvents, tag, &[]);
                }
                Kind::EventBased { instantiate, parallel }
            }
        };
        self.node_mut(at).kind = kind;
        self.read_default(at);
    }

    /// The flow that is taken when no condition is true.
    pub(super) fn read_default(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        if self.refer_by(tag, "default", &["sequenceFlow"]).is_none() {
            return;
        }
        let id = tag.get("default").unwrap_or_default();
        let flow = self.flows.get(id).copied();
        let flow = flow.filter(|flow| self.program.node(at).outgoing.contains(flow));
        if flow.is_none() {
            self.report.add(Code::DefaultNotOutgoing, tag, &[id]);
        }
        self.node_mut(at).default = flow;
    }

    /// Conditions of flows, where they have an effect.
    pub(super) fn read_conditions(&mut self) {
        for (place, at) in (0..self.flow_tags.len()).zip((0..).map(FlowIx)) {
            let tag = self.flow_tags[place];
            let source = self.program.node(self.program.flow(at).source);
            let is_default = source.default == Some(at);
            let Some(holder) = tag.first("conditionExpression") else {
                let decides = matches!(source.kind, Kind::Exclusive | Kind::Inclusive);
                if decides && source.outgoing.len() > 1 && !is_default {
                    self.report.add(Code::ConditionMissing, tag, &[]);
                }
                continue;
            };
            match &source.kind {
                Kind::Parallel => self.report.add(Code::ConditionIgnored, holder, &[]),
                _ if is_default => self.report.add(Code::ConditionIgnored, holder, &[]),
                Kind::Start { .. } | Kind::Catch(_) | Kind::Throw(_) | Kind::Boundary { .. } => {
                    self.conditional_event(at);
                }
                Kind::EventBased { .. } => self.conditional_event(at),
                _ => self.program.flows[place].condition = self.expression(holder),
            }
        }
    }

    fn conditional_event(&mut self, at: FlowIx) {
        let tag = self.flow_tags[at.0 as usize];
        let source = self.program.node(self.program.flow(at).source).id.to_string();
        self.report.add(Code::ConditionOnEvent, tag, &[&source]);
    }

    /// Whether a process begins with this gateway or receive task.
    pub(super) fn instantiates(&mut self, at: NodeIx) -> bool {
        let tag = self.tag(at);
        if !self.flag(tag, "instantiate", false) {
            return false;
        }
        let node = self.program.node(at);
        if node.incoming.is_empty() && self.program.scope(node.scope).node.is_none() {
            return true;
        }
        self.report.add(Code::InstantiatePlace, tag, &[]);
        false
    }
}
