//! The map of data silos: which database holds which main object at which level, and where the same is held twice.

pub mod holding;
pub mod twice;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::Method;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::Names;
use crate::pages::lists::{PageNumber, Pager, all};
use crate::pages::overview::{SCOPES, SHARING};
use crate::session::Visit;
use crate::text::{Lang, by_name};
use crate::view::{Frame, Section, page, query};

/// Lines of a page: each stands in the picture and in the table.
const SHOWN: usize = 20;
/// Levels of administration, from above.
pub const LEVELS: [&str; 4] = ["central", "province", "district", "commune"];
/// Letters of a name in the picture; the whole name stands in the table.
const NAME_LETTERS_MAX: usize = 44;
/// Height of a line of the picture.
const ROW: usize = 26;
/// Where cells begin, and how wide they are with their gap.
const CELLS_LEFT: usize = 360;
const CELL: usize = 70;
/// Height of the heads of the columns.
const HEAD: usize = 24;

#[derive(Template)]
#[template(path = "silo.html")]
pub struct Silo {
    frame: Frame,
    wanted: Wanted,
    owners: Vec<(String, String)>,
    found: usize,
    overlapping: usize,
    complete: bool,
    lines: Vec<Line>,
    pager: Pager,
}

/// A database with one of its main objects.
struct Line {
    code: String,
    name: String,
    /// The beginning of its name, for the picture.
    short: String,
    owner: String,
    object: String,
    sharing: String,
    cells: Vec<Cell>,
}

/// Whether it is in use at a level, and whether another holds the same there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    used: bool,
    shares: bool,
    over: bool,
}

impl Cell {
    /// Behind `cell--` in the style sheet.
    const fn shade(self) -> u8 {
        match (self.used, self.shares) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 2,
        }
    }

    /// Behind `silo-cell-` in texts.
    const fn word(self) -> &'static str {
        match (self.used, self.over) {
            (false, _) => "unused",
            (true, false) => "used",
            (true, true) => "over",
        }
    }
}

impl Silo {
    fn height(&self) -> usize {
        HEAD + ROW * self.lines.len()
    }
}

/// An entry in a list of the API.
#[derive(Deserialize)]
struct Entry {
    holding: Held,
}

#[derive(Deserialize)]
struct Held {
    code: String,
    name: String,
    owner: String,
    #[serde(default)]
    objects: Vec<Object>,
    #[serde(default)]
    levels: BTreeSet<String>,
    #[serde(default)]
    sharing: String,
}

/// A main object of an entry.
#[derive(Clone, Deserialize)]
struct Object {
    #[serde(rename = "object")]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    fields: Vec<String>,
}

impl Object {
    fn name(&self) -> &str {
        if self.title.is_empty() { &self.code } else { &self.title }
    }
}

#[derive(Deserialize)]
struct InUse {
    in_use: BTreeSet<String>,
    owner: BTreeMap<String, Vec<String>>,
}

/// What entries hold twice.
#[derive(Deserialize)]
struct Overlaps {
    pairs: Vec<Overlap>,
    found: usize,
    complete: bool,
}

#[derive(Deserialize)]
struct Overlap {
    left: Side,
    right: Side,
    levels: BTreeSet<String>,
    fields: Vec<String>,
}

#[derive(Deserialize)]
struct Side {
    code: String,
    owner: String,
    object: String,
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Wanted {
    chu_quan: String,
    chia_se: String,
    pham_vi: String,
    cap: String,
    /// A second level that it must reach, too.
    cap_nua: String,
    trung: String,
    trang: PageNumber,
}

/// Where the pairs are asked for; the API gives 500 at most.
const OVERLAPS: &str = "/holdings/overlaps?limit=500";

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/chia-se/csdl", get(show))
        .route("/chia-se/csdl.csv", get(csv))
        .route("/chia-se/csdl.xlsx", get(xlsx))
        .route("/chia-se/csdl/{code}", get(holding::show))
        .route("/chia-se/trung-lap", get(twice::overlaps))
        .route("/chia-se/hoi-lai", get(twice::asked_again))
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let figures = visit.get::<InUse>("/holdings/figures").await?;
    let members = [
        ("owner", &*wanted.chu_quan),
        ("sharing", &*wanted.chia_se),
        ("scope", &*wanted.pham_vi),
        ("level", &*wanted.cap),
    ];
    let entries = all::<Entry>(&visit, &format!("/holdings{}", query(&members))).await?;
    let overlaps = visit.get::<Overlaps>(OVERLAPS).await?;
    let over = places(&overlaps.pairs);

