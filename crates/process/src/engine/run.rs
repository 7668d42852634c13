//! Carries a command out: events are added to the state as they are decided, tokens go on until everything waits.

use std::cell::Cell;
use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::activity::NO_INPUT;
use super::agency::NO_AGENCY;
use super::event::{Event, Fault, Outcome, Told};
use super::gateway::GATEWAY_FAILED;
use super::happen::NO_EVENT;
use super::scope::COMPLETION_FAILED;
use super::settle::STUCK;
use super::state::{Body, ExecId, Incident, Role, State, Step};
use super::tree::Tree;
use super::{Command, Context, Refused, STEPS_MAX, WORK_FAILED};
use crate::model::{FlowIx, Kind, Node, NodeIx, Program, Scope, Task};

/// Incident of what did not come to rest.
const CIRCLES: &str = "runs-in-circles";

/// Why nothing more is told.
const WITHOUT_END: &str = "các quy trình gọi nhau mãi bằng thông điệp, tín hiệu mà không có người hay máy xử lý ở giữa: sửa mô \
    hình, rồi thử lại / processes tell each other messages and signals without end, and no person or worker is in between: mend \
    the model, then retry";

/// Most that expressions of one command may cost: that of a few large ones.
const SPENT_MAX: f64 = 60_000_000.0;
/// Most values, or eights of bytes, that one command may assign.
const WRITTEN_MAX: usize = 1_000_000;
/// Most that may happen by one command: an activity may be done by thousands within another.
const EVENTS_MAX: usize = 400_000;
/// Deepest value: what looks at values calls itself.
const VALUE_DEPTH_MAX: usize = 100;

/// How much is in a value: values and eights of bytes, without end where it is too deep.
fn weight(value: &Value, levels: usize) -> usize {
    let Some(levels) = levels.checked_sub(1) else { return usize::MAX };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() / 8,
        Value::Array(items) => items.iter().map(|item| weight(item, levels)).fold(1, usize::saturating_add),
        Value::Object(entries) => {
            let sizes =
                entries.iter().map(|(key, value)| weight(value, levels).saturating_add(key.len() / 8));
            sizes.fold(1, usize::saturating_add)
        }
    }
}

/// What is still to be done before the instance is at rest.
pub(super) enum Work {
    /// A token goes along a flow.
    Token { body: ExecId, flow: FlowIx },
    /// A node begins without a flow that leads to it.
    Enter { parent: ExecId, node: NodeIx },
    /// An activity that is done several times comes to its next time.
    Again { exec: ExecId },
}

impl Work {
    /// The step in which it is.
    pub fn parent(&self) -> ExecId {
        match self {
            Self::Token { body, .. } => *body,
            Self::Enter { parent, .. } => *parent,
            Self::Again { exec } => *exec,
        }
    }
}

/// A command on its way.
pub(super) struct Run<'a> {
    pub context: Context<'a>,
    pub program: &'a Program,
    pub state: State,
    pub events: Vec<Event>,
    pub queue: VecDeque<Work>,
    /// Signals of this command that nobody in the instance waited for yet.
    pub unheard: Vec<(String, Map<String, Value>)>,
    /// Whether variables changed since conditions were looked at.
    pub changed: bool,
    /// What is open, by what it is in.
    pub tree: Tree,
    /// What expressions of this command may have cost.
    pub spent: Cell<f64>,
    steps: u32,
    /// Messages and signals that were told by this command.
    told: u32,
    /// An instance that begins where nothing may be told any more begins with an incident, not with thousands.
    halted: bool,
    /// Values and eights of bytes that were assigned by this command.
    written: usize,
}

impl<'a> Run<'a> {
    pub fn new(context: Context<'a>, state: State) -> Self {
        let (events, queue, unheard) = (Vec::new(), VecDeque::new(), Vec::new());
        let (program, tree) = (context.program, Tree::of(&state));
        let (spent, steps, told, written) = (Cell::new(0.0), 0, 0, 0);
        let (changed, halted) = (false, false);
        Self {
            context,
            program,
            state,
            events,
            queue,
            unheard,
            changed,
            tree,
            spent,
            steps,
            told,
            halted,
            written,
        }
    }

