use std::collections::HashMap;

use base::{PartyId, Ts};
use serde_json::json;

use super::*;
use crate::gate::Checklists;
use crate::grant::Conditions;
use crate::people::{Person, Post};
use crate::{Moment, RegistryError, Rules, Stamp, State, agency, service};

mod figures;
mod gated;
mod replay;
mod roads;
mod transitions;

/// Automatic, on request with personal data, special.
pub(crate) const SERVICES: [&str; 3] = [
    "VN-DEMO/GOV/G01/DAN-CU/danh-muc-dan-toc",
    "VN-DEMO/GOV/G01/DAN-CU/tra-cuu-cu-tru",
    "VN-DEMO/GOV/G01/DAN-CU/ban-ghi-dan-cu",
];
pub(crate) const CONSUMER: &str = "VN-DEMO/GOV/H17/MOT-CUA";
pub(crate) const BASIS: &str = "Điều 7 Nghị định 278/2025/NĐ-CP";

/// A registry with some agencies, services and persons, and its journal.
pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) rules: Rules,
    pub(crate) now: Ts,
    pub(crate) journal: Vec<(Stamp, String)>,
    people: HashMap<&'static str, Person>,
}

/// A checklist that demands nothing which somebody files.
const QUIET: &str = r#"
    [[checklist]]
    code = "quiet"
    title = { vi = "Thử", en = "Test" }
    legal_basis = "x"
    valid_from = "2020-01-01"
    [[checklist.item]]
    code = "certificate"
    title = { vi = "Chứng thư", en = "Certificate" }
    proves = { vi = "x", en = "x" }
    legal_basis = "x"
    whom = "both"
    about = "subsystem"
    in_force = "certificate"
"#;

pub(crate) fn party(text: &str) -> PartyId {
    text.parse().unwrap()
}

pub(crate) fn attachment(item: &str) -> Attachment {
    Attachment {
        item: item.to_owned(),
        number: "12/BB".to_owned(),
        name: format!("{item}.pdf"),
        media_type: "application/pdf".to_owned(),
        bytes: 1_000,
        sha256: "ab".repeat(32),
    }
}

