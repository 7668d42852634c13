//! Look-ups, pages, counts and verdicts.

use std::collections::BTreeMap;

use axum::extract::{Path, Query as Asked, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri, header};
use serde_json::{Map, Value, json};

use super::follow::{by_hash, by_table};
use super::{Refusal, Service, Shared};
use crate::definition::{Changes, Compare, Definition, Verified};
use crate::engine::Row;
use crate::error::{Mistake, SourceError};
use crate::meaning::name_folded;
use crate::query::Page;

/// Room for a row of an answer, so that most need no more.
const ROW_BYTES: usize = 512;

type Asking = Asked<Vec<(String, String)>>;
type Parameters = BTreeMap<String, String>;

/// The row of `look_up`, with its lists.
pub(super) async fn one(
    State(service): State<Shared>,
    uri: Uri,
    Path(value): Path<String>,
    Asked(given): Asking,
) -> Result<Response, Refusal> {
    if let Some((name, _)) = given.into_iter().next() {
        let en = "a look-up has no parameters";
        return Err(question(name, "tra cứu một dòng không có tham số", en).into());
    }
    if let Some(kept) = service.cache.get(uri.path()) {
        return Ok(given_again(&service, kept));
    }
    if service.lists.is_empty() {
        let written = written(&service, &value).await?;
        let Some((out, red)) = written else { return Ok(StatusCode::NOT_FOUND.into_response()) };
        let answer = service.keep(uri.path(), out);
        return Ok(service.marked(red, answer));
    }
    let Some(row) = row(&service, &value).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let mut out = Vec::new();
    service.write(&row, &mut out)?;
    for (list, shape) in service.definition.lists.iter().zip(&service.lists) {
        let rows = match service.query().list(list, &row) {
            Some(statement) => service.ask(statement).await?,
            None => Vec::new(),
        };
        if rows.len() > list.rows_max as usize {
            return Err(SourceError::TooLong { list: list.name.clone(), limit: list.rows_max }.into());
        }
        out.pop();
        out.extend_from_slice(format!(",{}:", Value::from(&*list.name)).as_bytes());
        array(&rows, &mut out, |row, out| {
            shape.write(row, out).map_err(|unfit| shape.unfit(unfit, std::slice::from_ref(&value)))
        })?;
        out.push(b'}');
    }
    let answer = service.keep(uri.path(), out);
    Ok(service.marked(usize::from(service.is_red(&row)), answer))
}

/// The one row that has this value.
async fn row(service: &Service, value: &str) -> Result<Option<Row>, SourceError> {
    let mut rows = service.ask(service.query().one(value)?).await?;
    if rows.len() > 1 { Err(several(service)) } else { Ok(rows.pop()) }
}

/// The same, written as it comes; with how many rows break a rule of severity red.
async fn written(service: &Service, value: &str) -> Result<Option<(Vec<u8>, usize)>, SourceError> {
    let statement = service.query().one(value)?;
    let (mut out, mut rows, mut wrong, mut red) = (Vec::with_capacity(ROW_BYTES), 0, None, 0);
    service
        .read(&statement, |row| {
            rows += 1;
            if rows == 1 {
                wrong = service.write(row, &mut out).err();
                red = usize::from(service.is_red(row));
            }
        })
        .await?;
    match (rows, wrong) {
        (2.., _) => Err(several(service)),
        (_, Some(error)) => Err(error),
        (rows, None) => Ok((rows == 1).then_some((out, red))),
    }
}

fn several(service: &Service) -> SourceError {
    let name = service.definition.service.look_up.clone().unwrap_or_default();
    let en = "more rows than one have this value: search with a filter";
    question(name, "có nhiều dòng cùng giá trị này; tìm bằng bộ lọc", en)
}

/// A page.
pub(super) async fn page(
    State(service): State<Shared>,
    uri: Uri,
    Asked(given): Asking,
) -> Result<Response, Refusal> {
    let asked = read_page(&service.definition, single(given)?, false)?;
    let key = uri.path_and_query().map_or("", |whole| whole.as_str());
    if let Some(kept) = service.cache.get(key) {
        return Ok(given_again(&service, kept));
    }
    let (red, out) = rows_of(&service, asked).await?;
    let answer = service.keep(key, out);
    Ok(service.marked(red, answer))
}

