//! The databases that we read: connecting, their catalogues, and rows as text.

mod catalogue;
mod connect;
mod kept;

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{Stream, TryStreamExt as _, stream};
use sqlx::{AssertSqlSafe, MySqlConnection, PgConnection, Row as _, SqliteConnection};
use tokio::sync::mpsc;
use url::Url;

use crate::error::SourceError;
use crate::value::Kind;

use kept::{Age, Kept};

pub use connect::Guard;
pub(crate) use connect::failed;

/// A row: each value as the database's own text, or nothing.
pub type Row = Vec<Option<String>>;
/// A row that is only looked at.
pub type Seen<'a> = &'a [Option<&'a str>];
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
}

impl Engine {
    /// A name within a statement.
    pub fn quoted(self, name: &str) -> String {
        match self {
            // SQLite takes a name between double quotes that it does not know for a text.
            Self::MySql | Self::Sqlite => format!("`{}`", name.replace('`', "``")),
            Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// The place of parameter `number`, counted from 1.
    pub fn place(self, number: usize) -> String {
        match self {
            Self::Postgres => format!("${number}"),
            Self::Sqlite | Self::MySql => "?".into(),
        }
    }

    /// A column of the table `t` as text. Named with its table: PostgreSQL would otherwise sort by the text.
    pub fn as_text(self, column: &str, kind: Option<Kind>) -> String {
        let column = self.column(column);
        match (self, kind) {
            (Self::Postgres, _) => format!("{column}::text"),
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

    /// A parameter, which is always sent as text, as a value of the column's type, so that an index serves.
    pub fn as_value(self, number: usize, type_name: &str) -> String {
        match self {
            Self::Postgres => format!("CAST({} AS {type_name})", self.place(number)),
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

    pub(crate) fn text(&self) -> &str {
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
            _ => {
                let what = "sqlite:PATH | postgres://… | mysql://… | mariadb://…".into();
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
    /// About how many rows, where that is known without reading them.
    pub rows: Option<u64>,
    /// Whether that number is counted, not estimated.
    pub rows_exact: bool,
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
    Sqlite(Arc<Kept<SqliteConnection>>),
    Postgres(Arc<Kept<PgConnection>>),
    MySql(Arc<Kept<MySqlConnection>>),
}

/// A statement with its parameters. Every value is a parameter, never part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// SQL in the engine's words.
    pub sql: Arc<str>,
    /// Texts, in the order of their places.
    pub parameters: Vec<String>,
}

/// Rows that may wait for a slow reader of [`Source::rows`].
const ROWS_WAITING: usize = 64;
/// Instructions of SQLite's machine between two looks at the clock: well below a millisecond.
const SQLITE_STEPS: i32 = 10_000;

/// What is done with each row.
type Each<'a> = &'a mut (dyn FnMut(Seen<'_>) -> Result<(), SourceError> + Send);

/// Reads the rows of a statement on one engine; the connection is kept when all went well.
macro_rules! read {
    ($source:expr, $kept:expr, $statement:expr, $prepare:expr, |$texts:ident| $each:expr) => {{
        let (source, statement): (&Source, &Statement) = ($source, $statement);
        let (mut age, mut began) = (Age::Any, false);
        loop {
            let mut taken = $kept.take(age).await.map_err(|error| source.away(&error))?;
            let reading = async {
                $prepare(&mut *taken).await?;
                let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&statement.sql)));
                for parameter in &statement.parameters {
                    query = query.bind(parameter);
                }
                let mut rows = query.fetch(&mut *taken);
                while let Some(row) = rows.try_next().await? {
                    began = true;
                    let mut $texts: Vec<Option<&str>> = Vec::with_capacity(row.len());
                    for at in 0..row.len() {
                        // Every column is made text by the statement; the driver need not ask for each whether it is.
                        $texts.push(row.try_get_unchecked(at)?);
                    }
                    if let Err(error) = $each {
                        return Ok(Err(error));
                    }
                }
                Ok(Ok(()))
            };
            let read: Result<Result<(), SourceError>, sqlx::Error> = reading.await;
            match read {
                Ok(Ok(())) => {
                    taken.keep();
                    break Ok(());
                }
                Ok(Err(error)) => break Err(error),
                Err(error) if taken.was_used && !began && connect::is_closed(&error) => age = Age::New,
                // A statement that was refused leaves the connection as it was.
                Err(error) => {
                    let failed = source.failed(&error);
                    if matches!(error, sqlx::Error::Database(_)) && !connect::is_closed(&error) {
                        taken.keep();
                    }
                    break Err(failed);
                }
            }
        }
    }};
}

/// Reads the rows of a statement on whichever engine it is.
macro_rules! read_any {
    ($source:expr, $statement:expr, |$texts:ident| $each:expr) => {
        match &$source.pool {
            Pool::Sqlite(kept) => {
                let time = Duration::from_millis($source.guard.statement_ms);
                read!($source, kept, $statement, |open| limit(open, time), |$texts| $each)
            }
            Pool::Postgres(kept) => read!($source, kept, $statement, ready, |$texts| $each),
            Pool::MySql(kept) => read!($source, kept, $statement, ready, |$texts| $each),
        }
    };
}

/// Ends the statements of a connection at a time: SQLite itself knows no limit.
async fn limit(connection: &mut SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let until = Instant::now() + limit;
    let mut handle = connection.lock_handle().await?;
    handle.set_progress_handler(SQLITE_STEPS, move || Instant::now() < until);
    Ok(())
}

/// Nothing has to be done before a question.
fn ready<C>(_: &mut C) -> std::future::Ready<Result<(), sqlx::Error>> {
    std::future::ready(Ok(()))
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

    /// Reads the rows of a statement, one after the other, without keeping any.
    ///
    /// # Errors
    /// What the database says; what `each` says, which ends it.
    pub async fn read(&self, statement: &Statement, each: Each<'_>) -> Result<(), SourceError> {
        read_any!(self, statement, |texts| each(&texts))
    }

    /// The rows of a statement, as they come.
    pub fn rows(&self, statement: Statement) -> Rows<'static> {
        let (out, coming) = mpsc::channel(ROWS_WAITING);
        let source = self.clone();
        tokio::spawn(async move {
            if let Err(error) = source.send(&statement, &out).await {
                let _ = out.send(Err(error)).await;
            }
        });
        Box::pin(stream::unfold(coming, async |mut coming| Some((coming.recv().await?, coming))))
    }

    /// Sends the rows of a statement to a reader, as fast as it reads.
    async fn send(
        &self,
        statement: &Statement,
        out: &mpsc::Sender<Result<Row, SourceError>>,
    ) -> Result<(), SourceError> {
        let gone = |_| SourceError::Other { what: "the reader went away".into() };
        read_any!(self, statement, |texts| {
            out.send(Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())).await.map_err(gone)
        })
    }

    /// All rows of a statement.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all(
        &self,
        sql: impl Into<Arc<str>>,
        parameters: Vec<String>,
    ) -> Result<Vec<Row>, SourceError> {
        let mut rows = Vec::new();
        let statement = Statement { sql: sql.into(), parameters };
        self.read(&statement, &mut |row| {
            rows.push(row.iter().map(|text| text.map(str::to_owned)).collect());
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// What it means that there is no connection.
    fn away(&self, error: &sqlx::Error) -> SourceError {
        connect::away((&self.address, &self.guard), error)
    }

    /// What an error of a driver means.
    fn failed(&self, error: &sqlx::Error) -> SourceError {
        connect::failed((&self.address, &self.guard), error)
    }
}
