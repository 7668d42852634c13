//! What a call says of itself beside its target, such as its purpose: the form that each of these texts has.

/// Longest such text in bytes.
pub const SAID_BYTES_MAX: usize = 255;

/// Whether a text can go with a call: visible ASCII and spaces, not empty, not longer than `bytes_max`.
pub fn can_be_said(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_visible_ascii_goes_with_a_call() {
        for text in ["dang-ky-khai-sinh", "TTHC", "a b", "~"] {
            assert!(can_be_said(text, SAID_BYTES_MAX), "{text}");
        }
        let long = "a".repeat(SAID_BYTES_MAX + 1);
        for text in ["", "Đăng ký khai sinh", "a\tb", "a\nb", "\u{7f}", &long] {
            assert!(!can_be_said(text, SAID_BYTES_MAX), "{text}");
        }
    }
}
