//! The schema, as numbered steps for both engines, and the check of its version.
//!
//! A step is never changed once released: a change is a new step. A store that a newer program has
//! touched is refused, because this one cannot know what its rows mean.

use std::path::Path;

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::error::StoreError;
use crate::writer::lock;

/// One change of the schema, applied together with its number in one transaction.
struct Step {
    sqlite: &'static str,
    postgres: &'static str,
}

/// All steps; the version of a schema is how many of them it has seen.
const STEPS: &[Step] = &[
    Step {
        sqlite: include_str!("schema/0001_log.sqlite.sql"),
        postgres: include_str!("schema/0001_log.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0002_journal.sqlite.sql"),
        postgres: include_str!("schema/0002_journal.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0003_sign_in.sqlite.sql"),
        postgres: include_str!("schema/0003_sign_in.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0004_source_quality.sqlite.sql"),
        postgres: include_str!("schema/0004_source_quality.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0005_compared.sqlite.sql"),
        postgres: include_str!("schema/0005_compared.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0006_process.sqlite.sql"),
        postgres: include_str!("schema/0006_process.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0007_process_link.sqlite.sql"),
        postgres: include_str!("schema/0007_process_link.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0008_process_agency.sqlite.sql"),
        postgres: include_str!("schema/0008_process_agency.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0009_process_open.sqlite.sql"),
        postgres: include_str!("schema/0009_process_open.postgres.sql"),
    },
    Step {
        sqlite: include_str!("schema/0010_process_chain.sqlite.sql"),
        postgres: include_str!("schema/0010_process_chain.postgres.sql"),
    },
];

const META: &str = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)";
const META_GET: &str = "SELECT value FROM meta WHERE key = 'schema'";
const META_SET: &str = "INSERT INTO meta (key, value) VALUES ('schema', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/// The newest version this program knows.
#[expect(clippy::cast_possible_wrap, reason = "there will not be 2^63 steps")]
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// How many steps are already done, refusing what this program does not know.
fn done(stored: Option<String>) -> Result<usize, StoreError> {
    let Some(text) = stored else { return Ok(0) };
    let found: i64 = text.parse().map_err(|_| StoreError::Corrupt {
        table: "meta",
        row: "schema".into(),
        what: "the schema version is not a number".into(),
    })?;
    match usize::try_from(found) {
        Ok(steps) if steps <= STEPS.len() => Ok(steps),
        _ => Err(StoreError::Version { found, known: KNOWN }),
    }
}

/// Brings a SQLite file up to date. Holds the writer's lock while it changes anything, so that the
/// schema never changes under a running node.
pub(crate) async fn migrate_sqlite(conn: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    if done(stored_sqlite(conn).await?)? == STEPS.len() {
        return Ok(());
    }
    let _lock = lock::file(path)?;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    for step in &STEPS[done(stored_sqlite(&mut tx).await?)?..] {
        sqlx::raw_sql(step.sqlite).execute(&mut *tx).await?;
    }
    sqlx::query(META).execute(&mut *tx).await?;
    sqlx::query(META_SET).bind(KNOWN.to_string()).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

async fn stored_sqlite(conn: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    let table: Option<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
            .fetch_optional(&mut *conn)
            .await?;
    match table {
        Some(_) => Ok(sqlx::query_scalar(META_GET).fetch_optional(conn).await?),
        None => Ok(None),
    }
}

/// Brings a PostgreSQL database up to date, as [`migrate_sqlite`] does.
pub(crate) async fn migrate_postgres(conn: &mut PgConnection) -> Result<(), StoreError> {
    if done(stored_postgres(conn).await?)? == STEPS.len() {
        return Ok(());
    }
    let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(&mut *conn).await?;
    if encoding != "UTF8" {
        return Err(StoreError::other(format!(
            "the database has the encoding {encoding}, which cannot hold Vietnamese text: create it with ENCODING 'UTF8' TEMPLATE template0"
        )));
    }
    lock::session(conn).await?;
    let mut tx = conn.begin().await?;
    for step in &STEPS[done(stored_postgres(&mut tx).await?)?..] {
        sqlx::raw_sql(step.postgres).execute(&mut *tx).await?;
    }
    sqlx::query(META).execute(&mut *tx).await?;
    sqlx::query(META_SET).bind(KNOWN.to_string()).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

async fn stored_postgres(conn: &mut PgConnection) -> Result<Option<String>, StoreError> {
    let table: bool =
        sqlx::query_scalar("SELECT to_regclass('meta') IS NOT NULL").fetch_one(&mut *conn).await?;
    if table { Ok(sqlx::query_scalar(META_GET).fetch_optional(conn).await?) } else { Ok(None) }
}
