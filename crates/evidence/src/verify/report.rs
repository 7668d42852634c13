//! What a verification found, for people and for scripts.

use serde::{Serialize, Serializer};

/// One thing that an evidence file claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The file is as it was made.
    File,
    /// The records are readable, of one call, and none is missing.
    Records,
    /// The records stand in the log.
    Inclusion,
    /// The node signed the state of its log.
    Checkpoint,
    /// An outside authority stamped the time.
    Timestamp,
    /// The asking member signed the request.
    RequestSignature,
    /// The answering member signed the response.
    ResponseSignature,
    /// The response belongs to this request.
    Binding,
    /// Records and messages name the same parties and ids.
    Agreement,
    /// The moments are in their order.
    Times,
    /// The certificates belong to the members that are named.
    Holders,
    /// The certificates were good.
    Certificates,
    /// Whether they were revoked could be seen.
    Revocation,
    /// The authorities are ones that the verifier trusts.
    Anchor,
}

impl Claim {
    /// A stable name for scripts.
    pub const fn key(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Records => "records",
            Self::Inclusion => "inclusion",
            Self::Checkpoint => "checkpoint",
            Self::Timestamp => "timestamp",
            Self::RequestSignature => "request-signature",
            Self::ResponseSignature => "response-signature",
            Self::Binding => "binding",
            Self::Agreement => "agreement",
            Self::Times => "times",
            Self::Holders => "holders",
            Self::Certificates => "certificates",
            Self::Revocation => "revocation",
            Self::Anchor => "anchor",
        }
    }

    /// What is checked, in Vietnamese and in English.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::File => ("Tệp còn nguyên vẹn", "The file is as it was made"),
            Self::Records => ("Đủ bản ghi của đúng một giao dịch", "The records of one call, none missing"),
            Self::Inclusion => ("Bản ghi có trong nhật ký của nút", "The records stand in the node's log"),
            Self::Checkpoint => ("Nút đã ký trạng thái nhật ký", "The node signed the state of its log"),
            Self::Timestamp => ("Dấu thời gian của bên thứ ba", "A time-stamp by an outside authority"),
            Self::RequestSignature => {
                ("Chữ ký của bên khai thác trên yêu cầu", "The consumer's signature on the request")
            }
            Self::ResponseSignature => {
                ("Chữ ký của bên cung cấp trên trả lời", "The provider's signature on the response")
            }
            Self::Binding => ("Trả lời đúng cho yêu cầu này", "The response answers this very request"),
            Self::Agreement => (
                "Bản ghi và thông điệp khớp nhau về các bên",
                "Records and messages name the same parties and ids",
            ),
            Self::Times => ("Các mốc thời gian hợp lý", "The moments are in their order"),
            Self::Holders => (
                "Chứng thư thuộc đúng thành viên được nêu",
                "The certificates belong to the members that are named",
            ),
            Self::Certificates => {
                ("Chứng thư hợp lệ vào thời điểm đó", "The certificates were valid and not revoked then")
            }
            Self::Revocation => (
                "Có danh sách thu hồi để đối chiếu",
                "Revocation lists of the certificates' issuers are there",
            ),
            Self::Anchor => {
                ("Cơ quan chứng thực được tin cậy", "The authorities are trusted by the verifier")
            }
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The claim holds.
    Passed,
    /// The claim does not hold: the file proves nothing.
    Failed,
    /// The file does not make this claim.
    NotPresent,
}

/// An explanation in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    pub vi: String,
    pub en: String,
}

/// A [`Detail`] from two format strings over the same variables.
macro_rules! say {
    ($vi:literal, $en:literal) => {
        $crate::verify::report::Detail { vi: format!($vi), en: format!($en) }
    };
}
pub(crate) use say;

/// What one check found; the error is a failed check.
pub type Finding = Result<(Outcome, Detail), Detail>;

#[expect(clippy::unnecessary_wraps, reason = "every check ends in a finding")]
pub fn passed(detail: Detail) -> Finding {
    Ok((Outcome::Passed, detail))
}

#[expect(clippy::unnecessary_wraps, reason = "every check ends in a finding")]
pub fn not_present(detail: Detail) -> Finding {
    Ok((Outcome::NotPresent, detail))
}

/// One check of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked; its [`Claim::key`] in JSON.
    #[serde(serialize_with = "key")]
    pub claim: Claim,
    /// What was checked, in Vietnamese.
    pub name_vi: &'static str,
    /// What was checked, in English.
    pub name_en: &'static str,
    /// How it ended.
    pub result: Outcome,
    /// Why, in Vietnamese.
    pub detail_vi: String,
    /// Why, in English.
    pub detail_en: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn key<S: Serializer>(claim: &Claim, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(claim.key())
}

/// A text out of a file that anybody may have made, for a terminal: nothing in it moves the cursor or turns the
/// direction of writing.
fn shown(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Everything a verification found, in the order of the argument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// One entry for each claim that could be looked at.
    pub checks: Vec<Check>,
}

impl Report {
    /// Nothing failed, and the whole list was gone through.
    pub fn ok(&self) -> bool {
        let all_good = self.checks.iter().all(|check| check.result != Outcome::Failed);
        all_good && self.result(Claim::Anchor).is_some()
    }

    /// How the check of one claim ended, if it was reached.
    pub fn result(&self, claim: Claim) -> Option<Outcome> {
        self.checks.iter().find(|check| check.claim == claim).map(|check| check.result)
    }

    pub(super) fn add(&mut self, claim: Claim, finding: Finding) {
        let (name_vi, name_en) = claim.names();
        let (result, detail) = finding.unwrap_or_else(|detail| (Outcome::Failed, detail));
        let (detail_vi, detail_en) = (shown(&detail.vi), shown(&detail.en));
        self.checks.push(Check { claim, name_vi, name_en, result, detail_vi, detail_en });
    }
}
