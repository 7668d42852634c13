//! The audit log: who did what, what was refused; as a file; and the proof that nobody rewrote it.

use std::fmt::Write as _;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base::cell::neutralised;
use http::{Method, StatusCode, header};
use serde::Deserialize;

use super::agency_href;
use crate::Console;
use crate::failure::Failure;
use crate::form::Form;
use crate::names::Names;
use crate::pages::lists::{Pager, token, with};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, page_as, query, segment};
use base::Ts;

/// Entries of a page.
const SHOWN: usize = 25;
/// Entries of a file.
const FILE_MAX: usize = 10_000;
/// Entries of one question.
const AT_ONCE: usize = 500;
/// What somebody can do, as the journal calls it.
const ACTS: [&str; 23] = [
    "agency_put",
    "inventory_put",
    "service_put",
    "request_make",
    "request_step",
    "grant_change",
    "grant_try",
    "gate_file",
    "gate_judge",
    "directory_register",
    "directory_propose",
    "directory_approve",
    "incident_put",
    "incident_contain",
    "security_report",
    "process_deploy",
    "process_start",
    "process_read",
    "task_do",
    "task_assign",
    "process_operate",
    "process_mend",
    "read",
];

#[derive(Template)]
#[template(path = "admin_journal.html")]
pub struct Journal {
    frame: Frame,
    wanted: Wanted,
    errors: Vec<String>,
    file: String,
    lines: Vec<Line>,
    pager: Pager,
}

struct Line {
    seq: i64,
    at: String,
    by: String,
    role: String,
    agency: String,
    act: String,
    subject: String,
    href: Option<String>,
    refused: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin_journal_check.html")]
pub struct Checked {
    frame: Frame,
    /// Number of entries and root; absent when something is wrong.
    tree: Option<(i64, String)>,
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    seq: i64,
    at: String,
    by: String,
    #[serde(default)]
    in_role: String,
    #[serde(default)]
    agency: String,
    act: String,
    subject: String,
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done,
    Refused { code: String, reason: String },
}

#[derive(Deserialize)]
struct Root {
    size: i64,
    root: String,
}

/// Which entries.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Wanted {
    nguoi: String,
    viec: String,
    co_quan: String,
    doi_tuong: String,
    /// `lam` for what was done, `tu-choi` for what was refused.
    ket_qua: String,
    truoc: String,
}

impl Wanted {
    fn path(&self) -> String {
        let refused = match &*self.ket_qua {
            "lam" => "false",
            "tu-choi" => "true",
            _ => "",
        };
        let members = [
            ("by", &*self.nguoi),
            ("act", &self.viec),
            ("agency", &self.co_quan),
            ("subject", &self.doi_tuong),
            ("refused", refused),
        ];
        format!("/journal{}", query(&members))
    }

    fn address(&self, path: &str, before: &str) -> String {
        let members = [
            ("nguoi", &*self.nguoi),
            ("viec", &*self.viec),
            ("co-quan", &*self.co_quan),
            ("doi-tuong", &*self.doi_tuong),
            ("ket-qua", &*self.ket_qua),
            ("truoc", before),
        ];
        format!("{path}{}", query(&members))
    }
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quan-tri/nhat-ky", get(show))
        .route("/quan-tri/nhat-ky.csv", get(file))
        .route("/quan-tri/nhat-ky/kiem-tra", post(check))
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let (entries, next, errors) = match read(&visit, &wanted, SHOWN).await {
        Ok((entries, next)) => (entries, next, Vec::new()),
        Err(failure) if failure.is_mendable() => (Vec::new(), None, failure.lines(visit.lang)),
        Err(failure) => return Err(failure),
    };
    let names = Names::of(&visit, entries.iter().map(|entry| &*entry.agency)).await?;
    let frame = visit.frame(Section::Admin, "admin-journal");
    let address = |before: &str| wanted.address("/quan-tri/nhat-ky", before);
    let first = (!wanted.truoc.is_empty()).then(|| address(""));
    let pager = Pager::onward(first, next.map(|next| address(&next)));
    let line = |entry: Entry| Line {
        seq: entry.seq,
        at: moment(&frame, &entry.at),
        href: href(&entry.subject),
        role: if entry.in_role.is_empty() { String::new() } else { frame.of("role", &entry.in_role) },
        agency: names.get(&entry.agency).to_owned(),
        act: frame.of("admin-act", &entry.act),
        by: entry.by,
        subject: entry.subject,
        refused: match entry.outcome {
            Outcome::Done => None,
            Outcome::Refused { code, reason } => Some((code, frame.half(&reason).to_owned())),
        },
    };
    let lines = entries.into_iter().map(line).collect();
    let file = wanted.address("/quan-tri/nhat-ky.csv", "");
    page(&Journal { frame, wanted, errors, file, lines, pager })
}

/// Entries from newest to oldest, as many as wanted, and where the next ones begin.
async fn read(visit: &Visit, wanted: &Wanted, count: usize) -> Result<(Vec<Entry>, Option<String>), Failure> {
    let mut entries = Vec::new();
    let mut after = Some(wanted.truoc.clone()).filter(|before| !before.is_empty());
    while entries.len() < count {
        let at_once = AT_ONCE.min(count - entries.len());
        let found = visit.get::<Paged<Entry>>(with(&wanted.path(), at_once, after.as_deref())).await?;
        after = token(found.next.as_ref());
        entries.extend(found.items);
        if after.is_none() {
            break;
        }
    }
    Ok((entries, after))
}

fn moment(frame: &Frame, text: &str) -> String {
    let at = text.parse::<jiff::Timestamp>().map(|at| Ts(at.as_microsecond()));
    at.map_or_else(|_| text.to_owned(), |at| frame.moment(&at))
}

