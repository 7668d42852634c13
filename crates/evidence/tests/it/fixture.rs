//! A small ecosystem with real keys, and the evidence of one call in it.

use std::sync::LazyLock;

use base::{NodeId, Ts};
use crypto::b64;
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::{Certificate, Crl};
use crypto::commitment::{BodyCommitment, Salt, commit_head};
use crypto::http_signature::{self, Component, Params};
use crypto::sign::{Algorithm, CsrSubject, FileKeyStore, KeyStore, Passphrase};
use evidence::batch::{self, BatchPlace};
use evidence::checkpoint::{self, Checkpoint};
use evidence::container::{Container, Format, LoggedRecord, SignedCheckpoint};
use evidence::merkle::{WholeTree, leaf_hash};
use evidence::opening::Commitment;
use evidence::record::{CallPart, HeadKind, Outcome, REQUEST_BATCH, REQUEST_SIGNATURE, Side, Version};
use evidence::{Record, SignedHead};

pub const CONSUMER: &str = "VN-DEMO/GOV/H17";
pub const PROVIDER: &str = "VN-DEMO/GOV/G01";
pub const STRANGER: &str = "VN-DEMO/COM/X99";
pub const CONSUMER_NODE: &str = "VN-DEMO/GOV/H17/N1";
/// Run by the provider's parent body, so that refusals by the node's owner can be told from answers.
pub const PROVIDER_NODE: &str = "VN-DEMO/GOV/G00/N2";
pub const NODE_OWNER: &str = "VN-DEMO/GOV/G00";
pub const CALL: &str = "0190aaaa-0000-7000-8000-000000000001";

/// 2026-01-01T00:00:00Z: when the call happened.
pub const NOW: Ts = Ts::from_secs(1_767_225_600);
const DAY: i64 = 86_400;

/// Everybody's keys and certificates. A key's label is the member's identifier with dashes.
pub struct World {
    pub store: FileKeyStore,
    pub ca: SmallCa,
    certificates: Vec<(&'static str, Certificate)>,
    _dir: tempfile::TempDir,
}

pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new("a passphrase of a test".into()).unwrap();
        let mut store = FileKeyStore::open(&dir.path().join("keys"), &passphrase).unwrap();
        let ca = SmallCa::create("Test CA", Algorithm::EcdsaP256Sha256, NOW.plus_secs(-2 * DAY)).unwrap();
        let members = [
            (CONSUMER, Algorithm::EcdsaP256Sha256),
            (PROVIDER, Algorithm::Ed25519),
            (STRANGER, Algorithm::EcdsaP256Sha256),
            (NODE_OWNER, Algorithm::EcdsaP256Sha256),
        ];
        let validity = (NOW.plus_secs(-DAY), NOW.plus_secs(3600 * DAY));
        let mut certificates = Vec::new();
        for (member, algorithm) in members {
            store.generate(&label(member), algorithm).unwrap();
            certificates.push((member, issue(&ca, &store, member, validity)));
        }
        Self { store, ca, certificates, _dir: dir }
    }

    pub fn certificate(&self, member: &str) -> Certificate {
        self.certificates.iter().find(|(name, _)| *name == member).unwrap().1.clone()
    }

    /// Another certificate for the member's key.
    pub fn reissue(&self, member: &str, from: Ts, to: Ts) -> Certificate {
        issue(&self.ca, &self.store, member, (from, to))
    }

    /// The same authority, to revoke what others in this process believe.
    pub fn copy_of_ca(&self) -> SmallCa {
        let dir = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::new("for this copy only".into()).unwrap();
        self.ca.save(dir.path(), &passphrase).unwrap();
        SmallCa::load(dir.path(), &passphrase).unwrap()
    }

    pub fn crl(&self) -> Crl {
        self.ca.crl(NOW, NOW.plus_secs(3600 * DAY)).unwrap()
    }
}

pub fn label(member: &str) -> String {
    member.replace('/', "-").to_lowercase()
}

fn issue(ca: &SmallCa, store: &FileKeyStore, member: &str, validity: (Ts, Ts)) -> Certificate {
    let subject = CsrSubject {
        organization: format!("Organisation {member}"),
        identifier: member.into(),
        common_name: "Signing".into(),
        hosts: Vec::new(),
    };
    let csr = store.csr(&label(member), &subject).unwrap();
    ca.issue(&csr, Profile::Signing, validity).unwrap()
}

/// What is signed in a message.
pub type Lines = Vec<(String, String)>;

pub fn lines(list: &[(&str, &str)]) -> Lines {
    list.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned())).collect()
}

pub fn set(lines: &mut Lines, id: &str, value: &str) {
    lines.iter_mut().find(|(found, _)| found == id).unwrap().1 = value.into();
}

