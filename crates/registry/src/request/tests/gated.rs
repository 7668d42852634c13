//! Going live, calling and publishing with the checklist of the law.

use super::*;
use crate::gate::checklist::Duty;
use crate::gate::filing::{Contact as GateContact, Filing, Judgement, Verdict};
use crate::gate::{self};
use crate::grant::{Why, explain};
use crate::publish::Fingerprint;
use crate::snapshot;

const PROVIDER: &str = "VN-DEMO/GOV/G01/DAN-CU";
const OF_SYSTEM: [&str; 4] = ["security_level", "security_regulation", "security_minutes", "contacts"];

/// Files an item and has another person accept it.
fn show(story: &mut Story, of: &str, item: &str, about: Option<&RequestId>) {
    show_until(story, (of, item), about, None);
}

fn show_until(
    story: &mut Story,
    (of, item): (&str, &str),
    about: Option<&RequestId>,
    valid_until: Option<jiff::civil::Date>,
) {
    let contact = |duty| GateContact {
        duty,
        name: "Phòng Kỹ thuật".to_owned(),
        phone: "0236 1022".to_owned(),
        email: String::new(),
    };
    let duties = [Duty::Business, Duty::Technical, Duty::Security];
    let filing = Filing {
        party: party(of),
        item: item.to_owned(),
        about: about.cloned(),
        number: "12/BB-CAT".to_owned(),
        issued_on: who::vietnam(story.now).date(),
        valid_until,
        document: Some(Fingerprint([7; 32])),
        file: None,
        level: (item == "security_level").then_some(3),
        contacts: if item == "contacts" { duties.map(contact).to_vec() } else { Vec::new() },
    };
    story.act("security", |state, rules, moment, _| gate::file(state, rules, moment, filing)).unwrap();
    let id = story.state.gate.iter().last().unwrap().id;
    let judgement = Judgement { id, verdict: Verdict::Accepted, if_version: None };
    story.act("operator", |state, rules, moment, _| gate::judge(state, rules, moment, judgement)).unwrap();
}

/// A story under the law's checklist, with a request at its last step and its task closed.
fn at_the_gate(kind: usize) -> (Story, RequestId) {
    let mut story = Story::new();
    story.rules = Rules::built_in().unwrap();
    let id = story.open_kind(kind);
    story.close_risk(&id);
    story.go_to(&id, "live");
    (story, id)
}

fn missing(story: &Story, id: &RequestId) -> Vec<String> {
    stands_against(&story.state, &story.rules, story.request(id), story.now)
}

#[test]
fn a_request_goes_live_when_the_gates_of_both_sides_are_open_and_not_before() {
    let (mut story, id) = at_the_gate(2);
    for of in [PROVIDER, CONSUMER] {
        let error = story.approve("operator", &id).unwrap_err();
        let RegistryError::GateClosed(items) = &error else { panic!("{error}") };
        assert_eq!(*items, missing(&story, &id));
        for item in OF_SYSTEM {
            let named = |name: &&String| name.starts_with(item) && name.ends_with(&format!(": {of}"));
            assert_eq!(items.iter().filter(named).count(), 1, "{of} lacks {item}: {items:?}");
            show(&mut story, of, item, None);
        }
    }
    let of_connection = ["impact_assessment", "test_minutes", "coordination_regulation"];
    for item in of_connection {
        assert_eq!(code(story.approve("operator", &id)), 2013, "the connection lacks {item}");
        assert!(missing(&story, &id)[0].starts_with(item), "{:?}", missing(&story, &id));
        show(&mut story, CONSUMER, item, Some(&id));
    }
    story.approve("operator", &id).unwrap();
    assert_eq!(story.request(&id).status, Status::Live);
}

