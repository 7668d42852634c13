//! Everybody who is in the directory, and the directory.

use std::net::SocketAddr;
use std::sync::Arc;

use base::{NodeId, Ts};
use crypto::ca::SmallCa;
use crypto::certificate::Certificate;
use crypto::sign::Algorithm;
use directory::content::{Authority, Content, Member, Node, Subsystem};
use directory::snapshot::Snapshot;
use tokio::sync::watch;

use crate::party::{DAY, Lives, Party, START};

/// How long the directory is in force, days.
pub const DIRECTORY_DAYS: i64 = 100;

pub struct World {
    pub ca: SmallCa,
    /// `H17/MOTCUA`, who asks.
    pub consumer: Arc<Party>,
    /// `G01/DANCU`, who answers.
    pub provider: Arc<Party>,
    /// `H48/KHAC`, in the directory, with no right to anything.
    pub stranger: Arc<Party>,
    pub content: Content,
    /// The directory as the consumer's node has it.
    pub at_consumer: watch::Sender<Option<Arc<Snapshot>>>,
    /// The directory as the provider's node has it.
    pub at_provider: watch::Sender<Option<Arc<Snapshot>>>,
}

impl World {
    /// A world in which the certificates of consumer and provider live for so long.
    pub fn new(consumer: Lives, provider: Lives) -> Self {
        let ca = authority("CA");
        let consumer = Arc::new(Party::new(&ca, "H17", "MOTCUA", consumer));
        let provider = Arc::new(Party::new(&ca, "G01", "DANCU", provider));
        let stranger = Arc::new(Party::new(&ca, "H48", "KHAC", Lives::default()));
        let mut content = Content::empty("VN-TEST".parse().unwrap(), START);
        for party in [&consumer, &provider, &stranger] {
            content.members.push(member(party));
            content.nodes.push(node(party));
        }
        content.authorities.push(Authority {
            name: "CA".into(),
            certificate: ca.certificate(),
            intermediates: vec![],
            crl_url: None,
            ocsp_url: None,
        });
        content.crls.push(ca.crl(START, START.plus_secs(400 * DAY)).unwrap());
        let nobody = || watch::channel(None).0;
        Self { ca, consumer, provider, stranger, content, at_consumer: nobody(), at_provider: nobody() }
    }

    /// The directory, in force until `expires`.
    pub fn snapshot(&self, expires: Ts) -> Arc<Snapshot> {
        Arc::new(Snapshot::from_content(self.content.clone(), expires))
    }

    /// Changes the directory without telling anybody.
    pub fn edit(&mut self, edit: impl FnOnce(&mut Content)) -> Arc<Snapshot> {
        edit(&mut self.content);
        self.content.number += 1;
        self.snapshot(START.plus_secs(DIRECTORY_DAYS * DAY))
    }

    /// Changes the directory at both nodes.
    pub fn publish(&mut self, change: impl FnOnce(&mut Content)) {
        let snapshot = Some(self.edit(change));
        self.at_consumer.send_replace(snapshot.clone());
        self.at_provider.send_replace(snapshot);
    }

    /// Writes down where a node is.
    pub fn moved(&mut self, node: &NodeId, address: SocketAddr) {
        let node = node.clone();
        self.publish(|content| {
            let entry = content.nodes.iter_mut().find(|n| n.id == node).unwrap();
            entry.addresses = vec![address.to_string()];
        });
    }

    /// Revokes a certificate; gives the directory that says so, which nobody has yet.
    pub fn revoke(&mut self, certificate: &Certificate) -> Arc<Snapshot> {
        self.ca.revoke(&certificate.serial_hex(), START).unwrap();
        let list = self.ca.crl(START.plus_secs(1), START.plus_secs(400 * DAY)).unwrap();
        self.edit(|content| content.crls = vec![list])
    }

    /// All certificates that sign messages.
    pub fn signing_certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.content.members.iter().flat_map(|m| &m.signing_certificates)
    }
}

pub fn authority(name: &str) -> SmallCa {
    SmallCa::create(name, Algorithm::EcdsaP256Sha256, START.plus_secs(-DAY)).unwrap()
}

fn member(party: &Party) -> Member {
    Member {
        id: party.member.clone(),
        name: party.member.to_string(),
        signing_certificates: vec![party.sign.clone()],
        subsystems: vec![Subsystem { code: party.system.code.clone(), name: party.system.to_string() }],
    }
}

fn node(party: &Party) -> Node {
    Node {
        id: party.node.clone(),
        addresses: vec!["127.0.0.1:1".into()],
        tls_certificates: vec![party.tls.clone()],
        subsystems: vec![party.system.clone()],
        maintenance: None,
    }
}
