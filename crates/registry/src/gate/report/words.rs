//! The words of the report, Vietnamese and English.

use jiff::civil::Date;

use super::{Evidence, ItemState, Outcome, Report};
use crate::gate::checklist::Duty;
use crate::gate::day_of;
use crate::print::{Tone, day};
use crate::text::Text;

pub(super) fn gate(report: &Report) -> Text {
    if report.elsewhere.is_some() {
        return machine(report);
    }
    match (report.open, report.closes) {
        (false, _) => ("CỔNG ĐÓNG: còn mục chưa đạt", "CLOSED: something is missing").into(),
        (true, None) => ("CỔNG MỞ", "OPEN").into(),
        (true, Some(at)) => {
            // What closes at 00:00 counts through the day before.
            let last = day(day_of(base::Ts(at.0 - 1)));
            (format!("CỔNG MỞ đến hết ngày {last}"), format!("OPEN through {last}")).into()
        }
    }
}

/// The verdict on what the machine checked by itself; it stands beside that on the papers.
pub(super) fn machine(report: &Report) -> Text {
    if report.machine_fails() {
        ("Phần máy tự kiểm tra: KHÔNG ĐẠT", "What the machine checks: FAILED").into()
    } else {
        ("Phần máy tự kiểm tra: ĐẠT", "What the machine checks: PASSED").into()
    }
}

/// How an item stands, with the last day on which it counts or counted.
pub(super) fn state(state: ItemState, last_day: Option<Date>) -> Text {
    let last = last_day.map(day).unwrap_or_default();
    match state {
        ItemState::InForce if last_day.is_none() => ("Còn hiệu lực", "In force").into(),
        ItemState::InForce => {
            (format!("Còn hiệu lực đến hết {last}"), format!("In force through {last}")).into()
        }
        ItemState::EndsSoon => {
            (format!("Sắp hết hạn: đến hết {last}"), format!("Ends soon: through {last}")).into()
        }
        ItemState::Waiting => ("Chờ duyệt", "Waits for approval").into(),
        ItemState::Ended => (format!("Hết hiệu lực sau ngày {last}"), format!("Ended on {last}")).into(),
        ItemState::Rejected => ("Bị từ chối", "Rejected").into(),
        ItemState::Missing => ("Chưa có", "Missing").into(),
        ItemState::Unknown => {
            ("Sổ đăng ký không quản lý danh bạ", "The registry does not keep the directory").into()
        }
    }
}

pub(super) fn outcome(outcome: Outcome) -> (Text, Tone) {
    match outcome {
        Outcome::Passed => (("Đạt", "Passed").into(), Tone::Good),
        Outcome::Warned => (("Cần lưu ý", "Take care").into(), Tone::Soon),
        Outcome::Failed => (("Không đạt", "Failed").into(), Tone::Bad),
        Outcome::Skipped => (("Không kiểm tra được", "Not checked").into(), Tone::Soon),
    }
}

/// The lines about what was shown.
pub(super) fn evidence(evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    let mut first = Vec::new();
    if !evidence.number.is_empty() {
        first.push(format!("Số {}", evidence.number));
    }
    first.push(format!("ngày {}", day(evidence.issued_on)));
    if let Some(level) = evidence.level {
        first.push(format!("cấp độ {level}"));
    }
    lines.push(first.join(", "));
    for contact in &evidence.contacts {
        let duty = match contact.duty {
            Duty::Business => "Nghiệp vụ",
            Duty::Technical => "Kỹ thuật",
            Duty::Security => "An ninh",
        };
        let reach = [&contact.phone, &contact.email].into_iter().filter(|text| !text.is_empty());
        let reach: Vec<&str> = reach.map(String::as_str).collect();
        lines.push(format!("{duty}: {} ({})", contact.name, reach.join(", ")));
    }
    if let Some(document) = &evidence.document {
        lines.push(format!("SHA-256 {document}"));
    }
    let (by, on) = &evidence.filed;
    lines.push(format!("Nộp: {by}, {}", day(*on)));
    if let Some((by, on)) = &evidence.judged {
        lines.push(format!("Duyệt: {by}, {}", day(*on)));
    }
    lines
}

pub(super) const HEADING: (&str, &str) =
    ("Báo cáo cổng an toàn trước kết nối", "Report of the readiness gate");
pub(super) const PARTY: (&str, &str) = ("Hệ thống thông tin (đầu mối)", "Subsystem");
pub(super) const MADE: (&str, &str) = ("Thời điểm lập", "Made at");
pub(super) const CHECKLIST: (&str, &str) = ("Danh mục kiểm tra", "Checklist");
pub(super) const BASIS: (&str, &str) = ("Căn cứ", "Legal basis");
pub(super) const OWN: (&str, &str) = ("Phần I. Hệ thống thông tin", "Part I. The information system");
pub(super) const CONNECTIONS: (&str, &str) = ("Phần II. Từng kết nối", "Part II. Each connection");
pub(super) const MACHINE: (&str, &str) = ("Phần III. Máy tự kiểm tra", "Part III. Checked by the machine");
pub(super) const SIGN_INSPECTOR: (&str, &str) = ("Người kiểm tra", "Inspector");
pub(super) const SIGN_OWNER: (&str, &str) = ("Đại diện đơn vị vận hành", "For the operator");
