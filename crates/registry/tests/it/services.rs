//! Services through the API.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::Server;

const PATH: &str = "/services/VN-DEMO/GOV/G01/DANCU/tra-cuu-ho";

fn draft(version: &str) -> Value {
    json!({
        "id": "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho", "owner": "000.00.00.G01",
        "title": { "vi": "Tra cứu hộ gia đình", "en": "Look up a household" },
        "data_class": "personal_basic", "sharing": "on_request", "legal_basis": "Luật Cư trú 68/2020/QH14",
        "openapi": { "openapi": "3.1.1", "info": { "title": "Tra cứu hộ gia đình", "version": version },
            "paths": { "/{soHo}": { "get": {
                "parameters": [{ "name": "soHo", "in": "path", "required": true, "schema": { "type": "string" } }],
                "responses": { "200": { "description": "Hộ", "content": { "application/json": { "schema": {
                    "type": "object", "properties": { "chuHo": { "type": "string", "description": "Chủ hộ",
                        "x-lienthong-personal": true } } } } } } } } } } },
    })
}

#[tokio::test]
async fn a_special_service_without_impact_assessment_is_refused_at_registration() {
    let server = Server::start().await.with_agencies().await;
    let mut special = draft("1.0.0");
    special["sharing"] = "special".into();
    let refused = server.by("quantri.g01", Method::PUT, PATH, Some(special.clone())).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "EX-2017"));
    assert_eq!(server.newest().await.2.as_deref(), Some("EX-2017"));
    special["impact_assessment"] = "12/ĐGTĐ-2026".into();
    server.by("quantri.g01", Method::PUT, PATH, Some(special)).await.ok();
}

#[tokio::test]
async fn nothing_of_a_state_secret_is_in_the_journal_or_in_an_answer() {
    let server = Server::start().await.with_agencies().await;
    server.by("quantri.g01", Method::PUT, PATH, Some(draft("1.0.0"))).await.ok();
    let tag = server.tag("quantri.g01", PATH).await;
    let mut secret = draft("2.0.0");
    secret["title"]["vi"] = "KHONGDUOCLO".into();
    secret["legal_basis"] = "KHONGDUOCLO".into();
    secret["openapi"]["info"]["title"] = "KHONGDUOCLO".into();
    let mut by_class = secret.clone();
    by_class["data_class"] = "state_secret".into();
    let mut by_mark = secret;
    by_mark["openapi"]["paths"]["/{soHo}"]["get"]["x-do-mat"] = "Tối mật".into();
    for body in [by_class, by_mark] {
        for seen in [Some(tag.as_str()), None] {
            let refused = match seen {
                Some(seen) => server.change("quantri.g01", Method::PUT, PATH, seen, body.clone()).await,
                None => server.by("quantri.g01", Method::PUT, PATH, Some(body.clone())).await,
            };
            assert_eq!(refused.problem(), "EX-2008");
            assert!(!String::from_utf8_lossy(&refused.body).contains("KHONGDUOCLO"));
        }
    }
    for path in ["/journal?limit=500", "/services?stage=draft", PATH] {
        let answer = server.get("vanhanh1", path).await.ok();
        assert!(!String::from_utf8_lossy(&answer.body).contains("KHONGDUOCLO"), "{path}");
    }
}

#[tokio::test]
async fn a_draft_is_its_owners_alone_until_it_is_published() {
    let server = Server::start().await.with_agencies().await;
    server.by("quantri.g01", Method::PUT, PATH, Some(draft("1.0.0"))).await.ok();
    let openapi = format!("{PATH}/openapi");
    for (who, sees) in [("quantri.h17", false), ("dulieu.g01", true), ("kiemtoan", true)] {
        let expected = if sees { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(server.get(who, PATH).await.status, expected, "{who}");
        assert_eq!(server.get(who, &openapi).await.status, expected, "{who}");
        let listed = server.get(who, "/services?stage=draft").await.ok().json();
        assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(sees), "{who}");
    }
    let tag = server.tag("dulieu.g01", PATH).await;
    let publish = format!("{PATH}/publish");
    server.change("dulieu.g01", Method::POST, &publish, &tag, json!({ "version": "1.0.0" })).await.ok();
    let found = server.get("quantri.h17", "/services?q=ho%20gia%20dinh").await.ok().json();
    assert_eq!(found["items"][0]["stage"], "published");
    let shown = server.get("quantri.h17", PATH).await.ok().json();
    let curl = shown["examples"][0]["curl"].as_str().unwrap();
    assert!(curl.contains("/r1/VN-DEMO/GOV/G01/DANCU/tra-cuu-ho/"), "{curl}");
    assert_eq!(shown["history"], json!([]));
    assert_eq!(server.get("quantri.h17", &openapi).await.ok().json()["openapi"], "3.1.1");
}

