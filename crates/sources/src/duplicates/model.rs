//! The weights: how likely each level is for one person, for two, and how likely two rows are one person.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use super::block::{Blocks, Key};
use super::compare::{Evidence, LEVELS_MAX, Pattern};
use super::person::{Person, Register};

/// Pairs by chance on which `u` is counted.
const CHANCE_PAIRS: u32 = 1_000_000;
/// Pairs of a blocking key on which `m` is learned.
const LEARNED_PAIRS: usize = 1_000_000;
/// Rounds of expectation–maximization at most; it ends when nothing moves by more than [`STILL`].
const ROUNDS: usize = 200;
const STILL: f64 = 1e-6;
/// What is known before learning weighs as much as so many pairs.
const PRIOR_PAIRS: f64 = 10.0;
/// The least that is believed of anything: a level that was never seen among pairs by chance is rare, not impossible.
const LEAST: f64 = 1e-9;

type Table = [[f64; LEVELS_MAX]; Evidence::ALL.len()];
type Counts = HashMap<Pattern, f64>;

/// The weights of a register.
#[derive(Clone, Debug)]
pub struct Model {
    m: Table,
    u: Table,
    /// How likely two rows by chance are one person.
    pub(super) prior: f64,
    /// How likely two rows by chance have the same plain name.
    same_name: f64,
    persons: f64,
}

/// What is taken for `m` before anything is learned: a clerk's slips in one row of ten or twenty, people who move and change
/// phones. Winkler begins with 0.9 for agreement; the rest is shared out by how near the levels are.
const fn before_learning(of: Evidence) -> &'static [f64] {
    match of {
        Evidence::Name => &[0.02, 0.03, 0.05, 0.10, 0.80],
        Evidence::Birth => &[0.02, 0.03, 0.05, 0.90],
        Evidence::Sex => &[0.02, 0.98],
        Evidence::Number | Evidence::Card => &[0.05, 0.05, 0.90],
        Evidence::Household => &[0.10, 0.15, 0.25, 0.50],
    }
}

impl Model {
    /// Learns from a register. The same seed gives the same weights.
    pub(super) fn learn(register: &Register, seed: u64, stop: &AtomicBool) -> Self {
        let u = by_chance(register, seed);
        let mut start: Table = [[0.0; LEVELS_MAX]; Evidence::ALL.len()];
        for evidence in Evidence::ALL {
            start[evidence as usize][1..=before_learning(evidence).len()]
                .copy_from_slice(before_learning(evidence));
        }
        // What each key teaches counts as much as the pairs of one person that it shows.
        let mut sums = start.map(|row| row.map(|share| share * PRIOR_PAIRS));
        for key in Key::LEARNED_FROM {
            let mut counts = Counts::new();
            Blocks::new(register, stop).some(key, LEARNED_PAIRS, &mut |a, b| {
                *counts.entry(register.pattern(a, b)).or_default() += 1.0;
            });
            let learned = maximize(&counts, &start, &u, key.settles());
            for evidence in Evidence::ALL.into_iter().filter(|c| !key.settles().contains(c)) {
                for (sum, more) in sums[evidence as usize].iter_mut().zip(learned[evidence as usize]) {
                    *sum += more;
                }
            }
        }
        let persons = f64::from(u32::try_from(register.len()).unwrap_or(u32::MAX));
        let shares = register.names.counts.iter().skip(1).map(|count| f64::from(*count) / persons);
        Self { m: shared(sums), u, prior: 0.0, same_name: shares.map(|share| share * share).sum(), persons }
    }

    /// Finds how likely two rows by chance are one person, from all pairs that were compared; the others count as two.
    pub(super) fn learn_prior(&mut self, counts: &Counts) {
        let all = self.persons * (self.persons - 1.0) / 2.0;
        if all < 1.0 {
            return;
        }
        // As if one row in a hundred were a second one.
        self.prior = (self.persons * 0.01 / all).min(0.5);
        for _ in 0..ROUNDS {
            let found: f64 = counts.iter().map(|(p, count)| probability(self.odds(*p)) * count).sum();
            let prior = (found / all).clamp(1.0 / (all * 100.0).max(2.0), 0.5);
            let moved = (prior - self.prior).abs() / self.prior;
            self.prior = prior;
            if moved < STILL {
                break;
            }
        }
    }

    /// Takes out of `u` what pairs of one person among those by chance put into it: where few have a value in common, as with
    /// personal numbers, that is most of it.
    pub(super) fn purify(&mut self) {
        let rare = 0.5 / f64::from(CHANCE_PAIRS);
        for (u, m) in self.u.iter_mut().flatten().zip(self.m.iter().flatten()).filter(|(u, _)| **u > 0.0) {
            *u = ((*u - self.prior * m) / (1.0 - self.prior)).max(rare);
        }
    }

