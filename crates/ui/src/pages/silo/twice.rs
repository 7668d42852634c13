//! What is done twice: databases that hold the same, and questions to citizens that a service could answer.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::{OVERLAPS, Overlaps, level_names, title, titles};
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::lists::{PageNumber, Pager, all};
use crate::session::Visit;
use crate::view::{Frame, Section, page, query, segments};

/// Lines of a page.
const SHOWN: usize = 25;

#[derive(Template)]
#[template(path = "silo_overlaps.html")]
pub struct OverlapsPage {
    frame: Frame,
    found: usize,
    shown: usize,
    complete: bool,
    pairs: Vec<PairLine>,
    pager: Pager,
}

struct PairLine {
    sides: [SideLine; 2],
    levels: Vec<String>,
    fields: Vec<String>,
}

struct SideLine {
    code: String,
    name: String,
    owner: String,
}

#[derive(Template)]
#[template(path = "silo_asked_again.html")]
pub struct AskedAgainPage {
    frame: Frame,
    lines: Vec<AskedLine>,
    pager: Pager,
}

struct AskedLine {
    code: String,
    name: String,
    owner: String,
    asks: String,
    services: Vec<SourceLine>,
}

/// A service that has the answer.
struct SourceLine {
    href: String,
    name: String,
    field: String,
}

#[derive(Deserialize)]
struct AskedAgain {
    code: String,
    owner: String,
    asks: String,
    services: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    service: String,
    field: String,
}

/// Which page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    trang: PageNumber,
}

/// Pairs of databases that hold the same.
pub async fn overlaps(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let Overlaps { pairs, found, complete } = visit.get::<Overlaps>(OVERLAPS).await?;
    let shown = pairs.len();
    let address = |number: usize| format!("/chia-se/trung-lap{}", query(&[("trang", &number.to_string())]));
    let (pairs, pager) = Pager::cut(pairs, wanted.trang, SHOWN, address);
    let sides = pairs.iter().flat_map(|pair| [&pair.left, &pair.right]);
    let names = Names::of(&visit, sides.map(|side| &*side.owner)).await?;
    let titles = titles(&visit).await?;
    let frame = visit.frame(Section::Sharing, "silo-overlaps");
    let lines = pairs.into_iter().map(|pair| PairLine {
        sides: [pair.left, pair.right].map(|side| SideLine {
            name: title(&titles, &side.code),
            owner: names.get(&side.owner).to_owned(),
            code: side.code,
        }),
        levels: level_names(frame.lang, &pair.levels),
        fields: pair.fields,
    });
    let lines = lines.collect();
    page(&OverlapsPage { frame, found, shown, complete, pairs: lines, pager })
}

/// What citizens are asked although somebody has the answer.
pub async fn asked_again(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let found = all::<AskedAgain>(&visit, "/holdings/asked-again").await?;
    let address = |number: usize| format!("/chia-se/hoi-lai{}", query(&[("trang", &number.to_string())]));
    let (found, pager) = Pager::cut(found, wanted.trang, SHOWN, address);
    let mut codes = Vec::new();
    for one in &found {
        codes.push(&*one.owner);
        codes.extend(one.services.iter().map(|source| &*source.service));
    }
    let names = Names::of(&visit, codes).await?;
    let titles = titles(&visit).await?;
    let source = |source: Source| SourceLine {
        href: format!("/dich-vu/{}", segments(&source.service)),
        name: names.get(&source.service).to_owned(),
        field: source.field,
    };
    let lines = found.into_iter().map(|one| AskedLine {
        name: title(&titles, &one.code),
        owner: names.get(&one.owner).to_owned(),
        services: one.services.into_iter().map(source).collect(),
        code: one.code,
        asks: one.asks,
    });
    let lines = lines.collect();
    page(&AskedAgainPage { frame: visit.frame(Section::Sharing, "silo-asked-again"), lines, pager })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn renders() {
        let odd = || ODD.to_owned();
        let none = || Pager::onward(None, None);
        let side = || SideLine { code: "CSDL-1".into(), name: odd(), owner: odd() };
        let pair =
            || PairLine { sides: [side(), side()], levels: vec!["Xã".into()], fields: vec![odd(); 4] };
        rendered(|frame| OverlapsPage {
            frame,
            found: 900,
            shown: 500,
            complete: false,
            pairs: vec![pair(), pair()],
            pager: none(),
        });
        rendered(|frame| OverlapsPage {
            frame,
            found: 0,
            shown: 0,
            complete: true,
            pairs: Vec::new(),
            pager: none(),
        });
        let line = || AskedLine {
            code: "CSDL-1".into(),
            name: odd(),
            owner: odd(),
            asks: odd(),
            services: vec![SourceLine { href: "/".into(), name: odd(), field: odd() }],
        };
        rendered(|frame| AskedAgainPage { frame, lines: vec![line()], pager: none() });
        rendered(|frame| AskedAgainPage { frame, lines: Vec::new(), pager: none() });
    }
}
