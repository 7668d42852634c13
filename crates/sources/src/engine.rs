//! The databases that we read: connecting, their catalogues, and rows as text.

mod catalogue;
mod connect;
mod mssql;

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;

use futures_util::{Stream, StreamExt as _};
use sqlx::mysql::MySqlPool;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row as _};
use url::Url;

use crate::error::SourceError;
use crate::value::Kind;

pub use connect::Guard;

/// A row: each value as the database's own text, or nothing.
pub type Row = Vec<Option<String>>;
/// Rows as they come.
pub type Rows<'a> = Pin<Box<dyn Stream<Item = Result<Row, SourceError>> + Send + 'a>>;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of this machine.
    Sqlite,
    /// PostgreSQL 12 and later.
    Postgres,
    /// MySQL 8, MariaDB 10.3 and later.
    MySql,
    /// Microsoft SQL Server 2012 and later; not tried on a real server yet.
    SqlServer,
}

impl Engine {
    /// A name within a statement.
    pub fn quoted(self, name: &str) -> String {
        match self {
            // SQLite takes a name between double quotes that it does not know for a text.
            Self::MySql | Self::Sqlite => format!("`{}`", name.replace('`', "``")),
            Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::SqlServer => format!("[{}]", name.replace(']', "]]")),
        }
    }

    /// The place of parameter `number`, counted from 1.
    pub fn place(self, number: usize) -> String {
        match self {
            Self::Postgres => format!("${number}"),
            Self::SqlServer => format!("@P{number}"),
            Self::Sqlite | Self::MySql => "?".into(),
        }
    }

    /// A column of the table `t` as text, by its kind and its type. Named with its table: PostgreSQL would otherwise sort by
    /// the text.
    pub fn as_text(self, column: &str, kind: Option<Kind>, type_name: &str) -> String {
        let column = self.column(column);
        match (self, kind) {
            (Self::Postgres, _) => format!("{column}::text"),
            (Self::SqlServer, _) => mssql::as_text(&column, type_name),
            (Self::Sqlite, _) => format!("CAST({column} AS TEXT)"),
            // Our session asks for UTC.
            (Self::MySql, Some(Kind::Moment)) => format!("CONCAT(CAST({column} AS CHAR), '+00:00')"),
            (Self::MySql, _) => format!("CAST({column} AS CHAR)"),
        }
    }

    /// A column of the table `t`.
    pub fn column(self, name: &str) -> String {
        format!("t.{}", self.quoted(name))
    }

    /// A table by its full name, as `t`.
    pub fn table(self, full_name: &str) -> String {
        let parts: Vec<_> = full_name.split('.').map(|part| self.quoted(part)).collect();
        format!("{} AS t", parts.join("."))
    }

    /// How many rows there are, as text.
    pub fn count(self) -> &'static str {
        match self {
            Self::MySql => "CAST(count(*) AS CHAR)",
            Self::SqlServer => "CONVERT(nvarchar(20), count_big(*))",
            Self::Postgres | Self::Sqlite => "CAST(count(*) AS TEXT)",
        }
    }

    /// The end of a statement: its order, which may be empty, and how many rows at most.
    pub fn first_rows(self, order: &str, limit: u32) -> String {
        match (self, order) {
            // Rows are only counted off behind an order.
            (Self::SqlServer, "") => {
                format!(" ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT {limit} ROWS ONLY")
            }
            (Self::SqlServer, order) => {
                format!(" ORDER BY {order} OFFSET 0 ROWS FETCH NEXT {limit} ROWS ONLY")
            }
            (_, "") => format!(" LIMIT {limit}"),
            (_, order) => format!(" ORDER BY {order} LIMIT {limit}"),
        }
    }

    /// A text within a pattern of `LIKE … ESCAPE '!'`, standing for itself.
    pub fn in_pattern(self, text: &str) -> String {
        let text = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        if self == Self::SqlServer { text.replace('[', "![") } else { text }
    }

    /// A parameter, which is always sent as text, as a value of the column's type, so that an index serves.
    pub fn as_value(self, number: usize, type_name: &str) -> String {
        match self {
            Self::Postgres | Self::SqlServer => format!("CAST({} AS {type_name})", self.place(number)),
            // These two compare a column with a text by the column's own rules.
            Self::Sqlite | Self::MySql => self.place(number),
        }
    }
}

/// Where a source is. Its password never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    engine: Engine,
}

impl Address {
    /// Which engine answers there.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// With the password that lies elsewhere.
    ///
    /// # Errors
    /// A file has no password.
    pub fn with_password(&self, password: &str) -> Result<Self, SourceError> {
        let none = |()| SourceError::Address { what: "password".into() };
        let mut url = Url::parse(&self.url).map_err(|e| SourceError::Address { what: e.to_string() })?;
        url.set_password(Some(password)).map_err(none)?;
        Ok(Self { url: url.into(), engine: self.engine })
    }

    /// The password that stands in it.
    pub fn password(&self) -> Option<String> {
        Url::parse(&self.url).ok()?.password().map(str::to_owned)
    }

