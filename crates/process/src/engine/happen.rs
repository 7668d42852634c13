//! Waiting for events, and what follows when they happen.

use base::Ts;
use serde_json::{Map, Value};

use super::Timing;
use super::event::{Event, Fault};
use super::run::Run;
use super::state::{Awaited, ExecId, Role, Step, Wait};
use crate::model::{Kind, Message, Node, NodeIx, Program, Task, Trigger};

/// Incident of a step that could not begin to wait for an event.
pub(super) const NO_EVENT: &str = "no-event";
/// How often an instance may wait for less than a second before somebody must look at it.
const HASTY_MAX: u32 = 10_000;

impl Program {
    /// What an event waits for, or a receive task; nothing for other nodes.
    pub fn triggers(&self, at: NodeIx) -> &[Trigger] {
        match &self.node(at).kind {
            Kind::Start { on, .. } | Kind::Catch(on) | Kind::Boundary { on, .. } => &on.list,
            _ => &[],
        }
    }

    /// Whether all that an event waits for must happen.
    fn needs_all(&self, at: NodeIx) -> bool {
        match &self.node(at).kind {
            Kind::Start { on, .. } | Kind::Catch(on) | Kind::Boundary { on, .. } => {
                on.all && on.list.len() > 1
            }
            _ => false,
        }
    }
}

impl<'a> Run<'a> {
    /// Lets a step wait for an event; false when it cannot.
    pub fn arm_event(&mut self, exec: ExecId, event: NodeIx) -> bool {
        let armed = match &self.program.node(event).kind {
            Kind::Task(Task::Receive { message, .. }) => {
                let what = self.await_message(exec, message);
                what.map(|what| self.wait_for(exec, (event, 0), what))
            }
            _ => self.arm_triggers(exec, event),
        };
        let Err(Fault { why, .. }) = armed else { return true };
        let why = format!("{}: {why}", self.program.node(event).id);
        self.fail(exec, Fault { code: NO_EVENT, why }, false);
        false
    }

    fn arm_triggers(&mut self, exec: ExecId, event: NodeIx) -> Result<(), Fault> {
        for (trigger, at) in self.program.triggers(event).iter().zip(0_u16..) {
            let what = match trigger {
                Trigger::Message(message) => self.await_message(exec, message)?,
                Trigger::Signal(name) => Awaited::Signal(name.to_string()),
                Trigger::Condition(_) => {
                    self.changed = true;
                    Awaited::Condition(false)
                }
                Trigger::Timer(timer, expression) => {
                    let text = timer_text(&self.value(exec, expression)?);
                    let began = self.context.now;
                    let agency = self.agency_of_event(exec, event)?;
                    let timing =
                        Timing { timer: *timer, text: &text, began, nth: 0, agency: agency.as_deref() };
                    let (nth, at) = self.first(timing).map_err(|why| Fault { code: NO_EVENT, why })?;
                    Awaited::Moment { at, began, nth, text, agency, clock: None }
                }
                // These are not waited for: who throws them looks for who catches.
                Trigger::Error(_)
                | Trigger::Escalation(_)
                | Trigger::Compensation { .. }
                | Trigger::Cancel
                | Trigger::Link(_)
                | Trigger::Terminate => continue,
            };
            if what.is_hasty() && self.state.hasty >= HASTY_MAX {
                return Err(Fault { code: NO_EVENT, why: never_rests() });
            }
            self.wait_for(exec, (event, at), what);
        }
        Ok(())
    }

    /// When a timer comes for the first time, and with what number.
    fn first(&self, timing: Timing<'_>) -> Result<(u32, Ts), String> {
        let outside = self.context.outside;
        let nth = outside.first(timing)?;
        let due = nth.map(|nth| outside.due(Timing { nth, ..timing })).transpose()?.flatten();
        nth.zip(due).ok_or_else(|| format!("{}: mọi lần đã qua / all its times are past", timing.text))
    }

