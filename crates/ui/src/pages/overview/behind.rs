//! The lists behind the figures of requests and of what ends soon.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::pages::lists::{PageNumber, Pager, all};
use crate::pages::work::now;
use crate::session::Visit;
use crate::time;
use crate::view::{Frame, Section, page, query, segments};

/// What ends within so many days is shown: the first warning of the gate comes 30 days before.
pub const DAYS_AHEAD: i64 = 30;
/// Where grants in force are asked for.
pub const GRANTS_IN_FORCE: &str = "/grants?state=in_force";
const DAY_US: i64 = 86_400_000_000;
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
pub struct Grant {
    /// The grant.
    pub grant: GrantOf,
}

/// What a grant says.
#[derive(Deserialize)]
pub struct GrantOf {
    id: String,
    /// Who holds it.
    pub to: String,
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
    trang: PageNumber,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/giam-sat/dang-ky", get(requests)).route("/giam-sat/sap-het-han", get(ending))
}

/// The grants that end within [`DAYS_AHEAD`] days, the soonest first.
pub fn ending_soon(grants: Vec<Grant>, now: Ts) -> Vec<GrantOf> {
    let last = Ts(now.0.saturating_add(DAYS_AHEAD * DAY_US));
    let ends = |grant: &GrantOf| grant.terms.until.is_some_and(|until| until <= last);
    let mut ending: Vec<_> = grants.into_iter().map(|grant| grant.grant).filter(ends).collect();
    ending.sort_by_key(|grant| grant.terms.until);
    ending
}

async fn requests(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let overdue = if wanted.qua_han == "true" { "true" } else { "" };
    let path = format!("/requests{}", query(&[("state", &wanted.trang_thai), ("overdue", overdue)]));
    let found = all::<Request>(&visit, &path).await?;
    let count = found.len();
    let address = |number: usize| {
        let members =
            [("trang-thai", &*wanted.trang_thai), ("qua-han", overdue), ("trang", &number.to_string())];
        format!("/giam-sat/dang-ky{}", query(&members))
    };
    let (found, pager) = Pager::cut(found, wanted.trang, SHOWN, address);
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

async fn ending(visit: Visit) -> Result<Response, Failure> {
    let warnings = visit.get::<Vec<Warning>>("/gate/warnings").await?;
    let grants = ending_soon(all::<Grant>(&visit, GRANTS_IN_FORCE).await?, now());
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
    page(&Ending { frame, papers, grants })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn what_ends_within_the_days_ahead_ends_soon() {
        let grant = |id: &str, until: Option<i64>| Grant {
            grant: GrantOf {
                id: id.into(),
                to: String::new(),
                service: String::new(),
                terms: Terms { until: until.map(Ts) },
            },
        };
        let grants = vec![
            grant("b", Some(30 * DAY_US)),
            grant("a", Some(5)),
            grant("c", Some(30 * DAY_US + 1)),
            grant("d", None),
        ];
        let ending: Vec<_> = ending_soon(grants, Ts(0)).into_iter().map(|one| one.id).collect();
        assert_eq!(ending, ["a", "b"]);
    }

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
        let links = || Pager::cut((0..3).collect(), PageNumber(2), 1, |number| format!("?trang={number}")).1;
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
        rendered(|frame| Ending { frame, papers: vec![paper()], grants: vec![grant()] });
        rendered(|frame| Ending { frame, papers: Vec::new(), grants: Vec::new() });
    }
}
