//! Measures the search for duplicate persons on an invented register: `linkage PERSONS SEED [CSV]`.
//!
//! With a third argument the register is written there, with the truth in the column `person`, so that another program can
//! be measured on the same rows: `tests/linkage_splink.py`.
#![allow(clippy::unwrap_used, reason = "a program for measuring may panic")]

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use sources::definition::Definition;
use sources::duplicates::{Columns, Options, Register, find};

#[path = "../tests/it/register.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod register;

const NAMES: [&str; 9] = [
    "so_dinh_danh",
    "ho_ten",
    "ngay_sinh",
    "gioi_tinh",
    "cmnd",
    "ma_xa",
    "dien_thoai",
    "ho_ten_cha",
    "ho_ten_me",
];
const MEANINGS: [&str; 9] = [
    "personal_number",
    "person_name",
    "birth_date",
    "sex",
    "old_identity_card",
    "commune_code",
    "phone",
    "person_name",
    "person_name",
];

fn definition() -> Definition {
    let mut text = "format = \"lienthong-source/1\"\nurl = \"sqlite:a.db\"\n[service]\nsubsystem = \"A\"\ncode = \"a\"\n\
                    title_vi = \"A\"\n[entity]\ntable = \"a\"\nkey = [\"id\"]\nkey_types = [\"int\"]\n"
        .to_owned();
    for (name, meaning) in NAMES.iter().zip(MEANINGS) {
        text += &format!(
            "[[field]]\nname = \"{name}\"\ncolumn = \"{name}\"\ntype = \"text\"\ncolumn_type = \"text\"\nmeaning = \"{meaning}\"\n"
        );
    }
    Definition::parse(&text).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (persons, seed) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    let entries = register::register(persons, 20, seed);
    if let Some(path) = arguments.get(2) {
        let mut out = csv::Writer::from_path(path).unwrap();
        out.write_record(["id", "person"].iter().chain(&NAMES)).unwrap();
        for entry in &entries {
            let own = [entry.id.to_string(), entry.person.to_string()];
            out.write_record(own.iter().chain(register::values(entry))).unwrap();
        }
    }
    let columns = Columns::of(&definition()).unwrap();
    let (mut people, started) = (Register::default(), Instant::now());
    people.begin("A");
    for entry in &entries {
        let row: Vec<_> = register::values(entry).map(|text| (!text.is_empty()).then(|| text.clone())).into();
        assert!(people.add(&columns, &row, &entry.id.to_string()));
    }
    let truth: Vec<usize> = entries.iter().map(|entry| entry.person).collect();
    drop(entries);
    println!("{} rows read in {:?}, {}", people.len(), started.elapsed(), memory());
    let started = Instant::now();
    let found = find(&people, Options::default(), &AtomicBool::new(false), |_| ());
    println!("{} pairs compared in {:?}, {}", found.compared, started.elapsed(), memory());
    let person = |row: u32| truth[people.place(row).1.parse::<usize>().unwrap() - 1];
    let right = found.pairs.iter().filter(|pair| person(pair.a) == person(pair.b)).count();
    let mut times: HashMap<usize, usize> = HashMap::new();
    truth.iter().for_each(|person| *times.entry(*person).or_default() += 1);
    let twice = times.values().filter(|times| **times == 2).count();
    let share =
        |of: usize| f64::from(u32::try_from(right).unwrap()) / f64::from(u32::try_from(of.max(1)).unwrap());
    println!(
        "{} pairs told, {twice} persons are there twice: precision {:.4}, recall {:.4}",
        found.pairs.len(),
        share(found.pairs.len()),
        share(twice)
    );
    found.remarks.iter().for_each(|(_, en)| println!("{en}"));
}

/// The most memory that the program had.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}