    /// How likely two rows are one person.
    pub(super) fn probability(&self, register: &Register, one: &Person, pattern: Pattern) -> f64 {
        let mut odds = self.odds(pattern);
        if pattern.evidence(Evidence::Name) >= 4 {
            // Two who are called Nguyễn Văn Hùng are less likely one than two with a rare name.
            let count = register.names.counts[register.names.plain(one.name) as usize];
            odds *= self.same_name / (f64::from(count) / self.persons).max(LEAST);
        }
        probability(odds)
    }

    fn odds(&self, pattern: Pattern) -> f64 {
        self.prior / (1.0 - self.prior) * likelier(pattern, &self.m, &self.u, &[])
    }

    /// How much likelier a level is for one person than for two.
    pub fn weight(&self, evidence: Evidence, level: usize) -> f64 {
        self.m[evidence as usize][level] / self.u[evidence as usize][level]
    }
}

impl Register {
    pub(super) fn pattern(&self, a: u32, b: u32) -> Pattern {
        self.compare(&self.people[a as usize], &self.people[b as usize])
    }
}

/// How much likelier a pattern is for one person than for two.
fn likelier(pattern: Pattern, m: &Table, u: &Table, settled: &[Evidence]) -> f64 {
    let mut times = 1.0;
    for evidence in Evidence::ALL.into_iter().filter(|c| !settled.contains(c)) {
        let level = pattern.evidence(evidence);
        if level > 0 {
            times *= m[evidence as usize][level] / u[evidence as usize][level];
        }
    }
    times
}

fn probability(odds: f64) -> f64 {
    if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
}

/// `u`: shares of levels among pairs by chance, nearly all of which are two persons.
fn by_chance(register: &Register, seed: u64) -> Table {
    let count = register.len() as u64;
    let mut table: Table = [[0.0; LEVELS_MAX]; Evidence::ALL.len()];
    let mut chance = Chance(seed);
    let pairs = if count < 2 { 0 } else { u64::from(CHANCE_PAIRS).min(count * count) };
    for _ in 0..pairs {
        let (a, b) = (chance.below(count), chance.below(count));
        if a != b {
            let pattern = register.pattern(a, b);
            for evidence in Evidence::ALL {
                table[evidence as usize][pattern.evidence(evidence)] += 1.0;
            }
        }
    }
    for evidence in Evidence::ALL {
        for level in &mut table[evidence as usize][1..=evidence.levels()] {
            *level += 0.5;
        }
    }
    shared(table)
}

/// Counts as shares of one, without what was not known.
fn shared(mut table: Table) -> Table {
    for evidence in Evidence::ALL {
        let row = &mut table[evidence as usize];
        row[0] = 0.0;
        let sum: f64 = row.iter().sum();
        for share in &mut row[1..=evidence.levels()] {
            *share = (*share / sum.max(LEAST)).max(LEAST);
        }
    }
    table
}

/// Expectation–maximization with `u` held: returns how many pairs of one person had each level.
fn maximize(counts: &Counts, start: &Table, u: &Table, settled: &[Evidence]) -> Table {
    let all: f64 = counts.values().sum();
    let mut m = *start;
    let mut share = 0.5;
    let mut sums = [[0.0; LEVELS_MAX]; Evidence::ALL.len()];
    for _ in 0..ROUNDS {
        sums = [[0.0; LEVELS_MAX]; Evidence::ALL.len()];
        let mut found = 0.0;
        for (pattern, count) in counts {
            let odds = share / (1.0 - share) * likelier(*pattern, &m, u, settled);
            let expected = probability(odds) * count;
            found += expected;
            for evidence in Evidence::ALL {
                sums[evidence as usize][pattern.evidence(evidence)] += expected;
            }
        }
        let mut with_start = sums;
        for (row, start) in with_start.iter_mut().zip(start) {
            row.iter_mut().zip(start).for_each(|(sum, start)| *sum += start * PRIOR_PAIRS);
        }
        let next = shared(with_start);
        let now = (found / all.max(1.0)).clamp(1e-6, 1.0 - 1e-6);
        let moved = next.iter().flatten().zip(m.iter().flatten()).map(|(a, b)| (a - b).abs());
        let moved = moved.fold((now - share).abs(), f64::max);
        (m, share) = (next, now);
        if moved < STILL {
            break;
        }
    }
    for row in &mut sums {
        row[0] = 0.0;
    }
    sums
}

/// Numbers by chance, the same for the same seed (splitmix64, Steele, Lea and Flood, OOPSLA 2014).
struct Chance(u64);

impl Chance {
    /// A number below a limit of at most 2³².
    fn below(&mut self, limit: u64) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((((z ^ z >> 31) >> 32) * limit) >> 32).unwrap_or(0)
    }
}
