//! What is malformed is refused in one form, whatever it is and wherever it is sent.

use http::Method;
use registry::api::guard::{REFUSED_COSTS, WRITE_EVERY_S};
use utoipa::openapi::path::{Operation, PathItem};

use crate::server::{Answer, Server};

/// Sends something malformed in the name of somebody who may do everything there.
async fn send(server: &Server, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    // So that nobody is refused for sending too much.
    server.clock.advance_secs(i64::from(REFUSED_COSTS) * WRITE_EVERY_S);
    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let headers = [headers, &[("authorization", token.as_str())]].concat();
    server.raw(method.clone(), path, &headers, b"{\"la\":\xff".to_vec()).await
}

#[track_caller]
fn is_told(answer: &Answer, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {answer:?}");
    assert!(answer.problem().starts_with("EX-"), "{what}: {answer:?}");
    let title = answer.json()["title"].as_str().unwrap_or_default().to_owned();
    assert!(title.contains(" / "), "{what} is told in two languages: {answer:?}");
}

fn operations(item: PathItem) -> Vec<(Method, Operation)> {
    let all = [
        (Method::GET, item.get),
        (Method::PUT, item.put),
        (Method::POST, item.post),
        (Method::DELETE, item.delete),
        (Method::PATCH, item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation?))).collect()
}

fn filled(path: &str, with: &str) -> String {
    let path = path.strip_prefix(registry::api::ROOT).unwrap();
    let parts = path.split('/').map(|part| if part.starts_with('{') { with } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn what_is_malformed_is_a_problem_with_a_code_on_every_route() {
    let server = Server::start().await;
    let (_, document) = registry::api::described();
    let mut tried = 0;
    for (path, item) in document.paths.paths {
        let of_path = path.contains('{');
        let plain = filled(&path, "1");
        let other = send(&server, &Method::TRACE, &plain, &[]).await;
        is_told(&other, &format!("TRACE {plain}"));
        for (method, operation) in operations(item) {
            let of_query = |p| serde_json::to_value(p).unwrap()["in"] == "query";
            let has_query = operation.parameters.iter().flatten().any(of_query);
            let mut cases = Vec::new();
            if of_path {
                cases.extend(["%ff", "%20"].map(|part| (filled(&path, part), None)));
            }
            if has_query {
                cases.extend(
                    ["khong=co", "limit=x", "limit=1&limit=2", "%ff=%ff"]
                        .map(|query| (format!("{plain}?{query}"), None)),
                );
            }
            if operation.request_body.is_some() {
                cases.push((plain.clone(), None));
            }
            if method != Method::GET && plain != "/sessions" && plain != "/journal/check" {
                cases.push((plain.clone(), Some(("if-match", "1"))));
                cases.push((plain.clone(), Some(("idempotency-key", "a b"))));
            }
            for (path, header) in cases {
                let answer = send(&server, &method, &path, header.as_slice()).await;
                is_told(&answer, &format!("{method} {path} {header:?}"));
                tried += 1;
            }
        }
    }
    assert!(tried >= 150, "only {tried}");
}
