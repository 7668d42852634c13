//! Connecting: read-only, with limits that the database itself keeps.

use std::time::Duration;

use sqlx::Executor as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{Address, Engine, Pool};
use crate::error::{Mistake, SourceError};

/// Longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// An unused connection is given back to the database after this.
const IDLE: Duration = Duration::from_mins(1);

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
    let opened = match address.engine() {
        Engine::SqlServer => return super::mssql::Pool::open(address, guard).await.map(Pool::SqlServer),
        Engine::Sqlite => sqlite(address, guard).await,
        Engine::Postgres => postgres(address, guard).await,
        Engine::MySql => mysql(address, guard).await,
    };
    opened.map_err(|error| match failed((address, guard), &error) {
        SourceError::Other { what } => SourceError::Unreachable { source_name: address.to_string(), what },
        other => other,
    })
}

/// The pool of an engine with our limits.
macro_rules! pool {
    ($options:ty, $guard:expr) => {
        <$options>::new().max_connections($guard.connections).acquire_timeout(CONNECT_WAIT).idle_timeout(IDLE)
    };
}

async fn sqlite(address: &Address, guard: &Guard) -> Result<Pool, sqlx::Error> {
    // `query_only` holds even where the file could be written.
    let options = SqliteConnectOptions::new()
        .filename(address.path())
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(Duration::from_millis(guard.statement_ms))
        .pragma("query_only", "on");
    Ok(Pool::Sqlite(pool!(SqlitePoolOptions, guard).connect_with(options).await?))
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
    Ok(Pool::Postgres(pool!(PgPoolOptions, guard).connect_with(options).await?))
}

async fn mysql(address: &Address, guard: &Guard) -> Result<Pool, sqlx::Error> {
    let options: MySqlConnectOptions = address.text().parse()?;
    let options = options.charset("utf8mb4").timezone(Some("+00:00".to_owned()));
    let (ms, seconds) = (guard.statement_ms, guard.statement_ms.div_ceil(1000));
    // MySQL counts milliseconds, MariaDB seconds; each refuses the other's name.
    let limits = [
        format!("SET SESSION max_statement_time = {seconds}"),
        format!("SET SESSION max_execution_time = {ms}"),
    ];
    let pool = pool!(MySqlPoolOptions, guard).after_connect(move |connection, _| {
        let limits = limits.clone();
        Box::pin(async move {
            connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
            let mut kept = false;
            for limit in limits {
                kept |= connection.execute(sqlx::AssertSqlSafe(limit)).await.is_ok();
            }
            if kept { Ok(()) } else { Err(sqlx::Error::Protocol("the server keeps no limit of time".into())) }
        })
    });
    Ok(Pool::MySql(pool.connect_with(options).await?))
}

/// What an error of a driver means for whoever asked.
pub(super) fn failed((address, guard): (&Address, &Guard), error: &sqlx::Error) -> SourceError {
    let unreachable = |what: String| SourceError::Unreachable { source_name: address.to_string(), what };
    match error {
        sqlx::Error::Database(said) => match said.code().as_deref() {
            // SQLSTATE of the standard, then MySQL's numbers where its driver gives those.
            Some("57014" | "70100" | "1969" | "3024") => {
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
            Some("42P01" | "42703" | "42S02" | "42S22" | "1146" | "1054") => {
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
