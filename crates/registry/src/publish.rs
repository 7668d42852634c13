//! Changes of the directory: proposed by one person, approved by another, published under the next number.
//!
//! What is approved goes into the draft, the content that the next publication will have. An automatic job takes
//! [`pending`] changes, puts them into the signed directory with [`apply_to`] and reports the number with [`published`].
//! Nothing is undone: [`revert`] proposes the inverse, which goes the same way.
//!
//! Members, nodes, certificates, authorities and groups need two persons. A subsystem that the agency's own administrator
//! registers or renames needs no second one ([`Change::is_routine`]): it brings no key, no address and no right with it,
//! and nothing may be called at it before its readiness gate is open, which needs two persons again. It is visible in the
//! history like every other change.

mod change;
mod difference;
mod fingerprint;
mod found;
mod lock_out;
mod proposal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use base::{MemberId, PartyId, SubsystemId, Ts};
use directory::Content;

use crate::state::Stamp;

pub use change::{Change, apply_to};
pub use difference::between;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use found::{Origin, origin, take_in};
pub use lock_out::{Loss, losses};
pub use proposal::{
    ApprovedChange, Event, NewProposal, Proposal, ProposalId, Standing, adopt, approve, effect, pending,
    propose, published, reject, revert, take_back,
};

/// One number of the directory.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The number.
    pub number: u64,
    /// When it was reported, and by whom.
    pub stamp: Stamp,
    /// What it brought; empty when only revocation lists or signatures were renewed.
    pub proposals: Vec<ProposalId>,
    /// What somebody changed past the registry, and a person had taken in.
    pub by_hand: Vec<Change>,
}

/// What the directory says about the certificates behind a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certified {
    /// The registry does not keep the directory.
    Unknown,
    /// The member has no signing certificate there, or nothing serves the party.
    Missing,
    /// From this moment on the last of them will have expired.
    Until(Ts),
}

/// Changes of the directory and where they stand.
#[derive(Clone, Debug, Default)]
pub struct Publishing {
    /// The content from which the registry took over.
    baseline: Option<Arc<Content>>,
    /// The content that the next publication will have.
    draft: Option<Arc<Content>>,
    proposals: BTreeMap<ProposalId, Proposal>,
    publications: Vec<Publication>,
    /// What follows from the last publication; made when somebody asks, forgotten when the next one comes.
    current: OnceLock<Option<Current>>,
}

/// The last published content and when its certificates end.
#[derive(Clone, Debug)]
struct Current {
    content: Arc<Content>,
    signing: HashMap<MemberId, Ts>,
    /// Nodes by the subsystems that they serve, and by their owner for a member that asks itself.
    tls: HashMap<SubsystemId, Ts>,
    own_tls: HashMap<MemberId, Ts>,
}

impl Publishing {
    /// A proposal.
    pub fn get(&self, id: ProposalId) -> Option<&Proposal> {
        self.proposals.get(&id)
    }

