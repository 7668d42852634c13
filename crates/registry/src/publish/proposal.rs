//! Proposals: what can happen to them, and the decisions.

use std::fmt;

use directory::Content;
use serde::{Deserialize, Serialize};

use super::{Change, Loss, Publishing, apply_to, between, losses};
use crate::error::{Mistake, RegistryError};
use crate::gate::entry;
use crate::state::{Moment, Stamp, State};

/// Most changes in one proposal.
pub const CHANGES_MAX: usize = 1_000;
/// Longest reason of a proposal or rejection, in characters.
pub const NOTE_CHARS_MAX: usize = 5_000;

/// Number of a proposal, counted from 1; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProposalId(pub u64);

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What somebody proposes. All changes are made together or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProposal {
    /// The changes, in the order in which they are made.
    pub changes: Vec<Change>,
    /// Why: the decision or request behind it.
    pub note: String,
    /// The person knows that a member loses its last certificate or node, or its place with grants in force.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// The proposal that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<ProposalId>,
}

/// What can happen to the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The registry took over a directory that was published before.
    Adopted {
        /// The content file, as `docs/protocol/directory.md` describes it.
        content: serde_json::Value,
    },
    /// Somebody proposed changes; another person has to approve them.
    Proposed {
        /// Its number.
        id: ProposalId,
        /// What.
        proposal: Box<NewProposal>,
    },
    /// Somebody made routine changes, which need no second person: proposed and approved in one.
    Registered {
        /// Its number.
        id: ProposalId,
        /// What.
        proposal: Box<NewProposal>,
    },
    /// Another person approved it.
    Approved {
        /// Which.
        id: ProposalId,
    },
    /// Another person rejected it.
    Rejected {
        /// Which.
        id: ProposalId,
        /// Why.
        reason: String,
    },
    /// Who proposed it took it back.
    TakenBack {
        /// Which.
        id: ProposalId,
    },
    /// A number of the directory was published.
    Published {
        /// The number.
        number: u64,
        /// What it brought.
        proposals: Vec<ProposalId>,
    },
    /// A number was published past the registry, and a person had what it changed taken in.
    TakenIn {
        /// The number.
        number: u64,
        /// What it changed since the number before.
        changes: Vec<Change>,
    },
}

/// Where a proposal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Nobody judged it yet.
    Proposed,
    /// It comes with the next publication.
    Approved,
    /// It will not come.
    Rejected {
        /// Why.
        reason: String,
    },
    /// It will not come: who proposed it took it back.
    TakenBack,
    /// It is in the directory.
    Published {
        /// Since which number.
        number: u64,
    },
}

/// A proposal with everything that happened to it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its number.
    pub id: ProposalId,
    /// The changes.
    pub changes: Vec<Change>,
    /// Why.
    pub note: String,
    /// Losses of single members were confirmed.
    pub confirmed: bool,
    /// The proposal that it takes back.
    pub reverts: Option<ProposalId>,
    /// It needed no second person.
    pub routine: bool,
    /// Where it stands.
    pub standing: Standing,
    /// When and by whom: proposed first, then judged, then published.
    pub history: Vec<Stamp>,
}

impl Proposal {
    /// The number of the last act on it, for `if_version`.
    pub fn version(&self) -> i64 {
        self.history.last().map_or(0, |stamp| stamp.seq)
    }

    /// When and by whom it was proposed.
    #[expect(clippy::missing_panics_doc, reason = "it cannot happen: only proposing makes one")]
    pub fn proposed(&self) -> &Stamp {
        self.history.first().expect("a proposal begins with the act that made it")
    }
}

/// What the publishing job has to put into the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovedChange {
    /// The proposal.
    pub id: ProposalId,
    /// Its changes, in order.
    pub changes: Vec<Change>,
}

type Events = Result<Vec<crate::Event>, RegistryError>;

pub(super) fn event(event: Event) -> crate::Event {
    crate::Event::Directory(event)
}

/// Takes over the directory as it was published last: at the beginning, and when somebody changed it past the registry.
///
/// # Errors
/// The content does not hold together, or approved changes still wait for their publication.
#[expect(clippy::missing_panics_doc, reason = "it cannot happen, whatever the content")]
pub fn adopt(state: &State, content: &Content) -> Events {
    check(content)?;
    if let Some(waiting) = state.directory.approved().next() {
        return Err(wrong_standing(waiting, "adopt"));
    }
    let content = serde_json::to_value(content).expect("every part of a content has a JSON form");
    Ok(vec![event(Event::Adopted { content })])
}