pub fn commitment(salt: &Salt, head: &str, body: Option<&str>) -> Commitment {
    let body = body.map(|body| {
        let mut commitment = BodyCommitment::new(salt);
        commitment.update(body.as_bytes());
        commitment.finish()
    });
    Commitment { head: commit_head(salt, head.as_bytes()), body }
}

pub fn request_lines(commitment: &Commitment) -> Lines {
    lines(&[
        ("\"@method\"", "GET"),
        ("\"lienthong-service\"", "VN-DEMO/GOV/G01/DANCU/tra-cuu-cong-dan"),
        ("\"x-road-client\"", "VN-DEMO/GOV/H17/MOTCUA"),
        ("\"x-road-id\"", "an id with \"quotes\" and \\"),
        ("\"x-road-request-id\"", CALL),
        ("\"lienthong-node\"", PROVIDER_NODE),
        ("\"lienthong-commitment\"", &commitment.to_string()),
        ("\"x-road-userid\"", "H17.officer-7"),
        ("\"x-road-issue\"", "H17-2026-000123"),
        ("\"lienthong-purpose\"", "one-stop"),
    ])
}

pub fn response_lines(commitment: &Commitment, request: &SignedHead) -> Lines {
    let mut response = lines(&[
        ("\"@status\"", "200"),
        ("\"x-road-id\"", "an id with \"quotes\" and \\"),
        ("\"x-road-request-id\"", CALL),
        ("\"x-road-client\"", "VN-DEMO/GOV/H17/MOTCUA"),
        ("\"lienthong-service\"", "VN-DEMO/GOV/G01/DANCU/tra-cuu-cong-dan"),
        ("\"lienthong-commitment\"", &commitment.to_string()),
    ]);
    response.push((REQUEST_SIGNATURE.into(), format!(":{}:", b64::encode(&request.signature))));
    if let Some(place) = &request.batch {
        response.push((REQUEST_BATCH.into(), place.encode()));
    }
    response
}

/// How a message is signed.
pub struct Pen {
    pub member: &'static str,
    pub certificate: Certificate,
    pub kind: HeadKind,
    pub created: Ts,
}

impl Pen {
    pub fn of(member: &'static str, kind: HeadKind) -> Self {
        Self { member, certificate: WORLD.certificate(member), kind, created: NOW }
    }

    pub fn base(&self, lines: &Lines) -> String {
        let params = Params {
            created: self.created.secs(),
            expires: self.created.secs() + 60,
            nonce: hex::encode(crypto::hash::random::<16>()),
            keyid: self.certificate.fingerprint_hex(),
            alg: WORLD.store.public_key(&label(self.member)).unwrap().algorithm().to_string(),
            tag: self.kind.tag().into(),
        };
        let ids: Vec<&str> = lines.iter().map(|(id, _)| id.as_str()).collect();
        let components: Vec<Component<'_>> =
            lines.iter().map(|(id, value)| Component { id: id.into(), value: value.into() }).collect();
        http_signature::base(&components, &http_signature::input_value(&ids, &params))
    }

    pub fn sign(&self, lines: &Lines) -> SignedHead {
        let base = self.base(lines);
        let signature = self.put(base.as_bytes());
        SignedHead { base, signature, batch: None, certificate: self.certificate.fingerprint() }
    }

    /// Signs all the messages at once.
    pub fn sign_batch(&self, messages: &[Lines]) -> Vec<SignedHead> {
        let bases: Vec<String> = messages.iter().map(|lines| self.base(lines)).collect();
        let leaves: Vec<_> = bases.iter().map(|base| batch::leaf(base)).collect();
        let (root, paths) = batch::batch_tree(&leaves);
        let signature = self.put(batch::batch_text(&root).as_bytes());
        let size = u32::try_from(bases.len()).unwrap();
        let head = |((base, path), index): ((String, _), u32)| SignedHead {
            base,
            signature: signature.clone(),
            batch: Some(BatchPlace::new(index, size, path).unwrap()),
            certificate: self.certificate.fingerprint(),
        };
        bases.into_iter().zip(paths).zip(0..).map(head).collect()
    }

    pub fn put(&self, message: &[u8]) -> Vec<u8> {
        WORLD.store.sign(&label(self.member), message).unwrap()
    }
}

/// Among other messages, as under load.
pub fn among_others(mine: &Lines) -> Vec<Lines> {
    (0..7)
        .map(|other| {
            let mut lines = mine.clone();
            if other != 4 {
                set(&mut lines, "\"x-road-request-id\"", &format!("another call {other}"));
            }
            lines
        })
        .collect()
}

