//! The page of one question.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;

use super::answers::{Answers, Contact, Demands, Question};
use super::{DRAFTS, Open, next_of, page_of, posts};
use crate::Console;
use crate::failure::{Failure, Mistake};
use crate::form::Form;
use crate::names::Names;
use crate::pages::requests::whole::load;
use crate::pages::terms::{FieldBox, Service};
use crate::pages::work::{Paged, now};
use crate::session::Visit;
use crate::text::num;
use crate::view::{Frame, Section, page_as, query, redirect, segment, to};

/// Requests and services that are looked through for systems of the agency.
const LOOKED_AT: &str = "200";

#[derive(Template)]
#[template(path = "asking_question.html")]
pub struct QuestionPage {
    frame: Frame,
    question: Question,
    back: String,
    service: String,
    /// Which question of how many.
    number: String,
    body: Body,
    errors: Vec<String>,
}

/// What the page asks for.
enum Body {
    /// One of several, or another.
    Pick { options: Vec<Choice>, other: String },
    /// Some of the service's fields.
    Fields { fields: Vec<FieldBox>, must: bool },
    /// Codes and words.
    Purpose { purposes: String, reason: String, must: bool },
    /// The law.
    Basis { basis: String, of_service: String, must: bool },
    /// How much, how long.
    Amount { quota: String, until: String },
    /// Whom to call; the request from which that was taken over, until somebody answers.
    Contacts { contacts: Vec<ContactRow>, as_in: Option<String> },
}

/// One of several to choose from.
struct Choice {
    value: String,
    words: String,
    chosen: bool,
}

/// A contact that the road demands.
struct ContactRow {
    kind: String,
    name: String,
    phone: String,
    mail: String,
}

#[derive(Deserialize)]
struct Asked {
    id: String,
    consumer: String,
    agency: String,
}

#[derive(Deserialize)]
struct Offered {
    id: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/nhap/{draft}/{question}", get(show).post(take))
}

async fn show(visit: Visit, Path((draft, slug)): Path<(String, String)>) -> Result<Response, Failure> {
    let question = Question::of(&slug).ok_or_else(Failure::nothing)?;
    let open = Open::of(&visit, &draft).await?;
    answer(&visit, &open, question, None).await
}

