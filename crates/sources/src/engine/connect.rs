//! Connecting: read-only, with limits that the database itself keeps.

use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, MySqlConnection, PgConnection, SqliteConnection};

use super::kept::{Connecting, Kept};
use super::{Address, Engine, Pool};
use crate::error::{Mistake, SourceError};
use crate::file::Following;

/// Longest wait for a connection.
pub(super) const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// An unused connection is given back to the database after this.
pub(super) const IDLE: Duration = Duration::from_mins(1);

/// What a source must not be asked beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Longest run of a statement, in milliseconds.
    pub statement_ms: u64,
    /// Connections at once.
    pub connections: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self { statement_ms: 5_000, connections: 4 }
    }
}

pub(super) async fn open(address: &Address, guard: &Guard) -> Result<Pool, SourceError> {
    if let Some(file) = &address.file {
        return Ok(Pool::File(Following::open(file, guard).await?));
    }
    let opened = match address.engine() {
        Engine::SqlServer => return super::mssql::Pool::open(address, guard).await.map(Pool::SqlServer),
        Engine::Sqlite => sqlite(address, guard).await,
        Engine::Postgres => postgres(address, guard).await,
        Engine::MySql => mysql(address, guard).await,
    };
    opened.map_err(|error| away((address, guard), &error))
}

/// What it means that there is no connection.
pub(super) fn away((address, guard): (&Address, &Guard), error: &sqlx::Error) -> SourceError {
    match failed((address, guard), error) {
        SourceError::Other { what } => SourceError::Unreachable { source_name: address.to_string(), what },
        other => other,
    }
}

async fn sqlite(address: &Address, guard: &Guard) -> Result<Pool, sqlx::Error> {
    // `query_only` holds even where the file could be written.
    let options = SqliteConnectOptions::new()
        .filename(address.path())
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(Duration::from_millis(guard.statement_ms))
        .pragma("query_only", "on");
    let connect = move || -> Connecting<SqliteConnection> {
        let options = options.clone();
        Box::pin(async move { SqliteConnection::connect_with(&options).await })
    };
    Ok(Pool::Sqlite(Kept::open(guard.connections, connect).await?))
}

async fn postgres(address: &Address, guard: &Guard) -> Result<Pool, sqlx::Error> {
    let options: PgConnectOptions = address.text().parse()?;
    let limit = guard.statement_ms.to_string();
    let options = options.application_name("lienthong").options([
        ("default_transaction_read_only", "on"),
        ("statement_timeout", &*limit),
        ("timezone", "UTC"),
        ("datestyle", "ISO"),
        ("intervalstyle", "iso_8601"),
        ("bytea_output", "hex"),
    ]);
    let connect = move || -> Connecting<PgConnection> {
        let options = options.clone();
        Box::pin(async move { PgConnection::connect_with(&options).await })
    };
    Ok(Pool::Postgres(Kept::open(guard.connections, connect).await?))
}

async fn mysql(address: &Address, guard: &Guard) -> Result<Pool, sqlx::Error> {
    let options: MySqlConnectOptions = address.text().parse()?;
    let options = options.charset("utf8mb4").timezone(Some("+00:00".to_owned()));
    let (ms, seconds) = (guard.statement_ms, guard.statement_ms.div_ceil(1000));
    let connect = move || -> Connecting<MySqlConnection> {
        let options = options.clone();
        Box::pin(async move {
            let mut connection = MySqlConnection::connect_with(&options).await?;
            connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
            // MySQL counts milliseconds, MariaDB seconds; each refuses the other's name.
            let mut kept = false;
            for limit in [
                format!("SET SESSION max_statement_time = {seconds}"),
                format!("SET SESSION max_execution_time = {ms}"),
            ] {
                kept |= connection.execute(sqlx::AssertSqlSafe(limit)).await.is_ok();
            }
            let none = || sqlx::Error::Protocol("the server keeps no limit of time".into());
            kept.then_some(connection).ok_or_else(none)
        })
    };
    Ok(Pool::MySql(Kept::open(guard.connections, connect).await?))
}

/// Whether an error says that the database ended the connection, or takes none at this time.
pub(super) fn is_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| is_away(&code)),
        _ => false,
    }
}

/// SQLSTATE of connection exceptions, and PostgreSQL's of shutdown, crash, starting, and too many connections.
fn is_away(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "53300")
}

/// What an error of a driver means for whoever asked.
pub(crate) fn failed((address, guard): (&Address, &Guard), error: &sqlx::Error) -> SourceError {
    let unreachable = |what: String| SourceError::Unreachable { source_name: address.to_string(), what };
    match error {
        sqlx::Error::Database(said) => match said.code().as_deref() {
            Some(code) if is_away(code) => unreachable(said.message().to_owned()),
            // SQLSTATE of the standard, then MySQL's numbers where its driver gives those.
            Some("57014" | "70100" | "1969" | "3024" | "9") => {
                SourceError::TimedOut { limit_ms: guard.statement_ms }
            }
            Some("42501" | "1142" | "1143" | "28000" | "28P01" | "1045" | "1044") => {
                SourceError::NoRight { what: said.message().to_owned() }
            }
            // The class of data exceptions: the value that was given is none of the column's type.
            Some(code) if code.starts_with("22") => {
                let mistake =
                    Mistake::new("value", "không phải giá trị của cột", "is no value of the column");
                SourceError::Question(vec![mistake])
            }
            // No such table, no such column; no such operator or no such cast: a column has another type.
            Some("42P01" | "42703" | "42S02" | "42S22" | "1146" | "1054" | "42883" | "42804" | "42846") => {
                SourceError::Changed { what: said.message().to_owned() }
            }
            _ if said.message().starts_with("no such ") => {
                SourceError::Changed { what: said.message().to_owned() }
            }
            _ => SourceError::Other { what: said.message().to_owned() },
        },
        sqlx::Error::Io(error) => unreachable(error.to_string()),
        sqlx::Error::Tls(error) => unreachable(error.to_string()),
        sqlx::Error::PoolTimedOut => unreachable(format!("{} s", CONNECT_WAIT.as_secs())),
        other => SourceError::Other { what: other.to_string() },
    }
}
