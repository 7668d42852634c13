//! A private key in memory.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, Passphrase, PublicKey, ecdsa_der, sealed};

/// A private key, parsed once, so that signing costs the signature and nothing else.
///
/// It signs certificates and requests too: it is an [`rcgen::SigningKey`].
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

// As for a public key: nothing in it changes after it was read.
impl UnwindSafe for Pair {}
impl RefUnwindSafe for Pair {}

impl PrivateKey {
    /// A fresh key. RSA gets 3072 bits and takes seconds.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Library("make a key");
        // Version 1 of PKCS#8, because OpenSSL before 3.5 reads no other for Ed25519.
        let pkcs8 = match algorithm {
            Algorithm::EcdsaP256Sha256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Algorithm::Ed25519 => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Algorithm::RsaPssSha512 => RsaKeyPair::generate(KeySize::Rsa3072)
                .and_then(|pair| pair.as_der())
                .map(|document| Zeroizing::new(document.as_ref().to_vec())),
        };
        Self::from_pkcs8(pkcs8.map_err(failed)?)
    }

    /// Reads a PKCS#8 DER `PrivateKeyInfo`.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] when it is no key of a supported kind.
    pub fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        let pair = if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8) {
            Pair::Ecdsa(pair)
        } else if let Ok(pair) = Ed25519KeyPair::from_pkcs8(&pkcs8) {
            Pair::Ed25519(pair)
        } else {
            let refused = |e: aws_lc_rs::error::KeyRejected| KeyError::Unsupported(e.to_string());
            Pair::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).map_err(refused)?)
        };
        let spki = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        };
        let spki = spki.map_err(|_| KeyError::Library("write a public key"))?;
        Ok(Self { public: PublicKey::from_spki_der(spki.as_ref())?, pair, pkcs8 })
    }

    /// Reads PEM: `PRIVATE KEY`, or `ENCRYPTED PRIVATE KEY` with its passphrase.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::Unsupported`], [`KeyError::WrongPassphrase`],
    /// [`KeyError::ImportPassphrase`].
    pub fn from_pem(pem: &str, passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        Self::from_pkcs8(sealed::open_any_key(pem, passphrase)?)
    }

    /// The key as PEM, encrypted with the passphrase; `openssl pkey` reads it.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
        sealed::seal_key(&self.pkcs8, passphrase)
    }

    /// The unencrypted PKCS#8 DER, for libraries that want to hold the key themselves.
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of `message` in the form of RFC 9421.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                pair.sign(&SystemRandom::new(), message).map(|s| s.as_ref().to_vec()).map_err(|_| SIGN)
            }
            Pair::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()).map_err(|_| SIGN),
            Pair::Rsa(pair) => rsa_sign(pair, &RSA_PSS_SHA512, message),
        }
    }

    /// The key in the form that rustls wants.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn tls_key(&self) -> Result<Arc<dyn rustls::sign::SigningKey>, KeyError> {
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.as_slice()));
        rustls::crypto::aws_lc_rs::sign::any_supported_type(&der)
            .map_err(|_| KeyError::Library("load a TLS key"))
    }
}

const SIGN: KeyError = KeyError::Library("sign");

fn rsa_sign(
    pair: &RsaKeyPair,
    padding: &'static dyn RsaEncoding,
    message: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| SIGN)?;
    Ok(signature)
}

impl rcgen::PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match &self.pair {
            Pair::Ecdsa(_) => &PKCS_ECDSA_P256_SHA256,
            Pair::Ed25519(_) => &PKCS_ED25519,
            Pair::Rsa(_) => &PKCS_RSA_SHA256,
        }
    }
}

impl rcgen::SigningKey for PrivateKey {
    /// In the form of X.509: ECDSA as DER, RSA with PKCS#1 v1.5 padding as `algorithm` says.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = match &self.pair {
            Pair::Ecdsa(_) => PrivateKey::sign(self, message).map(|raw| ecdsa_der(&raw)),
            Pair::Ed25519(_) => PrivateKey::sign(self, message),
            Pair::Rsa(pair) => rsa_sign(pair, &RSA_PKCS1_SHA256, message),
        };
        signature.map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(.. of {:?})", self.public)
    }
}
