//! Looking things up.

use directory::Snapshot;

use crate::support::{NOW, certificate, content, id};

#[test]
fn everything_in_the_directory_is_found_by_its_key() {
    let content = content();
    let node = content.nodes[0].clone();
    let signing = content.members[0].signing_certificates[0].clone();
    let snapshot = Snapshot::from_content(content, NOW);
    assert_eq!(snapshot.member(&id("VN-DEMO/GOV/G01")).unwrap().name, "Bộ Công an");
    assert_eq!(**snapshot.node(&node.id).unwrap(), node);
    assert_eq!(snapshot.nodes_of(&id("VN-DEMO/GOV/G01/DANCU"))[0].id, node.id);
    assert_eq!(snapshot.node_by_tls(&node.tls_certificates[0].fingerprint()).unwrap().id, node.id);
    let (member, certificate) = snapshot.signing_certificate(&signing.fingerprint()).unwrap();
    assert_eq!((member, certificate), (&id("VN-DEMO/GOV/G01"), &signing));
    assert_eq!(snapshot.trust().authorities.len(), 1);
    assert_eq!(snapshot.trust().crls.len(), 1);
}

#[test]
fn what_is_not_in_the_directory_is_not_found() {
    let snapshot = Snapshot::from_content(content(), NOW);
    let stranger = certificate("stranger").fingerprint();
    assert!(snapshot.member(&id("VN-DEMO/GOV/X")).is_none());
    assert!(snapshot.node(&id("VN-DEMO/GOV/G01/N2")).is_none());
    assert!(snapshot.nodes_of(&id("VN-DEMO/GOV/G01/MOTCUA")).is_empty());
    assert!(snapshot.node_by_tls(&stranger).is_none());
    assert!(snapshot.signing_certificate(&stranger).is_none());
    assert!(!snapshot.party_exists(&id("VN-DEMO/GOV/G01/MOTCUA")));
    assert!(snapshot.party_exists(&id("VN-DEMO/GOV/G01")));
}

#[test]
fn a_member_in_a_group_does_not_bring_its_subsystems() {
    let snapshot = Snapshot::from_content(content(), NOW);
    let group = id("VN-DEMO/TINH");
    assert!(snapshot.in_group(&group, &id("VN-DEMO/GOV/G01")));
    assert!(!snapshot.in_group(&group, &id("VN-DEMO/GOV/G01/DANCU")));
    assert!(snapshot.in_group(&group, &id("VN-DEMO/GOV/H17/MOTCUA")));
    assert!(!snapshot.in_group(&id("VN-DEMO/X"), &id("VN-DEMO/GOV/H17/MOTCUA")));
}

#[test]
fn a_snapshot_is_expired_from_its_last_moment_on() {
    let snapshot = Snapshot::from_content(content(), NOW);
    assert!(!snapshot.is_expired(NOW.plus_secs(-1)));
    assert!(snapshot.is_expired(NOW));
}
