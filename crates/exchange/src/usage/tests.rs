#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use base::{Clock, FakeClock};

use super::*;

const START: Ts = Ts::from_secs(1_795_000_000);

fn quota(quota: u64) -> Allowance {
    Allowance { quota_day: Some(quota), rate_s: None }
}

fn rate(rate: u32) -> Allowance {
    Allowance { quota_day: None, rate_s: Some(rate) }
}

fn call(usage: &Usage, allowed: Allowance, now: Ts) -> Result<(), Reason> {
    usage.take("QK", allowed, now).map(|place| place.into_iter().for_each(Place::keep))
}

#[test]
fn call_1001_of_a_day_on_a_quota_of_1000_is_refused_until_midnight_in_vietnam() {
    let usage = Usage::default();
    let midnight = Ts::parse("2026-11-21T17:00:00Z").unwrap();
    let now = midnight.plus_secs(-60);
    for _ in 0..1000 {
        call(&usage, quota(1000), now).unwrap();
    }
    assert_eq!(call(&usage, quota(1000), now), Err(Reason::QuotaUsed { quota: 1000, wait_s: 60 }));
    assert_eq!(usage.used("QK", now), 1000);
    call(&usage, quota(1000), midnight).unwrap();
    assert_eq!(usage.used("QK", midnight), 1);
}

#[test]
fn exactly_so_many_of_concurrent_calls_get_a_place_as_the_quota_has() {
    let usage = Arc::new(Usage::default());
    let tasks = (0..8).map(|_| {
        let usage = Arc::clone(&usage);
        std::thread::spawn(move || (0..500).filter(|_| call(&usage, quota(1000), START).is_ok()).count())
    });
    let tasks: Vec<_> = tasks.collect();
    assert_eq!(tasks.into_iter().map(|task| task.join().unwrap()).sum::<usize>(), 1000);
}

#[test]
fn a_place_that_was_not_used_is_given_back() {
    let usage = Usage::default();
    let place = usage.take("QK", quota(1), START).unwrap();
    assert!(call(&usage, quota(1), START).is_err());
    drop(place);
    call(&usage, quota(1), START).unwrap();
    assert!(call(&usage, quota(1), START).is_err());
}

#[test]
fn a_place_of_yesterday_is_not_given_back_to_today() {
    let usage = Usage::default();
    let place = usage.take("QK", quota(2), START).unwrap();
    let tomorrow = START.plus_secs(86_400);
    call(&usage, quota(2), tomorrow).unwrap();
    drop(place);
    assert_eq!(usage.used("QK", tomorrow), 1);
}

#[test]
fn a_changed_quota_counts_at_once_and_keeps_what_was_used() {
    let usage = Usage::default();
    for _ in 0..3 {
        call(&usage, quota(3), START).unwrap();
    }
    assert!(call(&usage, quota(2), START).is_err());
    call(&usage, quota(4), START).unwrap();
    assert!(call(&usage, quota(4), START).is_err());
}

#[test]
fn a_second_gives_so_many_tokens_and_no_more_can_be_saved_up() {
    let usage = Usage::default();
    let burst = |now| (0..50).filter(|_| call(&usage, rate(5), now).is_ok()).count();
    assert_eq!(burst(START), 5);
    assert_eq!(call(&usage, rate(5), START), Err(Reason::TooFast { rate: 5 }));
    assert_eq!(burst(Ts(START.0 + 399_999)), 1);
    assert_eq!(burst(Ts(START.0 + 400_000)), 1);
    assert_eq!(burst(START.plus_secs(3600)), 5);
    assert_eq!(burst(START), 0, "a clock that is put back fills nothing");
    assert_eq!(burst(START.plus_secs(1)), 5);
}

#[test]
fn a_call_that_is_too_fast_uses_nothing_of_the_quota() {
    let usage = Usage::default();
    let both = Allowance { quota_day: Some(2), rate_s: Some(1) };
    call(&usage, both, START).unwrap();
    for _ in 0..10 {
        assert_eq!(call(&usage, both, START), Err(Reason::TooFast { rate: 1 }));
    }
    call(&usage, both, START.plus_secs(1)).unwrap();
    assert!(matches!(call(&usage, both, START.plus_secs(2)), Err(Reason::QuotaUsed { .. })));
}

#[test]
fn a_clock_put_back_over_midnight_gives_no_second_quota() {
    let usage = Usage::default();
    let midnight = Ts::parse("2026-11-21T17:00:00Z").unwrap();
    call(&usage, quota(1), midnight).unwrap();
    assert!(call(&usage, quota(1), midnight.plus_secs(-1)).is_err());
    assert!(call(&usage, quota(1), midnight).is_err());
    // It had been wrong by years: the grant is not blocked for years.
    call(&usage, quota(1), midnight.plus_secs(-1000 * 86_400)).unwrap();
}

#[test]
fn counts_of_the_day_survive_a_restart_and_those_of_yesterday_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usage.json");
    let usage = Usage::default();
    load(&usage, &path, START).unwrap();
    for _ in 0..3 {
        call(&usage, quota(5), START).unwrap();
    }
    save(&usage, &path, START).unwrap();
    let next = Usage::default();
    load(&next, &path, START.plus_secs(1)).unwrap();
    assert_eq!(next.used("QK", START), 3);
    let tomorrow = Usage::default();
    load(&tomorrow, &path, START.plus_secs(86_400)).unwrap();
    assert_eq!(tomorrow.used("QK", START.plus_secs(86_400)), 0);
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(load(&Usage::default(), &path, START), Err(KeptError::Form { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no half-written file is left");
}

#[test]
fn a_file_that_is_still_being_written_at_the_end_does_not_set_counts_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usage.json");
    let usage = Arc::new(Usage::default());
    call(&usage, quota(5), START).unwrap();
    let first = usage.saving.lock().unwrap();
    let writes = [(); 2].map(|()| {
        let (usage, path) = (Arc::clone(&usage), path.clone());
        std::thread::spawn(move || save(&usage, &path, START).unwrap())
    });
    // Both have begun or will: what they write is what counts when they may.
    call(&usage, quota(5), START).unwrap();
    drop(first);
    for write in writes {
        write.join().unwrap();
    }
    let next = Usage::default();
    load(&next, &path, START).unwrap();
    assert_eq!(next.used("QK", START), 2);
}

#[tokio::test]
async fn a_place_that_is_given_back_is_written_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usage.json");
    let (usage, clock) = (Arc::new(Usage::default()), Arc::new(FakeClock::at(START)));
    let keeping = tokio::spawn(keep(Arc::clone(&usage), path.clone(), clock));
    let kept = |used| {
        let path = path.clone();
        let written = async move {
            loop {
                let next = Usage::default();
                if load(&next, &path, START).is_ok() && path.exists() && next.used("QK", START) == used {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), written)
    };
    let place = usage.take("QK", quota(5), START).unwrap();
    kept(1).await.unwrap();
    drop(place);
    kept(0).await.unwrap();
    keeping.abort();
}

#[tokio::test]
async fn counts_are_written_within_a_second_of_their_change() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("usage.json");
    let (usage, clock) = (Arc::new(Usage::default()), Arc::new(FakeClock::at(START)));
    let keeping = tokio::spawn(keep(Arc::clone(&usage), path.clone(), clock.clone()));
    call(&usage, quota(5), clock.now()).unwrap();
    let written = async {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.unwrap();
    let next = Usage::default();
    load(&next, &path, START).unwrap();
    assert_eq!(next.used("QK", START), 1);
    keeping.abort();
}