pub(crate) fn terms() -> Terms {
    Terms {
        fields: vec!["hoTen".to_owned(), "thuongTru".to_owned()],
        purposes: vec!["giai-quyet-tthc".to_owned()],
        legal_basis: BASIS.to_owned(),
        quota_day: Some(1_000),
        rate_s: Some(10),
        until: Some(Ts::parse("2027-12-31T17:00:00Z").unwrap()),
        conditions: Conditions { dossier: true, officer: true, sign_in: 2, cedar: None },
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        let post = |role, agency: Option<&str>| Post::new(role, agency.map(|code| code.parse().unwrap()));
        let person = |id: &'static str, post| (id, Person { id: id.parse().unwrap(), posts: vec![post] });
        let people = [
            person("admin", post(Role::AgencyAdministrator, Some("H17.11"))),
            person("security", post(Role::SecurityOfficer, Some("H17.11"))),
            person("chief", post(Role::Leader, Some("H17.11"))),
            person("chairman", post(Role::Leader, Some("H17"))),
            person("owner", post(Role::DataOwner, Some("G01"))),
            person("stranger", post(Role::DataOwner, Some("G02"))),
            person("operator", post(Role::PlatformOperator, None)),
        ];
        let mut story = Self {
            state: State::default(),
            rules: Rules { checklists: Checklists::parse(QUIET).unwrap(), ..Rules::built_in().unwrap() },
            // Monday 23 November 2026, 08:00 in Vietnam.
            now: Ts::parse("2026-11-23T01:00:00Z").unwrap(),
            journal: Vec::new(),
            people: people.into_iter().collect(),
        };
        for (code, parent) in [("H17", None), ("H17.11", Some("H17")), ("G01", None), ("G02", None)] {
            let agency = json!({ "code": code, "name": format!("Cơ quan {code}"), "parent": parent, "valid_from": "2020-01-01" });
            let event = agency::Event::Put(serde_json::from_value(agency).unwrap());
            story.commit("operator", vec![crate::Event::Agency(event)]);
        }
        for (index, sharing) in ["mandatory", "on_request", "special"].into_iter().enumerate() {
            story.put_service(index, sharing, "published");
        }
        story
    }

    pub(crate) fn put_service(&mut self, index: usize, sharing: &str, stage: &str) {
        let class = ["public", "personal_basic", "personal_sensitive"][index];
        let fields =
            ["hoTen", "ngaySinh", "thuongTru.tinh", "thuongTru.xa"].map(|path| json!({ "path": path }));
        let service = json!({
            "id": SERVICES[index], "version": "1.0.0", "owner": "G01", "stage": stage,
            "title": { "vi": format!("Dịch vụ {}", index + 1), "en": format!("Service {}", index + 1) },
            "data_class": class, "sharing": sharing, "legal_basis": BASIS, "impact_assessment": "05/HS-BCA",
            "fields": fields,
            "openapi": { "paths": { "/cong-dan/{so}": { "get": {} } } },
        });
        let event = service::Event::Put(Box::new(serde_json::from_value(service).unwrap()));
        self.commit("operator", vec![crate::Event::Service(event)]);
    }

    pub(crate) fn person(&self, name: &str) -> Person {
        self.people[name].clone()
    }

    pub(crate) fn moment(&self, by: &str) -> Moment {
        Moment { now: self.now, today: who::vietnam(self.now).date(), by: by.parse().unwrap() }
    }

    /// Journals events as text and folds what the text says.
    pub(crate) fn commit(&mut self, by: &str, events: Vec<crate::Event>) {
        let stamp = Stamp { seq: self.state.seq, at: self.now, by: by.parse().unwrap() };
        for event in events {
            let line = serde_json::to_string(&event).unwrap();
            self.state.apply(&stamp, serde_json::from_str(&line).unwrap());
            self.journal.push((stamp.clone(), line));
        }
        self.state.seq = stamp.seq + 1;
    }

    pub(crate) fn act(
        &mut self,
        by: &str,
        decide: impl FnOnce(&State, &Rules, &Moment, &Person) -> Result<Vec<crate::Event>, RegistryError>,
    ) -> Result<(), RegistryError> {
        let person = self.person(by);
        let events = decide(&self.state, &self.rules, &self.moment(by), &person)?;
        self.commit(by, events);
        Ok(())
    }

    pub(crate) fn ask(kind: usize) -> Ask {
        let contact = |kind| Contact {
            kind,
            name: "Phòng CNTT".to_owned(),
            phone: "0236 3 000 000".to_owned(),
            email: String::new(),
        };
        Ask {
            consumer: party(CONSUMER),
            agency: "H17.11".parse().unwrap(),
            service: SERVICES[kind - 1].parse().unwrap(),
            terms: terms(),
            reason: "Giải quyết thủ tục hành chính".to_owned(),
            contacts: [ContactKind::Business, ContactKind::Technical, ContactKind::Security]
                .map(contact)
                .to_vec(),
        }
    }

    pub(crate) fn open(&mut self, ask: &Ask) -> Result<RequestId, RegistryError> {
        self.act("admin", |state, rules, moment, person| open(state, rules, moment, person, ask))?;
        Ok(self.state.requests.iter().next_back().unwrap().id.clone())
    }

    pub(crate) fn open_kind(&mut self, kind: usize) -> RequestId {
        self.open(&Self::ask(kind)).unwrap()
    }

    pub(crate) fn attach(&mut self, by: &str, id: &RequestId, item: &str) -> Result<(), RegistryError> {
        let input = Attach { id: id.clone(), if_version: None, attachment: attachment(item) };
        self.act(by, |state, rules, moment, person| attach(state, rules, moment, person, &input))
    }

    pub(crate) fn take(&mut self, by: &str, id: &RequestId, decision: Decision) -> Result<(), RegistryError> {
        let take = Take { id: id.clone(), if_version: None, step: None, decision };
        self.act(by, |state, rules, moment, person| super::take(state, rules, moment, person, &take))
    }

    pub(crate) fn approve(&mut self, by: &str, id: &RequestId) -> Result<(), RegistryError> {
        self.take(by, id, Decision::Approve { comment: String::new(), terms: None })
    }

    pub(crate) fn refuse(&mut self, by: &str, id: &RequestId) -> Result<(), RegistryError> {
        let (reason, legal_basis) = ("Ngoài phạm vi được chia sẻ".to_owned(), BASIS.to_owned());
        self.take(by, id, Decision::Refuse { reason, legal_basis })
    }

    pub(crate) fn close_risk(&mut self, id: &RequestId) {
        self.attach("security", id, "risk_assessment").unwrap();
        self.close("security", id).unwrap();
    }

    pub(crate) fn close(&mut self, by: &str, id: &RequestId) -> Result<(), RegistryError> {
        let (task, conclusion) = ("risk_assessment".to_owned(), "Rủi ro ở mức chấp nhận được".to_owned());
        let close = Close { id: id.clone(), if_version: None, task, conclusion };
        self.act(by, |state, rules, moment, person| close_task(state, rules, moment, person, &close))
    }

    /// Takes the step where the request stands as the right person, with the documents that it wants.
    pub(crate) fn step_on(&mut self, id: &RequestId) -> Result<(), RegistryError> {
        let request = &self.state.requests.get(id).unwrap();
        let step = self.rules.roads.get(request.kind, &request.road).unwrap().step(&request.step).unwrap();
        let by = match step.whose {
            Whose::Consumer => "admin",
            Whose::ConsumerRoot => "chairman",
            Whose::Provider => "owner",
            Whose::Platform => "operator",
        };
        let items: Vec<String> = step.demands(request.kind > 1).map(str::to_owned).collect();
        for item in items {
            self.attach(by, id, &item)?;
        }
        self.approve(by, id)
    }

    /// Goes along the road until it stands at `step`.
    pub(crate) fn go_to(&mut self, id: &RequestId, step: &str) {
        while self.request(id).step != step {
            self.step_on(id).unwrap();
        }
    }

    /// The whole road.
    pub(crate) fn go_live(&mut self, id: &RequestId) {
        self.close_risk(id);
        while self.request(id).status == Status::Open {
            self.step_on(id).unwrap();
        }
    }

    pub(crate) fn request(&self, id: &RequestId) -> &Request {
        self.state.requests.get(id).unwrap()
    }

    pub(crate) fn wait_days(&mut self, days: i64) {
        self.now = self.now.plus_secs(days * 86_400);
    }
}

