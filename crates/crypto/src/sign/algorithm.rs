//! The three signature algorithms and the two ways to write an ECDSA signature.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A signature algorithm, named as in RFC 9421 section 6.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256,
    /// Ed25519.
    Ed25519,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes, for RSA certificates that agencies hold already.
    RsaPssSha512,
}

impl Algorithm {
    /// The name in RFC 9421.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::Ed25519 => "ed25519",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name stands for none of the algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature algorithm {0:?} (known: ecdsa-p256-sha256, ed25519, rsa-pss-sha512)")]
pub struct UnknownAlgorithm(pub String);

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::EcdsaP256Sha256, Self::Ed25519, Self::RsaPssSha512]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text)
            .ok_or_else(|| UnknownAlgorithm(text.to_owned()))
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes of each of the two numbers of an ECDSA P-256 signature.
const ECDSA_NUMBER_BYTES: usize = 32;
const DER_SEQUENCE: u8 = 0x30;
const DER_INTEGER: u8 = 0x02;

/// The DER form (`ECDSA-Sig-Value`, RFC 3279 section 2.2.3) of a raw ECDSA P-256 signature.
///
/// `raw` that is not 64 bytes long gives DER that no verifier accepts.
pub fn ecdsa_der(raw: &[u8]) -> Vec<u8> {
    let (r, s) = raw.split_at(raw.len().min(ECDSA_NUMBER_BYTES));
    let s = &s[..s.len().min(ECDSA_NUMBER_BYTES)];
    let mut numbers = Vec::with_capacity(2 * (ECDSA_NUMBER_BYTES + 3));
    push_integer(&mut numbers, r);
    push_integer(&mut numbers, s);
    let mut der = Vec::with_capacity(numbers.len() + 2);
    push_head(&mut der, DER_SEQUENCE, numbers.len());
    der.extend_from_slice(&numbers);
    der
}

fn push_integer(der: &mut Vec<u8>, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = &big_endian[zeros..];
    // DER integers are signed: a leading zero byte keeps the number positive, and stands alone for zero.
    let sign = usize::from(digits.first().is_none_or(|byte| *byte >= 0x80));
    push_head(der, DER_INTEGER, sign + digits.len());
    der.extend(std::iter::repeat_n(0, sign));
    der.extend_from_slice(digits);
}

fn push_head(der: &mut Vec<u8>, tag: u8, length: usize) {
    der.push(tag);
    der.push(u8::try_from(length).expect("two numbers of 33 bytes at most fit the short form"));
}

/// The bytes are not an ECDSA P-256 signature in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ECDSA P-256 signature in DER")]
pub struct NotEcdsaDer;

/// The raw form (64 bytes) of an ECDSA P-256 signature in DER.
///
/// # Errors
/// Anything but strict DER of two numbers that fit 32 bytes each.
pub fn ecdsa_raw(der: &[u8]) -> Result<Vec<u8>, NotEcdsaDer> {
    let (numbers, rest) = take(der, DER_SEQUENCE)?;
    let (r, numbers_rest) = take(numbers, DER_INTEGER)?;
    let (s, end) = take(numbers_rest, DER_INTEGER)?;
    let mut raw = [0; 2 * ECDSA_NUMBER_BYTES];
    for (number, place) in [r, s].into_iter().zip(raw.chunks_mut(ECDSA_NUMBER_BYTES)) {
        let digits = number.strip_prefix(&[0]).unwrap_or(number);
        let start = ECDSA_NUMBER_BYTES.checked_sub(digits.len()).ok_or(NotEcdsaDer)?;
        place[start..].copy_from_slice(digits);
    }
    // Writing it again catches every other way to write the same numbers.
    if rest.is_empty() && end.is_empty() && ecdsa_der(&raw) == der {
        Ok(raw.to_vec())
    } else {
        Err(NotEcdsaDer)
    }
}

/// Splits `der` into the content of its first element, which must have `tag`, and what follows.
fn take(der: &[u8], tag: u8) -> Result<(&[u8], &[u8]), NotEcdsaDer> {
    match der {
        [first, length, rest @ ..] if *first == tag && *length < 0x80 => {
            rest.split_at_checked(usize::from(*length)).ok_or(NotEcdsaDer)
        }
        _ => Err(NotEcdsaDer),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_raw_signature_survives_der() {
        bolero::check!().with_type::<([u8; 32], [u8; 32])>().for_each(|(r, s)| {
            let raw = [r.as_slice(), s].concat();
            assert_eq!(ecdsa_raw(&ecdsa_der(&raw)), Ok(raw));
        });
    }

    #[test]
    fn der_is_read_only_if_it_would_be_written_the_same() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|der: &Vec<u8>| {
            if let Ok(raw) = ecdsa_raw(der) {
                assert_eq!(&ecdsa_der(&raw), der);
            }
        });
        assert_eq!(ecdsa_raw(&[0x30, 6, 2, 1, 1, 2, 1, 1]).unwrap()[31], 1);
        for wrong in [
            [0x30, 6, 2, 1, 0x81, 2, 1, 1].as_slice(), // negative
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],           // needless zero
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],           // trailing byte
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],        // long form of a short length
            &[0x30, 5, 2, 1, 1, 2, 0],                 // no digits
        ] {
            assert_eq!(ecdsa_raw(wrong), Err(NotEcdsaDer), "{wrong:02x?}");
        }
    }

    #[test]
    fn a_raw_signature_of_any_length_does_not_panic() {
        for length in [0, 1, 31, 33, 63, 65, 1000] {
            ecdsa_der(&vec![0xff; length]);
        }
    }

    #[test]
    fn an_algorithm_is_written_in_json_by_its_rfc_name() {
        for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Ed25519, Algorithm::RsaPssSha512] {
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
            assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm);
        }
        assert!(serde_json::from_str::<Algorithm>("\"hmac-sha256\"").is_err());
    }
}
