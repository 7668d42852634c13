//! Watching the types of a source's columns. A column of another type often still has a text, so that values would go wrong
//! without an error: a clock's time becomes UTC, a code loses its zeros in front.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::definition::Definition;
use crate::engine::Source;
use crate::error::SourceError;
use crate::load::Load;

/// How often the catalogue is asked.
const EVERY: Duration = Duration::from_secs(30);
/// How often it is asked while a type is another one, so that a service comes back soon.
const WHILE_CHANGED: Duration = Duration::from_secs(5);
/// Shortest time between two looks, however many questions fail.
const PAUSE: Duration = Duration::from_secs(1);

/// Compares columns with what the definition says of them, in the background: no question waits for it.
pub(crate) struct Watch {
    source: Source,
    /// Types by table and column.
    expected: BTreeMap<String, BTreeMap<String, String>>,
    table: String,
    key: Vec<String>,
    limit: Duration,
    load: Arc<Load>,
    seen: RwLock<Seen>,
    failed: Arc<Notify>,
}

/// What the last look found.
#[derive(Default)]
struct Seen {
    /// Which column is another one.
    changed: Option<String>,
    /// Columns of the key that may be empty.
    nullable: Vec<String>,
}

impl Watch {
    /// Looks once, then again and again until nobody has the watch any more.
    pub(crate) async fn start(definition: &Definition, source: &Source, load: Arc<Load>) -> Arc<Self> {
        let watch = Arc::new(Self {
            source: source.clone(),
            expected: expected(definition),
            table: definition.entity.table.clone(),
            key: definition.entity.key.clone(),
            limit: Duration::from_millis(definition.limits.statement_ms),
            load,
            seen: RwLock::default(),
            failed: Arc::default(),
        });
        // The columns of a file's copy are made by the definition.
        if source.file().is_none() {
            watch.look().await;
            tokio::spawn(go_on(Arc::downgrade(&watch)));
        }
        watch
    }

    /// Whether the source is what the definition says, as far as is known.
    ///
    /// # Errors
    /// A column has another type.
    pub(crate) fn fits(&self) -> Result<(), SourceError> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.changed.as_ref().map_or(Ok(()), |what| Err(SourceError::Changed { what: what.clone() }))
    }

    /// Columns of the key that may be empty.
    pub(crate) fn nullable(&self) -> Vec<String> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).nullable.clone()
    }

    /// Says that an answer went wrong in a way that another type may explain.
    pub(crate) fn suspect(&self) {
        self.failed.notify_one();
    }

    /// How long to wait for the next look, and what ends the wait.
    fn wait(&self) -> (Duration, Arc<Notify>) {
        (if self.fits().is_ok() { EVERY } else { WHILE_CHANGED }, Arc::clone(&self.failed))
    }

    /// Asks the catalogue. A source that does not answer is no other one.
    pub(crate) async fn look(&self) {
        let mut found = Seen::default();
        for (table, expected) in &self.expected {
            let asking = self.source.columns(table);
            let Ok(Ok(columns)) = tokio::time::timeout(self.limit, asking).await else { return };
            for column in &columns {
                if *table == self.table && column.nullable && self.key.contains(&column.name) {
                    found.nullable.push(column.name.clone());
                }
                let Some(was) = expected.get(&column.name) else { continue };
                if self.source.engine().is_other_type(was, &column.type_name) {
                    let (name, is) = (&column.name, &column.type_name);
                    found.changed.get_or_insert(format!("{table}.{name}: {was} → {is}"));
                }
            }
        }
        let changed = found.changed.clone();
        let before =
            std::mem::replace(&mut *self.seen.write().unwrap_or_else(PoisonError::into_inner), found);
        match changed {
            Some(what) => self.load.changed(&SourceError::Changed { what }),
            None if before.changed.is_some() => self.load.fits(),
            None => {}
        }
    }
}

async fn go_on(watch: Weak<Watch>) {
    loop {
        // Whoever serves holds the watch; it must not be held while nothing happens.
        let Some((wait, failed)) = watch.upgrade().map(|watch| watch.wait()) else { return };
        let _ = tokio::time::timeout(wait, failed.notified()).await;
        let Some(watch) = watch.upgrade() else { return };
        watch.look().await;
        drop(watch);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the definition says of columns, by table.
fn expected(definition: &Definition) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let entity = all.entry(definition.entity.table.clone()).or_default();
    let key = definition.entity.key.iter().cloned().zip(definition.entity.key_types.iter().cloned());
    entity.extend(key);
    entity.extend(definition.fields.iter().map(|field| (field.column.clone(), field.column_type.clone())));
    for list in &definition.lists {
        let table = all.entry(list.table.clone()).or_default();
        table.extend(list.by.iter().map(|link| (link.column.clone(), link.column_type.clone())));
        table.extend(list.fields.iter().map(|field| (field.column.clone(), field.column_type.clone())));
    }
    all
}
