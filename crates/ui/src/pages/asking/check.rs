//! Looking over the answers, sending them, and what happens next.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use base::Ts;
use http::{Method, StatusCode};
use serde::Deserialize;

use super::answers::Question;
use super::{DRAFTS, Open, next_of, page_of, person};
use crate::Console;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::{Names, Rules};
use crate::pages::catalogue::service::Field;
use crate::pages::work::Paged;
use crate::session::Visit;
use crate::view::{Frame, Section, page, page_as, query, redirect, segments};

#[derive(Template)]
#[template(path = "asking_check.html")]
pub struct Check {
    frame: Frame,
    href: String,
    service: String,
    service_href: String,
    rows: Vec<Row>,
    key: String,
    /// The grant that the system has on this service already, whose place a new one takes.
    current: Option<String>,
    errors: Vec<Wrong>,
}

/// A question with its answer.
struct Row {
    words: String,
    lines: Vec<String>,
    href: String,
}

/// Something that the API refused, with where it is mended.
struct Wrong {
    words: String,
    href: Option<String>,
}

#[derive(Template)]
#[template(path = "asking_sent.html")]
pub struct Sent {
    frame: Frame,
    id: String,
    service: String,
    step: String,
    role: String,
    agency: String,
    due: Ts,
    documents: Vec<String>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

#[derive(Deserialize)]
struct View {
    request: Request,
    #[serde(default)]
    holder: Option<Holder>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    kind: u8,
    road: String,
    service: String,
    step: String,
    due: Ts,
    terms: Terms,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Deserialize)]
struct Granted {
    grant: Numbered,
}

#[derive(Deserialize)]
struct Numbered {
    id: String,
}

#[derive(Deserialize)]
struct Holder {
    role: String,
    #[serde(default)]
    agency: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/ket-noi/nhap/{draft}/kiem-tra", get(show).post(send))
        .route("/ket-noi/da-gui/{id}", get(sent))
}

async fn show(visit: Visit, Path(draft): Path<String>) -> Result<Response, Failure> {
    let open = Open::of(&visit, &draft).await?;
    if open.answers.next().is_some() {
        return Ok(redirect(&next_of(&draft, &open.answers)));
    }
    answer(&visit, &open, None).await
}

async fn send(visit: Visit, Path(draft): Path<String>, form: Form) -> Result<Response, Failure> {
    let open = Open::of(&visit, &draft).await?;
    if open.answers.next().is_some() {
        return Ok(redirect(&next_of(&draft, &open.answers)));
    }
    let asked = visit.ask(Method::POST, "/requests").once(form.key()).json(&open.answers.request());
    match asked.send::<Created>().await {
        Ok(created) => {
            // The request is made: a draft that stays behind does no harm, an error page here would.
            let _ = visit.console().drafts().delete(person(&visit)?, &draft).await;
            Ok(redirect(&format!("/ket-noi/da-gui/{}", segments(&created.id))))
        }
        Err(failure) if failure.is_mendable() || failure.status == StatusCode::FORBIDDEN => {
            answer(&visit, &open, Some(&failure)).await
        }
        Err(failure) => Err(failure),
    }
}

