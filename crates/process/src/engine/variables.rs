//! Who sees which variables, and where new values go.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::event::{Event, Fault};
use super::run::Run;
use super::state::{Exec, ExecId, State};
use crate::expression::{Expression, Variables};
use crate::model::{From, Kind, Mapping, Program};

/// The variables that a step sees: its own, then those of what it is in, up to the process. A called process sees its
/// caller's only where the call names no data at all.
pub(super) struct Sight<'a> {
    state: &'a State,
    program: &'a Program,
    at: ExecId,
    spent: Option<&'a Cell<f64>>,
    /// Values that hold for one expression only.
    pub own: Map<String, Value>,
}

impl<'a> Sight<'a> {
    pub fn new(program: &'a Program, state: &'a State, at: ExecId) -> Self {
        Self { state, program, at, spent: None, own: Map::new() }
    }

    fn chain(&self) -> impl Iterator<Item = (ExecId, &'a Exec)> {
        let (state, program) = (self.state, self.program);
        let first = state.exec(self.at).map(|exec| (self.at, exec));
        std::iter::successors(first, move |(_, exec)| {
            if is_closed(program, exec) {
                return None;
            }
            let parent = exec.parent?;
            Some((parent, state.exec(parent)?))
        })
    }

    /// The names of all variables that are seen.
    pub fn names(&self) -> Vec<&str> {
        let seen = self.chain().flat_map(|(_, exec)| exec.variables.keys());
        self.own.keys().chain(seen).map(String::as_str).collect()
    }

    /// The step whose variable of that name is seen; without one, where a new variable goes.
    fn home(&self, name: &str) -> Option<ExecId> {
        let mut last = None;
        for (id, exec) in self.chain() {
            if exec.variables.contains_key(name) {
                return Some(id);
            }
            last = Some(id);
        }
        last
    }
}

/// Whether what is inside a step does not see what is outside: a call that says which data go in and out.
fn is_closed(program: &Program, exec: &Exec) -> bool {
    let Some(node) = exec.node.map(|at| program.node(at)) else { return false };
    let named = !node.io.inputs.is_empty() || !node.io.outputs.is_empty();
    matches!(node.kind, Kind::Call(_)) && exec.body().is_some() && named
}

impl Variables for Sight<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.own.get(name).or_else(|| self.chain().find_map(|(_, exec)| exec.variables.get(name)))
    }

    fn spend(&self, work: f64) {
        if let Some(spent) = self.spent {
            spent.set(spent.get() + work);
        }
    }
}

impl<'a> Run<'a> {
    pub fn sight(&self, at: ExecId) -> Sight<'_> {
        Sight { spent: Some(&self.spent), ..Sight::new(self.program, &self.state, at) }
    }

    /// Gives variables new values, each where it is.
    pub fn assign(&mut self, at: ExecId, values: Map<String, Value>) {
        let mut by_home: BTreeMap<ExecId, Map<String, Value>> = BTreeMap::new();
        for (name, value) in values {
            if let Some(home) = self.sight(at).home(&name) {
                by_home.entry(home).or_default().insert(name, value);
            }
        }
        for (exec, values) in by_home {
            self.changed = true;
            self.emit(Event::Assigned { exec, values });
        }
    }

    /// Gives a step variables of its own.
    pub fn own(&mut self, exec: ExecId, values: Map<String, Value>) {
        if !values.is_empty() {
            self.changed = true;
            self.emit(Event::Assigned { exec, values });
        }
    }

    /// The value of an expression as a step sees it.
    pub fn value(&self, at: ExecId, expression: &Expression) -> Result<Value, Fault> {
        expression.value(&self.sight(at)).map_err(|failed| feel_fault(&failed))
    }

    /// Whether an expression holds as a step sees it.
    pub fn holds(&self, at: ExecId, expression: &Expression) -> Result<bool, Fault> {
        expression.holds(&self.sight(at)).map_err(|failed| feel_fault(&failed))
    }

    /// What data associations give, as a step sees them.
    pub fn mapped(&self, at: ExecId, mappings: &'a [Mapping]) -> Result<Map<String, Value>, Fault> {
        let mut values = Map::new();
        for mapping in mappings {
            let value = match &mapping.from {
                From::Expression(expression) => Some(self.value(at, expression)?),
                From::Variable(name) => self.sight(at).get(name).filter(|value| !value.is_null()).cloned(),
            };
            if let Some(value) = value {
                values.insert(mapping.to.to_string(), value);
            }
        }
        Ok(values)
    }
}

fn feel_fault(failed: &crate::expression::Failed) -> Fault {
    Fault { code: "expression-failed", why: failed.to_string() }
}