/// The code of what it was refused for; 0 when it was not.
pub(crate) fn code<T>(result: Result<T, RegistryError>) -> u16 {
    result.err().map_or(0, |error| error.code().0)
}

/// Acceptance check 1: an approved technical registration is enough for a mandatory service.
#[test]
fn an_automatic_request_needs_the_technical_registration_and_no_decision_of_the_data_owner() {
    let mut story = Story::new();
    let id = story.open_kind(1);
    story.go_live(&id);
    let request = story.request(&id);
    assert!(request.stays.iter().all(|stay| stay.whose != Whose::Provider));
    let items: Vec<&str> = request.attachments.iter().map(|a| a.item.as_str()).collect();
    assert_eq!(items, ["risk_assessment", "technical_registration"]);
    let grant = story.state.grants.find(&party(CONSUMER), &SERVICES[0].parse().unwrap()).unwrap();
    assert_eq!(grant.grant.id.as_str(), "QK-2026-000001");
    assert_eq!(grant.grant.decision, "YC-2026-000001");
    assert_eq!(request.grant.as_ref(), Some(&grant.grant.id));
}

#[test]
fn an_automatic_request_may_leave_the_legal_basis_to_the_service() {
    let mut story = Story::new();
    let mut ask = Story::ask(1);
    ask.terms.legal_basis = " ".to_owned();
    let id = story.open(&ask).unwrap();
    assert_eq!(story.request(&id).terms.legal_basis, BASIS);
    let mut ask = Story::ask(2);
    ask.terms.legal_basis = " ".to_owned();
    assert_eq!(code(story.open(&ask)), 2002);
}

