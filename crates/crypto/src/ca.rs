//! A small certificate authority for demonstrations and tests. In production certificates come from outside.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::Ts;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertificateSigningRequestParams,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use crate::certificate::{Certificate, CertificateError, Crl};
use crate::hash;
use crate::sign::{Algorithm, FileKeyStore, KeyError, KeyStore, Passphrase, PrivateKey};

/// Ten years, the life of the authority's own certificate.
const VALIDITY_SECS: i64 = 10 * 365 * 86_400;
/// 9999-12-31T23:59:59Z, the last moment that X.509 can write.
const LAST_SECOND: i64 = 253_402_300_799;
const LABEL: &str = "ca";
const CERTIFICATE_FILE: &str = "ca.pem";
const REVOKED_FILE: &str = "revoked.txt";

/// What a certificate is issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A member's messages: digital signature and non-repudiation.
    Signing,
    /// A node's TLS connections, both ends.
    Node,
}

/// Why the authority did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// Its key cannot be made, kept or opened.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate or list of its own cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The request is malformed, badly signed or about an unsupported key, or nothing can be made of it.
    #[error("the certificate request or its result: {0}")]
    Request(#[from] rcgen::Error),
    /// X.509 writes the years 1970 to 9999 only.
    #[error("{0} cannot stand in a certificate")]
    Moment(Ts),
    /// Not a serial number.
    #[error("{0:?} is not a serial number in hexadecimal")]
    Serial(String),
    /// The directory already belongs to another authority.
    #[error("{} holds another authority; choose an empty directory", .0.display())]
    Other(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The list of revoked serial numbers is damaged.
    #[error("{}: line {line} is not a serial number and a moment", path.display())]
    RevokedFile {
        /// Which file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
    },
}

/// The authority: its key, its certificate, and what it has revoked.
#[derive(Debug)]
pub struct SmallCa {
    key: PrivateKey,
    certificate: Certificate,
    revoked: BTreeMap<String, Ts>,
}

impl SmallCa {
    /// Makes a new authority with a certificate of its own, valid for ten years.
    ///
    /// # Errors
    /// The key cannot be made, or `now` is out of range.
    pub fn create(name: &str, algorithm: Algorithm, now: Ts) -> Result<Self, CaError> {
        let key = PrivateKey::generate(algorithm)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(random_serial());
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(now)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(now.plus_secs(VALIDITY_SECS))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = Certificate::from_der(params.self_signed(&key)?.der().to_vec())?;
        Ok(Self { key, certificate, revoked: BTreeMap::new() })
    }

    /// Writes everything into `dir`: `ca.key` encrypted, `ca.pem`, and `revoked.txt`. Later calls renew the last.
    ///
    /// # Errors
    /// The directory belongs to another authority or cannot be written.
    pub fn save(&self, dir: &Path, passphrase: &Passphrase) -> Result<(), CaError> {
        let mut store = FileKeyStore::open(dir, passphrase)?;
        if !store.labels().iter().any(|label| label == LABEL) {
            store.import_pem(LABEL, &self.key.to_encrypted_pem(passphrase)?, Some(passphrase))?;
        } else if store.public_key(LABEL)? != *self.key.public_key() {
            return Err(CaError::Other(dir.to_owned()));
        }
        replace(&dir.join(CERTIFICATE_FILE), &self.certificate.pem())?;
        let lines: Vec<String> = self.revoked.iter().map(|(serial, at)| format!("{serial} {at}\n")).collect();
        replace(&dir.join(REVOKED_FILE), &lines.concat())
    }

    /// Reads what [`SmallCa::save`] wrote.
    ///
    /// # Errors
    /// A file is missing or damaged, or the passphrase is wrong.
    pub fn load(dir: &Path, passphrase: &Passphrase) -> Result<Self, CaError> {
        let store = FileKeyStore::open(dir, passphrase)?;
        let key = PrivateKey::from_pem(&store.key(LABEL)?.to_encrypted_pem(passphrase)?, Some(passphrase))?;
        let certificate = Certificate::from_pem(&read(&dir.join(CERTIFICATE_FILE))?)?;
        if certificate.public_key()? != key.public_key() {
            return Err(CaError::Other(dir.to_owned()));
        }
        let path = dir.join(REVOKED_FILE);
        let mut revoked = BTreeMap::new();
        for (index, line) in read(&path)?.lines().enumerate() {
            let (serial, at) = revoked_line(line)
                .ok_or_else(|| CaError::RevokedFile { path: path.clone(), line: index + 1 })?;
            revoked.insert(serial, at);
        }
        Ok(Self { key, certificate, revoked })
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    /// Issues a certificate from a request (PKCS#10 in PEM), valid from the first to the second moment.
    ///
    /// Only the subject and the key are taken from the request; what the holder may do is decided by `profile`.
    ///
    /// # Errors
    /// The request is malformed or badly signed, its key unsupported, or a moment out of range.
    pub fn issue(&self, csr_pem: &str, profile: Profile, validity: (Ts, Ts)) -> Result<Certificate, CaError> {
        self.issue_for(csr_pem, profile, validity, &[])
    }

    /// As [`SmallCa::issue`], for a server that is reached under these host names and addresses.
    ///
    /// The names that a request asks for do not count: who issues must have checked whose they are.
    ///
    /// # Errors
    /// As there; also a name that is neither a host's nor an address.
    pub fn issue_for(
        &self,
        csr_pem: &str,
        profile: Profile,
        validity: (Ts, Ts),
        hosts: &[String],
    ) -> Result<Certificate, CaError> {
        let mut request = CertificateSigningRequestParams::from_pem(csr_pem)?;
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = request.params.distinguished_name;
        params.serial_number = Some(random_serial());
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(validity.0)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(validity.1)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        match profile {
            Profile::Signing => params.key_usages.push(KeyUsagePurpose::ContentCommitment),
            Profile::Node => {
                params.extended_key_usages =
                    vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            }
        }
        request.params = params;
        let certificate = Certificate::from_der(request.signed_by(&self.issuer()?)?.der().to_vec())?;
        certificate.public_key()?;
        Ok(certificate)
    }

    /// Revokes a certificate since `at`; an earlier revocation of it stays as it is.
    ///
    /// # Errors
    /// Not a serial number in hexadecimal.
    pub fn revoke(&mut self, serial_hex: &str, at: Ts) -> Result<(), CaError> {
        let serial = serial_bytes(serial_hex).ok_or_else(|| CaError::Serial(serial_hex.to_owned()))?;
        since_1970(at)?;
        self.revoked.entry(hex::encode(serial)).or_insert(at);
        Ok(())
    }

    /// The revocation list, signed.
    ///
    /// # Errors
    /// A moment is out of range, or `next_update` is not after `now`.
    pub fn crl(&self, now: Ts, next_update: Ts) -> Result<Crl, CaError> {
        let mut revoked_certs = Vec::with_capacity(self.revoked.len());
        for (serial, at) in &self.revoked {
            let bytes = serial_bytes(serial).ok_or_else(|| CaError::Serial(serial.clone()))?;
            revoked_certs.push(RevokedCertParams {
                serial_number: SerialNumber::from(bytes),
                revocation_time: date_time_ymd(1970, 1, 1) + since_1970(*at)?,
                reason_code: None,
                invalidity_date: None,
            });
        }
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(1970, 1, 1) + since_1970(now)?,
            next_update: date_time_ymd(1970, 1, 1) + since_1970(next_update)?,
            // Grows with time, which is all that the number is for.
            crl_number: SerialNumber::from(now.0.unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(Crl::from_der(params.signed_by(&self.issuer()?)?.der().to_vec())?)
    }

    fn issuer(&self) -> Result<Issuer<'static, &PrivateKey>, CaError> {
        Ok(Issuer::from_ca_cert_der(&CertificateDer::from(self.certificate.der()), &self.key)?)
    }
}

/// 16 random bytes, the first neither zero nor negative, so that the number has one form only.
fn random_serial() -> SerialNumber {
    let mut bytes = hash::random::<16>();
    bytes[0] = bytes[0] & 0x3f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn serial_bytes(serial_hex: &str) -> Option<Vec<u8>> {
    let bytes = hex::decode(serial_hex).ok()?;
    // RFC 5280 section 4.1.2.2: at most 20 bytes.
    (1..=20).contains(&bytes.len()).then_some(bytes)
}

fn revoked_line(line: &str) -> Option<(String, Ts)> {
    let (serial, at) = line.split_once(' ')?;
    serial_bytes(serial)?;
    Some((serial.to_owned(), Ts::parse(at).ok()?))
}

fn since_1970(at: Ts) -> Result<Duration, CaError> {
    let secs =
        u64::try_from(at.secs()).ok().filter(|_| at.secs() <= LAST_SECOND).ok_or(CaError::Moment(at))?;
    Ok(Duration::from_secs(secs))
}

fn read(path: &Path) -> Result<String, CaError> {
    fs::read_to_string(path).map_err(|source| CaError::Io { path: path.to_owned(), source })
}

/// Writes a file beside the old one and puts it in its place, so that there is always a whole one.
fn replace(path: &Path, text: &str) -> Result<(), CaError> {
    let beside = path.with_extension("new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| CaError::Io { path: path.to_owned(), source })
}
