//! Changes by comparing hashes: all rows are read at night, and what is another than the last time is a change.
//!
//! Of a row the store keeps a keyed hash of its key, a keyed hash of what would be given of it, and its key encrypted: the
//! key of a row may be a personal number. Both keys come from a secret of the node that is not in that store.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{Clock, Ts};
use crypto::hash::{hmac_sha256, random};
use crypto::seal::SealingKey;
use serde_json::json;
use store::{Added, Batch, Compared, Db, Known, Operation, PART_PLACES, Rewritten, ShortHash, StoreError};
use tokio::sync::OnceCell;

use crate::definition::Definition;
use crate::engine::Row;
use crate::error::SourceError;
use crate::order::Order;
use crate::query::Page;
use crate::serve::Service;

/// Rows of one question and of one transaction.
const ROWS: u32 = 1_000;
/// A run that was left longer ago than this begins anew: what it has seen would be too old to count.
const RESUME_S: i64 = 12 * 3_600;
/// From this many rows on a run that finds less than half of them wants to be confirmed.
const WARY_ROWS: i64 = 100;

/// Where comparisons are kept, and the keys that are not kept there.
///
/// The store is opened when it is needed first: a node without comparisons has none, and one that is away keeps nobody
/// from looking up rows.
pub struct Comparing {
    store: String,
    db: OnceCell<Db>,
    hashes: [u8; 32],
    keys: SealingKey,
}

impl Comparing {
    /// The address of a store, and a secret of the node from which the keys come.
    pub fn new(store: &str, secret: &[u8]) -> Self {
        let keys = hmac_sha256(secret, &[b"lienthong/sources/compared-keys/1"]);
        let hashes = hmac_sha256(secret, &[b"lienthong/sources/compared-hashes/1"]);
        Self { store: store.to_owned(), db: OnceCell::new(), hashes, keys: SealingKey::new(&keys) }
    }

    async fn db(&self) -> Result<&Db, SourceError> {
        Ok(self.db.get_or_try_init(|| Db::open(&self.store)).await?)
    }

    /// What is known of a service; nothing before its first run.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn state(&self, definition: &Definition) -> Result<Option<Compared>, SourceError> {
        Ok(self.db().await?.compared(&definition.service.name()).await?)
    }

    fn hash(&self, domain: &str, parts: &[&[u8]]) -> ShortHash {
        let all: Vec<&[u8]> = [domain.as_bytes(), b"\0"].into_iter().chain(parts.iter().copied()).collect();
        let hash = hmac_sha256(&self.hashes, &all);
        *hash.first_chunk().expect("a SHA-256 has more than 16 bytes")
    }

    /// What the key of a row is made of.
    fn probe(&self, definition: &Definition) -> ShortHash {
        let entity = &definition.entity;
        self.hash("probe", &[json!([entity.table, entity.key, entity.key_types]).to_string().as_bytes()])
    }

    /// The changes behind a number, with the keys of their rows, in order; of each row its last one.
    ///
    /// # Errors
    /// There is no base line yet; the store does not answer, or has been opened with another secret.
    pub(crate) async fn changes(
        &self,
        definition: &Definition,
        since: i64,
        limit: u32,
    ) -> Result<Told, SourceError> {
        let state = self.state(definition).await?.ok_or(SourceError::NotCompared)?;
        if state.probe != self.probe(definition) || state.finished.is_none() {
            return Err(SourceError::NotCompared);
        }
        // What happened before a base line is not known, and a number that was never given is a mistake.
        if since > 0 && since < state.base || since >= state.next_number {
            return Err(super::table::no_mark());
        }
        let stored = self.db().await?.compared_changes(state.id, since, limit).await?;
        let next = stored.last().map_or(since.max(state.base), |last| last.number);
        let context = definition.service.name();
        let open = |change: store::StoredChange| {
            let place = [context.as_bytes(), &change.key_hash].concat();
            let key = self.keys.open(&change.row_key, &place);
            let key: Option<Vec<String>> = key.and_then(|key| serde_json::from_slice(&key).ok());
            let what = || "a key does not open: was the node's secret changed?".to_owned();
            let key = key.ok_or_else(|| SourceError::Comparison { what: what() })?;
            Ok((change.number, change.operation, key))
        };
        Ok(Told { changes: stored.into_iter().map(open).collect::<Result<_, SourceError>>()?, next })
    }
}

/// Changes of a store.
pub(crate) struct Told {
    /// Number, what happened, key.
    pub(crate) changes: Vec<(i64, Operation, Vec<String>)>,
    /// Behind which number to go on.
    pub(crate) next: i64,
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> Self {
        Self::Comparison { what: error.to_string() }
    }
}

