#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::vietnam::moment_of;

fn built_in() -> &'static Calendar {
    static ALL: LazyLock<Calendar> = LazyLock::new(|| Calendar::built_in().unwrap());
    &ALL
}

/// A moment written as local time, such as `2026-02-13 16:30`.
fn at(text: &str) -> Ts {
    moment_of(text.parse().unwrap())
}

#[test]
fn working_days_are_counted_across_tet_new_year_and_swaps() {
    let calendar = built_in();
    for (received, days, due) in [
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2025-12-30", 3, "2026-01-06"),
        ("2025-12-31", 5, "2026-01-09"),
        ("2026-01-09", 1, "2026-01-10"),
        ("2025-04-25", 2, "2025-04-28"),
        ("2026-08-20", 3, "2026-08-24"),
        ("2026-08-28", 2, "2026-09-04"),
        ("2026-04-24", 3, "2026-05-04"),
        ("2026-04-29", 2, "2026-05-05"),
        ("2026-11-23", 1, "2026-11-25"),
    ] {
        let received = at(&format!("{received} 09:00"));
        assert_eq!(calendar.due(received, days), at(&format!("{due} 17:00")), "{received} + {days}");
        assert_eq!(calendar.working_days_between(received, calendar.due(received, days)), days);
    }
}

#[test]
fn working_hours_skip_the_lunch_break_the_night_and_the_weekend() {
    let calendar = built_in();
    // 11 March 2026 is a Wednesday, 13 March a Friday.
    for (received, hours, due) in [
        ("2026-03-11 16:30", 1, "2026-03-12 07:30"),
        ("2026-03-11 11:00", 1, "2026-03-11 14:00"),
        ("2026-03-11 12:10", 2, "2026-03-11 15:30"),
        ("2026-03-11 18:20", 8, "2026-03-12 17:00"),
        ("2026-03-11 07:00", 8, "2026-03-11 17:00"),
        ("2026-03-11 06:00", 1, "2026-03-11 08:00"),
        ("2026-03-11 10:30", 1, "2026-03-11 11:30"),
        ("2026-03-13 16:30", 1, "2026-03-16 07:30"),
        ("2026-03-14 09:00", 16, "2026-03-17 17:00"),
        ("2026-02-13 16:00", 2, "2026-02-23 08:00"),
        ("2026-01-09 16:00", 2, "2026-01-10 08:00"),
        ("2026-03-11 10:15", 0, "2026-03-11 10:15"),
        ("2026-03-11 12:00", 0, "2026-03-11 13:30"),
        ("2026-03-11 17:01", 0, "2026-03-12 07:00"),
    ] {
        assert_eq!(calendar.due_hours(at(received), hours), at(due), "{received} + {hours} h");
    }
}

#[test]
fn a_pause_moves_the_deadline_by_its_working_days() {
    let calendar = built_in();
    let received = at("2026-03-02 08:00");
    assert_eq!(calendar.due(received, 5), at("2026-03-09 17:00"));
    let pause = calendar.working_days_between(at("2026-03-04 10:00"), at("2026-03-06 10:00"));
    assert_eq!(pause, 2);
    assert_eq!(calendar.due(received, 5 + pause), at("2026-03-11 17:00"));
}

#[test]
fn zero_days_end_with_the_next_close_of_work() {
    let calendar = built_in();
    assert_eq!(calendar.due(at("2026-03-11 09:00"), 0), at("2026-03-11 17:00"));
    assert_eq!(calendar.due(at("2026-03-13 18:00"), 0), at("2026-03-16 17:00"));
    assert_eq!(calendar.due(at("2026-03-14 09:00"), 0), at("2026-03-16 17:00"));
    assert_eq!(calendar.working_days_between(at("2026-03-16 09:00"), at("2026-03-13 09:00")), 0);
}

#[test]
fn the_day_is_vietnams_and_not_the_day_of_utc() {
    // 17:30 UTC is half past midnight of the next day.
    let moment = Ts::parse("2025-06-30T17:30:00Z").unwrap();
    assert_eq!(day_of(moment), date(2025, 7, 1));
    assert_eq!(start_of(date(2025, 7, 1)), Ts::parse("2025-06-30T17:00:00Z").unwrap());
}

#[test]
fn a_deadline_in_a_year_without_announcement_is_marked() {
    let calendar = built_in();
    assert_eq!(calendar.known_until(), date(2030, 12, 31));
    for (from, to, certainty) in [
        (date(2018, 1, 1), date(2026, 12, 31), Certainty::Announced),
        (date(2026, 12, 31), date(2027, 1, 1), Certainty::Computed),
        (date(2030, 12, 31), date(2031, 1, 1), Certainty::Unknown),
        (date(2017, 12, 31), date(2018, 1, 1), Certainty::Unknown),
        (date(2010, 1, 1), date(2040, 1, 1), Certainty::Unknown),
        (date(2027, 1, 1), date(2026, 1, 1), Certainty::Computed),
    ] {
        assert_eq!(calendar.certainty(from, to), certainty, "{from} to {to}");
    }
}

