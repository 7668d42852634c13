//! Between the registry, which decides on changes of the directory, and the authority, which signs and publishes it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base::Clock;
use crypto::sign::Passphrase;
use directory::Authority;
use directory::content::Content;
use directory::snapshot::Snapshot;
use registry::people::{Act, Person, Post, Role};
use registry::publish::{self, ApprovedChange};
use registry::registry::Registry;
use tokio::sync::watch;

use crate::config::AuthoritySection;

/// In whose name the platform itself acts; no person can have it, `people.toml` does not take it.
const SYSTEM: &str = "lienthong";
/// How long a publication that failed waits for the next attempt.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// What the journal calls the directory.
const SUBJECT: &str = "directory";

/// The platform itself, for what follows from decisions of people without another decision.
fn system() -> Person {
    let post = Post { role: Role::PlatformOperator, agency: None };
    Person { id: SYSTEM.parse().expect("a constant in the right form"), posts: vec![post] }
}

/// Publishes what was approved, forever; each publication is written down in the registry.
pub async fn publish(registry: Arc<Registry>, section: AuthoritySection, clock: Arc<dyn Clock>) {
    let mut changes = registry.changes();
    loop {
        changes.mark_unchanged();
        match publish_pending(&registry, &section, &*clock).await {
            Ok(None) => {}
            Ok(Some(number)) => tracing::info!(number, "đã công bố danh bạ / the directory was published"),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(%error, "chưa công bố được danh bạ / the directory is not published; trying again");
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Publishes once; the number, when there was something to publish.
///
/// The content to publish is the registry's, whole: an attempt that was interrupted is simply made again.
async fn publish_pending(
    registry: &Registry,
    section: &AuthoritySection,
    clock: &dyn Clock,
) -> anyhow::Result<Option<u64>> {
    let (draft, pending) = registry.read(|state| (state.directory.draft().cloned(), publish::pending(state)));
    let Some(draft) = draft else {
        let authority = open(section)?;
        adopt(registry, authority.content()).await?;
        return Ok(None);
    };
    if pending.is_empty() {
        return Ok(None);
    }
    let mut authority = open(section)?;
    // Revocation lists are the authority's own matter.
    let content = Content { crls: authority.content().crls.clone(), ..Content::clone(&draft) };
    authority.replace(content.to_json().as_bytes())?;
    let number = authority.publish(clock.now()).await?;
    let ids: Vec<_> = pending.iter().map(|change: &ApprovedChange| change.id).collect();
    registry
        .act(&system(), Act::DirectoryApprove, None, SUBJECT, |state, _| {
            publish::published(state, number, &ids)
        })
        .await?;
    Ok(Some(number))
}

fn open(section: &AuthoritySection) -> anyhow::Result<Authority> {
    let passphrase = Passphrase::from_file(&section.passphrase_file)?;
    let dir: &Path = &section.dir;
    Authority::open(dir, &passphrase).with_context(|| format!("[registry.authority] dir = {}", dir.display()))
}

/// The registry takes over a directory that somebody else published.
async fn adopt(registry: &Registry, content: &Content) -> anyhow::Result<()> {
    registry
        .act(&system(), Act::DirectoryApprove, None, SUBJECT, |state, _| publish::adopt(state, content))
        .await?;
    Ok(())
}

/// Follows the directory that the node downloads, forever, where the authority is somebody else's: the registry then
/// knows members and certificates without deciding on them.
pub async fn follow(registry: Arc<Registry>, mut directory: watch::Receiver<Option<Arc<Snapshot>>>) {
    loop {
        let current = directory.borrow_and_update().clone();
        if let Some(current) = current {
            let known = registry.read(|state| state.directory.number());
            if known != Some(current.number())
                && let Err(error) = adopt(&registry, current.content()).await
            {
                tracing::error!(%error, "sổ đăng ký chưa nhận danh bạ / the registry did not take the directory over");
            }
        }
        if directory.changed().await.is_err() {
            return;
        }
    }
}