    pub fn into_result(self) -> (State, Vec<Event>) {
        (self.state, self.events)
    }

    pub fn emit(&mut self, event: Event) {
        if let Event::Left { exec } | Event::Cancelled { exec } = event {
            self.end_clock(exec);
        }
        if let Event::Assigned { values, .. } = &event {
            let weights = values.values().map(|value| weight(value, VALUE_DEPTH_MAX));
            self.written = weights.fold(self.written, usize::saturating_add);
        }
        self.tree.before(&self.state, &event);
        self.state.apply(&event).expect("only what fits the state is decided");
        self.events.push(event);
    }

    pub fn next_id(&self) -> u64 {
        self.state.last + 1
    }

    /// Does what the command says; tokens that it sets free wait in the queue.
    pub fn command(&mut self, command: Command) -> Result<(), Refused> {
        if self.state.outcome.is_some()
            || (self.state.execs.is_empty() != matches!(command, Command::Start { .. }))
        {
            return Err(Refused::Over);
        }
        match command {
            Command::Start { process, by, variables, agency } => {
                self.start(process, by, (variables, agency))?;
                self.halted = self.context.tells == 0;
            }
            Command::Complete { exec, variables } => {
                self.working(exec)?;
                self.assign(exec, variables);
                self.complete(exec);
            }
            Command::Error { exec, code, variables } => {
                self.working(exec)?;
                self.assign(exec, variables);
                self.error(exec, &code);
            }
            Command::Happened { wait, variables } => {
                let (exec, _) = self.state.wait(wait).ok_or(Refused::NoWait(wait))?;
                self.happened((exec, wait), variables);
            }
            Command::Signal { name, variables } => drop(self.broadcast(&name, &variables)),
            Command::Set { variables } => {
                let root = *self.state.execs.keys().next().expect("it is not over, so the process is open");
                self.assign(root, variables);
            }
            Command::Stop { exec, why } => {
                self.working(exec)?;
                self.stop(exec, Incident { code: WORK_FAILED.to_owned(), why, completing: false });
            }
            Command::Retry { exec } => self.retry(exec)?,
            Command::Pause { reason } => self.hold(reason)?,
            Command::Resume => self.let_run()?,
            Command::Recalculate => self.recalculate(),
            Command::Cancel => self.end(Outcome::Cancelled),
        }
        Ok(())
    }

    fn working(&self, exec: ExecId) -> Result<(), Refused> {
        let found = self.state.exec(exec).ok_or(Refused::NoStep(exec.0))?;
        let waits = found.role == Role::Step(Step::Work) && found.incident.is_none();
        if waits { Ok(()) } else { Err(Refused::NoStep(exec.0)) }
    }

    fn start(
        &mut self,
        process: usize,
        by: Option<NodeIx>,
        (variables, agency): (Map<String, Value>, Option<String>),
    ) -> Result<(), Refused> {
        let process = self.program.processes.get(process).ok_or(Refused::NoStart)?;
        let scope_ix = process.scope;
        let scope = self.program.scope(scope_ix);
        let begins = by.map_or(!scope.starts.is_empty(), |node| self.may_begin(scope, node));
        if !begins {
            return Err(Refused::NoStart);
        }
        let exec = ExecId(self.next_id());
        let role = Role::Body(Body::new(scope_ix));
        self.emit(Event::Entered { exec, parent: None, node: None, role });
        self.declare(exec, scope);
        if !variables.is_empty() {
            self.emit(Event::Assigned { exec, values: variables });
        }
        let own = process.agency.as_ref().map(|own| self.asked(exec, own)).transpose();
        let own = own.map_err(|fault| Refused::NoAgency(fault.why))?;
        if let Some(agency) = own.or(agency) {
            self.belongs_to(exec, agency);
        }
        if !self.arm_event_subs(exec, scope) {
            let incident = self.state.exec(exec).and_then(|exec| exec.incident.as_ref());
            let why = incident.map(|incident| incident.why.clone()).unwrap_or_default();
            return Err(Refused::NoEvent(why));
        }
        match by {
            Some(node) => self.begin_by(exec, node),
            None => self.enter_all(exec, &scope.starts),
        }
        Ok(())
    }

