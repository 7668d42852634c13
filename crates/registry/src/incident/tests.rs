//! Clocks of incidents, and what people do to a file.

use base::Ts;
use serde_json::json;

use super::*;
use crate::grant::Force;
use crate::{Moment, RegistryError, Rules, Stamp, State, gate, grant};

type Events = Result<Vec<crate::Event>, RegistryError>;

/// A moment in Vietnam's time.
fn at(text: &str) -> Ts {
    Ts::parse(&format!("{text}+07:00")).unwrap()
}

/// A registry without its store.
struct World {
    state: State,
    rules: Rules,
}

impl World {
    /// With a province and a service on which a grant was issued.
    fn new() -> Self {
        let mut world = Self { state: State::default(), rules: Rules::built_in().unwrap() };
        let agency = json!({ "noun": "agency", "event": { "what": "put", "code": "H17", "name": "Đà Nẵng", "valid_from": "2020-01-01" } });
        let grant = json!({ "noun": "grant", "event": { "what": "issued", "id": "QK-2026-000001", "to": "VN/GOV/H17/MOT-CUA",
            "service": "VN/GOV/G01/DAN-CU/tra-cuu", "terms": { "legal_basis": "x" }, "decision": "YC-2026-000001", "force": "active" } });
        for event in [agency, grant] {
            let event: crate::Event = serde_json::from_value(event).unwrap();
            world.act(at("2026-01-02T08:00:00"), |_, _, _| Ok(vec![event])).unwrap();
        }
        world
    }

    fn act(
        &mut self,
        now: Ts,
        decide: impl FnOnce(&State, &Rules, &Moment) -> Events,
    ) -> Result<(), RegistryError> {
        let moment = Moment::new(now, "anninh@h17".parse().unwrap());
        for event in decide(&self.state, &self.rules, &moment)? {
            // What happened is read back from the journal's text.
            let text = serde_json::to_string(&event).unwrap();
            let stamp = Stamp { seq: self.state.seq, at: now, by: moment.by.clone() };
            self.state.apply(&stamp, serde_json::from_str(&text).unwrap());
        }
        Ok(())
    }

    fn open(&mut self, facts: Facts, now: Ts) -> Result<IncidentId, RegistryError> {
        let input = Opening { agency: "H17".parse().unwrap(), facts };
        self.act(now, |state, rules, moment| super::open(state, rules, moment, &input))?;
        Ok(self.state.incidents.iter().next_back().unwrap().id.clone())
    }

    fn opened(facts: Facts) -> (Self, IncidentId) {
        let mut world = Self::new();
        let now = facts.detected;
        let id = world.open(facts, now).unwrap();
        (world, id)
    }

    fn change(&mut self, id: &IncidentId, facts: Facts, now: Ts) -> Result<(), RegistryError> {
        let input = Change { id: id.clone(), if_version: None, facts, reason: "Xác minh lại".into() };
        self.act(now, |state, rules, moment| super::change(state, rules, moment, &input))
    }

    fn send(&mut self, id: &IncidentId, obligation: &str, sent: Ts, now: Ts) -> Result<(), RegistryError> {
        let message =
            Message { to: "Công an tỉnh".into(), at: sent, number: "15/TB".into(), document: None };
        let input = Send { id: id.clone(), if_version: None, obligation: obligation.into(), message };
        self.act(now, |state, _, moment| super::send(state, moment, &input))
    }

    fn explain(&mut self, id: &IncidentId, obligation: &str, now: Ts) -> Result<(), RegistryError> {
        let reason = "Mất điện".into();
        let input = Explain { id: id.clone(), if_version: None, obligation: obligation.into(), reason };
        self.act(now, |state, _, moment| super::explain(state, moment, &input))
    }

    fn close(&mut self, id: &IncidentId, now: Ts) -> Result<(), RegistryError> {
        let input = Close { id: id.clone(), if_version: None, conclusion: "Đã khắc phục".into() };
        self.act(now, |state, _, moment| super::close(state, moment, &input))
    }

    fn file(&self, id: &IncidentId) -> &Incident {
        self.state.incidents.get(id).unwrap()
    }

    /// Codes, ends and warnings of the obligations.
    fn clocks(&self, id: &IncidentId) -> Vec<(&str, Ts, Ts)> {
        let clocks = self.file(id).obligations.iter().map(|one| &one.clock);
        clocks.map(|clock| (clock.code.as_str(), clock.due, clock.warn)).collect()
    }

    fn standings(&self, id: &IncidentId, now: Ts) -> Vec<Standing> {
        self.file(id).obligations.iter().map(|one| one.standing(now)).collect()
    }
}

