//! Opening, changing, recording, containing, closing.

use std::collections::HashSet;
use std::hash::Hash;

use base::Ts;
use serde::Deserialize;
use worktime::day_of;

use super::{
    Due, ENTRIES_MAX, Event, Facts, Incident, IncidentId, Message, NAMED_MAX, Obligation, Version, clock,
};
use crate::agency::{AgencyCode, Standing};
use crate::gate::filing::FilingId;
use crate::grant::{GrantId, Pause};
use crate::request::intake::Intake;
use crate::request::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::{Moment, RegistryError, Rules, State, gate, grant};

type Events = Result<Vec<crate::Event>, RegistryError>;

/// Longest reason for containing: it goes on into the reasons of grants and filings, which have no more than 5,000.
const REASON_CHARS_MAX: usize = 2_000;
/// Persons whose data may leak at once; more is a slip of the keyboard.
const DATA_SUBJECTS_MAX: u64 = 1_000_000_000;

/// Opening a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The agency that answers for it.
    pub agency: AgencyCode,
    /// What is known.
    pub facts: Facts,
}

/// Changing what is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// What is known from now on, all of it.
    pub facts: Facts,
    /// Why.
    pub reason: String,
}

/// Recording what was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Which obligation.
    pub obligation: String,
    /// What was sent.
    pub message: Message,
}

/// Recording why an obligation was not met in time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Which obligation.
    pub obligation: String,
    /// Why.
    pub reason: String,
}

/// Recording a measure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// What was done.
    pub text: String,
}

/// Suspending grants, and taking back what keeps gates open.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contain {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Grants to suspend.
    #[serde(default)]
    pub grants: Vec<GrantId>,
    /// Filings of the readiness gate to take back, such as the minutes of a security check that no longer hold.
    #[serde(default)]
    pub filings: Vec<FilingId>,
    /// Why.
    pub reason: String,
}

/// Closing a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Which file.
    pub id: IncidentId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// What came out of it.
    pub conclusion: String,
}

/// Opens a file; its clocks run from the detection.
///
/// # Errors
/// No such agency; everything that is wrong with the input.
pub fn open(state: &State, rules: &Rules, moment: &Moment, input: &Opening) -> Events {
    let Standing::Valid(agency) = state.agencies.on(&input.agency, moment.today) else {
        return Err(RegistryError::NoSuch { kind: "agency", name: input.agency.to_string() });
    };
    let (facts, version) = checked(state, rules, moment, &input.facts, Intake::default())?;
    Ok(one(Event::Opened {
        id: state.incidents.next_id(moment.today.year()),
        agency: agency.code.clone(),
        rules: version.code.clone(),
        obligations: clock::clocks(version, &facts),
        facts: Box::new(facts),
    }))
}

/// Changes what is known. The clocks are computed anew from the detection; an obligation that is no longer demanded
/// goes, unless something was sent for it, or its time is over: what was missed does not disappear with a new severity.
///
/// # Errors
/// No such file, closed, changed since `if_version`; everything that is wrong with the input.
pub fn change(state: &State, rules: &Rules, moment: &Moment, input: &Change) -> Events {
    let incident = open_file(state, &input.id, input.if_version, "thay đổi (change)")?;
    let mut intake = Intake::default();
    let reason = intake.needed("reason", &input.reason, TEXT_CHARS_MAX);
    let (facts, version) = checked(state, rules, moment, &input.facts, intake)?;
    let mut obligations = clock::clocks(version, &facts);
    let stays = |old: &&Obligation| {
        let touched = !old.sent.is_empty() || old.late.is_some() || old.clock.due < moment.now;
        touched && obligations.iter().all(|new| new.code != old.clock.code)
    };
    let stay: Vec<Due> = incident.obligations.iter().filter(stays).map(|old| old.clock.clone()).collect();
    obligations.extend(stay);
    let rules = version.code.clone();
    Ok(one(Event::Changed { id: input.id.clone(), facts: Box::new(facts), reason, rules, obligations }))
}

/// Records what was sent for an obligation. More may follow: a first notice is often completed.
///
/// # Errors
/// No such file or obligation, closed, changed since `if_version`; everything that is wrong with the message.
pub fn send(state: &State, moment: &Moment, input: &Send) -> Events {
    let incident = open_file(state, &input.id, input.if_version, "ghi nhận đã gửi (record what was sent)")?;
    let obligation = obligation(incident, &input.obligation)?;
    let mut intake = Intake::default();
    if obligation.sent.len() >= ENTRIES_MAX {
        return Err(RegistryError::TooMany { what: "văn bản đã gửi / messages", max: ENTRIES_MAX });
    }
    let message = Message {
        to: intake.needed("to", &input.message.to, NAME_CHARS_MAX),
        number: intake.needed("number", &input.message.number, NAME_CHARS_MAX),
        at: input.message.at,
        document: input.message.document.clone(),
    };
    past("at", message.at, moment.now, &mut intake);
    if message.at < incident.facts.detected {
        let vi = "trước thời điểm phát hiện sự cố, kiểm tra lại";
        intake.wrong("at", vi, "is before the detection of the incident: correct it");
    }
    intake.done()?;
    Ok(one(Event::Sent { id: input.id.clone(), obligation: input.obligation.clone(), message }))
}