    /// Every proposal, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Proposal> {
        self.proposals.values()
    }

    /// Every publication since the registry keeps the directory, the oldest first.
    pub fn publications(&self) -> &[Publication] {
        &self.publications
    }

    /// The number of the last publication; `None` when the registry does not keep the directory.
    pub fn number(&self) -> Option<u64> {
        let last = self.publications.last().map(|publication| publication.number);
        last.or_else(|| self.baseline.as_ref().map(|content| content.number))
    }

    /// The content that the next publication will have, still with the number of the last.
    pub fn draft(&self) -> Option<&Arc<Content>> {
        self.draft.as_ref()
    }

    /// The content of the last publication, without the revocation lists that came since.
    pub fn current(&self) -> Option<&Arc<Content>> {
        self.known().map(|current| &current.content)
    }

    /// The content as a publication left it; `None` for a number from before the registry kept the directory.
    pub fn content_at(&self, number: u64) -> Option<Content> {
        let mut content = Content::clone(self.baseline.as_ref()?);
        if number < content.number || self.number().is_none_or(|last| last < number) {
            return None;
        }
        for publication in self.publications.iter().filter(|publication| publication.number <= number) {
            self.replay(&publication.proposals, &mut content);
            make(&publication.by_hand, &mut content);
            content.number = publication.number;
        }
        Some(content)
    }

    /// What was changed from one number to another, as changes that lead there; the second may be the earlier one.
    pub fn differences(&self, from: u64, to: u64) -> Option<Vec<Change>> {
        Some(between(&self.content_at(from)?, &self.content_at(to)?))
    }

    /// What the last publication says about the certificates behind a party.
    pub fn certified(&self, party: &PartyId) -> Certified {
        let Some(current) = self.known() else { return Certified::Unknown };
        let tls = match party.subsystem_id() {
            Some(system) => current.tls.get(&system),
            None => current.own_tls.get(&party.member),
        };
        match (current.signing.get(&party.member), tls) {
            (Some(signing), Some(tls)) => Certified::Until(*signing.min(tls)),
            _ => Certified::Missing,
        }
    }

    /// The name that the last publication gives to a party: the subsystem's and the member's.
    pub fn name_of(&self, party: &PartyId) -> Option<String> {
        let member = self.current()?.members.iter().find(|member| member.id == party.member)?;
        let Some(code) = &party.subsystem else { return Some(member.name.clone()) };
        let system = member.subsystems.iter().find(|system| system.code == *code)?;
        Some(format!("{}, {}", system.name, member.name))
    }

    /// Whether a party can ask or be asked: it stands in the content that the next publication will have. True as well
    /// where the registry does not keep the directory, since nobody knows then.
    pub fn may_know(&self, party: &PartyId) -> bool {
        let Some(content) = &self.draft else { return true };
        let member = content.members.iter().find(|member| member.id == party.member);
        member.is_some_and(|member| match &party.subsystem {
            None => true,
            Some(code) => member.subsystems.iter().any(|system| system.code == *code),
        })
    }

    /// Every system of the content that the next publication will have, with its name; none where the registry does not
    /// keep the directory.
    pub fn systems(&self) -> impl Iterator<Item = (SubsystemId, &str)> {
        let members = self.draft.iter().flat_map(|content| &content.members);
        members.flat_map(|member| {
            let of = |code| SubsystemId { member: member.id.clone(), code };
            member.subsystems.iter().map(move |system| (of(system.code.clone()), system.name.as_str()))
        })
    }

    pub(crate) fn apply(&mut self, stamp: &Stamp, event: Event) {
        match event {
            Event::Adopted { content } => {
                // It was checked before it was written; a content that cannot be read any more changes nothing.
                if let Ok(content) = Content::parse(content.to_string().as_bytes()) {
                    let content = Arc::new(content);
                    self.baseline = Some(Arc::clone(&content));
                    self.draft = Some(content);
                    self.publications.clear();
                    self.current = OnceLock::new();
                }
            }
            Event::Proposed { id, proposal } => self.add(id, *proposal, stamp, Standing::Proposed),
            Event::Registered { id, proposal } => {
                self.add(id, *proposal, stamp, Standing::Approved);
                self.extend_draft(id);
            }
            Event::Approved { id } => {
                self.set(id, Standing::Approved, stamp);
                self.extend_draft(id);
            }
            Event::Rejected { id, reason } => self.set(id, Standing::Rejected { reason }, stamp),
            Event::TakenBack { id } => self.set(id, Standing::TakenBack, stamp),
            Event::Published { number, proposals } => {
                for id in &proposals {
                    self.set(*id, Standing::Published { number }, stamp);
                }
                self.publications.push(Publication {
                    number,
                    stamp: stamp.clone(),
                    proposals,
                    by_hand: Vec::new(),
                });
                // First what shares the draft, so that the draft need not be copied.
                self.current = OnceLock::new();
                if let Some(draft) = &mut self.draft {
                    Arc::make_mut(draft).number = number;
                }
            }
            Event::TakenIn { number, changes } => {
                self.publications.push(Publication {
                    number,
                    stamp: stamp.clone(),
                    proposals: Vec::new(),
                    by_hand: changes,
                });
                self.current = OnceLock::new();
                self.draft = self.content_at(number).map(|content| Arc::new(self.with_approved(content)));
            }
        }
    }

    fn add(&mut self, id: ProposalId, proposal: NewProposal, stamp: &Stamp, standing: Standing) {
        let NewProposal { changes, note, confirmed, reverts } = proposal;
        let (routine, history) = (standing == Standing::Approved, vec![stamp.clone()]);
        self.proposals
            .insert(id, Proposal { id, changes, note, confirmed, reverts, routine, standing, history });
    }

    fn set(&mut self, id: ProposalId, standing: Standing, stamp: &Stamp) {
        if let Some(proposal) = self.proposals.get_mut(&id) {
            proposal.standing = standing;
            proposal.history.push(stamp.clone());
        }
    }

    fn extend_draft(&mut self, id: ProposalId) {
        if let Some(draft) = self.draft.take() {
            let mut content = Arc::unwrap_or_clone(draft);
            self.replay(&[id], &mut content);
            self.draft = Some(Arc::new(content));
        }
    }

    fn known(&self) -> Option<&Current> {
        let number = self.number()?;
        let make = || {
            let nothing_waits = self.approved().next().is_none();
            let content = match &self.draft {
                Some(draft) if nothing_waits => Arc::clone(draft),
                _ => Arc::new(self.content_at(number)?),
            };
            Some(Current::of(content))
        };
        self.current.get_or_init(make).as_ref()
    }

    /// Approved proposals that are not published yet, in the order of their approval.
    fn approved(&self) -> impl Iterator<Item = &Proposal> {
        let mut list: Vec<&Proposal> =
            self.proposals.values().filter(|proposal| proposal.standing == Standing::Approved).collect();
        list.sort_by_key(|proposal| (proposal.version(), proposal.id));
        list.into_iter()
    }

    /// A content with what is approved and not published yet.
    fn with_approved(&self, mut content: Content) -> Content {
        let approved: Vec<ProposalId> = self.approved().map(|proposal| proposal.id).collect();
        self.replay(&approved, &mut content);
        content
    }

    /// Puts proposals into a content. What was approved once fitted then; a change that does not is left out.
    fn replay(&self, proposals: &[ProposalId], content: &mut Content) {
        for proposal in proposals.iter().filter_map(|id| self.proposals.get(id)) {
            make(&proposal.changes, content);
        }
    }
}

/// Makes changes, leaving out those that do not fit.
fn make(changes: &[Change], content: &mut Content) {
    for change in changes {
        drop(apply_to(content, change));
    }
}

impl Current {
    fn of(content: Arc<Content>) -> Self {
        let (mut signing, mut tls, mut own_tls) = (HashMap::new(), HashMap::new(), HashMap::new());
        // The last second of validity still counts.
        let end = |certificates: &[crypto::certificate::Certificate]| {
            certificates.iter().map(|certificate| certificate.not_after().plus_secs(1)).max()
        };
        for member in &content.members {
            signing.extend(end(&member.signing_certificates).map(|end| (member.id.clone(), end)));
        }
        for node in &content.nodes {
            let Some(end) = end(&node.tls_certificates) else { continue };
            let own = own_tls.entry(node.id.owner.clone()).or_insert(end);
            *own = end.max(*own);
            for system in &node.subsystems {
                let served = tls.entry(system.clone()).or_insert(end);
                *served = end.max(*served);
            }
        }
        Self { content, signing, tls, own_tls }
    }
}
