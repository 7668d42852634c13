//! Comparing rows when it is due, for services that tell their changes so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use base::{Clock as _, SystemClock, Ts};
use sources::changes::compare::{self, Comparing};
use sources::definition::Changes;
use sources::serve::Service;
use tokio::task::JoinSet;

use super::Offered;

/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// A comparison that failed is tried again after this; it goes on where it was.
const AGAIN_AFTER: Duration = Duration::from_mins(10);

/// Compares rows for as long as the node runs: each service by itself, so that none waits for a slow one.
pub async fn run(offered: Offered, comparing: Arc<Comparing>) {
    let started = SystemClock.now();
    let mut tasks = JoinSet::new();
    let mut running = BTreeSet::new();
    let mut failed: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        while let Some(ended) = tasks.try_join_next() {
            let Ok((name, done)) = ended else { continue };
            running.remove(&name);
            if done {
                failed.remove(&name)
            } else {
                failed.insert(name, Instant::now())
            };
        }
        for (name, service) in compared(&offered) {
            let waits = failed.get(&name).is_some_and(|at| at.elapsed() < AGAIN_AFTER);
            if waits || running.contains(&name) || !is_due(&service, &comparing, started).await {
                continue;
            }
            running.insert(name.clone());
            let comparing = Arc::clone(&comparing);
            tasks.spawn(async move {
                let done = one(&name, &service, &comparing).await;
                (name, done)
            });
        }
    }
}

/// The services whose rows are compared.
fn compared(offered: &Offered) -> Vec<(String, Arc<Service>)> {
    let offer = offered.read().unwrap_or_else(PoisonError::into_inner);
    let all = offer.services.iter().filter_map(|(name, it)| Some((name.clone(), it.table.clone()?)));
    all.filter(|(_, service)| matches!(service.definition().changes, Some(Changes::Hash { .. }))).collect()
}

/// Whether the last moment of the schedule has no comparison yet. The first one waits for a moment while the node runs, so
/// that publishing a definition by day reads no whole table.
async fn is_due(service: &Service, comparing: &Comparing, started: Ts) -> bool {
    let definition = service.definition();
    let Some(Changes::Hash { every, at }) = definition.changes else { return false };
    let now = SystemClock.now();
    if definition.limits.bulk.is_some_and(|window| window.opens_in_s(now) > 0) {
        return false;
    }
    let due = every.last_due(at, now);
    match comparing.state(definition).await {
        Ok(Some(state)) => match state.finished {
            Some(finished) => finished < due,
            None => state.position.is_some() || due > started,
        },
        Ok(None) => due > started,
        Err(error) => {
            tracing::error!(code = error.code(), %error, "kho so sánh không mở được / the store of comparisons does not open");
            false
        }
    }
}

async fn one(name: &str, service: &Service, comparing: &Comparing) -> bool {
    match compare::run(service, comparing, &SystemClock, false).await {
        Ok(found) => {
            tracing::info!(
                service = name,
                rows = found.rows,
                added = found.added,
                changed = found.changed,
                gone = found.gone,
                base = found.is_base,
                "đã so sánh các dòng / rows compared"
            );
            true
        }
        Err(error) => {
            tracing::error!(service = name, code = error.code(), %error, "so sánh chưa xong, sẽ làm tiếp / the comparison is not finished and will go on");
            false
        }
    }
}
