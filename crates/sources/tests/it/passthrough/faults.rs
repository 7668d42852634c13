//! Peers that do not keep what SOAP, HTTP or their description promise.

use std::time::Instant;

use serde_json::json;

use super::peer::{Peer, Reply};
use super::{ask, soap, start};

/// An answer of the service as it should be, with a change.
fn envelope(from: &str, to: &str) -> String {
    let envelope = r#"<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
        <traCuuResponse xmlns="http://hoso.example/1"><hoSo><maHoSo>1</maHoSo><hoTen>Mau</hoTen><ngayNop>2026-11-22</ngayNop>
        <lePhi>1.50</lePhi><soTrang>2</soTrang><daXong>0</daXong></hoSo></traCuuResponse></e:Body></e:Envelope>"#;
    assert!(envelope.contains(from), "{from}");
    envelope.replace(from, to)
}

fn xml(body: impl AsRef<[u8]>) -> Reply {
    Reply::of("200 OK", "text/xml; charset=utf-8", body)
}

const BOMB: &str = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
    <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><l>&d;</l>"#;

#[tokio::test]
async fn each_way_in_which_a_service_fails_has_its_own_code_and_no_wrong_answer() {
    let peer = Peer::start(xml(envelope("Mau", "Mau"))).await;
    // A new service each time: the failures in a row are another test's matter.
    let check = async |reply: Reply, status: u16, code: &str| {
        peer.set(reply);
        let service = start(&soap::definition("1.1", &format!("http://{}/hoso", peer.address)));
        let (got, problem) = ask(&service, "GET /1", "").await;
        let told = problem["code"].as_str().unwrap_or_default();
        assert_eq!((got, told), (status, code), "{problem}");
        assert!(!problem.to_string().contains("Mau"), "{problem}");
    };
    let good = envelope("Mau", "Khác");
    peer.set(xml(&good));
    let service = start(&soap::definition("1.1", &format!("http://{}/hoso", peer.address)));
    let (status, given) = ask(&service, "GET /1", "").await;
    assert_eq!((status, &given["hoTen"], &given["giayTo"]), (200, &json!("Khác"), &json!([])), "{given}");

    let started = Instant::now();
    check(Reply::Silence, 503, "EX-3005").await;
    assert!(started.elapsed().as_secs() < 5);
    check(Reply::Bytes(Vec::new()), 503, "EX-3002").await;
    check(Reply::Bytes(b"SSH-2.0-x\r\n".to_vec()), 503, "EX-3002").await;
    let cut =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n<e:Envelope".to_vec();
    check(Reply::Bytes(cut), 503, "EX-3002").await;
    check(xml(envelope("Mau", &"Mau".repeat(50_000))), 422, "EX-3008").await;
    check(Reply::of("200 OK", "text/html", &good), 503, "EX-3012").await;
    check(Reply::of("200 OK", "multipart/related", &good), 503, "EX-3012").await;
    check(Reply::of("200 OK", "text/xml; charset=khong-co", &good), 503, "EX-3012").await;
    check(xml("Mau"), 503, "EX-3012").await;
    check(xml(envelope("</hoSo>", "")), 503, "EX-3012").await;
    check(xml(BOMB), 503, "EX-3012").await;
    check(xml(envelope("<hoTen>", &"<x>".repeat(3_000))), 503, "EX-3012").await;
    let deep = format!("{}{}", "<x>".repeat(3_000), "</x>".repeat(3_000));
    check(xml(envelope("<hoTen>Mau</hoTen>", &deep)), 503, "EX-3012").await;
    let attributes = (0..300).map(|at| format!(" a{at}=\"\"")).collect::<Vec<_>>().concat();
    check(xml(envelope("<hoTen>", &format!("<hoTen{attributes}>"))), 503, "EX-3012").await;
    check(xml(envelope("http://hoso.example/1", "http://hoso.example/2")), 503, "EX-3004").await;
    check(xml(envelope("hoSo>", "hoSoMoi>")), 503, "EX-3004").await;
    check(xml(envelope("http://schemas.xmlsoap.org/soap/envelope/", "urn:x")), 503, "EX-3004").await;
    check(Reply::of("401 Unauthorized", "text/html", "Mau"), 503, "EX-3003").await;
    check(Reply::of("500 Internal Server Error", "text/html", "Mau"), 503, "EX-3015").await;
    check(Reply::of("500 Internal Server Error", "text/xml", &good), 503, "EX-3015").await;
    check(Reply::of("503 Service Unavailable", "text/plain", ""), 503, "EX-3002").await;
    check(
        Reply::Bytes(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
        503,
        "EX-3015",
    )
    .await;
    check(xml(envelope("2026-11-22", "22/11/2026")), 500, "EX-3011").await;
    check(xml(envelope("<soTrang>2<", "<soTrang>Mau<")), 500, "EX-3011").await;
    check(xml(envelope("<daXong>0<", "<daXong>Mau<")), 500, "EX-3011").await;
    check(xml(envelope("<lePhi>1.50<", "<lePhi>1,50<")), 500, "EX-3011").await;
    check(xml(envelope("Mau", "<b>Mau</b>")), 500, "EX-3011").await;
    check(xml(envelope("<hoTen>Mau</hoTen>", "<hoTen>Mau</hoTen><hoTen>Hai</hoTen>")), 500, "EX-3011").await;
    check(xml(envelope("<maHoSo>1</maHoSo>", "")), 500, "EX-3011").await;
}

#[tokio::test]
async fn a_service_that_fails_five_times_in_a_row_is_left_alone() {
    let peer = Peer::start(Reply::Bytes(Vec::new())).await;
    let service = start(&soap::definition("1.1", &format!("http://{}/hoso", peer.address)));
    for _ in 0..5 {
        assert_eq!(ask(&service, "GET /1", "").await.1["code"], "EX-3002");
    }
    let asked = peer.count();
    assert_eq!(ask(&service, "GET /1", "").await.1["code"], "EX-3006");
    assert_eq!(peer.count(), asked, "it was not asked");

    // What a single consumer can provoke does not lock out the others.
    let fault = r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>
        <faultcode>e:Client</faultcode></e:Fault></e:Body></e:Envelope>"#;
    let peer = Peer::start(Reply::of("500 Internal Server Error", "text/xml", fault)).await;
    let service = start(&soap::definition("1.1", &format!("http://{}/hoso", peer.address)));
    for _ in 0..10 {
        assert_eq!(ask(&service, "GET /1", "").await.1["code"], "EX-3015");
    }
}
