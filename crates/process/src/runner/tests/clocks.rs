//! Agencies, their calendars, and clocks.

use std::sync::Arc;

use base::{Clock as _, FakeClock, Ts};
use serde_json::{Value, json};
use store::Db;
use store::process::{Failpoint, ProcessStore};
use testkit::TestStore;
use worktime::{Calendar, Calendars, moment};

use super::{
    Begin, InstanceId, Listed, Message, Node, PAGE_MAX, Payload, Wanted, begin, name, payload, person,
};
use crate::engine::Event;
use crate::runner::{MovedMoment, Processes, Recalculated};
use crate::timer::Timers;

/// A desk, then the police, each with a limit; reminders on both.
pub(super) const RELAY: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:lt="urn:lienthong:bpmn:1" id="d" targetNamespace="urn:test">
<process id="relay" isExecutable="true" lt:limit="P5WD" lt:agency="H.MC"><laneSet id="lanes">
  <lane id="desk"><flowNodeRef>A</flowNodeRef></lane>
  <lane id="police" name="Công an" lt:agency="=noi" lt:limit="P2WD"><flowNodeRef>B</flowNodeRef></lane></laneSet>
  <startEvent id="s"/><userTask id="A" lt:due="P5WD"/>
  <boundaryEvent id="late" attachedToRef="A" cancelActivity="false"><timerEventDefinition>
    <timeDuration>P3WD</timeDuration></timerEventDefinition></boundaryEvent>
  <serviceTask id="warn"/><userTask id="B" lt:due="PT8WH"/><endEvent id="e"/>
  <boundaryEvent id="slow" attachedToRef="B" cancelActivity="false"><timerEventDefinition>
    <timeCycle>R2/PT12WH</timeCycle></timerEventDefinition></boundaryEvent>
  <sequenceFlow id="f1" sourceRef="s" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="B"/>
  <sequenceFlow id="f3" sourceRef="B" targetRef="e"/><sequenceFlow id="f4" sourceRef="late" targetRef="warn"/>
  <sequenceFlow id="f5" sourceRef="slow" targetRef="warn"/>
</process></definitions>"#;

/// The clocks stand still while the citizen is waited for.
pub(super) const SUPPLEMENT: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:lt="urn:lienthong:bpmn:1" id="d" targetNamespace="urn:test"><message id="more" name="more"/>
<process id="supplement" isExecutable="true" lt:limit="P5WD">
  <startEvent id="s"/><userTask id="A"/><eventBasedGateway id="G" lt:clock="paused"/>
  <intermediateCatchEvent id="M"><messageEventDefinition messageRef="more"/></intermediateCatchEvent>
  <intermediateCatchEvent id="T"><timerEventDefinition><timeDuration>P7WD</timeDuration></timerEventDefinition>
  </intermediateCatchEvent>
  <userTask id="C" lt:due="P1WD"/><endEvent id="e"/><endEvent id="no"/>
  <sequenceFlow id="f1" sourceRef="s" targetRef="A"/><sequenceFlow id="f2" sourceRef="A" targetRef="G"/>
  <sequenceFlow id="f3" sourceRef="G" targetRef="M"/><sequenceFlow id="f4" sourceRef="G" targetRef="T"/>
  <sequenceFlow id="f5" sourceRef="M" targetRef="C"/><sequenceFlow id="f6" sourceRef="C" targetRef="e"/>
  <sequenceFlow id="f7" sourceRef="T" targetRef="no"/>
</process></definitions>"#;

fn at(text: &str) -> Ts {
    moment(text).unwrap()
}

/// The police work at other hours than the country, and not on this day.
fn calendars(version: u32, off: Option<&str>) -> Calendars {
    let off = off.map_or(String::new(), |day| {
        format!(
            "[[calendar.day]]\ndays = \"{day}\"\nworks = false\nname = \"Nghỉ\"\ndecision = \"Công điện 9\"\n"
        )
    });
    let text = format!(
        "version = {version}\n[[calendar]]\ncode = \"cong-an\"\nname = \"Công an\"\nagencies = [\"H.CA\"]\n\
         [[calendar.hours]]\nvalid_from = \"2026-01-01\"\ndecision = \"Quyết định 1\"\n\
         working_days = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\"]\n\
         working_hours = [\"08:00-12:00\", \"13:00-17:00\"]\n{off}"
    );
    Calendars::parse(Calendar::built_in().unwrap(), &text).unwrap()
}