async fn take(
    visit: Visit,
    Path((draft, slug)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Failure> {
    let question = Question::of(&slug).ok_or_else(Failure::nothing)?;
    let mut open = Open::of(&visit, &draft).await?;
    let agency_before = open.answers.agency.clone();
    open.answers.take(question, &form, &open.about.demands);
    let mut mistakes = open.answers.mistakes(question, &open.about.demands, now());
    match question {
        Question::System if mistakes.is_empty() => mistakes.extend(unknown(&visit, &open.answers).await?),
        // What was meant stands in the field for the next try.
        Question::Purpose if !open.answers.purpose_codes().is_empty() => {
            open.answers.purposes = open.answers.purpose_codes().join(", ");
        }
        _ => {}
    }
    if mistakes.is_empty() {
        open.answers.answered.insert(question);
    } else {
        open.answers.answered.remove(&question);
    }
    // The system is one of the agency's: another agency has others.
    if question == Question::Agency && open.answers.agency != agency_before {
        open.answers.answered.remove(&Question::System);
    }
    let kept = open.keep(&visit).await;
    match kept {
        Err(failure) if failure.is_mendable() => answer(&visit, &open, question, Some(&failure)).await,
        Err(failure) => Err(failure),
        Ok(()) if !form.get("thoat").is_empty() => Ok(to(DRAFTS, "asking-saved")),
        Ok(()) if mistakes.is_empty() => Ok(redirect(&next_of(&draft, &open.answers))),
        Ok(()) => {
            let failure = Failure { mistakes, ..Failure::field("", "", "") };
            answer(&visit, &open, question, Some(&failure)).await
        }
    }
}

async fn answer(
    visit: &Visit,
    open: &Open,
    question: Question,
    failure: Option<&Failure>,
) -> Result<Response, Failure> {
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    // What is wrong here was found by this form, field by field.
    let ours = failure
        .map(|failure| failure.mistakes.iter().map(|one| (&*one.place, &*one.place)).collect::<Vec<_>>());
    let before = question.before().map(|before| page_of(&open.id, before));
    let page = QuestionPage {
        frame: visit.frame(Section::Requests, question.key()).marked(failure, &ours.unwrap_or_default()),
        question,
        back: before.unwrap_or_else(|| DRAFTS.to_owned()),
        service: open.about.title.clone(),
        number: number(visit, open, question),
        body: body(visit, open, question).await?,
        errors: failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default(),
    };
    page_as(status, &page)
}

/// Who asks for one agency alone is not asked which: that page has no number.
fn number(visit: &Visit, open: &Open, question: Question) -> String {
    let known = matches!(&*posts(visit), [one] if *one == open.answers.agency);
    let (place, all) = (question as usize + 1, Question::ALL.len());
    let number = |number: usize| num(i64::try_from(number).unwrap_or_default());
    match (known, question) {
        (true, Question::Agency) => String::new(),
        (known, _) => {
            let with =
                [("count", number(place - usize::from(known))), ("all", number(all - usize::from(known)))];
            visit.lang.ta("asking-number", &with)
        }
    }
}

async fn body(visit: &Visit, open: &Open, question: Question) -> Result<Body, Failure> {
    let (answers, demands) = (&open.answers, &open.about.demands);
    let must = demands.kind > 1;
    Ok(match question {
        Question::Agency => pick(visit, posts(visit), &answers.agency).await?,
        Question::System => pick(visit, systems(visit, &answers.agency).await?, &answers.system).await?,
        Question::Fields => Body::Fields {
            fields: Service::described(visit, &answers.service).await.boxes(visit.lang, &answers.fields),
            must: demands.names_fields,
        },
        Question::Purpose => {
            Body::Purpose { purposes: answers.purposes.clone(), reason: answers.reason.clone(), must }
        }
        Question::Basis => {
            Body::Basis { basis: answers.basis.clone(), of_service: open.about.legal_basis.clone(), must }
        }
        Question::Amount => Body::Amount { quota: answers.quota.clone(), until: answers.until.clone() },
        Question::Contacts => {
            let (given, as_in) = if answers.contacts.is_empty() {
                as_before(visit, answers, demands).await
            } else {
                (answers.contacts.clone(), None)
            };
            let row = |kind: &String| {
                let given = given.get(kind).cloned().unwrap_or_default();
                ContactRow { kind: kind.clone(), name: given.name, phone: given.phone, mail: given.mail }
            };
            Body::Contacts { contacts: demands.contacts.iter().map(row).collect(), as_in }
        }
    })
}

/// Contacts change less often than requests are made: those of the agency's latest request, with its number. Without one,
/// who asks is the first of them.
async fn as_before(
    visit: &Visit,
    answers: &Answers,
    demands: &Demands,
) -> (BTreeMap<String, Contact>, Option<String>) {
    let of = query(&[("consumer", &answers.agency), ("limit", LOOKED_AT)]);
    let asked = some::<Asked>(visit, format!("/requests{of}")).await.unwrap_or_default();
    let latest = asked.into_iter().find(|one| one.agency == answers.agency);
    if let Some(latest) = latest
        && let Ok(found) = load(visit, &latest.id).await
    {
        let contacts = found.value.request.contacts.into_iter();
        let contacts =
            contacts.map(|one| (one.kind, Contact { name: one.name, phone: one.phone, mail: one.email }));
        return (contacts.collect(), Some(latest.id));
    }
    let name = visit.who.as_ref().map(|who| who.name.clone()).unwrap_or_default();
    let first = demands.contacts.first().map(|kind| (kind.clone(), Contact { name, ..Contact::default() }));
    (first.into_iter().collect(), None)
}

async fn pick(visit: &Visit, codes: Vec<String>, chosen: &str) -> Result<Body, Failure> {
    let names = Names::of(visit, codes.iter().map(String::as_str)).await?;
    let other = if codes.iter().any(|code| code == chosen) { String::new() } else { chosen.to_owned() };
    let option =
        |code: String| Choice { words: names.get(&code).to_owned(), chosen: code == chosen, value: code };
    Ok(Body::Pick { options: codes.into_iter().map(option).collect(), other })
}

/// Systems in whose name an agency may ask: those of the directory. Where the registry does not keep one, as far as the
/// agency's requests and services tell.
async fn systems(visit: &Visit, agency: &str) -> Result<Vec<String>, Failure> {
    let known = in_directory(visit, agency).await?;
    if !known.is_empty() {
        return Ok(known);
    }
    let of = query(&[("consumer", agency), ("limit", LOOKED_AT)]);
    let asked = some::<Asked>(visit, format!("/requests{of}")).await?;
    let of = query(&[("owner", agency), ("limit", LOOKED_AT)]);
    let offered = some::<Offered>(visit, format!("/services{of}")).await?;
    let asked = asked.into_iter().filter(|one| one.agency == agency).map(|one| one.consumer);
    let offered = offered.iter().filter_map(|one| one.id.rsplit_once('/')).map(|(party, _)| party.to_owned());
    let all: BTreeSet<String> = asked.chain(offered).collect();
    Ok(all.into_iter().collect())
}

async fn in_directory(visit: &Visit, agency: &str) -> Result<Vec<String>, Failure> {
    match visit.get::<Vec<Offered>>(format!("/agencies/{}/systems", segment(agency))).await {
        Ok(found) => Ok(found.into_iter().map(|system| system.id).collect()),
        Err(failure) if failure.is_mendable() => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// What is to be said of a system that the directory does not have.
async fn unknown(visit: &Visit, answers: &Answers) -> Result<Option<Mistake>, Failure> {
    let (known, system) = (in_directory(visit, &answers.agency).await?, &answers.system);
    let missing = !known.is_empty() && !known.contains(system);
    Ok(missing.then(|| Mistake {
        place: String::new(),
        vi: format!(
            "Không có hệ thống {system} của cơ quan trong danh bạ tin cậy. Kiểm tra lại mã, hoặc đề nghị đơn vị vận hành đăng ký hệ thống."
        ),
        en: format!(
            "The directory has no system {system} of the agency. Check its code, or ask the platform operator to register it."
        ),
    }))
}

/// What a list gives; nothing where the agency is none.
async fn some<T: serde::de::DeserializeOwned>(visit: &Visit, path: String) -> Result<Vec<T>, Failure> {
    match visit.get::<Paged<T>>(path).await {
        Ok(found) => Ok(found.items),
        Err(failure) if failure.is_mendable() => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    fn bodies() -> Vec<(Question, Body)> {
        let odd = || ODD.to_owned();
        let choice = || Choice { value: odd(), words: odd(), chosen: true };
        let field = |place: usize| FieldBox { depth: place, ..FieldBox::sample(ODD) };
        let contact = |kind: &str| ContactRow { kind: kind.into(), name: odd(), phone: odd(), mail: odd() };
        vec![
            (Question::Agency, Body::Pick { options: vec![choice(), choice()], other: odd() }),
            (Question::System, Body::Pick { options: Vec::new(), other: String::new() }),
            (Question::Fields, Body::Fields { fields: (0..40).map(field).collect(), must: true }),
            (Question::Fields, Body::Fields { fields: Vec::new(), must: false }),
            (Question::Purpose, Body::Purpose { purposes: odd(), reason: odd(), must: true }),
            (Question::Basis, Body::Basis { basis: odd(), of_service: odd(), must: false }),
            (Question::Amount, Body::Amount { quota: odd(), until: odd() }),
            (
                Question::Contacts,
                Body::Contacts {
                    contacts: ["business", "technical", "security"].map(contact).into(),
                    as_in: Some(odd()),
                },
            ),
        ]
    }

    #[test]
    fn renders() {
        for place in 0..bodies().len() {
            rendered(|frame| {
                let (question, body) = bodies().swap_remove(place);
                QuestionPage {
                    frame,
                    question,
                    back: DRAFTS.into(),
                    service: ODD.into(),
                    number: "1/6".into(),
                    body,
                    errors: vec![ODD.into()],
                }
            });
        }
    }
}