#[test]
fn each_year_says_where_its_days_come_from() {
    let calendar = built_in();
    for year in 2018..=2030 {
        let known = calendar.year(year).unwrap();
        assert_eq!(known.announced, year <= 2026, "{year}");
        assert!(known.source.contains("holidays 0.109"), "{year}");
        assert!(calendar.exceptions(year).count() >= 9, "{year}");
    }
    let swapped: Vec<_> = calendar.exceptions(2026).filter(|(_, known)| known.works).collect();
    assert_eq!(
        swapped.iter().map(|(day, _)| *day).collect::<Vec<_>>(),
        [date(2026, 1, 10), date(2026, 8, 22)]
    );
}

#[test]
fn an_endless_deadline_ends_with_the_calendar() {
    let calendar = built_in();
    let now = at("9990-03-11 09:00");
    assert!(calendar.due(now, u32::MAX) > at("9999-01-01 00:00"));
    assert!(calendar.due_hours(now, u32::MAX) > at("9999-01-01 00:00"));
    for edge in [Ts(i64::MIN), Ts(i64::MAX)] {
        let _ = (calendar.due(edge, 3), calendar.due_hours(edge, 3), day_of(edge), start_of(day_of(edge)));
    }
}

const HEAD: &str = "version = 1\nworking_days = [\"monday\", \"tuesday\"]\nworking_hours = [\"07:00-11:30\", \"13:30-17:00\"]\n";

fn year(number: i16, rest: &str) -> String {
    format!("[[year]]\nyear = {number}\nstatus = \"announced\"\nsource = \"x\"\n{rest}\n")
}

/// The places of all mistakes of a text.
fn mistakes(text: &str) -> Vec<String> {
    match Calendar::parse(text) {
        Err(CalendarError(list)) => list.into_iter().map(|mistake| mistake.place).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_mistake_is_found_at_its_place() {
    for (rest, place) in [
        (r#"off = [["01-01", "x"], ["01-01", "x"]]"#, "2026, off, 01-01"),
        (r#"off = [["02-16..02-20", "x"], ["02-18", "x"]]"#, "2026, off, 02-18"),
        (r#"off = [["02-20..02-16", "x"]]"#, "2026, off, 02-20..02-16"),
        (r#"off = [["02-30", "x"]]"#, "2026, off, 02-30"),
        (r#"off = [["01-02", "x"], ["01-01", "x"]]"#, "2026, off, 01-01"),
        (r#"off = [["01-01", " "]]"#, "2026, off, 01-01"),
        (r#"off = [["01-01"]]"#, "2026, off"),
        // 5 January 2026 is a Monday.
        ("off = []\nmake_up = [[\"01-05\", \"x\"]]", "2026, make_up, 01-05"),
        ("off = [[\"01-10\", \"x\"]]\nmake_up = [[\"01-10\", \"x\"]]", "2026, make_up, 01-10"),
        ("off = []\nnote = 1", "2026, note"),
        ("", "2026, off"),
    ] {
        let found = mistakes(&format!("{HEAD}{}", year(2026, rest)));
        assert!(found.iter().all(|at| at == place) && !found.is_empty(), "{rest}: {found:?}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = format!(
        "colour = 1\nworking_days = [\"montag\"]\nworking_hours = [\"13:00-12:00\"]\n{}{}",
        year(2026, "off = 3"),
        year(2028, r#"off = [["13-01", "x"]]"#)
    );
    let found = mistakes(&text);
    for place in ["colour", "working_days", "working_hours", "2026, off", "2028, year", "2028, off, 13-01"] {
        assert!(found.iter().any(|at| at == place), "{place} not in {found:?}");
    }
}

#[test]
fn a_calendar_needs_days_hours_and_years() {
    assert_eq!(mistakes(""), ["version", "working_days", "working_hours", "year"]);
    assert_eq!(mistakes("version = 0").len(), 4);
    assert_eq!(mistakes("version = 1\nworking_days = []\nworking_hours = []\nyear = []").len(), 3);
    assert_eq!(mistakes("year = ").len(), 1);
    assert!(!mistakes(&format!("{HEAD}{}", year(1, "off = []"))).is_empty());
}

proptest! {
    #[test]
    fn counting_back_gives_the_days_that_were_counted(start in 0_i64..5_000_000, days in 1_u32..300) {
        // Minutes from 1 January 2020 on.
        let from = at("2020-01-01 00:00").plus_secs(start * 60);
        let calendar = built_in();
        let due = calendar.due(from, days);
        prop_assert!(due > from);
        prop_assert!(calendar.is_working_day(day_of(due)));
        prop_assert_eq!(calendar.working_days_between(from, due), days);
    }

    #[test]
    fn eight_hours_in_a_row_are_one_working_day(start in 0_i64..5_000_000, hours in 0_u32..200) {
        let from = at("2020-01-01 00:00").plus_secs(start * 60);
        let calendar = built_in();
        let later = calendar.due_hours(from, hours);
        prop_assert!(later >= from);
        prop_assert_eq!(
            calendar.due_hours(calendar.due_hours(from, hours), 8),
            calendar.due_hours(from, hours + 8)
        );
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", day in "\\PC{0,8}") {
        let _ = Calendar::parse(&text);
        let _ = Calendar::parse(&format!("{HEAD}{}", year(2026, &format!("off = [[{day:?}, \"x\"]]"))));
    }
}