/// Monday, late in the evening.
const DETECTED: &str = "2026-03-02T22:30:00";

fn facts(severity: Severity) -> Facts {
    Facts {
        detected: at(DETECTED),
        description: "Máy chủ một cửa bị mã hóa".into(),
        severity,
        personal_data: false,
        data_subjects: None,
        parties: vec!["VN/GOV/H17/MOT-CUA".parse().unwrap()],
        holdings: Vec::new(),
        services: Vec::new(),
        grants: Vec::new(),
    }
}

#[track_caller]
fn places(outcome: Result<impl std::fmt::Debug, RegistryError>) -> Vec<String> {
    match outcome {
        Err(RegistryError::Invalid(mistakes)) => mistakes.into_iter().map(|mistake| mistake.place).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_serious_incident_is_notified_after_24_hours_and_reported_after_72_with_warnings_6_hours_before() {
    let (world, id) = World::opened(facts(Severity::Serious));
    assert_eq!(id.as_str(), "SC-2026-000001");
    let expected = vec![
        ("first_notice", at("2026-03-03T22:30:00"), at("2026-03-03T16:30:00")),
        ("report", at("2026-03-05T22:30:00"), at("2026-03-05T16:30:00")),
    ];
    assert_eq!(world.clocks(&id), expected);
    for (now, expected) in [
        ("2026-03-03T16:29:59.999999", [Standing::Running, Standing::Running]),
        ("2026-03-03T16:30:00", [Standing::Soon, Standing::Running]),
        ("2026-03-03T22:30:00", [Standing::Soon, Standing::Running]),
        ("2026-03-03T22:30:00.000001", [Standing::Past, Standing::Running]),
        ("2026-03-05T16:30:00", [Standing::Past, Standing::Soon]),
        ("2026-03-05T22:30:00.000001", [Standing::Past, Standing::Past]),
    ] {
        assert_eq!(world.standings(&id, at(now)), expected, "{now}");
    }
}

#[test]
fn the_hours_run_through_holidays() {
    // Tết 2027 lies between.
    let detected = at("2027-02-05T20:00:00");
    let (world, id) = World::opened(Facts { detected, ..facts(Severity::Serious) });
    assert_eq!(world.clocks(&id)[1].1, at("2027-02-08T20:00:00"));
}

#[test]
fn a_breach_of_personal_data_opens_a_second_clock_of_72_hours() {
    let leaked = Facts { personal_data: true, data_subjects: Some(1_200), ..facts(Severity::Serious) };
    let (world, id) = World::opened(leaked);
    let codes: Vec<_> = world.clocks(&id).into_iter().map(|(code, due, _)| (code, due)).collect();
    let end = at("2026-03-05T22:30:00");
    assert_eq!(
        codes,
        [("first_notice", at("2026-03-03T22:30:00")), ("report", end), ("data_breach_notice", end)]
    );
}

#[test]
fn national_security_is_reported_at_once_and_an_ordinary_incident_within_72_hours() {
    let (mut world, id) = World::opened(facts(Severity::Critical));
    assert_eq!(world.clocks(&id)[0].1, at(DETECTED));
    assert_eq!(world.standings(&id, at("2026-03-02T22:31:00")), [Standing::Past, Standing::Running]);
    world.send(&id, "first_notice", at("2026-03-02T22:50:00"), at("2026-03-02T23:00:00")).unwrap();
    assert_eq!(world.standings(&id, at("2026-03-02T23:00:00"))[0], Standing::Met, "within the hour");
    let (world, id) = World::opened(facts(Severity::Ordinary));
    assert_eq!(world.clocks(&id).into_iter().map(|clock| clock.0).collect::<Vec<_>>(), ["report"]);
}

#[test]
fn another_severity_computes_the_clocks_anew_from_the_detection() {
    let (mut world, id) = World::opened(facts(Severity::Ordinary));
    let now = at("2026-03-03T09:00:00");
    let graver = Facts { personal_data: true, ..facts(Severity::Serious) };
    world.change(&id, graver, now).unwrap();
    let codes: Vec<_> = world.clocks(&id).into_iter().map(|(code, due, _)| (code, due)).collect();
    let end = at("2026-03-05T22:30:00");
    assert_eq!(
        codes,
        [("first_notice", at("2026-03-03T22:30:00")), ("report", end), ("data_breach_notice", end)]
    );
    world.change(&id, facts(Severity::Ordinary), now).unwrap();
    assert_eq!(world.clocks(&id).into_iter().map(|clock| clock.0).collect::<Vec<_>>(), ["report"]);
    let history = &world.file(&id).history;
    assert_eq!(history.len(), 3);
    assert_eq!(history[2].before.as_ref().unwrap().severity, Severity::Serious, "nothing is forgotten");
}

#[test]
fn what_was_missed_or_sent_does_not_disappear_with_a_new_severity() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let late = at("2026-03-04T08:00:00");
    world.change(&id, facts(Severity::Ordinary), late).unwrap();
    assert_eq!(
        world.clocks(&id).into_iter().map(|clock| clock.0).collect::<Vec<_>>(),
        ["report", "first_notice"]
    );
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let now = at("2026-03-03T08:00:00");
    world.send(&id, "first_notice", now, now).unwrap();
    world.change(&id, facts(Severity::Ordinary), now).unwrap();
    let kept = world.file(&id).obligation("first_notice").unwrap();
    assert_eq!(kept.sent[0].message.number, "15/TB");
}

#[test]
fn a_file_is_closed_only_when_each_obligation_was_met_or_recorded_as_late() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let early = at("2026-03-03T10:00:00");
    assert_eq!(places(world.close(&id, early)), ["obligations.first_notice", "obligations.report"]);
    let outcome = world.explain(&id, "first_notice", early);
    assert!(matches!(outcome, Err(RegistryError::Transition { .. })), "it is not late: {outcome:?}");
    world.send(&id, "first_notice", early, early).unwrap();
    let late = at("2026-03-06T08:00:00");
    world.send(&id, "report", late, late).unwrap();
    assert_eq!(world.standings(&id, late), [Standing::Met, Standing::SentLate]);
    assert_eq!(places(world.close(&id, late)), ["obligations.report"], "sent, but too late");
    world.explain(&id, "report", late).unwrap();
    let bare = Close { id: id.clone(), if_version: None, conclusion: " ".into() };
    assert_eq!(places(world.act(late, |state, _, moment| close(state, moment, &bare))), ["conclusion"]);
    world.close(&id, late).unwrap();
    let file = world.file(&id);
    assert_eq!((file.closed, file.conclusion.as_str()), (Some(late), "Đã khắc phục"));
    let did: Vec<Did> = file.history.iter().map(|entry| entry.did).collect();
    assert_eq!(did, [Did::Opened, Did::Sent, Did::Sent, Did::ExplainedLate, Did::Closed]);
    let outcome = world.send(&id, "report", late, late);
    assert!(matches!(outcome, Err(RegistryError::Transition { .. })), "a closed file stays closed");
}

