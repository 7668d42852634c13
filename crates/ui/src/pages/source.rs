//! “Tạo dịch vụ từ CSDL”: connect, choose a table, read the definition, see masked rows, publish. What lies on the desk stays
//! behind the API; the browser never gets the password back.

mod terms;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Console;
use crate::failure::Failure;
use crate::form::Form;
use crate::names::{Rules, Text};
use crate::session::Visit;
use crate::text::{Lang, word};
use crate::view::{Frame, Section, page_as, redirect, segment};

/// Tables that are shown, the most promising first.
const TABLES_MAX: usize = 60;
/// Columns of a table that are named.
const COLUMNS_MAX: usize = 40;

#[derive(Template)]
#[template(path = "source_start.html")]
pub struct Start {
    frame: Frame,
    errors: Vec<String>,
    url: String,
}

#[derive(Template)]
#[template(path = "source_tables.html")]
pub struct Tables {
    frame: Frame,
    errors: Vec<String>,
    id: String,
    address: String,
    found: Vec<Table>,
    more: usize,
    typed: Typed,
}

/// What somebody typed about the service.
#[derive(Default)]
pub struct Typed {
    table: String,
    service: String,
    key: String,
}

/// A table as it is offered.
pub struct Table {
    name: String,
    rows: String,
    key: String,
    worth: u8,
    columns: Vec<String>,
    personal: usize,
    remarks: Vec<String>,
}

#[derive(Template)]
#[template(path = "source_text.html")]
pub struct Definition {
    frame: Frame,
    errors: Vec<String>,
    id: String,
    text: String,
    found: Option<Found>,
    owners: Vec<(String, String)>,
    sharing: Vec<(String, String)>,
    terms: terms::Terms,
}

/// What the check found.
pub struct Found {
    mistakes: Vec<String>,
    warnings: Vec<String>,
    fields: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Desk {
    id: String,
    address: String,
    tables: Vec<Seen>,
    text: String,
}

#[derive(Deserialize)]
struct Seen {
    table: String,
    rows: Option<u64>,
    key: Vec<String>,
    columns: Vec<Column>,
    worth: u8,
    remarks: Vec<Text>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(default)]
    personal: Option<String>,
}

#[derive(Deserialize)]
struct Checked {
    mistakes: Vec<RawMistake>,
    warnings: Vec<RawMistake>,
    fields: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct RawMistake {
    place: String,
    vi: String,
    en: String,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/chia-se/nguon", get(start).post(connect))
        .route("/chia-se/nguon/{id}", get(tables).post(draft))
        .route("/chia-se/nguon/{id}/dinh-nghia", get(text).post(check))
        .route("/chia-se/nguon/{id}/cong-bo", post(terms::publish))
        .route("/chia-se/nguon/{id}/bo", post(leave))
}

async fn start(visit: Visit) -> Result<Response, Failure> {
    start_page(&visit, "", None)
}

fn start_page(visit: &Visit, url: &str, failure: Option<&Failure>) -> Result<Response, Failure> {
    let errors = failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default();
    let errors = errors.into_iter().map(|line| silent(visit.lang, url, &line).unwrap_or(line)).collect();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    let frame = visit
        .frame(Section::Sharing, "source-title")
        .marked(failure, &[("url", "dia-chi"), ("password", "mat-khau")]);
    page_as(status, &Start { frame, errors, url: url.to_owned() })
}

/// The operating system's words for a machine that takes no connection, in ours.
fn silent(lang: Lang, url: &str, line: &str) -> Option<String> {
    let what = line.find("Connection refused").map(|at| &line[at..])?;
    let (_, rest) = url.split_once("://")?;
    let place = rest.split('/').next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    Some(lang.ta("source-silent", &[("name", word(place)), ("what", word(what))]))
}

async fn connect(visit: Visit, form: Form) -> Result<Response, Failure> {
    let place = json!({ "url": form.get("dia-chi"), "password": form.get("mat-khau") });
    match visit.ask(Method::POST, "/desks").json(&place).send::<Desk>().await {
        Ok(desk) => Ok(redirect(&at(&desk.id, ""))),
        Err(failure) if failure.is_mendable() => {
            start_page(&visit, &without_password(form.get("dia-chi")), Some(&failure))
        }
        Err(failure) => Err(failure),
    }
}

/// The address as it is shown again: what stands between the name and the server was a password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((person, server)) = rest.rsplit_once('@') else { return url.to_owned() };
    let name = person.split(':').next().unwrap_or_default();
    format!("{scheme}://{name}@{server}")
}

