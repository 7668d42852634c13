//! Connection requests, from asking to going live, refusal and silence.

use http::{Method, StatusCode};
use serde_json::json;
use testkit::TestStore;

use crate::server::Server;
use crate::story::{
    CONSUMER, ask, attach, change, change_seen, decide, document, entries, go_live, go_to, open, set_up,
};

/// Acceptance check 5: a new connection opens a risk assessment and cannot go live before it is closed.
async fn no_connection_goes_live_before_its_risk_assessment_is_closed(server: Server) {
    set_up(&server).await;
    let id = open(&server, 1).await;
    go_to(&server, &id, "live").await;
    let thing = format!("/requests/{id}");
    let whole = server.get("quantri.h17", &thing).await.ok().json();
    assert_eq!(whole["request"]["tasks"][0]["code"], "risk_assessment");
    assert!(whole["stands_against"][0].as_str().unwrap().starts_with("risk_assessment"));
    let refused = decide(&server, "vanhanh1", &id, json!({ "decision": "approve" })).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "EX-2013"));
    assert!(refused.json()["title"].as_str().unwrap().contains("risk_assessment"));
    let grant = go_live(&server, &id).await;
    assert_eq!(grant, "QK-2026-000001");
    let whole = server.get("dulieu.g01", &thing).await.ok().json();
    assert_eq!(whole["request"]["status"], "live");
    assert!(whole["holder"].is_null());
}

#[tokio::test]
async fn no_connection_goes_live_before_its_risk_assessment_is_closed_on_sqlite() {
    no_connection_goes_live_before_its_risk_assessment_is_closed(Server::start().await).await;
}

#[tokio::test]
async fn no_connection_goes_live_before_its_risk_assessment_is_closed_on_postgresql() {
    let server = Server::on(TestStore::postgres().await).await;
    no_connection_goes_live_before_its_risk_assessment_is_closed(server).await;
}

/// Acceptance check 28: a refusal needs reason and legal basis, is stored with officer and time and counted; silence turns
/// red after the configured days.
#[tokio::test]
async fn refusals_are_counted_with_officer_and_reason_and_silence_turns_red() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 2).await;
    go_to(&server, &id, "data_owner").await;
    let bare = decide(&server, "dulieu.g01", &id, json!({ "decision": "refuse" })).await;
    assert_eq!(bare.problem(), "EX-2011");
    let refuse = json!({ "decision": "refuse", "reason": "Ngoài phạm vi", "legal_basis": "Điều 9" });
    decide(&server, "dulieu.g01", &id, refuse).await.ok();
    let silent = open(&server, 2).await;
    go_to(&server, &silent, "data_owner").await;
    let board = server.get("lanhdao.g01", "/hoarding").await.ok().json();
    let refusal = &board[0]["refused"][0];
    assert_eq!(board[0]["owner"], "000.00.00.G01");
    assert_eq!(
        (&refusal["request"], &refusal["by"], &refusal["reason"], &refusal["legal_basis"]),
        (&json!(id), &json!("dulieu.g01"), &json!("Ngoài phạm vi"), &json!("Điều 9"))
    );
    assert_eq!(refusal["at"], json!(server.registry.now()));
    assert_eq!((&board[0]["waiting"], &board[0]["silent"]), (&json!([silent]), &json!([])));
    assert_eq!(server.get("lanhdao.h17", "/hoarding").await.ok().json(), json!([]), "not theirs to see");

    server.clock.advance_secs(15 * 86_400);
    let board = server.get("lanhdao.g01", "/hoarding?owner=000.00.00.G01").await.ok().json();
    assert_eq!(board[0]["silent"], json!([silent]));
    let late = server.get("lanhdao.g01", "/overdue").await.ok().json();
    assert!(late.as_array().unwrap().iter().any(|late| late["request"] == json!(silent)
        && late["role"] == "data_owner"
        && late["agency"] == "000.00.00.G01"));
    let list = server.get("dulieu.g01", "/requests?overdue=true&mine=true").await.ok().json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["holder"]["overdue"], true);
}

#[tokio::test]
async fn of_two_data_owners_who_decide_at_once_one_is_told_that_the_other_was_faster() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 2).await;
    go_to(&server, &id, "data_owner").await;
    let seen = server.get("dulieu.g01", &format!("/requests/{id}")).await.ok();
    let etag = seen.headers["etag"].to_str().unwrap();
    let path = format!("/requests/{id}/steps");
    let (first, second) = tokio::join!(
        change_seen(&server, "dulieu.g01", &path, etag, json!({ "decision": "approve" })),
        change_seen(
            &server,
            "dulieu2.g01",
            &path,
            etag,
            json!({ "decision": "return", "comment": "Bổ sung" })
        ),
    );
    let (done, late) = if first.status.is_success() { (first, second) } else { (second, first) };
    assert_eq!((late.status, late.problem().as_str()), (StatusCode::CONFLICT, "EX-2003"));
    let after = server.get("dulieu.g01", &format!("/requests/{id}")).await.ok();
    assert_eq!(done.ok().headers["etag"], after.headers["etag"]);
}

