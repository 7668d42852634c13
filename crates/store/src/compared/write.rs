//! Writing many rows at once, as each engine does it fast.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Error};

use super::{Added, Rewritten, SQLITE_ROWS};

const REWRITE: &str = "
    UPDATE compared_row SET row_hash = $3, number = $4, operation = $5 WHERE service = $1 AND place = $2";
const ADD_POSTGRES: &str = "
    INSERT INTO compared_row (service, place, key_hash, row_hash, number, operation, row_key)
    SELECT $1, * FROM UNNEST($2::BIGINT[], $3::BYTEA[], $4::BYTEA[], $5::BIGINT[], $6::SMALLINT[], $7::BYTEA[])";
const REWRITE_POSTGRES: &str = "
    UPDATE compared_row r SET row_hash = n.row_hash, number = n.number, operation = n.operation
    FROM UNNEST($2::BIGINT[], $3::BYTEA[], $4::BIGINT[], $5::SMALLINT[]) AS n (place, row_hash, number, operation)
    WHERE r.service = $1 AND r.place = n.place";

/// A connection of either engine, within a transaction.
pub(super) trait Write {
    async fn add(&mut self, service: i64, rows: &[Added]) -> Result<(), Error>;
    async fn rewrite(&mut self, service: i64, rows: &[Rewritten]) -> Result<(), Error>;
}

impl Write for SqliteConnection {
    async fn add(&mut self, service: i64, rows: &[Added]) -> Result<(), Error> {
        for chunk in rows.chunks(SQLITE_ROWS) {
            let values = vec!["(?,?,?,?,?,?,?)"; chunk.len()].join(",");
            let sql = format!(
                "INSERT INTO compared_row (service, place, key_hash, row_hash, number, operation, row_key) VALUES {values}"
            );
            // Only the full chunk comes again; the rest would push better statements out of the cache.
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(chunk.len() == SQLITE_ROWS);
            for Added { row, number, row_key } in chunk {
                query = query.bind(service).bind(row.place).bind(&row.key_hash[..]).bind(&row.row_hash[..]);
                query = query.bind(number).bind(row.operation.number()).bind(&row_key[..]);
            }
            query.execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn rewrite(&mut self, service: i64, rows: &[Rewritten]) -> Result<(), Error> {
        for row in rows {
            let query = sqlx::query(REWRITE).bind(service).bind(row.place).bind(&row.row_hash[..]);
            query.bind(row.number).bind(row.operation.number()).execute(&mut *self).await?;
        }
        Ok(())
    }
}

impl Write for PgConnection {
    async fn add(&mut self, service: i64, rows: &[Added]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(ADD_POSTGRES)
            .bind(service)
            .bind(rows.iter().map(|added| added.row.place).collect::<Vec<_>>())
            .bind(rows.iter().map(|added| &added.row.key_hash[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|added| &added.row.row_hash[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|added| added.number).collect::<Vec<_>>())
            .bind(rows.iter().map(|added| added.row.operation.number()).collect::<Vec<_>>())
            .bind(rows.iter().map(|added| &added.row_key[..]).collect::<Vec<_>>())
            .execute(self)
            .await
            .map(drop)
    }

    async fn rewrite(&mut self, service: i64, rows: &[Rewritten]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(REWRITE_POSTGRES)
            .bind(service)
            .bind(rows.iter().map(|row| row.place).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| &row.row_hash[..]).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.number).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.operation.number()).collect::<Vec<_>>())
            .execute(self)
            .await
            .map(drop)
    }
}
