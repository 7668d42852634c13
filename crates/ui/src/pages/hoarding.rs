//! How each data owner answers those who ask: what was refused, by whom and why; where there is silence.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules};
use crate::pages::lists::{PageNumber, Pager};
use crate::pages::overview::behind::Request;
use crate::pages::requests::own_agencies;
use crate::pages::requests::whole::{self, load};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::text::{by_name, word};
use crate::view::{Frame, Section, page, query};

/// Lines of a page.
const SHOWN: usize = 40;
/// Answers to requests of the person's agencies that are shown; older ones stand at the list of requests.
const ANSWERS: usize = 20;

#[derive(Template)]
#[template(path = "hoarding.html")]
pub struct Hoarding {
    frame: Frame,
    owners: Vec<OwnerLine>,
    /// How requests of the person's agencies were answered.
    answers: Vec<AnswerLine>,
}

/// A request of mine that was refused or returned.
struct AnswerLine {
    id: String,
    service: String,
    owner: String,
    state: String,
    words: String,
    legal_basis: String,
    role: String,
    at: Ts,
}

/// An owner with its figures.
struct OwnerLine {
    code: String,
    name: String,
    counts: Vec<(Count, usize)>,
    median_days: Option<u32>,
}

#[derive(Template)]
#[template(path = "hoarding_owner.html")]
pub struct OwnerPage {
    frame: Frame,
    code: String,
    counts: Vec<(Count, usize)>,
    chosen: Count,
    refusals: Vec<RefusalLine>,
    requests: Vec<RequestLine>,
    pager: Pager,
}

struct RefusalLine {
    id: String,
    what: String,
    by: String,
    step: String,
    at: Ts,
    reason: String,
    legal_basis: String,
}

struct RequestLine {
    id: String,
    service: String,
    agency: String,
    state: String,
}

/// A figure of an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Count {
    #[default]
    Received,
    ToDecide,
    Approved,
    Refused,
    RefusedByOthers,
    Returned,
    Waiting,
    Silent,
    Late,
}

/// The board of the API.
#[derive(Deserialize)]
struct Board {
    owner: String,
    received: Vec<String>,
    to_decide: Vec<String>,
    approved: Vec<String>,
    refused: Vec<Refusal>,
    refused_by_others: Vec<Refusal>,
    returned: Vec<String>,
    waiting: Vec<String>,
    silent: Vec<String>,
    late: Vec<String>,
    #[serde(default)]
    median_working_days: Option<u32>,
}

#[derive(Clone, Deserialize)]
struct Refusal {
    request: String,
    step: String,
    by: String,
    at: Ts,
    reason: String,
    legal_basis: String,
}

/// Which owner and which of its figures.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Wanted {
    chu_quan: String,
    loc: String,
    trang: PageNumber,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/giam-sat/tu-choi", get(show))
}

impl Count {
    const ALL: [Self; 9] = [
        Self::Received,
        Self::ToDecide,
        Self::Approved,
        Self::Refused,
        Self::RefusedByOthers,
        Self::Returned,
        Self::Waiting,
        Self::Silent,
        Self::Late,
    ];

    /// In addresses, and behind `hoarding-count-` in texts.
    const fn word(self) -> &'static str {
        match self {
            Self::Received => "tiep-nhan",
            Self::ToDecide => "phai-quyet-dinh",
            Self::Approved => "dong-y",
            Self::Refused => "tu-choi",
            Self::RefusedByOthers => "buoc-khac-tu-choi",
            Self::Returned => "tra-lai",
            Self::Waiting => "dang-cho",
            Self::Silent => "im-lang",
            Self::Late => "tre-han",
        }
    }

    fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|count| count.word() == word).unwrap_or_default()
    }

    /// Whether a number above zero deserves attention.
    const fn is_bad(self) -> bool {
        matches!(self, Self::Refused | Self::Silent | Self::Late)
    }
}

impl Board {
    fn refusals(&self, count: Count) -> &[Refusal] {
        match count {
            Count::Refused => &self.refused,
            Count::RefusedByOthers => &self.refused_by_others,
            _ => &[],
        }
    }

    fn requests(&self, count: Count) -> &[String] {
        match count {
            Count::Received => &self.received,
            Count::ToDecide => &self.to_decide,
            Count::Approved => &self.approved,
            Count::Refused | Count::RefusedByOthers => &[],
            Count::Returned => &self.returned,
            Count::Waiting => &self.waiting,
            Count::Silent => &self.silent,
            Count::Late => &self.late,
        }
    }

