//! Why the store did not do what it was asked, and what an operator can do about it.

use sqlx::error::DatabaseError;

/// Why a store operation failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room for more rows.
    #[error("the store's disk is full ({what}): free space there; writing goes on by itself")]
    DiskFull {
        /// The engine's own words.
        what: String,
    },
    /// The store does not answer now; it may later.
    #[error("the store cannot be reached ({what}): {remedy}")]
    Unavailable {
        /// What happened.
        what: String,
        /// What to check.
        remedy: &'static str,
    },
    /// Somebody else holds the log's single-writer lock, or the database itself.
    #[error(
        "another process writes to this store ({what}): stop it first, or give this node a store of its own"
    )]
    Locked {
        /// Which lock.
        what: String,
    },
    /// The schema is newer than this program.
    #[error(
        "the store has schema version {found} and this program knows {known}: start the newer program, or restore the backup made before it first ran"
    )]
    Version {
        /// The version in the store.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// What is stored cannot be what was written.
    #[error(
        "the store is damaged: table {table}, row {row}: {what}; run `lienthong evidence audit` and restore a backup"
    )]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row, or which rows.
        row: String,
        /// What is wrong with it.
        what: String,
    },
    /// The rows do not continue the log.
    #[error("rows must continue the log at {expected}, not at {found}")]
    Sequence {
        /// The number the next row must have.
        expected: i64,
        /// The number it has.
        found: i64,
    },
    /// Anything else: a mistake in the address or in this program.
    #[error("the store failed: {what}")]
    Other {
        /// What happened.
        what: String,
    },
}

impl StoreError {
    pub(crate) fn other(what: impl Into<String>) -> Self {
        Self::Other { what: what.into() }
    }

    /// Places a decoding error in the table it was read from.
    pub(crate) fn reading(table: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| match error {
            sqlx::Error::ColumnDecode { index, source } => {
                Self::Corrupt { table, row: "unknown".into(), what: format!("column {index}: {source}") }
            }
            other => other.into(),
        }
    }
}

const REACH: &str =
    "check that the database server runs and that the store address and the network are right";
const ACCESS: &str = "check the user, the password and the rights of the store address";
const DISK: &str = "check the disk, the directory and its access rights";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) => from_database(db.as_ref()),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => {
                Self::Unavailable { what: error.to_string(), remedy: REACH }
            }
            sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => {
                Self::Unavailable { what: error.to_string(), remedy: "restart the node" }
            }
            // The server's answer stopped in the middle: sqlx reports a torn message this way.
            sqlx::Error::Protocol(what) => Self::Unavailable { what: what.clone(), remedy: REACH },
            _ => Self::other(error.to_string()),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let what = error.message().to_owned();
    // A state of the SQL standard has five characters, a code of SQLite at most four.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => from_sqlite(number, what),
        _ => from_sqlstate(&code, what),
    }
}

/// Source: "Result and Error Codes" of SQLite; the low byte is the primary code.
fn from_sqlite(code: u32, what: String) -> StoreError {
    match code & 0xff {
        5 | 6 => StoreError::Locked { what },
        8 | 10 | 14 => StoreError::Unavailable { what, remedy: DISK },
        11 | 26 => StoreError::Corrupt { table: "any", row: "unknown".into(), what },
        13 => StoreError::DiskFull { what },
        _ => StoreError::other(what),
    }
}

/// Source: "PostgreSQL Error Codes", appendix A of its manual.
fn from_sqlstate(code: &str, what: String) -> StoreError {
    match code {
        "53100" => StoreError::DiskFull { what },
        "55P03" => StoreError::Locked { what },
        "XX001" | "XX002" => StoreError::Corrupt { table: "any", row: "unknown".into(), what },
        "3D000" => StoreError::Unavailable { what, remedy: "create the database (UTF8) for this node first" },
        "25006" => StoreError::Unavailable { what, remedy: "the address must name the primary server" },
        "42501" => StoreError::Unavailable { what, remedy: ACCESS },
        _ if code.starts_with("28") => StoreError::Unavailable { what, remedy: ACCESS },
        // 55000: the database accepts no connections; 57: shut down, crashed, cancelled; 58: files.
        "55000" => StoreError::Unavailable { what, remedy: REACH },
        _ if ["08", "53", "57", "58"].contains(&code.get(..2).unwrap_or_default()) => {
            StoreError::Unavailable { what, remedy: REACH }
        }
        _ => StoreError::other(what),
    }
}
