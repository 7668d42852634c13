//! A peer with valid keys that writes its messages by hand and sends them to the provider's node.

use std::sync::Arc;

use base::{NodeId, PartyId, ServiceId, Ts};
use bytes::{Bytes, BytesMut};
use crypto::http_signature::{Component, Params, base, input_value};
use evidence::opening::Commitment;
use exchange::body::{OutBody, Spooled};
use exchange::dial::{self, Destination, HttpClient};
use exchange::message::Call;
use exchange::signer::{Mode, Signature, Signer};
use exchange::tls::NodeVerifier;
use exchange::wire::peer::{self, Bound, Salts};
use exchange::wire::{headers, rest};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use crate::pair::{Answer, Pair, SERVICE};
use crate::party::{Party, START};

/// What is about to be signed; each field can be set to a lie that the intruder signs.
pub struct Draft {
    pub method: Method,
    pub target: String,
    pub body: Bytes,
    pub client: PartyId,
    pub service: ServiceId,
    pub to: NodeId,
    pub at: Ts,
    /// End-to-end headers besides those that every call has.
    pub more: Vec<(&'static str, &'static str)>,
    pub id: String,
}

impl Draft {
    /// A flawless question from the consumer.
    pub fn new(pair: &Pair) -> Self {
        let world = &pair.world;
        Self {
            method: Method::POST,
            target: format!("{SERVICE}/nguoi?x=1"),
            body: "cau hoi".into(),
            client: world.consumer.system.party(),
            service: "VN-TEST/GOV/G01/DANCU/dich-vu".parse().unwrap(),
            to: world.provider.node.clone(),
            at: START,
            more: vec![("x-road-userid", "can-bo-1"), ("x-cua-toi", "1")],
            id: "ma-1".into(),
        }
    }

    pub fn seal(&self, signer: &Signer) -> Letter {
        let (mut letter, unsigned, digest) = self.unsigned(signer);
        let bytes = signer.sign_bytes(unsigned.base.as_bytes()).unwrap();
        letter.sign(&unsigned, &Signature { bytes, batch: None }, digest.as_ref());
        letter
    }

    /// The message without signature, what is to be signed, and the digest of the body.
    pub fn unsigned(&self, signer: &Signer) -> (Letter, peer::Unsigned, Option<[u8; 32]>) {
        let own = self.own();
        let call = Call {
            method: self.method.clone(),
            target: rest::target(&self.target).unwrap(),
            client: self.client.clone(),
            id: self.id.clone(),
            request_id: "lan-1".into(),
            wanted_node: None,
            circumstances: exchange::message::Circumstances::default(),
            headers: own.clone(),
        };
        let salts = Salts::random();
        let body = Some(self.body.clone()).filter(|b| !b.is_empty());
        let body = body.map(|bytes| Spooled::from_bytes(bytes, &salts.body));
        let commitment = Commitment {
            head: crypto::commitment::commit_head(&salts.head, &call.head()),
            body: body.as_ref().map(|b| b.commitment),
        };
        let mut map = HeaderMap::new();
        for (name, value) in own {
            map.append(name, value);
        }
        peer::write_facts(&mut map, &self.service.to_string(), &commitment, &salts).unwrap();
        peer::write_node(&mut map, &self.to).unwrap();
        let unsigned = peer::unsigned_request(&self.method, &map, signer, self.at).unwrap();
        let (method, target) = (self.method.clone(), self.target.clone());
        let bound = Bound { signature: String::new(), batch: None };
        (
            Letter { method, target, headers: map, body: self.body.clone(), bound },
            unsigned,
            body.map(|b| b.sha256),
        )
    }

    fn own(&self) -> Vec<(HeaderName, HeaderValue)> {
        let always = [
            (headers::CLIENT, self.client.encoded()),
            (headers::ID, self.id.clone()),
            (headers::REQUEST_ID, "lan-1".to_owned()),
        ];
        let always = always.into_iter().map(|(name, value)| (name, value.parse().unwrap()));
        let more = self.more.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        always.chain(more).collect()
    }
}

/// A signed message, as it goes over the wire; can be altered afterwards.
#[derive(Clone)]
pub struct Letter {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// What an answer must be bound to.
    pub bound: Bound,
}

