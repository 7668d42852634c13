//! The provider's side of a call, in order: accept, identify, verify, read, authorize, record, forward, sign, record,
//! answer. Refusals are signed and recorded like answers.

use std::sync::Arc;
use std::time::Duration;

use base::{NodeId, PartyId, ServiceId};
use crypto::hash::Digest;
use directory::snapshot::Snapshot;
use evidence::record::{CallPart, Outcome, Record, Side, SignedHead, Version, kib};
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;
use web::Peer;

use crate::body::{self, BodyError, OutBody, Reading, Spooled};
use crate::error::{CallError, Reason};
use crate::finish::ToTheEnd;
use crate::forward::{Errand, Reply, Terms};
use crate::gateway::Gateway;
use crate::message::{Call, request_hash};
use crate::metadata;
use crate::nonces::nonce_key;
use crate::opened;
use crate::recorder::{Filing, Slot};
use crate::rights::Service;
use crate::seal::{self, AnswerTo};
use crate::trail::Trail;
use crate::wire::headers::{self, Headers};
use crate::wire::peer::{self, Salts, Sealed};
use crate::wire::rest;

/// Answers another node; never fails, a refusal is an answer.
pub async fn handle(gw: Arc<Gateway>, peer: Peer, request: Request<Incoming>) -> Response<OutBody> {
    // When the other node goes away, how the call ended is still recorded.
    ToTheEnd::new(answer(gw, peer, request))
        .await
        .unwrap_or_else(|| rest::error_response(&Reason::Internal.at_provider(), "", false, Headers::new()))
}

async fn answer(gw: Arc<Gateway>, peer: Peer, request: Request<Incoming>) -> Response<OutBody> {
    let (parts, incoming) = request.into_parts();
    let mut trail = Trail::provider();
    let arrival = match accept(&parts) {
        Ok(arrival) => arrival,
        Err(reason) => {
            // Nothing to bind a signature to: the sender's node reports a malformed message.
            let error = reason.at_provider();
            let response = rest::error_response(&error, "", false, Headers::new());
            trail.close(Some(&error));
            return response;
        }
    };
    trail.call(&arrival.call);
    let mut visit = Visit {
        gw: &gw,
        arrival,
        verified: None,
        hash: None,
        request_kib: None,
        filed: None,
        slots: None,
        subject: None,
        permit: None,
        started: Instant::now(),
    };
    let result = visit.carry_out(&peer, incoming).await;
    let (response, error) = visit.answer(result).await;
    trail.close(error.as_ref());
    response
}

/// A request as it arrived; nothing in it is believed yet.
struct Arrival {
    call: Call,
    sealed: Sealed,
}

fn accept(parts: &Parts) -> Result<Arrival, Reason> {
    let sealed = peer::read_request(&parts.method, &parts.headers)?;
    let raw = parts.uri.path_and_query().map_or("", |pq| pq.as_str());
    let target = rest::target(raw)?;
    let text = |name| {
        let value = headers::single(&parts.headers, &name).ok().flatten().and_then(|v| v.to_str().ok());
        value.ok_or(Reason::PeerMessage("header missing"))
    };
    let service: ServiceId =
        text(headers::NODE_SERVICE)?.parse().map_err(|_| Reason::PeerMessage("service"))?;
    if service != target.service {
        return Err(Reason::PeerMessage("service differs from the target"));
    }
    if !rest::METHODS.contains(&parts.method) {
        return Err(Reason::Method);
    }
    let answers_only = [headers::ERROR, headers::ERROR_CODE, headers::GATE, headers::REQUEST_HASH];
    if answers_only.iter().any(|name| parts.headers.contains_key(name)) {
        return Err(Reason::PeerMessage("a header that only answers have"));
    }
    let id = |name| {
        let value: &str = text(name)?;
        let fits = (1..=rest::HEADER_VALUE_BYTES_MAX).contains(&value.len()) && !value.contains('\t');
        if fits { Ok(value.to_owned()) } else { Err(Reason::PeerMessage("form of an id")) }
    };
    let call = Call {
        method: parts.method.clone(),
        target,
        client: PartyId::decode(text(headers::CLIENT)?).map_err(|_| Reason::PeerMessage("client"))?,
        id: id(headers::ID)?,
        request_id: id(headers::REQUEST_ID)?,
        wanted_node: Some(text(headers::NODE)?.parse().map_err(|_| Reason::PeerMessage("node"))?),
        circumstances: rest::circumstances(&parts.headers)?,
        headers: headers::from_between_nodes(&parts.headers),
    };
    Ok(Arrival { call, sealed })
}

