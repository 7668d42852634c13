//! Duplicate persons in a register of which the truth is known.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use sources::definition::Definition;
use sources::duplicates::{Columns, Found, Options, Register, find};
use sources::engine::Source;
use sources::protect::Protector;
use sources::scan::{Scan, Step};
use sources::{draft, inspect, serve};

use crate::base::{Base, on_each_engine};
use crate::register::{Entry, register, sql};

/// Every row of the source, as the command reads it.
async fn read(definition: &Definition, source: &Source, into: &mut Register) {
    let columns = Columns::of(definition).unwrap();
    let protector = Protector::new(definition.limits.at_once);
    let mut scan = Scan::new(definition, source, &protector);
    into.begin("A");
    loop {
        let step =
            scan.step(u32::MAX, |row, key| assert!(into.add(&columns, row, &key.join(",")))).await.unwrap();
        if matches!(step, Step::Last(_)) {
            return;
        }
    }
}

/// The register of a base as `source draft` describes it.
async fn definition(base: &Base) -> Definition {
    let source = base.source().await;
    let tables = source.tables().await.unwrap();
    let table = tables.iter().find(|table| table.name == "nguoi").unwrap();
    let seen = inspect::look(&source, table).await.unwrap();
    let mut drafted = draft::draft(&base.address(), table, &seen, ("DANCU", "nguoi")).unwrap();
    drafted.url.clone_from(&base.url);
    drafted
}

/// Shares of what was found that is true, and of what is true that was found.
fn precision_and_recall(found: &Found, register: &Register, entries: &[Entry]) -> (f64, f64) {
    let person = |row: u32| entries[register.place(row).1.parse::<usize>().unwrap() - 1].person;
    let right = found.pairs.iter().filter(|pair| person(pair.a) == person(pair.b)).count();
    let mut times: HashMap<usize, usize> = HashMap::new();
    for entry in entries {
        *times.entry(entry.person).or_default() += 1;
    }
    let twice = times.values().filter(|times| **times == 2).count();
    let count = |of: usize| f64::from(u32::try_from(of).unwrap());
    (count(right) / count(found.pairs.len().max(1)), count(right) / count(twice))
}

async fn persons_who_are_there_twice_are_found_and_others_are_not(base: Base) {
    let entries = register(3_000, 20, 7);
    for statement in sql(&entries) {
        base.execute(&statement).await;
    }
    let definition = definition(&base).await;
    let source = serve::open(&definition).await.unwrap();
    let mut people = Register::default();
    read(&definition, &source, &mut people).await;
    assert_eq!(people.len(), entries.len());

    let found = find(&people, Options::default(), &AtomicBool::new(false), |_| ());
    let (precision, recall) = precision_and_recall(&found, &people, &entries);
    // What is told wrongly are twins with names that are alike.
    assert!(precision >= 0.95, "{precision}");
    assert!(recall >= 0.97, "{recall}");
    assert!(found.clusters.iter().all(|cluster| cluster.rows.len() >= 2));

    let text = found.json(&people, false).to_string()
        + &String::from_utf8(found.csv(&people, false).unwrap()).unwrap();
    let entry = &entries[people.place(found.pairs[0].a).1.parse::<usize>().unwrap() - 1];
    assert!(!text.contains(&entry.name) && !text.contains(&entry.phone), "nothing of a person is told");
}
on_each_engine!(persons_who_are_there_twice_are_found_and_others_are_not);

/// The columns of an invented definition.
fn columns_of(names: &[(&str, &str)]) -> Option<Columns> {
    let mut text = "format = \"lienthong-source/1\"\nurl = \"sqlite:a.db\"\n[service]\nsubsystem = \"A\"\ncode = \"a\"\n\
                    title_vi = \"A\"\n[entity]\ntable = \"a\"\nkey = [\"id\"]\nkey_types = [\"int\"]\n"
        .to_owned();
    for (name, meaning) in names {
        write!(text, "[[field]]\nname = \"{name}\"\ncolumn = \"{name}\"\ntype = \"text\"\ncolumn_type = \"text\"\nmeaning = \"{meaning}\"\n").unwrap();
    }
    Columns::of(&Definition::parse(&text).unwrap())
}

#[test]
fn one_person_in_two_sources_is_found_across_them() {
    let entries = register(2_000, 1_000_000, 11);
    let columns =
        columns_of(&[("hoTen", "person_name"), ("ngaySinh", "birth_date"), ("cccd", "personal_number")])
            .unwrap();
    let mut people = Register::default();
    for (source, step) in [("DANCU/nguoi", 1), ("HOTICH/khai-sinh", 40)] {
        people.begin(source);
        for entry in entries.iter().step_by(step) {
            let row = [&entry.name, &entry.birth, &entry.number].map(|text| Some(text.clone()));
            assert!(people.add(&columns, &row, &entry.id.to_string()));
        }
    }
    let found = find(&people, Options::default(), &AtomicBool::new(false), |_| ());
    let across = found.pairs.iter().filter(|pair| people.place(pair.a).0 != people.place(pair.b).0).count();
    assert_eq!(across, entries.len().div_ceil(40), "every row of the second source is in the first");
    let stopped = find(&people, Options::default(), &AtomicBool::new(true), |_| ());
    assert!(stopped.stopped && stopped.pairs.is_empty());
}

#[test]
fn a_placeholder_that_many_share_does_not_make_every_pair() {
    let columns =
        columns_of(&[("hoTen", "person_name"), ("ngaySinh", "birth_date"), ("dienThoai", "phone")]).unwrap();
    let mut people = Register::default();
    people.begin("A");
    for entry in register(3_000, 1_000_000, 12) {
        let row = [Some(entry.name), Some(entry.birth), Some("0900000000".to_owned())];
        assert!(people.add(&columns, &row, &entry.id.to_string()));
    }
    let found = find(&people, Options::default(), &AtomicBool::new(false), |_| ());
    assert!(found.compared < 100_000, "{} of 4.5 million", found.compared);
    assert!(found.remarks.iter().any(|(_, en)| en.contains("phone")), "{:?}", found.remarks);
}

#[test]
fn a_source_that_tells_too_little_of_persons_is_not_searched() {
    assert_eq!(columns_of(&[("hoTen", "person_name"), ("sdt", "phone")]), None);
    let with_mother =
        columns_of(&[("hoTenMe", "person_name"), ("ho_ten", "person_name"), ("ngaySinh", "birth_date")]);
    let alone = columns_of(&[("x", "phone"), ("ho_ten", "person_name"), ("ngaySinh", "birth_date")]);
    assert!(with_mother.is_some() && with_mother != alone);
}
