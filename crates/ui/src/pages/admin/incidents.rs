//! Files of incidents, to be read: what has to be reported until when, what was done.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use super::agency_href;
use super::incident_new::ROLE;
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Text};
use crate::pages::lists::{Pager, token, with};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, query, segment, segments};

/// Lines of a page.
const SHOWN: usize = 25;
/// Which files can be asked for, and how the API is asked.
const FILTERS: [(&str, &str); 5] = [
    ("all", ""),
    ("open", "open=true"),
    ("soon", "due=soon"),
    ("past", "due=past"),
    ("closed", "open=false"),
];

#[derive(Template)]
#[template(path = "admin_incidents.html")]
pub struct Incidents {
    frame: Frame,
    chosen: &'static str,
    lines: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    agency: String,
    severity: String,
    personal_data: bool,
    detected: Ts,
    open: bool,
    obligations: Vec<Obligation>,
}

#[derive(Template)]
#[template(path = "admin_incident.html")]
pub struct IncidentPage {
    frame: Frame,
    agency: (String, String),
    incident: Incident,
    obligations: Vec<Obligation>,
    concerned: Vec<(String, String)>,
}

/// Something that has to be sent.
#[derive(Clone, Deserialize)]
struct Obligation {
    title: Text,
    due: Ts,
    state: String,
    #[serde(default)]
    sent_at: Option<Ts>,
    #[serde(default)]
    late: Option<String>,
}

impl Obligation {
    /// Colour of its tag; the words say the same.
    fn colour(&self) -> &'static str {
        match &*self.state {
            "past" => "red",
            "soon" | "sent_late" => "yellow",
            "met" => "green",
            _ => "blue",
        }
    }
}

#[derive(Deserialize)]
struct Row {
    id: String,
    agency: String,
    severity: String,
    personal_data: bool,
    detected: Ts,
    open: bool,
    obligations: Vec<Obligation>,
}

#[derive(Deserialize)]
struct Whole {
    incident: Incident,
    obligations: Vec<Obligation>,
}

#[derive(Deserialize)]
struct Incident {
    id: String,
    agency: String,
    facts: Facts,
    measures: Vec<Taken>,
    #[serde(default)]
    suspended: Vec<String>,
    #[serde(default)]
    closed: Option<Ts>,
    #[serde(default)]
    conclusion: String,
    history: Vec<Act>,
}

#[derive(Default, Deserialize)]
struct Facts {
    detected: Ts,
    description: String,
    severity: String,
    #[serde(default)]
    personal_data: bool,
    #[serde(default)]
    data_subjects: Option<u64>,
    #[serde(default)]
    parties: Vec<String>,
    #[serde(default)]
    holdings: Vec<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    grants: Vec<String>,
}

#[derive(Deserialize)]
struct Taken {
    text: String,
    at: Ts,
    by: String,
}

#[derive(Deserialize)]
struct Act {
    at: Ts,
    by: String,
    did: String,
    #[serde(default)]
    text: String,
}

/// Which files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    loc: String,
    tiep: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/quan-tri/su-co", get(list)).route("/quan-tri/su-co/{id}", get(show))
}

async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let (chosen, filter) = FILTERS.into_iter().find(|(word, _)| *word == wanted.loc).unwrap_or(FILTERS[0]);
    let after = Some(wanted.tiep.as_str()).filter(|after| !after.is_empty());
    let path = if filter.is_empty() { "/incidents".to_owned() } else { format!("/incidents?{filter}") };
    let found = visit.get::<Paged<Row>>(with(&path, SHOWN, after)).await?;
    let address = |after: &str| format!("/quan-tri/su-co{}", query(&[("loc", chosen), ("tiep", after)]));
    let pager =
        Pager::onward(after.map(|_| address("")), token(found.next.as_ref()).map(|next| address(&next)));
    let names = Names::of(&visit, found.items.iter().map(|one| &*one.agency)).await?;
    let line = |one: Row| Line {
        agency: names.get(&one.agency).to_owned(),
        id: one.id,
        severity: one.severity,
        personal_data: one.personal_data,
        detected: one.detected,
        open: one.open,
        obligations: one.obligations,
    };
    let lines = found.items.into_iter().map(line).collect();
    page(&Incidents { frame: visit.frame(Section::Admin, "admin-incidents"), chosen, lines, pager })
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let Whole { incident, obligations } = visit.get::<Whole>(format!("/incidents/{}", segment(&id))).await?;
    let facts = &incident.facts;
    let parties = facts.parties.iter().chain(&facts.services).chain(&facts.holdings).map(String::as_str);
    let names = Names::of(&visit, parties.chain([&*incident.agency]).collect::<Vec<_>>()).await?;
    let link_to =
        |below: &str, code: &String| (format!("{below}/{}", segments(code)), names.get(code).to_owned());
    let mut concerned: Vec<_> = facts.parties.iter().map(|code| link_to("/cong-an-toan", code)).collect();
    concerned.extend(facts.services.iter().map(|code| link_to("/dich-vu", code)));
    concerned.extend(facts.holdings.iter().map(|code| link_to("/chia-se/csdl", code)));
    concerned.extend(facts.grants.iter().map(|code| link_to("/quyen", code)));
    let frame = visit.titled(Section::Admin, format!("{} {}", visit.lang.t("admin-incident"), incident.id));
    let agency = (agency_href(&incident.agency), names.get(&incident.agency).to_owned());
    page(&IncidentPage { frame, agency, incident, obligations, concerned })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = || "<script>alert(1)</script>".to_owned();
        let obligation = |state: &str| Obligation {
            title: Text { vi: odd(), en: String::new() },
            due: Ts(0),
            state: state.into(),
            sent_at: Some(Ts(0)),
            late: Some(odd()),
        };
        let states = || ["running", "soon", "past", "met", "sent_late"].map(obligation).to_vec();
        let line = || Line {
            id: "SC-2026-000001".into(),
            agency: odd(),
            severity: "serious".into(),
            personal_data: true,
            detected: Ts(0),
            open: true,
            obligations: states(),
        };
        let none = || Pager::onward(None, None);
        rendered(|frame| Incidents { frame, chosen: "past", lines: vec![line()], pager: none() });
        rendered(|frame| Incidents { frame, chosen: "all", lines: Vec::new(), pager: none() });
        let facts = || Facts {
            detected: Ts(0),
            description: odd(),
            severity: "critical".into(),
            data_subjects: Some(1200),
            ..Facts::default()
        };
        let incident = || Incident {
            id: "SC-2026-000001".into(),
            agency: odd(),
            facts: facts(),
            measures: vec![Taken { text: odd(), at: Ts(0), by: odd() }],
            suspended: vec!["QK-2026-000001".into()],
            closed: Some(Ts(0)),
            conclusion: odd(),
            history: vec![Act { at: Ts(0), by: odd(), did: "explained_late".into(), text: odd() }],
        };
        rendered(|frame| IncidentPage {
            frame,
            agency: ("/".into(), odd()),
            incident: incident(),
            obligations: states(),
            concerned: vec![("/".into(), odd())],
        });
    }
}
