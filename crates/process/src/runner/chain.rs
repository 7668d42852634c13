//! What follows from one thing that somebody did: messages and signals that instances tell each other.
//!
//! Within one command the engine counts steps. Between commands nothing stops two processes that begin each other, so what is
//! told without a person or a worker in between is counted as one chain, and an instance that goes on with a chain that is
//! too long stops with an incident. A person who tries again begins a new chain.
//!
//! The count is kept in memory and runs down by one each second: what happens less often is no spinning, and may go on for
//! years. It is only a bound, so a node that is begun anew may count from nothing, and several nodes each for themselves.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base::Ts;

use super::call::{Act, Call, What};
use super::work::Work;
use crate::engine::{Event, Told};

/// Messages and signals of one chain.
const TOLD_MAX: u32 = 100_000;
/// Chains that are remembered; those that were longest not heard of are forgotten first.
const CHAINS_MAX: usize = 100_000;

/// How much was told in each chain.
pub(super) struct Chains {
    max: u32,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    recent: HashMap<String, Count>,
    older: HashMap<String, Count>,
}

#[derive(Clone, Copy)]
struct Count {
    told: u32,
    at: Ts,
}

impl Count {
    /// What is left of it after some time.
    fn then(self, now: Ts) -> u32 {
        let secs = now.secs().saturating_sub(self.at.secs()).max(0);
        self.told.saturating_sub(u32::try_from(secs).unwrap_or(u32::MAX))
    }
}

impl Default for Chains {
    fn default() -> Self {
        Self::of(TOLD_MAX)
    }
}

impl Chains {
    /// In each at most so much is told.
    pub fn of(max: u32) -> Self {
        Self { max, counts: Mutex::default() }
    }

    /// How much may still be told in a chain.
    fn left(&self, chain: &str, now: Ts) -> u32 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.recent.get(chain).or_else(|| counts.older.get(chain));
        self.max.saturating_sub(count.map_or(0, |count| count.then(now)))
    }

    /// Counts what was told.
    fn add(&self, chain: &str, told: u32, now: Ts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.recent.get(chain).or_else(|| counts.older.get(chain)).copied();
        let told = known.map_or(0, |count| count.then(now)).saturating_add(told);
        if counts.recent.len() >= CHAINS_MAX && !counts.recent.contains_key(chain) {
            counts.older = std::mem::take(&mut counts.recent);
        }
        counts.recent.insert(chain.to_owned(), Count { told, at: now });
    }
}

impl Chains {
    /// Counts whom a signal reached. The first one of a chain, by which somebody tells all, counts as one.
    pub fn reached(&self, chain: &str, count: usize, now: Ts) {
        if self.max - self.left(chain, now) > 1 {
            self.add(chain, u32::try_from(count).unwrap_or(u32::MAX), now);
        }
    }
}

/// Why an instance does something now.
#[derive(Default)]
pub(super) enum Cause {
    /// Somebody outside wants it: a chain may begin.
    #[default]
    Outside,
    /// Its own time has come, in whatever chain it is.
    Clock,
    /// It goes on with a chain.
    Told(String),
}

impl Cause {
    pub fn of(call: &Call) -> Self {
        match (&call.letter, &call.what) {
            (Some(letter), _) => letter.chain.clone().map_or(Self::Outside, Self::Told),
            (None, What::Act { act: Act::Happened { .. } | Act::Recalculate, .. }) => Self::Clock,
            _ => Self::Outside,
        }
    }
}

impl Work {
    /// The chain with which an instance goes on, and how much it may tell.
    pub(super) fn chain(&self, before: Option<&String>, now: Ts) -> (Option<String>, u32) {
        let chain = match &self.cause {
            Cause::Outside => None,
            Cause::Clock => before.cloned(),
            Cause::Told(chain) => Some(chain.clone()),
        };
        let left = chain.as_ref().map_or(self.chains.max, |chain| self.chains.left(chain, now));
        (chain, left)
    }

    /// Counts what an instance told; a new chain begins where it went on with none.
    pub(super) fn counted(&self, chain: Option<String>, events: &[Event], now: Ts) -> Option<String> {
        let is_told = |event: &&Event| {
            matches!(event, Event::Told { what: Told::Message { .. } | Told::Signal { .. }, .. })
        };
        let told = u32::try_from(events.iter().filter(is_told).count()).unwrap_or(u32::MAX);
        if told == 0 {
            return chain;
        }
        let chain = chain.unwrap_or_else(|| self.ids.next(now).hyphenated().to_string());
        self.chains.add(&chain, told, now);
        Some(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_230_000);

    #[test]
    fn a_chain_is_counted_and_runs_down_by_one_each_second() {
        let chains = Chains::of(10);
        chains.add("a", 4, NOW);
        chains.add("a", 4, NOW.plus_secs(2));
        assert_eq!(chains.left("a", NOW.plus_secs(2)), 4);
        assert_eq!(chains.left("b", NOW), 10);
        chains.add("a", 20, NOW.plus_secs(3));
        assert_eq!(chains.left("a", NOW.plus_secs(3)), 0);
        assert_eq!(chains.left("a", NOW.plus_secs(23)), 5);
        assert_eq!(chains.left("a", NOW.plus_secs(1_000_000)), 10);
        assert_eq!(chains.left("a", NOW), 0, "also when the clock goes back");
    }

    #[test]
    fn the_chains_that_were_longest_not_heard_of_are_forgotten_first() {
        let chains = Chains::of(10);
        chains.add("busy", 1, NOW);
        chains.add("idle", 1, NOW);
        for nth in 0..3 * CHAINS_MAX {
            if nth % 50_000 == 0 {
                chains.add("busy", 1, NOW);
            }
            chains.add(&nth.to_string(), 1, NOW);
        }
        assert_eq!((chains.left("busy", NOW), chains.left("idle", NOW)), (3, 10));
        let counts = chains.counts.lock().unwrap();
        assert!(counts.recent.len() + counts.older.len() <= 2 * CHAINS_MAX);
    }
}
