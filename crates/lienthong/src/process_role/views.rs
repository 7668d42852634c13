//! Models, instances, tasks and what happened, as the API shows them.

use process::runner::{
    Answer, Happened, Incident, Instance, Job, ModelShown, OpenTask, Retold, Shown, TaskShown,
};
use registry::api::Paged;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A model.
#[derive(Serialize, ToSchema)]
pub struct ModelView {
    /// Its number, by which migrations name it.
    pub number: i64,
    /// Id of the file's first executable process.
    pub key: String,
    /// Its version, from 1.
    pub version: i64,
    /// SHA-256 of its file, hexadecimal.
    pub sha256: String,
    /// When it was deployed.
    pub at: String,
    /// By whom.
    pub who: String,
    /// Codes of the procedures that its processes are.
    pub procedures: Vec<String>,
}

impl From<ModelShown> for ModelView {
    fn from(model: ModelShown) -> Self {
        let ModelShown { model: number, key, version, sha256, at, who, procedures } = model;
        Self { number, key, version, sha256: hex::encode(sha256), at: at.to_string(), who, procedures }
    }
}

/// An instance without its steps.
#[derive(Serialize, ToSchema)]
pub struct InstanceView {
    /// Its id.
    pub id: String,
    /// Key of its model.
    pub model: String,
    /// Version of its model.
    pub version: i64,
    /// Id of its process.
    pub process: String,
    /// What people call it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// When it began.
    pub begun: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// How: `completed`, `terminated`, `cancelled`, `error:CODE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How many changes it has had.
    pub changes: i64,
}

impl InstanceView {
    /// An instance of this model.
    pub fn new(instance: Instance, (model, version): (String, i64)) -> Self {
        Self {
            id: instance.id.to_string(),
            model,
            version,
            process: instance.process,
            business_key: instance.business_key,
            agency: instance.agency,
            begun: instance.begun.to_string(),
            ended: instance.ended.map(|at| at.to_string()),
            outcome: instance.outcome,
            changes: instance.changes,
        }
    }
}

/// An open step.
#[derive(Serialize, ToSchema)]
pub struct StepView {
    /// Its number.
    pub step: u64,
    /// The step that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// Id of its element.
    pub element: String,
    /// The element's name.
    pub name: String,
    /// What it waits for: the event's id, and what.
    #[schema(value_type = Vec<Object>)]
    pub waits: Vec<Value>,
    /// Variables of its own; absent for who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Map<String, Value>>,
}

/// An instance as it stands.
#[derive(Serialize, ToSchema)]
pub struct ShownView {
    /// What it is.
    #[serde(flatten)]
    pub instance: InstanceView,
    /// Its open steps, the process itself first.
    pub steps: Vec<StepView>,
    /// Its open tasks and jobs.
    pub tasks: Vec<TaskView>,
    /// Steps that stopped.
    pub incidents: Vec<IncidentView>,
    /// Its variables, which are personal data; absent for who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Map<String, Value>>,
}

impl ShownView {
    /// An instance for somebody who may see variables, or not.
    pub fn new(shown: Shown, sees_variables: bool) -> Self {
        let only = |variables: Map<String, Value>| sees_variables.then_some(variables);
        let step = |step: process::runner::Open| StepView {
            step: step.exec.0,
            parent: step.parent.map(|exec| exec.0),
            element: step.element,
            name: step.name,
            waits: step.waits.into_iter().map(|(event, what)| waits(event, &what, sees_variables)).collect(),
            variables: only(step.variables),
        };
        let name = (shown.key, shown.version);
        Self {
            steps: shown.steps.into_iter().map(step).collect(),
            tasks: shown.tasks.into_iter().map(TaskView::from).collect(),
            incidents: shown
                .incidents
                .into_iter()
                .map(|one| IncidentView::new(one, sees_variables))
                .collect(),
            variables: only(shown.variables),
            instance: InstanceView::new(shown.instance, name),
        }
    }
}

/// What an event waits for. What a message must be equal to comes from variables.
fn waits(event: String, what: &process::engine::Awaited, sees_variables: bool) -> Value {
    use process::engine::Awaited;
    let mut told = match what {
        Awaited::Moment { at, .. } => serde_json::json!({ "at": at.to_string() }),
        Awaited::Message { name, .. } => serde_json::json!({ "message": name }),
        Awaited::Signal(name) => serde_json::json!({ "signal": name }),
        Awaited::Condition(_) => serde_json::json!({ "condition": true }),
        Awaited::Past => serde_json::json!({ "past": true }),
    };
    if let (Awaited::Message { key: Some(key), .. }, true) = (what, sees_variables) {
        told["correlation"] = key.clone();
    }
    told["event"] = event.into();
    told
}

/// An open task, or a job.
#[derive(Serialize, ToSchema)]
pub struct TaskView {
    /// Its id: `INSTANCE/STEP`.
    pub id: String,
    /// What people call the instance by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Id of the element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// Which group of people does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// At which agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// What kind of job; absent for a task of persons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Who has taken it; for a job the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// When it began.
    pub created: String,
    /// When it should be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// How often a job may still fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
}

impl From<OpenTask> for TaskView {
    fn from(task: OpenTask) -> Self {
        Self {
            id: task.id.to_string(),
            business_key: task.business_key,
            element: task.element,
            name: task.name,
            role: task.role,
            agency: task.agency,
            retries: task.topic.is_some().then_some(task.retries),
            topic: task.topic,
            assignee: task.assignee,
            created: task.created.to_string(),
            due: task.due.map(|at| at.to_string()),
        }
    }
}