/// A page of what changed.
pub(super) async fn changes(
    State(service): State<Shared>,
    Asked(given): Asking,
) -> Result<Response, Refusal> {
    let page = read_page(&service.definition, single(given)?, true)?;
    let (red, answer) = match &service.definition.changes {
        Some(Changes::Table(table)) => (0, by_table(&service, table, &page).await?),
        Some(Changes::Hash { .. }) => (0, by_hash(&service, &page).await?),
        None | Some(Changes::Column { .. }) => rows_of(&service, page).await?,
    };
    Ok(service.marked(red, as_json(answer)))
}

/// How many rows of a page break a rule of severity red, and the answer.
async fn rows_of(service: &Service, page: Page) -> Result<(usize, Vec<u8>), SourceError> {
    let query = service.query();
    let statement = query.page(&page)?;
    let mut out = Vec::with_capacity(ROW_BYTES * page.limit as usize);
    out.extend_from_slice(b"{\"items\":[");
    let (mut rows, mut wrong, mut next) = (0, None, None);
    let (mut last, mut red) = (Vec::new(), 0);
    service
        .read(&statement, |row| {
            rows += 1;
            if rows > page.limit {
                next = Some(token(&last));
            } else if wrong.is_none() {
                if rows > 1 {
                    out.push(b',');
                }
                red += usize::from(service.is_red(row));
                wrong = service.write(row, &mut out).err();
                if rows == page.limit {
                    last = query.key_of(row);
                }
            }
        })
        .await?;
    if let Some(error) = wrong {
        return Err(error);
    }
    out.extend_from_slice(format!("],\"next\":{}}}", json!(next)).as_bytes());
    Ok((red, out))
}

pub(super) fn array<T>(
    rows: &[T],
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    out.push(b'[');
    for (place, row) in rows.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(row, out)?;
    }
    out.push(b']');
    Ok(())
}

/// How many rows.
pub(super) async fn count(
    State(service): State<Shared>,
    uri: Uri,
    Asked(given): Asking,
) -> Result<Response, Refusal> {
    let given = single(given)?;
    if let Some(name) = ["limit", "after"].into_iter().find(|name| given.contains_key(*name)) {
        let vi = "đếm tất cả các dòng hợp với bộ lọc, không theo trang";
        return Err(
            question(name, vi, "all rows that fit the filters are counted, not those of a page").into()
        );
    }
    let page = read_page(&service.definition, given, false)?;
    let key = uri.path_and_query().map_or("", |whole| whole.as_str());
    if let Some(kept) = service.cache.get(key) {
        return Ok(given_again(&service, kept));
    }
    let rows = service.ask(service.query().count(&page)?).await?;
    let count = rows.first().and_then(|row| row.first()?.as_deref()?.parse::<u64>().ok());
    Ok(service.keep(key, json!({ "count": count }).to_string().into_bytes()))
}

/// Whether what a consumer knows of a row is so: yes or no, and nothing of the row.
pub(super) async fn verify(State(service): State<Shared>, body: Bytes) -> Result<Response, Refusal> {
    let known = claim(&service.definition, &body)?;
    let look_up = service.definition.service.look_up.as_deref().unwrap_or_default();
    let Some(value) = known.get(look_up) else {
        return Err(question(look_up, "phải có", "is needed").into());
    };
    let row = row(&service, value).await?;
    let agrees = |row: &Row, (name, value): (&String, &String)| {
        let of = |verified: &&Verified| verified.field == *name;
        let at = service.definition.fields.iter().position(|field| field.name == *name)?;
        let stored = &*service.definition.fields[at].unicode(row[at].as_deref()?)?;
        Some(match service.definition.verified.iter().find(of)?.compare {
            Compare::Name => name_folded(stored) == name_folded(value),
            Compare::Exact => {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                let kind = service.definition.fields[at].kind;
                kind.write(stored, &mut left) && kind.write(value, &mut right) && left == right
            }
        })
    };
    let verdict = row.is_some_and(|row| known.iter().all(|pair| agrees(&row, pair) == Some(true)));
    Ok(as_json(json!({ "ketQua": verdict }).to_string().into_bytes()))
}

