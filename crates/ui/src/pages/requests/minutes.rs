//! The minutes of a request, to be printed and signed by both sides.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;

use super::one::{Act, Named, act, named};
use super::whole::{Request, Whole, load};
use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules};
use crate::pages::terms::{Service, Shown, Terms};
use crate::pages::work::now;
use crate::session::Visit;
use crate::text::{Lang, word};
use crate::time;
use crate::view::{Frame, Section, page};

/// Decisions that are printed at most; roads have seven steps.
const ACTS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "requests/minutes.html")]
pub struct Minutes {
    frame: Frame,
    request: Request,
    named: Named,
    shown: Shown,
    /// What became less on the way.
    narrowed: Vec<String>,
    /// For the place, and the day.
    place_and_day: String,
    acts: Vec<Act>,
    /// Name and number of each document.
    documents: Vec<(String, String)>,
    printed: Ts,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/{id}/bien-ban", get(show))
}

async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let rules = Rules::of(&visit).await?;
    let Whole { request, .. } = load(&visit, &id).await?.value;
    let codes = [&*request.service, &request.consumer, &request.agency, &request.owner];
    let people = request.history.iter().map(|entry| &*entry.by);
    let names = Names::of(&visit, codes.into_iter().chain(people)).await?;
    let service = Service::of(&visit, &request.service).await;
    let frame = visit.frame(Section::Requests, "requests-minutes-title");
    let lang = frame.lang;
    let decisions = request.history.iter().filter(|entry| entry.did != "attached");
    let acts = decisions.rev().take(ACTS_MAX).map(|entry| act(&rules, &names, request.kind, entry));
    let mut acts: Vec<Act> = acts.collect();
    acts.reverse();
    let documents = request.attachments.iter();
    let documents = documents.map(|one| (rules.item(lang, &one.item).to_owned(), one.number.clone()));
    let printed = now();
    let minutes = Minutes {
        narrowed: narrowed(lang, &request, &service),
        place_and_day: place_and_day(lang, printed),
        named: named(&names, &rules, lang, &request),
        shown: Shown::of(lang, request.terms.clone(), &service),
        documents: documents.collect(),
        printed,
        frame,
        acts,
        request,
    };
    page(&minutes)
}

/// The place is written by hand; the day is that of printing.
fn place_and_day(lang: Lang, at: Ts) -> String {
    let day = time::day_of(at);
    let parts: Vec<&str> = day.split('/').collect();
    let [day, month, year] = parts[..] else { return day };
    lang.ta("minutes-place-and-day", &[("day", word(day)), ("month", word(month)), ("year", word(year))])
}

/// What is granted beside what was asked for, where it is less.
fn narrowed(lang: Lang, request: &Request, service: &Service) -> Vec<String> {
    let (asked, given) = (&request.asked, &request.terms);
    let line = |key: &str, from: String, to: String| {
        let from_to = [("name", word(lang.t(key))), ("from", word(from)), ("to", word(to))];
        lang.ta("minutes-narrowed-one", &from_to)
    };
    let or = |text: String, key: &str| if text.is_empty() { lang.t(key) } else { text };
    let fields = |terms: &Terms| {
        let name = |path: &String| or_path(service.title(lang, path), path);
        or(terms.fields.iter().map(name).collect::<Vec<_>>().join(", "), "terms-fields-all")
    };
    let quota = |terms: &Terms| or(terms.quota_text(lang), "terms-unlimited");
    let until = |terms: &Terms| or(terms.last_day(), "terms-endless");
    let purposes = |terms: &Terms| or(terms.purposes.join(", "), "terms-purposes-any");
    let mut lines = Vec::new();
    if asked.fields != given.fields {
        lines.push(line("terms-fields", fields(asked), fields(given)));
    }
    if asked.purposes != given.purposes {
        lines.push(line("terms-purposes", purposes(asked), purposes(given)));
    }
    if asked.quota_day != given.quota_day {
        lines.push(line("terms-quota-field", quota(asked), quota(given)));
    }
    if asked.until != given.until {
        lines.push(line("terms-until-field", until(asked), until(given)));
    }
    lines
}

fn or_path(title: String, path: &str) -> String {
    if title.is_empty() { path.to_owned() } else { title }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>".to_owned();
        let act = || Act {
            at: Ts::from_secs(1_795_305_900),
            by: odd.clone(),
            role: "leader".into(),
            step: odd.clone(),
            did: "narrowed".into(),
            comment: odd.clone(),
            legal_basis: odd.clone(),
        };
        for many in [0, 3] {
            rendered(|frame| Minutes {
                frame,
                request: Request { reason: odd.clone(), status: "live".into(), ..Request::default() },
                named: Named { service: odd.clone(), ..Named::default() },
                shown: Shown::default(),
                narrowed: vec![odd.clone(); many],
                place_and_day: odd.clone(),
                acts: (0..many).map(|_| act()).collect(),
                documents: vec![(odd.clone(), odd.clone()); many],
                printed: Ts::from_secs(1_795_305_900),
            });
        }
    }

    #[test]
    fn what_became_less_is_stated_from_and_to() {
        let asked = Terms { quota_day: Some(2000), ..Terms::default() };
        let terms = Terms { quota_day: Some(1500), ..Terms::default() };
        let request = Request { asked, terms, ..Request::default() };
        let lines = narrowed(Lang::Vi, &request, &Service::default());
        assert_eq!(lines, ["Số lượt gọi tối đa mỗi ngày: đăng ký 2.000, được duyệt 1.500"]);
        let day = place_and_day(Lang::Vi, Ts::from_secs(1_795_305_900));
        assert_eq!(day, "……………, ngày 22 tháng 11 năm 2026");
    }
}
