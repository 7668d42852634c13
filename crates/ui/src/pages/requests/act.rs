//! What can be done to a request, one page an act: it says what follows before the button.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::one::{LIVE, Named, approve_key, named};
use super::whole::{Request, Whole, load};
use crate::Console;
use crate::api::Versioned;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::{Names, Rules};
use crate::pages::terms::{Contact, FieldBox, Service, Terms};
use crate::session::Visit;
use crate::text::{Lang, word};
use crate::view::{Frame, Section, page_as, segment, to};

/// Fields of the form, by the places of the API.
const FIELDS: [(&str, &str); 8] = [
    ("comment", "y-kien"),
    ("reason", "ly-do"),
    ("conclusion", "ket-luan"),
    ("fields", "truong-1"),
    ("purposes", "muc-dich"),
    ("legal_basis", "can-cu-khai-thac"),
    ("quota_day", "han-muc"),
    ("until", "den-ngay"),
];

/// Something that can be done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Go on to the next step.
    Approve,
    /// Back to who asks.
    Return,
    /// No.
    Refuse,
    /// Hand in again.
    Resubmit,
    /// Take back.
    Withdraw,
    /// Close a task.
    Close,
}

impl Verb {
    /// The word of texts and banners.
    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Refuse => "refuse",
            Self::Resubmit => "resubmit",
            Self::Withdraw => "withdraw",
            Self::Close => "close",
        }
    }
}

#[derive(Template)]
#[template(path = "requests/act.html")]
pub struct ActPage {
    frame: Frame,
    verb: Verb,
    request: Request,
    named: Named,
    /// Words of the button.
    button: String,
    typed: Form,
    version: i64,
    key: String,
    errors: Vec<String>,
    boxes: Vec<FieldBox>,
    /// Documents without which a task cannot be closed.
    missing: Vec<String>,
    contacts: Vec<Contact>,
    /// Whether terms can be changed here.
    terms: bool,
    /// Whether the grant is issued by it.
    live: bool,
}

/// Which request, and which task of it.
struct At {
    id: String,
    task: String,
    verb: Verb,
}

/// The routes.
pub fn routes() -> Router<Console> {
    let close = get(|visit: Visit, Path((id, task)): Path<(String, String)>| async move {
        ask(visit, At { id, task, verb: Verb::Close }).await
    });
    let close = close.post(|visit: Visit, Path((id, task)): Path<(String, String)>, form: Form| async move {
        act(visit, At { id, task, verb: Verb::Close }, form).await
    });
    Router::new()
        .route("/ket-noi/{id}/duyet", pair(Verb::Approve))
        .route("/ket-noi/{id}/tra-lai", pair(Verb::Return))
        .route("/ket-noi/{id}/tu-choi", pair(Verb::Refuse))
        .route("/ket-noi/{id}/gui-lai", pair(Verb::Resubmit))
        .route("/ket-noi/{id}/rut", pair(Verb::Withdraw))
        .route("/ket-noi/{id}/cong-viec/{task}", close)
}

fn pair(verb: Verb) -> MethodRouter<Console> {
    let at = move |id| At { id, task: String::new(), verb };
    get(move |visit: Visit, Path(id): Path<String>| ask(visit, at(id)))
        .post(move |visit: Visit, Path(id): Path<String>, form: Form| act(visit, at(id), form))
}

async fn ask(visit: Visit, at: At) -> Result<Response, Failure> {
    let found = load(&visit, &at.id).await?;
    let typed = filled(&found.value.request, at.verb, visit.lang);
    shown(&visit, &at, found, (typed, None)).await
}

async fn act(visit: Visit, at: At, form: Form) -> Result<Response, Failure> {
    let found = load(&visit, &at.id).await?;
    match send(&visit, &at, &found.value.request, &form).await {
        Ok(()) => Ok(to(&format!("/ket-noi/{}", segment(&at.id)), &format!("requests-{}", at.verb.word()))),
        Err(failure) if failure.is_mendable() => shown(&visit, &at, found, (form, Some(failure))).await,
        Err(failure) => Err(failure),
    }
}

