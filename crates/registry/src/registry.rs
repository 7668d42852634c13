//! The registry: the state, the journal it is folded from, and the only way to change it.

mod keys;

use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use audit::{AuditError, Draft, Entry, Filter, Index, Journal, Outcome, PersonId};
use base::{Clock, Ts};
use store::Db;
use tokio::sync::{Mutex, watch};

use crate::agency::AgencyCode;
use crate::people::{self, Act, Person, Role};
use crate::{Event, Moment, RegistryError, Rules, Stamp, State};
use keys::Keys;

pub use keys::{IdempotencyKey, KEY_BYTES_MAX};

/// How often an act is decided again because another process was faster, before its person is asked to try again.
const ATTEMPTS_MAX: u32 = 10;
/// Entries read at once from the journal.
const PAGE_ENTRIES: u32 = 500;
/// Entries of one page of the history, whatever the caller asks for.
pub const HISTORY_ENTRIES_MAX: usize = 1_000;
/// Entries that are read in passing rather than by a query of their own.
const GAP_ENTRIES_MAX: i64 = 16;
/// Longest subject in the journal, in characters; identifiers are shorter, a stranger's text is cut.
const SUBJECT_CHARS_MAX: usize = 1_000;
/// Longest reason of a refusal in the journal, in characters; the person was told all of it.
const REASON_CHARS_MAX: usize = 2_000;

/// So many entries of one act are seen all at once or not at all; only files bring more.
const TOGETHER_ENTRIES_MAX: u32 = 16;
/// How long readers wait while many entries are applied …
const APPLYING: Duration = Duration::from_millis(10);
/// … before it is their turn.
const READERS_TURN: Duration = Duration::from_millis(1);

/// Why the lock is never poisoned. Were it so all the same, nobody may see a state that is half of one.
const WHOLE: &str = "applying what happened never panics";

/// What a person wants to do.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// What.
    pub act: Act,
    /// At which agency; `None` for what concerns the whole platform.
    pub agency: Option<&'a AgencyCode>,
    /// To what, as the journal shall name it: `agency/000.00.00.H17`, `request/DK-2026-000045`.
    pub subject: &'a str,
    /// The idempotency key, when the person sent one.
    pub key: Option<&'a IdempotencyKey>,
}

/// What was written down for an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of its first entry in the journal.
    pub from: i64,
    /// Number behind its last entry; equal to `from` when nothing had to change.
    pub to: i64,
    /// When.
    pub at: Ts,
}

impl Receipt {
    /// The version that the thing has which was changed last; `None` when nothing had to change.
    pub const fn version(&self) -> Option<i64> {
        if self.to > self.from { Some(self.to - 1) } else { None }
    }
}

/// The registry of one process; others may work on the same store at the same time.
///
/// Readers share a lock that a writer takes only to apply what is already written.
pub struct Registry {
    journal: Journal,
    db: Db,
    rules: Arc<Rules>,
    clock: Arc<dyn Clock>,
    held: RwLock<Held>,
    /// Who holds it decides, appends and applies; nobody else does.
    writing: Mutex<()>,
    changes: watch::Sender<i64>,
}

/// What is folded from the journal.
#[derive(Default)]
struct Held {
    state: State,
    index: Index,
    keys: Keys,
}

impl Held {
    /// Takes the next entry over; true when it changed the state.
    fn take(&mut self, entry: &Entry, event: Option<Event>) -> bool {
        self.index.add(entry);
        self.keys.remember(entry);
        let Some(event) = event else {
            self.state.seq = entry.seq + 1;
            return false;
        };
        self.state.apply(&Stamp { seq: entry.seq, at: entry.at, by: entry.by.clone() }, event);
        true
    }
}

/// What comes of looking at an act once.
enum Next {
    /// There is nothing to write: it was done before under the same key, or it would change nothing.
    Settled(Receipt),
    /// The store or the journal failed before anything could be decided.
    Failed(RegistryError),
    /// To be written at this number, if it is still free.
    Write(Plan),
}

