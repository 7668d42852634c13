//! The end of the road: a request becomes a grant.

use super::open::on_offer;
use super::{Event, Request};
use crate::gate;
use crate::grant::{self, Terms, terms};
use crate::people::Role;
use crate::{Moment, RegistryError, Rules, State};

/// Goes live when no task is open and the gates of both sides are open: issues the grant, which takes the place of an
/// earlier one of the same consumer for the same service.
pub(super) fn go(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    request: &Request,
    (role, comment): (Role, String),
) -> Result<Vec<crate::Event>, RegistryError> {
    let missing = stands_against(state, rules, request, moment.now);
    if !missing.is_empty() {
        return Err(RegistryError::GateClosed(missing));
    }
    still_possible(state, moment, request, &request.terms)?;
    let (id, mut events) = grant::issue(state, moment, request);
    let live = Event::Live { id: request.id.clone(), role, comment, grant: id };
    events.push(crate::Event::Request(live));
    Ok(events)
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

/// What keeps a request from going live at this moment, also for pages that show it beforehand: the names of open tasks,
/// then each item that the gate of one of the two sides misses, with the party that must show it.
pub fn stands_against(state: &State, rules: &Rules, request: &Request, now: base::Ts) -> Vec<String> {
    let tasks = request.open_tasks().map(|task| rules.roads.task_name(&task.code));
    let mut missing: Vec<String> = tasks.collect();
    for party in [&request.consumer, &request.service.provider.party()] {
        for item in gate::failing(state, rules, party, Some(&request.id), now) {
            // What an open task will show is named once.
            if request.open_tasks().any(|task| task.code == item.item) {
                continue;
            }
            let name = format!("{} ({} / {}): {party}", item.item, item.title.vi, item.title.en);
            // Who asks for a service of its own is both sides.
            if !missing.contains(&name) {
                missing.push(name);
            }
        }
    }
    missing
}
