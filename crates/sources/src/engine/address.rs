//! Where a source is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use url::Url;

use super::Engine;
use crate::error::SourceError;
use crate::file::{FileAddress, Import};
use crate::password::Password;

/// Where a source is. Its password never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    pub(super) engine: Engine,
    /// The file that is imported to be asked.
    pub(super) file: Option<Box<FileAddress>>,
}

impl Address {
    /// Where it is one of a file: how that is to be read, and the types that a definition wants its columns to have.
    #[must_use]
    pub fn with_import(mut self, import: &Import, columns: BTreeMap<String, String>) -> Self {
        self.file = self.file.map(|file| Box::new(file.with(import, columns)));
        self
    }

    /// Whether it is a file that is imported to be asked.
    pub fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// How the file is to be read, beside what stands in the address.
    pub(crate) fn import(&self) -> Import {
        let import = self.file.as_ref().map(|file| file.import().clone()).unwrap_or_default();
        if self.url.contains('#') { Import { sheet: None, ..import } } else { import }
    }

    /// Which engine answers there.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// With the password that lies elsewhere.
    ///
    /// # Errors
    /// A file has no password.
    pub fn with_password(&self, password: &str) -> Result<Self, SourceError> {
        let none = |()| SourceError::Address { what: "password".into() };
        let mut url = Url::parse(&self.url).map_err(|e| SourceError::Address { what: e.to_string() })?;
        url.set_password(Some(password)).map_err(none)?;
        Ok(Self { url: url.into(), ..self.clone() })
    }

    /// With a password that was read from its file.
    ///
    /// # Errors
    /// As [`with_password`](Self::with_password).
    pub fn with(&self, password: &Password) -> Result<Self, SourceError> {
        self.with_password(password.text())
    }

    /// The password that stands in it.
    pub fn password(&self) -> Option<String> {
        Url::parse(&self.url).ok()?.password().map(str::to_owned)
    }

    /// Without its password, for files that people read.
    pub fn without_password(&self) -> String {
        self.to_string().replace(":***@", "@")
    }

    pub(crate) fn text(&self) -> &str {
        &self.url
    }

    /// The path of a file.
    pub(super) fn path(&self) -> &str {
        self.url.strip_prefix("sqlite:").unwrap_or(&self.url)
    }
}

impl FromStr for Address {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        let engine = match text.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite" | "csv" | "xlsx") => Engine::Sqlite,
            Some("postgres" | "postgresql") => Engine::Postgres,
            Some("mysql" | "mariadb") => Engine::MySql,
            Some("mssql") => Engine::SqlServer,
            _ => {
                let what =
                    "sqlite:PATH | csv:PATH | xlsx:PATH | postgres://… | mysql://… | mariadb://… | mssql://…"
                        .into();
                return Err(SourceError::Address { what });
            }
        };
        let text = text.replacen("mariadb:", "mysql:", 1);
        if engine != Engine::Sqlite {
            let url = Url::parse(&text).map_err(|e| SourceError::Address { what: e.to_string() })?;
            if url.query_pairs().any(|(key, _)| key.to_ascii_lowercase().contains("pass")) {
                let what = "mật khẩu đặt trong tệp, --password-file / a password belongs into a file".into();
                return Err(SourceError::Address { what });
            }
            if url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 {
                let what = "thiếu máy chủ hoặc tên CSDL / server or database name is missing".into();
                return Err(SourceError::Address { what });
            }
        }
        Ok(Self { file: FileAddress::of(&text).map(Box::new), url: text, engine })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.engine == Engine::Sqlite {
            return f.write_str(&self.url);
        }
        let Ok(mut url) = Url::parse(&self.url) else { return f.write_str("?") };
        if url.password().is_some() {
            let _ = url.set_password(Some("***"));
        }
        write!(f, "{url}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
