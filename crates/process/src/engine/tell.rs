//! Events that are thrown: who catches them.

use serde_json::{Map, Value};

use super::SIGNAL_BYTES_MAX;
use super::event::{Event, Fault, Outcome, Told};
use super::run::{Run, Work};
use super::state::{ExecId, Role};
use crate::model::{Kind, Message, NodeIx, Task, Trigger};

impl<'a> Run<'a> {
    /// Tells everything that an event throws, what ends something last, then goes on.
    pub fn tell_all(&mut self, exec: ExecId, list: &'a [Trigger]) {
        self.tell_from(exec, list, 0);
    }

    /// Goes on after what was undone: an event tells the rest, anything else is done.
    pub fn told_on(&mut self, exec: ExecId, told: u32) {
        match self.node_of(exec).map(|(_, node)| &node.kind) {
            Some(Kind::Throw(list) | Kind::End(list)) => self.tell_from(exec, list, told),
            _ => self.complete(exec),
        }
    }

    fn tell_from(&mut self, exec: ExecId, list: &'a [Trigger], told: u32) {
        let ends = |one: &&Trigger| {
            matches!(one, Trigger::Error(_) | Trigger::Cancel | Trigger::Terminate | Trigger::Link(_))
        };
        let undoes = |one: &&Trigger| matches!(one, Trigger::Compensation { .. });
        let first = list.iter().filter(|one| !ends(one) && !undoes(one));
        let ordered = first.chain(list.iter().filter(undoes)).chain(list.iter().filter(ends));
        for (trigger, nth) in ordered.zip(1_u32..).skip(told as usize) {
            if !self.tell_one(exec, trigger, nth) || self.state.exec(exec).is_none() {
                return;
            }
        }
        self.complete(exec);
    }

    /// Tells one thing. Whether the step goes on by itself.
    fn tell_one(&mut self, exec: ExecId, trigger: &'a Trigger, nth: u32) -> bool {
        if matches!(trigger, Trigger::Message(_) | Trigger::Signal(_)) && !self.may_tell(exec) {
            return false;
        }
        match trigger {
            Trigger::Message(message) => match self.message(exec, message) {
                Ok(told) => self.tell(exec, told),
                Err(fault) => {
                    self.fail(exec, fault, false);
                    return false;
                }
            },
            Trigger::Signal(name) => {
                if let Err(fault) = self.signal(exec, name) {
                    self.fail(exec, fault, false);
                    return false;
                }
            }
            Trigger::Escalation(code) => self.escalate(exec, code.as_deref().unwrap_or_default()),
            Trigger::Error(code) => {
                self.error(exec, code.as_deref().unwrap_or_default());
                return false;
            }
            Trigger::Compensation { activity, wait } => {
                return self.compensate(exec, *activity, (*wait, nth));
            }
            Trigger::Cancel => {
                self.cancel_transaction(exec);
                return false;
            }
            Trigger::Terminate => {
                self.terminate(exec);
                return false;
            }
            Trigger::Link(Some(to)) => {
                let parent = self.parent_of(exec);
                self.emit(Event::Left { exec });
                self.queue.extend(parent.map(|parent| Work::Enter { parent, node: *to }));
                return false;
            }
            // Nobody throws a moment or a condition; the reader refuses such models.
            Trigger::Timer(..) | Trigger::Condition(_) | Trigger::Link(None) => {}
        }
        true
    }

    /// A message with what the step's own data are.
    pub fn message(&self, exec: ExecId, message: &Message) -> Result<Told, Fault> {
        let key = message.correlation.as_ref().map(|key| self.value(exec, key)).transpose()?;
        Ok(Told::Message { name: message.name.to_string(), key, variables: self.brought(exec) })
    }

    fn brought(&self, exec: ExecId) -> Map<String, Value> {
        self.state.exec(exec).map(|exec| exec.variables.clone()).unwrap_or_default()
    }

    fn signal(&mut self, exec: ExecId, name: &str) -> Result<(), Fault> {
        let (name, variables) = (name.to_owned(), self.brought(exec));
        let bytes = serde_json::to_string(&variables).map_or(usize::MAX, |text| text.len());
        if bytes > SIGNAL_BYTES_MAX {
            let why = format!(
                "tín hiệu mang {bytes} byte, tối đa {SIGNAL_BYTES_MAX}: chỉ gửi mã, nơi nhận tự đọc phần còn lại / the signal \
                 brings {bytes} bytes, at most {SIGNAL_BYTES_MAX}: send a key, and let who hears it read the rest"
            );
            return Err(Fault { code: "signal-too-large", why });
        }
        self.tell(exec, Told::Signal { name: name.clone(), variables: variables.clone() });
        if !self.broadcast(&name, &variables) {
            self.unheard.push((name, variables));
        }
        Ok(())
    }

    /// Gives a signal to everybody in the instance who waits for it; whether somebody did.
    pub fn broadcast(&mut self, name: &str, variables: &Map<String, Value>) -> bool {
        let waits = self.tree.listening(name);
        for wait in &waits {
            self.happened(*wait, variables.clone());
        }
        !waits.is_empty()
    }

    /// A business error: the next handler around it takes over, else it ends the instance.
    pub fn error(&mut self, exec: ExecId, code: &str) {
        self.tell(exec, Told::Error { code: code.to_owned() });
        if !self.caught(exec, Some(code)) {
            self.end(Outcome::Error(code.to_owned()));
        }
    }

