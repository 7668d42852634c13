//! How much of each grant is used: calls of the day, calls of the second.
//!
//! Counted in memory, by grant, so that a changed grant keeps its count; [`load`], [`keep`] and [`save`] carry the
//! count of the day over a restart. A gateway counts for itself: two gateways of one subsystem count apart.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use base::Ts;

use crate::error::Reason;
use crate::vietnam::LocalTime;

mod kept;

pub use kept::{KeptError, keep, load, save};

/// A token in the bucket, in the unit in which it fills: a bucket of `n` a second gains `n` of them each microsecond.
const TOKEN: u64 = 1_000_000;

/// How much a grant allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Calls in a day of Vietnam.
    pub quota_day: Option<u64>,
    /// Calls in a second; so many may also come at once.
    pub rate_s: Option<u32>,
}

/// What was used of every grant that has a limit.
#[derive(Debug, Default)]
pub struct Usage {
    meters: RwLock<HashMap<Box<str>, Arc<Meter>>>,
    /// Grows with every change, so that what did not change is not written again.
    changes: Arc<AtomicU64>,
    /// Who holds it writes the file: a count that was read earlier never takes the place of a later one.
    saving: Mutex<()>,
}

/// What was used of one grant.
#[derive(Debug, Default)]
struct Meter(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    /// The day that `used` is about.
    day: i64,
    used: u64,
    /// Tokens in the bucket, in millionths; absent while it was never used, so full.
    bucket: Option<(u64, Ts)>,
}

/// A call's place in the day's quota; given back when it is dropped before the call went to the service.
#[derive(Debug)]
pub(crate) struct Place {
    meter: Arc<Meter>,
    changes: Arc<AtomicU64>,
    day: i64,
    kept: bool,
}

impl Usage {
    /// Takes a place for one call, or says why there is none.
    ///
    /// # Errors
    /// The quota of the day is used up, or there were too many calls in a second; then nothing was taken.
    pub(crate) fn take(&self, key: &str, allowed: Allowance, now: Ts) -> Result<Option<Place>, Reason> {
        if allowed == Allowance::default() {
            return Ok(None);
        }
        let meter = self.meter(key);
        let local = LocalTime::at(now);
        let mut count = meter.lock();
        count.turn_to(local.day);
        if let Some(quota) = allowed.quota_day
            && count.used >= quota
        {
            return Err(Reason::QuotaUsed { quota, wait_s: local.to_midnight_s() });
        }
        if let Some(rate) = allowed.rate_s
            && !count.take_token(rate, now)
        {
            return Err(Reason::TooFast { rate });
        }
        count.used += 1;
        let day = count.day;
        drop(count);
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Place { meter, changes: Arc::clone(&self.changes), day, kept: false }))
    }

    /// Calls of the day that were counted on a grant.
    pub fn used(&self, key: &str, now: Ts) -> u64 {
        let today = LocalTime::at(now).day;
        let meters = self.meters.read().unwrap_or_else(PoisonError::into_inner);
        meters.get(key).map_or(0, |meter| meter.lock().on(today))
    }

    fn meter(&self, key: &str) -> Arc<Meter> {
        if let Some(meter) = self.meters.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Arc::clone(meter);
        }
        let mut meters = self.meters.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(key.into()).or_default())
    }
}

impl Meter {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn on(&self, day: i64) -> u64 {
        if self.day == day { self.used } else { 0 }
    }

    /// A new day begins at zero. A clock that is put back over midnight gives no second quota; one that was wrong by
    /// more than a day does not block the grant until that day comes.
    fn turn_to(&mut self, day: i64) {
        if day > self.day || day < self.day - 1 {
            (self.day, self.used) = (day, 0);
        }
    }

    fn take_token(&mut self, rate: u32, now: Ts) -> bool {
        let full = u64::from(rate) * TOKEN;
        let (left, at) = self.bucket.unwrap_or((full, now));
        // A clock that was put back fills nothing.
        let elapsed_us = u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(0);
        let filled = left.saturating_add(elapsed_us.saturating_mul(u64::from(rate))).min(full);
        let taken = filled.checked_sub(TOKEN);
        self.bucket = Some((taken.unwrap_or(filled), now));
        taken.is_some()
    }
}

impl Place {
    /// The call goes to the service: it counts, however it ends.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept {
            let mut count = self.meter.lock();
            if count.day == self.day {
                count.used = count.used.saturating_sub(1);
            }
            drop(count);
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
