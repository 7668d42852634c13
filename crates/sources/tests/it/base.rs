//! Databases as agencies have them.

use std::os::unix::fs::PermissionsExt as _;

use sources::definition::Definition;
use sources::engine::{Address, Guard, Source};
use sources::{draft, inspect};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, SqliteConnection};
use testkit::TestStore;

/// Names the variable with the address of a MariaDB server on which tests may create databases.
pub const MARIADB_VARIABLE: &str = "LIENTHONG_TEST_MARIADB";

/// People of an invented register.
pub const PEOPLE: u32 = 120;

/// A database of one of the engines, with its tables.
pub struct Base {
    pub url: String,
    secrets: tempfile::TempDir,
    store: Option<TestStore>,
}

const TABLE_POSTGRES: &str = "
    CREATE TABLE khai_sinh (
        id bigserial PRIMARY KEY, so_dinh_danh varchar(12) NOT NULL UNIQUE, ho_ten text NOT NULL, ngay_sinh date NOT NULL,
        le_phi numeric(30,2), con_song boolean NOT NULL, ma_xa char(5), cap_nhat timestamptz NOT NULL, anh bytea);
    COMMENT ON COLUMN khai_sinh.le_phi IS 'Lệ phí đã thu';
    CREATE TABLE khong_khoa (ghi_chu text)";
const TABLE_SQLITE: &str = "
    CREATE TABLE khai_sinh (
        id INTEGER PRIMARY KEY, so_dinh_danh VARCHAR(12) NOT NULL UNIQUE, ho_ten TEXT NOT NULL, ngay_sinh DATE NOT NULL,
        le_phi NUMERIC(30,2), con_song BOOLEAN NOT NULL, ma_xa CHAR(5), cap_nhat DATETIME NOT NULL, anh BLOB);
    CREATE TABLE khong_khoa (ghi_chu TEXT)";
const TABLE_MARIADB: &str = "
    CREATE TABLE khai_sinh (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, so_dinh_danh VARCHAR(12) NOT NULL UNIQUE, ho_ten TEXT NOT NULL, ngay_sinh DATE NOT NULL,
        le_phi DECIMAL(30,2) COMMENT 'Lệ phí đã thu', con_song TINYINT(1) NOT NULL, ma_xa CHAR(5), cap_nhat TIMESTAMP NOT NULL, anh BLOB)
        CHARACTER SET utf8mb4;
    CREATE TABLE khong_khoa (ghi_chu TEXT)";

/// One person: number, name (in form D), day of birth, when changed.
fn row(number: u32) -> String {
    let so = format!("0490{number:08}");
    // A name that somebody typed with separate tone marks, and a quote that must stay a quote.
    let name = if number == 7 {
        "Nguye\u{302}\u{303}n Thi\u{323} O''Mẫu".into()
    } else {
        format!("Trần Văn Mẫu {number}")
    };
    let fee = if number == 3 { "1234567890123456789.10" } else { "0.10" };
    let (month, hour) = (number % 12 + 1, number % 24);
    format!(
        "({number}, '{so}', '{name}', '1990-{month:02}-28', {fee}, {alive}, '20242', '2026-01-{day:02} {hour:02}:00:00')",
        alive = if number.is_multiple_of(2) { "TRUE" } else { "FALSE" },
        day = number % 28 + 1
    )
}

fn rows() -> String {
    let rows: Vec<_> = (1..=PEOPLE).map(row).collect();
    format!(
        "INSERT INTO khai_sinh (id, so_dinh_danh, ho_ten, ngay_sinh, le_phi, con_song, ma_xa, cap_nhat) VALUES {}",
        rows.join(",")
    )
}

impl Base {
    fn new(url: String, store: Option<TestStore>) -> Self {
        Self { url, secrets: tempfile::tempdir().unwrap(), store }
    }

    pub async fn sqlite() -> Self {
        let store = TestStore::sqlite();
        let url = format!("sqlite:{}", store.file().unwrap().display());
        let mut made = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
        for sql in [TABLE_SQLITE.to_owned(), rows()] {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut made).await.unwrap();
        }
        Self::new(url, Some(store))
    }

    pub async fn postgres() -> Self {
        let store = TestStore::postgres().await;
        let mut made = PgConnection::connect(store.url()).await.unwrap();
        for sql in ["SET timezone = 'Asia/Ho_Chi_Minh'".to_owned(), TABLE_POSTGRES.to_owned(), rows()] {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut made).await.unwrap();
        }
        Self::new(store.url().to_owned(), Some(store))
    }

    pub async fn mariadb() -> Self {
        let server = std::env::var(MARIADB_VARIABLE).unwrap_or_else(|_| {
            panic!("{MARIADB_VARIABLE} is not set, so there is no MariaDB to test on: run `cargo xtask test`, which starts one")
        });
        let name = format!("lt_{}", std::process::id() * 1000 + rand());
        let mut made = MySqlConnection::connect(&server).await.unwrap();
        let url = format!("{}/{name}", server.trim_end_matches('/'));
        let create =
            format!("CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name}; SET time_zone = '+07:00'");
        for sql in [create, TABLE_MARIADB.to_owned(), rows()] {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut made).await.unwrap();
        }
        Self::new(url, None)
    }

    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite") {
            let mut made = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut made).await.unwrap();
        } else if self.url.starts_with("postgres") {
            let mut made = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut made).await.unwrap();
        } else {
            let mut made = MySqlConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut made).await.unwrap();
        }
    }

    /// The database on PostgreSQL, to take it away.
    pub fn store(&self) -> &TestStore {
        self.store.as_ref().unwrap()
    }

    pub fn address(&self) -> Address {
        self.url.parse().unwrap()
    }

    pub async fn source(&self) -> Source {
        Source::open(&self.address(), &Guard::default()).await.unwrap()
    }

    /// The first definition of the register, as `source draft` writes it.
    pub async fn drafted(&self) -> Definition {
        let source = self.source().await;
        let tables = source.tables().await.unwrap();
        let table = tables.iter().find(|table| table.name == "khai_sinh").unwrap();
        let seen = inspect::look(&source, table).await.unwrap();
        let drafted = draft::draft(&self.address(), table, &seen, ("HOTICH", "khai-sinh")).unwrap();
        let text = drafted.text().unwrap();
        let mut read = Definition::parse(&text).unwrap();
        if let Some(password) = self.address().password() {
            assert!(!text.contains(&password), "a definition has no password: {text}");
            let file = self.secrets.path().join("password");
            std::fs::write(&file, password + "\n").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            read.password_file = Some(file);
        }
        read
    }
}

fn rand() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Runs a test on each engine.
macro_rules! on_each_engine {
    ($test:ident) => {
        mod $test {
            #[tokio::test]
            async fn on_sqlite() {
                super::$test(crate::base::Base::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgresql() {
                super::$test(crate::base::Base::postgres().await).await;
            }

            #[tokio::test]
            async fn on_mariadb() {
                super::$test(crate::base::Base::mariadb().await).await;
            }
        }
    };
}
pub(crate) use on_each_engine;