    fn counts(&self) -> Vec<(Count, usize)> {
        let of = |count: Count| (count, self.requests(count).len() + self.refusals(count).len());
        Count::ALL.map(of).to_vec()
    }
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let boards =
        visit.get::<Vec<Board>>(format!("/hoarding{}", query(&[("owner", &wanted.chu_quan)]))).await?;
    if wanted.chu_quan.is_empty() {
        owners(&visit, boards).await
    } else {
        owner(&visit, boards, &wanted).await
    }
}

async fn owners(visit: &Visit, boards: Vec<Board>) -> Result<Response, Failure> {
    let names = Names::of(visit, boards.iter().map(|board| &*board.owner)).await?;
    let owners = boards.into_iter().map(|board| OwnerLine {
        name: names.get(&board.owner).to_owned(),
        counts: board.counts(),
        median_days: board.median_working_days,
        code: board.owner,
    });
    let mut owners: Vec<_> = owners.collect();
    by_name(&mut owners, |owner| &owner.name);
    let answers = answers(visit).await?;
    page(&Hoarding { frame: visit.frame(Section::Watch, "hoarding-title"), owners, answers })
}

/// The latest refusals and returns of requests of the person's agencies, each with its reason.
async fn answers(visit: &Visit) -> Result<Vec<AnswerLine>, Failure> {
    let limit = ANSWERS.to_string();
    let mut ids = BTreeSet::new();
    for agency in own_agencies(visit) {
        for state in ["returned", "refused"] {
            let asked = query(&[("consumer", &agency), ("state", state), ("limit", &limit)]);
            let found = visit.get::<Paged<Request>>(format!("/requests{asked}")).await?.items;
            ids.extend(found.into_iter().map(|request| request.id));
        }
    }
    let mut answered = Vec::new();
    for id in ids.iter().rev().take(ANSWERS) {
        answered.push(load(visit, id).await?.value.request);
    }
    let codes = answered.iter().flat_map(|request| [&*request.service, &*request.owner]);
    let names = Names::of(visit, codes).await?;
    let line = |request: &whole::Request| {
        let entry = request.answer()?;
        Some(AnswerLine {
            id: request.id.clone(),
            service: names.get(&request.service).to_owned(),
            owner: names.get(&request.owner).to_owned(),
            state: request.status.clone(),
            words: entry.comment.clone(),
            legal_basis: entry.legal_basis.clone(),
            role: entry.role.clone(),
            at: entry.at,
        })
    };
    Ok(answered.iter().filter_map(line).collect())
}

async fn owner(visit: &Visit, boards: Vec<Board>, wanted: &Wanted) -> Result<Response, Failure> {
    // Nothing was asked of it, or the person does not see what.
    let Some(board) = boards.into_iter().next() else { return owners(visit, Vec::new()).await };
    let chosen = Count::of(&wanted.loc);
    let address = |number: usize| {
        let members = [("chu-quan", &*board.owner), ("loc", chosen.word()), ("trang", &number.to_string())];
        format!("/giam-sat/tu-choi{}", query(&members))
    };
    // One of the two lists is empty: figures of refusals have reasons, the others have not.
    let refusals = board.refusals(chosen).to_vec();
    let ids = board.requests(chosen).to_vec();
    let (refusals, pager, ids) = if refusals.is_empty() {
        let (ids, pager) = Pager::cut(ids, wanted.trang, SHOWN, address);
        (refusals, pager, ids)
    } else {
        let (refusals, pager) = Pager::cut(refusals, wanted.trang, SHOWN, address);
        (refusals, pager, ids)
    };
    let shown: Vec<&str> =
        refusals.iter().map(|one| &*one.request).chain(ids.iter().map(String::as_str)).collect();
    let known = requests(visit, &shown).await?;
    let find = |id: &str| known.iter().find(|request| request.id == id);
    let shown = shown.into_iter();
    let codes = shown.filter_map(find).flat_map(|one| [&*one.service, &*one.agency]);
    let people = refusals.iter().map(|one| &*one.by);
    let names = Names::of(visit, codes.chain([&*board.owner]).chain(people)).await?;
    let rules = Rules::of(visit).await?;
    let title = visit.lang.ta("hoarding-of", &[("name", word(names.get(&board.owner)))]);
    let frame = visit.titled(Section::Watch, title);
    let line = |id: String| {
        let (service, agency, state) = find(&id).map_or_else(Default::default, |one| {
            (names.get(&one.service).to_owned(), names.get(&one.agency).to_owned(), one.state.clone())
        });
        RequestLine { id, service, agency, state }
    };
    let refusal = |one: Refusal| {
        let request = find(&one.request);
        let what = request
            .map(|request| format!("{} – {}", names.get(&request.agency), names.get(&request.service)));
        let kind = request.map_or(0, |request| request.kind);
        RefusalLine {
            what: what.unwrap_or_default(),
            step: rules.step(frame.lang, kind, &one.step).to_owned(),
            id: one.request,
            by: names.full(&one.by),
            at: one.at,
            reason: one.reason,
            legal_basis: one.legal_basis,
        }
    };
    let refusals = refusals.into_iter().map(refusal).collect();
    let requests = ids.into_iter().map(line).collect();
    let (counts, code) = (board.counts(), board.owner.clone());
    page(&OwnerPage { frame, code, counts, chosen, refusals, requests, pager })
}

