//! The trusted directory: what was published, what differs between two numbers, what is proposed.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use super::proposal::{Proposal, Told};
use crate::Console;
use crate::failure::Failure;
use crate::pages::lists::{PageNumber, Pager, token, with};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, query};

/// Lines of a page.
const SHOWN: usize = 25;

#[derive(Template)]
#[template(path = "admin_directory.html")]
pub struct Directory {
    frame: Frame,
    /// Absent when this registry does not keep the directory.
    number: Option<u64>,
    waiting: Vec<ProposalLine>,
    publications: Vec<PublicationLine>,
    pager: Pager,
}

/// A proposal in a list.
struct ProposalLine {
    id: u64,
    changes: Vec<String>,
    note: String,
    by: String,
    at: Ts,
    standing: String,
}

struct PublicationLine {
    number: u64,
    at: Ts,
    proposals: Vec<u64>,
    by_hand: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin_proposals.html")]
pub struct Proposals {
    frame: Frame,
    lines: Vec<ProposalLine>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "admin_differences.html")]
pub struct Differences {
    frame: Frame,
    from: String,
    to: String,
    errors: Vec<String>,
    changes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Overview {
    #[serde(default)]
    number: Option<u64>,
    publications: Vec<Publication>,
}

#[derive(Deserialize)]
struct Publication {
    number: u64,
    at: Ts,
    proposals: Vec<u64>,
    #[serde(default)]
    by_hand: Vec<Told>,
}

/// Which page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    trang: PageNumber,
    tiep: String,
    tu: String,
    den: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quan-tri/danh-ba", get(show))
        .route("/quan-tri/danh-ba/khac-nhau", get(differences))
        .route("/quan-tri/danh-ba/de-nghi", get(proposals))
}

fn line(frame: &Frame, proposal: Proposal) -> ProposalLine {
    let proposed = proposal.history.first();
    ProposalLine {
        id: proposal.id,
        by: proposed.map(|act| act.by.clone()).unwrap_or_default(),
        at: proposed.map_or(Ts(0), |act| act.at),
        changes: proposal.changes.into_iter().map(|told| told.summary.of(frame.lang).to_owned()).collect(),
        note: proposal.note,
        standing: proposal.standing,
    }
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let Overview { number, publications } = visit.get::<Overview>("/directory").await?;
    let waiting =
        visit.get::<Paged<Proposal>>(with("/directory/changes?waiting=true", SHOWN, None)).await?.items;
    let frame = visit.frame(Section::Admin, "admin-directory");
    let address = |number: usize| format!("/quan-tri/danh-ba{}", query(&[("trang", &number.to_string())]));
    let (publications, pager) = Pager::cut(publications, wanted.trang, SHOWN, address);
    let published = |one: Publication| PublicationLine {
        number: one.number,
        at: one.at,
        proposals: one.proposals,
        by_hand: one.by_hand.into_iter().map(|told| told.summary.of(frame.lang).to_owned()).collect(),
    };
    let publications = publications.into_iter().map(published).collect();
    let waiting = waiting.into_iter().map(|proposal| line(&frame, proposal)).collect();
    page(&Directory { frame, number, waiting, publications, pager })
}

async fn proposals(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let after = Some(wanted.tiep.as_str()).filter(|after| !after.is_empty());
    let found = visit.get::<Paged<Proposal>>(with("/directory/changes", SHOWN, after)).await?;
    let address = |after: &str| format!("/quan-tri/danh-ba/de-nghi{}", query(&[("tiep", after)]));
    let pager =
        Pager::onward(after.map(|_| address("")), token(found.next.as_ref()).map(|next| address(&next)));
    let frame = visit.frame(Section::Admin, "admin-proposals");
    let lines = found.items.into_iter().map(|proposal| line(&frame, proposal)).collect();
    page(&Proposals { frame, lines, pager })
}

async fn differences(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Admin, "admin-differences");
    let Wanted { tu: from, den: to, .. } = wanted;
    if from.is_empty() && to.is_empty() {
        return page(&Differences { frame, from, to, errors: Vec::new(), changes: None });
    }
    let path = format!("/directory/differences{}", query(&[("from", &from), ("to", &to)]));
    let (changes, errors) = match visit.get::<Vec<Told>>(path).await {
        Ok(told) => {
            (Some(told.into_iter().map(|one| one.summary.of(frame.lang).to_owned()).collect()), Vec::new())
        }
        // A number that there is not is a slip of the pen, as is one that is none.
        Err(failure) if failure.is_mendable() || failure.status == http::StatusCode::NOT_FOUND => {
            (None, vec![frame.t("admin-differences-wrong")])
        }
        Err(failure) => return Err(failure),
    };
    page(&Differences { frame, from, to, errors, changes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = || "<script>alert(1)</script>".to_owned();
        let none = || Pager::onward(None, None);
        let proposal = || ProposalLine {
            id: 3,
            changes: vec![odd(), odd()],
            note: odd(),
            by: odd(),
            at: Ts(0),
            standing: "proposed".into(),
        };
        let publication =
            || PublicationLine { number: 2, at: Ts(0), proposals: vec![1, 2], by_hand: vec![odd()] };
        rendered(|frame| Directory {
            frame,
            number: Some(2),
            waiting: vec![proposal()],
            publications: vec![publication()],
            pager: none(),
        });
        rendered(|frame| Directory {
            frame,
            number: None,
            waiting: Vec::new(),
            publications: Vec::new(),
            pager: none(),
        });
        rendered(|frame| Proposals { frame, lines: vec![proposal()], pager: none() });
        rendered(|frame| Proposals { frame, lines: Vec::new(), pager: none() });
        for changes in [None, Some(Vec::new()), Some(vec![odd()])] {
            rendered(|frame| Differences {
                frame,
                from: odd(),
                to: odd(),
                errors: vec![odd()],
                changes: changes.clone(),
            });
        }
    }
}
