//! Why the authority cannot do what it is asked to.

use std::path::PathBuf;

use crypto::sign::KeyError;

use crate::TARGET_BYTES_MAX;
use crate::content::NoSuch;
use crate::mistake::Mistakes;

/// Why the authority cannot do what it is asked to; what is published stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// There is one already.
    #[error("there is an authority in {} already; nothing was changed", dir.display())]
    Exists {
        /// Where.
        dir: PathBuf,
    },
    /// There is none.
    #[error("there is no authority in {}: make one first", dir.display())]
    Missing {
        /// Where.
        dir: PathBuf,
    },
    /// Another process has it open.
    #[error("another process works on the authority in {}; try again when it has finished", dir.display())]
    Busy {
        /// Where.
        dir: PathBuf,
    },
    /// The settings make no sense.
    #[error("the authority's settings cannot be used: {0}")]
    Settings(&'static str),
    /// The content is one of another ecosystem.
    #[error("the content is of instance {found}, this authority governs {own}")]
    OtherInstance {
        /// The authority's.
        own: String,
        /// The content's.
        found: String,
    },
    /// The content has mistakes.
    #[error(transparent)]
    Content(#[from] Mistakes),
    /// What was to be changed does not exist.
    #[error(transparent)]
    NoSuch(#[from] NoSuch),
    /// A key cannot be read, made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key of a role is not here.
    #[error("the key of the role {role} is not in the keys folder: bring its file back")]
    KeyAway {
        /// Which role.
        role: String,
    },
    /// Too few root keys are here for a new root file.
    #[error(
        "a new root file needs the signatures of {needed} root keys of the {whose} root, {here} are in the keys folder"
    )]
    TooFewRootKeys {
        /// `present` or `new`.
        whose: &'static str,
        /// How many must sign.
        needed: u64,
        /// How many are here.
        here: u64,
    },
    /// No root key has that label or identifier.
    #[error("{name:?} is neither the label nor the identifier of a root key in force")]
    NoSuchRootKey {
        /// As given.
        name: String,
    },
    /// Nothing was published yet.
    #[error("nothing is published yet: publish first")]
    NotPublished,
    /// The content is larger than any node accepts.
    #[error("the content has {bytes} bytes, at most {TARGET_BYTES_MAX} can be published")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// A file is not what it should be.
    #[error("{} is damaged: {reason}; restore it from a backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The TUF library refused.
    #[error("signing failed: {0}")]
    Tuf(Box<tough::error::Error>),
}

impl From<tough::error::Error> for AuthorityError {
    fn from(error: tough::error::Error) -> Self {
        Self::Tuf(Box::new(error))
    }
}
