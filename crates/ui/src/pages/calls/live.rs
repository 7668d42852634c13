//! Calls as they pass, and the figures of the last hour, which renew themselves in an open page.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::{Line, Row, is_refusal, lines};
use crate::Console;
use crate::failure::Failure;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::stream::{self, Piece};
use crate::view::{Frame, Section, drawn, page};

/// Calls that are shown.
const SHOWN: usize = 25;

#[derive(Template)]
#[template(path = "live.html")]
pub struct Live {
    frame: Frame,
    now: Now,
}

/// The figures of the last hour and the latest calls.
#[derive(Template)]
#[template(path = "live_now.html")]
pub struct Now {
    frame: Frame,
    hour: HourLine,
    codes: Vec<(String, u64)>,
    lines: Vec<Line>,
}

/// The figures of the last hour alone.
#[derive(Template)]
#[template(path = "live_hour.html")]
pub struct HourLine {
    frame: Frame,
    calls: u64,
    failed: u64,
    half_ms: String,
    most_ms: String,
}

/// The last sixty minutes, as the API counts them.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Hour {
    calls: u64,
    failed: BTreeMap<String, u64>,
    #[serde(default)]
    half_ms: Option<u64>,
    #[serde(default)]
    most_ms: Option<u64>,
    #[serde(default)]
    latest: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/giam-sat/truc-tiep", get(show))
        .route("/giam-sat/truc-tiep/dong", get(async |visit: Visit| stream::follow::<Now>(visit)))
        .route("/giam-sat/dong", get(async |visit: Visit| stream::follow::<HourLine>(visit)))
}

async fn show(visit: Visit) -> Result<Response, Failure> {
    let now = Now::of(&visit, &Hour::of(&visit).await?).await?;
    page(&Live { frame: visit.frame(Section::Watch, "calls-live-title"), now })
}

impl Hour {
    /// Asks for it.
    ///
    /// # Errors
    /// What the API refuses.
    pub async fn of(visit: &Visit) -> Result<Self, Failure> {
        visit.get("/calls/last-hour").await
    }
}

impl HourLine {
    /// As it is shown.
    pub fn of(frame: Frame, hour: &Hour) -> Self {
        let ms = |bound: Option<u64>| match bound {
            None => "–".to_owned(),
            Some(u64::MAX) => "> 30 s".to_owned(),
            Some(ms) => format!("≤ {ms} ms"),
        };
        let failed = hour.failed.values().sum();
        Self { frame, calls: hour.calls, failed, half_ms: ms(hour.half_ms), most_ms: ms(hour.most_ms) }
    }
}

impl Now {
    async fn of(visit: &Visit, hour: &Hour) -> Result<Self, Failure> {
        let found = visit.get::<Paged<Row>>(format!("/calls?limit={SHOWN}")).await?;
        let lines = lines(visit, found.items).await?;
        let frame = visit.frame(Section::Watch, "calls-live-title");
        let codes = hour.failed.iter().map(|(code, count)| (code.clone(), *count)).collect();
        Ok(Self { hour: HourLine::of(frame.clone(), hour), frame, codes, lines })
    }
}

impl Piece for Now {
    type Seen = Hour;

    async fn look(visit: &Visit) -> Result<Hour, Failure> {
        Hour::of(visit).await
    }

    async fn draw(visit: &Visit, hour: &Hour) -> Result<String, Failure> {
        drawn(&Self::of(visit, hour).await?)
    }
}

impl Piece for HourLine {
    type Seen = Hour;

    async fn look(visit: &Visit) -> Result<Hour, Failure> {
        Hour::of(visit).await
    }

    async fn draw(visit: &Visit, hour: &Hour) -> Result<String, Failure> {
        drawn(&Self::of(visit.frame(Section::Watch, "watch-title"), hour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let failed = BTreeMap::from([("EX-0304".to_owned(), 3)]);
        let hour = Hour { calls: 1200, failed, half_ms: Some(5), most_ms: Some(u64::MAX), latest: Some(9) };
        let live = |frame: Frame, hour: &Hour, lines: Vec<Line>| Live {
            now: Now {
                hour: HourLine::of(frame.clone(), hour),
                frame: frame.clone(),
                codes: hour.failed.clone().into_iter().collect(),
                lines,
            },
            frame,
        };
        let full = rendered(|frame| live(frame, &hour, vec![Line::sample()]));
        assert!(full[0].contains("≤ 5 ms") && full[0].contains("&gt; 30 s") | full[0].contains("&#62; 30 s"));
        rendered(|frame| live(frame, &Hour::default(), Vec::new()));
    }
}
