#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::batch::BatchPlace;
use proptest::prelude::*;

fn head() -> SignedHead {
    let input =
        "(\"@method\" \"x-road-id\");created=1;expires=2;nonce=\"n\";keyid=\"k\";alg=\"ed25519\";tag=\"t\"";
    SignedHead {
        base: format!("\"@method\": GET\n\"x-road-id\": a: b\n\"@signature-params\": {input}"),
        signature: vec![1, 2, 3],
        batch: Some(BatchPlace::new(0, 2, vec![[5; 32]]).unwrap()),
        certificate: [0xab; 32],
    }
}

fn whole() -> Record {
    Record {
        v: Version,
        side: Side::Provider,
        part: CallPart::Call,
        at: Ts(1_767_225_600_500_000),
        id: "ă \"1\"\n".into(),
        call: "c".into(),
        client: "VN/GOV/A/S".parse().unwrap(),
        service: "VN/GOV/B/S/x".parse().unwrap(),
        peer: Some("VN/GOV/A/N".parse().unwrap()),
        request: Some(head()),
        response: Some(SignedHead { batch: None, ..head() }),
        outcome: Some(Outcome { status: 403, code: Some(Code(301)), fault: Some(Fault::Provider) }),
        subject: Some([0; 32]),
        request_kib: Some(1),
        response_kib: Some(2),
        duration_ms: Some(3),
        permit: Some("12/QĐ".to_owned()),
        withheld: vec!["hoTen".to_owned(), "thuongTru.xa".to_owned()],
    }
}

#[test]
fn a_record_has_the_documented_text() {
    let open = Record {
        part: CallPart::Request,
        peer: None,
        request: None,
        response: None,
        outcome: None,
        subject: None,
        request_kib: None,
        response_kib: None,
        duration_ms: None,
        permit: None,
        withheld: Vec::new(),
        ..whole()
    };
    let text = r#"{"v":1,"side":"provider","part":"request","at":"2026-01-01T00:00:00.5Z","id":"ă \"1\"\n","call":"c","client":"VN/GOV/A/S","service":"VN/GOV/B/S/x"}"#;
    assert_eq!(open.to_text(), text);
    let rest = whole().to_text();
    let tail = r#""outcome":{"status":403,"code":"EX-0301","fault":"provider"},"subject":"0000000000000000000000000000000000000000000000000000000000000000","request_kib":1,"response_kib":2,"duration_ms":3,"permit":"12/QĐ","withheld":["hoTen","thuongTru.xa"]}"#;
    assert!(rest.ends_with(tail), "{rest}");
    assert!(rest.contains(r#""signature":"AQID","batch":"index=0, size=2, path=(:BQUF"#), "{rest}");
}

#[test]
fn only_the_canonical_text_is_read() {
    let text = whole().to_text();
    assert_eq!(Record::parse(&text).unwrap(), whole());
    for wrong in [
        text.replace("\"v\":1", "\"v\":2"),
        text.replace("\"v\":1", "\"v\":1.0"),
        text.replace("\"v\":1,", ""),
        text.replace("\"v\":1,", "\"v\":1,\"v\":1,"),
        text.replace("\"v\":1,", "\"v\":1,\"more\":null,"),
        text.replace("\"v\":1,", "\"v\":1, "),
        text.replace("{\"v\":1,\"side\":\"provider\"", "{\"side\":\"provider\",\"v\":1"),
        text.replace('ă', "\\u0103"),
        text.replace(".5Z", ".50Z"),
        text.replace("EX-0301", "EX-301"),
        text.replace("EX-0301", "EX-00301"),
        text.replace("AQID", "AQIE="),
        text.replace("abab", "ABAB"),
        text.replace("\"status\":403", "\"status\":65536"),
        text.replace("\"code\":\"EX-0301\",", "\"code\":null,"),
        text.replace("size=2", "size=9"),
        format!("{text}\n"),
    ] {
        assert!(Record::parse(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_error_code_is_read_back() {
    for code in [0, 1, 301, 9999, 10_000, 65_535] {
        let outcome = Some(Outcome { status: 500, code: Some(Code(code)), fault: None });
        let record = Record { outcome, ..whole() };
        assert_eq!(Record::parse(&record.to_text()).unwrap(), record);
    }
}

#[test]
fn only_canonical_bases_come_apart() {
    let good = head();
    let parts = good.parts().unwrap();
    assert_eq!(parts.components, [("\"@method\"", "GET"), ("\"x-road-id\"", "a: b")]);
    assert_eq!((good.component("@method"), good.component("x-road-id")), (Some("GET"), Some("a: b")));
    assert_eq!((good.component("x-road"), good.component("method")), (None, None));
    for (from, to) in [
        ("GET", " GET"),
        ("GET", "GET "),
        ("GET", "G\u{0}T"),
        ("GET", "GÉT"),
        ("GET\n", "GET\r\n"),
        ("GET\n", "GET"),
        ("\"@method\": ", "\"@method\":"),
        ("\"@method\": GET\n", ""),
        ("\"@method\": GET\n", "\"@method\": GET\n\"@method\": GET\n"),
        ("(\"@method\" ", "(\"@method\"  "),
        ("created=1", "created=01"),
        ("tag=\"t\"", "tag=\"t\";more"),
        ("tag=\"t\"", "tag=\"t\", lt=()"),
        ("tag=\"t\"", "tag=\"t\"\n"),
        ("@signature-params", "@signature-param"),
    ] {
        let wrong = SignedHead { base: head().base.replacen(from, to, 1), ..head() };
        assert!(wrong.parts().is_err(), "{}", wrong.base);
    }
}

#[test]
fn what_is_signed_is_not_shown_in_debug_output() {
    let shown = format!("{:?}", whole());
    assert!(!shown.contains("GET") && !shown.contains("AQID"), "{shown}");
}

#[test]
fn a_size_is_rounded_up_so_that_yes_and_no_are_equal() {
    assert_eq!((kib(0), kib(1), kib(15), kib(16), kib(1024), kib(1025)), (0, 1, 1, 1, 1, 2));
}

proptest! {
    #[test]
    fn a_record_survives_its_text(
        id in "\\PC{0,40}", call in "\\PC{0,40}", at in 0_i64..4_000_000_000_000_000, signature in any::<Vec<u8>>(),
        subject in any::<Option<[u8; 32]>>(), status in any::<u16>(), kib in any::<Option<u64>>(), base in "\\PC{0,80}",
    ) {
        let outcome = Some(Outcome { status, code: None, fault: None });
        let response = Some(SignedHead { base, signature, ..head() });
        let record = Record { id, call, at: Ts(at), subject, request_kib: kib, outcome, response, ..whole() };
        prop_assert_eq!(Record::parse(&record.to_text()).unwrap(), record);
    }
}
