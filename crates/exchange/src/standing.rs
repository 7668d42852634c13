//! Whether a certificate is in force now: chain, period, revocation list, OCSP; remembered for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base::Ts;
use crypto::certificate::{Certificate, CertificateError, Purpose};
use crypto::hash::Digest;
use directory::content::Node;
use directory::snapshot::Snapshot;

/// Seconds for which a result is remembered; a new directory counts at once.
const REMEMBER_S: i64 = 10;
/// Remembered results at most; then all are forgotten.
const REMEMBER_MAX: usize = 100_000;

/// What an OCSP responder said last.
#[derive(Clone, Copy, Debug)]
pub struct OcspAnswer {
    /// When the certificate was revoked, if it was.
    pub revoked: Option<Ts>,
    /// When this answer was received.
    pub at: Ts,
}

/// Judges certificates by the current directory.
#[derive(Default)]
pub struct Standing {
    remembered: Mutex<HashMap<(Digest, Purpose), Judged>>,
    ocsp: RwLock<HashMap<Digest, OcspAnswer>>,
}

#[derive(Clone)]
struct Judged {
    directory: u64,
    at: Ts,
    result: Result<(), CertificateError>,
}

impl Standing {
    /// Judges a certificate that the directory names.
    ///
    /// # Errors
    /// Why it is not in force.
    pub fn check(
        &self,
        directory: &Snapshot,
        certificate: &Certificate,
        purpose: Purpose,
        now: Ts,
    ) -> Result<(), CertificateError> {
        let name = (certificate.fingerprint(), purpose);
        let ocsp = self.ocsp.read().unwrap_or_else(PoisonError::into_inner).get(&name.0).copied();
        if let Some(since) = ocsp.and_then(|answer| answer.revoked) {
            return Err(CertificateError::Revoked { since });
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |j: &&Judged| {
            j.directory == directory.number() && (0..REMEMBER_S * 1_000_000).contains(&now.micros_since(j.at))
        };
        if let Some(judged) = remembered.get(&name).filter(fresh) {
            return judged.result.clone();
        }
        let result = directory.trust().check(certificate, purpose, now);
        if remembered.len() >= REMEMBER_MAX {
            remembered.clear();
        }
        remembered.insert(name, Judged { directory: directory.number(), at: now, result: result.clone() });
        result
    }

    /// The node that calls with this TLS certificate (DER), if the directory names it and it is in force.
    pub fn caller<'a>(&self, directory: &'a Snapshot, shown: &[u8], now: Ts) -> Option<&'a Arc<Node>> {
        let name = crypto::hash::sha256(&[shown]);
        let node = directory.node_by_tls(&name)?;
        let certificate = node.tls_certificates.iter().find(|held| held.fingerprint() == name)?;
        self.check(directory, certificate, Purpose::TlsClient, now).is_ok().then_some(node)
    }

    /// Takes over what an OCSP responder said.
    pub fn ocsp_says(&self, certificate: &Certificate, answer: OcspAnswer) {
        self.ocsp.write().unwrap_or_else(PoisonError::into_inner).insert(certificate.fingerprint(), answer);
    }
}

/// One word for the caller; the log has the whole.
pub fn short(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotYetValid { .. } => "not yet valid",
        CertificateError::Expired { .. } => "expired",
        CertificateError::Revoked { .. } => "revoked",
        CertificateError::UnknownAuthority => "unknown authority",
        CertificateError::WrongPurpose => "wrong purpose",
        CertificateError::CrlExpired { .. } => "revocation list out of date",
        _ => "malformed",
    }
}
