//! SHA-2, HMAC and random bytes.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::{digest, hmac};

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// Up to this many bytes, pieces are put together before they are hashed: cheaper than the context that hashing
/// piece by piece needs, which is allocated anew for each digest.
const JOINED_BYTES_MAX: usize = 1024;

/// SHA-256 over the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> Digest {
    let whole = |bytes: &[u8]| fixed(digest::digest(&digest::SHA256, bytes).as_ref());
    if let [one] = parts {
        return whole(one);
    }
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    if len <= JOINED_BYTES_MAX {
        let (mut joined, mut at) = ([0; JOINED_BYTES_MAX], 0);
        for part in parts {
            joined[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        return whole(&joined[..len]);
    }
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// SHA-512 over the concatenation of `parts`.
pub fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// HMAC-SHA-256 over the concatenation of `parts`.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        mac.update(part);
    }
    fixed(mac.sign().as_ref())
}

/// `N` bytes from the operating system's random source.
///
/// # Panics
/// When the operating system has no randomness to give. Going on without it would be worse than stopping.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// SHA-256 of bytes that arrive piece by piece.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Starts with no bytes.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        fixed(self.0.finish().as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// SHA-512 of bytes that arrive piece by piece.
#[derive(Clone)]
pub struct Sha512(digest::Context);

impl Sha512 {
    /// Starts with no bytes.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA512))
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    pub fn finish(self) -> [u8; 64] {
        fixed(self.0.finish().as_ref())
    }
}

impl Default for Sha512 {
    fn default() -> Self {
        Self::new()
    }
}

fn fixed<const N: usize>(output: &[u8]) -> [u8; N] {
    output.try_into().expect("the algorithm fixes the length of its output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_the_examples_of_fips_180() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(sha256(&[b"a", b"", b"bc"])), abc);
        let long = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd\
                    454d4423643ce80e2a9ac94fa54ca49f";
        assert_eq!(hex::encode(sha512(&[b"abc"])), long);
    }

    #[test]
    fn hmac_matches_case_2_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"])), expected);
    }

    #[test]
    fn a_copied_hash_goes_its_own_way() {
        let mut first = Sha256::new();
        first.update(b"a");
        let mut second = first.clone();
        first.update(b"b");
        second.update(b"c");
        assert_eq!(first.finish(), sha256(&[b"ab"]));
        assert_eq!(second.finish(), sha256(&[b"ac"]));
    }

    #[test]
    fn two_random_values_differ() {
        assert_ne!(random::<32>(), random::<32>());
    }
}
