//! The databases that we read: connecting, their catalogues, and rows as text.

mod address;
mod catalogue;
mod connect;
pub(crate) mod kept;
mod mssql;
pub(crate) mod types;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{Stream, TryStreamExt as _, stream};
use sqlx::{AssertSqlSafe, MySqlConnection, PgConnection, Row as _, SqliteConnection};
use tokio::sync::mpsc;

use crate::error::SourceError;
use crate::file::{FileState, Following};
use crate::value::Kind;

use kept::{Age, Kept};

pub use address::Address;
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
        self.as_text_of("t", column, (kind, type_name))
    }

    /// A column of a table as text, by its kind and its type.
    pub fn as_text_of(self, table: &str, column: &str, (kind, type_name): (Option<Kind>, &str)) -> String {
        let column = format!("{table}.{}", self.quoted(column));
        match (self, kind) {
            (Self::Postgres, _) => format!("{column}::text"),
            (Self::SqlServer, _) => mssql::as_text(&column, type_name),
            (Self::Sqlite, _) => format!("CAST({column} AS TEXT)"),
            // Our session asks for UTC.
            (Self::MySql, Some(Kind::Moment)) => format!("CONCAT(CAST({column} AS CHAR), '+00:00')"),
            (Self::MySql, _) => format!("CAST({column} AS CHAR)"),
        }
    }

    /// A column of the key as text; nothing where that text, sent back, would not be the same value: SQLite keeps anything
    /// in any column.
    pub(crate) fn key_as_text(self, column: &str, type_name: &str) -> String {
        let text = self.as_text(column, None, type_name);
        match self {
            // The sign takes the affinity away, which a parameter does not have either.
            Self::Sqlite => format!("CASE WHEN {} = +{text} THEN {text} END", self.column(column)),
            Self::Postgres | Self::MySql | Self::SqlServer => text,
        }
    }

    /// A column of the table `t` where it is compared with a value.
    pub(crate) fn compared(self, column: &str, type_name: &str) -> String {
        match self {
            Self::Sqlite if !types::has_affinity(type_name) => self.as_text(column, None, type_name),
            _ => self.column(column),
        }
    }

    /// Whether values of two types are other ones. Longer texts and larger numbers are not: nothing goes wrong by them.
    pub(crate) fn is_other_type(self, was: &str, is: &str) -> bool {
        catalogue::is_other(self, was, is)
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
            Self::Postgres | Self::SqlServer => {
                format!("CAST({} AS {})", self.place(number), types::without_length(self, type_name))
            }
            // Decimals of files are kept as text, and compared as numbers.
            Self::Sqlite if type_name == crate::file::DECIMAL => "CAST(? AS NUMERIC)".into(),
            // These two compare a column with a text by the column's own rules.
            Self::Sqlite | Self::MySql => self.place(number),
        }
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
    /// Columns of the primary key and of each unique index, some of which may be empty.
    pub unique: Vec<Vec<String>>,
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
    File(Arc<Following>),
    SqlServer(mssql::Pool),
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
/// A connection that was closed while nobody used it is found out at once. One that breaks later had a question at work,
/// which is not asked a second time.
const CLOSED_WITHIN: Duration = Duration::from_millis(500);
/// Instructions of SQLite's machine between two looks at the clock: well below a millisecond.
const SQLITE_STEPS: i32 = 10_000;
/// What is read as a whole at once has at most so many bytes: a server may give rows of any length.
const ALL_BYTES_MAX: usize = 64 << 20;

/// What is done with each row.
type Each<'a> = &'a mut (dyn FnMut(Seen<'_>) -> Result<(), SourceError> + Send);

/// Reads the rows of a statement on one engine; the connection is kept when all went well.
macro_rules! read {
    ($source:expr, $kept:expr, $statement:expr, $prepare:expr, |$texts:ident| $each:expr) => {{
        let (source, statement): (&Source, &Statement) = ($source, $statement);
        let (mut age, mut began) = (Age::Any, false);
        loop {
            let asked = Instant::now();
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
                Err(error)
                    if taken.was_used
                        && !began
                        && connect::is_closed(&error)
                        && asked.elapsed() < CLOSED_WITHIN =>
                {
                    age = Age::New;
                }
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
            Pool::File(following) => {
                // The copy that answers now; it stays until its rows are read.
                let copy = following.current();
                let time = Duration::from_millis($source.guard.statement_ms);
                read!($source, copy.kept, $statement, |open| limit(open, time), |$texts| $each)
            }
            Pool::SqlServer(pool) => {
                let mut coming = pool.rows($statement.clone());
                loop {
                    let row = match coming.try_next().await {
                        Ok(Some(row)) => row,
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    };
                    let $texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
                    if let Err(error) = $each {
                        break Err(error);
                    }
                }
            }
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

    /// The columns of one table or view; none where the catalogue does not have it under this name.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn columns(&self, full_name: &str) -> Result<Vec<Column>, SourceError> {
        catalogue::columns(self, full_name).await
    }

    /// Reads the rows of a statement, one after the other, without keeping any.
    ///
    /// # Errors
    /// What the database says; what `each` says, which ends it.
    pub async fn read(&self, statement: &Statement, each: Each<'_>) -> Result<(), SourceError> {
        read_any!(self, statement, |texts| each(&texts))
    }

    /// Where a file stands; nothing for databases.
    pub fn file(&self) -> Option<FileState> {
        match &self.pool {
            Pool::File(following) => Some(following.state()),
            _ => None,
        }
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
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let statement = Statement { sql: sql.into(), parameters };
        self.read(&statement, &mut |row| {
            bytes += row.iter().flatten().map(|text| text.len()).sum::<usize>();
            if bytes > ALL_BYTES_MAX {
                return Err(SourceError::TooLarge { limit_bytes: ALL_BYTES_MAX });
            }
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
