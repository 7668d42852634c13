#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::vietnam::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use crate::{Calendar, moment, start_of};

const EXAMPLE: &str = include_str!("../../rules/agencies.example.toml");

fn calendars() -> &'static Calendars {
    static ALL: LazyLock<Calendars> =
        LazyLock::new(|| Calendars::parse(Calendar::built_in().unwrap(), EXAMPLE).unwrap());
    &ALL
}

fn agency(text: &str) -> AgencyCode {
    text.parse().unwrap()
}

/// One agency with the country's hours and three with hours and days of their own.
fn agencies() -> Vec<AgencyCode> {
    ["000.09.00.VD1", "000.00.00.VD1", "000.01.00.VD1", "000.02.00.VD1"].map(agency).into()
}

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

fn clock(limit: &str, from: &str) -> Clock {
    let limit = Some(limit.parse().unwrap());
    Clock::start(limit, agency("000.09.00.VD1"), at(from), calendars())
}

/// Takes a change over and gives the due dates before and after it.
fn taken(clock: &mut Clock, change: &Change) -> (Option<Ts>, Option<Ts>) {
    assert_eq!(change.old, clock.due());
    clock.apply(change);
    assert_eq!(change.new, clock.due());
    (change.old, change.new)
}

#[test]
fn a_pause_of_two_working_days_moves_the_due_date_by_two() {
    // Annex C of the survey: asked on Wednesday, answered on Friday.
    let all = calendars();
    let mut clock = clock("P5WD", "2026-03-02T08:00");
    let (due, later) = (at("2026-03-09T17:00"), at("2026-03-11T17:00"));
    assert_eq!(clock.due(), Some(due));
    let pause = clock.pause(at("2026-03-04T10:00"), all).unwrap();
    assert_eq!(taken(&mut clock, &pause), (Some(due), None));
    assert!(clock.is_paused() && pause.reason == Reason::Paused);
    let resume = clock.resume(at("2026-03-06T10:00"), all).unwrap();
    assert_eq!(taken(&mut clock, &resume), (None, Some(later)));
    assert_eq!(resume.reason, Reason::Resumed);
}

#[test]
fn a_pause_ends_with_time_to_work() {
    let all = calendars();
    for (limit, from, paused, resumed, due) in [
        // On the last day, answered on a Saturday: the close of Monday, not that of Friday.
        ("P5WD", "2026-03-02T08:00", "2026-03-09T10:00", "2026-03-14T09:00", Some("2026-03-16T17:00")),
        ("P5WD", "2026-03-02T08:00", "2026-03-09T10:00", "2026-03-13T18:00", Some("2026-03-16T17:00")),
        ("P5WD", "2026-03-02T08:00", "2026-03-09T10:00", "2026-03-13T09:00", Some("2026-03-13T17:00")),
        // An hour is left and runs on when the answer comes.
        ("PT8WH", "2026-03-02T07:00", "2026-03-02T16:00", "2026-03-04T12:00", Some("2026-03-04T14:30")),
        // Two hours after two days; the pause begins in the hours.
        ("P2WDT2WH", "2026-03-02T08:00", "2026-03-05T08:00", "2026-03-06T08:00", Some("2026-03-06T09:00")),
        ("P2WDT2WH", "2026-03-02T08:00", "2026-03-03T08:00", "2026-03-04T08:00", Some("2026-03-06T09:00")),
        // By the calendar a pause counts day and night.
        ("P10D", "2026-03-02T08:00", "2026-03-07T08:00", "2026-03-08T20:00", Some("2026-03-13T20:00")),
        // What was due already stays due.
        ("PT8WH", "2026-03-02T07:00", "2026-03-02T17:00", "2026-03-04T12:00", Some("2026-03-02T17:00")),
        ("P1WD", "2026-03-02T07:00", "2026-03-04T08:00", "2026-03-05T12:00", Some("2026-03-03T17:00")),
    ] {
        let mut clock = clock(limit, from);
        let pause = clock.pause(at(paused), all).unwrap();
        taken(&mut clock, &pause);
        let resume = clock.resume(at(resumed), all).unwrap();
        taken(&mut clock, &resume);
        assert_eq!(clock.due(), due.map(at), "{limit} from {from}, paused {paused} to {resumed}");
    }
}

