//! Signature algorithms, keys, and where keys are kept.
//!
//! Signatures are in the form of RFC 9421: ECDSA as the two numbers one after the other, not as DER.
//! [`ecdsa_der`] and [`ecdsa_raw`] convert for tools such as OpenSSL.

mod algorithm;
mod csr;
mod error;
mod keystore;
mod passphrase;
mod private;
mod public;
mod sealed;

use std::sync::Arc;

use zeroize::Zeroizing;

pub use algorithm::{Algorithm, NotEcdsaDer, UnknownAlgorithm, ecdsa_der, ecdsa_raw};
pub use csr::CsrSubject;
pub use error::KeyError;
pub use keystore::FileKeyStore;
pub use passphrase::Passphrase;
pub use private::PrivateKey;
pub use public::{BadSignature, PublicKey};

/// Where private keys are: in files, or in a device that never lets them out.
///
/// A call may block (a device answers over a cable or a network), so async code calls it from a blocking thread
/// unless it knows the store to be [`FileKeyStore`].
pub trait KeyStore: Send + Sync {
    /// The names of all key pairs, sorted.
    fn labels(&self) -> Vec<String>;

    /// The public half of a key pair.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] when there is no such key pair; a device may fail otherwise.
    fn public_key(&self, label: &str) -> Result<PublicKey, KeyError>;

    /// The signature of `message`, in the form of RFC 9421.
    ///
    /// # Errors
    /// As [`KeyStore::public_key`].
    fn sign(&self, label: &str, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// The key pair in the form that rustls wants for a TLS certificate.
    ///
    /// # Errors
    /// As [`KeyStore::public_key`].
    fn tls_key(&self, label: &str) -> Result<Arc<dyn rustls::sign::SigningKey>, KeyError>;

    /// A symmetric secret of 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] when there is no such secret; a device may fail otherwise.
    fn secret(&self, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyError>;
}

#[cfg(test)]
mod tests;
