//! Answering by a definition: the question is checked and put into the service's form, its answer is cut to the declared
//! fields.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query as Asked, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};
use url::Url;

use super::definition::{Definition, Operation, Parameter, Place, Soap, SoapVersion, VALUE_BYTES_MAX};
use super::http::{Answer, Question, Target};
use super::soap::{self, Said};
use super::tree::{self, Tree, as_json};
use crate::error::{Mistake, SourceError};
use crate::protect::Protector;
use crate::serve::{Refusal, described, text_only};
use crate::value::Kind;

/// Largest body of a question, in bytes: a few parameters.
const QUESTION_BYTES_MAX: usize = 64 << 10;
/// Mistakes of a question that are told.
const MISTAKES_MAX: usize = 20;

/// An existing service as it is offered.
pub struct Service {
    definition: Definition,
    url: Url,
    target: Target,
    protector: Protector,
}

type Shared = Arc<Service>;
/// Parameters as texts that the service takes, by name.
type Values = BTreeMap<String, String>;

impl Service {
    /// Reads the files that a definition names; the service behind is not asked.
    ///
    /// # Errors
    /// The address is wrong, a file cannot be read.
    pub fn open(definition: Definition) -> Result<Self, SourceError> {
        let url = definition
            .url
            .parse()
            .map_err(|error: url::ParseError| SourceError::Address { what: error.to_string() })?;
        let target = Target::of(&definition)?;
        let protector = Protector::new(definition.limits.at_once);
        Ok(Self { definition, url, target, protector })
    }

    /// What it answers by.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Asks the service behind; nothing where it says that there is nothing.
    async fn ask(self: &Shared, at: usize, values: &Values) -> Result<Option<Value>, SourceError> {
        let question = self.question(&self.definition.operations[at], values);
        let _turn = self.protector.turn().await?;
        let limit_ms = self.definition.limits.timeout_ms;
        let asked = async {
            let answer = self.target.ask(question).await?;
            let service = Arc::clone(self);
            // Reading megabytes takes a while, in which this thread answers others.
            let reading = move || service.read(&service.definition.operations[at], &answer);
            tokio::task::spawn_blocking(reading).await.map_err(|_| lost())?
        };
        let result = tokio::time::timeout(Duration::from_millis(limit_ms), asked).await;
        let result = result.unwrap_or(Err(SourceError::TimedOut { limit_ms }));
        self.protector.note(&result);
        result
    }

    fn question(&self, operation: &Operation, values: &Values) -> Question {
        match &self.definition.soap {
            Some(soap) => soap_question(&self.url, soap, operation, values),
            None => http_question(&self.url, operation, values),
        }
    }

    fn read(&self, operation: &Operation, answer: &Answer) -> Result<Option<Value>, SourceError> {
        let none = operation.not_found.as_ref();
        if none.is_some_and(|none| none.status.contains(&answer.status.as_u16())) {
            return Ok(None);
        }
        let whole = if let Some(soap) = &self.definition.soap {
            // Faults come with a status of failure: what the body says counts first.
            match soap::read(&self.definition, soap, body(answer, "XML", &is_xml)?) {
                Ok(Said::Fault(codes)) => {
                    let expected = none.and_then(|none| none.fault.as_ref());
                    let is_nothing = expected.is_some_and(|fault| codes.contains(fault));
                    let fault = SourceError::Fault { what: codes.join(", ") };
                    return if is_nothing { Ok(None) } else { Err(fault) };
                }
                Ok(Said::Body(tree)) if answer.status.is_success() => tree,
                Ok(Said::Body(_)) => return Err(refused(answer.status)),
                Err(_) if !answer.status.is_success() => return Err(refused(answer.status)),
                Err(error) => return Err(error),
            }
        } else {
            if !answer.status.is_success() {
                return Err(refused(answer.status));
            }
            Tree::json(body(answer, "JSON", &is_json)?).map_err(|error| error.in_notation("JSON"))?
        };
        tree::given(&self.definition, operation, &whole)
    }
}

/// The thread that read has ended, which it never does by itself.
fn lost() -> SourceError {
    SourceError::Other { what: "không đọc được câu trả lời / the answer was not read".into() }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

fn is_xml(media_type: &str) -> bool {
    ["text/xml", "application/xml"].contains(&media_type) || media_type.ends_with("+xml")
}

/// The text of an answer of the right type.
fn body<'a>(
    answer: &'a Answer,
    notation: &str,
    is_right: &dyn Fn(&str) -> bool,
) -> Result<&'a str, SourceError> {
    match &answer.text {
        Some(text) if is_right(&answer.media_type) => Ok(text),
        _ if !answer.status.is_success() => Err(refused(answer.status)),
        _ => {
            let media: String = answer.media_type.chars().take(100).collect();
            let what = format!("câu trả lời không phải / the answer is no {notation}: {media}");
            Err(SourceError::Other { what })
        }
    }
}

