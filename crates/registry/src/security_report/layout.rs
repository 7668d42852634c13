//! The report as it is printed.

use base::Ts;

use super::{Connection, Figures, Incident, Level, Measure, SecurityReport, System};
use crate::gate::Warning;
use crate::gate::checklist::Whom;
use crate::grant;
use crate::incident::{Severity, Standing};
use crate::inventory::Word as _;
use crate::print::{self, Cell, Column, Document, Look, PdfError, Tone, day, moment};
use crate::text::Text;

const SYSTEMS: [Column; 3] = [
    Column { vi: "Hệ thống thông tin", en: "System", percent: 30 },
    Column { vi: "Cấp độ", en: "Level", percent: 22 },
    Column { vi: "Tình trạng biện pháp", en: "State of measures", percent: 48 },
];
const CONNECTIONS: [Column; 3] = [
    Column { vi: "Kết nối", en: "Connection", percent: 56 },
    Column { vi: "Vai trò", en: "Side", percent: 18 },
    Column { vi: "Tình trạng", en: "State", percent: 26 },
];
const MINUTES: [Column; 3] = [
    Column { vi: "Hệ thống thông tin (đầu mối)", en: "Subsystem", percent: 46 },
    Column { vi: "Biên bản", en: "Minutes", percent: 24 },
    Column { vi: "Hiệu lực", en: "Validity", percent: 30 },
];
const INCIDENTS: [Column; 3] = [
    Column { vi: "Sự cố", en: "Incident", percent: 34 },
    Column { vi: "Nghĩa vụ báo cáo", en: "Obligations", percent: 40 },
    Column { vi: "Kết quả xử lý", en: "Outcome", percent: 26 },
];
const EXPIRING: [Column; 3] = [
    Column { vi: "Hệ thống thông tin (đầu mối)", en: "Subsystem", percent: 42 },
    Column { vi: "Nội dung", en: "Item", percent: 34 },
    Column { vi: "Ngày cuối", en: "Last day", percent: 24 },
];
const SEVERITIES: [Severity; 3] = [Severity::Ordinary, Severity::Serious, Severity::Critical];

impl SecurityReport {
    /// The report as a page.
    pub fn html(&self) -> String {
        self.document().html()
    }

    /// The report as a PDF to sign and send.
    ///
    /// # Errors
    /// The writer refused, which its tests never made it do.
    pub fn pdf(&self) -> Result<Vec<u8>, PdfError> {
        self.document().pdf()
    }

    fn document(&self) -> Document {
        let subject = format!("{} ({}), năm {}", self.name, self.agency, self.window.year);
        let heading = ("Báo cáo an ninh mạng hằng năm", "Yearly report on cybersecurity");
        let mut document = Document::new(heading, subject.clone(), self.made);
        self.head(&mut document, subject);
        document.section(("Phần I. Số liệu tổng hợp", "Part I. Figures"));
        document.facts(self.figures.facts());
        document.section(("Phần II. Hệ thống thông tin", "Part II. Systems"));
        document.table(&SYSTEMS, self.systems.iter().map(system));
        document.section(("Phần III. Kết nối", "Part III. Connections"));
        document.table(&CONNECTIONS, self.connections.iter().map(connection));
        document.section(("Phần IV. Biên bản kiểm tra an ninh mạng", "Part IV. Minutes of security checks"));
        document.table(&MINUTES, self.minutes.iter().map(minutes));
        document.section(("Phần V. Sự cố trong kỳ", "Part V. Incidents of the period"));
        document.table(&INCIDENTS, self.incidents.iter().map(incident));
        document.section(("Phần VI. Sắp hết hiệu lực", "Part VI. Ending soon"));
        document.table(&EXPIRING, self.expiring.iter().map(expiring));
        document.signatures(("Người lập", "Made by"), ("Thủ trưởng đơn vị", "Head of the agency"));
        document
    }

