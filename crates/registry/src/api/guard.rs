//! What comes before every handler that writes: how much one person may, and what an idempotency key stands for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use audit::PersonId;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base::Ts;
use http::{Method, StatusCode};
use web::Problem;

use super::Api;
use super::request::{FILE_BYTES_MAX, IDEMPOTENCY_KEY, unread_body};
use crate::RegistryError;

/// Changes that one person may ask for in one go: more than a working day brings by hand, less than a program in a loop.
pub const WRITES_AT_ONCE: u32 = 300;
/// Seconds after which one more is allowed.
pub const WRITE_EVERY_S: i64 = 1;
/// So many of them a refused one costs, since refusals stand in the journal for ever: 30 in one go, then six a minute.
pub const REFUSED_COSTS: u32 = 10;

/// SHA-256 of a request with a key: method, address, body.
#[derive(Clone, Copy)]
pub(super) struct RequestDigest(pub(super) [u8; 32]);

/// How much each person wrote lately; of this process only.
#[derive(Default)]
pub(super) struct Writes(Mutex<HashMap<PersonId, Ts>>);

impl Writes {
    /// Counts a change as if it were refused, so that whoever hangs up pays for it. When there were too many: the seconds
    /// to wait.
    fn begin(&self, person: &PersonId, now: Ts) -> Result<(), u64> {
        let full = now.plus_secs(i64::from(WRITES_AT_ONCE) * WRITE_EVERY_S);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // From this moment on nothing counts any more. A clock that was put back must not lock anybody out.
        let free = all.entry(person.clone()).or_insert(now);
        *free = (*free).clamp(now, full);
        let used = free.plus_secs(i64::from(REFUSED_COSTS) * WRITE_EVERY_S);
        if used > full {
            let wait_us = used.0 - full.0;
            return Err(u64::try_from(wait_us / 1_000_000 + 1).unwrap_or(1));
        }
        *free = used;
        Ok(())
    }

    /// What was counted has not been refused: it costs one.
    fn done(&self, person: &PersonId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(free) = all.get_mut(person) {
            *free = free.plus_secs(-i64::from(REFUSED_COSTS - 1) * WRITE_EVERY_S);
        }
    }
}

/// Lets a request on that writes nothing, or whose person has not written too much.
pub(super) async fn writes(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
        return next.run(request).await;
    }
    // Who is nobody is refused by the handler, before anything is written.
    let Some(person) = api.signed_in(request.headers(), request.extensions()) else {
        return next.run(request).await;
    };
    if let Err(wait_s) = api.0.writes.begin(&person.id, api.now()) {
        return Problem { retry_after_s: Some(wait_s), ..too_many() }.into_response();
    }
    let response = match with_digest(request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    if !response.status().is_client_error() {
        api.0.writes.done(&person.id);
    }
    response
}

fn too_many() -> Problem {
    let what = "thay đổi của một người trong một lúc / changes of one person in one go";
    let error = RegistryError::TooMany { what, max: WRITES_AT_ONCE as usize };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, &error.code(), error.to_string())
}

/// The request with its digest, when it has a key: the draft of RFC “Idempotency-Key” calls it the fingerprint.
async fn with_digest(request: Request) -> Result<Request, Problem> {
    if !request.headers().contains_key(&IDEMPOTENCY_KEY) {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let body =
        Bytes::from_request(whole, &()).await.map_err(|rejection| unread_body(&rejection, FILE_BYTES_MAX))?;
    let address = parts.uri.path_and_query().map_or("", |address| address.as_str());
    // Neither method nor address has a zero in it.
    let digest =
        crypto::hash::sha256(&[parts.method.as_str().as_bytes(), b"\0", address.as_bytes(), b"\0", &body]);
    parts.extensions.insert(RequestDigest(digest));
    Ok(Request::from_parts(parts, Body::from(body)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_000_000);

    fn many(writes: &Writes, id: &PersonId, now: Ts, done: bool) -> u32 {
        let mut count = 0;
        while writes.begin(id, now).is_ok() {
            count += 1;
            if done {
                writes.done(id);
            }
        }
        count
    }

    #[test]
    fn a_person_writes_so_much_at_once_and_refusals_cost_more() {
        let (writes, an, binh) = (Writes::default(), "an".parse().unwrap(), "binh".parse().unwrap());
        assert_eq!(many(&writes, &an, NOW, true), WRITES_AT_ONCE - REFUSED_COSTS + 1);
        assert_eq!(writes.begin(&an, NOW), Err(2));
        assert_eq!(many(&writes, &binh, NOW, false), WRITES_AT_ONCE / REFUSED_COSTS);
        assert_eq!(many(&writes, &binh, NOW.plus_secs(60), false), 60 / REFUSED_COSTS);
    }

    #[test]
    fn a_clock_that_is_put_back_locks_nobody_out() {
        let (writes, an) = (Writes::default(), "an".parse().unwrap());
        many(&writes, &an, NOW.plus_secs(86_400 * 365), false);
        assert!(writes.begin(&an, NOW.plus_secs(20)).is_err());
        assert!(writes.begin(&an, NOW.plus_secs(40)).is_ok());
    }
}
