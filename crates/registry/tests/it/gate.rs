//! The readiness gate: four eyes, reports in three forms, warnings.

use http::{Method, StatusCode};
use serde_json::json;
use testkit::TestStore;

use crate::server::{Answer, Server};
use crate::story::{CONSUMER, OF_SYSTEM, attach, change, change_seen, file, go_live, open, set_up, show};

#[tokio::test]
async fn another_person_than_who_filed_it_must_judge_a_filing_on_sqlite() {
    another_person_than_who_filed_it_must_judge_a_filing(Server::start().await).await;
}

#[tokio::test]
async fn another_person_than_who_filed_it_must_judge_a_filing_on_postgresql() {
    another_person_than_who_filed_it_must_judge_a_filing(Server::on(TestStore::postgres().await).await).await;
}

async fn another_person_than_who_filed_it_must_judge_a_filing(server: Server) {
    set_up(&server).await;
    let filed = file(&server, "vanhanh1", (CONSUMER, "security_minutes"), None).await.ok();
    assert_eq!(filed.status, StatusCode::CREATED);
    let waiting = server.get("anninh.h17", "/gate/waiting").await.ok().json();
    assert_eq!(waiting[0]["filing"]["item"], "security_minutes");
    assert!(waiting[0]["title"]["vi"].is_string(), "{waiting}");
    for (who, judges) in [("anninh.h17", false), ("vanhanh1", false), ("vanhanh2", true)] {
        let waiting = server.get(who, "/gate/waiting").await.ok().json();
        assert_eq!(waiting[0]["for_me"], judges, "{who}");
    }
    assert_eq!(server.get("anninh.g01", "/gate/waiting").await.ok().json(), json!([]));
    let accept = json!({ "verdict": "accepted" });
    let own = change(&server, "vanhanh1", "/gate/filings/1", "/judge", accept.clone()).await;
    assert_eq!((own.status, own.problem().as_str()), (StatusCode::FORBIDDEN, "EX-2014"));
    let agency = change(&server, "anninh.h17", "/gate/filings/1", "/judge", accept.clone()).await;
    assert_eq!(agency.problem(), "EX-2004", "judging is the platform's");
    let bare = json!({ "verdict": "rejected", "reason": " " });
    assert_eq!(change(&server, "vanhanh2", "/gate/filings/1", "/judge", bare).await.problem(), "EX-2002");
    let seen = server.get("vanhanh2", "/gate/filings/1").await.ok();
    let etag = seen.headers["etag"].to_str().unwrap();
    change_seen(&server, "vanhanh2", "/gate/filings/1/judge", etag, accept.clone()).await.ok();
    let late = change_seen(&server, "vanhanh1", "/gate/filings/1/judge", etag, accept).await;
    assert_eq!(late.problem(), "EX-2003");
    let wrong = json!({ "reason": "Sai số" });
    assert_eq!(
        change(&server, "anninh.g01", "/gate/filings/1", "/withdraw", wrong.clone()).await.problem(),
        "EX-2004"
    );
    change(&server, "anninh.h17", "/gate/filings/1", "/withdraw", wrong).await.ok();
    let view = server.get("anninh.h17", "/gate/filings/1").await.ok().json();
    assert_eq!((&view["standing"], &view["reason"]), (&json!("withdrawn"), &json!("Sai số")));
    assert_eq!(view["history"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_report_comes_in_the_form_that_was_asked_for() {
    let server = Server::start().await;
    set_up(&server).await;
    open(&server, 1).await;
    for item in OF_SYSTEM {
        show(&server, CONSUMER, item, None).await;
    }
    let path = format!("/gate?party={CONSUMER}");
    let report = server.get("anninh.h17", &path).await.ok().json();
    assert_eq!((&report["party"], &report["open"]), (&json!(CONSUMER), &json!(true)));
    let html = server.get("anninh.h17", &format!("{path}&format=html")).await.ok();
    assert!(html.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    let token = format!("Bearer {}", server.sign_in("anninh.h17").await);
    let headers = [("authorization", token.as_str()), ("accept", "application/pdf, text/html;q=0.5")];
    let pdf = server.send(Method::GET, &path, &headers, None).await.ok();
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    assert!(pdf.body.starts_with(b"%PDF-"));
    assert_eq!(server.get("anninh.g01", &path).await.problem(), "EX-2004");
    assert_eq!(server.get("anninh.h17", "/gate?party=x").await.problem(), "EX-2002");
}

#[tokio::test]
async fn who_is_concerned_is_warned_before_the_minutes_end() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 1).await;
    go_live(&server, &id).await;
    assert_eq!(server.get("anninh.h17", "/gate/warnings").await.ok().json(), json!([]));
    // The minutes of 9 November count through 9 May.
    server.clock.advance_secs(175 * 86_400);
    let warnings = server.get("anninh.h17", "/gate/warnings").await.ok().json();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "the other party's warning is not theirs");
    assert_eq!((&warnings[0]["item"], &warnings[0]["stage"]), (&json!("security_minutes"), &json!(7)));
    assert_eq!(server.get("kiemtoan", "/gate/warnings").await.ok().json().as_array().unwrap().len(), 2);
}

/// Hands a document in; the query says what it is.
async fn hand_in(server: &Server, by: &str, query: &str, content: Vec<u8>) -> Answer {
    let token = format!("Bearer {}", server.sign_in(by).await);
    let headers = [("authorization", token.as_str()), ("content-type", "application/pdf; charset=x")];
    server.raw(Method::POST, &format!("/gate/documents?{query}"), &headers, content).await
}

fn kept(server: &Server) -> usize {
    std::fs::read_dir(server.files.path()).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_document_comes_with_its_filing_and_is_read_back_by_who_may_read_the_gate() {
    let server = Server::start().await;
    set_up(&server).await;
    let (content, query) = (
        b"%PDF minutes".to_vec(),
        format!(
            "party={CONSUMER}&item=security_minutes&number=12%2FBB-CAT&issued_on=2026-11-09&name=bi%C3%AAn.pdf"
        ),
    );
    let filed = hand_in(&server, "anninh.h17", &query, content.clone()).await.ok();
    assert_eq!((filed.status, &filed.json()["id"]), (StatusCode::CREATED, &json!("1")));
    let view = server.get("vanhanh1", "/gate/filings/1").await.ok().json();
    let sha256 = hex::encode(crypto::hash::sha256(&[&content]));
    let filing = &view["filing"];
    assert_eq!((&filing["number"], &filing["document"]), (&json!("12/BB-CAT"), &json!(sha256)));
    assert_eq!(filing["file"], json!({ "name": "biên.pdf", "media_type": "application/pdf", "bytes": 12 }));
    for reader in ["anninh.h17", "vanhanh1", "kiemtoan"] {
        let back = server.get(reader, "/gate/filings/1/document").await.ok();
        assert_eq!(back.body, content);
        assert_eq!(back.headers["content-type"], "application/pdf");
        assert_eq!(back.headers["content-disposition"], "attachment; filename*=UTF-8''bi%C3%AAn.pdf");
        assert_eq!(back.headers["x-content-type-options"], "nosniff");
    }
    assert_eq!(server.get("anninh.g01", "/gate/filings/1/document").await.problem(), "EX-2004");
    assert_eq!(server.get("kiemtoan", "/gate/filings/9/document").await.problem(), "EX-2001");
    // A filing that only names the hash has its document elsewhere.
    file(&server, "anninh.h17", (CONSUMER, "security_regulation"), None).await.ok();
    assert_eq!(server.get("kiemtoan", "/gate/filings/2/document").await.problem(), "EX-2001");
    change(&server, "vanhanh1", "/gate/filings/1", "/judge", json!({ "verdict": "accepted" })).await.ok();
    std::fs::write(server.files.path().join(&sha256), "another").unwrap();
    assert_eq!(server.get("kiemtoan", "/gate/filings/1/document").await.problem(), "EX-2019");
}

#[tokio::test]
async fn a_document_of_the_gate_that_is_refused_is_not_left_on_the_disk_and_one_that_is_named_stays() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 1).await;
    let item =
        |item: &str, more: &str| format!("party={CONSUMER}&item={item}&number=1&issued_on=2026-11-09{more}");
    let cases = [
        ("anninh.h17", item("security_minutes", "&name=..%2Fpasswd"), "EX-2002"),
        ("anninh.h17", item("security_minutes", "&name=a.pdf&valid_until=2026-01-01"), "EX-2002"),
        ("anninh.h17", item("risk_assessment", &format!("&name=a.pdf&about={id}")), "EX-2002"),
        ("anninh.h17", item("horoscope", "&name=a.pdf"), "EX-2001"),
        ("anninh.h17", item("security_minutes", "&name=a.pdf&colour=red"), "EX-2002"),
        ("anninh.g01", item("security_minutes", "&name=a.pdf"), "EX-2004"),
        ("kiemtoan", item("security_minutes", "&name=a.pdf"), "EX-2004"),
    ];
    for (by, query, code) in cases {
        let refused = hand_in(&server, by, &query, b"%PDF".to_vec()).await;
        assert_eq!(refused.problem(), code, "{query}");
        assert_eq!(kept(&server), 0, "{query}");
    }
    let good = item("security_minutes", "&name=a.pdf");
    assert_eq!(hand_in(&server, "anninh.h17", &good, Vec::new()).await.problem(), "EX-2002");
    let large = hand_in(&server, "anninh.h17", &good, vec![7; (20 << 20) + 1]).await;
    assert_eq!((large.status, large.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "EX-2022"));
    assert_eq!(kept(&server), 0);

    hand_in(&server, "anninh.h17", &good, b"%PDF".to_vec()).await.ok();
    let refused = attach(&server, "quantri.h17", &id, ("item=horoscope&name=a.pdf", b"%PDF".to_vec())).await;
    assert_eq!(refused.problem(), "EX-2002");
    assert_eq!(kept(&server), 1, "the same content belongs to the filing");
    server.get("anninh.h17", "/gate/filings/1/document").await.ok();
    let by_json = json!({ "party": CONSUMER, "item": "contacts", "issued_on": "2026-11-09",
        "file": { "name": "a.pdf", "media_type": "application/pdf", "bytes": 1 } });
    let answer = server.by("anninh.h17", Method::POST, "/gate/filings", Some(by_json)).await;
    assert_eq!(answer.json()["errors"][0]["place"], "file");
}
