//! Protecting a source: so many questions at once, a rest after failures in a row.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::SourceError;

/// Failures in a row after which the source rests.
pub const FAILURES_MAX: u32 = 5;
/// How long it rests.
pub const REST: Duration = Duration::from_secs(10);
/// How long a question waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(1);

/// Guards one source.
pub struct Protector {
    turns: Semaphore,
    at_once: usize,
    failures: AtomicU32,
    /// Milliseconds after `start` until which the source rests; 0: it does not.
    rests_until: AtomicU64,
    start: Instant,
}

impl Protector {
    /// For so many questions at once.
    pub fn new(at_once: usize) -> Self {
        Self {
            turns: Semaphore::new(at_once),
            at_once,
            failures: AtomicU32::new(0),
            rests_until: AtomicU64::new(0),
            start: Instant::now(),
        }
    }

    /// A turn, which ends when it is dropped.
    ///
    /// # Errors
    /// The source rests, or is busy.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, SourceError> {
        let (now, until) = (self.elapsed_ms(), self.rests_until.load(Ordering::Relaxed));
        if now < until {
            let failures = self.failures.load(Ordering::Relaxed);
            return Err(SourceError::Resting { failures, retry_s: (until - now).div_ceil(1000) });
        }
        match tokio::time::timeout(TURN_WAIT, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(SourceError::Busy { at_once: self.at_once }),
        }
    }

    /// Seconds for which the source still rests.
    pub fn rests_s(&self) -> Option<u64> {
        let (now, until) = (self.elapsed_ms(), self.rests_until.load(Ordering::Relaxed));
        (now < until).then(|| (until - now).div_ceil(1000))
    }

    /// Notes how a question ended. Only what is the source's fault counts.
    pub fn note<T>(&self, result: &Result<T, SourceError>) {
        if let Err(
            SourceError::Unreachable { .. } | SourceError::TimedOut { .. } | SourceError::Other { .. },
        ) = result
        {
            if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES_MAX {
                let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
                self.rests_until.store(self.elapsed_ms().saturating_add(rest), Ordering::Relaxed);
            }
        } else {
            self.failures.store(0, Ordering::Relaxed);
            self.rests_until.store(0, Ordering::Relaxed);
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_source_that_fails_five_times_in_a_row_rests() {
        let protector = Protector::new(1);
        let failed: Result<(), _> = Err(SourceError::TimedOut { limit_ms: 1 });
        for _ in 1..FAILURES_MAX {
            protector.note(&failed);
            assert!(protector.turn().await.is_ok());
        }
        protector.note(&failed);
        assert!(matches!(protector.turn().await, Err(SourceError::Resting { failures: 5, .. })));
        protector.note(&Ok::<_, SourceError>(()));
        assert!(protector.turn().await.is_ok(), "one answer ends the rest");
    }

    #[tokio::test]
    async fn more_questions_than_allowed_are_told_to_come_again() {
        let protector = Protector::new(1);
        let _turn = protector.turn().await.unwrap();
        assert!(matches!(protector.turn().await, Err(SourceError::Busy { at_once: 1 })));
    }
}
