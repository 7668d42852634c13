//! The calls of this node for its people: what passes now, how each hour went, and the proof of one call. Below the
//! registry's API, because the same people sign in there.
//!
//! Nobody sees more than the log has: who asked whom, when and how it ended; never a target, a body or a person.

mod tail;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use base::{PartyId, ServiceId, Ts};
use evidence::record::Record;
use evidence::verify;
use hyper::header;
use registry::RegistryError;
use registry::api::{Api, Asked, Caller, ROOT};
use registry::people::Person;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use web::Problem;

use crate::command::evidence::{export, log::Log};
use tail::{Call, Hour, Tail};

/// Calls of one page.
const PAGE_MAX: usize = 200;
/// Rows looked through for one page at most; older calls are found by their id.
const LOOKED_AT_MAX: i64 = 50_000;

/// A call that ended earlier may stand behind one that ended later by as much as a call takes, and not by an hour.
const LATE_US: i64 = 3_600_000_000;

/// What the handlers work with.
#[derive(Clone)]
struct Calls {
    api: Api,
    log: Arc<Log>,
    tail: Arc<Tail>,
}

/// The routes, and the task that follows the log.
///
/// # Errors
/// The message log cannot be opened.
pub async fn start(api: Api, config: &Path) -> anyhow::Result<(Router, JoinHandle<()>)> {
    let log = Arc::new(Log::open(config).await?);
    let tail = Arc::new(Tail::default());
    let following = tokio::spawn(tail::follow(Arc::clone(&tail), Arc::clone(&log)));
    let routes = Router::new()
        .route("/calls", get(latest))
        .route("/calls/hours", get(hours))
        .route("/calls/last-hour", get(last_hour))
        .route("/calls/records", get(records))
        .route("/calls/evidence", get(evidence_file))
        .route("/calls/check", get(check));
    let calls = Calls { api: api.clone(), log, tail };
    Ok((Router::new().nest(ROOT, routes).layer(Extension(calls)).with_state(api), following))
}

impl Calls {
    fn sight<'a>(&'a self, Caller(person): &'a Caller) -> Sight<'a> {
        Sight { api: &self.api, person, known: Mutex::default() }
    }

    /// The records of one call, or of all with this id, as far as the person may see them.
    async fn find(&self, caller: &Caller, wanted: &Named) -> Result<Vec<(i64, Record)>, Problem> {
        let mut found = self.log.find(&wanted.id).await.map_err(|error| failed(&error))?;
        let sight = self.sight(caller);
        found.retain(|(_, record)| {
            sight.pair(&record.client, &record.service)
                && wanted.call.as_ref().is_none_or(|call| record.call == *call)
        });
        if found.is_empty() {
            return Err(RegistryError::NoSuch { kind: "call", name: wanted.id.clone() }.into());
        }
        Ok(found)
    }
}

/// What one person sees. Each pair is asked about once: a page may pass over thousands of calls between the same few.
struct Sight<'a> {
    api: &'a Api,
    person: &'a Person,
    known: Mutex<HashMap<(PartyId, ServiceId), bool>>,
}

impl Sight<'_> {
    /// Whether the person sees calls of this client to this service.
    fn pair(&self, client: &PartyId, service: &ServiceId) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (client.clone(), service.clone());
        *known.entry(pair).or_insert_with(|| self.api.sees_call(self.person, client, service))
    }
}

/// What somebody looks for among calls. Each identifier is weighed once: its name costs a look at the registry.
struct LookedFor<'a> {
    api: &'a Api,
    text: &'a str,
    upper: String,
    known: Mutex<HashMap<String, bool>>,
}

impl<'a> LookedFor<'a> {
    fn new(api: &'a Api, text: &'a str) -> Self {
        Self { api, text, upper: text.to_uppercase(), known: Mutex::default() }
    }

    fn is(&self, call: &Call) -> bool {
        self.text.is_empty()
            || call.id == self.text
            || self.names(call.client.to_string())
            || self.names(call.service.to_string())
            || self.names(call.service.provider.to_string())
    }

    fn names(&self, code: String) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let names =
            |code: &String| code.to_uppercase().contains(&self.upper) || self.api.is_called(code, self.text);
        *known.entry(code).or_insert_with_key(names)
    }
}

/// The log could not be read: the reason is for the operator.
fn failed(error: &anyhow::Error) -> Problem {
    tracing::error!(%error, "the message log cannot be read for a person");
    Problem::new(
        hyper::StatusCode::SERVICE_UNAVAILABLE,
        &"EX-2024",
        "Không đọc được nhật ký giao dịch, thử lại sau / The message log cannot be read: try again later",
    )
}