/// Acceptance check 5: a new connection opens a risk assessment and cannot go live before it is closed.
#[test]
fn no_kind_of_request_goes_live_before_the_risk_assessment_is_closed() {
    for kind in 1..=3 {
        let mut story = Story::new();
        let id = story.open_kind(kind);
        assert_eq!(story.request(&id).tasks[0].code, "risk_assessment");
        story.go_to(&id, "live");
        let error = story.approve("operator", &id).unwrap_err();
        assert!(
            matches!(&error, RegistryError::GateClosed(items) if items[0].starts_with("risk_assessment"))
        );
        assert_eq!(story.request(&id).status, Status::Open);
        assert_eq!(code(story.close("security", &id)), 2012, "the report is missing");
        assert_eq!(code(story.close("operator", &id)), 2004, "not the consumer's security officer");
        story.close_risk(&id);
        story.approve("operator", &id).unwrap();
        assert_eq!(story.request(&id).status, Status::Live, "kind {kind}");
        assert_eq!(story.state.grants.iter().count(), 1);
    }
}

#[test]
fn each_kind_goes_its_own_road_and_every_act_is_in_the_history() {
    let roads: [&[&str]; 3] = [
        &["department", "technical_check", "live"],
        &["department", "it_unit", "province_signs", "data_owner", "technical_check", "test_minutes", "live"],
        &["department", "it_unit", "province_signs", "data_owner", "technical_check", "test_minutes", "live"],
    ];
    for (kind, road) in (1..=3).zip(roads) {
        let mut story = Story::new();
        let id = story.open_kind(kind);
        story.go_live(&id);
        let request = story.request(&id);
        let steps: Vec<&str> = request.stays.iter().map(|stay| stay.step.as_str()).collect();
        assert_eq!(steps, road);
        let approvals = request.history.iter().filter(|e| matches!(e.did, Did::Approved | Did::WentLive));
        assert_eq!(approvals.map(|e| e.step.as_str()).collect::<Vec<_>>(), road);
        assert_eq!(request.history[0].did, Did::Opened);
        assert_eq!(request.history[0].role, Role::AgencyAdministrator);
        assert_eq!(request.history.last().unwrap().by.as_str(), "operator");
    }
}

#[test]
fn a_special_request_wants_the_impact_assessment_and_the_promise() {
    let mut story = Story::new();
    let id = story.open_kind(3);
    let error = story.approve("admin", &id).unwrap_err();
    let RegistryError::AttachmentMissing(missing) = error else { panic!("{error}") };
    let codes: Vec<&str> = missing.iter().map(|name| name.split(' ').next().unwrap()).collect();
    assert_eq!(
        codes,
        ["technical_registration", "data_scope", "impact_assessment", "promise_not_to_reidentify"]
    );
    assert!(missing[3].contains("Cam kết không tái định danh"), "{missing:?}");
}

#[test]
fn only_the_role_of_the_step_at_the_agency_of_the_step_takes_it() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    for (step, right) in [
        ("department", "admin"),
        ("it_unit", "operator"),
        ("province_signs", "chairman"),
        ("data_owner", "owner"),
        ("technical_check", "operator"),
    ] {
        story.go_to(&id, step);
        for by in ["admin", "security", "chief", "chairman", "owner", "stranger", "operator"] {
            if by != right {
                assert_eq!(code(story.approve(by, &id)), 2004, "{by} at {step}");
                assert_eq!(code(story.refuse(by, &id)), 2004, "{by} at {step}");
            }
        }
    }
}