    fn await_message(&self, exec: ExecId, message: &Message) -> Result<Awaited, Fault> {
        let key = message.correlation.as_ref().map(|key| self.value(exec, key)).transpose()?;
        if let (Some(Value::Null), Some(asked)) = (&key, &message.correlation) {
            // It would wait for whatever comes, perhaps for another dossier.
            let text = asked.text();
            let why = format!(
                "thông điệp đối chiếu theo `{text}` mà chưa có giá trị: đặt biến rồi thử lại / the message is told apart by `{text}`, which has no value: set the variable, then retry"
            );
            return Err(Fault { code: NO_EVENT, why });
        }
        Ok(Awaited::Message { name: message.name.to_string(), key })
    }

    fn wait_for(&mut self, exec: ExecId, (node, trigger): (NodeIx, u16), what: Awaited) {
        let wait = Wait { id: self.next_id(), node, trigger, what };
        self.emit(Event::Awaits { exec, wait });
    }

    /// An event-based gateway waits for the events behind it.
    pub fn await_events(&mut self, exec: ExecId, node: &'a Node) {
        let events = node.outgoing.iter().map(|flow| self.program.flow(*flow).target);
        for event in events {
            if !self.arm_event(exec, event) {
                return;
            }
        }
    }

    /// A wait is over. `variables` are what a message or signal brought.
    pub fn happened(&mut self, (exec, wait): (ExecId, u64), variables: Map<String, Value>) {
        let waits = self.state.exec(exec).map(|exec| exec.waits.as_slice()).unwrap_or_default();
        let Some(wait) = waits.iter().find(|one| one.id == wait).cloned() else { return };
        if self.program.needs_all(wait.node) && self.others_missing(exec, &wait) {
            self.emit(Event::Observed { exec, wait: wait.id, what: Awaited::Past });
            return self.assign(exec, variables);
        }
        match &self.program.node(wait.node).kind {
            Kind::Boundary { interrupting, .. } => self.on_border(exec, &wait, *interrupting, variables),
            Kind::Start { interrupting, .. } => self.begins_sub(exec, &wait, *interrupting, variables),
            _ => self.caught_here(exec, &wait, variables),
        }
    }

    fn others_missing(&self, exec: ExecId, wait: &Wait) -> bool {
        let waits = self.state.exec(exec).map(|exec| exec.waits.as_slice()).unwrap_or_default();
        waits.iter().any(|one| one.node == wait.node && one.id != wait.id && one.what != Awaited::Past)
    }

    /// An event on the border of an activity.
    fn on_border(&mut self, exec: ExecId, wait: &Wait, interrupting: bool, variables: Map<String, Value>) {
        let Some(parent) = self.parent_of(exec) else { return };
        if interrupting {
            self.cancel(exec);
        } else {
            self.again(exec, wait);
        }
        self.assign(parent, variables);
        self.enter(parent, wait.node);
    }

    /// An event that begins an event sub-process.
    fn begins_sub(&mut self, exec: ExecId, wait: &Wait, interrupting: bool, variables: Map<String, Value>) {
        if interrupting {
            self.clear(exec);
            self.disarm_subs(exec);
        } else {
            self.again(exec, wait);
        }
        if let Some(sub) = self.program.scope(self.program.node(wait.node).scope).node {
            self.begin(exec, sub, variables);
        }
    }

    /// Once an event sub-process has taken over, no other of the same body begins.
    pub fn disarm_subs(&mut self, exec: ExecId) {
        let Some(found) = self.state.exec(exec) else { return };
        let of_sub = |wait: &&Wait| matches!(self.program.node(wait.node).kind, Kind::Start { .. });
        let waits: Vec<_> = found.waits.iter().filter(of_sub).map(|wait| wait.id).collect();
        for wait in waits {
            self.emit(Event::Stopped { exec, wait });
        }
    }

    /// What an event that does not interrupt waits for next.
    fn again(&mut self, exec: ExecId, wait: &Wait) {
        if self.program.needs_all(wait.node) {
            return self.all_again(exec, wait.node);
        }
        let Awaited::Moment { began, nth, text, agency, .. } = &wait.what else { return };
        let trigger = self.program.triggers(wait.node).get(usize::from(wait.trigger));
        let Some(Trigger::Timer(timer, _)) = trigger else { return };
        let (began, nth, text, agency) = (*began, nth.saturating_add(1), text.clone(), agency.clone());
        let timing = Timing { timer: *timer, text: &text, began, nth, agency: agency.as_deref() };
        // A text that was understood once is understood again.
        let due = self.context.outside.due(timing).ok().flatten();
        match due {
            Some(at) => {
                let what = Awaited::Moment { at, began, nth, text, agency, clock: None };
                self.emit(Event::Observed { exec, wait: wait.id, what });
            }
            None => self.emit(Event::Stopped { exec, wait: wait.id }),
        }
    }

