//! Agencies through the API.

use http::{Method, StatusCode};
use registry::agency::{built_in, table};
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::{Answer, Server};

impl Server {
    /// Hands in a file.
    pub async fn upload(&self, id: &str, path: &str, bytes: Vec<u8>) -> Answer {
        let token = format!("Bearer {}", self.sign_in(id).await);
        self.raw(Method::POST, path, &[("authorization", &token)], bytes).await
    }

    /// A change with the version that was seen.
    #[expect(
        clippy::too_many_arguments,
        reason = "who, what, where, seen when, to what: one sentence of a test"
    )]
    pub async fn change(&self, id: &str, method: Method, path: &str, seen: &str, body: Value) -> Answer {
        let token = format!("Bearer {}", self.sign_in(id).await);
        self.send(method, path, &[("authorization", &token), ("if-match", seen)], Some(body)).await
    }

    /// The entity tag of what stands at a path.
    pub async fn tag(&self, id: &str, path: &str) -> String {
        self.get(id, path).await.ok().headers["etag"].to_str().unwrap().to_owned()
    }

    /// The agencies that come with the program.
    pub async fn with_agencies(self) -> Self {
        self.upload("vanhanh1", "/agencies/import", table::to_csv(&built_in())).await.ok();
        self
    }

    /// What the journal says of the newest act: what, to what, the code of a refusal.
    pub async fn newest(&self) -> (String, String, Option<String>) {
        let entry = self.get("kiemtoan", "/journal?limit=1").await.ok().json()["items"][0].clone();
        let refused = entry["outcome"].pointer("/code").or(entry.pointer("/outcome/refused/code"));
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        (text("act"), text("subject"), refused.and_then(Value::as_str).map(str::to_owned))
    }
}

fn unit(code: &str) -> Value {
    json!({ "code": code, "name": "Sở Thử nghiệm", "parent": "000.00.00.H17", "valid_from": "2026-01-01" })
}

#[tokio::test]
async fn a_merged_province_answers_differently_before_and_after_the_merger() {
    let server = Server::start().await.with_agencies().await;
    let before = server.get("kiemtoan", "/agencies/000.00.00.H47?day=2025-06-30").await.ok().json();
    assert_eq!(before["standing"], "valid");
    assert_eq!(before["agency"]["name"], "Ủy ban nhân dân tỉnh Quảng Nam");
    let after = server.get("kiemtoan", "/agencies/H47?day=2025-07-02").await.ok().json();
    assert_eq!((&after["standing"], &after["since"]), (&json!("closed"), &json!("2025-07-01")));
    assert_eq!(after["successor"], "000.00.00.H17");
    assert_eq!(after["answers_today"]["code"], "000.00.00.H17");
    assert_eq!(after["history"].as_array().unwrap().len(), 1);
    let early = server.get("kiemtoan", "/agencies/H47?day=2010-01-01").await.ok().json();
    assert_eq!((&early["standing"], &early["from"]), (&json!("not_yet"), &json!("2016-04-01")));
    let unknown = server.get("kiemtoan", "/agencies/000.99.99.H99").await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (StatusCode::NOT_FOUND, "EX-2001"));
}

