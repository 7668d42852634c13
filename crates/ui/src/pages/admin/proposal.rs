//! One proposal to change the directory: what it brings, what would be lost, and the second person's decision.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::api::Versioned;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::Text;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as, segment, to};

#[derive(Template)]
#[template(path = "admin_proposal.html")]
pub struct ProposalPage {
    frame: Frame,
    id: u64,
    changes: Vec<String>,
    proposal: Proposal,
    /// Whether whoever looks proposed it.
    mine: bool,
    version: i64,
    key: String,
    reason: String,
    errors: Vec<String>,
}

/// A change in a sentence.
#[derive(Deserialize)]
pub struct Told {
    /// The sentence.
    pub summary: Text,
}

/// Who did something and when.
#[derive(Deserialize)]
pub struct Acted {
    /// When.
    pub at: Ts,
    /// Who.
    pub by: String,
}

/// A proposal of the API.
#[derive(Deserialize)]
pub struct Proposal {
    /// Its number.
    pub id: u64,
    /// The changes.
    pub changes: Vec<Told>,
    /// Why.
    pub note: String,
    /// Losses of members were confirmed.
    #[serde(default)]
    confirmed: bool,
    /// It needed no second person.
    #[serde(default)]
    routine: bool,
    /// Proposed, approved, rejected, taken back, published.
    pub standing: String,
    /// Why it was rejected.
    #[serde(default)]
    reason: String,
    /// Since which number it is published.
    #[serde(default)]
    number: Option<u64>,
    /// Proposed first.
    pub history: Vec<Acted>,
    /// What would be lost.
    #[serde(default)]
    losses: Vec<String>,
}

impl Proposal {
    fn waits(&self) -> bool {
        self.standing == "proposed"
    }
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/quan-tri/danh-ba/de-nghi/{id}", get(show).post(act))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    answer(&visit, &id, None, &Form::default()).await
}

async fn answer(
    visit: &Visit,
    id: &str,
    failure: Option<&Failure>,
    form: &Form,
) -> Result<Response, Failure> {
    let path = format!("/directory/changes/{}", segment(id));
    let Versioned { version, value: proposal } = visit.ask(Method::GET, path).versioned::<Proposal>().await?;
    let frame = visit.titled(Section::Admin, format!("{} {}", visit.lang.t("admin-proposal"), proposal.id));
    let changes = proposal.changes.iter().map(|told| told.summary.of(frame.lang).to_owned()).collect();
    let proposer = proposal.history.first().map(|act| &*act.by);
    let mine = visit.who.as_ref().is_some_and(|who| Some(&*who.id) == proposer);
    let errors = failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    let (version, key) = (version.unwrap_or_default(), new_key());
    let (id, reason) = (proposal.id, form.get("ly-do").to_owned());
    page_as(status, &ProposalPage { frame, id, changes, proposal, mine, version, key, reason, errors })
}

async fn act(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let (verb, done) = match form.get("viec") {
        "dong-y" => ("approve", "proposal-approved"),
        "tu-choi" => ("reject", "proposal-rejected"),
        "rut" => ("take-back", "proposal-taken-back"),
        _ => return Err(Failure::nothing()),
    };
    let path = format!("/directory/changes/{}/{verb}", segment(&id));
    let ask = visit.ask(Method::POST, path).seen(form.version()).once(form.key());
    let ask = if verb == "reject" { ask.json(&json!({ "reason": form.get("ly-do") })) } else { ask };
    match ask.send::<Value>().await {
        Ok(_) => Ok(to(&format!("/quan-tri/danh-ba/de-nghi/{}", segment(&id)), done)),
        Err(failure) if failure.is_mendable() => answer(&visit, &id, Some(&failure), &form).await,
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = || "<script>alert(1)</script>".to_owned();
        let proposal = |standing: &str| Proposal {
            id: 3,
            changes: Vec::new(),
            note: odd(),
            confirmed: true,
            routine: false,
            standing: standing.into(),
            reason: odd(),
            number: Some(4),
            history: vec![Acted { at: Ts(0), by: odd() }],
            losses: vec![odd()],
        };
        for (standing, mine) in
            [("proposed", false), ("proposed", true), ("rejected", false), ("published", false)]
        {
            let html = rendered(|frame| ProposalPage {
                frame,
                id: 3,
                changes: vec![odd()],
                proposal: proposal(standing),
                mine,
                version: 12,
                key: "khoa".into(),
                reason: odd(),
                errors: vec![odd()],
            });
            assert_eq!(html[0].contains("value=\"dong-y\""), standing == "proposed" && !mine);
            assert_eq!(html[0].contains("value=\"rut\""), standing == "proposed" && mine);
        }
    }
}