#[test]
fn what_is_overdue_stays_due_during_a_pause() {
    let all = calendars();
    let mut clock = clock("PT8WH", "2026-03-02T07:00");
    let due = clock.due();
    let pause = clock.pause(at("2026-03-03T09:00"), all).unwrap();
    assert_eq!(taken(&mut clock, &pause), (due, due));
    assert_eq!(
        clock.left_micros(at("2026-03-09T09:00"), all),
        Some(-2 * HOUR_MICROS),
        "late when it was paused"
    );
}

#[test]
fn a_clock_pauses_once_and_runs_once() {
    let all = calendars();
    let mut clock = clock("P5WD", "2026-03-02T08:00");
    assert_eq!(clock.resume(at("2026-03-03T08:00"), all), Err(ClockError::Running));
    let pause = clock.pause(at("2026-03-03T08:00"), all).unwrap();
    taken(&mut clock, &pause);
    assert_eq!(clock.pause(at("2026-03-04T08:00"), all), Err(ClockError::Paused));
    // A moment before the last change counts as that.
    assert_eq!(clock.resume(at("2026-03-03T07:59"), all).unwrap().at, at("2026-03-03T08:00"));
}

#[test]
fn a_new_day_off_moves_the_due_date_and_says_both() {
    let before = calendars();
    let storm = EXAMPLE
        .replace("version = 1", "version = 2")
        .replace("2026-10-26..2026-10-28", "2026-10-26..2026-10-30");
    let after = Calendars::parse(Calendar::built_in().unwrap(), &storm).unwrap();
    let limit = Some("P5WD".parse().unwrap());
    let mut clock = Clock::start(limit, agency("000.00.00.VD1"), at("2026-10-23T09:00"), before);
    assert_eq!(clock.due(), Some(at("2026-11-04T17:00")));
    assert_eq!(clock.recalculate(at("2026-10-27T09:00"), before), None);
    let change = clock.recalculate(at("2026-10-27T09:00"), &after).unwrap();
    assert_eq!(change.reason, Reason::Recalculated);
    assert_eq!((change.old_version.agencies, change.new_version.agencies), (1, 2));
    // 7 November is a day of work of the province.
    assert_eq!(taken(&mut clock, &change), (Some(at("2026-11-04T17:00")), Some(at("2026-11-06T17:00"))));
    // Who has other days keeps the date, and the version is noted.
    let other = Clock::start(limit, agency("000.02.00.VD1"), at("2026-10-23T09:00"), before);
    let same = other.recalculate(at("2026-10-27T09:00"), &after).unwrap();
    assert_eq!((same.old, same.old_version.agencies), (same.new, 1));
}

#[test]
fn a_clock_tells_what_is_used_what_is_left_and_when_to_warn() {
    let all = calendars();
    let mut clock = clock("PT16WH", "2026-03-02T07:00");
    let tell = |clock: &Clock, now: &str| {
        let (used, left) = (clock.used_micros(at(now), all), clock.left_micros(at(now), all).unwrap());
        (used / MINUTE_MICROS, left / MINUTE_MICROS)
    };
    assert_eq!(tell(&clock, "2026-03-02T07:00"), (0, 960));
    assert_eq!(tell(&clock, "2026-03-02T12:30"), (270, 690));
    assert_eq!(tell(&clock, "2026-03-03T17:00"), (960, 0));
    assert_eq!(tell(&clock, "2026-03-04T08:00"), (1020, -60));
    assert_eq!(clock.reached(75, all), Some(at("2026-03-03T11:00")));
    assert_eq!(clock.reached(100, all), Some(at("2026-03-03T17:00")));
    let pause = clock.pause(at("2026-03-02T11:00"), all).unwrap();
    taken(&mut clock, &pause);
    assert_eq!(tell(&clock, "2026-03-05T11:00"), (240, 720));
    assert_eq!(clock.reached(75, all), None, "nobody is warned while the citizen is asked");
    let resume = clock.resume(at("2026-03-05T11:00"), all).unwrap();
    taken(&mut clock, &resume);
    assert_eq!(clock.reached(75, all), Some(at("2026-03-06T11:00")));
    assert_eq!(clock.reached(25, all), Some(at("2026-03-02T11:00")), "a moment that is past");
}

