//! The map of provinces: where agencies have connections, where they ask for some, where there are none.

pub mod provinces;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::Console;
use crate::assets::{self, Assets};
use crate::failure::Failure;
use crate::session::Visit;
use crate::text::{by_name, num};
use crate::view::{Frame, Section, page};
use provinces::{ISLANDS, before, of_agency, shapes, today, today_of};

/// The file with the shapes; without it only the table is shown.
const SHAPES: &str = "provinces.json";
/// Islands far out are so small that they would not be seen without a thicker line.
const ISLAND_LINE: &str = "2";

#[derive(Template)]
#[template(path = "map.html")]
pub struct Map {
    frame: Frame,
    merged: bool,
    /// Whether there are shapes.
    drawn: bool,
    alt: String,
    counts: [(Stand, usize); 3],
    lines: Vec<Line>,
}

/// A province.
struct Line {
    name: &'static str,
    code: &'static str,
    /// Names of those that it was made of, other than its own.
    made_of: Vec<&'static str>,
    state: Stand,
    grants: usize,
    requests: usize,
}

/// How a province is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Live,
    Some,
    None,
}

impl Stand {
    const ALL: [Self; 3] = [Self::Live, Self::Some, Self::None];

    const fn of(grants: usize, requests: usize) -> Self {
        match (grants, requests) {
            (0, 0) => Self::None,
            (0, _) => Self::Some,
            _ => Self::Live,
        }
    }

    /// Behind `lt-key--` in the style sheet and `map-stand-` in texts.
    const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Some => "some",
            Self::None => "none",
        }
    }

    /// As in the style sheet: a picture in an `<img>` does not see it.
    const fn colour(self) -> &'static str {
        match self {
            Self::Live => "#0a5591",
            Self::Some => "#7fb0d3",
            Self::None => "#d5dee5",
        }
    }
}

/// The shapes, as `build.js` writes them.
#[derive(Deserialize)]
struct Shapes {
    #[serde(rename = "viewBox")]
    view_box: String,
    provinces: Vec<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    id: String,
    path: String,
}

/// What an agency has and wants.
#[derive(Deserialize)]
struct Had {
    grants: usize,
    requests: usize,
}

/// Which map.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// `truoc` for the 63 of before 1/7/2025.
    ngay: String,
}

impl Wanted {
    fn merged(&self) -> bool {
        self.ngay != "truoc"
    }
}

/// Grants in force and requests on their way, by code of province.
type Counts = BTreeMap<&'static str, (usize, usize)>;

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/giam-sat/ban-do", get(show)).route("/giam-sat/ban-do.svg", get(picture))
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let merged = wanted.merged();
    let lines = lines(&counts(&visit).await?, merged);
    let counts = Stand::ALL.map(|stand| (stand, lines.iter().filter(|line| line.state == stand).count()));
    let number = |count: usize| num(i64::try_from(count).unwrap_or(i64::MAX));
    let alt = visit.lang.ta(
        "map-alt",
        &[("live", number(counts[0].1)), ("some", number(counts[1].1)), ("none", number(counts[2].1))],
    );
    let frame = visit.frame(Section::Watch, "map-title");
    page(&Map { frame, merged, drawn: Assets::get(SHAPES).is_some(), alt, counts, lines })
}

async fn picture(visit: Visit, asked: HeaderMap, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let file = Assets::get(SHAPES).ok_or_else(Failure::nothing)?;
    let drawn: Shapes = serde_json::from_slice(&file.data).map_err(|error| Failure::odd(SHAPES, &error))?;
    let merged = wanted.merged();
    let svg = draw(&drawn, &lines(&counts(&visit).await?, merged), merged);
    // What it shows depends on who is signed in.
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, no-store")];
    let takes_packed = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    match assets::pack(svg.as_bytes()).filter(|_| takes_packed.is_some_and(|takes| takes.contains("gzip"))) {
        Some(packed) => Ok((headers, [(header::CONTENT_ENCODING, "gzip")], packed).into_response()),
        None => Ok((headers, svg).into_response()),
    }
}

/// What the person may see of it.
async fn counts(visit: &Visit) -> Result<Counts, Failure> {
    let found = visit.get::<BTreeMap<String, Had>>("/figures/agencies").await?;
    let mut counts = Counts::new();
    for (agency, had) in found {
        if let Some(code) = of_agency(&agency) {
            let (grants, requests) = counts.entry(code).or_default();
            *grants += had.grants;
            *requests += had.requests;
        }
    }
    Ok(counts)
}

