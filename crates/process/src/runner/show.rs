//! Looking at an instance: what is open, what it waits for, what happened.

use std::sync::Arc;

use base::Ts;
use serde_json::{Map, Value};
use store::process::{HistoryPage, IncidentRow, InstanceFilter, InstanceRow, TaskFilter};

use super::catalog::Model;
use super::links::Rows;
use super::tasks::{OpenTask, PAGE_MAX};
use super::{Denied, InstanceId, Name, Processes, TaskId};
use crate::engine::{Awaited, Event, ExecId, Role, State};

/// An instance without its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Number of its model.
    pub model: i64,
    /// Id of its process.
    pub process: String,
    /// What people call it by.
    pub business_key: Option<String>,
    /// Code of the agency whose it is.
    pub agency: Option<String>,
    /// When it began.
    pub begun: Ts,
    /// When it ended.
    pub ended: Option<Ts>,
    /// How: `completed`, `terminated`, `cancelled`, `error:CODE`.
    pub outcome: Option<String>,
    /// How many changes it has had.
    pub changes: i64,
}

/// Which instances.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Of this business key.
    pub business_key: Option<Name>,
    /// Of this model.
    pub model: Option<i64>,
    /// Of one of these agencies; none is every one, and those that are nobody's.
    pub agencies: Option<Vec<Name>>,
    /// Not over, or over.
    pub open: Option<bool>,
    /// Behind this one: the last of the page before.
    pub after: Option<InstanceId>,
    /// So many at most, up to [`PAGE_MAX`].
    pub limit: u32,
}

/// An instance as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What it is.
    pub instance: Instance,
    /// Key of its model.
    pub key: String,
    /// Version of its model.
    pub version: i64,
    /// Its open steps, the process itself first.
    pub steps: Vec<Open>,
    /// Its open tasks and jobs.
    pub tasks: Vec<OpenTask>,
    /// Its incidents.
    pub incidents: Vec<Incident>,
    /// The variables of the process.
    pub variables: Map<String, Value>,
}

/// An open step.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Its number.
    pub exec: ExecId,
    /// The step that it is part of.
    pub parent: Option<ExecId>,
    /// Id of its element.
    pub element: String,
    /// The element's name.
    pub name: String,
    /// What it waits for: the event's id, then what.
    pub waits: Vec<(String, Awaited)>,
    /// Variables of its own.
    pub variables: Map<String, Value>,
}

/// A step that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The step.
    pub id: TaskId,
    /// What people call its instance by.
    pub business_key: Option<String>,
    /// Id of its element.
    pub element: String,
    /// Short code.
    pub code: String,
    /// In words.
    pub why: String,
    /// Since when.
    pub since: Ts,
    /// Who looks after it.
    pub owner: Option<String>,
}

/// One change of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// From 1, without gaps.
    pub number: i64,
    /// When.
    pub at: Ts,
    /// Who did it: `person:…` or `system:…`.
    pub who: String,
    /// What was asked for.
    pub command: Value,
    /// What happened.
    pub events: Vec<Event>,
    /// The state where it did not come from events: after a migration.
    pub snapshot: Option<State>,
}

