//! What is late, and the board of data owners.

use super::*;
use crate::request::clock::{OwnerBoard, Waiting, hoarding, overdue};

fn board(story: &Story) -> OwnerBoard {
    let mut boards = hoarding(&story.state, &story.rules, story.now);
    assert_eq!(boards.len(), 1);
    boards.remove(0)
}

#[test]
fn a_step_past_its_limit_is_late_from_the_moment_after_it() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.close_risk(&id);
    let due = story.request(&id).due;
    assert_eq!(due, story.rules.calendar.due(story.now, 5));
    story.now = due;
    assert!(overdue(&story.state, &story.rules, story.now).is_empty());
    story.now = Ts(due.0 + 1);
    let late = overdue(&story.state, &story.rules, story.now);
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].waiting, Waiting::Step("department".to_owned()));
    assert_eq!(late[0].role, Role::AgencyAdministrator);
    assert_eq!(late[0].agency.as_ref().map(AgencyCode::as_str), Some("H17.11"));
    story.step_on(&id).unwrap();
    assert!(overdue(&story.state, &story.rules, story.now).is_empty());
}

#[test]
fn late_corrections_and_tasks_are_counted_too() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "it_unit");
    story.take("operator", &id, Decision::Return { comment: "Thiếu".to_owned() }).unwrap();
    story.wait_days(60);
    let late = overdue(&story.state, &story.rules, story.now);
    let waiting: Vec<&Waiting> = late.iter().map(|late| &late.waiting).collect();
    let (correction, task) =
        (Waiting::Correction("it_unit".to_owned()), Waiting::Task("risk_assessment".to_owned()));
    assert_eq!(waiting, [&correction, &task]);
    assert_eq!(late[1].role, Role::SecurityOfficer);
    assert!(late[0].working_days > late[1].working_days && late[1].working_days > 0);
    let input = Withdraw { id, if_version: None, reason: "Thôi".to_owned() };
    story.act("admin", |state, _, moment, person| withdraw(state, moment, person, &input)).unwrap();
    assert!(overdue(&story.state, &story.rules, story.now).is_empty());
}

/// Acceptance check 28: reason, officer and time of a refusal are on the board; silence turns red.
#[test]
fn a_refusal_and_a_silence_are_counted_on_the_board_of_the_data_owner() {
    let mut story = Story::new();
    let refused = story.open_kind(2);
    story.go_to(&refused, "data_owner");
    // Monday to Wednesday; Tuesday 24 November is a day off (Ngày Văn hóa Việt Nam).
    story.wait_days(2);
    story.refuse("owner", &refused).unwrap();
    let refused_at = story.now;
    let silent = story.open_kind(3);
    story.go_to(&silent, "data_owner");
    let now = board(&story);
    assert_eq!((now.waiting.len(), now.silent.len()), (1, 0));
    story.wait_days(60);
    let now = board(&story);
    assert_eq!(now.owner.as_str(), "G01");
    assert_eq!(now.received, [refused.clone(), silent.clone()]);
    assert_eq!(now.to_decide, now.received);
    assert_eq!(now.silent, [silent]);
    assert_eq!(now.median_working_days, Some(1));
    let refusal = &now.refused[0];
    assert_eq!((&refusal.request, refusal.by.as_str(), refusal.at), (&refused, "owner", refused_at));
    assert_eq!((refusal.step.as_str(), refusal.legal_basis.as_str()), ("data_owner", BASIS));
    assert_eq!(refusal.reason, "Ngoài phạm vi được chia sẻ");
    assert!(now.refused_by_others.is_empty() && now.approved.is_empty() && now.late.is_empty());
}

#[test]
fn what_others_refuse_and_what_is_decided_late_stand_apart() {
    let mut story = Story::new();
    let automatic = story.open_kind(1);
    story.go_to(&automatic, "technical_check");
    story.refuse("operator", &automatic).unwrap();
    let late = story.open_kind(2);
    story.go_to(&late, "data_owner");
    story.wait_days(60);
    story.step_on(&late).unwrap();
    let back = story.open_kind(3);
    story.go_to(&back, "data_owner");
    story.take("owner", &back, Decision::Return { comment: "Thiếu".to_owned() }).unwrap();
    let board = board(&story);
    assert_eq!(board.received.len(), 3);
    assert_eq!(board.to_decide, [late.clone(), back.clone()]);
    assert_eq!(board.refused_by_others[0].request, automatic);
    assert!(board.refused.is_empty() && board.waiting.is_empty());
    assert_eq!((board.approved, board.late), (vec![late.clone()], vec![late]));
    assert_eq!(board.returned, [back]);
}
