//! What a change of the directory would take away from people, found before it is approved.
//!
//! Compared is what was there with what would be: a directory that is being built up may be without nodes, one that has
//! nodes may not lose all of them.

use std::collections::{HashMap, HashSet};
use std::fmt;

use base::{MemberId, Ts};
use crypto::certificate::{Certificate, CertificateError, Purpose, Trust};
use directory::Content;
use directory::content::{Member, Node};

use crate::grant::{Force, Grants};

/// Something that would be lost, or would not work. `Display` says it in Vietnamese, then in English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// The last member would go.
    #[error("không còn thành viên nào (no member left)")]
    Members,
    /// The last node would go.
    #[error("không còn nút nào (no node left)")]
    Nodes,
    /// The last certification authority would go.
    #[error("không còn tổ chức chứng thực nào (no authority left)")]
    Authorities,
    /// No member would have a certificate under which it can sign.
    #[error(
        "không còn thành viên nào có chứng thư ký dùng được (no member left with a usable signing certificate)"
    )]
    Signing,
    /// No node would have a certificate that others accept.
    #[error("không còn nút nào có chứng thư dùng được (no node left with a usable certificate)")]
    Tls,
    /// A certificate that would be added cannot be used.
    #[error("chứng thư {subject} của {whose} không dùng được (the certificate cannot be used): {why}")]
    Certificate {
        /// The member or node.
        whose: String,
        /// The holder's name in the certificate.
        subject: String,
        /// Why.
        why: CertificateError,
    },
    /// A member with grants in force could sign no longer.
    #[error(
        "{0} còn quyền khai thác hiệu lực nhưng không còn chứng thư ký (has live grants and would have no signing certificate)"
    )]
    SigningOf(MemberId),
    /// A member could be reached no longer.
    #[error("{0} không còn nút nào phục vụ (would have no node left)")]
    NodesOf(MemberId),
    /// A member with grants in force would go.
    #[error("{0} còn quyền khai thác hiệu lực nhưng bị đưa ra (has live grants and would be removed)")]
    Member(MemberId),
}

impl Loss {
    /// Whether it may happen when somebody says so explicitly: it hits one member. What hits everybody never may.
    pub const fn can_be_confirmed(&self) -> bool {
        matches!(self, Self::SigningOf(_) | Self::NodesOf(_) | Self::Member(_))
    }
}

/// Everything that would be lost, nothing when the change is safe.
pub fn losses(before: &Content, after: &Content, grants: &Grants, now: Ts) -> Vec<Loss> {
    let (old, new) = (View::of(before, after, now), View::of(after, before, now));
    let mut losses = Vec::new();
    let gone = |was: usize, is: usize| was > 0 && is == 0;
    if gone(before.members.len(), after.members.len()) {
        losses.push(Loss::Members);
    } else if gone(old.signers.len(), new.signers.len()) {
        losses.push(Loss::Signing);
    }
    if gone(before.nodes.len(), after.nodes.len()) {
        losses.push(Loss::Nodes);
    } else if gone(old.reachable.len(), new.reachable.len()) {
        losses.push(Loss::Tls);
    }
    if gone(before.authorities.len(), after.authorities.len()) {
        losses.push(Loss::Authorities);
    }
    losses.extend(unusable(before, after, now));
    let present: HashSet<&MemberId> = after.members.iter().map(|member| &member.id).collect();
    let live = Live::of(grants, now);
    for Member { id, .. } in &before.members {
        if !present.contains(id) {
            losses.extend(live.has(id).then(|| Loss::Member(id.clone())));
            continue;
        }
        if old.signers.contains(id) && !new.signers.contains(id) && live.has(id) {
            losses.push(Loss::SigningOf(id.clone()));
        }
        if old.reachable.contains(id) && !new.reachable.contains(id) {
            losses.push(Loss::NodesOf(id.clone()));
        }
    }
    losses
}

/// Members with grants in force, on either side.
struct Live<'a>(HashSet<&'a MemberId>);

impl<'a> Live<'a> {
    fn of(grants: &'a Grants, now: Ts) -> Self {
        let live = grants.iter().filter(|grant| {
            grant.force == Force::Active && grant.terms.until.is_none_or(|until| until > now)
        });
        Self(live.flat_map(|grant| [&grant.to.member, &grant.service.provider.member]).collect())
    }

    fn has(&self, member: &MemberId) -> bool {
        self.0.contains(member)
    }
}

/// Who can sign and who can be reached, by one content.
struct View<'a> {
    signers: HashSet<&'a MemberId>,
    reachable: HashSet<&'a MemberId>,
}

