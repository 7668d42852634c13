//! What the yearly report covers, and what stands in it.

use base::Ts;
use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::{RegistryError, Rules, Stamp, State};

/// A moment in Vietnam's time.
fn at(text: &str) -> Ts {
    Ts::parse(&format!("{text}+07:00")).unwrap()
}

fn tell(state: &mut State, now: Ts, event: Value) {
    let stamp = Stamp { seq: state.seq, at: now, by: "thu".parse().unwrap() };
    state.apply(&stamp, serde_json::from_value(event).unwrap());
}

fn incident(number: u32, agency: &str, detected: &str) -> Value {
    let detected = at(detected);
    let clock = |code: &str, hours: i64| {
        let due = detected.plus_secs(hours * 3_600);
        json!({ "code": code, "warn": due.plus_secs(-6 * 3_600), "due": due, "in_time": due })
    };
    json!({ "noun": "incident", "event": { "what": "opened", "id": format!("SC-2026-{number:06}"), "agency": agency,
        "facts": { "detected": detected, "description": "x", "severity": "serious", "parties": ["VN/GOV/H17/MOT-CUA"] },
        "rules": "decree_331", "obligations": [clock("first_notice", 24), clock("report", 72)] } })
}

fn filing(number: u64, item: &str, level: Option<u8>) -> [Value; 2] {
    let filed = json!({ "noun": "gate", "event": { "what": "filed", "id": number, "filing": { "party": "VN/GOV/H17/MOT-CUA",
        "item": item, "number": format!("{number}/VB"), "issued_on": "2026-07-20", "level": level } } });
    let judged = json!({ "noun": "gate", "event": { "what": "judged", "id": number, "verdict": { "verdict": "accepted" } } });
    [filed, judged]
}

/// A province with a department, systems, a live connection and incidents around the ends of the period.
fn state() -> State {
    let mut state = State::default();
    let now = at("2026-07-20T08:00:00");
    for (code, parent) in [("H17", None), ("H17.11", Some("H17")), ("H01", None)] {
        let agency = json!({ "noun": "agency", "event": { "what": "put", "code": code, "name": format!("Cơ quan {code}"),
            "parent": parent, "valid_from": "2020-01-01" } });
        tell(&mut state, now, agency);
    }
    let holding = |code: &str, owner: &str, more: Value| {
        let mut holding = json!({ "what": "put", "code": code, "kind": "information_system", "name": format!("Hệ thống {code}"),
            "owner": owner, "scope": "province" });
        holding.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "noun": "inventory", "event": holding })
    };
    let one_stop = json!({ "security_level": 2, "security_decision": "45/QĐ-UBND", "security_date": "2025-05-01",
        "services": ["VN/GOV/H17/MOT-CUA/ho-so"] });
    let gone = json!({ "stage": "closed", "used_to": "2025-12-14" });
    let gone_since = json!({ "stage": "closed", "used_to": "2025-12-15" });
    for event in [
        holding("HT-1", "H17.11", one_stop),
        holding("HT-2", "H17", json!({ "name": "=1+1" })),
        holding("HT-3", "H17", gone),
        holding("HT-4", "H17", gone_since),
        holding("HT-5", "H01", json!({})),
    ] {
        tell(&mut state, now, event);
    }
    let filings = [filing(1, "security_level", Some(3)), filing(2, "security_minutes", None)];
    for event in filings.into_iter().flatten() {
        tell(&mut state, now, event);
    }
    for (number, force) in [(1, "active"), (2, "suspended"), (3, "revoked")] {
        let grant = json!({ "noun": "grant", "event": { "what": "issued", "id": format!("QK-2026-00000{number}"),
            "to": "VN/GOV/H17/MOT-CUA", "service": format!("VN/GOV/G01/DAN-CU/s{number}"), "terms": { "legal_basis": "x" },
            "decision": "YC-2026-000001", "force": force } });
        tell(&mut state, now, grant);
    }
    for (number, agency, detected) in [
        (1, "H17", "2025-12-14T23:59:59.999999"),
        (2, "H17.11", "2025-12-15T00:00:00"),
        (3, "H01", "2026-06-01T00:00:00"),
        (4, "H17", "2026-12-14T23:59:59.999999"),
        (5, "H17", "2026-12-15T00:00:00"),
    ] {
        tell(&mut state, now, incident(number, agency, detected));
    }
    state
}

fn made(year: i16, now: &str) -> Result<SecurityReport, RegistryError> {
    security_report(&state(), &Rules::built_in().unwrap(), (&"H17".parse().unwrap(), year), at(now))
}

const MADE: &str = "2026-12-18T09:00:00";

#[test]
fn the_window_runs_from_15_december_to_the_last_microsecond_of_14_december() {
    let rules = Rules::built_in().unwrap();
    let window = rules.periods.of(2026).unwrap().window(2026).unwrap();
    assert_eq!((window.from, window.to), (date(2025, 12, 15), date(2026, 12, 14)));
    assert_eq!((window.units_before, window.owner_before), (date(2026, 12, 20), date(2026, 12, 25)));
    for (moment, expected) in [
        ("2025-12-14T23:59:59.999999", false),
        ("2025-12-15T00:00:00", true),
        ("2026-12-14T23:59:59.999999", true),
        ("2026-12-15T00:00:00", false),
    ] {
        assert_eq!(window.covers(at(moment)), expected, "{moment}");
    }
    assert!(rules.periods.of(2025).is_none(), "the decree is of 2026");
}