/// Address of a step.
fn at(id: &str, step: &str) -> String {
    format!("/chia-se/nguon/{}{step}", segment(id))
}

async fn desk(visit: &Visit, id: &str) -> Result<Desk, Failure> {
    visit.get(format!("/desks/{}", segment(id))).await
}

async fn tables(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    tables_page(&visit, &id, Typed::default(), None).await
}

async fn tables_page(
    visit: &Visit,
    id: &str,
    typed: Typed,
    failure: Option<&Failure>,
) -> Result<Response, Failure> {
    let desk = desk(visit, id).await?;
    let frame = visit.frame(Section::Sharing, "source-tables-title");
    let frame = frame.marked(failure, &[("service", "dich-vu"), ("key", "khoa-chinh")]);
    let more = desk.tables.len().saturating_sub(TABLES_MAX);
    let found = desk.tables.into_iter().take(TABLES_MAX).map(|seen| Table::of(&frame, seen)).collect();
    let errors = failure.map(|failure| failure.lines(visit.lang)).unwrap_or_default();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    page_as(status, &Tables { frame, errors, id: desk.id, address: desk.address, found, more, typed })
}

impl Table {
    fn of(frame: &Frame, seen: Seen) -> Self {
        let personal = seen.columns.iter().filter(|column| column.personal.is_some()).count();
        let rows = seen.rows.map_or_else(|| "–".to_owned(), |rows| frame.int(&rows));
        let key = if seen.key.is_empty() { "–".to_owned() } else { seen.key.join(", ") };
        let columns = seen.columns.into_iter().take(COLUMNS_MAX).map(|column| column.name).collect();
        let remarks = seen.remarks.iter().map(|remark| remark.of(frame.lang).to_owned()).collect();
        Self { name: seen.table, rows, key, worth: seen.worth, columns, personal, remarks }
    }
}

async fn draft(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let key: Vec<&str> =
        form.get("khoa-chinh").split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let wanted = json!({ "table": form.get("bang"), "service": form.get("dich-vu"), "key": key });
    let path = format!("/desks/{}/draft", segment(&id));
    match visit.ask(Method::POST, path).json(&wanted).send::<Value>().await {
        Ok(_) => Ok(redirect(&at(&id, "/dinh-nghia"))),
        Err(failure) if failure.is_mendable() || failure.status == StatusCode::NOT_FOUND => {
            let typed = Typed {
                table: form.get("bang").to_owned(),
                service: form.get("dich-vu").to_owned(),
                key: form.get("khoa-chinh").to_owned(),
            };
            tables_page(&visit, &id, typed, Some(&failure)).await
        }
        Err(failure) => Err(failure),
    }
}

async fn text(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    let text = desk(&visit, &id).await?.text;
    // Looked at at once: who sees the text also sees what comes of it.
    checked(&visit, &id, text).await
}

async fn check(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    // Forms send line ends as CR LF (HTML, 4.10.22.7).
    checked(&visit, &id, form.get("dinh-nghia").replace("\r\n", "\n")).await
}

async fn checked(visit: &Visit, id: &str, text: String) -> Result<Response, Failure> {
    let path = format!("/desks/{}/check", segment(id));
    let found = visit.ask(Method::POST, path).json(&json!({ "text": text })).send::<Checked>().await;
    match found {
        Ok(found) => {
            let found = Some(Found::of(visit, found));
            definition_page(visit, (id, text), found, (terms::Terms::default(), None)).await
        }
        Err(failure) if failure.is_mendable() => {
            definition_page(visit, (id, text), None, (terms::Terms::default(), Some(&failure))).await
        }
        Err(failure) => Err(failure),
    }
}

