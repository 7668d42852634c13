//! “Đăng ký kết nối”: the list of requests.

mod act;
mod attach;
mod held;
mod minutes;
mod one;
pub mod whole;

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
use crate::pages::grants::colour as grant_colour;
use crate::pages::requests::whole::Holder;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, query};
use held::Held;

/// Requests of a page.
const SHOWN: &str = "25";
/// States that a list can be narrowed to.
const STATES: [&str; 5] = ["open", "returned", "live", "refused", "withdrawn"];

#[derive(Template)]
#[template(path = "requests.html")]
pub struct Requests {
    frame: Frame,
    lines: Vec<Line>,
    states: Vec<Choice>,
    sides: Vec<Choice>,
    wanted: Wanted,
    next: Option<String>,
    /// Grants of the agency; absent where requests are looked for.
    held: Option<Held>,
}

/// A request in the list.
struct Line {
    id: String,
    service: String,
    agency: String,
    state: String,
    step: String,
    /// Who has to act, and until when.
    holder: Option<(Holder, Ts)>,
}

/// A value that a list can be narrowed to.
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// Its words.
    pub words: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// What the list is narrowed to.
#[derive(Clone, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    trang_thai: String,
    /// Side and agency, such as `k:000.00.00.H17`: who asks (`k`) or who decides (`c`).
    #[serde(default)]
    ben: String,
    #[serde(default)]
    cua_toi: String,
    #[serde(default)]
    qua_han: String,
    #[serde(default)]
    sau: String,
    /// Grants behind this one.
    #[serde(default)]
    quyen_sau: String,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    kind: u8,
    agency: String,
    service: String,
    state: String,
    step: String,
    due: Ts,
    #[serde(default)]
    holder: Option<Holder>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/ket-noi", get(show))
        .merge(one::routes())
        .merge(act::routes())
        .merge(attach::routes())
        .merge(minutes::routes())
}

impl Wanted {
    /// What the API is asked for.
    fn asked(&self) -> String {
        let (side, agency) = self.ben.split_once(':').unwrap_or_default();
        let flag = |text: &str| if text.is_empty() { "" } else { "true" };
        query(&[
            ("limit", SHOWN),
            ("state", &self.trang_thai),
            ("consumer", if side == "k" { agency } else { "" }),
            ("owner", if side == "c" { agency } else { "" }),
            ("mine", flag(&self.cua_toi)),
            ("overdue", flag(&self.qua_han)),
            ("after", &self.sau),
        ])
    }

    /// The address of the part that begins behind a request; the first part for an empty text.
    fn behind(&self, after: &str) -> String {
        let members = [
            ("trang_thai", &*self.trang_thai),
            ("ben", &self.ben),
            ("cua_toi", &self.cua_toi),
            ("qua_han", &self.qua_han),
            ("sau", after),
        ];
        format!("/ket-noi{}", query(&members))
    }

    /// Whether the list is narrowed at all.
    fn narrows(&self) -> bool {
        [&self.trang_thai, &self.ben, &self.cua_toi, &self.qua_han].iter().any(|one| !one.is_empty())
    }
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let paged = visit.get::<Paged<Row>>(format!("/requests{}", wanted.asked())).await?;
    let mine = own_agencies(&visit);
    let of_rows = paged.items.iter().flat_map(|row| {
        let holder = row.holder.as_ref().and_then(|holder| holder.agency.as_deref());
        [&*row.agency, &*row.service, holder.unwrap_or_default()]
    });
    let names = Names::of(&visit, of_rows.chain(mine.iter().map(String::as_str))).await?;
    let frame = visit.frame(Section::Requests, "nav-requests");
    let lang = frame.lang;
    let line = |row: Row| Line {
        service: names.get(&row.service).to_owned(),
        agency: names.get(&row.agency).to_owned(),
        step: rules.step(lang, row.kind, &row.step).to_owned(),
        holder: row.holder.map(|holder| (holder.named(&names), row.due)),
        state: row.state,
        id: row.id,
    };
    let next = paged.next.as_ref().and_then(|next| next.as_str()).map(|next| wanted.behind(next));
    let states = STATES.map(|state| Choice {
        value: state.to_owned(),
        words: frame.of("requests-state", state),
        chosen: wanted.trang_thai == state,
    });
    let sides = mine.iter().flat_map(|agency| {
        [("k", "requests-side-consumer"), ("c", "requests-side-owner")].map(|(side, key)| {
            let value = format!("{side}:{agency}");
            Choice { words: frame.tw(key, names.get(agency)), chosen: wanted.ben == value, value }
        })
    });
    let (states, sides) = (states.into(), sides.collect());
    let lines = paged.items.into_iter().map(line).collect();
    let held = if wanted.narrows() || !wanted.sau.is_empty() {
        None
    } else {
        Some(held::of(&visit, &wanted.quyen_sau).await?)
    };
    page(&Requests { frame, lines, states, sides, wanted, next, held })
}

