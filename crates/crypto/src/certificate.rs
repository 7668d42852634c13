//! X.509 certificates and revocation lists, and whether one may be believed for a purpose at a moment.
//!
//! Chains are checked by rustls-webpki (RFC 5280). A certificate needs no subject alternative name: who a node or a
//! member is stands in the directory, never in a host name.

mod crl;
mod pem;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
mod trust;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::RefUnwindSafe;
use std::sync::Arc;

use base::Ts;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::prelude::{FromDer, X509Certificate, X509Error};
use x509_parser::x509::X509Name;

use crate::hash::{Digest, sha256};
use crate::sign::PublicKey;

pub use crl::{CRL_BYTES_MAX, Crl};
pub use trust::Trust;

/// Largest certificate that is read, in bytes. Real ones have 1 to 4 KiB.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Signing messages and documents in a member's name.
    Sign,
    /// The accepting end of a TLS connection.
    TlsServer,
    /// The connecting end of a TLS connection.
    TlsClient,
}

/// Why a certificate or revocation list cannot be read or believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are not a certificate or revocation list.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The period of validity has not begun.
    #[error("not valid before {from}")]
    NotYetValid {
        /// When it begins.
        from: Ts,
    },
    /// The period of validity is over.
    #[error("expired on {since}")]
    Expired {
        /// The last moment of validity.
        since: Ts,
    },
    /// The issuer has withdrawn the certificate, or one between it and the authority.
    #[error("revoked since {since}")]
    Revoked {
        /// From when on it must not be believed.
        since: Ts,
    },
    /// No chain leads to an authority that is trusted here.
    #[error("not issued by a trusted authority")]
    UnknownAuthority,
    /// The name of the issuer is known, but its key did not make this signature.
    #[error("the issuer's signature does not fit")]
    BadSignature,
    /// The certificate was issued for something else.
    #[error("not issued for this purpose")]
    WrongPurpose,
    /// The issuer's revocation list is out of date, so nobody knows whether the certificate was revoked.
    #[error("the issuer's revocation list is out of date since {since}")]
    CrlExpired {
        /// When the next list should have been there.
        since: Ts,
    },
    /// The certificate holds a key of a kind that signs no messages here.
    #[error("the key of the certificate is of an unsupported kind")]
    UnsupportedKey,
    /// Any other rule of RFC 5280 that is broken.
    #[error("{0}")]
    Other(String),
}

impl From<x509_parser::nom::Err<X509Error>> for CertificateError {
    fn from(error: x509_parser::nom::Err<X509Error>) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<X509Error> for CertificateError {
    fn from(error: X509Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// A certificate, read once; cloning copies a pointer.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    fingerprint: Digest,
    public_key: Option<PublicKey>,
    subject: String,
    /// DER, as certificates name their issuer.
    subject_name: Vec<u8>,
    subject_serial_number: Option<String>,
    issuer: String,
    /// DER, as revocation lists name their issuer.
    issuer_name: Vec<u8>,
    /// Content bytes of the DER integer.
    serial: Vec<u8>,
    not_before: Ts,
    not_after: Ts,
    is_ca: bool,
    usage: Usage,
}

/// Nothing in it changes after it was made, so no panic can leave it half changed.
impl RefUnwindSafe for Inner {}

/// What the two usage extensions say.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    digital_signature: bool,
    non_repudiation: bool,
    extended: Extended,
}

/// What the extended key usage extension says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Extended {
    /// There is none.
    #[default]
    Absent,
    /// It names only TLS, time-stamping and OCSP, which no member's signature is for.
    Services,
    /// It names something besides.
    Beyond,
}

