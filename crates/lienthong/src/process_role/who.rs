//! Who asks, and whether they may: persons with a session and workers with a token.
//!
//! A task is done by posts at its agency that are for its role. An instance is seen at its own agency and at those of its
//! open tasks; its variables, which are personal data, only by who may do one of these tasks, or reads at the instance's
//! agency by a post that is for all work.

use std::sync::Arc;

use audit::PersonId;
use axum::extract::FromRequestParts;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use process::runner::{By, Denied, Instance, Name, OpenTask, Processes, TaskId};
use registry::agency::{AgencyCode, Standing};
use registry::api::{Api, Caller, Key};
use registry::people::{Act, Person};
use registry::{Deed, Event, RegistryError, procedure};
use tokio::sync::watch;
use web::Problem;

use super::refused::{no_person, refused, unknown_worker};
use super::workers::{Worker, Workers};

/// What the handlers work with.
#[derive(Clone)]
pub struct Office {
    /// The engine.
    pub processes: Processes,
    /// Systems that do work.
    pub workers: watch::Receiver<Arc<Workers>>,
    /// Turns true when the node stops.
    pub stopped: watch::Receiver<bool>,
}

impl Office {
    /// The office of a request, unless the node stops.
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let office = parts.extensions.get::<Self>().cloned().ok_or_else(|| refused(Denied::Stopping))?;
        if *office.stopped.borrow() { Err(refused(Denied::Stopping)) } else { Ok(office) }
    }

    fn worker(&self, headers: &HeaderMap) -> Option<Worker> {
        let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.workers.borrow().find(token).cloned()
    }
}

/// A person at work.
pub struct Here {
    /// The registry's API.
    pub api: Api,
    /// The engine.
    pub processes: Processes,
    /// Who asks.
    pub person: Person,
    key: Key,
}

impl FromRequestParts<Api> for Here {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Caller(person) = <Caller as FromRequestParts<Api>>::from_request_parts(parts, api).await?;
        let processes = Office::of(parts)?.processes;
        let key = Key::from_request_parts(parts, api).await?;
        Ok(Self { api: api.clone(), processes, person, key })
    }
}

/// A worker at work.
pub struct Hand {
    /// The engine.
    pub processes: Processes,
    /// Turns true when the node stops.
    pub stopped: watch::Receiver<bool>,
    /// Who asks.
    pub worker: Worker,
    key: Key,
}

impl FromRequestParts<Api> for Hand {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let office = Office::of(parts)?;
        let Some(worker) = office.worker(&parts.headers) else {
            let person = <Caller as FromRequestParts<Api>>::from_request_parts(parts, api).await;
            return Err(if person.is_ok() { no_person() } else { unknown_worker() });
        };
        let key = Key::from_request_parts(parts, api).await?;
        Ok(Self { processes: office.processes, stopped: office.stopped, worker, key })
    }
}

impl Hand {
    /// `Idempotency-Key` as the engine takes it.
    pub fn key(&self) -> Result<Option<Name>, Problem> {
        engine_key(&self.key)
    }
}

/// Either of them.
pub enum Either {
    /// A person.
    Person(Here),
    /// A worker.
    Worker(Hand),
}

impl FromRequestParts<Api> for Either {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if Office::of(parts)?.worker(&parts.headers).is_some() {
            return Hand::from_request_parts(parts, api).await.map(Self::Worker);
        }
        Here::from_request_parts(parts, api).await.map(Self::Person)
    }
}

fn engine_key(Key(key): &Key) -> Result<Option<Name>, Problem> {
    key.as_ref().map(|key| key.key.parse::<Name>()).transpose().map_err(refused)
}

/// The code of an agency that somebody outside the registry named.
pub fn agency(text: Option<&String>) -> Option<AgencyCode> {
    text.and_then(|text| text.parse().ok())
}

impl Here {
    /// `Idempotency-Key` as the engine takes it.
    pub fn key(&self) -> Result<Option<Name>, Problem> {
        engine_key(&self.key)
    }

    /// Who it is, for the history.
    pub fn by(&self) -> Result<By, Problem> {
        self.person.id.as_str().parse().map(By::Person).map_err(refused)
    }

    /// Whether the person may do this at the agency to work of this role.
    fn works(&self, act: Act, at: Option<&String>, role: Option<&String>) -> bool {
        let agency = agency(at);
        self.api.works_for(&self.person, act, (agency.as_ref(), role.map(String::as_str)))
    }

    /// Whether the person sees a task in lists.
    pub fn sees_task(&self, task: &OpenTask) -> bool {
        self.works(Act::ProcessRead, task.agency.as_ref(), task.role.as_ref())
    }

    /// Whether the person may do a task.
    pub fn does_task(&self, task: &OpenTask) -> bool {
        self.works(Act::TaskDo, task.agency.as_ref(), task.role.as_ref())
    }

