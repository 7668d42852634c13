#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

fn calendar() -> Calendar {
    Calendar::built_in().unwrap()
}

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

/// The first `count` times of a cycle that began at noon of 11 March 2026, a Wednesday.
fn times(text: &str, count: u32) -> Vec<String> {
    let cycle: Cycle = text.parse().unwrap();
    let began = at("2026-03-11T12:00");
    (0..count)
        .map_while(|n| cycle.nth(n, began, &calendar()))
        .map(|at| at.plus_secs(7 * 3600).to_string())
        .collect()
}

#[test]
fn a_cycle_comes_as_often_as_it_says() {
    assert_eq!(
        times("R3/PT10S", 9),
        ["2026-03-11T12:00:10Z", "2026-03-11T12:00:20Z", "2026-03-11T12:00:30Z"]
    );
    assert_eq!(times("R/P1D", 2), ["2026-03-12T12:00:00Z", "2026-03-13T12:00:00Z"]);
    assert_eq!(
        times("R2/2026-01-01T00:00:00Z/PT10S", 9),
        ["2026-01-01T07:00:00Z", "2026-01-01T07:00:10Z"],
        "with a moment it comes then for the first time"
    );
    assert_eq!(times("R3/P1WD", 9), ["2026-03-12T17:00:00Z", "2026-03-13T17:00:00Z", "2026-03-16T17:00:00Z"]);
    assert_eq!(times("R2/PT4WH", 9), ["2026-03-12T07:30:00Z", "2026-03-12T11:30:00Z"]);
    assert_eq!(
        times("R3/2026-01-31T08:00:00/P1M", 9),
        ["2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T08:00:00Z"],
        "months are counted from the beginning"
    );
    let cycle: Cycle = "R3/PT10S".parse().unwrap();
    assert_eq!((cycle.times(), cycle.every().to_string()), (Some(3), "PT10S".to_owned()));
    assert_eq!("R/PT10S".parse::<Cycle>().unwrap().times(), None);
}

#[test]
fn times_that_were_missed_do_not_come_all_at_once() {
    let began = at("2026-03-11T12:00");
    for (text, now, number) in [
        ("R/PT10S", "2026-03-11T12:00:00", Some(0)),
        ("R/PT10S", "2026-03-11T12:00:10", Some(0)),
        ("R/PT10S", "2026-03-11T12:00:11", Some(1)),
        ("R/2026-01-01T00:00:00/PT10S", "2026-03-11T12:00:00", Some(600_480)),
        ("R3/PT10S", "2026-03-11T12:00:30", Some(2)),
        ("R3/PT10S", "2026-03-11T12:00:31", None),
        ("R/P1WD", "2026-03-16T08:00:00", Some(2)),
    ] {
        let cycle: Cycle = text.parse().unwrap();
        assert_eq!(cycle.next(at(now), began, &calendar()), number, "{text} at {now}");
    }
}

#[test]
fn a_cycle_is_read_and_written_in_one_form() {
    for (text, canonical) in [
        ("R3/PT10S", "R3/PT10S"),
        ("R/P1W", "R/P7D"),
        ("R03/2026-01-01T07:00:00/P5WD", "R3/2026-01-01T00:00:00Z/P5WD"),
    ] {
        let cycle: Cycle = text.parse().unwrap();
        assert_eq!(cycle.to_string(), canonical);
        assert_eq!(serde_json::from_str::<Cycle>(&serde_json::to_string(&cycle).unwrap()).unwrap(), cycle);
    }
}

#[test]
fn what_is_no_cycle_is_refused_with_its_reason() {
    let refusal = |text: &str| Cycle::parse(text).unwrap_err();
    for text in [
        "",
        "R3",
        "R3PT10S",
        "PT10S",
        "Rx/PT10S",
        "R1234567890/P1D",
        "R3/PT10S/2026-01-01",
        "R3/2026-01-01/2026-01-02",
        "r3/PT10S",
    ] {
        assert!(matches!(refusal(text), TimeError::Cycle(_)), "{text}: {:?}", refusal(text));
    }
    for text in ["R0/PT10S", "R/PT0S", "R3/P0WD"] {
        assert!(matches!(refusal(text), TimeError::CycleOfNothing(_)), "{text}: {:?}", refusal(text));
    }
    for text in ["R-1/PT10S", "R3/-PT10S", "R3/2026-01-01/-PT10S"] {
        assert!(matches!(refusal(text), TimeError::Negative(_)), "{text}: {:?}", refusal(text));
    }
    assert!(matches!(refusal("R3/2026-02-30/PT10S"), TimeError::Moment(_)));
    assert!(matches!(refusal("R3/P5WDT1H"), TimeError::Mixed(_)));
    assert!(matches!(refusal(&format!("R3/P{}D", "0".repeat(200))), TimeError::TextTooLong { .. }));
}

proptest! {
    #[test]
    fn the_next_time_is_the_first_that_is_not_past(
        every in prop::sample::select(vec!["PT7M", "P1D", "P1M", "P1WD", "PT5WH", "PT45WM"]),
        count in prop::sample::select(vec!["", "1", "5", "40"]),
        seconds in 0_i64..4_000_000,
    ) {
        let cycle: Cycle = format!("R{count}/{every}").parse().unwrap();
        let began = at("2026-03-11T12:00");
        let now = began.plus_secs(seconds);
        let calendar = calendar();
        let searched = cycle.next(now, began, &calendar);
        let walked = (0..).map_while(|n| cycle.nth(n, began, &calendar)).position(|at| at >= now);
        prop_assert_eq!(searched.map(|n| n as usize), walked);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,120}", near in "R[0-9]{0,11}/(2026-0[0-9]-01T?/)?P[0-9]{1,10}[A-Z]{1,2}") {
        let _ = (Cycle::parse(&text), Cycle::parse(&near));
    }
}