/// What shall be written.
struct Plan {
    expected: i64,
    at: Ts,
    drafts: Vec<Draft>,
    decided: Result<Vec<Event>, RegistryError>,
}

impl Registry {
    /// Folds the journal of this store.
    ///
    /// # Errors
    /// [`RegistryError::Journal`] names the entry that is damaged or not known to this program.
    pub async fn open(db: Db, rules: Rules, clock: Arc<dyn Clock>) -> Result<Self, RegistryError> {
        let started = Instant::now();
        let registry = Self {
            journal: Journal::open(db.clone()),
            db,
            rules: Arc::new(rules),
            clock,
            held: RwLock::default(),
            writing: Mutex::new(()),
            changes: watch::Sender::new(0),
        };
        let entries = registry.catch_up().await?;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(entries, took_ms, "the registry's journal was read");
        Ok(registry)
    }

    /// Does something, in the name of a person who is signed in.
    ///
    /// `decide` is pure, and called again when another process changed something in between. Refusals are written
    /// down, too. Whoever checks `agency` must take it from the state or the rules, never from the caller alone: the
    /// person's role is checked there.
    ///
    /// # Errors
    /// [`RegistryError::Forbidden`], what `decide` refuses with, and failures of the store. After a failure of the
    /// store it may have been done all the same; only an act with a key can be repeated without looking.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, what, where, to what: one sentence, said in many places"
    )]
    pub async fn act(
        &self,
        who: &Person,
        act: Act,
        agency: Option<&AgencyCode>,
        subject: &str,
        decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Result<Receipt, RegistryError> {
        self.act_once(who, &Deed { act, agency, subject, key: None }, decide).await
    }

    /// As [`Registry::act`], but under the deed's key it is done once only: who repeats it within a day gets the first
    /// receipt.
    ///
    /// # Errors
    /// As [`Registry::act`]; [`RegistryError::KeyReused`] when the person used the key for another act or request.
    pub async fn act_once(
        &self,
        who: &Person,
        deed: &Deed<'_>,
        mut decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Result<Receipt, RegistryError> {
        let _writing = self.writing.lock().await;
        let mut seen = None;
        for _ in 0..ATTEMPTS_MAX {
            let plan = match self.weigh(who, deed, &mut decide) {
                Next::Settled(receipt) => return Ok(receipt),
                Next::Failed(error) => return Err(error),
                Next::Write(plan) => plan,
            };
            seen.get_or_insert(plan.expected);
            match self.journal.append(plan.expected, plan.drafts).await {
                Ok(entries) => {
                    let to = entries.last().map_or(plan.expected, |last| last.seq + 1);
                    let receipt = Receipt { from: plan.expected, to, at: plan.at };
                    let (events, refusal) = match plan.decided {
                        Ok(events) => (events.into_iter().map(Some).collect(), None),
                        Err(refusal) => (vec![None], Some(refusal)),
                    };
                    self.take(entries.into_iter().zip(events).collect()).await;
                    return refusal.map_or(Ok(receipt), Err);
                }
                Err(AuditError::Behind { .. }) => drop(self.read_on().await?),
                Err(other) => return Err(other.into()),
            }
        }
        let found = self.held().state.seq;
        Err(RegistryError::Conflict { name: deed.subject.to_owned(), expected: seen.unwrap_or(found), found })
    }

    /// What would be decided about a deed now; writes nothing, not even a refusal.
    ///
    /// It may take long: others who write wait their turn, and nobody who reads waits for them.
    ///
    /// # Errors
    /// [`RegistryError::Forbidden`], and what `decide` refuses with.
    pub async fn try_out<T>(
        &self,
        who: &Person,
        (act, agency): (Act, Option<&AgencyCode>),
        decide: impl FnOnce(&State, &Moment) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        // A writer that waits for a long look at the state would keep every later reader waiting behind it.
        let _writing = self.writing.lock().await;
        let moment = Moment::new(self.clock.now(), who.id.clone());
        let held = self.held();
        people::may(&held.state, who, act, agency, moment.today)?;
        decide(&held.state, &moment)
    }

    /// Takes the code of a second factor: true once for each number, and only for one that is later than all before, in
    /// every process on this store.
    ///
    /// # Errors
    /// The store: then nobody can tell whether it was taken, and it must not count.
    pub async fn use_code(&self, who: &PersonId, number: u64) -> Result<bool, RegistryError> {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        Ok(self.db.sign_in_code_take(who.as_str(), number).await?)
    }

    /// Looks at the state. Keep it short: nothing can be written meanwhile.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.held().state)
    }

    /// Checks whether the person may do this now; for [`Act::Read`], and for showing what is possible. Writes nothing.
    ///
    /// # Errors
    /// [`RegistryError::Forbidden`].
    pub fn may(&self, who: &Person, act: Act, agency: Option<&AgencyCode>) -> Result<(), RegistryError> {
        let moment = Moment::new(self.clock.now(), who.id.clone());
        people::may(&self.held().state, who, act, agency, moment.today)
    }

    /// The present moment, by this registry's clock.
    pub fn now(&self) -> Ts {
        self.clock.now()
    }

    /// The number of entries folded, each time something changed; refusals change nothing.
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.changes.subscribe()
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// The journal itself, for an inspector: its root, and the check that nobody rewrote it.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes over what other processes appended, and says how many entries it was; to be called each second.
    ///
    /// # Errors
    /// The store, or an entry that cannot be read.
    pub async fn catch_up(&self) -> Result<u64, RegistryError> {
        let _writing = self.writing.lock().await;
        self.read_on().await
    }

    /// At most `limit` entries that fit the filter, newest first, all with numbers below `before`; the next page is
    /// asked for with the last number of this one.
    ///
    /// # Errors
    /// The store, or a damaged entry.
    pub async fn history(
        &self,
        filter: &Filter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Entry>, RegistryError> {
        let limit = limit.min(HISTORY_ENTRIES_MAX);
        let wanted = self.held().index.find(filter, before.unwrap_or(i64::MAX), limit);
        let mut found = Vec::with_capacity(wanted.len());
        for run in wanted.chunk_by(|newer, older| newer - older <= GAP_ENTRIES_MAX) {
            let (Some(last), Some(first)) = (run.first(), run.last()) else { continue };
            let count = u32::try_from(last - first + 1).unwrap_or(u32::MAX);
            let mut entries = self.journal.read(*first, count).await?;
            entries.retain(|entry| run.binary_search_by(|seq| entry.seq.cmp(seq)).is_ok());
            found.extend(entries.into_iter().rev());
        }
        Ok(found)
    }

    /// Checks role and key, and decides.
    fn weigh(
        &self,
        who: &Person,
        deed: &Deed<'_>,
        decide: &mut impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Next {
        let moment = Moment::new(self.clock.now(), who.id.clone());
        let (expected, role, decided) = {
            let held = self.held();
            let role = people::role(&held.state, who, deed.act, deed.agency, moment.today);
            let decided = match (role, held.keys.find(&who.id, deed, moment.now)) {
                (None, _) => Err(RegistryError::Forbidden(deed.act.name())),
                (Some(_), Ok(Some(receipt))) => return Next::Settled(receipt),
                (Some(_), Ok(None)) => decide(&held.state, &moment),
                (Some(_), Err(misused)) => Err(misused),
            };
            (held.state.seq, role, decided)
        };
        match plan(expected, &moment, (who, role), deed, decided) {
            Ok(plan) if plan.drafts.is_empty() => {
                Next::Settled(Receipt { from: expected, to: expected, at: plan.at })
            }
            Ok(plan) => Next::Write(plan),
            Err(error) => Next::Failed(error),
        }
    }

    /// Takes over what stands in the journal and not yet in memory. The caller holds the writers' lock.
    async fn read_on(&self) -> Result<u64, RegistryError> {
        let mut taken = 0;
        loop {
            let from = self.held().state.seq;
            let entries = self.journal.read(from, PAGE_ENTRIES).await?;
            let count = entries.len() as u64;
            let read: Result<Vec<_>, AuditError> = entries.into_iter().map(with_event).collect();
            self.take(read?).await;
            taken += count;
            if count < u64::from(PAGE_ENTRIES) {
                return Ok(taken);
            }
        }
    }

    /// Applies what is written and tells who waits for changes. What many entries bring is seen bit by bit, as other
    /// processes see it.
    async fn take(&self, written: Vec<(Entry, Option<Event>)>) {
        let mut rest = written.into_iter();
        while !rest.as_slice().is_empty() {
            if let Some(seq) = self.take_some(&mut rest) {
                self.changes.send_replace(seq);
            }
            if !rest.as_slice().is_empty() {
                tokio::time::sleep(READERS_TURN).await;
            }
        }
    }

    /// Applies the next entries, for a while; gives the new number when something changed.
    fn take_some(&self, rest: &mut impl Iterator<Item = (Entry, Option<Event>)>) -> Option<i64> {
        let mut held = self.held.write().expect(WHOLE);
        let (begun, mut changed, mut count) = (Instant::now(), false, 0);
        for (entry, event) in rest {
            changed |= held.take(&entry, event);
            count += 1;
            if count >= TOGETHER_ENTRIES_MAX && begun.elapsed() > APPLYING {
                break;
            }
        }
        changed.then_some(held.state.seq)
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().expect(WHOLE)
    }
}

/// What shall be written of a decision: one entry for each event, or one for the refusal.
fn plan(
    expected: i64,
    moment: &Moment,
    (who, role): (&Person, Option<Role>),
    deed: &Deed<'_>,
    decided: Result<Vec<Event>, RegistryError>,
) -> Result<Plan, RegistryError> {
    let decided = match decided {
        // Nothing was refused: nobody could decide.
        Err(failed @ (RegistryError::Store(_) | RegistryError::Journal(_))) => return Err(failed),
        other => other,
    };
    let draft = |outcome, event| Draft {
        at: moment.now,
        by: who.id.clone(),
        in_role: role.map(|role| role.name().to_owned()),
        agency: deed.agency.map(ToString::to_string),
        act: deed.act.name().to_owned(),
        subject: cut(deed.subject, SUBJECT_CHARS_MAX),
        key: deed.key.filter(|_| outcome == Outcome::Done).map(|asked| asked.key.clone()),
        key_request: deed.key.filter(|_| outcome == Outcome::Done).and_then(IdempotencyKey::request_text),
        outcome,
        event,
    };
    let drafts = match &decided {
        Ok(events) => {
            let values: Result<Vec<_>, AuditError> = events.iter().map(written).collect();
            values?.into_iter().map(|value| draft(Outcome::Done, Some(value))).collect()
        }
        Err(refusal) => {
            let reason = cut(&refusal.to_string(), REASON_CHARS_MAX);
            vec![draft(Outcome::Refused { code: refusal.code().to_string(), reason }, None)]
        }
    };
    Ok(Plan { expected, at: moment.now, drafts, decided })
}

/// The event as the journal keeps it, once it is certain that it can be read again: a registry that wrote something
/// else would not start any more.
fn written(event: &Event) -> Result<serde_json::Value, AuditError> {
    let unwritable = |what: String| AuditError::Unwritable { what };
    let value = serde_json::to_value(event).map_err(|error| unwritable(error.to_string()))?;
    let read: Event = serde_json::from_value(value.clone()).map_err(|error| unwritable(error.to_string()))?;
    if read == *event { Ok(value) } else { Err(unwritable("it would be read as something else".into())) }
}

/// The entry with the event that it tells of.
fn with_event(mut entry: Entry) -> Result<(Entry, Option<Event>), AuditError> {
    let Some(value) = entry.event.take() else { return Ok((entry, None)) };
    match serde_json::from_value(value) {
        Ok(event) => Ok((entry, Some(event))),
        Err(error) => Err(AuditError::Unknown { seq: entry.seq, what: error.to_string() }),
    }
}

/// The text, or its beginning.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
