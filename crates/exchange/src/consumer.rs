//! The consumer's side of a call, in order: accept, identify, find, read, sign, send, verify, record, answer.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, NodeId};
use bytes::Bytes;
use directory::snapshot::Snapshot;
use evidence::record::{CallPart, Outcome, Record, Side, SignedHead, kib};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Body;
use tokio::time::{Instant, timeout_at};
use web::Peer;

use crate::body::{self, BodyError, OutBody, Reading, Spooled};
use crate::dial::InBody;
use crate::error::{CallError, Reason};
use crate::finish::ToTheEnd;
use crate::gateway::Gateway;
use crate::message::{Call, response_head};
use crate::metadata;
use crate::opened;
use crate::recorder::{Filing, Slot};
use crate::rights::Connection;
use crate::seal::{self, SealedRequest};
use crate::trail::Trail;
use crate::wire::headers::{self, Headers};
use crate::wire::peer::{self, Salts};
use crate::wire::rest::{self, NewIds};

/// Answers an information system; never fails, an error is an answer.
pub async fn handle<B>(gw: Arc<Gateway>, peer: Peer, request: Request<B>) -> Response<OutBody>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    // When the asking system goes away, what was asked is still recorded.
    ToTheEnd::new(answer(gw, peer, request))
        .await
        .unwrap_or_else(|| rest::error_response(&Reason::Internal.at_consumer(), "", false, Headers::new()))
}

async fn answer<B>(gw: Arc<Gateway>, peer: Peer, request: Request<B>) -> Response<OutBody>
where
    B: Body<Data = Bytes> + Send + Unpin,
{
    let (parts, incoming) = request.into_parts();
    if parts.method == Method::GET && parts.uri.path() == "/listClients" {
        return metadata::list_clients(&gw, &parts);
    }
    let mut trail = Trail::consumer();
    let xml = rest::wants_xml(&parts.headers);
    let result = carry_out(&gw, &peer, &parts, incoming, &mut trail).await;
    match result {
        Ok(response) => {
            trail.close(None);
            response
        }
        Err(reason) => {
            let error = reason.at_consumer();
            let response = rest::error_response(&error, trail.request_id(), xml, ids(&trail));
            trail.close(Some(&error));
            response
        }
    }
}

