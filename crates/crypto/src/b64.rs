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
    fn whatever_is_read_is_written_the_same() {
        bolero::check!().with_type::<String>().for_each(|text: &String| {
            if let Ok(bytes) = decode(text) {
                assert_eq!(&encode(&bytes), text);
            }
        });
    }
}
