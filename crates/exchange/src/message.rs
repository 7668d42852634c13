//! What a call is: ids, parties, head; parsed once, never re-checked.

use base::{NodeId, PartyId, ServiceId};
use http::{HeaderValue, Method};

use crate::wire::headers::Headers;

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The service.
    pub service: ServiceId,
    /// Path and query exactly as the asking system wrote them.
    pub raw: String,
    /// Where in `raw` the path after the service code begins.
    pub path_start: usize,
}

impl Target {
    /// What is behind the service code, raw: `/path?query`, or empty.
    pub fn rest(&self) -> &str {
        &self.raw[self.path_start..]
    }

    /// The path behind the service code, raw, without the query.
    pub fn path(&self) -> &str {
        let rest = self.rest();
        rest.split_once('?').map_or(rest, |(path, _)| path)
    }
}

/// Optional facts about a call that rights and evidence know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// `X-Road-UserId`.
    pub user_id: Option<String>,
    /// `X-Road-Issue`.
    pub issue: Option<String>,
    /// `X-Road-Represented-Party`.
    pub represented: Option<String>,
    /// `Lienthong-Purpose`.
    pub purpose: Option<String>,
    /// `Lienthong-Legal-Basis`.
    pub legal_basis: Option<String>,
    /// `Lienthong-Sign-In`: how strongly the officer signed in, 1 to 3.
    pub sign_in: Option<u8>,
}

/// One call, the same at both nodes.
#[derive(Clone, Debug)]
pub struct Call {
    /// One of the eight methods.
    pub method: Method,
    /// Service and path.
    pub target: Target,
    /// Who asks.
    pub client: PartyId,
    /// `X-Road-Id`.
    pub id: String,
    /// `X-Road-Request-Id`.
    pub request_id: String,
    /// The node asked for by `X-Road-Security-Server`.
    pub wanted_node: Option<NodeId>,
    /// Officer, dossier, purpose.
    pub circumstances: Circumstances,
    /// End-to-end headers in order, with both ids.
    pub headers: Headers,
}

impl Call {
    /// X-Road's canonical request head; what the head commitment and the request hash are made over.
    pub fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(512);
        for line in [self.method.as_str(), &self.target.raw] {
            head.extend_from_slice(line.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        write_headers(&mut head, &self.headers);
        head
    }
}

/// X-Road's canonical response head: status, reason, headers.
pub fn response_head(status: http::StatusCode, headers: &Headers) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    let reason = status.canonical_reason().unwrap_or("");
    for line in [status.as_str(), reason] {
        head.extend_from_slice(line.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    write_headers(&mut head, headers);
    head
}

fn write_headers(head: &mut Vec<u8>, headers: &Headers) {
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.push(b':');
        head.extend_from_slice(HeaderValue::as_bytes(value));
        head.extend_from_slice(b"\r\n");
    }
}

/// X-Road's request hash: SHA-512 of the head, or of both digests when there is a body; base64.
pub fn request_hash(head: &[u8], body_sha512: Option<&[u8; 64]>) -> String {
    let head = crypto::hash::sha512(&[head]);
    let hash = match body_sha512 {
        Some(body) => crypto::hash::sha512(&[&head, body]),
        None => head,
    };
    crypto::b64::encode(&hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Head and body of an invented call; the expected values were computed with Python's hashlib from
    /// the rule in X-Road's transport protocol.
    #[test]
    fn the_request_hash_follows_xroads_rule() {
        let head = b"POST\r\n/r1/VN-test/GOV/0101/population/persons/v1/search?limit=1\r\n\
            content-type:application/json\r\nx-road-client:VN-test/GOV/0202/onestop\r\n\
            x-road-id:11111111-1111-1111-1111-111111111111\r\n\
            x-road-request-id:22222222-2222-2222-2222-222222222222\r\n";
        let body = crypto::hash::sha512(&[br#"{"id":"001"}"#]);
        assert_eq!(
            request_hash(head, Some(&body)),
            "39FJsyOb1ycqgJ4a5UCA/OtFtJQmUYQLRpgaMhL/qF3hQAOKXjD/rv0e9tkulCbutGKFcK3YfjMXtzwCpyGYNA=="
        );
    }
}
