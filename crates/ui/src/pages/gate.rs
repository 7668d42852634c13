//! The readiness gate: which systems, and what each has to show before and while data flow.

mod filing;
mod hand_in;

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::Method;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Text};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::text::Lang;
use crate::view::{Frame, Section, page, passed_on, query, redirect, segments};
use filing::{FilingLine, waiting_for};

/// Systems whose state the list shows.
const PARTIES_SHOWN: usize = 40;
/// Connections whose items a page shows.
const CONNECTIONS_SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "gate.html")]
pub struct Parties {
    frame: Frame,
    lines: Vec<Line>,
    typed: String,
}

/// A system in the list.
struct Line {
    id: String,
    href: String,
    name: String,
    open: bool,
    closes: Option<Ts>,
    failing: usize,
}

#[derive(Template)]
#[template(path = "gate/party.html")]
pub struct Party {
    frame: Frame,
    id: String,
    report: Report,
    checklist: String,
    items: Vec<Row>,
    connections: Vec<Connection>,
    /// Connections behind those that are shown.
    more: usize,
    waiting: Vec<FilingLine>,
    pdf: String,
    /// Whether the person's role files something.
    files: bool,
}

/// How the gate of a party stands.
#[derive(Clone, Default, Deserialize)]
struct Report {
    #[serde(default)]
    name: String,
    open: bool,
    #[serde(default)]
    closes: Option<Ts>,
    #[serde(default)]
    checklist: Text,
    #[serde(default)]
    legal_basis: String,
    rows: Vec<Item>,
    #[serde(default)]
    connections: Vec<OfConnection>,
}

#[derive(Clone, Deserialize)]
struct OfConnection {
    request: String,
    consumer: String,
    service: String,
    live: bool,
    rows: Vec<Item>,
}

#[derive(Clone, Deserialize)]
struct Item {
    #[serde(rename = "item")]
    code: String,
    title: Text,
    proves: Text,
    #[serde(default)]
    legal_basis: String,
    state: String,
    #[serde(default)]
    last_day: Option<String>,
    #[serde(default)]
    evidence: Option<Evidence>,
    #[serde(default)]
    note: Text,
}

#[derive(Clone, Deserialize)]
struct Evidence {
    number: String,
    issued_on: String,
    #[serde(default)]
    level: Option<u8>,
    filed: (String, String),
    #[serde(default)]
    judged: Option<(String, String)>,
}

/// What is demanded for one connection.
struct Connection {
    request: String,
    consumer: String,
    service: String,
    live: bool,
    items: Vec<Row>,
}

/// An item as the page shows it.
struct Row {
    title: String,
    proves: String,
    legal_basis: String,
    state: String,
    last_day: Option<String>,
    evidence: Option<Evidence>,
    note: String,
    /// Key of the words for who must act; empty when nobody must.
    must: &'static str,
    /// Where something is filed for it.
    file: Option<String>,
}

/// What is looked for.
#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    he_thong: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/cong-an-toan", get(list))
        .route("/cong-an-toan/bao-cao", get(report))
        .route("/cong-an-toan/{instance}/{class}/{member}", get(member))
        .route("/cong-an-toan/{instance}/{class}/{member}/{subsystem}", get(subsystem))
        .merge(filing::routes())
        .merge(hand_in::routes())
}

