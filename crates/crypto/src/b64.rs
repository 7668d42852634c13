//! Standard base64 in its one canonical form, so that equal bytes mean equal text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text is not base64 in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64 in canonical form (RFC 4648 section 4, padded, no line breaks): {0}")]
pub struct NotBase64(#[from] base64::DecodeError);

/// The bytes as base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes as base64 with padding, appended to `text`.
pub fn encode_onto(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// The bytes written in `text`.
///
/// # Errors
/// Padding missing, unused bits set, line breaks or any other character.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64> {
    Ok(STANDARD.decode(text)?)
}

/// The 32 bytes written in `text`, without the detour over the heap; nothing when it is anything else.
pub fn decode_digest(text: &str) -> Option<[u8; 32]> {
    // 44 characters hold 31 to 33 bytes.
    let mut bytes = [0; 33];
    let fits = text.len() == 44 && STANDARD.decode_slice(text, &mut bytes) == Ok(32);
    fits.then(|| bytes.first_chunk().copied())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        assert_eq!(decode("aGk=").ok().as_deref(), Some(b"hi".as_slice()));
        for wrong in ["aGk", "aGl=", "aG k=", "aGk=\n", "aGk==", "_-==", "="] {
            assert!(decode(wrong).is_err(), "{wrong:?} was read");
        }
    }

    #[test]
    fn a_digest_is_read_as_any_other_bytes_are() {
        for length in 0..64 {
            let text = encode(&vec![0xa7; length]);
            let expected = decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
            assert_eq!(decode_digest(&text), expected, "{text}");
        }
        // Unused bits set.
        assert_eq!(decode_digest("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB="), None);
    }

    #[test]
    fn whatever_is_read_is_written_the_same() {
        bolero::check!().with_type::<String>().for_each(|text: &String| {
            if let Ok(bytes) = decode(text) {
                assert_eq!(&encode(&bytes), text);
            }
        });
    }
}