/// Records why an obligation was not met in time. It keeps the file open no longer, and is counted as missed.
///
/// # Errors
/// No such file or obligation, closed, changed since `if_version`; it is not late; no reason.
pub fn explain(state: &State, moment: &Moment, input: &Explain) -> Events {
    let act = "ghi nhận trễ hạn (record as late)";
    let incident = open_file(state, &input.id, input.if_version, act)?;
    let found = obligation(incident, &input.obligation)?;
    if !found.is_late(moment.now) {
        let name = format!("{}, {}", input.id, input.obligation);
        return Err(RegistryError::Transition {
            name, state: "chưa trễ hạn (not late)".to_owned(), act
        });
    }
    let mut intake = Intake::default();
    let reason = intake.needed("reason", &input.reason, TEXT_CHARS_MAX);
    intake.done()?;
    Ok(one(Event::ExplainedLate { id: input.id.clone(), obligation: input.obligation.clone(), reason }))
}

/// Records a measure that was taken.
///
/// # Errors
/// No such file, closed, changed since `if_version`; no text.
pub fn measure(state: &State, _moment: &Moment, input: &Measure) -> Events {
    let act = "ghi biện pháp (record a measure)";
    let incident = open_file(state, &input.id, input.if_version, act)?;
    if incident.measures.len() >= ENTRIES_MAX {
        return Err(RegistryError::TooMany { what: "biện pháp / measures", max: ENTRIES_MAX });
    }
    let mut intake = Intake::default();
    let text = intake.needed("text", &input.text, TEXT_CHARS_MAX);
    intake.done()?;
    Ok(one(Event::Measured { id: input.id.clone(), text }))
}

/// Suspends grants and takes back filings of the readiness gate because of the incident, all of them or none; its number
/// stands in their reasons. What is suspended is resumed by its data owner, and a gate opens again with a new filing.
///
/// # Errors
/// No such file, closed, changed since `if_version`; nothing named, unknown grants or filings, no reason; what keeps a
/// grant from being suspended or a filing from being taken back.
pub fn contain(state: &State, moment: &Moment, input: &Contain) -> Events {
    open_file(state, &input.id, input.if_version, "ngăn chặn (contain)")?;
    let mut intake = Intake::default();
    let reason = intake.needed("reason", &input.reason, REASON_CHARS_MAX);
    let grants = named(&mut intake, "grants", &input.grants, |id| state.grants.get(id).is_some());
    let filings = named(&mut intake, "filings", &input.filings, |id| state.gate.get(*id).is_some());
    if grants.is_empty() && filings.is_empty() {
        let vi = "nêu ít nhất một quyền khai thác hoặc một hồ sơ cổng an toàn";
        intake.wrong("grants", vi, "name at least one grant or one filing of the readiness gate");
    }
    intake.done()?;
    let because = format!("Sự cố {}: {reason}", input.id);
    let mut events = Vec::new();
    for id in &grants {
        let pause = Pause { id: id.clone(), if_version: None, reason: because.clone() };
        events.extend(grant::suspend(state, moment, &pause)?);
    }
    for id in &filings {
        events.extend(gate::withdraw(state, *id, &because, None)?);
    }
    events.extend(one(Event::Contained { id: input.id.clone(), grants, filings, reason }));
    Ok(events)
}

/// Closes a file, once every obligation was met or recorded as late.
///
/// # Errors
/// No such file, closed, changed since `if_version`; no conclusion, and each obligation that is not settled.
pub fn close(state: &State, moment: &Moment, input: &Close) -> Events {
    let incident = open_file(state, &input.id, input.if_version, "kết thúc (close)")?;
    let mut intake = Intake::default();
    let conclusion = intake.needed("conclusion", &input.conclusion, TEXT_CHARS_MAX);
    for open in incident.obligations.iter().filter(|one| !one.is_settled(moment.now)) {
        let place = format!("obligations.{}", open.clock.code);
        let (vi, en) = if open.is_late(moment.now) {
            ("trễ hạn, ghi nhận lý do trễ", "is late: record the reason")
        } else {
            ("chưa gửi, ghi nhận văn bản đã gửi", "was not sent: record what was sent")
        };
        intake.wrong(&place, vi, en);
    }
    intake.done()?;
    Ok(one(Event::Closed { id: input.id.clone(), conclusion }))
}

