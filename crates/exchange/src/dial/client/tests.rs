#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::dial::{Destination, client};

/// A server that gives the same bytes to each request; it counts connections.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: &'static [u8], requests_max: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a?b", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    for _ in 0..requests_max {
                        let mut head = Vec::new();
                        while !head.ends_with(b"\r\n\r\n") {
                            let Ok(byte) = stream.read_u8().await else { return };
                            head.push(byte);
                        }
                        assert!(head.starts_with(b"GET /a?b HTTP/1.1\r\n"), "{}", head.escape_ascii());
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        Self { url, connections }
    }

    async fn ask(&self, client: &HttpClient) -> Result<Response<InBody>, ClientError> {
        client.request(Request::get(&self.url).body(OutBody::empty()).unwrap()).await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

async fn read(answer: Response<InBody>) -> Bytes {
    answer.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn one_connection_serves_one_call_after_another() {
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let none = b"HTTP/1.1 204 No Content\r\n\r\n";
    for (answer, body) in [(ANSWER, "hi"), (chunked, "hi"), (none, "")] {
        let (server, client) = (Server::start(answer, 10).await, client(Destination::Url, None));
        for _ in 0..10 {
            assert_eq!(read(server.ask(&client).await.unwrap()).await, body);
        }
        assert_eq!(server.connections(), 1, "{}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn calls_at_the_same_time_have_a_connection_each() {
    let (server, client) = (Server::start(ANSWER, 10).await, client(Destination::Url, None));
    let (one, two) = (server.ask(&client).await.unwrap(), server.ask(&client).await.unwrap());
    assert_eq!((read(one).await, read(two).await), ("hi".into(), "hi".into()));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_the_other_end_closed_is_not_used_again() {
    let (server, client) = (Server::start(ANSWER, 1).await, client(Destination::Url, None));
    for asked in 1..=3 {
        assert_eq!(read(server.ask(&client).await.unwrap()).await, "hi");
        assert_eq!(server.connections(), asked);
        // The end of the connection must have arrived; there is nothing that tells when.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_connection_with_more_than_the_answer_is_not_used_again() {
    let more = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx";
    let (server, client) = (Server::start(more, 10).await, client(Destination::Url, None));
    for asked in 1..=3 {
        assert_eq!(read(server.ask(&client).await.unwrap()).await, "hi");
        assert_eq!(server.connections(), asked);
    }
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_is_not_used_again() {
    let (server, client) = (Server::start(ANSWER, 10).await, client(Destination::Url, None));
    for asked in 1..=3 {
        drop(server.ask(&client).await.unwrap());
        assert_eq!(server.connections(), asked);
    }
}

#[tokio::test]
async fn nobody_there_and_no_http_are_told_apart() {
    let client = client(Destination::Url, None);
    let server = Server::start(b"220 mail ready\r\n\r\n", 1).await;
    assert!(matches!(server.ask(&client).await, Err(ClientError::Broken(_))));
    let nobody = Request::get("http://127.0.0.1:1/").body(OutBody::empty()).unwrap();
    assert!(matches!(client.request(nobody).await, Err(ClientError::Connect(_))));
    let nowhere = Request::get("/a").body(OutBody::empty()).unwrap();
    assert!(matches!(client.request(nowhere).await, Err(ClientError::Connect(_))));
}

#[tokio::test]
async fn what_is_idle_too_long_is_closed_even_if_the_other_end_never_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let closed = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(ANSWER).await.unwrap();
        // Ends only when the client takes its leave.
        stream.read_to_end(&mut head).await
    });
    let dialer = Dialer { destination: Destination::Url, tls: None };
    let client = HttpClient::keeping(dialer, Duration::from_millis(100));
    let request = Request::get(&url).body(OutBody::empty()).unwrap();
    assert_eq!(read(client.request(request).await.unwrap()).await, "hi");
    tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap().unwrap().unwrap();
    assert!(client.0.idle().kept.is_empty());
}