    let fits = |held: &Held| {
        figures.in_use.contains(&held.code)
            && (wanted.cap_nua.is_empty() || held.levels.contains(&wanted.cap_nua))
            && (wanted.trung.is_empty() || is_over(&over, &held.code))
    };
    let entries: Vec<Held> = entries.into_iter().map(|entry| entry.holding).filter(fits).collect();
    let found = entries.len();
    let overlapping = entries.iter().filter(|held| is_over(&over, &held.code)).count();
    let rows = entries.iter().flat_map(rows).collect();
    let (rows, pager) = Pager::cut(rows, wanted.trang, SHOWN, |number| address(&wanted, number));
    let owners = figures.owner.keys().map(String::as_str);
    let names = Names::of(&visit, owners.chain(rows.iter().map(|(held, _)| &*held.owner))).await?;
    let frame = visit.frame(Section::Sharing, "silo-title");
    let line = |(held, object): (&Held, Option<&Object>)| {
        let cells = LEVELS.map(|level| cell(held, object, level, &over)).to_vec();
        Line {
            owner: names.get(&held.owner).to_owned(),
            object: object.map(|object| object.name().to_owned()).unwrap_or_default(),
            sharing: held.sharing.clone(),
            cells,
            short: shortened(&held.name),
            name: held.name.clone(),
            code: held.code.clone(),
        }
    };
    let lines = rows.into_iter().map(line).collect();
    let mut owners: Vec<_> =
        figures.owner.keys().map(|code| (code.clone(), names.get(code).to_owned())).collect();
    by_name(&mut owners, |(_, name)| name);
    page(&Silo { frame, wanted, owners, found, overlapping, complete: overlaps.complete, lines, pager })
}

fn address(wanted: &Wanted, number: usize) -> String {
    let members = [
        ("chu-quan", &*wanted.chu_quan),
        ("chia-se", &*wanted.chia_se),
        ("pham-vi", &*wanted.pham_vi),
        ("cap", &*wanted.cap),
        ("cap-nua", &*wanted.cap_nua),
        ("trung", &*wanted.trung),
        ("trang", &number.to_string()),
    ];
    format!("/chia-se/csdl{}", query(&members))
}

/// One line for each main object; an entry without any keeps one.
fn rows(held: &Held) -> Vec<(&Held, Option<&Object>)> {
    let objects = held.objects.iter().map(|object| (held, Some(object)));
    if held.objects.is_empty() { vec![(held, None)] } else { objects.collect() }
}

fn cell(held: &Held, object: Option<&Object>, level: &str, over: &Places) -> Cell {
    let place = |object: &Object| (held.code.clone(), object.code.clone(), level.to_owned());
    Cell {
        used: held.levels.contains(level),
        shares: held.sharing == "platform",
        over: object.is_some_and(|object| over.contains(&place(object))),
    }
}

/// Where something is held twice: code, object, level.
type Places = BTreeSet<(String, String, String)>;

fn places(pairs: &[Overlap]) -> Places {
    let of_pair = |pair: &Overlap| {
        let of_side = |side: &Side| {
            let of_level = |level: &String| (side.code.clone(), side.object.clone(), level.clone());
            pair.levels.iter().map(of_level).collect::<Vec<_>>()
        };
        [of_side(&pair.left), of_side(&pair.right)].concat()
    };
    pairs.iter().flat_map(of_pair).collect()
}

/// What entries are called: the names of the API leave them out.
async fn titles(visit: &Visit) -> Result<BTreeMap<String, String>, Failure> {
    let entries = all::<Entry>(visit, "/holdings").await?;
    Ok(entries.into_iter().map(|entry| (entry.holding.code, entry.holding.name)).collect())
}

/// The title of an entry, or its code.
fn title(titles: &BTreeMap<String, String>, code: &str) -> String {
    titles.get(code).map_or(code, String::as_str).to_owned()
}