/// The risk assessment is handed in once: its task shows the item of the gate.
#[test]
fn the_closed_task_is_what_the_gate_knows_of_the_risk_assessment() {
    let mut story = Story::new();
    story.rules = Rules::built_in().unwrap();
    let id = story.open_kind(1);
    let row = |story: &Story| {
        let report = gate::report(&story.state, &story.rules, &party(CONSUMER), &[], story.now);
        report.connections[0].rows.iter().find(|row| row.item == "risk_assessment").cloned().unwrap()
    };
    assert_eq!(row(&story).state, gate::report::ItemState::Missing);
    let named = missing(&story, &id).into_iter().filter(|name| name.starts_with("risk_assessment"));
    assert_eq!(named.count(), 1, "the task and the item are one thing");
    story.attach("security", &id, "risk_assessment").unwrap();
    assert_eq!(row(&story).state, gate::report::ItemState::Missing, "nobody has concluded yet");
    story.close("security", &id).unwrap();
    let shown = row(&story);
    assert_eq!(shown.state, gate::report::ItemState::InForce);
    let evidence = shown.evidence.unwrap();
    assert_eq!((evidence.number.as_str(), evidence.filed.0.as_str()), ("12/BB", "security"));
    assert!(shown.note.vi.contains("Rủi ro ở mức chấp nhận được"), "{:?}", shown.note);
    assert!(!missing(&story, &id).iter().any(|name| name.starts_with("risk_assessment")));
}

#[test]
fn every_item_that_a_task_shows_is_a_task_of_every_road_that_counts_with_it() {
    let rules = Rules::built_in().unwrap();
    for list in rules.checklists.iter().filter(|list| list.valid_to.is_none()) {
        let by_task = |item: &&gate::checklist::Item| item.in_force == gate::checklist::InForce::Task;
        for item in list.items.iter().filter(by_task) {
            assert!(rules.roads.task(&item.code).is_some(), "{}", item.code);
            for road in rules.roads.iter().filter(|road| road.valid_to.is_none()) {
                let opens = road.steps.iter().any(|step| step.task.as_ref() == Some(&item.code));
                assert!(opens, "road {} {} never opens {}", road.kind, road.version, item.code);
            }
        }
    }
}

/// What ends for one connection closes its grant from that moment on, and nothing else.
#[test]
fn an_item_of_one_connection_that_will_end_is_in_the_snapshot_beforehand_for_its_grant_alone() {
    let (mut story, id) = at_the_gate(2);
    for of in [PROVIDER, CONSUMER] {
        for item in OF_SYSTEM {
            show(&mut story, of, item, None);
        }
    }
    let until = who::vietnam(story.now).date().checked_add(jiff::Span::new().days(30)).unwrap();
    for item in ["impact_assessment", "test_minutes", "coordination_regulation"] {
        show_until(&mut story, (CONSUMER, item), Some(&id), (item == "test_minutes").then_some(until));
    }
    story.approve("operator", &id).unwrap();
    let other = story.open_kind(1);
    story.close_risk(&other);
    story.go_to(&other, "live");
    story.approve("operator", &other).unwrap();
    let grant = |story: &Story, id: &RequestId| story.request(id).grant.clone();
    let of_grants = |story: &Story| {
        let member = "VN-DEMO/GOV/G01".parse().unwrap();
        let gates = snapshot::of(&story.state, &story.rules, &member, story.now).gates;
        gates.into_iter().filter(|gate| gate.grant.is_some()).collect::<Vec<_>>()
    };
    let told = |story: &Story, service: usize| {
        let service = SERVICES[service].parse().unwrap();
        explain(&story.state, &story.rules, (&party(CONSUMER), &service), None, story.now)
    };
    let foreseen = of_grants(&story);
    assert_eq!(foreseen.len(), 1, "{foreseen:?}");
    assert_eq!((&foreseen[0].grant, &foreseen[0].party), (&grant(&story, &id), &party(CONSUMER)));
    assert_eq!(foreseen[0].failing[0].item, "test_minutes");
    let closes = foreseen[0].from.unwrap();
    story.now = Ts(closes.0 - 1);
    assert_eq!(of_grants(&story)[0].from, Some(closes));
    assert!(told(&story, 1).allowed);
    story.now = closes;
    assert_eq!(of_grants(&story)[0].from, None, "closed without another act");
    assert_eq!(told(&story, 1).why, [Why::GateClosed]);
    assert!(told(&story, 1).vi.contains("test_minutes"));
    assert!(told(&story, 0).allowed, "the other connection of the same systems goes on");
    show(&mut story, CONSUMER, "test_minutes", Some(&id));
    assert_eq!(of_grants(&story), [], "the renewal opens it again");
}