/// Proposes changes. Routine changes ([`Change::is_routine`]) are approved by being made.
///
/// # Errors
/// The registry does not keep the directory; the changes do not fit it, change nothing, or would lock somebody out; the
/// reason is missing.
pub fn propose(state: &State, moment: &Moment, proposal: NewProposal) -> Events {
    let mut notes = Vec::new();
    let proposal = NewProposal { note: entry(&proposal.note), changes: tidy(proposal.changes), ..proposal };
    let routine = !proposal.changes.is_empty() && proposal.changes.iter().all(Change::is_routine);
    if proposal.note.is_empty() && !routine {
        notes.push(Mistake::new(
            "note",
            "thiếu lý do, nêu quyết định hoặc văn bản",
            "is missing: name the decision",
        ));
    }
    if proposal.note.chars().count() > NOTE_CHARS_MAX {
        let vi = format!("dài quá {NOTE_CHARS_MAX} ký tự, rút gọn lại");
        notes.push(Mistake::new(
            "note",
            vi,
            format!("is longer than {NOTE_CHARS_MAX} characters: shorten it"),
        ));
    }
    if proposal.changes.len() > CHANGES_MAX {
        return Err(RegistryError::TooMany { what: "thay đổi / changes", max: CHANGES_MAX });
    }
    let draft = draft(state)?;
    match after(draft, &proposal.changes) {
        Err(RegistryError::Invalid(more)) => notes.extend(more),
        Err(other) => return Err(other),
        Ok(after) if after == *draft => {
            let vi = "không làm thay đổi gì so với danh bạ hiện tại";
            notes.push(Mistake::new("changes", vi, "change nothing in the directory as it is"));
        }
        Ok(after) if notes.is_empty() => refuse_losses(state, moment, &after, proposal.confirmed)?,
        Ok(_) => {}
    }
    if !notes.is_empty() {
        return Err(RegistryError::Invalid(notes));
    }
    let id = ProposalId(state.directory.proposals.keys().next_back().map_or(1, |last| last.0 + 1));
    let proposal = Box::new(proposal);
    Ok(vec![event(if routine {
        Event::Registered { id, proposal }
    } else {
        Event::Proposed { id, proposal }
    })])
}

/// Approves a proposal. It is judged against the directory as it is now, with everything that was approved since.
///
/// # Errors
/// No such proposal, it was judged already or changed since `if_version`, by the person who proposed it, or it no longer
/// fits the directory.
pub fn approve(state: &State, moment: &Moment, id: ProposalId, if_version: Option<i64>) -> Events {
    let proposal = open(state, id, if_version, "approve")?;
    if proposal.proposed().by == moment.by {
        return Err(RegistryError::FourEyes);
    }
    let after = after(draft(state)?, &proposal.changes)?;
    refuse_losses(state, moment, &after, proposal.confirmed)?;
    Ok(vec![event(Event::Approved { id })])
}

/// Rejects a proposal.
///
/// # Errors
/// No such proposal, it was judged already or changed since `if_version`, by the person who proposed it, or no reason.
pub fn reject(
    state: &State,
    moment: &Moment,
    id: ProposalId,
    reason: &str,
    if_version: Option<i64>,
) -> Events {
    let proposal = open(state, id, if_version, "reject")?;
    if proposal.proposed().by == moment.by {
        return Err(RegistryError::FourEyes);
    }
    let reason = entry(reason);
    if reason.is_empty() || reason.chars().count() > NOTE_CHARS_MAX {
        let vi = format!("phải nêu lý do, không quá {NOTE_CHARS_MAX} ký tự");
        return Err(RegistryError::invalid(
            "reason",
            vi,
            format!("say why, in at most {NOTE_CHARS_MAX} characters"),
        ));
    }
    Ok(vec![event(Event::Rejected { id, reason })])
}

/// Takes a proposal back; only who made it can.
///
/// # Errors
/// No such proposal, it was judged already or changed since `if_version`, or it is another person's.
pub fn take_back(state: &State, moment: &Moment, id: ProposalId, if_version: Option<i64>) -> Events {
    let proposal = open(state, id, if_version, "take_back")?;
    if proposal.proposed().by != moment.by {
        return Err(RegistryError::Forbidden("take_back"));
    }
    Ok(vec![event(Event::TakenBack { id })])
}

/// Proposes the inverse of what was published; it needs a second person like everything else.
///
/// # Errors
/// No such proposal, it was not published, or the inverse no longer fits the directory.
pub fn revert(state: &State, moment: &Moment, id: ProposalId, note: &str, confirmed: bool) -> Events {
    let proposal = find(state, id)?;
    let Standing::Published { number } = proposal.standing else {
        return Err(wrong_standing(proposal, "revert"));
    };
    let (before, after) = around(&state.directory, number, id)
        .ok_or_else(|| RegistryError::NoSuch { kind: "publication", name: number.to_string() })?;
    let changes = between(&after, &before);
    let proposal = NewProposal { changes, note: note.to_owned(), confirmed, reverts: Some(id) };
    propose(state, moment, proposal)
}

/// The contents before and after one proposal of a publication.
fn around(directory: &Publishing, number: u64, id: ProposalId) -> Option<(Content, Content)> {
    let publications = directory.publications();
    let at = publications.iter().position(|publication| publication.number == number)?;
    let earlier = at.checked_sub(1).map(|before| publications[before].number);
    let mut content = match earlier {
        Some(before) => directory.content_at(before)?,
        None => Content::clone(directory.baseline.as_ref()?),
    };
    let list = &publications[at].proposals;
    let place = list.iter().position(|other| *other == id)?;
    directory.replay(&list[..place], &mut content);
    let before = content.clone();
    directory.replay(&[id], &mut content);
    Some((before, content))
}