    fn head(&self, document: &mut Document, subject: String) {
        let window = &self.window;
        let covered = format!("từ {} đến hết {}", day(window.from), day(window.to));
        let due = format!(
            "đơn vị gửi chủ quản trước {}; chủ quản gửi Bộ Công an trước {}",
            day(window.units_before),
            day(window.owner_before)
        );
        let as_of = format!("{}; kiểm kê, kết nối, hồ sơ sự cố: tại thời điểm lập", moment(self.as_of));
        document.facts([
            (("Cơ quan", "Agency"), subject),
            (("Kỳ số liệu", "Period"), covered),
            (("Thời hạn", "Due"), due),
            (("Căn cứ", "Legal basis"), self.legal_basis.clone()),
            (("Thời điểm lập", "Made at"), print::made(self.made)),
            (("Biện pháp tính đến", "Measures as of"), as_of),
        ]);
    }
}

impl Figures {
    fn facts(&self) -> Vec<((&'static str, &'static str), String)> {
        let levels: Vec<_> =
            self.by_level.iter().map(|(level, count)| format!("cấp {level}: {count}")).collect();
        let count = |severity: &Severity| self.incidents.get(severity).copied().unwrap_or_default();
        let incidents: Vec<_> = SEVERITIES
            .iter()
            .map(|severity| format!("{}: {}", severity.words().0, count(severity)))
            .collect();
        vec![
            (("Hệ thống", "Systems"), format!("{} ({})", self.systems, levels.join(", "))),
            (
                ("Chưa có quyết định cấp độ", "Without a decision on a level"),
                self.without_decision.to_string(),
            ),
            (
                ("Biện pháp còn hiệu lực / chưa đạt", "Measures in force / lacking"),
                format!("{} / {}", self.measures_in_force, self.measures_lacking),
            ),
            (
                ("Kết nối đang hoạt động / tạm dừng", "Connections live / suspended"),
                format!("{} / {}", self.connections_live, self.connections_suspended),
            ),
            (("Sự cố", "Incidents"), incidents.join("; ")),
            (
                ("Nghĩa vụ báo cáo đúng hạn / trễ hạn", "Obligations met / missed"),
                format!("{} / {}", self.clocks_met, self.clocks_missed),
            ),
            (("Sắp hết hiệu lực", "Ending soon"), self.expiring.to_string()),
        ]
    }
}

fn system(system: &System) -> Vec<Cell> {
    let code = system.code.as_ref().map(ToString::to_string).unwrap_or_default();
    let kind = system.kind.map(|kind| kind.vi().to_owned()).unwrap_or_default();
    let mut name = Cell::of(system.name.clone(), Look::Name)
        .line(code, Look::Small)
        .line(kind, Look::Small)
        .line(system.owner.to_string(), Look::Small);
    for party in &system.parties {
        name = name.line(party.to_string(), Look::Small);
    }
    let mut level = match system.level_that_counts() {
        Some(found) => told(found),
        None => Cell::of(("Chưa có cấp độ", "No level"), Look::State(Tone::Bad)),
    };
    if let Some(filed) = system.level_filed.as_ref().filter(|_| system.levels_differ()) {
        let differs = format!("Quyết định đã nộp ghi cấp độ {}", filed.level);
        level = level.line(differs, Look::State(Tone::Soon));
    }
    let measures = system.measures.iter().fold(Cell::default(), |cell, measure| {
        let (title, state) = (&measure.title, measure.state.words(measure.last_day));
        let line = (format!("{}: {}", title.vi, state.vi), format!("{}: {}", title.en, state.en));
        cell.line(line, Look::State(measure.state.tone())).line(document_of(measure), Look::Small)
    });
    vec![name, level, measures]
}

fn told(level: &Level) -> Cell {
    let tone = if level.decision.is_empty() { Tone::Bad } else { Tone::Good };
    let decision = match (level.decision.as_str(), level.decided_on) {
        ("", _) => "Chưa ghi quyết định phê duyệt".to_owned(),
        (number, None) => number.to_owned(),
        (number, Some(on)) => format!("{number}, ngày {}", day(on)),
    };
    Cell::of(format!("Cấp độ {}", level.level), Look::State(tone)).line(decision, Look::Small)
}

/// Number and day of what was shown.
fn document_of(measure: &Measure) -> String {
    let number = (!measure.number.is_empty()).then(|| format!("Số {}", measure.number));
    let issued = measure.issued_on.map(|on| format!("ngày {}", day(on)));
    number.into_iter().chain(issued).collect::<Vec<_>>().join(", ")
}