/// One call while it is at this node.
struct Visit<'a> {
    gw: &'a Gateway,
    arrival: Arrival,
    /// Set when the signature is good: from then on refusals are recorded.
    verified: Option<(SignedHead, NodeId)>,
    hash: Option<String>,
    request_kib: Option<u64>,
    /// Number of the request's record.
    filed: Option<i64>,
    slots: Option<Slot>,
    subject: Option<Digest>,
    /// What allowed the call.
    permit: Option<String>,
    started: Instant,
}

impl Visit<'_> {
    async fn carry_out(&mut self, peer: &Peer, incoming: Incoming) -> Result<Reply, Reason> {
        let gw = self.gw;
        let _in_flight = gw.providing.try_acquire().map_err(|_| Reason::Busy)?;
        let directory = gw.directory()?;
        gw.can_sign(&directory)?;
        let (question, answer) = (gw.recorder.reserve()?, gw.recorder.reserve()?);
        self.slots = Some(answer);
        let sender = self.identify(&directory, peer)?;
        self.verify(&directory, sender)?;
        let body = self.read(incoming).await?;
        let rights = gw.rights();
        if let Some(question_about) = metadata::asked_for(&self.arrival.call) {
            if self.arrival.call.target.service.provider.member != gw.node.owner {
                return Err(Reason::ServiceUnknown);
            }
            self.file(question).await?;
            return metadata::answer(gw, &rights, &directory, &self.arrival.call, question_about).await;
        }
        let service = rights.service(&self.arrival.call.target.service)?;
        let permit = rights.authorize(&directory, &self.arrival.call, gw.clock.now(), &gw.usage)?;
        self.subject = subject(gw, service, &self.arrival.call);
        self.permit = Some(permit.by().to_owned());
        self.file(question).await?;
        let terms = Terms {
            salts: Salts::random(),
            bytes_max: gw.limits.body_bytes_max,
            cut_bytes_max: gw.limits.cut_bytes_max,
            spool_dir: &gw.spool_dir,
        };
        gw.systems.forward(permit, Errand { service, call: &self.arrival.call, body }, terms).await
    }

    /// The connection is a node's that may speak for the client, and the message is for us.
    fn identify(&self, directory: &Snapshot, peer: &Peer) -> Result<NodeId, Reason> {
        let shown = peer.certificate.as_ref().ok_or(Reason::PeerCertificate)?;
        // Again on every call: a kept-alive connection outlives a revocation.
        let node = self.gw.standing.caller(directory, shown, self.gw.clock.now());
        let node = node.ok_or(Reason::PeerCertificate)?;
        let client = &self.arrival.call.client;
        let speaks = match client.subsystem_id() {
            Some(subsystem) => node.subsystems.contains(&subsystem),
            None => node.id.owner == client.member,
        };
        if !speaks || !directory.party_exists(client) {
            return Err(Reason::SenderNotAllowed);
        }
        if self.arrival.call.wanted_node.as_ref() != Some(&self.gw.node) {
            return Err(Reason::Misaddressed);
        }
        Ok(node.id.clone())
    }

    /// The message is the member's, in force, and new.
    fn verify(&mut self, directory: &Snapshot, sender: NodeId) -> Result<(), Reason> {
        let (gw, sealed) = (self.gw, &self.arrival.sealed);
        let now = gw.clock.now();
        gw.nonces.check_time(sealed.params.created, sealed.params.expires, now)?;
        let head = opened::signature(gw, directory, sealed, &self.arrival.call.client.member, now)?;
        gw.nonces.take(nonce_key(&sealed.params.keyid, &sealed.params.nonce), sealed.params.created, now)?;
        self.verified = Some((head, sender));
        Ok(())
    }

    /// Head and body are those that were signed.
    async fn read(&mut self, incoming: Incoming) -> Result<Option<Spooled>, Reason> {
        let (gw, sealed) = (self.gw, &self.arrival.sealed);
        let deadline = self.started + Duration::from_secs(gw.limits.call_s);
        let reading = Reading {
            salt: &sealed.salts.body,
            bytes_max: gw.limits.body_bytes_max,
            deadline,
            spool_dir: &gw.spool_dir,
            sha512: true,
        };
        let body = body::read(incoming, &reading).await.map_err(|error| match error {
            BodyError::TooLarge(max) => Reason::BodyTooLarge(max),
            BodyError::Incomplete => Reason::BodyIncomplete,
            BodyError::Disk(error) => {
                tracing::error!(%error, "cannot spool a request (EX-0704)");
                Reason::Spool
            }
        })?;
        let head = self.arrival.call.head();
        opened::content(sealed, &head, body.as_ref())?;
        self.hash = Some(request_hash(&head, body.as_ref().and_then(|b| b.sha512.as_ref())));
        self.request_kib = body.as_ref().map(|b| kib(b.len()));
        Ok(body)
    }

    /// Writes the question down; durable before it goes on.
    async fn file(&mut self, slot: Slot) -> Result<(), Reason> {
        let params = &self.arrival.sealed.params;
        let nonce = Some(nonce_key(&params.keyid, &params.nonce));
        let record = self.record(CallPart::Request);
        self.filed = Some(slot.record(&record, Filing { closes: None, nonce }).await?);
        Ok(())
    }

    fn record(&self, part: CallPart) -> Record {
        let call = &self.arrival.call;
        let request = part == CallPart::Request || (part == CallPart::Refusal && self.filed.is_none());
        Record {
            v: Version,
            side: Side::Provider,
            part,
            at: self.gw.clock.now(),
            id: call.id.clone(),
            call: call.request_id.clone(),
            client: call.client.clone(),
            service: call.target.service.clone(),
            peer: self.verified.as_ref().map(|(_, sender)| sender.clone()),
            request: if request { self.verified.as_ref().map(|(head, _)| head.clone()) } else { None },
            response: None,
            outcome: None,
            subject: self.subject.filter(|_| request),
            request_kib: self.request_kib.filter(|_| request),
            response_kib: None,
            duration_ms: None,
            permit: self.permit.clone().filter(|_| part == CallPart::Request),
            withheld: Vec::new(),
        }
    }

    /// Signs and records the answer or refusal; what cannot be recorded is not sent.
    async fn answer(mut self, result: Result<Reply, Reason>) -> (Response<OutBody>, Option<CallError>) {
        let error = result.as_ref().err().map(|reason| reason.clone().at_provider());
        let sealed = match result {
            Ok(reply) => self.seal(reply, None).await,
            Err(_) => self.seal_refusal(error.as_ref()).await,
        };
        let (message, record) = match sealed {
            Ok(both) => both,
            Err(reason) => return self.unanswerable(reason).await,
        };
        let Some(slot) = self.slots.take().filter(|_| self.verified.is_some()) else {
            return (message, error); // Nobody known to have asked: the log is not for strangers to fill.
        };
        match slot.record(&record, Filing { closes: self.filed, nonce: self.nonce_if_new() }).await {
            Ok(_) => (message, error),
            Err(reason) => {
                let failed = reason.at_provider();
                match self.seal_refusal(Some(&failed)).await {
                    Ok((message, _)) => (message, Some(failed)),
                    Err(reason) => self.unsigned(reason),
                }
            }
        }
    }

    /// The key does not sign: the question is closed without an answer.
    async fn unanswerable(mut self, reason: Reason) -> (Response<OutBody>, Option<CallError>) {
        let error = reason.clone().at_provider();
        if let Some(slot) = self.slots.take().filter(|_| self.filed.is_some()) {
            let outcome = Outcome {
                status: error.status().as_u16(),
                code: Some(error.code()),
                fault: Some(error.fault()),
            };
            let record = Record { outcome: Some(outcome), ..self.record(CallPart::Refusal) };
            if let Err(log) = slot.record(&record, Filing { closes: self.filed, nonce: None }).await {
                return self.unsigned(log);
            }
        }
        self.unsigned(reason)
    }

    fn nonce_if_new(&self) -> Option<[u8; 8]> {
        let params = &self.arrival.sealed.params;
        self.filed.is_none().then(|| nonce_key(&params.keyid, &params.nonce))
    }

    /// The asking system gets a refusal as this node wrote and signed it.
    fn wants_xml(&self) -> bool {
        rest::wants_xml(self.arrival.call.headers.iter().map(|(name, value)| (name, value)))
    }

    fn unsigned(&self, reason: Reason) -> (Response<OutBody>, Option<CallError>) {
        let error = reason.at_provider();
        (
            rest::error_response(&error, &self.arrival.call.request_id, self.wants_xml(), Headers::new()),
            Some(error),
        )
    }

    async fn seal_refusal(&self, error: Option<&CallError>) -> Result<(Response<OutBody>, Record), Reason> {
        let internal = Reason::Internal.at_provider();
        let error = error.unwrap_or(&internal);
        let (kind, body) = rest::error_body(error, &self.arrival.call.request_id, self.wants_xml());
        let mut own = vec![(http::header::CONTENT_TYPE, kind)];
        own.extend(rest::error_headers(error));
        let salts = Salts::random();
        let body = Some(Spooled::from_bytes(body, &salts.body));
        let reply = Reply { status: error.status(), headers: own, body, salts, withheld: Vec::new() };
        self.seal(reply, Some(error)).await
    }

    async fn seal(
        &self,
        reply: Reply,
        error: Option<&CallError>,
    ) -> Result<(Response<OutBody>, Record), Reason> {
        let mut reply = reply;
        if error.is_none() {
            // Only nodes say that a node refused.
            reply.headers.retain(|(name, _)| *name != headers::ERROR);
        }
        let (status, response_kib) = (reply.status, reply.body.as_ref().map(|b| kib(b.len())));
        let withheld = std::mem::take(&mut reply.withheld);
        let call = &self.arrival.call;
        let to = AnswerTo { call, hash: self.hash.as_deref(), bound: &self.arrival.sealed.bound };
        let sealed = seal::response(self.gw, &to, reply).await?;
        let part = if error.is_some() { CallPart::Refusal } else { CallPart::Response };
        let record = Record {
            response: Some(sealed.head),
            outcome: Some(Outcome {
                status: status.as_u16(),
                code: error.map(CallError::code),
                fault: error.map(CallError::fault),
            }),
            response_kib,
            duration_ms: Some(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)),
            withheld,
            ..self.record(part)
        };
        Ok((sealed.message, record))
    }
}

/// Keyed hash of the person that the call is about, when the service says where the number stands.
fn subject(gw: &Gateway, service: &Service, call: &Call) -> Option<Digest> {
    let path = rest::decoded_path(call.target.path()).ok()?;
    let number = path.split('/').skip(1).nth(service.subject_segment?)?;
    (!number.is_empty()).then(|| crypto::hash::hmac_sha256(&gw.pseudonym_key, &[number.as_bytes()]))
}
