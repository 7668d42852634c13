//! Passwords of sources: in a file of their own, in the clear or sealed.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::error::SourceError;

/// A password, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password that somebody unsealed.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// For the driver.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The text of a file that nobody else may read.
///
/// # Errors
/// [`SourceError::Unreachable`]: it cannot be read, or others can.
pub fn read(path: &Path) -> Result<String, SourceError> {
    let failed = |what: String| SourceError::Unreachable { source_name: path.display().to_string(), what };
    let mode = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let what =
            format!("người khác đọc được, chạy / others can read it, run: chmod 600 '{}'", path.display());
        return Err(failed(what));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

/// The password of a file in the clear.
///
/// # Errors
/// As [`read`]; [`SourceError::Sealed`]: only somebody with the passphrase of the node's keys can read it.
pub fn clear(path: &Path) -> Result<Password, SourceError> {
    let text = read(path)?;
    if crypto::seal::is_sealed(&text) {
        let what = "cần cấu hình của nút, thêm --config lienthong.toml / it wants the node's configuration: add --config lienthong.toml";
        return Err(SourceError::Sealed { path: path.display().to_string(), what: what.into() });
    }
    Ok(Password::new(text.trim_end()))
}