    /// Looks for who catches an error, outwards. Without a code only who catches every error does.
    pub fn caught(&mut self, from: ExecId, code: Option<&str>) -> bool {
        let fits = |trigger: &Trigger| match (trigger, code) {
            (Trigger::Error(None), _) => true,
            (Trigger::Error(Some(wanted)), Some(code)) => &**wanted == code,
            _ => false,
        };
        let Some((exec, event)) = self.handler(from, &fits) else { return false };
        // What ended with an error does not go on, whatever the event says.
        self.take_over(exec, event, true);
        true
    }

    /// Lets an error event on the border of a script that failed take over.
    pub fn caught_on_script(&mut self, exec: ExecId) -> bool {
        let Some((_, node)) = self.node_of(exec) else { return false };
        let wrapper =
            self.parent_of(exec).filter(|parent| matches!(self.role_of(*parent), Some(Role::Many(_))));
        let is_error = |trigger: &Trigger| matches!(trigger, Trigger::Error(_));
        let event = self.most_exact(node.boundary.iter().copied(), &is_error);
        match event.filter(|_| matches!(node.kind, Kind::Task(Task::Script(_)))) {
            Some(event) => {
                self.take_over(wrapper.unwrap_or(exec), event, true);
                true
            }
            None => false,
        }
    }

    /// The next handler around a step: an event on the border of an activity, or one that begins an event sub-process of
    /// a body, with the step whose it is. Of several the one that names most.
    fn handler(&self, from: ExecId, fits: &dyn Fn(&Trigger) -> bool) -> Option<(ExecId, NodeIx)> {
        let (mut at, mut from_sub) = (from, false);
        loop {
            let node = self.node_of(at);
            let inner =
                self.parent_of(at).is_some_and(|parent| matches!(self.role_of(parent), Some(Role::Many(_))));
            let border =
                node.filter(|_| !inner).map(|(_, node)| node.boundary.as_slice()).unwrap_or_default();
            if let Some(event) = self.most_exact(border.iter().copied(), fits) {
                return Some((at, event));
            }
            // What handles the errors of a body does not handle its own.
            from_sub = node.is_some_and(|(at, _)| self.start_of_sub(at).is_some()) || (from_sub && inner);
            at = self.parent_of(at)?;
            if from_sub {
                continue;
            }
            let Some(Role::Body(body)) = self.role_of(at) else { continue };
            let subs = self.program.scope(body.scope).event_subs.iter();
            if let Some(event) = self.most_exact(subs.filter_map(|sub| self.start_of_sub(*sub)), fits) {
                return Some((at, event));
            }
        }
    }

    fn most_exact(
        &self,
        events: impl Iterator<Item = NodeIx>,
        fits: &dyn Fn(&Trigger) -> bool,
    ) -> Option<NodeIx> {
        let catches_all =
            |trigger: &Trigger| matches!(trigger, Trigger::Error(None) | Trigger::Escalation(None));
        let fitting = events.filter_map(|event| {
            let trigger = self.program.triggers(event).iter().find(|one| fits(one))?;
            Some((catches_all(trigger), event))
        });
        fitting.min().map(|(_, event)| event)
    }

    /// Lets a handler do its work, instead of the step whose it is where it interrupts, or always.
    fn take_over(&mut self, exec: ExecId, event: NodeIx, always: bool) {
        match self.program.node(event).kind {
            Kind::Boundary { interrupting, .. } => {
                let Some(parent) = self.parent_of(exec) else { return };
                if interrupting || always {
                    self.cancel(exec);
                }
                self.enter(parent, event);
            }
            Kind::Start { interrupting, .. } => {
                if interrupting || always {
                    self.clear(exec);
                    self.disarm_subs(exec);
                }
                if let Some(sub) = self.program.scope(self.program.node(event).scope).node {
                    self.begin(exec, sub, Map::new());
                }
            }
            _ => {}
        }
    }

    /// Tells a superior step, which may go on beside it or take over; without one nothing happens.
    fn escalate(&mut self, exec: ExecId, code: &str) {
        let fits = |trigger: &Trigger| match trigger {
            Trigger::Escalation(None) => true,
            Trigger::Escalation(Some(wanted)) => &**wanted == code,
            _ => false,
        };
        let handler = self.handler(exec, &fits);
        self.tell(exec, Told::Escalation { code: code.to_owned(), caught: handler.is_some() });
        if let Some((at, event)) = handler {
            self.take_over(at, event, false);
        }
    }

    /// Ends the body in which an event stands, as if all in it were done.
    fn terminate(&mut self, exec: ExecId) {
        let Some(body) = self.parent_of(exec) else { return };
        self.emit(Event::Left { exec });
        self.clear(body);
        if self.parent_of(body).is_none() {
            self.end(Outcome::Terminated);
        }
    }

    /// What a repeated activity tells reaches the events on its border, which do not interrupt it, else everybody.
    pub fn notify(&mut self, wrapper: ExecId, trigger: &'a Trigger) {
        let same = |one: &Trigger| match (one, trigger) {
            (Trigger::Signal(a), Trigger::Signal(b)) => a == b,
            (Trigger::Message(a), Trigger::Message(b)) => a.name == b.name,
            (Trigger::Escalation(a), Trigger::Escalation(b)) | (Trigger::Error(a), Trigger::Error(b)) => {
                a.is_none() || a == b
            }
            (Trigger::Compensation { .. }, Trigger::Compensation { .. })
            | (Trigger::Cancel, Trigger::Cancel) => true,
            _ => false,
        };
        let border = self.node_of(wrapper).map(|(_, node)| node.boundary.as_slice()).unwrap_or_default();
        let caught = self.most_exact(border.iter().copied(), &same);
        match (caught, self.parent_of(wrapper)) {
            (Some(event), Some(parent)) => self.enter(parent, event),
            _ => drop(self.tell_one(wrapper, trigger, 0)),
        }
    }
}
