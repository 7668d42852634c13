//! A registry with the agencies of the country and three services of a ministry, and the road of a request.

use http::Method;
use registry::people::{Act, Person, Post, Role};
use registry::{Event, agency, service};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

pub const CONSUMER: &str = "VN-DEMO/GOV/H17/MOT-CUA";
/// Automatic, on request with personal data.
pub const SERVICES: [&str; 2] =
    ["VN-DEMO/GOV/G01/DAN-CU/danh-muc-dan-toc", "VN-DEMO/GOV/G01/DAN-CU/tra-cuu-cu-tru"];
pub const BASIS: &str = "Điều 7 Nghị định 278/2025/NĐ-CP";

fn operator() -> Person {
    let post = Post::new(Role::PlatformOperator, None);
    Person { id: "vanhanh1".parse().unwrap(), posts: vec![post] }
}

/// Enters agencies and services.
pub async fn set_up(server: &Server) {
    let registry = &server.registry;
    let enter = |state: &registry::State, moment: &registry::Moment| {
        agency::import(state, moment, agency::built_in())
    };
    registry.act(&operator(), Act::AgencyPut, None, "agencies", enter).await.unwrap();
    let of_kind = |(id, sharing, class): (&str, &str, &str)| {
        let fields = ["hoTen", "thuongTru.tinh", "thuongTru.xa"].map(|path| json!({ "path": path }));
        let service = json!({
            "id": id, "version": "1.0.0", "owner": "000.00.00.G01", "stage": "published", "title": { "vi": "Tra cứu" },
            "data_class": class, "sharing": sharing, "legal_basis": BASIS, "fields": fields,
            "openapi": { "paths": { "/cong-dan/{so}": { "get": {} } } },
        });
        Event::Service(service::Event::Put(Box::new(serde_json::from_value(service).unwrap())))
    };
    let events: Vec<Event> =
        [(SERVICES[0], "mandatory", "public"), (SERVICES[1], "on_request", "personal_basic")]
            .map(of_kind)
            .to_vec();
    registry.act(&operator(), Act::AgencyPut, None, "services", |_, _| Ok(events.clone())).await.unwrap();
}

/// What is asked for of service 1 or 2.
pub fn ask(kind: usize) -> Value {
    let contacts = ["business", "technical", "security"]
        .map(|kind| json!({ "kind": kind, "name": "Phòng CNTT", "phone": "0236 1022" }));
    json!({
        "consumer": CONSUMER, "agency": "000.00.00.H17", "service": SERVICES[kind - 1],
        "reason": "Giải quyết thủ tục hành chính", "contacts": contacts,
        "terms": { "fields": ["hoTen", "thuongTru"], "purposes": ["giai-quyet-tthc"], "legal_basis": BASIS, "quota_day": 1000 },
    })
}