#[test]
fn the_end_of_a_request_or_grant_ends_what_is_demanded_for_its_connection() {
    let is_open = |story: &Story, id: &RequestId| {
        story.state.gate.connection(id).is_some_and(|connection| connection.closed.is_none())
    };
    let mut story = Story::new();
    let refused = story.open_kind(2);
    assert!(is_open(&story, &refused));
    story.go_to(&refused, "data_owner");
    story.refuse("owner", &refused).unwrap();
    assert!(!is_open(&story, &refused));
    let withdrawn = story.open_kind(2);
    let input = Withdraw { id: withdrawn.clone(), if_version: None, reason: "Thôi".to_owned() };
    story.act("admin", |state, _, moment, person| withdraw(state, moment, person, &input)).unwrap();
    assert!(!is_open(&story, &withdrawn));
    let old = story.open_kind(1);
    story.go_live(&old);
    let new = story.open_kind(1);
    story.go_live(&new);
    assert!(!is_open(&story, &old) && is_open(&story, &new), "replaced");
    let id = story.request(&new).grant.clone().unwrap();
    let input = crate::grant::Pause { id, if_version: None, reason: "Thu hồi".to_owned() };
    story.act("owner", |state, _, moment, _| crate::grant::revoke(state, moment, &input)).unwrap();
    assert!(!is_open(&story, &new));
}

/// Acceptance check 2, as the registry tells it: refused with the item's name, open again after the renewal.
#[test]
fn a_gate_that_closes_is_in_the_snapshot_beforehand_and_named_in_the_explanation() {
    let mut story = Story::new();
    let id = story.open_kind(1);
    story.go_live(&id);
    story.rules = Rules::built_in().unwrap();
    let service = SERVICES[0].parse().unwrap();
    let member = "VN-DEMO/GOV/G01".parse().unwrap();
    let told =
        |story: &Story| explain(&story.state, &story.rules, (&party(CONSUMER), &service), None, story.now);
    let snapshot = |story: &Story| snapshot::of(&story.state, &story.rules, &member, story.now);
    assert_eq!(told(&story).why, [Why::GateClosed, Why::ProviderGateClosed]);
    assert_eq!(snapshot(&story).closed.len(), 1, "the provider has shown nothing");
    for of in [CONSUMER, PROVIDER] {
        for item in OF_SYSTEM {
            show(&mut story, of, item, None);
        }
    }
    assert!(told(&story).allowed, "{}", told(&story).vi);
    let now = snapshot(&story);
    assert!(now.closed.is_empty());
    let gate = now.gates.iter().find(|gate| gate.party == party(CONSUMER)).unwrap();
    assert_eq!(gate.failing[0].item, "security_minutes");
    let closes = gate.from.unwrap();
    story.now = Ts(closes.0 - 1);
    assert!(told(&story).allowed);
    story.now = closes;
    let refused = told(&story);
    assert!(
        !refused.allowed && refused.vi.contains("security_minutes, hết hạn 23/05/2027"),
        "{}",
        refused.vi
    );
    let now = snapshot(&story);
    let gate = now.gates.iter().find(|gate| gate.party == party(CONSUMER)).unwrap();
    assert_eq!(gate.from, None, "closed already");
    for of in [CONSUMER, PROVIDER] {
        show(&mut story, of, "security_minutes", None);
    }
    assert!(told(&story).allowed);
}

#[test]
fn an_automatic_connection_goes_live_without_test_minutes_and_coordination_regulation_and_others_do_not() {
    let demands = |kind: usize| {
        let mut story = Story::new();
        story.rules = Rules::built_in().unwrap();
        let id = story.open_kind(kind);
        let missing = gate::failing(&story.state, &story.rules, &party(CONSUMER), Some(&id), story.now);
        let items = missing.into_iter().map(|failing| failing.item);
        items.filter(|item| ["test_minutes", "coordination_regulation"].contains(&item.as_str())).count()
    };
    assert_eq!([1, 2, 3].map(demands), [0, 2, 2]);
}