#[tokio::test]
async fn a_returned_request_is_corrected_and_goes_on_and_another_is_withdrawn() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 2).await;
    go_to(&server, &id, "data_owner").await;
    decide(&server, "dulieu.g01", &id, json!({ "decision": "return", "comment": "Nêu rõ lý do" })).await.ok();
    let thing = format!("/requests/{id}");
    let mine = server.get("quantri.h17", "/requests?mine=true&state=returned").await.ok().json();
    assert_eq!(mine["items"][0]["id"], json!(id));
    let correction = json!({ "comment": "Đã sửa", "reason": "Cấp giấy phép xây dựng" });
    change(&server, "quantri.h17", &thing, "/resubmit", correction).await.ok();
    let whole = server.get("quantri.h17", &thing).await.ok().json();
    assert_eq!(
        (&whole["request"]["status"], &whole["request"]["step"]),
        (&json!("open"), &json!("data_owner"))
    );
    assert_eq!(whole["holder"]["role"], "data_owner");
    assert_eq!(whole["holder"]["working_days_left"], 10);
    change(&server, "quantri.h17", &thing, "/withdraw", json!({ "reason": "Không cần nữa" })).await.ok();
    let again = change(&server, "quantri.h17", &thing, "/withdraw", json!({ "reason": "Lại" })).await;
    assert_eq!(again.problem(), "EX-2010");
}

#[tokio::test]
async fn a_document_comes_back_as_it_was_and_one_too_large_or_with_a_path_is_refused() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 1).await;
    let content = vec![7_u8; 20 << 20];
    let query = "item=technical_registration&name=phi%E1%BA%BFu.pdf";
    attach(&server, "quantri.h17", &id, (query, content.clone())).await.ok();
    let whole = server.get("quantri.h17", &format!("/requests/{id}")).await.ok().json();
    let kept = &whole["request"]["attachments"][0];
    assert_eq!((&kept["name"], &kept["bytes"]), (&json!("phiếu.pdf"), &json!(20 << 20)));
    let path = format!("/requests/{id}/attachments/{}", kept["sha256"].as_str().unwrap());
    let back = server.get("dulieu.g01", &path).await.ok();
    assert!(back.body == content, "another content came back");
    assert_eq!(back.headers["content-type"], "application/pdf");
    assert_eq!(back.headers["content-disposition"], "attachment; filename*=UTF-8''phi%E1%BA%BFu.pdf");
    assert_eq!(
        server.get("anninh.g01", &path.replace(&path[path.len() - 2..], "zz")).await.problem(),
        "EX-2001"
    );

    let larger = vec![7_u8; (20 << 20) + 1];
    let refused = attach(&server, "quantri.h17", &id, (query, larger)).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "EX-2022"));
    for name in ["..%2F..%2Fetc%2Fpasswd", "a%5Cb", "%0a"] {
        let query = format!("item=technical_registration&name={name}");
        assert_eq!(
            attach(&server, "quantri.h17", &id, (&query, vec![1])).await.problem(),
            "EX-2002",
            "{name}"
        );
    }
    let query = "item=technical_registration&name=a.pdf";
    assert_eq!(attach(&server, "quantri.h17", &id, (query, Vec::new())).await.problem(), "EX-2002");
    assert_eq!(attach(&server, "quantri.g01", &id, (query, vec![1])).await.problem(), "EX-2004");
}

