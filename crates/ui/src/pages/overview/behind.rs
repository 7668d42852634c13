//! The lists behind the figures of requests and of what ends soon.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use super::Counted;
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::pages::lists::{Pager, token, with};
use crate::pages::work::{Paged, now};
use crate::session::Visit;
use crate::time;
use crate::view::{Frame, Section, page, query, segments};

/// What ends within so many days is shown: the first warning of the gate comes 30 days before.
pub const DAYS_AHEAD: i64 = 30;
/// Lines of a page.
const SHOWN: usize = 40;

#[derive(Template)]
#[template(path = "watch_requests.html")]
pub struct Requests {
    frame: Frame,
    found: usize,
    lines: Vec<RequestLine>,
    pager: Pager,
}

struct RequestLine {
    id: String,
    service: String,
    agency: String,
    owner: String,
    state: String,
    step: String,
    entered: Ts,
    due: Ts,
    late: bool,
}

#[derive(Template)]
#[template(path = "watch_ending.html")]
pub struct Ending {
    frame: Frame,
    papers: Vec<PaperLine>,
    grants: Vec<GrantLine>,
    pager: Pager,
}

/// A document of the gate that ends.
struct PaperLine {
    party: String,
    href: String,
    item: String,
    last_day: String,
    days_left: u16,
    renewal_filed: bool,
}

/// A grant that ends.
struct GrantLine {
    id: String,
    service: String,
    to: String,
    until: Ts,
}

/// A request in a list of the API.
#[derive(Deserialize)]
pub struct Request {
    /// Its number.
    pub id: String,
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// The agency that asks.
    pub agency: String,
    /// For which service.
    pub service: String,
    #[serde(default)]
    owner: Option<String>,
    /// Where it stands.
    pub state: String,
    step: String,
    entered: Ts,
    due: Ts,
}

/// A grant in a list of the API.
#[derive(Deserialize)]
struct Grant {
    id: String,
    to: String,
    service: String,
    terms: Terms,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default)]
    until: Option<Ts>,
}

#[derive(Deserialize)]
struct Warning {
    party: String,
    title: Text,
    last_day: String,
    days_left: u16,
    #[serde(default)]
    renewal_filed: bool,
}

/// Which requests.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Wanted {
    trang_thai: String,
    qua_han: String,
    tiep: String,
}

impl Wanted {
    fn after(&self) -> Option<&str> {
        Some(self.tiep.as_str()).filter(|after| !after.is_empty())
    }
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/giam-sat/dang-ky", get(requests)).route("/giam-sat/sap-het-han", get(ending))
}

async fn requests(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let overdue = if wanted.qua_han == "true" { "true" } else { "" };
    let path = format!("/requests{}", query(&[("state", &wanted.trang_thai), ("overdue", overdue)]));
    let Paged { items: found, next } =
        visit.get::<Paged<Request>>(with(&path, SHOWN, wanted.after())).await?;
    let counted = visit.get::<Counted>("/figures").await?;
    let count = match (overdue, &*wanted.trang_thai) {
        ("true", _) => counted.requests_overdue,
        (_, "") => counted.requests.values().sum(),
        (_, one) => counted.requests.get(one).copied().unwrap_or_default(),
    };
    let address = |after: &str| {
        let members = [("trang-thai", &*wanted.trang_thai), ("qua-han", overdue), ("tiep", after)];
        format!("/giam-sat/dang-ky{}", query(&members))
    };
    let first = wanted.after().map(|_| address(""));
    let pager = Pager::onward(first, token(next.as_ref()).map(|next| address(&next)));
    let codes =
        found.iter().flat_map(|one| [&*one.agency, &*one.service, one.owner.as_deref().unwrap_or_default()]);
    let names = Names::of(&visit, codes).await?;
    let rules = Rules::of(&visit).await?;
    let state = |state: &str| visit.lang.of_family("watch-state", state);
    let title = match (overdue, &*wanted.trang_thai) {
        ("true", _) => visit.lang.t("watch-overdue"),
        (_, "") => visit.lang.t("watch-requests"),
        (_, one) => format!("{}: {}", visit.lang.t("watch-requests"), state(one)),
    };
    let frame = visit.titled(Section::Watch, title);
    let now = now();
    let lines = found.into_iter().map(|one| RequestLine {
        service: names.get(&one.service).to_owned(),
        agency: names.get(&one.agency).to_owned(),
        owner: one.owner.as_deref().map(|owner| names.get(owner).to_owned()).unwrap_or_default(),
        step: rules.step(frame.lang, one.kind, &one.step).to_owned(),
        late: one.due < now && matches!(&*one.state, "open" | "returned"),
        state: one.state,
        entered: one.entered,
        due: one.due,
        id: one.id,
    });
    let lines = lines.collect();
    page(&Requests { frame, found: count, lines, pager })
}

async fn ending(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let warnings = visit.get::<Vec<Warning>>("/gate/warnings").await?;
    let path = format!("/grants/ending?days={DAYS_AHEAD}");
    let Paged { items: grants, next } = visit.get::<Paged<Grant>>(with(&path, SHOWN, wanted.after())).await?;
    let address = |after: &str| format!("/giam-sat/sap-het-han{}", query(&[("tiep", after)]));
    let first = wanted.after().map(|_| address(""));
    let pager = Pager::onward(first, token(next.as_ref()).map(|next| address(&next)));
    let of_grants = grants.iter().flat_map(|one| [&*one.to, &*one.service]);
    let names = Names::of(&visit, of_grants.chain(warnings.iter().map(|one| &*one.party))).await?;
    let frame = visit.frame(Section::Watch, "watch-ending");
    let papers = warnings.into_iter().map(|one| PaperLine {
        party: names.get(&one.party).to_owned(),
        href: format!("/cong-an-toan/{}", segments(&one.party)),
        item: one.title.of(frame.lang).to_owned(),
        last_day: time::day(&one.last_day),
        days_left: one.days_left,
        renewal_filed: one.renewal_filed,
    });
    let papers = papers.collect();
    let grants = grants.into_iter().map(|one| GrantLine {
        service: names.get(&one.service).to_owned(),
        to: names.get(&one.to).to_owned(),
        until: one.terms.until.unwrap_or(Ts(0)),
        id: one.id,
    });
    let grants = grants.collect();
    page(&Ending { frame, papers, grants, pager })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn renders() {
        let line = || RequestLine {
            id: "YC-2026-000001".into(),
            service: ODD.into(),
            agency: ODD.into(),
            owner: ODD.into(),
            state: "open".into(),
            step: ODD.into(),
            entered: Ts(0),
            due: Ts(0),
            late: true,
        };
        let links = || Pager::onward(Some("/".into()), Some("/".into()));
        rendered(|frame| Requests { frame, found: 1, lines: vec![line()], pager: links() });
        rendered(|frame| Requests { frame, found: 0, lines: Vec::new(), pager: Pager::onward(None, None) });
        let paper = || PaperLine {
            party: ODD.into(),
            href: "/".into(),
            item: ODD.into(),
            last_day: "01/12/2026".into(),
            days_left: 9,
            renewal_filed: true,
        };
        let grant = || GrantLine { id: "QK-1".into(), service: ODD.into(), to: ODD.into(), until: Ts(0) };
        rendered(|frame| Ending { frame, papers: vec![paper()], grants: vec![grant()], pager: links() });
        rendered(|frame| Ending { frame, papers: Vec::new(), grants: Vec::new(), pager: links() });
    }
}
