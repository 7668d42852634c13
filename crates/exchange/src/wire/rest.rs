//! X-Road's message protocol for REST, towards information systems.
//!
//! `docs/protocol/rest.md` says where the deployed code of X-Road and its specification differ and what this does.

use base::{NodeId, PartyId, ServiceId};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response};

use super::headers::{self, Headers};
use crate::body::OutBody;
use crate::error::{CallError, Reason};
use crate::message::{Call, Circumstances, Target};

/// Longest `X-Road-Id`, `X-Road-UserId` and the like, bytes; X-Road's column width.
pub const HEADER_VALUE_BYTES_MAX: usize = base::SAID_BYTES_MAX;

/// The eight methods of the protocol.
pub const METHODS: [Method; 8] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];

/// Reads `/r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE[/path][?query]`.
///
/// # Errors
/// Another form, an identifier that is not well formed, or a path that could escape the service.
pub fn target(raw: &str) -> Result<Target, Reason> {
    let path_end = raw.find('?').unwrap_or(raw.len());
    let path = &raw[..path_end];
    let rest = path.strip_prefix("/r1/").ok_or_else(|| Reason::Target("r1".into()))?;
    let service_end = rest.match_indices('/').nth(4).map_or(rest.len(), |(at, _)| at);
    let service = ServiceId::decode(&rest[..service_end]).map_err(|e| Reason::Target(e.to_string()))?;
    let path_start = path_end - rest.len() + service_end;
    let target = Target { service, raw: raw.to_owned(), path_start };
    decoded_path(target.path())?;
    Ok(target)
}

/// The path decoded once for matching against patterns; an encoded `/` stays encoded, so that it never separates.
///
/// # Errors
/// Broken encoding, a `.` or `..` segment however written, or a second layer of encoding over `.`, `/` or `\`.
pub fn decoded_path(path: &str) -> Result<String, Reason> {
    let (mut decoded, mut plain) = (Vec::with_capacity(path.len()), Vec::with_capacity(path.len()));
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            plain.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16)).ok_or(Reason::PathUnsafe);
        let value = digit(rest.next())? * 16 + digit(rest.next())?;
        let byte = u8::try_from(value).map_err(|_| Reason::PathUnsafe)?;
        plain.push(byte);
        match byte {
            b'/' => decoded.extend_from_slice(b"%2F"),
            0 => return Err(Reason::PathUnsafe),
            byte => decoded.push(byte),
        }
    }
    let text = String::from_utf8(decoded).map_err(|_| Reason::PathUnsafe)?;
    plain.make_ascii_lowercase();
    // `..;x` is `..` to servers that know path parameters.
    let bare = |segment: &[u8]| segment.split(|b| *b == b';').next().is_some_and(|s| s == b"." || s == b"..");
    let dots = plain.split(|b| matches!(b, b'/' | b'\\')).any(bare);
    // Looked for after decoding: `%25%32%65` is `%2e` to a system that decodes twice, as `%252e` is.
    let twice = plain.windows(3).any(|w| matches!(w, b"%2e" | b"%2f" | b"%5c" | b"%25"));
    if dots || twice { Err(Reason::PathUnsafe) } else { Ok(text) }
}

/// What only the node can add to a call.
pub struct NewIds<'a> {
    /// `X-Road-Request-Id` of this call.
    pub request_id: String,
    /// Prefix of a generated `X-Road-Id`.
    pub instance: &'a str,
}

/// Reads a call from an information system.
///
/// # Errors
/// The head breaks the protocol; the reason says how.
pub fn call(parts: &Parts, head_bytes_max: usize, new: NewIds<'_>) -> Result<Call, Reason> {
    let raw = parts.uri.path_and_query().map_or("", |pq| pq.as_str());
    check_head_size(raw, &parts.headers, head_bytes_max)?;
    let target = target(raw)?;
    if !METHODS.contains(&parts.method) {
        return Err(Reason::Method);
    }
    let client = text(&parts.headers, &headers::CLIENT, "X-Road-Client")?.ok_or(Reason::ClientMissing)?;
    let client = PartyId::decode(client).map_err(|_| Reason::HeaderInvalid("X-Road-Client"))?;
    let given_id = text(&parts.headers, &headers::ID, "X-Road-Id")?;
    let id = given_id.map_or_else(|| format!("{}-{}", new.instance, new.request_id), str::to_owned);
    let circumstances = circumstances(&parts.headers)?;
    let wanted_node = wanted_node(&parts.headers)?;

    let mut kept = headers::end_to_end(&parts.headers);
    kept.retain(|(name, _)| {
        *name != headers::REQUEST_ID && *name != headers::REQUEST_HASH && *name != headers::ERROR
    });
    kept.push((headers::REQUEST_ID, value(&new.request_id)?));
    if given_id.is_none() {
        kept.push((headers::ID, value(&id)?));
    }
    let (method, request_id) = (parts.method.clone(), new.request_id);
    Ok(Call { method, target, client, id, request_id, wanted_node, circumstances, headers: kept })
}