#[derive(Deserialize)]
struct Ends {
    #[serde(alias = "to")]
    consumer: String,
    service: String,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct GrantRow {
    grant: Ends,
}

async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let typed = wanted.he_thong.trim();
    if matches!(typed.split('/').count(), 3 | 4) {
        return Ok(redirect(&format!("/cong-an-toan/{}", segments(typed))));
    }
    let requests = visit.get::<Paged<Ends>>("/requests?limit=200").await?.items;
    let grants = visit.get::<Paged<GrantRow>>("/grants?limit=200").await?.items;
    // What was refused or taken back connects nothing.
    let ended = |one: &Ends| matches!(&*one.state, "refused" | "withdrawn");
    let ends = requests.into_iter().filter(|one| !ended(one)).chain(grants.into_iter().map(|row| row.grant));
    let parties: BTreeSet<String> = ends.flat_map(|ends| [ends.consumer, party_of(&ends.service)]).collect();
    let names = Names::of(&visit, parties.iter().map(String::as_str)).await?;
    let mut lines = Vec::new();
    for id in parties.iter().take(PARTIES_SHOWN) {
        // The other side of a connection may be somebody whose gate is not for this person.
        let Ok(report) = visit.get::<Report>(format!("/gate{}", query(&[("party", id)]))).await else {
            continue;
        };
        let failing = report.rows.iter().filter(|row| fails(&row.state)).count();
        let (name, href) = (names.get(id).to_owned(), format!("/cong-an-toan/{}", segments(id)));
        let (open, closes) = (report.open, report.closes);
        lines.push(Line { id: id.clone(), href, name, open, closes, failing });
    }
    lines.sort_by_key(|line| line.open);
    let frame = visit.frame(Section::Sharing, "gate-title");
    page(&Parties { frame, lines, typed: typed.to_owned() })
}

/// The system that offers a service.
fn party_of(service: &str) -> String {
    service.rsplit_once('/').map_or(service, |(party, _)| party).to_owned()
}

async fn member(
    visit: Visit,
    Path((instance, class, member)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    one(visit, format!("{instance}/{class}/{member}")).await
}

async fn subsystem(
    visit: Visit,
    Path((instance, class, member, subsystem)): Path<(String, String, String, String)>,
) -> Result<Response, Failure> {
    one(visit, format!("{instance}/{class}/{member}/{subsystem}")).await
}

async fn one(visit: Visit, id: String) -> Result<Response, Failure> {
    let asked = query(&[("party", &id)]);
    let mut report = visit.get::<Report>(format!("/gate{asked}")).await?;
    let waiting = waiting_for(&visit, &id, &report).await?;
    let ends = report.connections.iter().flat_map(|one| [&*one.consumer, &*one.service]);
    let names = Names::of(&visit, ends.chain([&*id])).await?;
    if report.name.is_empty() {
        names.get(&id).clone_into(&mut report.name);
    }
    let title = visit.lang.ta("gate-of", &[("name", crate::text::word(&*report.name))]);
    let frame = visit.titled(Section::Sharing, title);
    let lang = frame.lang;
    let row = |item: &Item, about: &str| Row {
        title: item.title.of(lang).to_owned(),
        proves: item.proves.of(lang).to_owned(),
        legal_basis: item.legal_basis.clone(),
        last_day: item.last_day.clone(),
        evidence: item.evidence.clone(),
        note: item.note.of(lang).to_owned(),
        must: must(&item.code, &item.state),
        file: file_at(&item.code, &id, about),
        state: item.state.clone(),
    };
    let connection = |one: &OfConnection| Connection {
        items: one.rows.iter().map(|item| row(item, &one.request)).collect(),
        request: one.request.clone(),
        consumer: names.get(&one.consumer).to_owned(),
        service: names.get(&one.service).to_owned(),
        live: one.live,
    };
    let items = report.rows.iter().map(|item| row(item, "")).collect();
    let mut shown: Vec<_> = report.connections.iter().collect();
    // What closes a connection that is in use is told first.
    shown.sort_by_key(|one| !one.rows.iter().any(|item| fails(&item.state)));
    let connections = shown.iter().take(CONNECTIONS_SHOWN).map(|one| connection(one)).collect();
    let who = frame.who.clone().unwrap_or_default();
    let party = Party {
        more: report.connections.len().saturating_sub(CONNECTIONS_SHOWN),
        pdf: format!("/cong-an-toan/bao-cao{}", query(&[("he_thong", &id)])),
        files: who.is("security_officer") || who.is("platform_operator"),
        checklist: report.checklist.of(lang).to_owned(),
        frame,
        id,
        items,
        connections,
        waiting,
        report,
    };
    page(&party)
}

async fn report(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let asked = query(&[("party", &wanted.he_thong), ("format", "pdf")]);
    Ok(passed_on(visit.ask(Method::GET, format!("/gate{asked}")).response().await?))
}

/// Whether an item in this state keeps the gate closed.
fn fails(state: &str) -> bool {
    matches!(state, "waiting" | "ended" | "rejected" | "missing")
}

/// The colour of an item's state; its words stand in it.
pub fn colour(state: &str) -> &'static str {
    match state {
        "in_force" => "govuk-tag--green",
        "ends_soon" | "unknown" | "waiting" => "govuk-tag--yellow",
        _ => "govuk-tag--red",
    }
}