/// What a run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Whether it was the base line, with which later runs compare.
    pub is_base: bool,
    /// Rows that are there.
    pub rows: i64,
    /// Rows that came.
    pub added: u64,
    /// Rows that became others.
    pub changed: u64,
    /// Rows that went.
    pub gone: u64,
}

/// Reads all rows of a service and keeps what changed. A run that was interrupted goes on where it was.
///
/// Less than half of the rows of the last run is taken for a mistake of the source unless `few_rows`.
///
/// # Errors
/// The source or the store does not answer; another run is under way.
pub async fn run(
    service: &Service,
    comparing: &Comparing,
    clock: &dyn Clock,
    few_rows: bool,
) -> Result<Summary, SourceError> {
    let (db, definition) = (comparing.db().await?, service.definition());
    let (name, now) = (definition.service.name(), clock.now());
    let before = db.compared(&name).await?;
    let token = i64::from_be_bytes(random());
    let mut state = db.compare_begin(&name, comparing.probe(definition), token, now).await?;
    if before.is_some_and(|before| now.micros_since(before.touched) > RESUME_S * 1_000_000) {
        state = db.compare_again(&state).await?;
    }
    let summary = Summary { is_base: state.finished.is_none(), ..Summary::default() };
    let mut run = Run { service, comparing, db, name, state, summary, seen: BTreeMap::new() };
    match run.whole(clock, few_rows).await {
        Ok(()) => Ok(run.summary),
        Err(error) => {
            // Left for the next run to go on; when the store is away the run counts as left after a minute.
            let _ = db.compare_leave(&run.state).await;
            Err(error)
        }
    }
}

struct Run<'a> {
    service: &'a Service,
    comparing: &'a Comparing,
    db: &'a Db,
    name: String,
    state: Compared,
    summary: Summary,
    /// Bits of places that were read, by part: a byte of memory for eight rows.
    seen: BTreeMap<i64, Vec<u8>>,
}

