//! A question that a person asks from a page, in the name of a system of this node: below the registry's API, because
//! the same people sign in there.
//!
//! It goes the way of every question: grant, gate, quota, signature, record. The registry's journal names the person
//! before anything is sent. Systems that prove themselves by a certificate of their own are not spoken for.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use axum::routing::get;
use axum::{Extension, Json, Router};
use base::{PartyId, ServiceId};
use bytes::Bytes;
use exchange::rights::Connection;
use exchange::{Gateway, consumer};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use registry::RegistryError;
use registry::api::{Api, Asked, Caller, Input, Key, ROOT};
use registry::grant::{self, Grant, GrantId, Standing};
use registry::people::Act;
use registry::{Deed, Event};
use serde::{Deserialize, Serialize};
use web::{Peer, Problem};

/// Longest answer that is shown, in bytes; a longer one is recorded all the same.
const SHOWN_BYTES_MAX: usize = 256 * 1024;

/// The gateway of this node, once it runs. Weak, so that an open page does not keep a node from ending.
pub type LateGateway = Arc<OnceLock<Weak<Gateway>>>;

/// What the handlers work with.
#[derive(Clone)]
struct Office {
    api: Api,
    gateway: LateGateway,
    /// How people sign in here, as `Lienthong-Sign-In` says it.
    sign_in: &'static str,
}

/// The routes.
pub fn router(api: Api, gateway: LateGateway, password_only: bool) -> Router {
    let sign_in = if password_only { "1" } else { "2" };
    let office = Office { api: api.clone(), gateway, sign_in };
    let routes = Router::new().route("/trials", get(list).post(ask));
    Router::new().nest(ROOT, routes).layer(Extension(office)).with_state(api)
}

impl Office {
    fn gateway(&self) -> Result<Arc<Gateway>, Problem> {
        self.gateway.get().and_then(Weak::upgrade).ok_or_else(|| {
            let title = "Nút đang khởi động hoặc đang dừng, thử lại sau / The node is starting or stopping: try again later";
            Problem { retry_after_s: Some(5), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, &"EX-0703", title) }
        })
    }
}

/// Of which service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    service: ServiceId,
}

/// Whether a system can be asked for from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Can {
    /// It is one of this node's.
    Here,
    /// Its node is another one.
    Elsewhere,
    /// Nobody but itself has its certificate.
    Certificate,
}

impl Can {
    fn of(gateway: &Gateway, system: &PartyId) -> Self {
        match gateway.rights().connection(system) {
            Some(Connection::PlainLoopback | Connection::Tls) => Self::Here,
            Some(Connection::Mutual(_)) => Self::Certificate,
            None => Self::Elsewhere,
        }
    }
}

/// A grant of a system that the person may speak for.
#[derive(Serialize)]
struct Chance {
    grant: GrantId,
    system: PartyId,
    /// Empty means any.
    purposes: Vec<String>,
    /// Whether each call must quote a dossier.
    dossier: bool,
    can: Can,
}

/// The grants in force on a service by which the person could ask, or could if their systems were here.
async fn list(
    Extension(office): Extension<Office>,
    Caller(person): Caller,
    Asked(Wanted { service }): Asked<Wanted>,
) -> Result<Json<Vec<Chance>>, Problem> {
    let (gateway, now) = (office.gateway()?, office.api.now());
    let grants: Vec<Grant> = office.api.registry().read(|state| {
        let held = state.grants.on_service(&service).filter(|held| held.replaced_by.is_none());
        let in_force = held.filter(|held| held.grant.standing(now) == Standing::InForce);
        in_force.map(|held| held.grant.clone()).collect()
    });
    let own =
        grants.into_iter().filter(|grant| office.api.answering(&person, Act::GrantTry, &grant.to).is_some());
    let chance = |grant: Grant| Chance {
        can: Can::of(&gateway, &grant.to),
        grant: grant.id,
        system: grant.to,
        purposes: grant.terms.purposes,
        dossier: grant.terms.conditions.dossier,
    };
    Ok(Json(own.map(chance).collect()))
}

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    grant: GrantId,
    /// Whether the person said that a real call is meant.
    #[serde(default)]
    confirmed: bool,
    method: String,
    /// Behind the service's code, percent-encoded, with its query.
    path: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    dossier: String,
    /// Headers that the service itself asks for.
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// JSON, or nothing.
    #[serde(default)]
    body: String,
}

