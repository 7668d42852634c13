#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::Ts;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::state::{Moment, State};
use crate::{Mistake, RegistryError};

mod csv_files;
mod searching;

fn code(text: &str) -> AgencyCode {
    text.parse().unwrap()
}

fn moment() -> Moment {
    Moment { now: Ts::from_secs(1_780_000_000), today: date(2026, 5, 28), by: "op".parse().unwrap() }
}

/// A state to which decisions are applied as the journal would.
#[derive(Default)]
struct World(State);

impl World {
    fn take(&mut self, events: Vec<crate::Event>) {
        let stamp = Stamp { seq: self.0.seq, at: moment().now, by: moment().by };
        for event in events {
            // What is applied is what the journal would give back.
            let line = serde_json::to_string(&event).unwrap();
            self.0.apply(&stamp, serde_json::from_str(&line).unwrap());
        }
    }

    fn put(&mut self, agency: Agency) -> Result<(), RegistryError> {
        let events = put(&self.0, &moment(), agency, None)?;
        self.take(events);
        Ok(())
    }

    fn change(&mut self, agency: Agency) -> Result<(), RegistryError> {
        let seen = self.0.agencies.period(&agency.code, agency.valid_from).unwrap().version;
        let events = put(&self.0, &moment(), agency, Some(seen))?;
        self.take(events);
        Ok(())
    }

    fn import(&mut self, rows: Vec<Agency>) -> Result<(), RegistryError> {
        let events = import(&self.0, &moment(), rows)?;
        self.take(events);
        Ok(())
    }

    fn close(&mut self, name: &str, last_day: Date, successor: Option<&str>) -> Result<(), RegistryError> {
        let name = code(name);
        let seen = self.agencies().periods(&name).last().unwrap().version;
        let closing =
            Closing {
                last_day, successor: successor.map(code), legal_basis: "QĐ 1/2026/QĐ-UBND".to_owned()
            };
        let events = close(&self.0, &moment(), &name, closing, seen)?;
        self.take(events);
        Ok(())
    }

    fn agencies(&self) -> &Agencies {
        &self.0.agencies
    }
}

/// A unit that counts from 2020 on.
fn unit(text: &str, parent: Option<&str>) -> Agency {
    Agency {
        parent: parent.map(code), ..Agency::new(code(text), format!("Đơn vị {text}"), date(2020, 1, 1))
    }
}

fn ended(text: &str, last: Date, successor: Option<&str>) -> Agency {
    Agency { valid_to: Some(last), successor: successor.map(code), ..unit(text, None) }
}

fn world(units: impl IntoIterator<Item = Agency>) -> World {
    let mut world = World::default();
    world.import(units.into_iter().collect()).unwrap();
    world
}

fn with_built_in() -> World {
    world(built_in())
}

fn places(result: Result<(), RegistryError>) -> Vec<String> {
    match result.unwrap_err() {
        RegistryError::Invalid(list) | RegistryError::Import(list) => {
            list.into_iter().map(|m| m.place).collect()
        }
        other => panic!("{other}"),
    }
}

fn names<'a>(found: impl IntoIterator<Item = &'a Agency>) -> Vec<&'a str> {
    found.into_iter().map(|agency| agency.code.as_str()).collect()
}

#[test]
fn codes_of_both_forms_are_read_and_others_are_not() {
    for (text, form, level) in [
        ("000.00.00.H47", Form::Qcvn102, 1),
        ("000.00.11.H53", Form::Qcvn102, 2),
        ("000.03.11.H53", Form::Qcvn102, 3),
        ("005.03.11.A53", Form::Qcvn102, 4),
        ("K57", Form::Qd20, 1),
        ("G09.20", Form::Qd20, 2),
        ("H17.101.02.03.004", Form::Qd20, 5),
    ] {
        let read = code(text);
        assert_eq!((read.as_str(), read.form(), read.level()), (text, form, level));
    }
    let bad =
        ["", "H1", "h17", "H17.", "H17.1", "H17.1234", "000.00.00.h17", "00.00.00.H17", "H17.01.01.01.01.01"];
    for text in bad.into_iter().chain(["000.00.H17", "H17 ", "Ｈ17", "000.00.00.17H"]) {
        assert!(text.parse::<AgencyCode>().is_err(), "{text}");
    }
}

