#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use audit::{About, AuditError, Draft, Entry, Filter, Journal, Outcome};
use base::{FakeClock, ServiceId, Ts};
use serde_json::json;
use store::Db;
use testkit::TestStore;

use super::{Deed, IdempotencyKey, Receipt, Registry};
use crate::people::{Act, Person, Post, Role};
use crate::{Event, Moment, RegistryError, Rules, State};

const NOW: Ts = Ts::from_secs(1_795_230_000);
const ID: &str = "VN-TEST/GOV/H17/dan-cu/tra-cuu";

async fn open_at(store: &TestStore, clock: Arc<FakeClock>) -> Result<Registry, RegistryError> {
    Registry::open(Db::open(store.url()).await.unwrap(), Rules::built_in().unwrap(), clock).await
}

async fn open(store: &TestStore) -> Registry {
    open_at(store, Arc::new(FakeClock::at(NOW))).await.unwrap()
}

fn person(id: &str, role: Role) -> Person {
    let agency = Some("H17".parse().unwrap());
    Person { id: id.parse().unwrap(), posts: vec![Post::new(role, agency)] }
}

fn owner() -> Person {
    person("an", Role::DataOwner)
}

fn id() -> ServiceId {
    ID.parse().unwrap()
}

fn put_with(title: &str, openapi: &serde_json::Value) -> Event {
    let service = json!({
        "noun": "service",
        "event": {
            "what": "put", "id": ID, "version": "1.0", "owner": "H17", "title": {"vi": title}, "stage": "draft",
            "data_class": "public", "sharing": "on_request", "legal_basis": "NĐ 278/2025/NĐ-CP", "fields": [],
            "openapi": openapi
        }
    });
    serde_json::from_value(service).unwrap()
}

fn put(title: &str) -> Event {
    put_with(title, &json!({"x": 0.1 + 0.2}))
}

fn title(state: &State) -> Option<String> {
    state.services.get(&id()).map(|service| service.title.vi.clone())
}

/// What a noun's decision does: another title, if it is still the one that the person had seen.
fn rename<'a>(
    seen: Option<&'a str>,
    new: &'a str,
) -> impl Fn(&State, &Moment) -> Result<Vec<Event>, RegistryError> + 'a {
    move |state, _| {
        if title(state).as_deref() == seen {
            Ok(vec![put(new)])
        } else {
            Err(RegistryError::Conflict { name: ID.into(), expected: 0, found: state.seq })
        }
    }
}