async fn send(visit: &Visit, at: &At, request: &Request, form: &Form) -> Result<(), Failure> {
    let id = segment(&at.id);
    let (path, body) = match at.verb {
        Verb::Approve => {
            let terms = request.terms.typed(form)?;
            not_wider(visit.lang, &request.terms, &terms)?;
            let mut decision = json!({ "decision": "approve", "comment": form.get("y-kien") });
            if terms != request.terms {
                decision["terms"] = json!(terms);
            }
            (format!("/requests/{id}/steps"), decision)
        }
        Verb::Return => {
            let decision = json!({ "decision": "return", "comment": form.get("y-kien") });
            (format!("/requests/{id}/steps"), decision)
        }
        Verb::Refuse => {
            let (reason, legal_basis) = (form.get("ly-do"), form.get("can-cu"));
            let decision = json!({ "decision": "refuse", "reason": reason, "legal_basis": legal_basis });
            (format!("/requests/{id}/steps"), decision)
        }
        Verb::Resubmit => {
            let terms = request.terms.typed(form)?;
            let mut contacts = contacts(request, form);
            contacts.retain(|contact| !contact.name.is_empty());
            let (comment, reason) = (form.get("y-kien"), form.get("ly-do"));
            let body = json!({ "comment": comment, "terms": terms, "reason": reason, "contacts": contacts });
            (format!("/requests/{id}/resubmit"), body)
        }
        Verb::Withdraw => (format!("/requests/{id}/withdraw"), json!({ "reason": form.get("ly-do") })),
        Verb::Close => {
            let path = format!("/requests/{id}/tasks/{}/close", segment(&at.task));
            (path, json!({ "conclusion": form.get("ket-luan") }))
        }
    };
    let ask = visit.ask(Method::POST, path).seen(form.version()).once(form.key());
    ask.json(&body).send::<Value>().await.map(drop)
}

/// How much and how long, which only get smaller: told at the field, before the API asks why anything was changed.
fn not_wider(lang: Lang, asked: &Terms, given: &Terms) -> Result<(), Failure> {
    let said = |field: &str, key: &str, asked: String| {
        let words = |lang: Lang| lang.ta(key, &[("name", word(asked.clone()))]);
        Err(Failure::field(field, words(Lang::Vi), words(Lang::En)))
    };
    if asked.quota_day.is_some_and(|asked| given.quota_day.is_none_or(|given| given > asked)) {
        return said("han-muc", "requests-quota-wider", asked.quota_text(lang));
    }
    if asked.until.is_some_and(|asked| given.until.is_none_or(|given| given > asked)) {
        return said("den-ngay", "requests-until-wider", asked.last_day());
    }
    Ok(())
}

/// The contacts of a request as they were corrected.
fn contacts(request: &Request, form: &Form) -> Vec<Contact> {
    let typed = |(place, contact): (usize, &Contact)| Contact {
        kind: contact.kind.clone(),
        name: form.get(&format!("ten-{place}")).to_owned(),
        phone: form.get(&format!("dien-thoai-{place}")).to_owned(),
        email: form.get(&format!("thu-{place}")).to_owned(),
    };
    request.contacts.iter().enumerate().map(typed).collect()
}

/// What stands in the fields when a page opens.
fn filled(request: &Request, verb: Verb, lang: Lang) -> Form {
    let Terms { fields, purposes, legal_basis, .. } = &request.terms;
    // The reason of a refusal is another one than that of the request.
    let reason = if verb == Verb::Resubmit { request.reason.clone() } else { String::new() };
    let mut members = vec![
        ("ly-do".to_owned(), reason),
        ("muc-dich".to_owned(), purposes.join(", ")),
        ("can-cu-khai-thac".to_owned(), legal_basis.clone()),
        ("han-muc".to_owned(), request.terms.quota_text(lang)),
        ("den-ngay".to_owned(), request.terms.last_day()),
    ];
    members.extend(fields.iter().map(|field| ("truong".to_owned(), field.clone())));
    for (place, contact) in request.contacts.iter().enumerate() {
        let of = [("ten", &contact.name), ("dien-thoai", &contact.phone), ("thu", &contact.email)];
        members.extend(of.map(|(name, value)| (format!("{name}-{place}"), value.clone())));
    }
    Form::from(members)
}

