//! What must hold between the parts of a content: no duplicates, no dangling references.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::hash::Hash;
use std::net::Ipv6Addr;

use base::{MemberId, Part, PartyId, SubsystemId};
use crypto::certificate::Certificate;
use url::Url;

use super::{Content, TEXT_CHARS_MAX};
use crate::mistake::Notes;

/// Longest host name, in bytes (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// Notes every mistake between the parts of `content`.
pub(super) fn check(content: &Content, m: &mut Notes) {
    let known = Known::of(content);
    members(content, m);
    nodes(content, &known, m);
    authorities(content, m);
    crls(content, m);
    timestamp_authorities(content, m);
    groups(content, &known, m);
}

/// What may be referred to.
struct Known<'a> {
    members: HashSet<&'a MemberId>,
    parties: HashSet<PartyId>,
}

impl<'a> Known<'a> {
    fn of(content: &'a Content) -> Self {
        let members = content.members.iter().map(|member| &member.id).collect();
        let parties = content.parties().collect();
        Self { members, parties }
    }
}

impl Content {
    /// The authorities' certificates and those of their intermediates.
    pub(super) fn issuers(&self) -> impl Iterator<Item = &Certificate> {
        self.authorities
            .iter()
            .flat_map(|entry| std::iter::once(&entry.certificate).chain(&entry.intermediates))
    }

    /// Every party that the directory names: members and their subsystems.
    pub(crate) fn parties(&self) -> impl Iterator<Item = PartyId> {
        self.members.iter().flat_map(|member| {
            let own = PartyId { member: member.id.clone(), subsystem: None };
            let systems = member
                .subsystems
                .iter()
                .map(|system| PartyId { member: member.id.clone(), subsystem: Some(system.code.clone()) });
            std::iter::once(own).chain(systems)
        })
    }
}

/// Notes when `key` was seen before, with the place of the first.
struct Once<K>(HashMap<K, String>);

impl<K: Eq + Hash> Once<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn see(&mut self, key: K, what: &dyn Display, path: &str, m: &mut Notes) {
        if let Some(first) = self.0.get(&key) {
            m.note(path, format_args!("{what} stands already at {first}"));
        } else {
            self.0.insert(key, path.to_owned());
        }
    }
}

fn members(content: &Content, m: &mut Notes) {
    let (mut ids, mut certificates) = (Once::new(), Once::new());
    for (i, member) in content.members.iter().enumerate() {
        let path = m.place("members", i);
        instance(&member.id.instance, content, &format!("{path}.id"), m);
        ids.see(&member.id, &member.id, &format!("{path}.id"), m);
        text(&member.name, &format!("{path}.name"), m);
        for (j, certificate) in member.signing_certificates.iter().enumerate() {
            see_certificate(
                &mut certificates,
                certificate,
                &m.place(&format!("{path}.signing_certificates"), j),
                m,
            );
        }
        let mut codes = Once::new();
        for (j, system) in member.subsystems.iter().enumerate() {
            let path = m.place(&format!("{path}.subsystems"), j);
            codes.see(&system.code, &system.code, &format!("{path}.code"), m);
            text(&system.name, &format!("{path}.name"), m);
        }
    }
}

fn nodes(content: &Content, known: &Known<'_>, m: &mut Notes) {
    let (mut ids, mut certificates) = (Once::new(), Once::new());
    for (i, node) in content.nodes.iter().enumerate() {
        let path = m.place("nodes", i);
        ids.see(&node.id, &node.id, &format!("{path}.id"), m);
        if !known.members.contains(&node.id.owner) {
            m.note(format!("{path}.id"), format_args!("its owner {} is not a member", node.id.owner));
        }
        for (j, address) in node.addresses.iter().enumerate() {
            if !is_address(address) {
                let what = format!("{address:?} is not an address like node.example.vn:5500");
                m.note(m.place(&format!("{path}.addresses"), j), what);
            }
        }
        for (j, certificate) in node.tls_certificates.iter().enumerate() {
            see_certificate(
                &mut certificates,
                certificate,
                &m.place(&format!("{path}.tls_certificates"), j),
                m,
            );
        }
        let mut served = Once::new();
        for (j, system) in node.subsystems.iter().enumerate() {
            let path = m.place(&format!("{path}.subsystems"), j);
            served.see(system, system, &path, m);
            refer(system, known, &path, m);
        }
        if let Some(notice) = &node.maintenance {
            text(notice, &format!("{path}.maintenance"), m);
        }
    }
}

