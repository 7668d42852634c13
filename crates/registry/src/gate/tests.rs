//! The gate as people use it: filed by one, judged by another, ended by the calendar.

use std::sync::LazyLock;

use base::{PartyId, ServiceId, Ts};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::filing::{Contact, Filing, FilingId, Judgement, Standing, Verdict};
use super::report::{ItemState, MachineCheck, Outcome};
use super::{closing, connection_closing, day_of, failing, report, tasks, warnings};
use crate::gate::checklist::{Checklists, Duty};
use crate::publish::Fingerprint;
use crate::request::RequestId;
use crate::text::Text;
use crate::{Event, Moment, RegistryError, Rules, Stamp, State};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::built_in().unwrap());

/// A moment in Vietnam's time.
fn at(text: &str) -> Ts {
    Ts::parse(&format!("{text}+07:00")).unwrap()
}

fn noon(day: Date) -> Ts {
    at(&format!("{day}T12:00:00"))
}

fn party() -> PartyId {
    "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap()
}

fn service() -> ServiceId {
    "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho".parse().unwrap()
}

fn request() -> RequestId {
    RequestId::new(2026, 12)
}

/// A registry without its store.
#[derive(Default)]
struct World {
    state: State,
}

impl World {
    fn act(
        &mut self,
        by: &str,
        now: Ts,
        decide: impl FnOnce(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Result<(), RegistryError> {
        let moment = Moment { now, today: day_of(now), by: by.parse().unwrap() };
        let events = decide(&self.state, &moment)?;
        let stamp = Stamp { seq: self.state.seq, at: now, by: moment.by };
        for event in events {
            // What happened is read back from the journal's text.
            let text = serde_json::to_string(&event).unwrap();
            self.state.apply(&stamp, serde_json::from_str(&text).unwrap());
        }
        Ok(())
    }

    fn file(&mut self, filing: Filing, now: Ts) -> Result<FilingId, RegistryError> {
        self.act("nop@h17", now, |state, moment| super::file(state, &RULES, moment, filing))?;
        Ok(self.state.gate.iter().last().unwrap().id)
    }

    fn judge(&mut self, by: &str, now: Ts, id: FilingId, verdict: Verdict) -> Result<(), RegistryError> {
        let judgement = Judgement { id, verdict, if_version: None };
        self.act(by, now, |state, moment| super::judge(state, &RULES, moment, judgement))
    }

    fn accepted(&mut self, filing: Filing, now: Ts) -> FilingId {
        let id = self.file(filing, now).unwrap();
        self.judge("duyet@h17", now, id, Verdict::Accepted).unwrap();
        id
    }

    /// Everything that a system needs, with minutes of that day.
    fn ready(issued_on: Date) -> Self {
        let mut world = Self::default();
        let now = noon(issued_on);
        for item in ["security_level", "security_regulation", "security_minutes", "contacts"] {
            world.accepted(filing(item, issued_on), now);
        }
        assert_eq!(world.failing(now), [""; 0]);
        world
    }

    fn failing(&self, now: Ts) -> Vec<String> {
        failing(&self.state, &RULES, &party(), None, now).into_iter().map(|failing| failing.item).collect()
    }

    fn failing_for(&self, request: &RequestId, now: Ts) -> Vec<String> {
        let failing = failing(&self.state, &RULES, &party(), Some(request), now);
        failing.into_iter().map(|failing| failing.item).collect()
    }

    fn open_connection(&mut self, now: Ts) {
        let event = super::open_connection(&request(), &party(), &service());
        self.act("xin@h17", now, |_, _| Ok(vec![event])).unwrap();
    }
}

fn filing(item: &str, issued_on: Date) -> Filing {
    let contact = |duty| Contact {
        duty,
        name: "Phòng Kỹ thuật".into(),
        phone: "0236 1022".into(),
        email: String::new(),
    };
    let contacts = match item {
        "contacts" => [Duty::Business, Duty::Technical, Duty::Security].map(contact).to_vec(),
        _ => Vec::new(),
    };
    Filing {
        party: party(),
        item: item.to_owned(),
        about: None,
        number: "12/BB-CAT".to_owned(),
        issued_on,
        valid_until: None,
        document: Some(Fingerprint([7; 32])),
        file: None,
        level: (item == "security_level").then_some(3),
        contacts,
    }
}

const ISSUED: Date = date(2026, 7, 20);

#[test]
fn minutes_count_through_the_last_second_of_their_last_day_and_not_one_longer() {
    let world = World::ready(ISSUED);
    assert_eq!(world.failing(at("2027-01-20T23:59:59.999999")), [""; 0]);
    let closed = at("2027-01-21T00:00:00");
    assert_eq!(world.failing(closed), ["security_minutes"]);
    let failing = failing(&world.state, &RULES, &party(), None, closed);
    assert_eq!(failing[0].ended, Some(date(2027, 1, 20)));
    let foreseen = closing(&world.state, &RULES, &party(), noon(ISSUED)).unwrap();
    assert_eq!((foreseen.from, &foreseen.failing), (Some(closed), &failing));
    let now = closing(&world.state, &RULES, &party(), closed).unwrap();
    assert_eq!((now.from, now.failing), (None, failing), "it is closed already");
}

#[test]
fn a_renewal_reopens_traffic_the_day_after_the_minutes_expired() {
    let mut world = World::ready(ISSUED);
    let late = at("2027-01-21T08:00:00");
    assert_eq!(world.failing(late), ["security_minutes"]);
    let renewal = world.file(filing("security_minutes", date(2027, 1, 21)), late).unwrap();
    assert_eq!(world.failing(late), ["security_minutes"], "nobody has judged it yet");
    let grants: Vec<_> = world.state.grants.iter().cloned().collect();
    world.judge("duyet@h17", late, renewal, Verdict::Accepted).unwrap();
    assert_eq!(world.failing(late), [""; 0]);
    assert_eq!(world.state.grants.iter().cloned().collect::<Vec<_>>(), grants, "the same grants and keys");
}

#[test]
fn six_months_from_the_end_of_august_end_with_february() {
    let world = World::ready(date(2026, 8, 31));
    assert_eq!(world.failing(at("2027-02-28T23:59:59")), [""; 0]);
    assert_eq!(world.failing(at("2027-03-01T00:00:00")), ["security_minutes"]);
}

#[test]
fn a_document_that_names_an_earlier_day_ends_on_that_day() {
    let mut world = World::default();
    let minutes = Filing { valid_until: Some(date(2026, 9, 30)), ..filing("security_minutes", ISSUED) };
    world.accepted(minutes, noon(ISSUED));
    assert!(!world.failing(at("2026-09-30T23:59:59")).contains(&"security_minutes".to_owned()));
    assert!(world.failing(at("2026-10-01T00:00:00")).contains(&"security_minutes".to_owned()));
}

#[test]
fn people_are_warned_30_7_and_1_days_before_and_no_longer_after_the_renewal() {
    let mut world = World::ready(ISSUED);
    let stages = |world: &World, day: Date| {
        let warnings = warnings(&world.state, &RULES, noon(day));
        warnings
            .into_iter()
            .map(|warning| (warning.item, warning.days_left, warning.stage))
            .collect::<Vec<_>>()
    };
    let minutes = |left, stage| vec![("security_minutes".to_owned(), left, stage)];
    for (day, expected) in [
        (date(2026, 12, 20), Vec::new()),
        (date(2026, 12, 21), minutes(30, 30)),
        (date(2027, 1, 12), minutes(8, 30)),
        (date(2027, 1, 13), minutes(7, 7)),
        (date(2027, 1, 19), minutes(1, 1)),
        (date(2027, 1, 20), minutes(0, 1)),
        (date(2027, 1, 21), Vec::new()),
    ] {
        assert_eq!(stages(&world, day), expected, "{day}");
    }
    let day = date(2027, 1, 15);
    let id = world.file(filing("security_minutes", day), noon(day)).unwrap();
    assert!(warnings(&world.state, &RULES, noon(day))[0].renewal_filed);
    world.judge("duyet@h17", noon(day), id, Verdict::Accepted).unwrap();
    assert_eq!(stages(&world, day), Vec::new());
}

#[test]
fn who_filed_cannot_accept_or_reject() {
    let mut world = World::default();
    let id = world.file(filing("security_minutes", ISSUED), noon(ISSUED)).unwrap();
    for verdict in [Verdict::Accepted, Verdict::Rejected { reason: "sai".into() }] {
        let outcome = world.judge("nop@h17", noon(ISSUED), id, verdict);
        assert!(matches!(outcome, Err(RegistryError::FourEyes)), "{outcome:?}");
    }
}

#[test]
fn a_rejection_says_why_and_nothing_counts() {
    let mut world = World::default();
    let id = world.file(filing("security_minutes", ISSUED), noon(ISSUED)).unwrap();
    let silent = world.judge("duyet@h17", noon(ISSUED), id, Verdict::Rejected { reason: "  ".into() });
    assert!(matches!(silent, Err(RegistryError::Invalid(_))), "{silent:?}");
    world.judge("duyet@h17", noon(ISSUED), id, Verdict::Rejected { reason: "Thiếu chữ ký".into() }).unwrap();
    assert!(world.failing(noon(ISSUED)).contains(&"security_minutes".to_owned()));
    let again = world.judge("duyet@h17", noon(ISSUED), id, Verdict::Accepted);
    assert!(matches!(again, Err(RegistryError::Transition { .. })), "{again:?}");
}

#[test]
fn who_saw_an_older_version_gets_a_conflict() {
    let mut world = World::default();
    let id = world.file(filing("security_minutes", ISSUED), noon(ISSUED)).unwrap();
    let seen = world.state.gate.get(id).unwrap().version();
    world.judge("duyet@h17", noon(ISSUED), id, Verdict::Accepted).unwrap();
    let outcome =
        world.act("duyet@h17", noon(ISSUED), |state, _| super::withdraw(state, id, "nhầm", Some(seen)));
    assert!(matches!(outcome, Err(RegistryError::Conflict { .. })), "{outcome:?}");
}

#[test]
fn an_accepted_document_that_is_withdrawn_closes_the_gate() {
    let mut world = World::ready(ISSUED);
    let id = world.state.gate.filings(&party(), None, "security_minutes").last().unwrap().id;
    world.act("duyet@h17", noon(ISSUED), |state, _| super::withdraw(state, id, "văn bản giả", None)).unwrap();
    assert_eq!(world.failing(noon(ISSUED)), ["security_minutes"]);
    let filed = world.state.gate.get(id).unwrap();
    assert_eq!(filed.standing, Standing::Withdrawn { reason: "văn bản giả".into() });
    assert_eq!(filed.history.len(), 3, "nothing is forgotten");
}

#[test]
fn a_new_connection_opens_a_risk_assessment_and_waits_for_it() {
    let mut world = World::ready(ISSUED);
    let now = noon(ISSUED);
    world.open_connection(now);
    let open: Vec<_> = tasks(&world.state, &RULES, &party(), now).into_iter().map(|task| task.item).collect();
    let all = ["risk_assessment", "impact_assessment", "test_minutes", "coordination_regulation"];
    assert_eq!(open, all, "the class of the service is not known, so it counts as personal");
    assert_eq!(world.failing(now), [""; 0], "other connections are not hit");
    assert_eq!(world.failing_for(&request(), now), all);
    for item in &all[1..] {
        assert!(world.failing_for(&request(), now).contains(&(*item).to_owned()));
        world.accepted(Filing { about: Some(request()), ..filing(item, ISSUED) }, now);
        assert!(!world.failing_for(&request(), now).contains(&(*item).to_owned()));
    }
    let again = world.file(Filing { about: Some(request()), ..filing(all[0], ISSUED) }, now);
    assert!(
        matches!(&again, Err(RegistryError::Invalid(list)) if list[0].en.contains("close its task")),
        "the request has its document: {again:?}"
    );
    let open: Vec<_> = tasks(&world.state, &RULES, &party(), now).into_iter().map(|task| task.item).collect();
    assert_eq!(open, all[..1]);
    let provider: PartyId = "VN-DEMO/GOV/G01/DANCU".parse().unwrap();
    assert_eq!(tasks(&world.state, &RULES, &provider, now), [], "the provider has nothing to show for it");
}

#[test]
fn an_item_of_one_connection_ends_with_the_day_that_its_document_names() {
    let mut world = World::ready(ISSUED);
    let now = noon(ISSUED);
    world.open_connection(now);
    let until = date(2026, 12, 31);
    for item in ["impact_assessment", "test_minutes", "coordination_regulation"] {
        let valid_until = (item == "test_minutes").then_some(until);
        world.accepted(Filing { about: Some(request()), valid_until, ..filing(item, ISSUED) }, now);
    }
    let closing = |now| connection_closing(&world.state, &RULES, (&party(), &request()), now).unwrap();
    let items = |now| closing(now).failing.into_iter().map(|failing| failing.item).collect::<Vec<_>>();
    assert_eq!(items(now), ["risk_assessment"], "the system's own items are not among them");
    let late = at("2027-01-01T00:00:00");
    assert_eq!(items(late), ["risk_assessment", "test_minutes"]);
    assert_eq!(closing(late).failing[1].ended, Some(until));
    assert_eq!(world.failing(late), [""; 0], "the party's own gate stays open");
}

#[test]
fn an_impact_assessment_is_asked_only_where_the_data_are_personal() {
    let now = noon(ISSUED);
    for (data_class, asked) in [("public", false), ("internal", false), ("personal_basic", true)] {
        let mut world = World::ready(ISSUED);
        world.open_connection(now);
        let service = serde_json::json!({
            "id": service(), "version": "1.0.0", "owner": "G01", "title": { "vi": "Tra cứu hộ" }, "stage": "published",
            "data_class": data_class, "sharing": "on_request", "legal_basis": "NĐ 278/2025", "fields": [], "openapi": {},
        });
        let put = crate::service::Event::Put(serde_json::from_value(service).unwrap());
        world.act("dich.vu", now, |_, _| Ok(vec![Event::Service(put)])).unwrap();
        let failing = world.failing_for(&request(), now);
        assert_eq!(failing.contains(&"impact_assessment".to_owned()), asked, "{data_class}");
    }
}

#[test]
fn a_closed_connection_asks_for_nothing_more() {
    let mut world = World::ready(ISSUED);
    world.open_connection(noon(ISSUED));
    world.act("xin@h17", noon(ISSUED), |_, _| Ok(vec![super::close_connection(&request())])).unwrap();
    assert_eq!(tasks(&world.state, &RULES, &party(), noon(ISSUED)), []);
    let late = world.file(Filing { about: Some(request()), ..filing("test_minutes", ISSUED) }, noon(ISSUED));
    assert!(matches!(late, Err(RegistryError::Invalid(_))), "{late:?}");
}

#[test]
fn a_level_of_the_old_law_stays_until_1_july_2027() {
    let mut world = World::default();
    world.accepted(filing("security_level", date(2025, 3, 4)), noon(ISSUED));
    let level = "security_level".to_owned();
    assert!(!world.failing(at("2027-07-01T23:59:59")).contains(&level));
    assert!(world.failing(at("2027-07-02T00:00:00")).contains(&level));
    let mut world = World::default();
    world.accepted(filing("security_level", date(2026, 7, 1)), noon(ISSUED));
    assert!(!world.failing(at("2030-01-01T00:00:00")).contains(&level), "a level of the new law has no end");
}

#[test]
fn the_old_checklist_counts_until_the_last_day_of_june_2026() {
    let lists = &RULES.checklists;
    for (day, code) in [
        (date(2022, 12, 18), None),
        (date(2026, 6, 30), Some("2022")),
        (date(2026, 7, 1), Some("2026")),
        (date(2040, 1, 1), Some("2026")),
    ] {
        assert_eq!(lists.on(day).map(|list| list.code.as_str()), code, "{day}");
    }
}

#[test]
fn minutes_without_a_period_under_the_old_law_end_with_the_new_one() {
    let mut world = World::default();
    let now = at("2026-06-01T12:00:00");
    for item in ["security_level", "security_regulation", "security_minutes", "contacts"] {
        world.accepted(filing(item, date(2025, 10, 1)), now);
    }
    let closing = closing(&world.state, &RULES, &party(), now).unwrap();
    assert_eq!(closing.from.map(day_of), Some(date(2026, 7, 1)));
    assert_eq!(
        closing.failing.iter().map(|failing| failing.item.as_str()).collect::<Vec<_>>(),
        ["security_minutes"]
    );
}

#[test]
fn a_day_without_a_checklist_is_a_closed_day() {
    assert_eq!(World::default().failing(noon(date(2020, 1, 1))), ["checklist"]);
}

#[test]
fn all_mistakes_of_a_filing_are_reported_at_once() {
    let mut world = World::default();
    let bad = Filing {
        number: String::new(),
        document: None,
        level: Some(2),
        about: Some(request()),
        valid_until: Some(date(2026, 1, 1)),
        issued_on: date(2026, 8, 1),
        ..filing("security_level", ISSUED)
    };
    let Err(RegistryError::Invalid(mistakes)) = world.file(bad, noon(ISSUED)) else {
        panic!("it was accepted")
    };
    let places: Vec<&str> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
    assert_eq!(places, ["about", "number", "document", "issued_on", "level", "valid_until"]);
}

#[test]
fn what_has_ended_before_it_is_filed_is_refused() {
    let mut world = World::default();
    let outcome = world.file(filing("security_minutes", date(2026, 1, 5)), noon(ISSUED));
    assert!(
        matches!(&outcome, Err(RegistryError::Invalid(list)) if list[0].en.contains("ended on 2026-07-05")),
        "{outcome:?}"
    );
}

#[test]
fn certificates_cannot_be_filed_and_unknown_items_are_refused() {
    let mut world = World::default();
    let certificate = world.file(filing("certificate", ISSUED), noon(ISSUED));
    assert!(matches!(certificate, Err(RegistryError::Invalid(_))), "{certificate:?}");
    let unknown = world.file(filing("horoscope", ISSUED), noon(ISSUED));
    assert!(matches!(unknown, Err(RegistryError::NoSuch { .. })), "{unknown:?}");
}

#[test]
fn contacts_must_name_somebody_reachable_for_each_duty() {
    let mut world = World::default();
    let mut filing = filing("contacts", ISSUED);
    filing.contacts.remove(2);
    filing.contacts[0].phone = "   ".into();
    let Err(RegistryError::Invalid(mistakes)) = world.file(filing, noon(ISSUED)) else {
        panic!("it was accepted")
    };
    let places: Vec<&str> = mistakes.iter().map(|mistake| mistake.place.as_str()).collect();
    assert_eq!(places, ["contacts", "contacts[0].phone"]);
}

#[test]
fn every_mistake_of_a_checklist_is_reported_at_once() {
    let text = r#"
        unknown = 1
        [[checklist]]
        code = "A b"
        title = { vi = "Danh mục" }
        legal_basis = ""
        valid_from = "2026-02-30"
        valid_to = "2025-01-01"
            [[checklist.item]]
            code = "one"
            whom = "nobody"
            about = "connection"
            in_force = "months"
            months = 0
            level_min = 6
            warn_days = [0]
            colour = "red"
            [[checklist.transition]]
            item = "two"
            granted_through = "2026-01-02"
            stays_through = "2026-01-01"
            legal_basis = "x"
    "#;
    let Err(RegistryError::Invalid(mistakes)) = Checklists::parse(text) else { panic!("it was accepted") };
    let found: Vec<&str> =
        mistakes.iter().map(|mistake| mistake.place.rsplit(", ").next().unwrap()).collect();
    for key in [
        "code",
        "title",
        "legal_basis",
        "valid_from",
        "proves",
        "whom",
        "months",
        "level_min",
        "warn_days",
        "colour",
        "stays_through",
        "transition of two",
        "unknown",
    ] {
        assert!(found.contains(&key), "{key} is not in {found:?}");
    }
    assert!(matches!(Checklists::parse("= ="), Err(RegistryError::Invalid(_))));
    assert!(matches!(Checklists::parse(""), Err(RegistryError::Invalid(_))));
}

#[test]
fn checklists_that_count_on_the_same_day_are_refused() {
    let built_in = include_str!("../../rules/checklists.toml");
    let overlapping = built_in.replace("valid_to = \"2026-06-30\"", "valid_to = \"2026-07-01\"");
    let outcome = Checklists::parse(&overlapping);
    assert!(
        matches!(&outcome, Err(RegistryError::Invalid(list)) if list[0].en.contains("overlaps")),
        "{outcome:?}"
    );
}

fn checks(title: &str) -> Vec<MachineCheck> {
    vec![MachineCheck {
        code: "tls_versions".into(),
        title: Text::vi(title),
        outcome: Outcome::Failed,
        detail: Text::vi("TLS 1.0 còn mở: tắt đi"),
        legal_basis: "TCVN 14423:2026".into(),
    }]
}

#[test]
fn the_report_shows_every_item_with_its_state() {
    let mut world = World::ready(ISSUED);
    world.open_connection(noon(ISSUED));
    let late = at("2027-01-21T09:00:00");
    world.file(filing("security_minutes", date(2027, 1, 21)), late).unwrap();
    let report = report(&world.state, &RULES, &party(), &checks("Phiên bản TLS"), late);
    assert!(!report.open);
    let states: Vec<_> = report.rows.iter().map(|row| (row.item.as_str(), row.state)).collect();
    assert_eq!(
        states,
        [
            ("security_level", ItemState::InForce),
            ("security_regulation", ItemState::InForce),
            ("security_minutes", ItemState::Ended),
            ("contacts", ItemState::InForce),
            ("certificate", ItemState::Unknown),
        ]
    );
    assert!(report.rows[2].note.en.contains("Renewal"), "{:?}", report.rows[2].note);
    assert_eq!(report.connections[0].rows.len(), 4);
    assert!(report.connections[0].rows.iter().all(|row| row.state == ItemState::Missing));
    assert!(
        serde_json::to_value(&report).unwrap()["rows"][0]["legal_basis"]
            .as_str()
            .unwrap()
            .contains("331/2026")
    );
}

#[test]
fn a_report_of_the_machine_alone_says_where_the_items_are_and_what_failed_in_every_form() {
    let elsewhere =
        Text { vi: "Các mục hồ sơ: /api/v1/gate".into(), en: "The items: /api/v1/gate".into() };
    let report = super::Report::of_machine(&party(), checks("Phiên bản TLS"), elsewhere, noon(ISSUED));
    assert_eq!(report.failing(), 1);
    let pdf = text_of(&report.pdf().unwrap());
    for form in [report.text(), report.html(), pdf] {
        for part in ["Các mục hồ sơ: /api/v1/gate", "KHÔNG ĐẠT", "Phiên bản TLS", "TLS 1.0 còn mở: tắt đi"]
        {
            assert!(form.contains(part), "{part} is not in {form}");
        }
        assert!(!form.contains("Phần II."), "what is not here is not said to be none: {form}");
    }
}

#[test]
fn the_text_of_a_report_marks_each_item() {
    let world = World::ready(ISSUED);
    let text = report(&world.state, &RULES, &party(), &checks("Phiên bản TLS"), noon(ISSUED)).text();
    for line in [
        "  ✓ Biên bản kiểm tra an ninh mạng / Minutes of the security check",
        "      Số 12/BB-CAT, ngày 20/07/2026",
        "  ✗ Phiên bản TLS",
        "CỔNG MỞ đến hết ngày 20/01/2027 / OPEN through 20/01/2027",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn nothing_that_people_wrote_becomes_markup_in_the_report() {
    let mut world = World::default();
    let evil = r#""><script>alert('1')</script>&amp;"#;
    let mut minutes = filing("security_minutes", ISSUED);
    minutes.number = evil.to_owned();
    let id = world.file(minutes, noon(ISSUED)).unwrap();
    world.judge("duyet@h17", noon(ISSUED), id, Verdict::Rejected { reason: evil.to_owned() }).unwrap();
    let html = report(&world.state, &RULES, &party(), &checks(evil), noon(ISSUED)).html();
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("alert('1')"));
    assert!(html.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;"));
}

#[test]
fn the_page_stands_alone_and_has_two_boxes_to_tick_for_each_item() {
    let world = World::ready(ISSUED);
    let report = report(&world.state, &RULES, &party(), &checks("Phiên bản TLS"), noon(ISSUED));
    let html = report.html();
    let items = report.rows.len() + report.machine.len();
    assert_eq!(html.matches("type=\"checkbox\"").count(), 2 * items);
    for outside in ["http://", "https://", "src=", "href=", "url(", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
    for text in
        ["<html lang=\"vi\">", "@media print", "CỔNG MỞ đến hết ngày 20/01/2027", "cấp độ 3", "12/BB-CAT"]
    {
        assert!(html.contains(text), "{text}");
    }
}

/// The text of all pages; spaces and line ends count alike.
fn text_of(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_pdf_has_vietnamese_text_that_can_be_extracted() {
    let world = World::ready(ISSUED);
    let report = report(&world.state, &RULES, &party(), &checks("Phiên bản TLS"), noon(ISSUED));
    let pdf = report.pdf().unwrap();
    assert!(pdf.starts_with(b"%PDF-1."));
    let text = text_of(&pdf);
    for part in
        ["Báo cáo cổng an toàn trước kết nối", "Biên bản kiểm tra an ninh mạng", "Không đạt", "12/BB-CAT"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(pdf, report.pdf().unwrap(), "the same report gives the same file");
}

#[test]
fn a_row_taller_than_a_sheet_is_continued_on_the_next() {
    let mut world = World::default();
    let id = world.file(filing("security_minutes", ISSUED), noon(ISSUED)).unwrap();
    let reason = format!("{} HẾT", "Thiếu chữ ký của thủ trưởng đơn vị. ".repeat(130));
    world.judge("duyet@h17", noon(ISSUED), id, Verdict::Rejected { reason }).unwrap();
    let pdf = report(&world.state, &RULES, &party(), &[], noon(ISSUED)).pdf().unwrap();
    assert!(lopdf::Document::load_mem(&pdf).unwrap().get_pages().len() >= 3);
    assert!(text_of(&pdf).contains("HẾT"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_people_wrote_a_report_can_be_printed(title in ".{0,300}", detail in "\\PC{0,2000}") {
        let mut check = checks(&title);
        check[0].detail = Text { vi: detail, en: title };
        let report = report(&State::default(), &RULES, &party(), &check, noon(ISSUED));
        prop_assert_eq!(report.pdf().err(), None);
        prop_assert!(report.html().ends_with("</html>\n"));
    }

    #[test]
    fn the_gate_is_open_exactly_until_the_moment_it_foretold(days in 0i32..400, ahead in 0i64..400) {
        let issued = ISSUED.saturating_add(jiff::Span::new().days(days));
        let world = World::ready(issued);
        let closing = closing(&world.state, &RULES, &party(), noon(issued)).unwrap();
        prop_assert_eq!(closing.failing.len(), 1);
        let then = noon(issued).plus_secs(ahead * 86_400);
        prop_assert_eq!(world.failing(then).is_empty(), Some(then) < closing.from);
    }
}