/// Who must act on an item: nobody files certificates and tasks, and a filing is judged by somebody else.
fn must(item: &str, state: &str) -> &'static str {
    match (item, state) {
        (_, "in_force") => "",
        (_, "waiting") => "gate-must-judge",
        ("certificate", _) => "gate-must-certificate",
        ("risk_assessment", _) => "gate-must-task",
        _ => "gate-must-file",
    }
}

/// Where something is filed for an item; `about` is the request of a connection.
pub fn file_at(item: &str, party: &str, about: &str) -> Option<String> {
    let filed = !matches!(item, "certificate" | "risk_assessment");
    let members = [("he_thong", party), ("muc", item), ("ket_noi", about)];
    filed.then(|| format!("/cong-an-toan/nop{}", query(&members)))
}

impl Report {
    /// The name of an item; its code where the checklist does not have it any more.
    fn title(&self, lang: Lang, item: &str) -> String {
        let rows = self.rows.iter().chain(self.connections.iter().flat_map(|one| &one.rows));
        rows.into_iter().find(|row| row.code == item).map_or(item, |row| row.title.of(lang)).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    fn row(state: &str, odd: &str) -> Row {
        Row {
            title: odd.into(),
            proves: odd.into(),
            legal_basis: odd.into(),
            state: state.into(),
            last_day: Some("2027-05-22".into()),
            evidence: Some(Evidence {
                number: odd.into(),
                issued_on: "2026-11-22".into(),
                level: Some(3),
                filed: (odd.into(), "2026-11-22".into()),
                judged: Some((odd.into(), "2026-11-22".into())),
            }),
            note: odd.into(),
            must: must("a", state),
            file: file_at("a", "VN/GOV/H17/A", ""),
        }
    }

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        let states = ["in_force", "ends_soon", "unknown", "waiting", "ended", "rejected", "missing"];
        for many in [0, 7] {
            let line = |place: usize| Line {
                id: odd.into(),
                href: "/".into(),
                name: odd.into(),
                open: place > 2,
                closes: Some(Ts::from_secs(1_795_305_900)),
                failing: place,
            };
            rendered(|frame| Parties { frame, lines: (0..many).map(line).collect(), typed: odd.into() });
            rendered(|frame| Party {
                frame,
                id: odd.into(),
                report: Report { open: many == 0, name: odd.into(), ..Report::default() },
                checklist: odd.into(),
                items: states.iter().take(many).map(|state| row(state, odd)).collect(),
                connections: (0..many.min(1))
                    .map(|_| Connection {
                        request: "YC-2026-000001".into(),
                        consumer: odd.into(),
                        service: odd.into(),
                        live: true,
                        items: vec![row("missing", odd)],
                    })
                    .collect(),
                more: many,
                waiting: (0..many.min(2)).map(|_| FilingLine::sample(odd)).collect(),
                pdf: "/cong-an-toan/bao-cao?he_thong=a".into(),
                files: many > 0,
            });
        }
    }

    #[test]
    fn a_closing_item_says_who_must_act() {
        for (item, state, key) in [
            ("security_minutes", "in_force", ""),
            ("security_minutes", "ends_soon", "gate-must-file"),
            ("security_minutes", "waiting", "gate-must-judge"),
            ("certificate", "ended", "gate-must-certificate"),
            ("risk_assessment", "missing", "gate-must-task"),
        ] {
            assert_eq!(must(item, state), key, "{item} {state}");
        }
        assert_eq!(file_at("certificate", "VN/GOV/H17/A", ""), None);
        assert_eq!(party_of("VN/GOV/H17/A/b"), "VN/GOV/H17/A");
    }
}
