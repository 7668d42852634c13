//! Calls as they pass, one call with what was signed, and its proof: checked here, or as a file for somebody else.

pub mod live;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::Method;
use serde::Deserialize;

use super::work::Paged;
use crate::Console;
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::terms::Service;
use crate::session::Visit;
use crate::text::word;
use crate::time;
use crate::view::{Frame, Section, page, page_as, query, redirect};

/// Calls of one page.
const SHOWN: usize = 50;

/// One call in a list.
pub struct Line {
    at: String,
    id: String,
    href: String,
    client: String,
    service: String,
    status: String,
    code: String,
    took: String,
    failed: bool,
}

/// Whether a code says that a rule refused the call; else something broke.
fn is_refusal(code: &str) -> bool {
    ["EX-02", "EX-03"].iter().any(|rules| code.starts_with(rules))
}

#[derive(Template)]
#[template(path = "calls.html")]
pub struct Calls {
    frame: Frame,
    wanted: Wanted,
    lines: Vec<Line>,
    more: Option<String>,
    errors: Vec<String>,
}

#[derive(Template)]
#[template(path = "call.html")]
pub struct Call {
    frame: Frame,
    id: String,
    links: Links,
    parts: Vec<Part>,
    /// Other calls under the same id.
    others: Vec<(String, String)>,
}

/// Where the proof of a call is.
pub struct Links {
    check: String,
    file: String,
}

/// One record of a call.
pub struct Part {
    index: i64,
    at: Ts,
    title: String,
    rows: Vec<(String, String)>,
    /// The grant of the registry by which it was allowed.
    grant: Option<String>,
    /// Name and path of each field that was cut out.
    withheld: Vec<(String, String)>,
    signed: Vec<Signed>,
}

/// What a member signed.
pub struct Signed {
    title: String,
    base: String,
    certificate: String,
    signature: String,
}

#[derive(Template)]
#[template(path = "call_check.html")]
pub struct Checked {
    frame: Frame,
    id: String,
    back: String,
    file: String,
    /// What the file is called where it was downloaded.
    file_name: String,
    ok: bool,
    checks: Vec<Check>,
}

/// One claim and how it ended.
pub struct Check {
    name: String,
    detail: String,
    result: String,
}

/// What is asked of the list.
#[derive(Clone, Default, Deserialize)]
pub struct Wanted {
    /// A call's id, or a part of a system's or service's identifier.
    #[serde(default)]
    tim: String,
    /// Only calls that failed: `co`.
    #[serde(default)]
    loi: String,
    /// Only calls that ended with this code.
    #[serde(default)]
    ma: String,
    /// First and last day.
    #[serde(default)]
    tu_ngay: String,
    #[serde(default)]
    den_ngay: String,
    /// Calls before this number.
    #[serde(default)]
    truoc: String,
}

impl Wanted {
    /// The question to the API.
    ///
    /// # Errors
    /// A day that is none.
    fn asked(&self) -> Result<String, Failure> {
        let since = day(&self.tu_ngay, time::begin_of)?;
        let until = day(&self.den_ngay, time::end_of)?;
        Ok(query(&[
            ("only", &self.tim),
            ("failed", if self.loi == "co" { "true" } else { "" }),
            ("code", &self.ma),
            ("since", &since),
            ("until", &until),
            ("before", &self.truoc),
            ("limit", &SHOWN.to_string()),
        ]))
    }

    /// The address of older calls of the same kind.
    fn older(&self, before: i64) -> String {
        let before = before.to_string();
        let members = [
            ("tim", &*self.tim),
            ("loi", &self.loi),
            ("ma", &self.ma),
            ("tu_ngay", &self.tu_ngay),
            ("den_ngay", &self.den_ngay),
            ("truoc", &before),
        ];
        format!("/chung-cu{}", query(&members))
    }
}

/// A moment of a typed day, as the API takes it; nothing for an empty field.
fn day(typed: &str, moment: fn(jiff::civil::Date) -> Option<Ts>) -> Result<String, Failure> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    let found = time::typed_day(typed).and_then(moment);
    let found = found.ok_or_else(|| {
        let vi = "Ngày viết theo ngày/tháng/năm, ví dụ 09/11/2026";
        Failure::field("ngay", vi, "Days are written as day/month/year, such as 09/11/2026")
    });
    Ok(found?.0.to_string())
}

