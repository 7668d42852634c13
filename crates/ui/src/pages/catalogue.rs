//! “Tìm dịch vụ”: what there is, found by words and filters; below it the page of each service.

pub mod describe;
mod example;
pub mod service;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::names::{Names, Rules, Text};
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as, query, segments};

/// Services on one page.
const SHOWN: usize = 20;
/// Other agencies that a typed name may have meant.
const OTHERS: usize = 5;
/// Classes of data, from open to closed.
const CLASSES: [&str; 4] = ["public", "internal", "personal_basic", "personal_sensitive"];
/// Stages, in the order of a service's life.
const STAGES: [&str; 4] = ["draft", "published", "deprecated", "withdrawn"];

#[derive(Template)]
#[template(path = "catalogue.html")]
pub struct Catalogue {
    frame: Frame,
    wanted: Wanted,
    /// The agency that the typed name was taken for, and those that it may have meant instead.
    owner: Option<Agency>,
    others: Vec<(String, String)>,
    classes: Vec<Choice>,
    sharings: Vec<Choice>,
    stages: Vec<Choice>,
    hits: Vec<Hit>,
    /// Such as `21–40`.
    shown: String,
    previous: Option<String>,
    next: Option<String>,
    errors: Vec<String>,
}

/// What somebody looks for, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Wanted {
    q: String,
    chu_quan: String,
    phan_loai: String,
    hinh_thuc: String,
    trang_thai: String,
    sau: String,
}

/// An entry of a list to choose from.
pub struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// A service that was found.
pub struct Hit {
    href: String,
    id: String,
    title: String,
    summary: String,
    owner: String,
    class: String,
    sharing: String,
    stage: String,
    sunset: Option<String>,
}

/// A version of a service, as the API lists it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Listed {
    /// `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`.
    pub id: String,
    /// Version of its description.
    pub version: String,
    /// The data owner.
    pub owner: String,
    /// Its name.
    pub title: Text,
    /// What it is for.
    pub summary: Text,
    /// `draft`, `published`, `deprecated`, `withdrawn`.
    pub stage: String,
    /// Class of its data.
    pub data_class: String,
    /// Kind of sharing.
    pub sharing: String,
    /// How data reach the consumer.
    pub method: String,
    /// Answer time promised, milliseconds.
    #[serde(default)]
    pub response_ms: Option<u32>,
    /// Last day on which it answers.
    #[serde(default)]
    pub sunset: Option<String>,
    /// What to ask for instead.
    #[serde(default)]
    pub replacement: Option<String>,
}

/// An agency that a name may mean.
#[derive(Clone, Debug, Deserialize)]
pub struct Agency {
    code: String,
    name: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/dich-vu", get(show)).merge(service::routes())
}

/// The page of a service.
pub fn address(id: &str) -> String {
    format!("/dich-vu/{}", segments(id))
}

/// The colour of a class of data, beside its words.
pub fn colour(class: &str) -> &'static str {
    match class {
        "public" => "govuk-tag--green",
        "internal" => "govuk-tag--blue",
        "personal_basic" => "govuk-tag--yellow",
        "personal_sensitive" => "govuk-tag--orange",
        _ => "govuk-tag--grey",
    }
}

impl Wanted {
    /// This question from another place of its answer.
    fn from(&self, after: &str) -> String {
        let members = [
            ("q", &*self.q),
            ("chu-quan", &self.chu_quan),
            ("phan-loai", &self.phan_loai),
            ("hinh-thuc", &self.hinh_thuc),
            ("trang-thai", &self.trang_thai),
            ("sau", after),
        ];
        format!("/dich-vu{}", query(&members))
    }

    /// Whether anything narrows the list beside words.
    fn filters(&self) -> bool {
        [&self.chu_quan, &self.phan_loai, &self.hinh_thuc, &self.trang_thai].iter().any(|one| !one.is_empty())
    }

    fn question(&self, owner: &str) -> String {
        let limit = SHOWN.to_string();
        let members = [
            ("q", &*self.q),
            ("owner", owner),
            ("class", &self.phan_loai),
            ("sharing", &self.hinh_thuc),
            ("stage", &self.trang_thai),
            ("after", &self.sau),
            ("limit", &limit),
        ];
        format!("/services{}", query(&members))
    }
}