/// A task with what whoever does it must know.
#[derive(Serialize, ToSchema)]
pub struct WholeTaskView {
    /// The task.
    #[serde(flatten)]
    pub task: TaskView,
    /// Which form it is done in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Elements whose doers may not do it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub four_eyes: Vec<String>,
    /// What the one who asks may do with it: `claim`, `unclaim`, `complete`, `error`, `delegate`, `assign`.
    pub may: Vec<&'static str>,
    /// The variables that it sees; absent for who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Map<String, Value>>,
}

impl WholeTaskView {
    /// A task for somebody who may do these things with it.
    pub fn new(shown: TaskShown, may: Vec<&'static str>, sees_variables: bool) -> Self {
        let TaskShown { task, form, four_eyes, variables, .. } = shown;
        let variables = sees_variables.then_some(variables);
        Self { task: task.into(), form, four_eyes, may, variables }
    }
}

/// A job that a worker has got.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    /// The job.
    #[serde(flatten)]
    pub task: TaskView,
    /// The same whenever this job is given out: for what is done outside.
    pub key: String,
    /// The variables that its step sees.
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        let Job { task, key, variables } = job;
        Self { task: task.into(), key, variables }
    }
}

/// A step that stopped.
#[derive(Serialize, ToSchema)]
#[schema(as = StoppedStep)]
pub struct IncidentView {
    /// The step: `INSTANCE/STEP`.
    pub id: String,
    /// What people call the instance by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_key: Option<String>,
    /// Id of its element.
    pub element: String,
    /// Short code.
    pub code: String,
    /// In words, which may quote variables; absent for who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Since when.
    pub since: String,
    /// Who looks after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl IncidentView {
    /// An incident for somebody who may see variables, or not.
    pub fn new(incident: Incident, sees_variables: bool) -> Self {
        let Incident { id, business_key, element, code, why, since, owner } = incident;
        let (id, since, why) = (id.to_string(), since.to_string(), sees_variables.then_some(why));
        Self { id, business_key, element, code, why, since, owner }
    }
}

/// One change of an instance.
#[derive(Serialize, ToSchema)]
pub struct ChangeView {
    /// From 1, without gaps.
    pub number: i64,
    /// When.
    pub at: String,
    /// Who did it: `person:…` or `system:…`.
    pub who: String,
    /// What was asked for.
    #[schema(value_type = Object)]
    pub command: Value,
    /// What happened to its steps.
    pub steps: Vec<HappenedView>,
}

/// Something that happened to a step.
#[derive(Serialize, ToSchema)]
pub struct HappenedView {
    /// `activated`, `completed`, `cancelled`, `failed`, `retried`, `assigned`, `told` or `ended`.
    pub event: &'static str,
    /// Number of the step; absent for the whole instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Id of its element; empty for the process itself.
    pub element: String,
    /// The element's name.
    pub name: String,
    /// More: why it failed, what was told, how it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub detail: Option<Value>,
    /// New values of variables; absent for who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub values: Option<Map<String, Value>>,
}

impl ChangeView {
    /// A change for somebody who may see variables, or not.
    pub fn new(change: Retold, sees_variables: bool) -> Self {
        let Retold { number, at, who, mut command, steps } = change;
        if let (Some(command), false) = (command.as_object_mut(), sees_variables) {
            // What a worker said of a failure may quote what it worked on.
            command.remove("why");
        }
        let step = |happened: Happened| {
            let Happened { what: event, step, element, name, detail, values } = happened;
            let detail = detail.filter(|_| sees_variables || event != "failed");
            HappenedView { event, step, element, name, detail, values: values.filter(|_| sees_variables) }
        };
        Self { number, at: at.to_string(), who, command, steps: steps.into_iter().map(step).collect() }
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub struct DoneView {
    /// The instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Number of the change in its history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Whether a message is kept, because nobody waits for it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// How many instances a signal goes to, those that begin by it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<u64>,
    /// After an incident was tried again: how many steps of the instance have stopped now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<usize>,
}

impl From<Answer> for DoneView {
    fn from(answer: Answer) -> Self {
        let nothing = Self { instance: None, number: None, kept: None, reached: None, stopped: None };
        match answer {
            Answer::Started { instance } => Self { instance: Some(instance), ..nothing },
            Answer::Done { instance, number } => {
                Self { instance: Some(instance), number: Some(number), ..nothing }
            }
            Answer::Kept => Self { kept: Some(true), ..nothing },
            Answer::Reached(count) | Answer::Worked(count) => Self { reached: Some(count), ..nothing },
        }
    }
}

/// A page of a list, by a name of its own: the document of the API names types.
macro_rules! pages {
    ($($(#[$about:meta])* $name:ident of $item:ty;)*) => {$(
        $(#[$about])*
        #[derive(Serialize, ToSchema)]
        pub struct $name {
            /// The items.
            pub items: Vec<$item>,
            /// Ask for `after` this for the next page; absent on the last one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub next: Option<String>,
        }

        impl From<Paged<$item>> for $name {
            fn from(Paged { items, next }: Paged<$item>) -> Self {
                Self { items, next }
            }
        }
    )*};
}

pages! {
    /// Models.
    ModelsPage of ModelView;
    /// Instances.
    InstancesPage of InstanceView;
    /// Changes of an instance.
    ChangesPage of ChangeView;
    /// Open tasks.
    TasksPage of TaskView;
    /// Steps that stopped.
    IncidentsPage of IncidentView;
}
