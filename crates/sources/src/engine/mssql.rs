//! Microsoft SQL Server, by TDS 7.3 (SQL Server 2008 and later).
//!
//! It has no session that can only read: the account decides. We ask for a read-only copy where there is one
//! (`ApplicationIntent=ReadOnly`), wait for no lock longer than for an answer, and end a statement that runs too long by
//! closing its connection. Isolation is the server's READ COMMITTED; a database with `READ_COMMITTED_SNAPSHOT` keeps writers
//! from waiting for us.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _};
use tiberius::error::Error;
use tiberius::{AuthMethod, Client, ColumnData, Config, EncryptionLevel, Query};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};
use url::Url;

use super::{Address, Guard, Row, Rows, Statement};
use crate::error::{Mistake, SourceError};
use crate::value::Kind;

/// Longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// An unused connection is not used again after this.
const IDLE: Duration = Duration::from_mins(1);
/// Rows that wait for whoever reads them.
const ROWS_WAITING: usize = 64;

type Session = Client<Compat<TcpStream>>;

/// Connections to one database.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    config: Config,
    name: String,
    guard: Guard,
    turns: Semaphore,
    idle: Mutex<Vec<(Instant, Session)>>,
}

/// What may stand behind the name of the database.
fn config(address: &Address) -> Result<Config, SourceError> {
    let wrong = |what: String| SourceError::Address { what };
    let url = Url::parse(address.text()).map_err(|error| wrong(error.to_string()))?;
    let mut config = Config::new();
    config.host(url.host_str().unwrap_or_default().trim_matches(['[', ']']));
    config.port(url.port().unwrap_or(1433));
    config.database(decoded(url.path().trim_start_matches('/')));
    config.authentication(AuthMethod::sql_server(
        decoded(url.username()),
        decoded(url.password().unwrap_or_default()),
    ));
    config.application_name("lienthong");
    config.readonly(true);
    config.encryption(EncryptionLevel::Required);
    for (key, value) in url.query_pairs() {
        match (&*key, &*value) {
            ("ca", path) => config.trust_cert_ca(path),
            ("encrypt", "off") => config.encryption(EncryptionLevel::NotSupported),
            _ => return Err(wrong("?ca=FILE | ?encrypt=off".into())),
        }
    }
    Ok(config)
}

/// A part of an address without its escapes; a plus sign is one.
fn decoded(part: &str) -> String {
    let text = format!("x={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(text.as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

impl Pool {
    pub(super) async fn open(address: &Address, guard: &Guard) -> Result<Self, SourceError> {
        let inner = Inner {
            config: config(address)?,
            name: address.to_string(),
            guard: *guard,
            turns: Semaphore::new(guard.connections as usize),
            idle: Mutex::default(),
        };
        let pool = Self(Arc::new(inner));
        let session = pool.0.connect().await?;
        pool.0.keep(session);
        Ok(pool)
    }

    /// The rows of a statement as they come. Whoever drops them early ends the connection, and with it the statement.
    pub(super) fn rows(&self, statement: Statement) -> Rows<'static> {
        let (rows, coming) = mpsc::channel(ROWS_WAITING);
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            let limit_ms = inner.guard.statement_ms;
            let running = tokio::time::timeout(Duration::from_millis(limit_ms), inner.run(statement, &rows));
            let result = tokio::select! {
                result = running => result.unwrap_or(Err(SourceError::TimedOut { limit_ms })),
                () = rows.closed() => return,
            };
            if let Err(error) = result {
                let _ = rows.send(Err(error)).await;
            }
        });
        futures_util::stream::unfold(coming, async |mut coming| Some((coming.recv().await?, coming))).boxed()
    }
}