fn one(event: Event) -> Vec<crate::Event> {
    vec![crate::Event::Incident(event)]
}

/// A file as the person saw it, which is not closed.
fn open_file<'a>(
    state: &'a State,
    id: &IncidentId,
    if_version: Option<i64>,
    act: &'static str,
) -> Result<&'a Incident, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "incident", name: id.to_string() };
    let incident = state.incidents.get(id).ok_or_else(none)?;
    if let Some(expected) = if_version.filter(|expected| *expected != incident.version) {
        return Err(RegistryError::Conflict { name: id.to_string(), expected, found: incident.version });
    }
    if incident.is_open() {
        Ok(incident)
    } else {
        let state = "đã kết thúc (closed)".to_owned();
        Err(RegistryError::Transition { name: id.to_string(), state, act })
    }
}

fn obligation<'a>(incident: &'a Incident, code: &str) -> Result<&'a Obligation, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "obligation", name: format!("{}, {code}", incident.id) };
    incident.obligation(code).ok_or_else(none)
}

/// The facts in the form in which they are kept, and the rules that count for them.
fn checked<'r>(
    state: &State,
    rules: &'r Rules,
    moment: &Moment,
    facts: &Facts,
    mut intake: Intake,
) -> Result<(Facts, &'r Version), RegistryError> {
    past("detected", facts.detected, moment.now, &mut intake);
    let version = rules.clocks.on(day_of(facts.detected));
    if version.is_none() {
        let vi = "chưa có quy định cho ngày này, kiểm tra lại thời điểm phát hiện";
        intake.wrong("detected", vi, "there are no rules for this day: correct the moment of detection");
    }
    if facts.data_subjects.is_some() && !facts.personal_data {
        let vi = "chỉ ghi khi có lộ dữ liệu cá nhân (personal_data)";
        intake.wrong("data_subjects", vi, "only when personal data leaked (personal_data)");
    }
    if facts.data_subjects.is_some_and(|count| count > DATA_SUBJECTS_MAX) {
        let vi = format!("tối đa {DATA_SUBJECTS_MAX}, kiểm tra lại");
        intake.wrong("data_subjects", vi, format!("at most {DATA_SUBJECTS_MAX}: correct it"));
    }
    if facts.parties.is_empty() && facts.holdings.is_empty() && facts.services.is_empty() {
        let vi =
            "nêu ít nhất một đầu mối, một hệ thống trong sổ kiểm kê (holdings) hoặc một dịch vụ (services)";
        let en = "name at least one party, one system of the inventory (holdings) or one service (services)";
        intake.wrong("parties", vi, en);
    }
    let facts = Facts {
        detected: facts.detected,
        description: intake.needed("description", &facts.description, TEXT_CHARS_MAX),
        severity: facts.severity,
        personal_data: facts.personal_data,
        data_subjects: facts.data_subjects,
        // A party may be unknown to the registry and yet have been hit.
        parties: named(&mut intake, "parties", &facts.parties, |_| true),
        holdings: named(&mut intake, "holdings", &facts.holdings, |code| state.inventory.get(code).is_some()),
        services: named(&mut intake, "services", &facts.services, |id| state.services.get(id).is_some()),
        grants: named(&mut intake, "grants", &facts.grants, |id| state.grants.get(id).is_some()),
    };
    intake.done()?;
    let none = || RegistryError::NoSuch { kind: "incident rules", name: day_of(facts.detected).to_string() };
    let version = version.ok_or_else(none)?;
    Ok((facts, version))
}

/// What happened cannot lie ahead.
fn past(place: &str, at: Ts, now: Ts, intake: &mut Intake) {
    if at > now {
        intake.wrong(place, "ở tương lai, kiểm tra lại", "is in the future: correct it");
    }
}

/// What is named, each once; what is not known is a mistake.
fn named<T: Clone + Eq + Hash + ToString>(
    intake: &mut Intake,
    place: &str,
    all: &[T],
    known: impl Fn(&T) -> bool,
) -> Vec<T> {
    if all.len() > NAMED_MAX {
        intake.wrong(place, format!("tối đa {NAMED_MAX} mục"), format!("at most {NAMED_MAX} entries"));
        return Vec::new();
    }
    for one in all.iter().filter(|one| !known(one)) {
        let name = one.to_string();
        intake.wrong(place, format!("không có {name}"), format!("there is no {name}"));
    }
    let mut seen = HashSet::new();
    all.iter().filter(|one| seen.insert(*one)).cloned().collect()
}
