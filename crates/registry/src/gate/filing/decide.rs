//! Filing, judging and withdrawing: what must hold, and what happens then.

use base::{PartyId, ServiceId};

use super::{
    CONTACTS_MAX, Contact, DocumentFile, Event, Filed, Filing, FilingId, Judgement, NAME_CHARS_MAX,
    NUMBER_CHARS_MAX, REASON_CHARS_MAX, Standing, Verdict,
};
use crate::error::{Mistake, RegistryError};
use crate::gate::checklist::{About, Checklist, Duty, InForce, Item, Whom};
use crate::gate::{entry, evidence};
use crate::request::RequestId;
use crate::request::intake::Intake;
use crate::rules::Rules;
use crate::state::{Moment, State};

type Events = Result<Vec<crate::Event>, RegistryError>;

/// Files something for an item. A renewal is a new filing; what was filed before counts on until its own end.
///
/// # Errors
/// No checklist counts today, it has no such item, or the filing has mistakes: all of them at once.
pub fn file(state: &State, rules: &Rules, moment: &Moment, filing: Filing) -> Events {
    let list = rules.checklists.on(moment.today).ok_or_else(|| no_such("checklist", &moment.today))?;
    let item = list.item(&filing.item).ok_or_else(|| no_such("checklist item", &filing.item))?;
    let filing = tidy(filing);
    let mut notes = Vec::new();
    check_connection(state, item, &filing, &mut notes);
    check_document(item, &filing, moment, &mut notes);
    check_file(&filing, &mut notes);
    check_end(list, item, &filing, moment, &mut notes);
    check_contacts(item, &filing.contacts, &mut notes);
    if !notes.is_empty() {
        return Err(RegistryError::Invalid(notes));
    }
    let next = state.gate.filings.keys().next_back().map_or(1, |last| last.0 + 1);
    Ok(vec![crate::Event::Gate(Event::Filed { id: FilingId(next), filing: Box::new(filing) })])
}

/// Accepts or rejects a filing; a rejection needs a reason.
///
/// # Errors
/// No such filing, it was judged already or changed since `if_version`, by the person who filed it, no reason, or it
/// has ended in the meantime.
pub fn judge(state: &State, rules: &Rules, moment: &Moment, judgement: Judgement) -> Events {
    let Judgement { id, verdict, if_version } = judgement;
    let filed = find(state, id, if_version)?;
    if filed.standing != Standing::Waiting {
        return Err(wrong_standing(filed, "judge"));
    }
    if filed.filed().by == moment.by {
        return Err(RegistryError::FourEyes);
    }
    let verdict = match verdict {
        Verdict::Rejected { reason } => Verdict::Rejected { reason: a_reason(&reason)? },
        Verdict::Accepted => {
            let list =
                rules.checklists.on(moment.today).ok_or_else(|| no_such("checklist", &moment.today))?;
            if let Some(item) = list.item(&filed.filing.item) {
                let mut notes = Vec::new();
                check_document(item, &filed.filing, moment, &mut notes);
                check_end(list, item, &filed.filing, moment, &mut notes);
                if !notes.is_empty() {
                    return Err(RegistryError::Invalid(notes));
                }
            }
            Verdict::Accepted
        }
    };
    Ok(vec![crate::Event::Gate(Event::Judged { id, verdict })])
}

/// Takes a filing back: one that waits, or one that was accepted and turned out to be wrong. The gate may close.
///
/// # Errors
/// No such filing, it does not count anyway, it changed since `if_version`, or no reason.
pub fn withdraw(state: &State, id: FilingId, reason: &str, if_version: Option<i64>) -> Events {
    let filed = find(state, id, if_version)?;
    if !matches!(filed.standing, Standing::Waiting | Standing::Accepted) {
        return Err(wrong_standing(filed, "withdraw"));
    }
    let reason = a_reason(reason)?;
    Ok(vec![crate::Event::Gate(Event::Withdrawn { id, reason })])
}

/// Opens what is demanded for a connection, above all its risk assessment (Nghị định 331/2026/NĐ-CP, Điều 10 khoản 2).
/// The request's own decision returns this event together with its first.
pub fn open_connection(request: &RequestId, consumer: &PartyId, service: &ServiceId) -> crate::Event {
    let (request, consumer, service) = (request.clone(), consumer.clone(), service.clone());
    crate::Event::Gate(Event::ConnectionOpened { request, consumer, service })
}

/// Ends what is demanded for a connection. The decision that ends the request or grant returns this event, too.
pub fn close_connection(request: &RequestId) -> crate::Event {
    crate::Event::Gate(Event::ConnectionClosed { request: request.clone() })
}