fn lines(counts: &Counts, merged: bool) -> Vec<Line> {
    let of = |code: &str| {
        let belongs = |own: &str| if merged { today_of(own) == Some(code) } else { own == code };
        let own = counts.iter().filter(|(own, _)| belongs(own)).map(|(_, count)| *count);
        own.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    };
    let line = |(code, name): (&'static str, &'static str)| {
        let (grants, requests) = of(code);
        let others = before().filter(|one| merged && one.today == code && one.code != code);
        let made_of = others.map(|one| one.name).collect();
        Line { name, code, made_of, state: Stand::of(grants, requests), grants, requests }
    };
    let mut lines: Vec<Line> = if merged {
        today().map(line).collect()
    } else {
        before().map(|province| line((province.code, province.name))).collect()
    };
    by_name(&mut lines, |line| line.name);
    lines
}

fn thickness(shape: &str) -> &'static str {
    if ISLANDS.iter().any(|(island, _)| *island == shape) { ISLAND_LINE } else { "0.3" }
}

/// The picture: first the outline of a whole province in white, then its parts without a border between them. Shapes stand
/// in it once and are drawn twice.
fn draw(drawn: &Shapes, lines: &[Line], merged: bool) -> String {
    let mut svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{}\"><defs>", drawn.view_box);
    // Writing to a String cannot fail.
    for Shape { id, path } in &drawn.provinces {
        let _ = write!(svg, "<path id=\"{id}\" d=\"{path}\"/>");
    }
    svg.push_str("</defs>");
    let known = |id: &&str| drawn.provinces.iter().any(|shape| shape.id == *id);
    for province in lines {
        let colour = province.state.colour();
        let parts: Vec<_> = shapes(province.code, merged).into_iter().filter(known).collect();
        for id in &parts {
            let _ = write!(svg, "<use href=\"#{id}\" fill=\"#fff\" stroke=\"#fff\" stroke-width=\"2\"/>");
        }
        for id in &parts {
            let line = thickness(id);
            let edge = if line == ISLAND_LINE && province.state == Stand::None { "#5f7485" } else { colour };
            let ink = format!("fill=\"{colour}\" stroke=\"{edge}\" stroke-width=\"{line}\"");
            let _ = write!(svg, "<use href=\"#{id}\" {ink}/>");
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn joined_provinces_add_up_and_nothing_is_lost() {
        let counts = Counts::from([("H17", (2, 1)), ("H47", (0, 3)), ("H26", (0, 0))]);
        let find = |merged, code| lines(&counts, merged).into_iter().find(|line| line.code == code);
        let danang = find(true, "H17").expect("there");
        assert_eq!((danang.grants, danang.requests, danang.state), (2, 4, Stand::Live));
        assert_eq!(danang.made_of, ["Quảng Nam"]);
        assert!(find(true, "H47").is_none());
        let quangnam = find(false, "H47").expect("there");
        assert_eq!((quangnam.requests, quangnam.state), (3, Stand::Some));
        assert_eq!((lines(&counts, true).len(), lines(&counts, false).len()), (34, 63));
    }

    #[test]
    fn a_picture_has_each_shape_of_its_provinces_in_their_colour() {
        let shape = |id: &str| Shape { id: id.into(), path: format!("M{id}") };
        let drawn = Shapes {
            view_box: "0 0 1 1".into(),
            provinces: ["danang", "quangnam", "hoangsa"].map(shape).into(),
        };
        let svg = draw(&drawn, &lines(&Counts::from([("H17", (1, 0))]), true), true);
        assert_eq!(svg.matches("#0a5591").count(), 6, "three shapes, filled and outlined: {svg}");
        let before = draw(&drawn, &lines(&Counts::from([("H17", (1, 0))]), false), false);
        assert_eq!(before.matches("#0a5591").count(), 4, "Quảng Nam was another province");
    }

    #[test]
    fn renders() {
        for merged in [true, false] {
            let counts = Counts::from([("H17", (2, 1)), ("H47", (0, 3))]);
            let sample = |frame, drawn| Map {
                frame,
                merged,
                drawn,
                alt: "Bản đồ".into(),
                counts: Stand::ALL.map(|stand| (stand, 1)),
                lines: lines(&counts, merged),
            };
            rendered(|frame| sample(frame, true));
            let plain = rendered(|frame| sample(frame, false));
            assert!(!plain[0].contains("<img"));
        }
    }
}
