//! A member with its node and all its keys, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{MemberId, NodeId, SubsystemId, Ts};
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, KeyError, KeyStore, PrivateKey, PublicKey};
use exchange::signer::{Mode, Signer};
use exchange::tls::Identity;
use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DnType, DnValue};
use zeroize::Zeroizing;

/// When every test begins.
pub const START: Ts = Ts::from_secs(1_795_000_000);
/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// X.520 `serialNumber`: where a certificate names its member.
const SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];

/// For how many days the certificates of a party are valid.
#[derive(Clone, Copy)]
pub struct Lives {
    pub sign: i64,
    pub tls: i64,
}

impl Default for Lives {
    fn default() -> Self {
        Self { sign: 365, tls: 365 }
    }
}

pub struct Party {
    pub member: MemberId,
    pub node: NodeId,
    pub system: SubsystemId,
    pub keys: Arc<Keys>,
    pub sign: Certificate,
    pub tls: Certificate,
}

impl Party {
    /// The member `VN-TEST/GOV/{code}` with the subsystem `{system}`.
    pub fn new(ca: &SmallCa, code: &str, system: &str, lives: Lives) -> Self {
        let member: MemberId = format!("VN-TEST/GOV/{code}").parse().unwrap();
        let node = NodeId { owner: member.clone(), code: "NUT-1".parse().unwrap() };
        let keys = Keys(["sign", "tls"].map(|label| (label, key())).into());
        let issue = |label: &str, profile, days: i64| {
            let mut request = CertificateParams::default();
            let identifier = PrintableString::try_from(format!("VN-TEST/GOV/{code}")).unwrap();
            let identifier = DnValue::PrintableString(identifier);
            request.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), identifier);
            request.distinguished_name.push(DnType::CommonName, label);
            let request = request.serialize_request(&keys.0[label]).unwrap().pem().unwrap();
            ca.issue(&request, profile, (START.plus_secs(-3600), START.plus_secs(days * DAY))).unwrap()
        };
        let sign = issue("sign", Profile::Signing, lives.sign);
        let tls = issue("tls", Profile::Node, lives.tls);
        let system = SubsystemId { member: member.clone(), code: system.parse().unwrap() };
        Self { member, node, system, keys: Arc::new(keys), sign, tls }
    }

    pub fn signer(&self, mode: Mode) -> Signer {
        let keys: Arc<dyn KeyStore> = self.keys.clone();
        Signer::new(keys, "sign", self.sign.clone(), mode).unwrap()
    }

    pub fn identity(&self) -> Identity {
        Identity::new(&*self.keys, "tls", &self.tls).unwrap()
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap()
}

/// Keys that are on no disk.
pub struct Keys(BTreeMap<&'static str, PrivateKey>);

impl Keys {
    fn key(&self, label: &str) -> Result<&PrivateKey, KeyError> {
        self.0
            .get(label)
            .ok_or_else(|| KeyError::Unknown { label: label.to_owned(), store: "memory".to_owned() })
    }
}

impl KeyStore for Keys {
    fn labels(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }

    fn public_key(&self, label: &str) -> Result<PublicKey, KeyError> {
        Ok(self.key(label)?.public_key().clone())
    }

    fn sign(&self, label: &str, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key(label)?.sign(message)
    }

    fn tls_key(&self, label: &str) -> Result<Arc<dyn rustls::sign::SigningKey>, KeyError> {
        self.key(label)?.tls_key()
    }

    fn secret(&self, _: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(Zeroizing::new(vec![7; 32]))
    }
}