impl Certificate {
    /// Reads the DER encoding of exactly one certificate.
    ///
    /// # Errors
    /// Malformed, or larger than [`CERTIFICATE_BYTES_MAX`].
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::Malformed(format!("more than {CERTIFICATE_BYTES_MAX} bytes")));
        }
        let (rest, x509) = X509Certificate::from_der(&der)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed("bytes after the certificate".into()));
        }
        let inner = Inner {
            fingerprint: sha256(&[&der]),
            public_key: PublicKey::from_spki_der(x509.public_key().raw).ok(),
            subject: name_text(x509.subject())?,
            subject_name: x509.subject().as_raw().to_vec(),
            subject_serial_number: subject_serial_number(x509.subject()),
            issuer: name_text(x509.issuer())?,
            issuer_name: x509.issuer().as_raw().to_vec(),
            serial: x509.raw_serial().to_vec(),
            not_before: Ts::from_secs(x509.validity().not_before.timestamp()),
            not_after: Ts::from_secs(x509.validity().not_after.timestamp()),
            is_ca: x509.is_ca(),
            usage: usage(&x509)?,
            der: Vec::new(),
        };
        Ok(Self(Arc::new(Inner { der, ..inner })))
    }

    /// Reads a text with exactly one PEM certificate.
    ///
    /// # Errors
    /// None or several, or malformed.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::from_der(pem::decode_one(text, pem::Kind::Certificate)?)
    }

    /// The DER encoding.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The PEM text.
    pub fn pem(&self) -> String {
        pem::encode(&self.0.der, pem::Kind::Certificate)
    }

    /// SHA-256 of the DER encoding.
    pub fn fingerprint(&self) -> Digest {
        self.0.fingerprint
    }

    /// The fingerprint in lower-case hexadecimal.
    pub fn fingerprint_hex(&self) -> String {
        hex::encode(self.0.fingerprint)
    }

    /// The key that the certificate speaks of.
    ///
    /// # Errors
    /// The key is of a kind that signs no messages here; such an authority can still be trusted.
    pub fn public_key(&self) -> Result<&PublicKey, CertificateError> {
        self.0.public_key.as_ref().ok_or(CertificateError::UnsupportedKey)
    }

    /// The holder's distinguished name, for people.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The attribute `serialNumber` (2.5.4.5) of the holder's name, in which members' certificates carry their
    /// identifier; absent when missing or repeated.
    pub fn subject_serial_number(&self) -> Option<&str> {
        self.0.subject_serial_number.as_deref()
    }

    /// The issuer's distinguished name, for people.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The serial number in lower-case hexadecimal, two digits a byte, without leading zero bytes.
    pub fn serial_hex(&self) -> String {
        crl::serial_text(&self.0.serial)
    }

    /// First moment of validity.
    pub fn not_before(&self) -> Ts {
        self.0.not_before
    }

    /// Last second of validity.
    pub fn not_after(&self) -> Ts {
        self.0.not_after
    }

    /// May issue other certificates.
    pub fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    /// The validity period alone.
    fn check_period(&self, at: Ts) -> Result<(), CertificateError> {
        if at.secs() < self.0.not_before.secs() {
            return Err(CertificateError::NotYetValid { from: self.0.not_before });
        }
        if at.secs() > self.0.not_after.secs() {
            return Err(CertificateError::Expired { since: self.0.not_after });
        }
        Ok(())
    }

    /// The rules for key usage that rustls-webpki leaves to its caller.
    fn check_usage(&self, purpose: Purpose) -> Result<(), CertificateError> {
        let usage = self.0.usage;
        let fits = match purpose {
            // A node's certificate carries `digitalSignature` too; its extended usage tells it from a member's.
            Purpose::Sign => {
                usage.non_repudiation || (usage.digital_signature && usage.extended != Extended::Services)
            }
            // Which of the two ends of TLS it names is checked along the whole chain.
            Purpose::TlsServer | Purpose::TlsClient => {
                usage.digital_signature && usage.extended != Extended::Absent
            }
        };
        if fits { Ok(()) } else { Err(CertificateError::WrongPurpose) }
    }
}

/// X.509 names may hold anything; what reaches logs and terminals is one line without control characters.
fn name_text(name: &X509Name<'_>) -> Result<String, CertificateError> {
    let text = name.to_string_with_registry(x509_parser::objects::oid_registry())?;
    Ok(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
}

fn subject_serial_number(name: &X509Name<'_>) -> Option<String> {
    let mut values = name.iter_by_oid(&OID_X509_SERIALNUMBER);
    let value = values.next()?.as_str().ok()?.to_owned();
    values.next().is_none().then_some(value)
}

fn usage(x509: &X509Certificate<'_>) -> Result<Usage, CertificateError> {
    let mut usage = Usage::default();
    if let Some(extension) = x509.key_usage()? {
        usage.digital_signature = extension.value.digital_signature();
        usage.non_repudiation = extension.value.non_repudiation();
    }
    if let Some(extension) = x509.extended_key_usage()? {
        let named = extension.value;
        let beyond = named.any || named.code_signing || named.email_protection || !named.other.is_empty();
        usage.extended = if beyond { Extended::Beyond } else { Extended::Services };
    }
    Ok(usage)
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject(), self.fingerprint_hex())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.fingerprint.hash(state);
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::b64::encode(self.der()))
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let der = crate::b64::decode(&text).map_err(D::Error::custom)?;
        Self::from_der(der).map_err(D::Error::custom)
    }
}