/// Names of levels, from above.
fn level_names(lang: Lang, levels: &BTreeSet<String>) -> Vec<String> {
    let held = LEVELS.into_iter().filter(|level| levels.contains(*level));
    held.map(|level| lang.of_family("holding-level", level)).collect()
}

fn is_over(places: &Places, code: &str) -> bool {
    places.iter().any(|(over, ..)| over == code)
}

/// The beginning of a name, as far as there is room in the picture.
fn shortened(name: &str) -> String {
    let mut letters = name.chars();
    let start: String = letters.by_ref().take(NAME_LETTERS_MAX).collect();
    if letters.next().is_none() { start } else { format!("{}…", start.trim_end()) }
}

async fn csv(visit: Visit) -> Result<Response, Failure> {
    export(&visit, "csv").await
}

async fn xlsx(visit: Visit) -> Result<Response, Failure> {
    export(&visit, "xlsx").await
}

/// The file of the API, as it is.
async fn export(visit: &Visit, format: &str) -> Result<Response, Failure> {
    visit.ask(Method::GET, format!("/holdings/export?format={format}")).response().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn held() -> Held {
        let object = |code: &str| Object { code: code.into(), title: String::new(), fields: Vec::new() };
        Held {
            code: "CSDL-1".into(),
            name: "CSDL dân cư".into(),
            owner: "000.00.00.G01".into(),
            objects: vec![object("cong-dan"), object("ho")],
            levels: BTreeSet::from(["central".into(), "commune".into()]),
            sharing: "platform".into(),
        }
    }

    #[test]
    fn what_is_held_twice_is_marked_at_its_object_and_level() {
        let side = |code: &str, object: &str| Side {
            code: code.into(),
            owner: String::new(),
            object: object.into(),
        };
        let pair = Overlap {
            left: side("CSDL-1", "cong-dan"),
            right: side("CSDL-2", "nguoi-dan"),
            levels: BTreeSet::from(["commune".into()]),
            fields: Vec::new(),
        };
        let (over, held) = (places(&[pair]), held());
        let words: Vec<_> = rows(&held)
            .into_iter()
            .map(|(held, object)| LEVELS.map(|level| cell(held, object, level, &over).word()))
            .collect();
        assert_eq!(words, [["used", "unused", "unused", "over"], ["used", "unused", "unused", "used"]]);
        assert!(is_over(&over, "CSDL-2") && !is_over(&over, "CSDL-3"));
        let alone = Held { objects: Vec::new(), ..held };
        assert_eq!(rows(&alone).len(), 1, "an entry without objects is shown, too");
    }

    #[test]
    fn levels_are_told_from_above() {
        let levels = BTreeSet::from(["commune".to_owned(), "central".to_owned()]);
        assert_eq!(level_names(Lang::Vi, &levels), ["Trung ương", "Xã"]);
    }

    #[test]
    fn long_names_are_cut_by_letters() {
        assert_eq!(shortened("Hộ tịch"), "Hộ tịch");
        assert_eq!(shortened(&"ộ".repeat(60)).chars().count(), NAME_LETTERS_MAX + 1);
    }

    #[test]
    fn renders() {
        let line = || Line {
            code: "CSDL-BN-01".into(),
            name: ODD.repeat(2),
            short: shortened(ODD),
            owner: "Bộ Giáo dục và Đào tạo".into(),
            object: ODD.into(),
            sharing: "off_platform".into(),
            cells: vec![Cell { used: true, shares: true, over: true }; 4],
        };
        let silo = |frame, lines, found| Silo {
            frame,
            wanted: Wanted { chu_quan: ODD.into(), trung: "true".into(), ..Wanted::default() },
            owners: (0..25).map(|number| (format!("000.00.00.G{number:02}"), ODD.to_owned())).collect(),
            found,
            overlapping: found,
            complete: false,
            lines,
            pager: Pager::onward(None, Some("?trang=2".into())),
        };
        rendered(|frame| silo(frame, (0..SHOWN).map(|_| line()).collect(), 86));
        let empty = rendered(|frame| silo(frame, Vec::new(), 0));
        assert!(!empty[0].contains("<svg"));
    }
}
