//! Everything, for consumers that may have it: in parts, in bounded memory, each part a question of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::{Clock as _, SystemClock};
use bytes::Bytes;
use http::{StatusCode, header};
use tokio::sync::mpsc;

use crate::error::SourceError;
use crate::query::Page;
use crate::serve::{Refusal, Service};

/// Parts of an export that may wait for a slow reader.
const PARTS: usize = 4;
/// Rows of a part of an export: a question of its own, so that none runs long or holds a place from others.
const ROWS: u32 = 500;
/// Longest wait for a reader of an export that does not read.
const WAIT: Duration = Duration::from_mins(1);

type Parts = mpsc::Sender<Result<Bytes, std::io::Error>>;

/// Everything, in parts, as fast as the reader reads; the memory is bounded by the parts that wait.
pub(crate) async fn export(State(service): State<Arc<Service>>) -> Result<Response, Refusal> {
    let definition = service.definition();
    if !definition.service.export {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    if let Some(window) = definition.limits.bulk {
        let opens_in_s = window.opens_in_s(SystemClock.now());
        if opens_in_s > 0 {
            return Err(SourceError::NotNow { window: window.to_string(), opens_in_s }.into());
        }
    }
    let (parts, coming) = mpsc::channel(PARTS);
    tokio::spawn(async move {
        let _running = service.load().export();
        if let Err(error) = write(&service, &parts).await {
            tracing::warn!(code = error.code(), %error, "an export ended early");
            // The reader sees a broken answer, not a short one.
            let _ = parts.send(Err(std::io::Error::other(error.code()))).await;
        }
    });
    let body = Body::from_stream(stream(coming));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn stream<T: Send + 'static>(coming: mpsc::Receiver<T>) -> impl futures_util::Stream<Item = T> + Send {
    futures_util::stream::unfold(coming, async |mut coming| Some((coming.recv().await?, coming)))
}

async fn write(service: &Service, parts: &Parts) -> Result<(), SourceError> {
    let query = service.query();
    let mut page = Page { limit: ROWS, ..Page::default() };
    loop {
        let mut rows = service.ask(query.page(&page)?).await?;
        let more = rows.len() > ROWS as usize;
        rows.truncate(ROWS as usize);
        let mut part = Vec::new();
        for row in &rows {
            service.write(row, &mut part)?;
            part.push(b'\n');
        }
        send(parts, part).await?;
        match rows.last().filter(|_| more) {
            Some(last) => page.after = Some(query.key_of(last)),
            None => return Ok(()),
        }
    }
}

async fn send(parts: &Parts, part: Vec<u8>) -> Result<(), SourceError> {
    match tokio::time::timeout(WAIT, parts.send(Ok(part.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(SourceError::Other { what: "the reader went away".into() }),
    }
}
