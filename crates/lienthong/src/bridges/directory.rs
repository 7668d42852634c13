//! Between the registry, which decides on changes of the directory, and the authority, which signs and publishes it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use base::Clock;
use crypto::sign::Passphrase;
use directory::Authority;
use directory::content::Content;
use exchange::tls::DirectoryWatch;
use registry::RegistryError;
use registry::people::{Act, Person, Post, Role};
use registry::publish::{self, Origin, ProposalId};
use registry::registry::Registry;

use crate::config::AuthoritySection;

/// In whose name the platform itself acts; no person can have it, `people.toml` does not take it.
const SYSTEM: &str = "lienthong";
/// How long a publication that failed waits for the next attempt.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// What the journal calls the directory.
pub const SUBJECT: &str = "directory";

/// The platform itself, for what follows from decisions of people without another decision.
fn system() -> Person {
    let post = Post::new(Role::PlatformOperator, None);
    Person { id: SYSTEM.parse().expect("a constant in the right form"), posts: vec![post] }
}

/// Publishes what was approved, forever; each publication is written down in the registry. Looks, too, when the node
/// downloads a number that the registry does not know.
pub async fn publish(
    registry: Arc<Registry>,
    section: AuthoritySection,
    clock: Arc<dyn Clock>,
    mut directory: DirectoryWatch,
) {
    let mut changes = registry.changes();
    let mut failing = String::new();
    loop {
        changes.mark_unchanged();
        let downloaded = directory.borrow_and_update().as_ref().map(|directory| directory.number());
        match publish_pending(&registry, &section, &*clock, downloaded).await {
            Ok(number) => {
                failing.clear();
                if let Some(number) = number {
                    tracing::info!(number, "đã công bố danh bạ / the directory was published");
                }
            }
            Err(error) => {
                let error = format!("{error:#}");
                if error == failing {
                    tracing::debug!(%error, "the directory is still not published");
                } else {
                    tracing::error!(%error, "chưa công bố được danh bạ / the directory is not published; trying again");
                    failing = error;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
        }
        let goes_on = tokio::select! {
            grown = changes.changed() => grown.is_ok(),
            other = directory.changed() => other.is_ok(),
        };
        if !goes_on {
            return;
        }
    }
}

/// Publishes once; the number, when there was something to publish or to write down.
///
/// The content to publish is the registry's, whole: an attempt that was interrupted is made again, and one that was only
/// not written down is written down. A directory that somebody changed past the registry is left alone.
async fn publish_pending(
    registry: &Registry,
    section: &AuthoritySection,
    clock: &dyn Clock,
    downloaded: Option<u64>,
) -> anyhow::Result<Option<u64>> {
    let (draft, known, waits) = registry.read(|state| {
        let directory = &state.directory;
        (directory.draft().cloned(), directory.number(), !publish::pending(state).is_empty())
    });
    if draft.is_some() && !waits && downloaded.is_none_or(|number| known.is_some_and(|known| known >= number))
    {
        return Ok(None);
    }
    let mut authority = open(section).await?;
    if draft.is_none() {
        adopt(registry, authority.content()).await?;
        return Ok(None);
    }
    let found = authority.content().clone();
    let ours = match registry.read(|state| publish::origin(state, &found))? {
        Origin::Ours(ids) => ids,
        Origin::ByHand(changes) => return Err(changed_by_hand(&changes)),
    };
    let mut told = None;
    if known.is_none_or(|known| found.number > known) {
        write_down(registry, found.number, &ours).await?;
        told = Some(found.number);
    }
    let (draft, ids) = registry.read(|state| {
        let ids: Vec<ProposalId> = publish::pending(state).iter().map(|change| change.id).collect();
        (state.directory.draft().cloned(), ids)
    });
    let Some(draft) = draft.filter(|_| !ids.is_empty()) else { return Ok(told) };
    // Revocation lists are the authority's own matter.
    let content = Content { crls: found.crls, ..Content::clone(&draft) };
    authority.replace(content.to_json().as_bytes())?;
    let number = authority.publish(clock.now()).await?;
    write_down(registry, number, &ids).await?;
    Ok(Some(number))
}

/// The journal gets a number that was published.
async fn write_down(registry: &Registry, number: u64, ids: &[ProposalId]) -> Result<(), RegistryError> {
    let decide = |state: &registry::State, _: &registry::Moment| publish::published(state, number, ids);
    registry.act(&system(), Act::DirectoryApprove, None, SUBJECT, decide).await.map(drop)
}

fn changed_by_hand(changes: &[publish::Change]) -> anyhow::Error {
    let texts = changes.iter().map(|change| {
        let summary = change.summary();
        format!("{} / {}", summary.vi, summary.en)
    });
    let texts: Vec<String> = texts.collect();
    anyhow::anyhow!(
        "danh bạ đã bị sửa ngoài sổ đăng ký nên không ghi đè; xem và nhận vào sổ bằng `lienthong registry take-directory`, hoặc hoàn lại bằng `lienthong authority` / the directory was changed past the registry and is not overwritten: look at it and take it in with `lienthong registry take-directory`, or undo it with `lienthong authority`: {}",
        texts.join("; ")
    )
}

/// Opens the authority. Its keys are derived from a passphrase on purpose slowly, so not on the runtime's threads.
///
/// # Errors
/// There is none, somebody else has it open, or the passphrase is wrong.
pub async fn open(section: &AuthoritySection) -> anyhow::Result<Authority> {
    let AuthoritySection { dir, passphrase_file } = section.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let passphrase = Passphrase::from_file(&passphrase_file)?;
        Authority::open(&dir, &passphrase)
            .with_context(|| format!("[registry.authority] dir = {}", dir.display()))
    });
    opened.await.context("the authority was not opened")?
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
pub async fn follow(registry: Arc<Registry>, mut directory: DirectoryWatch) {
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

#[cfg(test)]
mod tests;
