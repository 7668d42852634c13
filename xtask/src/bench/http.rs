//! As much of an HTTP/1.1 client as measuring needs: one kept connection, one call at a time.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// After this a call has failed.
const CALL_SECONDS_MAX: u64 = 60;

/// An address split into what a connection and what a request line need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub address: SocketAddr,
    /// With the leading `/`.
    pub path: String,
}

impl Url {
    /// Parses `http://127.0.0.1:8080/path`; only numeric addresses, everything here is on loopback.
    pub fn parse(text: &str) -> Result<Self> {
        let rest =
            text.strip_prefix("http://").with_context(|| format!("`{text}` is not an http:// address"))?;
        let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
        let address = address.replace("localhost", "127.0.0.1");
        let address = address.parse().with_context(|| format!("`{text}` has no numeric host and port"))?;
        Ok(Self { address, path: format!("/{path}") })
    }
}

/// A kept connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(CALL_SECONDS_MAX)))?;
        stream.set_write_timeout(Some(Duration::from_secs(CALL_SECONDS_MAX)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends bytes of a request.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }

    /// Reads one whole answer: its status and its body.
    pub fn receive(&mut self) -> Result<(u16, Vec<u8>)> {
        read_answer(&mut self.stream)
    }
}

/// One call on a connection of its own.
pub fn get(url: &Url) -> Result<(u16, Vec<u8>)> {
    let mut connection = Connection::open(url.address)?;
    connection.send(&request("GET", url, &[], None))?;
    connection.receive()
}

/// One call whose answer goes to a file as it comes; its bytes.
pub fn download(url: &Url, to: &Path) -> Result<u64> {
    let mut connection = Connection::open(url.address)?;
    connection.send(&request("GET", url, &[], None))?;
    let head = read_head(&mut connection.stream)?;
    ensure!(head.status == 200 && head.chunked, "answered with {}, or not in chunks", head.status);
    let mut file = BufWriter::new(File::create(to)?);
    let mut bytes = 0;
    loop {
        let size = chunk_size(&mut connection.stream)?;
        if size == 0 {
            file.flush()?;
            return Ok(bytes);
        }
        bytes += io::copy(&mut (&mut connection.stream).take(size as u64), &mut file)?;
        ensure!(read_line(&mut connection.stream)?.is_empty(), "a chunk is longer than it says");
    }
}

/// The head of a request.
pub fn request(method: &str, url: &Url, headers: &[(&str, &str)], body_bytes: Option<usize>) -> Vec<u8> {
    let mut head = format!("{method} {} HTTP/1.1\r\nhost: {}\r\n", url.path, url.address);
    let length = body_bytes.map(|bytes| bytes.to_string());
    let headers = headers.iter().copied().chain(length.as_deref().map(|length| ("content-length", length)));
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// What stands before the body of an answer.
struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
}

fn read_head(stream: &mut BufReader<impl Read>) -> Result<Head> {
    let status_line = read_line(stream)?;
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status: u16 = status.with_context(|| format!("not an HTTP answer: `{status_line}`"))?;
    let mut head = Head { status, length: None, chunked: false };
    loop {
        let line = read_line(stream)?.to_ascii_lowercase();
        match line.split_once(':').map(|(name, value)| (name, value.trim())) {
            None if line.is_empty() => return Ok(head),
            Some(("content-length", value)) => head.length = Some(value.parse()?),
            Some(("transfer-encoding", value)) => head.chunked = value == "chunked",
            _ => {}
        }
    }
}

fn read_answer(stream: &mut BufReader<impl Read>) -> Result<(u16, Vec<u8>)> {
    let Head { status, length, chunked } = read_head(stream)?;
    let mut body = Vec::new();
    match (chunked, length) {
        (true, _) => read_chunks(stream, &mut body)?,
        (false, Some(length)) => {
            body.resize(length, 0);
            stream.read_exact(&mut body)?;
        }
        (false, None) if status == 204 || status == 304 => {}
        (false, None) => bail!("an answer without a length cannot be measured on a kept connection"),
    }
    Ok((status, body))
}

/// The size of the next chunk; 0 is the end, and is read to its end.
fn chunk_size(stream: &mut BufReader<impl Read>) -> Result<usize> {
    let line = read_line(stream)?;
    let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
    if size == 0 {
        while !read_line(stream)?.is_empty() {} // Trailers.
    }
    Ok(size)
}

fn read_chunks(stream: &mut BufReader<impl Read>, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let size = chunk_size(stream)?;
        if size == 0 {
            return Ok(());
        }
        let start = body.len();
        body.resize(start + size, 0);
        stream.read_exact(&mut body[start..])?;
        ensure!(read_line(stream)?.is_empty(), "a chunk is longer than it says");
    }
}

fn read_line(stream: &mut BufReader<impl Read>) -> Result<String> {
    let mut line = String::new();
    ensure!(stream.read_line(&mut line)? > 0, "the connection was closed before the answer");
    line.truncate(line.trim_end().len());
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Result<(u16, Vec<u8>)> {
        read_answer(&mut BufReader::new(text.as_bytes()))
    }

    #[test]
    fn an_answer_with_a_length_is_read_to_its_end() {
        let (status, body) = answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP").unwrap();
        assert_eq!((status, body.as_slice()), (200, b"hi".as_slice()));
    }

    #[test]
    fn chunks_are_joined_and_trailers_skipped() {
        let text =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nt: 1\r\n\r\n";
        assert_eq!(answer(text).unwrap().1, b"abc");
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        assert!(answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi").is_err());
        assert!(answer("").is_err());
    }

    #[test]
    fn an_address_is_split_into_host_and_path() {
        let url = Url::parse("http://127.0.0.1:80/a/b?c").unwrap();
        assert_eq!((url.address.port(), url.path.as_str()), (80, "/a/b?c"));
        assert_eq!(Url::parse("http://127.0.0.1:80").unwrap().path, "/");
        assert!(Url::parse("https://127.0.0.1:80").is_err());
    }
}
