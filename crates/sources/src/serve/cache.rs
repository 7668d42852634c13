//! Answers that are given again for a while, with their age.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// Bytes of answers that are kept for one service.
const BYTES_MAX: usize = 16 << 20;

/// The answers of one service, in memory only.
pub(super) struct Cache {
    keep: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    answers: HashMap<String, (Instant, Bytes)>,
    bytes: usize,
}

impl Cache {
    /// Keeps answers for so many seconds; none for 0.
    pub(super) fn new(seconds: u32) -> Self {
        Self { keep: Duration::from_secs(seconds.into()), kept: Mutex::default() }
    }

    /// The answer to a question, with its age in seconds.
    pub(super) fn get(&self, question: &str) -> Option<(u64, Bytes)> {
        if self.keep.is_zero() {
            return None;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, answer) = kept.answers.get(question)?;
        let age = made.elapsed();
        (age < self.keep).then(|| (age.as_secs(), answer.clone()))
    }

    /// Keeps an answer. When there is no room, old ones go first, then all.
    pub(super) fn put(&self, question: &str, answer: Bytes) {
        let size = |question: &str, answer: &Bytes| question.len() + answer.len();
        let more = size(question, &answer);
        if self.keep.is_zero() || more > BYTES_MAX / 4 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + more > BYTES_MAX {
            kept.answers.retain(|_, (made, _)| made.elapsed() < self.keep);
            kept.bytes = kept.answers.iter().map(|(question, (_, answer))| size(question, answer)).sum();
        }
        if kept.bytes + more > BYTES_MAX {
            *kept = Kept::default();
        }
        kept.bytes += more;
        if let Some((_, old)) = kept.answers.insert(question.to_owned(), (Instant::now(), answer)) {
            kept.bytes = kept.bytes.saturating_sub(size(question, &old));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_their_time_and_within_their_room() {
        let cache = Cache::new(60);
        for number in 0..20 {
            cache.put(&number.to_string(), Bytes::from(vec![0; 1 << 20]));
            assert!(cache.kept.lock().unwrap().bytes <= BYTES_MAX);
        }
        assert!(cache.get("19").is_some() && cache.get("0").is_none());
        cache.put("large", Bytes::from(vec![0; BYTES_MAX]));
        assert!(cache.get("large").is_none());
        let none = Cache::new(0);
        none.put("a", Bytes::new());
        assert!(none.get("a").is_none());
    }
}
