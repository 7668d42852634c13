//! Why a directory is not accepted.

use std::path::PathBuf;

use base::Ts;

use crate::mistake::Mistakes;

/// Why no new directory was taken over; the one that was trusted before stays trusted until it expires.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The trusted root file cannot be used.
    #[error("the trusted root file {} cannot be used: {reason}", path.display())]
    Root {
        /// The file of the configuration.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The address of the directory is none that can be fetched from.
    #[error("{url:?} is not an address of a directory, which begins with http:// or file://")]
    Address {
        /// As configured.
        url: String,
    },
    /// No connection, or it broke before an answer came.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The whole answer did not come in time.
    #[error("{url} did not answer completely within {seconds} s")]
    Timeout {
        /// What was asked for.
        url: String,
        /// The limit.
        seconds: u64,
    },
    /// The connection ended in the middle of a file.
    #[error("{url} broke off in the middle: {reason}")]
    Interrupted {
        /// What was asked for.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// A redirect, which is never followed.
    #[error("{url} answered with a redirect (status {status}), which is not followed")]
    Redirect {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// Another status than 200 or "not found".
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// A file that must exist does not.
    #[error("{url} does not exist")]
    NotFound {
        /// What was asked for.
        url: String,
    },
    /// A file is larger than allowed.
    #[error("{file} is larger than the {bytes_max} bytes that are allowed")]
    TooLarge {
        /// Which file.
        file: String,
        /// The limit.
        bytes_max: u64,
    },
    /// A file is not what its name promises.
    #[error("{file} is malformed: {reason}")]
    Malformed {
        /// Which file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file has too few good signatures of the keys that the trusted root names.
    #[error("{role} has {valid} good signature(s) of the trusted keys, {needed} are needed")]
    NotSigned {
        /// `root`, `timestamp`, `snapshot` or `targets`.
        role: String,
        /// How many there must be.
        needed: u64,
        /// How many there are.
        valid: u64,
    },
    /// A file is older than one that was trusted before.
    #[error("{role} was rolled back: version {trusted} was trusted before, now version {offered} is offered")]
    RolledBack {
        /// `root`, `timestamp`, `snapshot` or `targets`.
        role: String,
        /// The version trusted before.
        trusted: u64,
        /// The version offered now.
        offered: u64,
    },
    /// Good files of different publications were put together.
    #[error("{file} is of another publication: version {expected} was promised, it is version {found}")]
    MixedUp {
        /// Which file.
        file: String,
        /// The version that the file above it promises.
        expected: u64,
        /// The version it has.
        found: u64,
    },
    /// A file's digest is not the one that the signed file above it names.
    #[error("{file} was altered or damaged: its digest is not the one that was signed")]
    Altered {
        /// Which file.
        file: String,
    },
    /// A file's time is over: the centre has stopped, or somebody keeps its news away.
    #[error("{role} expired at {since}: the directory has not been renewed, or its renewals are kept away")]
    Expired {
        /// `root`, `timestamp`, `snapshot` or `targets`.
        role: &'static str,
        /// When.
        since: Ts,
    },
    /// The content was signed and is not a directory all the same.
    #[error(transparent)]
    Content(#[from] Mistakes),
    /// Nothing was ever fetched into the cache.
    #[error("there is no directory in {} yet: it must be fetched once before the centre may be down", path.display())]
    NoCache {
        /// The cache file.
        path: PathBuf,
    },
    /// The cache cannot be read or written.
    #[error("the directory cache {} cannot be used: {source}", path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Any other refusal of the TUF library.
    #[error("the directory was refused: {0}")]
    Refused(String),
}
