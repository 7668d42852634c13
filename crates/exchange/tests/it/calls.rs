//! What passes between the two information systems, and what does not.

use evidence::record::{CallPart, Side};
use exchange::error::Reason;
use http::{Method, StatusCode};
use testkit::TestStore;

use crate::audit;
use crate::pair::{CLOSED, Options, Pair};

testkit::on_both!(a_call_is_answered_and_recorded_on_both_sides);

async fn a_call_is_answered_and_recorded_on_both_sides(at_provider: TestStore) {
    let at_consumer =
        if at_provider.file().is_some() { TestStore::sqlite() } else { TestStore::postgres().await };
    let pair = Pair::on(Options::default(), at_consumer, at_provider).await;
    let request = pair.question(Method::POST, "/nguoi/a%20b?x=%2F&y").header("X-Road-Id", "ho-so-1");
    let answer = pair.ask(request, "cau hoi").await;
    answer.is_answered();
    assert_eq!(&*answer.body, b"cau hoi");
    assert_eq!(answer.header("x-road-id"), Some("ho-so-1"));
    assert_eq!(answer.header("x-road-service"), Some("VN-TEST/GOV/G01/DANCU/dich-vu"));
    let (seen, body) = pair.service.last();
    assert_eq!((seen.uri.to_string().as_str(), &*body), ("/nguoi/a%20b?x=%2F&y", &b"cau hoi"[..]));

    let asked = audit::records(&pair.consumer.db).await;
    assert_eq!(
        asked.iter().map(|r| (r.side, r.part)).collect::<Vec<_>>(),
        [(Side::Consumer, CallPart::Call)]
    );
    let answered = audit::records(&pair.provider.db).await;
    let parts: Vec<_> = answered.iter().map(|r| (r.side, r.part)).collect();
    assert_eq!(parts, [(Side::Provider, CallPart::Request), (Side::Provider, CallPart::Response)]);
    assert_eq!(asked[0].request, answered[0].request);
    assert_eq!(asked[0].response, answered[1].response);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_is_refused_signed_recorded_on_both_sides_and_not_forwarded() {
    let pair = Pair::new().await;
    let answer = pair.ask(pair.question_to(CLOSED, Method::GET, "/x"), "").await;
    answer.is_refused(&Reason::NotGranted.at_provider());
    assert_eq!(pair.service.count(), 0);
    for node in [&pair.consumer, &pair.provider] {
        let records = audit::records(&node.db).await;
        assert_eq!(records.iter().map(|r| r.part).collect::<Vec<_>>(), [CallPart::Refusal]);
        let signed = records[0].response.as_ref().unwrap();
        assert_eq!(signed.component("x-road-error"), Some("server.serverproxy.access_denied"));
        assert!(records[0].request.is_some());
    }
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_service_and_an_unsafe_path_are_refused() {
    let pair = Pair::new().await;
    let unknown = pair.question_to("/r1/VN-TEST/GOV/G01/DANCU/khong-co", Method::GET, "");
    pair.ask(unknown, "").await.is_refused(&Reason::ServiceUnknown.at_provider());
    for path in ["/%2e%2e/x", "/a%252fb", "/%25%32%65%25%32%65/x", "/%255c"] {
        pair.get(path).await.is_refused(&Reason::PathUnsafe.at_consumer());
    }
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_without_a_body_and_its_refusal_too() {
    let pair = Pair::new().await;
    let answer = pair.ask(pair.question(Method::HEAD, "/x"), "").await;
    answer.is_answered();
    assert_eq!((answer.body.len(), answer.header("x-cua-toi")), (0, Some("1")));
    assert_eq!(pair.service.last().0.method, Method::HEAD);
    let refused = pair.ask(pair.question_to(CLOSED, Method::HEAD, "/x"), "").await;
    assert_eq!(refused.header("x-road-error"), Some("server.serverproxy.access_denied"));
    assert_eq!((refused.status, refused.body.len()), (StatusCode::INTERNAL_SERVER_ERROR, 0));
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_of_the_protocol_arrives_as_it_was_sent() {
    let pair = Pair::new().await;
    for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] {
        let method: Method = method.parse().unwrap();
        pair.ask(pair.question(method.clone(), "/x"), "").await.is_answered();
        assert_eq!(pair.service.last().0.method, method);
    }
    let answer = pair.ask(pair.question("BREW".parse().unwrap(), "/x"), "").await;
    answer.is_refused(&Reason::Method.at_consumer());
    assert_eq!(pair.service.count(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_the_nodes_use_themselves_survive_when_a_system_has_them() {
    let pair = Pair::new().await;
    let own = [("signature", "cua-toi=:AA==:"), ("signature-input", "x"), ("content-digest", "md5=:AA==:")];
    let request = own.iter().fold(pair.question(Method::POST, "/tieu-de"), |r, (n, v)| r.header(*n, *v));
    let answer = pair.ask(request, "x").await;
    answer.is_answered();
    let (seen, _) = pair.service.last();
    for (name, value) in own {
        assert_eq!(seen.headers[name], value);
    }
    assert_eq!(answer.header("signature"), Some("cua-toi=:AA==:"));
    assert_eq!(answer.header("content-digest"), Some("md5=:AA==:"));
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_keep_their_order_and_their_repetitions() {
    let pair = Pair::new().await;
    let request = pair
        .question(Method::GET, "/x")
        .header("x-hai", "1")
        .header("accept", "text/plain")
        .header("x-hai", "2")
        .header("x-byte", &b"\xE1\xBB\x87"[..]);
    pair.ask(request, "").await.is_answered();
    let (seen, _) = pair.service.last();
    assert_eq!(seen.headers.get_all("x-hai").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(seen.headers["x-byte"].as_bytes(), b"\xE1\xBB\x87");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_write_what_only_nodes_write() {
    let pair = Pair::new().await;
    let answer = pair.ask(pair.question(Method::GET, "/gia-mao").header("X-Road-Id", "that"), "").await;
    answer.is_answered();
    assert_eq!(answer.header("x-road-service"), Some("VN-TEST/GOV/G01/DANCU/dich-vu"));
    assert_eq!(answer.header("x-road-id"), Some("that"));
    assert_ne!(answer.header("x-road-request-hash"), Some("gia"));
    for name in ["x-road-error", "lienthong-error", "lienthong-salt"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_write_what_only_nodes_write() {
    let pair = Pair::new().await;
    let request = pair
        .question(Method::GET, "/x")
        .header("Connection", "x-road-client, x-roi")
        .header("X-Roi", "1")
        .header("X-Road-Request-Id", "gia")
        .header("X-Road-Error", "gia")
        .header("Lienthong-Node", "gia")
        .header("Lienthong-Pass-Signature", "gia");
    pair.ask(request, "").await.is_answered();
    let (seen, _) = pair.service.last();
    assert_ne!(seen.headers["x-road-request-id"], "gia");
    for name in ["x-roi", "x-road-error", "lienthong-node", "lienthong-pass-signature", "signature"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
    assert_eq!(seen.headers["x-road-client"], "VN-TEST/GOV/H17/MOTCUA");
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_passed_through_and_not_followed() {
    let pair = Pair::new().await;
    let answer = pair.get("/chuyen-huong").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::FOUND, Some("/da-chuyen")));
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_what_is_kept_in_memory_passes_whole_in_both_directions() {
    let pair = Pair::new().await;
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 4]).collect();
    let answer = pair.ask(pair.question(Method::POST, "/x"), body.clone()).await;
    answer.is_answered();
    assert!(*answer.body == *body);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_repeats_or_forgets_who_it_is_is_refused() {
    let pair = Pair::new().await;
    let twice = pair.question(Method::GET, "/x").header("X-Road-Client", "VN-TEST/GOV/H48/KHAC");
    let answer = pair.ask(twice, "").await;
    answer.is_refused(&Reason::HeaderRepeated("").at_consumer());
    let nobody = http::Request::get(format!("http://{}{CLOSED}", pair.consumer.systems));
    pair.ask(nobody, "").await.is_refused(&Reason::ClientMissing.at_consumer());
    let other = http::Request::get(format!("http://{}{CLOSED}", pair.consumer.systems));
    let other = pair.ask(other.header("X-Road-Client", "VN-TEST/GOV/H48/KHAC"), "").await;
    other.is_refused(&Reason::ClientUnknown.at_consumer());
    assert_eq!(pair.service.count(), 0);
}
