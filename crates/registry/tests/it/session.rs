//! Signing in and out, the journal, the API's own description.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::server::{SLOW, Server};

#[tokio::test]
async fn a_session_begins_with_the_right_credentials_and_ends_when_ended() {
    let server = Server::start().await;
    let wrong = serde_json::json!({ "id": "vanhanh1", "password": "x", "code": "1" });
    let refused = server.send(Method::POST, "/sessions", &[], Some(wrong)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNAUTHORIZED, "EX-2020"));

    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let own: [(&str, &str); 1] = [("authorization", &token)];
    let me = server.send(Method::GET, "/me", &own, None).await.ok().json();
    assert_eq!(me["id"], "vanhanh1");
    assert_eq!(me["posts"][0]["role"], "platform_operator");
    server.send(Method::DELETE, "/sessions", &own, None).await.ok();
    let after = server.send(Method::GET, "/me", &own, None).await;
    assert_eq!(after.problem(), "EX-2020");
    assert_eq!(server.send(Method::GET, "/me", &[], None).await.problem(), "EX-2020");
}

#[tokio::test]
async fn who_hangs_up_leaves_no_more_checks_behind_than_who_waits() {
    let server = Server::start().await;
    let credentials = serde_json::json!({ "id": "vanhanh1", "password": SLOW, "code": "1" });
    for _ in 0..12 {
        let asked = server.send(Method::POST, "/sessions", &[], Some(credentials.clone()));
        // Whoever hangs up drops the question with its connection.
        assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.checks.1.load(SeqCst), 2, "at the same time");
}

#[tokio::test]
async fn every_route_but_sign_in_and_description_is_refused_without_a_session() {
    let server = Server::start().await;
    let (_, document) = registry::api::described();
    let mut tried = 0;
    for (path, item) in document.paths.paths {
        let operations = [
            (Method::GET, item.get),
            (Method::PUT, item.put),
            (Method::POST, item.post),
            (Method::DELETE, item.delete),
            (Method::PATCH, item.patch),
        ];
        for (method, operation) in operations {
            if operation.is_none() || (method == Method::POST && path.ends_with("/sessions")) {
                continue;
            }
            let path = path.strip_prefix(registry::api::ROOT).unwrap();
            let path: String = path
                .split('/')
                .map(|p| if p.starts_with('{') { "x" } else { p })
                .collect::<Vec<_>>()
                .join("/");
            let answer = server.send(method.clone(), &path, &[], None).await;
            // Nodes prove themselves by their certificate, and have no session.
            let of_nodes = path.starts_with("/rights/");
            let wanted = if of_nodes { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
            assert_eq!(answer.status, wanted, "{method} {path}");
            tried += 1;
        }
    }
    assert!(tried >= 4, "only {tried} routes");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = Server::start().await;
    let document = server.send(Method::GET, "/openapi.json", &[], None).await.ok().json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/api/v1/sessions"]["post"].is_object());
    assert_eq!(server.send(Method::GET, "/nowhere", &[], None).await.problem(), "EX-2001");
}