/// What a consumer says it knows, each field at most once and of its type.
fn claim(definition: &Definition, body: &[u8]) -> Result<Parameters, SourceError> {
    let no_object = || question("body", "phải là một đối tượng JSON", "must be a JSON object");
    let given: Map<String, Value> = serde_json::from_slice(body).map_err(|_| no_object())?;
    let (mut known, mut mistakes) = (Parameters::new(), Vec::new());
    for (name, value) in given {
        let verified = definition.verified.iter().find(|verified| verified.field == name);
        let text = match value {
            Value::Null => continue,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(yes) => Some(yes.to_string()),
            _ => None,
        };
        let field = verified.and_then(|_| definition.field(&name));
        match (field, text) {
            (None, _) => {
                let all: Vec<_> = definition.verified.iter().map(|verified| &*verified.field).collect();
                let all = all.join(", ");
                let vi = format!("không xác thực được trường này; các trường: {all}");
                mistakes.push(Mistake::new(name, vi, format!("cannot be confirmed; there are: {all}")));
            }
            (Some(field), Some(text))
                if text.len() <= crate::query::VALUE_BYTES_MAX && field.kind.fits(&text) =>
            {
                known.insert(name, text);
            }
            (Some(field), _) => {
                let kind = field.kind.name();
                let vi = format!("không phải giá trị kiểu {kind}");
                mistakes.push(Mistake::new(name, vi, format!("is no value of the type {kind}")));
            }
        }
        if mistakes.len() >= 20 {
            break;
        }
    }
    let missing = definition.verified.iter().filter(|v| v.required && !known.contains_key(&v.field));
    mistakes.extend(missing.map(|v| Mistake::new(&*v.field, "phải có", "is needed")));
    if mistakes.is_empty() { Ok(known) } else { Err(SourceError::Question(mistakes)) }
}

/// The parameters of a question, each at most once.
pub(crate) fn single(given: Vec<(String, String)>) -> Result<Parameters, SourceError> {
    let mut parameters = Parameters::new();
    for (name, value) in given {
        if parameters.insert(name.clone(), value).is_some() {
            return Err(question(name, "chỉ được nêu một lần", "may stand once only"));
        }
    }
    Ok(parameters)
}

/// The parameters of a page; `since` only where changes are asked for.
fn read_page(
    definition: &Definition,
    mut parameters: Parameters,
    changes: bool,
) -> Result<Page, SourceError> {
    let mut mistakes = Vec::new();
    let limits = &definition.limits;
    let limit = parameters.remove("limit").map_or(Some(limits.page_rows), |text| text.parse().ok());
    let limit = limit.filter(|limit| (1..=limits.page_rows_max).contains(limit)).unwrap_or_else(|| {
        let max = limits.page_rows_max;
        mistakes.push(Mistake::new("limit", format!("từ 1 đến {max}"), format!("from 1 to {max}")));
        1
    });
    let after = parameters.remove("after").map(|text| {
        key(&text).unwrap_or_else(|| {
            let vi = "không phải giá trị next của trang trước";
            mistakes.push(Mistake::new("after", vi, "is not the next of a page"));
            Vec::new()
        })
    });
    let since = if changes { parameters.remove("since") } else { None };
    if changes && (since.is_none() || definition.changes.is_none()) {
        let vi = "phải có; dịch vụ phải khai changes";
        mistakes.push(Mistake::new("since", vi, "is needed, and the service must tell changes"));
    }
    if !mistakes.is_empty() {
        return Err(SourceError::Question(mistakes));
    }
    Ok(Page { filters: parameters.into_iter().collect(), limit, after, since })
}

pub(crate) fn question(place: impl Into<String>, vi: &str, en: &str) -> SourceError {
    SourceError::Question(vec![Mistake::new(place, vi, en)])
}

/// The key of a row as consumers send it back: JSON in base64 for addresses.
pub(crate) fn token(key: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(json!(key).to_string())
}

pub(crate) fn key(token: &str) -> Option<Vec<String>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn as_json(answer: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, JSON)], answer.into()).into_response()
}

fn given_again(service: &Service, (age, answer): (u64, Bytes)) -> Response {
    service.load.cache_hit();
    let mut response = as_json(answer);
    response.headers_mut().insert(header::AGE, HeaderValue::from(age));
    response
}
