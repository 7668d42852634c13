//! What the process engine did not do, as the API says it.

use base::Code;
use hyper::StatusCode;
use process::engine::Refused;
use process::picture::NoPicture;
use process::runner::Denied;
use web::{Problem, ProblemError};

/// Seconds after which trying again makes sense when the store or the node did not answer.
const RETRY_S: u64 = 5;

/// The stable code; each has a page in `docs/errors/`.
const fn code(denied: &Denied) -> Code {
    match denied {
        Denied::Name => Code(4001),
        Denied::TooLarge { .. } | Denied::SignalTooLarge { .. } => Code(4002),
        Denied::TooDeep => Code(4003),
        Denied::Faults(_) => Code(4004),
        Denied::Claimed { .. } => Code(4005),
        Denied::NoModel => Code(4006),
        Denied::ReadOtherwise(_) => Code(4007),
        Denied::NoProcess => Code(4008),
        Denied::NoInstance => Code(4009),
        Denied::NoTask => Code(4010),
        Denied::Refused(Refused::NoStep(_)) => Code(4011),
        Denied::Refused(Refused::NoWait(_)) => Code(4012),
        Denied::Refused(Refused::Over) => Code(4013),
        Denied::Refused(Refused::NoStart | Refused::NoEvent(_)) => Code(4014),
        Denied::Refused(Refused::NoIncident(_)) | Denied::NoIncident => Code(4015),
        Denied::WrongKind => Code(4016),
        Denied::Taken(_) => Code(4017),
        Denied::NotTaken => Code(4018),
        Denied::FourEyes { .. } => Code(4019),
        Denied::NoPerson => Code(4020),
        Denied::NobodyWaits => Code(4021),
        Denied::OpenIncidents => Code(4022),
        Denied::NoMigration(_) => Code(4023),
        Denied::Time { .. } => Code(4024),
        Denied::Damaged(_) => Code(4025),
        Denied::Store(_) => Code(4026),
        Denied::Stopping => Code(4027),
        Denied::Refused(Refused::NoAgency(_)) => Code(4031),
        Denied::Refused(Refused::Paused) => Code(4032),
        Denied::Refused(Refused::NotPaused) => Code(4033),
        Denied::NoError { .. } => Code(4034),
        // The same as everywhere in the API.
        Denied::KeyReused => Code(2021),
    }
}

const fn status(denied: &Denied) -> StatusCode {
    match denied {
        Denied::NoModel
        | Denied::NoInstance
        | Denied::NoTask
        | Denied::NobodyWaits
        | Denied::Refused(Refused::NoIncident(_))
        | Denied::NoIncident => StatusCode::NOT_FOUND,
        Denied::TooLarge { .. } | Denied::SignalTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Denied::FourEyes { .. } | Denied::NoPerson => StatusCode::FORBIDDEN,
        Denied::Claimed { .. }
        | Denied::ReadOtherwise(_)
        | Denied::Refused(
            Refused::NoStep(_) | Refused::NoWait(_) | Refused::Over | Refused::Paused | Refused::NotPaused,
        )
        | Denied::WrongKind
        | Denied::Taken(_)
        | Denied::NotTaken
        | Denied::OpenIncidents => StatusCode::CONFLICT,
        Denied::Damaged(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Denied::Store(_) | Denied::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        Denied::Name
        | Denied::NoError { .. }
        | Denied::TooDeep
        | Denied::Faults(_)
        | Denied::NoProcess
        | Denied::Refused(Refused::NoStart | Refused::NoEvent(_) | Refused::NoAgency(_))
        | Denied::NoMigration(_)
        | Denied::Time { .. }
        | Denied::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The problem of it. What only operators understand goes to their log.
pub fn refused(denied: Denied) -> Problem {
    let (status, code) = (status(&denied), code(&denied));
    let title = match &denied {
        Denied::Faults(_) => {
            "Mô hình bị từ chối, xem từng lỗi / The model is refused, see each fault".to_owned()
        }
        Denied::NoMigration(_) => {
            "Không chuyển được, xem từng lý do / It cannot be migrated, see each reason".to_owned()
        }
        Denied::Damaged(_) | Denied::Store(_) => {
            tracing::error!(error = %denied, %code, "the process engine could not answer");
            let title = "Nút chưa trả lời được; gửi lại với cùng Idempotency-Key / The node could not answer: send it again with the same Idempotency-Key";
            title.to_owned()
        }
        other => capital(&other.to_string()),
    };
    let retry_after_s = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_S);
    let errors = match denied {
        Denied::Faults(list) | Denied::NoMigration(list) => list.iter().map(|text| fault(text)).collect(),
        _ => Vec::new(),
    };
    Problem { retry_after_s, errors, ..Problem::new(status, &code, title) }
}

/// A model that cannot be drawn.
pub fn not_drawn(why: NoPicture) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, &Code(4028), capital(&why.to_string()))
}

/// A worker that nobody knows.
pub fn unknown_worker() -> Problem {
    let title =
        "Mã truy cập không của hệ thống nào trong workers.toml / The token is of no worker of workers.toml";
    Problem::new(StatusCode::UNAUTHORIZED, &Code(4029), title)
}

/// A person where only systems work.
pub fn no_person() -> Problem {
    let title = "Việc này dành cho hệ thống: gửi mã trong workers.toml, không phải phiên của người / Jobs are for systems: send a worker's token, not a person's session";
    Problem::new(StatusCode::FORBIDDEN, &Code(4030), title)
}

/// A worker that may not do this.
pub fn not_listed(what: &str) -> Problem {
    let title = format!(
        "workers.toml không cho hệ thống này: {what} / workers.toml does not list this for the worker: {what}"
    );
    Problem::new(StatusCode::FORBIDDEN, &Code(4030), title)
}

/// A fault as the engine words it: a place, then Vietnamese, a slash, English.
fn fault(text: &str) -> ProblemError {
    let (place, words) = match text.split_once(": ") {
        Some((place, words)) if words.contains(" / ") => (place, words),
        _ => ("", text),
    };
    let (vi, en) = words.split_once(" / ").unwrap_or((words, words));
    ProblemError { place: place.to_owned(), vi: vi.to_owned(), en: en.to_owned() }
}

/// A sentence begins with a capital letter in both languages.
fn capital(text: &str) -> String {
    let one = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        format!("{}{}", first.unwrap_or_default(), letters.as_str())
    };
    text.split(" / ").map(one).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_its_place_and_both_languages() {
        let all = refused(Denied::Faults(vec!["dòng / line 4, b: không rõ / not clear".to_owned()]));
        assert_eq!((all.status, &*all.code), (422, "EX-4004"));
        let ProblemError { vi, en, .. } = &all.errors[0];
        assert!(en.ends_with("not clear") && !vi.is_empty(), "{:?}", all.errors);
    }

    #[test]
    fn what_may_have_been_done_is_to_be_sent_again() {
        let stopping = refused(Denied::Stopping);
        assert_eq!((stopping.status, stopping.retry_after_s), (503, Some(RETRY_S)));
        assert_eq!(refused(Denied::NoTask).retry_after_s, None);
    }
}