fn ids(trail: &Trail) -> Headers {
    let value = |text: &str| HeaderValue::from_str(text).ok().filter(|v| !v.is_empty());
    let both = [(headers::ID, value(trail.id())), (headers::REQUEST_ID, value(trail.request_id()))];
    both.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

async fn carry_out<B>(
    gw: &Gateway,
    peer: &Peer,
    parts: &Parts,
    incoming: B,
    trail: &mut Trail,
) -> Result<Response<OutBody>, Reason>
where
    B: Body<Data = Bytes> + Send + Unpin,
{
    let deadline = Instant::now() + Duration::from_secs(gw.limits.call_s);
    let _in_flight = gw.consuming.try_acquire().map_err(|_| Reason::Busy)?;
    let new = NewIds { request_id: trail.request_id().to_owned(), instance: gw.node.owner.instance.as_str() };
    let call = rest::call(parts, gw.limits.head_bytes_max, new)?;
    trail.call(&call);
    let directory = gw.directory()?;
    gw.can_sign(&directory)?;
    identify(gw, &directory, peer, &call)?;
    let node = gw.peers.find(&directory, &call)?;
    let slot = gw.recorder.reserve()?;
    let salts = Salts::random();
    let body = read_request(gw, incoming, &salts, deadline).await?;
    let request_kib = body.as_ref().map(|b| kib(b.len()));
    let SealedRequest { message, head, bound, hash } =
        seal::request(gw, &call, &node.id, &salts, body).await?;
    let mut asked =
        Asked { gw, call: &call, node: &node.id, head, request_kib, filed: None, started: Instant::now() };
    if !gw.recorder.is_healthy() {
        // The log failed a moment ago: ask only when it takes the question.
        asked.filed =
            Some(gw.recorder.reserve()?.record(&asked.record(CallPart::Request), Filing::default()).await?);
    }
    let answered = async {
        let sent = timeout_at(deadline, gw.peers.send(&node, message)).await;
        let response = sent.map_err(|_| Reason::PeerTimeout(gw.limits.call_s))??;
        verify(gw, &directory, &call, response, &Expected { bound: &bound, hash: &hash, deadline }).await
    };
    match answered.await {
        Ok(answer) => asked.answered(slot, answer, trail).await,
        Err(reason) => Err(asked.unanswered(slot, reason).await),
    }
}

/// The client is one of ours, in the directory, and proved who it is in the registered way.
fn identify(gw: &Gateway, directory: &Snapshot, peer: &Peer, call: &Call) -> Result<(), Reason> {
    let rights = gw.rights();
    let connection = rights.connection(&call.client).ok_or(Reason::ClientUnknown)?;
    if !directory.party_exists(&call.client) {
        return Err(Reason::ClientUnknown);
    }
    match connection {
        Connection::PlainLoopback if peer.tls || peer.address.ip().is_loopback() => Ok(()),
        Connection::PlainLoopback => {
            Err(Reason::ClientUnauthenticated("plain HTTP is for this machine only"))
        }
        Connection::Tls if peer.tls => Ok(()),
        Connection::Tls | Connection::Mutual(_) if !peer.tls => {
            Err(Reason::ClientUnauthenticated("HTTPS is required"))
        }
        Connection::Tls => Ok(()),
        Connection::Mutual(registered) => {
            let shown =
                peer.certificate.as_ref().ok_or(Reason::ClientUnauthenticated("no client certificate"))?;
            let known = registered.iter().any(|c| c.der() == &**shown);
            if known {
                Ok(())
            } else {
                Err(Reason::ClientUnauthenticated("the client certificate is not registered"))
            }
        }
    }
}

async fn read_request<B>(
    gw: &Gateway,
    incoming: B,
    salts: &Salts,
    deadline: Instant,
) -> Result<Option<Spooled>, Reason>
where
    B: Body<Data = Bytes> + Send + Unpin,
{
    let reading = Reading {
        salt: &salts.body,
        bytes_max: gw.limits.body_bytes_max,
        deadline,
        spool_dir: &gw.spool_dir,
        sha512: true,
    };
    body::read(incoming, &reading).await.map_err(|error| match error {
        BodyError::TooLarge(max) => Reason::BodyTooLarge(max),
        BodyError::Incomplete => Reason::BodyIncomplete,
        BodyError::Disk(error) => {
            tracing::error!(%error, "cannot spool a request (EX-0704)");
            Reason::Spool
        }
    })
}

/// What an answer is measured against.
struct Expected<'a> {
    bound: &'a peer::Bound,
    hash: &'a str,
    deadline: Instant,
}

/// A verified answer: of the service, or a refusal by the provider's node.
struct Answer {
    parts: http::response::Parts,
    own: Headers,
    body: Option<Spooled>,
    head: SignedHead,
}

async fn verify(
    gw: &Gateway,
    directory: &Snapshot,
    call: &Call,
    response: Response<InBody>,
    expected: &Expected<'_>,
) -> Result<Answer, Reason> {
    let (parts, incoming) = response.into_parts();
    let sealed = peer::read_response(parts.status, &parts.headers, expected.bound)?;
    consistent(call, &parts.headers, expected.hash)?;
    let now = gw.clock.now();
    gw.nonces.check_time(sealed.params.created, sealed.params.expires, now)?;
    let member = &call.target.service.provider.member;
    let head = opened::signature(gw, directory, &sealed, member, now)?;
    let reading = Reading {
        salt: &sealed.salts.body,
        bytes_max: gw.limits.body_bytes_max,
        deadline: expected.deadline,
        spool_dir: &gw.spool_dir,
        sha512: false,
    };
    let body = body::read(incoming, &reading).await.map_err(|error| match error {
        BodyError::TooLarge(max) => Reason::ServiceTooLarge(max),
        BodyError::Incomplete if Instant::now() >= expected.deadline => Reason::PeerTimeout(gw.limits.call_s),
        BodyError::Incomplete => Reason::PeerMessage("body incomplete"),
        BodyError::Disk(error) => {
            tracing::error!(%error, "cannot spool an answer (EX-0704)");
            Reason::Spool
        }
    })?;
    let mut own = headers::from_between_nodes(&parts.headers);
    // Each hop dates its own message.
    own.retain(|(name, _)| *name != http::header::DATE);
    opened::content(&sealed, &response_head(parts.status, &own), body.as_ref())?;
    Ok(Answer { parts, own, body, head })
}