#[test]
fn what_is_past_its_end_is_listed_until_it_is_sent() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let now = at("2026-03-04T01:00:00");
    let late = overdue(&world.state, now);
    let found: Vec<_> = late.iter().map(|late| (late.obligation.as_str(), late.hours)).collect();
    assert_eq!(found, [("first_notice", 2)]);
    world.explain(&id, "first_notice", now).unwrap();
    assert_eq!(overdue(&world.state, now).len(), 1, "a reason sends nothing");
    world.send(&id, "first_notice", now, now).unwrap();
    assert_eq!(overdue(&world.state, now), []);
}

#[test]
fn all_mistakes_of_a_new_file_are_reported_at_once() {
    let mut world = World::new();
    let wrong = Facts {
        detected: at("2026-03-03T00:00:00"),
        description: " ".into(),
        data_subjects: Some(5),
        parties: Vec::new(),
        grants: vec!["QK-2026-000009".parse().unwrap()],
        ..facts(Severity::Serious)
    };
    let found = places(world.open(wrong, at(DETECTED)));
    assert_eq!(found, ["detected", "data_subjects", "parties", "description", "grants"]);
    let old = Facts { detected: at("2001-01-01T00:00:00"), ..facts(Severity::Serious) };
    assert_eq!(places(world.open(old, at(DETECTED))), ["detected"], "there are no rules for it");
}

#[test]
fn a_message_lies_between_detection_and_now() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let now = at("2026-03-03T08:00:00");
    for sent in ["2026-03-02T22:29:00", "2026-03-03T08:00:01"] {
        assert_eq!(places(world.send(&id, "report", at(sent), now)), ["at"], "{sent}");
    }
    let outcome = world.send(&id, "nothing", now, now);
    assert!(matches!(outcome, Err(RegistryError::NoSuch { .. })), "{outcome:?}");
}

