//! Adding a document to a request.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use serde_json::Value;

use super::Choice;
use super::whole::{Request, demands, load};
use crate::Console;
use crate::failure::Failure;
use crate::form::{File, FileForm, Form, new_key, with_file};
use crate::names::Rules;
use crate::pages::terms::Service;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as, query, segment, to};

#[derive(Template)]
#[template(path = "requests/attach.html")]
pub struct AttachPage {
    frame: Frame,
    id: String,
    /// Kinds of documents, those that are missing first.
    items: Vec<Choice>,
    number: String,
    version: i64,
    key: String,
    errors: Vec<String>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/{id}/tai-lieu", with_file(get(ask).post(act)))
}

async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    shown(&visit, &id, &Form::default(), None).await
}

async fn act(
    visit: Visit,
    Path(id): Path<String>,
    FileForm { form, file }: FileForm,
) -> Result<Response, Failure> {
    let sent = async {
        let none = || Failure::field("tep", "Chưa chọn tệp", "No file was chosen");
        send(&visit, &id, &form, file?.ok_or_else(none)?).await
    };
    match sent.await {
        Ok(()) => Ok(to(&format!("/ket-noi/{}", segment(&id)), "requests-attach")),
        Err(failure) if failure.is_mendable() => shown(&visit, &id, &form, Some(failure)).await,
        Err(failure) => Err(failure),
    }
}

async fn send(visit: &Visit, id: &str, form: &Form, file: File) -> Result<(), Failure> {
    let about = query(&[("item", form.get("loai")), ("name", &file.name), ("number", form.get("so"))]);
    let ask = visit.ask(Method::POST, format!("/requests/{}/attachments{about}", segment(id)));
    let ask = ask.seen(form.version()).once(form.key()).file(file.media_type, file.bytes);
    ask.send::<Value>().await.map(drop)
}

async fn shown(visit: &Visit, id: &str, typed: &Form, failure: Option<Failure>) -> Result<Response, Failure> {
    let found = load(visit, id).await?;
    let (version, request) = (found.version.unwrap_or_default(), found.value.request);
    let rules = Rules::of(visit).await?;
    let service = Service::of(visit, &request.service).await;
    let frame = visit.frame(Section::Requests, "requests-attach-title");
    let frame = frame.marked(failure.as_ref(), &[("number", "so"), ("item", "loai"), ("tep", "tep")]);
    let lang = frame.lang;
    let mut missing = wanted(&rules, &request, &service);
    let others = rules.items.iter().map(|item| item.code.clone());
    let others: Vec<String> = others.filter(|code| !missing.contains(code)).collect();
    missing.extend(others);
    let items = missing.into_iter().map(|code| Choice {
        words: rules.item(lang, &code).to_owned(),
        chosen: typed.get("loai") == code,
        value: code,
    });
    let page = AttachPage {
        items: items.collect(),
        id: request.id,
        number: typed.get("so").to_owned(),
        version,
        key: new_key(),
        errors: failure.as_ref().map(|failure| failure.lines(lang)).unwrap_or_default(),
        frame,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

/// Documents that the present step and the open tasks lack.
fn wanted(rules: &Rules, request: &Request, service: &Service) -> Vec<String> {
    let personal = service.is_personal(&request.terms.fields);
    let steps = rules.road(request.kind, &request.road).map(|road| &road.steps[..]).unwrap_or_default();
    let step = steps.iter().find(|step| step.code == request.step);
    let of_step = step.into_iter().flat_map(|step| demands(step, personal));
    let open = request.tasks.iter().filter(|task| task.closed.is_none());
    let of_tasks = open.filter_map(|task| rules.tasks.iter().find(|rule| rule.code == task.code));
    let of_tasks = of_tasks.flat_map(|rule| rule.attach.iter().map(String::as_str));
    of_step.chain(of_tasks).filter(|item| !request.has(item)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for many in [0, 3] {
            rendered(|frame| AttachPage {
                frame,
                id: "YC-2026-000001".into(),
                items: (0..many)
                    .map(|_| Choice { value: odd.into(), words: odd.into(), chosen: true })
                    .collect(),
                number: odd.into(),
                version: 3,
                key: "khoa".into(),
                errors: vec![odd.into(); many],
            });
        }
    }
}