fn node(db: Db, clock: Arc<FakeClock>, timers: &Timers) -> Node {
    let fails = Failpoint::default();
    let store = ProcessStore::failing(db.clone(), fails.clone());
    let all = Processes::open(store, clock.clone(), Arc::new(timers.clone()), super::build::read);
    Node { db, clock, fails, all }
}

/// An engine at a moment, with both models and the first calendars.
async fn open(store: &TestStore, now: &str) -> (Node, Timers) {
    let timers = Timers::with(calendars(1, None));
    let db = Db::open(store.url()).await.unwrap();
    let node = node(db, Arc::new(FakeClock::at(at(now))), &timers);
    node.deploy(RELAY).await;
    node.deploy(SUPPLEMENT).await;
    (node, timers)
}

impl Node {
    /// Does what is due until a moment.
    async fn until(&self, text: &str) -> u64 {
        let micros = at(text).micros_since(self.clock.now());
        assert!(micros >= 0);
        self.later(micros / 1_000_000).await
    }

    async fn relay(&self) -> InstanceId {
        self.start("relay", json!({"noi": "H.CA"})).await
    }

    async fn complete(&self, id: InstanceId, element: &str) {
        let task = self.task(id, element).await;
        self.all.complete(task, Payload::none(), &person("an"), None).await.unwrap();
    }

    async fn due(&self, id: InstanceId, element: &str) -> Option<Ts> {
        let tasks = self.all.show(id).await.unwrap().tasks;
        tasks.into_iter().find(|task| task.element == element).unwrap().due
    }

    async fn instance_due(&self, id: InstanceId) -> Option<Ts> {
        self.all.clocks(id).await.unwrap().unwrap().instance.due
    }

    /// Moments of timers by their events.
    async fn timers(&self, id: InstanceId) -> Vec<(String, Option<Ts>)> {
        let steps = self.all.show(id).await.unwrap().steps;
        let waits = steps.into_iter().flat_map(|step| step.waits);
        waits.map(|(event, what)| (event, what.due())).collect()
    }

    async fn recalculate(&self) -> Recalculated {
        self.all.recalculate(&mut |_| {}).await.unwrap()
    }
}

async fn steps_belong_to_their_agency_and_are_listed_by_it(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let by_desk = node.relay().await;
    let begun = Begin { agency: Some(name("H.XA")), ..begin("relay", json!({"noi": "H.CA"})) };
    let by_commune = node.all.start(begun, &person("an"), None).await.unwrap();
    node.complete(by_commune, "A").await;
    let of = |agencies: &[&str]| Wanted {
        agencies: Some(agencies.iter().map(|code| name(code)).collect()),
        limit: 9,
        ..Wanted::default()
    };
    let listed = async |agencies: &[&str]| {
        let tasks = node.all.tasks(&of(agencies)).await.unwrap();
        tasks.into_iter().map(|task| (task.id.instance, task.agency.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["H.MC"]).await, [(by_desk, "H.MC".to_owned())]);
    assert_eq!(listed(&["H.CA"]).await, [(by_commune, "H.CA".to_owned())]);
    assert_eq!(listed(&["H.CA", "H.MC", "x"]).await.len(), 2);
    assert_eq!(listed(&[]).await, []);
    let roles = Wanted { roles: vec![name("Công an"), name("x")], ..of(&["H.CA", "H.MC"]) };
    assert_eq!(node.all.tasks(&roles).await.unwrap().len(), 1);
    // Whose an instance is was said at its begin, else by its process.
    let of = |code| Listed { agencies: Some(vec![name(code)]), limit: 9, ..Listed::default() };
    for (code, id) in [("H.MC", by_desk), ("H.XA", by_commune)] {
        let listed = node.all.instances(&of(code)).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), [id], "{code}");
        assert_eq!(listed[0].agency.as_deref(), Some(code));
    }
    let wrong = Begin { agency: Some(name("Sở Tư pháp")), ..begin("relay", Value::Null) };
    assert_eq!(node.all.start(wrong, &person("an"), None).await.unwrap_err().code(), "no-agency");
}

