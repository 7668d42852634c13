//! Opening a request.

use base::{PartyId, ServiceId};
use jiff::civil::Date;
use serde::Deserialize;

use super::intake::Intake;
use super::road::Road;
use super::who::{acts_as, current};
use super::{CONTACTS_MAX, Contact, Entering, Event, NAME_CHARS_MAX, NewTask, Opened, Step, TEXT_CHARS_MAX};
use crate::agency::{AgencyCode, Standing};
use crate::grant::{Terms, terms};
use crate::people::{Person, Role};
use crate::service::{Service, Stage};
use crate::{Moment, RegistryError, Rules, State, gate};

/// What a consumer asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Who would call.
    pub consumer: PartyId,
    /// The agency that asks.
    pub agency: AgencyCode,
    /// Which service.
    pub service: ServiceId,
    /// Fields, purposes, legal basis, quota, time.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Whom to ask.
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

/// Opens a request: its kind follows from how the service is shared, its road from the kind and the day.
///
/// An automatic request (kind 1) may leave its legal basis empty: it is then the one that obliges the owner to share.
///
/// # Errors
/// Everything that is wrong with the input; no such service, one that is not on offer; a request of the same consumer
/// for the same service is already on its way; the person does not administer the agency.
pub fn open(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    person: &Person,
    ask: &Ask,
) -> Result<Vec<crate::Event>, RegistryError> {
    let service = on_offer(state, &ask.service, moment.today)?;
    let code = current(state, &ask.agency, moment.today);
    let asks = (Role::AgencyAdministrator, Some(&code));
    let role = acts_as(state, person, asks, moment.today, "lập yêu cầu kết nối (open a connection request)")?;
    let road = road_for(rules, service, moment)?;
    let mut intake = Intake::default();
    consumer(state, moment, ask, &mut intake);
    let mut terms = ask.terms.clone();
    if road.kind == 1 && terms.legal_basis.trim().is_empty() {
        terms.legal_basis.clone_from(&service.legal_basis);
    }
    let Wanted { terms, reason, contacts } =
        wanted(service, road, moment, (&terms, &ask.reason, &ask.contacts), intake)?;
    let pending = |r: &&super::Request| r.consumer == ask.consumer && r.status.is_pending();
    if let Some(other) = state.requests.on_service(&ask.service).find(pending) {
        return Err(RegistryError::Exists { kind: "request", name: other.id.to_string() });
    }
    let opened = Opened {
        id: state.requests.next_id(moment.today.year()),
        role,
        kind: road.kind,
        road: road.version.clone(),
        consumer: ask.consumer.clone(),
        agency: ask.agency.clone(),
        service: ask.service.clone(),
        owner: service.owner.clone(),
        terms,
        reason,
        contacts,
        next: entering(rules, road.first(), moment, |_| false),
    };
    let demanded = gate::open_connection(&opened.id, &opened.consumer, &opened.service);
    Ok(vec![crate::Event::Request(Event::Opened(Box::new(opened))), demanded])
}

/// A service for which requests are taken.
pub(super) fn on_offer<'a>(
    state: &'a State,
    id: &ServiceId,
    day: Date,
) -> Result<&'a Service, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "service", name: id.to_string() };
    let service = state.services.get(id).ok_or_else(none)?;
    let words = match service.stage_on(day) {
        Stage::Published => return Ok(service),
        Stage::Draft => "đang soạn thảo (draft)",
        Stage::Deprecated => "sắp ngừng cung cấp (deprecated)",
        Stage::Withdrawn => "đã ngừng cung cấp (withdrawn)",
    };
    let act = "đăng ký kết nối (a connection request)";
    Err(RegistryError::Transition { name: id.to_string(), state: words.to_owned(), act })
}

/// The road of the service's kind that counts today.
fn road_for<'a>(rules: &'a Rules, service: &Service, moment: &Moment) -> Result<&'a Road, RegistryError> {
    let kind = rules.vocabulary.kind(&service.sharing, moment.today).map(|kind| kind.request_kind);
    let road = kind.and_then(|kind| rules.roads.on(kind, moment.today));
    road.ok_or_else(|| {
        let sharing = &service.sharing;
        let vi = format!("chưa có quy trình cho hình thức chia sẻ {sharing} vào ngày {}", moment.today);
        let en = format!("there is no road for the kind of sharing {sharing} on {}", moment.today);
        RegistryError::invalid("service", vi, en)
    })
}