/// The answer names our call; X-Road's rule.
fn consistent(call: &Call, answer: &HeaderMap, hash: &str) -> Result<(), Reason> {
    let is = |name, expected: &str| {
        let found = headers::single(answer, &name).ok().flatten();
        found.is_some_and(|v| v.as_bytes() == expected.as_bytes())
    };
    let ids = is(headers::ID, &call.id) && is(headers::REQUEST_ID, &call.request_id);
    let parties = is(headers::CLIENT, &call.client.encoded())
        && is(headers::NODE_SERVICE, &call.target.service.text())
        && is(headers::SERVICE, &call.target.service.encoded());
    // A refusal made before the body was read cannot know the hash.
    let hash = is(headers::REQUEST_HASH, hash)
        || (answer.contains_key(headers::ERROR) && !answer.contains_key(headers::REQUEST_HASH));
    if ids && parties && hash { Ok(()) } else { Err(Reason::Inconsistent) }
}

/// A question that was signed and is to be recorded, whatever comes of it.
struct Asked<'a> {
    gw: &'a Gateway,
    call: &'a Call,
    node: &'a NodeId,
    head: SignedHead,
    request_kib: Option<u64>,
    /// Number of the record that was written before the question was sent.
    filed: Option<i64>,
    started: Instant,
}

impl Asked<'_> {
    fn record(&self, part: CallPart) -> Record {
        let open = part == CallPart::Request;
        Record {
            v: evidence::record::Version,
            side: Side::Consumer,
            part,
            at: self.gw.clock.now(),
            id: self.call.id.clone(),
            call: self.call.request_id.clone(),
            client: self.call.client.clone(),
            service: self.call.target.service.clone(),
            peer: Some(self.node.clone()),
            request: Some(self.head.clone()),
            response: None,
            outcome: None,
            subject: None,
            request_kib: self.request_kib,
            response_kib: None,
            duration_ms: (!open)
                .then(|| u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)),
            permit: None,
            withheld: Vec::new(),
        }
    }

    fn filing(&self) -> Filing {
        Filing { closes: self.filed, nonce: None }
    }

    /// Records question and answer; only then the asking system gets it.
    async fn answered(
        self,
        slot: Slot,
        answer: Answer,
        trail: &mut Trail,
    ) -> Result<Response<OutBody>, Reason> {
        let refusal = answer.parts.headers.get(headers::ERROR);
        let code =
            answer.parts.headers.get(headers::ERROR_CODE).filter(|_| refusal.is_some()).and_then(code_of);
        let outcome = Outcome { status: answer.parts.status.as_u16(), code, fault: None };
        let part = if refusal.is_some() { CallPart::Refusal } else { CallPart::Call };
        let record = Record {
            response: Some(answer.head),
            outcome: Some(outcome),
            response_kib: answer.body.as_ref().map(|b| kib(b.len())),
            ..self.record(part)
        };
        slot.record(&record, self.filing()).await?;
        if let Some(kind) = refusal {
            trail.refused_by_provider(kind, code);
        }
        Ok(to_system(answer.parts.status, answer.own, answer.body))
    }

    /// Records a question that got no answer to be passed on.
    async fn unanswered(self, slot: Slot, reason: Reason) -> Reason {
        let error: CallError = reason.clone().at_consumer();
        let outcome =
            Outcome { status: error.status().as_u16(), code: Some(error.code()), fault: Some(error.fault()) };
        let record = Record { outcome: Some(outcome), ..self.record(CallPart::Refusal) };
        match slot.record(&record, self.filing()).await {
            Ok(_) => reason,
            Err(log) => log,
        }
    }
}

/// The provider's own code, for example `EX-0301`.
fn code_of(value: &HeaderValue) -> Option<Code> {
    let code = Code(value.to_str().ok()?.strip_prefix("EX-")?.parse().ok()?);
    (value.as_bytes() == code.to_string().as_bytes()).then_some(code)
}

fn to_system(status: http::StatusCode, own: Headers, body: Option<Spooled>) -> Response<OutBody> {
    let mut response =
        Response::new(body.map_or_else(|| OutBody::from_bytes(Bytes::new()), Spooled::into_body));
    *response.status_mut() = status;
    for (name, value) in own {
        response.headers_mut().append(name, value);
    }
    response
}
