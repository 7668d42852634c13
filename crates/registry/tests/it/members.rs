//! Members that are no agencies: who asks in their name, and who has a say about them.

use http::{Method, StatusCode};
use serde_json::json;

use crate::server::Server;
use crate::story::{CONSUMER, SERVICES, ask, set_up};

const COMPANY: &str = "VN-DEMO/COM/0100109106";

#[tokio::test]
async fn nobody_asks_in_the_name_of_a_company_before_the_operator_has_recorded_who_answers_for_it() {
    let server = Server::start().await;
    set_up(&server).await;
    let mut wanted = ask(1);
    wanted["consumer"] = json!(format!("{COMPANY}/TRA-CUU"));
    let refused = server.by("quantri.h17", Method::POST, "/requests", Some(wanted.clone())).await;
    assert_eq!(
        (refused.problem(), &refused.json()["errors"][0]["place"]),
        ("EX-2002".into(), &json!("consumer"))
    );

    let path = format!("/members/{COMPANY}");
    let record = |agency: &str| json!({ "agency": agency, "legal_basis": "Hợp đồng 12/2026" });
    let other = server.by("quantri.h17", Method::PUT, &path, Some(record("000.00.00.H17"))).await;
    assert_eq!((other.status, other.problem().as_str()), (StatusCode::FORBIDDEN, "EX-2004"));
    let unknown = server.by("vanhanh1", Method::PUT, &path, Some(record("000.99.99.H99"))).await;
    assert_eq!(unknown.json()["errors"][0]["place"], "agency");
    let itself =
        server.by("vanhanh1", Method::PUT, "/members/VN-DEMO/GOV/H17", Some(record("000.00.00.G01"))).await;
    assert_eq!(itself.json()["errors"][0]["place"], "member");
    server.by("vanhanh1", Method::PUT, &path, Some(record("000.00.00.G01"))).await.ok();
    let wrong = server.by("quantri.h17", Method::POST, "/requests", Some(wanted.clone())).await;
    assert_eq!(wrong.problem(), "EX-2002", "another agency answers for it");

    assert_eq!(
        server.by("vanhanh1", Method::PUT, &path, Some(record("000.00.00.H17"))).await.problem(),
        "EX-2002"
    );
    let tag = server.tag("vanhanh1", &path).await;
    server.change("vanhanh1", Method::PUT, &path, &tag, record("000.00.00.H17")).await.ok();
    let late = server.change("vanhanh2", Method::PUT, &path, &tag, record("000.00.00.G01")).await;
    assert_eq!(late.problem(), "EX-2003");
    server.by("quantri.h17", Method::POST, "/requests", Some(wanted)).await.ok();
    let gate = format!("/gate?party={COMPANY}/TRA-CUU");
    server.get("anninh.h17", &gate).await.ok();
    assert_eq!(server.get("anninh.g01", &gate).await.problem(), "EX-2004");
    let list = server.get("kiemtoan", "/members").await.ok().json();
    assert_eq!((&list[0]["member"], &list[0]["agency"]), (&json!(COMPANY), &json!("000.00.00.H17")));
}

#[tokio::test]
async fn a_request_in_the_name_of_another_agencys_system_is_refused_under_every_spelling() {
    let server = Server::start().await;
    set_up(&server).await;
    for consumer in
        ["VN-DEMO/GOV/G01/DAN-CU", "VN-DEMO/GOV/khong-phai-ma/X", "VN-DEMO/ORG/H17/X", "VN-DEMO/GOV/H99/X"]
    {
        let mut wanted = ask(1);
        wanted["consumer"] = json!(consumer);
        let refused = server.by("quantri.h17", Method::POST, "/requests", Some(wanted)).await;
        assert_eq!(refused.problem(), "EX-2002", "{consumer}");
        assert_eq!(server.get("anninh.h17", &format!("/gate?party={consumer}")).await.problem(), "EX-2004");
    }
    server.by("quantri.h17", Method::POST, "/requests", Some(ask(1))).await.ok();
    assert_eq!(server.get("quantri.h17", "/requests").await.ok().json()["items"][0]["consumer"], CONSUMER);
    assert_eq!(server.get("quantri.h17", "/requests").await.ok().json()["items"][0]["service"], SERVICES[0]);
}