async fn shown(
    visit: &Visit,
    at: &At,
    found: Versioned<Whole>,
    (typed, failure): (Form, Option<Failure>),
) -> Result<Response, Failure> {
    let (version, Whole { request, .. }) = (found.version.unwrap_or_default(), found.value);
    let rules = Rules::of(visit).await?;
    let codes = [&*request.service, &request.consumer, &request.agency, &request.owner];
    let names = Names::of(visit, codes).await?;
    let lang = visit.lang;
    let title = match at.verb {
        Verb::Approve => lang.t(approve_key(&rules, &request)),
        verb => lang.of_family("requests-title", verb.word()),
    };
    let frame = visit.titled(Section::Requests, title).marked(failure.as_ref(), &FIELDS);
    let steps = rules.road(request.kind, &request.road).map(|road| &road.steps[..]).unwrap_or_default();
    let narrows = steps.iter().any(|step| step.code == request.step && step.may_narrow);
    let terms = at.verb == Verb::Resubmit || (at.verb == Verb::Approve && narrows);
    let service = if terms { Service::described(visit, &request.service).await } else { Service::default() };
    let ticked = typed.all("truong");
    let fields = &request.terms.fields;
    // Less than what was asked for can be granted; what is sent again may also be more.
    let boxes = if at.verb == Verb::Approve && !fields.is_empty() {
        fields.iter().filter(|_| terms).map(|path| service.one_box(lang, path, &ticked)).collect()
    } else {
        service.boxes(lang, &ticked)
    };
    let task = rules.tasks.iter().find(|task| task.code == at.task);
    let missing = task.into_iter().flat_map(|task| &task.attach).filter(|item| !request.has(item));
    let button = match at.verb {
        Verb::Close => frame.tw("requests-close-button", rules.task(lang, &at.task)),
        Verb::Approve => frame.title.clone(),
        verb => frame.t(&format!("requests-do-{}", verb.word())),
    };
    let page = ActPage {
        named: named(&names, &rules, lang, &request),
        missing: missing.map(|item| rules.item(lang, item).to_owned()).collect(),
        boxes,
        contacts: if at.verb == Verb::Resubmit { contacts(&request, &typed) } else { Vec::new() },
        errors: failure.as_ref().map(|failure| failure.lines(lang)).unwrap_or_default(),
        live: at.verb == Verb::Approve && approve_key(&rules, &request) == LIVE,
        verb: at.verb,
        key: new_key(),
        frame,
        request,
        button,
        typed,
        version,
        terms,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

#[cfg(test)]
mod tests {
    use base::Ts;

    use super::*;
    use crate::sample::rendered;

    const VERBS: [Verb; 6] =
        [Verb::Approve, Verb::Return, Verb::Refuse, Verb::Resubmit, Verb::Withdraw, Verb::Close];

    fn request(odd: &str) -> Request {
        let contact = Contact { kind: "technical".into(), name: odd.into(), ..Contact::default() };
        let terms = Terms { fields: vec![odd.into()], quota_day: Some(5), ..Terms::default() };
        Request { id: "YC-2026-000001".into(), contacts: vec![contact], terms, ..Request::default() }
    }

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for (verb, full) in VERBS.into_iter().flat_map(|verb| [(verb, true), (verb, false)]) {
            let request = if full { request(odd) } else { Request::default() };
            rendered(|frame| ActPage {
                frame,
                verb,
                named: Named { service: odd.into(), ..Named::default() },
                button: odd.into(),
                typed: filled(&request, verb, Lang::Vi),
                contacts: request.contacts.clone(),
                version: 7,
                key: "khoa".into(),
                errors: vec![odd.into(); usize::from(full)],
                boxes: (0..usize::from(full)).map(|_| FieldBox::sample(odd)).collect(),
                missing: vec![odd.into(); usize::from(full && verb == Verb::Close)],
                terms: matches!(verb, Verb::Approve | Verb::Resubmit),
                live: full,
                request: request.clone(),
            });
        }
    }

    #[test]
    fn a_page_that_is_sent_as_it_opened_changes_nothing() {
        let request = request("hoTen");
        let request = Request { terms: Terms { quota_day: Some(2000), ..request.terms.clone() }, ..request };
        let form = filled(&request, Verb::Resubmit, Lang::Vi);
        assert_eq!(request.terms.typed(&form).expect("well formed"), request.terms);
        assert_eq!(form.get("han-muc"), "2.000");
        let same = contacts(&request, &form);
        assert_eq!((same.len(), same[0].name.as_str()), (1, "hoTen"));
    }

    #[test]
    fn more_than_was_asked_for_is_told_at_its_field() {
        let asked = Terms { quota_day: Some(2000), until: Some(Ts(5)), ..Terms::default() };
        let place = |quota_day, until| {
            let given = Terms { quota_day, until, ..Terms::default() };
            not_wider(Lang::Vi, &asked, &given).err().map(|failure| failure.mistakes[0].place.clone())
        };
        assert_eq!(place(Some(1500), Some(Ts(5))), None);
        assert_eq!(place(None, Some(Ts(5))).as_deref(), Some("han-muc"));
        assert_eq!(place(Some(2001), Some(Ts(5))).as_deref(), Some("han-muc"));
        assert_eq!(place(Some(1), None).as_deref(), Some("den-ngay"));
    }
}
