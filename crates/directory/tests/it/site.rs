//! A loopback HTTP server of a repository that can be told to misbehave.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is sent instead of a file.
#[derive(Clone, Debug)]
pub enum Reply {
    Bytes(Vec<u8>),
    Status(u16),
    /// Promises a byte more than it sends, then ends the connection.
    Cut(Vec<u8>),
    /// Never ends.
    Endless,
    /// Never answers.
    Silent,
}

pub struct Site {
    pub url: String,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    task: JoinHandle<()>,
}

impl Site {
    /// Serves the folder until it is dropped.
    pub async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let replies = Arc::new(Mutex::new(HashMap::new()));
        let (folder, shared) = (folder.to_path_buf(), Arc::clone(&replies));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, folder.clone(), Arc::clone(&shared)));
            }
        });
        Self { url, replies, task }
    }

    pub fn set(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    pub fn behave(&self) {
        self.replies.lock().unwrap().clear();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, folder: PathBuf, replies: Arc<Mutex<HashMap<String, Reply>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let told = replies.lock().unwrap().get(&path).cloned();
    let reply = told.unwrap_or_else(|| match std::fs::read(folder.join(&path)) {
        Ok(bytes) => Reply::Bytes(bytes),
        Err(_) => Reply::Status(404),
    });
    // A client that has had enough closes the connection: then there is nobody to tell.
    let _ = send(&mut stream, reply).await;
}

async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    let head = |status: u16, length: usize| {
        format!(
            "HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )
    };
    match reply {
        Reply::Bytes(bytes) => {
            stream.write_all(head(200, bytes.len()).as_bytes()).await?;
            stream.write_all(&bytes).await
        }
        Reply::Status(status) => stream.write_all(head(status, 0).as_bytes()).await,
        Reply::Cut(bytes) => {
            stream.write_all(head(200, bytes.len() + 1).as_bytes()).await?;
            stream.write_all(&bytes).await
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n").await?;
            loop {
                stream.write_all(&[b' '; 16_384]).await?;
            }
        }
        Reply::Silent => std::future::pending().await,
    }
}
