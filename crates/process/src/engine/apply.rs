//! What an event makes of the state.

use std::collections::BTreeMap;

use super::event::Event;
use super::state::{Body, Exec, ExecId, Role, State};

/// An event that cannot have happened in this state: the history is not of this instance, or was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("this cannot have happened here: {0:?}")]
pub struct Misfit(pub Box<Event>);

impl State {
    /// Adds what happened.
    ///
    /// # Errors
    /// The event names a step that is not open, or opens one that is.
    pub fn apply(&mut self, event: &Event) -> Result<(), Misfit> {
        self.add(event).ok_or_else(|| Misfit(Box::new(event.clone())))
    }

    fn add(&mut self, event: &Event) -> Option<()> {
        match event {
            Event::Entered { exec, parent, node, role } => self.open(*exec, (*parent, *node), role)?,
            Event::Left { exec } | Event::Cancelled { exec } => self.close(*exec)?,
            Event::Taken { body, .. } => drop(self.body(*body)?),
            Event::Arrived { body, flow } => *self.body(*body)?.arrived.entry(*flow).or_default() += 1,
            Event::Joined { body, flows } => {
                let arrived = &mut self.body(*body)?.arrived;
                flows.iter().try_for_each(|flow| take_one(arrived, *flow))?;
            }
            Event::Gated { body, node, gate } => {
                let gates = &mut self.body(*body)?.gates;
                match gate {
                    Some(gate) => drop(gates.insert(*node, gate.clone())),
                    None => drop(gates.remove(node)?),
                }
            }
            Event::Planned { exec, todo, over } => {
                let body = self.body(*exec)?;
                body.todo.clone_from(todo);
                body.over |= over;
            }
            Event::Recorded { body, done } => self.body(*body)?.done.push(done.clone()),
            Event::Withdrawn { body, places } => {
                let done = &mut self.body(*body)?.done;
                places.iter().rev().try_for_each(|at| (*at < done.len()).then(|| drop(done.remove(*at))))?;
            }
            Event::Ended { outcome } => {
                let root = self.execs.pop_first().map(|(_, root)| root);
                self.variables = root.map(|root| root.variables).unwrap_or_default();
                self.execs.clear();
                self.outcome = Some(outcome.clone());
            }
            _ => self.change(event)?,
        }
        Some(())
    }

    /// Events that change one open step.
    fn change(&mut self, event: &Event) -> Option<()> {
        match event {
            Event::Awaits { exec, wait } => {
                self.last = self.last.max(wait.id);
                self.hasty = self.hasty.saturating_add(wait.what.is_hasty().into());
                self.open_exec(*exec)?.waits.push(wait.clone());
            }
            Event::ClocksBegan { clocks } => self.clocks = Some(clocks.clone()),
            Event::Clocked { tick } => self.clocks.as_mut()?.apply(tick),
            Event::Held { hold } => self.hold.clone_from(hold),
            Event::Observed { exec, wait, what } | Event::Moved { exec, wait, what, .. } => {
                let found = self.open_exec(*exec)?.waits.iter_mut().find(|one| one.id == *wait)?;
                found.what.clone_from(what);
            }
            Event::Stopped { exec, wait } => {
                let waits = &mut self.open_exec(*exec)?.waits;
                let at = waits.iter().position(|one| one.id == *wait)?;
                waits.remove(at);
            }
            Event::Assigned { exec, values } => {
                let values = values.iter().map(|(name, value)| (name.clone(), value.clone()));
                self.open_exec(*exec)?.variables.extend(values);
            }
            Event::Belongs { exec, agency } => self.open_exec(*exec)?.agency = Some(agency.clone()),
            Event::Counted { exec, many } => {
                let Role::Many(known) = &mut self.open_exec(*exec)?.role else { return None };
                known.clone_from(many);
            }
            Event::Undone { exec, undoing } => {
                let Role::Undoing(known) = &mut self.open_exec(*exec)?.role else { return None };
                known.clone_from(undoing);
            }
            Event::Failed { exec, incident } => self.open_exec(*exec)?.incident = Some(incident.clone()),
            Event::Retried { exec } => {
                self.hasty = 0;
                drop(self.open_exec(*exec)?.incident.take()?);
            }
            Event::Told { exec, .. } => drop(self.open_exec(*exec)?),
            // All others were taken by `add`.
            _ => return None,
        }
        Some(())
    }

    fn open(
        &mut self,
        id: ExecId,
        (parent, node): (Option<ExecId>, Option<crate::model::NodeIx>),
        role: &Role,
    ) -> Option<()> {
        if self.execs.contains_key(&id) || parent.is_some_and(|parent| !self.execs.contains_key(&parent)) {
            return None;
        }
        self.last = self.last.max(id.0);
        let role = role.clone();
        let exec = Exec {
            node,
            parent,
            role,
            variables: serde_json::Map::new(),
            waits: Vec::new(),
            incident: None,
            agency: None,
        };
        self.execs.insert(id, exec);
        Some(())
    }

    fn close(&mut self, id: ExecId) -> Option<()> {
        self.execs.remove(&id).map(drop)
    }

    fn open_exec(&mut self, id: ExecId) -> Option<&mut Exec> {
        self.execs.get_mut(&id)
    }

    fn body(&mut self, id: ExecId) -> Option<&mut Body> {
        match &mut self.execs.get_mut(&id)?.role {
            Role::Body(body) => Some(body),
            _ => None,
        }
    }
}

fn take_one(arrived: &mut BTreeMap<crate::model::FlowIx, u32>, flow: crate::model::FlowIx) -> Option<()> {
    let count = arrived.get_mut(&flow)?;
    *count -= 1;
    if *count == 0 {
        arrived.remove(&flow);
    }
    Some(())
}
