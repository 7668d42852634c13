//! The single-writer lock of a store.

use std::fs::{File, TryLockError};
use std::path::Path;

use sqlx::PgConnection;

use crate::error::StoreError;

/// Takes the lock of a session, waiting a little: the server may need a moment to notice that the
/// process that held it is gone. The number is the letters `lt-log`; advisory locks are per database.
const TAKE: &str = "
    SET lock_timeout = '2s';
    SELECT pg_advisory_lock(119246234087271);
    SET lock_timeout = 0";

/// Locks the file `PATH.lock`; the lock ends with the returned file or with the process.
pub(crate) fn file(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = Path::new(&path);
    let failed = |error: std::io::Error| StoreError::Unavailable {
        what: format!("{}: {error}", path.display()),
        remedy: "check the directory and its access rights",
    };
    let file = File::options().create(true).append(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { what: path.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Takes the database's advisory lock; it ends with the connection.
pub(crate) async fn session(conn: &mut PgConnection) -> Result<(), StoreError> {
    match sqlx::raw_sql(TAKE).execute(conn).await.map_err(StoreError::from) {
        Err(StoreError::Locked { .. }) => Err(StoreError::Locked {
            what: "the message log's advisory lock is held; see pg_locks for the session that holds it"
                .into(),
        }),
        result => result.map(drop),
    }
}
