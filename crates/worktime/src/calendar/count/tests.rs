#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::vietnam::{DAY_MICROS, MINUTE_MICROS};
use crate::{AgencyCode, Calendars};

const EXAMPLE: &str = include_str!("../../../rules/agencies.example.toml");

/// Agencies with the country's calendar and with three that differ from it in every way there is.
const AGENCIES: [&str; 4] = ["000.09.09.VD9", "000.00.00.VD1", "000.01.00.VD1", "000.02.00.VD1"];

fn calendar_of(agency: &str) -> &'static Calendar {
    static ALL: LazyLock<Calendars> =
        LazyLock::new(|| Calendars::parse(Calendar::built_in().unwrap(), EXAMPLE).unwrap());
    ALL.of(&agency.parse::<AgencyCode>().unwrap())
}

/// Moments of the years with data: any, and those on the edges of shifts and beside them.
fn moments() -> impl Strategy<Value = Ts> {
    let edges = [390, 420, 450, 660, 690, 720, 780, 810, 840, 1020, 1050, 1080].map(|m| m * MINUTE_MICROS);
    let time = prop_oneof![
        0..DAY_MICROS,
        (0_i64..1440).prop_map(|minute| minute * MINUTE_MICROS),
        (prop::sample::select(edges.to_vec()), -1_i64..=1).prop_map(|(edge, off)| edge + off),
    ];
    // 2018 to the end of 2029: what is added stays in the years with data.
    (0_i64..4_300, time).prop_map(|(day, time)| Ts(start_of(date(2018, 1, 1)).0 + day * DAY_MICROS + time))
}

/// Spans of working time in microseconds, more than nothing.
fn lengths() -> impl Strategy<Value = i64> {
    prop_oneof![
        1_i64..20,
        1..100 * HOUR_MICROS,
        (1_i64..100).prop_map(|hours| hours * HOUR_MICROS),
        (1_i64..6000).prop_map(|minutes| minutes * MINUTE_MICROS),
    ]
}

fn hours(micros: i64) -> Span {
    Span::checked(Kind::Working { days: 0, micros }).unwrap()
}

fn days(days: u16) -> Span {
    Span::working_days(days)
}

fn plain(text: &str) -> Span {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn adding_at_once_is_adding_one_after_the_other(
        agency in prop::sample::select(&AGENCIES),
        from in moments(),
        a in prop_oneof![Just(0), lengths()],
        b in prop_oneof![Just(0), lengths()],
    ) {
        let calendar = calendar_of(agency);
        prop_assert_eq!(calendar.add(from, hours(a + b)), calendar.add(calendar.add(from, hours(a)), hours(b)));
        prop_assert_eq!(
            calendar.subtract(from, hours(a + b)),
            calendar.subtract(calendar.subtract(from, hours(a)), hours(b))
        );
    }

    #[test]
    fn days_at_once_are_days_one_after_the_other(
        agency in prop::sample::select(&AGENCIES),
        from in moments(),
        a in 1_u16..40,
        b in 0_u16..40,
    ) {
        let calendar = calendar_of(agency);
        prop_assert_eq!(calendar.add(from, days(a + b)), calendar.add(calendar.add(from, days(a)), days(b)));
        prop_assert_eq!(
            calendar.subtract(from, days(a + b)),
            calendar.subtract(calendar.subtract(from, days(a)), days(b))
        );
        // Hours after days: the form `P2WDT4WH` is its two parts.
        let both = Span::checked(Kind::Working { days: u32::from(a), micros: HOUR_MICROS }).unwrap();
        prop_assert_eq!(calendar.add(from, both), calendar.add(calendar.add(from, days(a)), hours(HOUR_MICROS)));
    }

    #[test]
    fn working_time_never_ends_outside_hours(
        agency in prop::sample::select(&AGENCIES),
        from in moments(),
        length in prop_oneof![Just(0), lengths()],
        count in 0_u16..40,
    ) {
        let calendar = calendar_of(agency);
        for reached in [
            calendar.add(from, hours(length)),
            calendar.subtract(from, hours(length)),
            calendar.add(from, days(count)),
            calendar.subtract(from, days(count)),
            calendar.opening(from),
            calendar.closing(from),
        ] {
            prop_assert!(calendar.is_open(reached), "{} from {}", reached, from);
        }
    }

    #[test]
    fn nothing_added_to_a_closed_moment_is_the_next_opening(
        agency in prop::sample::select(&AGENCIES),
        from in moments(),
    ) {
        let calendar = calendar_of(agency);
        let reached = calendar.add(from, Span::ZERO);
        prop_assert_eq!(reached == from, calendar.is_open(from));
        if !calendar.is_open(from) {
            prop_assert_eq!(reached, calendar.opening(from));
            prop_assert_eq!(calendar.working_between(from, reached), 0);
            prop_assert!(!calendar.is_open(Ts(reached.0 - 1)));
        }
    }

    #[test]
    fn subtracting_is_the_inverse_of_adding(
        agency in prop::sample::select(&AGENCIES),
        at in moments(),
        length in lengths(),
    ) {
        let calendar = calendar_of(agency);
        let span = hours(length);
        let there = calendar.subtract(calendar.add(at, span), span);
        let back = calendar.add(calendar.subtract(at, span), span);
        // The same moment wherever working time runs on, and otherwise one without working time between.
        prop_assert_eq!(there, calendar.opening(at));
        prop_assert_eq!(back, calendar.closing(at));
        prop_assert_eq!(calendar.working_between(back, there), 0);
        prop_assert!(there == at || !calendar.is_open(Ts(at.0 + 1)) || !calendar.is_open(at));
        prop_assert!(back == at || !calendar.is_open(Ts(at.0 - 1)) || !calendar.is_open(at));
    }

    #[test]
    fn subtracting_days_is_the_inverse_on_closes(
        agency in prop::sample::select(&AGENCIES),
        at in moments(),
        count in 1_u16..40,
        length in prop_oneof![Just(0), lengths()],
    ) {
        let calendar = calendar_of(agency);
        let close = calendar.due(at, 1);
        prop_assert_eq!(calendar.subtract(calendar.add(close, days(count)), days(count)), close);
        prop_assert_eq!(calendar.add(calendar.subtract(close, days(count)), days(count)), close);
        let both = Span::checked(Kind::Working { days: u32::from(count), micros: length }).unwrap();
        prop_assert_eq!(calendar.subtract(calendar.add(close, both), both), close);
    }

    #[test]
    fn what_was_added_lies_between(
        agency in prop::sample::select(&AGENCIES),
        from in moments(),
        length in prop_oneof![Just(0), lengths()],
        other in moments(),
    ) {
        let calendar = calendar_of(agency);
        prop_assert_eq!(calendar.working_between(from, calendar.add(from, hours(length))), length);
        prop_assert_eq!(calendar.working_between(calendar.subtract(from, hours(length)), from), length);
        let (first, last) = (from.min(other), from.max(other));
        let between = calendar.working_between(first, last);
        prop_assert_eq!(calendar.working_between(last, first), 0);
        if between > 0 {
            // What was counted leads from one to the other, as far as people worked.
            prop_assert_eq!(calendar.add(first, hours(between)), calendar.closing(last));
        }
    }
}

