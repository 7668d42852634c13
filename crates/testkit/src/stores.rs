//! Empty stores that vanish with the test.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, PgConnection};
use tempfile::TempDir;

/// Names the variable with the address of a PostgreSQL server on which tests may create databases.
pub const POSTGRES_VARIABLE: &str = "LIENTHONG_TEST_POSTGRES";

/// An empty store for one test; the file or database is removed when it is dropped.
#[derive(Debug)]
pub struct TestStore {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(TempDir),
    Database { admin: String, name: String },
}

impl TestStore {
    /// A store on SQLite, in a directory of its own.
    ///
    /// # Panics
    /// The directory cannot be made.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory for the test's store");
        let url = format!("sqlite:{}", dir.path().join("store.db").display());
        Self { url, place: Place::File(dir) }
    }

    /// A store on PostgreSQL, in a database of its own.
    ///
    /// # Panics
    /// The server's address is missing from the environment, or the server refuses.
    pub async fn postgres() -> Self {
        let admin = std::env::var(POSTGRES_VARIABLE).unwrap_or_else(|_| {
            panic!("{POSTGRES_VARIABLE} is not set, so there is no PostgreSQL to test on: run `cargo xtask test`, which starts one")
        });
        // A random number, so that neither another process nor a database left over is in the way.
        let name = format!("lt_{:016x}", RandomState::new().hash_one(std::process::id()));
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        administer(&admin, create).await;
        Self { url: with_database(&admin, &name), place: Place::Database { admin, name } }
    }

    /// The store's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database file, on SQLite.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::File(dir) => Some(dir.path().join("store.db")),
            Place::Database { .. } => None,
        }
    }

    /// Runs a statement behind the back of whoever has the store open, as a careless or bad operator would.
    ///
    /// # Panics
    /// The store refuses.
    pub async fn execute(&self, statement: &str) {
        match &self.place {
            Place::File(_) => {
                let path = self.file().expect("this store is a file");
                let options = SqliteConnectOptions::new().filename(path);
                let mut conn = options.connect().await.expect("the file can be opened");
                sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                    .execute(&mut conn)
                    .await
                    .unwrap_or_else(|error| panic!("{statement}: {error}"));
                conn.close().await.expect("the connection was fine a moment ago");
            }
            Place::Database { .. } => administer(&self.url, statement.to_owned()).await,
        }
    }

    /// Ends all connections to the store, on PostgreSQL; nothing can do so on SQLite.
    ///
    /// # Panics
    /// The server refuses.
    pub async fn cut_connections(&self) {
        if let Place::Database { admin, name } = &self.place {
            let cut = format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            administer(admin, cut).await;
        }
    }

    /// Makes the store unreachable, or reachable again, on PostgreSQL. Open connections stay.
    ///
    /// # Panics
    /// The server refuses.
    pub async fn set_reachable(&self, reachable: bool) {
        if let Place::Database { admin, name } = &self.place {
            administer(admin, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {reachable}")).await;
        }
    }
}

impl Drop for TestStore {
    fn drop(&mut self) {
        let Place::Database { admin, name } = &self.place else { return };
        let (admin, drop) = (admin.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // Waiting is not possible on a thread that runs async code, and this may be one.
        let dropped = std::thread::spawn(move || runtime().block_on(administer(&admin, drop))).join();
        // A test that has failed already must show its own reason.
        assert!(dropped.is_ok() || std::thread::panicking(), "the database {name} could not be dropped");
    }
}

/// Runs one test body on the store that `open` makes.
///
/// # Panics
/// The store cannot be made, or the test fails.
pub fn run<F: Future<Output = ()>>(open: impl Future<Output = TestStore>, test: impl FnOnce(TestStore) -> F) {
    runtime().block_on(async { test(open.await).await });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime needs two threads and nothing else")
}

async fn administer(admin: &str, statement: String) {
    let mut conn = PgConnection::connect(admin)
        .await
        .unwrap_or_else(|error| panic!("the server named by {POSTGRES_VARIABLE} does not answer: {error}"));
    sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(&mut conn)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    conn.close().await.expect("the connection was fine a moment ago");
}

/// The address `url` with another database in it.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) =
        url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let host = address.find("://").map_or(0, |at| at + 3);
    let server = address[host..].find('/').map_or(address, |at| &address[..host + at]);
    match options {
        Some(options) => format!("{server}/{name}?{options}"),
        None => format!("{server}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_an_address_is_replaced_and_nothing_else() {
        let check = |given: &str, then: &str| assert_eq!(with_database(given, "x"), then);
        check("postgres://u:p@h:5/postgres", "postgres://u:p@h:5/x");
        check("postgres://u@h", "postgres://u@h/x");
        check("postgres:///postgres?host=/tmp/a", "postgres:///x?host=/tmp/a");
        check("postgres://u@h?sslmode=disable", "postgres://u@h/x?sslmode=disable");
    }
}