#[tokio::test]
async fn lists_come_in_pages_and_show_only_what_the_person_may_see() {
    let server = Server::start().await;
    set_up(&server).await;
    let first = open(&server, 1).await;
    let second = open(&server, 2).await;
    let page = server.get("quantri.h17", "/requests?limit=1").await.ok().json();
    assert_eq!(page["items"][0]["id"], json!(second));
    let next = format!("/requests?limit=1&after={}", page["next"].as_str().unwrap());
    let page = server.get("quantri.h17", &next).await.ok().json();
    assert_eq!((&page["items"][0]["id"], &page["next"]), (&json!(first), &json!(null)));
    let count = async |by: &str, query: &str| {
        let list = server.get(by, &format!("/requests{query}")).await.ok().json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(count("kiemtoan", "").await, 2);
    assert_eq!(count("dulieu.g01", "?owner=000.00.00.G01").await, 2);
    assert_eq!(count("dulieu.g01", "?consumer=000.00.00.G01").await, 0);
    assert_eq!(count("quantri.h17", "?mine=true").await, 2);
    assert_eq!(count("dulieu.g01", "?mine=true").await, 0);
    let of_officer = server.get("anninh.h17", "/requests?mine=true").await.ok().json();
    let row = &of_officer["items"][0];
    assert_eq!((&row["for_me"], &row["my_tasks"][0]["code"]), (&json!(false), &json!("risk_assessment")));
    let whole = server.get("anninh.h17", &format!("/requests/{second}")).await.ok().json();
    let missed = whole["missed"].as_array().unwrap();
    let minutes = missed.iter().find(|one| one["item"] == "security_minutes" && one["party"] == CONSUMER);
    assert_eq!(minutes.unwrap()["of_connection"], false);
    assert!(
        missed.iter().all(|one| one["item"] != "risk_assessment"),
        "the open task will show it: {missed:?}"
    );
    assert_eq!(server.get("quantri.h17", "/requests?state=x").await.problem(), "EX-2002");
    assert_eq!(server.get("quantri.h17", "/requests/x").await.problem(), "EX-2001");
}

#[tokio::test]
async fn asking_again_under_the_same_key_gives_the_same_request() {
    let server = Server::start().await;
    set_up(&server).await;
    let token = format!("Bearer {}", server.sign_in("quantri.h17").await);
    let headers = [("authorization", token.as_str()), ("idempotency-key", "k1")];
    let first = server.send(Method::POST, "/requests", &headers, Some(ask(2))).await.ok();
    assert_eq!(first.status, StatusCode::CREATED);
    let again = server.send(Method::POST, "/requests", &headers, Some(ask(2))).await.ok();
    assert_eq!(first.json(), again.json());
    let other = server.by("quantri.h17", Method::POST, "/requests", Some(ask(2))).await;
    assert_eq!(other.problem(), "EX-2005");
}

/// Every mutating route, tried by an auditor, who may change nothing.
#[tokio::test]
async fn whoever_may_not_is_refused_and_the_refusal_is_in_the_journal() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 1).await;
    let grant = go_live(&server, &id).await;
    let id = open(&server, 2).await;
    document(&server, &id, "data_scope").await;
    let reason = json!({ "reason": "x" });
    let filing = json!({ "party": CONSUMER, "item": "contacts", "issued_on": "2026-11-09" });
    let routes = [
        ("/requests".to_owned(), ask(2)),
        (format!("/requests/{id}/steps"), json!({ "decision": "approve" })),
        (format!("/requests/{id}/withdraw"), reason.clone()),
        (format!("/requests/{id}/resubmit"), json!({})),
        (format!("/requests/{id}/tasks/risk_assessment/close"), json!({ "conclusion": "x" })),
        (format!("/requests/{id}/attachments?item=data_scope&name=a"), json!({})),
        (format!("/grants/{grant}"), json!({ "terms": { "legal_basis": "x" }, "reason": "x" })),
        (format!("/grants/{grant}/suspend"), reason.clone()),
        (format!("/grants/{grant}/resume"), reason.clone()),
        (format!("/grants/{grant}/revoke"), reason.clone()),
        (format!("/grants/{grant}/renew"), json!({ "until": null, "reason": "x" })),
        ("/gate/filings".to_owned(), filing),
        ("/gate/filings/1/judge".to_owned(), json!({ "verdict": "accepted" })),
        ("/gate/filings/1/withdraw".to_owned(), reason.clone()),
        ("/directory/changes".to_owned(), json!({ "changes": [] })),
        ("/directory/changes/1/approve".to_owned(), json!({})),
        ("/directory/changes/1/reject".to_owned(), reason.clone()),
        ("/directory/changes/1/take-back".to_owned(), json!({})),
        ("/directory/changes/1/revert".to_owned(), json!({ "note": "x" })),
    ];
    for (path, body) in routes {
        let before = entries(&server).await[0]["seq"].as_i64().unwrap();
        let answer = change_seen(&server, "kiemtoan", &path, "\"1\"", body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "EX-2004"), "{path}");
        let newest = entries(&server).await[0].clone();
        assert_eq!(newest["seq"], json!(before + 1), "{path}");
        assert!(newest["outcome"].to_string().contains("EX-2004"), "{path}: {newest}");
    }
    let path = format!("/requests/{id}/steps");
    let missing = server.by("vanhanh1", Method::POST, &path, Some(json!({ "decision": "approve" }))).await;
    assert_eq!(missing.json()["errors"][0]["place"], "If-Match");
}
