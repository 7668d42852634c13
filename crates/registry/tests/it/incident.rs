//! Files of incidents, and the yearly report that tells of them.

use http::{Method, StatusCode};
use registry::grant::Force;
use registry::snapshot;
use serde_json::{Value, json};
use testkit::TestStore;

use crate::server::{NOW, Server};
use crate::story::{CONSUMER, change, change_seen, entries, go_live, open, set_up};

const HOUR: i64 = 3_600;

fn facts(severity: &str) -> Value {
    json!({ "detected": NOW, "description": "Máy chủ một cửa bị mã hóa dữ liệu", "severity": severity, "parties": [CONSUMER] })
}

/// Opens a file in the name of the security officer of Đà Nẵng.
async fn report(server: &Server, facts: Value) -> String {
    let body = json!({ "agency": "000.00.00.H17", "facts": facts });
    let answer = server.by("anninh.h17", Method::POST, "/incidents", Some(body)).await.ok();
    assert_eq!(answer.status, StatusCode::CREATED);
    format!("/incidents/{}", answer.json()["id"].as_str().unwrap())
}

fn message(at: i64) -> Value {
    json!({ "to": "Công an thành phố (PA05)", "at": at, "number": "15/TB-SKHCN", "document": "07".repeat(32) })
}

#[tokio::test]
async fn an_incident_is_notified_reported_and_closed_on_sqlite() {
    an_incident_is_notified_reported_and_closed(Server::start().await).await;
}

#[tokio::test]
async fn an_incident_is_notified_reported_and_closed_on_postgresql() {
    an_incident_is_notified_reported_and_closed(Server::on(TestStore::postgres().await).await).await;
}

async fn an_incident_is_notified_reported_and_closed(server: Server) {
    set_up(&server).await;
    let file = report(&server, facts("ordinary")).await;
    let mut graver = facts("serious");
    graver["personal_data"] = json!(true);
    graver["data_subjects"] = json!(1200);
    let etag = server.get("anninh.h17", &file).await.ok().headers["etag"].to_str().unwrap().to_owned();
    let token = format!("Bearer {}", server.sign_in("anninh.h17").await);
    let headers = [("authorization", token.as_str()), ("if-match", etag.as_str())];
    let body = json!({ "facts": graver, "reason": "Xác minh có lộ dữ liệu" });
    server.send(Method::PATCH, &file, &headers, Some(body.clone())).await.ok();
    assert_eq!(server.send(Method::PATCH, &file, &headers, Some(body)).await.problem(), "EX-2003");
    let shown = server.get("anninh.h17", &file).await.ok().json();
    let obligations = shown["obligations"].as_array().unwrap();
    let due: Vec<_> =
        obligations.iter().map(|one| (one["code"].clone(), one["due"].as_i64().unwrap())).collect();
    let end = NOW.plus_secs(72 * HOUR).0;
    let first = NOW.plus_secs(24 * HOUR).0;
    assert_eq!(
        due,
        [(json!("first_notice"), first), (json!("report"), end), (json!("data_breach_notice"), end)]
    );

    server.clock.advance_secs(10 * HOUR);
    let sent = json!({ "obligation": "first_notice", "message": message(NOW.plus_secs(9 * HOUR).0) });
    assert_eq!(change(&server, "quantri.h17", &file, "/sent", sent.clone()).await.problem(), "EX-2004");
    assert_eq!(change(&server, "anninh.g01", &file, "/sent", sent.clone()).await.problem(), "EX-2004");
    change(&server, "anninh.h17", &file, "/sent", sent).await.ok();
    let done = json!({ "text": "Đã ngắt máy chủ khỏi mạng, khôi phục từ bản sao lưu" });
    change(&server, "anninh.h17", &file, "/measures", done).await.ok();
    let close = json!({ "conclusion": "Đã khắc phục" });
    let early = change(&server, "anninh.h17", &file, "/close", close.clone()).await;
    assert_eq!(early.problem(), "EX-2002");
    assert_eq!(
        early.json()["errors"].as_array().unwrap().len(),
        2,
        "the report and the notice of the breach"
    );

    server.clock.advance_secs(70 * HOUR);
    for obligation in ["report", "data_breach_notice"] {
        let sent = json!({ "obligation": obligation, "message": message(NOW.plus_secs(79 * HOUR).0) });
        change(&server, "anninh.h17", &file, "/sent", sent).await.ok();
        let late = json!({ "obligation": obligation, "reason": "Chờ xác minh nguyên nhân" });
        change(&server, "anninh.h17", &file, "/late", late).await.ok();
    }
    change(&server, "anninh.h17", &file, "/close", close.clone()).await.ok();
    assert_eq!(change(&server, "anninh.h17", &file, "/close", close).await.problem(), "EX-2010");
    let shown = server.get("kiemtoan", &file).await.ok().json();
    let states: Vec<_> = shown["obligations"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["met", "sent_late", "sent_late"]);
    assert_eq!(shown["incident"]["history"].as_array().unwrap().len(), 9, "everything is there");
    assert_eq!(server.get("anninh.g01", &file).await.problem(), "EX-2004");
    let refused = entries(&server).await.into_iter().filter(|entry| entry["act"] == "incident_put");
    assert!(refused.filter(|entry| entry["outcome"] != "done").count() >= 2, "refusals are journalled");
}