impl<'a> View<'a> {
    /// Chains are verified only when the two contents trust different authorities: that takes a signature check for each
    /// certificate, and otherwise the answer is the same on both sides.
    fn of(content: &'a Content, other: &Content, now: Ts) -> Self {
        let trust = (content.authorities != other.authorities).then(|| trust(content));
        let usable = |certificate: &Certificate, purpose| match &trust {
            Some(trust) => check(trust, certificate, purpose, now).is_ok(),
            None => certificate.not_after() >= now,
        };
        let signs = |member: &&Member| {
            member.signing_certificates.iter().any(|certificate| usable(certificate, Purpose::Sign))
        };
        let answers = |node: &&Node| {
            node.tls_certificates.iter().any(|certificate| usable(certificate, Purpose::TlsServer))
        };
        let signers = content.members.iter().filter(signs).map(|member| &member.id).collect();
        let nodes = content.nodes.iter().filter(answers);
        // A member is reached through the nodes that serve its systems, whoever owns them, and through its own.
        let reachable = nodes
            .flat_map(|node| {
                std::iter::once(&node.id.owner).chain(node.subsystems.iter().map(|id| &id.member))
            })
            .collect();
        Self { signers, reachable }
    }
}

fn trust(content: &Content) -> Trust {
    let authorities = content.authorities.iter();
    Trust {
        authorities: authorities.clone().map(|authority| authority.certificate.clone()).collect(),
        intermediates: authorities.flat_map(|authority| authority.intermediates.clone()).collect(),
        crls: content.crls.clone(),
    }
}

/// Whether a certificate can be used now or, when it begins later, from then on. A revocation list that is out of date is
/// no reason: the draft's lists are those of the baseline, nodes get newer ones.
fn check(
    trust: &Trust,
    certificate: &Certificate,
    purpose: Purpose,
    now: Ts,
) -> Result<(), CertificateError> {
    match trust.check(certificate, purpose, now.max(certificate.not_before())) {
        Err(CertificateError::CrlExpired { .. }) => {
            let without = Trust { crls: Vec::new(), ..trust.clone() };
            without.check(certificate, purpose, now.max(certificate.not_before()))
        }
        outcome => outcome,
    }
}

/// Certificates that would be added and cannot be used.
fn unusable(before: &Content, after: &Content, now: Ts) -> Vec<Loss> {
    let signing =
        |content: &Content| prints(content.members.iter().map(|m| (&m.id, &m.signing_certificates)));
    let tls = |content: &Content| prints(content.nodes.iter().map(|n| (&n.id, &n.tls_certificates)));
    let (old_signing, old_tls) = (signing(before), tls(before));
    let trust = trust(after);
    let mut losses = Vec::new();
    let mut look = |whose: &dyn fmt::Display, certificate: &Certificate, purposes: &[Purpose]| {
        let failed = purposes.iter().find_map(|purpose| check(&trust, certificate, *purpose, now).err());
        let subject = certificate.subject().to_owned();
        losses.extend(failed.map(|why| Loss::Certificate { whose: whose.to_string(), subject, why }));
    };
    for member in &after.members {
        for certificate in &member.signing_certificates {
            if old_signing.get(&certificate.fingerprint()) != Some(&member.id.to_string()) {
                look(&member.id, certificate, &[Purpose::Sign]);
            }
        }
    }
    for node in &after.nodes {
        for certificate in &node.tls_certificates {
            if old_tls.get(&certificate.fingerprint()) != Some(&node.id.to_string()) {
                look(&node.id, certificate, &[Purpose::TlsServer, Purpose::TlsClient]);
            }
        }
    }
    for authority in after.authorities.iter().filter(|authority| !before.authorities.contains(authority)) {
        if authority.certificate.not_after() < now {
            let (whose, subject) = (authority.name.clone(), authority.certificate.subject().to_owned());
            let why = CertificateError::Expired { since: authority.certificate.not_after() };
            losses.push(Loss::Certificate { whose, subject, why });
        }
    }
    losses
}

/// Whose each certificate is.
fn prints<'a, I: fmt::Display + 'a>(
    holders: impl Iterator<Item = (&'a I, &'a Vec<Certificate>)>,
) -> HashMap<crypto::hash::Digest, String> {
    let mut prints = HashMap::new();
    for (id, certificates) in holders {
        prints.extend(certificates.iter().map(|certificate| (certificate.fingerprint(), id.to_string())));
    }
    prints
}
