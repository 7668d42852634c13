//! Grants: changed by the data owner, explained in sentences, at once in what gateways read.

use registry::grant::Force;
use registry::snapshot;
use serde_json::json;
use testkit::TestStore;

use crate::server::Server;
use crate::story::{BASIS, CONSUMER, SERVICES, change, change_seen, go_live, open, set_up};

async fn granted(server: &Server) -> String {
    set_up(server).await;
    let id = open(server, 2).await;
    go_live(server, &id).await
}

#[tokio::test]
async fn a_suspension_is_in_the_snapshot_at_once_and_so_is_its_end_on_sqlite() {
    a_suspension_is_in_the_snapshot_at_once_and_so_is_its_end(Server::start().await).await;
}

#[tokio::test]
async fn a_suspension_is_in_the_snapshot_at_once_and_so_is_its_end_on_postgresql() {
    let server = Server::on(TestStore::postgres().await).await;
    a_suspension_is_in_the_snapshot_at_once_and_so_is_its_end(server).await;
}

async fn a_suspension_is_in_the_snapshot_at_once_and_so_is_its_end(server: Server) {
    let grant = format!("/grants/{}", granted(&server).await);
    let member = "VN-DEMO/GOV/G01".parse().unwrap();
    let force = || {
        let (now, rules) = (server.registry.now(), server.registry.rules());
        server.registry.read(|state| snapshot::of(state, rules, &member, now).grants[0].force)
    };
    assert_eq!(force(), Force::Active);
    let why = json!({ "reason": "Nghi lộ khóa" });
    assert_eq!(change(&server, "quantri.h17", &grant, "/suspend", why.clone()).await.problem(), "EX-2004");
    change(&server, "dulieu.g01", &grant, "/suspend", why.clone()).await.ok();
    assert_eq!(force(), Force::Suspended);
    let again = change(&server, "dulieu.g01", &grant, "/suspend", why.clone()).await;
    assert_eq!(again.problem(), "EX-2010");
    change(&server, "dulieu.g01", &grant, "/resume", why.clone()).await.ok();
    assert_eq!(force(), Force::Active);
    let revoked = change(&server, "dulieu.g01", &grant, "/revoke", why).await.ok();
    let shown = server.get("quantri.h17", &grant).await.ok();
    assert_eq!(
        shown.headers["etag"], revoked.headers["etag"],
        "one receipt, though the connection ended, too"
    );
    assert_eq!(shown.json()["state"], "revoked");
    assert_eq!(shown.json()["history"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn terms_and_time_are_changed_by_who_saw_the_last_version() {
    let server = Server::start().await;
    let grant = format!("/grants/{}", granted(&server).await);
    let terms = json!({ "fields": ["hoTen"], "purposes": ["giai-quyet-tthc"], "legal_basis": BASIS,
        "until": 1_830_000_000_000_000_i64 });
    let body = json!({ "terms": terms, "reason": "Thu hẹp" });
    let etag = server.get("dulieu.g01", &grant).await.ok().headers["etag"].to_str().unwrap().to_owned();
    change_seen(&server, "dulieu.g01", &grant, &etag, body.clone()).await.ok();
    assert_eq!(change_seen(&server, "dulieu2.g01", &grant, &etag, body).await.problem(), "EX-2003");
    let silent = change(&server, "dulieu.g01", &grant, "/renew", json!({ "reason": "x" })).await;
    assert_eq!(silent.problem(), "EX-2002", "without end must be said");
    let renewal = json!({ "until": null, "reason": "Quyết định 15" });
    change(&server, "dulieu.g01", &grant, "/renew", renewal).await.ok();
    let shown = server.get("dulieu.g01", &grant).await.ok().json();
    assert_eq!(shown["grant"]["terms"]["fields"], json!(["hoTen"]));
    assert!(shown["grant"]["terms"]["until"].is_null());
    let unknown = json!({ "terms": { "fields": ["soTien"], "legal_basis": BASIS }, "reason": "x" });
    assert_eq!(change(&server, "dulieu.g01", &grant, "", unknown).await.problem(), "EX-2016");
    let unsayable = json!({ "terms": { "fields": ["hoTen"], "purposes": ["Đăng ký khai sinh"], "legal_basis": BASIS },
        "reason": "x" });
    let unsayable = change(&server, "dulieu.g01", &grant, "", unsayable).await;
    assert_eq!(unsayable.json()["errors"][0]["place"], "purposes", "no call could name it");
    let list =
        server.get("dulieu.g01", &format!("/grants?service={}&state=in_force", SERVICES[1])).await.ok();
    assert_eq!(list.json()["items"][0]["grant"]["to"], CONSUMER);
    let none = server.get("dulieu.g01", "/grants?state=revoked").await.ok().json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn who_asks_why_is_answered_in_both_languages_and_for_machines() {
    let server = Server::start().await;
    let question = format!("/grants/explain?consumer={CONSUMER}&service={}", SERVICES[1]);
    set_up(&server).await;
    let before = server.get("quantri.h17", &question).await.ok().json();
    assert_eq!((&before["allowed"], &before["why"]), (&json!(false), &json!(["not_granted"])));
    let id = open(&server, 2).await;
    let asked = server.get("dulieu.g01", &question).await.ok().json();
    assert_eq!(asked["why"], json!(["request_pending"]));
    go_live(&server, &id).await;
    let granted = server.get("quantri.h17", &question).await.ok().json();
    assert_eq!((&granted["allowed"], &granted["why"]), (&json!(true), &json!([])));
    assert!(granted["vi"].as_str().unwrap().contains("Theo quyền khai thác QK-2026-000001"), "{granted}");
    assert!(granted["en"].as_str().unwrap().contains("By grant QK-2026-000001"));
    let call = format!("{question}&method=GET&path=/cong-dan/1&purpose=khac");
    let call = server.get("quantri.h17", &call).await.ok().json();
    assert_eq!((&call["allowed"], &call["why"]), (&json!(false), &json!(["purpose"])));
    assert!(call["vi"].as_str().unwrap().contains("Lượt gọi này bị từ chối"));
    let strange = "/grants/explain?consumer=VN-DEMO/GOV/H01/X&service=VN-DEMO/GOV/H02/Y/z";
    assert_eq!(server.get("quantri.h17", strange).await.problem(), "EX-2004");
}
