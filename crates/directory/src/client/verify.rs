//! One pass of the TUF client workflow: from a trusted root to a verified snapshot.

use std::path::Path;
use std::sync::Arc;

use base::Ts;
use tough::schema::Role;
use tough::{ExpirationEnforcement, IntoVec as _, Repository, RepositoryLoader, TargetName};

use super::explain::explain;
use super::mirror::{Mirror, root_name};
use super::transport::Fetcher;
use crate::TARGET;
use crate::content::Content;
use crate::error::DirectoryError;
use crate::snapshot::{RoleState, Snapshot};

/// A publication that was verified, expiry excepted.
pub(super) struct Verified {
    /// Its files, byte for byte.
    pub mirror: Mirror,
    pub snapshot: Arc<Snapshot>,
}

/// Verifies what `fetcher` gets, starting at the trusted `root`.
///
/// Expiry is left to the caller: the library would read the machine's clock, and an expired copy is still good
/// for noticing a rollback.
pub(super) async fn verify(
    root: &[u8],
    root_path: &Path,
    fetcher: Fetcher,
    trusted: Option<&Verified>,
) -> Result<Verified, DirectoryError> {
    let scratch = tempfile::tempdir().and_then(|folder| lay_out(folder, fetcher.known()));
    let scratch = scratch.map_err(|source| DirectoryError::Cache { path: std::env::temp_dir(), source })?;
    let repository = load(root, root_path, &fetcher, scratch.path()).await?;
    let bytes = read_target(&repository, &fetcher).await?;
    let mirror = mirror(root, &repository, &fetcher)?;
    if let Some(trusted) = trusted.filter(|trusted| trusted.mirror == mirror) {
        return Ok(Verified { mirror, snapshot: Arc::clone(&trusted.snapshot) });
    }
    // Parsing thousands of certificates takes long enough to hold up other tasks.
    let parsed = tokio::task::spawn_blocking(move || Content::parse(&bytes)).await;
    let content = parsed.map_err(|stopped| DirectoryError::Refused(stopped.to_string()))??;
    let roles = roles(&repository);
    let version = repository.targets().signed.version.get();
    if content.number != version {
        let reason =
            format!("its number is {}, the signed targets file has version {version}", content.number);
        return Err(DirectoryError::Malformed { file: TARGET.to_owned(), reason });
    }
    Ok(Verified { mirror, snapshot: Arc::new(Snapshot::verified(content, roles)) })
}

/// What was trusted before, where the library looks for it to notice a rollback.
fn lay_out(folder: tempfile::TempDir, known: &Mirror) -> std::io::Result<tempfile::TempDir> {
    for (name, text) in &known.0 {
        let Some(name) = name.strip_prefix("metadata/") else { continue };
        // `7.snapshot.json` was `snapshot.json` when it was trusted.
        for kept in ["timestamp.json", "snapshot.json"] {
            if name == kept || name.ends_with(&format!(".{kept}")) {
                std::fs::write(folder.path().join(kept), text)?;
            }
        }
    }
    Ok(folder)
}

async fn load(
    root: &[u8],
    root_path: &Path,
    fetcher: &Fetcher,
    scratch: &Path,
) -> Result<Repository, DirectoryError> {
    let limits = fetcher.limits();
    let loader = RepositoryLoader::new(&root, fetcher.folder("metadata/")?, fetcher.folder("targets/")?)
        .transport(fetcher.clone())
        .datastore(scratch)
        .limits(tough::Limits {
            max_root_size: limits.metadata_bytes_max,
            max_targets_size: limits.metadata_bytes_max,
            max_timestamp_size: limits.metadata_bytes_max,
            max_snapshot_size: limits.metadata_bytes_max,
            max_root_updates: limits.roots_max,
        })
        .expiration_enforcement(ExpirationEnforcement::Unsafe);
    let repository = loader.load().await;
    if let Some(failure) = fetcher.failure() {
        return Err(failure);
    }
    repository.map_err(|error| explain(error, root_path, &fetcher.fetched()))
}

async fn read_target(repository: &Repository, fetcher: &Fetcher) -> Result<Vec<u8>, DirectoryError> {
    let explain = |error| match fetcher.failure() {
        Some(failure) => failure,
        None => explain(error, Path::new(""), &fetcher.fetched()),
    };
    let name = TargetName::new(TARGET).map_err(explain)?;
    let missing =
        || DirectoryError::Malformed { file: "targets".to_owned(), reason: format!("it names no {TARGET}") };
    let target = repository.targets().signed.targets.get(&name).ok_or_else(missing)?;
    let bytes_max = fetcher.limits().target_bytes_max;
    if target.length > bytes_max {
        return Err(DirectoryError::TooLarge { file: TARGET.to_owned(), bytes_max });
    }
    let stream = repository.read_target(&name).await.map_err(explain)?.ok_or_else(missing)?;
    stream.into_vec().await.map_err(explain)
}

fn roles(repository: &Repository) -> Vec<RoleState> {
    fn state<R: Role>(role: &'static str, signed: &R) -> RoleState {
        let expires = Ts(signed.expires().as_microsecond());
        RoleState { role, version: signed.version().get(), expires }
    }
    vec![
        state("root", &repository.root().signed),
        state("targets", &repository.targets().signed),
        state("snapshot", &repository.snapshot().signed),
        state("timestamp", &repository.timestamp().signed),
    ]
}

/// The chain of roots that is known, and the other files of this publication only.
fn mirror(root: &[u8], repository: &Repository, fetcher: &Fetcher) -> Result<Mirror, DirectoryError> {
    let mut mirror = fetcher.fetched();
    for (version, text) in fetcher.known().roots() {
        mirror.0.insert(root_name(version), text.to_owned());
    }
    // Started from the root of the configuration: it is the first link of the chain.
    let started: tough::schema::Signed<tough::schema::Root> = serde_json::from_slice(root)
        .map_err(|error| DirectoryError::Malformed { file: "root".to_owned(), reason: error.to_string() })?;
    let text = String::from_utf8_lossy(root).into_owned();
    mirror.0.entry(root_name(started.signed.version.get())).or_insert(text);
    debug_assert!(mirror.roots().any(|(version, _)| version == repository.root().signed.version.get()));
    Ok(mirror)
}
