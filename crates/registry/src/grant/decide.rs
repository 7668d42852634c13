//! Issuing, changing, suspending, resuming, revoking, renewing.

use base::Ts;
use serde::Deserialize;

use super::terms;
use super::{Event, Force, Grant, GrantId, Held, Terms};
use crate::request::intake::Intake;
use crate::request::{Request, TEXT_CHARS_MAX};
use crate::service::{Service, Stage};
use crate::{Moment, RegistryError, State, gate};

type Events = Vec<crate::Event>;

/// Changing the terms of a grant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which grant.
    pub id: GrantId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// The terms from now on.
    pub terms: Terms,
    /// Why, with the decision that it rests on.
    pub reason: String,
}

/// Suspending, resuming or revoking a grant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Which grant.
    pub id: GrantId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Giving a grant more time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// Which grant.
    pub id: GrantId,
    /// The version that the person saw.
    #[serde(default)]
    pub if_version: Option<i64>,
    /// Until when (exclusive); absent means without end.
    #[serde(default)]
    pub until: Option<Ts>,
    /// Why, with the decision that it rests on.
    pub reason: String,
}

/// The grant of a request at the end of its road.
pub(crate) fn issue(state: &State, moment: &Moment, request: &Request) -> (GrantId, Events) {
    let id = state.grants.next_id(moment.today.year());
    let grant = Grant {
        id: id.clone(),
        to: request.consumer.clone(),
        service: request.service.clone(),
        terms: request.terms.clone(),
        decision: request.id.to_string(),
        force: Force::Active,
        reason: None,
    };
    let former =
        state.grants.find(&grant.to, &grant.service).filter(|held| held.grant.force != Force::Revoked);
    let ended = former.and_then(|held| connection_ends(&held.grant));
    let issued = crate::Event::Grant(Event::Issued(Box::new(grant)));
    (id, std::iter::once(issued).chain(ended).collect())
}

/// Nothing more is demanded for a connection whose grant is over.
fn connection_ends(grant: &Grant) -> Option<crate::Event> {
    grant.request().map(|request| gate::close_connection(&request))
}

/// Changes the terms. The next call of a running gateway meets them. More fields or purposes, or fewer conditions, want
/// a new request.
///
/// # Errors
/// No such grant, revoked, replaced; a wider scope; unknown fields and other mistakes of the terms; no reason.
pub fn change(state: &State, moment: &Moment, input: &Change) -> Result<Events, RegistryError> {
    let held = seen(state, &input.id, input.if_version)?;
    alive(held, "thay đổi nội dung (change the terms)")?;
    let service = offered(state, moment, &held.grant)?;
    let mut intake = Intake::default();
    let reason = intake.needed("reason", &input.reason, TEXT_CHARS_MAX);
    let terms = terms::read(service, &input.terms, moment.now, &mut intake)?;
    terms::no_wider_scope(&held.grant.terms, &terms, &mut intake);
    intake.done()?;
    Ok(one(Event::Changed { id: input.id.clone(), terms, reason }))
}

/// Suspends a grant; it can be resumed.
///
/// # Errors
/// No such grant, or it is not active; no reason.
pub fn suspend(state: &State, _moment: &Moment, input: &Pause) -> Result<Events, RegistryError> {
    let held = seen(state, &input.id, input.if_version)?;
    let act = "tạm dừng (suspend)";
    alive(held, act)?;
    if held.grant.force == Force::Suspended {
        return Err(not_now(held, act));
    }
    let reason = terms::reason(&input.reason)?;
    Ok(one(Event::Suspended { id: input.id.clone(), reason }))
}

/// Puts a suspended grant in force again.
///
/// # Errors
/// No such grant, or it is not suspended; no reason.
pub fn resume(state: &State, _moment: &Moment, input: &Pause) -> Result<Events, RegistryError> {
    let held = seen(state, &input.id, input.if_version)?;
    let act = "mở lại (resume)";
    alive(held, act)?;
    if held.grant.force != Force::Suspended {
        return Err(not_now(held, act));
    }
    let reason = terms::reason(&input.reason)?;
    Ok(one(Event::Resumed { id: input.id.clone(), reason }))
}

