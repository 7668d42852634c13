//! What may be entered, changed and taken out of use.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::check::{self, TEXT_CHARS_MAX, tidied, tidy};
use super::holding::{Holding, HoldingCode, Stage};
use super::{Entry, Event, Inventory};
use crate::agency::AgencyCode;
use crate::error::{Mistake, RegistryError};
use crate::state::{Moment, State};

/// Taking an entry out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Which.
    pub code: HoldingCode,
    /// Its last day of use.
    pub on: Date,
    /// What takes over its tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<HoldingCode>,
    /// The decision.
    pub legal_basis: String,
}

/// Enters an entry, or changes it when its code is known. The same again changes nothing and makes no event.
///
/// The owner must be an agency valid today; of an entry that is closed, on its last day of use.
///
/// # Errors
/// All mistakes; a conflict when the entry has another version than `if_version`; a cycle of successors.
pub fn put(
    state: &State,
    moment: &Moment,
    holding: Holding,
    if_version: Option<i64>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let holding = tidied(holding);
    let known = state.inventory.get(&holding.code);
    same_version(known, &holding.code, if_version)?;
    let mut mistakes = check::mistakes(state, moment.today, &holding);
    let successor = holding.successor.as_ref().filter(|code| **code != holding.code);
    if let Some(successor) = successor.filter(|code| state.inventory.get(code).is_none()) {
        mistakes.push(check::no_such_successor(successor));
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    no_cycle(&state.inventory, &holding.code, holding.successor.as_ref())?;
    if known.is_some_and(|entry| entry.holding == holding) {
        return Ok(Vec::new());
    }
    Ok(vec![crate::Event::Inventory(Event::Put(Box::new(holding)))])
}

/// Takes an entry out of use, with the entry that takes over its tasks.
///
/// # Errors
/// No such entry, closed already, changed meanwhile, a last day before the first, a successor that is not there or
/// that leads back here, no legal basis.
pub fn close(
    state: &State,
    closing: Closing,
    if_version: Option<i64>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let closing = Closing { legal_basis: tidy(closing.legal_basis), ..closing };
    let Some(entry) = state.inventory.get(&closing.code) else {
        return Err(RegistryError::NoSuch { kind: "holding", name: closing.code.to_string() });
    };
    same_version(Some(entry), &closing.code, if_version)?;
    if entry.holding.stage == Stage::Closed {
        let name = closing.code.to_string();
        return Err(RegistryError::Transition { name, state: "closed".into(), act: "close" });
    }
    let mut mistakes = Vec::new();
    if entry.holding.used_from.is_some_and(|first| first > closing.on) {
        mistakes.push(check::reversed("on", "used_from"));
    }
    check::text_fits(&mut mistakes, "legal_basis", &closing.legal_basis, TEXT_CHARS_MAX);
    if closing.legal_basis.is_empty() {
        mistakes.push(Mistake::new(
            "legal_basis",
            "Chưa ghi căn cứ. Ghi số và ngày của quyết định ngừng sử dụng.",
            "There is no legal basis. Write number and day of the decision.",
        ));
    }
    let successor = closing.successor.as_ref();
    if let Some(successor) = successor.filter(|code| state.inventory.get(code).is_none()) {
        mistakes.push(check::no_such_successor(successor));
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    no_cycle(&state.inventory, &closing.code, successor)?;
    Ok(vec![crate::Event::Inventory(Event::Close(closing))])
}

/// The agencies at whose entries these events work: owners as they are and as they will be.
///
/// Who commits the events must have the right at each of them; else one agency could take over another's entry by
/// writing itself down as the owner.
pub fn concerned(state: &State, events: &[crate::Event]) -> BTreeSet<AgencyCode> {
    let mut agencies = BTreeSet::new();
    for event in events {
        let crate::Event::Inventory(event) = event else { continue };
        let code = match event {
            Event::Put(holding) => {
                agencies.insert(holding.owner.clone());
                &holding.code
            }
            Event::Close(closing) => &closing.code,
        };
        agencies.extend(state.inventory.get(code).map(|entry| entry.holding.owner.clone()));
    }
    agencies
}

pub(super) fn same_version(
    known: Option<&Entry>,
    code: &HoldingCode,
    if_version: Option<i64>,
) -> Result<(), RegistryError> {
    match (known, if_version) {
        (None, Some(_)) => Err(RegistryError::NoSuch { kind: "holding", name: code.to_string() }),
        (Some(entry), Some(expected)) if entry.version != expected => {
            Err(RegistryError::Conflict { name: code.to_string(), expected, found: entry.version })
        }
        _ => Ok(()),
    }
}

fn no_cycle(
    inventory: &Inventory,
    code: &HoldingCode,
    successor: Option<&HoldingCode>,
) -> Result<(), RegistryError> {
    let next = |at: &HoldingCode| {
        if at == code {
            successor
        } else {
            inventory.get(at).and_then(|entry| entry.holding.successor.as_ref())
        }
    };
    match cycle(code, next, &mut HashSet::new()) {
        Some(codes) => Err(RegistryError::Cycle(codes)),
        None => Ok(()),
    }
}

/// Follows successors; the cycle that they end in, written `A → B → A`.
///
/// Whatever was passed goes into `done` and is not followed again, so that many starts cost no more than one long way
/// and a cycle is found once.
pub(super) fn cycle<'a>(
    start: &'a HoldingCode,
    next: impl Fn(&HoldingCode) -> Option<&'a HoldingCode>,
    done: &mut HashSet<&'a HoldingCode>,
) -> Option<String> {
    let mut way = vec![start];
    let mut seen = HashSet::from([start]);
    let mut found = None;
    while let Some(code) = next(way[way.len() - 1]).filter(|code| !done.contains(*code)) {
        way.push(code);
        if !seen.insert(code) {
            let begin = way.iter().position(|on_way| *on_way == code).unwrap_or(0);
            let names: Vec<_> = way[begin..].iter().map(|code| code.as_str()).collect();
            found = Some(names.join(" → "));
            break;
        }
    }
    done.extend(way);
    found
}
