//! “Việc của tôi”: what waits for whoever is signed in, what is late, what ends soon.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::session::Visit;
use crate::view::{Frame, Section, page, redirect, segments};

/// Items of a list that are shown; more stand behind a link.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "work.html")]
pub struct Work {
    frame: Frame,
    requests: Vec<RequestLine>,
    filings: Vec<FilingLine>,
    changes: usize,
    late: Vec<LateLine>,
    ending: Vec<EndingLine>,
}

/// A request that waits for me.
struct RequestLine {
    id: String,
    service: String,
    agency: String,
    step: String,
    due: Ts,
    late: bool,
}

/// A document of the gate that waits for a second person.
struct FilingLine {
    party: String,
    href: String,
    item: String,
}

/// Something past its limit.
struct LateLine {
    what: String,
    href: String,
    due: Ts,
}

/// Something that ends soon.
struct EndingLine {
    party: String,
    href: String,
    item: String,
    last_day: String,
    days_left: u16,
}

/// A page of the API.
#[derive(Deserialize)]
pub struct Paged<T> {
    /// Its items.
    pub items: Vec<T>,
    /// What to ask for the next page with.
    #[serde(default)]
    pub next: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    kind: u8,
    agency: String,
    service: String,
    step: String,
    due: Ts,
}

#[derive(Deserialize)]
struct Filed {
    filing: Filing,
}

#[derive(Deserialize)]
struct Filing {
    party: String,
    item: String,
}

#[derive(Deserialize)]
struct Late {
    #[serde(default)]
    request: Option<String>,
    #[serde(default)]
    incident: Option<String>,
    due: Ts,
}

#[derive(Deserialize)]
struct Warning {
    party: String,
    title: Text,
    last_day: String,
    days_left: u16,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/", get(first)).route("/viec", get(show))
}

/// Leaders begin with the figures, everybody else with what waits for them.
async fn first(visit: Visit) -> Response {
    let leads = visit.who.as_ref().is_some_and(|who| who.is("leader"));
    redirect(if leads { "/giam-sat" } else { "/viec" })
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let requests = visit.get::<Paged<Request>>(format!("/requests?mine=true&limit={SHOWN}")).await?.items;
    let filings = visit.get::<Vec<Filed>>("/gate/waiting").await?;
    let changes = visit.get::<Paged<serde_json::Value>>("/directory/changes?waiting=true").await?.items.len();
    let late = visit.get::<Vec<Late>>("/overdue").await?;
    let ending = visit.get::<Vec<Warning>>("/gate/warnings").await?;

    let of_requests = requests.iter().flat_map(|one| [&*one.agency, &*one.service]);
    let parties = filings.iter().map(|one| &*one.filing.party).chain(ending.iter().map(|one| &*one.party));
    let names = Names::of(&visit, of_requests.chain(parties)).await?;
    let now = now();
    let frame = visit.frame(Section::Work, "nav-work");
    let lang = frame.lang;
    let requests = requests.into_iter().map(|one| RequestLine {
        service: names.get(&one.service).to_owned(),
        agency: names.get(&one.agency).to_owned(),
        step: rules.step(lang, one.kind, &one.step).to_owned(),
        late: one.due < now,
        due: one.due,
        id: one.id,
    });
    let filings = filings.into_iter().take(SHOWN).map(|one| FilingLine {
        party: names.get(&one.filing.party).to_owned(),
        href: gate(&one.filing.party),
        item: one.filing.item,
    });
    let ending = ending.into_iter().take(SHOWN).map(|one| EndingLine {
        party: names.get(&one.party).to_owned(),
        href: gate(&one.party),
        item: one.title.of(lang).to_owned(),
        last_day: one.last_day,
        days_left: one.days_left,
    });
    let (requests, filings, ending) = (requests.collect(), filings.collect(), ending.collect());
    let late = late.into_iter().take(SHOWN).filter_map(late_line).collect();
    page(&Work { frame, requests, filings, changes, late, ending })
}

fn gate(party: &str) -> String {
    format!("/cong-an-toan/{}", segments(party))
}

fn late_line(late: Late) -> Option<LateLine> {
    let due = late.due;
    match (late.request, late.incident) {
        (Some(what), _) => Some(LateLine { href: format!("/ket-noi/{}", segments(&what)), what, due }),
        (None, Some(what)) => {
            Some(LateLine { href: format!("/quan-tri/su-co/{}", segments(&what)), what, due })
        }
        (None, None) => None,
    }
}

/// The present moment, for what is late on a page; what counts is decided behind the API.
pub fn now() -> Ts {
    base::Clock::now(&base::SystemClock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        rendered(|frame| Work {
            frame,
            requests: vec![RequestLine {
                id: "YC-2026-000001".into(),
                service: odd.clone(),
                agency: "Sở Tư pháp".into(),
                step: "Quyết định".into(),
                due: Ts::from_secs(1_795_305_900),
                late: true,
            }],
            filings: vec![FilingLine { party: odd.clone(), href: "/".into(), item: odd.clone() }],
            changes: 2,
            late: vec![LateLine { what: odd.clone(), href: "/".into(), due: Ts::from_secs(0) }],
            ending: vec![EndingLine {
                party: odd.clone(),
                href: "/".into(),
                item: odd.clone(),
                last_day: "2026-12-01".into(),
                days_left: 9,
            }],
        });
        let empty = rendered(|frame| Work {
            frame,
            requests: Vec::new(),
            filings: Vec::new(),
            changes: 0,
            late: Vec::new(),
            ending: Vec::new(),
        });
        assert!(empty[0].contains("Không có việc"));
    }
}
