//! Looking at models and at what was done: lists, files, pictures, history that people can read, figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Ts;
use serde_json::{Map, Value, json};
use store::process::{ModelHead, TaskFilter};

use super::book::extra;
use super::catalog::{Claim, Model};
use super::show::{Changed, Instance};
use super::tasks::{OpenTask, PAGE_MAX};
use super::work::outcome_word;
use super::{Denied, InstanceId, Processes, TaskId};
use crate::engine::{Event, ExecId, State, Told, seen};
use crate::model::{Node, NodeIx};
use crate::picture::{Mark, NoPicture, svg};
use crate::timer::shown;

/// A model as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelShown {
    /// Its number.
    pub model: i64,
    /// Id of the file's first executable process.
    pub key: String,
    /// Its version, from 1.
    pub version: i64,
    /// SHA-256 of its file.
    pub sha256: Vec<u8>,
    /// When it was deployed.
    pub at: Ts,
    /// By whom.
    pub who: String,
    /// Codes of the procedures that its processes are.
    pub procedures: Vec<String>,
}

/// A task with what whoever does it must know.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskShown {
    /// The task.
    pub task: OpenTask,
    /// Which form it is done in: extension attribute `form`.
    pub form: Option<String>,
    /// Elements whose doers may not do it.
    pub four_eyes: Vec<String>,
    /// Who has done one of those: `person:…`.
    pub barred: Vec<String>,
    /// The variables that it sees.
    pub variables: Map<String, Value>,
}

/// A change of an instance with the names of its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Retold {
    /// Number of the change, from 1.
    pub number: i64,
    /// When.
    pub at: Ts,
    /// Who did it.
    pub who: String,
    /// What was asked for.
    pub command: Value,
    /// What happened to its steps.
    pub steps: Vec<Happened>,
}

/// Something that happened to a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// `activated`, `completed`, `cancelled`, `failed`, `retried`, `assigned`, `told` or `ended`.
    pub what: &'static str,
    /// Number of the step; none for the whole instance.
    pub step: Option<u64>,
    /// Id of its element; empty for the process itself.
    pub element: String,
    /// The element's name.
    pub name: String,
    /// More: why it failed, what was told, how it ended.
    pub detail: Option<Value>,
    /// New values of variables.
    pub values: Option<Map<String, Value>>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Instances that are not over.
    pub instances: i64,
    /// Open tasks of persons.
    pub tasks: i64,
    /// Open jobs of workers.
    pub jobs: i64,
    /// Steps that stopped.
    pub incidents: i64,
    /// By how much the timer that is due longest is late, in microseconds; zero when none is.
    pub late_us: i64,
}

impl Processes {
    /// All models in the order of deployment.
    ///
    /// # Errors
    /// The store failed.
    pub async fn models(&self) -> Result<Vec<ModelShown>, Denied> {
        let heads = self.shared.store.models().await?;
        heads.into_iter().map(ModelShown::read).collect()
    }

    /// Number of a version of a model.
    ///
    /// # Errors
    /// There is none.
    pub async fn model_number(&self, key: &str, version: i64) -> Result<i64, Denied> {
        let heads = self.shared.store.models().await?;
        let found = heads.iter().find(|head| head.key == key && head.version == version);
        found.map(|head| head.id).ok_or(Denied::NoModel)
    }

    /// Key and version of a model.
    ///
    /// # Errors
    /// There is none of this number.
    pub async fn model_name(&self, model: i64) -> Result<(String, i64), Denied> {
        let model = self.model(model).await?;
        Ok((model.key.clone(), model.version))
    }

    /// The file of a model, byte for byte.
    ///
    /// # Errors
    /// There is none of this number.
    pub async fn model_file(&self, model: i64) -> Result<Vec<u8>, Denied> {
        let row = self.shared.store.model(model).await?.ok_or(Denied::NoModel)?;
        Ok(row.xml)
    }

    /// A model drawn as SVG, with marks by element.
    async fn drawn(
        &self,
        model: i64,
        marks: &BTreeMap<String, Mark>,
    ) -> Result<Result<String, NoPicture>, Denied> {
        let (file, read) = (self.model_file(model).await?, self.model(model).await?);
        let Ok(xml) = String::from_utf8(file) else { return Ok(Err(NoPicture::NotXml)) };
        Ok(svg(&xml, &read.program, marks))
    }

    /// A model drawn as SVG.
    ///
    /// # Errors
    /// There is none of this number; inside: its file brings no drawing along.
    pub async fn model_picture(&self, model: i64) -> Result<Result<String, NoPicture>, Denied> {
        self.drawn(model, &BTreeMap::new()).await
    }

