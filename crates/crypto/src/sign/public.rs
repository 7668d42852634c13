//! Public keys and checking signatures.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};
use pkcs8::der::Decode;
use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::SubjectPublicKeyInfoRef;

use super::{Algorithm, KeyError};
use crate::hash;

const OID_EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const OID_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const OID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const OID_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const PEM_LABEL: &str = "PUBLIC KEY";

/// The signature is not one of this message by this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the message and the key")]
pub struct BadSignature;

/// A public key, parsed once; copies are cheap.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    algorithm: Algorithm,
    spki: Box<[u8]>,
    key: ParsedPublicKey,
}

// A parsed key is never changed, so an unwound panic cannot leave it half changed; the library's type does not say so.
impl UnwindSafe for Inner {}
impl RefUnwindSafe for Inner {}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] or [`KeyError::Unsupported`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |reason: String| KeyError::Malformed { what: "the public key".to_owned(), reason };
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|e| malformed(e.to_string()))?;
        let oid = info.algorithm.oid;
        let algorithm = match oid {
            OID_ED25519 => Algorithm::Ed25519,
            OID_RSA => Algorithm::RsaPssSha512,
            OID_EC if info.algorithm.parameters_oid() == Ok(OID_P256) => Algorithm::EcdsaP256Sha256,
            OID_EC => return Err(KeyError::Unsupported("an elliptic curve other than P-256".to_owned())),
            _ => return Err(KeyError::Unsupported(format!("algorithm {oid}"))),
        };
        let key = ParsedPublicKey::new(verification(algorithm), der).map_err(|e| malformed(e.to_string()))?;
        Ok(Self(Arc::new(Inner { algorithm, spki: der.into(), key })))
    }

    /// The algorithm that this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The DER `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The key as PEM text, for other tools.
    #[expect(clippy::missing_panics_doc, reason = "the panic cannot happen")]
    pub fn pem(&self) -> String {
        pkcs8::der::pem::encode_string(PEM_LABEL, pkcs8::LineEnding::LF, self.spki_der())
            .expect("a public key is far below the length that PEM can hold")
    }

    /// Checks a signature in the form of RFC 9421.
    ///
    /// # Errors
    /// The signature does not fit.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.key.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Ed25519 => &ED25519,
        Algorithm::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = hex::encode(hash::sha256(&[self.spki_der()]));
        write!(f, "PublicKey({} sha256:{id})", self.algorithm())
    }
}
