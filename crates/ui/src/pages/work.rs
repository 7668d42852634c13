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
use crate::pages::overview::behind::DAYS_AHEAD;
use crate::pages::requests::own_agencies;
use crate::pages::terms::Terms;
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
    grants: Vec<GrantLine>,
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
    /// The request for whose connection it is.
    about: Option<String>,
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

/// A grant of mine, or on my data, that ends soon.
struct GrantLine {
    id: String,
    service: String,
    consumer: String,
    until: Ts,
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
    state: String,
    step: String,
    due: Ts,
    for_me: bool,
    #[serde(default)]
    my_tasks: Vec<Task>,
}

#[derive(Deserialize)]
struct Task {
    code: String,
    due: Ts,
}

#[derive(Deserialize)]
struct Filed {
    id: u64,
    filing: Filing,
    title: Text,
    for_me: bool,
}

#[derive(Deserialize)]
struct Filing {
    party: String,
    #[serde(default)]
    about: Option<String>,
}

#[derive(Deserialize)]
struct Grant {
    id: String,
    to: String,
    service: String,
    terms: Terms,
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
    let filings: Vec<Filed> = visit.get("/gate/waiting").await?;
    let filings: Vec<Filed> = filings.into_iter().filter(|filed| filed.for_me).take(SHOWN).collect();
    let changes = visit.get::<Paged<serde_json::Value>>("/directory/changes?waiting=true").await?.items.len();
    let late = visit.get::<Vec<Late>>("/overdue").await?;
    let ending = visit.get::<Vec<Warning>>("/gate/warnings").await?;
    let grants = grants(&visit).await?;

    let of_requests = requests.iter().flat_map(|one| [&*one.agency, &*one.service]);
    let of_grants = grants.iter().flat_map(|one| [&*one.to, &*one.service]);
    let parties = filings.iter().map(|one| &*one.filing.party).chain(ending.iter().map(|one| &*one.party));
    let names = Names::of(&visit, of_requests.chain(of_grants).chain(parties)).await?;
    let frame = visit.frame(Section::Work, "nav-work");
    let lang = frame.lang;
    let requests = requests.iter().flat_map(|one| request_lines(&frame, &rules, &names, one)).collect();
    let filings = filings.into_iter().map(|one| FilingLine {
        party: names.get(&one.filing.party).to_owned(),
        href: format!("/cong-an-toan/ho-so/{}", one.id),
        item: one.title.of(lang).to_owned(),
        about: one.filing.about,
    });
    let ending = ending.into_iter().take(SHOWN).map(|one| EndingLine {
        party: names.get(&one.party).to_owned(),
        href: gate(&one.party),
        item: one.title.of(lang).to_owned(),
        last_day: one.last_day,
        days_left: one.days_left,
    });
    let grants = grants.into_iter().map(|one| GrantLine {
        service: names.get(&one.service).to_owned(),
        consumer: names.get(&one.to).to_owned(),
        until: one.terms.until.unwrap_or_default(),
        id: one.id,
    });
    let (filings, ending, grants) = (filings.collect(), ending.collect(), grants.collect());
    let late = late.into_iter().take(SHOWN).filter_map(late_line).collect();
    page(&Work { frame, requests, filings, changes, late, ending, grants })
}

/// Grants that the person's agencies hold or gave and that end soon; those of the whole country wait for nobody here.
async fn grants(visit: &Visit) -> Result<Vec<Grant>, Failure> {
    if own_agencies(visit).is_empty() {
        return Ok(Vec::new());
    }
    Ok(visit.get::<Paged<Grant>>(format!("/grants/ending?days={DAYS_AHEAD}&limit={SHOWN}")).await?.items)
}

/// What of a request waits for me: its step, and work beside it, each with its own limit.
fn request_lines(frame: &Frame, rules: &Rules, names: &Names, one: &Request) -> Vec<RequestLine> {
    let now = now();
    let line = |step: String, due: Ts| RequestLine {
        id: one.id.clone(),
        service: names.get(&one.service).to_owned(),
        agency: names.get(&one.agency).to_owned(),
        step,
        late: due < now,
        due,
    };
    let step = || match &*one.state {
        "returned" => frame.t("work-returned"),
        _ => rules.step(frame.lang, one.kind, &one.step).to_owned(),
    };
    let step = one.for_me.then(|| line(step(), one.due));
    let tasks = one.my_tasks.iter().map(|task| line(rules.task(frame.lang, &task.code).to_owned(), task.due));
    step.into_iter().chain(tasks).collect()
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
            filings: vec![FilingLine {
                party: odd.clone(),
                href: "/".into(),
                item: odd.clone(),
                about: Some("YC-1".into()),
            }],
            changes: 2,
            late: vec![LateLine { what: odd.clone(), href: "/".into(), due: Ts::from_secs(0) }],
            ending: vec![EndingLine {
                party: odd.clone(),
                href: "/".into(),
                item: odd.clone(),
                last_day: "2026-12-01".into(),
                days_left: 9,
            }],
            grants: vec![GrantLine {
                id: "QK-2026-000001".into(),
                service: odd.clone(),
                consumer: odd.clone(),
                until: Ts::from_secs(1_795_305_900),
            }],
        });
        let empty = rendered(|frame| Work {
            frame,
            requests: Vec::new(),
            filings: Vec::new(),
            changes: 0,
            late: Vec::new(),
            ending: Vec::new(),
            grants: Vec::new(),
        });
        assert!(empty[0].contains("Không có việc"));
    }
    #[test]
    fn a_request_waits_by_its_step_and_by_tasks_each_with_its_own_limit() {
        let frame = Frame::sample(crate::text::Lang::Vi);
        let request = |state: &str, for_me, tasks: &[i64]| Request {
            id: "YC-1".into(),
            kind: 2,
            agency: String::new(),
            service: String::new(),
            state: state.into(),
            step: "data_owner".into(),
            due: Ts(5),
            for_me,
            my_tasks: tasks
                .iter()
                .map(|due| Task { code: "risk_assessment".into(), due: Ts(*due) })
                .collect(),
        };
        let lines = |request: &Request| {
            let lines = request_lines(&frame, &Rules::default(), &Names::default(), request);
            lines.into_iter().map(|line| (line.step, line.due.0)).collect::<Vec<_>>()
        };
        let task = ("risk_assessment".to_owned(), 9);
        assert_eq!(lines(&request("open", false, &[9])), std::slice::from_ref(&task));
        assert_eq!(lines(&request("open", true, &[9])), [("data_owner".to_owned(), 5), task]);
        assert_eq!(lines(&request("returned", true, &[])), [("Trả lại: bổ sung và gửi lại".to_owned(), 5)]);
    }
}
