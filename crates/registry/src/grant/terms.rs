//! Checking terms against the service that they are about.

use base::Ts;

use super::Terms;
use crate::RegistryError;
use crate::request::TEXT_CHARS_MAX;
use crate::request::intake::Intake;
use crate::service::Service;

/// Most fields of one grant.
pub const FIELDS_MAX: usize = 1_000;
/// Most purposes of one grant.
pub const PURPOSES_MAX: usize = 50;
/// The strongest sign-in that can be asked for: 3, a hardware key.
pub const SIGN_IN_MAX: u8 = 3;

/// Terms in the form in which they are kept; mistakes go to `intake`.
///
/// # Errors
/// [`RegistryError::UnknownFields`] when that is the only mistake.
pub(crate) fn read(
    service: &Service,
    terms: &Terms,
    now: Ts,
    intake: &mut Intake,
) -> Result<Terms, RegistryError> {
    let fields = intake.list("fields", &terms.fields, FIELDS_MAX);
    if fields.is_empty() && service.gives_personal_data(&[]) {
        let all: Vec<&str> = service.fields.iter().map(|field| field.path.as_str()).collect();
        let all = all.join(", ");
        let vi = format!(
            "dịch vụ có dữ liệu cá nhân: phải nêu từng trường cần khai thác; dịch vụ có các trường: {all}"
        );
        let en = format!("the service has personal data: name each field that is needed; it has: {all}");
        intake.wrong("fields", vi, en);
    }
    let purposes = intake.list("purposes", &terms.purposes, PURPOSES_MAX);
    for purpose in purposes.iter().filter(|purpose| !purpose.is_empty()) {
        sayable(purpose, intake);
    }
    let legal_basis = intake.needed("legal_basis", &terms.legal_basis, TEXT_CHARS_MAX);
    if terms.quota_day == Some(0) {
        intake.wrong("quota_day", "phải lớn hơn 0, hoặc bỏ trống", "must be more than 0, or absent");
    }
    if terms.rate_s == Some(0) {
        intake.wrong("rate_s", "phải lớn hơn 0, hoặc bỏ trống", "must be more than 0, or absent");
    }
    if terms.until.is_some_and(|until| until <= now) {
        intake.wrong("until", "thời hạn phải ở sau hiện tại", "must lie in the future");
    }
    let mut conditions = terms.conditions.clone();
    if conditions.sign_in > SIGN_IN_MAX {
        let vi = format!("mức đăng nhập từ 0 đến {SIGN_IN_MAX}");
        intake.wrong("conditions.sign_in", vi, format!("from 0 to {SIGN_IN_MAX}"));
    }
    if let Some(cedar) = &mut conditions.cedar {
        *cedar = intake.needed("conditions.cedar", cedar, TEXT_CHARS_MAX);
    }
    let unknown = unknown_fields(service, &fields);
    if !unknown.is_empty() {
        if intake.is_clean() {
            return Err(RegistryError::UnknownFields(unknown));
        }
        let names = unknown.join(", ");
        let vi = format!("dịch vụ không có trường: {names}");
        intake.wrong("fields", vi, format!("the service has no such fields: {names}"));
    }
    Ok(Terms {
        fields,
        purposes,
        legal_basis,
        quota_day: terms.quota_day,
        rate_s: terms.rate_s,
        until: terms.until,
        conditions,
    })
}

/// A purpose goes with each call: one that no call can name would be granted and refused for ever.
fn sayable(purpose: &str, intake: &mut Intake) {
    if !base::can_be_said(purpose, base::SAID_BYTES_MAX) {
        let vi = format!(
            "“{purpose}” không phải mã mục đích; mã chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối, ví dụ dang-ky-khai-sinh"
        );
        let en = format!(
            "“{purpose}” is no code: letters without marks, digits and hyphens, such as dang-ky-khai-sinh"
        );
        intake.wrong("purposes", vi, en);
    }
}

/// The fields that a service does not have. A name above fields that it has stands for all below it.
pub(crate) fn unknown_fields(service: &Service, fields: &[String]) -> Vec<String> {
    let has = |asked: &String| service.fields.iter().any(|field| is_under(&field.path, asked));
    fields.iter().filter(|asked| !has(asked)).cloned().collect()
}

/// Whether `path` is `above` or lies below it: `thuongTru.xa` lies below `thuongTru`.
pub(crate) fn is_under(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Notes where `given` goes beyond `asked`: who decides may give less, never more.
pub(crate) fn narrower(asked: &Terms, given: &Terms, intake: &mut Intake) {
    no_wider_scope(asked, given, intake);
    if wider(asked.quota_day, given.quota_day) {
        beyond("quota_day", intake);
    }
    if wider(asked.rate_s, given.rate_s) {
        beyond("rate_s", intake);
    }
    if wider(asked.until, given.until) {
        beyond("until", intake);
    }
}

/// Notes where `given` opens more than `asked`: other fields, other purposes, fewer conditions. Those went the whole road
/// of the request; how much and how long is the data owner's to change.
pub(crate) fn no_wider_scope(asked: &Terms, given: &Terms, intake: &mut Intake) {
    let covered = |field: &String| asked.fields.iter().any(|above| is_under(field, above));
    if !asked.fields.is_empty() && (given.fields.is_empty() || !given.fields.iter().all(covered)) {
        beyond("fields", intake);
    }
    let known = |purpose: &String| asked.purposes.contains(purpose);
    if !asked.purposes.is_empty() && (given.purposes.is_empty() || !given.purposes.iter().all(known)) {
        beyond("purposes", intake);
    }
    let (from, to) = (&asked.conditions, &given.conditions);
    let dropped = |had: bool, has: bool| had && !has;
    let cedar = from.cedar.is_some() && from.cedar != to.cedar;
    if dropped(from.dossier, to.dossier)
        || dropped(from.officer, to.officer)
        || to.sign_in < from.sign_in
        || cedar
    {
        beyond("conditions", intake);
    }
}

fn beyond(place: &str, intake: &mut Intake) {
    let vi = "chỉ được thu hẹp so với yêu cầu; muốn rộng hơn phải có yêu cầu khác";
    intake.wrong(place, vi, "may only be less than what was asked for; more wants another request");
}

/// Absent means without limit.
fn wider<T: PartialOrd>(asked: Option<T>, given: Option<T>) -> bool {
    match (asked, given) {
        (Some(asked), Some(given)) => given > asked,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// A reason that must be there.
///
/// # Errors
/// [`RegistryError::Invalid`].
pub(crate) fn reason(text: &str) -> Result<String, RegistryError> {
    let mut intake = Intake::default();
    let reason = intake.needed("reason", text, TEXT_CHARS_MAX);
    intake.done().map(|()| reason)
}
