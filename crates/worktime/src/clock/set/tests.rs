#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::vietnam::{DAY_MICROS, HOUR_MICROS};
use crate::{Calendar, Version, moment};

fn calendars() -> &'static Calendars {
    static ALL: LazyLock<Calendars> = LazyLock::new(|| {
        let text = include_str!("../../../rules/agencies.example.toml");
        Calendars::parse(Calendar::built_in().unwrap(), text).unwrap()
    });
    &ALL
}

const ONE_STOP: &str = "000.01.00.VD1";
const POLICE: &str = "000.02.00.VD1";

fn agency(text: &str) -> AgencyCode {
    text.parse().unwrap()
}

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

fn limit(text: &str) -> Option<Span> {
    text.parse().ok()
}

fn take(clocks: &mut Clocks, ticks: Vec<Tick>) -> Vec<Which> {
    ticks
        .into_iter()
        .map(|tick| {
            clocks.apply(&tick);
            tick.which
        })
        .collect()
}

/// An instance with fifteen working days, of which the one-stop centre has two, with one step of a working day.
fn begun() -> Clocks {
    let (start, desk) = (at("2026-03-02T08:00"), agency(ONE_STOP));
    let mut clocks = Clocks::start((limit("P15WD"), limit("P2WD")), &desk, start, calendars());
    clocks.apply(&Clocks::begin_step("tiep-nhan", limit("P1WD"), &desk, start, calendars()));
    clocks
}

fn due_of_agency(clocks: &Clocks, code: &str) -> Option<Ts> {
    clocks.agencies().find(|(agency, _)| agency.as_str() == code).and_then(|(_, clock)| clock.due())
}

#[test]
fn instance_agency_and_step_each_have_their_own_due_date() {
    let mut clocks = begun();
    assert_eq!(clocks.instance().due(), Some(at("2026-03-23T17:00")));
    assert_eq!(due_of_agency(&clocks, ONE_STOP), Some(at("2026-03-04T17:00")));
    assert_eq!(clocks.step("tiep-nhan").unwrap().due(), Some(at("2026-03-03T17:00")));

    let ticks = clocks.hand_over(&agency(POLICE), limit("PT10WH"), at("2026-03-03T09:00"), calendars());
    take(&mut clocks, ticks);
    assert_eq!(due_of_agency(&clocks, ONE_STOP), None, "it has used one of its two days and waits");
    assert_eq!(due_of_agency(&clocks, POLICE), Some(at("2026-03-04T09:00")));
    // The police work until 18:00; the count of days goes on.
    assert_eq!(clocks.instance().due(), Some(at("2026-03-23T18:00")));

    let ticks = clocks.hand_over(&agency(ONE_STOP), limit("P9WD"), at("2026-03-05T09:00"), calendars());
    take(&mut clocks, ticks);
    assert_eq!(due_of_agency(&clocks, ONE_STOP), Some(at("2026-03-06T17:00")), "the day that was left to it");
    assert_eq!(clocks.instance().due(), Some(at("2026-03-23T17:00")));
    assert!(clocks.hand_over(&agency(ONE_STOP), None, at("2026-03-05T10:00"), calendars()).is_empty());
}

#[test]
fn a_pause_stops_every_clock_and_its_end_starts_those_that_ran() {
    let mut clocks = begun();
    let ticks = clocks.hand_over(&agency(POLICE), limit("P3WD"), at("2026-03-03T09:00"), calendars());
    take(&mut clocks, ticks);
    let ticks = clocks.pause(at("2026-03-04T10:00"), calendars()).unwrap();
    let stopped = [Which::Instance, Which::Agency(agency(POLICE)), Which::Step("tiep-nhan".to_owned())];
    assert_eq!(take(&mut clocks, ticks), stopped);
    assert_eq!(clocks.pause(at("2026-03-04T11:00"), calendars()), Err(ClockError::Paused));
    // What the citizen is asked for has its own limit, which runs.
    let ask =
        Clocks::begin_step("bo-sung", limit("P30D"), &agency(POLICE), at("2026-03-04T10:00"), calendars());
    take(&mut clocks, vec![ask]);
    assert_eq!(clocks.step("bo-sung").unwrap().due(), Some(at("2026-04-03T10:00")));

    let ticks = clocks.resume(at("2026-03-06T10:00"), calendars()).unwrap();
    assert_eq!(take(&mut clocks, ticks), stopped);
    assert_eq!(clocks.instance().due(), Some(at("2026-03-25T18:00")), "two working days later");
    assert_eq!(due_of_agency(&clocks, POLICE), Some(at("2026-03-10T18:00")));
    assert_eq!(due_of_agency(&clocks, ONE_STOP), None, "it does not have the instance");
    assert_eq!(clocks.resume(at("2026-03-06T11:00"), calendars()), Err(ClockError::Running));
}

