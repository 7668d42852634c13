//! Everything that can be done to a request on its road.

use serde::{Deserialize, Serialize};

use super::intake::Intake;
use super::open::{Wanted, entering, on_offer, wanted};
use super::road::{Road, Step, Whose};
use super::who::{acts_as, agency_of};
use super::{
    ATTACHMENTS_MAX, Attachment, Contact, Correction, Event, NAME_CHARS_MAX, Request, RequestId, Status,
    TEXT_CHARS_MAX, live,
};
use crate::grant::{Terms, terms};
use crate::people::{Person, Role};
use crate::{Moment, RegistryError, Rules, State, gate};

type Events = Vec<crate::Event>;

const TAKE: &str = "xử lý bước này của yêu cầu kết nối (take this step of the request)";
const ASKER: &str = "thay mặt cơ quan đăng ký kết nối (act for the agency that asks)";
const ATTACH: &str = "bổ sung tài liệu vào yêu cầu này (attach to this request)";
const CLOSE: &str = "kết thúc công việc này (close this task)";

/// Adding a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// Which request.
    pub id: RequestId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// The document.
    pub attachment: Attachment,
}

/// Taking the step at which a request stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Which request.
    pub id: RequestId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// The step that the person saw; refused when the request has moved on.
    #[serde(default)]
    pub step: Option<String>,
    /// What is decided.
    pub decision: Decision,
}

/// What is decided at a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
#[rustfmt::skip]
pub enum Decision {
    /// Go on to the next step; at the last step, go live.
    Approve { /// Remark; needed when less is granted than was asked for.
        #[serde(default)]
        comment: String, /// Terms that grant less; only where the step allows it.
        #[serde(default)]
        terms: Option<Box<Terms>> },
    /// Back to the consumer, who corrects it.
    Return { /// What is to be corrected.
        comment: String },
    /// No.
    Refuse { /// Why.
        #[serde(default)]
        reason: String, /// By which text.
        #[serde(default)]
        legal_basis: String },
}

/// Taking a request back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// Which request.
    pub id: RequestId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Handing in a returned request again. What is absent stays as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resubmit {
    /// Which request.
    pub id: RequestId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Remark.
    #[serde(default)]
    pub comment: String,
    /// What is asked for now.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Whom to ask.
    #[serde(default)]
    pub contacts: Option<Vec<Contact>>,
}

/// Closing a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Which request.
    pub id: RequestId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Code of the task.
    pub task: String,
    /// What came out of it.
    pub conclusion: String,
}

/// Adds a document. The consumer may at any time while the request is pending, who takes the step and who closes a task
/// of it as long as it is theirs.
///
/// # Errors
/// An unknown item, a hash or name that is not one, too many or too large; the request has ended; not this person's.
pub fn attach(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    person: &Person,
    input: &Attach,
) -> Result<Events, RegistryError> {
    let request = seen(state, &input.id, input.if_version)?;
    if !request.status.is_pending() {
        return Err(not_now(request, "bổ sung tài liệu (attach)"));
    }
    let mut sides = vec![(super::Whose::Consumer, Role::AgencyAdministrator)];
    sides.extend(request.waits_for());
    let of_task = |task: &super::Task| rules.roads.task(&task.code).map(|rule| (rule.whose, rule.role));
    sides.extend(request.open_tasks().filter_map(of_task));
    let may = |(whose, role)| side(state, request, moment, person, (whose, role, ATTACH)).ok();
    let role = sides.into_iter().find_map(may).ok_or(RegistryError::Forbidden(ATTACH))?;
    if request.attachments.len() >= ATTACHMENTS_MAX {
        return Err(RegistryError::TooMany { what: "attachments", max: ATTACHMENTS_MAX });
    }
    let attachment = read_attachment(rules, &input.attachment)?;
    Ok(vec![crate::Event::Request(Event::Attached { id: request.id.clone(), role, attachment })])
}

