//! What SQL Server is asked, and what its driver makes of a peer that speaks its protocol. The peer is ours: no real server
//! was there to try.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sources::engine::{Address, Engine, Guard, Row, Source, Statement};
use sources::error::SourceError;
use sources::query::{Page, Query};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the peer says to a statement.
#[derive(Clone)]
enum Says {
    /// Rows of one column of text.
    Rows(Vec<Option<&'static str>>),
    /// An error with its number.
    Error(u32),
    /// The beginning of rows, then it goes away.
    Breaks,
    /// Nothing.
    Nothing,
}

/// A peer that speaks as much of TDS 7.3 as a question needs.
struct Peer {
    url: String,
    /// Questions as they came.
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<Mutex<u32>>,
    says: Arc<Mutex<Says>>,
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn counted(text: &str) -> Vec<u8> {
    [vec![u8::try_from(text.encode_utf16().count()).unwrap()], utf16(text)].concat()
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &u16::try_from(body.len()).unwrap().to_le_bytes()[..], body].concat()
}

fn error(number: u32) -> Vec<u8> {
    let message = utf16("bang noi_bo");
    let length = u16::try_from(message.len() / 2).unwrap().to_le_bytes();
    let head = [&number.to_le_bytes()[..], &[1, 16], &length, &message].concat();
    token(0xAA, &[head, counted("may"), counted(""), vec![1, 0, 0, 0]].concat())
}

/// The end of an answer; `2` is an error.
fn done(status: u8) -> Vec<u8> {
    [&[0xFD, status, 0, 0, 0][..], &[0; 8]].concat()
}

fn rows(values: &[Option<&str>]) -> Vec<u8> {
    let column = [&[0, 0, 0, 0, 9, 0, 0xE7, 0x40, 0x1F, 9, 4, 0xD0, 0, 0x34][..], &counted("c")].concat();
    let mut answer = [vec![0x81, 1, 0], column].concat();
    for value in values {
        answer.push(0xD1);
        match value {
            None => answer.extend([0xFF, 0xFF]),
            Some(text) => {
                let text = utf16(text);
                answer.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
                answer.extend(text);
            }
        }
    }
    answer
}

async fn send(stream: &mut TcpStream, body: &[u8], is_last: bool) {
    let length = u16::try_from(body.len() + 8).unwrap().to_be_bytes();
    let head = [4, u8::from(is_last), length[0], length[1], 0, 0, 1, 0];
    let _ = stream.write_all(&[&head[..], body].concat()).await;
}

/// A message in all its packets, with its type; nothing when the other end is gone.
async fn receive(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).await.ok()?;
        let mut body = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]])) - 8];
        stream.read_exact(&mut body).await.ok()?;
        message.extend(body);
        if head[1] & 1 == 1 {
            return Some((head[0], message));
        }
    }
}

impl Peer {
    async fn start(login: Option<u32>, says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("mssql://doc:bi-mat@{}/HoTich?encrypt=off", listener.local_addr().unwrap());
        let peer = Self {
            url,
            asked: Arc::default(),
            connections: Arc::default(),
            says: Arc::new(Mutex::new(says)),
        };
        let (asked, says, connections) =
            (Arc::clone(&peer.asked), Arc::clone(&peer.says), Arc::clone(&peer.connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                let (asked, says, open) = (Arc::clone(&asked), Arc::clone(&says), Arc::clone(&connections));
                tokio::spawn(async move {
                    converse(stream, login, &asked, &says).await;
                    *open.lock().unwrap() -= 1;
                });
            }
        });
        peer
    }

    async fn source(&self, statement_ms: u64) -> Result<Source, SourceError> {
        let address: Address = self.url.parse().unwrap();
        Source::open(&address, &Guard { statement_ms, connections: 2 }).await
    }
}