#[test]
fn containing_suspends_grants_and_takes_filings_back_with_the_number_of_the_incident() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let now = at("2026-03-02T23:00:00");
    let filing = json!({ "party": "VN/GOV/H17/MOT-CUA", "item": "security_regulation", "number": "1/QC",
        "issued_on": "2026-01-05", "document": "07".repeat(32) });
    let filing: gate::filing::Filing = serde_json::from_value(filing).unwrap();
    world.act(now, |state, rules, moment| gate::file(state, rules, moment, filing)).unwrap();
    let grant: GrantId = "QK-2026-000001".parse().unwrap();
    let contain = |grants: &[&str], filings: &[u64]| Contain {
        id: id.clone(),
        if_version: None,
        grants: grants.iter().map(|id| id.parse().unwrap()).collect(),
        filings: filings.iter().map(|id| FilingId(*id)).collect(),
        reason: "Nghi lộ khóa".into(),
    };
    let nothing = contain(&[], &[]);
    assert_eq!(
        places(world.act(now, |state, _, moment| super::contain(state, moment, &nothing))),
        ["grants"]
    );
    let unknown = contain(&["QK-2026-000007"], &[9]);
    let outcome = world.act(now, |state, _, moment| super::contain(state, moment, &unknown));
    assert_eq!(places(outcome), ["grants", "filings"]);
    let all = contain(&["QK-2026-000001", "QK-2026-000001"], &[1]);
    world.act(now, |state, _, moment| super::contain(state, moment, &all)).unwrap();
    let held = world.state.grants.get(&grant).unwrap();
    assert_eq!(held.force, Force::Suspended);
    assert_eq!(held.reason.as_deref(), Some("Sự cố SC-2026-000001: Nghi lộ khóa"));
    assert!(matches!(
        &world.state.gate.get(FilingId(1)).unwrap().standing,
        gate::filing::Standing::Withdrawn { reason } if reason.starts_with("Sự cố SC-2026-000001")
    ));
    assert_eq!(world.file(&id).suspended.first(), Some(&grant));
    let resumed = grant::Pause { id: grant, if_version: None, reason: "Đã thay khóa".into() };
    world.act(now, |state, _, moment| grant::resume(state, moment, &resumed)).unwrap();
}

#[test]
fn who_saw_an_older_version_gets_a_conflict() {
    let (mut world, id) = World::opened(facts(Severity::Serious));
    let seen = world.file(&id).version;
    let now = at("2026-03-03T08:00:00");
    let measure = |if_version| Measure { id: id.clone(), if_version, text: "Đã ngắt mạng".into() };
    let first = measure(Some(seen));
    world.act(now, |state, _, moment| super::measure(state, moment, &first)).unwrap();
    let outcome = world.act(now, |state, _, moment| super::measure(state, moment, &first));
    assert!(matches!(outcome, Err(RegistryError::Conflict { .. })), "{outcome:?}");
    assert_eq!(world.file(&id).measures.len(), 1);
}

#[test]
fn all_mistakes_of_the_rules_are_reported_at_once() {
    let text = r#"
        [[version]]
        code = "A"
        title = { vi = "x", en = "" }
        legal_basis = "x"
        valid_from = "2026-01-01"
        [[version.obligation]]
        code = "a"
        title = { vi = "x", en = "x" }
        to = { vi = "x", en = "x" }
        legal_basis = ""
        severities = ["grave"]
        hours = 900
        warn_hours = 6
        [[version.obligation]]
        code = "b"
        title = { vi = "x", en = "x" }
        to = { vi = "x", en = "x" }
        legal_basis = "x"
        hours = 1
        warn_hours = 6
        [[version.obligation]]
        code = "b"
        title = { vi = "x", en = "x" }
        to = { vi = "x", en = "x" }
        legal_basis = "x"
        severities = ["serious"]
        hours = 1
        warn_hours = 6
        unknown = 1
    "#;
    let found = places(Clocks::parse(text));
    let keys: Vec<&str> = found.iter().map(|place| place.rsplit(", ").next().unwrap()).collect();
    for key in ["code", "title", "legal_basis", "severities", "hours", "unknown", "obligation b"] {
        assert!(keys.contains(&key), "{key} is not in {keys:?}");
    }
    assert!(Clocks::parse("").is_err());
}

#[test]
fn the_rules_of_the_day_of_detection_count() {
    let rules = Rules::built_in().unwrap();
    let code = |day: &str| rules.clocks.on(day.parse().unwrap()).map(|version| version.code.clone());
    assert_eq!(code("2026-08-18").as_deref(), Some("before_decree_331"));
    assert_eq!(code("2026-08-19").as_deref(), Some("decree_331"));
    assert_eq!(code("2023-06-30"), None);
}
