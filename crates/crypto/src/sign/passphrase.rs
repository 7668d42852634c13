//! The passphrase that keys on disk are encrypted with.

use std::ffi::OsString;
use std::path::Path;
use std::{env, fmt, fs};

use zeroize::Zeroizing;

use super::KeyError;

/// A passphrase, wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase that came from somewhere else than [`Self::from_env`] and [`Self::from_file`].
    ///
    /// # Errors
    /// It is empty.
    pub fn new(text: String) -> Result<Self, KeyError> {
        Self::checked(Zeroizing::new(text), "the caller")
    }

    /// Takes the passphrase from an environment variable, usually `LIENTHONG_PASSPHRASE`.
    ///
    /// # Errors
    /// The variable is not set, empty or not UTF-8.
    pub fn from_env(variable: &str) -> Result<Self, KeyError> {
        Self::from_value(variable, env::var_os(variable))
    }

    /// Takes the passphrase from a file. One line break at its end does not count.
    ///
    /// # Errors
    /// The file cannot be read, is empty or not UTF-8.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let text =
            fs::read_to_string(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        let text = Zeroizing::new(text);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        Self::checked(Zeroizing::new(line.to_owned()), &path.display().to_string())
    }

    fn from_value(variable: &str, value: Option<OsString>) -> Result<Self, KeyError> {
        let missing = || KeyError::NoPassphrase { variable: variable.to_owned() };
        let text = value.and_then(|value| value.into_string().ok()).ok_or_else(missing)?;
        Self::checked(Zeroizing::new(text), variable)
    }

    fn checked(text: Zeroizing<String>, from: &str) -> Result<Self, KeyError> {
        if text.is_empty() {
            return Err(KeyError::EmptyPassphrase { from: from.to_owned() });
        }
        Ok(Self(text))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_passphrase_file_may_end_with_one_line_break() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        for (content, expected) in [("a b\n", "a b"), ("a b\r\n", "a b"), ("a b", "a b"), ("a\n\n", "a\n")] {
            fs::write(&path, content).unwrap();
            assert_eq!(Passphrase::from_file(&path).unwrap().as_bytes(), expected.as_bytes());
        }
        fs::write(&path, "\n").unwrap();
        assert!(matches!(Passphrase::from_file(&path), Err(KeyError::EmptyPassphrase { .. })));
        assert!(matches!(Passphrase::from_file(&dir.path().join("none")), Err(KeyError::Io { .. })));
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Passphrase::from_env("LIENTHONG_TEST_NEVER_SET").unwrap_err();
        assert!(error.to_string().contains("LIENTHONG_TEST_NEVER_SET"), "{error}");
        let given = Passphrase::from_value("V", Some("secret".into())).unwrap();
        assert_eq!(given.as_bytes(), b"secret");
        assert!(matches!(
            Passphrase::from_value("V", Some("".into())),
            Err(KeyError::EmptyPassphrase { .. })
        ));
    }

    #[test]
    fn a_passphrase_is_not_shown() {
        assert_eq!(format!("{:?}", Passphrase::new("secret".to_owned()).unwrap()), "Passphrase(..)");
    }
}