#[test]
fn a_step_that_is_over_leaves_its_time_and_nothing_else() {
    let mut clocks = begun();
    let tick = clocks.end_step("tiep-nhan", at("2026-03-02T10:00"), calendars()).unwrap();
    let ended = Fact::Ended { at: at("2026-03-02T10:00"), used_micros: 2 * HOUR_MICROS };
    assert_eq!(tick.fact, ended);
    take(&mut clocks, vec![tick]);
    assert!(clocks.step("tiep-nhan").is_none());
    assert_eq!(clocks.end_step("tiep-nhan", at("2026-03-02T10:00"), calendars()), None);
}

#[test]
fn new_calendars_change_every_clock_they_concern() {
    let mut clocks = begun();
    assert!(clocks.recalculate(at("2026-03-02T09:00"), calendars()).is_empty());
    // 3 March becomes a day off of the country.
    let country = include_str!("../../../rules/calendar.toml").replace("version = 1", "version = 2").replace(
        "[\"04-26\", \"Giỗ Tổ Hùng Vương\"],",
        "[\"03-03\", \"Nghỉ đột xuất\"], [\"04-26\", \"Giỗ Tổ Hùng Vương\"],",
    );
    let agencies = include_str!("../../../rules/agencies.example.toml");
    let later = Calendars::parse(Calendar::parse(&country).unwrap(), agencies).unwrap();
    let ticks = clocks.recalculate(at("2026-03-02T09:00"), &later);
    let dates: Vec<_> = ticks
        .iter()
        .map(|tick| match &tick.fact {
            Fact::Changed(change) => (change.old, change.new, change.new_version),
            other => panic!("{other:?}"),
        })
        .collect();
    let version = Version { country: 2, agencies: 1 };
    let moved = |from: &str, to: &str| (Some(at(from)), Some(at(to)), version);
    assert_eq!(
        dates,
        [
            moved("2026-03-23T17:00", "2026-03-24T17:00"),
            moved("2026-03-04T17:00", "2026-03-05T17:00"),
            moved("2026-03-03T17:00", "2026-03-04T17:00"),
        ]
    );
    take(&mut clocks, ticks);
    assert!(clocks.recalculate(at("2026-03-02T10:00"), &later).is_empty());
}

#[test]
fn clocks_survive_their_stored_form() {
    let clocks = begun();
    let text = serde_json::to_string(&clocks).unwrap();
    assert_eq!(serde_json::from_str::<Clocks>(&text).unwrap(), clocks);
    let tick = Clocks::begin_step("x", None, &agency(POLICE), at("2026-03-02T10:00"), calendars());
    assert_eq!(serde_json::from_str::<Tick>(&serde_json::to_string(&tick).unwrap()).unwrap(), tick);
}

#[derive(Clone, Debug)]
enum Deed {
    Pause,
    Resume,
    HandOver(AgencyCode),
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, i64)>> {
    let agencies = ["000.09.00.VD1", ONE_STOP, POLICE].map(agency).to_vec();
    let deed = prop_oneof![
        Just(Deed::Pause),
        Just(Deed::Resume),
        prop::sample::select(agencies).prop_map(Deed::HandOver),
    ];
    // Some moments lie before the last one: clocks of machines differ.
    prop::collection::vec((deed, -HOUR_MICROS..4 * DAY_MICROS), 1..12)
}

proptest! {
    #[test]
    fn the_working_time_of_all_agencies_is_that_of_the_instance(deeds in deeds(), start in 0_i64..600) {
        let mut now = Ts(at("2025-01-01T09:00").0 + start * DAY_MICROS);
        let mut clocks = Clocks::start((limit("P15WD"), None), &agency(ONE_STOP), now, calendars());
        // Beside the clocks: who had it how long, counted shift by shift.
        let (mut who, mut runs, mut since) = (agency(ONE_STOP), true, now);
        let mut counted: BTreeMap<AgencyCode, i64> = BTreeMap::new();
        for (deed, gap) in deeds {
            let moment = Ts(now.0 + gap);
            now = now.max(moment);
            let ticks = match &deed {
                Deed::Pause => clocks.pause(moment, calendars()).unwrap_or_default(),
                Deed::Resume => clocks.resume(moment, calendars()).unwrap_or_default(),
                Deed::HandOver(to) => clocks.hand_over(to, None, moment, calendars()),
            };
            if ticks.is_empty() {
                continue;
            }
            let change = since.max(moment);
            if runs {
                *counted.entry(who.clone()).or_default() += calendars().of(&who).working_between(since, change);
            }
            since = change;
            match deed {
                Deed::Pause => runs = false,
                Deed::Resume => runs = true,
                Deed::HandOver(to) => who = to,
            }
            take(&mut clocks, ticks);
        }
        let end = Ts(now.0 + DAY_MICROS);
        if runs {
            *counted.entry(who.clone()).or_default() += calendars().of(&who).working_between(since, end);
        }
        for (code, clock) in clocks.agencies() {
            prop_assert_eq!(clock.used_micros(end, calendars()), counted.get(code).copied().unwrap_or_default());
        }
        let sum = clocks.agencies().map(|(_, clock)| clock.used_micros(end, calendars())).sum::<i64>();
        prop_assert_eq!(clocks.instance().used_micros(end, calendars()), sum);
    }
}
