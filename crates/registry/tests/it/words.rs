//! What codes are called, and the rules that requests go by.

use http::StatusCode;
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn the_rules_name_every_step_and_document_that_a_road_has() {
    let server = Server::start().await;
    let rules = server.get("kiemtoan", "/rules").await.ok().json();
    let codes = |list: &str| -> Vec<String> {
        rules[list].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    let items = codes("items");
    let roads = rules["roads"].as_array().unwrap();
    assert!(roads.len() >= 3);
    for step in roads.iter().flat_map(|road| road["steps"].as_array().unwrap()) {
        assert!(!step["title"]["vi"].as_str().unwrap().is_empty(), "{step}");
        let demanded =
            step["attach"].as_array().unwrap().iter().chain(step["attach_if_personal"].as_array().unwrap());
        for item in demanded {
            assert!(items.contains(&item.as_str().unwrap().to_owned()), "{item}");
        }
    }
    assert!(codes("tasks").contains(&"risk_assessment".to_owned()));
    assert!(codes("sharing").contains(&"on_request".to_owned()));
}

#[tokio::test]
async fn names_are_given_for_what_has_one_and_left_out_for_the_rest() {
    let server = Server::start().await;
    let agency =
        json!({ "code": "000.00.00.H17", "name": "UBND thành phố Đà Nẵng", "valid_from": "2025-07-01" });
    server.by("vanhanh1", http::Method::PUT, "/agencies/000.00.00.H17", Some(agency)).await.ok();
    let names = server.get("kiemtoan", "/names?of=000.00.00.H17,000.00.00.H99,VN/GOV/X/Y/z,khong%20co").await;
    assert_eq!(names.ok().json(), json!({ "000.00.00.H17": { "vi": "UBND thành phố Đà Nẵng" } }));
    let many = vec!["a"; 501].join(",");
    let refused = server.get("kiemtoan", &format!("/names?of={many}")).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "EX-2022"));
    assert_eq!(server.get("kiemtoan", "/names").await.problem(), "EX-2002");
}
