//! The verified directory as the gateway uses it: immutable, indexed, never a query.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use base::{GroupId, MemberId, NodeId, PartyId, SubsystemId, Ts};
use crypto::certificate::{Certificate, Trust};
use crypto::hash::Digest;

use crate::content::{Content, Member, Node};

/// One role's file as it was verified or published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// `root`, `targets`, `snapshot` or `timestamp`.
    pub role: &'static str,
    /// The file's version.
    pub version: u64,
    /// From when on it is no longer accepted.
    pub expires: Ts,
}

/// One publication of the directory.
pub struct Snapshot {
    content: Content,
    roles: Vec<RoleState>,
    expires: Ts,
    members: HashMap<MemberId, usize>,
    parties: HashSet<PartyId>,
    nodes: HashMap<NodeId, Arc<Node>>,
    serving: HashMap<SubsystemId, Vec<Arc<Node>>>,
    by_tls: HashMap<Digest, Arc<Node>>,
    signing: HashMap<Digest, (usize, usize)>,
    groups: HashMap<GroupId, HashSet<PartyId>>,
    trust: Trust,
}

impl Snapshot {
    /// Indexes a content that nobody signed: for tests.
    pub fn from_content(content: Content, expires: Ts) -> Self {
        Self::index(content, Vec::new(), expires)
    }

    /// Indexes a content whose four roles were verified.
    pub(crate) fn verified(content: Content, roles: Vec<RoleState>) -> Self {
        let expires = roles.iter().map(|role| role.expires).min().unwrap_or_default();
        Self::index(content, roles, expires)
    }

    fn index(content: Content, roles: Vec<RoleState>, expires: Ts) -> Self {
        let parties = content.parties().collect();
        let nodes: Vec<Arc<Node>> = content.nodes.iter().cloned().map(Arc::new).collect();
        let mut serving: HashMap<SubsystemId, Vec<Arc<Node>>> = HashMap::new();
        let mut by_tls = HashMap::new();
        for node in &nodes {
            for system in &node.subsystems {
                serving.entry(system.clone()).or_default().push(Arc::clone(node));
            }
            for certificate in &node.tls_certificates {
                by_tls.insert(certificate.fingerprint(), Arc::clone(node));
            }
        }
        let mut members = HashMap::new();
        let mut signing = HashMap::new();
        for (i, member) in content.members.iter().enumerate() {
            members.insert(member.id.clone(), i);
            for (j, certificate) in member.signing_certificates.iter().enumerate() {
                signing.insert(certificate.fingerprint(), (i, j));
            }
        }
        let nodes = nodes.into_iter().map(|node| (node.id.clone(), node)).collect();
        let set = |parties: &[PartyId]| parties.iter().cloned().collect();
        let groups = content.groups.iter().map(|group| (group.id.clone(), set(&group.parties))).collect();
        let trust = trust(&content);
        Self { content, roles, expires, members, parties, nodes, serving, by_tls, signing, groups, trust }
    }

    /// Everything the directory says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The publication's number.
    pub fn number(&self) -> u64 {
        self.content.number
    }

    /// From when on no call may rely on it: the earliest expiry of the four roles.
    pub fn expires(&self) -> Ts {
        self.expires
    }

    /// Whether it may no longer be relied on.
    pub fn is_expired(&self, now: Ts) -> bool {
        now >= self.expires
    }

    /// The four roles behind it; empty when it was made by [`Snapshot::from_content`].
    pub fn roles(&self) -> &[RoleState] {
        &self.roles
    }

    /// The member of that identifier.
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        self.members.get(id).map(|index| &self.content.members[*index])
    }

    /// Whether the member, or the subsystem of the member, is in the directory.
    pub fn party_exists(&self, party: &PartyId) -> bool {
        self.parties.contains(party)
    }

    /// The nodes that serve a subsystem, in the order of the directory.
    pub fn nodes_of(&self, system: &SubsystemId) -> &[Arc<Node>] {
        self.serving.get(system).map_or(&[], Vec::as_slice)
    }

    /// The node of that identifier.
    pub fn node(&self, id: &NodeId) -> Option<&Arc<Node>> {
        self.nodes.get(id)
    }

    /// The node that shows the TLS certificate of that fingerprint.
    pub fn node_by_tls(&self, fingerprint: &Digest) -> Option<&Arc<Node>> {
        self.by_tls.get(fingerprint)
    }

    /// The signing certificate of that fingerprint and whose it is.
    pub fn signing_certificate(&self, fingerprint: &Digest) -> Option<(&MemberId, &Certificate)> {
        let (member, certificate) = self.signing.get(fingerprint)?;
        let member = &self.content.members[*member];
        Some((&member.id, &member.signing_certificates[*certificate]))
    }

    /// Whether the group exists and names exactly this party.
    pub fn in_group(&self, group: &GroupId, party: &PartyId) -> bool {
        self.groups.get(group).is_some_and(|parties| parties.contains(party))
    }

    /// Against what certificates are checked.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }
}

fn trust(content: &Content) -> Trust {
    Trust {
        authorities: content.authorities.iter().map(|authority| authority.certificate.clone()).collect(),
        intermediates: content
            .authorities
            .iter()
            .flat_map(|authority| authority.intermediates.clone())
            .collect(),
        crls: content.crls.clone(),
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("instance", &self.content.instance)
            .field("number", &self.content.number)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
