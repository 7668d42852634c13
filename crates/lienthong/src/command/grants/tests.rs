#![allow(clippy::unwrap_used, reason = "a test may panic")]

use directory::content::Group;
use exchange::cut::FieldSet;
use exchange::rights::{Pattern, Service};

use super::*;

const CLIENT: &str = "VN-DEMO/GOV/H17/MOTCUA";
const SERVICE: &str = "VN-DEMO/GOV/G01/DANCU/tra-cuu";

fn directory() -> Snapshot {
    let mut content = Content::empty("VN-DEMO".parse().unwrap(), Ts(0));
    let member = "VN-DEMO/GOV/H17".parse().unwrap();
    content.put_member("VN-DEMO/GOV/H17".parse().unwrap(), "Đà Nẵng");
    content.put_subsystem(&member, &"MOTCUA".parse().unwrap(), "Một cửa").unwrap();
    content.put_group(Group { id: "VN-DEMO/TINH".parse().unwrap(), parties: vec![CLIENT.parse().unwrap()] });
    Snapshot::from_content(content, Ts(i64::MAX))
}

fn grant(to: Grantee) -> Grant {
    Grant {
        endpoints: vec![Endpoint { method: Some(Method::GET), path: Pattern::new("/nguoi/*").unwrap() }],
        fields: Some(FieldSet::new(["hoTen", "queQuan"]).unwrap()),
        purposes: vec!["TTHC".into()],
        until: Some(Ts::from_secs(100)),
        legal_basis: Some("QD-1/2026".into()),
        ..Grant::new(to, SERVICE.parse().unwrap())
    }
}

fn service(disabled: Option<&str>) -> Service {
    Service {
        id: SERVICE.parse().unwrap(),
        url: "http://127.0.0.1:1".into(),
        timeout: std::time::Duration::from_secs(1),
        description: None,
        subject_segment: None,
        disabled: disabled.map(str::to_owned),
        certificates: Vec::new(),
    }
}

fn ask(path: &str, purpose: Option<&str>) -> Call {
    let start = format!("/r1/{SERVICE}");
    Call {
        method: Method::GET,
        target: Target {
            service: SERVICE.parse().unwrap(),
            path_start: start.len(),
            raw: format!("{start}{path}"),
        },
        client: CLIENT.parse().unwrap(),
        id: String::new(),
        request_id: String::new(),
        wanted_node: None,
        circumstances: Circumstances { purpose: purpose.map(str::to_owned), ..Circumstances::default() },
        headers: Vec::new(),
    }
}

fn check(grants: Vec<Grant>, call: &Call, now: i64, expected: &str) {
    let rights = Rights::new(Vec::new(), vec![service(None)], grants);
    let directory = directory();
    let verdict = verdict(&rights, Some(&directory), call, Ts::from_secs(now));
    let text = sentences(&verdict, call);
    assert!(text.contains(expected), "{expected} in {text}");
}

#[test]
fn the_sentence_names_the_grant_of_a_group_and_its_legal_basis() {
    let group = || grant(Grantee::Group("VN-DEMO/TINH".parse().unwrap()));
    let other = grant(Grantee::Party("VN-DEMO/GOV/H17".parse().unwrap()));
    let call = ask("/nguoi/1", Some("TTHC"));
    check(
        vec![other, group()],
        &call,
        0,
        "to the group VN-DEMO/TINH, legal basis QD-1/2026, only hoTen, queQuan, until",
    );
}

#[test]
fn a_refusal_names_its_reason_in_both_languages() {
    let party = || grant(Grantee::Party(CLIENT.parse().unwrap()));
    let check = |call: &Call, now, expected| check(vec![party()], call, now, expected);
    check(&ask("/khac", Some("TTHC")), 0, "EX-0301");
    check(&ask("/nguoi/1", Some("TTHC")), 100, "EX-0304");
    check(&ask("/nguoi/1", None), 0, "The purpose is not one that the grant names.");
    check(&ask("/nguoi/1", None), 0, "Mục đích khai thác không thuộc quyền đã cấp.");
    check(&ask("/nguoi/..", Some("TTHC")), 0, "EX-0109");
}

#[test]
fn a_client_outside_the_directory_is_refused_before_rights_are_looked_at() {
    let mut call = ask("/nguoi/1", Some("TTHC"));
    call.client = "VN-DEMO/GOV/H99/X".parse().unwrap();
    check(vec![grant(Grantee::Party(call.client.clone()))], &call, 0, "EX-0201");
}

#[test]
fn a_service_that_is_switched_off_says_its_notice() {
    let rights = Rights::new(Vec::new(), vec![service(Some("bảo trì / maintenance"))], Vec::new());
    let call = ask("/", None);
    let text = sentences(&verdict(&rights, None, &call, Ts(0)), &call);
    assert!(text.contains("(EX-0303): The service is disabled: bảo trì / maintenance."), "{text}");
}