    /// An instance drawn as SVG: where it stands, what was done how often, since when.
    ///
    /// # Errors
    /// There is none of this id; inside: its model brings no drawing along.
    pub async fn picture(&self, id: InstanceId) -> Result<Result<String, NoPicture>, Denied> {
        let (row, ..) = self.stored(id).await?;
        let mut marks: BTreeMap<String, Mark> = BTreeMap::new();
        let mut after = 0;
        let mut names = Names::of(self).await?;
        loop {
            let page = self.history(id, after, PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for change in page {
                let at = change.at;
                for step in names.retell(self, change).await?.steps {
                    mark(&mut marks, &step, at);
                }
            }
        }
        self.drawn(row.model, &marks).await
    }

    /// Changes of an instance behind a number, in order, with the names of their steps.
    ///
    /// # Errors
    /// There is no such instance, or its history has a gap.
    pub async fn retold(&self, id: InstanceId, after: i64, limit: u32) -> Result<Vec<Retold>, Denied> {
        self.shared.store.instance(&id.to_string()).await?.ok_or(Denied::NoInstance)?;
        let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
        let (mut names, mut last, mut told) = (Names::of(self).await?, 0, Vec::new());
        // Steps are named where they begin, so it is read from the begin.
        while told.len() < limit {
            let page = self.history(id, last, PAGE_MAX).await?;
            let Some(newest) = page.last() else { break };
            last = newest.number;
            for change in page {
                let retold = names.retell(self, change).await?;
                if retold.number > after && told.len() < limit {
                    told.push(retold);
                }
            }
        }
        Ok(told)
    }

    /// An instance without its steps.
    ///
    /// # Errors
    /// There is none of this id.
    pub async fn instance(&self, id: InstanceId) -> Result<Instance, Denied> {
        let row = self.shared.store.instance(&id.to_string()).await?.ok_or(Denied::NoInstance)?;
        Instance::read(row)
    }

    /// Whether a step has stopped.
    ///
    /// # Errors
    /// The store failed.
    pub async fn stopped(&self, id: TaskId) -> Result<bool, Denied> {
        let found = self.incidents(Some(id.instance), before(id), 1).await?;
        Ok(found.iter().any(|incident| incident.id == id))
    }

    /// An open task or job without what it sees.
    ///
    /// # Errors
    /// There is none, or it is done.
    pub async fn open_task(&self, id: TaskId) -> Result<OpenTask, Denied> {
        let instance = Some(id.instance.to_string());
        let after = before(id).map(|id| (id.instance.to_string(), super::book::number(id.exec.0)));
        let filter = TaskFilter { instance, after, ..TaskFilter::default() };
        let found = self.open_work(&filter, 1).await?.pop();
        found.filter(|task| task.id == id).ok_or(Denied::NoTask)
    }

    /// A task or job with what whoever does it must know.
    ///
    /// # Errors
    /// There is none, or it is done.
    pub async fn task(&self, id: TaskId) -> Result<TaskShown, Denied> {
        let task = self.open_task(id).await?;
        let (_, state, model) = self.stored(id.instance).await?;
        let node = model.program.find(&task.element).map(|at| model.program.node(at));
        let four_eyes: Vec<_> = node.into_iter().flat_map(Node::four_eyes).map(str::to_owned).collect();
        let done = self.shared.store.done(&id.instance.to_string(), &four_eyes).await?;
        Ok(TaskShown {
            form: node.and_then(|node| extra(node, "form")).map(str::to_owned),
            four_eyes,
            barred: done.into_iter().map(|change| change.who).collect(),
            variables: seen(&model.program, &state, id.exec),
            task,
        })
    }

    /// How much there is now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn figures(&self) -> Result<Figures, Denied> {
        let counts = self.shared.store.counts().await?;
        let late = counts.due.map_or(0, |due| self.shared.clock.now().0.saturating_sub(due));
        Ok(Figures {
            instances: counts.instances,
            tasks: counts.tasks,
            jobs: counts.jobs,
            incidents: counts.incidents,
            late_us: late.max(0),
        })
    }
}

impl ModelShown {
    fn read(head: ModelHead) -> Result<Self, Denied> {
        let claims: Vec<Claim> = serde_json::from_str(&head.claims)
            .map_err(|error| Denied::Damaged(format!("process_model {}: {error}", head.id)))?;
        let ModelHead { id: model, key, version, sha256, who, .. } = head;
        let procedures = claims.into_iter().map(|claim| claim.code).collect();
        Ok(Self { model, key, version, sha256, at: Ts(head.at), who, procedures })
    }
}

