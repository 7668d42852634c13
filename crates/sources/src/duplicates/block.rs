//! Which pairs are compared at all: those that agree in a blocking key.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::compare::Evidence;
use super::person::{Person, Register, hash};

/// Persons of a block that are all compared with each other. Of a larger block, which is a placeholder rather than a value
/// (`0900000000`) or one of the commonest names of one year, each person is compared with neighbours in the order of names.
pub const BLOCK_MAX: usize = 500;
/// Neighbours in a block that is too large ("sorted neighbourhood", Hernández and Stolfo, SIGMOD 1995).
const NEIGHBOURS: usize = 20;

/// A blocking key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Number,
    BirthAndGivenName,
    NameAndYear,
    Phone,
    Card,
}

impl Key {
    pub(super) const ALL: [Self; 5] =
        [Self::Number, Self::BirthAndGivenName, Self::NameAndYear, Self::Phone, Self::Card];

    /// The keys on whose pairs `m` is learned. Not phones: a household shares one, and would be learned as one person.
    pub(super) const LEARNED_FROM: [Self; 4] =
        [Self::Number, Self::BirthAndGivenName, Self::NameAndYear, Self::Card];

    /// What pairs with this key agree in already, so that nothing can be learned of it there.
    pub(super) const fn settles(self) -> &'static [Evidence] {
        match self {
            Self::Number => &[Evidence::Number],
            Self::BirthAndGivenName | Self::NameAndYear => &[Evidence::Birth, Evidence::Name],
            Self::Phone => &[Evidence::Household],
            Self::Card => &[Evidence::Card],
        }
    }

    /// In words.
    pub(super) const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Number => ("số định danh", "personal number"),
            Self::BirthAndGivenName => ("ngày sinh và tên", "birth and given name"),
            Self::NameAndYear => ("họ tên và năm sinh", "name and year of birth"),
            Self::Phone => ("điện thoại", "phone"),
            Self::Card => ("CMND", "old card"),
        }
    }

    /// The value of the key; nothing where the person does not tell it.
    fn of(self, register: &Register, person: &Person) -> Option<u64> {
        let plain = register.names.plain(person.name);
        match self {
            Self::Number => (person.number != 0).then_some(person.number),
            Self::BirthAndGivenName if person.has_day() && plain != 0 => {
                let given = register.names.text(plain).split(' ').next().unwrap_or_default();
                Some(hash(given) ^ u64::from(person.birth).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            }
            Self::NameAndYear if person.birth != 0 && plain != 0 => {
                Some(u64::from(plain) << 16 | u64::from(person.year()))
            }
            Self::Phone => (person.phone != 0).then_some(person.phone),
            Self::Card => (person.card != 0).then_some(person.card),
            _ => None,
        }
    }
}

/// A block that was too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) key: Key,
    pub(super) persons: usize,
}

/// Goes through pairs, block after block.
pub(super) struct Blocks<'a> {
    register: &'a Register,
    stop: &'a AtomicBool,
    /// Blocks that were not compared wholly, of the keys that were gone through.
    cut: HashSet<(usize, u64)>,
    pub(super) cuts: Vec<Cut>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(register: &'a Register, stop: &'a AtomicBool) -> Self {
        Self { register, stop, cut: HashSet::new(), cuts: Vec::new() }
    }

    /// Hands over every pair of every block once: a pair of an earlier key does not come again, unless that block was cut.
    /// False: it was stopped.
    pub(super) fn all(&mut self, each: &mut impl FnMut(u32, u32)) -> bool {
        for (number, key) in Key::ALL.into_iter().enumerate() {
            let mut blocks = self.sorted(key);
            let done = self.of_key((number, key), &mut blocks, each);
            if !done {
                return false;
            }
        }
        true
    }

    /// Hands over pairs of one key, about so many of them at most: of more, whole blocks are left out by chance.
    pub(super) fn some(&self, key: Key, pairs_max: usize, each: &mut impl FnMut(u32, u32)) {
        let blocks = self.sorted(key);
        let of = |block: &&[(u64, u32)]| (2..=BLOCK_MAX).contains(&block.len());
        let whole = || blocks.chunk_by(|a, b| a.0 == b.0).filter(of);
        let pairs: usize = whole().map(|block| block.len() * (block.len() - 1) / 2).sum();
        let one_of = pairs.div_ceil(pairs_max).max(1) as u64;
        for block in whole() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            if (block[0].0 ^ block[0].0 >> 32).is_multiple_of(one_of) {
                for (at, (_, a)) in block.iter().enumerate() {
                    block[at + 1..].iter().for_each(|(_, b)| each(*a, *b));
                }
            }
        }
    }

    /// Persons with a key, in its order: 16 bytes for each.
    fn sorted(&self, key: Key) -> Vec<(u64, u32)> {
        let people = (0..).zip(&self.register.people);
        let mut all: Vec<(u64, u32)> =
            people.filter_map(|(at, person)| Some((key.of(self.register, person)?, at))).collect();
        all.sort_unstable();
        all
    }

    fn of_key(
        &mut self,
        (number, key): (usize, Key),
        blocks: &mut [(u64, u32)],
        each: &mut impl FnMut(u32, u32),
    ) -> bool {
        for block in blocks.chunk_by_mut(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            let is_whole = block.len() <= BLOCK_MAX;
            if !is_whole {
                self.cut.insert((number, block[0].0));
                self.cuts.push(Cut { key, persons: block.len() });
                let order = |at: u32| {
                    let person = &self.register.people[at as usize];
                    (self.register.names.text(self.register.names.plain(person.name)), person.birth, at)
                };
                block.sort_unstable_by(|a, b| order(a.1).cmp(&order(b.1)));
            }
            let reach = if is_whole { block.len() } else { NEIGHBOURS };
            for (at, (_, a)) in block.iter().enumerate() {
                for (_, b) in block[at + 1..].iter().take(reach) {
                    if !self.came_before(number, *a, *b) {
                        each(*a, *b);
                    }
                }
            }
        }
        true
    }

    fn came_before(&self, number: usize, a: u32, b: u32) -> bool {
        let (a, b) = (&self.register.people[a as usize], &self.register.people[b as usize]);
        Key::ALL[..number].iter().enumerate().any(|(earlier, key)| {
            let value = key.of(self.register, a);
            value.is_some_and(|value| {
                key.of(self.register, b) == Some(value) && !self.cut.contains(&(earlier, value))
            })
        })
    }
}
