//! The invented rows: one large table on PostgreSQL, the same rows as an SQLite file, and a database of many tables.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::interrupt;

/// Twelve columns of all kinds. The personal number of row `n` is `n * 7919`, so that a load can ask for it.
fn population(rows: u64) -> String {
    format!(
        "CREATE TABLE nguoi (
            id bigint NOT NULL, so_dinh_danh varchar(12) NOT NULL, ho_ten text NOT NULL, gioi_tinh smallint NOT NULL,
            ngay_sinh date NOT NULL, ma_xa char(5) NOT NULL, dia_chi text, con_song boolean NOT NULL,
            thu_nhap numeric(14,2), gio_ghi time NOT NULL, cap_nhat timestamptz NOT NULL, them jsonb);
        INSERT INTO nguoi SELECT n, lpad((n * 7919)::text, 12, '0'),
            (ARRAY['Nguyễn','Trần','Lê','Phạm','Hoàng','Phan','Vũ','Đặng'])[1 + n % 8] || ' '
                || (ARRAY['Văn','Thị','Minh','Thu'])[1 + n / 8 % 4] || ' Mẫu ' || n,
            n % 2, date '1930-01-01' + (n % 34000)::int, lpad((n % 3321)::text, 5, '0'),
            CASE WHEN n % 5 > 0 THEN 'Số ' || n % 400 || ', đường Thử ' || n % 97 || ', tổ ' || n % 60 END, n % 11 > 0,
            CASE WHEN n % 3 > 0 THEN (n * 1237 % 100000000) / 100.0 END, time '00:00' + (n % 86400) * interval '1 s',
            timestamptz '2026-01-01' + n * interval '7 s',
            CASE WHEN n % 10 = 0 THEN jsonb_build_object('nguon', 'mau', 'so', n) END
        FROM generate_series(1::bigint, {rows}) AS n;
        ALTER TABLE nguoi ADD PRIMARY KEY (id);
        CREATE UNIQUE INDEX ON nguoi (so_dinh_danh);
        VACUUM ANALYZE nguoi;"
    )
}

/// Five hundred tables on either engine, each with rows.
const TABLES_POSTGRES: &str = "DO $$ BEGIN FOR t IN 1..500 LOOP
    EXECUTE format('CREATE TABLE bang_%s (id bigint PRIMARY KEY, so_dinh_danh varchar(12) NOT NULL, ho_ten text NOT NULL,
        ngay_sinh date, ma_xa char(5), dia_chi text, so_tien numeric(14,2), trang_thai smallint, ghi_chu text,
        dien_thoai varchar(15), email text, cap_nhat timestamptz NOT NULL)', t);
    EXECUTE format('INSERT INTO bang_%s SELECT n, lpad((49090000000 + n)::text, 12, ''0''), ''Trần Thị Mẫu'', ''1990-01-01'',
        ''20242'', ''Số 1, đường Thử'', n, 1, NULL, ''0905000000'', ''mau@vi.du'', ''2026-01-01'' FROM generate_series(1, 1000) AS n', t);
    EXECUTE format('CREATE UNIQUE INDEX ON bang_%s (so_dinh_danh)', t);
END LOOP; END $$";
const TABLES_MARIADB: &str = "CREATE DATABASE nhieu CHARACTER SET utf8mb4; USE nhieu;
DELIMITER //
CREATE PROCEDURE lam() BEGIN DECLARE t INT DEFAULT 1; WHILE t <= 500 DO
    EXECUTE IMMEDIATE CONCAT('CREATE TABLE bang_', t, ' (id BIGINT PRIMARY KEY, so_dinh_danh VARCHAR(12) NOT NULL UNIQUE,
        ho_ten TEXT NOT NULL, ngay_sinh DATE, ma_xa CHAR(5), dia_chi TEXT, so_tien DECIMAL(14,2), trang_thai SMALLINT,
        ghi_chu TEXT, dien_thoai VARCHAR(15), email TEXT, cap_nhat TIMESTAMP NOT NULL)');
    EXECUTE IMMEDIATE CONCAT('INSERT INTO bang_', t, ' SELECT seq, LPAD(49090000000 + seq, 12, ''0''), ''Trần Thị Mẫu'',
        ''1990-01-01'', ''20242'', ''Số 1, đường Thử'', seq, 1, NULL, ''0905000000'', ''mau@vi.du'', ''2026-01-01 00:00:00''
        FROM seq_1_to_1000');
    SET t = t + 1; END WHILE; END //
DELIMITER ;
CALL lam();
DROP PROCEDURE lam;
";

/// Puts rows into an SQLite file: what the generic servers that can be installed here read.
const TO_SQLITE: &str = r#"
import csv, io, sqlite3, sys
base = sqlite3.connect(sys.argv[1])
base.execute("PRAGMA synchronous = OFF")
base.execute("PRAGMA journal_mode = OFF")
base.execute("""CREATE TABLE nguoi (id INTEGER PRIMARY KEY, so_dinh_danh TEXT NOT NULL, ho_ten TEXT NOT NULL,
    gioi_tinh INTEGER NOT NULL, ngay_sinh TEXT NOT NULL, ma_xa TEXT NOT NULL, dia_chi TEXT, con_song INTEGER NOT NULL,
    thu_nhap TEXT, gio_ghi TEXT NOT NULL, cap_nhat TEXT NOT NULL, them TEXT)""")
rows = csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""))
values = ([None if value == "\\N" else value for value in row] for row in rows)
base.executemany("INSERT INTO nguoi VALUES (%s)" % ",".join("?" * 12), values)
base.execute("CREATE UNIQUE INDEX theo_so ON nguoi (so_dinh_danh)")
base.commit()
"#;
const COPY: &str =
    "COPY (SELECT id, so_dinh_danh, ho_ten, gioi_tinh, ngay_sinh, ma_xa, dia_chi, con_song::int, thu_nhap,
    gio_ghi, cap_nhat, them FROM nguoi) TO STDOUT (FORMAT csv, NULL '\\N')";

