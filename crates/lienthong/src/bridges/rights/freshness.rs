//! How old what is known of the rights may be, and how old it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::{Clock, Ts};

/// Operators are told when nothing was heard for so long: twice what the registry keeps a quiet node waiting.
pub const AGING_AFTER_S: i64 = 60;
/// Before the first word.
const NEVER: i64 = i64::MIN;

/// When the rights were confirmed last. Shared by who follows the registry and who looks at the node's health.
pub struct Freshness {
    confirmed: AtomicI64,
    stale_after_s: i64,
    clock: Arc<dyn Clock>,
}

/// How old the rights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Confirmed a moment ago.
    Fresh,
    /// The registry is away; what is known still counts.
    Aging {
        /// Seconds since they were confirmed.
        age_s: i64,
    },
    /// Too old: nothing is allowed any more.
    Stale {
        /// Seconds since they were confirmed; absent when they never were.
        age_s: Option<i64>,
    },
}

impl Freshness {
    /// Nothing was heard yet; what will be heard counts for `stale_after_s` seconds.
    pub fn new(stale_after_s: u32, clock: Arc<dyn Clock>) -> Self {
        Self { confirmed: AtomicI64::new(NEVER), stale_after_s: stale_after_s.into(), clock }
    }

    /// For how many seconds they count unconfirmed.
    pub fn limit_s(&self) -> u64 {
        self.stale_after_s.unsigned_abs()
    }

    /// The registry confirmed them at that moment. A moment to come is as good as now.
    pub fn confirm(&self, at: Ts) {
        self.confirmed.store(at.min(self.clock.now()).0, Ordering::Relaxed);
    }

    /// Seconds since they were confirmed; nothing when they never were.
    pub fn age_s(&self) -> Option<i64> {
        let confirmed = Ts(self.confirmed.load(Ordering::Relaxed));
        (confirmed.0 != NEVER).then(|| (self.clock.now().micros_since(confirmed) / 1_000_000).max(0))
    }

    /// How old they are.
    pub fn age(&self) -> Age {
        match self.age_s() {
            Some(age_s) if age_s < AGING_AFTER_S.min(self.stale_after_s) => Age::Fresh,
            Some(age_s) if age_s < self.stale_after_s => Age::Aging { age_s },
            age_s => Age::Stale { age_s },
        }
    }

    /// Whether nothing may be allowed by them.
    pub fn is_stale(&self) -> bool {
        matches!(self.age(), Age::Stale { .. })
    }
}

#[cfg(test)]
mod tests {
    use base::FakeClock;

    use super::*;

    const NOW: Ts = Ts::from_secs(1_795_000_000);

    #[test]
    fn rights_age_from_the_first_minute_and_end_at_their_limit() {
        let clock = Arc::new(FakeClock::at(NOW));
        let freshness = Freshness::new(3_600, Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(freshness.age(), Age::Stale { age_s: None });
        freshness.confirm(NOW);
        for (wait_s, age) in [
            (59, Age::Fresh),
            (1, Age::Aging { age_s: 60 }),
            (3_539, Age::Aging { age_s: 3_599 }),
            (1, Age::Stale { age_s: Some(3_600) }),
        ] {
            clock.advance_secs(wait_s);
            assert_eq!(freshness.age(), age);
        }
        freshness.confirm(clock.now());
        assert!(!freshness.is_stale());
    }

    #[test]
    fn a_confirmation_from_the_future_counts_from_now_on() {
        let clock = Arc::new(FakeClock::at(NOW));
        let freshness = Freshness::new(5, Arc::clone(&clock) as Arc<dyn Clock>);
        freshness.confirm(NOW.plus_secs(86_400));
        clock.advance_secs(5);
        assert!(freshness.is_stale());
    }
}
