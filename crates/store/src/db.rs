//! Opening a store, and the connections to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::StoreError;
use crate::schema;

const ADDRESSES: &str = "a store address is `sqlite:PATH` or `postgres://USER@HOST/DATABASE`";

/// Connections that read at the same time.
const READERS_MAX: u32 = 4;

/// Longest wait for a connection to the server.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// Longest wait for another process that is writing to the same SQLite file.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Bytes of a page of a SQLite file. A page holds whole records, and they have 1 to 3 kB: smaller
/// pages would stay half empty.
const PAGE_BYTES: u32 = 8_192;

/// Pages after which SQLite moves its journal into the database file: 32 MB. A page that is written
/// often, such as the end of an index, is then moved once and not once per few megabytes.
const JOURNAL_PAGES: u32 = 4_000;

/// Memory for pages of the writing connection, in SQLite's notation for 16 MB.
const WRITER_CACHE: &str = "-16000";

/// Both engines write a row anew also when its values stay the same.
const TRY_WRITE: &str = "UPDATE meta SET value = value WHERE key = 'schema'";

/// A store. Cheap to clone; all clones share the same connections.
#[derive(Clone)]
pub struct Db(Arc<Engine>);

/// The two engines.
pub(crate) enum Engine {
    /// A file of this machine.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// A SQLite file: one connection writes, a few read.
pub(crate) struct Sqlite {
    pub(crate) path: PathBuf,
    options: SqliteConnectOptions,
    /// Empty when the last use failed: SQLite may have rolled back by itself, which sqlx does not
    /// notice, so a connection is never used again after an error.
    writer: Mutex<Option<SqliteConnection>>,
    pub(crate) readers: SqlitePool,
    /// Which file it is, however it is called.
    identity: Option<Identity>,
}

/// A PostgreSQL database.
pub(crate) struct Postgres {
    pub(crate) options: PgConnectOptions,
    pub(crate) pool: PgPool,
}

/// Runs the same query on whichever engine this is, on a connection that reads.
macro_rules! on_reader {
    ($db:expr, |$pool:ident| $query:expr) => {
        match $db.engine() {
            $crate::db::Engine::Sqlite(it) => {
                let $pool = &it.readers;
                $query
            }
            $crate::db::Engine::Postgres(it) => {
                let $pool = &it.pool;
                $query
            }
        }
    };
}
pub(crate) use on_reader;

/// Runs the same single statement on whichever engine this is, durably.
macro_rules! on_writer {
    ($db:expr, |$conn:ident| $query:expr) => {
        match $db.engine() {
            $crate::db::Engine::Sqlite(it) => {
                let (mut slot, mut held) = it.writer().await?;
                let $conn = &mut held;
                let result = $query;
                if result.is_ok() {
                    *slot = Some(held);
                }
                result
            }
            $crate::db::Engine::Postgres(it) => {
                let $conn = &it.pool;
                $query
            }
        }
    };
}
pub(crate) use on_writer;

impl Db {
    /// Opens the store at `url` and brings its schema up to this program's version.
    ///
    /// `sqlite:PATH` (created when missing, readable by its owner only) or `postgres://…`
    /// (the database must exist and be UTF8).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let engine = match url.split_once(':') {
            Some(("sqlite", path)) => {
                Engine::Sqlite(Sqlite::open(Path::new(path.strip_prefix("//").unwrap_or(path))).await?)
            }
            Some(("postgres" | "postgresql", _)) => Engine::Postgres(Postgres::open(url).await?),
            _ => return Err(StoreError::other(ADDRESSES)),
        };
        Ok(Self(Arc::new(engine)))
    }

    /// What is wrong with the text of an address; none when it is one.
    pub fn mistake_in(url: &str) -> Option<&'static str> {
        let is_known = matches!(url.split_once(':'), Some(("sqlite" | "postgres" | "postgresql", _)));
        (!is_known).then_some(ADDRESSES)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0
    }

    /// Writes something that changes nothing, durably: tells whether the store can be written now.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        on_writer!(self, |conn| sqlx::query(TRY_WRITE).execute(conn).await.map(drop))?;
        Ok(())
    }

    /// Closes all connections. Without it they end some time after the last clone is gone.
    pub async fn close(&self) {
        match self.engine() {
            Engine::Sqlite(it) => {
                it.readers.close().await;
                if let Some(writer) = it.writer.lock().await.take() {
                    // The last one to close moves the journal into the file; a failure loses nothing.
                    let _ = writer.close().await;
                }
            }
            Engine::Postgres(it) => it.pool.close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the address: it may hold a password.
        f.write_str(match self.engine() {
            Engine::Sqlite(_) => "Db(sqlite)",
            Engine::Postgres(_) => "Db(postgres)",
        })
    }
}

impl Sqlite {
    async fn open(path: &Path) -> Result<Self, StoreError> {
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            return Err(StoreError::other("a store needs a file: `sqlite:PATH`"));
        }
        create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            // Anything less may lose the last commits when the power fails.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_WAIT)
            .pragma("wal_autocheckpoint", JOURNAL_PAGES.to_string())
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().pragma("query_only", "ON"));
        let options = options.pragma("cache_size", WRITER_CACHE);
        let mut writer = options.connect().await?;
        schema::migrate_sqlite(&mut writer, path).await?;
        let identity = identity(path);
        Ok(Self { path: path.to_owned(), options, writer: Mutex::new(Some(writer)), readers, identity })
    }

    /// The writing connection, taken out of its place: put it back after success, drop it after an
    /// error. When the caller is cancelled it is dropped too, which undoes what was not committed.
    pub(crate) async fn writer(
        &self,
    ) -> Result<(MutexGuard<'_, Option<SqliteConnection>>, SqliteConnection), StoreError> {
        if identity(&self.path) != self.identity {
            // What is written to a file without a name is lost with the process.
            return Err(StoreError::Unavailable {
                what: format!(
                    "{}: the file was removed or replaced while it was in use",
                    self.path.display()
                ),
                remedy: "stop the node, put the file and those beside it back, and start it again",
            });
        }
        let mut slot = self.writer.lock().await;
        let held = match slot.take() {
            Some(held) => held,
            None => self.options.connect().await?,
        };
        Ok((slot, held))
    }
}

/// Device and number of a file.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Makes the file before SQLite does, so that nobody else may read it; SQLite gives the files that
/// it puts beside it the same rights.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| StoreError::Unavailable {
        what: format!("{}: {error}", path.display()),
        remedy: "create the directory and make it writable for this user",
    })
}

impl Postgres {
    async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            url.parse().map_err(|error: sqlx::Error| StoreError::other(error.to_string()))?;
        let options = options.application_name("lienthong").disable_statement_logging();
        let mut conn = connect(&options).await?;
        schema::migrate_postgres(&mut conn).await?;
        conn.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(CONNECT_WAIT)
            .connect_lazy_with(options.clone());
        Ok(Self { options, pool })
    }
}

/// Connects within [`CONNECT_WAIT`]: a server that is silent must not look like a slow one.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match tokio::time::timeout(CONNECT_WAIT, options.connect()).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Unavailable {
            what: format!("no answer within {} s", CONNECT_WAIT.as_secs()),
            remedy: "check that the database server runs and that nothing blocks the way to it",
        }),
    }
}