/// The agency counts today, and the consumer is a party of it.
fn consumer(state: &State, moment: &Moment, ask: &Ask, intake: &mut Intake) {
    match state.agencies.on(&ask.agency, moment.today) {
        Standing::Valid(_) => {}
        Standing::Unknown => intake.wrong(
            "agency",
            "cơ quan chưa có trong sổ đăng ký; đề nghị đơn vị vận hành bổ sung",
            "the agency is not in the registry: ask the operator to enter it",
        ),
        Standing::NotYet { from } => {
            let vi = format!("cơ quan chỉ có hiệu lực từ {from}");
            intake.wrong("agency", vi, format!("the agency counts only from {from}"));
        }
        Standing::Closed { since, successor, .. } => {
            let by = successor.map_or_else(|| "—".to_owned(), AgencyCode::to_string);
            let vi = format!("cơ quan đã kết thúc từ {since}, kế thừa: {by}");
            intake.wrong("agency", vi, format!("the agency is closed since {since}, successor: {by}"));
        }
    }
    own_system(state, moment.today, ask, intake);
}

/// Nobody asks in the name of somebody else's system.
fn own_system(state: &State, day: Date, ask: &Ask, intake: &mut Intake) {
    let member = &ask.consumer.member;
    if state.agencies.speaks_for(&ask.agency, member, day) {
        if !state.directory.may_know(&ask.consumer) {
            let vi = format!(
                "không có hệ thống {} trong danh bạ tin cậy; kiểm tra lại mã, hoặc đề nghị đơn vị vận hành đăng ký hệ thống",
                ask.consumer
            );
            let en = format!(
                "{} is not in the directory: check its code, or ask the platform operator to register it",
                ask.consumer
            );
            intake.wrong("consumer", vi, en);
        }
        return;
    }
    let (vi, en) = match state.agencies.of_member(member, day) {
        Some(own) => (
            format!("hệ thống thuộc {own}, không thuộc {}", ask.agency),
            format!("the system belongs to {own}, not to {}", ask.agency),
        ),
        None => (
            format!(
                "chưa ghi nhận cơ quan chịu trách nhiệm cho thành viên {member}; đề nghị đơn vị vận hành ghi nhận"
            ),
            format!("no agency answers for the member {member}: ask the platform operator to record one"),
        ),
    };
    intake.wrong("consumer", vi, en);
}

/// What is asked for, checked.
pub(super) struct Wanted {
    pub(super) terms: Terms,
    pub(super) reason: String,
    pub(super) contacts: Vec<Contact>,
}

pub(super) fn wanted(
    service: &Service,
    road: &Road,
    moment: &Moment,
    (terms, reason, contacts): (&Terms, &str, &[Contact]),
    mut intake: Intake,
) -> Result<Wanted, RegistryError> {
    let reason = intake.needed("reason", reason, TEXT_CHARS_MAX);
    if road.kind > 1 && terms.purposes.is_empty() {
        intake.wrong("purposes", "phải nêu mục đích khai thác", "name at least one purpose");
    }
    let contacts = read_contacts(road, contacts, &mut intake);
    let terms = terms::read(service, terms, moment.now, &mut intake)?;
    intake.done()?;
    Ok(Wanted { terms, reason, contacts })
}

fn read_contacts(road: &Road, contacts: &[Contact], intake: &mut Intake) -> Vec<Contact> {
    if contacts.len() > CONTACTS_MAX {
        intake.wrong("contacts", format!("tối đa {CONTACTS_MAX}"), format!("at most {CONTACTS_MAX}"));
        return Vec::new();
    }
    for kind in road.contacts.iter().filter(|kind| contacts.iter().all(|c| c.kind != **kind)) {
        let (vi, en) = match kind {
            super::ContactKind::Business => ("thiếu đầu mối nghiệp vụ", "the business contact is missing"),
            super::ContactKind::Technical => ("thiếu đầu mối kỹ thuật", "the technical contact is missing"),
            super::ContactKind::Security => {
                ("thiếu đầu mối an toàn thông tin", "the security contact is missing")
            }
        };
        intake.wrong("contacts", vi, en);
    }
    let one = |contact: &Contact| {
        let contact = Contact {
            kind: contact.kind,
            name: intake.needed("contacts.name", &contact.name, NAME_CHARS_MAX),
            phone: intake.text("contacts.phone", &contact.phone, NAME_CHARS_MAX),
            email: intake.text("contacts.email", &contact.email, NAME_CHARS_MAX),
        };
        if contact.phone.is_empty() && contact.email.is_empty() {
            intake.wrong(
                "contacts",
                "đầu mối phải có số điện thoại hoặc thư điện tử",
                "wants a phone number or e-mail",
            );
        }
        contact
    };
    contacts.iter().map(one).collect()
}

/// Arriving at a step now; its task opens unless `has_task` says that it was opened before.
pub(super) fn entering(
    rules: &Rules,
    step: &Step,
    moment: &Moment,
    has_task: impl Fn(&str) -> bool,
) -> Entering {
    let task = step.task.as_deref().filter(|code| !has_task(code)).and_then(|code| rules.roads.task(code));
    let due = |limit: super::Limit| limit.due(&rules.calendar, moment.now);
    Entering {
        step: step.code.clone(),
        role: step.role,
        whose: step.whose,
        due: due(step.limit),
        tasks: task.map(|t| NewTask { code: t.code.clone(), due: due(t.limit) }).into_iter().collect(),
    }
}
