//! Sealed texts: small secrets that must lie in a file or a store, such as the password of a data source.
//!
//! A file says for what it was sealed, so that it cannot be moved to another place: a file from [`seal`] is opened with the
//! passphrase of the node's keys, [`SealingKey`] is for many small values under one key that lies elsewhere.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::pkcs5::scrypt;
use zeroize::Zeroizing;

use crate::hash;
use crate::sign::Passphrase;

/// First line of a sealed file.
pub const FORMAT: &str = "lienthong-sealed/1";
/// Longest text of a sealed file, in bytes: passwords and tokens, not documents.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// scrypt's cost as a power of two, block size and lanes: 32 MiB and about a tenth of a second for each try. Twice the
/// cost of the key files, which the same passphrase opens.
const COST: (u8, u32, u32) = (15, 8, 1);
/// Largest cost that is read: 256 MiB. A file must not make its reader run out of memory.
const LOG_N_MAX: u8 = 18;
const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Why a sealed text does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not in the form of a sealed file.
    #[error("tệp niêm phong hỏng: {0}; niêm phong lại / the sealed file is damaged: {0}: seal it again")]
    Malformed(&'static str),
    /// Sealed for another place.
    #[error(
        "tệp niêm phong cho {found:?}, không phải cho {wanted:?}; niêm phong lại ở đây / it was sealed for {found:?} and not for {wanted:?}: seal it again here"
    )]
    Context {
        /// What it was sealed for.
        found: String,
        /// Where it is used.
        wanted: String,
    },
    /// Another passphrase, or not the bytes that were sealed.
    #[error(
        "mật khẩu của kho khóa không mở được, hoặc tệp đã bị sửa; dùng đúng mật khẩu, hoặc niêm phong lại / the passphrase of the keys does not open it, or it was changed: give the right one, or seal it again"
    )]
    Refused,
    /// What is to be sealed cannot be.
    #[error(
        "nội dung dài quá {TEXT_BYTES_MAX} byte, hoặc nơi dùng không phải một dòng / longer than {TEXT_BYTES_MAX} bytes, or the context is not one line"
    )]
    Unfit,
}

/// Whether a text says of itself that it is sealed.
pub fn is_sealed(text: &str) -> bool {
    text.lines().next() == Some(FORMAT)
}

/// Seals a secret for one context, which stands readable in the text and is bound to it.
///
/// # Errors
/// [`SealError::Unfit`].
pub fn seal(plain: &[u8], passphrase: &Passphrase, context: &str) -> Result<String, SealError> {
    if plain.len() > TEXT_BYTES_MAX || context.chars().any(char::is_control) || context.trim() != context {
        return Err(SealError::Unfit);
    }
    let salt = hash::random::<SALT_BYTES>();
    let (log_n, r, p) = COST;
    let head =
        format!("{FORMAT}\ncontext: {context}\nscrypt: {log_n} {r} {p}\nsalt: {}\n", STANDARD.encode(salt));
    let key = derive(passphrase, &salt, COST).ok_or(SealError::Malformed("scrypt"))?;
    Ok(format!("{head}sealed: {}\n", STANDARD.encode(key.seal(plain, head.as_bytes()))))
}

/// The secret of a sealed text.
///
/// # Errors
/// Damaged, of another context, another passphrase.
pub fn open(text: &str, passphrase: &Passphrase, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if text.len() > 2 * TEXT_BYTES_MAX {
        return Err(SealError::Malformed("length"));
    }
    let at = text.find("\nsealed: ").ok_or(SealError::Malformed("sealed"))?;
    let (head, sealed) = text.split_at(at + 1);
    let mut lines = head.lines();
    if lines.next() != Some(FORMAT) {
        return Err(SealError::Malformed(FORMAT));
    }
    let mut value = |name: &'static str| {
        let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.ok_or(SealError::Malformed(name))
    };
    let (found, cost, salt) = (value("context")?, value("scrypt")?, value("salt")?);
    if lines.next().is_some() {
        return Err(SealError::Malformed(FORMAT));
    }
    if found != context {
        return Err(SealError::Context { found: found.to_owned(), wanted: context.to_owned() });
    }
    let cost = read_cost(cost).ok_or(SealError::Malformed("scrypt"))?;
    let salt = STANDARD.decode(salt).map_err(|_| SealError::Malformed("salt"))?;
    let sealed = sealed["sealed: ".len()..].trim_end();
    let sealed = STANDARD.decode(sealed).map_err(|_| SealError::Malformed("sealed"))?;
    let key = derive(passphrase, &salt, cost).ok_or(SealError::Malformed("scrypt"))?;
    key.open(&sealed, head.as_bytes()).ok_or(SealError::Refused)
}

fn read_cost(text: &str) -> Option<(u8, u32, u32)> {
    let mut parts = text.split(' ');
    let cost = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.next().is_none() && cost.0 <= LOG_N_MAX && cost.1 == COST.1 && cost.2 == COST.2).then_some(cost)
}

fn derive(passphrase: &Passphrase, salt: &[u8], (log_n, r, p): (u8, u32, u32)) -> Option<SealingKey> {
    let params = scrypt::Params::new(log_n, r, p).ok()?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    scrypt::scrypt(passphrase.as_bytes(), salt, &params, &mut *key).ok()?;
    Some(SealingKey::new(&key))
}

/// A key for sealing many small values with AES-256-GCM: each with a nonce of its own in front.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// With a key of 32 bytes.
    ///
    /// # Panics
    /// Never: the length of the key is that of the algorithm.
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes")))
    }

    /// Seals a value for a context, which is not in the result but needed for opening it.
    ///
    /// # Panics
    /// The value is longer than 64 GiB.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        let nonce = hash::random::<NONCE_LEN>();
        let mut text = plain.to_vec();
        let sealed = self.0.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut text,
        );
        sealed.expect("AES-GCM takes every value that fits into memory");
        [&nonce[..], &text].concat()
    }

    /// The value; nothing when key, context or a byte are others than they were.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let len = self.0.open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
        text.truncate(len);
        Some(text)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

#[cfg(test)]
mod tests;
