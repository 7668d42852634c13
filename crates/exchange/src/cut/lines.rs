//! Answers of one JSON object a line (NDJSON), cut line by line while they come: exports are larger than what is held in
//! memory, and each line is an answer of its own.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame};

use super::answer::{is_kind, note, passes, plain};
use super::withheld::Withheld;
use super::{Cutter, FieldSet, Rule, Uncuttable};
use crate::body::Spooled;
use crate::error::Reason;
use crate::forward::Reply;
use crate::wire::headers::Headers;

/// A body whose lines are cut to fields.
pub(crate) struct Lines<B> {
    body: B,
    fields: FieldSet,
    line_bytes_max: u64,
    /// The line that has not ended yet.
    held: Vec<u8>,
    withheld: Withheld,
    refused: Option<Uncuttable>,
    ended: bool,
}

/// The body behind broke off, or a line cannot be cut.
#[derive(Debug)]
pub(crate) struct Stopped;

/// Whether an answer comes in lines of JSON, plain and whole.
pub(crate) fn comes_in_lines(status: StatusCode, headers: &Headers) -> bool {
    let is_lines = |kind: &str| is_kind(kind, |subtype| subtype == "x-ndjson");
    status.is_success() && status != StatusCode::PARTIAL_CONTENT && plain(headers, is_lines).is_ok()
}

impl<B> Lines<B> {
    /// Cuts a body of lines, none longer than `line_bytes_max`.
    pub(crate) fn new(body: B, fields: FieldSet, line_bytes_max: u64) -> Self {
        let (held, withheld) = (Vec::new(), Withheld::default());
        Self { body, fields, line_bytes_max, held, withheld, refused: None, ended: false }
    }

    /// The answer, of what was read through here.
    ///
    /// # Errors
    /// [`Reason::CannotCut`]; why it was not read to its end.
    pub(crate) fn reply(
        self,
        mut reply: Reply,
        read: Result<Option<Spooled>, Reason>,
    ) -> Result<Reply, Reason> {
        let whole = match self.refused {
            Some(why) => Err(Reason::CannotCut(why)),
            None => read,
        };
        let result = whole.map(|body| {
            reply.headers.retain(|(name, _)| passes(name));
            reply.body = body;
            reply.withheld = self.withheld.into_paths();
            reply
        });
        note(&result);
        result
    }

    /// Cuts the lines that end in `data`; what is behind the last end is held.
    fn take(&mut self, data: &[u8]) -> Result<Vec<u8>, Uncuttable> {
        let mut out = Vec::new();
        let mut lines = data.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = lines.next() {
            if (self.held.len() + part.len()) as u64 > self.line_bytes_max {
                return Err(Uncuttable::TooLarge(self.line_bytes_max));
            }
            self.held.extend_from_slice(part);
            if lines.peek().is_some() {
                self.line(&mut out)?;
            }
        }
        Ok(out)
    }

    /// Cuts the line that is held.
    fn line(&mut self, out: &mut Vec<u8>) -> Result<(), Uncuttable> {
        let line = std::mem::take(&mut self.held);
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let mut cutter = Cutter::new(&line)?;
        cutter.withheld = std::mem::take(&mut self.withheld);
        if !cutter.document(Rule::Fields(self.fields.root()))? {
            return Err(Uncuttable::NoFields);
        }
        out.extend_from_slice(cutter.out.as_bytes());
        out.push(b'\n');
        self.withheld = cutter.withheld;
        Ok(())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Lines<B> {
    type Data = Bytes;
    type Error = Stopped;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        let this = self.get_mut();
        while !this.ended {
            let cut = match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.take(&data),
                    // Trailers could carry what was not granted.
                    Err(_) => continue,
                },
                Some(Err(_)) => {
                    this.ended = true;
                    return Poll::Ready(Some(Err(Stopped)));
                }
                None => {
                    this.ended = true;
                    this.take(b"\n")
                }
            };
            match cut {
                Ok(lines) if lines.is_empty() => {}
                Ok(lines) => return Poll::Ready(Some(Ok(Frame::data(lines.into())))),
                Err(why) => {
                    (this.refused, this.ended) = (Some(why), true);
                    return Poll::Ready(Some(Err(Stopped)));
                }
            }
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};

    /// What becomes of a text that comes in parts of so many bytes.
    async fn cut(text: &str, part: usize) -> (Option<String>, Option<Uncuttable>, Vec<String>) {
        let parts: Vec<_> = text.as_bytes().chunks(part).map(Bytes::copy_from_slice).collect();
        let frames = stream::iter(parts.into_iter().map(|data| Ok::<_, Stopped>(Frame::data(data))));
        let mut lines = Lines::new(StreamBody::new(frames), FieldSet::new(["a", "o.x"]).unwrap(), 40);
        let read = (&mut lines).collect().await.ok();
        let text = read.map(|read| String::from_utf8(read.to_bytes().to_vec()).unwrap());
        (text, lines.refused, lines.withheld.into_paths())
    }

    #[tokio::test]
    async fn each_line_is_cut_however_it_comes() {
        let text = "{\"a\":1,\"b\":\"kín\"}\n\n{\"o\":{\"x\":2,\"y\":3}}\r\n{\"c\":1}";
        for part in [1, 2, 7, 1000] {
            let (given, refused, withheld) = cut(text, part).await;
            assert_eq!(given.as_deref(), Some("{\"a\":1}\n{\"o\":{\"x\":2}}\n{}\n"), "{part}");
            assert_eq!((refused, withheld.join(" ").as_str()), (None, "b c o.y"));
        }
        assert_eq!(cut("", 1).await, (Some(String::new()), None, Vec::new()));
    }

    #[tokio::test]
    async fn a_line_that_cannot_be_cut_ends_the_answer() {
        let long = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}", "x".repeat(40));
        for (text, why) in [
            ("{\"a\":1}\n{\"a\":1", Uncuttable::NotJson),
            ("{\"a\":1}\n7\n", Uncuttable::NoFields),
            ("{\"a\":1}{\"b\":1}\n", Uncuttable::NotJson),
            (long.as_str(), Uncuttable::TooLarge(40)),
        ] {
            for part in [1, 1000] {
                let (given, refused, _) = cut(text, part).await;
                assert_eq!((given, refused), (None, Some(why)), "{text}");
            }
        }
    }
}
