//! Rights as gateways on other machines fetch them: for nodes, not for people.
//!
//! A node shows its TLS certificate, the one that the directory names, and gets what its own member's services need. It
//! asks again with the tag of what it knows, and the answer waits until something is different: a revocation arrives
//! when it is written down. The body is signed by the member that keeps the registry
//! ([`crate::snapshot::signature`]); "nothing new" rests on the connection alone, which the node has checked as well.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Held;
use axum::response::{IntoResponse, Response};
use base::{MemberId, NodeId, Part, Ts};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Peer, Problem};

use super::Api;
use super::request::{Asked, At};
use crate::snapshot::signature::{Signature, Unsigned};
use crate::snapshot::{self, Snapshot};

/// Longest wait for something new, in seconds: shorter than what listeners and routers on the way bear.
pub const WAIT_S_MAX: u64 = 30;
/// Answers that may wait at the same time; beyond them "nothing new" is said at once, and nodes ask each second.
pub const WAITING_MAX: usize = 8_192;

/// `Content-Digest`, RFC 9530.
pub const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// `Signature-Input`, RFC 9421.
pub const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// `Signature`, RFC 9421.
pub const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// What answering nodes needs beside the registry.
pub struct Gateways {
    known: Known,
    key: SigningKey,
    current: Current,
    stopped: watch::Receiver<bool>,
    waiting: Arc<Semaphore>,
}

/// The node whose TLS certificate (DER) this is, if the directory names it and it is in force now.
pub type Known = Arc<dyn Fn(&[u8]) -> Option<NodeId> + Send + Sync>;
/// Whether this process has read all that others wrote to the registry's store, a few seconds ago at most.
pub type Current = Arc<dyn Fn() -> bool + Send + Sync>;
/// Signs bytes; nothing when the key does not work, which whoever holds it has logged.
pub type Sign = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// The signing key of the member that keeps the registry.
pub struct SigningKey {
    /// The fingerprint of its certificate, hexadecimal.
    pub keyid: Arc<str>,
    /// Its algorithm, by its RFC 9421 name.
    pub alg: &'static str,
    /// The key at work.
    pub sign: Sign,
}

impl Gateways {
    /// Answers until `stopped` turns true; then nobody is kept waiting.
    pub fn new(known: Known, key: SigningKey, current: Current, stopped: watch::Receiver<bool>) -> Self {
        Self { known, key, current, stopped, waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }

    /// That the peer is a node of this member now, and that this process knows what counts.
    fn admit(&self, peer: Option<&Peer>, member: &MemberId) -> Result<(), Problem> {
        let shown = peer.and_then(|peer| peer.certificate.as_ref());
        let node = shown.and_then(|certificate| (self.known)(certificate));
        if node.is_none_or(|node| node.owner != *member) {
            return Err(not_a_node());
        }
        if (self.current)() { Ok(()) } else { Err(behind()) }
    }

    fn sign(&self, body: &[u8], now: Ts) -> Option<Signature> {
        let unsigned = Unsigned::new(body, &self.key.keyid, self.key.alg, now);
        let bytes = (self.key.sign)(unsigned.base.as_bytes())?;
        Some(unsigned.signed(&bytes))
    }
}

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(rights))
}

/// How long to wait.
#[derive(Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Patience {
    /// Seconds to wait for something new when nothing is, at most 30; 0 unless said.
    #[serde(default)]
    wait: u64,
}

/// What the gateways of a member may allow: grants, gates and closed services, signed by the member that keeps the
/// registry. Only for nodes of that member, which show their TLS certificate; send the `ETag` in `If-None-Match`.
#[utoipa::path(get, path = "/rights/{instance}/{class}/{member}", tag = "rights", security(()),
    params(("instance" = String, Path), ("class" = String, Path), ("member" = String, Path), Patience),
    responses((status = 200, body = Object, description = "Signed: Content-Digest, Signature-Input, Signature"),
        (status = 304, description = "Nothing new"), (status = 403, description = "EX-2004"),
        (status = 503, description = "EX-2019, EX-0801")))]
async fn rights(
    Held(api): Held<Api>,
    At((instance, class, code)): At<(Part, Part, Part)>,
    Asked(Patience { wait }): Asked<Patience>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let member = MemberId { instance, class, code };
    let peer = peer.as_ref().map(|Extension(peer)| peer);
    let gateways = api.0.parts.gateways.as_ref().ok_or_else(not_a_node)?;
    let mut changes = api.registry().changes();
    gateways.admit(peer, &member)?;
    let known = current(&api, member.clone()).await?;
    let seen = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let tag = format!("\"{}\"", known.tag());
    if seen != Some(&*tag) {
        return whole(&api, known).await;
    }
    let place = gateways.waiting.try_acquire();
    let wait = if place.is_ok() { wait.min(WAIT_S_MAX) } else { 0 };
    let (until, mut stopped) = (Instant::now() + Duration::from_secs(wait), gateways.stopped.clone());
    loop {
        let more = tokio::select! {
            grown = changes.changed() => grown.is_ok(),
            () = tokio::time::sleep_until(until) => false,
            _ = stopped.wait_for(|stopped| *stopped) => false,
        };
        // Again: the node's certificate may have been revoked meanwhile, or our store have gone away.
        gateways.admit(peer, &member)?;
        let now = current(&api, member.clone()).await?;
        if !now.says_the_same_as(&known) {
            return whole(&api, now).await;
        }
        if !more {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
    }
}

/// What counts now. On a thread of its own: a member may have 100,000 grants.
async fn current(api: &Api, member: MemberId) -> Result<Snapshot, Problem> {
    let api = api.clone();
    blocking(move || {
        let (registry, now) = (api.registry(), api.now());
        registry.read(|state| snapshot::of(state, registry.rules(), &member, now))
    })
    .await
}

/// The snapshot as it travels.
async fn whole(api: &Api, snapshot: Snapshot) -> Result<Response, Problem> {
    let api = api.clone();
    let signed = blocking(move || {
        let tag = format!("\"{}\"", snapshot.tag());
        let body = serde_json::to_vec(&snapshot).expect("every part of a snapshot has a JSON form");
        let signature = api.0.parts.gateways.as_ref().and_then(|gateways| gateways.sign(&body, api.now()));
        signature.map(|signature| (tag, body, signature))
    });
    let (tag, body, signature) = signed.await?.ok_or_else(cannot_sign)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::ETAG, tag),
        (CONTENT_DIGEST, signature.digest),
        (SIGNATURE_INPUT, signature.input),
        (SIGNATURE, signature.signature),
    ];
    Ok((headers, body).into_response())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| behind())
}

fn not_a_node() -> Problem {
    let text = "Chỉ nút của chính thành viên được lấy quyền, bằng chứng thư TLS có trong danh bạ / Only a node of the member itself gets its rights, by a TLS certificate that the directory names";
    Problem::new(StatusCode::FORBIDDEN, &"EX-2004", text)
}

/// An answer would confirm what may have been revoked.
fn behind() -> Problem {
    let text =
        "Sổ đăng ký chưa đọc được kho dữ liệu của mình / The registry does not read its own store at present";
    later("EX-2019", text)
}

fn cannot_sign() -> Problem {
    later("EX-0801", "Sổ đăng ký không ký được câu trả lời / The registry cannot sign the answer")
}

fn later(code: &str, text: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, &code, text);
    problem.retry_after_s = Some(5);
    problem
}
