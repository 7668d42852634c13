#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use http::Request;
use proptest::prelude::*;

const SERVICE: &str = "/r1/VN-DEMO/GOV/G01/DANCU/tra-cuu-ho";

fn read(request: http::request::Builder) -> Result<Call, Reason> {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    call(&parts, 64 * 1024, NewIds { request_id: "r-1".into(), instance: "VN-DEMO" })
}

fn get(path: &str) -> http::request::Builder {
    Request::get(path).header("X-Road-Client", "VN-DEMO/GOV/H17/MOTCUA")
}

#[test]
fn path_and_query_are_kept_raw() {
    let target = target(&format!("{SERVICE}/a%20b/c?x=%2F..&y")).unwrap();
    assert_eq!(target.service.to_string(), "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho");
    assert_eq!(target.rest(), "/a%20b/c?x=%2F..&y");
    assert_eq!(target.path(), "/a%20b/c");
}

#[test]
fn a_service_without_path_may_have_a_query() {
    let target = target(&format!("{SERVICE}?a/b=1")).unwrap();
    assert_eq!((target.path(), target.rest()), ("", "?a/b=1"));
}

#[test]
fn a_target_that_could_escape_is_refused() {
    for bad in [
        "/..",
        "/a/..;/b",
        "/a/%2e%2e;x=1/b",
        "/a/../b",
        "/%2e%2E/x",
        "/%252e%252e/x",
        "/a%2F..%2Fb",
        "/a\\..\\b",
        "/%",
        "/%zz",
        "/%00",
        "/%FF",
        "/%25252e",
        "/%25%32%65%25%32%65/x",
    ] {
        assert_eq!(target(&format!("{SERVICE}{bad}")), Err(Reason::PathUnsafe), "{bad}");
    }
    for bad in [
        "/",
        "/r2/A/B/C/D/E",
        "/r1/A/B/C/D",
        "/r1/A/B/C//E",
        "/r1/A/B/C/../E",
        "/r1/A/B/C/%2e%2e/E",
        "/r1/A/B/C/D%252fE/F",
    ] {
        assert!(matches!(target(bad), Err(Reason::Target(_))), "{bad}");
    }
}

#[test]
fn an_encoded_slash_does_not_separate() {
    assert_eq!(decoded_path("/a%2Fb").unwrap(), "/a%2Fb");
    assert_eq!(decoded_path("/%C4%91").unwrap(), "/đ");
}

#[test]
fn ids_are_made_when_absent_and_those_of_others_replaced() {
    let call =
        read(get(SERVICE).header("X-Road-Request-Id", "forged").header("X-Road-Request-Hash", "forged"))
            .unwrap();
    assert_eq!((call.id.as_str(), call.request_id.as_str()), ("VN-DEMO-r-1", "r-1"));
    let tail: Vec<String> =
        call.headers.iter().map(|(n, v)| format!("{n}:{}", v.to_str().unwrap())).collect();
    assert_eq!(
        tail,
        ["x-road-client:VN-DEMO/GOV/H17/MOTCUA", "x-road-request-id:r-1", "x-road-id:VN-DEMO-r-1"]
    );
}

#[test]
fn hop_by_hop_headers_do_not_pass_and_others_do() {
    let request = get(SERVICE)
        .header("Connection", "close, X-Gone, X-Road-Client")
        .header("X-Gone", "1")
        .header("Keep-Alive", "5")
        .header("User-Agent", "curl")
        .header("Host", "x")
        .header("TE", "trailers")
        .header("Authorization", "Bearer t")
        .header("Lienthong-Salt", "forged")
        .header("X_Road_Client", "VN-DEMO/GOV/G01/BIMAT")
        .header("Lienthong_Purpose", "forged")
        .header("Lienthong-Purpose", "TTHC");
    let names: Vec<String> = read(request).unwrap().headers.iter().map(|(n, _)| n.to_string()).collect();
    assert_eq!(
        names,
        ["x-road-client", "authorization", "lienthong-purpose", "x-road-request-id", "x-road-id"]
    );
}

#[test]
fn a_missing_repeated_or_broken_client_is_named() {
    assert_eq!(read(Request::get(SERVICE)).unwrap_err(), Reason::ClientMissing);
    let twice = get(SERVICE).header("x-road-client", "VN-DEMO/GOV/H17/MOTCUA");
    assert_eq!(read(twice).unwrap_err(), Reason::HeaderRepeated("X-Road-Client"));
    for bad in ["", "A", "A/B", "A/B/C/D/E", "A/B/C/%0d%0aX", "A/B/C/Đ"] {
        let request = Request::get(SERVICE).header("X-Road-Client", bad.as_bytes());
        assert_eq!(read(request).unwrap_err(), Reason::HeaderInvalid("X-Road-Client"), "{bad}");
    }
}

#[test]
fn a_head_over_the_limit_is_refused() {
    let request = get(SERVICE).header("X-Big", "a".repeat(64 * 1024));
    assert_eq!(read(request).unwrap_err(), Reason::HeadTooLarge(64 * 1024));
}

#[test]
fn errors_are_json_or_xml_with_the_three_fields() {
    let error = Reason::NotGranted.at_provider();
    let (_, json) = error_body(&error, "id-1", false);
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["type"], "server.serverproxy.access_denied");
    assert_eq!(json["detail"], "id-1");
    let (kind, xml) = error_body(&Reason::Target("<&>".into()).at_consumer(), "id-1", true);
    assert_eq!(kind, "text/xml;charset=utf-8");
    assert!(std::str::from_utf8(&xml).unwrap().contains("&lt;&amp;&gt;"));
}

proptest! {
    #[test]
    fn no_target_makes_the_reader_panic(raw in "\\PC{0,200}") {
        let _ = target(&raw);
        let _ = target(&format!("{SERVICE}{raw}"));
        let _ = decoded_path(&raw);
    }

    #[test]
    fn no_decoded_path_holds_a_dot_segment(raw in "(/|\\.|%2e|%2E|%2f|%5c|%25|a|\\\\){0,24}") {
        if let Ok(path) = decoded_path(&raw) {
            prop_assert!(path.replace("%2F", "/").split(['/', '\\']).all(|s| s != ".." && s != "."));
        }
    }
}
