//! Changing a content by what people do: admit a member, register a node, replace a revocation list.
//!
//! `put` adds an entry or replaces the one with the same identifier; `remove` also removes what refers to it,
//! so that a removal never leaves a dangling reference behind.

use base::{GroupId, MemberId, NodeId, Part, PartyId, SubsystemId};
use crypto::certificate::{Certificate, Crl};

use super::{Authority, Content, Group, Member, Node, Subsystem, TimestampAuthority};

/// What was to be changed does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {name} in the directory")]
pub struct NoSuch {
    /// `member`, `node`, …
    pub kind: &'static str,
    /// Which one was asked for.
    pub name: String,
}

fn found<T>(entry: Option<T>, kind: &'static str, name: &dyn ToString) -> Result<T, NoSuch> {
    entry.ok_or_else(|| NoSuch { kind, name: name.to_string() })
}

/// Replaces the first entry that is `same`, or adds `entry` at the end.
fn put<T>(list: &mut Vec<T>, entry: T, same: impl Fn(&T) -> bool) {
    match list.iter_mut().find(|old| same(old)) {
        Some(old) => *old = entry,
        None => list.push(entry),
    }
}

/// Removes what is `gone`.
fn remove<T>(
    list: &mut Vec<T>,
    kind: &'static str,
    name: &dyn ToString,
    gone: impl Fn(&T) -> bool,
) -> Result<(), NoSuch> {
    let before = list.len();
    list.retain(|entry| !gone(entry));
    if list.len() < before { Ok(()) } else { found(None, kind, name) }
}

impl Content {
    /// Admits a member, or renames it; its certificates and subsystems stay.
    pub fn put_member(&mut self, id: MemberId, name: &str) {
        match self.members.iter_mut().find(|member| member.id == id) {
            Some(member) => name.clone_into(&mut member.name),
            None => self.members.push(Member {
                id,
                name: name.to_owned(),
                signing_certificates: Vec::new(),
                subsystems: Vec::new(),
            }),
        }
    }

    /// Removes a member with its subsystems, its nodes and its places in groups.
    ///
    /// # Errors
    /// There is no such member.
    pub fn remove_member(&mut self, id: &MemberId) -> Result<(), NoSuch> {
        remove(&mut self.members, "member", id, |member| member.id == *id)?;
        self.nodes.retain(|node| node.id.owner != *id);
        for node in &mut self.nodes {
            node.subsystems.retain(|system| system.member != *id);
        }
        self.forget_parties(|party| party.member == *id);
        Ok(())
    }

    /// Adds a subsystem to a member, or renames it.
    ///
    /// # Errors
    /// There is no such member.
    pub fn put_subsystem(&mut self, member: &MemberId, code: &Part, name: &str) -> Result<(), NoSuch> {
        let entry = Subsystem { code: code.clone(), name: name.to_owned() };
        put(&mut self.member_mut(member)?.subsystems, entry, |system| system.code == *code);
        Ok(())
    }

    /// Removes a subsystem, also from nodes and groups.
    ///
    /// # Errors
    /// There is no such subsystem.
    pub fn remove_subsystem(&mut self, id: &SubsystemId) -> Result<(), NoSuch> {
        let member = self.member_mut(&id.member)?;
        remove(&mut member.subsystems, "subsystem", id, |system| system.code == id.code)?;
        for node in &mut self.nodes {
            node.subsystems.retain(|system| system != id);
        }
        let party = id.party();
        self.forget_parties(|other| *other == party);
        Ok(())
    }

    /// Adds a certificate under which a member's messages are signed; one that is there already stays as it is.
    ///
    /// # Errors
    /// There is no such member.
    pub fn put_signing_certificate(
        &mut self,
        member: &MemberId,
        certificate: Certificate,
    ) -> Result<(), NoSuch> {
        let fingerprint = certificate.fingerprint();
        let list = &mut self.member_mut(member)?.signing_certificates;
        put(list, certificate, |old| old.fingerprint() == fingerprint);
        Ok(())
    }