/// What came back.
#[derive(Serialize)]
struct Answer {
    /// `X-Road-Id`.
    id: String,
    /// `X-Road-Request-Id`.
    call: String,
    status: u16,
    /// The platform's code, when it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    took_ms: u64,
    media_type: String,
    /// Absent when it is not text, or too long to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// Asks, as the system itself would.
async fn ask(
    Extension(office): Extension<Office>,
    Caller(person): Caller,
    key: Key,
    Input(question): Input<Question>,
) -> Result<Json<Answer>, Problem> {
    let gateway = office.gateway()?;
    let found = office.api.registry().read(|state| state.grants.get(&question.grant).cloned());
    let none = || RegistryError::NoSuch { kind: "grant", name: question.grant.to_string() };
    let grant = found.ok_or_else(none)?;
    let agency = office.api.answering(&person, Act::GrantTry, &grant.to);
    let subject = format!("grant/{}/try", grant.id);
    let deed = Deed { act: Act::GrantTry, agency: agency.as_ref(), subject: &subject, key: key.0.as_deref() };
    if agency.is_none() {
        // Refused in writing, as every act of who may not.
        office.api.registry().act_once(&person, &Deed { key: None, ..deed }, |_, _| Ok(Vec::new())).await?;
    }
    if !question.confirmed || Can::of(&gateway, &grant.to) != Can::Here {
        let vi = "chưa xác nhận, hoặc nút này không gọi thay được hệ thống đó; hãy gọi từ chính hệ thống hoặc từ nút của nó";
        let en = "not confirmed, or this node cannot ask for that system: ask from the system itself, or from its node";
        return Err(RegistryError::invalid("grant", vi, en).into());
    }
    let id = format!("thu-{}", uuid::Uuid::now_v7());
    let request = request(&question, &grant, (&id, person.id.as_str(), office.sign_in))?;
    let mut decided = false;
    let tried = grant::Event::Tried { id: grant.id.clone(), call: id.clone() };
    let decide = |_: &_, _: &_| {
        decided = true;
        Ok(vec![Event::Grant(tried.clone())])
    };
    office.api.registry().act_once(&person, &deed, decide).await?;
    if !decided {
        let vi = "câu hỏi này đã gửi rồi; xem kết quả ở mục Chứng cứ, hoặc mở lại biểu mẫu để gọi lần nữa";
        let en = "this was asked already: see it under Evidence, or open the form again to ask once more";
        return Err(RegistryError::invalid("key", vi, en).into());
    }
    let started = Instant::now();
    // As over HTTPS from this machine, without a certificate of the system.
    let peer = Peer { address: (Ipv4Addr::LOCALHOST, 0).into(), tls: true, certificate: None };
    let (head, body) = consumer::handle(gateway, peer, request).await.into_parts();
    let body = Limited::new(body, SHOWN_BYTES_MAX).collect().await.ok();
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Json(Answer {
        id,
        call: text("x-road-request-id").unwrap_or_default(),
        status: head.status.as_u16(),
        code: text("lienthong-error"),
        took_ms,
        media_type: text(header::CONTENT_TYPE.as_str()).unwrap_or_default(),
        body: body.and_then(|body| String::from_utf8(body.to_bytes().into()).ok()),
    }))
}

/// The question as the system would send it.
fn request(
    question: &Question,
    grant: &Grant,
    (id, person, sign_in): (&str, &str, &str),
) -> Result<Request<Full<Bytes>>, RegistryError> {
    let wrong = |place: &str, what: &str| {
        RegistryError::invalid(
            place,
            "không gửi đi được dưới dạng HTTP",
            format!("cannot be sent by HTTP: {what}"),
        )
    };
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &str| -> Result<(), RegistryError> {
        if value.is_empty() {
            return Ok(());
        }
        let name: header::HeaderName = name.parse().map_err(|_| wrong("headers", name))?;
        let value =
            header::HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong("headers", name.as_str()))?;
        // The last one counts, so that nobody speaks for another system or person by a header of the service.
        headers.insert(name, value);
        Ok(())
    };
    for (name, value) in &question.headers {
        put(name, value)?;
    }
    put("accept", "application/json")?;
    put("content-type", if question.body.is_empty() { "" } else { "application/json" })?;
    for (name, value) in [
        ("x-road-client", &*grant.to.encoded()),
        ("x-road-id", id),
        ("x-road-userid", person),
        ("x-road-issue", &question.dossier),
        ("lienthong-sign-in", sign_in),
        ("lienthong-purpose", &question.purpose),
    ] {
        put(name, value)?;
    }
    let method: Method = question.method.parse().map_err(|_| wrong("method", &question.method))?;
    let uri = format!("/r1/{}{}", grant.service.encoded(), question.path);
    let body = Full::new(Bytes::from(question.body.clone()));
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .body(body)
        .map_err(|error| wrong("path", &error.to_string()))?;
    *request.headers_mut() = headers;
    Ok(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn grant() -> Grant {
        serde_json::from_value(serde_json::json!({
            "id": "QK-2026-000001", "to": "VN/GOV/G01/THU", "service": "VN/GOV/G01/DANCU/tra-cuu",
            "terms": { "legal_basis": "Điều 7" }, "decision": "YC-2026-000001", "force": "active",
        }))
        .unwrap()
    }

    fn question(path: &str, headers: &[(&str, &str)]) -> Question {
        Question {
            grant: "QK-2026-000001".parse().unwrap(),
            confirmed: true,
            method: "GET".into(),
            path: path.into(),
            purpose: "thu-nghiem".into(),
            dossier: String::new(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: String::new(),
        }
    }

    #[test]
    fn a_question_is_that_of_the_system_and_names_the_person() {
        let asked =
            question("/049090000001?x=1", &[("X-Road-Client", "VN/GOV/H17/KHAC"), ("X-Road-UserId", "khac")]);
        let request = request(&asked, &grant(), ("thu-1", "an", "2")).unwrap();
        assert_eq!(request.uri(), "/r1/VN/GOV/G01/DANCU/tra-cuu/049090000001?x=1");
        let is = |name: &str, value: &str| {
            assert_eq!(request.headers().get_all(name).iter().collect::<Vec<_>>(), [value], "{name}");
        };
        is("x-road-client", "VN/GOV/G01/THU");
        is("x-road-userid", "an");
        is("lienthong-purpose", "thu-nghiem");
        assert!(!request.headers().contains_key("x-road-issue"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (path, headers) in [
            ("/a b", vec![]),
            ("/a\r\nX: y", vec![]),
            ("/a", vec![("x y", "1")]),
            ("/a", vec![("x", "1\n2")]),
        ] {
            assert!(
                request(&question(path, &headers), &grant(), ("thu-1", "an", "2")).is_err(),
                "{path} {headers:?}"
            );
        }
    }
}