impl Inner {
    async fn connect(&self) -> Result<Session, SourceError> {
        let unreachable = |what: String| SourceError::Unreachable { source_name: self.name.clone(), what };
        match tokio::time::timeout(CONNECT_WAIT, self.sign_in()).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(match self.failed(&error) {
                SourceError::Other { what } => unreachable(what),
                other => other,
            }),
            Err(_) => Err(unreachable(format!("{} s", CONNECT_WAIT.as_secs()))),
        }
    }

    async fn sign_in(&self) -> Result<Session, Error> {
        let mut session = match self.dial(self.config.clone()).await {
            // An availability group sends readers to a copy.
            Err(Error::Routing { host, port }) => {
                let mut config = self.config.clone();
                config.host(host);
                config.port(port);
                self.dial(config).await?
            }
            other => other?,
        };
        // Dates as ISO 8601 writes them, whatever the account's language.
        let settings = format!(
            "SET LANGUAGE us_english; SET DATEFORMAT ymd; SET LOCK_TIMEOUT {}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            self.guard.statement_ms
        );
        session.simple_query(settings).await?.into_results().await?;
        Ok(session)
    }

    async fn dial(&self, config: Config) -> Result<Session, Error> {
        let tcp = TcpStream::connect(config.get_addr()).await?;
        tcp.set_nodelay(true)?;
        Box::pin(Client::connect(config, tcp.compat_write())).await
    }

    async fn session(&self) -> Result<Session, SourceError> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match kept {
                Some((since, session)) if since.elapsed() < IDLE => return Ok(session),
                Some(_) => {}
                None => return self.connect().await,
            }
        }
    }

    fn keep(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), session));
    }

    /// A connection that failed, or whose reader went away, is closed: it is not kept.
    async fn run(
        &self,
        statement: Statement,
        rows: &mpsc::Sender<Result<Row, SourceError>>,
    ) -> Result<(), SourceError> {
        let _turn =
            self.turns.acquire().await.map_err(|error| SourceError::Other { what: error.to_string() })?;
        let mut session = self.session().await?;
        let mut query = Query::new(statement.sql.to_string());
        for parameter in statement.parameters {
            query.bind(parameter);
        }
        let failed = |error: Error| self.failed(&error);
        let mut coming = query.query(&mut session).await.map_err(failed)?.into_row_stream();
        while let Some(row) = coming.try_next().await.map_err(failed)? {
            let texts = row.cells().map(|(_, value)| text(value)).collect::<Result<Row, SourceError>>()?;
            if rows.send(Ok(texts)).await.is_err() {
                return Ok(());
            }
        }
        drop(coming);
        self.keep(session);
        Ok(())
    }

    /// What an error of the driver means for whoever asked.
    fn failed(&self, error: &Error) -> SourceError {
        let what = match error {
            Error::Server(said) => said.message().to_owned(),
            other => other.to_string(),
        };
        match error {
            Error::Io { .. } | Error::Tls(_) => {
                SourceError::Unreachable { source_name: self.name.clone(), what }
            }
            // Numbers of sys.messages.
            _ => match error.code() {
                Some(1222) => SourceError::TimedOut { limit_ms: self.guard.statement_ms },
                Some(18_456 | 18_452 | 4_060 | 229 | 230 | 916 | 262 | 300) => SourceError::NoRight { what },
                Some(208 | 207 | 4_413 | 4_502) => SourceError::Changed { what },
                Some(241 | 242 | 245 | 248 | 295 | 8_114 | 8_115 | 8_169 | 2_628) => {
                    let vi = "không phải giá trị của cột";
                    SourceError::Question(vec![Mistake::new("value", vi, "is no value of the column")])
                }
                _ => SourceError::Other { what },
            },
        }
    }
}

/// A value as text. Statements ask for text, except of binary fractions: their shortest exact form is made here.
fn text(value: &ColumnData<'_>) -> Result<Option<String>, SourceError> {
    Ok(match value {
        ColumnData::String(text) => text.as_ref().map(ToString::to_string),
        ColumnData::F32(number) => number.map(|number| number.to_string()),
        ColumnData::F64(number) => number.map(|number| number.to_string()),
        _ => return Err(SourceError::Other { what: "a value that is no text".into() }),
    })
}

