//! The journal: appending, reading, and proving that nobody rewrote it.

use std::sync::{Arc, Mutex, PoisonError};

use crypto::hash::Digest;
use evidence::merkle::{Frontier, Tree};
use store::{Db, JournalRow, StoreError};

use crate::{AuditError, Draft, Entry};

/// Rows read at once while all are read: a few megabytes.
const PAGE_ROWS: u32 = 1_000;

/// The journal in a store. Cheap to clone; clones share what they know of its tree.
#[derive(Clone, Debug)]
pub struct Journal {
    db: Db,
    /// The tree over the entries that this process has read or written so far.
    seen: Arc<Mutex<Frontier>>,
}

impl Journal {
    /// The journal of this store.
    pub fn open(db: Db) -> Self {
        Self { db, seen: Arc::default() }
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn size(&self) -> Result<i64, AuditError> {
        Ok(self.db.journal_size().await?)
    }

    /// Appends entries in one durable transaction; the first gets the number `expected`.
    ///
    /// Returns them as they stand in the journal: each was read back from its text before it was written.
    ///
    /// # Errors
    /// [`AuditError::Behind`] when there are more entries than `expected`, and nothing was written.
    /// After [`AuditError::Store`] all were written or none, and which is not known: read on from `expected`.
    pub async fn append(&self, expected: i64, drafts: Vec<Draft>) -> Result<Vec<Entry>, AuditError> {
        let numbered = (expected..).zip(drafts).map(|(seq, draft)| draft.numbered(seq).into_row());
        let (rows, entries): (Vec<_>, Vec<_>) =
            numbered.collect::<Result<Vec<_>, AuditError>>()?.into_iter().unzip();
        match self.db.journal_append(&rows).await {
            Ok(()) => {
                self.remember(&rows);
                Ok(entries)
            }
            Err(StoreError::Sequence { expected: found, found: expected }) => {
                Err(AuditError::Behind { expected, found })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// At most `limit` entries from number `from` on, in order and without gaps.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] names the first entry that is not what was written.
    pub async fn read(&self, from: i64, limit: u32) -> Result<Vec<Entry>, AuditError> {
        let rows = self.db.journal_rows(from, limit).await?;
        let entries = (from..).zip(&rows).map(|(expected, row)| Entry::of_row(row, expected));
        let entries = entries.collect::<Result<_, _>>()?;
        self.remember(&rows);
        Ok(entries)
    }

    /// The tree over all entries: its size and root are what an inspector writes down, to compare later.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub async fn root(&self) -> Result<Tree, AuditError> {
        let mut tree = self.seen();
        loop {
            let from = i64::try_from(tree.size()).unwrap_or(i64::MAX);
            if self.read(from, PAGE_ROWS).await?.is_empty() {
                return Ok(Tree { size: tree.size(), root: tree.root() });
            }
            tree = self.seen();
        }
    }

    /// Reads everything anew and proves that texts, leaves and numbers agree, that the journal begins with the trees
    /// that are `known` from before, and with what this process has seen of it. Returns the tree as it is now.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] names the first bad entry; [`AuditError::Rewritten`] says up to which size the journal
    /// is another one than before, and so does a journal that has become shorter.
    pub async fn check(&self, known: &[Tree]) -> Result<Tree, AuditError> {
        let seen = self.seen();
        let mut known = known.to_vec();
        known.push(Tree { size: seen.size(), root: seen.root() });
        known.sort_by_key(|tree| tree.size);
        let mut known = known.into_iter().peekable();
        let (mut tree, mut completed) = (Frontier::new(), Vec::new());
        loop {
            let from = i64::try_from(tree.size()).unwrap_or(i64::MAX);
            let rows = self.db.journal_rows(from, PAGE_ROWS).await?;
            for (expected, row) in (from..).zip(&rows) {
                compare(&mut known, &tree)?;
                Entry::of_row(row, expected)?;
                tree.append(row.leaf, &mut completed);
                completed.clear();
            }
            if rows.is_empty() {
                compare(&mut known, &tree)?;
                return match known.next() {
                    Some(longer) => Err(AuditError::Rewritten { size: longer.size }),
                    None => Ok(Tree { size: tree.size(), root: tree.root() }),
                };
            }
        }
    }

    /// Rows that continue what was seen belong to it; others were seen before or leave a gap.
    fn remember(&self, rows: &[JournalRow]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut completed = Vec::new();
        for row in rows {
            if u64::try_from(row.seq) == Ok(seen.size()) {
                seen.append(row.leaf, &mut completed);
                completed.clear();
            }
        }
    }

    fn seen(&self) -> Frontier {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Compares the tree with all that are known to have had its size.
fn compare(
    known: &mut std::iter::Peekable<std::vec::IntoIter<Tree>>,
    tree: &Frontier,
) -> Result<(), AuditError> {
    let mut root: Option<Digest> = None;
    while let Some(before) = known.next_if(|before| before.size <= tree.size()) {
        let root = root.get_or_insert_with(|| tree.root());
        if before.root != *root {
            return Err(AuditError::Rewritten { size: before.size });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