    /// Adds a certificate that a node may show.
    ///
    /// # Errors
    /// There is no such node.
    pub fn put_tls_certificate(&mut self, node: &NodeId, certificate: Certificate) -> Result<(), NoSuch> {
        let fingerprint = certificate.fingerprint();
        let entry = found(self.nodes.iter_mut().find(|entry| entry.id == *node), "node", node)?;
        put(&mut entry.tls_certificates, certificate, |old| old.fingerprint() == fingerprint);
        Ok(())
    }

    /// Removes a member's or node's certificate by its fingerprint, wherever it stands.
    ///
    /// # Errors
    /// No member and no node has it.
    pub fn remove_certificate(&mut self, fingerprint: &[u8; 32]) -> Result<(), NoSuch> {
        let signing = self.members.iter_mut().map(|member| &mut member.signing_certificates);
        let tls = self.nodes.iter_mut().map(|node| &mut node.tls_certificates);
        let mut gone = false;
        for list in signing.chain(tls) {
            let before = list.len();
            list.retain(|certificate| certificate.fingerprint() != *fingerprint);
            gone |= list.len() < before;
        }
        found(gone.then_some(()), "certificate", &hex::encode(fingerprint))
    }

    /// Registers a node, or replaces its entry.
    pub fn put_node(&mut self, node: Node) {
        let id = node.id.clone();
        put(&mut self.nodes, node, |old| old.id == id);
    }

    /// Removes a node.
    ///
    /// # Errors
    /// There is no such node.
    pub fn remove_node(&mut self, id: &NodeId) -> Result<(), NoSuch> {
        remove(&mut self.nodes, "node", id, |node| node.id == *id)
    }

    /// Trusts a certification authority, or replaces the entry of the same name.
    pub fn put_authority(&mut self, authority: Authority) {
        let name = authority.name.clone();
        put(&mut self.authorities, authority, |old| old.name == name);
    }

    /// Trusts a certification authority no longer; revocation lists of nobody who is left go with it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn remove_authority(&mut self, name: &str) -> Result<(), NoSuch> {
        remove(&mut self.authorities, "authority", &name, |authority| authority.name == name)?;
        let mut crls = std::mem::take(&mut self.crls);
        crls.retain(|crl| self.issuers().any(|certificate| certificate.subject() == crl.issuer()));
        self.crls = crls;
        Ok(())
    }

    /// Adds a revocation list in the place of an earlier one of the same issuer.
    pub fn put_crl(&mut self, crl: Crl) {
        let issuer = crl.issuer().to_owned();
        put(&mut self.crls, crl, |old| old.issuer() == issuer);
    }

    /// Trusts a time-stamping authority, or replaces the entry of the same name.
    pub fn put_timestamp_authority(&mut self, authority: TimestampAuthority) {
        let name = authority.name.clone();
        put(&mut self.timestamp_authorities, authority, |old| old.name == name);
    }

    /// Trusts a time-stamping authority no longer.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn remove_timestamp_authority(&mut self, name: &str) -> Result<(), NoSuch> {
        remove(&mut self.timestamp_authorities, "time-stamping authority", &name, |entry| entry.name == name)
    }

    /// Makes a group, or replaces the parties of an existing one.
    pub fn put_group(&mut self, group: Group) {
        let id = group.id.clone();
        put(&mut self.groups, group, |old| old.id == id);
    }

    /// Removes a group.
    ///
    /// # Errors
    /// There is no such group.
    pub fn remove_group(&mut self, id: &GroupId) -> Result<(), NoSuch> {
        remove(&mut self.groups, "group", id, |group| group.id == *id)
    }

    fn member_mut(&mut self, id: &MemberId) -> Result<&mut Member, NoSuch> {
        found(self.members.iter_mut().find(|member| member.id == *id), "member", id)
    }

    fn forget_parties(&mut self, gone: impl Fn(&PartyId) -> bool) {
        for group in &mut self.groups {
            group.parties.retain(|party| !gone(party));
        }
    }
}
