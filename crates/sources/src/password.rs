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
/// [`SourceError::PasswordFile`]: it cannot be read, or others can.
pub fn read(path: &Path) -> Result<String, SourceError> {
    let unread = |error: std::io::Error| {
        unusable(path, &format!("không đọc được: {error}"), &format!("cannot be read: {error}"))
    };
    let mode = std::fs::metadata(path).map_err(unread)?.permissions().mode();
    if mode & 0o077 != 0 {
        let run = format!("chmod 600 '{}'", path.display());
        let (vi, en) = (format!("người khác đọc được, chạy {run}"), format!("others can read it, run {run}"));
        return Err(unusable(path, &vi, &en));
    }
    std::fs::read_to_string(path).map_err(unread)
}

fn unusable(path: &Path, vi: &str, en: &str) -> SourceError {
    SourceError::PasswordFile { path: path.display().to_string(), vi: vi.to_owned(), en: en.to_owned() }
}

/// The password of a file in the clear.
///
/// # Errors
/// As [`read`]; there is none in it, or only somebody with the passphrase of the node's keys can read it.
pub fn clear(path: &Path) -> Result<Password, SourceError> {
    let text = read(path)?;
    if crypto::seal::is_sealed(&text) {
        let vi = "đã niêm phong, cần cấu hình của nút: thêm --config lienthong.toml";
        let en = "it is sealed and wants the node's configuration: add --config lienthong.toml";
        return Err(unusable(path, vi, en));
    }
    let password = text.trim_end();
    if password.is_empty() {
        return Err(unusable(path, "trống, chưa có mật khẩu", "it is empty, no password was given"));
    }
    Ok(Password::new(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_usable_password_is_named_and_no_connection_blamed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mat-khau.txt");
        let check = |said: &str| {
            let error = clear(&path).unwrap_err().to_string();
            assert!(error.contains("the password file") && error.contains(said), "{error}");
            assert_eq!(error.matches(" / ").count(), 1, "each language once: {error}");
        };
        check("cannot be read");
        std::fs::write(&path, "bi-mat\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        check("chmod 600");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(clear(&path).unwrap().text(), "bi-mat");
        std::fs::write(&path, " \n").unwrap();
        check("no password was given");
    }
}
