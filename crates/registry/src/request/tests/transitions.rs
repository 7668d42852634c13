//! The table of everything that can be tried in every state.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Attach,
    Approve,
    Return,
    Refuse,
    Withdraw,
    Resubmit,
    CloseTask,
}

const ALL: [Tried; 7] = [
    Tried::Attach,
    Tried::Approve,
    Tried::Return,
    Tried::Refuse,
    Tried::Withdraw,
    Tried::Resubmit,
    Tried::CloseTask,
];

/// A request in the state, at the data owner's step if it is open or was ended there; its task still open.
fn in_state(status: Status) -> (Story, RequestId) {
    let mut story = Story::new();
    let id = story.open_kind(2);
    if status == Status::Live {
        story.go_live(&id);
        return (story, id);
    }
    story.go_to(&id, "data_owner");
    story.attach("security", &id, "risk_assessment").unwrap();
    match status {
        Status::Open | Status::Live => {}
        Status::Returned => tried(&mut story, &id, Tried::Return).unwrap(),
        Status::Refused => tried(&mut story, &id, Tried::Refuse).unwrap(),
        Status::Withdrawn => tried(&mut story, &id, Tried::Withdraw).unwrap(),
    }
    (story, id)
}

fn tried(story: &mut Story, id: &RequestId, act: Tried) -> Result<(), RegistryError> {
    match act {
        Tried::Attach => story.attach("admin", id, "data_scope"),
        Tried::Approve => story.approve("owner", id),
        Tried::Return => story.take("owner", id, Decision::Return { comment: "Bổ sung".to_owned() }),
        Tried::Refuse => story.refuse("owner", id),
        Tried::Withdraw => {
            let input =
                Withdraw { id: id.clone(), if_version: None, reason: "Không cần nữa".to_owned() };
            story.act("admin", |state, _, moment, person| withdraw(state, moment, person, &input))
        }
        Tried::Resubmit => {
            let (comment, id) = (String::new(), id.clone());
            let input = Resubmit { id, if_version: None, comment, terms: None, reason: None, contacts: None };
            story.act("admin", |s, r, m, p| resubmit(s, r, m, p, &input))
        }
        Tried::CloseTask => story.close("security", id),
    }
}

#[test]
fn every_act_in_every_state_does_what_the_table_says() {
    use Status::{Live, Open, Refused, Returned, Withdrawn};
    use Tried::{Approve, Attach, CloseTask, Refuse, Resubmit, Return, Withdraw};
    // What is not in the table is a transition that does not exist.
    let table = [
        (Open, Attach, Open),
        (Open, Approve, Open),
        (Open, Return, Returned),
        (Open, Refuse, Refused),
        (Open, Withdraw, Withdrawn),
        (Open, CloseTask, Open),
        (Returned, Attach, Returned),
        (Returned, Withdraw, Withdrawn),
        (Returned, Resubmit, Open),
        (Returned, CloseTask, Returned),
    ];
    for from in [Open, Returned, Refused, Withdrawn, Live] {
        for act in ALL {
            let (mut story, id) = in_state(from);
            let before = story.request(&id).clone();
            assert_eq!(before.status, from);
            let result = tried(&mut story, &id, act);
            let after = story.request(&id);
            if let Some((_, _, to)) = table.iter().find(|(state, tried, _)| (*state, *tried) == (from, act)) {
                assert!(result.is_ok(), "{from:?} {act:?}: {result:?}");
                assert_eq!(after.status, *to, "{from:?} {act:?}");
                assert!(after.version > before.version);
                assert_eq!(after.history.len(), before.history.len() + 1);
            } else {
                assert_eq!(code(result), 2010, "{from:?} {act:?}");
                assert_eq!(*after, before, "{from:?} {act:?} left a trace");
            }
        }
    }
}

#[test]
fn a_task_is_closed_once() {
    let (mut story, id) = in_state(Status::Open);
    tried(&mut story, &id, Tried::CloseTask).unwrap();
    assert!(story.request(&id).task_closed("risk_assessment"));
    assert_eq!(code(tried(&mut story, &id, Tried::CloseTask)), 2010);
}

#[test]
fn no_act_finds_a_request_that_is_not_there() {
    let mut story = Story::new();
    let id = RequestId::new(2026, 77);
    for act in ALL {
        assert_eq!(code(tried(&mut story, &id, act)), 2001, "{act:?}");
    }
}

#[test]
fn only_those_who_asked_withdraw_or_hand_in_again() {
    let (mut story, id) = in_state(Status::Returned);
    let input = Withdraw { id: id.clone(), if_version: None, reason: "Thử".to_owned() };
    for by in ["chairman", "owner", "operator", "security"] {
        let result = story.act(by, |state, _, moment, person| withdraw(state, moment, person, &input));
        assert_eq!(code(result), 2004, "{by}");
    }
}
