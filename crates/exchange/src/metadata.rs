//! X-Road's metadata services: `listClients`, `listMethods`, `allowedMethods`, `getOpenAPI`.
//!
//! The last three are ordinary signed and recorded calls that need no right.

use base::{Part, PartyId, SubsystemId, Ts};
use bytes::Bytes;
use directory::content::Member;
use directory::snapshot::Snapshot;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::body::{OutBody, Spooled};
use crate::error::Reason;
use crate::forward::Reply;
use crate::gateway::Gateway;
use crate::message::Call;
use crate::rights::{Grant, Rights, Service};
use crate::trail::Trail;
use crate::wire::headers::Headers;
use crate::wire::peer::Salts;
use crate::wire::rest;

/// A metadata question to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// All services of the subsystem.
    ListMethods,
    /// Those that the client may call.
    AllowedMethods,
    /// The description of one service.
    GetOpenApi,
}

/// Whether the call is a metadata question.
pub fn asked_for(call: &Call) -> Option<Question> {
    if call.method != Method::GET {
        return None;
    }
    match call.target.service.code.as_str() {
        "listMethods" => Some(Question::ListMethods),
        "allowedMethods" => Some(Question::AllowedMethods),
        "getOpenAPI" => Some(Question::GetOpenApi),
        _ => None,
    }
}

/// Answers a metadata question at the provider's node.
///
/// # Errors
/// An unknown service or one without description.
pub async fn answer(
    gw: &Gateway,
    rights: &Rights,
    directory: &Snapshot,
    call: &Call,
    question: Question,
) -> Result<Reply, Reason> {
    let provider = &call.target.service.provider;
    let (kind, text) = match question {
        Question::ListMethods => {
            methods(rights.services_of(provider).into_iter().map(|s| (s, endpoints_of_service())).collect())
        }
        Question::AllowedMethods => {
            methods(allowed(rights, directory, provider, &call.client, gw.clock.now()))
        }
        Question::GetOpenApi => {
            let code = service_code(call.target.rest()).ok_or(Reason::HeaderInvalid("serviceCode"))?;
            let service = rights.described(provider, &code).ok_or(Reason::ServiceUnknown)?;
            gw.systems.description(service).await?
        }
    };
    let salts = Salts::random();
    let kind = HeaderValue::from_str(&kind).map_err(|_| Reason::ServiceBroken)?;
    let body = Some(Spooled::from_bytes(text, &salts.body)).filter(|b| !b.is_empty());
    let headers = vec![(header::CONTENT_TYPE, kind)];
    Ok(Reply { status: StatusCode::OK, headers, body, salts, withheld: Vec::new() })
}

fn service_code(rest: &str) -> Option<Part> {
    let query = rest.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("serviceCode="))?;
    Part::decode(value).ok()
}

fn endpoints_of_service() -> Vec<Value> {
    vec![json!({ "method": "*", "path": "**" })]
}

fn allowed<'a>(
    rights: &'a Rights,
    directory: &Snapshot,
    provider: &SubsystemId,
    client: &PartyId,
    now: Ts,
) -> Vec<(&'a Service, Vec<Value>)> {
    let services = rights.services_of(provider).into_iter();
    let with_endpoints = services.map(|service| {
        let usable = rights.usable(directory, client, &service.id, now);
        (service, usable.flat_map(endpoints).collect::<Vec<_>>())
    });
    with_endpoints.filter(|(_, endpoints)| !endpoints.is_empty()).collect()
}

fn endpoints(grant: &Grant) -> Vec<Value> {
    if grant.endpoints.is_empty() {
        return endpoints_of_service();
    }
    let one = |e: &crate::rights::Endpoint| json!({ "method": e.method.as_ref().map_or("*", Method::as_str), "path": e.path.as_str() });
    grant.endpoints.iter().map(one).collect()
}

fn methods(services: Vec<(&Service, Vec<Value>)>) -> (String, Bytes) {
    let one = |(service, endpoints): (&Service, Vec<Value>)| {
        let id = &service.id;
        let kind = if service.description.is_some() { "OPENAPI" } else { "REST" };
        json!({
            "object_type": "SERVICE", "service_type": kind,
            "xroad_instance": id.provider.member.instance, "member_class": id.provider.member.class,
            "member_code": id.provider.member.code, "subsystem_code": id.provider.code,
            "service_code": id.code, "endpoint_list": endpoints,
        })
    };
    let list = json!({ "service": services.into_iter().map(one).collect::<Vec<_>>() });
    ("application/json;charset=utf-8".into(), list.to_string().into())
}

/// `GET /listClients`: members and subsystems of the directory; asks no other node and wants no client.
pub fn list_clients(gw: &Gateway, parts: &Parts) -> Response<OutBody> {
    let directory = match gw.directory() {
        Ok(directory) => directory,
        Err(reason) => {
            let trail = Trail::consumer();
            let error = reason.at_consumer();
            return rest::error_response(
                &error,
                trail.request_id(),
                rest::wants_xml(&parts.headers),
                Headers::new(),
            );
        }
    };
    let instance = directory.content().instance.clone();
    let asked = parts.uri.query().and_then(|q| q.split('&').find_map(|p| p.strip_prefix("xRoadInstance=")));
    // Another instance is not federated with this one: nobody is listed.
    let members: &[Member] =
        if asked.is_none_or(|a| a == instance.to_string()) { &directory.content().members } else { &[] };
    let accept = parts.headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let wants_json = accept.into_iter().any(|a| a.contains("application/json"));
    let (kind, text) = if wants_json {
        ("application/json;charset=utf-8", clients_json(members))
    } else {
        ("text/xml;charset=utf-8", clients_xml(members))
    };
    let mut response = Response::new(OutBody::from_bytes(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn clients_json(members: &[Member]) -> String {
    let mut list = Vec::new();
    for member in members {
        let id = json!({ "object_type": "MEMBER", "xroad_instance": member.id.instance, "member_class": member.id.class, "member_code": member.id.code });
        list.push(json!({ "id": id, "name": member.name }));
        for subsystem in &member.subsystems {
            let mut id = id.clone();
            id["object_type"] = "SUBSYSTEM".into();
            id["subsystem_code"] = subsystem.code.as_str().into();
            list.push(json!({ "id": id, "name": member.name, "subsystem_name": subsystem.name }));
        }
    }
    json!({ "member": list }).to_string()
}

fn clients_xml(members: &[Member]) -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><clientList xmlns=\"http://x-road.eu/xsd/xroad.xsd\" xmlns:id=\"http://x-road.eu/xsd/identifiers\">",
    );
    for member in members {
        let parts = format!(
            "<id:xRoadInstance>{}</id:xRoadInstance><id:memberClass>{}</id:memberClass><id:memberCode>{}</id:memberCode>",
            member.id.instance, member.id.class, member.id.code
        );
        let name = rest::xml_text(&member.name);
        // Writing to a string cannot fail.
        let _ = write!(out, "<member><id id:objectType=\"MEMBER\">{parts}</id><name>{name}</name></member>");
        for subsystem in &member.subsystems {
            let code = &subsystem.code;
            let shown = rest::xml_text(&subsystem.name);
            let _ = write!(
                out,
                "<member><id id:objectType=\"SUBSYSTEM\">{parts}<id:subsystemCode>{code}</id:subsystemCode></id><name>{name}</name><subsystemName>{shown}</subsystemName></member>"
            );
        }
    }
    out.push_str("</clientList>");
    out
}
