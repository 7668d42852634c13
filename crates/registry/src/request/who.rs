//! Who may act on a request: the role that the step names, at the agency that it names.

use base::Ts;
use jiff::civil::Date;

use super::{Request, Whose};
use crate::RegistryError;
use crate::agency::{AgencyCode, Standing};
use crate::people::{Person, Role, holds};
use crate::state::State;

/// Parents are followed this far; a longer chain is a mistake in the data.
const LEVELS_MAX: usize = 16;

/// The agency whose person acts on a request; `None` for the platform, which is not an agency of the registry.
///
/// A body that was closed meanwhile is stood in for by its successor.
pub fn agency_of(state: &State, request: &Request, whose: Whose, day: Date) -> Option<AgencyCode> {
    match whose {
        Whose::Consumer => Some(current(state, &request.agency, day)),
        Whose::ConsumerRoot => Some(root(state, current(state, &request.agency, day), day)),
        Whose::Provider => Some(owner(state, request, day)),
        Whose::Platform => None,
    }
}

/// The data owner that decides today: the service may have changed hands.
pub(super) fn owner(state: &State, request: &Request, day: Date) -> AgencyCode {
    let owner = state.services.get(&request.service).map_or(&request.owner, |service| &service.owner);
    current(state, owner, day)
}

/// The body itself, or who took over its tasks.
pub(crate) fn current(state: &State, code: &AgencyCode, day: Date) -> AgencyCode {
    state.agencies.current_successor(code, day).map_or_else(|| code.clone(), |agency| agency.code.clone())
}

fn root(state: &State, mut code: AgencyCode, day: Date) -> AgencyCode {
    for _ in 0..LEVELS_MAX {
        match state.agencies.on(&code, day) {
            Standing::Valid(agency) if agency.parent.is_some() => {
                code = agency.parent.clone().expect("the guard says so");
            }
            _ => break,
        }
    }
    code
}

/// Whether the person has the role at the agency or above it; `None` means the platform: a post that names no agency.
///
/// # Errors
/// [`RegistryError::Forbidden`], naming the act.
pub(super) fn acts_as(
    state: &State,
    person: &Person,
    (role, agency): (Role, Option<&AgencyCode>),
    day: Date,
    act: &'static str,
) -> Result<Role, RegistryError> {
    if holds(state, person, role, agency, day) { Ok(role) } else { Err(RegistryError::Forbidden(act)) }
}

/// How an agency is called: its name with its code, or the code alone.
pub(crate) fn agency_name(state: &State, code: &AgencyCode, day: Date) -> String {
    match state.agencies.on(code, day) {
        Standing::Valid(agency) | Standing::Closed { last: agency, .. } => {
            format!("{} ({code})", agency.name)
        }
        Standing::Unknown | Standing::NotYet { .. } => code.to_string(),
    }
}

/// A moment as clocks in Vietnam show it (UTC+7, no daylight saving time).
pub(crate) fn vietnam(moment: Ts) -> jiff::civil::DateTime {
    let stamp = jiff::Timestamp::from_microsecond(moment.0).unwrap_or_default();
    jiff::tz::Offset::constant(7).to_datetime(stamp)
}
