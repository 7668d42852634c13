#![allow(clippy::unwrap_used, reason = "a test may panic")]

use http::Method;
use jiff::civil::date;

use super::*;
use crate::message::{Circumstances, Target};
use crate::usage::Allowance;

const SERVICE: &str = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho";
const CLIENT: &str = "VN-DEMO/GOV/H17/MOTCUA";
/// Wednesday, 18 November 2026, 18:06:40 in Vietnam.
const NOW: Ts = Ts::from_secs(1_795_000_000);

fn grant(to: Grantee) -> Grant {
    Grant::new(to, SERVICE.parse().unwrap())
}

fn party() -> Grantee {
    Grantee::Party(CLIENT.parse().unwrap())
}

fn group(code: &str) -> Grantee {
    Grantee::Group(format!("VN-DEMO/{code}").parse().unwrap())
}

fn directory() -> Snapshot {
    let text = r#"{"format":"lienthong-directory/1","instance":"VN-DEMO","number":1,"created":"2026-01-01T00:00:00Z",
        "members":[{"id":"VN-DEMO/GOV/H17","name":"Đà Nẵng","signing_certificates":[],"subsystems":[{"code":"MOTCUA","name":"Một cửa"}]}],
        "nodes":[],"authorities":[],"crls":[],"timestamp_authorities":[],
        "groups":[{"id":"VN-DEMO/MOTCUA-TINH","parties":["VN-DEMO/GOV/H17/MOTCUA"]}]}"#;
    Snapshot::from_content(directory::Content::parse(text.as_bytes()).unwrap(), Ts::from_secs(4_000_000_000))
}

fn call(method: Method, path: &str, circumstances: Circumstances) -> Call {
    let raw = format!("/r1/{SERVICE}{path}");
    let path_start = raw.len() - path.len();
    Call {
        method,
        target: Target { service: SERVICE.parse().unwrap(), raw, path_start },
        client: CLIENT.parse().unwrap(),
        id: "i".into(),
        request_id: "r".into(),
        wanted_node: None,
        circumstances,
        headers: vec![],
    }
}

fn decide(rights: &Rights, call: &Call, now: Ts) -> Result<String, Reason> {
    rights.authorize(&directory(), call, now, &Usage::default()).map(|permit| permit.by().to_owned())
}

fn ask(grants: Vec<Grant>, method: Method, path: &str, purpose: Option<&str>) -> Result<String, Reason> {
    let circumstances = Circumstances { purpose: purpose.map(str::to_owned), ..Circumstances::default() };
    decide(&Rights::new(vec![], vec![], grants), &call(method, path, circumstances), NOW)
}

fn get(grants: Vec<Grant>) -> Result<String, Reason> {
    ask(grants, Method::GET, "/1", None)
}

#[test]
fn nothing_is_allowed_that_was_not_granted() {
    assert_eq!(get(vec![]), Err(Reason::NotGranted));
    let other = grant(Grantee::Party("VN-DEMO/GOV/H17/KHAC".parse().unwrap()));
    assert_eq!(get(vec![other]), Err(Reason::NotGranted));
    let member = grant(Grantee::Party("VN-DEMO/GOV/H17".parse().unwrap()));
    assert_eq!(get(vec![member]), Err(Reason::NotGranted));
}

#[test]
fn a_group_of_the_directory_can_be_granted() {
    assert!(get(vec![grant(group("MOTCUA-TINH"))]).is_ok());
    assert_eq!(get(vec![grant(group("KHAC"))]), Err(Reason::NotGranted));
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
    let ended = Grant { until: Some(NOW), ..grant(party()) };
    assert_eq!(get(vec![ended.clone()]), Err(Reason::GrantExpired));
    assert!(get(vec![Grant { until: Some(NOW.plus_secs(1)), ..ended }]).is_ok());
}

#[test]
fn a_purpose_that_was_not_granted_is_refused() {
    let purposeful = Grant { purposes: vec!["TTHC".into()], ..grant(party()) };
    let ask = |purpose| ask(vec![purposeful.clone()], Method::GET, "/1", purpose);
    assert_eq!(ask(None), Err(Reason::PurposeNotGranted));
    assert_eq!(ask(Some("KHAC")), Err(Reason::PurposeNotGranted));
    assert!(ask(Some("TTHC")).is_ok());
}

