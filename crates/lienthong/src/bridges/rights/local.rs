//! The registry in the same process: its snapshot, as often as it changes.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, MemberId};
use registry::registry::Registry;
use registry::snapshot::{self, Snapshot};
use tokio::time::MissedTickBehavior;

use super::{Freshness, Latest};

/// How often the snapshot is made anew without a change: gates close and grants end by time alone, and other processes
/// write to the same store.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the registry's store: what this process itself decided must reach the gateway meanwhile.
const STORE_WAIT: Duration = Duration::from_secs(3);

/// A registry that is followed.
pub struct Local {
    /// The registry.
    pub registry: Arc<Registry>,
    /// Whose services.
    pub member: MemberId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Confirmed each time that the store was read.
    pub freshness: Arc<Freshness>,
}

impl Local {
    /// What counts now.
    pub fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        self.registry.read(|state| snapshot::of(state, self.registry.rules(), &self.member, now))
    }

    /// Follows the registry forever.
    pub async fn follow(self, latest: Latest) {
        let mut journal = self.registry.changes();
        let mut tick = tokio::time::interval(AT_LEAST_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            super::tell(&latest, Arc::new(self.snapshot()));
            tokio::select! {
                grown = journal.changed() => if grown.is_err() { return },
                _ = tick.tick() => self.catch_up(&mut failing).await,
            }
        }
    }

    /// Reads what other processes wrote; the gateway goes on with what it knows when the store is away.
    async fn catch_up(&self, failing: &mut bool) {
        let read = tokio::time::timeout(STORE_WAIT, self.registry.catch_up()).await;
        let error = match read {
            Ok(Ok(_)) => {
                self.freshness.confirm(self.clock.now());
                *failing = false;
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", STORE_WAIT.as_secs()),
        };
        if *failing {
            tracing::debug!(%error, "the registry's store is still not read");
        } else {
            *failing = true;
            tracing::error!(%error, "không đọc được sổ đăng ký, quyền đã biết còn hiệu lực đến hạn stale_after_s / the registry's store is not read; the rights known last count until stale_after_s");
        }
    }
}