/// Takes the step at which the request stands: approve, return for correction, refuse. Approving the last step goes
/// live: the grant is issued.
///
/// # Errors
/// Not this person's step; the step wants documents ([`RegistryError::AttachmentMissing`]); a refusal without reason or
/// legal basis ([`RegistryError::ReasonMissing`]); terms that are wider than what was asked for; going live with open
/// tasks or a closed gate ([`RegistryError::GateClosed`]); somebody else was faster ([`RegistryError::Conflict`]).
pub fn take(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    person: &Person,
    input: &Take,
) -> Result<Events, RegistryError> {
    let request = seen(state, &input.id, input.if_version)?;
    if request.status != Status::Open || input.step.as_ref().is_some_and(|step| *step != request.step) {
        return Err(not_now(request, "xử lý bước (take a step)"));
    }
    let (road, step) = on_road(rules, request)?;
    let role = side(state, request, moment, person, (step.whose, step.role, TAKE))?;
    // Who asked does not decide on what was asked, whatever roles somebody may hold.
    let asked = request.history.first().is_some_and(|entry| entry.by == moment.by);
    if asked && matches!(step.whose, Whose::Platform | Whose::Provider) {
        return Err(RegistryError::FourEyes);
    }
    let id = request.id.clone();
    let event = match &input.decision {
        Decision::Approve { comment, terms } => {
            documents(rules, request, step.demands(is_personal(state, request)))?;
            let (comment, narrowed) = approval(state, moment, request, step, (comment, terms.as_deref()))?;
            let Some(next) = road.after(&step.code) else {
                return live::go(state, rules, moment, request, (role, comment));
            };
            let had = |code: &str| request.tasks.iter().any(|task| task.code == code);
            Event::Approved { id, role, comment, narrowed, next: entering(rules, next, moment, had) }
        }
        Decision::Return { comment } => {
            let mut intake = Intake::default();
            let comment = intake.needed("comment", comment, TEXT_CHARS_MAX);
            intake.done()?;
            Event::Returned { id, role, comment, due: road.correction.due(&rules.calendar, moment.now) }
        }
        Decision::Refuse { reason, legal_basis } => {
            let mut intake = Intake::default();
            let reason = intake.text("reason", reason, TEXT_CHARS_MAX);
            let legal_basis = intake.text("legal_basis", legal_basis, TEXT_CHARS_MAX);
            intake.done()?;
            if reason.is_empty() || legal_basis.is_empty() {
                return Err(RegistryError::ReasonMissing);
            }
            let refused = Event::Refused { id, role, reason, legal_basis };
            return Ok(vec![crate::Event::Request(refused), gate::close_connection(&input.id)]);
        }
    };
    Ok(vec![crate::Event::Request(event)])
}

/// Takes a request back.
///
/// # Errors
/// It has ended; the person does not administer the agency that asked; no reason.
pub fn withdraw(
    state: &State,
    moment: &Moment,
    person: &Person,
    input: &Withdraw,
) -> Result<Events, RegistryError> {
    let request = seen(state, &input.id, input.if_version)?;
    if !request.status.is_pending() {
        return Err(not_now(request, "rút yêu cầu (withdraw)"));
    }
    let role = asker(state, request, moment, person)?;
    let reason = terms::reason(&input.reason)?;
    let withdrawn = Event::Withdrawn { id: request.id.clone(), role, reason };
    Ok(vec![crate::Event::Request(withdrawn), gate::close_connection(&input.id)])
}

/// Hands a returned request in again. It goes on at the step that returned it; when what is asked for has changed, it
/// begins again at the first step, because nobody has approved that yet.
///
/// # Errors
/// It was not returned; the person does not administer the agency; what is wrong with the correction.
pub fn resubmit(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    person: &Person,
    input: &Resubmit,
) -> Result<Events, RegistryError> {
    let request = seen(state, &input.id, input.if_version)?;
    if request.status != Status::Returned {
        return Err(not_now(request, "gửi lại (hand in again)"));
    }
    let role = asker(state, request, moment, person)?;
    let (road, step) = on_road(rules, request)?;
    let service = on_offer(state, &request.service, moment.today)?;
    let mut intake = Intake::default();
    let comment = intake.text("comment", &input.comment, TEXT_CHARS_MAX);
    let terms = input.terms.as_ref().unwrap_or(&request.terms);
    let reason = input.reason.as_ref().unwrap_or(&request.reason);
    let contacts = input.contacts.as_ref().unwrap_or(&request.contacts);
    let Wanted { terms, reason, contacts } =
        wanted(service, road, moment, (terms, reason, contacts), intake)?;
    let same_terms = terms == request.terms;
    let same = same_terms && reason == request.reason && contacts == request.contacts;
    let changed = (!same).then(|| Box::new(Correction { terms, reason, contacts }));
    let had = |code: &str| request.tasks.iter().any(|task| task.code == code);
    let step = if same_terms { step } else { road.first() };
    let next = entering(rules, step, moment, had);
    let event = Event::Resubmitted { id: request.id.clone(), role, comment, changed, next };
    Ok(vec![crate::Event::Request(event)])
}

/// Closes a task of a request, such as the risk assessment of a new connection (NĐ 331/2026 Đ10 k2).
///
/// # Errors
/// No such task, closed already; its documents are missing; not this person's; no conclusion.
pub fn close_task(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    person: &Person,
    input: &Close,
) -> Result<Events, RegistryError> {
    let request = seen(state, &input.id, input.if_version)?;
    if !request.status.is_pending() {
        return Err(not_now(request, "kết thúc công việc (close a task)"));
    }
    let none = || RegistryError::NoSuch { kind: "task", name: format!("{} {}", input.id, input.task) };
    let wanted = rules.roads.task(&input.task).ok_or_else(none)?;
    if !request.open_tasks().any(|task| task.code == input.task) {
        return Err(if request.task_closed(&input.task) {
            let name = format!("{} {}", input.id, input.task);
            let act = "kết thúc công việc (close a task)";
            RegistryError::Transition { name, state: "đã kết thúc (closed)".to_owned(), act }
        } else {
            none()
        });
    }
    let role = side(state, request, moment, person, (wanted.whose, wanted.role, CLOSE))?;
    documents(rules, request, wanted.attach.iter().map(String::as_str))?;
    let mut intake = Intake::default();
    let conclusion = intake.needed("conclusion", &input.conclusion, TEXT_CHARS_MAX);
    intake.done()?;
    let event = Event::TaskClosed { id: request.id.clone(), role, task: input.task.clone(), conclusion };
    Ok(vec![crate::Event::Request(event)])
}