/// What the API knows of these.
async fn requests(visit: &Visit, ids: &[&str]) -> Result<Vec<Request>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let limit = SHOWN.to_string();
    let path = format!("/requests{}", query(&[("ids", &ids.join(",")), ("limit", &limit)]));
    Ok(visit.get::<Paged<Request>>(path).await?.items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn board() -> Board {
        let ids = |count: usize| vec!["YC-2026-000001".to_owned(); count];
        let refusal = Refusal {
            request: "YC-2026-000005".into(),
            step: "data_owner".into(),
            by: ODD.into(),
            at: Ts(0),
            reason: ODD.into(),
            legal_basis: ODD.into(),
        };
        Board {
            owner: "000.00.00.G01".into(),
            received: ids(6),
            to_decide: ids(2),
            approved: ids(1),
            refused: vec![refusal],
            refused_by_others: Vec::new(),
            returned: Vec::new(),
            waiting: ids(2),
            silent: ids(1),
            late: Vec::new(),
            median_working_days: Some(3),
        }
    }

    #[test]
    fn each_figure_is_the_length_of_its_list() {
        let counts: Vec<_> = board().counts().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [6, 2, 1, 1, 0, 0, 2, 1, 0]);
        for count in Count::ALL {
            assert_eq!(Count::of(count.word()), count);
        }
        assert_eq!(Count::of("gì đó"), Count::Received);
    }

    #[test]
    fn renders() {
        let owner = || OwnerLine {
            code: "000.00.00.G01".into(),
            name: ODD.into(),
            counts: board().counts(),
            median_days: Some(3),
        };
        let answer = |state: &str| AnswerLine {
            id: ODD.into(),
            service: ODD.into(),
            owner: ODD.into(),
            state: state.into(),
            words: ODD.into(),
            legal_basis: if state == "refused" { ODD.into() } else { String::new() },
            role: "data_owner".into(),
            at: Ts(0),
        };
        let answers = || vec![answer("refused"), answer("returned")];
        rendered(|frame| Hoarding { frame, owners: vec![owner()], answers: answers() });
        rendered(|frame| Hoarding { frame, owners: Vec::new(), answers: Vec::new() });
        let refusal = || RefusalLine {
            id: ODD.into(),
            what: ODD.into(),
            by: ODD.into(),
            step: ODD.into(),
            at: Ts(0),
            reason: ODD.into(),
            legal_basis: ODD.into(),
        };
        let request = || RequestLine {
            id: "YC-1".into(),
            service: ODD.into(),
            agency: ODD.into(),
            state: "open".into(),
        };
        let sample = |frame, chosen, refusals, requests| OwnerPage {
            frame,
            code: "000.00.00.G01".into(),
            counts: board().counts(),
            chosen,
            refusals,
            requests,
            pager: Pager::onward(None, None),
        };
        rendered(|frame| sample(frame, Count::Refused, vec![refusal()], Vec::new()));
        rendered(|frame| sample(frame, Count::Received, Vec::new(), vec![request()]));
        rendered(|frame| sample(frame, Count::Late, Vec::new(), Vec::new()));
    }
}
