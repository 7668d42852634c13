//! The generator of invented facts: whole numbers only, so that every machine gets the same.

/// `SplitMix64` (Steele, Lea and Flood 2014): 64 bits of state, good enough for inventing people and never for secrets.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// An own sequence for each `stream` of a seed, so that one household does not depend on the others.
    pub(super) fn stream(seed: u64, stream: u64) -> Self {
        Self(mix(seed ^ mix(stream.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let high = self.next() >> 32;
        // The product of two 32-bit numbers, its upper half: always below `bound`.
        u32::try_from((high * u64::from(bound)) >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included; `low` when the range is empty.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        match u32::try_from(high - low) {
            Ok(width) => low + i32::try_from(self.below(width + 1)).unwrap_or(0),
            Err(_) => low,
        }
    }

    /// True this many times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One entry of a list, each as often as its weight says.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [(T, u32)]) -> &'a T {
        &list[self.pick_index(list.iter().map(|entry| entry.1))].0
    }

    /// The place of a weight in a row of weights, each as often as it says; 0 when all are 0.
    pub(super) fn pick_index(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut rest = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if rest < weight {
                return place;
            }
            rest -= weight;
        }
        0
    }
}
