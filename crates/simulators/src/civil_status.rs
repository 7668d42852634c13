//! The civil-status register of the province, invented: births of the children of the population base, in tables of
//! another vendor's taste.
//!
//! The tables are MariaDB's. Where no such server is at hand the same tables, with the same names of types, lie in an
//! SQLite file. The facts follow from the population base alone.

mod births;

use std::path::{Path, PathBuf};

use sqlx::mysql::MySqlConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Database, Executor, IntoArguments, QueryBuilder,
};

use crate::population::PopulationError;
use births::Birth;

/// The data service of births: name of the file and text of the definition. Its source is `hotich.db`, two folders up.
pub const DEFINITION: (&str, &str) =
    ("HOTICH.khai-sinh.toml", include_str!("../definitions/HOTICH.khai-sinh.toml"));

/// The table of births.
pub const TABLE: &str = "ht_khai_sinh";

/// Rows in one statement: the values stay below the 32,766 that SQLite takes.
const ROWS: usize = 500;

/// Name, type as MariaDB spells it, and what its maker wrote about it.
const COLUMNS: [(&str, &str, &str); 18] = [
    ("id", "bigint(20) NOT NULL PRIMARY KEY", "Khóa nội bộ"),
    ("so_quyen", "varchar(10) NOT NULL", "Quyển số/năm của sổ đăng ký khai sinh"),
    ("so_dang_ky", "int(11) NOT NULL", "Số trong quyển"),
    ("ngay_dang_ky", "datetime NOT NULL", "Ngày giờ đăng ký, giờ Việt Nam"),
    ("cccd_tre", "varchar(12) NOT NULL UNIQUE", "Số định danh cá nhân của trẻ"),
    ("ho_ten_khai_sinh", "varchar(100) NOT NULL", "Họ, chữ đệm, tên khai sinh"),
    ("gioi_tinh", "tinyint(4) NOT NULL", "0 chưa xác định, 1 nam, 2 nữ"),
    ("ngay_sinh", "date NOT NULL", "Ngày sinh"),
    ("dan_toc", "char(2) NOT NULL", "Mã dân tộc"),
    ("cha_cccd", "varchar(12)", "Số định danh của cha, nếu có"),
    ("cha_ho_ten", "varchar(100)", "Họ tên cha"),
    ("me_cccd", "varchar(12)", "Số định danh của mẹ, nếu có"),
    ("me_ho_ten", "varchar(100)", "Họ tên mẹ"),
    ("noi_dang_ky", "char(5) NOT NULL", "Mã xã lúc đăng ký: trước 01/7/2025 theo địa giới cũ"),
    ("ten_noi_dang_ky", "varchar(120) NOT NULL", "Tên cơ quan đăng ký lúc đó"),
    ("trang_thai", "tinyint(4) NOT NULL", "1 có hiệu lực, 2 đã cải chính"),
    ("ghi_chu", "varchar(200)", "Ghi chú"),
    ("updated_at", "timestamp NOT NULL", "Lần thay đổi cuối"),
];

const INDEXES: [&str; 3] = [
    "CREATE INDEX ix_ks_updated ON ht_khai_sinh (updated_at)",
    "CREATE INDEX ix_ks_me ON ht_khai_sinh (me_cccd)",
    "CREATE INDEX ix_ks_noi ON ht_khai_sinh (noi_dang_ky)",
];

/// Why the register cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The population base that it follows from.
    #[error(transparent)]
    Population(#[from] PopulationError),
    /// The table is there, with other rows.
    #[error(
        "bảng {TABLE} đã có {found} dòng, cần {wanted}; dùng CSDL khác hoặc xóa bảng đó / \
         the table {TABLE} has {found} rows, not {wanted}: use another database or drop that table"
    )]
    Other {
        /// Rows there.
        found: u64,
        /// Rows that the base makes.
        wanted: u64,
    },
    /// The database refuses.
    #[error("không ghi được CSDL hộ tịch / the civil-status register cannot be written: {0}")]
    Database(#[from] sqlx::Error),
    /// The disk refuses.
    #[error("không ghi được {path} / cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
}

