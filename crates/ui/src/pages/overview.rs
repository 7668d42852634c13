//! “Giám sát”: the figures of leaders. Each is the length of a list, and opens it.

pub mod behind;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use serde::Deserialize;

use crate::Console;
use crate::chart::{self, About, Bars, Columns};
use crate::failure::Failure;
use crate::pages::calls::live::{self, HourLine};
use crate::pages::lists::all;
use crate::pages::work::now;
use crate::session::Visit;
use crate::text::{Lang, num};
use crate::time;
use crate::view::{Frame, Section, page};
use behind::DAYS_AHEAD;

/// Hours of calls that are shown; the API knows 48.
const HOURS: usize = 24;
/// A label below every third hour: more would run into each other.
const LABEL_EVERY: usize = 3;
/// How databases share, in the order in which they are shown.
pub const SHARING: [&str; 4] = ["platform", "off_platform", "none", "unknown"];
/// For whom databases were made.
pub const SCOPES: [&str; 4] = ["national", "ministry", "province", "other"];
/// Where requests can stand.
pub const STATES: [&str; 5] = ["open", "returned", "live", "refused", "withdrawn"];

#[derive(Template)]
#[template(path = "overview.html")]
pub struct Overview {
    frame: Frame,
    /// Requests that wait for the decision of the leader who looks.
    to_sign: usize,
    day: String,
    holdings: HoldingFigures,
    sharing: Bars,
    requests: Vec<(&'static str, usize)>,
    requests_all: usize,
    overdue: usize,
    incidents_overdue: usize,
    ending: usize,
    calls: Calls,
    hour: HourLine,
}

/// The figures of the inventory that leaders ask for.
#[derive(Default)]
struct HoldingFigures {
    in_use: usize,
    scope: Vec<(&'static str, usize)>,
    sharing: Vec<(&'static str, usize)>,
    /// Of ministries: in use in districts, of these in communes, shared through the platform.
    districts: usize,
    communes: usize,
    shared: usize,
}

/// The calls of the last hours.
struct Calls {
    hours: Vec<HourRow>,
    all: u64,
    failed: u64,
    codes: Vec<(String, u64)>,
    chart: Columns,
}

struct HourRow {
    from: String,
    all: u64,
    failed: u64,
    half_ms: Option<u64>,
}

/// The figures of the API, as far as they are shown.
#[derive(Deserialize)]
struct Figures {
    in_use: Vec<String>,
    scope: BTreeMap<String, Vec<String>>,
    sharing: BTreeMap<String, Vec<String>>,
    reaching: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Hour {
    from: Ts,
    calls: u64,
    failed: BTreeMap<String, u64>,
    #[serde(default)]
    half_ms: Option<u64>,
}

/// A request that waits for a role of mine.
#[derive(Deserialize)]
struct Waiting {
    for_me: bool,
}

/// What the API counts.
#[derive(Deserialize)]
struct Counted {
    /// By state.
    requests: BTreeMap<String, usize>,
    requests_overdue: usize,
    incidents_overdue: usize,
    grants_ending: usize,
    papers_ending: usize,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/giam-sat", get(show)).merge(behind::routes())
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let figures = visit.get::<Figures>("/holdings/figures").await?;
    let counted = visit.get::<Counted>(format!("/figures?days={DAYS_AHEAD}")).await?;
    let hours = visit.get::<Vec<Hour>>("/calls/hours").await?;
    let last_hour = live::Hour::of(&visit).await?;

    let to_sign = to_sign(&visit).await?;
    let frame = visit.frame(Section::Watch, "watch-title");
    let lang = frame.lang;
    let in_state = |state: &str| counted.requests.get(state).copied().unwrap_or_default();
    let holdings = HoldingFigures::of(&figures);
    page(&Overview {
        to_sign,
        day: time::moment(now()),
        sharing: sharing_chart(lang, &holdings),
        holdings,
        requests: STATES.map(|state| (state, in_state(state))).to_vec(),
        requests_all: counted.requests.values().sum(),
        overdue: counted.requests_overdue,
        incidents_overdue: counted.incidents_overdue,
        ending: counted.papers_ending + counted.grants_ending,
        calls: Calls::of(lang, &hours),
        hour: HourLine::of(frame.clone(), &last_hour),
        frame,
    })
}

/// How many requests wait for the step of a leader.
async fn to_sign(visit: &Visit) -> Result<usize, Failure> {
    if visit.who.as_ref().is_none_or(|who| !who.is("leader")) {
        return Ok(0);
    }
    let waiting = all::<Waiting>(visit, "/requests?mine=true&state=open").await?;
    Ok(waiting.into_iter().filter(|one| one.for_me).count())
}

impl HoldingFigures {
    fn of(figures: &Figures) -> Self {
        let count = |lists: &BTreeMap<String, Vec<String>>, word: &str| lists.get(word).map_or(0, Vec::len);
        let set = |lists: &BTreeMap<String, Vec<String>>, word: &str| {
            lists.get(word).into_iter().flatten().cloned().collect::<BTreeSet<_>>()
        };
        let ministry = set(&figures.scope, "ministry");
        let districts = &ministry & &set(&figures.reaching, "district");
        Self {
            in_use: figures.in_use.len(),
            scope: SCOPES.map(|scope| (scope, count(&figures.scope, scope))).to_vec(),
            sharing: SHARING.map(|way| (way, count(&figures.sharing, way))).to_vec(),
            communes: (&districts & &set(&figures.reaching, "commune")).len(),
            districts: districts.len(),
            shared: (&ministry & &set(&figures.sharing, "platform")).len(),
        }
    }
}

fn sharing_chart(lang: Lang, holdings: &HoldingFigures) -> Bars {
    let about = About {
        id: "chia-se",
        title: lang.t("watch-sharing"),
        desc: lang
            .ta("watch-sharing-desc", &[("count", num(i64::try_from(holdings.in_use).unwrap_or(i64::MAX)))]),
    };
    let value = |&(way, count): &(&str, usize)| chart::Value {
        label: lang.of_family("holding-sharing", way),
        all: u64::try_from(count).unwrap_or(u64::MAX),
        bad: 0,
    };
    Bars::new(lang, about, &holdings.sharing.iter().map(value).collect::<Vec<_>>())
}

impl Calls {
    fn of(lang: Lang, hours: &[Hour]) -> Self {
        let hours = &hours[hours.len().saturating_sub(HOURS)..];
        let failed = |hour: &Hour| hour.failed.values().sum::<u64>();
        let mut codes = BTreeMap::new();
        for (code, count) in hours.iter().flat_map(|hour| &hour.failed) {
            *codes.entry(code.clone()).or_insert(0) += count;
        }
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let (all, bad) =
            (hours.iter().map(|hour| hour.calls).sum::<u64>(), hours.iter().map(failed).sum::<u64>());
        let numbers = [("count", all), ("failed", bad)]
            .map(|(name, count)| (name, num(i64::try_from(count).unwrap_or(i64::MAX))));
        let about = About {
            id: "giao-dich",
            title: lang.t("watch-calls"),
            desc: lang.ta("watch-calls-desc", &numbers),
        };
        let value = |hour: &Hour| chart::Value {
            label: time::clock(hour.from).chars().take(5).collect(),
            all: hour.calls,
            bad: failed(hour),
        };
        let values: Vec<_> = hours.iter().map(value).collect();
        let line = |hour: &Hour| HourRow {
            from: time::moment(hour.from),
            all: hour.calls,
            failed: failed(hour),
            half_ms: hour.half_ms,
        };
        // Hours without a call would only make the table long.
        let lines = hours.iter().rev().filter(|hour| hour.calls > 0).map(line).collect();
        Self { hours: lines, all, failed: bad, codes, chart: Columns::new(lang, about, &values, LABEL_EVERY) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    /// Codes from a number to another.
    fn codes(from: usize, to: usize) -> Vec<String> {
        (from..to).map(|number| format!("CSDL-{number}")).collect()
    }

    fn lists(of: &[(&str, Vec<String>)]) -> BTreeMap<String, Vec<String>> {
        of.iter().map(|(word, codes)| ((*word).to_owned(), codes.clone())).collect()
    }

    /// As in Quảng Nam: what is counted of ministries does not count national databases.
    fn figures() -> Figures {
        Figures {
            in_use: codes(0, 86),
            scope: lists(&[("national", codes(0, 6)), ("ministry", codes(6, 86))]),
            sharing: lists(&[
                ("platform", codes(6, 20)),
                ("off_platform", codes(20, 22)),
                ("none", codes(22, 86)),
                ("unknown", codes(0, 6)),
            ]),
            reaching: lists(&[
                ("district", codes(0, 29)),
                ("commune", codes(0, 19)),
                ("central", codes(0, 86)),
            ]),
        }
    }

    #[test]
    fn the_figures_of_the_article_come_out_of_the_lists() {
        let figures = HoldingFigures::of(&figures());
        assert_eq!((figures.scope[0].1, figures.scope[1].1), (6, 80));
        assert_eq!((figures.districts, figures.communes, figures.shared), (23, 13, 14));
        for parts in [&figures.scope, &figures.sharing] {
            assert_eq!(parts.iter().map(|(_, count)| count).sum::<usize>(), figures.in_use);
        }
    }

    fn overview(frame: Frame, holdings: HoldingFigures, hours: &[Hour]) -> Overview {
        Overview {
            to_sign: hours.len(),
            day: "22/11/2026".into(),
            sharing: sharing_chart(frame.lang, &holdings),
            holdings,
            requests: STATES.map(|state| (state, 1)).to_vec(),
            requests_all: 5,
            overdue: 1,
            incidents_overdue: 1,
            ending: 2,
            calls: Calls::of(frame.lang, hours),
            hour: HourLine::of(frame.clone(), &live::Hour::default()),
            frame,
        }
    }

    #[test]
    fn renders() {
        let hour = |number: i64| Hour {
            from: Ts::from_secs(number * 3600),
            calls: 1000,
            failed: BTreeMap::from([(ODD.to_owned(), 3)]),
            half_ms: Some(20),
        };
        let hours: Vec<_> = (0..48).map(hour).collect();
        let full = rendered(|frame| overview(frame, HoldingFigures::of(&figures()), &hours));
        assert!(full[0].contains("24.000") && full[1].contains("24,000"), "only the last day counts");
        rendered(|frame| overview(frame, HoldingFigures::default(), &[]));
    }
}
