//! Keys and values as they are shown to people who look for mistakes: enough to recognise, too little to learn.

/// Characters that stay at the front at most: the province of a personal number.
const FRONT_MAX: usize = 3;
/// Characters that stay at the end at most.
const END_MAX: usize = 4;

/// A text with its middle hidden, `049*****0012`; of short texts less is shown, of the shortest nothing.
pub fn masked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (front, end) = ((letters.len() / 4).min(FRONT_MAX), (letters.len() / 3).min(END_MAX));
    let hidden = letters.len() - front - end;
    let shown = |part: &[char]| part.iter().collect::<String>();
    // How long a long text was tells nothing that people need.
    format!("{}{}{}", shown(&letters[..front]), "*".repeat(hidden.min(12)), shown(&letters[front + hidden..]))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn the_middle_is_hidden_and_most_of_short_texts() {
        for (text, then) in [
            ("049062980012", "049*****0012"),
            ("012345678", "01****678"),
            ("Nguyễn Thị Đào", "Ngu******* Đào"),
            ("12345", "1***5"),
            ("12", "**"),
            ("", ""),
        ] {
            assert_eq!(masked(text), then, "{text}");
        }
    }
}
