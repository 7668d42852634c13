//! The evidence file as a whole: good ones pass, damaged ones fail.

use crate::fixture::{CONSUMER, Export, NOW, WORLD, good, messages, record};
use base::{Code, Fault};
use evidence::container::ContainerError;
use evidence::record::{CallPart, Outcome as CallOutcome};
use evidence::verify::{Claim, Outcome};
use evidence::{Container, Record, verify};

#[test]
fn good_evidence_passes_every_check_with_and_without_own_trust() {
    for batched in [false, true] {
        let file = good(batched).encode();
        let report = verify(file.as_bytes(), None);
        assert!(report.ok(), "{report:#?}");
        assert_eq!(report.result(Claim::Timestamp), Some(Outcome::NotPresent));
        assert_eq!(report.result(Claim::Anchor), Some(Outcome::NotPresent));
        let trusting = verify(file.as_bytes(), Some(&[WORLD.ca.certificate()]));
        assert!(trusting.ok(), "{trusting:#?}");
        assert_eq!(trusting.result(Claim::Anchor), Some(Outcome::Passed));
        let passed = trusting.checks.iter().filter(|check| check.result == Outcome::Passed).count();
        assert_eq!(passed, 13, "{trusting:#?}");
        let json = serde_json::to_string(&trusting).unwrap();
        assert!(
            json.contains(r#""claim":"request-signature""#) && json.contains(r#""result":"not-present""#)
        );
    }
}

#[test]
fn samples_for_foreign_checkers_are_good() {
    for (name, batched) in [("own", false), ("batch", true)] {
        let file = good(batched).encode();
        assert!(verify(file.as_bytes(), None).ok());
        // For tests/foreign/check_evidence.py.
        std::fs::write(format!("{}/{name}.evidence.json", env!("CARGO_TARGET_TMPDIR")), file).unwrap();
    }
}

#[test]
fn one_record_for_the_whole_call_is_evidence_too() {
    let (request, response) = messages(false);
    let whole = Record {
        request: Some(request),
        response: Some(response),
        outcome: Some(CallOutcome { status: 200, code: None, fault: None }),
        ..record(CallPart::Call)
    };
    let report = verify(Export::new(vec![whole]).container().encode().as_bytes(), None);
    assert!(report.ok(), "{report:#?}");
}

#[test]
fn a_refusal_without_signatures_proves_only_that_it_was_logged() {
    let outcome = CallOutcome { status: 403, code: Some(Code(103)), fault: Some(Fault::Client) };
    let refusal = Record { outcome: Some(outcome), peer: None, ..record(CallPart::Refusal) };
    let report = verify(Export::new(vec![refusal]).container().encode().as_bytes(), None);
    assert!(report.ok(), "{report:#?}");
    for claim in [Claim::RequestSignature, Claim::ResponseSignature, Claim::Binding, Claim::Holders] {
        assert_eq!(report.result(claim), Some(Outcome::NotPresent));
    }
}

#[test]
fn a_call_that_was_cut_short_is_evidence_of_the_question() {
    let (request, _) = messages(false);
    let next_day = NOW.plus_secs(86_400);
    let cut = Record { at: next_day, request: Some(request.clone()), ..record(CallPart::Interrupted) };
    let export = Export { at: next_day, ..Export::new(vec![crate::fixture::request_record(request), cut]) };
    let report = verify(export.container().encode().as_bytes(), None);
    assert!(report.ok(), "{report:#?}");
    assert_eq!(report.result(Claim::ResponseSignature), Some(Outcome::NotPresent));
}

#[test]
fn revocation_that_cannot_be_seen_is_said() {
    let (request, response) = messages(false);
    let records = vec![crate::fixture::request_record(request), crate::fixture::response_record(response)];
    let export = Export { crls: vec![], ..Export::new(records) };
    let report = verify(export.container().encode().as_bytes(), None);
    assert!(report.ok());
    assert_eq!(report.result(Claim::Revocation), Some(Outcome::NotPresent));
}

#[test]
fn a_file_survives_reading_and_only_its_own_form_is_read() {
    let container = good(true);
    let file = container.encode();
    assert!(Container::parse(file.as_bytes()).unwrap() == container);
    for wrong in [
        file.trim_end().to_owned(),
        format!("{file}\n"),
        format!("\u{feff}{file}"),
        file.replace('\n', "\r\n"),
        repaired(&file.replace("  \"node\"", "   \"node\"")),
        repaired(&file.replace("  \"crls\"", "  \"more\": 1,\n  \"crls\"")),
        repaired(&file.replace("lienthong-evidence/1", "lienthong-evidence/2")),
        repaired(&file.replace("Z\",\n  \"node\"", "+00:00\",\n  \"node\"")),
        repaired(&file.replace("\"node\": \"VN", "\"node\": \"\\u0056N")),
        repaired(&file.replace("    \"timestamp\": null\n", "")),
    ] {
        assert!(Container::parse(wrong.as_bytes()).is_err(), "{wrong}");
        assert!(!verify(wrong.as_bytes(), None).ok());
    }
    let many = Container { certificates: vec![WORLD.certificate(CONSUMER); 65], ..container };
    assert!(matches!(Container::parse(many.encode().as_bytes()), Err(ContainerError::TooMany)));
}

/// The file with a digest that fits it, as a forger would make it.
pub fn repaired(file: &str) -> String {
    const TAIL: &str = "\"\n}\n";
    let body = &file[..file.len() - TAIL.len() - 64];
    let digest = hex::encode(crypto::hash::sha256(&[body.as_bytes(), TAIL.as_bytes()]));
    format!("{body}{digest}{TAIL}")
}

#[test]
fn one_flipped_byte_anywhere_fails() {
    for batched in [false, true] {
        let file = good(batched).encode().into_bytes();
        let mut bytes = file.clone();
        for position in 0..file.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                bytes[position] = file[position] ^ mask;
                assert!(!verify(&bytes, None).ok(), "byte {position} ^ {mask:#x} was not noticed");
            }
            bytes[position] = file[position];
            assert!(!verify(&file[..position], None).ok(), "cut off at {position}");
        }
        assert!(verify(&bytes, None).ok());
    }
}

#[test]
fn a_repaired_digest_hides_no_flipped_byte_of_what_is_proven() {
    let file = good(true).encode();
    let end = file.find("\"authorities\"").unwrap();
    let free = file.find("\"exported_at\": \"").unwrap() + 16..file.find("\",\n  \"node\"").unwrap();
    // A step that divides no width in the file: every kind of place is met.
    for position in (0..end).step_by(7).filter(|position| !free.contains(position)) {
        let mut bytes = file.clone().into_bytes();
        bytes[position] ^= 1;
        let Ok(altered) = String::from_utf8(bytes) else { continue };
        assert!(!verify(repaired(&altered).as_bytes(), None).ok(), "byte {position} of\n{file}");
    }
}

#[test]
fn a_file_says_when_it_was_made() {
    let file = good(false);
    assert_eq!(file.exported_at, NOW.plus_secs(35));
    let report = verify(file.encode().as_bytes(), None);
    assert!(report.checks[0].detail_en.contains("2026-01-01T00:00:35Z"), "{report:?}");
}
