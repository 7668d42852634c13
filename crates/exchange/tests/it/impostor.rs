//! A provider's node that writes its answers by hand.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use base::Ts;
use bytes::Bytes;
use evidence::opening::Commitment;
use exchange::body::{OutBody, Spooled};
use exchange::message::{Call, Circumstances, request_hash, response_head};
use exchange::signer::{Signature, Signer};
use exchange::tls::NodeVerifier;
use exchange::wire::peer::{self, Bound, Salts};
use exchange::wire::{headers, rest};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::watch;
use web::{Limits, Server};

use crate::pair::Pair;
use crate::party::{Party, START};

/// A question as it reached the impostor.
#[derive(Clone)]
pub struct Asked {
    call: Call,
    service: String,
    hash: String,
    pub bound: Bound,
}

impl Asked {
    async fn read(request: Request<Incoming>) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = |name| parts.headers.get(&name).map(|v| v.to_str().unwrap().to_owned()).unwrap();
        let call = Call {
            method: parts.method.clone(),
            target: rest::target(parts.uri.path_and_query().unwrap().as_str()).unwrap(),
            client: text(headers::CLIENT).parse().unwrap(),
            id: text(headers::ID),
            request_id: text(headers::REQUEST_ID),
            wanted_node: None,
            circumstances: Circumstances::default(),
            headers: headers::from_between_nodes(&parts.headers),
        };
        let digest = Some(&body).filter(|b| !b.is_empty()).map(|b| crypto::hash::sha512(&[b]));
        let hash = request_hash(&call.head(), digest.as_ref());
        let bound = peer::read_request(&parts.method, &parts.headers).unwrap().bound;
        Self { call, service: text(headers::NODE_SERVICE), hash, bound }
    }
}

/// An answer about to be signed; each field can be set to a lie.
pub struct Forgery {
    pub status: StatusCode,
    pub own: Vec<(http::HeaderName, String)>,
    pub body: Bytes,
    pub service: String,
    pub bound: Bound,
    pub at: Ts,
}

impl Forgery {
    /// What an honest node would answer.
    pub fn to(asked: &Asked) -> Self {
        let call = &asked.call;
        let own = vec![
            (http::HeaderName::from_static("x-cua-toi"), "1".to_owned()),
            (headers::ID, call.id.clone()),
            (headers::CLIENT, call.client.encoded()),
            (headers::SERVICE, call.target.service.encoded()),
            (headers::REQUEST_ID, call.request_id.clone()),
            (headers::REQUEST_HASH, asked.hash.clone()),
        ];
        let (service, bound) = (asked.service.clone(), asked.bound.clone());
        Self { status: StatusCode::OK, own, body: "tra loi".into(), service, bound, at: START }
    }

    /// Sets one of its headers.
    #[must_use]
    pub fn with(mut self, name: &http::HeaderName, value: &str) -> Self {
        self.own.retain(|(own, _)| own != name);
        self.own.push((name.clone(), value.to_owned()));
        self
    }

    pub fn seal(&self, signer: &Signer) -> Message {
        let own: headers::Headers =
            self.own.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let salts = Salts::random();
        let body = Spooled::from_bytes(self.body.clone(), &salts.body);
        let head = crypto::commitment::commit_head(&salts.head, &response_head(self.status, &own));
        let commitment = Commitment { head, body: Some(body.commitment) };
        let mut map: HeaderMap = own.into_iter().collect();
        peer::write_facts(&mut map, &self.service, &commitment, &salts).unwrap();
        let unsigned = peer::unsigned_response(self.status, &map, &self.bound, (signer, self.at)).unwrap();
        let bytes = signer.sign_bytes(unsigned.base.as_bytes()).unwrap();
        let signature = Signature { bytes, batch: None };
        peer::write_signature(&mut map, &unsigned, &signature, Some(&body.sha256)).unwrap();
        Message { status: self.status, headers: map, body: OutBody::from_bytes(self.body.clone()) }
    }
}

/// A signed answer, as it goes over the wire; can be altered afterwards.
pub struct Message {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: OutBody,
}

impl Message {
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    #[must_use]
    pub fn without(mut self, name: &'static str) -> Self {
        assert!(self.headers.remove(name).is_some(), "there was no {name}");
        self
    }

    /// Signs again over all but the question's signature.
    #[must_use]
    pub fn unbound(self, signer: &Signer) -> Self {
        let names =
            ["x-road-id", "x-road-request-id", "x-road-client", "lienthong-service", "lienthong-commitment"];
        let text = |name: &str| self.headers[name].to_str().unwrap().to_owned();
        let mut parts = vec![("\"@status\"".to_owned(), self.status.as_str().to_owned())];
        parts.extend(names.map(|name| (format!("\"{name}\""), text(name))));
        let (input, signature) = crate::intruder::sign_by_hand(&parts, signer, peer::TAG_RESPONSE);
        self.with("signature-input", &input).with("signature", &signature)
    }

    #[must_use]
    pub fn saying(mut self, body: OutBody) -> Self {
        self.body = body;
        self
    }
}

type Lie = Box<dyn FnMut(&Asked) -> Message + Send>;

/// A node in the provider's place.
pub struct Impostor {
    _stop: watch::Sender<bool>,
}

impl Impostor {
    /// Takes the provider's place, with the TLS key of `party`; what it answers is up to `lie`.
    pub async fn start(
        pair: &mut Pair,
        party: &Party,
        lie: impl FnMut(&Asked) -> Message + Send + 'static,
    ) -> Self {
        let world = &mut pair.world;
        let clock = pair.provider.clock.clone();
        let verifier = NodeVerifier::new(world.at_provider.subscribe(), Arc::default(), clock, None);
        let tls = party.identity().accept_nodes(verifier).unwrap();
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server::bind(any, Some(Arc::new(move || tls.clone())), Limits::default()).await.unwrap();
        world.moved(&world.provider.node.clone(), server.address().unwrap());
        let (stop, stopped) = watch::channel(false);
        let lie: Arc<Mutex<Lie>> = Arc::new(Mutex::new(Box::new(lie)));
        let answer = move |_, request| answer(lie.clone(), request);
        tokio::spawn(server.run(answer, stopped));
        Self { _stop: stop }
    }
}

async fn answer(lie: Arc<Mutex<Lie>>, request: Request<Incoming>) -> Response<OutBody> {
    let asked = Asked::read(request).await;
    let Message { status, headers, body } = (lie.lock().unwrap())(&asked);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