    /// Whether the person may give a task to somebody.
    pub fn assigns_task(&self, task: &OpenTask) -> bool {
        self.works(Act::TaskAssign, task.agency.as_ref(), task.role.as_ref())
    }

    /// Whether the person sees an instance; at least that it is there and where it stands.
    ///
    /// # Errors
    /// They do not.
    pub fn sees(&self, instance: &Instance, tasks: &[OpenTask]) -> Result<(), Problem> {
        let at = agency(instance.agency.as_ref());
        let reads = self.api.registry().may(&self.person, Act::ProcessRead, at.as_ref());
        match reads {
            Err(_) if tasks.iter().any(|task| self.sees_task(task)) => Ok(()),
            other => other.map_err(Problem::from),
        }
    }

    /// Whether the person sees the variables of an instance.
    pub fn sees_variables(&self, instance: &Instance, tasks: &[OpenTask]) -> bool {
        self.works(Act::ProcessRead, instance.agency.as_ref(), None)
            || tasks.iter().any(|task| self.does_task(task))
    }

    /// An agency that is there today. Of its two forms the registry's own counts: calendars and clocks go by it.
    pub fn known(&self, code: &AgencyCode) -> Result<Name, Problem> {
        let today = self.api.today();
        let found = self.api.registry().read(|state| match state.agencies.on(code, today) {
            Standing::Valid(agency) => Some(agency.code.to_string()),
            _ => None,
        });
        let none = || RegistryError::NoSuch { kind: "agency", name: code.to_string() };
        found.ok_or_else(none)?.parse().map_err(refused)
    }

    /// An agency's codes, as filters of lists take them.
    pub fn codes(&self, agency: &AgencyCode) -> Vec<Name> {
        self.api.codes(agency).iter().filter_map(|code| code.as_str().parse().ok()).collect()
    }

    /// The agencies at which the person does this, as filters of lists take them; nothing means everywhere.
    pub fn agencies(&self, act: Act) -> Option<Vec<Name>> {
        let codes = self.api.reach(&self.person, act)?;
        Some(codes.iter().filter_map(|code| code.as_str().parse().ok()).collect())
    }
}

impl Here {
    /// Lets who may go on; the refusal of who may not stands in the registry's journal.
    pub async fn allow(&self, act: Act, at: Option<&AgencyCode>, subject: &str) -> Result<(), Problem> {
        if self.api.registry().may(&self.person, act, at).is_ok() {
            return Ok(());
        }
        self.refuse(act, at, subject).await
    }

    async fn refuse(&self, act: Act, at: Option<&AgencyCode>, subject: &str) -> Result<(), Problem> {
        let deed = Deed { act, agency: at, subject, key: None };
        let forbidden = || RegistryError::Forbidden(act.name());
        self.api.registry().act_once(&self.person, &deed, |_, _| Err(forbidden())).await?;
        Err(forbidden().into())
    }

    /// As [`allow`](Self::allow), for a task: at its agency, by a post that is for its role.
    pub async fn allow_task(&self, act: Act, task: &OpenTask) -> Result<(), Problem> {
        if self.works(act, task.agency.as_ref(), task.role.as_ref()) {
            return Ok(());
        }
        self.refuse(act, agency(task.agency.as_ref()).as_ref(), &of_task(task.id)).await
    }

    /// Writes down in the registry's journal what a person with rights over others' work is about to do; refuses who may not.
    pub async fn record(
        &self,
        act: Act,
        (at, subject): (Option<&AgencyCode>, &str),
        event: procedure::Event,
    ) -> Result<(), Problem> {
        let deed = Deed { act, agency: at, subject, key: self.key.0.as_deref() };
        let decide = |_: &_, _: &_| Ok(vec![Event::Procedure(event.clone())]);
        self.api.registry().act_once(&self.person, &deed, decide).await?;
        Ok(())
    }

    /// Somebody who exists and may do the task, to be given it.
    pub fn can_be_given(&self, task: &OpenTask, to: &PersonId) -> Result<Name, Problem> {
        let person = self.api.person(to);
        let none = || RegistryError::NoSuch { kind: "person", name: to.to_string() };
        let person = person.ok_or_else(none)?;
        let place = (agency(task.agency.as_ref()), task.role.as_deref());
        if !self.api.works_for(&person, Act::TaskDo, (place.0.as_ref(), place.1)) {
            let vi = "người này không được làm việc này: không thuộc cơ quan hoặc nhóm việc của bước";
            let en = "this person may not do it: not of the agency or the group of the step";
            return Err(RegistryError::invalid("to", vi, en).into());
        }
        to.as_str().parse().map_err(refused)
    }
}

/// A task as the journal calls it.
pub fn of_task(id: TaskId) -> String {
    format!("task/{id}")
}

/// An instance as the journal calls it.
pub fn of_instance(id: impl std::fmt::Display) -> String {
    format!("instance/{id}")
}
