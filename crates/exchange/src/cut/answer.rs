//! What becomes of a service's answer when a grant names fields: body and headers.

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{Method, StatusCode};

use super::{FieldSet, Uncuttable, cut, problem};
use crate::body::Spooled;
use crate::error::Reason;
use crate::forward::Reply;
use crate::wire::headers::Headers;

/// Answers up to this size are cut at once, larger ones where they keep no other call waiting; larger errors are none.
/// Bytes.
const AT_ONCE_BYTES_MAX: u64 = 64 * 1024;

/// Headers of a service that pass with a cut answer, beside `x-road-…` and those of information systems under our prefix.
///
/// A list of what may pass, not of what may not: anything else could carry data that were not granted, or, as `ETag` and
/// `Last-Modified` do, tell what was left out.
const PASSING: [&str; 9] = [
    "allow",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-type",
    "date",
    "deprecation",
    "retry-after",
    "sunset",
];

/// Whether a header of a service passes with an answer that is cut.
pub(super) fn passes(name: &HeaderName) -> bool {
    let name = name.as_str();
    PASSING.contains(&name) || name.starts_with("x-road-") || name.starts_with("lienthong-")
}

/// Whether a request's header asks for another form than the whole plain answer, or about its tag or time: an answer that
/// is cut must be plain and whole, and its tag would tell what was left out.
pub(crate) fn asks_about_the_whole(method: &Method, name: &HeaderName) -> bool {
    match *name {
        header::ACCEPT_ENCODING | header::RANGE | header::IF_RANGE => true,
        // What writes has been refused, unless it asked for anything (`*`), which keeps it from overwriting.
        header::IF_MATCH
        | header::IF_NONE_MATCH
        | header::IF_MODIFIED_SINCE
        | header::IF_UNMODIFIED_SINCE => matches!(*method, Method::GET | Method::HEAD),
        _ => false,
    }
}

/// Cuts an answer to `fields`; `read` is its body, or why it was not read whole.
///
/// # Errors
/// [`Reason::CannotCut`]: what cannot be cut is not given.
pub(crate) async fn answer(
    fields: FieldSet,
    mut reply: Reply,
    read: Result<Option<Spooled>, Uncuttable>,
) -> Result<Reply, Reason> {
    reply.headers.retain(|(name, _)| passes(name));
    if reply.status.is_success() {
        let result = success(fields, reply, read).await;
        note(&result);
        return result;
    }
    reply.body = match form(&reply.headers).and(read) {
        Ok(Some(body)) if body.len() <= AT_ONCE_BYTES_MAX => {
            let text = problem(&bytes(body).await?);
            text.map(|text| Spooled::from_bytes(text.into(), &reply.salts.body))
        }
        _ => None,
    };
    if reply.body.is_none() {
        reply.headers.retain(|(name, _)| !matches!(*name, header::CONTENT_TYPE | header::CONTENT_ENCODING));
    }
    Ok(reply)
}

/// Counts what became of an answer.
pub(super) fn note(result: &Result<Reply, Reason>) {
    let outcome = match result {
        Ok(reply) if reply.withheld.is_empty() => "whole",
        Ok(_) => "cut",
        Err(_) => "refused",
    };
    metrics::counter!("lienthong_answers_cut_total", "outcome" => outcome).increment(1);
}

async fn success(
    fields: FieldSet,
    mut reply: Reply,
    read: Result<Option<Spooled>, Uncuttable>,
) -> Result<Reply, Reason> {
    // Without a body there is nothing to cut, of whatever form it would have been.
    let Some(body) = read.map_err(Reason::CannotCut)? else { return Ok(reply) };
    if reply.status == StatusCode::PARTIAL_CONTENT {
        return Err(Reason::CannotCut(Uncuttable::Partial));
    }
    form(&reply.headers).map_err(Reason::CannotCut)?;
    let large = body.len() > AT_ONCE_BYTES_MAX;
    let whole = bytes(body).await?;
    let text = whole.clone();
    let work = move || cut(&text, &fields);
    let result =
        if large { tokio::task::spawn_blocking(work).await.map_err(|_| Reason::Internal)? } else { work() };
    let done = result.map_err(Reason::CannotCut)?;
    let given = if done.withheld.is_empty() { whole } else { done.text.into() };
    reply.body = Some(Spooled::from_bytes(given, &reply.salts.body));
    reply.withheld = done.withheld;
    Ok(reply)
}

/// Whether the headers promise plain JSON.
fn form(headers: &Headers) -> Result<(), Uncuttable> {
    plain(headers, is_json)
}

/// Whether the headers promise plain text of the one wanted kind.
pub(super) fn plain(headers: &Headers, is_wanted: fn(&str) -> bool) -> Result<(), Uncuttable> {
    let values = |wanted: HeaderName| {
        headers
            .iter()
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, value)| value.to_str().unwrap_or("?"))
    };
    if values(header::CONTENT_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Uncuttable::Encoded);
    }
    let mut kinds = values(header::CONTENT_TYPE);
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) if is_wanted(kind) => Ok(()),
        _ => Err(Uncuttable::MediaType),
    }
}

/// `application/json` or `application/…+json`, in UTF-8.
fn is_json(kind: &str) -> bool {
    is_kind(kind, |subtype| subtype == "json" || subtype.ends_with("+json"))
}

/// A media type of `application/…`, in UTF-8.
pub(super) fn is_kind(kind: &str, is_wanted: fn(&str) -> bool) -> bool {
    let kind = kind.to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let subtype = name.strip_prefix("application/").unwrap_or_default();
    let mut charsets = parts.filter_map(|p| p.strip_prefix("charset="));
    is_wanted(subtype) && charsets.all(|c| c.trim_matches('"') == "utf-8")
}

async fn bytes(body: Spooled) -> Result<Bytes, Reason> {
    body.into_bytes().await.map_err(|error| {
        tracing::error!(%error, "cannot read a spooled answer (EX-0704)");
        Reason::Spool
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_json_in_utf_8_is_cut() {
        for (kind, expected) in [
            ("application/json", true),
            ("application/problem+json; charset=UTF-8", true),
            ("Application/JSON;charset=\"utf-8\"", true),
            ("application/json; charset=utf-16", false),
            ("application/json-seq", false),
            ("application/jsonl", false),
            ("text/json", false),
            ("application/xml", false),
            ("", false),
        ] {
            assert_eq!(is_json(kind), expected, "{kind}");
        }
    }
}
