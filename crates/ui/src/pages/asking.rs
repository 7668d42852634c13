//! “Đăng ký kết nối”, the guided form: one question a page, answers kept as a draft until they are sent.

mod answers;
mod check;
mod question;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::StatusCode;
use serde::Deserialize;

use crate::Console;
use crate::failure::Failure;
use crate::form::Form;
use crate::names::{Names, Rules};
use crate::pages::catalogue::service::{Field, source};
use crate::pages::catalogue::{Listed, address};
use crate::pages::work::now;
use crate::session::Visit;
use crate::view::{Frame, Section, page, page_as, redirect, to};

use answers::{Answers, Demands, Question};

/// Where drafts are listed.
const DRAFTS: &str = "/ket-noi/nhap";

#[derive(Template)]
#[template(path = "asking_begin.html")]
pub struct Begin {
    frame: Frame,
    /// Nothing when no service was chosen yet.
    service: Option<Wanted>,
    errors: Vec<String>,
}

/// The service that is asked for.
pub struct Wanted {
    id: String,
    href: String,
    title: String,
    owner: String,
    /// 0 when no requests are taken.
    kind: u8,
    contacts: Vec<String>,
    documents: Vec<String>,
    /// A draft for the same service.
    draft: Option<String>,
}

#[derive(Template)]
#[template(path = "asking_drafts.html")]
pub struct DraftList {
    frame: Frame,
    drafts: Vec<DraftRow>,
}

/// A draft in the list.
struct DraftRow {
    id: String,
    service: String,
    code: String,
    answered: String,
    changed: Ts,
}

#[derive(Template)]
#[template(path = "asking_delete.html")]
pub struct Delete {
    frame: Frame,
    href: String,
    service: String,
}

/// Which service is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[derive(Default)]
struct Chosen {
    dich_vu: String,
}

/// A draft with what must be known to ask its questions.
struct Open {
    id: String,
    answers: Answers,
    about: About,
}

/// The service of a draft.
struct About {
    service: Listed,
    legal_basis: String,
    fields: Vec<Field>,
    title: String,
    demands: Demands,
    rules: Rules,
}

#[derive(Deserialize)]
struct Whole {
    shown: Listed,
    legal_basis: String,
    fields: Vec<Field>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/ket-noi/moi", get(show_begin).post(begin))
        .route(DRAFTS, get(list))
        .route("/ket-noi/nhap/{draft}", get(go_on))
        .route("/ket-noi/nhap/{draft}/xoa", get(show_delete).post(delete))
        .merge(question::routes())
        .merge(check::routes())
}

/// The page of a question of a draft.
fn page_of(draft: &str, question: Question) -> String {
    format!("{DRAFTS}/{draft}/{}", question.slug())
}

/// Where a draft goes on: at its first question without an answer, else at the check.
fn next_of(draft: &str, answers: &Answers) -> String {
    answers.next().map_or_else(|| format!("{DRAFTS}/{draft}/kiem-tra"), |question| page_of(draft, question))
}

/// Who works on drafts.
fn person(visit: &Visit) -> Result<&str, Failure> {
    visit.who.as_ref().map(|who| &*who.id).ok_or_else(Failure::signed_out)
}

/// A draft of the person. One that is not there was sent, most of the time: the way back in a browser leads to it.
async fn draft_of(visit: &Visit, draft: &str) -> Result<Answers, Failure> {
    let found = visit.console().drafts().get::<Answers>(person(visit)?, draft).await;
    found.map_err(|failure| match failure.status {
        StatusCode::NOT_FOUND => Failure { code: "draft".into(), ..failure },
        _ => failure,
    })
}

impl About {
    async fn of(visit: &Visit, service: &str) -> Result<Self, Failure> {
        let Whole { shown, legal_basis, fields } = visit.get(source(service)).await?;
        let rules = Rules::of(visit).await?;
        let kind = rules.sharing.iter().find(|word| word.code == shown.sharing);
        let road = kind.and_then(|kind| kind.request_kind).and_then(|kind| rules.present_road(kind));
        let demands = Demands {
            kind: road.map(|road| road.kind).filter(|_| shown.stage == "published").unwrap_or_default(),
            contacts: road.map(|road| road.contacts.clone()).unwrap_or_default(),
            names_fields: fields.iter().any(|field| field.personal)
                || shown.data_class.starts_with("personal"),
        };
        let title = shown.title.of(visit.lang).to_owned();
        Ok(Self { service: shown, legal_basis, fields, title, demands, rules })
    }
}

impl Open {
    async fn of(visit: &Visit, draft: &str) -> Result<Self, Failure> {
        let answers = draft_of(visit, draft).await?;
        let about = About::of(visit, &answers.service).await?;
        Ok(Self { id: draft.to_owned(), answers, about })
    }

    async fn keep(&mut self, visit: &Visit) -> Result<(), Failure> {
        self.answers.changed = now();
        visit.console().drafts().put(person(visit)?, &self.id, &self.answers).await
    }
}

async fn drafts(visit: &Visit) -> Result<Vec<(String, Answers)>, Failure> {
    let mut all = visit.console().drafts().list::<Answers>(person(visit)?).await?;
    all.sort_by_key(|(_, answers)| std::cmp::Reverse(answers.changed));
    Ok(all)
}

async fn show_begin(visit: Visit, Query(chosen): Query<Chosen>) -> Result<Response, Failure> {
    begin_page(&visit, &chosen.dich_vu, None).await
}

