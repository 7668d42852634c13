//! A person to try the services with.

use std::path::Path;

use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::file::{inspect, reading};
use super::{FORMAT, PopulationError};

/// The first household of a couple with children is the example.
const COUPLE: &str = "SELECT p.so_dinh_danh, p.ho_ten, p.ngay_sinh, p.so_ho FROM ho_gia_dinh h \
     JOIN cong_dan p ON p.so_dinh_danh = h.so_dinh_danh_chu_ho WHERE p.so_dinh_danh_vo_chong IS NOT NULL \
     AND (SELECT count(*) FROM cong_dan k WHERE k.so_ho = h.so_ho) >= 4 ORDER BY h.so_ho LIMIT 1";

/// Any head of a household, where no household is like that.
const ANY_HEAD: &str = "SELECT p.so_dinh_danh, p.ho_ten, p.ngay_sinh, p.so_ho FROM ho_gia_dinh h \
     JOIN cong_dan p ON p.so_dinh_danh = h.so_dinh_danh_chu_ho ORDER BY h.so_ho LIMIT 1";

/// A person of the base: head of a household with a spouse and children.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Personal number.
    #[serde(rename = "soDinhDanh")]
    pub number: String,
    /// Full name.
    #[serde(rename = "hoTen")]
    pub name: String,
    /// Birth date, `YYYY-MM-DD`.
    #[serde(rename = "ngaySinh")]
    pub birth: String,
    /// Household number.
    #[serde(rename = "soHo")]
    pub household: String,
}

impl std::fmt::Debug for Sample {
    /// Invented, but of the form of personal data: not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sample(..)")
    }
}

/// The sample of a finished file.
///
/// # Errors
/// No file, no population file, or one of another version; the database failed.
pub async fn sample(path: &Path) -> Result<Sample, PopulationError> {
    let mut connection = open(path).await?;
    let row = match sqlx::query(COUPLE).fetch_optional(&mut connection).await? {
        Some(row) => row,
        None => sqlx::query(ANY_HEAD).fetch_one(&mut connection).await?,
    };
    let sample = Sample {
        number: row.try_get(0)?,
        name: row.try_get(1)?,
        birth: row.try_get(2)?,
        household: row.try_get(3)?,
    };
    connection.close().await?;
    Ok(sample)
}

/// A finished file of this version, for reading.
pub(crate) async fn open(path: &Path) -> Result<SqliteConnection, PopulationError> {
    let meta = inspect(path).await?.ok_or_else(|| PopulationError::Missing(path.to_owned()))?;
    if meta.format != FORMAT {
        return Err(PopulationError::Other { path: path.to_owned(), found: meta });
    }
    Ok(reading(path).connect().await?)
}
