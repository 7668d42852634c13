//! Encryption of key files: PBES2 with scrypt and AES-256, as `openssl pkcs8 -scrypt` does it.

use pkcs8::der::asn1::OctetString;
use pkcs8::der::pem;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::{self, EncryptionScheme, pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoOwned, LineEnding, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::{KeyError, Passphrase};
use crate::hash;

const ENCRYPTED_KEY: &str = "ENCRYPTED PRIVATE KEY";
const PLAIN_KEY: &str = "PRIVATE KEY";
const SECRET: &str = "LIENTHONG ENCRYPTED SECRET";

/// scrypt's cost as a power of two, block size and lanes: OpenSSL refuses to read files that need 32 MiB or more.
const SCRYPT: (u8, u32, u32) = (14, 8, 1);

/// PEM of a PKCS#8 key, encrypted.
pub(super) fn seal_key(pkcs8: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
    // OpenSSL reads no authenticated cipher here; a damaged or wrongly opened key is caught when it is parsed.
    let scheme = pbes2::Parameters::generate_scrypt_aes256cbc(cost()?, &hash::random::<16>(), hash::random());
    seal(scheme.map_err(library)?, pkcs8, passphrase, ENCRYPTED_KEY)
}

/// PEM of a symmetric secret, encrypted.
pub(super) fn seal_secret(secret: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
    // A secret has no form of its own by which a wrong passphrase would show, so its encryption is authenticated.
    let scheme = pbes2::Parameters::scrypt_aes256gcm(cost()?, &hash::random::<16>(), hash::random());
    seal(scheme.map_err(library)?, secret, passphrase, SECRET)
}

/// The PKCS#8 DER out of a key file's text; `what` names the file in errors.
pub(super) fn open_key(
    text: &str,
    passphrase: &Passphrase,
    what: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (label, der) = read_pem(text, what)?;
    if label != ENCRYPTED_KEY {
        let reason =
            format!("it holds {label:?} and not {ENCRYPTED_KEY:?}; bring it in with the import command");
        return Err(KeyError::Malformed { what: what.to_owned(), reason });
    }
    open_pkcs8(&der, passphrase, what)
}

/// The secret out of a secret file's text; `what` names the file in errors.
pub(super) fn open_secret(
    text: &str,
    passphrase: &Passphrase,
    what: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (label, der) = read_pem(text, what)?;
    if label != SECRET {
        let reason = format!("it holds {label:?} and not {SECRET:?}");
        return Err(KeyError::Malformed { what: what.to_owned(), reason });
    }
    decrypt(&der, passphrase, what)
}

/// The PKCS#8 DER out of a PEM text from elsewhere, encrypted or not.
pub(super) fn open_any_key(
    text: &str,
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let what = "the PEM text";
    let (label, der) = read_pem(text, what)?;
    match (label, passphrase) {
        (PLAIN_KEY, _) => Ok(der),
        (ENCRYPTED_KEY, Some(passphrase)) => open_pkcs8(&der, passphrase, what),
        (ENCRYPTED_KEY, None) => Err(KeyError::ImportPassphrase),
        _ => {
            let reason =
                format!("it holds {label:?}; convert it with: openssl pkcs8 -topk8 -in OLD.pem -out NEW.pem");
            Err(KeyError::Malformed { what: what.to_owned(), reason })
        }
    }
}

fn cost() -> Result<scrypt::Params, KeyError> {
    let (log_n, r, p) = SCRYPT;
    scrypt::Params::new(log_n, r, p).map_err(|_| KeyError::Library("set up scrypt"))
}

fn library(_: pkcs5::Error) -> KeyError {
    KeyError::Library("encrypt a key")
}

fn seal(
    scheme: pbes2::Parameters,
    plain: &[u8],
    passphrase: &Passphrase,
    label: &'static str,
) -> Result<Zeroizing<String>, KeyError> {
    let failed = |_| KeyError::Library("write a key");
    let encrypted_data = OctetString::new(scheme.encrypt(passphrase.as_bytes(), plain).map_err(library)?);
    let encryption_algorithm = EncryptionScheme::Pbes2(scheme);
    let info = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm,
        encrypted_data: encrypted_data.map_err(failed)?,
    };
    let der = info.to_der().map_err(failed)?;
    let text = pem::encode_string(label, LineEnding::LF, &der);
    text.map(Zeroizing::new).map_err(|_| KeyError::Library("write a key"))
}

fn read_pem<'a>(text: &'a str, what: &str) -> Result<(&'a str, Zeroizing<Vec<u8>>), KeyError> {
    let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|e| KeyError::Malformed {
        what: what.to_owned(),
        reason: format!("it is not one block of PEM ({e})"),
    })?;
    Ok((label, Zeroizing::new(der)))
}

fn open_pkcs8(der: &[u8], passphrase: &Passphrase, what: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let plain = decrypt(der, passphrase, what)?;
    // One wrong passphrase in 256 leaves valid padding, but never a valid key.
    match PrivateKeyInfoRef::from_der(&plain) {
        Ok(_) => Ok(plain),
        Err(_) => Err(KeyError::WrongPassphrase { what: what.to_owned() }),
    }
}

fn decrypt(der: &[u8], passphrase: &Passphrase, what: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = |reason: String| KeyError::Malformed { what: what.to_owned(), reason };
    let info = EncryptedPrivateKeyInfoOwned::from_der(der).map_err(|e| malformed(e.to_string()))?;
    let plain = info.encryption_algorithm.decrypt(passphrase.as_bytes(), info.encrypted_data.as_bytes());
    match plain {
        Ok(plain) => Ok(Zeroizing::new(plain)),
        Err(pkcs5::Error::DecryptFailed | pkcs5::Error::EncryptFailed) => {
            Err(KeyError::WrongPassphrase { what: what.to_owned() })
        }
        Err(e) => Err(malformed(format!(
            "{e}; encrypt it again with: openssl pkcs8 -topk8 -scrypt -in OLD.pem -out NEW.pem"
        ))),
    }
}