/// The first child with both parents, if any has.
const FIRST: &str =
    "SELECT cccd_tre FROM ht_khai_sinh ORDER BY cha_cccd IS NULL, me_cccd IS NULL, id LIMIT 1";

/// Makes the register as an SQLite file unless it is there; of an interrupted run only `path` + `.partial` is left.
/// Gives the number of a child in it; a base of very few people may have none.
///
/// # Errors
/// The base cannot be read, or the file cannot be written.
pub async fn ensure_file(base: &Path, path: &Path) -> Result<Option<String>, RegisterError> {
    if !path.exists() {
        make_file(base, path).await?;
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    let mut connection = options.connect().await?;
    let child = sqlx::query_scalar(FIRST).fetch_optional(&mut connection).await?;
    connection.close().await?;
    Ok(child)
}

async fn make_file(base: &Path, path: &Path) -> Result<(), RegisterError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let write = |source| RegisterError::Write { path: partial.clone(), source };
    match std::fs::remove_file(&partial) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(write(e)),
        _ => {}
    }
    let births = births::of(base).await?;
    let options = SqliteConnectOptions::new()
        .filename(&partial)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    load::<sqlx::Sqlite>(&mut connection, (&table(false), "+00:00"), &births).await?;
    connection.close().await?;
    std::fs::rename(&partial, path).map_err(write)
}

/// Makes the register in a database of a MariaDB server, unless it is there with all its rows. Gives the number of a child
/// in it.
///
/// # Errors
/// The base cannot be read; the server cannot be reached or refuses; the table holds something else.
pub async fn ensure_mariadb(base: &Path, url: &str) -> Result<Option<String>, RegisterError> {
    let births = births::of(base).await?;
    let mut connection = MySqlConnection::connect(url).await?;
    // The moments of the rows are given in UTC.
    connection.execute("SET time_zone = '+00:00'").await?;
    let sql =
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
    let there: i64 = sqlx::query_scalar(sql).bind(TABLE).fetch_one(&mut connection).await?;
    if there == 0 {
        load::<sqlx::MySql>(&mut connection, (&table(true), ""), &births).await?;
    } else {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {TABLE}"));
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        let (found, wanted) = (found.unsigned_abs(), births.len() as u64);
        if found != wanted {
            return Err(RegisterError::Other { found, wanted });
        }
    }
    let child = sqlx::query_scalar(FIRST).fetch_optional(&mut connection).await?;
    connection.close().await?;
    Ok(child)
}

/// The table; only MariaDB keeps remarks on columns.
fn table(mariadb: bool) -> String {
    let column = |(name, type_name, remark): (&str, &str, &str)| {
        if mariadb { format!("{name} {type_name} COMMENT '{remark}'") } else { format!("{name} {type_name}") }
    };
    let columns = COLUMNS.map(column).join(", ");
    let options =
        if mariadb { " ENGINE=InnoDB CHARACTER SET utf8mb4 COMMENT 'Sổ đăng ký khai sinh'" } else { "" };
    format!("CREATE TABLE {TABLE} ({columns}){options}")
}

/// Makes the table and writes all rows in one transaction; values go as text, which both engines take for any type.
async fn load<DB: Database>(
    connection: &mut DB::Connection,
    (table, zone): (&str, &str),
    births: &[Birth],
) -> Result<(), RegisterError>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    Option<String>: sqlx::Encode<'static, DB> + sqlx::Type<DB>,
{
    connection.execute(AssertSqlSafe(table.to_owned())).await?;
    let mut tx = connection.begin().await?;
    for (turn, chunk) in births.chunks(ROWS).enumerate() {
        let rows = chunk.iter().enumerate().map(|(place, birth)| birth.row(turn * ROWS + place + 1, zone));
        let mut insert = QueryBuilder::<DB>::new(format!("INSERT INTO {TABLE} "));
        insert.push_values(rows, |mut values, row| {
            for value in row {
                values.push_bind(value);
            }
        });
        insert.build().execute(&mut *tx).await?;
    }
    tx.commit().await?;
    for index in INDEXES {
        connection.execute(index).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
