//! Follows the message log and keeps the figures of the last two days.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Code, NodeId, PartyId, ServiceId, Ts};
use evidence::record::{CallPart, Record, Side};
use serde::Serialize;
use store::{LogRow, StoreError};

use crate::command::evidence::log::Log;

/// Hours that are kept.
const HOURS: i64 = 48;
const HOUR_US: i64 = 3_600_000_000;
/// Minutes that are kept: the last hour at any moment.
const MINUTES: i64 = 60;
const MINUTE_US: i64 = 60_000_000;
/// Records that are read back at the start; with more a day, the oldest hours fill only from then on.
const READ_BACK: i64 = 300_000;
/// Rows read at a time.
const PAGE: u32 = 2000;
/// Between two looks at the log.
const EVERY: Duration = Duration::from_secs(1);
/// Upper bounds of the classes into which answer times fall, milliseconds; the last class is open.
const BOUNDS_MS: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 30_000];

/// One call as people see it; only what closes a call is one.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Number of its last record.
    pub index: i64,
    /// When it ended.
    pub at: Ts,
    /// `X-Road-Id`.
    pub id: String,
    /// `X-Road-Request-Id`.
    #[serde(rename = "call")]
    pub request_id: String,
    /// Where this node stood.
    pub side: Side,
    /// What the closing record is.
    pub part: CallPart,
    /// Who asked.
    pub client: PartyId,
    /// For what.
    pub service: ServiceId,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The platform's code, when it refused or failed.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Fields that were cut out.
    pub withheld: usize,
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to the field"
)]
fn as_text<S: serde::Serializer>(code: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&code.map(|code| code.to_string()).unwrap_or_default())
}

impl Call {
    /// The call that a row closes. One between two systems of the same node is told by its provider's side.
    pub fn of(row: &LogRow, own: &NodeId) -> Option<Self> {
        let record = Record::parse(&row.text).ok()?;
        let answered_here =
            record.side == Side::Consumer && record.peer.as_ref() == Some(own) && record.response.is_some();
        if record.part == CallPart::Request || answered_here {
            return None;
        }
        let (status, code) =
            record.outcome.map_or((None, None), |outcome| (Some(outcome.status), outcome.code));
        let Record { side, part, at, id, call: request_id, client, service, duration_ms, withheld, .. } =
            record;
        let withheld = withheld.len();
        Some(Self {
            index: row.seq,
            at,
            id,
            request_id,
            side,
            part,
            client,
            service,
            status,
            code,
            duration_ms,
            withheld,
        })
    }

    /// Whether it was refused, failed or was cut off.
    pub fn has_failed(&self) -> bool {
        self.code.is_some()
            || self.part == CallPart::Interrupted
            || self.status.is_some_and(|status| status >= 400)
    }
}

/// What passed in some time, between two parties or more.
#[derive(Clone, Debug, Default)]
struct Count {
    calls: u64,
    latest: Option<i64>,
    failed: BTreeMap<String, u64>,
    times: [u64; BOUNDS_MS.len() + 1],
}

/// An hour as it is shown.
#[derive(Debug, Serialize)]
pub struct Hour {
    /// Its beginning.
    pub from: Ts,
    /// Calls that ended in it.
    pub calls: u64,
    /// Of them, those that were refused or failed, by code.
    pub failed: BTreeMap<String, u64>,
    /// Half of the calls took at most so long, milliseconds, rounded up to the next bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_ms: Option<u64>,
    /// 95 of 100 calls took at most so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_ms: Option<u64>,
    /// Number of the latest of the calls: whoever saw the same number has seen them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<i64>,
}

impl Count {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.latest = self.latest.max(Some(call.index));
        if call.has_failed() {
            let status = call.status.map_or_else(|| "–".to_owned(), |status| format!("HTTP {status}"));
            *self.failed.entry(call.code.map_or(status, |code| code.to_string())).or_default() += 1;
        }
        if let Some(took) = call.duration_ms {
            self.times[BOUNDS_MS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS_MS.len())] += 1;
        }
    }

    fn join(mut self, other: &Self) -> Self {
        self.calls += other.calls;
        self.latest = self.latest.max(other.latest);
        for (code, times) in &other.failed {
            *self.failed.entry(code.clone()).or_default() += times;
        }
        for (all, one) in self.times.iter_mut().zip(other.times) {
            *all += one;
        }
        self
    }

    fn since(self, from: Ts) -> Hour {
        let (half_ms, most_ms) = (share(&self.times, 50), share(&self.times, 95));
        Hour { from, calls: self.calls, failed: self.failed, half_ms, most_ms, latest: self.latest }
    }
}

type Pair = (PartyId, PartyId);

/// Figures of parts of time of one length, by who asked whom.
struct Parts {
    length_us: i64,
    /// So many of them are kept.
    count: i64,
    all: Mutex<BTreeMap<i64, BTreeMap<Pair, Count>>>,
}

impl Parts {
    fn new(length_us: i64, count: i64) -> Self {
        Self { length_us, count, all: Mutex::default() }
    }

    fn add(&self, call: &Call) {
        let pair = (call.client.clone(), call.service.provider.party());
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(call.at.0.div_euclid(self.length_us)).or_default().entry(pair).or_default().add(call);
        while all.len() > usize::try_from(self.count).unwrap_or(usize::MAX) {
            all.pop_first();
        }
    }

