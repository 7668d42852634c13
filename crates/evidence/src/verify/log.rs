//! The records, and that they stood in the node's log at a moment.

use crypto::timestamp;

use super::case::Case;
use super::report::{Finding, not_present, passed, say};
use super::{CLOCK_DIFFERENCE_SECS_MAX, signer};
use crate::checkpoint;
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::record::CallPart;

/// The records are of one call, whole, in order, with a beginning and an end.
pub fn records(case: &Case<'_>) -> Finding {
    let Some(first) = case.records.first() else {
        return Err(say!("tệp không có bản ghi nào", "the file has no record"));
    };
    let indexes = || case.container.records.iter().map(|logged| logged.index);
    if !indexes().is_sorted_by(|one, next| one < next) {
        return Err(say!("bản ghi không theo thứ tự nhật ký", "the records are not in the order of the log"));
    }
    for (index, record) in indexes().zip(&case.records) {
        let same = record.id == first.id && record.call == first.call;
        if !same || record.client != first.client || record.service != first.service {
            return Err(say!("bản ghi {index} thuộc giao dịch khác", "record {index} is of another call"));
        }
        if !record.is_whole() {
            return Err(say!(
                "bản ghi {index} thiếu hoặc thừa phần",
                "record {index} lacks a part or has one too many"
            ));
        }
    }
    // A log may hold both sides, when one node serves both members.
    for side in case.records.iter().map(|record| record.side) {
        let mut parts = case.records.iter().filter(|record| record.side == side).map(|record| record.part);
        let opened = parts.clone().any(|part| part == CallPart::Request);
        let closed = parts.clone().any(|part| part != CallPart::Request);
        if opened && !closed {
            return Err(say!(
                "thiếu bản ghi kết thúc giao dịch",
                "the record of how the call ended is missing"
            ));
        }
        if !opened && parts.any(|part| matches!(part, CallPart::Response | CallPart::Interrupted)) {
            return Err(say!("thiếu bản ghi của yêu cầu", "the record of the request is missing"));
        }
    }
    let (count, call) = (case.records.len(), &first.call);
    passed(say!("{count} bản ghi của giao dịch {call}", "{count} records of call {call}"))
}

/// Every record is a leaf of the tree that the checkpoint names.
pub fn inclusion(case: &Case<'_>) -> Finding {
    let tree = case.checkpoint.tree();
    for logged in &case.container.records {
        let leaf = leaf_hash(logged.record.as_bytes());
        if !verify_inclusion(&leaf, logged.index, tree.size, &logged.path, &tree.root) {
            let index = logged.index;
            return Err(say!(
                "bản ghi {index} không có trong nhật ký, hoặc đã bị sửa",
                "record {index} is not in the log, or was altered"
            ));
        }
    }
    let size = tree.size;
    passed(say!("trong nhật ký có {size} bản ghi", "in a log of {size} records"))
}

/// The checkpoint is of this node and signed by the member that runs it.
pub fn checkpoint(case: &Case<'_>) -> Finding {
    let signed = &case.container.checkpoint;
    let (origin, node) = (&case.checkpoint.origin, &case.container.node);
    if origin != node {
        return Err(say!("của nút {origin}, không phải {node}", "it is of node {origin}, not of {node}"));
    }
    let certificate = case.certificate(&signed.certificate)?;
    let key = certificate.public_key().map_err(|error| say!("chứng thư: {error}", "certificate: {error}"))?;
    checkpoint::verify_signature(&signed.text, &signed.signature, key)
        .map_err(|error| say!("chữ ký không đúng: {error}", "{error}"))?;
    signer::belongs_to(certificate, &origin.owner)?;
    let at = case.checkpoint.at;
    passed(say!("ký lúc {at}, theo đồng hồ của nút", "signed at {at} by the node's clock"))
}

/// The time-stamp is over the checkpoint and comes from an authority of the file.
pub fn timestamp(case: &mut Case<'_>) -> Finding {
    let signed = &case.container.checkpoint;
    let Some(token) = &signed.timestamp else {
        return not_present(say!(
            "chưa có; thời gian chỉ theo đồng hồ của nút",
            "none; the time is the node's own claim"
        ));
    };
    let imprint = checkpoint::imprint(&signed.text, &signed.signature);
    let stamped = timestamp::verify(token, &imprint, &case.container.timestamp_authorities)
        .map_err(|error| say!("không đúng: {error}", "{error}"))?;
    let (at, authority) = (stamped.at, stamped.authority);
    case.moment = at;
    let made = case.checkpoint.at;
    // Stamps have whole seconds, checkpoints microseconds.
    if at.secs() + CLOCK_DIFFERENCE_SECS_MAX < made.secs() {
        return Err(say!(
            "dấu thời gian {at} sớm hơn trạng thái nhật ký {made}",
            "the time-stamp of {at} is older than the checkpoint of {made}"
        ));
    }
    passed(say!("{authority}: tồn tại trước {at}", "{authority}: existed before {at}"))
}
