//! Work of persons: taking it, handing it over, doing it, lists of it.

use base::Ts;
use store::process::{TaskFilter, TaskRow};

use super::book::PERSONS;
use super::call::Act;
use super::{Answer, By, Denied, InstanceId, Name, Payload, Processes, TaskId};
use crate::engine::ExecId;

/// Tasks, jobs, incidents or changes of one page.
pub const PAGE_MAX: u32 = 1_000;

/// Which tasks of persons.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of one of these roles; empty is every role.
    pub roles: Vec<Name>,
    /// Of one of these agencies; none is every one, and those that are nobody's.
    pub agencies: Option<Vec<Name>>,
    /// Taken by this person.
    pub assignee: Option<Name>,
    /// Of this instance.
    pub instance: Option<InstanceId>,
    /// Behind this one: the last of the page before.
    pub after: Option<TaskId>,
    /// So many at most, up to [`PAGE_MAX`].
    pub limit: u32,
}

/// A task of a person, or a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTask {
    /// Its id.
    pub id: TaskId,
    /// What people call its instance by.
    pub business_key: Option<String>,
    /// Id of the element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// Who does it: extension attribute `role`, else its lane.
    pub role: Option<String>,
    /// Code of the agency whose it is.
    pub agency: Option<String>,
    /// What kind of job; none for a task of persons.
    pub topic: Option<String>,
    /// Who has taken it; for a job the worker.
    pub assignee: Option<String>,
    /// When it began.
    pub created: Ts,
    /// When it should be done.
    pub due: Option<Ts>,
    /// How often a job may still fail.
    pub retries: i64,
}

impl OpenTask {
    pub(super) fn read(row: TaskRow) -> Result<Self, Denied> {
        let exec = ExecId(u64::try_from(row.exec).unwrap_or_default());
        let assignee = if row.kind == PERSONS { row.assignee } else { row.locked_by };
        Ok(Self {
            id: TaskId { instance: row.instance.parse()?, exec },
            business_key: row.business_key,
            element: row.element,
            name: row.name,
            role: row.role,
            agency: row.agency,
            topic: row.topic,
            assignee,
            created: Ts(row.created),
            due: row.due.map(Ts),
            retries: row.retries,
        })
    }
}

impl Processes {
    /// Tasks of persons, in the order in which their instances began.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tasks(&self, wanted: &Wanted) -> Result<Vec<OpenTask>, Denied> {
        let filter = TaskFilter {
            kind: Some(PERSONS),
            roles: wanted.roles.iter().map(ToString::to_string).collect(),
            agencies: super::show::texts(wanted.agencies.as_deref()),
            assignee: wanted.assignee.as_ref().map(ToString::to_string),
            instance: wanted.instance.map(|id| id.to_string()),
            after: wanted.after.map(|id| (id.instance.to_string(), super::book::number(id.exec.0))),
        };
        self.open_work(&filter, wanted.limit.clamp(1, PAGE_MAX)).await
    }

    /// Open work with what people call its instances by.
    pub(super) async fn open_work(&self, filter: &TaskFilter, limit: u32) -> Result<Vec<OpenTask>, Denied> {
        let rows = self.shared.store.tasks(filter, limit).await?;
        rows.into_iter().map(OpenTask::read).collect()
    }

    /// A person did a task. With a `key` it may be said twice.
    ///
    /// # Errors
    /// Somebody else has it, it is done, or this person may not do it.
    pub async fn complete(
        &self,
        task: TaskId,
        variables: Payload,
        by: &By,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Complete { exec: task.exec, variables }, by, key).await
    }

    /// A person ends a task with a business error, such as a refusal.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn error(
        &self,
        task: TaskId,
        (code, variables): (Name, Payload),
        by: &By,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Error { exec: task.exec, code, variables }, by, key).await
    }

    /// A person takes a task.
    ///
    /// # Errors
    /// Somebody else has it, or this person may not do it.
    pub async fn claim(&self, task: TaskId, by: &By) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Claim { exec: task.exec }, by, None).await
    }

    /// A person gives a task back.
    ///
    /// # Errors
    /// This person does not have it.
    pub async fn unclaim(&self, task: TaskId, by: &By) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Unclaim { exec: task.exec }, by, None).await
    }

    /// Gives a task to a person, whoever had it. Whether `by` may is for the caller to know.
    ///
    /// # Errors
    /// That person may not do it.
    pub async fn assign(&self, task: TaskId, to: Name, by: &By) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Assign { exec: task.exec, to }, by, None).await
    }

    /// The person who has a task gives it to another.
    ///
    /// # Errors
    /// `by` does not have it, or the other may not do it.
    pub async fn delegate(&self, task: TaskId, to: Name, by: &By) -> Result<Answer, Denied> {
        self.act(task.instance, Act::Delegate { exec: task.exec, to }, by, None).await
    }
}
