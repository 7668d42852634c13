//! Who owns a service, by the agencies of a day.

use base::MemberId;
use jiff::civil::Date;

use crate::agency::{AgencyCode, Standing};
use crate::{Mistake, State};

/// What stands against an owner: only an agency that counts on the day can decide on requests.
pub(super) fn mistake(state: &State, owner: &AgencyCode, day: Date) -> Option<Mistake> {
    let (vi, en) = match state.agencies.on(owner, day) {
        Standing::Valid(_) => return None,
        Standing::Unknown => (
            format!("chưa có cơ quan mang mã {owner}; hãy nhập cơ quan trước"),
            format!("there is no agency {owner}: enter it first"),
        ),
        Standing::NotYet { from } => (
            format!("cơ quan {owner} có hiệu lực từ ngày {from}"),
            format!("the agency {owner} counts from {from} on"),
        ),
        Standing::Closed { last, since, successor } => {
            let name = &last.name;
            let next = successor.map(AgencyCode::as_str).unwrap_or_default();
            let (take_vi, take_en) = match next {
                "" => (String::new(), String::new()),
                next => {
                    (format!("; hãy dùng cơ quan kế thừa {next}"), format!(": take its successor {next}"))
                }
            };
            (
                format!("{name} ({owner}) đã kết thúc hoạt động từ ngày {since}{take_vi}"),
                format!("{name} ({owner}) is closed since {since}{take_en}"),
            )
        }
    };
    Some(Mistake::new("owner", vi, en))
}

/// What stands against an owner that has nothing to do with the member whose service it is: nobody offers what runs at
/// somebody else's. A member that is no agency and for which none answers is known to the directory alone, and not judged.
pub(super) fn stranger(state: &State, owner: &AgencyCode, member: &MemberId, day: Date) -> Option<Mistake> {
    let agency = state.agencies.of_member(member, day)?;
    (!state.agencies.speaks_for(owner, member, day)).then(|| {
        Mistake::new(
            "owner",
            format!(
                "dịch vụ của {member} phải do cơ quan {agency}, cấp trên hoặc cấp dưới của cơ quan đó làm chủ"
            ),
            format!("a service of {member} is owned by the agency {agency}, one above or one below it"),
        )
    })
}

/// The code under which an agency is kept; it has another one in the other form.
pub(super) fn code(state: &State, owner: &AgencyCode, day: Date) -> AgencyCode {
    match state.agencies.on(owner, day) {
        Standing::Valid(agency) => agency.code.clone(),
        _ => owner.clone(),
    }
}

/// The name of an owner; that of a closed one is the last it had.
pub(super) fn name<'a>(state: &'a State, owner: &AgencyCode, day: Date) -> Option<&'a str> {
    match state.agencies.on(owner, day) {
        Standing::Valid(agency) | Standing::Closed { last: agency, .. } => Some(&agency.name),
        Standing::Unknown | Standing::NotYet { .. } => None,
    }
}