#[test]
fn quang_nam_answers_until_the_merger_and_da_nang_after_it() {
    let world = with_built_in();
    for name in ["000.00.00.H47", "H47"].map(code) {
        let Standing::Valid(agency) = world.agencies().on(&name, date(2025, 6, 30)) else { panic!("{name}") };
        assert_eq!(agency.name, "Ủy ban nhân dân tỉnh Quảng Nam");
        let Standing::Closed { last, since, successor } = world.agencies().on(&name, date(2025, 7, 2)) else {
            panic!("{name}")
        };
        assert_eq!((last.code.as_str(), since), ("000.00.00.H47", date(2025, 7, 1)));
        assert_eq!(successor, Some(&code("000.00.00.H17")));
        let now = world.agencies().current_successor(&name, date(2025, 7, 2)).unwrap();
        assert_eq!(now.name, "Ủy ban nhân dân thành phố Đà Nẵng");
        let then = world.agencies().current_successor(&name, date(2025, 6, 30)).unwrap();
        assert_eq!(then.code, code("000.00.00.H47"));
    }
    assert_eq!(
        world.agencies().on(&code("H47"), date(2010, 1, 1)),
        Standing::NotYet { from: date(2016, 4, 1) }
    );
    assert_eq!(world.agencies().on(&code("H99"), date(2026, 1, 1)), Standing::Unknown);
}

#[test]
fn the_merger_leaves_34_provinces_of_63() {
    let world = with_built_in();
    let provinces = |day| {
        world.agencies().page(None, 1_000, day).iter().filter(|a| a.code.as_str().contains('H')).count()
    };
    assert_eq!(provinces(date(2025, 6, 30)), 63);
    assert_eq!(provinces(date(2025, 7, 1)), 34);
    for agency in built_in() {
        let today = date(2026, 6, 1);
        assert!(world.agencies().current_successor(&agency.code, today).is_some(), "{}", agency.code);
        let sure = ["H01", "H07", "H14", "H22", "H29", "H37", "H41", "H47", "H49", "H53", "H57", "H63"];
        let is_sure = sure.iter().any(|code| agency.code.as_str().ends_with(code));
        assert_eq!(agency.note.contains("09/2025"), !is_sure, "{}", agency.code);
    }
}

#[test]
fn a_name_of_the_past_is_found_on_its_day() {
    let world = with_built_in();
    let name = |day| match world.agencies().on(&code("H57"), day) {
        Standing::Valid(agency) => agency.name.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(date(2024, 12, 31)), "Ủy ban nhân dân tỉnh Thừa Thiên Huế");
    assert_eq!(name(date(2025, 1, 1)), "Ủy ban nhân dân thành phố Huế");
}

#[test]
fn a_closed_code_can_be_given_anew() {
    let mut world = world([unit("H17", None), ended("H17.05", date(2024, 12, 31), Some("H17"))]);
    let again =
        Agency { name: "Đơn vị mới".to_owned(), valid_from: date(2026, 1, 1), ..unit("H17.05", None) };
    world.put(again).unwrap();
    let on = |day| world.agencies().on(&code("H17.05"), day);
    assert!(matches!(on(date(2024, 12, 31)), Standing::Valid(agency) if agency.name == "Đơn vị H17.05"));
    assert!(
        matches!(on(date(2025, 6, 1)), Standing::Closed { successor: Some(next), .. } if next.as_str() == "H17")
    );
    assert!(matches!(on(date(2026, 1, 1)), Standing::Valid(agency) if agency.name == "Đơn vị mới"));
    assert_eq!(world.agencies().periods(&code("H17.05")).len(), 2);
}

