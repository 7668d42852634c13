//! Certificate signing requests (PKCS#10).

use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue};

use super::{KeyError, PrivateKey};

/// X.520 `serialNumber`, the attribute for an identifier of the subject.
const OID_SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];

/// Whom a certificate is requested for. Empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsrSubject {
    /// The organisation's name (`O`).
    pub organization: String,
    /// The identifier that the directory knows (`serialNumber`): of a member such as `VN-DEMO/GOV/G01`, or of a node.
    pub identifier: String,
    /// A name for people (`CN`).
    pub common_name: String,
    /// Host names and addresses under which clients connect (`subjectAltName`); for TLS servers.
    pub hosts: Vec<String>,
}

impl CsrSubject {
    fn name(&self) -> Result<DistinguishedName, KeyError> {
        let mut name = DistinguishedName::new();
        if !self.organization.is_empty() {
            name.push(DnType::OrganizationName, self.organization.as_str());
        }
        if !self.common_name.is_empty() {
            name.push(DnType::CommonName, self.common_name.as_str());
        }
        if !self.identifier.is_empty() {
            // RFC 5280 wants a PrintableString, whose characters are just those of our identifiers and '/'.
            let identifier = PrintableString::try_from(self.identifier.as_str())?;
            let kind = DnType::CustomDnType(OID_SERIAL_NUMBER.to_vec());
            name.push(kind, DnValue::PrintableString(identifier));
        }
        Ok(name)
    }
}

/// The request as PEM, signed with the key to show that the requester has it.
pub(super) fn request(key: &PrivateKey, subject: &CsrSubject) -> Result<String, KeyError> {
    let mut params = CertificateParams::new(subject.hosts.clone())?;
    params.distinguished_name = subject.name()?;
    Ok(params.serialize_request(key)?.pem()?)
}
