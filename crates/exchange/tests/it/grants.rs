//! Grants with fields, quota, rate, conditions and force, and readiness gates: between two whole nodes.

use base::Clock as _;
use evidence::record::CallPart;
use exchange::cut::{FieldSet, Uncuttable};
use exchange::error::Reason;
use exchange::rights::{ClosedGate, Conditions, Failing, Force, Grant, Unmet};
use exchange::usage::Allowance;
use http::{Method, StatusCode};

use crate::audit;
use crate::pair::{Answer, Pair};

/// Somebody in a household, as the service answers: more than was granted.
const HOUSEHOLD: &str = r#"{ "maHo": "H-1", "chuHo": {"hoTen": "Nguyen Van Bi Mat", "cccd": "049099001234"},
    "thanhVien": [{"hoTen": "Tran Thi Kin", "quanHe": "vo", "cccd": "049199005678"}], "soTien": 1.50e2 }"#;
const PLAIN: &str = "application/json";

/// The provider's system answers `body`, with these headers.
async fn say(pair: &Pair, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = pair.question(Method::POST, "/noi");
    let request = headers.iter().fold(request, |r, (name, value)| r.header(format!("x-noi-{name}"), *value));
    pair.ask(request, body.to_owned()).await
}

async fn granting(paths: &[&str]) -> Pair {
    let pair = Pair::new().await;
    pair.rule(
        vec![Grant {
            id: Some("QK-2026-000045".into()),
            fields: Some(FieldSet::new(paths).unwrap()),
            ..pair.grant()
        }],
        vec![],
    );
    pair
}