fn refer(system: &SubsystemId, known: &Known<'_>, path: &str, m: &mut Notes) {
    if !known.parties.contains(&system.party()) {
        m.note(path, format_args!("there is no subsystem {system}"));
    }
}

fn authorities(content: &Content, m: &mut Notes) {
    let (mut names, mut certificates) = (Once::new(), Once::new());
    for (i, authority) in content.authorities.iter().enumerate() {
        let path = m.place("authorities", i);
        names.see(&authority.name, &authority.name, &format!("{path}.name"), m);
        text(&authority.name, &format!("{path}.name"), m);
        see_certificate(&mut certificates, &authority.certificate, &format!("{path}.certificate"), m);
        issuer(&authority.certificate, &format!("{path}.certificate"), m);
        for (j, certificate) in authority.intermediates.iter().enumerate() {
            let path = m.place(&format!("{path}.intermediates"), j);
            see_certificate(&mut certificates, certificate, &path, m);
            issuer(certificate, &path, m);
        }
        for (field, url) in [("crl_url", &authority.crl_url), ("ocsp_url", &authority.ocsp_url)] {
            if let Some(url) = url {
                web_address(url, &format!("{path}.{field}"), m);
            }
        }
    }
}

fn crls(content: &Content, m: &mut Notes) {
    let mut seen = Once::new();
    for (i, crl) in content.crls.iter().enumerate() {
        let path = m.place("crls", i);
        let by = crl.issuer();
        let mut issuers = content.issuers().filter(|certificate| certificate.subject() == by).peekable();
        if issuers.peek().is_none() {
            m.note(
                &path,
                format_args!("its issuer {by:?} is no authority or intermediate of this directory"),
            );
        } else if !issuers.any(|certificate| crl.verify(certificate).is_ok()) {
            m.note(&path, format_args!("it is not signed by its issuer {by:?}"));
        }
        seen.see(by, &"a list of the same issuer", &path, m);
    }
}

fn timestamp_authorities(content: &Content, m: &mut Notes) {
    let mut names = Once::new();
    for (i, authority) in content.timestamp_authorities.iter().enumerate() {
        let path = m.place("timestamp_authorities", i);
        names.see(&authority.name, &authority.name, &format!("{path}.name"), m);
        text(&authority.name, &format!("{path}.name"), m);
        web_address(&authority.url, &format!("{path}.url"), m);
    }
}

fn groups(content: &Content, known: &Known<'_>, m: &mut Notes) {
    let mut ids = Once::new();
    for (i, group) in content.groups.iter().enumerate() {
        let path = m.place("groups", i);
        instance(&group.id.instance, content, &format!("{path}.id"), m);
        ids.see(&group.id, &group.id, &format!("{path}.id"), m);
        let mut parties = Once::new();
        for (j, party) in group.parties.iter().enumerate() {
            let path = m.place(&format!("{path}.parties"), j);
            parties.see(party, party, &path, m);
            if !known.parties.contains(party) {
                m.note(path, format_args!("there is no party {party}"));
            }
        }
    }
}

fn instance(found: &Part, content: &Content, path: &str, m: &mut Notes) {
    if *found != content.instance {
        m.note(path, format_args!("belongs to instance {found}, this directory is of {}", content.instance));
    }
}

fn see_certificate(seen: &mut Once<[u8; 32]>, certificate: &Certificate, path: &str, m: &mut Notes) {
    let what = format!("the certificate of {:?}", certificate.subject());
    seen.see(certificate.fingerprint(), &what, path, m);
}

fn issuer(certificate: &Certificate, path: &str, m: &mut Notes) {
    if !certificate.is_ca() {
        m.note(path, format_args!("{:?} is not a certificate of an authority", certificate.subject()));
    }
}

fn text(value: &str, path: &str, m: &mut Notes) {
    if value.trim().is_empty() {
        m.note(path, "is empty");
    } else if value.chars().count() > TEXT_CHARS_MAX {
        m.note(path, format_args!("has more than {TEXT_CHARS_MAX} characters"));
    } else if value.chars().any(char::is_control) {
        m.note(path, "has control characters");
    }
}

fn web_address(value: &str, path: &str, m: &mut Notes) {
    let good = |url: Url| matches!(url.scheme(), "http" | "https") && url.host().is_some();
    if !Url::parse(value).is_ok_and(good) {
        m.note(path, format_args!("{value:?} is not an http or https address"));
    }
}

/// Whether `text` is `host:port`, the host a name, an IPv4 address or an IPv6 address in brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    if !digits || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return false;
    }
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host.len() <= HOST_BYTES_MAX && host.split('.').all(label)
}