async fn every_change_is_in_the_journal(server: Server) {
    let server = server.with_agencies().await;
    server.by("quantri.g01", Method::PUT, PATH, Some(draft("1.0.0"))).await.ok();
    let other = "/services/VN-DEMO/GOV/G01/DANCU/khac";
    let mut second = draft("1.0.0");
    second["id"] = "VN-DEMO/GOV/G01/DANCU/khac".into();
    server.by("quantri.g01", Method::PUT, other, Some(second)).await.ok();
    let one = json!({ "version": "1.0.0" });
    let tag = server.tag("quantri.g01", other).await;
    server.change("quantri.g01", Method::POST, &format!("{other}/publish"), &tag, one.clone()).await.ok();

    let mut master = draft("1.0.0");
    master["master_of"] = "ho-gia-dinh".into();
    let to = "VN-DEMO/GOV/G01/DANCU/khac";
    let acts = [
        (Method::PUT, PATH.to_owned(), master),
        (Method::POST, format!("{PATH}/publish"), one),
        (Method::POST, format!("{PATH}/hand-over"), json!({ "object": "ho-gia-dinh", "to": to })),
        (Method::POST, format!("{PATH}/deprecate"), json!({ "version": "1.0.0", "sunset": "2026-12-31" })),
        (Method::POST, format!("{PATH}/withdraw"), json!({ "version": "1.0.0", "reason": "Hết hạn" })),
    ];
    for (method, path, body) in acts {
        let verb = path.strip_prefix(PATH).filter(|rest| !rest.is_empty()).unwrap_or("/put").to_owned();
        let subject = || format!("service/VN-DEMO/GOV/G01/DANCU/tra-cuu-ho{verb}");
        let tag = server.tag("quantri.g01", PATH).await;
        for (who, seen, code) in [
            ("quantri.h17", tag.as_str(), "EX-2004"),
            ("vanhanh1", tag.as_str(), "EX-2004"),
            ("quantri.g01", "\"0\"", "EX-2003"),
        ] {
            let refused = server.change(who, method.clone(), &path, seen, body.clone()).await;
            assert_eq!(refused.problem(), code, "{who} {method} {path}");
            assert_eq!(server.newest().await, ("service_put".into(), subject(), Some(code.into())));
        }
        let unseen = server.by("quantri.g01", method.clone(), &path, Some(body.clone())).await;
        assert_eq!(unseen.json()["errors"][0]["place"], "If-Match", "{path}");
        server.change("quantri.g01", method, &path, &tag, body).await.ok();
        assert_eq!(server.newest().await, ("service_put".into(), subject(), None));
    }
    let shown = server.get("quantri.h17", PATH).await.ok().json();
    assert_eq!(shown["shown"]["stage"], "withdrawn");
    let listed = server.get("quantri.h17", "/services?object=ho-gia-dinh").await.ok().json();
    assert_eq!(listed["items"][0]["id"], to);
}

#[tokio::test]
async fn every_change_of_services_is_in_the_journal_with_its_refusals() {
    every_change_is_in_the_journal(Server::start().await).await;
}

#[tokio::test]
async fn every_change_of_services_is_in_the_journal_on_postgresql() {
    every_change_is_in_the_journal(Server::on(TestStore::postgres().await).await).await;
}

#[tokio::test]
async fn both_methods_of_a_services_path_are_described() {
    let server = Server::start().await;
    let document = server.send(Method::GET, "/openapi.json", &[], None).await.ok().json();
    let path = &document["paths"]["/api/v1/services/{instance}/{class}/{member}/{subsystem}/{service}"];
    assert!(path["get"].is_object() && path["put"].is_object(), "{path}");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["session"]["scheme"], &schemes["worker"]["type"]),
        (&json!("bearer"), &json!("http"))
    );
    assert_eq!(document["security"], json!([{ "session": [] }]));
    assert_eq!(document["paths"]["/api/v1/sessions"]["post"]["security"], json!([{}]));
}

#[tokio::test]
async fn nobody_takes_over_another_agencys_service_by_writing_itself_down_as_owner() {
    let server = Server::start().await.with_agencies().await;
    server.by("quantri.g01", Method::PUT, PATH, Some(draft("1.0.0"))).await.ok();
    let tag = server.tag("quantri.g01", PATH).await;
    let mut taken = draft("1.0.0");
    taken["owner"] = "000.00.00.H17".into();
    for who in ["quantri.h17", "quantri.g01"] {
        let refused = server.change(who, Method::PUT, PATH, &tag, taken.clone()).await;
        assert_eq!(refused.problem(), "EX-2004", "{who}");
    }
}