fn connection(connection: &Connection) -> Vec<Cell> {
    let title = format!("{} → {}", connection.consumer, connection.service);
    let numbers = format!("{}, {}", connection.grant, connection.request);
    let side: Text = match connection.side {
        Whom::Consumer => ("Bên khai thác", "Consumer").into(),
        Whom::Provider => ("Bên cung cấp", "Provider").into(),
        Whom::Both => ("Cả hai bên", "Both sides").into(),
    };
    let (state, tone): (Text, _) = match connection.state {
        grant::Standing::InForce => (("Đang hoạt động", "Live").into(), Tone::Good),
        _ => (("Tạm dừng", "Suspended").into(), Tone::Soon),
    };
    // What ends at 00:00 counts through the day before.
    let until = connection.until.map(|until| format!("trước {}", moment(until))).unwrap_or_default();
    vec![
        Cell::of(title, Look::Name).line(numbers, Look::Small),
        Cell::of(side, Look::Plain),
        Cell::of(state, Look::State(tone)).line(until, Look::Small),
    ]
}

fn minutes(measure: &Measure) -> Vec<Cell> {
    let party = measure.party.as_ref().map(ToString::to_string).unwrap_or_default();
    let state = measure.state.words(measure.last_day);
    vec![
        Cell::of(party, Look::Name),
        Cell::of(document_of(measure), Look::Plain),
        Cell::of(state, Look::State(measure.state.tone())),
    ]
}

fn incident(incident: &Incident) -> Vec<Cell> {
    let leaked = match (incident.personal_data, incident.data_subjects) {
        (false, _) => String::new(),
        (true, None) => "Lộ dữ liệu cá nhân, chưa rõ số chủ thể".to_owned(),
        (true, Some(count)) => format!("Lộ dữ liệu cá nhân của {count} chủ thể"),
    };
    let what = Cell::of(incident.id.to_string(), Look::Name)
        .line(incident.severity.words(), Look::Plain)
        .line(format!("Phát hiện: {}", moment(incident.detected)), Look::Small)
        .line(leaked, Look::Small)
        .line(incident.agency.to_string(), Look::Small);
    let obligations = incident.obligations.iter().fold(Cell::default(), |cell, one| {
        let (vi, en, tone) = standing(one.state);
        let sent = one.sent_at.map(|at: Ts| format!(", gửi {}", moment(at))).unwrap_or_default();
        let line = (format!("{}: {vi}", one.title.vi), format!("{}: {en}", one.title.en));
        cell.line(line, Look::State(tone))
            .line(format!("Hạn {}{sent}", moment(one.due)), Look::Small)
            .line(one.late.clone().unwrap_or_default(), Look::Small)
    });
    let closed = match incident.closed {
        Some(at) => {
            Cell::of(("Đã kết thúc", "Closed"), Look::State(Tone::Good)).line(moment(at), Look::Small)
        }
        None => Cell::of(("Đang xử lý", "Open"), Look::State(Tone::Soon)),
    };
    let measures = format!("{} biện pháp", incident.measures);
    vec![what, obligations, closed.line(measures, Look::Small).line(incident.conclusion.clone(), Look::Plain)]
}

fn standing(standing: Standing) -> (&'static str, &'static str, Tone) {
    match standing {
        Standing::Running => ("trong hạn", "running", Tone::Good),
        Standing::Soon => ("sắp hết hạn", "due soon", Tone::Soon),
        Standing::Past => ("quá hạn, chưa gửi", "past its end", Tone::Bad),
        Standing::Met => ("đúng hạn", "met", Tone::Good),
        Standing::SentLate => ("gửi trễ hạn", "sent late", Tone::Bad),
    }
}

fn expiring(warning: &Warning) -> Vec<Cell> {
    let about = warning.about.as_ref().map(ToString::to_string).unwrap_or_default();
    let renewal = if warning.renewal_filed { "Đã nộp hồ sơ gia hạn" } else { "" };
    vec![
        Cell::of(warning.party.to_string(), Look::Name).line(about, Look::Small),
        Cell::of(&warning.title, Look::Plain),
        Cell::of(day(warning.last_day), Look::State(Tone::Soon)).line(renewal.to_owned(), Look::Small),
    ]
}
