//! Holding the rules of definitions with `[quality]` against their sources when it is time, and keeping what is found.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use base::{Clock as _, SystemClock};
use sources::quality::{history, moment};
use sources::serve::Service;
use store::Db;

use super::Offered;

/// How often it is looked whether a check is due.
const DUE_EVERY: Duration = Duration::from_secs(20);

/// Checks for as long as the node runs.
pub async fn run(offered: Offered, store: String) {
    let mut since = moment(SystemClock.now());
    let mut db = None;
    loop {
        tokio::time::sleep(DUE_EVERY).await;
        let (now, working) = (moment(SystemClock.now()), scheduled(&offered));
        if working.is_empty() {
            since = now;
            continue;
        }
        let done = async {
            // Opened when it is needed: a node without schedules has no such store.
            let db = match &mut db {
                Some(db) => db,
                none => none.insert(Db::open(&store).await?),
            };
            history::run_due(&working, since, now, db).await
        };
        if let Err(error) = done.await {
            tracing::error!(%error, "không lưu được kết quả kiểm tra chất lượng / the results of quality checks are not kept");
        }
        since = now;
    }
}

/// The services that are checked.
fn scheduled(offered: &Offered) -> Vec<Arc<Service>> {
    let offer = offered.read().unwrap_or_else(PoisonError::into_inner);
    let tables = offer.services.values().filter_map(|working| working.table.clone());
    tables.filter(|service| service.definition().quality.is_some()).collect()
}
