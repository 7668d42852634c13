//! The end of the road: a request becomes a grant.

use super::open::on_offer;
use super::{Event, Request};
use crate::gate::{self, Failing};
use crate::grant::{self, Terms, terms};
use crate::people::Role;
use crate::{Moment, RegistryError, Rules, State};

/// Goes live when no task is open and the consumer's gate is open: issues the grant, which takes the place of an earlier
/// one of the same consumer for the same service.
pub(super) fn go(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    request: &Request,
    (role, comment): (Role, String),
) -> Result<Vec<crate::Event>, RegistryError> {
    let closed = gate::failing(state, rules, &request.consumer, Some(&request.id), moment.now);
    ready(rules, request, &closed)?;
    still_possible(state, moment, request, &request.terms)?;
    let (id, mut events) = grant::issue(state, moment, request);
    let live = Event::Live { id: request.id.clone(), role, comment, grant: id };
    events.push(crate::Event::Request(live));
    Ok(events)
}

/// What stands against going live: open tasks, then what the gate misses.
fn ready(rules: &Rules, request: &Request, gate: &[Failing]) -> Result<(), RegistryError> {
    let tasks = request.open_tasks().map(|task| rules.roads.task_name(&task.code));
    let items = gate.iter().map(|failing| format!("{} ({})", failing.item, failing.title.vi));
    let mut missing: Vec<String> = Vec::new();
    for name in tasks.chain(items) {
        // The gate may look at the same document as the task.
        if !missing.contains(&name) {
            missing.push(name);
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(RegistryError::GateClosed(missing)) }
}

/// The service may have changed, and time has passed, since the terms were approved.
fn still_possible(
    state: &State,
    moment: &Moment,
    request: &Request,
    terms: &Terms,
) -> Result<(), RegistryError> {
    let service = on_offer(state, &request.service, moment.today)?;
    let unknown = terms::unknown_fields(service, &terms.fields);
    if !unknown.is_empty() {
        return Err(RegistryError::UnknownFields(unknown));
    }
    match terms.until {
        Some(until) if until <= moment.now => {
            let vi = "thời hạn xin khai thác đã qua; trả lại để bên khai thác sửa";
            Err(RegistryError::invalid("until", vi, "the time asked for is over: return it for correction"))
        }
        _ => Ok(()),
    }
}

/// What keeps a request from going live at this moment, for pages that show it beforehand: names of open tasks and of
/// items that the gate of the consumer misses.
pub fn stands_against(state: &State, rules: &Rules, request: &Request, now: base::Ts) -> Vec<String> {
    let closed = gate::failing(state, rules, &request.consumer, Some(&request.id), now);
    match ready(rules, request, &closed) {
        Err(RegistryError::GateClosed(missing)) => missing,
        _ => Vec::new(),
    }
}
