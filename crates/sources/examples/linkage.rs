//! Measures the search for duplicate persons: `linkage make PERSONS SEED CSV` writes an invented register with the truth in
//! the column `person`, `linkage find CSV` searches it. Another program can be measured on the same rows:
//! `tests/linkage_splink.py`.
#![allow(clippy::unwrap_used, reason = "a program for measuring may panic")]

use std::collections::HashMap;
use std::fmt::Write as _;
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
        write!(text, "[[field]]\nname = \"{name}\"\ncolumn = \"{name}\"\ntype = \"text\"\ncolumn_type = \"text\"\nmeaning = \"{meaning}\"\n").unwrap();
    }
    Definition::parse(&text).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", persons, seed, path] => make(persons.parse().unwrap(), seed.parse().unwrap(), path),
        ["find", path] => measure(path),
        _ => println!("linkage make PERSONS SEED CSV | linkage find CSV"),
    }
}

fn make(persons: usize, seed: u64, path: &str) {
    let mut out = csv::Writer::from_path(path).unwrap();
    out.write_record(["id", "person"].iter().chain(&NAMES)).unwrap();
    for entry in register::register(persons, 20, seed) {
        let own = [entry.id.to_string(), entry.person.to_string()];
        out.write_record(own.iter().chain(register::values(&entry))).unwrap();
    }
}

fn measure(path: &str) {
    let columns = Columns::of(&definition()).unwrap();
    let (mut people, mut truth, started) = (Register::default(), Vec::<u32>::new(), Instant::now());
    people.begin("A");
    for record in csv::Reader::from_path(path).unwrap().records() {
        let record = record.unwrap();
        let row: Vec<_> =
            record.iter().skip(2).map(|text| (!text.is_empty()).then(|| text.to_owned())).collect();
        truth.push(record[1].parse().unwrap());
        assert!(people.add(&columns, &row, &record[0]));
    }
    println!("{} rows read in {:?}, {}", people.len(), started.elapsed(), memory());
    let started = Instant::now();
    let found = find(&people, Options::default(), &AtomicBool::new(false), |_| ());
    println!("{} pairs compared in {:?}, {}", found.compared, started.elapsed(), memory());
    let right = found.pairs.iter().filter(|pair| truth[pair.a as usize] == truth[pair.b as usize]).count();
    let mut times: HashMap<u32, usize> = HashMap::new();
    for person in &truth {
        *times.entry(*person).or_default() += 1;
    }
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