/// Opens a request and gives its number.
pub async fn open(server: &Server, kind: usize) -> String {
    let answer = server.by("quantri.h17", Method::POST, "/requests", Some(ask(kind))).await.ok();
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Changes something that exists, with the version that it has now.
pub async fn change(server: &Server, by: &str, thing: &str, verb: &str, body: Value) -> Answer {
    let etag = server.get("kiemtoan", thing).await.ok().headers["etag"].to_str().unwrap().to_owned();
    change_seen(server, by, &format!("{thing}{verb}"), &etag, body).await
}

/// Changes something that exists, with the version that was seen.
pub async fn change_seen(server: &Server, by: &str, path: &str, etag: &str, body: Value) -> Answer {
    let token = format!("Bearer {}", server.sign_in(by).await);
    let headers = [("authorization", token.as_str()), ("if-match", etag)];
    let method = if path.starts_with("/grants/") && path.matches('/').count() == 2 {
        Method::PATCH
    } else {
        Method::POST
    };
    server.send(method, path, &headers, Some(body)).await
}

/// Adds a document.
pub async fn attach(server: &Server, by: &str, id: &str, (query, content): (&str, Vec<u8>)) -> Answer {
    let thing = format!("/requests/{id}");
    let etag = server.get("kiemtoan", &thing).await.ok().headers["etag"].to_str().unwrap().to_owned();
    let token = format!("Bearer {}", server.sign_in(by).await);
    let headers =
        [("authorization", token.as_str()), ("if-match", etag.as_str()), ("content-type", "application/pdf")];
    server.raw(Method::POST, &format!("{thing}/attachments?{query}"), &headers, content).await
}

pub async fn document(server: &Server, id: &str, item: &str) {
    let query = format!("item={item}&name={item}.pdf");
    attach(server, "quantri.h17", id, (&query, format!("%PDF {item}").into_bytes())).await.ok();
}

pub async fn decide(server: &Server, by: &str, id: &str, decision: Value) -> Answer {
    change(server, by, &format!("/requests/{id}"), "/steps", decision).await
}

/// Takes steps, each by the right person with the documents that it wants, until the request stands at `step`.
pub async fn go_to(server: &Server, id: &str, step: &str) {
    loop {
        let whole = server.get("kiemtoan", &format!("/requests/{id}")).await.ok().json();
        let at = whole["request"]["step"].as_str().unwrap().to_owned();
        if at == step {
            return;
        }
        let personal = whole["request"]["kind"] != 1;
        let (by, items): (&str, &[&str]) = match at.as_str() {
            "department" if personal => {
                ("quantri.h17", &["technical_registration", "data_scope", "impact_assessment"])
            }
            "department" => ("quantri.h17", &["technical_registration"]),
            "province_signs" => ("lanhdao.h17", &["province_signature"]),
            "data_owner" => ("dulieu.g01", &[]),
            "technical_check" if personal => ("vanhanh1", &["security_minutes"]),
            "test_minutes" => ("vanhanh1", &["test_minutes"]),
            _ => ("vanhanh1", &[]),
        };
        for item in items {
            document(server, id, item).await;
        }
        decide(server, by, id, json!({ "decision": "approve" })).await.ok();
    }
}

/// Files an item of the gate, and gives the number of the filing.
pub async fn file(server: &Server, by: &str, (party, item): (&str, &str), about: Option<&str>) -> Answer {
    let contacts = ["business", "technical", "security"]
        .map(|duty| json!({ "duty": duty, "name": "Phòng Kỹ thuật", "phone": "0236 1022" }));
    let mut filing = json!({
        "party": party, "item": item, "number": "12/BB-CAT", "issued_on": "2026-11-09", "document": "07".repeat(32),
    });
    if item == "security_level" {
        filing["level"] = json!(3);
    }
    if item == "contacts" {
        filing["contacts"] = json!(contacts);
    }
    if let Some(about) = about {
        filing["about"] = json!(about);
    }
    server.by(by, Method::POST, "/gate/filings", Some(filing)).await
}

/// Shows an item: one person files it, another accepts it.
pub async fn show(server: &Server, party: &str, item: &str, about: Option<&str>) {
    let by = if party == CONSUMER { "anninh.h17" } else { "anninh.g01" };
    let id = file(server, by, (party, item), about).await.ok().json()["id"].as_str().unwrap().to_owned();
    let accepted = json!({ "verdict": "accepted" });
    change(server, "vanhanh1", &format!("/gate/filings/{id}"), "/judge", accepted).await.ok();
}

pub const OF_SYSTEM: [&str; 4] = ["security_level", "security_regulation", "security_minutes", "contacts"];

/// Goes the whole road and gives the number of the grant.
pub async fn go_live(server: &Server, id: &str) -> String {
    document(server, id, "risk_assessment").await;
    let thing = format!("/requests/{id}");
    let conclusion = json!({ "conclusion": "Rủi ro ở mức chấp nhận được" });
    change(server, "anninh.h17", &thing, "/tasks/risk_assessment/close", conclusion).await.ok();
    go_to(server, id, "live").await;
    for party in [CONSUMER, "VN-DEMO/GOV/G01/DAN-CU"] {
        for item in OF_SYSTEM {
            show(server, party, item, None).await;
        }
    }
    let whole = server.get("kiemtoan", &thing).await.ok().json();
    for missing in whole["stands_against"].as_array().unwrap() {
        let item = missing.as_str().unwrap().split(' ').next().unwrap();
        show(server, CONSUMER, item, Some(id)).await;
    }
    decide(server, "vanhanh1", id, json!({ "decision": "approve" })).await.ok();
    let whole = server.get("kiemtoan", &thing).await.ok().json();
    whole["request"]["grant"].as_str().unwrap().to_owned()
}

/// Entries in the journal.
pub async fn entries(server: &Server) -> Vec<Value> {
    let list = server.get("kiemtoan", "/journal?limit=500").await.ok().json();
    list["items"].as_array().unwrap().clone()
}