#[test]
fn a_clock_by_the_calendar_counts_day_and_night_and_still_knows_working_time() {
    let all = calendars();
    let clock = clock("P4D", "2026-03-06T17:00");
    assert_eq!(clock.due(), Some(at("2026-03-10T17:00")));
    assert_eq!(clock.reached(75, all), Some(at("2026-03-09T17:00")));
    assert_eq!(clock.left_micros(at("2026-03-08T17:00"), all), Some(2 * DAY_MICROS));
    assert_eq!(clock.used_micros(at("2026-03-09T17:00"), all), 8 * HOUR_MICROS);
}

#[test]
fn a_clock_without_a_limit_counts_and_is_never_due() {
    let all = calendars();
    let clock = Clock::start(None, agency("000.09.00.VD1"), at("2026-03-02T07:00"), all);
    let now = at("2026-03-03T17:00");
    assert_eq!((clock.due(), clock.left_micros(now, all), clock.reached(75, all)), (None, None, None));
    assert_eq!(clock.used_micros(now, all), 16 * HOUR_MICROS);
}

#[test]
fn a_clock_survives_its_stored_form() {
    let all = calendars();
    let mut clock = clock("P5WD", "2026-03-02T08:00");
    let changes = [
        clock.hand_over(agency("000.02.00.VD1"), at("2026-03-03T08:00"), all),
        clock.pause(at("2026-03-04T08:00"), all).unwrap(),
    ];
    for change in &changes {
        clock.apply(change);
    }
    let text = serde_json::to_string(&clock).unwrap();
    assert_eq!(serde_json::from_str::<Clock>(&text).unwrap(), clock);
    let change: Change = serde_json::from_str(&serde_json::to_string(&changes[0]).unwrap()).unwrap();
    assert_eq!(change, changes[0]);
}

fn moments() -> impl Strategy<Value = Ts> {
    let edges =
        [390, 420, 450, 660, 690, 780, 810, 840, 1020, 1050, 1080].map(|minute| minute * MINUTE_MICROS);
    let time = prop_oneof![0..DAY_MICROS, prop::sample::select(edges.to_vec())];
    (0_i64..700, time)
        .prop_map(|(day, time)| Ts(start_of(jiff::civil::date(2025, 1, 1)).0 + day * DAY_MICROS + time))
}

fn limits() -> impl Strategy<Value = Span> {
    let texts =
        ["P1WD", "P5WD", "P15WD", "PT1WM", "PT8WH", "PT16WH", "PT41WH7WM", "P2WDT4WH", "P3D", "P1M", "PT5H"];
    prop::sample::select(texts.map(|text| text.parse::<Span>().unwrap()).to_vec())
}

