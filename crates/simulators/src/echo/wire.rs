//! A connection that can be made to say things that are not HTTP.

use std::io::Result;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is sent instead of a response: no HTTP parser may take it for one.
const GARBAGE: &[u8] = b"\x16\x03\xff\x00rac\xc3\x28\r\n: : :\x00\x00\r\n\r\n<html>{{{";

/// A stream whose output is replaced from the moment its switch is set.
pub(super) struct Wire {
    stream: TcpStream,
    garbled: Arc<AtomicBool>,
    sent: bool,
}

impl Wire {
    pub(super) const fn new(stream: TcpStream, garbled: Arc<AtomicBool>) -> Self {
        Self { stream, garbled, sent: false }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if !self.garbled.load(Ordering::Relaxed) {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        if !self.sent {
            // A few bytes on an idle socket go out whole; were they cut, they would be garbage all the same.
            ready!(Pin::new(&mut self.stream).poll_write(cx, GARBAGE))?;
            self.sent = true;
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
