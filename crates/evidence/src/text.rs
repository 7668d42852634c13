//! Text forms shared by the formats: each value has exactly one.

use crypto::b64;
use crypto::hash::Digest;

/// The digest written as canonical base64, or nothing.
pub fn digest_of_b64(text: &str) -> Option<Digest> {
    b64::decode_digest(text)
}

/// The number written without sign and leading zeros, or nothing.
pub fn number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Serde: a digest as lower-case hexadecimal.
pub mod hex_digest {
    use crypto::hash::Digest;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 64];
        hex::encode_to_slice(digest, &mut text).expect("64 characters hold 32 bytes");
        serializer.serialize_str(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(&text, &mut digest).map_err(D::Error::custom)?;
        Ok(digest)
    }
}

/// Serde: a digest as lower-case hexadecimal, when there is one.
pub mod hex_digest_option {
    use crypto::hash::Digest;
    use serde::{Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub fn serialize<S: Serializer>(digest: &Option<Digest>, serializer: S) -> Result<S::Ok, S::Error> {
        match digest {
            Some(digest) => super::hex_digest::serialize(digest, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Digest>, D::Error> {
        super::hex_digest::deserialize(deserializer).map(Some)
    }
}

/// Serde: bytes as canonical base64.
pub mod b64_bytes {
    use crypto::b64;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        b64::decode(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Serde: digests as canonical base64.
pub mod b64_digests {
    use crypto::b64;
    use crypto::hash::Digest;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(digests: &[Digest], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(digests.iter().map(|digest| b64::encode(digest)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Digest>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let digest =
            |text: &String| super::digest_of_b64(text).ok_or_else(|| D::Error::custom("not a digest"));
        texts.iter().map(digest).collect()
    }
}

/// Serde: a moment as RFC 3339 text in UTC, in the one form that [`base::Ts`] writes.
pub mod moment {
    use base::Ts;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
    pub fn serialize<S: Serializer>(at: &Ts, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ts, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::moment_of(&text).ok_or_else(|| D::Error::custom("not a moment in canonical form"))
    }
}

/// The moment written in `text`, when the text is in the form that [`base::Ts`] writes.
pub fn moment_of(text: &str) -> Option<base::Ts> {
    let at = base::Ts::parse(text).ok()?;
    (at.to_string() == text).then_some(at)
}