#[tokio::test(flavor = "multi_thread")]
async fn only_granted_fields_are_answered_and_the_log_names_the_others_without_their_values() {
    let pair = granting(&["maHo", "thanhVien.quanHe", "soTien"]).await;
    let answer = say(&pair, &[("content-type", PLAIN)], HOUSEHOLD).await;
    answer.is_answered();
    assert_eq!(&*answer.body, br#"{"maHo":"H-1","thanhVien":[{"quanHe":"vo"}],"soTien":1.50e2}"#);

    let records = audit::records(&pair.provider.db).await;
    assert_eq!(records[0].permit.as_deref(), Some("QK-2026-000045"));
    assert_eq!(records[1].withheld, ["chuHo", "thanhVien.cccd", "thanhVien.hoTen"]);
    for node in [&pair.consumer, &pair.provider] {
        for row in audit::rows(&node.db).await {
            for value in ["Bi Mat", "Kin", "049099001234", "049199005678", "H-1"] {
                assert!(!row.text.contains(value), "{value} stands in a log");
            }
        }
    }
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_holds_nothing_else_passes_byte_for_byte() {
    let pair = granting(&["maHo", "chuHo", "thanhVien", "soTien"]).await;
    let answer = say(&pair, &[("content-type", "application/vnd.ho+json; charset=utf-8")], HOUSEHOLD).await;
    answer.is_answered();
    assert_eq!(&*answer.body, HOUSEHOLD.as_bytes());
    assert!(audit::records(&pair.provider.db).await[1].withheld.is_empty());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_cut_is_not_given_and_that_is_recorded() {
    let pair = granting(&["maHo"]).await;
    let large = format!("{{\"maHo\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let json = ("content-type", PLAIN);
    let cases = [
        (&[("content-type", "text/plain")][..], HOUSEHOLD, Uncuttable::MediaType),
        (&[], HOUSEHOLD, Uncuttable::MediaType),
        (&[json, ("content-encoding", "gzip")], HOUSEHOLD, Uncuttable::Encoded),
        (&[json, ("status", "206")], HOUSEHOLD, Uncuttable::Partial),
        (&[json], "{\"maHo\":1", Uncuttable::NotJson),
        (&[json], "{\"maHo\":1,\"maHo\":2}", Uncuttable::NameTwice),
        (&[json], "\"Nguyen Van Bi Mat\"", Uncuttable::NoFields),
        (&[json], &large, Uncuttable::TooLarge(4 * 1024 * 1024)),
    ];
    for (headers, body, why) in cases {
        let answer = say(&pair, headers, body).await;
        answer.is_refused(&Reason::CannotCut(why).at_provider());
        assert!(!String::from_utf8_lossy(&answer.body).contains("Bi Mat"));
    }
    let parts: Vec<_> = audit::records(&pair.provider.db).await.into_iter().map(|r| r.part).collect();
    assert_eq!(parts, [CallPart::Request, CallPart::Refusal].repeat(8));
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_cut_too() {
    let pair = granting(&["ds.ma"]).await;
    let row = r#"{"ma":"1","hoTen":"Bi Mat"}"#;
    let body = format!("{{\"ds\":[{}]}}", vec![row; 60_000].join(","));
    assert!(body.len() > 1024 * 1024, "it goes through the disk");
    let answer = say(&pair, &[("content-type", PLAIN)], &body).await;
    answer.is_answered();
    let expected = format!("{{\"ds\":[{}]}}", vec![r#"{"ma":"1"}"#; 60_000].join(","));
    assert!(*answer.body == *expected.as_bytes());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_could_tell_what_was_left_out_do_not_pass_a_grant_with_fields() {
    let of_service = [
        ("etag", "\"1\""),
        ("last-modified", "Sun, 22 Nov 2026 01:00:00 GMT"),
        ("x-cua-toi", "Bi Mat"),
        ("location", "/nguoi/049099001234"),
        ("set-cookie", "hoTen=Bi-Mat"),
        ("cache-control", "no-store"),
        ("retry-after", "7"),
    ];
    let headers = [&[("content-type", PLAIN)], &of_service[..]].concat();
    for (paths, passing) in [(Some(&["maHo"][..]), 2), (None, 7)] {
        let pair = match paths {
            Some(paths) => granting(paths).await,
            None => Pair::new().await,
        };
        for status in ["200", "404"] {
            let headers = [&headers[..], &[("status", status)]].concat();
            let answer = say(&pair, &headers, HOUSEHOLD).await;
            let passed = of_service.iter().filter(|(name, value)| answer.header(name) == Some(value));
            assert_eq!(passed.count(), passing, "{paths:?} {status}");
            assert!(answer.header("x-road-request-hash").is_some());
        }
        pair.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_asked_for_its_whole_plain_answer() {
    let pair = granting(&["maHo"]).await;
    let forms = ["accept-encoding", "range", "if-range"];
    let tags = ["if-none-match", "if-match", "if-modified-since", "if-unmodified-since"];
    let names = [&forms[..], &tags].concat();
    let ask = |method| names.iter().fold(pair.question(method, "/noi"), |r, name| r.header(*name, "\"x\""));
    let request = ask(Method::GET).header("x-noi-content-type", PLAIN).header("x-khong-noi", "1");
    pair.ask(request, "").await.is_answered();
    assert!(names.iter().all(|name| !pair.service.last().0.headers.contains_key(*name)));
    pair.rule(vec![pair.grant()], vec![]);
    pair.ask(ask(Method::GET), "").await.is_answered();
    assert!(names.iter().all(|name| pair.service.last().0.headers.contains_key(*name)));
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_with_fields_writes_neither_by_a_guessed_tag_nor_without_the_tag_that_was_given() {
    let pair = granting(&["maHo"]).await;
    let put = |name: &str, value: &str| {
        pair.question(Method::PUT, "/noi").header("x-noi-content-type", PLAIN).header(name, value)
    };
    for name in ["if-none-match", "if-match", "if-modified-since", "if-unmodified-since"] {
        let refused = pair.ask(put(name, "\"x\""), "{}").await;
        refused.is_refused(&Reason::ConditionNotMet(Unmet::Tag).at_provider());
    }
    pair.ask(put("if-none-match", "*"), "{}").await.is_answered();
    assert_eq!(pair.service.last().0.headers["if-none-match"], "*", "it keeps from overwriting");
    pair.rule(vec![pair.grant()], vec![]);
    pair.ask(put("if-match", "\"x\""), "{}").await.is_answered();
    assert_eq!(pair.service.last().0.headers["if-match"], "\"x\"", "it keeps two writers apart");
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_services_own_error_only_what_errors_say_passes() {
    let pair = granting(&["maHo"]).await;
    let problem = [("status", "404"), ("content-type", "application/problem+json")];
    let answer = say(&pair, &problem, r#"{"title":"Khong co","status":404,"hoTen":"Bi Mat"}"#).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (StatusCode::NOT_FOUND, &br#"{"title":"Khong co","status":404}"#[..])
    );
    for (kind, body) in [(PLAIN, HOUSEHOLD), (PLAIN, "Bi Mat"), ("text/html", "<p>Bi Mat</p>")] {
        let answer = say(&pair, &[("status", "500"), ("content-type", kind)], body).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
        assert_eq!((answer.header("x-road-error"), answer.header("content-type")), (None, None));
    }
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_and_empty_answers_pass_a_grant_with_fields() {
    let pair = granting(&["maHo"]).await;
    let request = pair.question(Method::HEAD, "/x").header("X-Road-Id", "mot");
    pair.ask(request, "").await.is_answered();
    let request =
        pair.question(Method::DELETE, "/noi").header("x-noi-status", "204").header("x-khong-noi", "1");
    assert_eq!(pair.ask(request, "").await.status, StatusCode::NO_CONTENT);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn call_1001_of_a_day_on_a_quota_of_1000_gets_429_and_says_when_to_come_back() {
    let pair = Pair::new().await;
    let allowance = Allowance { quota_day: Some(1000), rate_s: None };
    pair.rule(vec![Grant { id: Some("QK-2026-000001".into()), allowance, ..pair.grant() }], vec![]);
    for _ in 0..50 {
        let calls = (0..20).map(|_| pair.get("/x"));
        futures_util::future::join_all(calls).await.iter().for_each(Answer::is_answered);
    }
    let refused = pair.get("/x").await;
    // 18:06:40 in Vietnam.
    let reason = Reason::QuotaUsed { quota: 1000, wait_s: 21_200 };
    refused.is_refused(&reason.at_provider());
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, Some("21200"))
    );
    assert_eq!(refused.header("lienthong-error"), Some("EX-0309"));
    assert_eq!(pair.service.count(), 1000);
    // A new value of the rights, with the same grant, does not count anew; more of it counts at once.
    let allowance = Allowance { quota_day: Some(1001), rate_s: None };
    pair.rule(vec![Grant { id: Some("QK-2026-000001".into()), allowance, ..pair.grant() }], vec![]);
    pair.get("/x").await.is_answered();
    assert_eq!(pair.get("/x").await.status, StatusCode::TOO_MANY_REQUESTS);
    for node in [&pair.consumer, &pair.provider] {
        node.clock.advance_secs(21_200);
    }
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_in_a_second_get_429() {
    let pair = Pair::new().await;
    let allowance = Allowance { quota_day: None, rate_s: Some(3) };
    pair.rule(vec![Grant { allowance, ..pair.grant() }], vec![]);
    for _ in 0..3 {
        pair.get("/x").await.is_answered();
    }
    let refused = pair.get("/x").await;
    refused.is_refused(&Reason::TooFast { rate: 3 }.at_provider());
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("1")));
    for node in [&pair.consumer, &pair.provider] {
        node.clock.advance_secs(1);
    }
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_grant_refuses_the_next_call_and_a_resumed_one_allows_it() {
    let pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    let with = |force| Grant { force, reason: Some("thanh tra".into()), ..pair.grant() };
    pair.rule(vec![with(Force::Suspended)], vec![]);
    pair.get("/x").await.is_refused(&Reason::GrantSuspended(None).at_provider());
    pair.rule(vec![with(Force::Active)], vec![]);
    pair.get("/x").await.is_answered();
    pair.rule(vec![with(Force::Revoked)], vec![]);
    pair.get("/x").await.is_refused(&Reason::GrantRevoked(None).at_provider());
    assert_eq!(pair.service.count(), 2);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_of_one_connection_closes_its_grant_when_its_moment_comes_without_another_word() {
    let pair = Pair::new().await;
    let failing = Failing {
        item: "test_minutes".into(),
        title_vi: "Biên bản kiểm thử kết nối".into(),
        title_en: "Minutes of the connection test".into(),
        ended: Some(jiff::civil::date(2026, 11, 17)),
    };
    let party = pair.world.consumer.system.party();
    let from = Some(pair.provider.clock.now().plus_secs(60));
    let closing = ClosedGate { party, from, failing: vec![failing] };
    pair.rule(vec![Grant { gates: vec![closing], ..pair.grant() }], vec![]);
    pair.get("/x").await.is_answered();
    for node in [&pair.consumer, &pair.provider] {
        node.clock.advance_secs(60);
    }
    let refused = pair.get("/x").await;
    let side = exchange::error::Side::Consumer;
    refused.is_refused(&Reason::GateClosed { side, failing: vec![] }.at_provider());
    assert_eq!(refused.header("lienthong-gate"), Some("test_minutes"));
    pair.rule(vec![pair.grant()], vec![]);
    pair.get("/x").await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_whose_minutes_ran_out_is_told_the_item_and_goes_on_with_the_same_key_after_renewal() {
    let pair = Pair::new().await;
    let failing = Failing {
        item: "security_minutes".into(),
        title_vi: "Biên bản kiểm tra an toàn".into(),
        title_en: "Security minutes".into(),
        ended: Some(jiff::civil::date(2026, 11, 17)),
    };
    let party = pair.world.consumer.system.party();
    pair.rule(vec![pair.grant()], vec![ClosedGate { party, from: None, failing: vec![failing] }]);
    let refused = pair.get("/x").await;
    let side = exchange::error::Side::Consumer;
    refused.is_refused(&Reason::GateClosed { side, failing: vec![] }.at_provider());
    assert_eq!(refused.header("lienthong-gate"), Some("security_minutes"));
    let methods = "/r1/VN-TEST/GOV/G01/DANCU/allowedMethods";
    let allowed = pair.ask(pair.question_to(methods, Method::GET, ""), "").await;
    assert_eq!(&*allowed.body, br#"{"service":[]}"#);
    pair.rule(vec![pair.grant()], vec![]);
    pair.get("/x").await.is_answered();
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officers_sign_in_passes_between_the_nodes_and_to_the_service() {
    let pair = Pair::new().await;
    let conditions = Conditions { dossier: true, officer: true, sign_in: 2, cedar: None };
    pair.rule(vec![Grant { conditions, ..pair.grant() }], vec![]);
    let ask = |headers: &[(&str, &str)]| {
        let request = pair.question(Method::GET, "/x");
        headers.iter().fold(request, |r, (name, value)| r.header(*name, *value))
    };
    let (issue, officer) = (("X-Road-Issue", "H17-1"), ("X-Road-UserId", "CB-1"));
    let level = |level| ("Lienthong-Sign-In", level);
    for (headers, unmet) in [
        (&[][..], Unmet::Dossier),
        (&[issue][..], Unmet::Officer),
        (&[issue, officer][..], Unmet::SignIn(2)),
        (&[issue, officer, level("1")][..], Unmet::SignIn(2)),
    ] {
        let refused = pair.ask(ask(headers), "").await;
        refused.is_refused(&Reason::ConditionNotMet(unmet.clone()).at_provider());
        let named = Reason::ConditionNotMet(unmet).to_string();
        assert!(String::from_utf8_lossy(&refused.body).contains(&named));
    }
    for bad in ["0", "4", "cao", ""] {
        let refused = pair.ask(ask(&[issue, officer, level(bad)]), "").await;
        refused.is_refused(&Reason::HeaderInvalid("").at_consumer());
    }
    pair.ask(ask(&[issue, officer, level("3")]), "").await.is_answered();
    assert_eq!(pair.service.last().0.headers["lienthong-sign-in"], "3");
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_say_that_a_gate_is_closed() {
    let pair = Pair::new().await;
    let answer = say(&pair, &[("lienthong-gate", "gia"), ("lienthong-error", "EX-0308")], "x").await;
    answer.is_answered();
    assert_eq!((answer.header("lienthong-gate"), answer.header("lienthong-error")), (None, None));
    pair.audit().await;
}