/// Which call.
#[derive(Deserialize)]
struct Named {
    id: String,
    #[serde(default)]
    cuoc: String,
}

#[derive(Deserialize)]
struct Row {
    at: Ts,
    id: String,
    call: String,
    part: String,
    client: String,
    service: String,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    duration_ms: Option<u64>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/chung-cu", get(list))
        .route("/chung-cu/cuoc-goi", get(one))
        .route("/chung-cu/kiem-tra", get(check))
        .route("/chung-cu/tep", get(file))
        .merge(live::routes())
}

async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Evidence, "nav-evidence");
    let asked = match wanted.asked() {
        Ok(asked) => asked,
        Err(failure) => {
            let errors = failure.lines(visit.lang);
            return page_as(failure.status, &Calls { frame, wanted, lines: Vec::new(), more: None, errors });
        }
    };
    let found = visit.get::<Paged<Row>>(format!("/calls{asked}")).await;
    // An id is looked up in the whole log, not only among the latest calls.
    if wanted.truoc.is_empty()
        && !wanted.tim.is_empty()
        && found.as_ref().is_ok_and(|found| found.items.is_empty())
    {
        let of_id = query(&[("id", &wanted.tim)]);
        if visit.get::<serde_json::Value>(format!("/calls/records{of_id}")).await.is_ok() {
            return Ok(redirect(&format!("/chung-cu/cuoc-goi{of_id}")));
        }
    }
    let Paged { items, next } = found?;
    let lines = lines(&visit, items).await?;
    let more = next.and_then(|next| next.as_i64()).map(|before| wanted.older(before));
    page(&Calls { frame, wanted, lines, more, errors: Vec::new() })
}

async fn lines(visit: &Visit, rows: Vec<Row>) -> Result<Vec<Line>, Failure> {
    let names = Names::of(visit, rows.iter().flat_map(|row| [&*row.client, &*row.service])).await?;
    let line = |row: Row| Line {
        at: format!("{} {}", time::clock(row.at), time::day_of(row.at)),
        href: address("/chung-cu/cuoc-goi", &row.id, &row.call),
        client: names.get(&row.client).to_owned(),
        service: names.get(&row.service).to_owned(),
        status: row.status.map(|status| status.to_string()).unwrap_or_default(),
        failed: !row.code.is_empty()
            || row.part == "interrupted"
            || row.status.is_some_and(|status| status >= 400),
        code: row.code,
        took: row.duration_ms.map(|ms| format!("{ms} ms")).unwrap_or_default(),
        id: row.id,
    };
    Ok(rows.into_iter().map(line).collect())
}

fn address(path: &str, id: &str, call: &str) -> String {
    format!("{path}{}", query(&[("id", id), ("cuoc", call)]))
}

#[derive(Deserialize)]
struct Indexed {
    index: i64,
    record: Record,
}

#[derive(Deserialize)]
struct Record {
    side: String,
    part: String,
    at: String,
    call: String,
    client: String,
    service: String,
    #[serde(default)]
    peer: Option<String>,
    #[serde(default)]
    request: Option<Head>,
    #[serde(default)]
    response: Option<Head>,
    #[serde(default)]
    outcome: Option<Outcome>,
    #[serde(default)]
    request_kib: Option<u64>,
    #[serde(default)]
    response_kib: Option<u64>,
    #[serde(default)]
    duration_ms: Option<u64>,
    #[serde(default)]
    permit: Option<String>,
    #[serde(default)]
    withheld: Vec<String>,
}

#[derive(Deserialize)]
struct Head {
    base: String,
    signature: String,
    certificate: String,
}

#[derive(Deserialize)]
struct Outcome {
    status: u16,
    #[serde(default)]
    code: String,
}

impl Head {
    /// The purpose that was signed with the request.
    fn purpose(&self) -> Option<String> {
        let line = self.base.lines().find_map(|line| line.strip_prefix("\"lienthong-purpose\": "));
        line.map(str::to_owned)
    }
}