async fn a_step_of_nobody_stops_until_somebody_says_whose_it_is(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let id = node.start("relay", json!({"noi": 7})).await;
    node.complete(id, "A").await;
    let incident = node.all.incidents(Some(id), None, 9).await.unwrap().remove(0);
    assert_eq!((incident.code.as_str(), incident.element.as_str()), ("no-agency", "B"));
    assert!(incident.why.contains("noi = 7"), "{}", incident.why);
    let said = payload(json!({"noi": "H.CA"}));
    node.all.resolve(incident.id, said, &person("an")).await.unwrap();
    let shown = node.all.show(id).await.unwrap();
    assert_eq!(
        (shown.tasks[0].agency.as_deref(), shown.tasks[0].due),
        (Some("H.CA"), Some(at("2026-03-02T17:00")))
    );
    node.check(id).await;
}

async fn a_pause_by_a_person_moves_due_dates_and_timers(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let id = node.relay().await;
    assert_eq!(node.due(id, "A").await, Some(at("2026-03-09T17:00")));
    assert_eq!(node.instance_due(id).await, Some(at("2026-03-09T17:00")));
    node.until("2026-03-04T10:00").await;
    let (reason, by) = (name("bổ sung giấy tờ"), person("an"));
    assert_eq!(node.all.resume(id, &reason, &by).await.unwrap_err().code(), "not-paused");
    node.all.pause(id, &reason, &by).await.unwrap();
    assert_eq!(node.all.pause(id, &reason, &by).await.unwrap_err().code(), "paused");
    assert_eq!((node.due(id, "A").await, node.instance_due(id).await), (None, None));
    assert_eq!(node.timers(id).await, [("late".to_owned(), None)]);
    let held = node.all.clocks(id).await.unwrap().unwrap().hold.unwrap();
    assert_eq!((held.since, held.reason.as_str()), (at("2026-03-04T10:00"), "bổ sung giấy tờ"));
    node.check(id).await;
    // The timer was due on 5 March.
    assert_eq!(node.until("2026-03-06T10:00").await, 0);
    node.all.resume(id, &reason, &by).await.unwrap();
    assert_eq!(node.due(id, "A").await, Some(at("2026-03-11T17:00")), "annex C");
    assert_eq!(node.instance_due(id).await, Some(at("2026-03-11T17:00")));
    assert_eq!(node.timers(id).await, [("late".to_owned(), Some(at("2026-03-09T17:00")))]);
    assert_eq!((node.until("2026-03-09T16:59").await, node.until("2026-03-09T17:00").await), (0, 1));
    let history = node.all.history(id, 0, PAGE_MAX).await.unwrap();
    let acts: Vec<_> = history.iter().map(|one| one.command["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["start", "pause", "resume", "happened"]);
    assert_eq!(history[1].command["reason"], "bổ sung giấy tờ");
    node.check(id).await;
}

async fn a_pause_of_no_length_changes_nothing(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let id = node.relay().await;
    for now in ["2026-03-03T08:00", "2026-03-03T18:30", "2026-03-04T12:00"] {
        node.until(now).await;
        let before = (node.due(id, "A").await, node.instance_due(id).await, node.timers(id).await);
        node.all.pause(id, &name("thử"), &person("an")).await.unwrap();
        node.all.resume(id, &name("thử"), &person("an")).await.unwrap();
        let after = (node.due(id, "A").await, node.instance_due(id).await, node.timers(id).await);
        assert_eq!(after, before, "{now}");
    }
    node.check(id).await;
}

async fn the_model_lets_clocks_stand_still_but_not_what_the_citizen_has(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let id = node.start("supplement", Value::Null).await;
    node.until("2026-03-04T10:00").await;
    node.complete(id, "A").await;
    assert_eq!(node.instance_due(id).await, None);
    assert_eq!(
        node.timers(id).await,
        [("M".to_owned(), None), ("T".to_owned(), Some(at("2026-03-13T17:00")))]
    );
    node.until("2026-03-06T10:00").await;
    let more = Message {
        name: name("more"),
        correlation: None,
        variables: Payload::none(),
        keep_secs: None,
        agency: None,
    };
    node.all.message(more, &person("an"), None).await.unwrap();
    assert_eq!(node.instance_due(id).await, Some(at("2026-03-11T17:00")), "annex C");
    assert_eq!(node.due(id, "C").await, Some(at("2026-03-09T17:00")));
    node.complete(id, "C").await;
    node.check(id).await;
    let clocks = node.all.clocks(id).await.unwrap().unwrap();
    assert_eq!(clocks.steps, []);
    assert_eq!(clocks.instance.used_micros, clocks.agencies[0].1.used_micros);
}

async fn who_works_has_the_instance_and_the_sum_of_all_is_its_time(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    let id = node.relay().await;
    node.until("2026-03-03T09:00").await;
    node.complete(id, "A").await;
    let clocks = node.all.clocks(id).await.unwrap().unwrap();
    assert_eq!(clocks.instance.agency.as_deref(), Some("H.CA"));
    let shown: Vec<_> = clocks
        .agencies
        .iter()
        .map(|(code, clock)| (code.as_deref().unwrap(), clock.paused, clock.due, clock.limit.as_deref()))
        .collect();
    let due = Some(at("2026-03-05T17:00"));
    assert_eq!(shown, [("H.CA", false, due, Some("P2WD")), ("H.MC", true, None, None)]);
    assert_eq!(node.due(id, "B").await, Some(at("2026-03-04T09:00")), "eight of their hours");
    node.until("2026-03-04T08:30").await;
    node.complete(id, "B").await;
    let over = node.all.clocks(id).await.unwrap().unwrap();
    let sum: i64 = over.agencies.iter().map(|(_, clock)| clock.used_micros).sum();
    assert_eq!(over.instance.used_micros, sum);
    let hours = 3_600_000_000;
    // The desk from 8:00 for a day and until 9:00, the police from 9:00 for a day and half an hour.
    assert_eq!(sum, 9 * hours + 7 * hours + hours / 2);
    node.until("2026-03-20T08:00").await;
    assert_eq!(node.all.clocks(id).await.unwrap().unwrap(), over, "what is over stays");
    node.check(id).await;
}

/// Due dates of task, agency and instance, and of the timer, with their two versions.
async fn dates(node: &Node, id: InstanceId) -> [Option<Ts>; 4] {
    let clocks = node.all.clocks(id).await.unwrap().unwrap();
    let timer = node.timers(id).await.remove(0).1;
    [node.due(id, "B").await, clocks.agencies[0].1.due, clocks.instance.due, timer]
}

const BEFORE: [&str; 4] = ["2026-03-04T09:00", "2026-03-05T17:00", "2026-03-09T17:00", "2026-03-04T14:00"];
const AFTER: [&str; 4] = ["2026-03-05T09:00", "2026-03-06T17:00", "2026-03-10T17:00", "2026-03-05T14:00"];

async fn other_calendars_move_what_waits_and_the_history_says_so(store: TestStore) {
    let (node, timers) = open(&store, "2026-03-02T08:00").await;
    let id = node.relay().await;
    let at_desk = node.relay().await;
    node.until("2026-03-03T09:00").await;
    node.complete(id, "A").await;
    assert_eq!(dates(&node, id).await, BEFORE.map(|text| Some(at(text))));
    assert_eq!(node.recalculate().await, Recalculated::default(), "the same calendars change nothing");
    let others = || calendars(2, Some("2026-03-04"));
    let (would, moments) = node.all.recalculation(others(), 2).await.unwrap();
    timers.exchange(others());
    assert_eq!((would.looked, would.instances, would.moments, moments.len()), (2, 1, 4, 2));
    let MovedMoment { instance, what, old, new, version } = &moments[0];
    assert_eq!((*instance, what.as_str(), version.agencies), (id, "instance", 2));
    assert_eq!((*old, *new), (Some(at(BEFORE[2])), Some(at(AFTER[2]))));
    assert_eq!(dates(&node, id).await, BEFORE.map(|text| Some(at(text))), "a dry run does nothing");
    let mut told = Vec::new();
    assert_eq!(node.all.recalculate(&mut |done| told.push(done)).await.unwrap(), would);
    assert_eq!(told, [would]);
    assert_eq!(dates(&node, id).await, AFTER.map(|text| Some(at(text))));
    let newest = node.all.history(id, 0, PAGE_MAX).await.unwrap().pop().unwrap();
    assert_eq!((newest.who.as_str(), newest.events.len()), ("system:engine/calendar", 4));
    assert!(newest.events.iter().any(|event| matches!(event,
        Event::Moved { old, new, version, .. }
            if *old == Some(at(BEFORE[3])) && *new == Some(at(AFTER[3])) && version.agencies == 2)));
    assert_eq!(node.all.history(at_desk, 0, PAGE_MAX).await.unwrap().len(), 1, "nothing moved there");
    assert_eq!(node.recalculate().await, Recalculated::default());
    // A timer that has come stays, what comes next is computed anew.
    assert_eq!(node.until("2026-03-05T14:00").await, 1);
    timers.exchange(calendars(3, None));
    node.recalculate().await;
    node.check(id).await;
    node.check(at_desk).await;
}

async fn a_crash_while_computing_again_loses_nothing_and_two_nodes_do_nothing_twice(store: TestStore) {
    let (mut one, timers) = open(&store, "2026-03-02T08:00").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(one.relay().await);
    }
    one.until("2026-03-03T09:00").await;
    for id in &ids {
        one.complete(*id, "A").await;
    }
    let mut crashes = 0;
    for run in 0.. {
        let off = (run % 2 == 0).then_some("2026-03-04");
        timers.exchange(calendars(u32::try_from(run).unwrap() + 2, off));
        one.fails.after(run);
        let broken = one.all.recalculate(&mut |_| {}).await;
        let failed = one.fails.has_failed();
        assert!(failed || broken.is_ok());
        one = node(one.db.clone(), Arc::clone(&one.clock), &timers);
        one.recalculate().await;
        let expected = if off.is_some() { AFTER } else { BEFORE };
        for id in &ids {
            assert_eq!(dates(&one, *id).await, expected.map(|text| Some(at(text))), "{run}");
            let changes = one.all.show(*id).await.unwrap().instance.changes;
            assert_eq!(changes, 3 + run, "one change for each calendar");
            one.check(*id).await;
        }
        crashes += i64::from(failed);
        if !failed {
            break;
        }
    }
    assert!(crashes > 3, "{crashes} places at which it can crash");
    let two = node(Db::open(store.url()).await.unwrap(), Arc::clone(&one.clock), &timers);
    for (version, off) in [(100, "2026-03-04"), (101, "2026-03-05"), (102, "2026-03-04")] {
        timers.exchange(calendars(version, Some(off)));
        let before = one.all.show(ids[0]).await.unwrap().instance.changes;
        let (a, b) = tokio::join!(one.recalculate(), two.recalculate());
        let after = one.all.show(ids[0]).await.unwrap().instance.changes;
        assert_eq!(a.instances + b.instances, 3 * u64::try_from(after - before).unwrap(), "{a:?} {b:?}");
    }
    assert_eq!(dates(&two, ids[0]).await, AFTER.map(|text| Some(at(text))));
}

async fn the_history_says_who_fetched_a_job(store: TestStore) {
    let (node, _) = open(&store, "2026-03-02T08:00").await;
    node.deploy("job").await;
    let id = node.start("job", Value::Null).await;
    assert_eq!(node.all.fetch(&name("J"), &name("máy 1"), 9, 60).await.unwrap().len(), 1);
    assert_eq!(node.all.fetch(&name("J"), &name("máy 2"), 9, 60).await.unwrap(), []);
    node.clock.advance_secs(61);
    assert_eq!(node.all.fetch(&name("J"), &name("máy 2"), 9, 60).await.unwrap().len(), 1);
    let history = node.all.history(id, 1, PAGE_MAX).await.unwrap();
    let said: Vec<_> = history.iter().map(|one| (one.who.as_str(), one.command["act"].as_str())).collect();
    assert_eq!(said, [("system:máy 1", Some("fetch")), ("system:máy 2", Some("fetch"))]);
    assert_eq!(history[1].at, at("2026-03-02T08:01:01"));
    node.check(id).await;
}

testkit::on_both!(
    steps_belong_to_their_agency_and_are_listed_by_it,
    a_step_of_nobody_stops_until_somebody_says_whose_it_is,
    a_pause_by_a_person_moves_due_dates_and_timers,
    a_pause_of_no_length_changes_nothing,
    the_model_lets_clocks_stand_still_but_not_what_the_citizen_has,
    who_works_has_the_instance_and_the_sum_of_all_is_its_time,
    other_calendars_move_what_waits_and_the_history_says_so,
    a_crash_while_computing_again_loses_nothing_and_two_nodes_do_nothing_twice,
    the_history_says_who_fetched_a_job,
);