#[test]
fn a_suspended_and_a_revoked_grant_refuse_and_say_why() {
    let reason = Some("thanh tra".to_owned());
    let suspended = Grant { force: Force::Suspended, reason: reason.clone(), ..grant(party()) };
    assert_eq!(get(vec![suspended.clone()]), Err(Reason::GrantSuspended(reason.clone())));
    let revoked = Grant { force: Force::Revoked, ..suspended };
    assert_eq!(get(vec![revoked]), Err(Reason::GrantRevoked(reason)));
}

#[test]
fn the_reason_of_the_grant_that_came_closest_wins_whatever_the_order() {
    let revoked = Grant { force: Force::Revoked, ..grant(party()) };
    let ended = Grant { until: Some(NOW), ..grant(group("MOTCUA-TINH")) };
    let suspended = Grant { force: Force::Suspended, ..grant(party()) };
    let purposeful = Grant { purposes: vec!["TTHC".into()], ..grant(party()) };
    let steps = [
        (revoked, Reason::GrantRevoked(None)),
        (ended, Reason::GrantExpired),
        (suspended, Reason::GrantSuspended(None)),
        (purposeful, Reason::PurposeNotGranted),
    ];
    for farthest in 1..=steps.len() {
        let mut grants: Vec<Grant> = steps[..farthest].iter().map(|(grant, _)| grant.clone()).collect();
        let expected = Err(steps[farthest - 1].1.clone());
        assert_eq!(get(grants.clone()), expected);
        grants.reverse();
        assert_eq!(get(grants), expected);
    }
}

#[test]
fn each_condition_is_asked_for_and_named() {
    let with = |conditions| Rights::new(vec![], vec![], vec![Grant { conditions, ..grant(party()) }]);
    let none = Circumstances::default;
    let check = |conditions: Conditions, unmet: Unmet, met: Circumstances| {
        let rights = with(conditions);
        let refused = decide(&rights, &call(Method::GET, "/1", none()), NOW);
        assert_eq!(refused, Err(Reason::ConditionNotMet(unmet)));
        assert!(decide(&rights, &call(Method::GET, "/1", met), NOW).is_ok());
    };
    let all = Conditions::default;
    let some = |text: &str| Some(text.to_owned());
    check(
        Conditions { dossier: true, ..all() },
        Unmet::Dossier,
        Circumstances { issue: some("H17-1"), ..none() },
    );
    check(
        Conditions { officer: true, ..all() },
        Unmet::Officer,
        Circumstances { user_id: some("CB-1"), ..none() },
    );
    check(Conditions { sign_in: 2, ..all() }, Unmet::SignIn(2), Circumstances { sign_in: Some(2), ..none() });
    let cedar = |text: &str| Conditions { cedar: Some(Condition::parse(text).unwrap()), ..all() };
    let text = "context.signIn >= 2 && context.userId like \"CB-*\"";
    let met = Circumstances { user_id: some("CB-1"), sign_in: Some(3), ..none() };
    check(cedar(text), Unmet::Cedar(text.to_owned()), met);
    let weak = Circumstances { sign_in: Some(1), ..none() };
    let refused = decide(&with(Conditions { sign_in: 2, ..all() }), &call(Method::GET, "/1", weak), NOW);
    assert_eq!(refused, Err(Reason::ConditionNotMet(Unmet::SignIn(2))));
}

#[test]
fn a_condition_sees_the_call_and_the_hour_in_vietnam() {
    let circumstances = Circumstances {
        user_id: Some("CB-1".into()),
        issue: Some("H17-1".into()),
        represented: Some("VN-DEMO/GOV/H17".into()),
        purpose: Some("TTHC".into()),
        legal_basis: Some("01/QD".into()),
        sign_in: Some(3),
    };
    let call = call(Method::POST, "/a%20b", circumstances);
    let met = |text: &str| {
        let conditions = Conditions { cedar: Some(Condition::parse(text).unwrap()), ..Conditions::default() };
        let grants = vec![Grant { conditions, ..grant(party()) }];
        decide(&Rights::new(vec![], vec![], grants), &call, NOW).is_ok()
    };
    for text in [
        "context.hour == 18 && context.weekday == 3",
        "context.method == \"POST\" && context.path == \"/a b\"",
        "context.userId == \"CB-1\" && context.issue == \"H17-1\" && context.represented like \"VN-DEMO/*\"",
        "context.purpose == \"TTHC\" && context.legalBasis == \"01/QD\" && context.signIn == 3",
        "[\"TTHC\", \"KHAC\"].contains(context.purpose)",
    ] {
        assert!(met(text), "{text}");
    }
    assert!(!met("context.hour < 18"));
    assert!(!met("context.signIn + 9223372036854775807 > 0"), "an overflow is an error and refuses");
}

