//! Commits to a message and signs it, in both directions.

use evidence::opening::Commitment;
use evidence::record::SignedHead;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response};

use crate::body::{OutBody, Spooled};
use crate::error::Reason;
use crate::forward::Reply;
use crate::gateway::Gateway;
use crate::message::{Call, request_hash, response_head};
use crate::signer::Signature;
use crate::wire::headers::{self, Headers};
use crate::wire::peer::{self, Bound, Salts, Unsigned};

/// A request ready for the provider's node.
pub struct SealedRequest {
    /// What is sent.
    pub message: Request<OutBody>,
    /// What is recorded.
    pub head: SignedHead,
    /// What the answer must be bound to.
    pub bound: Bound,
    /// X-Road's request hash, which the answer must repeat.
    pub hash: String,
}

/// An answer ready for the consumer's node.
pub struct SealedResponse {
    /// What is sent.
    pub message: Response<OutBody>,
    /// What is recorded.
    pub head: SignedHead,
}

/// What an answer says about the call it belongs to.
pub struct AnswerTo<'a> {
    /// The call.
    pub call: &'a Call,
    /// Its request hash; absent when the request's body was not read.
    pub hash: Option<&'a str>,
    /// The request's signature.
    pub bound: &'a Bound,
}

fn between_nodes(own: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(own.len() + 8);
    for (name, value) in own {
        map.append(headers::name_between_nodes(name), value.clone());
    }
    map
}

async fn sign(gw: &Gateway, unsigned: &Unsigned) -> Result<Signature, Reason> {
    gw.signer.sign(&unsigned.base).await.map_err(|error| {
        tracing::error!(%error, "cannot sign (EX-0801)");
        Reason::CannotSign("key")
    })
}

fn signed_head(gw: &Gateway, unsigned: Unsigned, signature: Signature) -> SignedHead {
    let certificate = gw.signer.certificate.fingerprint();
    SignedHead { base: unsigned.base, signature: signature.bytes, batch: signature.batch, certificate }
}

/// Signs a call for the node `to`.
///
/// # Errors
/// The key does not sign.
pub async fn request(
    gw: &Gateway,
    call: &Call,
    to: &base::NodeId,
    salts: &Salts,
    body: Option<Spooled>,
) -> Result<SealedRequest, Reason> {
    let head = call.head();
    let hash = request_hash(&head, body.as_ref().and_then(|b| b.sha512.as_ref()));
    let commitment = Commitment {
        head: crypto::commitment::commit_head(&salts.head, &head),
        body: body.as_ref().map(|b| b.commitment),
    };
    let mut map = between_nodes(&call.headers);
    peer::write_facts(&mut map, &call.target.service.to_string(), &commitment, salts)?;
    peer::write_node(&mut map, to)?;
    let unsigned = peer::unsigned_request(&call.method, &map, &gw.signer, gw.clock.now())?;
    let signature = sign(gw, &unsigned).await?;
    let digest = body.as_ref().map(|b| b.sha256);
    let bound = peer::write_signature(&mut map, &unsigned, &signature, digest.as_ref())?;

    let mut message = Request::new(body.map_or_else(OutBody::empty, Spooled::into_body));
    *message.method_mut() = call.method.clone();
    // The name means nothing: addresses and certificate come from the directory.
    *message.uri_mut() =
        format!("https://node{}", call.target.raw).parse().map_err(|_| Reason::PathUnsafe)?;
    *message.headers_mut() = map;
    Ok(SealedRequest { message, head: signed_head(gw, unsigned, signature), bound, hash })
}

/// The end-to-end headers of an answer with the ids that X-Road adds.
fn answer_headers(to: &AnswerTo<'_>, mut own: Headers) -> Result<Headers, Reason> {
    let ids = [headers::ID, headers::CLIENT, headers::SERVICE, headers::REQUEST_ID, headers::REQUEST_HASH];
    own.retain(|(name, _)| !ids.contains(name) && *name != header::DATE);
    let call = to.call;
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Reason::Internal);
    own.push((headers::ID, value(&call.id)?));
    own.push((headers::CLIENT, value(&call.client.encoded())?));
    own.push((headers::SERVICE, value(&call.target.service.encoded())?));
    own.push((headers::REQUEST_ID, value(&call.request_id)?));
    if let Some(hash) = to.hash {
        own.push((headers::REQUEST_HASH, value(hash)?));
    }
    Ok(own)
}

/// Signs an answer.
///
/// # Errors
/// The key does not sign.
pub async fn response(gw: &Gateway, to: &AnswerTo<'_>, reply: Reply) -> Result<SealedResponse, Reason> {
    let Reply { status, headers: own, body, salts, .. } = reply;
    // The answer to HEAD has no body, whatever a node would like to say.
    let body = body.filter(|_| to.call.method != Method::HEAD);
    let own = answer_headers(to, own)?;
    let commitment = Commitment {
        head: crypto::commitment::commit_head(&salts.head, &response_head(status, &own)),
        body: body.as_ref().map(|b| b.commitment),
    };
    let mut map = between_nodes(&own);
    peer::write_facts(&mut map, &to.call.target.service.to_string(), &commitment, &salts)?;
    let unsigned = peer::unsigned_response(status, &map, to.bound, (&gw.signer, gw.clock.now()))?;
    let signature = sign(gw, &unsigned).await?;
    let digest = body.as_ref().map(|b| b.sha256);
    peer::write_signature(&mut map, &unsigned, &signature, digest.as_ref())?;

    let mut message = Response::new(body.map_or_else(OutBody::empty, Spooled::into_body));
    *message.status_mut() = status;
    *message.headers_mut() = map;
    Ok(SealedResponse { message, head: signed_head(gw, unsigned, signature) })
}
