//! Agencies: searching them, and everything about one.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::Method;
use serde::Deserialize;

use super::agency_href;
use crate::Console;
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::lists::{Pager, token, with};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::text::Lang;
use crate::time;
use crate::view::{Frame, Section, page, query, segment};

/// Lines of a page.
const SHOWN: usize = 40;
/// Children of an agency that are listed; a province has up to a hundred communes, and departments.
const CHILDREN_MAX: usize = 200;

#[derive(Template)]
#[template(path = "admin_agencies.html")]
pub struct Agencies {
    frame: Frame,
    wanted: Wanted,
    errors: Vec<String>,
    lines: Vec<Line>,
    pager: Pager,
}

/// An agency in a list.
struct Line {
    href: String,
    code: String,
    also: String,
    name: String,
    parent: String,
}

#[derive(Template)]
#[template(path = "admin_agency.html")]
pub struct AgencyPage {
    frame: Frame,
    code: String,
    also: String,
    standing: String,
    since: String,
    /// Who answers today, when that is somebody else.
    answers_today: Option<(String, String)>,
    parent: Option<(String, String)>,
    periods: Vec<Period>,
    children: Vec<(String, String)>,
    children_more: bool,
    history: Vec<HistoryLine>,
}

struct Period {
    from: String,
    to: String,
    name: String,
    legal_basis: String,
    closing_basis: String,
    note: String,
    successor: Option<(String, String)>,
}

struct HistoryLine {
    at: Ts,
    by: String,
    what: String,
}

#[derive(Clone, Deserialize)]
struct Agency {
    code: String,
    #[serde(default)]
    also: String,
    name: String,
    #[serde(default)]
    parent: Option<String>,
    valid_from: String,
    #[serde(default)]
    valid_to: String,
    #[serde(default)]
    successor: Option<String>,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    closing_basis: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct Meaning {
    standing: String,
    #[serde(default)]
    agency: Option<Agency>,
    #[serde(default)]
    from: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    answers_today: Option<Agency>,
    periods: Vec<PeriodOf>,
    history: Vec<Done>,
}

#[derive(Deserialize)]
struct PeriodOf {
    agency: Agency,
}

#[derive(Deserialize)]
struct Done {
    at: Ts,
    by: String,
    vi: String,
    en: String,
}

/// Which agencies.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// Words of the name, or the code.
    q: String,
    /// The day on which they count.
    ngay: String,
    tiep: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quan-tri/co-quan", get(list))
        .route("/quan-tri/co-quan.csv", get(export))
        .route("/quan-tri/co-quan/{code}", get(show))
}

async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let day = time::typed_day(&wanted.ngay).map_or_else(|| wanted.ngay.clone(), |day| day.to_string());
    let path = format!("/agencies{}", query(&[("q", &wanted.q), ("day", &day)]));
    let after = Some(wanted.tiep.as_str()).filter(|after| !after.is_empty());
    let (found, errors) = match visit.get::<Paged<Agency>>(with(&path, SHOWN, after)).await {
        Ok(found) => (found, Vec::new()),
        Err(failure) if failure.is_mendable() => {
            (Paged { items: Vec::new(), next: None }, vec![visit.lang.t("admin-agencies-wrong")])
        }
        Err(failure) => return Err(failure),
    };
    let address = |after: &str| {
        format!("/quan-tri/co-quan{}", query(&[("q", &wanted.q), ("ngay", &wanted.ngay), ("tiep", after)]))
    };
    let pager =
        Pager::onward(after.map(|_| address("")), token(found.next.as_ref()).map(|next| address(&next)));
    let parents = found.items.iter().filter_map(|one| one.parent.as_deref());
    let names = Names::of(&visit, parents).await?;
    let line = |one: Agency| Line {
        href: agency_href(&one.code),
        parent: one.parent.as_deref().map(|parent| names.get(parent).to_owned()).unwrap_or_default(),
        code: one.code,
        also: one.also,
        name: one.name,
    };
    let lines = found.items.into_iter().map(line).collect();
    page(&Agencies { frame: visit.frame(Section::Admin, "admin-agencies"), wanted, errors, lines, pager })
}

