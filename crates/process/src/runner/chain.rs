//! What follows from one thing that somebody did: messages and signals that instances tell each other.
//!
//! Within one command the engine counts steps. Between commands nothing stops two processes that begin each other, so what is
//! told without a person or a worker in between is counted as one chain, and an instance that goes on with a chain that is
//! too long stops with an incident. A person who tries again begins a new chain.
//!
//! The count is kept in memory and runs down by ten each second: what happens less often is no spinning, and may go on for
//! years. What a process begins by the clock, again and again, is one chain as well. It is only a bound, so a node that is
//! begun anew may count from nothing, and several nodes each for themselves.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base::Ts;
use store::process::InstanceRow;

use super::call::{Act, Call, What};
use super::work::Work;
use crate::engine::{Event, Told};

/// Messages and signals of one chain.
const TOLD_MAX: u32 = 100_000;
/// An instance of a chain begins with this part of what may be told in it, or with nothing: as much as one activity may tell.
const BEGINS_WITH: u32 = 10;
/// By so much the count runs down each second.
const FORGOTTEN_A_SECOND: i64 = 10;
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

#[derive(Clone, Copy, Default)]
struct Count {
    told: u32,
    at: Ts,
    /// How many a signal of this chain reached at most.
    reach: u32,
}

impl Count {
    /// What is left of it after some time.
    fn then(self, now: Ts) -> u32 {
        let secs = now.secs().saturating_sub(self.at.secs()).max(0);
        self.told.saturating_sub(u32::try_from(secs.saturating_mul(FORGOTTEN_A_SECOND)).unwrap_or(u32::MAX))
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
        self.max.saturating_sub(counts.of(chain).then(now))
    }

    /// Counts what was told. A signal counts for as many as one of this chain reached before.
    fn add(&self, chain: &str, (messages, signals): (u32, u32), now: Ts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.of(chain);
        let told = messages.saturating_add(signals.saturating_mul(known.reach.max(1)));
        counts.keep(chain, Count { told: known.then(now).saturating_add(told), at: now, ..known });
    }

    /// Counts whom a signal reached. The first one of a chain, by which somebody tells all, counts as one.
    pub fn reached(&self, chain: &str, count: usize, now: Ts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, count) = (counts.of(chain), u32::try_from(count).unwrap_or(u32::MAX));
        let told = known.then(now);
        // What was thought to be reached stands in the count already.
        let more = if told > 1 { count.saturating_sub(known.reach.max(1)) } else { 0 };
        let (told, reach) = (told.saturating_add(more), known.reach.max(count));
        counts.keep(chain, Count { told, at: now, reach });
    }
}

impl Counts {
    fn of(&self, chain: &str) -> Count {
        let found = self.recent.get(chain).or_else(|| self.older.get(chain));
        found.copied().unwrap_or_default()
    }

    fn keep(&mut self, chain: &str, count: Count) {
        if self.recent.len() >= CHAINS_MAX && !self.recent.contains_key(chain) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(chain.to_owned(), count);
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
    pub(super) fn chain(&self, row: &InstanceRow, now: Ts) -> (Option<String>, u32) {
        let chain = match &self.cause {
            Cause::Outside => None,
            Cause::Clock => row.chain.clone(),
            Cause::Told(chain) => Some(chain.clone()),
        };
        let max = self.chains.max;
        let left = chain.as_ref().map_or(max, |chain| self.chains.left(chain, now));
        // Nothing begins that may soon have to stop: each of thousands of its steps by itself.
        let begins = row.version == 0;
        (chain, if begins && left < max / BEGINS_WITH { 0 } else { left })
    }

    /// Counts what an instance told; a new chain begins where it went on with none.
    pub(super) fn counted(&self, chain: Option<String>, events: &[Event], now: Ts) -> Option<String> {
        let (mut messages, mut signals) = (0_u32, 0_u32);
        for event in events {
            match event {
                Event::Told { what: Told::Message { .. }, .. } => messages = messages.saturating_add(1),
                Event::Told { what: Told::Signal { .. }, .. } => signals = signals.saturating_add(1),
                _ => {}
            }
        }
        if messages == 0 && signals == 0 {
            return chain;
        }
        let chain = chain.unwrap_or_else(|| self.ids.next(now).hyphenated().to_string());
        self.chains.add(&chain, (messages, signals), now);
        Some(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_230_000);

    #[test]
    fn a_chain_is_counted_and_runs_down_by_ten_each_second() {
        let chains = Chains::of(100);
        chains.add("a", (40, 0), NOW);
        chains.add("a", (40, 0), NOW.plus_secs(2));
        assert_eq!(chains.left("a", NOW.plus_secs(2)), 40);
        assert_eq!(chains.left("b", NOW), 100);
        chains.add("a", (200, 0), NOW.plus_secs(3));
        assert_eq!(chains.left("a", NOW.plus_secs(3)), 0);
        assert_eq!(chains.left("a", NOW.plus_secs(23)), 50);
        assert_eq!(chains.left("a", NOW.plus_secs(1_000_000)), 100);
        assert_eq!(chains.left("a", NOW), 0, "also when the clock goes back");
    }

    #[test]
    fn a_signal_counts_for_as_many_as_one_reached_before() {
        let chains = Chains::of(100);
        chains.add("a", (0, 1), NOW);
        chains.reached("a", 30, NOW);
        assert_eq!(chains.left("a", NOW), 99, "the first tells all");
        chains.add("a", (0, 2), NOW);
        assert_eq!(chains.left("a", NOW), 39);
        chains.reached("a", 30, NOW);
        assert_eq!(chains.left("a", NOW), 39, "counted when it was told");
        chains.reached("a", 35, NOW);
        assert_eq!(chains.left("a", NOW), 34);
    }

    #[test]
    fn the_chains_that_were_longest_not_heard_of_are_forgotten_first() {
        let chains = Chains::of(10);
        chains.add("busy", (1, 0), NOW);
        chains.add("idle", (1, 0), NOW);
        for nth in 0..3 * CHAINS_MAX {
            if nth % 50_000 == 0 {
                chains.add("busy", (1, 0), NOW);
            }
            chains.add(&nth.to_string(), (1, 0), NOW);
        }
        assert_eq!((chains.left("busy", NOW), chains.left("idle", NOW)), (3, 10));
        let counts = chains.counts.lock().unwrap();
        assert!(counts.recent.len() + counts.older.len() <= 2 * CHAINS_MAX);
    }
}