#[test]
fn incidents_of_the_period_are_counted_with_their_clocks_and_others_are_not() {
    let report = made(2026, MADE).unwrap();
    let found: Vec<_> = report.incidents.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        found,
        ["SC-2026-000002", "SC-2026-000004"],
        "not those of others, not those before and after"
    );
    assert_eq!(report.figures.clocks_missed, 4);
    assert_eq!(report.incidents[0].obligations[0].title.vi, "Thông báo ban đầu");
    let next = made(2027, "2027-01-05T09:00:00").unwrap();
    assert_eq!(next.incidents.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["SC-2026-000005"]);
}

#[test]
fn systems_are_listed_with_levels_and_the_state_of_their_measures() {
    let report = made(2026, MADE).unwrap();
    let codes: Vec<_> =
        report.systems.iter().filter_map(|one| one.code.as_ref().map(HoldingCode::as_str)).collect();
    assert_eq!(
        codes,
        ["HT-1", "HT-2", "HT-4"],
        "in use on some day of the period, of the agency or below it"
    );
    let one_stop = &report.systems[0];
    assert_eq!(one_stop.level.as_ref().unwrap().level, 2);
    assert_eq!(one_stop.level_filed.as_ref().unwrap().level, 3);
    assert!(one_stop.levels_differ());
    let state_of =
        |item: &str| one_stop.measures.iter().find(|measure| measure.item == item).map(|m| m.state);
    assert_eq!(state_of("security_minutes"), Some(ItemState::InForce));
    assert_eq!(state_of("contacts"), Some(ItemState::Missing));
    assert_eq!(state_of("inventory_level"), Some(ItemState::InForce));
    assert_eq!(report.minutes.len(), 1);
    assert_eq!(report.minutes[0].last_day, Some(date(2027, 1, 20)));
    assert_eq!(report.figures.without_decision, 2);
}

#[test]
fn connections_are_those_in_force_or_suspended() {
    let report = made(2026, MADE).unwrap();
    let found: Vec<_> =
        report.connections.iter().map(|one| (one.grant.as_str(), one.state, one.side)).collect();
    assert_eq!(
        found,
        [
            ("QK-2026-000001", grant::Standing::InForce, Whom::Consumer),
            ("QK-2026-000002", grant::Standing::Suspended, Whom::Consumer)
        ]
    );
    assert_eq!((report.figures.connections_live, report.figures.connections_suspended), (1, 1));
}

#[test]
fn measures_are_judged_at_the_end_of_the_period() {
    let late = made(2026, "2027-06-01T09:00:00").unwrap();
    assert_eq!(late.as_of, at("2026-12-14T23:59:59.999999"));
    assert_eq!(late.minutes[0].state, ItemState::InForce, "the minutes ended in January");
    let next = made(2027, "2027-06-01T09:00:00").unwrap();
    assert_eq!(next.minutes[0].state, ItemState::Ended);
    let soon = made(2027, "2027-01-05T09:00:00").unwrap();
    assert_eq!(
        soon.expiring.iter().map(|warning| warning.item.as_str()).collect::<Vec<_>>(),
        ["security_minutes"]
    );
}

#[test]
fn a_period_that_has_not_begun_has_no_report() {
    for (year, now) in [(2027, "2026-12-14T23:59:59"), (2025, MADE), (i16::MIN, MADE), (i16::MAX, MADE)] {
        let outcome = made(year, now);
        assert!(matches!(outcome, Err(RegistryError::Invalid(_))), "{year}: {outcome:?}");
    }
    let nobody = "H63.99".parse().unwrap();
    let outcome = security_report(&state(), &Rules::built_in().unwrap(), (&nobody, 2026), at(MADE));
    assert!(matches!(outcome, Err(RegistryError::NoSuch { .. })), "{outcome:?}");
}

#[test]
fn the_report_can_be_read_as_page_file_and_table() {
    let report = made(2026, MADE).unwrap();
    let html = report.html();
    for text in
        ["Báo cáo an ninh mạng hằng năm", "từ 15/12/2025 đến hết 14/12/2026", "45/QĐ-UBND", "SC-2026-000004"]
    {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("SC-2026-000005"));
    let pdf = report.pdf().unwrap();
    let document = lopdf::Document::load_mem(&pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    let text = document.extract_text(&pages).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("trước 25/12/2026") && text.contains("QK-2026-000002"), "{text}");
    let csv = String::from_utf8(report.csv()).unwrap();
    assert!(csv.starts_with("\u{feff}Mã,Tên hệ thống"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + report.systems.len());
    assert!(csv.contains("'=1+1"), "nothing that a spreadsheet would compute");
    assert!(csv.contains("45/QĐ-UBND") && csv.contains("20/01/2027"));
}