fn check_head_size(raw: &str, headers: &HeaderMap, bytes_max: usize) -> Result<(), Reason> {
    let lines: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if raw.len() + lines > bytes_max { Err(Reason::HeadTooLarge(bytes_max)) } else { Ok(()) }
}

fn value(text: &str) -> Result<HeaderValue, Reason> {
    HeaderValue::from_str(text).map_err(|_| Reason::Internal)
}

/// The only value of a protocol header: visible ASCII, not empty, at most 255 bytes where it is not an identifier.
fn text<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<Option<&'a str>, Reason> {
    let Some(value) = headers::single(headers, name).map_err(|_| Reason::HeaderRepeated(shown))? else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Reason::HeaderInvalid(shown))?;
    let limit = if *name == headers::CLIENT { 4 * HEADER_VALUE_BYTES_MAX } else { HEADER_VALUE_BYTES_MAX };
    if !base::can_be_said(text, limit) {
        return Err(Reason::HeaderInvalid(shown));
    }
    Ok(Some(text))
}

/// Officer, dossier, purpose and the like, as both nodes read them.
///
/// # Errors
/// One of them is repeated, empty, too long or not ASCII.
pub fn circumstances(headers: &HeaderMap) -> Result<Circumstances, Reason> {
    let owned = |name, shown| text(headers, name, shown).map(|found| found.map(str::to_owned));
    Ok(Circumstances {
        user_id: owned(&headers::USER_ID, "X-Road-UserId")?,
        issue: owned(&headers::ISSUE, "X-Road-Issue")?,
        represented: owned(&headers::REPRESENTED, "X-Road-Represented-Party")?,
        purpose: owned(&headers::PURPOSE, "Lienthong-Purpose")?,
        legal_basis: owned(&headers::LEGAL_BASIS, "Lienthong-Legal-Basis")?,
        sign_in: sign_in(headers)?,
    })
}

fn sign_in(headers: &HeaderMap) -> Result<Option<u8>, Reason> {
    let shown = "Lienthong-Sign-In";
    match text(headers, &headers::SIGN_IN, shown)? {
        None => Ok(None),
        Some("1") => Ok(Some(1)),
        Some("2") => Ok(Some(2)),
        Some("3") => Ok(Some(3)),
        Some(_) => Err(Reason::HeaderInvalid(shown)),
    }
}

fn wanted_node(headers: &HeaderMap) -> Result<Option<NodeId>, Reason> {
    let shown = "X-Road-Security-Server";
    let Some(text) = text(headers, &headers::SECURITY_SERVER, shown)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Reason::HeaderInvalid(shown))
}

/// Whether the asking system wants errors as XML: it lists an XML type and X-Road then answers so.
pub fn wants_xml<'a>(headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> bool {
    let accept = headers.into_iter().filter(|(name, _)| **name == header::ACCEPT);
    let mut types = accept
        .filter_map(|(_, value)| value.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(|t| t.split(';').next().unwrap_or("").trim().to_ascii_lowercase());
    types.any(|t| matches!(t.as_str(), "text/xml" | "application/xml" | "text/*"))
}

/// The error body of X-Road: `type`, `message`, `detail`; `detail` is the id to look for in the logs.
pub fn error_body(error: &CallError, detail: &str, xml: bool) -> (HeaderValue, Bytes) {
    let (kind, message) = (error.kind(), format!("{}: {error}", error.code()));
    if xml {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><type>{}</type><message>{}</message><detail>{}</detail></error>",
            xml_text(&kind),
            xml_text(&message),
            xml_text(detail)
        );
        return (HeaderValue::from_static("text/xml;charset=utf-8"), text.into());
    }
    // In the order of the alphabet, whether or not a dependency makes `serde_json` keep the order of writing.
    let body = serde_json::json!({ "detail": detail, "message": message, "type": kind });
    (HeaderValue::from_static("application/json;charset=utf-8"), body.to_string().into())
}

/// Text inside an XML element.
pub fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The headers of an error beside its content type, the same from both nodes.
pub fn error_headers(error: &CallError) -> Headers {
    let waits = error.retry_after_s().map(|seconds| (header::RETRY_AFTER, seconds.to_string()));
    let gate = error.gate().map(|items| (headers::GATE, items));
    let own = [(headers::ERROR, error.kind()), (headers::ERROR_CODE, error.code().to_string())];
    let all = own.into_iter().chain(waits).chain(gate);
    // Only the codes of a registry's checklist come from outside.
    all.filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?))).collect()
}

/// An error answer to an information system.
pub fn error_response(error: &CallError, detail: &str, xml: bool, ids: Headers) -> Response<OutBody> {
    let (content_type, body) = error_body(error, detail, xml);
    let mut response = Response::new(OutBody::from_bytes(body));
    *response.status_mut() = error.status();
    let headers = response.headers_mut();
    headers.extend(ids);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.extend(error_headers(error));
    response
}

#[cfg(test)]
mod tests;