async fn one(visit: Visit, Query(wanted): Query<Named>) -> Result<Response, Failure> {
    let records =
        visit.get::<Vec<Indexed>>(format!("/calls/records{}", query(&[("id", &wanted.id)]))).await?;
    let latest = records.last().map(|one| one.record.call.clone()).unwrap_or_default();
    let call = if wanted.cuoc.is_empty() { latest } else { wanted.cuoc };
    let (mine, others): (Vec<_>, Vec<_>) = records.into_iter().partition(|one| one.record.call == call);
    if mine.is_empty() {
        return Err(Failure::nothing());
    }
    let names =
        Names::of(&visit, mine.iter().flat_map(|one| [&*one.record.client, &*one.record.service])).await?;
    let title = visit.lang.ta("call-one", &[("name", word(&*wanted.id))]);
    let frame = visit.titled(Section::Evidence, title);
    let mut others: Vec<_> = others
        .into_iter()
        .map(|one| (address("/chung-cu/cuoc-goi", &wanted.id, &one.record.call), one.record.call))
        .collect();
    others.dedup();
    let links = Links {
        check: address("/chung-cu/kiem-tra", &wanted.id, &call),
        file: address("/chung-cu/tep", &wanted.id, &call),
    };
    let service = mine.first().map(|one| one.record.service.clone()).unwrap_or_default();
    let service = Service::of(&visit, &service).await;
    let parts = mine.into_iter().map(|one| part(&frame, (&names, &service), one)).collect();
    page(&Call { frame, id: wanted.id, links, parts, others })
}

/// A record as rows of names and values; what is absent is left out.
fn part(frame: &Frame, (names, service): (&Names, &Service), Indexed { index, record }: Indexed) -> Part {
    let kib = |kib: u64| frame.tn("call-kib", &kib);
    let outcome = record.outcome.as_ref().map(|outcome| match &*outcome.code {
        "" => format!("HTTP {}", outcome.status),
        code => {
            let how = frame.t(if is_refusal(code) { "calls-refused" } else { "calls-failed" });
            format!("{how}: {} ({code}, HTTP {})", frame.of("code", code), outcome.status)
        }
    });
    let (grant, permit) = match record.permit {
        Some(permit) if permit.starts_with("QK-") => (Some(permit), None),
        permit => (None, permit),
    };
    let rows = [
        ("call-client", Some(names.full(&record.client))),
        ("call-service", Some(names.full(&record.service))),
        ("call-side", Some(frame.of("call-side", &record.side))),
        ("call-peer", record.peer),
        ("call-purpose", record.request.as_ref().and_then(Head::purpose)),
        ("call-permit", permit),
        ("call-outcome", outcome),
        ("call-took", record.duration_ms.map(|ms| format!("{ms} ms"))),
        ("call-asked-size", record.request_kib.map(kib)),
        ("call-answered-size", record.response_kib.map(kib)),
    ];
    let rows = rows.into_iter().filter_map(|(key, value)| value.map(|value| (frame.t(key), value))).collect();
    let signed = [("call-signed-request", record.request), ("call-signed-response", record.response)];
    let signed =
        signed.into_iter().filter_map(|(key, head)| head.map(|head| (key, head))).map(|(key, head)| Signed {
            title: frame.t(key),
            base: head.base,
            certificate: head.certificate,
            signature: head.signature,
        });
    let at = record.at.parse::<jiff::Timestamp>().map_or(Ts(0), |at| Ts(at.as_microsecond()));
    Part {
        index,
        at,
        title: frame.of("call-part", &record.part),
        rows,
        grant,
        withheld: record.withheld.into_iter().map(|path| (service.title(frame.lang, &path), path)).collect(),
        signed: signed.collect(),
    }
}

