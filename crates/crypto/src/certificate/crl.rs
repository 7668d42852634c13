//! Revocation lists (RFC 5280 section 5).

use std::fmt;
use std::sync::Arc;

use base::Ts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{Certificate, CertificateError, name_text, pem};

/// Largest revocation list that is read, in bytes: some 400,000 entries.
pub const CRL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A complete revocation list, read once; cloning copies a pointer. Delta and indirect lists are refused.
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    issuer: String,
    issuer_name: Vec<u8>,
    this_update: Ts,
    next_update: Ts,
    entries: CertRevocationList<'static>,
}

impl Crl {
    /// Reads the DER encoding of exactly one list.
    ///
    /// # Errors
    /// Malformed, larger than [`CRL_BYTES_MAX`], without `nextUpdate`, or of a kind that is not supported.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        if der.len() > CRL_BYTES_MAX {
            return Err(CertificateError::Malformed(format!("more than {CRL_BYTES_MAX} bytes")));
        }
        let entries = OwnedCertRevocationList::from_der(&der)
            .map_err(|error| CertificateError::Malformed(error.to_string()))?;
        let (_, list) = CertificateRevocationList::from_der(&der)?;
        let next = list.next_update().ok_or_else(|| CertificateError::Malformed("no nextUpdate".into()))?;
        let inner = Inner {
            issuer: name_text(list.issuer())?,
            issuer_name: list.issuer().as_raw().to_vec(),
            this_update: Ts::from_secs(list.last_update().timestamp()),
            next_update: Ts::from_secs(next.timestamp()),
            entries: CertRevocationList::Owned(entries),
            der: Vec::new(),
        };
        Ok(Self(Arc::new(Inner { der, ..inner })))
    }

    /// Reads a text with exactly one PEM revocation list.
    ///
    /// # Errors
    /// None or several, or malformed.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(pem::decode_one(text, pem::Kind::Crl)?)
    }

    /// The DER encoding.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The PEM text.
    pub fn pem(&self) -> String {
        pem::encode(&self.0.der, pem::Kind::Crl)
    }

    /// The issuer's distinguished name, for people.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// When the list was made.
    pub fn this_update(&self) -> Ts {
        self.0.this_update
    }

    /// When the next list will be there at the latest; from then on this one proves nothing.
    pub fn next_update(&self) -> Ts {
        self.0.next_update
    }

    /// Since when the issuer's certificate with this serial number is revoked.
    ///
    /// `serial_hex` as [`Certificate::serial_hex`] gives it. When the list says that the key was in other hands
    /// earlier (`invalidityDate`), that earlier moment counts.
    pub fn revoked(&self, serial_hex: &str) -> Option<Ts> {
        let mut serial = hex::decode(serial_hex).ok()?;
        // DER puts a zero before a positive number whose first bit is set.
        if serial.first().is_some_and(|first| first & 0x80 != 0) {
            serial.insert(0, 0);
        }
        self.revoked_serial(&serial)
    }

    /// As [`Crl::revoked`], for a certificate; nothing when another issued it.
    pub(super) fn revokes(&self, certificate: &Certificate) -> Option<Ts> {
        if self.0.issuer_name != certificate.0.issuer_name {
            return None;
        }
        self.revoked_serial(&certificate.0.serial)
    }

    fn revoked_serial(&self, serial: &[u8]) -> Option<Ts> {
        let entry = self.0.entries.find_serial(serial).ok().flatten()?;
        let invalid = entry.invalidity_date.unwrap_or(entry.revocation_date);
        Some(super::trust::moment(entry.revocation_date.min(invalid)))
    }

    /// The issuer made this list.
    ///
    /// # Errors
    /// Another name, another key, a SHA-1 signature, or an altered list.
    pub fn verify(&self, issuer: &Certificate) -> Result<(), CertificateError> {
        let (_, list) = CertificateRevocationList::from_der(&self.0.der)?;
        let (_, x509) = X509Certificate::from_der(issuer.der())?;
        if x509.subject().as_raw() != self.0.issuer_name {
            return Err(CertificateError::UnknownAuthority);
        }
        let algorithm = &list.signature_algorithm.algorithm;
        if *algorithm == OID_PKCS1_SHA1WITHRSA || *algorithm == OID_SHA1_WITH_RSA {
            return Err(CertificateError::Other("signed with SHA-1".into()));
        }
        list.verify_signature(x509.public_key()).map_err(|_| CertificateError::BadSignature)
    }

    pub(super) fn entries(&self) -> &CertRevocationList<'static> {
        &self.0.entries
    }
}

/// A serial number, given as the content of its DER integer, in the form of [`Certificate::serial_hex`].
pub(super) fn serial_text(serial: &[u8]) -> String {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    hex::encode(&serial[zeros.min(serial.len().saturating_sub(1))..])
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {} to {})", self.issuer(), self.this_update(), self.next_update())
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl Serialize for Crl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::b64::encode(self.der()))
    }
}

impl<'de> Deserialize<'de> for Crl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let der = crate::b64::decode(&text).map_err(D::Error::custom)?;
        Self::from_der(der).map_err(D::Error::custom)
    }
}
