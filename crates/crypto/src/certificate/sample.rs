//! Authorities, requests and the OpenSSL command line for tests.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;

use base::Ts;
use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue};

use super::Certificate;
use crate::ca::{Profile, SmallCa};
use crate::sign::{Algorithm, PrivateKey};

/// The moment at which most tests play: 2026-09-21T14:13:20Z.
pub(crate) const NOW: Ts = Ts::from_secs(1_790_000_000);
pub(crate) const DAY_SECS: i64 = 86_400;
pub(crate) const MEMBER: &str = "VN-DEMO/GOV/G01";

pub(crate) fn days(count: i64) -> Ts {
    NOW.plus_secs(count * DAY_SECS)
}

pub(crate) fn ca(name: &str) -> SmallCa {
    SmallCa::create(name, Algorithm::EcdsaP256Sha256, days(-100)).unwrap()
}

/// A request of the member for a fresh key.
pub(crate) fn request(algorithm: Algorithm) -> String {
    request_for(&PrivateKey::generate(algorithm).unwrap())
}

pub(crate) fn request_for(key: &PrivateKey) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Bộ Công an");
    let identifier = DnValue::PrintableString(PrintableString::try_from(MEMBER).unwrap());
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), identifier);
    params.serialize_request(key).unwrap().pem().unwrap()
}

/// A certificate that is valid from ten days before `NOW` to ten days after it.
pub(crate) fn issued(ca: &SmallCa, profile: Profile) -> Certificate {
    ca.issue(&request(Algorithm::EcdsaP256Sha256), profile, (days(-10), days(10))).unwrap()
}

/// Runs `openssl` in a directory; the whole output and whether it succeeded.
pub(crate) fn try_openssl(dir: &Path, line: &str) -> (bool, String) {
    let output = Command::new("openssl").args(line.split_whitespace()).current_dir(dir).output();
    let output = output.expect("these tests need OpenSSL's command line: apt-get install openssl");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

pub(crate) fn openssl(dir: &Path, line: &str) -> String {
    let (ok, text) = try_openssl(dir, line);
    assert!(ok, "openssl {line}\n{text}");
    text
}

/// Bytes of a real thing with some of them changed, cut or added.
pub(crate) fn altered(good: &[u8], changes: &[(u16, u8)], length: Option<u16>) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for (index, value) in changes {
        let index = usize::from(*index) % bytes.len();
        bytes[index] = *value;
    }
    if let Some(length) = length {
        bytes.resize(usize::from(length) % (2 * good.len()), 0x30);
    }
    bytes
}
