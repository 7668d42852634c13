//! PEM (RFC 7468) for certificates and revocation lists.

use std::fmt::Write;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::CertificateError;

/// Characters of base64 on a line, RFC 7468 section 2.
const LINE_CHARS: usize = 64;

/// What stands between the dashes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Certificate,
    Crl,
}

impl Kind {
    const fn label(self) -> &'static str {
        match self {
            Self::Certificate => "CERTIFICATE",
            Self::Crl => "X509 CRL",
        }
    }
}

/// The bytes of the one section of this kind.
pub(super) fn decode_one(text: &str, kind: Kind) -> Result<Vec<u8>, CertificateError> {
    let mut sections: Vec<Vec<u8>> = match kind {
        Kind::Certificate => CertificateDer::pem_slice_iter(text.as_bytes())
            .map(|section| section.map(|der| der.to_vec()))
            .collect::<Result<_, _>>(),
        Kind::Crl => CertificateRevocationListDer::pem_slice_iter(text.as_bytes())
            .map(|section| section.map(|der| der.to_vec()))
            .collect::<Result<_, _>>(),
    }
    .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    match (sections.pop(), sections.len()) {
        (Some(der), 0) => Ok(der),
        (_, others) => Err(CertificateError::Malformed(format!(
            "the text should hold exactly one section {:?}, it holds {}",
            kind.label(),
            if others == 0 { 0 } else { others + 1 },
        ))),
    }
}

/// The bytes as PEM text that ends with a line break.
pub(super) fn encode(der: &[u8], kind: Kind) -> String {
    let body = crate::b64::encode(der);
    let mut text = format!("-----BEGIN {}-----\n", kind.label());
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII, so every place is a character's border.
        let (line, tail) = rest.split_at(rest.len().min(LINE_CHARS));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    // Writing into a `String` does not fail.
    let _ = writeln!(text, "-----END {}-----", kind.label());
    text
}
