//! What the standard asks of the graph as a whole.

mod calls;
mod round;
mod ways;

use worktime::Span;

use super::draft::Draft;
use super::timer::calendar_days;
use crate::model::fault::Code;
use crate::model::{Kind, Node, NodeIx, ScopeIx, ScopeKind, Task, Timer, Trigger, Triggers};

impl Draft<'_> {
    /// Looks at everything once it is read.
    pub(super) fn check(&mut self) {
        for at in self.places() {
            self.check_flows(at);
            self.check_listed(at);
            self.check_event_gateway(at);
            self.check_compensation(at);
            self.check_days(at);
            self.check_work(at);
            self.check_message(at);
        }
        self.check_begin();
        self.check_calls();
        self.check_ways();
        self.check_rounds();
    }

    /// How long a step may take, and whose tasks its person must not have done.
    fn check_work(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        if let Some(due) = tag.extension("due").filter(|due| Span::parse(due).is_err()) {
            self.report.add(Code::BadValue, tag, &["due", due, "P2WD, PT4WH, P30D"]);
        }
        let is_count = |text: &&str| text.parse().is_ok_and(|count: u32| (1..=1_000).contains(&count));
        if let Some(retries) = tag.extension("retries").filter(|text| !is_count(text)) {
            self.report.add(Code::BadValue, tag, &["retries", retries, "1 … 1000"]);
        }
        for id in self.program.node(at).four_eyes().map(str::to_owned).collect::<Vec<_>>() {
            if self.program.find(&id).is_none() {
                self.report.add(Code::DanglingReference, tag, &["fourEyes", &id]);
            }
        }
    }

    /// A message without anything that must be equal reaches whoever waits longest: perhaps somebody else's dossier.
    fn check_message(&mut self, at: NodeIx) {
        let node = self.program.node(at);
        let scope = self.program.scope(node.scope);
        let begins = scope.node.is_none() && self.instantiated(at);
        if !self.program.processes[scope.process].executable || begins || self.is_behind_begin(at) {
            return;
        }
        let waits_for_any = match &node.kind {
            Kind::Task(Task::Receive { message, .. }) => message.correlation.is_none(),
            Kind::Throw(_) | Kind::End(_) => false,
            _ => triggers(node)
                .iter()
                .any(|one| matches!(one, Trigger::Message(message) if message.correlation.is_none())),
        };
        if waits_for_any {
            self.report.add(Code::MessageForAny, self.tag(at), &[]);
        }
    }

    /// Places of all scopes.
    pub(super) fn scopes(&self) -> impl Iterator<Item = ScopeIx> + use<> {
        (0..u32::try_from(self.bodies.len()).unwrap_or(u32::MAX)).map(ScopeIx)
    }

    /// What gets a token when a scope begins.
    pub(super) fn find_starts(&mut self) {
        for scope in self.scopes() {
            let scope_of = self.program.scope(scope);
            let starts = match scope_of.kind {
                ScopeKind::Event(start) => vec![start],
                _ => scope_of.nodes.iter().copied().filter(|at| self.begins(*at)).collect(),
            };
            self.scope_mut(scope).starts = starts;
        }
    }

    /// Whether a node gets a token when its scope begins.
    fn begins(&self, at: NodeIx) -> bool {
        let node = self.program.node(at);
        if !node.incoming.is_empty() || node.for_compensation || self.is_event_sub_process(at) {
            return false;
        }
        match &node.kind {
            Kind::Start { on, .. } => on.is_none(),
            Kind::Catch(on) => !on.list.iter().any(|trigger| matches!(trigger, Trigger::Link(_))),
            Kind::Task(Task::Receive { instantiate, .. }) | Kind::EventBased { instantiate, .. } => {
                !instantiate
            }
            Kind::End(_) | Kind::Boundary { .. } => false,
            _ => true,
        }
    }

    fn check_flows(&mut self, at: NodeIx) {
        let node = self.program.node(at);
        let apart = node.for_compensation || self.is_event_sub_process(at);
        let (takes, gives) = match &node.kind {
            Kind::Start { .. } => (false, true),
            Kind::Boundary { on, .. } => {
                (false, !has(on, |trigger| matches!(trigger, Trigger::Compensation { .. })))
            }
            Kind::Catch(on) => (!has(on, |trigger| matches!(trigger, Trigger::Link(_))), true),
            Kind::Throw(list) => (true, !list.iter().any(|trigger| matches!(trigger, Trigger::Link(_)))),
            Kind::End(_) => (true, false),
            _ => (true, true),
        };
        let (into, out_of) = (node.incoming.clone(), node.outgoing.clone());
        for (flows, code, wrong) in
            [(into, Code::FlowInto, apart || !takes), (out_of, Code::FlowOutOf, apart || !gives)]
        {
            for flow in flows.into_iter().filter(|_| wrong) {
                let id = self.program.flow(flow).id.to_string();
                self.report.add(code, self.tag(at), &[&id]);
            }
        }
    }

    /// What a node says of its flows itself, if anything.
    fn check_listed(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let listed = |kind: &str| {
            let mut ids: Vec<_> =
                tag.all(kind).map(|flow| super::draft::local(flow, &flow.text()).to_owned()).collect();
            ids.sort();
            ids
        };
        let node = self.program.node(at);
        let drawn = |flows: &[_]| {
            let mut ids: Vec<_> = flows.iter().map(|flow| self.program.flow(*flow).id.to_string()).collect();
            ids.sort();
            ids
        };
        let (incoming, outgoing) = (listed("incoming"), listed("outgoing"));
        let silent = incoming.is_empty() && outgoing.is_empty();
        if !silent && (incoming != drawn(&node.incoming) || outgoing != drawn(&node.outgoing)) {
            let id = node.id.to_string();
            self.report.add(Code::FlowListed, tag, &[&id]);
        }
    }

    fn check_event_gateway(&mut self, at: NodeIx) {
        let node = self.program.node(at);
        if !matches!(node.kind, Kind::EventBased { .. }) {
            return;
        }
        let targets = node.outgoing.iter().map(|flow| self.program.node(self.program.flow(*flow).target));
        let wrong = targets
            .filter(|target| !matches!(target.kind, Kind::Catch(_) | Kind::Task(Task::Receive { .. })));
        let wrong: Vec<String> = wrong.map(|target| target.id.to_string()).collect();
        if node.outgoing.is_empty() {
            self.report.add(Code::GatewayEvent, self.tag(at), &["-"]);
        }
        for target in wrong {
            self.report.add(Code::GatewayEvent, self.tag(at), &[&target]);
        }
    }

    fn check_compensation(&mut self, at: NodeIx) {
        let (Kind::Throw(list) | Kind::End(list)) = &self.program.node(at).kind else { return };
        let activities = list.iter().filter_map(|trigger| match trigger {
            Trigger::Compensation { activity, .. } => *activity,
            _ => None,
        });
        let nothing = activities.map(|activity| self.program.node(activity)).filter(|activity| {
            activity.compensated_by.is_none() && !matches!(activity.kind, Kind::SubProcess(_) | Kind::Call(_))
        });
        let nothing: Vec<String> = nothing.map(|activity| activity.id.to_string()).collect();
        for activity in nothing {
            self.report.add(Code::CompensatesNothing, self.tag(at), &[&activity]);
        }
    }

    /// Calendar days in a process of a procedure, whose law says working days.
    fn check_days(&mut self, at: NodeIx) {
        let node = self.program.node(at);
        let process = self.program.scope(node.scope).process;
        if self.program.processes[process].procedure.is_none() {
            return;
        }
        let timers = triggers(node).iter().filter_map(|trigger| match trigger {
            Trigger::Timer(Timer::Duration | Timer::Cycle, expression) => Some(expression.text()),
            _ => None,
        });
        let texts: Vec<String> = timers.map(|text| text.trim_matches('"').to_owned()).collect();
        for text in texts {
            if let Some(days) = calendar_days(&text) {
                self.report.add(Code::CalendarDays, self.tag(at), &[&text, &format!("P{days}WD")]);
            }
        }
    }

    /// Whether each scope can begin.
    fn check_begin(&mut self) {
        for scope in self.scopes() {
            let scope_of = self.program.scope(scope);
            let process = &self.program.processes[scope_of.process];
            let is_process = scope_of.node.is_none();
            let begins = !scope_of.starts.is_empty()
                || is_process && scope_of.nodes.iter().any(|at| self.instantiated(*at));
            let is_empty = scope_of.nodes.is_empty();
            let code = match scope_of.kind {
                ScopeKind::Event(_) => continue,
                _ if begins => continue,
                _ if is_process && process.executable => Code::NothingToBegin,
                _ if is_process => continue,
                _ if self.is_event_sub_process(scope_of.node.expect("no process")) => continue,
                _ if is_empty => Code::EmptySubProcess,
                _ => Code::NothingToBegin,
            };
            self.report.add(code, self.body(scope), &[]);
        }
    }

    /// Whether an event-based gateway with which a process begins leads to this node.
    fn is_behind_begin(&self, at: NodeIx) -> bool {
        let flows = &self.program.node(at).incoming;
        let mut before = flows.iter().map(|flow| self.program.node(self.program.flow(*flow).source));
        before.any(|node| matches!(node.kind, Kind::EventBased { instantiate: true, .. }))
    }

    /// Whether a process begins by what happens at this node.
    pub(super) fn instantiated(&self, at: NodeIx) -> bool {
        match &self.program.node(at).kind {
            Kind::Start { .. } => true,
            Kind::Task(Task::Receive { instantiate, .. }) | Kind::EventBased { instantiate, .. } => {
                *instantiate
            }
            _ => false,
        }
    }
}

/// What an event waits for or tells.
fn triggers(node: &Node) -> &[Trigger] {
    match &node.kind {
        Kind::Start { on, .. } | Kind::Catch(on) | Kind::Boundary { on, .. } => &on.list,
        Kind::Throw(list) | Kind::End(list) => list,
        _ => &[],
    }
}

fn has(on: &Triggers, which: impl Fn(&Trigger) -> bool) -> bool {
    on.list.iter().any(which)
}