/// Which calls are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The id of calls, a part of an identifier of who asked or of a service, or words of their names.
    #[serde(default)]
    only: String,
    /// Only calls that ended with this code of the platform.
    #[serde(default)]
    code: String,
    /// Only calls that ended then or later, in microseconds since 1970.
    since: Option<Ts>,
    /// Only calls that ended before, in microseconds since 1970.
    until: Option<Ts>,
    /// Only calls that were refused or failed.
    #[serde(default)]
    failed: bool,
    /// Numbers below this one: `next` of the page before.
    before: Option<i64>,
    /// Calls of this page.
    limit: Option<usize>,
}

/// A page of calls, newest first.
#[derive(Serialize)]
struct Latest {
    items: Vec<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

async fn latest(
    Extension(calls): Extension<Calls>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Latest>, Problem> {
    let limit = wanted.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let sight = calls.sight(&caller);
    let looked_for = LookedFor::new(&calls.api, &wanted.only);
    let fits = |call: &Call| {
        (!wanted.failed || call.has_failed())
            && wanted.until.is_none_or(|until| call.at < until)
            && wanted.since.is_none_or(|since| call.at >= since)
            && (wanted.code.is_empty() || call.code.is_some_and(|code| code.to_string() == wanted.code))
            && looked_for.is(call)
            && sight.pair(&call.client, &call.service)
    };
    let too_old = |call: &Call| wanted.since.is_some_and(|since| call.at.0 < since.0.saturating_sub(LATE_US));
    let end = match wanted.before {
        Some(before) => before.max(0),
        None => calls.log.db.log_size().await.map_err(|error| failed(&error.into()))?,
    };
    let (mut items, mut at) = (Vec::new(), end);
    while at > 0 && items.len() < limit && end - at < LOOKED_AT_MAX {
        let from = (at - 1000).max(0);
        let rows = calls.log.db.rows(from, u32::try_from(at - from).unwrap_or(1000)).await;
        for row in rows.map_err(|error| failed(&error.into()))?.into_iter().rev() {
            at = row.seq;
            let call = Call::of(&row, &calls.log.config.node);
            if call.as_ref().is_some_and(too_old) {
                return Ok(Json(Latest { items, next: None }));
            }
            items.extend(call.filter(fits));
            if items.len() >= limit {
                break;
            }
        }
        at = if items.len() >= limit { at } else { from };
    }
    Ok(Json(Latest { items, next: (at > 0).then_some(at) }))
}

/// The last 48 hours, oldest first, as far as the person may see them.
async fn hours(Extension(calls): Extension<Calls>, caller: Caller) -> Json<Vec<Hour>> {
    let sight = calls.sight(&caller);
    Json(calls.tail.hours(calls.api.now(), |client, service| sight.pair(client, service)))
}

/// The last sixty minutes, as far as the person may see them.
async fn last_hour(Extension(calls): Extension<Calls>, caller: Caller) -> Json<Hour> {
    let sight = calls.sight(&caller);
    Json(calls.tail.last_hour(calls.api.now(), |client, service| sight.pair(client, service)))
}

/// Which call is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// `X-Road-Id`.
    id: String,
    /// `X-Road-Request-Id`, where the id was used several times.
    call: Option<String>,
}

async fn records(
    Extension(calls): Extension<Calls>,
    caller: Caller,
    Asked(wanted): Asked<Named>,
) -> Result<Json<Vec<Value>>, Problem> {
    let found = calls.find(&caller, &wanted).await?;
    let shown = found.iter().map(|(index, record)| json!({ "index": index, "record": record }));
    Ok(Json(shown.collect()))
}

/// The evidence of one call as a file; without `call` of the latest with this id.
async fn container(calls: &Calls, caller: &Caller, wanted: &Named) -> Result<Vec<u8>, Problem> {
    let found = calls.find(caller, wanted).await?;
    let latest = found.last().map(|(_, record)| record.call.clone());
    let made = export::container_of(&calls.log, found, latest.as_deref()).await;
    Ok(made.map_err(|error| failed(&error))?.1.encode().into())
}

async fn evidence_file(
    Extension(calls): Extension<Calls>,
    caller: Caller,
    Asked(wanted): Asked<Named>,
) -> Result<Response, Problem> {
    let bytes = container(&calls, &caller, &wanted).await?;
    let safe: String =
        wanted.id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(60).collect();
    let name = format!("attachment; filename=\"chung-cu-{safe}.evidence.json\"");
    Ok(([(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}

/// Verifies the evidence as anybody could who has the file and trusts the authorities of this node's directory.
async fn check(
    Extension(calls): Extension<Calls>,
    caller: Caller,
    Asked(wanted): Asked<Named>,
) -> Result<Json<Value>, Problem> {
    let bytes = container(&calls, &caller, &wanted).await?;
    let trusted = export::trusted(&calls.log).await.map_err(|error| failed(&error))?;
    let checked = tokio::task::spawn_blocking(move || verify::verify(&bytes, Some(&trusted)));
    let report = checked.await.map_err(|error| failed(&error.into()))?;
    Ok(Json(json!({ "ok": report.ok(), "checks": report.checks })))
}
