//! What the registry decided, as the gateway reads it.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, MemberId};
use exchange::cut::FieldSet;
use exchange::rights::{
    ClosedGate, ClosedService, Condition, ConditionReader, Conditions, Failing, Force, Grant, Grantee,
    Rights, Ruling,
};
use exchange::usage::Allowance;
use registry::registry::Registry;
use registry::snapshot::{self, Snapshot};
use registry::{gate, grant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// How often the snapshot is made anew without a change: gates close and grants end by time alone, and other processes
/// write to the same store.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the registry's store: what this process itself decided must reach the gateway meanwhile.
const STORE_WAIT: Duration = Duration::from_secs(3);

/// From the registry to the gateway of a node.
pub struct Bridge {
    registry: Arc<Registry>,
    member: MemberId,
    clock: Arc<dyn Clock>,
}

impl Bridge {
    /// A bridge for the services of `member`.
    pub fn new(registry: Arc<Registry>, member: MemberId, clock: Arc<dyn Clock>) -> Self {
        Self { registry, member, clock }
    }

    /// What the gateway may allow now.
    pub fn rights(&self, configured: &Rights) -> Arc<Rights> {
        Arc::new(configured.under(ruling(&self.snapshot(), &mut ConditionReader::default())))
    }

    /// Follows in a task of its own. Should it ever end, nothing is allowed any more: a gateway that does not hear of
    /// revocations must not go on as if there were none.
    pub fn start(
        self,
        configured: watch::Receiver<Arc<Rights>>,
        rights: watch::Sender<Arc<Rights>>,
    ) -> JoinHandle<()> {
        let guarded = rights.clone();
        tokio::spawn(async move {
            let ended = tokio::spawn(self.follow(configured, rights)).await;
            guarded.send_replace(Arc::default());
            tracing::error!(
                panicked = ended.is_err(),
                "không còn theo dõi sổ đăng ký, mọi cuộc gọi bị từ chối; chạy lại nút / the registry is not followed any more, every call is refused: start the node again"
            );
        })
    }

    /// Follows registry and configuration file forever: whichever changes, the gateway has the result at once.
    async fn follow(self, mut configured: watch::Receiver<Arc<Rights>>, rights: watch::Sender<Arc<Rights>>) {
        let mut journal = self.registry.changes();
        let mut tick = tokio::time::interval(AT_LEAST_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut last, mut failing, mut reader) = (None, false, ConditionReader::default());
        loop {
            let new = self.snapshot();
            let same = last.as_ref().is_some_and(|last: &Snapshot| last.says_the_same_as(&new));
            if !same || configured.has_changed().unwrap_or(false) {
                rights
                    .send_replace(Arc::new(configured.borrow_and_update().under(ruling(&new, &mut reader))));
                last = Some(new);
            }
            tokio::select! {
                grown = journal.changed() => if grown.is_err() { return },
                edited = configured.changed() => if edited.is_err() { return } else { last = None },
                _ = tick.tick() => self.catch_up(&mut failing).await,
            }
        }
    }

    /// Reads what other processes wrote; the gateway goes on with what it knows when the store is away.
    async fn catch_up(&self, failing: &mut bool) {
        let read = tokio::time::timeout(STORE_WAIT, self.registry.catch_up()).await;
        let error = match read {
            Ok(Ok(_)) => {
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
            tracing::error!(%error, "không đọc được sổ đăng ký, quyền đã biết vẫn có hiệu lực / the registry's store is not read; the rights known last count");
        }
    }

    fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        self.registry.read(|state| snapshot::of(state, self.registry.rules(), &self.member, now))
    }
}

/// The registry's snapshot in the gateway's words.
fn ruling(snapshot: &Snapshot, reader: &mut ConditionReader) -> Ruling {
    Ruling {
        member: snapshot.member.clone(),
        grants: snapshot.grants.iter().map(|grant| granted(grant, reader)).collect(),
        gates: snapshot.gates.iter().map(closed_gate).collect(),
        closed: snapshot.closed.iter().map(closed_service).collect(),
    }
}

/// A grant; what this gateway does not understand of it allows nothing.
fn granted(from: &grant::Grant, reader: &mut ConditionReader) -> Grant {
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        tracing::error!(grant = %from.id, what, %error, "a grant of the registry is not understood and allows nothing");
    };
    let terms = &from.terms;
    let cut_to = |paths: &[String]| {
        FieldSet::new(paths).unwrap_or_else(|error| {
            refused("fields", &error);
            FieldSet::new::<&str>([]).expect("no path is a malformed path")
        })
    };
    let cedar = terms.conditions.cedar.as_deref().map(|text| {
        reader.read(text).unwrap_or_else(|error| {
            refused("condition", &error);
            Condition::never(text)
        })
    });
    let conditions = Conditions {
        dossier: terms.conditions.dossier,
        officer: terms.conditions.officer,
        sign_in: terms.conditions.sign_in,
        cedar,
    };
    Grant {
        id: Some(from.id.to_string()),
        fields: (!terms.fields.is_empty()).then(|| cut_to(&terms.fields)),
        purposes: terms.purposes.clone(),
        conditions,
        allowance: Allowance { quota_day: terms.quota_day, rate_s: terms.rate_s },
        until: terms.until,
        legal_basis: Some(terms.legal_basis.clone()),
        force: match from.force {
            grant::Force::Active => Force::Active,
            grant::Force::Suspended => Force::Suspended,
            grant::Force::Revoked => Force::Revoked,
        },
        reason: from.reason.clone(),
        ..Grant::new(Grantee::Party(from.to.clone()), from.service.clone())
    }
}

fn closed_gate(from: &snapshot::ClosedGate) -> ClosedGate {
    ClosedGate {
        party: from.party.clone(),
        from: from.from,
        failing: from.failing.iter().map(failing).collect(),
    }
}

fn failing(from: &gate::Failing) -> Failing {
    Failing {
        item: from.item.clone(),
        title_vi: from.title.vi.clone(),
        title_en: from.title.en.clone(),
        ended: from.ended,
    }
}

fn closed_service(from: &snapshot::ClosedService) -> ClosedService {
    ClosedService { service: from.service.clone(), notice: from.notice.clone() }
}

#[cfg(test)]
mod tests;