async fn converse(
    mut stream: TcpStream,
    login: Option<u32>,
    asked: &Mutex<Vec<Vec<u8>>>,
    says: &Mutex<Says>,
) {
    while let Some((kind, message)) = receive(&mut stream).await {
        match kind {
            // Options of the way: version, no encryption.
            0x12 => {
                send(&mut stream, &[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 15, 0, 0, 0, 0, 0, 2], true).await;
            }
            0x10 => {
                let accepted = [&[1, 0x73, 0x0B, 0, 3][..], &counted("SQL Server"), &[15, 0, 0, 0]].concat();
                let answer = login.map_or_else(
                    || [token(0xAD, &accepted), done(0)].concat(),
                    |number| [error(number), done(2)].concat(),
                );
                send(&mut stream, &answer, true).await;
            }
            3 => {
                asked.lock().unwrap().push(message);
                let says = says.lock().unwrap().clone();
                match says {
                    Says::Rows(values) => send(&mut stream, &[rows(&values), done(0)].concat(), true).await,
                    Says::Error(number) => send(&mut stream, &[error(number), done(2)].concat(), true).await,
                    Says::Breaks => {
                        send(&mut stream, &rows(&[Some("nua"), Some("chung")]), false).await;
                        return;
                    }
                    Says::Nothing => {}
                }
            }
            _ => send(&mut stream, &done(0), true).await,
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    let wanted = utf16(text);
    bytes.windows(wanted.len()).any(|part| part == wanted)
}

#[tokio::test]
async fn rows_come_as_text_and_values_are_never_part_of_the_statement() {
    let peer = Peer::start(None, Says::Rows(vec![Some("Nguyễn"), None, Some("")])).await;
    let source = peer.source(1_000).await.unwrap();
    let sql = "SELECT t.[ten] FROM [dbo].[so] AS t WHERE t.[ma] = CAST(@P1 AS varchar(12))";
    let evil = "1'; DROP TABLE so --";
    let got = source.all(sql, vec![evil.to_owned()]).await.unwrap();
    assert_eq!(got, [vec![Some("Nguyễn".to_owned())], vec![None], vec![Some(String::new())]]);
    let asked = peer.asked.lock().unwrap()[0].clone();
    assert!(contains(&asked, sql) && contains(&asked, evil) && !contains(&asked, &format!("{sql}{evil}")));
    assert!(contains(&asked, "@P1 nvarchar"), "the value is declared as text");
    assert_eq!(source.all("SELECT 1", Vec::new()).await.unwrap().len(), 3);
    assert_eq!(*peer.connections.lock().unwrap(), 1, "a connection is used again");
}

#[tokio::test]
async fn what_the_server_says_has_a_code_and_passwords_never_show() {
    let peer = Peer::start(Some(18_456), Says::Nothing).await;
    let refused = peer.source(1_000).await.err().unwrap();
    assert_eq!(refused.code(), "EX-3003", "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("bi-mat"));
    let nobody: Address = "mssql://doc:bi-mat@127.0.0.1:1/x".parse().unwrap();
    let error = Source::open(&nobody, &Guard::default()).await.err().unwrap();
    assert!(error.code() == "EX-3002" && !error.to_string().contains("bi-mat"), "{error}");

    let peer = Peer::start(None, Says::Nothing).await;
    let source = peer.source(1_000).await.unwrap();
    for (number, code) in [
        (208, "EX-3004"),
        (207, "EX-3004"),
        (229, "EX-3003"),
        (245, "EX-3009"),
        (1_222, "EX-3005"),
        (1_205, "EX-3012"),
    ] {
        *peer.says.lock().unwrap() = Says::Error(number);
        let error = source.all("SELECT 1", Vec::new()).await.err().unwrap();
        assert_eq!(error.code(), code, "{number}: {error}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_or_a_statement_that_runs_too_long_ends_in_an_error() {
    let peer = Peer::start(None, Says::Breaks).await;
    let source = peer.source(300).await.unwrap();
    let statement = Statement { sql: "SELECT 1".into(), parameters: Vec::new() };
    let broken: Result<Vec<Row>, SourceError> = source.rows(statement).try_collect().await;
    assert_eq!(broken.err().map(|error| error.code()), Some("EX-3002"));

    *peer.says.lock().unwrap() = Says::Nothing;
    let started = Instant::now();
    let slow = source.all("SELECT 1", Vec::new()).await;
    assert_eq!(slow.err().map(|error| error.code()), Some("EX-3005"));
    assert!(started.elapsed() < Duration::from_secs(3));
    for _ in 0..100 {
        if *peer.connections.lock().unwrap() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(*peer.connections.lock().unwrap(), 0, "the statement ended with its connection");
    *peer.says.lock().unwrap() = Says::Rows(vec![Some("lai")]);
    assert_eq!(
        source.all("SELECT 1", Vec::new()).await.unwrap().len(),
        1,
        "the next one has a new connection"
    );
}

#[test]
fn statements_are_in_the_words_of_sql_server() {
    let text = r#"
format = "lienthong-source/1"
url = "mssql://doc@127.0.0.1/HoTich"

[service]
subsystem = "HOTICH"
code = "khai-sinh"
title_vi = "Khai sinh"
look_up = "so"

[entity]
table = "dbo.khai]sinh"
key = ["id", "cap"]
key_types = ["bigint", "datetime2(3)"]

[[field]]
name = "so"
column = "so"
type = "text"
column_type = "varchar(12)"

[[field]]
name = "ten"
column = "ho ten"
type = "text"
column_type = "nvarchar(100)"

[[filter]]
parameter = "ten"
field = "ten"
how = "prefix"
"#;
    let definition = sources::Definition::parse(text).unwrap();
    let query = Query::new(&definition, Engine::SqlServer);
    let columns = "CONVERT(nvarchar(max), t.[so]), CONVERT(nvarchar(max), t.[ho ten]), CONVERT(nvarchar(max), t.[id]), CONVERT(nvarchar(30), t.[cap], 126)";
    let from = format!("SELECT {columns} FROM [dbo].[khai]]sinh] AS t");
    let order = "ORDER BY t.[id], t.[cap] OFFSET 0 ROWS FETCH NEXT";
    assert_eq!(
        query.one("049'").unwrap(),
        Statement {
            sql: format!("{from} WHERE t.[so] = CAST(@P1 AS varchar(8000)) {order} 2 ROWS ONLY").into(),
            parameters: vec!["049'".into()]
        }
    );
    let filters = vec![("ten".to_owned(), "a[b]%_!".to_owned())];
    let after = Some(vec!["7".to_owned(), "2026-11-22T00:00:00.123".to_owned()]);
    let page = Page { filters, limit: 50, after, since: None };
    let wanted = format!(
        "{from} WHERE t.[ho ten] LIKE @P1 ESCAPE '!' AND ((t.[id] > CAST(@P2 AS bigint)) OR (t.[id] = CAST(@P3 AS bigint) AND \
         t.[cap] > CAST(@P4 AS datetime2(7)))) {order} 51 ROWS ONLY"
    );
    let asked = query.page(&page).unwrap();
    assert_eq!((&*asked.sql, asked.parameters[0].as_str()), (&*wanted, "a![b]!%!_!!%"));
    let counted = query.count(&Page::default()).unwrap();
    assert_eq!(&*counted.sql, "SELECT CONVERT(nvarchar(20), count_big(*)) FROM [dbo].[khai]]sinh] AS t");
}
