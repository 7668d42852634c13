//! What happens outside: messages, signals, new values, time.

use std::time::Duration;

use base::Ts;
use serde_json::Value;

use super::call::{Act, Told, What};
use super::input::{SIGNAL_BYTES_MAX, correlation};
use super::{Answer, By, Denied, InstanceId, KEPT_SECS_MAX, Name, Payload, Processes};
use crate::engine::ExecId;

/// What is looked for in one transaction.
const DUE_MAX: i64 = 256;
/// Rounds of one tick at most: what never ends is gone on with at the next.
const ROUNDS_MAX: u32 = 10_000;
/// How long an answer to a request with a key is remembered: 30 days.
const ANSWERS_KEPT_SECS: i64 = 30 * 86_400;
/// Between two looks for what is due.
const LOOK: Duration = Duration::from_millis(200);
/// Between two times at which old answers and letters are deleted.
const SWEEP_SECS: i64 = 3_600;

/// A message from outside.
#[derive(Clone)]
pub struct Message {
    /// Its name.
    pub name: Name,
    /// What must be equal at who waits for it, where that asks for something.
    pub correlation: Option<Value>,
    /// What it brings.
    pub variables: Payload,
    /// Seconds for which it is kept when nobody waits for it yet; none refuses it then. At most 366 days.
    pub keep_secs: Option<i64>,
    /// Code of the agency whose instance begins with it, where its process does not say.
    pub agency: Option<Name>,
}

impl Processes {
    /// Brings a message to the one that waits for it: first one that asks for what it has, then one that asks for nothing, the
    /// oldest first; else a process begins with it.
    ///
    /// # Errors
    /// [`Denied::NobodyWaits`], or the instance refuses it.
    pub async fn message(&self, message: Message, by: &By, key: Option<Name>) -> Result<Answer, Denied> {
        let Message { name, correlation: to, variables, keep_secs, agency } = message;
        if keep_secs.is_some_and(|secs| !(1..=KEPT_SECS_MAX).contains(&secs)) {
            return Err(Denied::Time { max_secs: KEPT_SECS_MAX });
        }
        let (name, correlation) = (name.to_string(), correlation(to.as_ref()));
        let agency = agency.map(|code| code.to_string());
        let told = Told { name, correlation, variables, keep_secs, agency };
        self.call(by.clone(), key, What::Message(told), None).await
    }

    /// Tells a signal to every instance that waits for it now, and begins the processes that begin with it. Each gets it in a
    /// transaction of its own, soon.
    ///
    /// # Errors
    /// It brings more than [`SIGNAL_BYTES_MAX`], or the store failed.
    pub async fn signal(
        &self,
        name: Name,
        variables: Payload,
        by: &By,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        let bytes = serde_json::to_string(variables.map()).map_or(0, |text| text.len());
        if bytes > SIGNAL_BYTES_MAX {
            return Err(Denied::SignalTooLarge { bytes });
        }
        self.call(by.clone(), key, What::Signal { name, variables }, None).await
    }

    /// Gives variables of an instance new values; events that wait for a condition look at it.
    ///
    /// # Errors
    /// The instance is over or unknown.
    pub async fn set_variables(
        &self,
        instance: InstanceId,
        variables: Payload,
        by: &By,
        key: Option<Name>,
    ) -> Result<Answer, Denied> {
        self.act(instance, Act::Set { variables }, by, key).await
    }

    /// Ends an instance as it stands.
    ///
    /// # Errors
    /// It is over or unknown.
    pub async fn cancel(&self, instance: InstanceId, reason: &Name, by: &By) -> Result<Answer, Denied> {
        self.act(instance, Act::Cancel { reason: reason.to_string() }, by, None).await
    }

    /// Tries again what stopped with an incident.
    ///
    /// # Errors
    /// It has none.
    pub async fn retry(&self, incident: super::TaskId, by: &By) -> Result<Answer, Denied> {
        self.act(incident.instance, Act::Retry { exec: incident.exec }, by, None).await
    }

    /// Resolves an incident by hand: work that could not be done counts as done with these results; for anything else these
    /// variables are set and it is tried again.
    ///
    /// # Errors
    /// It has none.
    pub async fn resolve(
        &self,
        incident: super::TaskId,
        variables: Payload,
        by: &By,
    ) -> Result<Answer, Denied> {
        self.act(incident.instance, Act::Resolve { exec: incident.exec, variables }, by, None).await
    }

    /// Says who looks after an incident.
    ///
    /// # Errors
    /// There is no such incident.
    pub async fn own(&self, incident: super::TaskId, owner: Name, by: &By) -> Result<Answer, Denied> {
        let exec: ExecId = incident.exec;
        self.act(incident.instance, Act::Own { exec, owner }, by, None).await
    }

    /// Does everything that is due at a moment: timers in order, then letters. Gives how many there were. Several nodes may do so
    /// at the same time.
    ///
    /// # Errors
    /// The store failed; what was not done is done at the next tick.
    pub async fn tick(&self, now: Ts) -> Result<u64, Denied> {
        let mut all = 0;
        for _ in 0..ROUNDS_MAX {
            let done = self.round(now).await?;
            all += done;
            if done == 0 {
                break;
            }
        }
        Ok(all)
    }

    /// Some of what is due, the oldest first.
    async fn round(&self, now: Ts) -> Result<u64, Denied> {
        let due = self.due(What::Due { limit: DUE_MAX }, now).await?;
        Ok(due + self.due(What::Letters { limit: DUE_MAX }, now).await?)
    }

    async fn due(&self, what: What, now: Ts) -> Result<u64, Denied> {
        match self.call(By::engine("tick"), None, what, Some(now)).await? {
            Answer::Worked(count) => Ok(count),
            _ => Ok(0),
        }
    }

    /// Deletes letters that nobody took in time, and answers that are too old to be asked for again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self, now: Ts) -> Result<u64, Denied> {
        let mut tx = self.shared.store.begin().await?;
        let gone = tx.forget(now.0, now.plus_secs(-ANSWERS_KEPT_SECS).0).await?;
        tx.commit().await?;
        if gone > 0 {
            tracing::warn!(
                letters = gone,
                "messages were kept for as long as was asked and nobody waited for them"
            );
        }
        Ok(gone)
    }

    /// Does what is due, again and again, for as long as it is awaited.
    pub async fn keep_going(&self) {
        let mut swept = Ts(i64::MIN);
        loop {
            // The moment is another in each round: what has come due meanwhile does not wait for those that never end.
            let now = self.shared.clock.now();
            let done = self.round(now).await.unwrap_or_else(|denied| {
                tracing::error!(error = %denied, "what is due could not be done; it is tried again");
                0
            });
            if now >= swept.plus_secs(SWEEP_SECS) {
                swept = now;
                if let Err(denied) = self.sweep(now).await {
                    tracing::error!(error = %denied, "old answers could not be deleted");
                }
            }
            if done == 0 {
                // A letter is delivered at once, a timer at the next look.
                let _ = tokio::time::timeout(LOOK, self.shared.wake.notified()).await;
            }
        }
    }
}