#[derive(Deserialize)]
struct Report {
    ok: bool,
    checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
struct RawCheck {
    name_vi: String,
    name_en: String,
    result: String,
    detail_vi: String,
    detail_en: String,
}

async fn check(visit: Visit, Query(wanted): Query<Named>) -> Result<Response, Failure> {
    let asked = query(&[("id", &wanted.id), ("call", &wanted.cuoc)]);
    let report = visit.get::<Report>(format!("/calls/check{asked}")).await?;
    let frame = visit.frame(Section::Evidence, "call-check-title");
    let vi = frame.lang == crate::text::Lang::Vi;
    let check = |one: RawCheck| Check {
        name: if vi { one.name_vi } else { one.name_en },
        detail: time::spoken(if vi { &one.detail_vi } else { &one.detail_en }),
        result: one.result,
    };
    let checks = report.checks.into_iter().map(check).collect();
    let (back, file) = (
        address("/chung-cu/cuoc-goi", &wanted.id, &wanted.cuoc),
        address("/chung-cu/tep", &wanted.id, &wanted.cuoc),
    );
    page(&Checked {
        frame,
        file_name: file_name(&wanted.id),
        id: wanted.id,
        back,
        file,
        ok: report.ok,
        checks,
    })
}

/// The name that the API gives to the evidence file of a call.
fn file_name(id: &str) -> String {
    let safe = |one: &char| one.is_ascii_alphanumeric() || "-_".contains(*one);
    format!("chung-cu-{}.evidence.json", id.chars().filter(safe).take(60).collect::<String>())
}

/// The evidence file, as the API gives it.
async fn file(visit: Visit, Query(wanted): Query<Named>) -> Result<Response, Failure> {
    let asked = query(&[("id", &wanted.id), ("call", &wanted.cuoc)]);
    visit.ask(Method::GET, format!("/calls/evidence{asked}")).response().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    impl Line {
        /// A call that was refused, between parties with odd names.
        pub fn sample() -> Self {
            Self {
                at: "14:05:09 22/11/2026".into(),
                id: ODD.into(),
                href: "/chung-cu/cuoc-goi?id=a".into(),
                client: ODD.into(),
                service: ODD.into(),
                status: "403".into(),
                code: "EX-0304".into(),
                took: "5 ms".into(),
                failed: true,
            }
        }
    }

    #[test]
    fn lists_render() {
        let odd = || ODD.to_owned();
        let (tim, ma, tu_ngay, den_ngay) = (odd(), odd(), odd(), odd());
        let wanted = Wanted { tim, loi: "co".into(), ma, tu_ngay, den_ngay, truoc: String::new() };
        rendered(|frame| Calls {
            frame,
            wanted: wanted.clone(),
            lines: vec![Line::sample()],
            more: Some("/chung-cu?truoc=5".into()),
            errors: vec![odd()],
        });
        rendered(|frame| Calls {
            frame,
            wanted: Wanted::default(),
            lines: Vec::new(),
            more: None,
            errors: Vec::new(),
        });
    }

    #[test]
    fn days_and_words_become_a_question_to_the_api() {
        let typed = |tu_ngay: &str, den_ngay: &str| Wanted {
            tim: "Sở Tư pháp".into(),
            ma: "EX-0305".into(),
            tu_ngay: tu_ngay.into(),
            den_ngay: den_ngay.into(),
            ..Wanted::default()
        };
        let asked = typed("31/12/2026", "31/12/2026").asked().expect("two days");
        assert!(
            asked.ends_with("&code=EX-0305&since=1798650000000000&until=1798736400000000&limit=50"),
            "{asked}"
        );
        assert!(typed("mai", "").asked().is_err());
        assert_eq!(
            typed("", "").older(7),
            "/chung-cu?tim=S%E1%BB%9F%20T%C6%B0%20ph%C3%A1p&ma=EX-0305&truoc=7"
        );
    }

    #[test]
    fn the_purpose_is_what_was_signed() {
        let head =
            |base: &str| Head { base: base.into(), signature: String::new(), certificate: String::new() };
        let signed = head("\"x-road-id\": a\n\"lienthong-purpose\": cap-the\n");
        assert_eq!((signed.purpose(), head("\"x-road-id\": a").purpose()), (Some("cap-the".into()), None));
    }

    #[test]
    fn a_call_and_its_proof_render() {
        let signed = || Signed {
            title: ODD.into(),
            base: ODD.into(),
            certificate: "89".into(),
            signature: ODD.into(),
        };
        rendered(|frame| Call {
            frame,
            id: ODD.into(),
            links: Links { check: "/chung-cu/kiem-tra?id=a".into(), file: "/chung-cu/tep?id=a".into() },
            parts: vec![Part {
                index: 7,
                at: Ts(0),
                title: ODD.into(),
                rows: vec![(ODD.into(), ODD.into())],
                grant: Some("QK-2026-000001".into()),
                withheld: vec![(ODD.into(), ODD.into()), (String::new(), ODD.into())],
                signed: vec![signed()],
            }],
            others: vec![("/x".into(), ODD.into())],
        });
        for ok in [true, false] {
            rendered(|frame| Checked {
                file_name: file_name(ODD),
                frame,
                id: ODD.into(),
                back: "/".into(),
                file: "/".into(),
                ok,
                checks: ["passed", "failed", "not-present"]
                    .map(|result| Check { name: ODD.into(), detail: ODD.into(), result: result.into() })
                    .into(),
            });
        }
    }
}