#[test]
fn a_condition_that_cannot_be_judged_is_not_met() {
    let with = |condition| {
        let conditions = Conditions { cedar: Some(condition), ..Conditions::default() };
        Rights::new(vec![], vec![], vec![Grant { conditions, ..grant(party()) }])
    };
    let call = call(Method::GET, "/1", Circumstances::default());
    let absent = Condition::parse("context.issue != \"x\"").unwrap();
    assert!(decide(&with(absent), &call, NOW).is_err());
    assert!(decide(&with(Condition::parse("!(context has issue)").unwrap()), &call, NOW).is_ok());
    assert!(decide(&with(Condition::never("vo nghia")), &call, NOW).is_err());
}

#[test]
fn a_text_that_is_no_condition_is_refused_when_it_is_read() {
    for text in [
        "",
        "context.hour >=",
        "context.hours > 1",
        "context.hour > \"1\"",
        "context.hour",
        "true }; permit(principal, action, resource) when { true",
        "true }; forbid(principal, action, resource) unless { false",
        "context.hour > 1; true",
        "resource.x == 1",
        "principal in Group::\"x\"",
    ] {
        assert!(Condition::parse(text).is_err(), "{text}");
    }
    let long = format!("true{}", " || true".repeat(CONDITION_BYTES_MAX / 8));
    assert_eq!(Condition::parse(&long).unwrap_err(), ConditionError::TooLong);
    assert!(Condition::parse("context.hour > 1 // chú thích").is_ok());
}

#[test]
fn a_condition_that_was_read_before_is_not_read_again() {
    let mut reader = ConditionReader::default();
    for _ in 0..2000 {
        assert_eq!(reader.read("context.hour > 1").unwrap().text(), "context.hour > 1");
    }
    assert!(reader.read("").is_err());
}

#[test]
fn no_condition_uses_up_the_stack() {
    let nested = format!("{}true{}", "(".repeat(900), ")".repeat(900));
    assert_eq!(Condition::parse(&nested).unwrap_err(), ConditionError::TooDeep);
    let conditions = [
        format!("{}true", "!".repeat(1900)),
        format!("1{} > 0", "+1".repeat(900)),
        format!("true{}", "&&true".repeat(300)),
        format!("context{} == 1", ".a".repeat(900)),
        format!("{}true", "if true then false else ".repeat(80)),
        format!("{}1 > 0", "-".repeat(1900)),
        format!("true{}", ".contains(true)".repeat(130)),
        "]".repeat(1999),
        format!("{}true{}", "(".repeat(20), ")".repeat(20)),
    ];
    let call = call(Method::GET, "/1", Circumstances::default());
    for text in conditions {
        let condition = Condition::parse(&text).unwrap_or_else(|_| Condition::never(&text));
        let conditions = Conditions { cedar: Some(condition), ..Conditions::default() };
        let _ =
            decide(&Rights::new(vec![], vec![], vec![Grant { conditions, ..grant(party()) }]), &call, NOW);
    }
}

fn failing() -> Failing {
    Failing {
        item: "security_minutes".into(),
        title_vi: "Biên bản kiểm tra an toàn".into(),
        title_en: "Security minutes".into(),
        ended: Some(date(2026, 11, 17)),
    }
}

fn ruled(grants: Vec<Grant>, gates: Vec<ClosedGate>, closed: Vec<ClosedService>) -> Rights {
    let configured = Rights::new(vec![], vec![service()], vec![grant(party())]);
    let member = "VN-DEMO/GOV/G01".parse().unwrap();
    configured.under(Ruling { member, grants, gates, closed })
}

fn service() -> Service {
    Service {
        id: SERVICE.parse().unwrap(),
        url: "http://127.0.0.1:1".into(),
        timeout: Duration::from_secs(1),
        description: None,
        subject_segment: None,
        disabled: None,
        certificates: vec![],
    }
}

