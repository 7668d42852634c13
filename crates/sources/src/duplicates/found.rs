//! Looking for pairs, and what is told of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;

use super::block::{BLOCK_MAX, Blocks};
use super::compare::Comparison;
use super::model::Model;
use super::person::Register;

/// Pairs that are told; the most probable ones of more.
pub const PAIRS_MAX: usize = 100_000;
/// The seed of pairs by chance.
const SEED: u64 = 1969;

/// How pairs are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// From this probability on a pair is told.
    pub min: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { min: 0.9 }
    }
}

/// Two rows that are probably one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// A row, by its number in the register.
    pub a: u32,
    /// Another.
    pub b: u32,
    /// How probable it is, 0 to 1.
    pub probability: f64,
    /// What both tell, and how far they agree, from 1 on: "differs".
    pub levels: Vec<(Comparison, usize)>,
}

/// Rows that hang together by pairs. Nobody has said that they are one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The rows, by their numbers in the register, in order.
    pub rows: Vec<u32>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Pairs, the most probable first.
    pub pairs: Vec<Pair>,
    /// Whether there are more pairs than are told of.
    pub more: bool,
    /// Rows that hang together, of the pairs above, the largest first.
    pub clusters: Vec<Cluster>,
    /// Pairs that were compared.
    pub compared: u64,
    /// What should be known, in Vietnamese and English.
    pub remarks: Vec<(String, String)>,
    /// The weights.
    pub model: Model,
    /// Whether it was stopped before the end; pairs are then missing.
    pub stopped: bool,
}

/// Looks for pairs in a register; this takes a processor for as long as it lasts. Tells now and then how many pairs were
/// compared.
pub fn find(
    register: &Register,
    options: Options,
    stop: &AtomicBool,
    mut progress: impl FnMut(u64),
) -> Found {
    let mut model = Model::learn(register, SEED, stop);
    let mut compared = 0_u64;
    let mut told = |compared: u64| {
        if compared.is_multiple_of(1 << 20) {
            progress(compared);
        }
    };
    let mut counts = HashMap::new();
    let mut blocks = Blocks::new(register, stop);
    let mut stopped = !blocks.all(&mut |a, b| {
        *counts.entry(register.pattern(a, b)).or_insert(0.0) += 1.0;
        compared += 1;
        told(compared);
    });
    model.learn_prior(&counts);
    model.purify();
    model.learn_prior(&counts);
    let remarks = remarks(&blocks);

    let mut pairs = Vec::new();
    let mut more = false;
    stopped |= !Blocks::new(register, stop).all(&mut |a, b| {
        let pattern = register.pattern(a, b);
        let probability = model.probability(register, &register.people[a as usize], pattern);
        if probability >= options.min {
            let level = |comparison: Comparison| (comparison, usize::from(pattern.level(comparison)));
            let levels = Comparison::ALL.into_iter().map(level).filter(|(_, level)| *level > 0).collect();
            pairs.push(Pair { a: a.min(b), b: a.max(b), probability, levels });
            if pairs.len() >= 2 * PAIRS_MAX {
                more = true;
                best(&mut pairs);
            }
        }
    });
    // A block that was cut may show a pair again.
    best(&mut pairs);
    Found { clusters: clusters(&pairs), pairs, more, compared, remarks, model, stopped }
}

/// Keeps the most probable pairs, each once.
fn best(pairs: &mut Vec<Pair>) {
    pairs.sort_unstable_by(|x, y| {
        y.probability.total_cmp(&x.probability).then_with(|| (x.a, x.b).cmp(&(y.a, y.b)))
    });
    pairs.dedup_by_key(|pair| (pair.a, pair.b));
    pairs.truncate(PAIRS_MAX);
}

fn remarks(blocks: &Blocks<'_>) -> Vec<(String, String)> {
    let mut by_key: BTreeMap<&str, (&str, usize, usize)> = BTreeMap::new();
    for cut in &blocks.cuts {
        let (vi, en) = cut.key.title();
        let (_, count, largest) = by_key.entry(vi).or_insert((en, 0, 0));
        *count += 1;
        *largest = cut.persons.max(*largest);
    }
    let remark = |(vi, (en, count, largest)): (&str, (&str, usize, usize))| {
        (
            format!(
                "{count} nhóm cùng {vi} có hơn {BLOCK_MAX} dòng (lớn nhất {largest}): chỉ so với các dòng gần"
            ),
            format!(
                "{count} blocks of one {en} have more than {BLOCK_MAX} rows (the largest {largest}): compared with neighbours only"
            ),
        )
    };
    by_key.into_iter().map(remark).collect()
}

/// Connected rows, by union and find.
fn clusters(pairs: &[Pair]) -> Vec<Cluster> {
    fn root(parents: &mut HashMap<u32, u32>, row: u32) -> u32 {
        let mut at = row;
        while let Some(parent) = parents.get(&at).copied().filter(|parent| *parent != at) {
            // Every second step is left out next time, so that ways stay short.
            let next = parents.get(&parent).copied().unwrap_or(parent);
            parents.insert(at, next);
            at = next;
        }
        at
    }
    let mut parents = HashMap::new();
    for pair in pairs {
        let (a, b) = (root(&mut parents, pair.a), root(&mut parents, pair.b));
        parents.insert(a.max(b), a.min(b));
        parents.entry(a.min(b)).or_insert(a.min(b));
    }
    let mut rows: Vec<u32> = pairs.iter().flat_map(|pair| [pair.a, pair.b]).collect();
    rows.sort_unstable();
    rows.dedup();
    let mut by_root: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        by_root.entry(root(&mut parents, row)).or_default().push(row);
    }
    let mut clusters: Vec<_> = by_root.into_values().map(|rows| Cluster { rows }).collect();
    clusters.sort_by_key(|cluster| (std::cmp::Reverse(cluster.rows.len()), cluster.rows[0]));
    clusters
}
