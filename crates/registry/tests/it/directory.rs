//! Changes of the directory: four eyes, routine ones by the agency itself, differences between numbers.

use directory::Content;
use http::{Method, StatusCode};
use registry::people::{Act, Person, Post, Role};
use registry::publish::{self, ProposalId};
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::{NOW, Server};
use crate::story::{CONSUMER, ask, change, change_seen, set_up};

/// A registry that keeps a directory of two members, number 40.
async fn keeping(store: TestStore) -> Server {
    let server = Server::on(store).await;
    set_up(&server).await;
    let mut content = Content::empty("VN-DEMO".parse().unwrap(), NOW);
    content.number = 40;
    for code in ["G01", "H17"] {
        content.put_member(format!("VN-DEMO/GOV/{code}").parse().unwrap(), code);
    }
    let adopt = |state: &registry::State, _: &registry::Moment| publish::adopt(state, &content);
    server.registry.act(&machine(), Act::DirectoryPropose, None, "directory", adopt).await.unwrap();
    server
}

/// The publishing job.
fn machine() -> Person {
    let post = Post::new(Role::PlatformOperator, None);
    Person { id: "may".parse().unwrap(), posts: vec![post] }
}

async fn publish_number(server: &Server, number: u64, ids: &[ProposalId]) {
    let done = |state: &registry::State, _: &registry::Moment| publish::published(state, number, ids);
    server.registry.act(&machine(), Act::DirectoryPropose, None, "directory", done).await.unwrap();
}

fn admit(code: &str) -> Value {
    let change = json!({ "change": "put_member", "id": format!("VN-DEMO/GOV/{code}"), "name": code });
    json!({ "changes": [change], "note": "Quyết định 12" })
}

fn subsystem(code: &str) -> Value {
    let change =
        json!({ "change": "put_subsystem", "id": format!("VN-DEMO/GOV/{code}/MOT-CUA"), "name": "Một cửa" });
    json!({ "changes": [change] })
}

#[tokio::test]
async fn a_change_needs_two_persons_and_is_published_and_reverted_on_sqlite() {
    a_change_needs_two_persons_and_is_published_and_reverted(TestStore::sqlite()).await;
}

#[tokio::test]
async fn a_change_needs_two_persons_and_is_published_and_reverted_on_postgresql() {
    a_change_needs_two_persons_and_is_published_and_reverted(TestStore::postgres().await).await;
}

async fn a_change_needs_two_persons_and_is_published_and_reverted(store: TestStore) {
    let server = keeping(store).await;
    let proposed = server.by("vanhanh1", Method::POST, "/directory/changes", Some(admit("H01"))).await.ok();
    assert_eq!((proposed.status, &proposed.json()["id"]), (StatusCode::CREATED, &json!("1")));
    let thing = "/directory/changes/1";
    let own = change(&server, "vanhanh1", thing, "/approve", json!({})).await;
    assert_eq!((own.status, own.problem().as_str()), (StatusCode::FORBIDDEN, "EX-2014"));
    let not_mine = change(&server, "vanhanh2", thing, "/take-back", json!({})).await;
    assert_eq!(not_mine.problem(), "EX-2004");
    let seen = server.get("vanhanh2", thing).await.ok();
    assert_eq!((&seen.json()["standing"], &seen.json()["losses"]), (&json!("proposed"), &json!([])));
    let etag = seen.headers["etag"].to_str().unwrap();
    change_seen(&server, "vanhanh2", "/directory/changes/1/approve", etag, json!({})).await.ok();
    let late =
        change_seen(&server, "vanhanh2", "/directory/changes/1/reject", etag, json!({ "reason": "x" })).await;
    assert_eq!(late.problem(), "EX-2003");
    publish_number(&server, 41, &[ProposalId(1)]).await;
    let overview = server.get("quantri.h17", "/directory").await.ok().json();
    assert_eq!((&overview["number"], &overview["publications"][0]["proposals"]), (&json!(41), &json!([1])));
    let path = "/directory/differences?from=41&to=40";
    let back = server.get("quantri.h17", path).await.ok().json();
    assert_eq!(back[0]["change"], json!({ "change": "remove_member", "id": "VN-DEMO/GOV/H01" }));
    assert!(back[0]["summary"]["vi"].as_str().unwrap().contains("VN-DEMO/GOV/H01"));
    let unknown = server.get("quantri.h17", "/directory/differences?from=1&to=40").await;
    assert_eq!(unknown.problem(), "EX-2001");
    let revert = json!({ "note": "Nhầm" });
    let path = "/directory/changes/1/revert";
    let inverse = server.by("vanhanh2", Method::POST, path, Some(revert)).await.ok().json();
    assert_eq!(inverse["id"], "2");
    change(&server, "vanhanh1", "/directory/changes/2", "/reject", json!({ "reason": "Giữ lại" })).await.ok();
    let list = server.get("vanhanh1", "/directory/changes?limit=1").await.ok().json();
    assert_eq!((&list["items"][0]["standing"], &list["next"]), (&json!("rejected"), &json!("2")));
    assert_eq!(list["items"][0]["reverts"], 1);
}