fn gate(party: &str, from: Option<Ts>) -> ClosedGate {
    ClosedGate { party: party.parse().unwrap(), from, failing: vec![failing()] }
}

#[test]
fn a_closed_gate_refuses_from_its_moment_on_and_names_the_item() {
    let call = call(Method::GET, "/1", Circumstances::default());
    let provider = "VN-DEMO/GOV/G01/DANCU";
    for (party_of_gate, side) in [(CLIENT, Side::Consumer), (provider, Side::Provider)] {
        let rights = ruled(vec![grant(party())], vec![gate(party_of_gate, Some(NOW))], vec![]);
        assert!(decide(&rights, &call, Ts(NOW.0 - 1)).is_ok());
        let refused = decide(&rights, &call, NOW).unwrap_err();
        assert_eq!(refused, Reason::GateClosed { side, failing: vec![failing()] });
        assert_eq!(refused.clone().at_provider().gate().unwrap(), "security_minutes");
        let text = refused.to_string();
        assert!(
            text.contains("Biên bản kiểm tra an toàn (security_minutes), hết hiệu lực sau ngày 17/11/2026")
        );
        assert!(text.contains("Security minutes (security_minutes), in force until 2026-11-17"));
    }
    let other = ruled(vec![grant(party())], vec![gate("VN-DEMO/GOV/H17/KHAC", None)], vec![]);
    assert!(decide(&other, &call, NOW).is_ok());
    let nothing_granted = ruled(vec![], vec![gate(CLIENT, None)], vec![]);
    assert_eq!(decide(&nothing_granted, &call, NOW), Err(Reason::NotGranted), "learns nothing about gates");
}

#[test]
fn an_item_of_one_connection_that_ended_closes_that_grant_and_no_other_of_the_same_parties() {
    let call = call(Method::GET, "/1", Circumstances::default());
    let provider = "VN-DEMO/GOV/G01/DANCU";
    for (party_of_gate, side) in [(CLIENT, Side::Consumer), (provider, Side::Provider)] {
        let closing = Grant { gates: vec![gate(party_of_gate, Some(NOW))], ..grant(party()) };
        let rights = ruled(vec![closing.clone()], vec![], vec![]);
        assert!(decide(&rights, &call, Ts(NOW.0 - 1)).is_ok());
        let refused = decide(&rights, &call, NOW).unwrap_err();
        assert_eq!(refused, Reason::GateClosed { side, failing: vec![failing()] });
        assert_eq!(rights.grants().filter(|grant| grant.closed(NOW).is_none()).count(), 0);
        let with_another = ruled(vec![closing, grant(party())], vec![], vec![]);
        assert!(decide(&with_another, &call, NOW).is_ok(), "the other connection stays open");
    }
}

#[test]
fn a_registry_replaces_the_grants_of_the_file_for_its_member_only() {
    let call = call(Method::GET, "/1", Circumstances::default());
    assert_eq!(decide(&ruled(vec![], vec![], vec![]), &call, NOW), Err(Reason::NotGranted));
    let configured = Rights::new(vec![], vec![service()], vec![grant(party())]);
    let member = "VN-DEMO/GOV/KHAC".parse().unwrap();
    let of_others = Ruling { member, grants: vec![], gates: vec![], closed: vec![] };
    assert!(decide(&configured.under(of_others), &call, NOW).is_ok());
    let foreign = Grant { service: "VN-DEMO/GOV/KHAC/X/y".parse().unwrap(), ..grant(party()) };
    assert_eq!(ruled(vec![foreign], vec![], vec![]).grants().count(), 0, "no registry grants for others");
}

#[test]
fn a_service_that_the_registry_closed_is_not_offered() {
    let notice = "ngừng cung cấp / withdrawn".to_owned();
    let closed = ClosedService { service: SERVICE.parse().unwrap(), notice: notice.clone() };
    let rights = ruled(vec![grant(party())], vec![], vec![closed]);
    assert_eq!(rights.service(&SERVICE.parse().unwrap()).unwrap_err(), Reason::ServiceDisabled(notice));
    assert!(rights.services_of(&SERVICE.parse::<ServiceId>().unwrap().provider).is_empty());
}