/// What a proposal would change if it were approved now, and what would be lost by it.
///
/// # Errors
/// It does not fit the directory as it is now.
pub fn effect(
    state: &State,
    moment: &Moment,
    id: ProposalId,
) -> Result<(Vec<Change>, Vec<Loss>), RegistryError> {
    let draft = draft(state)?;
    let after = after(draft, &find(state, id)?.changes)?;
    Ok((between(draft, &after), losses(draft, &after, &state.grants, moment.now)))
}

/// What the publishing job has to put into the directory, in the order of approval.
pub fn pending(state: &State) -> Vec<ApprovedChange> {
    let approved = state.directory.approved();
    approved.map(|proposal| ApprovedChange { id: proposal.id, changes: proposal.changes.clone() }).collect()
}

/// Reports a publication with what it brought; nothing when only lists or signatures were renewed.
///
/// # Errors
/// The registry does not keep the directory, the number is not above the last, or the proposals are not the first of those
/// that were approved, in order.
pub fn published(state: &State, number: u64, proposals: &[ProposalId]) -> Events {
    draft(state)?;
    if let Some(last) = state.directory.number().filter(|last| *last >= number) {
        let name = format!("danh bạ số {number}");
        return Err(RegistryError::Transition {
            name,
            state: format!("đã công bố số {last}"),
            act: "publish",
        });
    }
    // Another order could give another content than the one that was judged.
    let mut waiting = state.directory.approved();
    for id in proposals {
        let proposal = find(state, *id)?;
        if waiting.next().map(|next| next.id) != Some(*id) {
            return Err(wrong_standing(proposal, "publish"));
        }
    }
    Ok(vec![event(Event::Published { number, proposals: proposals.to_vec() })])
}

fn find(state: &State, id: ProposalId) -> Result<&Proposal, RegistryError> {
    let found = state.directory.get(id);
    found.ok_or_else(|| RegistryError::NoSuch { kind: "proposal", name: id.to_string() })
}

fn open<'a>(
    state: &'a State,
    id: ProposalId,
    if_version: Option<i64>,
    act: &'static str,
) -> Result<&'a Proposal, RegistryError> {
    let proposal = find(state, id)?;
    if let Some(expected) = if_version.filter(|expected| *expected != proposal.version()) {
        let name = format!("đề nghị số {id}");
        return Err(RegistryError::Conflict { name, expected, found: proposal.version() });
    }
    if proposal.standing == Standing::Proposed { Ok(proposal) } else { Err(wrong_standing(proposal, act)) }
}

fn wrong_standing(proposal: &Proposal, act: &'static str) -> RegistryError {
    let state = match proposal.standing {
        Standing::Proposed => "proposed",
        Standing::Approved => "approved",
        Standing::Rejected { .. } => "rejected",
        Standing::TakenBack => "taken_back",
        Standing::Published { .. } => "published",
    };
    RegistryError::Transition {
        name: format!("đề nghị số {}", proposal.id), state: state.to_owned(), act
    }
}

pub(super) fn draft(state: &State) -> Result<&Content, RegistryError> {
    let kept = state.directory.draft().map(AsRef::as_ref);
    kept.ok_or_else(|| RegistryError::NoSuch { kind: "directory", name: "danh bạ tin cậy".to_owned() })
}

fn after(draft: &Content, changes: &[Change]) -> Result<Content, RegistryError> {
    let mut content = draft.clone();
    for change in changes {
        apply_to(&mut content, change)?;
    }
    check(&content)?;
    Ok(content)
}

pub(super) fn check(content: &Content) -> Result<(), RegistryError> {
    content.check().map_err(|mistakes| {
        let one = |mistake: &directory::Mistake| {
            Mistake::new(
                &mistake.path,
                format!("danh bạ không hợp lệ, sửa lại: {}", mistake.what),
                &mistake.what,
            )
        };
        RegistryError::Invalid(mistakes.list().iter().map(one).collect())
    })
}

fn refuse_losses(
    state: &State,
    moment: &Moment,
    after: &Content,
    confirmed: bool,
) -> Result<(), RegistryError> {
    let losses = losses(draft(state)?, after, &state.grants, moment.now);
    let refused = losses.iter().filter(|loss| !(confirmed && loss.can_be_confirmed()));
    let texts: Vec<String> = refused.map(ToString::to_string).collect();
    if texts.is_empty() { Ok(()) } else { Err(RegistryError::LockOut(texts.join("; "))) }
}

/// Names in the form in which they are kept.
fn tidy(changes: Vec<Change>) -> Vec<Change> {
    let one = |change| match change {
        Change::PutMember { id, name } => Change::PutMember { id, name: entry(&name) },
        Change::PutSubsystem { id, name } => Change::PutSubsystem { id, name: entry(&name) },
        other => other,
    };
    changes.into_iter().map(one).collect()
}
