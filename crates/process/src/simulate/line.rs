//! One line of a trace.

use std::collections::HashMap;

use base::Ts;
use serde_json::{Value, json};

use crate::engine::{Event, ExecId, Outcome, Role};
use crate::model::Program;

/// What happened to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It began.
    Activated,
    /// It did its work.
    Completed,
    /// It was ended from outside.
    Cancelled,
    /// It stopped with an incident, or an error ended it.
    Failed,
}

/// One step of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happened.
    pub event: Happening,
    /// Id of the element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// Where: the ids of what it is in, outermost first, each with the number of its step: `P:1/Sub:7`; the process itself is
    /// in no scope.
    pub scope: String,
    /// When, on the clock of the simulation.
    pub at: Ts,
}

impl Line {
    /// The line as JSON: `{"event":…,"element":…,"name":…,"scope":…,"at":…}`.
    pub fn json(&self) -> Value {
        let Self { event, element, name, scope, at } = self;
        json!({ "event": event.word(), "element": element, "name": name, "scope": scope, "at": at.to_string() })
    }
}

impl Happening {
    /// The word in a trace.
    pub fn word(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// What a step is called.
#[derive(Clone)]
pub(super) struct Named {
    element: String,
    name: String,
    scope: String,
    /// The scope of what is in it.
    inner: String,
    /// Whether it is no step of the model, but holds several times of one, or undoes.
    silent: bool,
}

/// The lines that an event gives.
pub(super) fn of(
    program: &Program,
    (number, process): (usize, usize),
    names: &mut HashMap<ExecId, Named>,
    event: &Event,
) -> Option<Line> {
    let (happening, exec) = match event {
        Event::Entered { exec, parent, node, role } => {
            let scope = parent.and_then(|parent| names.get(&parent)).map(|one| one.inner.clone());
            let scope = scope.unwrap_or_default();
            let silent = matches!(role, Role::Many(_) | Role::Undoing(_));
            let (element, name) = match node {
                Some(node) => (program.node(*node).id.to_string(), program.node(*node).name.to_string()),
                None => {
                    (program.processes[process].id.to_string(), program.processes[process].name.to_string())
                }
            };
            let inner = match (node, silent) {
                (_, true) => scope.clone(),
                (None, _) => format!("{element}:{}", number + 1),
                _ => format!("{scope}/{element}:{}", exec.0),
            };
            names.insert(*exec, Named { element, name, scope, inner, silent });
            (Happening::Activated, *exec)
        }
        Event::Left { exec } => (Happening::Completed, *exec),
        Event::Cancelled { exec } => (Happening::Cancelled, *exec),
        Event::Failed { exec, .. } => (Happening::Failed, *exec),
        Event::Ended { outcome } => {
            let happening = match outcome {
                Outcome::Completed | Outcome::Terminated => Happening::Completed,
                Outcome::Error(_) => Happening::Failed,
                Outcome::Cancelled => Happening::Cancelled,
            };
            (happening, names.keys().min().copied()?)
        }
        _ => return None,
    };
    let step = names.get(&exec)?.clone();
    if matches!(event, Event::Left { .. } | Event::Cancelled { .. }) {
        names.remove(&exec);
    }
    // An incident of what is no step of the model is that of its activity.
    let silent = step.silent && happening != Happening::Failed;
    let Named { element, name, scope, .. } = step;
    (!silent).then_some(Line { event: happening, element, name, scope, at: Ts(0) })
}
