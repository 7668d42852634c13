//! A directory as the publishing job finds it: ours, or changed past the registry.

use directory::Content;

use super::proposal::{check, draft, event};
use super::{ApprovedChange, Change, Event, ProposalId, apply_to, between, pending};
use crate::RegistryError;
use crate::state::State;

/// How the content that the authority has came about.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It is the last publication with the first so many of the approved changes: all of it is known here. When its
    /// number is above the last one known, it was published and not written down.
    Ours(Vec<ProposalId>),
    /// Somebody changed it past the registry: what differs from the last publication.
    ByHand(Vec<Change>),
}

/// How the content that was found came about. Revocation lists and the order of entries do not matter.
///
/// # Errors
/// The registry does not keep the directory.
pub fn origin(state: &State, found: &Content) -> Result<Origin, RegistryError> {
    draft(state)?;
    let Some(current) = state.directory.current() else { return Ok(Origin::Ours(Vec::new())) };
    let (mut content, mut ids) = (Content::clone(current), Vec::new());
    if same(&content, found) {
        return Ok(Origin::Ours(ids));
    }
    for ApprovedChange { id, changes } in pending(state) {
        for change in &changes {
            drop(apply_to(&mut content, change));
        }
        ids.push(id);
        if same(&content, found) {
            return Ok(Origin::Ours(ids));
        }
    }
    Ok(Origin::ByHand(between(current, found)))
}

fn same(ours: &Content, found: &Content) -> bool {
    between(ours, found).is_empty()
}

/// Takes in what somebody published past the registry, so that the registry goes on from there. What is approved and
/// waits comes on top of it.
///
/// # Errors
/// The registry does not keep the directory; nothing was changed past it; it was changed and not published; or an
/// approved change no longer fits.
pub fn take_in(state: &State, found: &Content) -> Result<Vec<crate::Event>, RegistryError> {
    let Origin::ByHand(changes) = origin(state, found)? else {
        return Err(refused("không có gì bị sửa ngoài sổ đăng ký", "nothing was changed past the registry"));
    };
    if state.directory.number().is_some_and(|last| last >= found.number) {
        return Err(refused(
            "nội dung đã sửa nhưng chưa công bố: công bố bằng `lienthong authority publish`, hoặc hoàn lại",
            "the content was changed and not published: publish it with `lienthong authority publish`, or undo it",
        ));
    }
    let mut after = found.clone();
    for approved in pending(state) {
        for change in &approved.changes {
            apply_to(&mut after, change)?;
        }
    }
    check(&after)?;
    Ok(vec![event(Event::TakenIn { number: found.number, changes })])
}

fn refused(vi: &str, en: &str) -> RegistryError {
    RegistryError::invalid("directory", vi, en)
}