#[test]
fn who_asked_does_not_decide_whatever_other_roles_there_are() {
    let mut story = Story::new();
    for role in [Role::PlatformOperator, Role::DataOwner] {
        story.people.get_mut("admin").unwrap().posts.push(Post::new(role, None));
    }
    let id = story.open_kind(2);
    for step in ["it_unit", "data_owner"] {
        story.go_to(&id, step);
        assert_eq!(code(story.approve("admin", &id)), 2014, "{step}");
    }
}

#[test]
fn who_took_over_the_tasks_of_the_data_owner_decides_in_its_place() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    let closed = json!({ "code": "G01", "name": "Cơ quan G01", "valid_from": "2020-01-01", "valid_to": "2026-11-30",
        "successor": "G02" });
    let event = agency::Event::Put(serde_json::from_value(closed).unwrap());
    story.commit("operator", vec![crate::Event::Agency(event)]);
    assert_eq!(code(story.approve("stranger", &id)), 2004, "not yet");
    story.wait_days(8);
    assert_eq!(code(story.approve("owner", &id)), 2004, "not any more");
    story.approve("stranger", &id).unwrap();
    let board = hoarding(&story.state, &story.rules, story.now);
    assert_eq!((board[0].owner.as_str(), board[0].approved.len()), ("G02", 1));
}

#[test]
fn a_refusal_needs_a_reason_and_a_legal_basis() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    for (reason, legal_basis) in [("", BASIS), ("Không", " "), ("", "")] {
        let decision = Decision::Refuse { reason: reason.to_owned(), legal_basis: legal_basis.to_owned() };
        assert_eq!(code(story.take("owner", &id, decision)), 2011);
    }
    story.refuse("owner", &id).unwrap();
    let request = story.request(&id);
    assert_eq!(request.status, Status::Refused);
    let last = request.history.last().unwrap();
    assert_eq!((last.by.as_str(), last.legal_basis.as_str()), ("owner", BASIS));
    // Nothing is lost, and the consumer may ask again.
    let again = story.open_kind(2);
    assert_eq!(again.as_str(), "YC-2026-000002");
    assert_eq!(story.state.requests.iter().count(), 2);
}

#[test]
fn of_two_who_decide_at_once_one_gets_a_conflict() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    let version = Some(story.request(&id).version);
    let approve = Decision::Approve { comment: String::new(), terms: None };
    let refuse = Decision::Refuse { reason: "Không".to_owned(), legal_basis: BASIS.to_owned() };
    let take = |decision| Take { id: id.clone(), if_version: version, step: None, decision };
    let first = take(approve);
    story.act("owner", |s, r, m, p| super::take(s, r, m, p, &first)).unwrap();
    let second = take(refuse);
    assert_eq!(code(story.act("owner", |s, r, m, p| super::take(s, r, m, p, &second))), 2003);
    // Without a version the step that was seen protects: the request has moved on to another one.
    let third = Take { step: Some("data_owner".to_owned()), if_version: None, ..second };
    assert_eq!(code(story.act("owner", |s, r, m, p| super::take(s, r, m, p, &third))), 2010);
}

#[test]
fn the_data_owner_may_grant_less_with_a_reason_and_never_more() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "data_owner");
    let narrow = |change: fn(&mut Terms), comment: &str| {
        let mut terms = terms();
        change(&mut terms);
        Decision::Approve { comment: comment.to_owned(), terms: Some(Box::new(terms)) }
    };
    let wider: [fn(&mut Terms); 9] = [
        |t| t.fields.push("ngaySinh".to_owned()),
        |t| t.purposes.push("thong-ke".to_owned()),
        |t| t.purposes.clear(),
        |t| t.quota_day = Some(1_001),
        |t| t.quota_day = None,
        |t| t.rate_s = Some(11),
        |t| t.until = None,
        |t| t.conditions.dossier = false,
        |t| t.conditions.sign_in = 1,
    ];
    for (index, change) in wider.into_iter().enumerate() {
        assert_eq!(code(story.take("owner", &id, narrow(change, "Vì"))), 2002, "case {index}");
    }
    let less: fn(&mut Terms) = |t| {
        t.fields = vec!["hoTen".to_owned(), "thuongTru.tinh".to_owned()];
        t.quota_day = Some(500);
        t.conditions.sign_in = 3;
    };
    assert_eq!(code(story.take("owner", &id, narrow(less, ""))), 2002, "without a reason");
    let unknown: fn(&mut Terms) = |t| t.fields = vec!["luong".to_owned()];
    assert_eq!(code(story.take("owner", &id, narrow(unknown, "Vì"))), 2016);
    story.take("owner", &id, narrow(less, "Chỉ cần cấp tỉnh")).unwrap();
    let request = story.request(&id);
    assert_eq!(request.terms.fields, ["hoTen", "thuongTru.tinh"]);
    assert_eq!(request.asked, terms());
    assert_eq!(request.history.last().unwrap().did, Did::Narrowed);
    story.go_live(&id);
    assert_eq!(story.state.grants.iter().next().unwrap().terms.quota_day, Some(500));
}