async fn show(visit: Visit, Query(mut wanted): Query<Wanted>) -> Result<Response, Failure> {
    wanted.q = wanted.q.trim().to_owned();
    wanted.chu_quan = wanted.chu_quan.trim().to_owned();
    let rules = Rules::of(&visit).await?;
    let mut agencies = agencies(&visit, &wanted.chu_quan).await?.into_iter();
    let owner = agencies.next();
    let nobody = owner.is_none() && !wanted.chu_quan.is_empty();
    let found = match &owner {
        _ if nobody => Ok(Paged { items: Vec::new(), next: None }),
        Some(owner) => visit.get::<Paged<Listed>>(wanted.question(&owner.code)).await,
        None => visit.get(wanted.question("")).await,
    };
    let (found, status, mut errors) = match found {
        Ok(found) => (found, StatusCode::OK, Vec::new()),
        Err(failure) if failure.is_mendable() => {
            (Paged { items: Vec::new(), next: None }, failure.status, failure.lines(visit.lang))
        }
        Err(failure) => return Err(failure),
    };
    let names = Names::of(&visit, found.items.iter().map(|one| &*one.owner)).await?;
    let frame = visit.frame(Section::Services, "catalogue-title");
    if nobody {
        errors.push(frame.tw("catalogue-owner-none", wanted.chu_quan.clone()));
    }
    let offset = wanted.sau.parse::<u32>().ok().and_then(|place| place.try_into().ok()).unwrap_or(0_usize);
    let back = |offset: usize| wanted.from(&offset.checked_sub(SHOWN).map_or(String::new(), number));
    let previous = (offset > 0).then(|| back(offset));
    let next = found.next.is_some().then(|| wanted.from(&number(offset + SHOWN)));
    let (lang, found_here) = (frame.lang, found.items.len());
    let hits = found.items.into_iter().map(|one| hit(&frame, &names, &rules, one)).collect();
    let words = rules.sharing.iter().map(|word| (word.code.clone(), word.title.of(lang).to_owned()));
    let page = Catalogue {
        others: agencies
            .map(|one| (Wanted { chu_quan: one.code, ..wanted.clone() }.from(""), one.name))
            .collect(),
        owner,
        classes: choices(
            CLASSES.map(|one| (one.into(), frame.of("catalogue-class", one))),
            &wanted.phan_loai,
        ),
        sharings: choices(words, &wanted.hinh_thuc),
        stages: choices(STAGES.map(|one| (one.into(), frame.of("catalogue-stage", one))), &wanted.trang_thai),
        shown: format!("{}–{}", frame.int(&(offset + 1)), frame.int(&(offset + found_here))),
        frame,
        wanted,
        hits,
        previous,
        next,
        errors,
    };
    page_as(status, &page)
}

/// Zero is where lists begin, and needs no word in an address.
fn number(offset: usize) -> String {
    if offset == 0 { String::new() } else { offset.to_string() }
}

/// Those that a typed name or code may mean, best first.
async fn agencies(visit: &Visit, typed: &str) -> Result<Vec<Agency>, Failure> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let limit = (OTHERS + 1).to_string();
    let path = format!("/agencies{}", query(&[("q", typed), ("limit", &limit)]));
    let mut found = visit.get::<Paged<Agency>>(path).await?.items;
    if found.first().is_some_and(|first| first.code == typed || first.name == typed) {
        found.truncate(1);
    }
    Ok(found)
}

fn choices(all: impl IntoIterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    all.into_iter().map(|(value, words)| Choice { chosen: value == chosen, value, words }).collect()
}

fn hit(frame: &Frame, names: &Names, rules: &Rules, one: Listed) -> Hit {
    Hit {
        href: address(&one.id),
        title: one.title.of(frame.lang).to_owned(),
        summary: one.summary.of(frame.lang).to_owned(),
        owner: names.get(&one.owner).to_owned(),
        sharing: rules.sharing(frame.lang, &one.sharing).to_owned(),
        class: one.data_class,
        stage: one.stage,
        sunset: one.sunset,
        id: one.id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    fn sample(frame: Frame, hits: Vec<Hit>) -> Catalogue {
        let odd = "<script>alert(1)</script>".to_owned();
        Catalogue {
            frame,
            wanted: Wanted { q: odd.clone(), chu_quan: odd.clone(), ..Wanted::default() },
            owner: Some(Agency { code: "000.00.00.G01".into(), name: odd.clone() }),
            others: vec![("/dich-vu".into(), odd.clone())],
            classes: choices([(odd.clone(), odd.clone())], &odd),
            sharings: Vec::new(),
            stages: Vec::new(),
            hits,
            shown: "1–20".into(),
            previous: Some("/dich-vu".into()),
            next: Some("/dich-vu?sau=20".into()),
            errors: vec![odd],
        }
    }

    #[test]
    fn renders() {
        let hit = || Hit {
            href: "/dich-vu/a".into(),
            id: "VN/GOV/G01/DANCU/tra-cuu-cong-dan".into(),
            title: "<script>alert(1)</script>".into(),
            summary: "Tra cứu thông tin công dân theo số định danh, phục vụ giải quyết thủ tục hành chính"
                .into(),
            owner: "Bộ Công an".into(),
            class: "personal_sensitive".into(),
            sharing: "Chia sẻ theo yêu cầu, có điều kiện".into(),
            stage: "deprecated".into(),
            sunset: Some("2027-01-01".into()),
        };
        rendered(|frame| sample(frame, (0..SHOWN).map(|_| hit()).collect()));
        rendered(|frame| sample(frame, Vec::new()));
    }

    #[test]
    fn a_page_before_keeps_the_question() {
        let wanted = Wanted { q: "hộ tịch".into(), phan_loai: "internal".into(), ..Wanted::default() };
        assert_eq!(wanted.from("20"), "/dich-vu?q=h%E1%BB%99%20t%E1%BB%8Bch&phan-loai=internal&sau=20");
        assert_eq!(wanted.from(&number(0)), "/dich-vu?q=h%E1%BB%99%20t%E1%BB%8Bch&phan-loai=internal");
    }
}