/// What a status of failure means.
fn refused(status: StatusCode) -> SourceError {
    let what = format!("HTTP {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SourceError::NoRight { what },
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => SourceError::Unreachable { source_name: "HTTP".into(), what },
        _ => SourceError::Fault { what },
    }
}

fn soap_question(url: &Url, soap: &Soap, operation: &Operation, values: &Values) -> Question {
    let mut headers = vec![
        (header::CONTENT_TYPE, soap.version.content_type(&operation.action)),
        (header::ACCEPT, "text/xml, application/soap+xml, application/xml".to_owned()),
    ];
    if soap.version == SoapVersion::V1_1 {
        headers.push((HeaderName::from_static("soapaction"), format!("\"{}\"", operation.action)));
    }
    let body = soap::envelope(soap, operation, values);
    Question { method: Method::POST, url: url.clone(), headers, body }
}

fn http_question(url: &Url, operation: &Operation, values: &Values) -> Question {
    let (method, path) = operation.request.split_once(' ').unwrap_or(("GET", "/"));
    let mut url = url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        for part in path.split('/').skip(1) {
            let name = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            // One segment, whatever it contains: the library escapes what would end it.
            segments.push(name.map_or(part, |name| values.get(name).map_or("", String::as_str)));
        }
    }
    let mut body = Map::new();
    for send in &operation.sends {
        let parameter = send.parameter.as_ref();
        let Some(text) = parameter.map_or(send.constant.as_ref(), |name| values.get(name)) else { continue };
        if send.query {
            url.query_pairs_mut().append_pair(&send.to, text);
        } else {
            let kind = parameter.and_then(|name| operation.parameters.iter().find(|one| one.name == *name));
            let value = kind.filter(|one| matches!(one.kind, Kind::Integer | Kind::Boolean));
            let value = value.and_then(|one| as_json(one.kind, text)).unwrap_or_else(|| text.clone().into());
            tree::put(&mut body, &send.to.split('/').collect::<Vec<_>>(), value);
        }
    }
    let mut headers = vec![(header::ACCEPT, "application/json".to_owned())];
    let has_body = method != "GET";
    if has_body {
        headers.push((header::CONTENT_TYPE, "application/json".to_owned()));
    }
    let body = if has_body { Value::Object(body).to_string().into_bytes() } else { Vec::new() };
    let method = match method {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    };
    Question { method, url, headers, body }
}

/// The routes of a service, below its base.
pub fn router(service: Service) -> Router {
    let description = super::openapi::openapi(&service.definition).to_string();
    let described = described(&service.definition.service.code, description);
    let mut routes: Router<Shared> = Router::new().route("/_openapi.json", described);
    for (at, operation) in service.definition.operations.iter().enumerate() {
        let (method, path) = operation.method_and_path();
        let method = if method == "POST" { MethodFilter::POST } else { MethodFilter::GET };
        let answer =
            async move |State(service): State<Shared>,
                        Path(path): Path<BTreeMap<String, String>>,
                        Asked(query): Asked<Vec<(String, String)>>,
                        body: Bytes| answer(&service, at, (path, query, body)).await;
        routes = routes.route(path, on(method, answer));
    }
    routes
        .layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX))
        .layer(from_fn(text_only))
        .with_state(Arc::new(service))
}

type Given = (BTreeMap<String, String>, Vec<(String, String)>, Bytes);

