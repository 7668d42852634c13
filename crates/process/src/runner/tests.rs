#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod build;
mod chains;
mod chance;
mod clocks;
mod jobs;
mod links;
mod messages;
mod migration;
mod models;
mod persons;

use std::sync::Arc;

use base::{FakeClock, Ts};
use serde_json::{Map, Value, json};
use store::Db;
use store::process::{Failpoint, ProcessStore};
use testkit::TestStore;

use super::*;
use crate::timer::Timers;

/// 2026-11-21T03:00:00Z.
const NOW: Ts = Ts::from_secs(1_795_230_000);

/// The engine on a store of its own, with a clock that stands.
struct Node {
    db: Db,
    clock: Arc<FakeClock>,
    fails: Failpoint,
    all: Processes,
}

impl Node {
    async fn open(store: &TestStore) -> Self {
        let db = Db::open(store.url()).await.unwrap();
        Self::on(db, Arc::new(FakeClock::at(NOW)))
    }

    /// One in whose chains only so much may be told.
    async fn chained(store: &TestStore, max: u32) -> Self {
        let db = Db::open(store.url()).await.unwrap();
        Self::counting(super::chain::Chains::of(max), db, Arc::new(FakeClock::at(NOW)))
    }

    fn on(db: Db, clock: Arc<FakeClock>) -> Self {
        Self::counting(super::chain::Chains::default(), db, clock)
    }

    fn counting(chains: super::chain::Chains, db: Db, clock: Arc<FakeClock>) -> Self {
        let fails = Failpoint::default();
        let store = ProcessStore::failing(db.clone(), fails.clone());
        let outside = Arc::new(Timers::built_in().unwrap());
        let all = Processes::counting(Arc::new(chains), store, clock.clone(), (outside, build::read));
        Self { db, clock, fails, all }
    }

    /// Another one on the same store, as after a crash.
    fn again(&self) -> Self {
        Self::on(self.db.clone(), Arc::clone(&self.clock))
    }

    async fn deploy(&self, file: &str) -> Deployed {
        self.all.deploy(file.as_bytes(), &person("deployer")).await.unwrap()
    }

    async fn start(&self, model: &str, variables: Value) -> InstanceId {
        self.all.start(begin(model, variables), &person("an"), None).await.unwrap()
    }

    /// The open task or job of an element.
    async fn task(&self, id: InstanceId, element: &str) -> TaskId {
        let shown = self.all.show(id).await.unwrap();
        let found = shown.tasks.iter().find(|task| task.element == element);
        found.unwrap_or_else(|| panic!("{element} is not open: {:?}", shown.tasks)).id
    }

    async fn open_elements(&self, id: InstanceId) -> Vec<String> {
        self.all.show(id).await.unwrap().tasks.into_iter().map(|task| task.element).collect()
    }

    async fn outcome(&self, id: InstanceId) -> Option<String> {
        self.all.show(id).await.unwrap().instance.outcome
    }

    async fn later(&self, secs: i64) -> u64 {
        use base::Clock as _;
        self.clock.advance_secs(secs);
        self.all.tick(self.clock.now()).await.unwrap()
    }

    /// The stored state is what the history adds up to, and the rows by which it is found are those of the state.
    async fn check(&self, id: InstanceId) {
        let (row, state, model) = self.all.stored(id).await.unwrap();
        assert_eq!(self.all.replay(id).await.unwrap(), state, "{id}");
        let history = self.all.history(id, 0, PAGE_MAX).await.unwrap();
        assert_eq!(i64::try_from(history.len()).unwrap(), row.version);
        let mut expected = book::Book::default();
        let making = book::Making::of(&row, &model.program, NOW);
        expected.derive(&row.id, &making, &crate::engine::State::default(), &state);
        let tasks: Vec<_> =
            expected.tasks.into_values().flatten().map(|task| (task.exec, task.element, task.due)).collect();
        let shown = self.all.show(id).await.unwrap();
        let found = shown
            .tasks
            .into_iter()
            .map(|task| (book::number(task.id.exec.0), task.element, task.due.map(|due| due.0)));
        assert_eq!(found.collect::<Vec<_>>(), tasks);
        let incidents = expected.incidents.into_values().flatten().map(|one| (one.exec, one.code, one.why));
        let found = shown.incidents.into_iter().map(|one| (book::number(one.id.exec.0), one.code, one.why));
        assert_eq!(found.collect::<Vec<_>>(), incidents.collect::<Vec<_>>());
        let waits: Vec<_> = expected.waits.into_values().flatten().collect();
        assert_eq!(ProcessStore::new(self.db.clone()).waits(&row.id).await.unwrap(), waits);
    }
}

fn begin(model: &str, variables: Value) -> Begin {
    let (version, process, business_key) = (None, None, Some(name("H.1")));
    Begin { model: name(model), version, process, business_key, agency: None, variables: payload(variables) }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn person(name_of: &str) -> By {
    By::Person(name(name_of))
}

fn payload(value: Value) -> Payload {
    Payload::new(map(value)).unwrap()
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_no_proper_name_or_too_large_is_refused_by_name() {
    for bad in ["", "a\nb", "a\0", &"x".repeat(257)] {
        assert_eq!(bad.parse::<Name>().unwrap_err().code(), "bad-name");
    }
    assert!("x".repeat(256).parse::<Name>().is_ok());
    let code = |value: Value| Payload::new(map(value)).err().map(|denied| denied.code());
    assert_eq!(code(json!({"a": "x".repeat(VARIABLES_BYTES_MAX)})), Some("too-large"));
    assert_eq!(code(json!({"a": "x".repeat(VARIABLES_BYTES_MAX - 8)})), None);
    assert_eq!(code(json!({ "x".repeat(257): 1 })), Some("bad-name"));
    let deep = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(code(json!({"a": deep(DEPTH_MAX)})), Some("too-deep"));
    assert_eq!(code(json!({"a": deep(DEPTH_MAX - 1), "b": "[[[\\\"[["})), None);
}
