//! How much one person writes, and what is written once only.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use registry::agency::{self, table};
use registry::api::guard::{REFUSED_COSTS, WRITE_EVERY_S, WRITES_AT_ONCE};
use registry::people::{Act, Person, Post, Role};
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::Server;

fn unit(name: &str) -> Value {
    json!({ "code": "000.00.77.H17", "name": name, "parent": "000.00.00.H17", "valid_from": "2026-01-01" })
}

#[tokio::test]
async fn who_is_refused_again_and_again_is_not_listened_to_and_does_not_fill_the_journal() {
    let server = Server::start().await.with_agencies().await;
    let token = format!("Bearer {}", server.sign_in("quantri.h17").await);
    let own = [("authorization", token.as_str())];
    let before = server.registry.read(|state| state.seq);
    let mut answers = Vec::new();
    for _ in 0..2 * WRITES_AT_ONCE / REFUSED_COSTS {
        answers.push(server.send(Method::PUT, "/agencies/000.00.77.H17", &own, Some(unit("Sở"))).await);
    }
    let (heard, not): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::FORBIDDEN);
    assert_eq!(heard.len(), (WRITES_AT_ONCE / REFUSED_COSTS) as usize);
    for answer in &not {
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "EX-2022"));
    }
    let wait: i64 = not[0].headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=i64::from(REFUSED_COSTS) * WRITE_EVERY_S + 1).contains(&wait), "{wait}");
    assert_eq!(server.registry.read(|state| state.seq) - before, i64::from(WRITES_AT_ONCE / REFUSED_COSTS));
    // Reading goes on, others write on, and after the wait so does who was too fast.
    server.send(Method::GET, "/agencies", &own, None).await.ok();
    server.by("vanhanh1", Method::PUT, "/agencies/000.00.77.H17", Some(unit("Sở"))).await.ok();
    server.clock.advance_secs(wait);
    let again = server.send(Method::PUT, "/agencies/000.00.77.H17", &own, Some(unit("Sở"))).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_on_sqlite() {
    a_key_belongs_to_one_request(TestStore::sqlite()).await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request_on_postgresql() {
    a_key_belongs_to_one_request(TestStore::postgres().await).await;
}

async fn a_key_belongs_to_one_request(store: TestStore) {
    let server = Server::on(store).await.with_agencies().await;
    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let own = [("authorization", token.as_str()), ("idempotency-key", "k-1")];
    let path = "/agencies/000.00.77.H17";
    let first = server.send(Method::PUT, path, &own, Some(unit("Sở Một"))).await.ok();
    let again = server.send(Method::PUT, path, &own, Some(unit("Sở Một"))).await.ok();
    assert_eq!((first.json(), &first.headers["etag"]), (again.json(), &again.headers["etag"]));
    let close = json!({ "last_day": "2026-12-31", "legal_basis": "1/QĐ" });
    let others = [
        (Method::PUT, path.to_owned(), unit("Sở Hai")),
        (Method::PUT, "/agencies/000.00.78.H17".to_owned(), unit("Sở Một")),
        (Method::POST, format!("{path}/close"), close),
    ];
    for (method, path, body) in others {
        let seen = [&own[..], &[("if-match", "\"1\"")]].concat();
        let refused = server.send(method, &path, &seen, Some(body)).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "EX-2021")
        );
    }
    let shown = server.get("vanhanh1", path).await.ok().json();
    assert_eq!(shown["agency"]["name"], "Sở Một");
    assert_eq!(shown["history"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_of_more_than_the_limit_of_other_bodies_is_read_under_a_key() {
    let server = Server::start().await;
    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let own = [("authorization", token.as_str()), ("idempotency-key", "k-1")];
    let mut file = "code,name,valid_from\nH17,Đà Nẵng,2020-01-01\n".to_owned();
    file.push_str(&",,\n".repeat(registry::api::request::BODY_BYTES_MAX / 3));
    let first = server.raw(Method::POST, "/agencies/import", &own, file.clone().into()).await.ok().json();
    assert_eq!((&first["rows"], &first["changes"]), (&json!(1), &json!(1)));
    let again = server.raw(Method::POST, "/agencies/import", &own, file.clone().into()).await.ok().json();
    assert_eq!(again["entry"], first["entry"]);
    file.push_str("H47,Quảng Nam,2020-01-01\n");
    let other = server.raw(Method::POST, "/agencies/import", &own, file.into()).await;
    assert_eq!(other.problem(), "EX-2021");
}

#[tokio::test]
async fn a_trial_needs_the_role_and_writes_nothing() {
    let server = Server::start().await.with_agencies().await;
    let post = Post::new(Role::PlatformOperator, None);
    let person = Person { id: "vanhanh1".parse().unwrap(), posts: vec![post] };
    let seq = server.registry.read(|state| state.seq);
    let seen =
        server.registry.try_out(&person, (Act::AgencyPut, None), |state, _| Ok(state.seq)).await.unwrap();
    assert_eq!(seen, seq);
    let nobody = Person { posts: Vec::new(), ..person };
    server.registry.try_out(&nobody, (Act::AgencyPut, None), |_, _| Ok(())).await.unwrap_err();
    assert_eq!(server.registry.read(|state| state.seq), seq, "a trial writes nothing, not even a refusal");
}

#[tokio::test]
async fn the_api_answers_while_a_large_file_is_taken_over() {
    // One thread serves everything, as if all others were busy.
    let server = Server::start().await;
    let file = table::to_csv(&agency::sample::units(20_000));
    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let own = [("authorization", token.as_str())];
    let begun = Instant::now();
    let import = server.raw(Method::POST, "/agencies/import", &own, file);
    let asking = async {
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        loop {
            server.send(Method::GET, "/me", &own, None).await.ok();
            let is_there = server.registry.read(|state| state.agencies.len() == 20_000);
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if is_there {
                return longest;
            }
        }
    };
    let (imported, longest) = tokio::join!(import, asking);
    assert_eq!(imported.ok().json()["rows"], 20_000);
    let whole = begun.elapsed();
    assert!(longest < whole / 2, "nobody was answered for {longest:?} of {whole:?}");
}
