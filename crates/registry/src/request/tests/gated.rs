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
        valid_until: None,
        document: Some(Fingerprint([7; 32])),
        level: (item == "security_level").then_some(3),
        contacts: if item == "contacts" { duties.map(contact).to_vec() } else { Vec::new() },
    };
    story.act("security", |state, rules, moment, _| gate::file(state, rules, moment, filing)).unwrap();
    let id = story.state.gate.iter().last().unwrap().id;
    let judgement = Judgement { id, verdict: Verdict::Accepted, if_version: None };
    story.act("operator", |state, rules, moment, _| gate::judge(state, rules, moment, judgement)).unwrap();
}

/// A story under the law's checklist, with an automatic request at its last step and its task closed.
fn at_the_gate() -> (Story, RequestId) {
    let mut story = Story::new();
    story.rules = Rules::built_in().unwrap();
    let id = story.open_kind(1);
    story.close_risk(&id);
    story.go_to(&id, "live");
    (story, id)
}

fn missing(story: &Story, id: &RequestId) -> Vec<String> {
    stands_against(&story.state, &story.rules, story.request(id), story.now)
}

#[test]
fn a_request_goes_live_when_the_gate_of_the_consumer_is_open_and_not_before() {
    let (mut story, id) = at_the_gate();
    let error = story.approve("operator", &id).unwrap_err();
    let RegistryError::GateClosed(items) = &error else { panic!("{error}") };
    assert_eq!(*items, missing(&story, &id));
    for item in OF_SYSTEM {
        assert!(items.iter().any(|name| name.starts_with(item)), "{item} is not in {items:?}");
        show(&mut story, CONSUMER, item, None);
    }
    assert_eq!(code(story.approve("operator", &id)), 2013, "what the connection needs is missing still");
    while let Some(name) = missing(&story, &id).first() {
        let item = name.split(' ').next().unwrap().to_owned();
        show(&mut story, CONSUMER, &item, Some(&id));
    }
    story.approve("operator", &id).unwrap();
    assert_eq!(story.request(&id).status, Status::Live);
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