#[tokio::test]
async fn an_agency_registers_its_own_subsystem_alone_and_nothing_else() {
    let server = keeping(TestStore::sqlite()).await;
    let post = async |by: &str, body| server.by(by, Method::POST, "/directory/changes", Some(body)).await;
    let id = post("quantri.h17", subsystem("H17")).await.ok().json()["id"].clone();
    let shown = server.get("quantri.h17", &format!("/directory/changes/{}", id.as_str().unwrap())).await.ok();
    assert_eq!((&shown.json()["routine"], &shown.json()["standing"]), (&json!(true), &json!("approved")));
    assert_eq!(post("quantri.h17", subsystem("G01")).await.problem(), "EX-2004");
    assert_eq!(post("quantri.h17", admit("H17")).await.problem(), "EX-2004");
    let mut mixed = subsystem("H17");
    mixed["changes"].as_array_mut().unwrap().push(admit("H02")["changes"][0].clone());
    assert_eq!(post("quantri.h17", mixed).await.problem(), "EX-2004");
    assert_eq!(server.get("quantri.g01", "/directory/changes").await.ok().json()["items"], json!([]));
    assert_eq!(server.get("quantri.g01", "/directory/changes/1").await.problem(), "EX-2004");
    post("vanhanh1", admit("H03")).await.ok();
    change(&server, "vanhanh1", "/directory/changes/2", "/take-back", json!({})).await.ok();
    assert_eq!(
        server.get("vanhanh1", "/directory/changes?waiting=true").await.ok().json()["items"],
        json!([])
    );
}

#[tokio::test]
async fn only_a_system_of_the_directory_asks_and_each_is_offered_to_who_may_ask_for_it() {
    let server = keeping(TestStore::sqlite()).await;
    let unknown = server.by("quantri.h17", Method::POST, "/requests", Some(ask(2))).await;
    assert_eq!(unknown.problem(), "EX-2002");
    let mistake = &unknown.json()["errors"][0];
    assert_eq!(mistake["place"], "consumer");
    assert!(mistake["vi"].as_str().unwrap().contains("danh bạ tin cậy"), "{mistake}");
    assert_eq!(server.get("quantri.h17", "/agencies/000.00.00.H17/systems").await.ok().json(), json!([]));

    server.by("quantri.h17", Method::POST, "/directory/changes", Some(subsystem("H17"))).await.ok();
    let offered = json!([{ "id": CONSUMER, "name": "Một cửa" }]);
    assert_eq!(server.get("quantri.h17", "/agencies/000.00.00.H17/systems").await.ok().json(), offered);
    assert_eq!(server.get("quantri.h17", "/agencies/000.00.00.G01/systems").await.ok().json(), json!([]));
    server.by("quantri.h17", Method::POST, "/requests", Some(ask(2))).await.ok();
}