/// The request as the person saw it.
fn seen<'a>(state: &'a State, id: &RequestId, if_version: Option<i64>) -> Result<&'a Request, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "request", name: id.to_string() };
    let request = state.requests.get(id).ok_or_else(none)?;
    match if_version {
        Some(expected) if expected != request.version => {
            Err(RegistryError::Conflict { name: id.to_string(), expected, found: request.version })
        }
        _ => Ok(request),
    }
}

pub(super) fn not_now(request: &Request, act: &'static str) -> RegistryError {
    let state = format!("{}, {}", request.status.words(), request.step);
    RegistryError::Transition { name: request.id.to_string(), state, act }
}

/// The road and the step at which the request stands.
fn on_road<'a>(rules: &'a Rules, request: &Request) -> Result<(&'a Road, &'a Step), RegistryError> {
    let road = rules.roads.get(request.kind, &request.road);
    road.and_then(|road| Some((road, road.step(&request.step)?))).ok_or_else(|| {
        let (kind, version, step) = (request.kind, &request.road, &request.step);
        let vi = format!(
            "roads.toml không còn quy trình loại {kind} bản {version} có bước {step}; phải khôi phục"
        );
        let en =
            format!("roads.toml has lost road {kind} of version {version} with step {step}: put it back");
        RegistryError::invalid("road", vi, en)
    })
}

fn side(
    state: &State,
    request: &Request,
    moment: &Moment,
    person: &Person,
    (whose, role, act): (super::Whose, Role, &'static str),
) -> Result<Role, RegistryError> {
    let agency = agency_of(state, request, whose, moment.today);
    acts_as(state, person, (role, agency.as_ref()), moment.today, act)
}

fn asker(state: &State, request: &Request, moment: &Moment, person: &Person) -> Result<Role, RegistryError> {
    side(state, request, moment, person, (super::Whose::Consumer, Role::AgencyAdministrator, ASKER))
}

fn is_personal(state: &State, request: &Request) -> bool {
    let service = state.services.get(&request.service);
    service.is_some_and(|service| service.gives_personal_data(&request.terms.fields))
}

/// All documents are there.
fn documents<'a>(
    rules: &Rules,
    request: &Request,
    items: impl Iterator<Item = &'a str>,
) -> Result<(), RegistryError> {
    let missing: Vec<String> =
        items.filter(|item| !request.has(item)).map(|item| rules.roads.item_name(item)).collect();
    if missing.is_empty() { Ok(()) } else { Err(RegistryError::AttachmentMissing(missing)) }
}

/// Remark and narrowed terms of an approval.
fn approval(
    state: &State,
    moment: &Moment,
    request: &Request,
    step: &Step,
    (comment, terms): (&str, Option<&Terms>),
) -> Result<(String, Option<Terms>), RegistryError> {
    let mut intake = Intake::default();
    let Some(terms) = terms else {
        let comment = intake.text("comment", comment, TEXT_CHARS_MAX);
        return intake.done().map(|()| (comment, None));
    };
    let service = on_offer(state, &request.service, moment.today)?;
    let comment = intake.text("comment", comment, TEXT_CHARS_MAX);
    let terms = terms::read(service, terms, moment.now, &mut intake)?;
    if terms == request.terms {
        return intake.done().map(|()| (comment, None));
    }
    if !step.may_narrow {
        intake.wrong(
            "terms",
            "bước này không được sửa nội dung yêu cầu",
            "this step may not change the terms",
        );
    }
    if comment.is_empty() {
        let vi = "thu hẹp so với yêu cầu thì phải nêu lý do";
        intake.wrong("comment", vi, "say why less is granted than was asked for");
    }
    terms::narrower(&request.terms, &terms, &mut intake);
    intake.done().map(|()| (comment, Some(terms)))
}

fn read_attachment(rules: &Rules, given: &Attachment) -> Result<Attachment, RegistryError> {
    let mut intake = Intake::default();
    if rules.roads.item(&given.item).is_none() {
        let known: Vec<&str> = rules.roads.items().map(|item| item.code.as_str()).collect();
        let known = known.join(", ");
        let vi = format!("không có loại tài liệu này; các loại: {known}");
        intake.wrong("item", vi, format!("no such kind of document; there are: {known}"));
    }
    let number = intake.text("number", &given.number, NAME_CHARS_MAX);
    let name = intake.file(&given.name, &given.media_type, given.bytes);
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if given.sha256.len() != 64 || !given.sha256.bytes().all(hex) {
        let vi = "phải là SHA-256 viết bằng 64 chữ số thập lục phân thường";
        intake.wrong("sha256", vi, "is the SHA-256 in 64 lower-case hexadecimal digits");
    }
    intake.done()?;
    Ok(Attachment { number, name, ..given.clone() })
}
