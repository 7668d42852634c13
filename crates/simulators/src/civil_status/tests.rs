#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::*;
use crate::population::{self, Plan};

/// Names the variable with the address of a MariaDB server on which tests may create databases.
const MARIADB_VARIABLE: &str = "LIENTHONG_TEST_MARIADB";

const PLAN: Plan = Plan { people: 3000, seed: 5 };

struct Made {
    dir: tempfile::TempDir,
    base: PathBuf,
}

impl Made {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("dan-cu.sqlite");
        population::build(&base, &PLAN, Arc::new(|_, _| {})).await.unwrap();
        Self { dir, base }
    }

    async fn file(&self) -> SqliteConnection {
        let path = self.dir.path().join("ho-tich.sqlite");
        ensure_file(&self.base, &path).await.unwrap();
        let options = SqliteConnectOptions::new().filename(&path).read_only(true);
        options.connect().await.unwrap()
    }
}

/// All rows, each value as text.
macro_rules! rows {
    ($connection:expr, $columns:expr) => {{
        let sql = format!("SELECT {} FROM {TABLE} ORDER BY id", $columns);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all($connection).await.unwrap();
        let text = |row: &_, at: usize| {
            let _: &_ = row;
            sqlx::Row::get::<Option<String>, _>(row, at)
        };
        rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect::<Vec<_>>()).collect::<Vec<_>>()
    }};
}

fn as_text(kind: &str) -> String {
    let column = |(name, ..): (&str, &str, &str)| format!("CAST({name} AS {kind})");
    COLUMNS.map(column).join(", ")
}

#[tokio::test]
async fn births_agree_with_the_population_base() {
    let made = Made::new().await;
    let mut register = made.file().await;
    let sql = AssertSqlSafe(format!("ATTACH '{}' AS dc", made.base.display()));
    register.execute(sql).await.unwrap();
    let counts = "SELECT (SELECT count(*) FROM ht_khai_sinh),
        (SELECT count(*) FROM ht_khai_sinh k JOIN dc.cong_dan c ON c.so_dinh_danh = k.cccd_tre AND c.ho_ten = k.ho_ten_khai_sinh
            AND c.ngay_sinh = k.ngay_sinh AND c.gioi_tinh = k.gioi_tinh AND c.so_dinh_danh_me IS k.me_cccd AND c.so_dinh_danh_cha IS k.cha_cccd),
        (SELECT count(*) FROM ht_khai_sinh WHERE ngay_dang_ky <= ngay_sinh OR julianday(ngay_dang_ky) - julianday(ngay_sinh) > 61),
        (SELECT count(*) FROM ht_khai_sinh WHERE noi_dang_ky IN (SELECT CASE WHEN ngay_dang_ky < '2025-07-01' THEN ma_xa_cu ELSE ma_xa END FROM dc.dm_xa)),
        (SELECT count(DISTINCT noi_dang_ky || so_quyen || '-' || so_dang_ky) FROM ht_khai_sinh),
        (SELECT count(*) FROM ht_khai_sinh WHERE updated_at > '2026-11-02')";
    let row = sqlx::query(counts).fetch_one(&mut register).await.unwrap();
    let [all, agree, late, known, numbered, future] = [0, 1, 2, 3, 4, 5].map(|at| row.get::<i64, _>(at));
    assert!((100..400).contains(&all), "{all}");
    assert_eq!([agree, known, numbered], [all; 3]);
    assert_eq!([late, future], [0, 0]);
}

#[tokio::test]
async fn mariadb_takes_the_same_tables_with_the_same_rows() {
    let server = std::env::var(MARIADB_VARIABLE).unwrap_or_else(|_| {
        panic!("{MARIADB_VARIABLE} is not set, so there is no MariaDB to test on: run `cargo xtask test`, which starts one")
    });
    let made = Made::new().await;
    let name = format!("ht_{}", std::process::id());
    let mut connection = MySqlConnection::connect(&server).await.unwrap();
    let create =
        format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name}");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let url = format!("{}/{name}", server.trim_end_matches('/'));
    ensure_mariadb(&made.base, &url).await.unwrap();
    ensure_mariadb(&made.base, &url).await.unwrap();

    connection.execute("SET time_zone = '+00:00'").await.unwrap();
    let in_utc = as_text("CHAR").replace("CAST(updated_at AS CHAR)", "CONCAT(updated_at, '+00:00')");
    let loaded = rows!(&mut connection, in_utc);
    let in_file = rows!(&mut made.file().await, as_text("TEXT"));
    assert_eq!(loaded, in_file);
    let types = "SELECT column_name, column_type FROM information_schema.columns WHERE table_schema = ? ORDER BY ordinal_position";
    let types = sqlx::query(types).bind(&name).fetch_all(&mut connection).await.unwrap();
    for (row, (column, declared, _)) in types.iter().zip(COLUMNS) {
        let (name, type_name): (String, String) = (row.get(0), row.get(1));
        assert_eq!((&*name, Some(&*type_name)), (column, declared.split(' ').next()), "as MariaDB spells it");
    }

    let delete = AssertSqlSafe(format!("DELETE FROM {name}.{TABLE} WHERE id = 1"));
    connection.execute(delete).await.unwrap();
    let refused = ensure_mariadb(&made.base, &url).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Other { .. }), "{refused}");
    connection.execute(AssertSqlSafe(format!("DROP DATABASE {name}"))).await.unwrap();
}