async fn answer(visit: &Visit, open: &Open, failure: Option<&Failure>) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Requests, "asking-check");
    let names = Names::of(visit, [&*open.answers.agency, &*open.answers.system]).await?;
    let row = |question: Question| Row {
        words: frame.t(&format!("{}-short", question.key())),
        lines: lines(&frame, open, &names, question),
        href: page_of(&open.id, question),
    };
    let page = Check {
        rows: Question::ALL.map(row).into(),
        href: format!("{DRAFTS}/{}/kiem-tra", open.id),
        service: open.about.title.clone(),
        service_href: crate::pages::catalogue::address(&open.answers.service),
        key: new_key(),
        current: current(visit, open).await?,
        errors: failure.map(|failure| wrongs(&frame, &open.id, failure)).unwrap_or_default(),
        frame,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

/// The grant that the system has on this service now, as far as one may see it.
async fn current(visit: &Visit, open: &Open) -> Result<Option<String>, Failure> {
    let Open { answers, .. } = open;
    let asked = query(&[
        ("consumer", &*answers.system),
        ("service", &answers.service),
        ("state", "in_force"),
        ("limit", "1"),
    ]);
    match visit.get::<Paged<Granted>>(format!("/grants{asked}")).await {
        Ok(found) => Ok(found.items.into_iter().next().map(|one| one.grant.id)),
        Err(failure) if failure.status == StatusCode::FORBIDDEN => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What was answered, as people read it.
fn lines(frame: &Frame, open: &Open, names: &Names, question: Question) -> Vec<String> {
    let answers = &open.answers;
    let contact = |kind: &String| {
        let one = answers.contacts.get(kind).cloned().unwrap_or_default();
        let parts = [&*one.name, &one.phone, &one.mail];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}: {}", frame.of("asking-contact", kind), parts.join(", "))
    };
    let or = |text: &String, key: &str| if text.is_empty() { frame.t(key) } else { text.clone() };
    match question {
        Question::Agency => vec![names.full(&answers.agency)],
        Question::System => vec![names.full(&answers.system)],
        Question::Fields if answers.fields.is_empty() => vec![frame.t("asking-fields-all")],
        Question::Fields => answers.fields.iter().map(|path| field(frame, open, path)).collect(),
        Question::Purpose => {
            let codes = (!answers.purposes.is_empty()).then(|| answers.purposes().join(", "));
            codes.into_iter().chain([answers.reason.clone()]).collect()
        }
        Question::Basis => vec![or(&answers.basis, "asking-basis-of-service")],
        Question::Amount => {
            let quota = answers.quota().map(|quota| frame.tn("asking-quota-is", &quota));
            let until = answers.until().map(|_| frame.tw("asking-until-is", answers.until.clone()));
            vec![
                quota.unwrap_or_else(|| frame.t("asking-quota-none")),
                until.unwrap_or_else(|| frame.t("asking-until-none")),
            ]
        }
        Question::Contacts => open.about.demands.contacts.iter().map(contact).collect(),
    }
}

fn field(frame: &Frame, open: &Open, path: &str) -> String {
    let fields = &open.about.fields;
    let title = fields.iter().find(|field| field.path == path).map(|field| frame.half(&field.title));
    let below = |field: &Field| field.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let named = match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("{title} ({path})"),
        None => path.to_owned(),
    };
    if fields.iter().any(below) { format!("{named}: {}", frame.t("asking-fields-group")) } else { named }
}

fn wrongs(frame: &Frame, draft: &str, failure: &Failure) -> Vec<Wrong> {
    let page = |question: Question| page_of(draft, question);
    if !failure.mistakes.is_empty() {
        let one = |(mistake, words)| {
            let mistake: &crate::failure::Mistake = mistake;
            Wrong { words, href: Question::of_place(&mistake.place).map(page) }
        };
        return failure.mistakes.iter().zip(failure.mistakes_in(frame.lang)).map(one).collect();
    }
    // The request that is on its way is named first in the title.
    let other = failure.title.split(' ').find(|word| word.starts_with("YC-"));
    let title = || frame.half(&failure.title).to_owned();
    let (words, href) = match (&*failure.code, other) {
        ("EX-2004", _) => (frame.t("asking-not-yours"), Some(page(Question::Agency))),
        ("EX-2005", Some(id)) => {
            (frame.tw("asking-on-its-way", id), Some(format!("/ket-noi/{}", segments(id))))
        }
        ("EX-2016", _) => (title(), Some(page(Question::Fields))),
        _ => (title(), None),
    };
    vec![Wrong { words, href }]
}

async fn sent(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let View { request, holder } = visit.get(format!("/requests/{}", segments(&id))).await?;
    let rules = Rules::of(&visit).await?;
    let agency = holder.as_ref().and_then(|holder| holder.agency.clone()).unwrap_or_default();
    let names = Names::of(&visit, [&*request.service, &*agency]).await?;
    let service = visit.get::<super::Whole>(super::source(&request.service)).await?;
    let personal = is_personal(&service.fields, &request.terms.fields);
    let road = rules.road(request.kind, &request.road);
    let step = road.and_then(|road| road.steps.iter().find(|step| step.code == request.step));
    let documents = step.map(|step| {
        let more = step.attach_if_personal.iter().filter(|_| personal);
        step.attach.iter().chain(more).map(|code| rules.item(visit.lang, code).to_owned()).collect()
    });
    let page_of = Sent {
        frame: visit.frame(Section::Requests, "asking-sent"),
        service: names.get(&request.service).to_owned(),
        step: rules.step(visit.lang, request.kind, &request.step).to_owned(),
        role: holder.map(|holder| holder.role).unwrap_or_default(),
        agency: names.get(&agency).to_owned(),
        due: request.due,
        documents: documents.unwrap_or_default(),
        id: request.id,
    };
    page(&page_of)
}

/// Whether what was asked for has personal data; no fields means all of them.
fn is_personal(all: &[Field], asked: &[String]) -> bool {
    let covers = |path: &str, asked: &String| {
        path.strip_prefix(asked.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let given = |path: &str| asked.is_empty() || asked.iter().any(|asked| covers(path, asked));
    all.iter().any(|field| field.personal && given(&field.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;
    use crate::text::Lang;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn renders() {
        let row =
            || Row { words: ODD.into(), lines: vec![ODD.into(), ODD.into()], href: "/ket-noi/nhap".into() };
        let wrong = |href: Option<&str>| Wrong { words: ODD.into(), href: href.map(str::to_owned) };
        for (errors, current) in [(0, None), (2, Some("QK-2026-000007".to_owned()))] {
            rendered(|frame| Check {
                frame,
                href: "/".into(),
                service: ODD.into(),
                service_href: "/dich-vu/a".into(),
                rows: (0..7).map(|_| row()).collect(),
                key: "k".into(),
                current: current.clone(),
                errors: [wrong(None), wrong(Some("/"))].into_iter().take(errors).collect(),
            });
        }
        for documents in [Vec::new(), vec![ODD.to_owned()]] {
            rendered(|frame| Sent {
                frame,
                id: ODD.into(),
                service: ODD.into(),
                step: ODD.into(),
                role: "leader".into(),
                agency: ODD.into(),
                due: Ts::from_secs(1_795_305_900),
                documents: documents.clone(),
            });
        }
    }

    #[test]
    fn what_the_api_refuses_leads_to_where_it_is_mended() {
        let frame = Frame::sample(Lang::Vi);
        let problem = |code: &str, title: &str, errors: serde_json::Value| {
            let problem = serde_json::json!({ "code": code, "title": title, "errors": errors });
            let wrongs = wrongs(&frame, "d", &Failure::refused(StatusCode::CONFLICT, &problem));
            wrongs.into_iter().map(|wrong| wrong.href.unwrap_or_default()).collect::<Vec<_>>()
        };
        let none = serde_json::json!([]);
        let exists = "YC-2026-000006 đã có / request YC-2026-000006 exists already";
        assert_eq!(problem("EX-2005", exists, none.clone()), ["/ket-noi/YC-2026-000006"]);
        assert_eq!(problem("EX-2016", "", none.clone()), ["/ket-noi/nhap/d/truong"]);
        assert_eq!(problem("EX-2010", "", none), [""]);
        let errors =
            serde_json::json!([{ "place": "until", "vi": "", "en": "" }, { "place": "contacts.phone" }]);
        assert_eq!(problem("EX-2002", "", errors), ["/ket-noi/nhap/d/han-muc", "/ket-noi/nhap/d/dau-moi"]);
    }
}
