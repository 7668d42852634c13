#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use base::{FakeClock, NodeId};
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, KeyStore as _, Passphrase};
use directory::Content;
use directory::content::{Authority, Node};
use directory::snapshot::Snapshot as Directory;
use registry::snapshot::FORMAT;
use registry::snapshot::signature::Unsigned;
use tokio::sync::watch;

use super::*;

const NOW: Ts = Ts::from_secs(1_795_230_000);
const KEEPER: &str = "VN-DEMO/GOV/H17";
const OWN: &str = "VN-DEMO/GOV/G01";

/// A keeper and a member, each with a signing certificate, and a clock.
struct World {
    dir: tempfile::TempDir,
    keys: FileKeyStore,
    keeper: Certificate,
    own: Certificate,
    tls: Certificate,
    directory: Arc<Directory>,
    clock: Arc<FakeClock>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = dir.path().join("passphrase");
        crate::sandbox::write_private(&passphrase, "mat khau thu nghiem\n").unwrap();
        let passphrase = Passphrase::from_file(&passphrase).unwrap();
        let mut keys = FileKeyStore::open(&dir.path().join("keys"), &passphrase).unwrap();
        for label in ["keeper", "own", "tls"] {
            keys.generate(label, Algorithm::EcdsaP256Sha256).unwrap();
        }
        let ca = SmallCa::create("CA", Algorithm::EcdsaP256Sha256, NOW.plus_secs(-86_400)).unwrap();
        let issue = |label: &str, identifier: &str, profile| {
            let subject = CsrSubject {
                organization: "Thử".into(),
                identifier: identifier.into(),
                common_name: identifier.into(),
                hosts: Vec::new(),
            };
            let validity = (NOW.plus_secs(-3_600), NOW.plus_secs(86_400));
            ca.issue(&keys.csr(label, &subject).unwrap(), profile, validity).unwrap()
        };
        let (keeper, own) = (issue("keeper", KEEPER, Profile::Signing), issue("own", OWN, Profile::Signing));
        let tls = issue("tls", &format!("{OWN}/NUT-1"), Profile::Node);
        let mut content = Content::empty("VN-DEMO".parse().unwrap(), NOW);
        content.put_authority(Authority {
            name: "CA".into(),
            certificate: ca.certificate(),
            intermediates: Vec::new(),
            crl_url: None,
            ocsp_url: None,
        });
        content.crls.push(ca.crl(NOW, NOW.plus_secs(86_400)).unwrap());
        for (member, certificate) in [(KEEPER, &keeper), (OWN, &own)] {
            let member: MemberId = member.parse().unwrap();
            content.put_member(member.clone(), "Thử");
            content.put_signing_certificate(&member, certificate.clone()).unwrap();
        }
        content.put_node(Node {
            id: format!("{OWN}/NUT-1").parse::<NodeId>().unwrap(),
            addresses: vec!["127.0.0.1:1".into()],
            tls_certificates: vec![tls.clone()],
            subsystems: Vec::new(),
            maintenance: None,
        });
        let directory = Arc::new(Directory::from_content(content, NOW.plus_secs(86_400)));
        Self { dir, keys, keeper, own, tls, directory, clock: Arc::new(FakeClock::at(NOW)) }
    }

    fn asker(&self) -> Asker {
        Asker {
            registry: RegistryElsewhere {
                url: "https://127.0.0.1:1".into(),
                member: KEEPER.parse().unwrap(),
            },
            member: OWN.parse().unwrap(),
            identity: Identity::new(&self.keys, "tls", &self.tls).unwrap(),
            directory: watch::channel(Some(Arc::clone(&self.directory))).1,
            standing: Arc::default(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        }
    }

    /// What somebody signs.
    fn answer(&self, label: &str, member: &str, number: i64) -> Answer {
        let snapshot = Snapshot {
            format: FORMAT.into(),
            number,
            made: self.clock.now(),
            member: member.parse().unwrap(),
            grants: Vec::new(),
            gates: Vec::new(),
            closed: Vec::new(),
        };
        let certificate = if label == "keeper" { &self.keeper } else { &self.own };
        let body: Bytes = serde_json::to_vec(&snapshot).unwrap().into();
        let alg = Algorithm::EcdsaP256Sha256.as_str();
        let unsigned = Unsigned::new(&body, &certificate.fingerprint_hex(), alg, self.clock.now());
        let bytes = self.keys.sign(label, unsigned.base.as_bytes()).unwrap();
        Answer { body, tag: format!("\"{number}\""), signature: unsigned.signed(&bytes) }
    }

    fn remote(&self, data: &Path) -> (Remote, watch::Receiver<Option<Arc<Snapshot>>>) {
        let (latest, snapshot) = watch::channel(None);
        let freshness = Freshness::new(3_600, Arc::clone(&self.clock) as Arc<dyn Clock>);
        (Remote::new(self.asker(), Arc::new(freshness), Kept::new(data), latest), snapshot)
    }
}

#[test]
fn only_the_keepers_word_about_this_member_of_this_moment_is_believed() {
    let world = World::new();
    let asker = world.asker();
    let good = world.answer("keeper", OWN, 7);
    assert_eq!(asker.judge(&good).unwrap().number, 7);
    let foreign = asker.judge(&world.answer("own", OWN, 7)).unwrap_err();
    assert!(matches!(foreign, Refused::Signer { .. }), "{foreign}");
    let others = asker.judge(&world.answer("keeper", KEEPER, 7)).unwrap_err();
    assert!(matches!(others, Refused::Member(_)), "{others}");
    let swapped = Answer { body: world.answer("keeper", OWN, 8).body, ..good.clone() };
    assert!(matches!(asker.judge(&swapped).unwrap_err(), Refused::Form(_)));
    let mut forged = good.clone();
    forged.signature.signature = world.answer("own", OWN, 7).signature.signature;
    assert!(matches!(asker.judge(&forged).unwrap_err(), Refused::Signature));
    world.clock.advance_secs(300);
    assert!(matches!(asker.judge(&good).unwrap_err(), Refused::Time(_)));
}

#[test]
fn what_is_kept_counts_at_the_next_start_with_its_age_and_only_if_it_is_the_keepers() {
    let world = World::new();
    let data = world.dir.path().join("data");
    Kept::new(&data).save(&world.answer("keeper", OWN, 7), NOW.plus_secs(-600)).unwrap();
    let (remote, snapshot) = world.remote(&data);
    assert_eq!(snapshot.borrow().as_ref().unwrap().number, 7);
    assert_eq!(remote.freshness.age_s(), Some(600));
    Kept::new(&data).save(&world.answer("own", OWN, 9), NOW).unwrap();
    let (remote, snapshot) = world.remote(&data);
    assert!(snapshot.borrow().is_none() && remote.freshness.is_stale());
}

#[test]
fn a_registry_that_was_set_back_is_refused() {
    let world = World::new();
    let data = world.dir.path().join("data");
    Kept::new(&data).save(&world.answer("keeper", OWN, 7), NOW).unwrap();
    let (remote, _) = world.remote(&data);
    let judged = |number| remote.asker.judge(&world.answer("keeper", OWN, number)).unwrap();
    assert!(remote.refuse_older(&judged(7)).is_ok());
    let older = remote.refuse_older(&judged(6)).unwrap_err();
    assert!(older.to_string().contains("number 6, older than 7"), "{older}");
}