pub fn record(part: CallPart) -> Record {
    Record {
        v: Version,
        side: Side::Consumer,
        part,
        at: Ts(NOW.0 + 123_456),
        id: "an id with \"quotes\" and \\".into(),
        call: CALL.into(),
        client: "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap(),
        service: "VN-DEMO/GOV/G01/DANCU/tra-cuu-cong-dan".parse().unwrap(),
        peer: Some(PROVIDER_NODE.parse().unwrap()),
        request: None,
        response: None,
        outcome: None,
        subject: Some([9; 32]),
        request_kib: Some(0),
        response_kib: None,
        duration_ms: None,
        permit: None,
        withheld: Vec::new(),
    }
}

pub fn request_record(request: SignedHead) -> Record {
    Record { request: Some(request), ..record(CallPart::Request) }
}

pub fn response_record(response: SignedHead) -> Record {
    Record {
        response: Some(response),
        outcome: Some(Outcome { status: 200, code: None, fault: None }),
        response_kib: Some(1),
        duration_ms: Some(14),
        withheld: vec!["chuHo".into(), "thanhVien.họTên".into()],
        ..record(CallPart::Response)
    }
}

/// The messages of the call.
pub fn messages(batched: bool) -> (SignedHead, SignedHead) {
    let (asking, answering) = (Pen::of(CONSUMER, HeadKind::Request), Pen::of(PROVIDER, HeadKind::Response));
    let one = |pen: &Pen, lines: Lines| {
        if batched { pen.sign_batch(&among_others(&lines)).remove(4) } else { pen.sign(&lines) }
    };
    let question = commitment(&Salt([1; 32]), "GET /tra-cuu-cong-dan/049090000001", None);
    let request = one(&asking, request_lines(&question));
    let answer = commitment(&Salt([2; 32]), "content-type: application/json", Some("{\"ketQua\":true}"));
    let response = one(&answering, response_lines(&answer, &request));
    (request, response)
}

/// Who makes the file, and from what.
pub struct Export {
    pub records: Vec<Record>,
    pub node: NodeId,
    pub checkpoint_by: &'static str,
    pub at: Ts,
    pub certificates: Vec<Certificate>,
    pub crls: Vec<Crl>,
}

impl Export {
    pub fn new(records: Vec<Record>) -> Self {
        Self {
            records,
            node: CONSUMER_NODE.parse().unwrap(),
            checkpoint_by: CONSUMER,
            at: NOW.plus_secs(30),
            certificates: vec![WORLD.certificate(CONSUMER), WORLD.certificate(PROVIDER)],
            crls: vec![WORLD.crl()],
        }
    }

    /// Appends the records to a log with others, and exports them.
    pub fn container(&self) -> Container {
        let mut leaves: Vec<_> = (0..5_u8).map(|other| leaf_hash(&[other])).collect();
        let texts: Vec<String> = self.records.iter().map(Record::to_text).collect();
        let mut places = Vec::new();
        for (nth, text) in texts.iter().enumerate() {
            places.push(leaves.len() as u64);
            leaves.push(leaf_hash(text.as_bytes()));
            leaves.push(leaf_hash(format!("between {nth}").as_bytes()));
        }
        let tree = WholeTree::new(leaves.clone());
        let root = evidence::merkle::root_of(&leaves);
        let checkpoint = Checkpoint { origin: self.node.clone(), size: tree.size(), root, at: self.at };
        let logged = places.iter().zip(texts).map(|(index, record)| LoggedRecord {
            index: *index,
            record,
            path: tree.inclusion_path(*index, tree.size()),
        });
        Container {
            format: Format,
            exported_at: self.at.plus_secs(5),
            node: self.node.clone(),
            records: logged.collect(),
            checkpoint: sign_checkpoint(&checkpoint, self.checkpoint_by),
            certificates: self.certificates.clone(),
            authorities: vec![WORLD.ca.certificate()],
            crls: self.crls.clone(),
            timestamp_authorities: vec![],
        }
    }
}

pub fn sign_checkpoint(checkpoint: &Checkpoint, member: &'static str) -> SignedCheckpoint {
    let text = checkpoint.text();
    let pen = Pen::of(member, HeadKind::Request);
    let algorithm = WORLD.store.public_key(&label(member)).unwrap().algorithm();
    let signature = checkpoint::stored_signature(algorithm, pen.put(text.as_bytes()));
    SignedCheckpoint { text, signature, certificate: pen.certificate.fingerprint(), timestamp: None }
}

/// The evidence of the call, as the consumer's node exports it.
pub fn good(batched: bool) -> Container {
    let (request, response) = messages(batched);
    Export::new(vec![request_record(request), response_record(response)]).container()
}
