//! The driver alone, which services are measured beside: the same statement, the same texts, nobody between.

use std::sync::Arc;
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::engine::{Address, Guard, Statement, failed};
use crate::error::SourceError;

/// What came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Came {
    /// Questions that were answered.
    pub answers: u64,
    /// Bytes of text in them.
    pub bytes: usize,
}

/// Asks a PostgreSQL on one connection, one question after the other, until a moment; `next` gives the parameter.
///
/// # Errors
/// What the database says.
pub async fn ask(
    address: &Address,
    statement: &Statement,
    mut next: impl FnMut() -> String,
    until: Instant,
) -> Result<Came, SourceError> {
    let wrong = |error: sqlx::Error| failed((address, &Guard::default()), &error);
    let mut connection = PgConnection::connect(address.text()).await.map_err(wrong)?;
    let mut came = Came::default();
    while Instant::now() < until {
        let query = sqlx::query(AssertSqlSafe(Arc::clone(&statement.sql))).bind(next());
        let mut rows = query.fetch(&mut connection);
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await.map_err(wrong)? {
            for at in 0..row.len() {
                came.bytes += row.try_get::<Option<&str>, _>(at).map_err(wrong)?.map_or(0, str::len);
            }
        }
        came.answers += 1;
    }
    Ok(came)
}
