//! Reading every row of a source, page after page of the key, within the turns of its protector.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::definition::Definition;
use crate::engine::{Row, Source};
use crate::error::SourceError;
use crate::order::Order;
use crate::protect::Protector;
use crate::query::{Page, Query};

/// Rows of one statement: short enough for its limit of time, and others get their turn between two.
pub const PAGE_ROWS: u32 = 1_000;
/// How long a reading waits before it asks for a turn again.
const AGAIN: Duration = Duration::from_secs(1);

/// A reading of all rows. It holds one row at a time.
pub struct Scan<'a> {
    definition: &'a Definition,
    source: &'a Source,
    protector: &'a Protector,
    after: Option<Vec<String>>,
}

/// What one step of a reading did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many rows were read, and there are more.
    Read(u64),
    /// So many rows were read, the last ones.
    Last(u64),
    /// The source was busy or resting; a second went by.
    Waited,
}

impl<'a> Scan<'a> {
    /// From the first row on.
    pub fn new(definition: &'a Definition, source: &'a Source, protector: &'a Protector) -> Self {
        Self { definition, source, protector, after: None }
    }

    /// Hands the next rows to `each`, at most `rows`, with the values of their key. After an error some rows of the page
    /// were handed over already.
    ///
    /// # Errors
    /// The source does not answer, or not in time.
    pub async fn step(
        &mut self,
        rows: u32,
        mut each: impl FnMut(&[Option<String>], Vec<String>),
    ) -> Result<Step, SourceError> {
        let turn = match self.protector.turn().await {
            Ok(turn) => turn,
            Err(SourceError::Busy { .. } | SourceError::Resting { .. }) => {
                tokio::time::sleep(AGAIN).await;
                return Ok(Step::Waited);
            }
            Err(error) => return Err(error),
        };
        let result = self.page(rows.min(PAGE_ROWS), &mut each).await;
        self.protector.note(&result);
        drop(turn);
        let (count, last) = result?;
        let step = if last.is_some() { Step::Read(count) } else { Step::Last(count) };
        self.after = last;
        Ok(step)
    }

    /// Reads a page; returns how many rows, and the last key when there are more.
    async fn page(
        &self,
        limit: u32,
        each: &mut impl FnMut(&[Option<String>], Vec<String>),
    ) -> Result<(u64, Option<Vec<String>>), SourceError> {
        let limit_ms = self.definition.limits.statement_ms;
        let query = Query::new(self.definition, self.source.engine());
        let statement = query.page(&Page { limit, after: self.after.clone(), ..Page::default() })?;
        let fields = self.definition.fields.len();
        let reading = async {
            let mut coming = self.source.rows(statement);
            let (mut count, mut last) = (0, None);
            let mut order = Order::behind(self.definition, self.after.as_deref());
            while let Some(row) = coming.next().await {
                let mut row: Row = row?;
                order.take(&row)?;
                if count == limit {
                    return Ok((u64::from(count), last));
                }
                count += 1;
                let key = order.last();
                if count == limit {
                    last = Some(key.clone());
                }
                for (field, value) in self.definition.fields.iter().zip(&mut row) {
                    // What does not convert is judged as it is stored.
                    if let (Some(_), Some(text)) = (field.encoding, &*value) {
                        *value = field.unicode(text).map(Cow::into_owned).or_else(|| value.clone());
                    }
                }
                each(&row[..fields], key);
            }
            Ok((u64::from(count), None))
        };
        match tokio::time::timeout(Duration::from_millis(limit_ms), reading).await {
            Ok(result) => result,
            Err(_) => Err(SourceError::TimedOut { limit_ms }),
        }
    }
}