impl Processes {
    /// An instance as it stands.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn show(&self, id: InstanceId) -> Result<Shown, Denied> {
        let (row, state, model) = self.stored(id).await?;
        let filter = TaskFilter { instance: Some(id.to_string()), ..TaskFilter::default() };
        let tasks = self.open_work(&filter, PAGE_MAX).await?;
        let root = state.execs.values().next().map(|root| root.variables.clone());
        Ok(Shown {
            key: model.key.clone(),
            version: model.version,
            steps: steps(&row, &state, &model),
            tasks,
            incidents: self.incidents(Some(id), None, PAGE_MAX).await?,
            variables: root.unwrap_or(state.variables),
            instance: Instance::read(row)?,
        })
    }

    /// The row, state and model of an instance.
    pub(super) async fn stored(&self, id: InstanceId) -> Result<(InstanceRow, State, Arc<Model>), Denied> {
        let row = self.shared.store.instance(&id.to_string()).await?.ok_or(Denied::NoInstance)?;
        let state = serde_json::from_str(&row.state).map_err(damaged)?;
        let model = self.model(row.model).await?;
        Ok((row, state, model))
    }

    pub(super) async fn model(&self, id: i64) -> Result<Arc<Model>, Denied> {
        if let Some(known) = self.shared.catalog.known(id) {
            return Ok(known);
        }
        let row = async |id| self.shared.store.model(id).await?.ok_or(Denied::NoModel);
        let mut rows = Rows::of(row(id).await?)?;
        while let Some(id) = rows.missing() {
            rows.add(row(id).await?)?;
        }
        self.shared.catalog.learn(&rows)
    }

    /// Instances in the order in which they began.
    ///
    /// # Errors
    /// The store failed.
    pub async fn instances(&self, wanted: &Listed) -> Result<Vec<Instance>, Denied> {
        let filter = InstanceFilter {
            business_key: wanted.business_key.as_ref().map(ToString::to_string),
            model: wanted.model,
            agencies: texts(wanted.agencies.as_deref()),
            open: wanted.open,
            not_by: None,
            after: wanted.after.map(|id| id.to_string()),
        };
        let rows = self.shared.store.instances(&filter, wanted.limit.clamp(1, PAGE_MAX)).await?;
        rows.into_iter().map(Instance::read).collect()
    }

    /// Steps that stopped, of one instance or of all, behind one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn incidents(
        &self,
        instance: Option<InstanceId>,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Incident>, Denied> {
        let instance = instance.map(|id| id.to_string());
        let after = after.map(|id| (id.instance.to_string(), super::book::number(id.exec.0)));
        let rows = self.shared.store.incidents(instance.as_ref(), after, limit.clamp(1, PAGE_MAX)).await?;
        rows.into_iter().map(Incident::read).collect()
    }

    /// Changes of an instance behind a number, in order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn history(&self, id: InstanceId, after: i64, limit: u32) -> Result<Vec<Changed>, Denied> {
        let page = HistoryPage { after, limit: limit.clamp(1, PAGE_MAX) };
        let rows = self.shared.store.history(&id.to_string(), page).await?;
        let read = rows.into_iter().map(|row| {
            Ok(Changed {
                number: row.number,
                at: Ts(row.at),
                who: row.who,
                command: serde_json::from_str(&row.command).map_err(damaged)?,
                events: serde_json::from_str(&row.events).map_err(damaged)?,
                snapshot: row
                    .snapshot
                    .map(|text| serde_json::from_str(&text))
                    .transpose()
                    .map_err(damaged)?,
            })
        });
        read.collect()
    }

    /// The state that an instance's history adds up to. It equals the stored one, or one of both was changed.
    ///
    /// # Errors
    /// The history has a gap, or something in it cannot have happened.
    pub async fn replay(&self, id: InstanceId) -> Result<State, Denied> {
        let (mut state, mut last) = (State::default(), 0);
        loop {
            let page = self.history(id, last, PAGE_MAX).await?;
            if page.is_empty() {
                return if last == 0 { Err(Denied::NoInstance) } else { Ok(state) };
            }
            for Changed { number, events, snapshot, .. } in page {
                if number != last + 1 {
                    return Err(Denied::Damaged(format!("{id}: {number} comes after {last}")));
                }
                last = number;
                state = snapshot.unwrap_or(state);
                for event in &events {
                    state.apply(event).map_err(|misfit| Denied::Damaged(format!("{id}: {misfit}")))?;
                }
            }
        }
    }
}

pub(super) fn texts(names: Option<&[Name]>) -> Option<Vec<String>> {
    names.map(|names| names.iter().map(ToString::to_string).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn damaged(error: serde_json::Error) -> Denied {
    Denied::Damaged(error.to_string())
}

impl Instance {
    pub(super) fn read(row: InstanceRow) -> Result<Self, Denied> {
        Ok(Self {
            id: row.id.parse()?,
            model: row.model,
            process: row.process,
            business_key: row.business_key,
            agency: row.agency,
            begun: Ts(row.begun),
            ended: row.ended.map(Ts),
            outcome: row.outcome,
            changes: row.version,
        })
    }
}

impl Incident {
    fn read(row: IncidentRow) -> Result<Self, Denied> {
        let exec = ExecId(u64::try_from(row.exec).unwrap_or_default());
        let IncidentRow { element, code, why, since, owner, business_key, .. } = row;
        let id = TaskId { instance: row.instance.parse()?, exec };
        Ok(Self { id, business_key, element, code, why, since: Ts(since), owner })
    }
}

/// The open steps that are steps of the model.
fn steps(row: &InstanceRow, state: &State, model: &Model) -> Vec<Open> {
    let program = &model.program;
    let shown = state.execs.iter().filter(|(_, exec)| !matches!(exec.role, Role::Undoing(_)));
    let open = shown.map(|(exec, open)| {
        let node = open.node.map(|at| program.node(at));
        let process = || {
            let process = program.processes.iter().find(|one| *one.id == *row.process);
            (row.process.clone(), process.map(|one| one.name.to_string()).unwrap_or_default())
        };
        let (element, name) = node.map_or_else(process, |node| (node.id.to_string(), node.name.to_string()));
        let waits = open.waits.iter().map(|wait| (program.node(wait.node).id.to_string(), wait.what.clone()));
        let (parent, variables) = (open.parent, open.variables.clone());
        Open { exec: *exec, parent, element, name, waits: waits.collect(), variables }
    });
    open.collect()
}
