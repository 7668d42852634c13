//! What a data owner can do to a grant, one page an act.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Grant, load};
use crate::Console;
use crate::failure::Failure;
use crate::form::{Form, new_key};
use crate::names::Names;
use crate::pages::terms;
use crate::session::Visit;
use crate::text::Lang;
use crate::view::{Frame, Section, page_as, segment, to};

/// Something that can be done to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Not at present.
    Suspend,
    /// In force again.
    Resume,
    /// Never again.
    Revoke,
    /// Other quota, another end.
    Change,
    /// More time.
    Renew,
}

impl Verb {
    /// The word of texts, banners and of the API.
    fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
            Self::Change => "change",
            Self::Renew => "renew",
        }
    }
}

#[derive(Template)]
#[template(path = "grants/act.html")]
pub struct ActPage {
    frame: Frame,
    verb: Verb,
    id: String,
    consumer: String,
    service: String,
    typed: Form,
    version: i64,
    key: String,
    errors: Vec<String>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quyen/{id}/tam-dung", pair(Verb::Suspend))
        .route("/quyen/{id}/mo-lai", pair(Verb::Resume))
        .route("/quyen/{id}/thu-hoi", pair(Verb::Revoke))
        .route("/quyen/{id}/sua", pair(Verb::Change))
        .route("/quyen/{id}/gia-han", pair(Verb::Renew))
}

fn pair(verb: Verb) -> MethodRouter<Console> {
    get(move |visit: Visit, Path(id): Path<String>| async move { shown(&visit, (&id, verb), None).await })
        .post(move |visit: Visit, Path(id): Path<String>, form: Form| act(visit, (id, verb), form))
}

async fn act(visit: Visit, (id, verb): (String, Verb), form: Form) -> Result<Response, Failure> {
    match send(&visit, (&id, verb), &form).await {
        Ok(()) => Ok(to(&format!("/quyen/{}", segment(&id)), &format!("grants-{}", verb.word()))),
        Err(failure) if failure.is_mendable() => shown(&visit, (&id, verb), Some((form, failure))).await,
        Err(failure) => Err(failure),
    }
}

async fn send(visit: &Visit, (id, verb): (&str, Verb), form: &Form) -> Result<(), Failure> {
    let (reason, path) = (form.get("ly-do"), format!("/grants/{}", segment(id)));
    let (method, path, body) = match verb {
        Verb::Change => {
            let terms = load(visit, id).await?.value.grant.terms.typed(form)?;
            (Method::PATCH, path, json!({ "terms": terms, "reason": reason }))
        }
        Verb::Renew => {
            let until = terms::end(form.get("den-ngay"))?;
            let body = json!({ "until": until, "reason": reason });
            (Method::POST, format!("{path}/renew"), body)
        }
        verb => (Method::POST, format!("{path}/{}", verb.word()), json!({ "reason": reason })),
    };
    let ask = visit.ask(method, path).seen(form.version()).once(form.key());
    ask.json(&body).send::<Value>().await.map(drop)
}

async fn shown(
    visit: &Visit,
    (id, verb): (&str, Verb),
    refused: Option<(Form, Failure)>,
) -> Result<Response, Failure> {
    let found = load(visit, id).await?;
    let (version, grant) = (found.version.unwrap_or_default(), found.value.grant);
    let names = Names::of(visit, [&*grant.to, &grant.service]).await?;
    let fields = [("reason", "ly-do"), ("quota_day", "han-muc"), ("until", "den-ngay")];
    let frame = visit.frame(Section::Sharing, &format!("grants-do-{}", verb.word()));
    let frame = frame.marked(refused.as_ref().map(|(_, failure)| failure), &fields);
    let status = refused.as_ref().map_or(StatusCode::OK, |(_, failure)| failure.status);
    let errors = refused.as_ref().map(|(_, failure)| failure.lines(frame.lang)).unwrap_or_default();
    let page = ActPage {
        consumer: names.get(&grant.to).to_owned(),
        service: names.get(&grant.service).to_owned(),
        typed: refused.map_or_else(|| filled(&grant, frame.lang), |(form, _)| form),
        id: grant.id,
        key: new_key(),
        frame,
        verb,
        version,
        errors,
    };
    page_as(status, &page)
}

fn filled(grant: &Grant, lang: Lang) -> Form {
    Form::from(vec![
        ("han-muc".to_owned(), grant.terms.quota_text(lang)),
        ("den-ngay".to_owned(), grant.terms.last_day()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for verb in [Verb::Suspend, Verb::Resume, Verb::Revoke, Verb::Change, Verb::Renew] {
            for many in [0, 2] {
                rendered(|frame| ActPage {
                    frame,
                    verb,
                    id: "QK-2026-000001".into(),
                    consumer: odd.into(),
                    service: odd.into(),
                    typed: Form::of(&[("ly-do", odd), ("han-muc", odd)]),
                    version: 3,
                    key: "khoa".into(),
                    errors: vec![odd.into(); many],
                });
            }
        }
    }
}
