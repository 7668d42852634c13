use super::*;
use crate::request::tests::{CONSUMER, SERVICES, Story, code, party, terms};
use crate::{Moment, RegistryError, State};

mod explained;

/// A story with one grant, by a request of kind 1.
fn granted() -> (Story, GrantId) {
    let mut story = Story::new();
    let id = story.open_kind(1);
    story.go_live(&id);
    let grant = story.request(&id).grant.clone().unwrap();
    (story, grant)
}

fn pause(id: &GrantId) -> Pause {
    Pause { id: id.clone(), if_version: None, reason: "Theo công văn 12/BCA".to_owned() }
}

fn act(
    story: &mut Story,
    decide: impl FnOnce(&State, &Moment) -> Result<Vec<crate::Event>, RegistryError>,
) -> Result<(), RegistryError> {
    story.act("owner", |state, _, moment, _| decide(state, moment))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Change,
    Suspend,
    Resume,
    Revoke,
    Renew,
}

fn tried(story: &mut Story, id: &GrantId, what: Tried) -> Result<(), RegistryError> {
    let pause = pause(id);
    let (id, reason) = (id.clone(), "Theo công văn 13/BCA".to_owned());
    let later = Some(story.now.plus_secs(3 * 366 * 86_400));
    match what {
        Tried::Change => {
            let terms = Terms { until: later, quota_day: Some(5), ..terms() };
            let input = Change { id, if_version: None, terms, reason };
            act(story, |state, moment| change(state, moment, &input))
        }
        Tried::Suspend => act(story, |state, moment| suspend(state, moment, &pause)),
        Tried::Resume => act(story, |state, moment| resume(state, moment, &pause)),
        Tried::Revoke => act(story, |state, moment| revoke(state, moment, &pause)),
        Tried::Renew => {
            let input = Renew { id, if_version: None, until: later, reason };
            act(story, |state, moment| renew(state, moment, &input))
        }
    }
}

#[test]
fn every_act_on_a_grant_does_what_the_table_says() {
    use Standing::{Ended, InForce, Revoked, Suspended};
    use Tried::{Change, Renew, Resume, Revoke, Suspend};
    let table = [
        (InForce, Change, InForce),
        (InForce, Suspend, Suspended),
        (InForce, Revoke, Revoked),
        (InForce, Renew, InForce),
        (Suspended, Change, Suspended),
        (Suspended, Resume, InForce),
        (Suspended, Revoke, Revoked),
        (Suspended, Renew, Suspended),
        (Ended, Change, InForce),
        (Ended, Suspend, Ended),
        (Ended, Revoke, Revoked),
        (Ended, Renew, InForce),
    ];
    for from in [InForce, Suspended, Revoked, Ended] {
        for what in [Change, Suspend, Resume, Revoke, Renew] {
            let (mut story, id) = granted();
            match from {
                InForce => {}
                Suspended => tried(&mut story, &id, Suspend).unwrap(),
                Revoked => tried(&mut story, &id, Revoke).unwrap(),
                Ended => story.now = terms().until.unwrap(),
            }
            let before = story.state.grants.held(&id).unwrap().clone();
            assert_eq!(before.grant.standing(story.now), from);
            let result = tried(&mut story, &id, what);
            let after = story.state.grants.held(&id).unwrap();
            let row = table.iter().find(|(state, tried, _)| (*state, *tried) == (from, what));
            if let Some((_, _, to)) = row {
                assert!(result.is_ok(), "{from:?} {what:?}: {result:?}");
                assert_eq!(after.grant.standing(story.now), *to, "{from:?} {what:?}");
                assert!(after.version > before.version);
                assert_eq!(after.history.len(), before.history.len() + 1);
            } else {
                assert_eq!(code(result), 2010, "{from:?} {what:?}");
                assert_eq!(*after, before);
            }
        }
    }
}

#[test]
fn a_grant_ends_in_the_moment_of_its_end() {
    let (story, id) = granted();
    let grant = story.state.grants.get(&id).unwrap();
    let until = grant.terms.until.unwrap();
    assert_eq!(grant.standing(Ts(until.0 - 1)), Standing::InForce);
    assert_eq!(grant.standing(until), Standing::Ended);
}

#[test]
fn nothing_is_done_to_a_grant_without_a_reason() {
    let (mut story, id) = granted();
    let silent = Pause { reason: "  ".to_owned(), ..pause(&id) };
    assert_eq!(code(act(&mut story, |state, moment| suspend(state, moment, &silent))), 2002);
    assert_eq!(code(act(&mut story, |state, moment| revoke(state, moment, &silent))), 2002);
    let input = Renew { id, if_version: None, until: None, reason: String::new() };
    assert_eq!(code(act(&mut story, |state, moment| renew(state, moment, &input))), 2002);
}

