#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::message::{Circumstances, Target};

const SERVICE: &str = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho";

fn grant(to: Grantee) -> Grant {
    Grant {
        to,
        service: SERVICE.parse().unwrap(),
        endpoints: vec![],
        purposes: vec![],
        until: None,
        legal_basis: None,
    }
}

fn party() -> Grantee {
    Grantee::Party("VN-DEMO/GOV/H17/MOTCUA".parse().unwrap())
}

fn directory() -> Snapshot {
    let text = r#"{"format":"lienthong-directory/1","instance":"VN-DEMO","number":1,"created":"2026-01-01T00:00:00Z",
        "members":[{"id":"VN-DEMO/GOV/H17","name":"Đà Nẵng","signing_certificates":[],"subsystems":[{"code":"MOTCUA","name":"Một cửa"}]}],
        "nodes":[],"authorities":[],"crls":[],"timestamp_authorities":[],
        "groups":[{"id":"VN-DEMO/MOTCUA-TINH","parties":["VN-DEMO/GOV/H17/MOTCUA"]}]}"#;
    Snapshot::from_content(directory::Content::parse(text.as_bytes()).unwrap(), Ts::from_secs(4_000_000_000))
}

fn ask(grants: Vec<Grant>, method: Method, path: &str, purpose: Option<&str>) -> Result<Permit, Reason> {
    let raw = format!("/r1/{SERVICE}{path}");
    let path_start = raw.len() - path.len();
    let call = Call {
        method,
        target: Target { service: SERVICE.parse().unwrap(), raw, path_start },
        client: "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap(),
        id: "i".into(),
        request_id: "r".into(),
        wanted_node: None,
        circumstances: Circumstances { purpose: purpose.map(str::to_owned), ..Circumstances::default() },
        headers: vec![],
    };
    Rights::new(vec![], vec![], grants).authorize(&directory(), &call, Ts::from_secs(1000))
}

#[test]
fn nothing_is_allowed_that_was_not_granted() {
    assert_eq!(ask(vec![], Method::GET, "/1", None).unwrap_err(), Reason::NotGranted);
    let other = grant(Grantee::Party("VN-DEMO/GOV/H17/KHAC".parse().unwrap()));
    assert_eq!(ask(vec![other], Method::GET, "/1", None).unwrap_err(), Reason::NotGranted);
    let member = grant(Grantee::Party("VN-DEMO/GOV/H17".parse().unwrap()));
    assert_eq!(ask(vec![member], Method::GET, "/1", None).unwrap_err(), Reason::NotGranted);
}

#[test]
fn a_group_of_the_directory_can_be_granted() {
    assert!(
        ask(vec![grant(Grantee::Group("VN-DEMO/MOTCUA-TINH".parse().unwrap()))], Method::GET, "/1", None)
            .is_ok()
    );
    let unknown = grant(Grantee::Group("VN-DEMO/KHAC".parse().unwrap()));
    assert_eq!(ask(vec![unknown], Method::GET, "/1", None).unwrap_err(), Reason::NotGranted);
}

#[test]
fn a_finer_right_covers_its_method_and_path_only() {
    let mut finer = grant(party());
    finer.endpoints = vec![Endpoint { method: Some(Method::GET), path: Pattern::new("/*").unwrap() }];
    assert!(ask(vec![finer.clone()], Method::GET, "/049", None).is_ok());
    for (method, path) in [
        (Method::POST, "/049"),
        (Method::GET, "/049/x"),
        (Method::GET, "/049/%2e"),
        (Method::GET, "/049%2Fx"),
        (Method::GET, "/049%5Cx"),
    ] {
        assert!(ask(vec![finer.clone()], method, path, None).is_err(), "{path}");
    }
}

#[test]
fn a_grant_ends_and_says_so() {
    let mut ended = grant(party());
    ended.until = Some(Ts::from_secs(1000));
    assert_eq!(ask(vec![ended.clone()], Method::GET, "/1", None).unwrap_err(), Reason::GrantExpired);
    ended.until = Some(Ts::from_secs(1001));
    assert!(ask(vec![ended], Method::GET, "/1", None).is_ok());
}

#[test]
fn a_purpose_that_was_not_granted_is_refused() {
    let mut purposeful = grant(party());
    purposeful.purposes = vec!["TTHC".into()];
    assert_eq!(
        ask(vec![purposeful.clone()], Method::GET, "/1", None).unwrap_err(),
        Reason::PurposeNotGranted
    );
    assert_eq!(
        ask(vec![purposeful.clone()], Method::GET, "/1", Some("KHAC")).unwrap_err(),
        Reason::PurposeNotGranted
    );
    assert!(ask(vec![purposeful], Method::GET, "/1", Some("TTHC")).is_ok());
}