#[tokio::test]
async fn searching_ignores_tone_marks_and_pages_cover_everything_once() {
    let server = Server::start().await.with_agencies().await;
    let found = server.get("quantri.h17", "/agencies?q=da%20nang").await.ok().json();
    assert_eq!(found["items"][0]["code"], "000.00.00.H17");
    let (mut path, mut codes) = ("/agencies?limit=20".to_owned(), Vec::new());
    loop {
        let page = server.get("quantri.h17", &path).await.ok().json();
        codes.extend(page["items"].as_array().unwrap().iter().map(|item| item["code"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/agencies?limit=20&after={next}");
    }
    let all = server.get("quantri.h17", "/agencies?limit=500").await.ok().json();
    let all = all["items"].as_array().unwrap().iter().map(|item| item["code"].to_string());
    assert_eq!(codes, all.collect::<Vec<_>>());
    assert_eq!(server.get("quantri.h17", "/agencies?limit=0").await.problem(), "EX-2002");
    assert_eq!(server.get("quantri.h17", "/agencies?colour=red").await.problem(), "EX-2002");
}

#[tokio::test]
async fn a_file_with_a_bad_row_leaves_nothing_and_an_export_is_a_file_to_import() {
    let server = Server::start().await;
    let file = "code,name,valid_from\nH17,Đà Nẵng,2020-01-01\nsai,X,2020-13-01\nG01,Bộ Công an,2020-01-01\n";
    let refused = server.upload("vanhanh1", "/agencies/import", file.into()).await;
    assert_eq!(refused.problem(), "EX-2018");
    assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("vanhanh1", "/agencies").await.ok().json()["items"], json!([]));
    assert_eq!(server.newest().await, ("agency_put".into(), "agency".into(), Some("EX-2018".into())));

    let good = table::to_csv(&built_in());
    let seq = server.registry.read(|state| state.seq);
    let tried = server.upload("vanhanh1", "/agencies/import?dry_run=true", good.clone()).await.ok().json();
    assert_eq!((&tried["rows"], &tried["changes"]), (&json!(built_in().len()), &json!(built_in().len())));
    assert_eq!((&tried["new"], tried["items"][0]["new"].as_bool()), (&tried["changes"], Some(true)));
    assert_eq!(server.registry.read(|state| state.seq), seq);
    server.upload("vanhanh1", "/agencies/import", good).await.ok();
    let exported = server.get("kiemtoan", "/agencies.csv").await.ok().body.to_vec();
    let again = server.upload("vanhanh1", "/agencies/import", exported).await.ok().json();
    assert_eq!((&again["changes"], &again["new"]), (&json!(0), &json!(0)));

    let template = server.get("kiemtoan", "/agencies.csv?template=true").await.ok().body.to_vec();
    let one = [template, "000.00.00.H17,,Thành phố khác,,2025-07-01,,,,,\n".into()].concat();
    let changed = server.upload("vanhanh1", "/agencies/import?dry_run=true", one).await.ok().json();
    assert_eq!((&changed["changes"], &changed["new"]), (&json!(1), &json!(0)));
    assert_eq!(
        changed["items"],
        json!([{ "code": "000.00.00.H17", "name": "Thành phố khác", "new": false }])
    );
}

async fn every_change_is_in_the_journal(server: Server) {
    let server = server.with_agencies().await;
    let path = "/agencies/000.00.77.H17";
    server.by("vanhanh1", Method::PUT, path, Some(unit("000.00.77.H17"))).await.ok();
    assert_eq!(server.newest().await, ("agency_put".into(), "agency/000.00.77.H17".into(), None));
    let tag = server.tag("vanhanh1", path).await;
    let mut renamed = unit("000.00.77.H17");
    renamed["name"] = "Sở Đổi tên".into();
    let refusals = [
        ("quantri.h17", Method::PUT, path, tag.as_str(), renamed.clone(), "EX-2004"),
        ("vanhanh2", Method::PUT, path, "\"0\"", renamed.clone(), "EX-2003"),
        ("kiemtoan", Method::POST, "/agencies/000.00.77.H17/close", tag.as_str(), ending(), "EX-2004"),
        ("vanhanh2", Method::POST, "/agencies/000.00.77.H17/close", "\"0\"", ending(), "EX-2003"),
    ];
    for (who, method, path, seen, body, code) in refusals {
        let refused = server.change(who, method.clone(), path, seen, body).await;
        assert_eq!(refused.problem(), code, "{who} {method} {path}");
        let subject = "agency/000.00.77.H17".to_owned();
        assert_eq!(server.newest().await, ("agency_put".into(), subject, Some(code.into())));
    }
    let unseen = server.by("vanhanh1", Method::PUT, path, Some(renamed.clone())).await;
    assert_eq!(unseen.json()["errors"][0]["place"], "If-Match");
    server.change("vanhanh1", Method::PUT, path, &tag, renamed.clone()).await.ok();
    let late = server.change("vanhanh2", Method::PUT, path, &tag, unit("000.00.77.H17")).await;
    assert_eq!(late.problem(), "EX-2003");
    let tag = server.tag("vanhanh1", path).await;
    server.change("vanhanh1", Method::POST, "/agencies/000.00.77.H17/close", &tag, ending()).await.ok();
    assert_eq!(server.get("vanhanh1", path).await.json()["standing"], "valid");
    let later = format!("{path}?day=2027-01-01");
    assert_eq!(server.get("vanhanh1", &later).await.json()["standing"], "closed");
    let file = server.upload("quantri.h17", "/agencies/import", table::to_csv(&built_in())).await;
    assert_eq!(file.problem(), "EX-2004");
}

fn ending() -> Value {
    json!({ "last_day": "2026-12-31", "successor": "000.00.00.H17", "legal_basis": "1/QĐ-UBND" })
}

#[tokio::test]
async fn every_change_of_agencies_is_in_the_journal_with_its_refusals() {
    every_change_is_in_the_journal(Server::start().await).await;
}

#[tokio::test]
async fn every_change_of_agencies_is_in_the_journal_on_postgresql() {
    every_change_is_in_the_journal(Server::on(TestStore::postgres().await).await).await;
}

#[tokio::test]
async fn a_body_that_is_not_what_is_wanted_is_a_problem_without_its_values() {
    let server = Server::start().await;
    for body in [json!({ "code": 7 }), json!({ "la": "BI-MAT" }), json!(["BI-MAT"])] {
        let refused = server.by("vanhanh1", Method::PUT, "/agencies/H17", Some(body)).await;
        assert_eq!(refused.problem(), "EX-2002");
        assert_eq!(refused.json()["errors"][0]["place"], "body");
        assert!(!String::from_utf8_lossy(&refused.body).contains("BI-MAT"));
    }
    let token = format!("Bearer {}", server.sign_in("vanhanh1").await);
    let long = vec![b' '; registry::api::request::BODY_BYTES_MAX + 1];
    let refused = server.raw(Method::PUT, "/agencies/H17", &[("authorization", &token)], long).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "EX-2022"));
}
