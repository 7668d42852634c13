#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::Ts;
use jiff::civil::date;

use super::*;
use crate::{day_of, moment};

const EXAMPLE: &str = include_str!("../../rules/agencies.example.toml");

fn country() -> Calendar {
    Calendar::built_in().unwrap()
}

fn example() -> Calendars {
    Calendars::parse(country(), EXAMPLE).unwrap()
}

fn code(text: &str) -> AgencyCode {
    text.parse().unwrap()
}

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

/// Hours of a day as people write them.
fn hours(calendar: &Calendar, day: &str) -> String {
    let clock = |at: Ts| at.plus_secs(7 * 3600).to_string()[11..16].to_owned();
    let hours = calendar.hours(day.parse().unwrap());
    hours.map(|(from, to)| format!("{}-{}", clock(from), clock(to))).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_agency_has_its_own_hours_from_the_day_on_which_they_hold() {
    let all = example();
    let usual = "07:00-11:30 13:30-17:00";
    for (agency, day, expected) in [
        // Summer hours, then none of its own, then others.
        ("000.02.00.VD1", "2025-04-14", usual),
        ("000.02.00.VD1", "2025-04-15", "06:30-11:00 14:00-17:30"),
        ("000.02.00.VD1", "2025-10-15", "06:30-11:00 14:00-17:30"),
        ("000.02.00.VD1", "2025-10-16", usual),
        ("000.03.00.VD1", "2026-01-05", "07:00-12:00 13:00-18:00"),
        // A Saturday that counts, and one that is only a service.
        ("000.02.00.VD1", "2025-05-10", "06:30-11:00"),
        ("000.01.00.VD1", "2026-03-14", "07:30-11:30"),
        ("000.01.00.VD1", "2025-03-15", ""),
        // Days off of the country hold for all, make-up days at each one's usual hours.
        ("000.01.00.VD1", "2026-09-02", ""),
        ("000.01.00.VD1", "2026-08-22", "07:30-11:30 13:30-17:00"),
        ("000.02.00.VD1", "2026-08-22", "07:00-12:00 13:00-18:00"),
        // The province's own days hold for the one-stop centre above it and for nobody else.
        ("000.00.00.VD1", "2026-10-26", ""),
        ("000.01.00.VD1", "2026-10-26", ""),
        ("000.02.00.VD1", "2026-10-26", "07:00-12:00 13:00-18:00"),
        ("000.01.00.VD1", "2026-11-07", "07:30-11:30 13:30-17:00"),
        ("000.01.00.VD1", "2026-12-31", "07:30-11:30"),
        ("000.09.00.VD1", "2026-10-26", usual),
    ] {
        assert_eq!(hours(all.of(&code(agency)), day), expected, "{agency} on {day}");
    }
}

#[test]
fn a_saturday_of_service_has_hours_and_does_not_count_as_a_working_day() {
    let all = example();
    let desk = all.of(&code("000.01.00.VD1"));
    // 14 March 2026 is a Saturday.
    assert!(!desk.is_working_day(date(2026, 3, 14)) && desk.is_open(at("2026-03-14T09:00")));
    assert_eq!(desk.add(at("2026-03-13T09:00"), crate::Span::working_days(1)), at("2026-03-16T17:00"));
    assert_eq!(desk.add(at("2026-03-13T16:00"), crate::Span::working_hours(2)), at("2026-03-14T08:30"));
    // Where Saturday is a working day, it counts, with its own close.
    let police = all.of(&code("000.02.00.VD1"));
    assert_eq!(police.add(at("2025-05-09T09:00"), crate::Span::working_days(1)), at("2025-05-10T11:00"));
}

#[test]
fn each_day_names_the_decision_that_sets_its_hours() {
    let all = example();
    for (agency, day, decision) in [
        ("000.01.00.VD1", date(2026, 3, 14), Some("Quyết định 12/QĐ-UBND ngày 20/12/2025")),
        ("000.01.00.VD1", date(2026, 10, 26), Some("Công điện 09/CĐ-UBND ngày 25/10/2026")),
        ("000.01.00.VD1", date(2026, 12, 31), Some("Thông báo 44/TB-PVHCC ngày 15/12/2026")),
        ("000.01.00.VD1", date(2025, 3, 14), None),
    ] {
        assert_eq!(all.of(&code(agency)).decision(day), decision, "{agency} on {day}");
    }
    assert_eq!(country().year(2026).unwrap().decisions, ["12729/VPCP-KGVX, 25/12/2025"]);
    assert_eq!(day_of(at("2026-03-14")), date(2026, 3, 14));
}

#[test]
fn calendars_say_which_files_they_are() {
    assert_eq!(example().version().to_string(), "1.1");
    assert_eq!(Calendars::country(country()).version(), Version { country: 1, agencies: 0 });
    let later = EXAMPLE.replace("version = 1", "version = 7");
    assert_eq!(Calendars::parse(country(), &later).unwrap().version().agencies, 7);
}

#[test]
fn the_code_of_an_agency_has_one_form() {
    for text in ["000.00.00.H57", "G09.20", "a", &"x".repeat(64)] {
        assert_eq!(code(text).as_str(), text);
    }
    for text in ["", "a b", "Huế", "a/b", &"x".repeat(65), "a\n"] {
        assert!(matches!(text.parse::<AgencyCode>(), Err(TimeError::Agency(_))), "{text}");
    }
    assert!(serde_json::from_str::<AgencyCode>("\"a b\"").is_err());
}

fn mistakes(text: &str) -> Vec<String> {
    let refused = Calendars::parse(country(), text);
    let CalendarError(list) = refused.expect_err("it should have mistakes");
    assert!(list.iter().all(|mistake| !mistake.vi.is_empty() && !mistake.en.is_empty()));
    list.into_iter().map(|mistake| mistake.place).collect()
}

/// A file with one calendar that has all it must have, and `rest`.
fn one(rest: &str) -> String {
    format!("version = 1\n[[calendar]]\ncode = \"x\"\nname = \"X\"\nagencies = [\"A1\"]\n{rest}\n")
}

fn hours_from(from: &str, rest: &str) -> String {
    format!(
        "[[calendar.hours]]\nvalid_from = \"{from}\"\ndecision = \"QĐ 1\"\nworking_days = [\"monday\"]\nworking_hours = [\"07:00-11:00\"]\n{rest}\n"
    )
}

fn day(days: &str, rest: &str) -> String {
    format!("[[calendar.day]]\ndays = \"{days}\"\nname = \"X\"\ndecision = \"QĐ 1\"\n{rest}\n")
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let off = "works = false";
    for (text, place) in [
        (one(&hours_from("2026-02-30", "")), "x, hours 1, valid_from"),
        (one(&hours_from("2026-02-01", "valid_to = \"2026-01-31\"")), "x, hours 1, valid_to"),
        (one(&(hours_from("2026-01-01", "") + &hours_from("2027-01-01", ""))), "x, hours 2, valid_from"),
        (
            one(&hours_from("2026-01-01", "hours_on = { samstag = [\"07:00-11:00\"] }")),
            "x, hours 1, hours_on, samstag",
        ),
        (one(&hours_from("2026-01-01", "hours_on = { saturday = [] }")), "x, hours 1, hours_on, saturday"),
        (one(&hours_from("2026-01-01", "colour = 1")), "x, hours 1, colour"),
        (one(&day("2026-02-30", off)), "x, day 1, days"),
        (one(&day("2026-03-02..2026-03-01", off)), "x, day 1, days"),
        (one(&day("2026-01-01..2029-01-01", off)), "x, day 1, days"),
        (one(&(day("2026-03-02", off) + &day("2026-03-01..2026-03-03", off))), "x, day 2, days"),
        // 2 March 2026 is a Monday: working anyway, unless at other hours.
        (one(&day("2026-03-02", "works = true")), "x, day 1, days"),
        (one(&day("2026-03-02", "works = false\nhours = [\"07:00-11:00\"]")), "x, day 1, hours"),
        (one(&day("2026-03-02", "works = true\nhours = [\"11:00-07:00\"]")), "x, day 1, hours"),
        (one("over = \"y\""), "x, over"),
        (one("colour = 1"), "x, colour"),
        (one("") + "[[calendar]]\ncode = \"x\"\nname = \"X\"\nagencies = []", "x, code"),
        (one("") + "[[calendar]]\ncode = \"y\"\nname = \"Y\"\nagencies = [\"A1\"]", "y, agencies"),
        (one("").replace("A1", "A 1"), "x, agencies"),
        (one("").replace("\"X\"", "\" \""), "x, name"),
        (one("").replace("version = 1", "version = 0"), "version"),
        ("version = 1\n[[calendar]]".to_owned(), "calendar 1, code"),
    ] {
        assert_eq!(mistakes(&text), [place], "{text}");
    }
    assert!(
        Calendars::parse(country(), &one(&day("2026-03-02", "works = true\nhours = [\"07:00-11:00\"]")))
            .is_ok()
    );
    assert!(
        Calendars::parse(country(), &one(&hours_from("2026-01-01", "valid_to = \"2026-12-31\""))).is_ok()
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = one("colour = 1\n[[calendar.hours]]\n[[calendar.day]]").replace("version = 1", "");
    let found = mistakes(&text);
    for place in [
        "version",
        "x, colour",
        "x, hours 1, valid_from",
        "x, hours 1, decision",
        "x, hours 1, working_days",
        "x, hours 1, working_hours",
        "x, day 1, days",
        "x, day 1, works",
        "x, day 1, name",
        "x, day 1, decision",
    ] {
        assert!(found.iter().any(|at| at == place), "{place} not in {found:?}");
    }
    assert_eq!(mistakes("version = "), ["agencies.toml"]);
    assert_eq!(mistakes(""), ["version", "calendar"]);
}