fn no_such(kind: &'static str, name: &dyn ToString) -> RegistryError {
    RegistryError::NoSuch { kind, name: name.to_string() }
}

fn find(state: &State, id: FilingId, if_version: Option<i64>) -> Result<&Filed, RegistryError> {
    let filed = state.gate.get(id).ok_or_else(|| no_such("filing", &id))?;
    match if_version {
        Some(expected) if expected != filed.version() => {
            let name = format!("hồ sơ số {id}");
            Err(RegistryError::Conflict { name, expected, found: filed.version() })
        }
        _ => Ok(filed),
    }
}

fn wrong_standing(filed: &Filed, act: &'static str) -> RegistryError {
    let state = match filed.standing {
        Standing::Waiting => "waiting",
        Standing::Accepted => "accepted",
        Standing::Rejected { .. } => "rejected",
        Standing::Withdrawn { .. } => "withdrawn",
    };
    RegistryError::Transition { name: format!("hồ sơ số {}", filed.id), state: state.to_owned(), act }
}

fn a_reason(reason: &str) -> Result<String, RegistryError> {
    let reason = entry(reason);
    if reason.is_empty() {
        let vi = "phải nêu lý do để người nộp biết cần sửa gì";
        return Err(RegistryError::invalid("reason", vi, "is missing: say what must be corrected"));
    }
    let mut notes = Vec::new();
    limit("reason", &reason, REASON_CHARS_MAX, &mut notes);
    if notes.is_empty() { Ok(reason) } else { Err(RegistryError::Invalid(notes)) }
}

fn tidy(filing: Filing) -> Filing {
    let contact = |contact: Contact| Contact {
        name: entry(&contact.name),
        phone: entry(&contact.phone),
        email: entry(&contact.email),
        ..contact
    };
    let contacts = filing.contacts.into_iter().map(contact).collect();
    let file = filing.file.map(|file| DocumentFile { name: entry(&file.name), ..file });
    Filing { number: entry(&filing.number), file, contacts, ..filing }
}

fn limit(place: &str, text: &str, max: usize, notes: &mut Vec<Mistake>) {
    if text.chars().count() > max {
        let (vi, en) = (
            format!("dài quá {max} ký tự, rút gọn lại"),
            format!("is longer than {max} characters: shorten it"),
        );
        notes.push(Mistake::new(place, vi, en));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        notes.push(Mistake::new(place, "có ký tự điều khiển, xóa đi", "has control characters: delete them"));
    }
}

fn check_connection(state: &State, item: &Item, filing: &Filing, notes: &mut Vec<Mistake>) {
    let mut note = |vi: &str, en: &str| notes.push(Mistake::new("about", vi, en));
    let request = match (item.about, &filing.about) {
        (About::Subsystem, None) => return,
        (About::Subsystem, Some(_)) => {
            return note(
                "mục này nộp một lần cho hệ thống, bỏ số đăng ký kết nối",
                "this item is filed once for the system: leave the request out",
            );
        }
        (About::Connection, None) => {
            return note(
                "mục này nộp riêng cho từng kết nối, ghi số đăng ký kết nối",
                "this item is filed for each connection: name the request",
            );
        }
        (About::Connection, Some(request)) => request,
    };
    let connection = state.gate.connection(request).filter(|connection| connection.closed.is_none());
    let fits = |side: Whom| item.whom == Whom::Both || side == Whom::Both || side == item.whom;
    match connection.map(|connection| connection.side(&filing.party)) {
        None => note("không có đăng ký kết nối này đang mở", "there is no such open connection request"),
        Some(Some(side)) if fits(side) => {}
        Some(_) => note(
            "bên này không phải nộp mục này cho kết nối đó",
            "this party does not have to show this item for that connection",
        ),
    }
}