    /// Number and figures of each part up to now, oldest first, with those between parties that are seen. Parts without
    /// calls are there, too.
    fn until(&self, now: Ts, sees: impl Fn(&PartyId, &PartyId) -> bool) -> Vec<(i64, Count)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let last = now.0.div_euclid(self.length_us);
        let part = |number: i64| {
            let pairs = all.get(&number).into_iter().flatten().filter(|((from, to), _)| sees(from, to));
            (number, pairs.fold(Count::default(), |sum, (_, count)| sum.join(count)))
        };
        (last - self.count + 1..=last).map(part).collect()
    }
}

/// Figures of the last two days by the hour, and of the last hour by the minute.
pub struct Tail {
    hours: Parts,
    minutes: Parts,
}

impl Default for Tail {
    fn default() -> Self {
        Self { hours: Parts::new(HOUR_US, HOURS), minutes: Parts::new(MINUTE_US, MINUTES) }
    }
}

impl Tail {
    fn add(&self, call: &Call) {
        self.hours.add(call);
        self.minutes.add(call);
    }

    /// The last hours, oldest first, as far as they are seen.
    pub fn hours(&self, now: Ts, sees: impl Fn(&PartyId, &PartyId) -> bool) -> Vec<Hour> {
        let hours = self.hours.until(now, sees).into_iter();
        hours.map(|(number, count)| count.since(Ts(number * HOUR_US))).collect()
    }

    /// The sixty minutes up to now, the present one among them, as far as they are seen.
    pub fn last_hour(&self, now: Ts, sees: impl Fn(&PartyId, &PartyId) -> bool) -> Hour {
        let minutes = self.minutes.until(now, sees);
        let from = minutes.first().map_or(now, |(number, _)| Ts(number * MINUTE_US));
        minutes.iter().fold(Count::default(), |sum, (_, count)| sum.join(count)).since(from)
    }
}

/// The bound below which so many of a hundred lie.
fn share(times: &[u64; BOUNDS_MS.len() + 1], percent: u64) -> Option<u64> {
    let all: u64 = times.iter().sum();
    let mut below = 0;
    let class = times.iter().position(|count| {
        below += count;
        all > 0 && below * 100 >= all * percent
    });
    class.map(|class| BOUNDS_MS.get(class).copied().unwrap_or(u64::MAX))
}

/// Reads what the log has, then what comes, until it is cut off.
pub async fn follow(tail: Arc<Tail>, log: Arc<Log>) {
    let mut next = None;
    loop {
        match read_on(&tail, &log, next).await {
            Ok(read) => next = Some(read),
            Err(error) => {
                tracing::warn!(%error, "the message log cannot be read for the figures of the console");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn read_on(tail: &Tail, log: &Log, next: Option<i64>) -> Result<i64, StoreError> {
    let mut next = match next {
        Some(next) => next,
        None => (log.db.log_size().await? - READ_BACK).max(0),
    };
    loop {
        let rows = log.db.rows(next, PAGE).await?;
        let own = &log.config.node;
        rows.iter().filter_map(|row| Call::of(row, own)).for_each(|call| tail.add(&call));
        next += i64::try_from(rows.len()).unwrap_or_default();
        if rows.len() < PAGE as usize {
            return Ok(next);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn call(hour: i64, code: Option<u16>, took: u64) -> Call {
        Call {
            index: 0,
            at: Ts(hour * HOUR_US + 5),
            id: "a".into(),
            request_id: "b".into(),
            side: Side::Provider,
            part: CallPart::Call,
            client: "VN/GOV/H17/MOT-CUA".parse().unwrap(),
            service: "VN/GOV/G01/DANCU/tra-cuu".parse().unwrap(),
            status: Some(if code.is_some() { 403 } else { 200 }),
            code: code.map(Code),
            duration_ms: Some(took),
            withheld: 0,
        }
    }

    #[test]
    fn hours_add_up_for_whom_they_may_be_shown() {
        let tail = Tail::default();
        for took in 1..=100 {
            tail.add(&call(1000, None, took));
        }
        tail.add(&call(1001, Some(304), 3));
        let hours = tail.hours(Ts(1001 * HOUR_US), |_, _| true);
        assert_eq!(hours.len(), 48);
        let (before, now) = (&hours[46], &hours[47]);
        assert_eq!((before.calls, before.half_ms, before.most_ms), (100, Some(50), Some(100)));
        assert_eq!((now.calls, now.failed.values().sum::<u64>()), (1, 1));
        assert_eq!(hours[0].calls, 0);
        let hidden = tail.hours(Ts(1001 * HOUR_US), |_, _| false);
        assert!(hidden.iter().all(|hour| hour.calls == 0 && hour.half_ms.is_none()));
    }

    #[test]
    fn the_last_hour_ends_now_whatever_the_clock_shows() {
        let tail = Tail::default();
        let mut call = call(1000, None, 7);
        for minute in 0..120 {
            (call.index, call.at) = (minute, Ts(1000 * HOUR_US + minute * MINUTE_US));
            tail.add(&call);
        }
        let at = |minute: i64| tail.last_hour(Ts(1000 * HOUR_US + minute * MINUTE_US + 9), |_, _| true);
        let last = at(119);
        assert_eq!((last.calls, last.latest, last.half_ms), (60, Some(119), Some(10)));
        assert_eq!(last.from, Ts(1001 * HOUR_US));
        assert_eq!((at(150).calls, at(150).latest), (29, Some(119)));
        assert_eq!((at(200).calls, at(200).latest), (0, None));
    }

    #[test]
    fn only_two_days_are_kept() {
        let tail = Tail::default();
        for hour in 0..100 {
            tail.add(&call(hour, None, 1));
        }
        assert_eq!(tail.hours.all.lock().unwrap().len(), 48);
    }
}
