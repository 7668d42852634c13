//! What the registry decided, as the gateway reads it: from the registry of this process ([`local`]), or from that of
//! another machine ([`remote`]).
//!
//! Whoever follows a registry tells the latest snapshot and when it was confirmed; [`Bridge`] puts it over the services
//! of the configuration file. What was not confirmed for too long counts no more ([`freshness`]).

pub mod freshness;
pub mod kept;
pub mod local;
pub mod remote;
mod ruling;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base::MemberId;
use exchange::rights::{ConditionReader, Rights};
use registry::snapshot::Snapshot;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use freshness::{Age, Freshness};

/// How often it is looked whether the rights have become too old.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The latest snapshot, if there ever was one.
pub type Latest = watch::Sender<Option<Arc<Snapshot>>>;
/// Changing rights.
pub type RightsWatch = watch::Receiver<Arc<Rights>>;

/// Tells a snapshot to who follows, unless it says the same as the last.
fn tell(latest: &Latest, new: Arc<Snapshot>) {
    latest.send_if_modified(|last| {
        let same = last.as_ref().is_some_and(|last| last.says_the_same_as(&new));
        *last = Some(new);
        !same
    });
}

/// From a registry to the gateway of a node.
pub struct Bridge {
    /// Whose services.
    pub member: MemberId,
    /// What the registry says.
    pub snapshot: watch::Receiver<Option<Arc<Snapshot>>>,
    /// When it was confirmed.
    pub freshness: Arc<Freshness>,
    /// What the configuration file says.
    pub configured: RightsWatch,
}

impl Bridge {
    /// Carries over from now on what `source` tells, in a task of its own. Should one of the two ever end, nothing is
    /// allowed any more: a gateway that does not hear of revocations must not go on as if there were none.
    pub fn start(
        mut self,
        source: impl Future<Output = ()> + Send + 'static,
    ) -> (RightsWatch, JoinHandle<()>) {
        let mut reader = ConditionReader::default();
        let (rights_in, rights) = watch::channel(self.now(self.freshness.is_stale(), &mut reader));
        let (guarded, member, configured) = (rights_in.clone(), self.member.clone(), self.configured.clone());
        let task = tokio::spawn(async move {
            // Both end with this task.
            let mut both = JoinSet::new();
            both.spawn(source);
            both.spawn(self.follow(rights_in, reader));
            let panicked = both.join_next().await.is_none_or(|ended| ended.is_err());
            guarded.send_replace(Arc::new(configured.borrow().out_of_date(&member)));
            tracing::error!(
                panicked,
                "không còn theo dõi sổ đăng ký, mọi cuộc gọi bị từ chối; chạy lại nút / the registry is not followed any more, every call is refused: start the node again"
            );
        });
        (rights, task)
    }

    /// Follows registry, configuration file and time forever: whichever changes, the gateway has the result at once.
    async fn follow(mut self, rights: watch::Sender<Arc<Rights>>, mut reader: ConditionReader) {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut stale = self.freshness.is_stale();
        loop {
            tokio::select! {
                told = self.snapshot.changed() => if told.is_err() { return },
                edited = self.configured.changed() => if edited.is_err() { return },
                _ = tick.tick() => if self.freshness.is_stale() == stale { continue },
            }
            if self.freshness.is_stale() != stale {
                stale = !stale;
                self.tell_staleness(stale);
            }
            rights.send_replace(self.now(stale, &mut reader));
        }
    }

    fn tell_staleness(&self, stale: bool) {
        let age_s = self.freshness.age_s();
        if stale {
            tracing::error!(
                age_s,
                "quyền từ sổ đăng ký đã quá cũ, mọi cuộc gọi tới dịch vụ của nút bị từ chối (EX-0313) / the rights of the registry are too old, every call of this node's services is refused"
            );
        } else {
            tracing::info!("đã nghe lại sổ đăng ký / the registry is heard again");
        }
    }

    /// What the gateway may allow now.
    fn now(&mut self, stale: bool, reader: &mut ConditionReader) -> Arc<Rights> {
        let snapshot = self.snapshot.borrow_and_update().clone().filter(|_| !stale);
        let configured = self.configured.borrow_and_update();
        Arc::new(match snapshot {
            Some(snapshot) => configured.under(ruling::ruling(&snapshot, reader)),
            None => configured.out_of_date(&self.member),
        })
    }
}

#[cfg(test)]
mod tests;
