//! The minutes of a request, to be printed and signed by both sides.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;

use super::one::{Act, Named, act, named};
use super::whole::{Request, Whole, load};
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules};
use crate::pages::terms::{Service, Shown};
use crate::pages::work::now;
use crate::session::Visit;
use crate::view::{Frame, Section, page};

/// Decisions that are printed at most; roads have seven steps.
const ACTS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "requests/minutes.html")]
pub struct Minutes {
    frame: Frame,
    request: Request,
    named: Named,
    shown: Shown,
    acts: Vec<Act>,
    /// Name and number of each document.
    documents: Vec<(String, String)>,
    printed: Ts,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/{id}/bien-ban", get(show))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let Whole { request, .. } = load(&visit, &id).await?.value;
    let codes = [&*request.service, &request.consumer, &request.agency, &request.owner];
    let names = Names::of(&visit, codes).await?;
    let service = Service::of(&visit, &request.service).await;
    let frame = visit.frame(Section::Requests, "requests-minutes-title");
    let lang = frame.lang;
    let decisions = request.history.iter().filter(|entry| entry.did != "attached");
    let acts = decisions.rev().take(ACTS_MAX).map(|entry| act(&rules, lang, request.kind, entry));
    let mut acts: Vec<Act> = acts.collect();
    acts.reverse();
    let documents = request.attachments.iter();
    let documents = documents.map(|one| (rules.item(lang, &one.item).to_owned(), one.number.clone()));
    let minutes = Minutes {
        named: named(&names, &rules, lang, &request),
        shown: Shown::of(lang, request.terms.clone(), &service),
        documents: documents.collect(),
        printed: now(),
        frame,
        acts,
        request,
    };
    page(&minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        let act = || Act {
            at: Ts::from_secs(1_795_305_900),
            by: odd.clone(),
            role: "leader".into(),
            step: odd.clone(),
            did: "narrowed".into(),
            comment: odd.clone(),
            legal_basis: odd.clone(),
        };
        for many in [0, 3] {
            rendered(|frame| Minutes {
                frame,
                request: Request { reason: odd.clone(), status: "live".into(), ..Request::default() },
                named: Named { service: odd.clone(), ..Named::default() },
                shown: Shown::default(),
                acts: (0..many).map(|_| act()).collect(),
                documents: vec![(odd.clone(), odd.clone()); many],
                printed: Ts::from_secs(1_795_305_900),
            });
        }
    }
}