#[test]
fn renewing_gives_more_time_and_never_less() {
    let (mut story, id) = granted();
    let until = terms().until.unwrap();
    let renew_until = |story: &mut Story, until| {
        let input = Renew { id: id.clone(), if_version: None, until, reason: "Gia hạn".to_owned() };
        act(story, |state, moment| renew(state, moment, &input))
    };
    assert_eq!(code(renew_until(&mut story, Some(until))), 2002);
    story.now = until.plus_secs(1_000);
    assert_eq!(code(renew_until(&mut story, Some(until.plus_secs(500)))), 2002, "over before it begins");
    renew_until(&mut story, Some(until.plus_secs(5_000))).unwrap();
    renew_until(&mut story, None).unwrap();
    assert_eq!(code(renew_until(&mut story, None)), 2002, "it has no end already");
    let held = story.state.grants.find(&party(CONSUMER), &SERVICES[0].parse().unwrap()).unwrap();
    let before: Vec<_> = held.history.iter().filter_map(|e| e.before.as_ref()).map(|t| t.until).collect();
    assert_eq!(before, [Some(until), Some(until.plus_secs(5_000))]);
}

#[test]
fn of_two_who_change_a_grant_at_once_one_gets_a_conflict() {
    let (mut story, id) = granted();
    let input = Pause { if_version: Some(story.state.grants.held(&id).unwrap().version), ..pause(&id) };
    act(&mut story, |state, moment| suspend(state, moment, &input)).unwrap();
    assert_eq!(code(act(&mut story, |state, moment| revoke(state, moment, &input))), 2003);
    assert_eq!(story.state.grants.get(&id).unwrap().force, Force::Suspended);
}

#[test]
fn terms_are_changed_only_to_what_the_service_has() {
    let (mut story, id) = granted();
    let terms = Terms { fields: vec!["luong".to_owned()], ..terms() };
    let input = Change { id: id.clone(), if_version: None, terms, reason: "Thử".to_owned() };
    assert_eq!(code(act(&mut story, |state, moment| change(state, moment, &input))), 2016);
    story.put_service(0, "mandatory", "withdrawn");
    assert_eq!(code(tried(&mut story, &id, Tried::Renew)), 2010);
    tried(&mut story, &id, Tried::Revoke).unwrap();
}

#[test]
fn a_change_opens_no_more_than_the_road_allowed() {
    let (mut story, id) = granted();
    let mut changed = |change_of: fn(&mut Terms)| {
        let mut terms = story.state.grants.get(&id).unwrap().terms.clone();
        change_of(&mut terms);
        let input = Change { id: id.clone(), if_version: None, terms, reason: "Thử".to_owned() };
        act(&mut story, |state, moment| change(state, moment, &input))
    };
    let wider: [fn(&mut Terms); 4] = [
        |terms| terms.fields.push("ngaySinh".to_owned()),
        |terms| terms.fields.clear(),
        |terms| terms.purposes.clear(),
        |terms| terms.conditions.dossier = false,
    ];
    for change_of in wider {
        assert_eq!(code(changed(change_of)), 2002);
    }
    changed(|terms| terms.quota_day = Some(5_000)).unwrap();
    changed(|terms| terms.fields.truncate(1)).unwrap();
}

#[test]
fn a_new_grant_takes_the_place_of_the_old_one_which_stays_in_the_history() {
    let (mut story, old) = granted();
    let request = story.open_kind(1);
    story.go_live(&request);
    let new = story.request(&request).grant.clone().unwrap();
    assert_eq!(new.as_str(), "QK-2026-000002");
    let (consumer, service) = (party(CONSUMER), SERVICES[0].parse().unwrap());
    assert_eq!(story.state.grants.find(&consumer, &service).unwrap().grant.id, new);
    let held = story.state.grants.held(&old).unwrap();
    assert_eq!(held.replaced_by.as_ref(), Some(&new));
    assert_eq!(held.history.last().unwrap().did, Did::Replaced);
    assert_eq!(story.state.grants.of_consumer(&consumer).count(), 2);
    assert_eq!(code(tried(&mut story, &old, Tried::Resume)), 2010);
    assert_eq!(code(tried(&mut story, &old, Tried::Revoke)), 2010);
}

#[test]
fn numbers_begin_anew_each_year() {
    let (mut story, first) = granted();
    story.now = Ts::parse("2026-12-31T16:59:59Z").unwrap();
    let id = story.open_kind(2);
    assert_eq!(id.as_str(), "YC-2026-000002");
    story.now = Ts::parse("2026-12-31T17:00:00Z").unwrap();
    let id = story.open_kind(1);
    assert_eq!(id.as_str(), "YC-2027-000001", "the year of Vietnam");
    story.go_live(&id);
    assert_eq!(story.request(&id).grant.as_ref().unwrap().as_str(), "QK-2027-000001");
    assert_eq!(first.as_str(), "QK-2026-000001");
}

#[test]
fn the_sample_is_the_same_each_time_and_has_no_two_grants_of_one_consumer_on_one_service() {
    let stamp = crate::Stamp { seq: 0, at: Ts(0), by: "bench".parse().unwrap() };
    let services = sample::services(100);
    let all = sample::grants(&services, 2_000, &stamp, Ts(1_000));
    assert_eq!(all.iter().count(), 2_000);
    assert_eq!(all.iter().next().unwrap(), &sample::grant(0, &services, Ts(1_000)));
    assert!(all == sample::grants(&services, 2_000, &stamp, Ts(1_000)));
    for service in services {
        assert_eq!(all.on_service(&service).filter(|held| held.replaced_by.is_none()).count(), 20);
    }
}
