//! Work that takes long: on threads of its own, few at a time, so that it keeps nobody else waiting.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use http::StatusCode;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use web::Problem;

use super::request::{IMPORT_ITEMS_MAX, ImportItem, Imported, Key};
use super::{Api, Caller};
use crate::people::{Act, home};
use crate::registry::Deed;
use crate::{Event, Mistake, Moment, RegistryError, State};

/// Files, exports and checks of the journal that are worked on at the same time; each takes up to some hundred megabytes.
pub const ASIDE_AT_ONCE: usize = 2;
/// How long somebody waits for a place among them.
const ASIDE_WAIT: Duration = Duration::from_secs(20);
/// Seconds after which whoever found no place shall try again.
const ASIDE_RETRY_S: u64 = 30;

/// The places.
pub(super) struct Aside(Arc<Semaphore>);

impl Default for Aside {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ASIDE_AT_ONCE)))
    }
}

impl Aside {
    /// Carries out what keeps a processor busy. It goes on when nobody waits for it any more, and keeps its place.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, RegistryError>> + Send + 'static,
    ) -> Result<T, Problem> {
        let waiting = tokio::time::timeout(ASIDE_WAIT, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(place)) = waiting else {
            return Err(Problem { retry_after_s: Some(ASIDE_RETRY_S), ..busy() });
        };
        let runtime = Handle::current();
        let worked = tokio::task::spawn_blocking(move || {
            let _place = place;
            runtime.block_on(work)
        });
        let failed = |error: tokio::task::JoinError| {
            RegistryError::Store(store::StoreError::Other { what: error.to_string() })
        };
        Ok(worked.await.map_err(failed)??)
    }
}

fn busy() -> Problem {
    let what = "tệp và phép kiểm tra cùng lúc / files and checks at once";
    let error = RegistryError::TooMany { what, max: ASIDE_AT_ONCE };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, &error.code(), error.to_string())
}

/// What a file brings.
pub(super) struct Taken {
    /// Its rows.
    pub rows: usize,
    /// The entries that are new or change.
    pub items: Vec<ImportItem>,
    /// What is written down.
    pub events: Vec<Event>,
}

impl Taken {
    /// With the figures only.
    fn counted(&self, dry_run: bool, entry: Option<i64>) -> Imported {
        let new = self.items.iter().filter(|item| item.new).count();
        let items = self.items.iter().take(if dry_run { IMPORT_ITEMS_MAX } else { 0 }).cloned();
        Imported {
            rows: Some(self.rows),
            changes: Some(self.items.len()),
            new: Some(new),
            items: items.collect(),
            dry_run,
            entry,
        }
    }
}

/// Why an entry of a file is refused to a person who may otherwise import.
pub(super) fn out_of_reach(place: &dyn std::fmt::Display) -> Mistake {
    Mistake::new(
        place.to_string(),
        "không thuộc phạm vi của tài khoản; bỏ dòng này, hoặc chuyển cho người phụ trách cơ quan đó",
        "is not for this account: leave the row out, or hand it to who is in charge of that agency",
    )
}

/// Tries a file, or takes it over, all of it or nothing.
pub(super) async fn import(
    api: &Api,
    (Caller(person), key): (Caller, Key),
    (act, subject, dry_run): (Act, &'static str, bool),
    mut decide: impl FnMut(&State, &Moment) -> Result<Taken, RegistryError> + Send + 'static,
) -> Result<Json<Imported>, Problem> {
    let own = api.clone();
    let work = async move {
        let (registry, agency) = (own.registry(), home(&person, act));
        if dry_run {
            let taken = registry.try_out(&person, (act, agency), decide).await?;
            return Ok(taken.counted(dry_run, None));
        }
        let mut counted = None;
        let deed = Deed { act, agency, subject, key: key.0.as_deref() };
        let decided = |state: &State, moment: &Moment| {
            let taken = decide(state, moment)?;
            counted = Some(taken.counted(dry_run, None));
            Ok(taken.events)
        };
        let entry = Some(registry.act_once(&person, &deed, decided).await?.from);
        // Without figures when the same key had brought it before.
        let before = Imported { rows: None, changes: None, new: None, items: Vec::new(), dry_run, entry };
        Ok(counted.map_or(before, |counted| Imported { entry, ..counted }))
    };
    api.0.aside.run(work).await.map(Json)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_aside_keeps_no_other_task_waiting() {
        // One thread: what blocked it would end the test.
        let aside = Aside::default();
        let (said, heard) = std::sync::mpsc::channel();
        let working = aside.run(async move {
            heard.recv_timeout(Duration::from_secs(20)).map_err(|_| RegistryError::SignIn)
        });
        let other = async { said.send(()).unwrap() };
        let (worked, ()) = tokio::join!(working, other);
        worked.unwrap();
    }

    #[tokio::test]
    async fn no_more_are_at_work_than_there_are_places() {
        let aside = Arc::new(Aside::default());
        let mut ends = Vec::new();
        for _ in 0..ASIDE_AT_ONCE {
            let (end, ended) = oneshot::channel::<()>();
            let (working, works) = oneshot::channel();
            let aside = Arc::clone(&aside);
            let work = async move {
                let _ = working.send(());
                let _ = ended.await;
                Ok(())
            };
            // Nobody waits for it any more, and it keeps its place.
            let waiting = tokio::spawn(async move { aside.run(work).await });
            works.await.unwrap();
            waiting.abort();
            ends.push(end);
        }
        assert_eq!(aside.0.available_permits(), 0);
        drop(ends);
        aside.run(async { Ok(()) }).await.unwrap();
    }
}