    /// Waits again for events that need several things and could not wait for all of them.
    pub fn arm_again(&mut self, exec: ExecId) {
        let border = self.node_of(exec).map(|(_, node)| node.boundary.clone()).unwrap_or_default();
        let scope = match self.role_of(exec) {
            Some(Role::Body(body)) => Some(self.program.scope(body.scope)),
            _ => None,
        };
        let subs = scope.into_iter().flat_map(|scope| &scope.event_subs);
        let starts = subs.filter_map(|sub| self.start_of_sub(*sub));
        let waits = |event: &NodeIx| {
            let found = self.state.exec(exec).map(|exec| exec.waits.as_slice()).unwrap_or_default();
            found.iter().any(|wait| wait.node == *event)
        };
        let missing =
            border.into_iter().chain(starts).filter(|event| self.program.needs_all(*event) && !waits(event));
        for event in missing.collect::<Vec<_>>() {
            if !self.arm_event(exec, event) {
                return;
            }
        }
    }

    fn all_again(&mut self, exec: ExecId, node: NodeIx) {
        let Some(found) = self.state.exec(exec) else { return };
        let waits: Vec<_> = found.waits.iter().filter(|one| one.node == node).map(|one| one.id).collect();
        for wait in waits {
            self.emit(Event::Stopped { exec, wait });
        }
        self.arm_event(exec, node);
    }

    /// An event for which a step waited that is there for nothing else.
    fn caught_here(&mut self, exec: ExecId, wait: &Wait, variables: Map<String, Value>) {
        self.assign(exec, variables);
        if self.node_of(exec).is_some_and(|(at, _)| at == wait.node) {
            return self.complete(exec);
        }
        // The step is an event-based gateway; the event is behind it.
        let Some(parent) = self.parent_of(exec) else { return };
        let for_all = self.role_of(exec) == Some(&Role::Step(Step::WaitingForAll));
        self.emit(Event::Stopped { exec, wait: wait.id });
        let over = self.state.exec(exec).is_none_or(|exec| exec.waits.is_empty());
        if !for_all || over {
            self.emit(Event::Left { exec });
        }
        self.pass(parent, wait.node);
    }

    /// Goes through an event that has already happened.
    fn pass(&mut self, parent: ExecId, at: NodeIx) {
        let exec = ExecId(self.next_id());
        let role = Role::Step(Step::Passing);
        self.emit(Event::Entered { exec, parent: Some(parent), node: Some(at), role });
        self.complete(exec);
    }

    /// Begins a process with what has happened at one of its nodes.
    pub fn begin_by(&mut self, root: ExecId, at: NodeIx) {
        let node = self.program.node(at);
        let gateway = self.gateway_before(node);
        let all = |at: NodeIx| matches!(self.program.node(at).kind, Kind::EventBased { parallel: true, .. });
        if let Some(gateway) = gateway.filter(|gateway| all(*gateway)) {
            self.begin(root, gateway, Map::new());
            let waits =
                self.state.waits().find(|(_, wait)| wait.node == at).map(|(exec, wait)| (exec, wait.id));
            if let Some((exec, wait)) = waits {
                self.emit(Event::Stopped { exec, wait });
            }
        }
        self.pass(root, at);
    }
}

fn never_rests() -> String {
    format!(
        "đã chờ dưới một giây {HASTY_MAX} lần: sửa hẹn giờ trong vòng lặp, rồi thử lại / it waited for less than \
         a second {HASTY_MAX} times: mend the timer of the loop, then retry"
    )
}

/// The text of a timer: a string, or a date or duration of FEEL.
pub(crate) fn timer_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(entries) => entries.get("@").map(timer_text).unwrap_or_default(),
        other => other.to_string(),
    }
}
