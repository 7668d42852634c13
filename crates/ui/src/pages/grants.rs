//! A grant: what it allows and why, what happened to it.

mod act;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::Method;
use serde::Deserialize;

use crate::Console;
use crate::api::Versioned;
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::terms::{Service, Shown, Terms};
use crate::session::Visit;
use crate::text::Lang;
use crate::view::{Frame, Section, page, query, segment, segments};

/// Acts of the history that the page shows.
const ACTS_SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "grants/one.html")]
pub struct One {
    frame: Frame,
    grant: Grant,
    state: String,
    replaced_by: Option<String>,
    consumer: String,
    service: String,
    service_href: String,
    /// Where the calls of the system are.
    calls_href: String,
    /// What is allowed and by which decision, or why not.
    sentence: String,
    shown: Shown,
    history: Vec<Entry>,
    /// Whether the person's role decides on grants.
    decides: bool,
}

/// A grant with everything that happened to it.
#[derive(Clone, Default, Deserialize)]
pub struct Held {
    /// `in_force`, `suspended`, `revoked`, `ended`, `replaced`.
    pub state: String,
    /// The grant.
    pub grant: Grant,
    /// What took its place.
    #[serde(default)]
    pub replaced_by: Option<String>,
    /// Acts.
    #[serde(default)]
    pub history: Vec<Entry>,
}

/// A grant.
#[derive(Clone, Default, Deserialize)]
pub struct Grant {
    /// Number.
    pub id: String,
    /// Who may call.
    pub to: String,
    /// What.
    pub service: String,
    /// How much, until when.
    pub terms: Terms,
    /// The request or decision behind it.
    #[serde(default)]
    pub decision: String,
}

/// An act.
#[derive(Clone, Default, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Ts,
    /// Who.
    pub by: String,
    /// What.
    pub did: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The terms before a change.
    #[serde(default)]
    pub before: Option<Terms>,
}

#[derive(Default, Deserialize)]
struct Explained {
    vi: String,
    en: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/quyen/{id}", get(show)).merge(act::routes())
}

/// Asks for a grant.
async fn load(visit: &Visit, id: &str) -> Result<Versioned<Held>, Failure> {
    visit.ask(Method::GET, format!("/grants/{}", segment(id))).versioned().await
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let Held { state, grant, replaced_by, mut history } = load(&visit, &id).await?.value;
    let asked = query(&[("consumer", &grant.to), ("service", &grant.service)]);
    let explained = visit.get::<Explained>(format!("/grants/explain{asked}")).await.unwrap_or_default();
    let service = Service::of(&visit, &grant.service).await;
    let names = Names::of(&visit, [&*grant.to, &grant.service]).await?;
    let frame = visit
        .titled(Section::Sharing, visit.lang.ta("grants-one", &[("name", crate::text::word(&*grant.id))]));
    let lang = frame.lang;
    history.reverse();
    history.truncate(ACTS_SHOWN);
    let one = One {
        consumer: names.get(&grant.to).to_owned(),
        calls_href: format!("/chung-cu{}", query(&[("tim", &grant.to)])),
        service: names.get(&grant.service).to_owned(),
        service_href: format!("/dich-vu/{}", segments(&grant.service)),
        // The sentence is about what counts between the two now: of a grant that was replaced, that is another one.
        sentence: match lang {
            _ if replaced_by.is_some() => String::new(),
            Lang::Vi => explained.vi,
            Lang::En => explained.en,
        },
        shown: Shown::of(lang, grant.terms.clone(), &service),
        decides: frame.who.as_ref().is_some_and(|who| who.is("data_owner")),
        frame,
        grant,
        state,
        replaced_by,
        history,
    };
    page(&one)
}

/// The colour of a grant's state; its words stand in it.
pub fn colour(state: &str) -> &'static str {
    match state {
        "in_force" => "govuk-tag--green",
        "suspended" | "ended" => "govuk-tag--yellow",
        "revoked" => "govuk-tag--red",
        _ => "govuk-tag--grey",
    }
}

/// Whether a grant can still be changed.
pub fn is_alive(state: &str) -> bool {
    matches!(state, "in_force" | "suspended" | "ended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        let entry = Entry {
            did: "changed".into(),
            reason: odd.clone(),
            before: Some(Terms { quota_day: Some(1), ..Terms::default() }),
            ..Entry::default()
        };
        for (state, many) in
            [("in_force", 3), ("suspended", 1), ("revoked", 0), ("replaced", 0), ("ended", 0)]
        {
            rendered(|frame| One {
                frame,
                grant: Grant { id: "QK-2026-000001".into(), decision: odd.clone(), ..Grant::default() },
                state: state.into(),
                replaced_by: (state == "replaced").then(|| "QK-2026-000002".into()),
                consumer: odd.clone(),
                service: odd.clone(),
                service_href: "/dich-vu/a".into(),
                calls_href: "/chung-cu".into(),
                sentence: odd.clone(),
                shown: Shown::default(),
                history: vec![entry.clone(); many],
                decides: true,
            });
        }
    }
}
