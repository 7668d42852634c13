//! Passwords of data sources that lie sealed: opened with the passphrase of the node's keys.

use std::path::Path;

use anyhow::Context as _;
use base::NodeId;
use crypto::seal;
use crypto::sign::Passphrase;
use sources::password::{self, Password};
use sources::{Definition, Offer, SourceError};

use crate::config::Config;
use crate::node;

/// What opens the sealed passwords of one node.
#[derive(Clone, Debug)]
pub struct Unsealer {
    passphrase: Passphrase,
    context: String,
}

impl Unsealer {
    /// For a node.
    ///
    /// # Errors
    /// The node has no passphrase.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let passphrase =
            config.passphrase().with_context(|| "mật khẩu của kho khóa / the passphrase of the keys")?;
        Ok(Self { passphrase, context: context(&config.node) })
    }

    /// With a passphrase for what was sealed for a context.
    pub fn with(passphrase: Passphrase, context: String) -> Self {
        Self { passphrase, context }
    }

    /// As [`new`](Self::new), with a passphrase that opens the node's keys: what is sealed with another would never open.
    ///
    /// # Errors
    /// The node has no passphrase, or a wrong one.
    pub fn proven(config: &Config) -> anyhow::Result<Self> {
        node::open_keys(config)?;
        Self::new(config)
    }

    /// A password as a file that only this node opens.
    ///
    /// # Errors
    /// It is too long.
    pub fn seal(&self, password: &str) -> Result<String, seal::SealError> {
        seal::seal(password.as_bytes(), &self.passphrase, &self.context)
    }

    /// The password of a file, sealed or in the clear.
    ///
    /// # Errors
    /// The file cannot be read, or others can read it; EX-3017 when it does not open.
    pub fn password(&self, path: &Path) -> Result<Password, SourceError> {
        let text = password::read(path)?;
        if !seal::is_sealed(&text) {
            return password::clear(path);
        }
        let failed = |what: String| {
            let (vi, en) = what.split_once(" / ").unwrap_or((&what, &what));
            let (path, vi, en) = (path.display().to_string(), vi.to_owned(), en.to_owned());
            SourceError::PasswordFile { path, vi, en }
        };
        let opened = seal::open(&text, &self.passphrase, &self.context);
        let opened = opened.map_err(|error| failed(error.to_string()))?;
        let text = std::str::from_utf8(&opened).map_err(|_| failed("UTF-8".into()))?;
        Ok(Password::new(text))
    }

    /// A definition with its password. Opening takes a while on purpose, so it runs aside. Secrets of existing services are
    /// read in the clear.
    ///
    /// # Errors
    /// As [`password`](Self::password).
    pub async fn opened(&self, definition: Offer) -> Result<Offer, SourceError> {
        Ok(match definition {
            Offer::Table(table) => Offer::Table(Box::new(self.opened_table(*table).await?)),
            Offer::Existing(_) => definition,
        })
    }

    /// As [`opened`](Self::opened), of a table.
    ///
    /// # Errors
    /// As [`password`](Self::password).
    pub async fn opened_table(&self, table: Definition) -> Result<Definition, SourceError> {
        let Some(path) = table.password_file.clone() else { return Ok(table) };
        let unsealer = self.clone();
        let opening = tokio::task::spawn_blocking(move || unsealer.password(&path)).await;
        let password = opening.map_err(|error| SourceError::Other { what: error.to_string() })??;
        Ok(Definition { password: Some(password), ..table })
    }
}

/// What the passwords of a node's sources are sealed for.
fn context(node: &NodeId) -> String {
    format!("source-password {node}")
}