fn check_document(item: &Item, filing: &Filing, moment: &Moment, notes: &mut Vec<Mistake>) {
    let mut note = |place: &str, vi: &str, en: &str| notes.push(Mistake::new(place, vi, en));
    match item.in_force {
        InForce::Certificate => {
            return note(
                "item",
                "mục này lấy từ danh bạ tin cậy, không nộp; hãy gia hạn chứng thư số",
                "this item is read from the directory and cannot be filed: renew the certificates",
            );
        }
        InForce::Task => {
            return note(
                "item",
                "mục này không nộp ở đây; hãy đính kèm văn bản vào đăng ký kết nối rồi kết thúc công việc cùng mã",
                "this item is not filed here: attach the document to the request and close its task of this code",
            );
        }
        InForce::Months(_) | InForce::UntilDate | InForce::Endless => {}
    }
    // Who can be reached is stated in the filing itself; everything else is a document.
    if item.contacts.is_empty() {
        if filing.number.is_empty() {
            note(
                "number",
                "thiếu số văn bản, ghi số, ký hiệu",
                "is missing: give the number of the document",
            );
        }
        if filing.document.is_none() {
            note("document", "chưa đính kèm văn bản", "is missing: attach the document");
        }
    }
    if filing.issued_on > moment.today {
        note("issued_on", "ngày ban hành ở tương lai, kiểm tra lại", "is in the future: correct it");
    }
    match (item.level_min, filing.level) {
        (Some(min), Some(level)) if !(min..=5).contains(&level) => {
            note("level", &format!("phải là cấp độ {min} đến 5"), &format!("must be level {min} to 5"));
        }
        (Some(min), None) => note(
            "level",
            &format!("thiếu cấp độ, ghi cấp độ {min} đến 5 theo quyết định"),
            &format!("is missing: give the level of the decision, {min} to 5"),
        ),
        (None, Some(_)) => {
            note("level", "mục này không có cấp độ, bỏ trống", "this item has no level: leave it out");
        }
        _ => {}
    }
    limit("number", &filing.number, NUMBER_CHARS_MAX, notes);
}

fn check_file(filing: &Filing, notes: &mut Vec<Mistake>) {
    let Some(file) = &filing.file else { return };
    let mut intake = Intake::default();
    intake.file(&file.name, &file.media_type, file.bytes);
    notes.extend(intake.into_mistakes());
}

fn check_end(list: &Checklist, item: &Item, filing: &Filing, moment: &Moment, notes: &mut Vec<Mistake>) {
    let mut note = |place: &str, vi: String, en: String| notes.push(Mistake::new(place, vi, en));
    if filing.valid_until.is_some_and(|until| until < filing.issued_on) {
        return note(
            "valid_until",
            "trước ngày ban hành, kiểm tra lại hai ngày".to_owned(),
            "is before the day of issue: correct the two days".to_owned(),
        );
    }
    if item.in_force == InForce::UntilDate && filing.valid_until.is_none() {
        return note(
            "valid_until",
            "thiếu ngày hết hạn ghi trong văn bản".to_owned(),
            "is missing: give the last day that the document names".to_owned(),
        );
    }
    if let Some(last) = evidence::last_day(list, item, filing)
        && last < moment.today
    {
        note(
            "issued_on",
            format!("đã hết hạn từ {last}, nộp văn bản mới"),
            format!("ended on {last}: file a new document"),
        );
    }
}

fn check_contacts(item: &Item, contacts: &[Contact], notes: &mut Vec<Mistake>) {
    if item.contacts.is_empty() {
        if !contacts.is_empty() {
            notes.push(Mistake::new(
                "contacts",
                "mục này không khai đầu mối, bỏ trống",
                "this item names nobody: leave it out",
            ));
        }
        return;
    }
    if contacts.len() > CONTACTS_MAX {
        notes.push(Mistake::new(
            "contacts",
            format!("nhiều hơn {CONTACTS_MAX} đầu mối, bớt lại"),
            format!("more than {CONTACTS_MAX}: name fewer"),
        ));
        return;
    }
    for duty in &item.contacts {
        if !contacts.iter().any(|contact| contact.duty == *duty) {
            let (vi, en) = match duty {
                Duty::Business => ("thiếu đầu mối nghiệp vụ", "name a business contact"),
                Duty::Technical => ("thiếu đầu mối kỹ thuật", "name a technical contact"),
                Duty::Security => ("thiếu đầu mối an ninh", "name a security contact"),
            };
            notes.push(Mistake::new("contacts", vi, en));
        }
    }
    for (i, contact) in contacts.iter().enumerate() {
        let place = |field: &str| format!("contacts[{i}].{field}");
        if contact.name.is_empty() {
            notes.push(Mistake::new(place("name"), "thiếu tên", "is missing"));
        }
        if contact.phone.is_empty() && contact.email.is_empty() {
            let (vi, en) =
                ("ghi số điện thoại hoặc thư điện tử", "give a telephone number or an e-mail address");
            notes.push(Mistake::new(place("phone"), vi, en));
        }
        for (field, text) in [("name", &contact.name), ("phone", &contact.phone), ("email", &contact.email)] {
            limit(&place(field), text, NAME_CHARS_MAX, notes);
        }
    }
}
