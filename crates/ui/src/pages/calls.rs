//! Calls as they pass, one call with what was signed, and its proof: checked here, or as a file for somebody else.

use std::collections::BTreeMap;

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
use crate::session::Visit;
use crate::time;
use crate::view::{Frame, Section, page, query, redirect};

/// Calls of one page.
const SHOWN: usize = 50;
/// Calls of the page that renews itself.
const LIVE: usize = 25;

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

#[derive(Template)]
#[template(path = "calls.html")]
pub struct Calls {
    frame: Frame,
    wanted: Wanted,
    lines: Vec<Line>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "calls_live.html")]
pub struct Live {
    frame: Frame,
    lines: Vec<Line>,
    hour: HourLine,
    codes: Vec<(String, u64)>,
}

/// The present hour.
pub struct HourLine {
    calls: u64,
    failed: u64,
    half_ms: String,
    most_ms: String,
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
    withheld: Vec<String>,
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
    /// Calls before this number.
    #[serde(default)]
    truoc: String,
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

#[derive(Deserialize)]
struct Hour {
    calls: u64,
    failed: BTreeMap<String, u64>,
    #[serde(default)]
    half_ms: Option<u64>,
    #[serde(default)]
    most_ms: Option<u64>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/chung-cu", get(list))
        .route("/chung-cu/cuoc-goi", get(one))
        .route("/chung-cu/kiem-tra", get(check))
        .route("/chung-cu/tep", get(file))
        .route("/giam-sat/truc-tiep", get(live))
}

async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let failed = if wanted.loi == "co" { "true" } else { "" };
    let shown = SHOWN.to_string();
    let asked = [("only", &*wanted.tim), ("failed", failed), ("before", &wanted.truoc), ("limit", &shown)];
    let found = visit.get::<Paged<Row>>(format!("/calls{}", query(&asked))).await;
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
    let frame = visit.frame(Section::Evidence, "nav-evidence");
    let lines = lines(&visit, items).await?;
    let more = next.and_then(|next| next.as_i64()).map(|before| {
        format!(
            "/chung-cu{}",
            query(&[("tim", &wanted.tim), ("loi", &wanted.loi), ("truoc", &before.to_string())])
        )
    });
    page(&Calls { frame, wanted, lines, more })
}

async fn live(visit: Visit) -> Result<Response, Failure> {
    let found = visit.get::<Paged<Row>>(format!("/calls?limit={LIVE}")).await?;
    let hours = visit.get::<Vec<Hour>>("/calls/hours").await?;
    let frame = visit.frame(Section::Watch, "calls-live-title");
    let lines = lines(&visit, found.items).await?;
    let hour = hours.last().map_or_else(HourLine::none, HourLine::of);
    let codes =
        hours.into_iter().next_back().map(|hour| hour.failed.into_iter().collect()).unwrap_or_default();
    page(&Live { frame, lines, hour, codes })
}

impl HourLine {
    fn none() -> Self {
        Self { calls: 0, failed: 0, half_ms: "–".into(), most_ms: "–".into() }
    }

    fn of(hour: &Hour) -> Self {
        let ms = |bound: Option<u64>| match bound {
            None => "–".to_owned(),
            Some(u64::MAX) => "> 30 s".to_owned(),
            Some(ms) => format!("≤ {ms} ms"),
        };
        let failed = hour.failed.values().sum();
        Self { calls: hour.calls, failed, half_ms: ms(hour.half_ms), most_ms: ms(hour.most_ms) }
    }
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
    let frame = visit.frame(Section::Evidence, "call-title");
    let mut others: Vec<_> = others
        .into_iter()
        .map(|one| (address("/chung-cu/cuoc-goi", &wanted.id, &one.record.call), one.record.call))
        .collect();
    others.dedup();
    let links = Links {
        check: address("/chung-cu/kiem-tra", &wanted.id, &call),
        file: address("/chung-cu/tep", &wanted.id, &call),
    };
    let parts = mine.into_iter().map(|one| part(&frame, &names, one)).collect();
    page(&Call { frame, id: wanted.id, links, parts, others })
}

/// A record as rows of names and values; what is absent is left out.
fn part(frame: &Frame, names: &Names, Indexed { index, record }: Indexed) -> Part {
    let kib = |kib: u64| frame.tn("call-kib", &kib);
    let titled = |code: &str| {
        let name = names.get(code);
        if name == code { code.to_owned() } else { format!("{name} ({code})") }
    };
    let outcome = record.outcome.as_ref().map(|outcome| format!("HTTP {} {}", outcome.status, outcome.code));
    let rows = [
        ("call-client", Some(titled(&record.client))),
        ("call-service", Some(titled(&record.service))),
        ("call-side", Some(frame.of("call-side", &record.side))),
        ("call-peer", record.peer),
        ("call-permit", record.permit),
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
        withheld: record.withheld,
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
        detail: if vi { one.detail_vi } else { one.detail_en },
        result: one.result,
    };
    let checks = report.checks.into_iter().map(check).collect();
    let (back, file) = (
        address("/chung-cu/cuoc-goi", &wanted.id, &wanted.cuoc),
        address("/chung-cu/tep", &wanted.id, &wanted.cuoc),
    );
    page(&Checked { frame, id: wanted.id, back, file, ok: report.ok, checks })
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

    fn line() -> Line {
        Line {
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

    #[test]
    fn lists_render() {
        let wanted = Wanted { tim: ODD.into(), loi: "co".into(), truoc: String::new() };
        rendered(|frame| Calls {
            frame,
            wanted: wanted.clone(),
            lines: vec![line()],
            more: Some("/chung-cu?truoc=5".into()),
        });
        rendered(|frame| Calls { frame, wanted: Wanted::default(), lines: Vec::new(), more: None });
        let hour =
            || HourLine { calls: 1200, failed: 3, half_ms: "≤ 5 ms".into(), most_ms: "≤ 20 ms".into() };
        rendered(|frame| Live {
            frame,
            lines: vec![line()],
            hour: hour(),
            codes: vec![("EX-0304".into(), 3)],
        });
        rendered(|frame| Live { frame, lines: Vec::new(), hour: HourLine::none(), codes: Vec::new() });
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
                withheld: vec![ODD.into()],
                signed: vec![signed()],
            }],
            others: vec![("/x".into(), ODD.into())],
        });
        for ok in [true, false] {
            rendered(|frame| Checked {
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