async fn answer(service: &Shared, at: usize, given: Given) -> Result<Response, Refusal> {
    let values = values(&service.definition.operations[at], given)?;
    Ok(match service.ask(at, &values).await? {
        Some(answer) => axum::Json(answer).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// The parameters of a question, each declared, fitting and at most once.
fn values(operation: &Operation, (path, query, body): Given) -> Result<Values, SourceError> {
    let mut given: Vec<(Place, String, Value)> = Vec::new();
    given.extend(path.into_iter().map(|(name, text)| (Place::Path, name, text.into())));
    given.extend(query.into_iter().map(|(name, text)| (Place::Query, name, text.into())));
    if !body.trim_ascii().is_empty() {
        let object: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| {
            let vi = "thân phải là một đối tượng JSON";
            SourceError::Question(vec![Mistake::new("body", vi, "the body must be a JSON object")])
        })?;
        given.extend(object.into_iter().map(|(name, value)| (Place::Body, name, value)));
    }
    let (mut values, mut mistakes) = (Values::new(), Vec::new());
    for (place, name, value) in given {
        if mistakes.len() >= MISTAKES_MAX {
            break;
        }
        let declared =
            operation.parameters.iter().find(|declared| declared.name == name && declared.place == place);
        let Some(declared) = declared else {
            mistakes.push(not_declared(operation, place, &name));
            continue;
        };
        match accepted(operation, declared, &value) {
            Ok(None) => {}
            Ok(Some(text)) => {
                if values.insert(name.clone(), text).is_some() {
                    mistakes.push(Mistake::new(name, "chỉ được nêu một lần", "may stand once only"));
                }
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let missing = operation.parameters.iter().filter(|one| one.required && !values.contains_key(&one.name));
    if mistakes.is_empty() {
        mistakes.extend(missing.map(|one| Mistake::new(&one.name, "còn thiếu", "is missing")));
    }
    if mistakes.is_empty() { Ok(values) } else { Err(SourceError::Question(mistakes)) }
}

fn not_declared(operation: &Operation, place: Place, name: &str) -> Mistake {
    let known: Vec<_> =
        operation.parameters.iter().filter(|one| one.place == place).map(|one| &*one.name).collect();
    let known = if known.is_empty() { "—".to_owned() } else { known.join(", ") };
    let name: String = name.chars().take(64).collect();
    let place = place.name();
    let vi = format!("không phải tham số của {place}; các tham số: {known}");
    Mistake::new(name, vi, format!("is no parameter of the {place}; there are: {known}"))
}

/// Whether a text may be sent at all: on one line, of characters that XML has, too.
pub(super) fn is_sendable(text: &str) -> bool {
    text.len() <= VALUE_BYTES_MAX
        && !text
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'))
}

/// A value that fits its parameter, as the service writes it; nothing for JSON's `null`.
fn accepted(operation: &Operation, declared: &Parameter, value: &Value) -> Result<Option<String>, Mistake> {
    let kind = declared.kind;
    let wrong = |vi: String, en: String| Err(Mistake::new(&declared.name, vi, en));
    let other_type = || {
        let name = kind.name();
        wrong(format!("không phải giá trị kiểu {name}"), format!("is no value of the type {name}"))
    };
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) if kind == Kind::Integer => number.to_string(),
        Value::Bool(yes) if kind == Kind::Boolean => yes.to_string(),
        _ => return other_type(),
    };
    if !is_sendable(&text) {
        let vi = format!("dài quá {VALUE_BYTES_MAX} byte, hoặc có ký tự điều khiển, xuống dòng");
        let en = format!("is longer than {VALUE_BYTES_MAX} bytes, or has control characters or line breaks");
        return wrong(vi, en);
    }
    let Some(sent) = as_json(kind, &text).and_then(|read| sent(declared, &text, &read)) else {
        return other_type();
    };
    let length = text.chars().count();
    let (min, max) = (declared.length_min.unwrap_or(0), declared.length_max.unwrap_or(VALUE_BYTES_MAX));
    if !(min..=max).contains(&length) {
        return wrong(
            format!("phải có {min} đến {max} ký tự"),
            format!("must have {min} to {max} characters"),
        );
    }
    if declared.digits && !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong("chỉ gồm chữ số".into(), "must have digits only".into());
    }
    if !declared.values.is_empty()
        && !declared.values.iter().any(|one| as_json(kind, one) == as_json(kind, &text))
    {
        let known = declared.values.join(", ");
        return wrong(format!("phải là một trong: {known}"), format!("must be one of: {known}"));
    }
    let is_segment = super::definition::placeholders(&operation.request).any(|name| name == declared.name);
    if is_segment && ["", ".", ".."].contains(&&*sent) {
        return wrong("không dùng được".into(), "cannot be used".into());
    }
    Ok(Some(sent))
}

/// A value in the form that the service takes.
fn sent(declared: &Parameter, text: &str, read: &Value) -> Option<String> {
    match (declared.kind, &declared.format) {
        (Kind::Date, Some(format)) => {
            let day: Date = read.as_str()?.parse().ok()?;
            jiff::fmt::strtime::format(format, day).ok()
        }
        (Kind::LocalMoment, format) => {
            let at: DateTime = declared.kind.for_source(text)?.replacen(' ', "T", 1).parse().ok()?;
            match format {
                Some(format) => jiff::fmt::strtime::format(format, at).ok(),
                None => Some(format!("{at}+07:00")),
            }
        }
        _ => Some(match read {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
    }
}
