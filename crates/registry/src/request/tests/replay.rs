//! Whatever happened, the journal tells it again.

use proptest::prelude::*;

use super::*;
use crate::grant::{self, Pause, Renew};

const PEOPLE: [&str; 7] = ["admin", "security", "chief", "chairman", "owner", "stranger", "operator"];

/// Tries something; whether it is possible is not the question.
fn try_it(story: &mut Story, (act, which, who): (u8, u8, u8)) {
    let by = PEOPLE[usize::from(who) % PEOPLE.len()];
    let count = story.state.requests.iter().count().max(1);
    let id = RequestId::new(2026, (usize::from(which) % count) as u64 + 1);
    let grant = grant::GrantId::new(2026, (usize::from(which) % count) as u64 + 1);
    let pause = Pause { id: grant, if_version: None, reason: "Thử".to_owned() };
    let is_there = story.state.requests.get(&id).is_some();
    let _ = match act % 13 {
        0 => story.open(&Story::ask(usize::from(which) % 3 + 1)).map(drop),
        1..=4 if is_there && story.request(&id).status == Status::Open => story.step_on(&id),
        5 => story.approve(by, &id),
        6 => story.refuse(by, &id),
        7 => story.take(by, &id, Decision::Return { comment: "Bổ sung".to_owned() }),
        8 => {
            let terms = (which % 2 == 0).then(|| Terms { quota_day: Some(u64::from(who) + 1), ..terms() });
            let comment = String::new();
            let input = Resubmit { id, if_version: None, comment, terms, reason: None, contacts: None };
            story.act("admin", |s, r, m, p| resubmit(s, r, m, p, &input))
        }
        9 => story.attach("security", &id, "risk_assessment").and_then(|()| story.close("security", &id)),
        10 => story.act(by, |state, _, moment, _| match who % 3 {
            0 => grant::suspend(state, moment, &pause),
            1 => grant::resume(state, moment, &pause),
            _ => grant::revoke(state, moment, &pause),
        }),
        11 => {
            let until = Some(story.now.plus_secs(400 * 86_400));
            let input = Renew { id: pause.id, if_version: None, until, reason: "Thử".to_owned() };
            story.act(by, |state, _, moment, _| grant::renew(state, moment, &input))
        }
        _ => {
            story.wait_days(i64::from(who));
            Ok(())
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_read_again_gives_the_same_requests_and_grants(
        acts in proptest::collection::vec(any::<(u8, u8, u8)>(), 1..120)
    ) {
        let mut story = Story::new();
        for act in acts {
            try_it(&mut story, act);
        }
        let mut again = State::default();
        for (stamp, line) in &story.journal {
            again.apply(stamp, serde_json::from_str(line).unwrap());
        }
        prop_assert!(again.requests == story.state.requests);
        prop_assert!(again.grants == story.state.grants);
        for request in story.state.requests.iter() {
            prop_assert_eq!(request.grant.is_some(), request.status == Status::Live);
            prop_assert!(request.status != Status::Live || request.open_tasks().next().is_none());
            let standing = request.stays.iter().filter(|stay| stay.left.is_none()).count();
            prop_assert_eq!(standing, usize::from(request.status == Status::Open));
            let pending = story.state.requests.on_service(&request.service).filter(|r| r.status.is_pending());
            prop_assert!(pending.count() <= 1);
        }
        for grant in story.state.grants.iter() {
            let held = story.state.grants.on_service(&grant.service).filter(|held| held.replaced_by.is_none());
            prop_assert_eq!(held.count(), 1);
        }
    }
}