/// What the steps of a history are called.
struct Names {
    heads: Vec<ModelHead>,
    model: Option<Arc<Model>>,
    /// Element and name by step.
    steps: BTreeMap<ExecId, (String, String)>,
}

impl Names {
    async fn of(processes: &Processes) -> Result<Self, Denied> {
        let heads = processes.shared.store.models().await?;
        Ok(Self { heads, model: None, steps: BTreeMap::new() })
    }

    /// The next change.
    async fn retell(&mut self, processes: &Processes, change: Changed) -> Result<Retold, Denied> {
        let Changed { number, at, who, command, events, snapshot } = change;
        if let Some(model) = self.moves_to(&command) {
            self.model = Some(processes.model(model).await?);
        }
        if let Some(state) = &snapshot {
            self.enter_all(state);
        }
        let steps = events.into_iter().filter_map(|event| self.happened(event)).collect();
        Ok(Retold { number, at, who, command, steps })
    }

    /// The model with which the instance goes on from this change.
    fn moves_to(&self, command: &Value) -> Option<i64> {
        match command["act"].as_str()? {
            "start" => {
                let (key, version) = (command["model"].as_str()?, command["version"].as_i64()?);
                self.heads.iter().find(|head| head.key == key && head.version == version).map(|head| head.id)
            }
            "migrate" => command["to"].as_i64(),
            _ => None,
        }
    }

    fn name(&self, node: Option<NodeIx>) -> (String, String) {
        let found =
            self.model.as_ref().zip(node).and_then(|(model, at)| model.program.nodes.get(at.0 as usize));
        found.map(|node| (node.id.to_string(), node.name.to_string())).unwrap_or_default()
    }

    /// After a migration the open steps have other elements.
    fn enter_all(&mut self, state: &State) {
        self.steps = state.execs.iter().map(|(exec, step)| (*exec, self.name(step.node))).collect();
    }

    fn happened(&mut self, event: Event) -> Option<Happened> {
        let (mut detail, mut values) = (None, None);
        let (what, exec, forget) = match event {
            Event::Entered { exec, node, .. } => {
                self.steps.insert(exec, self.name(node));
                ("activated", Some(exec), false)
            }
            Event::Left { exec } => ("completed", Some(exec), true),
            Event::Cancelled { exec } => ("cancelled", Some(exec), true),
            Event::Failed { exec, incident } => {
                detail = Some(json!({"code": incident.code, "why": incident.why}));
                ("failed", Some(exec), false)
            }
            Event::Retried { exec } => ("retried", Some(exec), false),
            Event::Assigned { exec, values: new } => {
                values = Some(new);
                ("assigned", Some(exec), false)
            }
            Event::Told { exec, what } => {
                (detail, values) = told(what);
                ("told", Some(exec), false)
            }
            Event::Ended { outcome } => {
                detail = Some(outcome_word(&outcome).into());
                ("ended", None, false)
            }
            _ => return None,
        };
        let known = exec
            .and_then(|exec| if forget { self.steps.remove(&exec) } else { self.steps.get(&exec).cloned() });
        let (element, name) = known.unwrap_or_default();
        Some(Happened { what, step: exec.map(|exec| exec.0), element, name, detail, values })
    }
}

/// The place in a list just before a step.
fn before(id: TaskId) -> Option<TaskId> {
    let exec = id.exec.0.checked_sub(1).map(ExecId)?;
    Some(TaskId { exec, ..id })
}

/// What was told, and what it brought.
fn told(what: Told) -> (Option<Value>, Option<Map<String, Value>>) {
    match what {
        Told::Message { name, variables, .. } => (Some(json!({"message": name})), Some(variables)),
        Told::Signal { name, variables } => (Some(json!({"signal": name})), Some(variables)),
        Told::Error { code } => (Some(json!({"error": code})), None),
        Told::Escalation { code, caught } => (Some(json!({"escalation": code, "caught": caught})), None),
    }
}

/// Counts what a picture shows.
fn mark(marks: &mut BTreeMap<String, Mark>, step: &Happened, at: Ts) {
    if step.element.is_empty() {
        return;
    }
    let mark = marks.entry(step.element.clone()).or_default();
    match step.what {
        "activated" => {
            mark.open += 1;
            mark.since = shown(at);
        }
        "completed" => (mark.open, mark.done) = (mark.open.saturating_sub(1), mark.done + 1),
        "cancelled" => mark.open = mark.open.saturating_sub(1),
        "failed" => {
            mark.failed = true;
            mark.since = shown(at);
        }
        "retried" => mark.failed = false,
        _ => {}
    }
}
