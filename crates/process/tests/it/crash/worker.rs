//! A process that works on a store until it is killed, and says what it asks and what it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::SystemClock;
use process::runner::{Answer, Begin, By, Denied, Name, Payload, Processes, Wanted, read_bpmn};
use process::timer::Timers;
use serde_json::json;
use store::Db;
use store::process::ProcessStore;

use super::name;

/// Callers at the same time.
const CALLERS: u64 = 6;
/// The kind of job.
pub(super) const TOPIC: &str = "gui";
/// How long a worker has a job.
const JOB_SECS: i64 = 1;

/// What is said, a line each. `asked KEY WHAT`, then `got KEY ANSWER` or `no KEY CODE`; `effect JOBKEY` is done outside.
pub(super) type Says = Arc<dyn Fn(String) + Send + Sync>;

pub(super) fn begin() -> Begin {
    let serde_json::Value::Object(counts) = json!({"dem": 0, "gui": 0, "hen": 0}) else {
        panic!("an object")
    };
    let (version, process, business_key, agency) = (None, None, None, None);
    let variables = Payload::new(counts).unwrap();
    Begin { model: name("Crash"), version, process, business_key, agency, variables }
}

pub(super) fn person() -> By {
    By::Person(name("an"))
}

pub(super) async fn open(url: &str, clock: Arc<dyn base::Clock>) -> Processes {
    let store = ProcessStore::new(Db::open(url).await.unwrap());
    Processes::open(store, clock, Arc::new(Timers::built_in().unwrap()), read_bpmn)
}

/// Works on a store until so many commands were asked for; `round` makes keys that nobody else has.
pub(super) async fn work(url: &str, round: u64, commands: u64, says: Says) {
    let all = open(url, Arc::new(SystemClock)).await;
    let going = tokio::spawn({
        let all = all.clone();
        async move { all.keep_going().await }
    });
    let asked = Arc::new(AtomicU64::new(0));
    let callers = (0..CALLERS).map(|caller| {
        let one = Caller { all: all.clone(), says: Arc::clone(&says), round, place: caller };
        let asked = Arc::clone(&asked);
        tokio::spawn(async move {
            while asked.fetch_add(1, Ordering::Relaxed) < commands {
                one.something(&asked).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    going.abort();
}

struct Caller {
    all: Processes,
    says: Says,
    round: u64,
    place: u64,
}

impl Caller {
    async fn something(&self, asked: &AtomicU64) {
        let nth = asked.fetch_add(1, Ordering::Relaxed);
        let key = format!("{}-{}-{nth}", self.round, self.place);
        // Chance that can be had again, from the numbers of the key alone.
        let chance =
            (self.round * 1_000_003 + self.place * 10_007 + nth).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        match chance % 5 {
            0 => self.start(&key).await,
            1 => self.job(&key).await,
            _ => self.complete(&key, usize::try_from(chance / 5).unwrap()).await,
        }
    }

    fn asked(&self, key: &str, what: &str) {
        (self.says)(format!("asked {key} {what}"));
    }

    fn answered(&self, key: &str, answer: Result<Answer, Denied>) {
        (self.says)(match answer {
            Ok(Answer::Done { instance, number }) => format!("got {key} {instance}/{number}"),
            Ok(other) => panic!("{other:?}"),
            Err(denied) => format!("no {key} {}", denied.code()),
        });
    }

    async fn start(&self, key: &str) {
        self.asked(key, "start -");
        let started = self.all.start(begin(), &person(), Some(name(key))).await.unwrap();
        (self.says)(format!("got {key} {started}/1"));
    }

    async fn complete(&self, key: &str, chance: usize) {
        let tasks = self.all.tasks(&Wanted { limit: 20, ..Wanted::default() }).await.unwrap();
        let Some(task) = tasks.get(chance % tasks.len().max(1)) else { return };
        self.asked(key, &format!("complete {}", task.id));
        self.answered(key, self.all.complete(task.id, Payload::none(), &person(), Some(name(key))).await);
    }

    async fn job(&self, key: &str) {
        let worker: Name = name(&format!("w{}", self.place));
        for job in self.all.fetch(&name(TOPIC), &worker, 1, JOB_SECS).await.unwrap() {
            (self.says)(format!("effect {}", job.key));
            self.asked(key, &format!("job {}", job.task.id));
            let done = self.all.job_done(job.task.id, Payload::none(), &worker, Some(name(key))).await;
            self.answered(key, done);
        }
    }
}