impl Found {
    fn of(visit: &Visit, checked: Checked) -> Self {
        let vi = visit.lang == crate::text::Lang::Vi;
        let said = |one: RawMistake| format!("{}: {}", one.place, if vi { one.vi } else { one.en });
        Self {
            mistakes: checked.mistakes.into_iter().map(said).collect(),
            warnings: checked.warnings.into_iter().map(said).collect(),
            fields: checked.fields,
            rows: checked.rows,
        }
    }
}

async fn definition_page(
    visit: &Visit,
    (id, text): (&str, String),
    found: Option<Found>,
    (terms, failure): (terms::Terms, Option<&Failure>),
) -> Result<Response, Failure> {
    let frame = visit.frame(Section::Sharing, "source-text-title");
    let rules = Rules::of(visit).await?;
    let sharing = rules.sharing.iter().map(|word| (word.code.clone(), word.title.of(frame.lang).to_owned()));
    let owners = terms::owners(visit).await?;
    let errors = failure
        .map(|failure| {
            let placed = |(one, said): (&crate::failure::Mistake, String)| format!("{}: {said}", one.place);
            let all = failure.mistakes.iter().zip(failure.mistakes_in(visit.lang)).map(placed);
            if failure.mistakes.is_empty() { failure.lines(visit.lang) } else { all.collect() }
        })
        .unwrap_or_default();
    let status = failure.map_or(StatusCode::OK, |failure| failure.status);
    let sharing = sharing.collect();
    page_as(status, &Definition { frame, errors, id: id.to_owned(), text, found, owners, sharing, terms })
}

async fn leave(visit: Visit, Path(id): Path<String>, _: Form) -> Result<Response, Failure> {
    visit.ask(Method::DELETE, format!("/desks/{}", segment(&id))).send::<Value>().await?;
    Ok(redirect("/chia-se"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn a_password_in_an_address_is_not_shown_again() {
        for (typed, shown) in [
            ("postgres://an:p@ss:w@db.example/x?a=1", "postgres://an@db.example/x?a=1"),
            ("mysql://an@db.example/x", "mysql://an@db.example/x"),
            ("mysql://db.example/x", "mysql://db.example/x"),
            ("gì đó", "gì đó"),
        ] {
            assert_eq!(without_password(typed), shown);
        }
    }

    #[test]
    fn each_step_renders() {
        rendered(|frame| Start { frame, errors: vec![ODD.into()], url: ODD.into() });
        let table = || Table {
            name: ODD.into(),
            rows: "1.000".into(),
            key: ODD.into(),
            worth: 80,
            columns: vec![ODD.into()],
            personal: 2,
            remarks: vec![ODD.into()],
        };
        rendered(|frame| Tables {
            frame,
            errors: vec![ODD.into()],
            id: "a".into(),
            address: ODD.into(),
            found: vec![table(), table()],
            more: 3,
            typed: Typed { table: ODD.into(), service: ODD.into(), key: ODD.into() },
        });
        rendered(|frame| Tables {
            frame,
            errors: Vec::new(),
            id: "a".into(),
            address: "postgres://a@b/c".into(),
            found: Vec::new(),
            more: 0,
            typed: Typed::default(),
        });
        let found = |mistakes: &Vec<String>| Found {
            mistakes: mistakes.clone(),
            warnings: vec![ODD.into()],
            fields: vec![ODD.into()],
            rows: vec![vec![ODD.into()]],
        };
        for mistakes in [None, Some(vec![ODD.to_owned()]), Some(Vec::new())] {
            rendered(|frame| Definition {
                frame,
                errors: vec![ODD.into()],
                id: "a".into(),
                text: ODD.into(),
                found: mistakes.as_ref().map(found),
                owners: vec![("000.00.00.G01".into(), ODD.into())],
                sharing: vec![("mandatory".into(), ODD.into())],
                terms: terms::Terms::default(),
            });
        }
    }

    #[test]
    fn a_machine_that_is_silent_is_told_in_words() {
        let line = "không kết nối được CSDL: Connection refused (os error 111)";
        let told = silent(Lang::Vi, "postgres://doc@127.0.0.1:1/a", line).expect("it is that");
        assert!(told.starts_with("Không kết nối được 127.0.0.1:1: máy chủ không nhận kết nối"), "{told}");
        assert_eq!(silent(Lang::Vi, "postgres://a/b", "sai mật khẩu"), None);
    }
}