/// The file of the API, as it is.
async fn export(visit: Visit) -> Result<Response, Failure> {
    visit.ask(Method::GET, "/agencies.csv").response().await
}

async fn show(visit: Visit, Path(code): Path<String>) -> Result<Response, Failure> {
    let meaning = visit.get::<Meaning>(format!("/agencies/{}", segment(&code))).await?;
    let last = meaning.agency.or_else(|| meaning.periods.last().map(|period| period.agency.clone()));
    let agency = last.ok_or_else(Failure::nothing)?;
    let below = with(&format!("/agencies{}", query(&[("parent", &agency.code)])), CHILDREN_MAX, None);
    let below = visit.get::<Paged<Agency>>(below).await?;
    let children_more = below.next.is_some();
    let mut children: Vec<_> =
        below.items.into_iter().map(|one| (agency_href(&one.code), one.name)).collect();
    crate::text::by_name(&mut children, |(_, name)| name);

    let successors = meaning.periods.iter().filter_map(|period| period.agency.successor.as_deref());
    let names = Names::of(&visit, successors.chain(agency.parent.as_deref()).collect::<Vec<_>>()).await?;
    let link_to = |code: &str| (agency_href(code), names.get(code).to_owned());
    let period = |PeriodOf { agency }: PeriodOf| Period {
        from: time::day(&agency.valid_from),
        to: time::day(&agency.valid_to),
        successor: agency.successor.as_deref().map(link_to),
        name: agency.name,
        legal_basis: agency.legal_basis,
        closing_basis: agency.closing_basis,
        note: agency.note,
    };
    let frame = visit.titled(Section::Admin, &*agency.name);
    let line = |done: Done| HistoryLine {
        at: done.at,
        by: done.by,
        what: if frame.lang == Lang::Vi { done.vi } else { done.en },
    };
    let somebody_else = meaning.answers_today.filter(|one| one.code != agency.code);
    page(&AgencyPage {
        standing: meaning.standing,
        since: time::day(if meaning.since.is_empty() { &meaning.from } else { &meaning.since }),
        answers_today: somebody_else.map(|one| (agency_href(&one.code), one.name)),
        parent: agency.parent.as_deref().map(link_to),
        periods: meaning.periods.into_iter().map(period).collect(),
        children,
        children_more,
        history: meaning.history.into_iter().rev().map(line).collect(),
        code: agency.code,
        also: agency.also,
        frame,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = || "<script>alert(1)</script>".to_owned();
        let other = || ("/".to_owned(), odd());
        let line = || Line { href: "/".into(), code: odd(), also: odd(), name: odd(), parent: odd() };
        let wanted = || Wanted { q: odd(), ngay: odd(), tiep: odd() };
        let others = || Pager::onward(Some("/".into()), Some("/".into()));
        rendered(|frame| Agencies {
            frame,
            wanted: wanted(),
            errors: vec![odd()],
            lines: (0..SHOWN).map(|_| line()).collect(),
            pager: others(),
        });
        rendered(|frame| Agencies {
            frame,
            wanted: wanted(),
            errors: Vec::new(),
            lines: Vec::new(),
            pager: others(),
        });
        let period = || Period {
            from: odd(),
            to: odd(),
            name: odd(),
            legal_basis: odd(),
            closing_basis: odd(),
            note: odd(),
            successor: Some(other()),
        };
        rendered(|frame| AgencyPage {
            frame,
            code: odd(),
            also: odd(),
            standing: "closed".into(),
            since: "01/07/2025".into(),
            answers_today: Some(other()),
            parent: Some(other()),
            periods: vec![period()],
            children: vec![other()],
            children_more: true,
            history: vec![HistoryLine { at: Ts(0), by: odd(), what: odd() }],
        });
        rendered(|frame| AgencyPage {
            frame,
            code: odd(),
            also: String::new(),
            standing: "valid".into(),
            since: String::new(),
            answers_today: None,
            parent: None,
            periods: Vec::new(),
            children: Vec::new(),
            children_more: false,
            history: Vec::new(),
        });
    }
}
