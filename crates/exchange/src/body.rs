//! Bodies: small ones in memory, large ones in a nameless temporary file, digests made on the way.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use crypto::commitment::{BodyCommitment, Salt};
use crypto::hash::{Digest, Sha256, Sha512};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeekExt, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

/// Bytes of a body that are kept in memory; what is longer goes to disk. The issue of memory: 64 bodies at once.
pub const MEMORY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes read from a spooled body at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Where a body is kept while its call is carried out.
#[derive(Debug)]
enum Kept {
    Memory(Bytes),
    /// A file without a name: gone with the process, whatever happens to it.
    Disk(File, u64),
}

/// A whole body with its digests.
#[derive(Debug)]
pub struct Spooled {
    kept: Kept,
    /// SHA-256 of the bytes, for `Content-Digest`.
    pub sha256: Digest,
    /// SHA-512 of the bytes, for `X-Road-Request-Hash`; only made where it is asked for.
    pub sha512: Option<[u8; 64]>,
    /// Salted commitment to the bytes.
    pub commitment: Digest,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More bytes than allowed.
    #[error("body larger than {0} bytes")]
    TooLarge(u64),
    /// The sender stopped, broke the framing or was too slow.
    #[error("body incomplete")]
    Incomplete,
    /// The temporary file failed.
    #[error("body cannot be kept on disk")]
    Disk(#[source] io::Error),
}

/// How a body is to be read.
pub struct Reading<'a> {
    /// Salt of the commitment.
    pub salt: &'a Salt,
    /// Bytes at most.
    pub bytes_max: u64,
    /// By when the last byte must be here.
    pub deadline: Instant,
    /// Folder for bodies over [`MEMORY_BYTES_MAX`].
    pub spool_dir: &'a Path,
    /// Whether X-Road's SHA-512 is wanted too.
    pub sha512: bool,
}

impl Spooled {
    /// Bytes in the body.
    pub fn len(&self) -> u64 {
        match &self.kept {
            Kept::Memory(bytes) => bytes.len() as u64,
            Kept::Disk(_, len) => *len,
        }
    }

    /// Whether the body has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A body of bytes that are already here.
    pub fn from_bytes(bytes: Bytes, salt: &Salt) -> Self {
        let mut commitment = BodyCommitment::new(salt);
        commitment.update(&bytes);
        let sha256 = crypto::hash::sha256(&[&bytes]);
        Self { kept: Kept::Memory(bytes), sha256, sha512: None, commitment: commitment.finish() }
    }

    /// The whole body in memory; for bodies whose size the caller has limited.
    ///
    /// # Errors
    /// The temporary file failed.
    pub async fn into_bytes(self) -> io::Result<Bytes> {
        match self.kept {
            Kept::Memory(bytes) => Ok(bytes),
            Kept::Disk(..) => Ok(self.into_body().collect().await?.to_bytes()),
        }
    }

    /// The body as something hyper sends; can be asked for once.
    pub fn into_body(self) -> OutBody {
        match self.kept {
            Kept::Memory(bytes) => OutBody::Memory(Some(bytes)),
            Kept::Disk(file, left) => OutBody::Disk { file, left, buffer: BytesMut::new() },
        }
    }
}

/// Reads `body` to its end; `None` when it has no bytes at all (X-Road: no body part).
///
/// # Errors
/// Too large, incomplete, too slow, or the disk failed.
pub async fn read<B>(mut body: B, reading: &Reading<'_>) -> Result<Option<Spooled>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > reading.bytes_max {
        return Err(BodyError::TooLarge(reading.bytes_max));
    }
    let mut sink = Sink::new(reading);
    while !body.is_end_stream() {
        let frame = tokio::time::timeout_at(reading.deadline, body.frame());
        let Some(frame) = frame.await.map_err(|_| BodyError::Incomplete)? else { break };
        let frame = frame.map_err(|_| BodyError::Incomplete)?;
        if let Ok(data) = frame.into_data() {
            sink.take(data).await?;
        }
    }
    sink.finish().await
}

