//! What differs between two contents of a directory.

use std::collections::BTreeMap;
use std::fmt;

use crypto::certificate::Certificate;
use directory::Content;

use crate::command::terminal::day;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Only the second has it.
    Added(Entry),
    /// Only the first has it.
    Removed(Entry),
    /// Both have it, with other details.
    Changed {
        /// What it is.
        entry: Entry,
        /// The details of the first.
        before: String,
    },
}

/// One entry of a content, as small as people think of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    kind: &'static str,
    key: String,
    details: String,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.details.is_empty() { "" } else { ": " };
        write!(f, "{} {}{separator}{}", self.kind, self.key, self.details)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(entry) => write!(f, "+ {entry}"),
            Self::Removed(entry) => write!(f, "- {entry}"),
            Self::Changed { entry, before } => write!(f, "~ {entry} (trước / before: {before})"),
        }
    }
}

/// The differences, by kind and key.
pub fn differences(before: &Content, after: &Content) -> Vec<Difference> {
    let (old, new) = (entries(before), entries(after));
    let entry = |(kind, key): &Key, details: &String| Entry {
        kind: kind.1,
        key: key.clone(),
        details: details.clone(),
    };
    let removed = old.iter().filter(|(key, _)| !new.contains_key(*key));
    let mut all: Vec<(Key, Difference)> =
        removed.map(|(key, details)| (key.clone(), Difference::Removed(entry(key, details)))).collect();
    for (key, details) in &new {
        let found = entry(key, details);
        match old.get(key) {
            None => all.push((key.clone(), Difference::Added(found))),
            Some(before) if before != details => {
                all.push((key.clone(), Difference::Changed { entry: found, before: before.clone() }));
            }
            Some(_) => {}
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all.into_iter().map(|(_, difference)| difference).collect()
}

/// Place of the kind in the list, its name, and what tells entries of a kind apart.
type Key = ((u8, &'static str), String);

const MEMBER: (u8, &str) = (0, "thành viên / member");
const SUBSYSTEM: (u8, &str) = (1, "hệ thống / subsystem");
const SIGNING: (u8, &str) = (2, "chứng thư ký / signing certificate");
const NODE: (u8, &str) = (3, "nút / node");
const TLS: (u8, &str) = (4, "chứng thư TLS / TLS certificate");
const AUTHORITY: (u8, &str) = (5, "tổ chức chứng thực / authority");
const CRL: (u8, &str) = (6, "danh sách thu hồi / revocation list");
const STAMPING: (u8, &str) = (7, "cơ quan cấp dấu thời gian / time-stamping authority");
const GROUP: (u8, &str) = (8, "nhóm / group");
const PARTY: (u8, &str) = (9, "trong nhóm / in group");

fn entries(content: &Content) -> BTreeMap<Key, String> {
    let mut all = BTreeMap::new();
    members(content, &mut all);
    nodes(content, &mut all);
    for authority in &content.authorities {
        let own = [
            Some(fingerprint(&authority.certificate)),
            authority.crl_url.clone(),
            authority.ocsp_url.clone(),
        ];
        let below = authority.intermediates.iter().map(fingerprint);
        let details: Vec<String> = own.into_iter().flatten().chain(below).collect();
        all.insert((AUTHORITY, authority.name.clone()), details.join(" "));
    }
    for crl in &content.crls {
        all.insert((CRL, crl.issuer().to_owned()), format!("{} → {}", crl.this_update(), crl.next_update()));
    }
    for authority in &content.timestamp_authorities {
        let details = format!("{} {}", authority.url, fingerprint(&authority.certificate));
        all.insert((STAMPING, authority.name.clone()), details);
    }
    for group in &content.groups {
        all.insert((GROUP, group.id.to_string()), String::new());
        for party in &group.parties {
            all.insert((PARTY, format!("{} {party}", group.id)), String::new());
        }
    }
    all
}

fn members(content: &Content, all: &mut BTreeMap<Key, String>) {
    for member in &content.members {
        all.insert((MEMBER, member.id.to_string()), member.name.clone());
        for system in &member.subsystems {
            all.insert((SUBSYSTEM, format!("{}/{}", member.id, system.code)), system.name.clone());
        }
        for certificate in &member.signing_certificates {
            let key = format!("{} {}", member.id, fingerprint(certificate));
            all.insert((SIGNING, key), day(certificate.not_after()));
        }
    }
}

fn nodes(content: &Content, all: &mut BTreeMap<Key, String>) {
    for node in &content.nodes {
        let systems = node.subsystems.iter().map(ToString::to_string);
        let maintenance = node.maintenance.iter().map(|notice| format!("(bảo trì / maintenance: {notice})"));
        let details: Vec<String> = node.addresses.iter().cloned().chain(systems).chain(maintenance).collect();
        all.insert((NODE, node.id.to_string()), details.join(" "));
        for certificate in &node.tls_certificates {
            let key = format!("{} {}", node.id, fingerprint(certificate));
            all.insert((TLS, key), day(certificate.not_after()));
        }
    }
}

fn fingerprint(certificate: &Certificate) -> String {
    certificate.fingerprint_hex()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use base::Ts;
    use directory::content::{Group, Node};

    use super::*;

    fn content() -> Content {
        let mut content = Content::empty("VN-DEMO".parse().unwrap(), Ts(0));
        content.put_member("VN-DEMO/GOV/G01".parse().unwrap(), "Bộ Công an");
        let member = "VN-DEMO/GOV/G01".parse().unwrap();
        content.put_subsystem(&member, &"DANCU".parse().unwrap(), "Dân cư").unwrap();
        content.put_node(Node {
            id: "VN-DEMO/GOV/G01/NUT-1".parse().unwrap(),
            addresses: vec!["a.vn:1".into()],
            tls_certificates: Vec::new(),
            subsystems: vec!["VN-DEMO/GOV/G01/DANCU".parse().unwrap()],
            maintenance: None,
        });
        content
    }

    fn check(change: impl FnOnce(&mut Content), expected: &[&str]) {
        let (before, mut after) = (content(), content());
        change(&mut after);
        let found: Vec<String> = differences(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn number_and_date_are_no_difference() {
        check(|content| (content.number, content.created) = (7, Ts(7_000_000)), &[]);
    }

    #[test]
    fn a_renamed_member_shows_both_names() {
        let expected = ["~ thành viên / member VN-DEMO/GOV/G01: Bộ Công An (trước / before: Bộ Công an)"];
        check(|content| content.put_member("VN-DEMO/GOV/G01".parse().unwrap(), "Bộ Công An"), &expected);
    }

    #[test]
    fn a_removed_subsystem_leaves_its_node_too() {
        let expected = [
            "- hệ thống / subsystem VN-DEMO/GOV/G01/DANCU: Dân cư",
            "~ nút / node VN-DEMO/GOV/G01/NUT-1: a.vn:1 (trước / before: a.vn:1 VN-DEMO/GOV/G01/DANCU)",
        ];
        check(
            |content| content.remove_subsystem(&"VN-DEMO/GOV/G01/DANCU".parse().unwrap()).unwrap(),
            &expected,
        );
    }

    #[test]
    fn a_group_and_each_of_its_parties_are_entries() {
        let group =
            Group { id: "VN-DEMO/X".parse().unwrap(), parties: vec!["VN-DEMO/GOV/G01".parse().unwrap()] };
        let expected = ["+ nhóm / group VN-DEMO/X", "+ trong nhóm / in group VN-DEMO/X VN-DEMO/GOV/G01"];
        check(|content| content.put_group(group), &expected);
    }
}