#[test]
fn the_other_form_may_pass_to_another_agency_but_not_on_the_same_day() {
    let also = |text: &str, other: &str| Agency { also: Some(code(other)), ..unit(text, None) };
    let mut world = world([also("000.00.05.H17", "H17.05")]);
    // As a second one's other form, and as an own code.
    let taken = also("000.00.06.H17", "H17.05");
    for other in [taken.clone(), unit("H17.05", None)] {
        let refused = world.put(other).unwrap_err();
        assert!(
            matches!(&refused, RegistryError::Overlap { code, from } if code == "H17.05" && from == "2020-01-01"),
            "{refused}"
        );
    }
    world.close("000.00.05.H17", date(2024, 12, 31), None).unwrap();
    world.put(Agency { valid_from: date(2025, 1, 1), ..taken }).unwrap();
    let who = |day| match world.agencies().on(&code("H17.05"), day) {
        Standing::Valid(agency) => agency.code.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(who(date(2024, 12, 31)), "000.00.05.H17");
    assert_eq!(who(date(2025, 1, 1)), "000.00.06.H17");
}

#[test]
fn periods_of_one_code_never_overlap() {
    let mut world = world([ended("H17.05", date(2024, 12, 31), None)]);
    let begin = |from| Agency { valid_from: from, ..unit("H17.05", None) };
    let refused = world.put(begin(date(2024, 12, 31))).unwrap_err();
    assert!(matches!(refused, RegistryError::Overlap { from, .. } if from == "2024-12-31"));
    world.put(begin(date(2025, 1, 1))).unwrap();
    // Taking the end away from the first would make it overlap with the second.
    let refused = world.change(unit("H17.05", None)).unwrap_err();
    assert!(matches!(refused, RegistryError::Overlap { from, .. } if from == "2025-01-01"));
}

#[test]
fn successors_that_lead_back_are_refused_with_their_chain() {
    let mut world = world(["H10.01", "H10.02", "H10.03"].map(|text| unit(text, None)));
    let last = date(2024, 12, 31);
    world.close("H10.01", last, Some("H10.02")).unwrap();
    world.close("H10.02", last, Some("H10.03")).unwrap();
    let refused = world.close("H10.03", last, Some("H10.01")).unwrap_err();
    assert!(
        matches!(&refused, RegistryError::Cycle(chain) if chain == "H10.03 → H10.01 → H10.02 → H10.03"),
        "{refused}"
    );
    // Later, too: by then the others are closed.
    let refused = world.close("H10.03", date(2025, 12, 31), Some("H10.01")).unwrap_err();
    assert!(matches!(refused, RegistryError::Cycle(_)), "{refused}");
}

#[test]
fn a_cycle_that_closes_only_on_a_later_day_is_refused() {
    // Both are open when the other is closed at first; moving an end back makes each wait for the other.
    let mut world = world([unit("H10.01", None), ended("H10.02", date(2025, 12, 31), Some("H10.01"))]);
    let refused = world.change(ended("H10.01", date(2024, 12, 31), Some("H10.02"))).unwrap_err();
    assert!(matches!(refused, RegistryError::Cycle(_)), "{refused}");
}

#[test]
fn a_code_that_is_given_anew_to_the_successors_successor_is_no_cycle() {
    let mut world = world([ended("H10.01", date(2022, 12, 31), Some("H10.02")), unit("H10.02", None)]);
    world.put(Agency { valid_from: date(2024, 1, 1), ..unit("H10.01", None) }).unwrap();
    world.close("H10.02", date(2025, 12, 31), Some("H10.01")).unwrap();
    let who = |day| world.agencies().current_successor(&code("H10.02"), day).map(|agency| agency.valid_from);
    assert_eq!(who(date(2026, 1, 1)), Some(date(2024, 1, 1)));
}

#[test]
fn a_long_line_of_successors_is_followed_to_whom_answers_today() {
    let last = |year| date(year, 12, 31);
    let world = world([
        ended("H10.01", last(2021), Some("H10.02")),
        ended("H10.02", last(2022), Some("H10.03")),
        ended("H10.03", last(2022), Some("H10.04")),
        unit("H10.04", None),
        ended("H10.05", last(2023), None),
    ]);
    let who =
        |name: &str, day| world.agencies().current_successor(&code(name), day).map(|a| a.code.to_string());
    assert_eq!(who("H10.01", date(2022, 6, 1)).as_deref(), Some("H10.02"));
    assert_eq!(who("H10.01", date(2026, 6, 1)).as_deref(), Some("H10.04"));
    assert_eq!(who("H10.05", date(2026, 6, 1)), None);
    assert_eq!(who("H10.01", date(2019, 6, 1)), None);
}

#[test]
fn a_successor_must_be_there_when_it_is_needed() {
    let mut world = world([unit("H10.01", None), ended("H10.02", date(2021, 12, 31), None)]);
    for successor in ["H10.09", "H10.02"] {
        let refused = world.close("H10.01", date(2024, 12, 31), Some(successor));
        assert_eq!(places(refused), ["successor"]);
    }
    let later = Agency { valid_from: date(2025, 3, 1), ..unit("H10.03", None) };
    world.put(later).unwrap();
    world.close("H10.01", date(2024, 12, 31), Some("H10.03")).unwrap();
}

#[test]
fn the_one_above_must_count_when_the_period_begins() {
    let mut world = world([unit("H10", None), ended("H11", date(2021, 12, 31), None)]);
    let begin = |parent, from| Agency { valid_from: from, ..unit("H10.01", Some(parent)) };
    assert_eq!(places(world.put(begin("H12", date(2022, 1, 1)))), ["parent"]);
    assert_eq!(places(world.put(begin("H11", date(2022, 1, 1)))), ["parent"]);
    assert_eq!(places(world.put(begin("H10", date(2019, 12, 31)))), ["parent"]);
    world.put(begin("H11", date(2021, 12, 31))).unwrap();
    // It may end earlier; then those below it are orphans.
    assert_eq!(names(world.agencies().orphans(date(2021, 12, 31))), [""; 0]);
    assert_eq!(names(world.agencies().orphans(date(2022, 1, 1))), ["H10.01"]);
}

#[test]
fn nobody_is_above_itself() {
    let mut world = world([unit("H10", None), unit("H10.01", Some("H10")), unit("H10.02", Some("H10.01"))]);
    for parent in ["H10", "H10.01", "H10.02"] {
        assert_eq!(places(world.change(unit("H10", Some(parent)))), ["parent"], "{parent}");
    }
    // In an import, which knows neither before.
    let both = vec![unit("H20", Some("H21")), unit("H21", Some("H20"))];
    assert_eq!(places(world.import(both)), ["row 1, parent", "row 2, parent"]);
}

#[test]
fn a_parent_of_the_past_is_no_cycle() {
    let swap = date(2023, 1, 1);
    let before = |text, parent| Agency { valid_to: Some(date(2022, 12, 31)), ..unit(text, parent) };
    let after = |text, parent| Agency { valid_from: swap, ..unit(text, parent) };
    let rows =
        [before("H20", None), before("H21", Some("H20")), after("H20", Some("H21")), after("H21", None)];
    let world = world(rows);
    let (a, b) = (code("H20"), code("H21"));
    assert!(world.agencies().is_within(&b, &a, date(2022, 12, 31)));
    assert!(!world.agencies().is_within(&a, &b, date(2022, 12, 31)));
    assert!(world.agencies().is_within(&a, &b, swap));
}

#[test]
fn within_follows_parents_in_either_form_and_on_the_day() {
    let also = |text: &str, other: &str, parent: Option<&str>| Agency {
        also: Some(code(other)),
        ..unit(text, parent)
    };
    let mut world = world([
        also("000.00.00.H17", "H17", None),
        also("000.00.05.H17", "H17.05", Some("H17")),
        unit("H17.05.01", Some("000.00.05.H17")),
        unit("H18", None),
    ]);
    let within = |world: &World, below: &str, above: &str, day| {
        world.agencies().is_within(&code(below), &code(above), day)
    };
    let day = date(2024, 1, 1);
    for (below, above, expected) in [
        ("H17.05.01", "H17", true),
        ("H17.05.01", "000.00.00.H17", true),
        ("H17.05.01", "H17.05", true),
        ("000.00.00.H17", "H17", true),
        ("H17", "H17.05", false),
        ("H17.05.01", "H18", false),
        ("H99", "H99", true),
        ("H99", "H17", false),
    ] {
        assert_eq!(within(&world, below, above, day), expected, "{below} in {above}");
    }
    assert_eq!(names(world.agencies().children(&code("000.00.00.H17"), day)), ["000.00.05.H17"]);
    assert_eq!(names(world.agencies().children(&code("H17.05"), day)), ["H17.05.01"]);
    world.close("H17.05.01", day, Some("H18")).unwrap();
    assert_eq!(names(world.agencies().children(&code("H17.05"), date(2024, 1, 2))), [""; 0]);
    // What it left is still looked after from above.
    assert!(within(&world, "H17.05.01", "H17", date(2025, 1, 1)));
}

#[test]
fn all_mistakes_of_an_agency_are_named_at_once() {
    let bad = Agency {
        also: Some(code("H10.02")),
        parent: Some(code("H10.01")),
        valid_to: Some(date(2019, 1, 1)),
        note: "x".repeat(5_001),
        legal_basis: "a\u{7}b".to_owned(),
        closing_basis: "a\u{0}b".to_owned(),
        ..Agency::new(code("H10.01"), "  ", date(2020, 1, 1))
    };
    let mut world = World::default();
    assert_eq!(
        places(world.put(bad)),
        ["legal_basis", "closing_basis", "note", "name", "valid_to", "also", "parent"]
    );
    let open = Agency { successor: Some(code("H10")), closing_basis: "x".to_owned(), ..unit("H10.01", None) };
    assert_eq!(places(world.put(open)), ["successor", "closing_basis"]);
    assert_eq!(places(world.put(Agency { valid_from: date(20, 1, 1), ..unit("H10", None) })), ["valid_from"]);
}

#[test]
fn names_are_kept_composed_and_trimmed() {
    let mut world = World::default();
    world
        .put(Agency { name: "  So\u{31b}\u{309} Y te\u{302}\u{301} ".to_owned(), ..unit("H10.01", None) })
        .unwrap();
    assert_eq!(world.agencies().all().next().unwrap().name, "Sở Y tế");
}

#[test]
fn of_two_who_change_the_same_agency_the_second_gets_a_conflict() {
    let mut world = world([unit("H10.01", None)]);
    let seen = world.agencies().periods(&code("H10.01"))[0].version;
    let renamed = |name: &str| Agency { name: name.to_owned(), ..unit("H10.01", None) };
    let first = put(&world.0, &moment(), renamed("A"), Some(seen)).unwrap();
    world.take(first);
    let second = put(&world.0, &moment(), renamed("B"), Some(seen)).unwrap_err();
    assert!(
        matches!(second, RegistryError::Conflict { expected, found, .. } if expected == seen && found > seen)
    );
    assert!(matches!(world.put(renamed("B")), Err(RegistryError::Exists { .. })));
    let nobody = put(&world.0, &moment(), unit("H10.02", None), Some(seen));
    assert!(matches!(nobody, Err(RegistryError::NoSuch { .. })));
    // What is so already needs no change.
    assert!(put(&world.0, &moment(), renamed("A"), Some(0)).unwrap().is_empty());
}

#[test]
fn an_agency_is_closed_once_and_with_its_decision() {
    let mut world = world([unit("H10.01", None), unit("H10.02", None)]);
    let without = Closing { last_day: date(2024, 12, 31), successor: None, legal_basis: " ".to_owned() };
    assert!(close(&world.0, &moment(), &code("H10.01"), without.clone(), 0).is_err());
    assert!(matches!(
        close(&world.0, &moment(), &code("H10.09"), without, 0),
        Err(RegistryError::NoSuch { .. })
    ));
    assert_eq!(places(world.close("H10.01", date(2019, 12, 31), None)), ["valid_to"]);
    world.close("H10.01", date(2024, 12, 31), Some("H10.02")).unwrap();
    let closed = &world.agencies().periods(&code("H10.01"))[0].agency;
    assert_eq!(closed.closing_basis, "QĐ 1/2026/QĐ-UBND");
    assert!(matches!(
        world.close("H10.01", date(2025, 12, 31), None),
        Err(RegistryError::Transition { act: "close", .. })
    ));
}

#[test]
fn a_wrong_first_day_can_be_corrected() {
    let mut world = world([unit("H10.01", None)]);
    let own = code("H10.01");
    let (wrong, right) = (date(2020, 1, 1), date(2019, 1, 1));
    assert!(matches!(
        redate(&world.0, &moment(), &own, (wrong, right), 7),
        Err(RegistryError::Conflict { .. })
    ));
    let events = redate(&world.0, &moment(), &own, (wrong, right), 0).unwrap();
    world.take(events);
    assert!(matches!(world.agencies().on(&own, right), Standing::Valid(_)));
    assert_eq!(names(world.agencies().search("h10 01", date(2019, 6, 1), 10)), ["H10.01"]);
    assert!(matches!(
        redate(&world.0, &moment(), &own, (wrong, right), 1),
        Err(RegistryError::NoSuch { .. })
    ));
    world.close("H10.01", date(2022, 1, 1), None).unwrap();
    world.put(Agency { valid_from: date(2023, 1, 1), ..unit("H10.01", None) }).unwrap();
    let version = world.agencies().periods(&own)[1].version;
    let refused = redate(&world.0, &moment(), &own, (date(2023, 1, 1), date(2022, 1, 1)), version);
    assert!(matches!(refused, Err(RegistryError::Overlap { .. })));
}

#[test]
fn the_history_tells_what_was_before() {
    let mut world = world([unit("H10.01", None)]);
    let before = unit("H10.01", None);
    world.change(Agency { name: "Tên mới".to_owned(), ..before.clone() }).unwrap();
    let history = world.agencies().history(&code("H10.01"));
    let changes: Vec<&Change> = history.iter().map(|done| &done.change).collect();
    let entered = Change::Entered { from: date(2020, 1, 1) };
    assert_eq!(changes, [&entered, &Change::Changed { before: Box::new(before) }]);
    assert_eq!(history[1].stamp.by.as_str(), "op");
}

#[test]
fn an_import_with_errors_in_the_middle_takes_nothing_over() {
    let mut rows = sample::units(100_000);
    rows[49_999].name.clear();
    rows[50_000].parent = Some(code("G99"));
    rows[50_001].valid_to = Some(date(2019, 1, 1));
    rows[50_002] = rows[50_003].clone();
    let mut world = World::default();
    let found = places(world.import(rows));
    assert_eq!(
        found,
        ["row 50000, name", "row 50001, parent", "row 50002, valid_to", "row 50004, valid_from"]
    );
    assert!(world.agencies().is_empty());
}

#[test]
fn rows_of_an_import_may_refer_to_each_other_in_any_order() {
    let rows = vec![
        unit("H10.01", Some("H10")),
        ended("H10.02", date(2022, 1, 1), Some("H10.01")),
        unit("H10", None),
    ];
    let mut world = World::default();
    world.import(rows.clone()).unwrap();
    assert_eq!(world.agencies().len(), 3);
    // Again: nothing to do. With one change: only that one.
    assert!(import(&world.0, &moment(), rows.clone()).unwrap().is_empty());
    let mut rows = rows;
    rows[0].name = "Tên mới".to_owned();
    let events = import(&world.0, &moment(), rows).unwrap();
    let [crate::Event::Agency(Event::PutMany { agencies })] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(names(agencies), ["H10.01"]);
}

#[test]
fn rows_of_an_import_are_checked_against_each_other() {
    let also = |text: &str| Agency { also: Some(code("H10.05")), ..unit(text, None) };
    let rows = vec![
        also("000.00.05.H10"),
        also("000.00.06.H10"),
        ended("H10.01", date(2022, 1, 1), Some("H10.02")),
        ended("H10.02", date(2022, 1, 1), Some("H10.01")),
    ];
    let refused = World::default().import(rows);
    let found = ["row 1, valid_from", "row 2, valid_from", "row 3, successor", "row 4, successor"];
    assert_eq!(places(refused), found);
}

#[test]
fn a_code_with_endless_periods_is_refused_without_comparing_them_all() {
    let day = |number: i32| date(1950, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap();
    let rows =
        (0..20_000).map(|n| Agency { valid_from: day(n), valid_to: Some(day(n)), ..unit("H10", None) });
    let found = places(World::default().import(rows.collect()));
    assert_eq!(found.len(), 20_000 - PERIODS_MAX);
}

#[test]
fn more_rows_than_the_limit_are_refused() {
    let rows = vec![unit("H10", None); ROWS_MAX + 1];
    assert!(matches!(World::default().import(rows), Err(RegistryError::TooMany { .. })));
}

#[test]
fn events_keep_their_form() {
    let put = crate::Event::Agency(Event::Put(unit("H10.01", Some("H10"))));
    let text = r#"{"noun":"agency","event":{"what":"put","code":"H10.01","name":"Đơn vị H10.01","parent":"H10","valid_from":"2020-01-01"}}"#;
    assert_eq!(serde_json::to_string(&put).unwrap(), text);
    assert_eq!(serde_json::from_str::<crate::Event>(text).unwrap(), put);
    let unknown = text.replace("\"parent\"", "\"parents\"");
    assert!(serde_json::from_str::<crate::Event>(&unknown).is_err());
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let _ = table::import_csv(&State::default(), &moment(), &bytes);
        let _ = table::import_csv(&State::default(), &moment(), format!("code,name,valid_from\n{text}").as_bytes());
        let _ = text.parse::<AgencyCode>();
    }

    #[test]
    fn no_query_makes_the_search_panic(query in "\\PC{0,60}") {
        let world = world([unit("H10.01", None), Agency { name: "Sở 𝔸 ﬁ ß İ".to_owned(), ..unit("H10.02", None) }]);
        let _ = world.agencies().search(&query, date(2024, 1, 1), 10);
    }

    /// Whatever is put in whatever order: no name is carried twice on a day, and every line of successors ends.
    #[test]
    fn decided_agencies_keep_the_invariants(
        steps in proptest::collection::vec((0_usize..4, 0_i16..6, 0_i16..4, 0_usize..5, 0_usize..5, 0_usize..3), 1..30)
    ) {
        let own = ["H10", "H11", "H12", "000.00.00.H13"];
        let mut world = World::default();
        for (who, from, length, parent, successor, also) in steps {
            let agency = Agency {
                parent: own.get(parent).map(|text| code(text)),
                valid_from: date(2020 + from, 1, 1),
                valid_to: (length > 0).then(|| date(2020 + from + length, 6, 30)),
                successor: own.get(successor).filter(|_| length > 0).map(|text| code(text)),
                also: (also == 0 && who == 3).then(|| code("H12")),
                ..unit(own[who], None)
            };
            let seen = world.agencies().period(&agency.code, agency.valid_from).map(|period| period.version);
            if let Ok(events) = put(&world.0, &moment(), agency, seen) {
                world.take(events);
            }
        }
        for day in (2019..2032).map(|year| date(year, 3, 1)) {
            for name in own.map(code) {
                let carrying = world.agencies().called(&name).filter(|agency| agency.is_valid_on(day)).count();
                prop_assert!(carrying <= 1, "{} on {}", name, day);
                let mut standing = world.agencies().on(&name, day);
                let mut hops = 0;
                while let Standing::Closed { successor: Some(next), .. } = standing {
                    standing = world.agencies().on(next, day);
                    hops += 1;
                    prop_assert!(hops < 10, "{} on {} leads in a circle", name, day);
                }
                let mut above = world.agencies().own_on(&name, day);
                for _ in 0..=LEVELS_MAX {
                    above = above.and_then(|agency| match world.agencies().on(agency.parent.as_ref()?, day) {
                        Standing::Valid(parent) => Some(parent),
                        _ => None,
                    });
                }
                prop_assert!(above.is_none(), "{} on {} is below itself", name, day);
            }
        }
    }
}