#[tokio::test]
async fn what_is_due_soon_or_past_can_be_asked_for() {
    let server = Server::start().await;
    set_up(&server).await;
    let file = report(&server, facts("serious")).await;
    let list = async |who: &str, query: &str| {
        let list = server.get(who, &format!("/incidents?{query}")).await.ok().json();
        list["items"].as_array().unwrap().clone()
    };
    assert_eq!(list("anninh.h17", "due=any").await.len(), 1);
    assert_eq!(list("anninh.h17", "due=soon").await.len(), 0);
    server.clock.advance_secs(18 * HOUR);
    let soon = list("anninh.h17", "due=soon").await;
    assert_eq!(soon[0]["obligations"][0]["state"], "soon");
    assert_eq!(soon[0]["obligations"][0]["due"], NOW.plus_secs(24 * HOUR).0);
    assert_eq!(list("anninh.g01", "due=soon").await.len(), 0, "not another agency's business");
    server.clock.advance_secs(6 * HOUR + 1);
    assert_eq!(list("anninh.h17", "due=past").await[0]["obligations"][0]["state"], "past");
    let overdue = server.get("anninh.h17", "/overdue").await.ok().json();
    assert_eq!(
        (&overdue[0]["obligation"], &overdue[0]["role"]),
        (&json!("first_notice"), &json!("security_officer"))
    );
    assert!(file.ends_with(overdue[0]["incident"].as_str().unwrap()));
    assert_eq!(server.get("anninh.g01", "/overdue").await.ok().json(), json!([]));
    assert_eq!(list("anninh.h17", "open=false").await.len(), 0);
    assert_eq!(list("kiemtoan", "agency=000.00.00.H17&open=true").await.len(), 1);
    assert_eq!(server.get("anninh.h17", "/incidents?due=bald").await.problem(), "EX-2002");
}

#[tokio::test]
async fn the_platform_stops_grants_because_of_an_incident() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 2).await;
    let grant = go_live(&server, &id).await;
    let file = report(&server, facts("critical")).await;
    let stop = json!({ "grants": [grant], "reason": "Nghi lộ khóa" });
    assert_eq!(change(&server, "anninh.h17", &file, "/contain", stop.clone()).await.problem(), "EX-2004");
    let etag =
        change(&server, "vanhanh1", &file, "/contain", stop.clone()).await.ok().headers["etag"].clone();
    let member = "VN-DEMO/GOV/G01".parse().unwrap();
    let (now, rules) = (server.registry.now(), server.registry.rules());
    let force = server.registry.read(|state| snapshot::of(state, rules, &member, now).grants[0].force);
    assert_eq!(force, Force::Suspended, "gateways learn of it");
    let number = file.rsplit('/').next().unwrap();
    let held = server.get("dulieu.g01", &format!("/grants/{grant}")).await.ok().json();
    assert_eq!(held["grant"]["reason"], format!("Sự cố {number}: Nghi lộ khóa"));
    let again =
        change_seen(&server, "vanhanh1", &format!("{file}/contain"), etag.to_str().unwrap(), stop).await;
    assert_eq!(again.problem(), "EX-2010", "the version is right, the grant is suspended already");
}

#[tokio::test]
async fn the_yearly_report_comes_in_the_form_that_was_asked_for() {
    let server = Server::start().await;
    set_up(&server).await;
    let id = open(&server, 1).await;
    go_live(&server, &id).await;
    report(&server, facts("serious")).await;
    let path = "/security-reports/000.00.00.H17/2026";
    let json = server.get("lanhdao.h17", path).await.ok().json();
    assert_eq!(
        (&json["window"]["from"], &json["window"]["to"]),
        (&json!("2025-12-15"), &json!("2026-12-14"))
    );
    assert_eq!(json["incidents"].as_array().unwrap().len(), 1);
    assert_eq!(json["figures"]["connections_live"], 1);
    assert_eq!(json["systems"][0]["parties"], json!([CONSUMER]));
    assert_eq!(json["minutes"][0]["state"], "in_force");
    for (form, kind) in [("html", "text/html"), ("pdf", "application/pdf"), ("csv", "text/csv")] {
        let answer = server.get("anninh.h17", &format!("{path}?format={form}")).await.ok();
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind), "{form}");
    }
    let token = format!("Bearer {}", server.sign_in("kiemtoan").await);
    let headers = [("authorization", token.as_str()), ("accept", "text/csv")];
    let csv = server.send(Method::GET, path, &headers, None).await.ok();
    assert!(String::from_utf8(csv.body.to_vec()).unwrap().contains(CONSUMER));
    assert_eq!(
        server.get("anninh.h17", "/gate?party=VN-DEMO/GOV/H17/MOT-CUA&format=csv").await.problem(),
        "EX-2002"
    );
    for who in ["anninh.g01", "quantri.h17"] {
        assert_eq!(server.get(who, path).await.problem(), "EX-2004", "{who}");
    }
    assert_eq!(server.get("kiemtoan", "/security-reports/000.00.00.H17/2020").await.problem(), "EX-2002");
    assert_eq!(server.get("kiemtoan", "/security-reports/H17.99/2026").await.problem(), "EX-2001");
    let entries = entries(&server).await;
    let asked = entries.iter().filter(|entry| entry["act"] == "security_report").count();
    assert_eq!(asked, 2, "who asked without the right to is written down, nobody else");
}