/// Makes the large table.
pub fn fill(url: &str, rows: u64) -> Result<()> {
    psql(url, &population(rows), Stdio::null())
}

/// Makes the database of many tables on PostgreSQL.
pub fn fill_many(url: &str) -> Result<()> {
    psql(url, TABLES_POSTGRES, Stdio::null())?;
    psql(url, "ANALYZE", Stdio::null())
}

/// Makes the database of many tables on MariaDB; its name is `nhieu`.
pub fn fill_many_mariadb(url: &str) -> Result<()> {
    let (account, place) =
        url.trim_start_matches("mysql://").split_once('@').context("an address with an account")?;
    let (user, password) = account.split_once(':').context("an account with a password")?;
    let (host, port) = place.split_once(':').context("an address with a port")?;
    let mut client = Command::new("mariadb");
    client.args(["--no-defaults", "--host", host, "--port", port, "--user", user]);
    client.args(["--protocol=tcp", "--default-character-set=utf8mb4"]).env("MYSQL_PWD", password);
    feed(client, TABLES_MARIADB.as_bytes())
}

/// All rows as the server's own `COPY` writes them, to a file that exists: the least that an export can take.
pub fn copy(url: &str, to: fs::File) -> Result<()> {
    psql(url, COPY, Stdio::from(to))
}

/// The same rows as an SQLite file.
pub fn to_sqlite(url: &str, python: &Path, folder: &Path) -> Result<PathBuf> {
    let (csv, file) = (folder.join("nguoi.csv"), folder.join("nguoi.db"));
    copy(url, fs::File::create(&csv)?)?;
    let mut command = Command::new(python);
    command.arg("-c").arg(TO_SQLITE).arg(&file).stdin(fs::File::open(&csv)?);
    ensure!(interrupt::run(&mut command)?.success(), "the rows do not go into SQLite, see above");
    fs::remove_file(csv)?;
    Ok(file)
}

fn psql(url: &str, sql: &str, to: Stdio) -> Result<()> {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url]).stdout(to);
    feed(command, sql.as_bytes())
}

fn feed(mut command: Command, text: &[u8]) -> Result<()> {
    let mut child = command.stdin(Stdio::piped()).spawn().context("a database's client does not start")?;
    child.stdin.take().context("its input is ours")?.write_all(text)?;
    ensure!(child.wait()?.success(), "a database's client failed, see above");
    Ok(())
}

/// Writes the definition of the service on the large table, with its password beside it; gives the definition's path.
pub fn definition(folder: &Path, url: &str) -> Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let rest = url.trim_start_matches("postgres://");
    let (account, place) = rest.split_once('@').context("an address with an account")?;
    let (user, password) = account.split_once(':').context("an account with a password")?;
    fs::create_dir_all(folder)?;
    let secret = folder.join("mat-khau.txt");
    fs::write(&secret, password)?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))?;
    let head = format!(
        "format = \"lienthong-source/1\"\nurl = \"postgres://{user}@{place}\"\npassword_file = \"mat-khau.txt\"\n"
    );
    let path = folder.join("nguoi.toml");
    fs::write(&path, head + DEFINITION)?;
    Ok(path)
}

const DEFINITION: &str = r#"
[service]
subsystem = "DO"
code = "nguoi"
title_vi = "Bảng mẫu để đo"
look_up = "soDinhDanh"
export = true

[entity]
table = "public.nguoi"
key = ["id"]
key_types = ["bigint"]

[limits]
page_rows_max = 100
at_once = 16

[[filter]]
parameter = "tuId"
field = "id"
how = "from"

[[field]]
name = "id"
column = "id"
type = "integer"
column_type = "bigint"

[[field]]
name = "soDinhDanh"
column = "so_dinh_danh"
type = "text"
column_type = "character varying(12)"

[[field]]
name = "hoTen"
column = "ho_ten"
type = "text"
column_type = "text"

[[field]]
name = "gioiTinh"
column = "gioi_tinh"
type = "integer"
column_type = "smallint"

[[field]]
name = "ngaySinh"
column = "ngay_sinh"
type = "date"
column_type = "date"

[[field]]
name = "maXa"
column = "ma_xa"
type = "text"
column_type = "character(5)"

[[field]]
name = "diaChi"
column = "dia_chi"
type = "text"
column_type = "text"

[[field]]
name = "conSong"
column = "con_song"
type = "boolean"
column_type = "boolean"

[[field]]
name = "thuNhap"
column = "thu_nhap"
type = "decimal"
column_type = "numeric(14,2)"

[[field]]
name = "gioGhi"
column = "gio_ghi"
type = "time"
column_type = "time without time zone"

[[field]]
name = "capNhat"
column = "cap_nhat"
type = "moment"
column_type = "timestamp with time zone"

[[field]]
name = "them"
column = "them"
type = "json"
column_type = "jsonb"
"#;
