//! Remembers which messages were seen, for as long as they could be sent again.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use base::Ts;
use crypto::hash::sha256;

use crate::error::Reason;
use crate::wire::peer::VALIDITY_S;

/// Seconds that one set of nonces covers; a set is dropped whole.
const BUCKET_S: i64 = 10;
/// Nonces at most: about 60 MB, and 40,000 calls a second for the whole window.
const NONCES_MAX: usize = 4_000_000;

/// What is kept of a nonce: 8 bytes of a hash with its key, so that nobody can use up another's.
pub type NonceKey = [u8; 8];

/// The replay window.
pub struct Nonces {
    clock_skew_max_s: i64,
    seen: Mutex<BTreeMap<i64, HashSet<NonceKey>>>,
    /// Accepted before a restart, and until when that matters.
    before: Mutex<(HashSet<NonceKey>, Ts)>,
}

/// What is remembered of a message.
pub fn nonce_key(keyid: &str, nonce: &str) -> NonceKey {
    let hash = sha256(&[keyid.as_bytes(), b"\n", nonce.as_bytes()]);
    let mut key = [0; 8];
    key.copy_from_slice(&hash[..8]);
    key
}

impl Nonces {
    /// An empty window; messages may be signed `clock_skew_max_s` in the future by our clock.
    pub fn new(clock_skew_max_s: i64) -> Self {
        Self { clock_skew_max_s, seen: Mutex::default(), before: Mutex::default() }
    }

    /// Seconds for which a message could be sent again.
    pub fn window_s(&self) -> i64 {
        VALIDITY_S + 2 * self.clock_skew_max_s
    }

    /// Whether the message is in force by our clock.
    ///
    /// # Errors
    /// [`Reason::ClockSkew`]: too old, from the future, or valid for longer than the protocol allows.
    pub fn check_time(&self, created: i64, expires: i64, now: Ts) -> Result<(), Reason> {
        let (now, skew) = (now.secs(), self.clock_skew_max_s);
        let in_force = created <= now.saturating_add(skew) && now <= expires.saturating_add(skew);
        let short = expires >= created && expires.saturating_sub(created) <= VALIDITY_S;
        if in_force && short { Ok(()) } else { Err(Reason::ClockSkew(skew)) }
    }

    /// Takes note of messages that were accepted before a restart; the window must have passed by `until`.
    pub fn remember(&self, keys: HashSet<NonceKey>, until: Ts) {
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = (keys, until);
    }

    /// Takes note of a message that was created at `created` (seconds).
    ///
    /// # Errors
    /// [`Reason::Replayed`] when it was seen before; [`Reason::Busy`] when the window is full.
    pub fn take(&self, key: NonceKey, created: i64, now: Ts) -> Result<(), Reason> {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if now > before.1 {
            before.0 = HashSet::new();
        } else if before.0.contains(&key) {
            return Err(Reason::Replayed);
        }
        drop(before);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = (now.secs() - self.window_s()).div_euclid(BUCKET_S);
        while seen.first_key_value().is_some_and(|(bucket, _)| *bucket < oldest) {
            seen.pop_first();
        }
        if seen.values().map(HashSet::len).sum::<usize>() >= NONCES_MAX {
            return Err(Reason::Busy);
        }
        // `created` is signed, so a message sent again falls into the same set.
        if seen.entry(created.div_euclid(BUCKET_S)).or_default().insert(key) {
            Ok(())
        } else {
            Err(Reason::Replayed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_000_000);

    #[test]
    fn a_message_is_taken_once() {
        let nonces = Nonces::new(60);
        let key = nonce_key("k", "n");
        assert_eq!(nonces.take(key, 1_000_000, NOW), Ok(()));
        assert_eq!(nonces.take(key, 1_000_000, NOW.plus_secs(29)), Err(Reason::Replayed));
        assert_eq!(nonces.take(nonce_key("other", "n"), 1_000_000, NOW), Ok(()));
    }

    #[test]
    fn a_message_is_remembered_for_as_long_as_it_is_in_force() {
        let nonces = Nonces::new(60);
        let (created, key) = (1_000_060, nonce_key("k", "n"));
        assert_eq!(nonces.take(key, created, NOW), Ok(()));
        for later in 0..=150 {
            let now = NOW.plus_secs(later);
            let in_force = nonces.check_time(created, created + VALIDITY_S, now).is_ok();
            let known = nonces.take(key, created, now) == Err(Reason::Replayed);
            assert!(known || !in_force, "accepted twice after {later} s");
        }
    }

    #[test]
    fn a_clock_ten_minutes_off_is_named() {
        let nonces = Nonces::new(60);
        for off in [-600, 600] {
            let created = 1_000_000 + off;
            assert_eq!(nonces.check_time(created, created + VALIDITY_S, NOW), Err(Reason::ClockSkew(60)));
        }
        assert_eq!(nonces.check_time(1_000_000, 1_000_600, NOW), Err(Reason::ClockSkew(60)));
        assert_eq!(nonces.check_time(i64::MIN, i64::MAX, NOW), Err(Reason::ClockSkew(60)));
    }
}
