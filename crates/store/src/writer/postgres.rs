//! Appending on PostgreSQL: the whole group is one statement, so that it costs one round trip.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::lock;
use crate::db::{Postgres, connect};
use crate::error::StoreError;
use crate::log::{LogRow, SIZE, TreeNode};

/// Longest wait for an append. A server that is silent for longer counts as gone: callers must be
/// refused by then, not kept waiting.
const APPEND_WAIT: Duration = Duration::from_secs(15);

/// One statement is one transaction; the nodes are inserted although nothing reads the first part.
const APPEND: &str = "
    WITH nodes AS (
        INSERT INTO tree_node (level, idx, hash)
        SELECT * FROM UNNEST($9::SMALLINT[], $10::BIGINT[], $11::BYTEA[])
    )
    INSERT INTO record (seq, at, kind, id_key, closes, leaf, nonce, text)
    SELECT * FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::SMALLINT[], $4::BIGINT[], $5::BIGINT[],
        $6::BYTEA[], $7::BYTEA[], $8::TEXT[])";

/// A commit must be on the disk before it is reported, also where the server's own setting is
/// weaker; a stronger one (standby servers) stays.
const DURABLE: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// The connection that holds the lock; absent after an error.
pub(super) struct Session(Option<PgConnection>);

impl Session {
    pub(super) async fn open(db: &Postgres) -> Result<Self, StoreError> {
        let mut conn = start(&db.options).await?;
        let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut conn).await?;
        if fsync != "on" {
            tracing::warn!(
                fsync,
                "the database server does not wait for its disk: the log may lose rows when the power fails"
            );
        }
        Ok(Self(Some(conn)))
    }

    /// The connection, taken out of its place: put it back after success. An error or a cancelled
    /// call drops it, and with it the lock and whatever was not committed.
    async fn take(&mut self, db: &Postgres) -> Result<PgConnection, StoreError> {
        match self.0.take() {
            Some(conn) => Ok(conn),
            None => start(&db.options).await,
        }
    }

    pub(super) async fn size(&mut self, db: &Postgres) -> Result<i64, StoreError> {
        let mut conn = self.take(db).await?;
        let size = within(sqlx::query_scalar(SIZE).fetch_one(&mut conn)).await?;
        self.0 = Some(conn);
        Ok(size)
    }

    pub(super) async fn append(
        &mut self,
        db: &Postgres,
        rows: &[LogRow],
        nodes: &[TreeNode],
    ) -> Result<(), StoreError> {
        let mut conn = self.take(db).await?;
        let query = sqlx::query(APPEND)
            .bind(rows.iter().map(|row| row.seq).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.at.0).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.kind).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.id_key).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.closes).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| &row.leaf[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.nonce.as_deref()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>())
            .bind(nodes.iter().map(|node| node.level).collect::<Vec<_>>())
            .bind(nodes.iter().map(|node| node.index).collect::<Vec<_>>())
            .bind(nodes.iter().map(|node| &node.hash[..]).collect::<Vec<_>>());
        within(query.execute(&mut conn)).await?;
        self.0 = Some(conn);
        Ok(())
    }

    pub(super) async fn close(self) {
        if let Some(conn) = self.0 {
            // The server gives the lock back however the connection ends.
            let _ = conn.close().await;
        }
    }
}

/// Connects and takes the lock.
async fn start(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let options = options.clone().options([
        // Within half a minute the server notices that this machine is gone, and frees the lock.
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        // The limit is APPEND_WAIT: a shorter one of the server would refuse what only takes long.
        ("statement_timeout", "0"),
    ]);
    let mut conn = connect(&options).await?;
    within(sqlx::query(DURABLE).execute(&mut conn)).await?;
    within(lock::session(&mut conn)).await?;
    Ok(conn)
}

async fn within<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, StoreError>
where
    StoreError: From<E>,
{
    match tokio::time::timeout(APPEND_WAIT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Unavailable {
            what: format!("no answer within {} s", APPEND_WAIT.as_secs()),
            remedy: "check the load and the disk of the database server and the network to it",
        }),
    }
}