/// Agencies at which the person has a post.
pub fn own_agencies(visit: &Visit) -> Vec<String> {
    let posts = visit.who.iter().flat_map(|who| &who.posts);
    let mut agencies: Vec<String> = posts.filter_map(|post| post.agency.clone()).collect();
    agencies.sort();
    agencies.dedup();
    agencies
}

/// The colour of a state; its words stand in it.
pub fn colour(state: &str) -> &'static str {
    match state {
        "open" => "govuk-tag--blue",
        "returned" => "govuk-tag--yellow",
        "live" => "govuk-tag--green",
        "refused" => "govuk-tag--red",
        _ => "govuk-tag--grey",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    fn grant(odd: &str, state: &str) -> held::Line {
        held::Line {
            id: "QK-2026-000001".into(),
            consumer: odd.into(),
            service: odd.into(),
            terms: crate::pages::terms::Terms::default(),
            state: state.into(),
        }
    }

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        let holder = Holder {
            role: "data_owner".into(),
            agency: Some(odd.clone()),
            overdue: true,
            working_days_late: 2,
            ..Holder::default()
        };
        rendered(|frame| Requests {
            frame,
            lines: vec![
                Line {
                    id: "YC-2026-000001".into(),
                    service: odd.clone(),
                    agency: odd.clone(),
                    state: "open".into(),
                    step: odd.clone(),
                    holder: Some((holder.clone(), Ts::from_secs(1_795_305_900))),
                },
                Line {
                    id: "YC-2026-000002".into(),
                    service: odd.clone(),
                    agency: odd.clone(),
                    state: "live".into(),
                    step: odd.clone(),
                    holder: None,
                },
            ],
            states: vec![Choice { value: "open".into(), words: odd.clone(), chosen: true }],
            sides: vec![Choice { value: odd.clone(), words: odd.clone(), chosen: true }],
            wanted: Wanted { cua_toi: odd.clone(), ..Wanted::default() },
            next: Some("/ket-noi?sau=a".into()),
            held: Some(Held {
                lines: ["in_force", "ended"].map(|state| grant(&odd, state)).into(),
                next: Some("/ket-noi?quyen_sau=a".into()),
            }),
        });
        for state in ["", "open"] {
            let wanted = Wanted { trang_thai: state.into(), ..Wanted::default() };
            rendered(|frame| Requests {
                frame,
                lines: Vec::new(),
                states: Vec::new(),
                sides: Vec::new(),
                wanted: wanted.clone(),
                next: None,
                held: state.is_empty().then(|| Held { lines: Vec::new(), next: None }),
            });
        }
    }

    #[test]
    fn a_filter_becomes_a_question_to_the_api() {
        let wanted = Wanted { ben: "c:000.00.00.G01".into(), qua_han: "1".into(), ..Wanted::default() };
        assert_eq!(wanted.asked(), "?limit=25&owner=000.00.00.G01&overdue=true");
        assert_eq!(wanted.behind("YC-1"), "/ket-noi?ben=c%3A000.00.00.G01&qua_han=1&sau=YC-1");
    }
}