/// Collects a body: first chunks as they came, then a buffer, then a file.
struct Sink<'a> {
    reading: &'a Reading<'a>,
    first: Option<Bytes>,
    memory: BytesMut,
    disk: Option<File>,
    len: u64,
    sha256: Sha256,
    sha512: Option<Sha512>,
    commitment: BodyCommitment,
}

impl<'a> Sink<'a> {
    fn new(reading: &'a Reading<'a>) -> Self {
        Self {
            reading,
            first: None,
            memory: BytesMut::new(),
            disk: None,
            len: 0,
            sha256: Sha256::new(),
            sha512: reading.sha512.then(Sha512::new),
            commitment: BodyCommitment::new(reading.salt),
        }
    }

    async fn take(&mut self, data: Bytes) -> Result<(), BodyError> {
        self.len += data.len() as u64;
        if self.len > self.reading.bytes_max {
            return Err(BodyError::TooLarge(self.reading.bytes_max));
        }
        self.sha256.update(&data);
        self.commitment.update(&data);
        if let Some(hash) = &mut self.sha512 {
            hash.update(&data);
        }
        if let Some(file) = &mut self.disk {
            return file.write_all(&data).await.map_err(BodyError::Disk);
        }
        // Most bodies are one chunk: kept without copying.
        if self.first.is_none() && self.memory.is_empty() {
            self.first = Some(data);
        } else {
            if let Some(first) = self.first.take() {
                self.memory.extend_from_slice(&first);
            }
            self.memory.extend_from_slice(&data);
        }
        if self.len > MEMORY_BYTES_MAX as u64 {
            self.move_to_disk().await.map_err(BodyError::Disk)?;
        }
        Ok(())
    }

    async fn move_to_disk(&mut self) -> io::Result<()> {
        let dir = self.reading.spool_dir.to_owned();
        let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(dir));
        let mut file = File::from_std(file.await.map_err(io::Error::other)??);
        if let Some(first) = self.first.take() {
            file.write_all(&first).await?;
        }
        file.write_all(&std::mem::take(&mut self.memory)).await?;
        self.disk = Some(file);
        Ok(())
    }

    async fn finish(self) -> Result<Option<Spooled>, BodyError> {
        if self.len == 0 {
            return Ok(None);
        }
        let kept = match (self.disk, self.first) {
            (Some(mut file), _) => {
                file.flush().await.map_err(BodyError::Disk)?;
                file.rewind().await.map_err(BodyError::Disk)?;
                Kept::Disk(file, self.len)
            }
            (None, Some(first)) => Kept::Memory(first),
            (None, None) => Kept::Memory(self.memory.freeze()),
        };
        Ok(Some(Spooled {
            kept,
            sha256: self.sha256.finish(),
            sha512: self.sha512.map(Sha512::finish),
            commitment: self.commitment.finish(),
        }))
    }
}

/// A body on its way out.
#[derive(Debug)]
pub enum OutBody {
    /// From memory.
    Memory(Option<Bytes>),
    /// From the temporary file, a chunk at a time.
    Disk {
        /// Positioned at the next byte.
        file: File,
        /// Bytes still to send.
        left: u64,
        /// The chunk being read.
        buffer: BytesMut,
    },
}

impl OutBody {
    /// No body.
    pub fn empty() -> Self {
        Self::Memory(None)
    }

    /// A body of these bytes.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::Memory(Some(bytes.into()))
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Memory(bytes) => {
                Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b))))
            }
            Self::Disk { left: 0, .. } => Poll::Ready(None),
            Self::Disk { file, left, buffer } => {
                buffer.resize(CHUNK_BYTES, 0);
                let mut space = ReadBuf::new(buffer);
                match Pin::new(file).poll_read(cx, &mut space) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
                    Poll::Ready(Ok(())) => {
                        let read = space.filled().len();
                        if read == 0 {
                            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                        }
                        *left = left.saturating_sub(read as u64);
                        Poll::Ready(Some(Ok(Frame::data(buffer.split_to(read).freeze()))))
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Memory(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Disk { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Memory(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Disk { left, .. } => SizeHint::with_exact(*left),
        }
    }
}

#[cfg(test)]
mod tests;