async fn begin_page(visit: &Visit, service: &str, failure: Option<&Failure>) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Requests, "asking-title");
    let errors = failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    if service.is_empty() {
        return page_as(status, &Begin { frame, service: None, errors });
    }
    let about = About::of(visit, service).await?;
    let names = Names::of(visit, [&*about.service.owner]).await?;
    let personal = about.service.data_class.starts_with("personal");
    let road = about.rules.present_road(about.demands.kind);
    // Documents of later steps are made on the way; those of the first are brought.
    let first = road.and_then(|road| road.steps.first());
    let codes = first.map(|step| {
        let more = step.attach_if_personal.iter().filter(|_| personal);
        step.attach.iter().chain(more).map(|code| about.rules.item(visit.lang, code).to_owned()).collect()
    });
    let draft = drafts(visit).await?.into_iter().find(|(_, answers)| answers.service == service);
    let wanted = Wanted {
        id: service.to_owned(),
        href: address(service),
        title: about.title.clone(),
        owner: names.get(&about.service.owner).to_owned(),
        kind: about.demands.kind,
        documents: codes.unwrap_or_default(),
        contacts: about.demands.contacts,
        draft: draft.map(|(id, answers)| next_of(&id, &answers)),
    };
    page_as(status, &Begin { frame, service: Some(wanted), errors })
}

async fn begin(visit: Visit, form: Form) -> Result<Response, Failure> {
    let service = form.get("dich-vu").to_owned();
    About::of(&visit, &service).await?;
    let mut answers = Answers { service, changed: now(), ..Answers::default() };
    // Who asks for one agency alone is not asked which; the check shows it with a link to change it.
    if let [one] = &*posts(&visit) {
        answers.agency.clone_from(one);
        answers.answered.insert(Question::Agency);
    }
    match visit.console().drafts().begin(person(&visit)?, &answers).await {
        Ok(id) => Ok(redirect(&next_of(&id, &answers))),
        Err(failure) if failure.is_mendable() => begin_page(&visit, &answers.service, Some(&failure)).await,
        Err(failure) => Err(failure),
    }
}

/// Agencies for which the person makes requests; those below them are typed.
fn posts(visit: &Visit) -> Vec<String> {
    let posts = visit.who.as_ref().map(|who| &*who.posts).unwrap_or_default();
    let mine = posts.iter().filter(|post| post.role == "agency_administrator");
    mine.filter_map(|post| post.agency.clone()).collect()
}

async fn list(visit: Visit) -> Result<Response, Failure> {
    let all = drafts(&visit).await?;
    let names = Names::of(&visit, all.iter().map(|(_, answers)| &*answers.service)).await?;
    let frame = visit.frame(Section::Requests, "asking-drafts");
    let row = |(id, answers): (String, Answers)| DraftRow {
        id,
        service: names.get(&answers.service).to_owned(),
        code: answers.service.clone(),
        answered: format!("{}/{}", answers.answered.len(), Question::ALL.len()),
        changed: answers.changed,
    };
    let drafts = all.into_iter().map(row).collect();
    page(&DraftList { frame, drafts })
}

async fn go_on(visit: Visit, Path(draft): Path<String>) -> Result<Response, Failure> {
    let answers = draft_of(&visit, &draft).await?;
    Ok(redirect(&next_of(&draft, &answers)))
}

async fn show_delete(visit: Visit, Path(draft): Path<String>) -> Result<Response, Failure> {
    let answers = draft_of(&visit, &draft).await?;
    let names = Names::of(&visit, [&*answers.service]).await?;
    let frame = visit.frame(Section::Requests, "asking-delete");
    let service = names.get(&answers.service).to_owned();
    page(&Delete { frame, href: format!("{DRAFTS}/{draft}/xoa"), service })
}

async fn delete(visit: Visit, Path(draft): Path<String>, _: Form) -> Result<Response, Failure> {
    // What is another's, or gone, is not said to be deleted.
    visit.console().drafts().get::<Answers>(person(&visit)?, &draft).await?;
    visit.console().drafts().delete(person(&visit)?, &draft).await?;
    Ok(to(DRAFTS, "asking-deleted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn renders() {
        for (kind, draft) in [(0, None), (2, Some("/ket-noi/nhap/1".to_owned()))] {
            rendered(|frame| Begin {
                frame,
                service: Some(Wanted {
                    id: ODD.into(),
                    href: "/dich-vu/a".into(),
                    title: ODD.into(),
                    owner: ODD.into(),
                    kind,
                    contacts: vec!["business".into(), "technical".into()],
                    documents: vec![ODD.into()],
                    draft: draft.clone(),
                }),
                errors: vec![ODD.into()],
            });
        }
        rendered(|frame| Begin { frame, service: None, errors: Vec::new() });
        let row = |place: usize| DraftRow {
            id: format!("{place:016}"),
            service: ODD.into(),
            code: "VN/GOV/G01/DANCU/a".into(),
            answered: "3/7".into(),
            changed: Ts::from_secs(1_795_305_900),
        };
        rendered(|frame| DraftList { frame, drafts: (0..crate::draft::DRAFTS_MAX).map(row).collect() });
        rendered(|frame| DraftList { frame, drafts: Vec::new() });
        rendered(|frame| Delete { frame, href: "/".into(), service: ODD.into() });
    }
}