    /// Without its password, for files that people read.
    pub fn without_password(&self) -> String {
        self.to_string().replace(":***@", "@")
    }

    fn text(&self) -> &str {
        &self.url
    }

    /// The path of a file.
    fn path(&self) -> &str {
        self.url.strip_prefix("sqlite:").unwrap_or(&self.url)
    }
}

impl FromStr for Address {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        let engine = match text.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Engine::Sqlite,
            Some("postgres" | "postgresql") => Engine::Postgres,
            Some("mysql" | "mariadb") => Engine::MySql,
            Some("mssql") => Engine::SqlServer,
            _ => {
                let what = "sqlite:PATH | postgres://… | mysql://… | mariadb://… | mssql://…".into();
                return Err(SourceError::Address { what });
            }
        };
        let text = text.replacen("mariadb:", "mysql:", 1);
        if engine != Engine::Sqlite {
            let url = Url::parse(&text).map_err(|e| SourceError::Address { what: e.to_string() })?;
            if url.query_pairs().any(|(key, _)| key.to_ascii_lowercase().contains("pass")) {
                let what = "mật khẩu đặt trong tệp, --password-file / a password belongs into a file".into();
                return Err(SourceError::Address { what });
            }
            if url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 {
                let what = "thiếu máy chủ hoặc tên CSDL / server or database name is missing".into();
                return Err(SourceError::Address { what });
            }
        }
        Ok(Self { url: text, engine })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.engine == Engine::Sqlite {
            return f.write_str(&self.url);
        }
        let Ok(mut url) = Url::parse(&self.url) else { return f.write_str("?") };
        if url.password().is_some() {
            let _ = url.set_password(Some("***"));
        }
        write!(f, "{url}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// A table or view of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Schema; empty on engines without.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Whether it is a view.
    pub is_view: bool,
    /// About how many rows, where the engine keeps count; exact on SQLite.
    pub rows: Option<u64>,
    /// Columns, in their order.
    pub columns: Vec<Column>,
    /// Columns of the primary key, in its order; of the first unique index otherwise. Empty: there is none.
    pub key: Vec<String>,
    /// First columns of indexes.
    pub indexed: Vec<String>,
}

impl Table {
    /// As definitions name it.
    pub fn full_name(&self) -> String {
        if self.schema.is_empty() { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }

    /// A column.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// The engine's name of its type.
    pub type_name: String,
    /// What we make of it; nothing for types that we do not know.
    pub kind: Option<Kind>,
    /// Whether it may be empty.
    pub nullable: bool,
    /// What its maker wrote about it.
    pub comment: String,
}

/// A database that is open for reading.
#[derive(Clone)]
pub struct Source {
    address: Address,
    guard: Guard,
    pool: Pool,
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MySql(MySqlPool),
    SqlServer(mssql::Pool),
}

/// A statement with its parameters. Every value is a parameter, never part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// SQL in the engine's words.
    pub sql: String,
    /// Texts, in the order of their places.
    pub parameters: Vec<String>,
}

/// Text of each column of a row.
macro_rules! texts {
    ($row:expr) => {
        (0..$row.len()).map(|at| $row.try_get::<Option<String>, _>(at)).collect::<Result<Row, _>>()
    };
}

/// Streams the rows of a statement on whichever engine it is.
macro_rules! stream {
    ($pool:expr, $statement:expr, $source:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($statement.sql));
        for parameter in $statement.parameters {
            query = query.bind(parameter);
        }
        let source = $source;
        Box::pin(query.fetch($pool).map(move |row| {
            let row = row.map_err(|error| source.failed(&error))?;
            texts!(row).map_err(|error| source.failed(&error))
        }))
    }};
}

impl Source {
    /// Connects, read-only.
    ///
    /// # Errors
    /// Nobody answers, or refuses.
    pub async fn open(address: &Address, guard: &Guard) -> Result<Self, SourceError> {
        let pool = connect::open(address, guard).await?;
        Ok(Self { address: address.clone(), guard: *guard, pool })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.address.engine
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Tables and views that the account may read, in order of name.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tables(&self) -> Result<Vec<Table>, SourceError> {
        catalogue::tables(self).await
    }

    /// The rows of a statement, as they come.
    pub fn rows(&self, statement: Statement) -> Rows<'_> {
        match &self.pool {
            Pool::Sqlite(pool) => stream!(pool, statement, self),
            Pool::Postgres(pool) => stream!(pool, statement, self),
            Pool::MySql(pool) => stream!(pool, statement, self),
            Pool::SqlServer(pool) => pool.rows(statement),
        }
    }

    /// All rows of a statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all(
        &self,
        sql: impl Into<String>,
        parameters: Vec<String>,
    ) -> Result<Vec<Row>, SourceError> {
        use futures_util::TryStreamExt as _;
        self.rows(Statement { sql: sql.into(), parameters }).try_collect().await
    }

    /// What an error of a driver means.
    fn failed(&self, error: &sqlx::Error) -> SourceError {
        connect::failed((&self.address, &self.guard), error)
    }
}
