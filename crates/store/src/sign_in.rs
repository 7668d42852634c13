//! The last code of each person's second factor: what keeps one from being used twice.

use crate::db::{Db, on_writer};
use crate::error::StoreError;

const TAKE: &str = "
    INSERT INTO sign_in_code (person, number) VALUES ($1, $2)
    ON CONFLICT (person) DO UPDATE SET number = excluded.number WHERE sign_in_code.number < excluded.number";

impl Db {
    /// Takes the code with this number for the person: true when it is later than every one that was taken before.
    pub async fn sign_in_code_take(&self, person: &str, number: i64) -> Result<bool, StoreError> {
        let taken = on_writer!(self, |conn| sqlx::query(TAKE)
            .bind(person)
            .bind(number)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(taken == 1)
    }
}