/// The page of what somebody did something to.
fn href(subject: &str) -> Option<String> {
    let mut parts = subject.split('/');
    let (kind, name) = (parts.next()?, parts.next().filter(|name| !name.is_empty())?);
    let below = match kind {
        "request" => "/ket-noi",
        "grant" => "/quyen",
        "holding" => "/chia-se/csdl",
        "incident" => "/quan-tri/su-co",
        "agency" => return Some(agency_href(name)),
        "directory" => {
            return parts
                .next()
                .filter(|id| !id.is_empty())
                .map(|id| format!("/quan-tri/danh-ba/de-nghi/{}", segment(id)));
        }
        _ => return None,
    };
    Some(format!("{below}/{}", segment(name)))
}

async fn file(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let (entries, _) = read(&visit, &wanted, FILE_MAX).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"nhat-ky.csv\""),
    ];
    Ok((headers, csv(&entries)).into_response())
}

/// As Excel reads it: with a mark at its beginning that says UTF-8.
fn csv(entries: &[Entry]) -> String {
    let mut text = String::from("\u{feff}seq,at,by,role,agency,act,subject,outcome,code,reason\r\n");
    for entry in entries {
        let (outcome, code, reason) = match &entry.outcome {
            Outcome::Done => ("done", "", ""),
            Outcome::Refused { code, reason } => ("refused", &**code, &**reason),
        };
        let cells = [&entry.at, &entry.by, &entry.in_role, &entry.agency, &entry.act, &entry.subject]
            .map(String::as_str);
        let cells = cells.into_iter().chain([outcome, code, reason]).map(cell).collect::<Vec<_>>().join(",");
        // Writing to a String cannot fail.
        let _ = write!(text, "{},{cells}\r\n", entry.seq);
    }
    text
}

/// A cell in quotes, which no spreadsheet computes.
fn cell(text: &str) -> String {
    format!("\"{}\"", neutralised(text).replace('"', "\"\""))
}

/// A journal that does not agree with itself is an answer, not a fault of this page.
async fn check(visit: Visit, _: Form) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Admin, "admin-check");
    match visit.ask(Method::POST, "/journal/check").send::<Root>().await {
        Ok(Root { size, root }) => page(&Checked { frame, tree: Some((size, root)), errors: Vec::new() }),
        Err(failure) if failure.status == StatusCode::SERVICE_UNAVAILABLE => {
            let errors = failure.lines(visit.lang);
            page_as(failure.status, &Checked { frame, tree: None, errors })
        }
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn entry(subject: &str) -> Entry {
        Entry {
            seq: 7,
            at: "2026-11-22T11:40:52.797182Z".into(),
            by: "du-lieu.g01".into(),
            in_role: String::new(),
            agency: "000.00.00.G01".into(),
            act: "grant_change".into(),
            subject: subject.into(),
            outcome: Outcome::Refused { code: "EX-2004".into(), reason: "a \"b\"".into() },
        }
    }

    #[test]
    fn subjects_lead_to_their_pages() {
        let hrefs = [
            ("request/YC-2026-000006/steps", Some("/ket-noi/YC-2026-000006")),
            ("grant/QK-2026-000005/renew", Some("/quyen/QK-2026-000005")),
            ("directory/changes/12/approve", Some("/quan-tri/danh-ba/de-nghi/12")),
            ("directory/changes", None),
            ("gate/VN-DEMO/GOV/H17/judge", None),
            ("", None),
        ];
        for (subject, wanted) in hrefs {
            assert_eq!(href(subject).as_deref(), wanted, "{subject}");
        }
    }

    #[test]
    fn a_file_runs_nothing_in_a_spreadsheet() {
        let text = csv(&[entry("=HYPERLINK(\"http://x\")")]);
        let line = text.lines().nth(1).expect("a line");
        assert!(line.contains(r#""'=HYPERLINK(""http://x"")""#), "{line}");
        assert!(line.ends_with(r#","refused","EX-2004","a ""b""""#), "{line}");
        assert!(text.starts_with("\u{feff}seq,"));
    }

    #[test]
    fn the_api_is_asked_for_what_is_wanted() {
        let wanted = Wanted {
            ket_qua: "tu-choi".into(),
            nguoi: "a".into(),
            viec: "read".into(),
            co_quan: "000.00.00.G01".into(),
            ..Wanted::default()
        };
        assert_eq!(wanted.path(), "/journal?by=a&act=read&agency=000.00.00.G01&refused=true");
    }

    #[test]
    fn renders() {
        let odd = || ODD.to_owned();
        let line = || Line {
            seq: 7,
            at: odd(),
            by: "du-lieu.g01".into(),
            role: "Chủ quản dữ liệu".into(),
            agency: odd(),
            act: "Thay đổi quyền khai thác".into(),
            subject: odd(),
            href: Some("/quyen/QK-2026-000005".into()),
            refused: Some(("EX-2004".into(), odd())),
        };
        let wanted =
            || Wanted { nguoi: odd(), viec: "read".into(), ket_qua: "lam".into(), ..Wanted::default() };
        let sample = |frame, lines| Journal {
            frame,
            wanted: wanted(),
            errors: vec![odd()],
            file: "/".into(),
            lines,
            pager: Pager::onward(None, Some("/".into())),
        };
        rendered(|frame| sample(frame, (0..SHOWN).map(|_| line()).collect()));
        rendered(|frame| sample(frame, Vec::new()));
        rendered(|frame| Checked { frame, tree: Some((207, odd())), errors: Vec::new() });
        rendered(|frame| Checked { frame, tree: None, errors: vec![odd()] });
    }
}