/// Revokes a grant for good; only a new request leads to another one.
///
/// # Errors
/// No such grant, revoked or replaced already; no reason.
pub fn revoke(state: &State, _moment: &Moment, input: &Pause) -> Result<Events, RegistryError> {
    let held = seen(state, &input.id, input.if_version)?;
    alive(held, "thu hồi (revoke)")?;
    let reason = terms::reason(&input.reason)?;
    let mut events = one(Event::Revoked { id: input.id.clone(), reason });
    events.extend(connection_ends(&held.grant));
    Ok(events)
}

/// Gives a grant more time, also one whose time is over. Less time is a change of terms.
///
/// # Errors
/// No such grant, revoked, replaced; the new end is not later than the old one and than now; no reason.
pub fn renew(state: &State, moment: &Moment, input: &Renew) -> Result<Events, RegistryError> {
    let held = seen(state, &input.id, input.if_version)?;
    alive(held, "gia hạn (renew)")?;
    offered(state, moment, &held.grant)?;
    let mut intake = Intake::default();
    let reason = intake.needed("reason", &input.reason, TEXT_CHARS_MAX);
    let later = match (held.grant.terms.until, input.until) {
        (Some(old), Some(new)) => new > old && new > moment.now,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if !later {
        let vi = "thời hạn mới phải sau thời hạn cũ và sau hiện tại; rút ngắn là thay đổi nội dung";
        let en = "the new end must lie behind the old one and in the future; less time is a change of terms";
        intake.wrong("until", vi, en);
    }
    intake.done()?;
    Ok(one(Event::Renewed { id: input.id.clone(), until: input.until, reason }))
}

fn one(event: Event) -> Events {
    vec![crate::Event::Grant(event)]
}

/// The grant as the person saw it.
fn seen<'a>(state: &'a State, id: &GrantId, if_version: Option<i64>) -> Result<&'a Held, RegistryError> {
    let none = || RegistryError::NoSuch { kind: "grant", name: id.to_string() };
    let held = state.grants.held(id).ok_or_else(none)?;
    match if_version {
        Some(expected) if expected != held.version => {
            Err(RegistryError::Conflict { name: id.to_string(), expected, found: held.version })
        }
        _ => Ok(held),
    }
}

/// Neither revoked nor replaced.
fn alive(held: &Held, act: &'static str) -> Result<(), RegistryError> {
    let gone = held.grant.force == Force::Revoked || held.replaced_by.is_some();
    if gone { Err(not_now(held, act)) } else { Ok(()) }
}

fn not_now(held: &Held, act: &'static str) -> RegistryError {
    let state = match (&held.replaced_by, held.grant.force) {
        (Some(by), _) => format!("đã được thay bằng {by} (replaced)"),
        (None, Force::Active) => "đang hiệu lực (active)".to_owned(),
        (None, Force::Suspended) => "đang tạm dừng (suspended)".to_owned(),
        (None, Force::Revoked) => "đã thu hồi (revoked)".to_owned(),
    };
    RegistryError::Transition { name: held.grant.id.to_string(), state, act }
}

/// The service of a grant; a deprecated one still serves those who have grants.
fn offered<'a>(state: &'a State, moment: &Moment, grant: &Grant) -> Result<&'a Service, RegistryError> {
    let name = grant.service.to_string();
    match state.services.get(&grant.service) {
        None => Err(RegistryError::NoSuch { kind: "service", name }),
        Some(service) if service.stage_on(moment.today) == Stage::Withdrawn => {
            Err(RegistryError::Transition {
                name,
                state: "đã ngừng cung cấp (withdrawn)".to_owned(),
                act: "thay đổi quyền khai thác (change a grant)",
            })
        }
        Some(service) => Ok(service),
    }
}