/// A column as text, by its type: with every digit, in the forms of ISO 8601.
pub(super) fn as_text(column: &str, type_name: &str) -> String {
    match base(type_name).as_str() {
        "real" | "float" => column.to_owned(),
        "date" => format!("CONVERT(nvarchar(10), {column}, 23)"),
        "datetime" | "datetime2" | "smalldatetime" => format!("CONVERT(nvarchar(30), {column}, 126)"),
        "datetimeoffset" => format!("CONVERT(nvarchar(40), {column}, 127)"),
        "money" | "smallmoney" => format!("CONVERT(nvarchar(30), {column}, 2)"),
        "binary" | "varbinary" | "timestamp" => format!("CONVERT(nvarchar(max), {column}, 1)"),
        _ if kind(type_name).is_some() => format!("CONVERT(nvarchar(max), {column})"),
        // Pictures, shapes and the like have no text, and asking for one would be an error.
        _ => "CAST(NULL AS nvarchar(1))".into(),
    }
}

/// A name of a type without its length.
fn base(type_name: &str) -> String {
    type_name.split(['(', ' ']).next().unwrap_or_default().to_ascii_lowercase()
}

/// What we make of types that SQL Server has; nothing for those that cannot be given.
pub(super) fn kind(type_name: &str) -> Option<Kind> {
    Some(match base(type_name).as_str() {
        "bit" => Kind::Boolean,
        "tinyint" | "smallint" | "int" | "bigint" => Kind::Integer,
        "decimal" | "numeric" | "money" | "smallmoney" | "real" | "float" => Kind::Decimal,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "datetimeoffset" => Kind::Moment,
        "datetime" | "datetime2" | "smalldatetime" => Kind::LocalMoment,
        "char" | "varchar" | "nchar" | "nvarchar" | "text" | "ntext" | "uniqueidentifier" => Kind::Text,
        // `timestamp` is a number of the row's version there, no moment.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_text_that_keeps_all_of_it() {
        for (type_name, expected) in [
            ("date", "CONVERT(nvarchar(10), t.[c], 23)"),
            ("datetime2(7)", "CONVERT(nvarchar(30), t.[c], 126)"),
            ("datetimeoffset(7)", "CONVERT(nvarchar(40), t.[c], 127)"),
            ("money", "CONVERT(nvarchar(30), t.[c], 2)"),
            ("float", "t.[c]"),
            ("decimal(38,10)", "CONVERT(nvarchar(max), t.[c])"),
            ("nvarchar(max)", "CONVERT(nvarchar(max), t.[c])"),
            ("image", "CAST(NULL AS nvarchar(1))"),
        ] {
            assert_eq!(as_text("t.[c]", type_name), expected, "{type_name}");
        }
        assert_eq!(text(&ColumnData::F64(Some(0.1))).unwrap().as_deref(), Some("0.1"));
        assert_eq!(text(&ColumnData::F64(Some(1e22))).unwrap().as_deref(), Some("10000000000000000000000"));
        assert!(text(&ColumnData::I32(Some(1))).is_err(), "numbers are asked for as text");
        assert_eq!(
            (kind("timestamp"), kind("datetime"), kind("varbinary(max)")),
            (None, Some(Kind::LocalMoment), None)
        );
    }

    #[test]
    fn an_address_names_the_account_and_how_the_way_is_kept_safe() {
        let config = |text: &str| config(&text.parse::<Address>().unwrap());
        let read = config("mssql://doc%40so:b%2Bi+m@10.0.0.7/HoTich?encrypt=off").unwrap();
        assert_eq!(read.get_addr(), "10.0.0.7:1433");
        assert!(format!("{read:?}").contains("HoTich"));
        assert!(!format!("{read:?}").contains("b+i"), "passwords do not show");
        assert_eq!((decoded("b%2Bi+m%20"), decoded("a&b=c")), ("b+i+m ".to_owned(), "a&b=c".to_owned()));
        assert!(config("mssql://doc@10.0.0.7:1500/HoTich?ca=/x/ca.pem").is_ok());
        assert!(config("mssql://doc@10.0.0.7/HoTich?trust=all").is_err());
    }
}
