//! The words of the report, Vietnamese and English, for both renderings.

use jiff::civil::Date;

use super::{Evidence, ItemState, Outcome, Report, Row};
use crate::gate::checklist::Duty;
use crate::gate::day_of;

/// A pair of Vietnamese and English.
pub(super) type Pair = (String, String);

fn pair(vi: &str, en: &str) -> Pair {
    (vi.to_owned(), en.to_owned())
}

/// A day as it is written in documents of the state: `05/09/2026`.
pub(super) fn day(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

pub(super) fn heading() -> Pair {
    pair("Báo cáo cổng an toàn trước kết nối", "Report of the readiness gate")
}

pub(super) fn gate(report: &Report) -> Pair {
    if report.elsewhere.is_some() {
        return match report.failing() {
            0 => pair("Phần máy tự kiểm tra: ĐẠT", "What the machine checks: PASSED"),
            _ => pair("Phần máy tự kiểm tra: KHÔNG ĐẠT", "What the machine checks: FAILED"),
        };
    }
    match (report.open, report.closes) {
        (false, _) => pair("CỔNG ĐÓNG: còn mục chưa đạt", "CLOSED: something is missing"),
        (true, None) => pair("CỔNG MỞ", "OPEN"),
        (true, Some(at)) => {
            // What closes at 00:00 counts through the day before.
            let last = day(day_of(base::Ts(at.0 - 1)));
            (format!("CỔNG MỞ đến hết ngày {last}"), format!("OPEN through {last}"))
        }
    }
}

pub(super) fn state(row: &Row) -> Pair {
    let last = row.last_day.map(day).unwrap_or_default();
    match row.state {
        ItemState::InForce if row.last_day.is_none() => pair("Còn hiệu lực", "In force"),
        ItemState::InForce => (format!("Còn hiệu lực đến hết {last}"), format!("In force through {last}")),
        ItemState::EndsSoon => (format!("Sắp hết hạn: đến hết {last}"), format!("Ends soon: through {last}")),
        ItemState::Waiting => pair("Chờ duyệt", "Waits for approval"),
        ItemState::Ended => (format!("Hết hiệu lực sau ngày {last}"), format!("Ended on {last}")),
        ItemState::Rejected => pair("Bị từ chối", "Rejected"),
        ItemState::Missing => pair("Chưa có", "Missing"),
        ItemState::Unknown => {
            pair("Sổ đăng ký không quản lý danh bạ", "The registry does not keep the directory")
        }
    }
}

/// Whether a reader may be calm, must hurry, or sees a reason for refusal.
pub(super) fn tone(state: ItemState) -> &'static str {
    match state {
        ItemState::InForce => "good",
        ItemState::EndsSoon | ItemState::Unknown => "soon",
        ItemState::Waiting | ItemState::Ended | ItemState::Rejected | ItemState::Missing => "bad",
    }
}

pub(super) fn outcome(outcome: Outcome) -> (Pair, &'static str) {
    match outcome {
        Outcome::Passed => (pair("Đạt", "Passed"), "good"),
        Outcome::Warned => (pair("Cần lưu ý", "Take care"), "soon"),
        Outcome::Failed => (pair("Không đạt", "Failed"), "bad"),
        Outcome::Skipped => (pair("Không kiểm tra được", "Not checked"), "soon"),
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

pub(super) const COLUMNS: [(&str, &str); 4] =
    [("Nội dung", "Item"), ("Tình trạng", "State"), ("Minh chứng", "Evidence"), ("Kiểm tra", "Inspector")];
pub(super) const TICKS: [(&str, &str); 2] = [("Đạt", "pass"), ("Không đạt", "fail")];
pub(super) const PARTY: (&str, &str) = ("Hệ thống thông tin (đầu mối)", "Subsystem");
pub(super) const MADE: (&str, &str) = ("Thời điểm lập", "Made at");
pub(super) const CHECKLIST: (&str, &str) = ("Danh mục kiểm tra", "Checklist");
pub(super) const BASIS: (&str, &str) = ("Căn cứ", "Legal basis");
pub(super) const OWN: (&str, &str) = ("Phần I. Hệ thống thông tin", "Part I. The information system");
pub(super) const CONNECTIONS: (&str, &str) = ("Phần II. Từng kết nối", "Part II. Each connection");
pub(super) const MACHINE: (&str, &str) = ("Phần III. Máy tự kiểm tra", "Part III. Checked by the machine");
pub(super) const NOTHING: (&str, &str) = ("Không có.", "None.");
pub(super) const SIGN_INSPECTOR: (&str, &str) = ("Người kiểm tra", "Inspector");
pub(super) const SIGN_OWNER: (&str, &str) = ("Đại diện đơn vị vận hành", "For the operator");
pub(super) const SIGN_HINT: (&str, &str) = ("(ký, ghi rõ họ tên, ngày)", "(signature, name, day)");

/// The moment of the report, in Vietnam's time.
pub(super) fn made(report: &Report) -> String {
    let seconds = (report.made.secs() + 7 * 3_600).rem_euclid(86_400);
    let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hour:02}:{minute:02} ngày {} (UTC+7)", day(day_of(report.made)))
}
