//! The readiness gate: four eyes, reports in three forms, warnings.

use http::{Method, StatusCode};
use serde_json::json;
use testkit::TestStore;

use crate::server::Server;
use crate::story::{CONSUMER, OF_SYSTEM, change, change_seen, file, go_live, open, set_up, show};

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
