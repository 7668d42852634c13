//! What of the engine's settings decides whether a commit survives a power cut.

use crate::db::{Db, Engine};
use crate::error::StoreError;

/// A setting of the engine as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the engine.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Whether a commit that was reported survives a power cut with this value.
    pub is_safe: bool,
}

impl Db {
    /// The settings on which durability depends. What this program sets itself for each transaction is not among them.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn durability(&self) -> Result<Vec<Setting>, StoreError> {
        match self.engine() {
            Engine::Sqlite(it) => {
                let journal: String =
                    sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&it.readers).await?;
                let synchronous: i64 =
                    sqlx::query_scalar("PRAGMA synchronous").fetch_one(&it.readers).await?;
                // 2 is FULL, 3 EXTRA. A journal in memory, or none, loses what a crash interrupts.
                let safe_journal = !matches!(journal.as_str(), "memory" | "off");
                Ok(vec![
                    Setting { name: "journal_mode", value: journal, is_safe: safe_journal },
                    Setting {
                        name: "synchronous",
                        value: synchronous.to_string(),
                        is_safe: synchronous >= 2,
                    },
                ])
            }
            Engine::Postgres(it) => {
                let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&it.pool).await?;
                let pages: String = sqlx::query_scalar("SHOW full_page_writes").fetch_one(&it.pool).await?;
                let on = |name, value: String| Setting { name, is_safe: value == "on", value };
                Ok(vec![on("fsync", fsync), on("full_page_writes", pages)])
            }
        }
    }
}