#[test]
fn the_edge_of_a_shift_is_its_end_forwards_and_its_begin_backwards() {
    let calendar = Calendar::built_in().unwrap();
    let at = |text: &str| crate::moment(text).unwrap();
    // 11 March 2026 is a Wednesday.
    for (from, span, forwards) in [
        ("2026-03-11T07:00", "PT4H", "2026-03-11T11:00"),
        ("2026-03-11T07:00", "PT270WM", "2026-03-11T11:30"),
        ("2026-03-11T07:00", "PT8WH", "2026-03-11T17:00"),
        ("2026-03-11T17:00", "PT1WM", "2026-03-12T07:01"),
        ("2026-03-11T11:30", "PT0WH", "2026-03-11T11:30"),
        ("2026-03-11T09:00", "P1WD", "2026-03-12T17:00"),
        ("2026-03-11T09:00", "P2WDT4WH", "2026-03-16T11:00"),
        ("2026-03-14T09:00", "P0WD", "2026-03-16T07:00"),
        ("2026-03-11T09:00", "P0WD", "2026-03-11T09:00"),
    ] {
        assert_eq!(calendar.add(at(from), plain(span)), at(forwards), "{from} + {span}");
    }
    for (to, span, backwards) in [
        ("2026-03-11T17:00", "PT8WH", "2026-03-11T07:00"),
        ("2026-03-12T07:00", "PT8WH", "2026-03-11T07:00"),
        ("2026-03-12T07:00", "PT0WH", "2026-03-12T07:00"),
        ("2026-03-12T06:59", "PT0WH", "2026-03-11T17:00"),
        ("2026-03-16T10:00", "P1WD", "2026-03-13T17:00"),
        ("2026-03-15T10:00", "P1WD", "2026-03-12T17:00"),
        ("2026-03-16T11:00", "P2WDT4WH", "2026-03-11T17:00"),
    ] {
        assert_eq!(calendar.subtract(at(to), plain(span)), at(backwards), "{to} - {span}");
    }
}

#[test]
fn the_calendars_time_runs_day_and_night() {
    let calendar = Calendar::built_in().unwrap();
    let at = |text: &str| crate::moment(text).unwrap();
    for (from, span, to) in [
        ("2026-02-13T16:30", "PT1H", "2026-02-13T17:30"),
        ("2026-02-13T16:30", "P3D", "2026-02-16T16:30"),
        ("2026-01-31T23:30", "P1M", "2026-02-28T23:30"),
        ("2027-12-31T10:00", "P1Y2M", "2029-02-28T10:00"),
        ("2026-01-01T00:00", "P1Y2M3DT4H5M6.5S", "2027-03-04T04:05:06.5"),
        ("2026-01-01T00:00", "P2W", "2026-01-15T00:00"),
    ] {
        assert_eq!(calendar.add(at(from), plain(span)), at(to), "{from} + {span}");
        assert_eq!(calendar.subtract(calendar.add(at(from), plain("P3D")), plain("P3D")), at(from));
    }
    assert_eq!(calendar.subtract(at("2026-03-31T10:00"), plain("P1M")), at("2026-02-28T10:00"));
}

#[test]
fn a_span_beyond_the_calendar_ends_with_it() {
    let calendar = Calendar::built_in().unwrap();
    let (late, early) = (Ts(i64::MAX), Ts(i64::MIN));
    for text in ["P100Y", "P36600D", "PT878400H", "PT1S"] {
        let span = plain(text);
        assert!(
            calendar.add(late, span) >= calendar.add(crate::moment("2999-01-01").unwrap(), span),
            "{text}"
        );
        assert!(calendar.subtract(early, span) < crate::moment("1900-01-01").unwrap(), "{text}");
    }
    for text in ["P1WD", "PT1WH", "P1WDT1WM"] {
        let span = plain(text);
        assert!(calendar.add(late, span) > crate::moment("2999-01-01").unwrap());
        assert!(calendar.subtract(early, span) < crate::moment("1900-01-01").unwrap());
    }
}