#[test]
fn other_steps_do_not_change_the_terms() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    story.go_to(&id, "it_unit");
    let narrowed = Terms { quota_day: Some(1), ..terms() };
    let decision = Decision::Approve { comment: "Ít hơn".to_owned(), terms: Some(Box::new(narrowed)) };
    assert_eq!(code(story.take("operator", &id, decision)), 2002);
    let same = Decision::Approve { comment: String::new(), terms: Some(Box::new(terms())) };
    story.take("operator", &id, same).unwrap();
}

#[test]
fn all_mistakes_of_a_request_are_told_at_once() {
    let mut story = Story::new();
    let ask = Ask {
        terms: Terms {
            fields: Vec::new(),
            purposes: Vec::new(),
            legal_basis: String::new(),
            quota_day: Some(0),
            rate_s: Some(0),
            until: Some(story.now),
            conditions: Conditions { sign_in: 4, ..Conditions::default() },
        },
        reason: " ".to_owned(),
        contacts: Vec::new(),
        ..Story::ask(2)
    };
    let error = story.open(&ask).unwrap_err();
    let RegistryError::Invalid(mistakes) = &error else { panic!("{error}") };
    let mut places: Vec<&str> = mistakes.iter().map(|m| m.place.as_str()).collect();
    places.dedup();
    assert_eq!(
        places,
        [
            "reason",
            "purposes",
            "contacts",
            "fields",
            "legal_basis",
            "quota_day",
            "rate_s",
            "until",
            "conditions.sign_in"
        ]
    );
    let fields = mistakes.iter().find(|m| m.place == "fields").unwrap();
    assert!(fields.vi.contains("hoTen, ngaySinh, thuongTru.tinh, thuongTru.xa"), "{}", fields.vi);
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_its_own_code() {
    type Changed = fn(&mut Ask);
    let mut story = Story::new();
    let with = |change: Changed| {
        let mut ask = Story::ask(2);
        change(&mut ask);
        ask
    };
    let cases: [(Changed, u16); 5] = [
        (|ask| ask.service = "VN-DEMO/GOV/G01/DAN-CU/khong-co".parse().unwrap(), 2001),
        (|ask| ask.terms.fields.push("luong".to_owned()), 2016),
        (|ask| ask.terms.fields.push("thuongTru.".to_owned()), 2016),
        (|ask| ask.agency = "H17".parse().unwrap(), 2004),
        (|ask| ask.consumer = party("VN-DEMO/GOV/H29/MOT-CUA"), 2002),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(code(story.open(&with(change))), expected, "case {index}");
    }
    story.open_kind(2);
    assert_eq!(code(story.open(&Story::ask(2))), 2005, "one request at a time");
    story.put_service(2, "special", "deprecated");
    assert_eq!(code(story.open(&Story::ask(3))), 2010, "not for new requests");
    story.put_service(2, "borrowed", "published");
    assert_eq!(code(story.open(&Story::ask(3))), 2002, "a kind that nobody knows");
}

#[test]
fn a_corrected_request_goes_on_where_it_was_returned_unless_other_terms_are_asked_for() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    let give_back = || Decision::Return { comment: "Bổ sung biên bản".to_owned() };
    let hand_in = |story: &mut Story, terms: Option<Terms>| {
        let input = Resubmit {
            id: id.clone(),
            if_version: None,
            comment: "Đã bổ sung".to_owned(),
            terms,
            reason: None,
            contacts: None,
        };
        story.act("admin", |s, r, m, p| resubmit(s, r, m, p, &input))
    };
    story.go_to(&id, "data_owner");
    assert_eq!(code(story.take("owner", &id, Decision::Return { comment: String::new() })), 2002);
    story.take("owner", &id, give_back()).unwrap();
    let returned = story.request(&id);
    assert_eq!(returned.waits_for(), Some((Whose::Consumer, Role::AgencyAdministrator)));
    assert_eq!(returned.due, story.rules.calendar.due(story.now, 10));
    hand_in(&mut story, None).unwrap();
    assert_eq!(story.request(&id).step, "data_owner");
    story.take("owner", &id, give_back()).unwrap();
    hand_in(&mut story, Some(Terms { quota_day: Some(2_000), ..terms() })).unwrap();
    let request = story.request(&id);
    assert_eq!((request.step.as_str(), request.terms.quota_day), ("department", Some(2_000)));
    assert_eq!(request.tasks.len(), 1, "the task is not opened a second time");
    story.go_live(&id);
    assert_eq!(story.request(&id).status, Status::Live);
}

