//! X-Road's path patterns: `*` is any text without `/`, `**` is any text, `\` takes the next character as it is.

/// Longest pattern, bytes.
pub const PATTERN_BYTES_MAX: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    WithinSegment,
    Anything,
}

/// A compiled path pattern; matches the whole path, in time proportional to pattern × path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    tokens: Vec<Token>,
}

/// Why a text is no pattern.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It does not begin with `/` or a wildcard.
    #[error("a path pattern begins with '/' or '*'")]
    Start,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("a path pattern has at most {PATTERN_BYTES_MAX} bytes")]
    TooLong,
    /// A backslash with nothing behind it.
    #[error("a path pattern cannot end with a lone '\\'")]
    Escape,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Too long, a lone backslash, or a start that could never match.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        if !text.starts_with(['/', '*']) {
            return Err(PatternError::Start);
        }
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '\\' => Token::Literal(rest.next().ok_or(PatternError::Escape)?),
                '*' if rest.next_if_eq(&'*').is_some() => Token::Anything,
                '*' => Token::WithinSegment,
                c => Token::Literal(c),
            });
        }
        Ok(Self { text: text.to_owned(), tokens })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches the whole path.
    pub fn matches(&self, path: &str) -> bool {
        // reach[i]: the first i tokens match what was read so far. No backtracking, so no slow patterns.
        let mut reach = vec![false; self.tokens.len() + 1];
        reach[0] = true;
        self.skip_empty(&mut reach);
        for c in path.chars() {
            let mut next = vec![false; reach.len()];
            for (i, token) in self.tokens.iter().enumerate().filter(|(i, _)| reach[*i]) {
                match token {
                    Token::Literal(l) => next[i + 1] |= *l == c,
                    Token::WithinSegment => next[i] |= c != '/',
                    Token::Anything => next[i] = true,
                }
            }
            self.skip_empty(&mut next);
            reach = next;
        }
        reach[self.tokens.len()]
    }

    /// A wildcard also matches no characters at all.
    fn skip_empty(&self, reach: &mut [bool]) {
        for (i, token) in self.tokens.iter().enumerate() {
            if reach[i] && !matches!(token, Token::Literal(_)) {
                reach[i + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let pattern = Pattern::new(pattern).expect("a pattern of the test");
        for path in yes {
            assert!(pattern.matches(path), "{pattern:?} should match {path}");
        }
        for path in no {
            assert!(!pattern.matches(path), "{pattern:?} should not match {path}");
        }
    }

    #[test]
    fn one_star_stays_in_its_segment_and_two_do_not() {
        check("/*", &["/a", "/"], &["/a/b", "a", "/a/"]);
        check("/a/*/c", &["/a/b/c", "/a//c"], &["/a/b/b/c"]);
        check("/a/**", &["/a/", "/a/b", "/a/b/c"], &["/a", "/b"]);
        check("**", &["", "/", "/a/b"], &[]);
        check("/a*z", &["/az", "/abz"], &["/a/z", "/azb"]);
    }

    #[test]
    fn a_backslash_takes_the_star_as_it_is() {
        check(r"/a\*", &["/a*"], &["/ab"]);
        assert_eq!(Pattern::new(r"/a\"), Err(PatternError::Escape));
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = Pattern::new(&format!("/{}b", "*a".repeat(200))).expect("short enough");
        assert!(!pattern.matches(&format!("/{}", "a".repeat(2000))));
    }
}