impl Run<'_> {
    async fn whole(&mut self, clock: &dyn Clock, few_rows: bool) -> Result<(), SourceError> {
        while self.page(clock.now()).await? {}
        let Compared { alive, read_rows, .. } = self.state;
        if !few_rows && alive >= WARY_ROWS && read_rows * 2 < alive {
            self.state = self.db.compare_again(&self.state).await?;
            return Err(SourceError::Comparison {
                what: format!(
                    "nguồn chỉ còn {read_rows} trong {alive} dòng, nghi là lỗi; nếu đúng thì chạy `lienthong source compare --few-rows` / only {read_rows} of {alive} rows are there, which looks like a mistake: if it is right, run `lienthong source compare --few-rows`"
                ),
            });
        }
        let alive = self.sweep(clock.now()).await?;
        self.summary.rows = alive;
        Ok(self.db.compare_finish(&self.state, alive, clock.now()).await?)
    }

    /// Reads and keeps the next rows; false when there are no more.
    async fn page(&mut self, now: Ts) -> Result<bool, SourceError> {
        let place = [self.name.as_bytes(), b"/position"].concat();
        let after = match &self.state.position {
            None => None,
            Some(sealed) => {
                let what = || "the place of the run does not open: was the node's secret changed?".into();
                let opened = self.comparing.keys.open(sealed, &place);
                let key = opened.and_then(|key| serde_json::from_slice::<Vec<String>>(&key).ok());
                Some(key.ok_or_else(|| SourceError::Comparison { what: what() })?)
            }
        };
        let query = self.service.query();
        let page = Page { limit: ROWS, after, ..Page::default() };
        let mut rows = self.service.ask(query.page(&page)?).await?;
        let mut order = Order::behind(self.service.definition(), page.after.as_deref());
        rows.iter().try_for_each(|row| order.take(row))?;
        let more = rows.len() > ROWS as usize;
        if !more {
            self.service.none_left_out(page.after.as_deref()).await?;
        }
        rows.truncate(ROWS as usize);
        let Some(last) = rows.last().map(|row| query.key_of(row)) else { return Ok(false) };
        let batch = self.batch(&rows).await?;
        self.state.read_rows += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.state.position = Some(self.comparing.keys.seal(json!(last).to_string().as_bytes(), &place));
        self.state.touched = now;
        self.db.compare_write(&self.state, &batch).await?;
        Ok(more)
    }

    /// What rows are in comparison with the last run.
    async fn batch(&mut self, rows: &[Row]) -> Result<Batch, SourceError> {
        let query = self.service.query();
        let mut read = Vec::with_capacity(rows.len());
        let (mut text, mut unique) = (Vec::new(), HashSet::new());
        for row in rows {
            text.clear();
            self.service.write(row, &mut text)?;
            let key = json!(query.key_of(row)).to_string();
            let key_hash = self.comparing.hash("key", &[self.name.as_bytes(), b"\0", key.as_bytes()]);
            if !unique.insert(key_hash) {
                let what =
                    "hai dòng có cùng khóa, sửa entity.key / two rows have one key: correct entity.key";
                return Err(SourceError::Comparison { what: what.into() });
            }
            read.push((key, key_hash, self.comparing.hash("row", &[&text])));
        }
        let hashes: Vec<ShortHash> = read.iter().map(|row| row.1).collect();
        let known = self.db.compare_find(self.state.id, &hashes).await?;
        let known: HashMap<ShortHash, Known> = known.into_iter().map(|row| (row.key_hash, row)).collect();
        let (mut batch, mut parts) = (Batch::default(), HashSet::new());
        for (key, key_hash, row_hash) in read {
            let place = match known.get(&key_hash) {
                None => {
                    let row_key = self.seal(&key, key_hash);
                    let (number, operation) = self.change(Operation::Added);
                    let place = self.state.next_place;
                    self.state.next_place += 1;
                    let row = Known { place, key_hash, row_hash, operation };
                    batch.added.push(Added { row, number, row_key });
                    place
                }
                Some(known) => {
                    let back = known.operation == Operation::Gone;
                    if back || known.row_hash != row_hash {
                        let happened = if back { Operation::Added } else { Operation::Changed };
                        let (number, operation) = self.change(happened);
                        batch.rewritten.push(Rewritten { place: known.place, row_hash, number, operation });
                    }
                    known.place
                }
            };
            parts.insert(self.see(place).await?);
        }
        let bits = |part: i64| (part, self.seen.get(&part).cloned().unwrap_or_default());
        batch.seen = parts.into_iter().map(bits).collect();
        Ok(batch)
    }

    fn seal(&self, key: &str, key_hash: ShortHash) -> Vec<u8> {
        self.comparing.keys.seal(key.as_bytes(), &[self.name.as_bytes(), &key_hash].concat())
    }

    /// The number of a change; none in a base line.
    fn change(&mut self, operation: Operation) -> (i64, Operation) {
        if self.summary.is_base {
            return (0, Operation::Base);
        }
        match operation {
            Operation::Gone => self.summary.gone += 1,
            Operation::Changed => self.summary.changed += 1,
            Operation::Added | Operation::Base => self.summary.added += 1,
        }
        let number = self.state.next_number;
        self.state.next_number += 1;
        (number, operation)
    }

    /// Notes that a place was read; returns its part.
    async fn see(&mut self, place: i64) -> Result<i64, SourceError> {
        let part = place / PART_PLACES;
        let bits = self.part(part).await?;
        let bit = usize::try_from(place % PART_PLACES).expect("a place within a part is small");
        bits[bit / 8] |= 1 << (bit % 8);
        Ok(part)
    }

    /// The bits of a part, from the store when an earlier process began the run.
    async fn part(&mut self, part: i64) -> Result<&mut Vec<u8>, SourceError> {
        let bytes = usize::try_from(PART_PLACES / 8).expect("a part is small");
        if !self.seen.contains_key(&part) {
            let mut stored = self.db.compare_seen(self.state.id, part).await?.unwrap_or_default();
            stored.resize(bytes, 0);
            self.seen.insert(part, stored);
        }
        Ok(self.seen.entry(part).or_default())
    }

    /// Finds the rows that are gone; returns how many are there.
    async fn sweep(&mut self, now: Ts) -> Result<i64, SourceError> {
        let mut there = 0;
        for part in 0..=(self.state.next_place.max(1) - 1) / PART_PLACES {
            let alive = self.db.compare_alive(self.state.id, part).await?;
            let bits = self.part(part).await?.clone();
            let mut batch = Batch::default();
            for place in alive {
                let bit = usize::try_from(place % PART_PLACES).expect("a place within a part is small");
                if bits[bit / 8] & (1 << (bit % 8)) != 0 {
                    there += 1;
                } else {
                    let (number, operation) = self.change(Operation::Gone);
                    batch.rewritten.push(Rewritten { place, row_hash: [0; 16], number, operation });
                }
            }
            if !batch.rewritten.is_empty() {
                self.state.touched = now;
                self.db.compare_write(&self.state, &batch).await?;
            }
        }
        Ok(there)
    }
}
