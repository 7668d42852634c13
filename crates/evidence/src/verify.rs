//! Checks an evidence file, with nothing but the file and the authorities that the verifier trusts.
//!
//! Reads like the argument: the file is what was made; the records stood in the node's log at a moment; the members
//! signed what is in them; the certificates were theirs and good at that moment.

mod case;
mod log;
mod message;
mod report;
mod signer;

use crypto::certificate::Certificate;

use crate::container::Container;
use case::Case;
use report::say;

pub use report::{Check, Claim, Outcome, Report};

/// Longest difference between the clocks of a node, its peer and the time-stamping authority, in seconds.
///
/// Nodes refuse messages that are further off, so more than this cannot be an accident.
pub const CLOCK_DIFFERENCE_SECS_MAX: i64 = 300;

/// Checks an evidence file.
///
/// `trust`: the authorities, for certificates and for time-stamps, that the verifier knows to be right. Without it the
/// file's own authorities are taken, and the report gives their fingerprints to be compared by eye.
///
/// Every claim is listed with its result; a file that cannot be read at all ends the list early.
pub fn verify(bytes: &[u8], trust: Option<&[Certificate]>) -> Report {
    let mut report = Report::default();
    let container = match Container::parse(bytes) {
        Ok(container) => container,
        Err(error) => {
            report.add(Claim::File, Err(say!("không đọc được: {error}", "{error}")));
            return report;
        }
    };
    let (node, made) = (&container.node, container.exported_at);
    report.add(
        Claim::File,
        report::passed(say!("nút {node} xuất lúc {made}", "made by node {node} at {made}")),
    );
    let mut case = match Case::read(&container) {
        Ok(case) => case,
        Err((claim, detail)) => {
            report.add(claim, Err(detail));
            return report;
        }
    };
    report.add(Claim::Records, log::records(&case));
    report.add(Claim::Inclusion, log::inclusion(&case));
    report.add(Claim::Checkpoint, log::checkpoint(&case));
    report.add(Claim::Timestamp, log::timestamp(&mut case));
    report.add(Claim::RequestSignature, message::requests(&case));
    report.add(Claim::ResponseSignature, message::responses(&case));
    report.add(Claim::Binding, message::binding(&case));
    report.add(Claim::Agreement, message::agreement(&case));
    report.add(Claim::Times, message::times(&case));
    report.add(Claim::Holders, signer::holders(&case));
    report.add(Claim::Certificates, signer::certificates(&case));
    report.add(Claim::Revocation, signer::revocation(&case));
    report.add(Claim::Anchor, signer::anchor(&case, trust));
    report
}
