//! Working time against others: the package `holidays`, and a program that counts minutes one by one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cases;

use std::fs;
use std::process::Command;

use jiff::civil::date;
use worktime::{Calendar, Calendars};

/// What another program says about working time.
fn foreign(arguments: &[&str]) -> String {
    let python = std::env::var("LIENTHONG_TEST_PYTHON")
        .expect("LIENTHONG_TEST_PYTHON is not set: run cargo xtask test");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign/check_working_time.py");
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_countrys_days_are_those_of_holidays_but_for_one_swap() {
    let calendar = Calendar::built_in().unwrap();
    let theirs: Vec<String> = foreign(&["days"]).lines().map(str::to_owned).collect();
    assert!(theirs.len() > 3_000, "{} days", theirs.len());
    let years = date(2018, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() <= 2030);
    let differing: Vec<_> = years
        .filter(|day| calendar.is_working_day(*day) != theirs.contains(&day.to_string()))
        .map(|day| (day, calendar.is_working_day(day)))
        .collect();
    // Swapped by 12729/VPCP-KGVX of 25 December 2025, which the package does not know.
    assert_eq!(differing, [(date(2026, 1, 2), false), (date(2026, 1, 10), true)]);
}

#[test]
fn a_hundred_thousand_random_cases_agree_with_counting_minutes() {
    let example = include_str!("../../rules/agencies.example.toml");
    let calendars = Calendars::parse(Calendar::built_in().unwrap(), example).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.txt");
    fs::write(&file, cases::lines(&calendars, 100_000)).unwrap();
    let said = foreign(&["cases", file.to_str().unwrap()]);
    assert_eq!(
        said.trim(),
        "100000 checked, 0 differ",
        "what differs ends with what the other program found"
    );
}
