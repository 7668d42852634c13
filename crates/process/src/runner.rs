//! Keeps instances going: what the [`engine`](crate::engine) decides is made durable, and what waits is found again.
//!
//! One step is one transaction: state, history, waits, tasks, incidents and letters of a command are there together or not
//! at all. What many callers ask for at the same time becomes one transaction, in which a command that is refused disturbs
//! no other. Several nodes may run on one PostgreSQL: an instance belongs to one of them for the time of a transaction.

mod acts;
mod book;
mod call;
mod catalog;
mod chain;
mod clocks;
mod denied;
mod deploy;
mod events;
mod input;
mod jobs;
mod links;
mod look;
mod migrate;
mod post;
mod show;
mod tasks;
mod work;
mod writer;

use std::sync::{Arc, Mutex};

use base::{Clock, Ts};
use store::process::ProcessStore;
use tokio::sync::{mpsc, oneshot};

pub use call::Answer;
pub use clocks::{ClockShown, ClocksShown, MovedMoment, Recalculated};
pub use denied::Denied;
pub use deploy::Deployed;
pub use events::Message;
pub use input::{
    By, DEPTH_MAX, InstanceId, NAME_BYTES_MAX, Name, Payload, SIGNAL_BYTES_MAX, TaskId, VARIABLES_BYTES_MAX,
};
pub use jobs::Job;
pub use look::{Figures, Happened, ModelShown, Retold, TaskShown};
pub use migrate::{Moved, Plan};
pub use show::{Changed, Incident, Instance, Listed, Open, Shown};
pub use tasks::{OpenTask, PAGE_MAX, Wanted};

use call::{Act, Call, Of, Start, What};
use catalog::Catalog;

use crate::engine::Outside;
use crate::model::Model;

/// Reads a file: the model, or everything that is wrong with it, each in words.
pub type Reader = fn(&[u8]) -> Result<Model, Vec<String>>;

/// Reads a BPMN file.
///
/// # Errors
/// Every fault of the file.
pub fn read_bpmn(xml: &[u8]) -> Result<Model, Vec<String>> {
    crate::model::read(xml).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// Calls that wait for their transaction; more callers wait themselves.
const CALLS_MAX: usize = 4_096;
/// How long a message that an instance told waits for somebody who waits for it: 90 days.
const TOLD_KEPT_SECS: i64 = 90 * 86_400;
/// How long a sender may ask a message to be kept: a year.
const KEPT_SECS_MAX: i64 = 366 * 86_400;

/// What everything in this module shares.
struct Shared {
    store: ProcessStore,
    clock: Arc<dyn Clock>,
    outside: Arc<dyn Outside + Send + Sync>,
    reader: Reader,
    catalog: Catalog,
    ids: Arc<Ids>,
    chains: Arc<chain::Chains>,
    /// Told when letters may be there that somebody waits for.
    wake: tokio::sync::Notify,
}

impl Shared {
    fn letters_wait(&self) {
        self.wake.notify_one();
    }
}

/// Gives ids that sort by when they were given.
struct Ids(Mutex<uuid::ContextV7>);

impl Ids {
    fn next(&self, now: Ts) -> uuid::Uuid {
        let secs = u64::try_from(now.secs()).unwrap_or_default();
        let nanos = u32::try_from(now.0.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
        uuid::Uuid::new_v7(uuid::Timestamp::from_unix(&self.0, secs, nanos))
    }
}

/// The instances of all models of a store. Cheap to clone.
#[derive(Clone)]
pub struct Processes {
    shared: Arc<Shared>,
    calls: mpsc::Sender<Call>,
}

/// What an instance begins with.
#[derive(Clone)]
pub struct Begin {
    /// Key of the model.
    pub model: Name,
    /// Its version; none is the newest whose procedure counts today.
    pub version: Option<i64>,
    /// Id of the process; none is the file's first executable one.
    pub process: Option<Name>,
    /// What people call the instance by.
    pub business_key: Option<Name>,
    /// Code of the agency whose instance it is; none is what the process says.
    pub agency: Option<Name>,
    /// Its variables.
    pub variables: Payload,
}

impl Processes {
    /// Takes up the work on a store, within a runtime. It ends when the last clone is gone.
    pub fn open(
        store: ProcessStore,
        clock: Arc<dyn Clock>,
        outside: Arc<dyn Outside + Send + Sync>,
        reader: Reader,
    ) -> Self {
        Self::counting(Arc::default(), store, clock, (outside, reader))
    }

    fn counting(
        chains: Arc<chain::Chains>,
        store: ProcessStore,
        clock: Arc<dyn Clock>,
        (outside, reader): (Arc<dyn Outside + Send + Sync>, Reader),
    ) -> Self {
        let ids = Arc::new(Ids(Mutex::new(uuid::ContextV7::new())));
        let (wake, catalog) = (tokio::sync::Notify::new(), Catalog::new(reader));
        let shared = Arc::new(Shared { store, clock, outside, reader, catalog, ids, chains, wake });
        let (calls, asked) = mpsc::channel(CALLS_MAX);
        tokio::spawn(writer::run(Arc::clone(&shared), asked));
        Self { shared, calls }
    }

    async fn call(&self, by: By, key: Option<Name>, what: What, now: Option<Ts>) -> Result<Answer, Denied> {
        let (reply, answer) = oneshot::channel();
        let call = Call { by, key, what, now, reply: Some(reply), letter: None };
        self.calls.send(call).await.map_err(|_| Denied::Stopping)?;
        answer.await.map_err(|_| Denied::Stopping)?
    }

    async fn act(
        &self,
        instance: InstanceId,
        act: Act,
        by: &By,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.call(by.clone(), key, What::Act { instance: instance.to_string(), act }, None).await
    }

    /// Begins an instance. The same `key` of the same caller begins none again and gives the first one's id.
    ///
    /// # Errors
    /// There is no such model or process, it does not begin like this, or the agency's code is none.
    pub async fn start(&self, begin: Begin, by: &By, key: Option<Name>) -> Result<InstanceId, Denied> {
        let Begin { model, version, process, business_key, agency, variables } = begin;
        if let Some(code) = &agency {
            let wrong = |error: worktime::TimeError| crate::engine::Refused::NoAgency(error.to_string());
            code.as_str().parse::<worktime::AgencyCode>().map_err(wrong)?;
        }
        let model = match version {
            Some(version) => Of::Version(model, version),
            None => Of::Newest(model),
        };
        let start = Start { model, process, element: None, business_key, agency, variables };
        match self.call(by.clone(), key, What::Start(start), None).await? {
            Answer::Started { instance } => instance.parse(),
            other => Err(Denied::Damaged(format!("{other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests;
