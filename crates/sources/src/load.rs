//! The load on a source, shown: what was asked of it, how long it took, and how it ended.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::SourceError;

/// Counts of one service since it was opened. They go to Prometheus, too, where they survive a changed definition.
pub struct Load {
    service: String,
    questions: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    micros: AtomicU64,
    micros_max: AtomicU64,
    busy: AtomicU64,
    resting: AtomicU64,
    timeouts: AtomicU64,
    failures: AtomicU64,
    cache_hits: AtomicU64,
    in_flight: AtomicU64,
    exports: AtomicU64,
    changed: AtomicBool,
    last: Mutex<Option<(&'static str, Instant)>>,
}

/// What [`Load`] counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Questions that reached the source.
    pub questions: u64,
    /// Rows that it gave.
    pub rows: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// Milliseconds spent in it, in all.
    pub ms_sum: u64,
    /// Milliseconds of the longest question.
    pub ms_max: u64,
    /// Questions that found no turn (EX-3007).
    pub busy: u64,
    /// Questions while the source rested (EX-3006).
    pub resting: u64,
    /// Questions that were cut off at their limit of time (EX-3005).
    pub timeouts: u64,
    /// Other failures of the source.
    pub failures: u64,
    /// Answers that were given again without asking.
    pub cache_hits: u64,
    /// Questions in the source now.
    pub in_flight: u64,
    /// Exports that run now.
    pub exports: u64,
    /// Whether the source is another than the definition says (EX-3004), since it last answered.
    pub changed: bool,
    /// Code of the last failure.
    pub last_failure: Option<String>,
    /// Seconds since then.
    pub last_failure_s: Option<u64>,
}

/// How a question went.
pub struct Asked {
    /// Rows that came.
    pub rows: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

impl Load {
    /// For a service, `SUBSYSTEM/CODE`.
    pub fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            questions: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            micros: AtomicU64::new(0),
            micros_max: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            resting: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            exports: AtomicU64::new(0),
            changed: AtomicBool::new(false),
            last: Mutex::new(None),
        }
    }

    /// A question that is in the source until the result is dropped.
    pub fn question(&self) -> Running<'_> {
        Running::new(&self.in_flight)
    }

    /// An export that runs until the result is dropped.
    pub fn export(&self) -> Running<'_> {
        Running::new(&self.exports)
    }

    /// Notes an answer that was given again.
    pub fn cache_hit(&self) {
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("lienthong_source_cache_hits_total", "service" => self.service.clone())
            .increment(1);
    }

    /// Notes a question that never reached the source.
    pub fn refused(&self, error: &SourceError) {
        let counter = match error {
            SourceError::Resting { .. } => &self.resting,
            _ => &self.busy,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.outcome(error.code());
    }

    /// Notes a question that reached the source. A source that is another than its definition says is an alarm, once.
    pub fn note<T>(&self, asked: &Asked, result: &Result<T, SourceError>) {
        self.questions.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(asked.rows, Ordering::Relaxed);
        self.bytes.fetch_add(asked.bytes, Ordering::Relaxed);
        let micros = u64::try_from(asked.took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.micros_max.fetch_max(micros, Ordering::Relaxed);
        let service = || self.service.clone();
        metrics::counter!("lienthong_source_rows_total", "service" => service()).increment(asked.rows);
        metrics::counter!("lienthong_source_bytes_total", "service" => service()).increment(asked.bytes);
        metrics::histogram!("lienthong_source_seconds", "service" => service())
            .record(asked.took.as_secs_f64());
        let Err(error) = result else {
            self.fits();
            return self.outcome("ok");
        };
        self.outcome(error.code());
        match error {
            // The caller's fault, or a limit that did what it is for.
            SourceError::Question(_) | SourceError::TooLarge { .. } => return,
            SourceError::TimedOut { .. } => self.timeouts.fetch_add(1, Ordering::Relaxed),
            _ => self.failures.fetch_add(1, Ordering::Relaxed),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((error.code(), Instant::now()));
        if matches!(error, SourceError::Changed { .. }) {
            self.changed(error);
        }
    }

    /// Notes that the source is another than its definition says: an alarm, once.
    pub fn changed(&self, error: &SourceError) {
        if !self.changed.swap(true, Ordering::Relaxed) {
            metrics::counter!("lienthong_source_changed_total", "service" => self.service.clone())
                .increment(1);
            tracing::error!(code = error.code(), service = %self.service, %error, "BÁO ĐỘNG: cấu trúc nguồn đã đổi, dịch vụ không trả lời đến khi sửa / ALARM: the source has changed, the service does not answer until it is mended");
        }
    }

    /// Notes that the source is again what its definition says.
    pub fn fits(&self) {
        if self.changed.swap(false, Ordering::Relaxed) {
            tracing::info!(service = %self.service, "nguồn khớp lại với định nghĩa / the source fits its definition again");
        }
    }

    fn outcome(&self, outcome: &'static str) {
        let service = self.service.clone();
        metrics::counter!("lienthong_source_questions_total", "service" => service, "outcome" => outcome)
            .increment(1);
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Counts {
            questions: get(&self.questions),
            rows: get(&self.rows),
            bytes: get(&self.bytes),
            ms_sum: get(&self.micros) / 1_000,
            ms_max: get(&self.micros_max).div_ceil(1_000),
            busy: get(&self.busy),
            resting: get(&self.resting),
            timeouts: get(&self.timeouts),
            failures: get(&self.failures),
            cache_hits: get(&self.cache_hits),
            in_flight: get(&self.in_flight),
            exports: get(&self.exports),
            changed: self.changed.load(Ordering::Relaxed),
            last_failure: last.map(|(code, _)| code.to_owned()),
            last_failure_s: last.map(|(_, at)| at.elapsed().as_secs()),
        }
    }
}

/// Something that is counted while it lasts.
pub struct Running<'a>(&'a AtomicU64);

impl<'a> Running<'a> {
    fn new(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_is_counted_where_it_belongs() {
        let load = Load::new("HOTICH/khai-sinh");
        let asked = Asked { rows: 3, bytes: 40, took: Duration::from_micros(2_500) };
        let changed = || Err::<(), _>(SourceError::Changed { what: "ho_ten".into() });
        load.note(&asked, &Ok(()));
        load.note(&asked, &Err::<(), _>(SourceError::TimedOut { limit_ms: 1 }));
        load.note(&asked, &Err::<(), _>(SourceError::Question(Vec::new())));
        load.note(&asked, &changed());
        load.refused(&SourceError::Busy { at_once: 1 });
        load.refused(&SourceError::Resting { failures: 5, retry_s: 1 });
        let counts = load.counts();
        assert_eq!((counts.questions, counts.rows, counts.bytes), (4, 12, 160));
        assert_eq!((counts.ms_sum, counts.ms_max), (10, 3));
        assert_eq!((counts.timeouts, counts.failures, counts.busy, counts.resting), (1, 1, 1, 1));
        assert_eq!((counts.changed, counts.last_failure.as_deref()), (true, Some("EX-3004")));
        load.note(&asked, &Ok(()));
        assert!(!load.counts().changed, "an answer ends the alarm");
    }

    #[test]
    fn what_runs_is_counted_until_it_ends() {
        let load = Load::new("HOTICH/khai-sinh");
        let (one, two) = (load.question(), load.export());
        assert_eq!((load.counts().in_flight, load.counts().exports), (1, 1));
        drop((one, two));
        assert_eq!((load.counts().in_flight, load.counts().exports), (0, 0));
    }
}