    /// Whether a process can begin by what has happened at this node.
    fn may_begin(&self, scope: &Scope, by: NodeIx) -> bool {
        let node = self.program.node(by);
        let instantiates = match &node.kind {
            Kind::Start { on, .. } => !on.is_none(),
            Kind::Task(Task::Receive { instantiate, .. }) => {
                *instantiate || self.gateway_before(node).is_some()
            }
            Kind::Catch(_) => self.gateway_before(node).is_some(),
            _ => false,
        };
        instantiates && scope.nodes.contains(&by)
    }

    /// The event-based gateway before a node with which a process begins.
    pub fn gateway_before(&self, node: &Node) -> Option<NodeIx> {
        let sources = node.incoming.iter().map(|flow| self.program.flow(*flow).source);
        let begins =
            |at: &NodeIx| matches!(self.program.node(*at).kind, Kind::EventBased { instantiate: true, .. });
        sources.into_iter().find(begins)
    }

    fn retry(&mut self, exec: ExecId) -> Result<(), Refused> {
        let found = self.state.exec(exec).ok_or(Refused::NoStep(exec.0))?;
        let incident = found.incident.clone().ok_or(Refused::NoIncident(exec.0))?;
        self.emit(Event::Retried { exec });
        let is_work = matches!(self.role_of(exec), Some(Role::Step(Step::Work)));
        match incident.code.as_str() {
            _ if incident.completing => self.complete(exec),
            COMPLETION_FAILED => self.look_again(exec),
            // What has begun does not begin again.
            NO_EVENT if !self.tree.is_idle(exec) => self.arm_again(exec),
            NO_EVENT | NO_INPUT | NO_AGENCY => self.begin_again(exec),
            CIRCLES if !self.is_one_of_many(exec) => self.enter_anew(exec),
            // The body has begun; what stopped it is looked at again when everything else is at rest.
            GATEWAY_FAILED | STUCK => {}
            _ if is_work => {}
            _ => self.act(exec),
        }
        Ok(())
    }

    /// Whether a step repeats an activity, or is one time of it.
    fn is_one_of_many(&self, exec: ExecId) -> bool {
        [Some(exec), self.parent_of(exec)]
            .into_iter()
            .flatten()
            .any(|one| matches!(self.role_of(one), Some(Role::Many(_))))
    }

    /// A token that was stopped before its node goes in: what only stands there is no task, and not many.
    fn enter_anew(&mut self, exec: ExecId) {
        let Some(((node, _), parent)) = self.node_of(exec).zip(self.parent_of(exec)) else { return };
        self.emit(Event::Left { exec });
        self.queue.push_back(Work::Enter { parent, node });
    }

    /// Lets tokens go on until everything waits.
    pub fn until_rest(&mut self) {
        if self.halted {
            self.stop_everything(WITHOUT_END);
            return self.settle_clocks();
        }
        loop {
            while let Some(work) = self.queue.pop_front() {
                self.steps += 1;
                if let Some(why) = self.too_much() {
                    self.queue.push_front(work);
                    self.stop_everything(&why);
                    return self.settle_clocks();
                }
                match work {
                    Work::Token { body, flow } => self.arrive(body, flow),
                    Work::Enter { parent, node } => self.enter(parent, node),
                    Work::Again { exec } => self.once_more(exec),
                }
            }
            if self.state.outcome.is_some() || !self.settle() {
                return self.settle_clocks();
            }
            self.steps += 1;
        }
    }