async fn act(
    registry: &Registry,
    who: &Person,
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Receipt, RegistryError> {
    registry.act(who, Act::ServicePut, Some(&"H17".parse().unwrap()), "service/1", decide).await
}

async fn all(registry: &Registry) -> Vec<Entry> {
    let mut entries = registry.history(&Filter::default(), None, 1_000).await.unwrap();
    entries.reverse();
    entries
}

async fn what_was_done_is_there_after_a_restart(store: TestStore) {
    let first = open(&store).await;
    let mut changes = first.changes();
    let one = act(&first, &owner(), rename(None, "Một")).await.unwrap();
    assert_eq!((one, one.version()), (Receipt { from: 0, to: 1, at: NOW }, Some(0)));
    assert!(changes.has_changed().unwrap());
    assert_eq!(*changes.borrow_and_update(), 1);
    let many = |_: &State, _: &Moment| Ok((0..2_500).map(|n| put(&format!("Hai {n}"))).collect());
    let many = act(&first, &owner(), many).await.unwrap();
    assert_eq!(many, Receipt { from: 1, to: 2_501, at: NOW });
    let nothing = act(&first, &owner(), |_: &State, _: &Moment| Ok(vec![])).await.unwrap();
    assert_eq!((nothing.from, nothing.version()), (2_501, None));
    let second = open(&store).await;
    assert_eq!(second.read(title), Some("Hai 2499".into()));
    let services = |state: &State| state.services.get(&id()).cloned();
    assert_eq!(second.read(services), first.read(services));
    assert_eq!(second.read(|state| state.seq), 2_501);
    assert_eq!(*second.changes().borrow(), 2_501);
    assert_eq!(all(&second).await, all(&first).await);
}

async fn an_entry_says_who_did_what_in_which_role(store: TestStore) {
    let registry = open(&store).await;
    act(&registry, &owner(), rename(None, "Một")).await.unwrap();
    let entry = all(&registry).await.remove(0);
    let words = (entry.by.as_str(), entry.in_role.as_deref(), entry.agency.as_deref());
    assert_eq!(words, ("an", Some("data_owner"), Some("H17")));
    assert_eq!((entry.act.as_str(), entry.subject.as_str(), entry.at), ("service_put", "service/1", NOW));
    assert_eq!(entry.event.unwrap()["event"]["what"], "put");
}

async fn refusals_stand_in_the_journal_and_change_nothing(store: TestStore) {
    let registry = open(&store).await;
    let changes = registry.changes();
    let auditor = person("thanh-tra", Role::Auditor);
    let forbidden = act(&registry, &auditor, |_: &State, _: &Moment| panic!("nobody may decide this")).await;
    assert!(matches!(forbidden, Err(RegistryError::Forbidden("service_put"))), "{forbidden:?}");
    let secret = act(&registry, &owner(), |_: &State, _: &Moment| Err(RegistryError::StateSecret)).await;
    assert!(matches!(secret, Err(RegistryError::StateSecret)), "{secret:?}");
    let store_failed = || RegistryError::Journal(AuditError::Unwritable { what: "x".into() });
    act(&registry, &owner(), |_: &State, _: &Moment| Err(store_failed())).await.unwrap_err();
    assert!(!changes.has_changed().unwrap());
    for registry in [&registry, &open(&store).await] {
        let entries = all(registry).await;
        let told: Vec<_> = entries
            .iter()
            .map(|entry| match &entry.outcome {
                Outcome::Refused { code, reason } => {
                    (entry.by.as_str(), entry.in_role.as_deref(), code.as_str(), reason.contains(" / "))
                }
                Outcome::Done => panic!("{entry:?}"),
            })
            .collect();
        let wanted = [("thanh-tra", None, "EX-2004", true), ("an", Some("data_owner"), "EX-2008", true)];
        assert_eq!(told, wanted);
        assert_eq!(registry.read(|state| (state.seq, title(state))), (2, None));
    }
    act(&registry, &owner(), rename(None, "Một")).await.unwrap();
}

async fn of_two_who_decide_at_once_one_gets_conflict(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    act(&one, &owner(), rename(None, "Một")).await.unwrap();
    two.catch_up().await.unwrap();
    let binh = person("binh", Role::AgencyAdministrator);
    act(&one, &owner(), rename(Some("Một"), "Hai")).await.unwrap();
    // The second process does not know yet: it decides on what it has, and once more on what there is.
    let mut decided = 0;
    let late = act(&two, &binh, |state: &State, moment: &Moment| {
        decided += 1;
        rename(Some("Một"), "Ba")(state, moment)
    })
    .await;
    assert!(matches!(late, Err(RegistryError::Conflict { .. })), "{late:?}");
    assert_eq!(decided, 2);
    assert_eq!(two.read(title), Some("Hai".into()));
    assert_eq!(one.catch_up().await.unwrap(), 1);
    assert_eq!(all(&one).await, all(&two).await);
    assert!(all(&one).await[2].is_refused());
}

async fn acts_of_two_processes_are_all_there_in_one_order(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    let run = async |registry: &Registry, name: &str| {
        for number in 0..25 {
            // Somebody who loses ten times in a row is asked to try again, and does.
            while let Err(error) = act(registry, &owner(), |state: &State, _: &Moment| {
                Ok(vec![put(&format!("{name}{number} sau {}", title(state).unwrap_or_default().len()))])
            })
            .await
            {
                assert!(matches!(error, RegistryError::Conflict { .. }), "{error}");
            }
        }
    };
    tokio::join!(run(&one, "a"), run(&two, "b"));
    one.catch_up().await.unwrap();
    two.catch_up().await.unwrap();
    assert_eq!(one.read(|state| state.seq), 50);
    assert_eq!(one.read(title), two.read(title));
    assert_eq!(all(&one).await, all(&open(&store).await).await);
    one.journal().check(&[]).await.unwrap();
}

async fn a_key_makes_an_act_happen_once(store: TestStore) {
    let clock = Arc::new(FakeClock::at(NOW));
    let (one, two) = (open_at(&store, clock.clone()).await.unwrap(), open(&store).await);
    let h17 = "H17".parse().unwrap();
    let key = IdempotencyKey { key: "k-1".into(), request: Some([7; 32]) };
    let deed =
        |subject: &'static str| Deed { act: Act::ServicePut, agency: Some(&h17), subject, key: Some(&key) };
    let pair = |_: &State, _: &Moment| Ok(vec![put("Một"), put("Hai")]);
    let first = one.act_once(&owner(), &deed("service/1"), pair).await.unwrap();
    assert_eq!(first, Receipt { from: 0, to: 2, at: NOW });
    let again = one.act_once(&owner(), &deed("service/1"), pair).await.unwrap();
    let elsewhere = two.act_once(&owner(), &deed("service/1"), pair).await.unwrap();
    let restarted = open(&store).await.act_once(&owner(), &deed("service/1"), pair).await.unwrap();
    assert_eq!([again, elsewhere, restarted], [first; 3]);
    let other = one.act_once(&owner(), &deed("service/2"), pair).await;
    assert!(matches!(other, Err(RegistryError::KeyReused)), "{other:?}");
    assert_eq!(all(&one).await.len(), 3, "the misuse is written down, the repetitions are not");
    let body = IdempotencyKey { request: Some([8; 32]), ..key.clone() };
    let restarted = open(&store).await;
    let other = restarted.act_once(&owner(), &Deed { key: Some(&body), ..deed("service/1") }, pair).await;
    assert!(matches!(other, Err(RegistryError::KeyReused)), "{other:?}");
    one.catch_up().await.unwrap();
    let binh = person("binh", Role::DataOwner);
    assert_eq!(one.act_once(&binh, &deed("service/2"), pair).await.unwrap().from, 4);
    clock.advance_secs(24 * 60 * 60);
    assert_eq!(one.act_once(&owner(), &deed("service/2"), pair).await.unwrap().from, 6);
}

async fn a_key_under_which_something_was_refused_is_free(store: TestStore) {
    let registry = open(&store).await;
    let h17 = "H17".parse().unwrap();
    let key = "k-1".into();
    let deed = Deed { act: Act::ServicePut, agency: Some(&h17), subject: "service/1", key: Some(&key) };
    let refused = |_: &State, _: &Moment| Err(RegistryError::ReasonMissing);
    registry.act_once(&owner(), &deed, refused).await.unwrap_err();
    let done = registry.act_once(&owner(), &deed, rename(None, "Một")).await.unwrap();
    assert_eq!((done.from, done.to), (1, 2));
}

async fn a_code_is_taken_once_by_whichever_process_and_no_earlier_one_after_it(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    let (an, binh) = ("an".parse().unwrap(), "binh".parse().unwrap());
    assert!(one.use_code(&an, 7).await.unwrap());
    assert!(!one.use_code(&an, 7).await.unwrap());
    assert!(!two.use_code(&an, 7).await.unwrap());
    assert!(!open(&store).await.use_code(&an, 6).await.unwrap(), "a restart does not forget");
    assert!(two.use_code(&binh, 6).await.unwrap());
    assert!(two.use_code(&an, 8).await.unwrap());
    let (first, second) = tokio::join!(one.use_code(&an, 9), two.use_code(&an, 9));
    assert!(first.unwrap() ^ second.unwrap());
}

async fn a_tampered_journal_stops_the_start_and_is_found_while_running(store: TestStore) {
    let registry = open(&store).await;
    for name in ["Một", "Hai", "Ba"] {
        act(&registry, &owner(), |_: &State, _: &Moment| Ok(vec![put(name)])).await.unwrap();
    }
    registry.journal().check(&[]).await.unwrap();
    store.execute("UPDATE journal SET text = replace(text, 'Hai', 'Tư') WHERE seq = 1").await;
    let found = registry.journal().check(&[]).await;
    assert!(matches!(found, Err(AuditError::Damaged { seq: 1, .. })), "{found:?}");
    let stopped = open_at(&store, Arc::new(FakeClock::at(NOW))).await.err().unwrap();
    assert_eq!(stopped.code().to_string(), "EX-2023");
    assert!(stopped.to_string().contains("entry 1 of the journal"), "{stopped}");
}

async fn an_event_of_a_newer_program_stops_the_start_and_is_named(store: TestStore) {
    let registry = open(&store).await;
    act(&registry, &owner(), rename(None, "Một")).await.unwrap();
    let journal = Journal::open(Db::open(store.url()).await.unwrap());
    let newer = Draft {
        at: NOW,
        by: "an".parse().unwrap(),
        in_role: None,
        agency: None,
        act: "moon_put".into(),
        subject: "moon".into(),
        outcome: Outcome::Done,
        event: Some(json!({"noun": "moon", "event": {}})),
        key: None,
        key_request: None,
    };
    journal.append(1, vec![newer]).await.unwrap();
    for error in [
        open_at(&store, Arc::new(FakeClock::at(NOW))).await.err().unwrap(),
        registry.catch_up().await.unwrap_err(),
        act(&registry, &owner(), rename(Some("Một"), "Hai")).await.unwrap_err(),
    ] {
        assert!(matches!(&error, RegistryError::Journal(AuditError::Unknown { seq: 1, .. })), "{error}");
        assert!(error.to_string().contains("moon"), "{error}");
    }
    assert_eq!(registry.read(title), Some("Một".into()), "what is known can be read on");
}

async fn what_could_not_be_read_again_is_not_written(store: TestStore) {
    let registry = open(&store).await;
    let mut deep = json!(null);
    for _ in 0..126 {
        deep = json!([deep]);
    }
    let deep = act(&registry, &owner(), |_: &State, _: &Moment| Ok(vec![put_with("Sâu", &deep)])).await;
    assert!(matches!(deep, Err(RegistryError::Journal(AuditError::Unwritable { .. }))), "{deep:?}");
    assert_eq!(registry.read(title), None);
    act(&registry, &owner(), rename(None, "Một")).await.unwrap();
    open(&store).await;
}

async fn history_is_filtered_and_paged(store: TestStore) {
    let registry = open(&store).await;
    let binh = person("binh", Role::DataOwner);
    let h17 = "H17".parse().unwrap();
    for number in 0..60 {
        let who = if number % 20 == 7 { &binh } else { &owner() };
        let subject = format!("service/{number}");
        let done = |_: &State, _: &Moment| Ok(vec![put("x")]);
        registry.act(who, Act::ServicePut, Some(&h17), &subject, done).await.unwrap();
    }
    let found = async |filter: Filter, before, limit| -> Vec<i64> {
        let entries = registry.history(&filter, before, limit).await.unwrap();
        entries.iter().map(|entry| entry.seq).collect()
    };
    let about = |about| Filter { about, ..Filter::default() };
    assert_eq!(found(about(About::Subject("service/5".into())), None, 9).await, [5]);
    let fives = found(about(About::Prefix("service/5".into())), None, 99).await;
    assert_eq!(fives, [59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 5]);
    let his = || Filter { by: Some("binh".parse().unwrap()), ..Filter::default() };
    assert_eq!(found(his(), None, 2).await, [47, 27]);
    assert_eq!(found(his(), Some(27), 2).await, [7]);
    assert_eq!(found(Filter::default(), Some(3), 2).await, [2, 1]);
    assert_eq!(found(Filter::default(), None, usize::MAX).await.len(), 60);
}

async fn an_act_that_its_caller_gave_up_is_done_whole_or_not_at_all(store: TestStore) {
    let registry = open(&store).await;
    let an = owner();
    for polls in 0..12 {
        let before = registry.read(|state| state.seq);
        let pair = |_: &State, _: &Moment| Ok(vec![put("a"), put(&polls.to_string())]);
        {
            let mut given_up = std::pin::pin!(act(&registry, &an, pair));
            for _ in 0..polls {
                let turn = std::future::poll_fn(|cx| std::task::Poll::Ready(given_up.as_mut().poll(cx)));
                if turn.await.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        let next = act(&registry, &owner(), |_: &State, _: &Moment| Ok(vec![put("b")])).await.unwrap();
        assert!(next.from == before || next.from == before + 2, "{before} {next:?}");
        assert_eq!(registry.read(|state| state.seq), next.to);
    }
    registry.journal().check(&[]).await.unwrap();
    assert_eq!(open(&store).await.read(|state| state.seq), registry.read(|state| state.seq));
}

testkit::on_both!(
    what_was_done_is_there_after_a_restart,
    an_entry_says_who_did_what_in_which_role,
    refusals_stand_in_the_journal_and_change_nothing,
    of_two_who_decide_at_once_one_gets_conflict,
    acts_of_two_processes_are_all_there_in_one_order,
    a_code_is_taken_once_by_whichever_process_and_no_earlier_one_after_it,
    a_key_makes_an_act_happen_once,
    a_key_under_which_something_was_refused_is_free,
    a_tampered_journal_stops_the_start_and_is_found_while_running,
    an_event_of_a_newer_program_stops_the_start_and_is_named,
    what_could_not_be_read_again_is_not_written,
    history_is_filtered_and_paged,
    an_act_that_its_caller_gave_up_is_done_whole_or_not_at_all,
);

#[test]
fn a_long_text_is_cut_between_characters() {
    assert_eq!(super::cut("Đà Nẵng", 7), "Đà Nẵng");
    assert_eq!(super::cut("Đà Nẵng", 4), "Đà N…");
}

#[test]
fn an_act_may_run_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    async fn some(registry: &Registry) {
        let _ = registry.act(&owner(), Act::Read, None, "x", |_: &State, _: &Moment| Ok(vec![])).await;
    }
    fn check(registry: &Registry) {
        is_send(&some(registry));
    }
    let _ = check;
}
