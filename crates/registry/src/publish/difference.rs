//! Which changes lead from one content to another: what a publication brought, and the inverse of a change.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{MemberId, Part, SubsystemId};
use crypto::hash::Digest;
use directory::Content;
use directory::content::{Authority, Node, Subsystem, TimestampAuthority};

use super::{Change, Fingerprint, apply_to};

/// Changes that make `to` out of `from`. Revocation lists are left out: nobody decides on them, they are fetched.
///
/// The order in which entries stand is kept only within what a change replaces as a whole.
pub fn between(from: &Content, to: &Content) -> Vec<Change> {
    let mut way = Way { content: from.clone(), changes: Vec::new() };
    // What goes, goes first: a certificate or subsystem may come back elsewhere. Each step compares with what the steps
    // before it left, so that what a removal takes along is put back.
    way.step(|now| gone_entries(now, to));
    way.step(|now| gone_parts(now, to));
    way.step(|now| new_authorities(now, to));
    way.step(|now| new_members(now, to));
    way.step(|now| new_parts(now, to));
    way.step(|now| new_nodes(now, to));
    way.step(|now| new_groups(now, to));
    way.changes
}

struct Way {
    content: Content,
    changes: Vec<Change>,
}

impl Way {
    fn step(&mut self, find: impl FnOnce(&Content) -> Vec<Change>) {
        for change in find(&self.content) {
            // A removal may have been done by one before it: that of a member takes its nodes along.
            if apply_to(&mut self.content, &change).is_ok() {
                self.changes.push(change);
            }
        }
    }
}

fn gone_entries(now: &Content, to: &Content) -> Vec<Change> {
    let groups: HashSet<_> = to.groups.iter().map(|group| &group.id).collect();
    let nodes: HashSet<_> = to.nodes.iter().map(|node| &node.id).collect();
    let members: HashSet<_> = to.members.iter().map(|member| &member.id).collect();
    let authorities: HashSet<_> = to.authorities.iter().map(|authority| &authority.name).collect();
    let stamps: HashSet<_> = to.timestamp_authorities.iter().map(|authority| &authority.name).collect();
    let mut changes = Vec::new();
    let gone = now.groups.iter().filter(|group| !groups.contains(&group.id));
    changes.extend(gone.map(|group| Change::RemoveGroup { id: group.id.clone() }));
    let gone = now.members.iter().filter(|member| !members.contains(&member.id));
    changes.extend(gone.map(|member| Change::RemoveMember { id: member.id.clone() }));
    let gone = now.nodes.iter().filter(|node| !nodes.contains(&node.id));
    changes.extend(gone.map(|node| Change::RemoveNode { id: node.id.clone() }));
    let gone = now.authorities.iter().filter(|authority| !authorities.contains(&authority.name));
    changes.extend(gone.map(|authority| Change::RemoveAuthority { name: authority.name.clone() }));
    let gone = now.timestamp_authorities.iter().filter(|authority| !stamps.contains(&authority.name));
    changes.extend(gone.map(|authority| Change::RemoveTimestampAuthority { name: authority.name.clone() }));
    changes
}

fn gone_parts(now: &Content, to: &Content) -> Vec<Change> {
    let mut changes = Vec::new();
    let kept = signing(to);
    let gone = now.members.iter().flat_map(|member| {
        member.signing_certificates.iter().filter(|held| kept.get(&held.fingerprint()) != Some(&&member.id))
    });
    let remove = |print: Digest| Change::RemoveCertificate { fingerprint: Fingerprint(print) };
    changes.extend(gone.map(|certificate| remove(certificate.fingerprint())));
    let systems = systems(to);
    for member in &now.members {
        let id = |code: &Part| SubsystemId { member: member.id.clone(), code: code.clone() };
        let gone =
            member.subsystems.iter().map(|system| id(&system.code)).filter(|id| !systems.contains_key(id));
        changes.extend(gone.map(|id| Change::RemoveSubsystem { id }));
    }
    changes
}

/// Whose a signing certificate is.
fn signing(content: &Content) -> HashMap<Digest, &MemberId> {
    let mut holders = HashMap::new();
    for member in &content.members {
        holders.extend(member.signing_certificates.iter().map(|held| (held.fingerprint(), &member.id)));
    }
    holders
}

fn systems(content: &Content) -> BTreeMap<SubsystemId, &str> {
    let mut systems = BTreeMap::new();
    for member in &content.members {
        for Subsystem { code, name } in &member.subsystems {
            systems.insert(SubsystemId { member: member.id.clone(), code: code.clone() }, name.as_str());
        }
    }
    systems
}

fn new_authorities(now: &Content, to: &Content) -> Vec<Change> {
    let mut changes = Vec::new();
    for authority in to.authorities.iter().filter(|authority| !now.authorities.contains(authority)) {
        let Authority { name, certificate, intermediates, crl_url, ocsp_url } = authority.clone();
        changes.push(Change::PutAuthority { name, certificate, intermediates, crl_url, ocsp_url });
    }
    for authority in &to.timestamp_authorities {
        if !now.timestamp_authorities.contains(authority) {
            let TimestampAuthority { name, url, certificate } = authority.clone();
            changes.push(Change::PutTimestampAuthority { name, url, certificate });
        }
    }
    changes
}

fn new_members(now: &Content, to: &Content) -> Vec<Change> {
    let known: HashMap<_, _> = now.members.iter().map(|member| (&member.id, &member.name)).collect();
    let new = to.members.iter().filter(|member| known.get(&member.id) != Some(&&member.name));
    new.map(|member| Change::PutMember { id: member.id.clone(), name: member.name.clone() }).collect()
}

fn new_parts(now: &Content, to: &Content) -> Vec<Change> {
    let (held, known) = (signing(now), systems(now));
    let mut changes = Vec::new();
    for (id, name) in systems(to) {
        if known.get(&id) != Some(&name) {
            changes.push(Change::PutSubsystem { id, name: name.to_owned() });
        }
    }
    for member in &to.members {
        for certificate in &member.signing_certificates {
            if !held.contains_key(&certificate.fingerprint()) {
                let (member, certificate) = (member.id.clone(), certificate.clone());
                changes.push(Change::PutSigningCertificate { member, certificate });
            }
        }
    }
    changes
}

fn new_nodes(now: &Content, to: &Content) -> Vec<Change> {
    let known: HashMap<_, _> = now.nodes.iter().map(|node| (&node.id, node)).collect();
    let new = to.nodes.iter().filter(|node| known.get(&node.id) != Some(node));
    let put = |node: &Node| {
        let Node { id, addresses, tls_certificates, subsystems, maintenance } = node.clone();
        Change::PutNode { id, addresses, tls_certificates, subsystems, maintenance }
    };
    new.map(put).collect()
}

fn new_groups(now: &Content, to: &Content) -> Vec<Change> {
    let known: HashMap<_, _> = now.groups.iter().map(|group| (&group.id, &group.parties)).collect();
    let new = to.groups.iter().filter(|group| known.get(&group.id) != Some(&&group.parties));
    new.map(|group| Change::PutGroup { id: group.id.clone(), parties: group.parties.clone() }).collect()
}
