//! Duplicate persons in a register of which the truth is known.

use std::collections::HashMap;
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
    drafted.url = base.url.clone();
    drafted
}

/// Shares of what was found that is true, and of what is true that was found.
fn precision_and_recall(found: &Found, register: &Register, entries: &[Entry]) -> (f64, f64) {
    let person = |row: u32| entries[register.place(row).1.parse::<usize>().unwrap() - 1].person;
    let right = found.pairs.iter().filter(|pair| person(pair.a) == person(pair.b)).count();
    let mut times: HashMap<usize, usize> = HashMap::new();
    entries.iter().for_each(|entry| *times.entry(entry.person).or_default() += 1);
    let twice = times.values().filter(|times| **times == 2).count();
    (right as f64 / found.pairs.len().max(1) as f64, right as f64 / twice as f64)
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
    println!("pairs {} precision {precision:.4} recall {recall:.4}", found.pairs.len());
    for pair in found
        .pairs
        .iter()
        .filter(|p| {
            entries[people.place(p.a).1.parse::<usize>().unwrap() - 1].person
                != entries[people.place(p.b).1.parse::<usize>().unwrap() - 1].person
        })
        .take(8)
    {
        println!("{pair:?}");
    }
    println!("{:?}", found.model);
    assert!(precision >= 0.98, "{precision}");
    assert!(recall >= 0.95, "{recall}");
}
on_each_engine!(persons_who_are_there_twice_are_found_and_others_are_not);