impl Letter {
    pub fn sign(&mut self, unsigned: &peer::Unsigned, signature: &Signature, digest: Option<&[u8; 32]>) {
        self.bound = peer::write_signature(&mut self.headers, unsigned, signature, digest).unwrap();
    }

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

    /// Replaces a piece of a header's text by another.
    #[must_use]
    pub fn swap(self, name: &'static str, old: &str, new: &str) -> Self {
        let text = self.headers[name].to_str().unwrap().to_owned();
        assert!(text.contains(old), "{name} has no {old}: {text}");
        self.with(name, &text.replacen(old, new, 1))
    }

    /// Signs again over exactly these components.
    #[must_use]
    pub fn signed_over(mut self, ids: &[&str], signer: &Signer, tag: &str) -> Self {
        let value = |id: &str| match id {
            "\"@method\"" => self.method.to_string(),
            id => self.headers[id.trim_matches('"')].to_str().unwrap().to_owned(),
        };
        let parts: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), value(id))).collect();
        let (input, signature) = sign_by_hand(&parts, signer, tag);
        self.headers.insert(headers::SIGNATURE_INPUT, input.parse().unwrap());
        self.headers.insert(headers::SIGNATURE, signature.parse().unwrap());
        self
    }

    fn request(&self) -> Request<OutBody> {
        let mut request = Request::new(OutBody::from_bytes(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = format!("https://node{}", self.target).parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// `Signature-Input` and `Signature` over these components, whatever the protocol wants.
pub fn sign_by_hand(parts: &[(String, String)], signer: &Signer, tag: &str) -> (String, String) {
    let params = Params {
        created: START.secs(),
        expires: START.secs() + peer::VALIDITY_S,
        nonce: crypto::b64::encode(&crypto::hash::random::<16>()),
        keyid: signer.keyid.to_string(),
        alg: signer.alg.to_owned(),
        tag: tag.to_owned(),
    };
    let ids: Vec<&str> = parts.iter().map(|(id, _)| &**id).collect();
    let input = input_value(&ids, &params);
    let parts: Vec<_> =
        parts.iter().map(|(id, value)| Component { id: id.into(), value: value.into() }).collect();
    let signature = signer.sign_bytes(base(&parts, &input).as_bytes()).unwrap();
    (format!("{}={input}", peer::LABEL), crypto::http_signature::signature_value(peer::LABEL, &signature))
}

/// A connection to the provider's node with the TLS key of a party.
pub struct Intruder {
    client: HttpClient,
    pub signer: Signer,
}

impl Intruder {
    pub fn new(pair: &Pair, party: &Party) -> Self {
        let clock = pair.consumer.clock.clone();
        let standing = Arc::default();
        let verifier = NodeVerifier::new(pair.world.at_consumer.subscribe(), standing, clock, None);
        let tls = party.identity().call_node(verifier).unwrap();
        let address = pair.provider.nodes.to_string();
        let to = Destination::Addresses(Arc::new(move || vec![address.clone()]));
        Self { client: dial::client(to, Some(tls)), signer: party.signer(Mode::Single) }
    }

    /// The intruder who has everything of the consumer.
    pub fn consumer(pair: &Pair) -> Self {
        Self::new(pair, &pair.world.consumer)
    }

    pub async fn send(&self, letter: &Letter) -> Answer {
        Answer::read(self.client.request(letter.request()).await.unwrap()).await
    }

    /// Whether the provider's node lets the connection go on to an answer at all.
    pub async fn is_let_in(&self, letter: &Letter) -> bool {
        self.client.request(letter.request()).await.is_ok()
    }

    /// Sends the head and some of the body, then breaks off.
    pub async fn send_half(&self, letter: &Letter) {
        let mut request = letter.request();
        *request.body_mut() = half_body();
        let _ = self.client.request(request).await;
    }
}

/// A body that promises 100 bytes and has none.
pub fn half_body() -> OutBody {
    let file = tokio::fs::File::from_std(tempfile::tempfile().unwrap());
    OutBody::Disk { file, left: 100, buffer: BytesMut::new() }
}
