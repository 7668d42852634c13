//! What the members signed, and that it fits together.

use super::CLOCK_DIFFERENCE_SECS_MAX;
use super::case::{Case, Named};
use super::report::{Detail, Finding, not_present, passed, say};
use crate::record::{CallPart, HeadKind, Record, Side, SignedHead};

/// Every signed request is in the profile and its signature fits.
pub fn requests(case: &Case<'_>) -> Finding {
    signatures(case, HeadKind::Request)
}

/// Every signed response is in the profile and its signature fits.
pub fn responses(case: &Case<'_>) -> Finding {
    signatures(case, HeadKind::Response)
}

fn signatures(case: &Case<'_>, kind: HeadKind) -> Finding {
    let heads = case.heads(kind);
    let mut signers = Vec::with_capacity(heads.len());
    for (index, head) in &heads {
        let failed = |error| say!("bản ghi {index}: {error}", "record {index}: {error}");
        let certificate = case.certificate(&head.certificate)?;
        let parts = head.verify(certificate).map_err(failed)?;
        parts.check(kind).map_err(failed)?;
        let created = base::Ts::from_secs(parts.params.created);
        let way = if head.batch.is_some() { "batch" } else { "own" };
        signers.push(format!("{} ({created}, {way})", certificate.subject()));
    }
    match signers.join("; ") {
        none if none.is_empty() => not_present(say!(
            "không có thông điệp nào loại này được ký",
            "no message of this kind was signed"
        )),
        signers => passed(say!("{signers}", "{signers}")),
    }
}

/// Every response covers the signature of a request that is in the file.
pub fn binding(case: &Case<'_>) -> Finding {
    let responses = case.heads(HeadKind::Response);
    for (index, response) in &responses {
        if case.request_of(response).is_none() {
            return Err(say!(
                "trả lời trong bản ghi {index} thuộc một yêu cầu khác",
                "the response in record {index} answers another request"
            ));
        }
    }
    if responses.is_empty() {
        return not_present(say!("không có trả lời được ký", "there is no signed response"));
    }
    passed(say!("chữ ký trả lời bao trùm chữ ký yêu cầu", "the response's signature covers the request's"))
}

/// Every record says what the messages in it say.
pub fn agreement(case: &Case<'_>) -> Finding {
    for (logged, record) in case.container.records.iter().zip(&case.records) {
        let index = logged.index;
        let differs =
            |what: &str| say!("bản ghi {index}: khác ở {what}", "record {index}: they differ in {what}");
        for head in record.request.iter().chain(&record.response) {
            same_parties(record, head).map_err(differs)?;
        }
        if let Some(request) = &record.request {
            same_node(case, record, request).map_err(differs)?;
        }
        if let (Some(response), Some(outcome)) = (&record.response, &record.outcome) {
            // A node that refuses an answer tells the asking system another status, and its own code.
            let status = outcome.status.to_string();
            if outcome.code.is_none() && response.component("@status") != Some(&status) {
                return Err(differs("@status"));
            }
        }
    }
    let Some(record) = case.records.first() else {
        return Err(say!("tệp không có bản ghi nào", "the file has no record"));
    };
    let (client, service) = (&record.client, &record.service);
    passed(say!("{client} hỏi {service}", "{client} asked {service}"))
}

fn same_parties(record: &Record, head: &SignedHead) -> Result<(), &'static str> {
    if head.component("x-road-id") != Some(&record.id) {
        return Err("x-road-id");
    }
    if head.component("x-road-request-id") != Some(&record.call) {
        return Err("x-road-request-id");
    }
    let named = Named::of(head).ok_or("x-road-client, lienthong-service")?;
    if named.client != record.client {
        return Err("x-road-client");
    }
    if named.service != record.service {
        return Err("lienthong-service");
    }
    Ok(())
}

/// The request was meant for the node at the other end, or for this one.
fn same_node(case: &Case<'_>, record: &Record, request: &SignedHead) -> Result<(), &'static str> {
    let named = request.component("lienthong-node");
    let fits = match record.side {
        Side::Provider => named == Some(&case.container.node.to_string()),
        Side::Consumer => record.peer.as_ref().is_none_or(|peer| named == Some(&peer.to_string())),
    };
    if fits { Ok(()) } else { Err("lienthong-node") }
}

/// Signed, then recorded, then in a checkpoint, up to what clocks may differ.
pub fn times(case: &Case<'_>) -> Finding {
    let slack = CLOCK_DIFFERENCE_SECS_MAX;
    let late = |index: u64, what: Detail| {
        let Detail { vi, en } = what;
        say!("bản ghi {index}: {vi}", "record {index}: {en}")
    };
    for (logged, record) in case.container.records.iter().zip(&case.records) {
        if record.at.secs() > case.checkpoint.at.secs().saturating_add(slack) {
            return Err(late(logged.index, say!("ghi sau điểm chốt", "written after the checkpoint")));
        }
        for head in record.request.iter().chain(&record.response) {
            let parts = head.parts().map_err(|error| say!("không đọc được: {error}", "{error}"))?;
            if parts.params.created > record.at.secs().saturating_add(slack) {
                return Err(late(logged.index, say!("ký sau khi đã ghi", "signed after it was written")));
            }
            // The note about a call that was cut short is written at the next start, however late that is.
            let in_time = record.at.secs() <= parts.params.expires.saturating_add(slack);
            if !in_time && record.part != CallPart::Interrupted {
                return Err(late(
                    logged.index,
                    say!("chữ ký đã hết hạn khi ghi", "its signature was out of date"),
                ));
            }
        }
    }
    let at = case.moment;
    passed(say!("mọi việc xảy ra trước {at}", "all of it happened before {at}"))
}