/// Microseconds from one thing that happens to the next: none, some, many days.
fn gaps() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 0..HOUR_MICROS, 0..10 * DAY_MICROS, (0_i64..240).prop_map(|hour| hour * HOUR_MICROS)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_pause_of_no_length_changes_nothing(
        limit in limits(), who in prop::sample::select(agencies()), from in moments(), gap in gaps(),
    ) {
        let all = calendars();
        let before = Clock::start(Some(limit), who, from, all);
        let mut clock = before.clone();
        let moment = Ts(from.0 + gap);
        let pause = clock.pause(moment, all).unwrap();
        clock.apply(&pause);
        let resume = clock.resume(moment, all).unwrap();
        clock.apply(&resume);
        prop_assert_eq!(clock, before);
    }

    #[test]
    fn a_longer_pause_is_never_due_earlier(
        limit in limits(), who in prop::sample::select(agencies()), from in moments(), gap in gaps(),
        pauses in prop::array::uniform2(gaps()),
    ) {
        let all = calendars();
        let mut clock = Clock::start(Some(limit), who.clone(), from, all);
        let due = clock.due().unwrap();
        let paused = Ts(from.0 + gap);
        let pause = clock.pause(paused, all).unwrap();
        clock.apply(&pause);
        let (short, long) = (pauses[0].min(pauses[1]), pauses[0].max(pauses[1]));
        let due_after = |pause: i64| clock.resume(Ts(paused.0 + pause), all).unwrap().new.unwrap();
        prop_assert!(due <= due_after(short) && due_after(short) <= due_after(long));
        // Who gets it back in time has a moment within hours that is not past.
        if paused < due {
            prop_assert!(due_after(long).0 >= paused.0 + long);
            prop_assert!(!limit.is_working() || all.of(&who).is_open(due_after(long)));
        }
        prop_assert!(paused < due || due_after(long) == due);
    }

    #[test]
    fn a_way_through_agencies_loses_no_working_time(
        minutes in 1_i64..6_000, from in moments(),
        way in prop::collection::vec((prop::sample::select(agencies()), gaps()), 1..6),
    ) {
        let all = calendars();
        let limit: Span = format!("PT{minutes}WM").parse().unwrap();
        let mut clock = Clock::start(Some(limit), way[0].0.clone(), from, all);
        let mut now = from;
        let mut worked = 0;
        for (step, (who, gap)) in way.iter().enumerate() {
            let change = clock.hand_over(who.clone(), now, all);
            clock.apply(&change);
            let until = Ts(now.0 + gap);
            if step + 1 < way.len() {
                worked += all.of(who).working_between(now, until);
                now = until;
            }
        }
        let due = clock.due().unwrap();
        if worked < minutes * MINUTE_MICROS {
            // What the last agency has until it is due is just what the others left.
            worked += all.of(clock.agency()).working_between(now, due);
            prop_assert_eq!(worked, minutes * MINUTE_MICROS);
        }
        prop_assert_eq!(clock.used_micros(due, all), minutes * MINUTE_MICROS);
        prop_assert_eq!(clock.left_micros(due, all), Some(0));
    }

    #[test]
    fn there_and_back_at_the_same_moment_changes_no_due_date(
        limit in limits(), who in prop::array::uniform2(prop::sample::select(agencies())), from in moments(), gap in gaps(),
    ) {
        let all = calendars();
        let [home, other] = who;
        let mut clock = Clock::start(Some(limit), home.clone(), from, all);
        let due = clock.due();
        for to in [other, home] {
            let change = clock.hand_over(to, Ts(from.0 + gap), all);
            clock.apply(&change);
        }
        prop_assert_eq!(clock.due(), due);
    }

    #[test]
    fn days_go_on_where_the_agency_before_stopped_counting(
        days in 1_u16..20, from in moments(), gap in gaps(),
    ) {
        // Both count the same days here, so that the hours alone differ: not a day is lost or won.
        let all = calendars();
        let [home, other] = ["000.00.00.VD1", "000.01.00.VD1"].map(agency);
        let mut clock = Clock::start(Some(Span::working_days(days)), home, from, all);
        let due = clock.due().unwrap();
        let change = clock.hand_over(other, Ts(from.0 + gap), all);
        clock.apply(&change);
        if Ts(from.0 + gap) < due {
            prop_assert_eq!(crate::day_of(clock.due().unwrap()), crate::day_of(due));
        } else {
            prop_assert_eq!(clock.due(), Some(due));
        }
    }

    #[test]
    fn warnings_lie_in_order_between_begin_and_due_date(
        limit in limits(), who in prop::sample::select(agencies()), from in moments(), gaps in prop::array::uniform2(gaps()),
    ) {
        let all = calendars();
        let mut clock = Clock::start(Some(limit), who, from, all);
        let paused = Ts(from.0 + gaps[0]);
        let pause = clock.pause(paused, all).unwrap();
        clock.apply(&pause);
        let resume = clock.resume(Ts(paused.0 + gaps[1]), all).unwrap();
        clock.apply(&resume);
        let [half, soon, due] = [50, 75, 100].map(|percent| clock.reached(percent, all).unwrap());
        prop_assert!(from <= half && half <= soon && soon <= due && Some(due) == clock.due());
    }
}
