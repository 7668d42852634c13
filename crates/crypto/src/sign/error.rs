//! What can go wrong with keys, and what to do about it.

use std::path::PathBuf;

/// Why a key could not be made, read or used. Each text names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The label cannot be a file name on every system.
    #[error("{0:?} cannot name a key: use 1 to 64 of a-z 0-9 . - _ and begin with a letter or digit")]
    BadLabel(String),
    /// Nothing is kept under this label.
    #[error(
        "there is no key or secret named {label:?} in {store}; make one or correct the name in the configuration"
    )]
    Unknown {
        /// The label asked for.
        label: String,
        /// Where it was looked for.
        store: String,
    },
    /// Something is kept under this label already; keys are never overwritten.
    #[error("{} exists already and is not overwritten; choose another name, or move the file away first", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The passphrase does not open a file.
    #[error(
        "the passphrase does not open {what}; give the passphrase it was made with \
         (or, if you are sure of it, the file is damaged: take it from a backup)"
    )]
    WrongPassphrase {
        /// The file, or the text to be imported.
        what: String,
    },
    /// No passphrase was given where one is needed.
    #[error(
        "no passphrase for the keys: set the environment variable {variable}, or name a passphrase file in the configuration"
    )]
    NoPassphrase {
        /// The environment variable looked at.
        variable: String,
    },
    /// The text to be imported is encrypted and no passphrase came with it.
    #[error("the key to be imported is encrypted; give its passphrase too")]
    ImportPassphrase,
    /// The passphrase is empty.
    #[error("the passphrase from {from} is empty; give one of at least 16 random characters")]
    EmptyPassphrase {
        /// Where the passphrase came from.
        from: String,
    },
    /// Other users of the machine may read or replace keys.
    #[error("{} is open to other users (mode {mode:03o}); run: chmod {wanted:o} '{}'", path.display(), path.display())]
    Permissions {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits now.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// A file or directory cannot be read or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Not a key in the expected form.
    #[error("{what} is no usable key: {reason}")]
    Malformed {
        /// The file, or the kind of input.
        what: String,
        /// What is wrong with it, and the remedy where there is one.
        reason: String,
    },
    /// A key of a kind that cannot be used for signing here.
    #[error("unsupported key: {0}; supported are ECDSA P-256, Ed25519 and RSA of 2048 to 8192 bits")]
    Unsupported(String),
    /// The cryptographic library refused, which it never does in health.
    #[error("the cryptographic library failed to {0}")]
    Library(&'static str),
    /// A certificate request could not be written.
    #[error("cannot write the certificate request")]
    Csr(#[from] rcgen::Error),
}
