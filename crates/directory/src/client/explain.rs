//! The TUF library's errors in our words.

use std::error::Error as _;
use std::path::Path;

use serde_json::Value;
use tough::error::Error;
use tough::schema::Error as SchemaError;

use super::mirror::Mirror;
use crate::error::DirectoryError;

/// What an error of the library means; `fetched` are the files that it had before it.
pub(super) fn explain(error: Error, root_path: &Path, fetched: &Mirror) -> DirectoryError {
    match error {
        Error::ParseTrustedMetadata { source, .. } => {
            DirectoryError::Root { path: root_path.into(), reason: source.to_string() }
        }
        Error::VerifyTrustedMetadata { source, .. } => {
            DirectoryError::Root { path: root_path.into(), reason: source.to_string() }
        }
        Error::ParseMetadata { role, source, .. } => malformed(role.to_string(), &source),
        Error::VerifyMetadata { role, source, .. } => unsigned(role.to_string(), &source),
        Error::OlderMetadata { role, current_version, new_version, .. } => {
            rolled_back(role.to_string(), current_version, new_version)
        }
        Error::OlderSnapshotInTimestamp { snapshot_new, snapshot_old, .. } => {
            rolled_back("snapshot".to_owned(), snapshot_old, snapshot_new)
        }
        Error::SnapshotRoleRollback { role, old_role_version, new_role_version, .. } => {
            rolled_back(role.trim_end_matches(".json").to_owned(), old_role_version, new_role_version)
        }
        Error::VersionMismatch { role, fetched, expected, .. } => {
            DirectoryError::MixedUp { file: role.to_string(), expected, found: fetched }
        }
        Error::Transport { url, source, .. } => {
            let cause = source.source().and_then(|cause| cause.downcast_ref::<Error>());
            refused_file(&url, cause, &source, fetched)
        }
        error @ (Error::TimestampMetaLength { .. } | Error::MissingSnapshotMeta { .. }) => {
            malformed("timestamp".into(), &error)
        }
        error @ (Error::SnapshotTargetsMetaMissing { .. }
        | Error::SnapshotRoleMissing { .. }
        | Error::MetaMissing { .. }) => malformed("snapshot".into(), &error),
        other => DirectoryError::Refused(other.to_string()),
    }
}

fn malformed(file: String, reason: &dyn ToString) -> DirectoryError {
    DirectoryError::Malformed { file, reason: reason.to_string() }
}

fn rolled_back(role: String, trusted: u64, offered: u64) -> DirectoryError {
    DirectoryError::RolledBack { role, trusted, offered }
}

fn unsigned(role: String, source: &SchemaError) -> DirectoryError {
    match source {
        SchemaError::SignatureThreshold { threshold, valid, .. } => {
            DirectoryError::NotSigned { role, needed: *threshold, valid: *valid }
        }
        other => malformed(role, other),
    }
}

/// A file came whole and the library refused it while reading: too long, or with another digest.
fn refused_file(
    url: &url::Url,
    cause: Option<&Error>,
    source: &dyn ToString,
    fetched: &Mirror,
) -> DirectoryError {
    let name = url.path().rsplit('/').next().unwrap_or_default().to_owned();
    match cause {
        // More bytes than the signed length is another file as well.
        Some(Error::HashMismatch { .. } | Error::MaxSizeExceeded { .. }) => {
            match other_version(&name, fetched) {
                Some((expected, found)) => DirectoryError::MixedUp { file: name, expected, found },
                None => DirectoryError::Altered { file: name },
            }
        }
        _ => DirectoryError::Refused(source.to_string()),
    }
}

/// The version promised by a file's name and the one inside, when they differ: a good file in a wrong place.
fn other_version(name: &str, fetched: &Mirror) -> Option<(u64, u64)> {
    let expected = name.split('.').next()?.parse().ok()?;
    let file: Value = serde_json::from_str(fetched.get(&format!("metadata/{name}"))?).ok()?;
    let found = file.get("signed")?.get("version")?.as_u64()?;
    (found != expected).then_some((expected, found))
}
