use base::Ts;

use super::*;
use crate::grant::{Force, Pause, revoke, sample};
use crate::request::tests::{CONSUMER, SERVICES, Story};
use crate::{Stamp, State};

fn of_member(story: &Story) -> Snapshot {
    of(&story.state, &story.rules, &"VN-DEMO/GOV/G01".parse().unwrap(), story.now)
}

fn with_grant() -> Story {
    let mut story = Story::new();
    let id = story.open_kind(1);
    story.go_live(&id);
    story
}

#[test]
fn the_snapshot_has_the_grants_on_the_services_of_its_member_and_no_others() {
    let story = with_grant();
    let snapshot = of_member(&story);
    assert_eq!(snapshot.format, FORMAT);
    assert_eq!(snapshot.number, story.state.seq);
    assert_eq!(snapshot.grants.len(), 1);
    assert_eq!(snapshot.grants[0].to.to_string(), CONSUMER);
    let consumer = of(&story.state, &story.rules, &"VN-DEMO/GOV/H17".parse().unwrap(), story.now);
    assert!(consumer.grants.is_empty());
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn snapshots_have_one_tag_exactly_when_they_say_the_same() {
    let mut story = with_grant();
    let first = of_member(&story);
    story.now = story.now.plus_secs(1);
    let later = of_member(&story);
    assert!(later.made > first.made && later.says_the_same_as(&first) && later.tag() == first.tag());
    story.put_service(0, "mandatory", "withdrawn");
    assert_ne!(of_member(&story).tag(), first.tag());
}

#[test]
fn a_replaced_grant_is_not_in_the_snapshot() {
    let mut story = with_grant();
    let again = story.open_kind(1);
    story.go_live(&again);
    let ids: Vec<String> = of_member(&story).grants.iter().map(|grant| grant.id.to_string()).collect();
    assert_eq!(ids, ["QK-2026-000002"]);
}

#[test]
fn a_revoked_or_ended_grant_is_told_for_thirty_days() {
    let mut story = with_grant();
    let pause =
        Pause { id: crate::grant::GrantId::new(2026, 1), if_version: None, reason: "Thu hồi".to_owned() };
    story.act("owner", |state, _, moment, _| revoke(state, moment, &pause)).unwrap();
    assert_eq!(of_member(&story).grants[0].force, Force::Revoked);
    story.now = story.now.plus_secs(TOLD_SECS - 1);
    assert_eq!(of_member(&story).grants.len(), 1);
    story.now = story.now.plus_secs(1);
    assert!(of_member(&story).grants.is_empty());
    let mut ended = with_grant();
    ended.now = of_member(&ended).grants[0].terms.until.unwrap().plus_secs(TOLD_SECS - 1);
    assert_eq!(of_member(&ended).grants.len(), 1);
    ended.now = ended.now.plus_secs(1);
    assert!(of_member(&ended).grants.is_empty());
}

#[test]
fn a_withdrawn_service_is_closed_with_a_notice() {
    let mut story = with_grant();
    story.put_service(0, "mandatory", "withdrawn");
    let closed = of_member(&story).closed;
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0].service.to_string(), SERVICES[0]);
    assert!(closed[0].notice.contains("ngừng cung cấp"));
}

#[test]
fn a_member_with_few_services_gets_few_of_many_grants() {
    let stamp = Stamp { seq: 0, at: Ts(0), by: "bench".parse().unwrap() };
    let story = Story::new();
    let grants = sample::grants(&sample::services(1_000), 5_000, &stamp, story.now);
    let state = State { grants, ..State::default() };
    let snapshot = of(&state, &story.rules, &sample::provider(3), story.now);
    assert_eq!(snapshot.grants.len(), 50);
    assert!(snapshot.grants.iter().all(|grant| grant.service.provider.member == sample::provider(3)));
}