#[test]
fn rights_that_are_out_of_date_refuse_every_call_on_the_members_services_and_on_no_others() {
    let call = call(Method::GET, "/1", Circumstances::default());
    let configured = Rights::new(vec![], vec![service()], vec![grant(party())]);
    let stale = configured.out_of_date(&"VN-DEMO/GOV/G01".parse().unwrap());
    let refused = stale.service(&SERVICE.parse().unwrap()).unwrap_err();
    assert_eq!(refused, Reason::RightsOutOfDate);
    assert_eq!(refused.at_provider().kind(), "server.serverproxy.service_disabled");
    assert!(decide(&stale, &call, NOW).is_err(), "nothing is granted either");
    let others = configured.out_of_date(&"VN-DEMO/GOV/KHAC".parse().unwrap());
    assert!(others.service(&SERVICE.parse().unwrap()).is_ok() && decide(&others, &call, NOW).is_ok());
}

#[test]
fn only_grants_that_count_now_are_usable() {
    let client = CLIENT.parse().unwrap();
    let service = SERVICE.parse().unwrap();
    let usable = |rights: &Rights| rights.usable(&directory(), &client, &service, NOW).count();
    let grants = vec![
        grant(party()),
        grant(group("MOTCUA-TINH")),
        Grant { force: Force::Suspended, ..grant(party()) },
        Grant { force: Force::Revoked, ..grant(party()) },
        Grant { until: Some(NOW), ..grant(party()) },
    ];
    assert_eq!(usable(&ruled(grants.clone(), vec![], vec![])), 2);
    assert_eq!(usable(&ruled(grants, vec![gate(CLIENT, None)], vec![])), 0);
}

#[test]
fn a_quota_is_counted_by_grant_and_survives_new_rights() {
    let usage = Usage::default();
    let call = call(Method::GET, "/1", Circumstances::default());
    let allowance = Allowance { quota_day: Some(2), rate_s: None };
    let granted = |id: Option<&str>| Grant { id: id.map(str::to_owned), allowance, ..grant(party()) };
    for id in [Some("QK-2026-000001"), Some("QK-2026-000002"), None] {
        let take = || {
            let rights = Rights::new(vec![], vec![], vec![granted(id)]);
            rights.authorize(&directory(), &call, NOW, &usage).map(Permit::used)
        };
        assert!(take().is_ok() && take().is_ok());
        assert!(matches!(take(), Err(Reason::QuotaUsed { quota: 2, .. })), "{id:?}");
    }
    // Two grants without a number are counted apart.
    let rights = Rights::new(vec![], vec![], vec![granted(None), granted(None)]);
    let take = || rights.authorize(&directory(), &call, NOW, &usage).map(Permit::used);
    assert!(take().is_ok() && take().is_ok() && take().is_err());
}

#[test]
fn a_call_that_is_refused_or_never_sent_uses_nothing() {
    let usage = Usage::default();
    let allowance = Allowance { quota_day: Some(1), rate_s: None };
    let grants =
        vec![Grant { id: Some("QK".into()), allowance, purposes: vec!["A".into()], ..grant(party()) }];
    let rights = Rights::new(vec![], vec![], grants);
    let with = |purpose: &str| {
        let circumstances = Circumstances { purpose: Some(purpose.into()), ..Circumstances::default() };
        rights.authorize(&directory(), &call(Method::GET, "/1", circumstances), NOW, &usage)
    };
    assert_eq!(with("B").unwrap_err(), Reason::PurposeNotGranted);
    assert_eq!(usage.used("QK", NOW), 0);
    let permit = with("A").unwrap();
    assert!(with("A").is_err());
    drop(permit);
    assert!(with("A").unwrap().used().is_none());
    assert!(with("A").is_err());
}

#[test]
fn the_permit_names_the_grant_and_its_decision() {
    let named =
        Grant { id: Some("QK-2026-000045".into()), legal_basis: Some("01/QĐ".into()), ..grant(party()) };
    assert_eq!(get(vec![named.clone()]).unwrap(), "QK-2026-000045, 01/QĐ");
    assert_eq!(get(vec![Grant { legal_basis: None, ..named.clone() }]).unwrap(), "QK-2026-000045");
    assert_eq!(get(vec![Grant { id: None, ..named }]).unwrap(), "01/QĐ");
    assert_eq!(get(vec![grant(party())]).unwrap(), CLIENT);
}