    /// Why a command has to end before everything waits.
    fn too_much(&self) -> Option<String> {
        if self.steps > STEPS_MAX {
            return Some(format!(
                "hơn {STEPS_MAX} bước không chờ / more than {STEPS_MAX} steps without a wait"
            ));
        }
        if self.spent.get() > SPENT_MAX {
            return Some(
                "biểu thức của một lần chạy tốn quá nhiều / expressions cost too much without a wait"
                    .to_owned(),
            );
        }
        if self.events.len() > EVENTS_MAX {
            return Some(format!(
                "hơn {EVENTS_MAX} việc một lúc / more than {EVENTS_MAX} events without a wait"
            ));
        }
        (self.written > WRITTEN_MAX).then(|| {
            "ghi quá nhiều biến, hoặc lồng quá sâu / too much is assigned without a wait, or too deep"
                .to_owned()
        })
    }

    /// What does not come to rest stops where it is; no token is lost.
    fn stop_everything(&mut self, why: &str) {
        for work in std::mem::take(&mut self.queue) {
            let parent = work.parent();
            let node = match work {
                Work::Token { flow, .. } => self.program.flow(flow).target,
                Work::Enter { node, .. } => node,
                // The wrapper is open; a retry lets it go on.
                Work::Again { exec } => {
                    let incident =
                        Incident { code: CIRCLES.to_owned(), why: why.to_owned(), completing: false };
                    self.stop(exec, incident);
                    continue;
                }
            };
            if self.state.exec(parent).is_none() {
                continue;
            }
            let exec = ExecId(self.next_id());
            let role = Role::Step(Step::Passing);
            self.emit(Event::Entered { exec, parent: Some(parent), node: Some(node), role });
            self.stop(exec, Incident { code: CIRCLES.to_owned(), why: why.to_owned(), completing: false });
        }
    }

    /// Ends the instance; what is open is cancelled.
    pub fn end(&mut self, outcome: Outcome) {
        if let Some(root) = self.state.execs.keys().next().copied() {
            self.cancel_children(root);
        }
        self.queue.clear();
        self.end_clocks();
        self.emit(Event::Ended { outcome });
    }

    pub fn stop(&mut self, exec: ExecId, incident: Incident) {
        self.emit(Event::Failed { exec, incident });
    }

    /// Something went wrong that is nobody's decision: who catches every error catches it, else the step stops. An error
    /// event on the border of a script, which can throw nothing by name, is there for its failing.
    pub fn fail(&mut self, exec: ExecId, fault: Fault, completing: bool) {
        let incident = Incident { code: fault.code.to_owned(), why: fault.why, completing };
        if !self.caught_on_script(exec) && !self.caught(exec, None) {
            self.stop(exec, incident);
        }
    }

    /// Whether a message or signal may be told; else the step stops, and nobody else's handler takes over.
    pub fn may_tell(&mut self, exec: ExecId) -> bool {
        if self.told < self.context.tells {
            self.told += 1;
            return true;
        }
        self.stop(
            exec,
            Incident { code: CIRCLES.to_owned(), why: WITHOUT_END.to_owned(), completing: false },
        );
        false
    }

    pub fn tell(&mut self, exec: ExecId, what: Told) {
        self.emit(Event::Told { exec, what });
    }

    /// The node of an open step that is not the process itself.
    pub fn node_of(&self, exec: ExecId) -> Option<(NodeIx, &'a Node)> {
        let at = self.state.exec(exec)?.node?;
        Some((at, self.program.node(at)))
    }

    pub fn parent_of(&self, exec: ExecId) -> Option<ExecId> {
        self.state.exec(exec)?.parent
    }

    pub fn role_of(&self, exec: ExecId) -> Option<&Role> {
        Some(&self.state.exec(exec)?.role)
    }
}
