//! Signing in and out, and the choice of the language. The single account takes this place later: another page here,
//! another proof at the API's `POST /sessions`.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::failure::Failure;
use crate::form::Form;
use crate::session::{Visit, language_cookie};
use crate::text::Lang;
use crate::view::{Frame, Section, own_address, page_as, redirect};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    frame: Frame,
    /// Where to go afterwards.
    next: String,
    id: String,
    asks_code: bool,
    errors: Vec<String>,
}

/// Where somebody wanted to go.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    den: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/dang-nhap", get(show).post(begin))
        .route("/dang-xuat", post(end))
        .route("/ngon-ngu/{tag}", get(language))
}

async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    if visit.who.is_some() {
        return Ok(redirect(own_address(&wanted.den)));
    }
    answer(&console, &visit, (&wanted.den, ""), None)
}

fn answer(
    console: &Console,
    visit: &Visit,
    (next, id): (&str, &str),
    failure: Option<&Failure>,
) -> Result<Response, Failure> {
    let errors = failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    let fields = [("ten", "ten"), ("mat-khau", "mat-khau")];
    let frame = visit.frame(Section::None, "sign-in-title").marked(failure, &fields);
    let (next, id) = (own_address(next).to_owned(), id.to_owned());
    page_as(status, &SignIn { frame, next, id, asks_code: console.0.asks_code, errors })
}

async fn begin(State(console): State<Console>, visit: Visit, form: Form) -> Result<Response, Failure> {
    if let Some(field) = ["ten", "mat-khau"].into_iter().find(|field| form.get(field).is_empty()) {
        let words = |lang: Lang| lang.t("sign-in-empty");
        let failure = Failure::field(field, words(Lang::Vi), words(Lang::En));
        return answer(&console, &visit, (form.get("den"), form.get("ten")), Some(&failure));
    }
    let credentials =
        json!({ "id": form.get("ten"), "password": form.get("mat-khau"), "code": form.get("ma") });
    let asked = visit.ask(Method::POST, "/sessions").from(visit.peer()).json(&credentials);
    match asked.send::<Value>().await {
        Ok(begun) => {
            if visit.who.is_some() {
                // Somebody else may have sat here before: that session ends.
                visit.ask(Method::DELETE, "/sessions").send::<Value>().await?;
            }
            let mut response = redirect(own_address(form.get("den")));
            let cookie = visit.session_cookie(begun["token"].as_str());
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(failure) => answer(&console, &visit, (form.get("den"), form.get("ten")), Some(&failure)),
    }
}

async fn end(visit: Visit, _: Form) -> Result<Response, Failure> {
    visit.ask(Method::DELETE, "/sessions").send::<Value>().await?;
    let mut response = redirect("/dang-nhap");
    response.headers_mut().insert(header::SET_COOKIE, visit.session_cookie(None));
    Ok(response)
}

async fn language(Path(tag): Path<String>, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let lang = Lang::of(&tag).ok_or_else(Failure::nothing)?;
    let mut response = redirect(own_address(&wanted.den));
    response.headers_mut().insert(header::SET_COOKIE, language_cookie(lang));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        for asks_code in [true, false] {
            let errors = vec!["Sai mật khẩu".to_owned()];
            rendered(|frame| SignIn {
                frame: Frame { done: None, note: Some("Chưa lưu".into()), ..frame },
                next: "/viec".into(),
                id: "\"><b>".into(),
                asks_code,
                errors: errors.clone(),
            });
        }
    }
}
