//! Certificates, revocation lists and the like that records point to by fingerprint.

use crate::db::{Db, on_reader, on_writer};
use crate::error::StoreError;

/// Something signed that is needed to check the log later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCertificate {
    /// SHA-256 of the bytes.
    pub fingerprint: [u8; 32],
    /// What it is; the caller's own numbers.
    pub kind: i16,
    /// Its bytes.
    pub der: Vec<u8>,
}

const PUT: &str = "INSERT INTO certificate (fingerprint, kind, der) VALUES ($1, $2, $3) ON CONFLICT (fingerprint) DO NOTHING";
const GET: &str = "SELECT kind, der FROM certificate WHERE fingerprint = $1";

impl Db {
    /// Keeps a certificate; nothing happens when it is there already.
    pub async fn certificate_put(&self, new: &StoredCertificate) -> Result<(), StoreError> {
        on_writer!(self, |conn| sqlx::query(PUT)
            .bind(&new.fingerprint[..])
            .bind(new.kind)
            .bind(&new.der)
            .execute(conn)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The certificate with this fingerprint.
    pub async fn certificate_get(
        &self,
        fingerprint: &[u8; 32],
    ) -> Result<Option<StoredCertificate>, StoreError> {
        let found: Option<(i16, Vec<u8>)> =
            on_reader!(self, |pool| sqlx::query_as(GET).bind(&fingerprint[..]).fetch_optional(pool).await)
                .map_err(StoreError::reading("certificate"))?;
        Ok(found.map(|(kind, der)| StoredCertificate { fingerprint: *fingerprint, kind, der }))
    }
}