#[test]
fn documents_are_checked_before_they_are_taken() {
    let mut story = Story::new();
    let id = story.open_kind(2);
    let cases: [fn(&mut Attachment); 9] = [
        |a| a.item = "poem".to_owned(),
        |a| a.name = " ".to_owned(),
        |a| a.name = "../etc/passwd".to_owned(),
        |a| a.media_type = "pdf".to_owned(),
        |a| a.media_type = "text/html; x".to_owned(),
        |a| a.bytes = 0,
        |a| a.bytes = ATTACHMENT_BYTES_MAX + 1,
        |a| a.sha256 = "AB".repeat(32),
        |a| a.sha256 = "ab".repeat(31),
    ];
    for (index, change) in cases.into_iter().enumerate() {
        let mut bad = attachment("data_scope");
        change(&mut bad);
        let input = Attach { id: id.clone(), if_version: None, attachment: bad };
        let result = story.act("admin", |s, r, m, p| attach(s, r, m, p, &input));
        assert_eq!(code(result), 2002, "case {index}");
    }
    assert_eq!(code(story.attach("stranger", &id, "data_scope")), 2004);
    assert_eq!(code(story.attach("owner", &id, "data_scope")), 2004, "not the owner's turn");
    story.go_to(&id, "data_owner");
    story.attach("owner", &id, "owner_consent").unwrap();
    while story.request(&id).attachments.len() < ATTACHMENTS_MAX {
        story.attach("admin", &id, "data_scope").unwrap();
    }
    assert_eq!(code(story.attach("admin", &id, "data_scope")), 2022);
}

#[test]
fn what_may_have_changed_since_the_approval_is_looked_at_again_when_going_live() {
    let ready = || {
        let mut story = Story::new();
        let id = story.open_kind(1);
        story.close_risk(&id);
        story.go_to(&id, "live");
        (story, id)
    };
    let (mut story, id) = ready();
    story.put_service(0, "mandatory", "withdrawn");
    assert_eq!(code(story.approve("operator", &id)), 2010);
    let (mut story, id) = ready();
    story.now = terms().until.unwrap();
    assert_eq!(code(story.approve("operator", &id)), 2002);
    let (story, id) = ready();
    assert!(stands_against(&story.state, &story.rules, story.request(&id), story.now).is_empty());
}

#[test]
fn contacts_do_not_show_their_names_when_they_are_printed_for_developers() {
    let contact = &Story::ask(2).contacts[0];
    assert_eq!(format!("{contact:?}"), "Contact { kind: Business, .. }");
}
