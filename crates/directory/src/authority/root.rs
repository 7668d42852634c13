//! Root files: which keys count, and how keys are replaced.

use std::collections::HashMap;
use std::num::NonZeroU64;

use base::Ts;
use tough::schema::key::Key;
use tough::schema::{RoleKeys, RoleType, Root};

use super::files::SPEC_VERSION;
use super::keys::Keys;
use super::{Authority, AuthorityError, Settings, after};

/// A role whose single key works on the authority's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineRole {
    /// Signs which `directory.json` counts.
    Targets,
    /// Signs which targets file counts.
    Snapshot,
    /// Signs which snapshot file counts.
    Timestamp,
}

impl OnlineRole {
    const ALL: [Self; 3] = [Self::Targets, Self::Snapshot, Self::Timestamp];

    fn label(self) -> &'static str {
        match self {
            Self::Targets => "targets",
            Self::Snapshot => "snapshot",
            Self::Timestamp => "timestamp",
        }
    }

    fn kind(self) -> RoleType {
        match self {
            Self::Targets => RoleType::Targets,
            Self::Snapshot => RoleType::Snapshot,
            Self::Timestamp => RoleType::Timestamp,
        }
    }
}

/// The labels of the keys that a new authority has.
pub(super) fn first_labels(root_keys: u8) -> impl Iterator<Item = String> {
    let roots = (1..=root_keys).map(|n| format!("root-{n}"));
    roots.chain(OnlineRole::ALL.map(|role| role.label().to_owned()))
}

/// `1.root.json`, not signed yet.
pub(super) fn first(settings: &Settings, keys: &Keys, now: Ts) -> Result<Root, AuthorityError> {
    let mut root = Root {
        spec_version: SPEC_VERSION.to_owned(),
        consistent_snapshot: true,
        version: NonZeroU64::MIN,
        expires: after(now, settings.days.root)?,
        keys: HashMap::new(),
        roles: HashMap::new(),
        _extra: HashMap::new(),
    };
    let threshold = NonZeroU64::new(settings.threshold.into()).unwrap_or(NonZeroU64::MIN);
    let empty = |threshold| RoleKeys { keyids: Vec::new(), threshold, _extra: HashMap::new() };
    root.roles.insert(RoleType::Root, empty(threshold));
    for n in 1..=settings.root_keys {
        admit(&mut root, RoleType::Root, keys.get(&format!("root-{n}"))?);
    }
    for role in OnlineRole::ALL {
        root.roles.insert(role.kind(), empty(NonZeroU64::MIN));
        admit(&mut root, role.kind(), keys.get(role.label())?);
    }
    Ok(root)
}

fn admit(root: &mut Root, role: RoleType, (id, key): (Vec<u8>, Key)) {
    root.keys.insert(id.clone().into(), key);
    if let Some(keys) = root.roles.get_mut(&role) {
        keys.keyids.push(id.into());
    }
}

/// Takes keys out of a role, and out of the file when no other role has them.
fn dismiss(root: &mut Root, role: RoleType, gone: impl Fn(&[u8]) -> bool) {
    if let Some(keys) = root.roles.get_mut(&role) {
        keys.keyids.retain(|id| !gone(id));
    }
    let Root { keys, roles, .. } = root;
    keys.retain(|id, _| roles.values().any(|role| role.keyids.contains(id)));
}

impl Authority {
    /// Replaces one root key, named by label or identifier, by a new one; gives the new key's label.
    ///
    /// The new root file is signed by enough keys of the present root and of the new one, so that nodes follow.
    /// The replaced key need not be here: this is also the way out when it was lost.
    ///
    /// # Errors
    /// No such root key, or too few of the others are here.
    pub async fn rotate_root_key(&mut self, name: &str, now: Ts) -> Result<String, AuthorityError> {
        let no_such = || AuthorityError::NoSuchRootKey { name: name.to_owned() };
        let roots = self.root.signed.roles.get(&RoleType::Root).ok_or_else(no_such)?;
        let mut ids = roots.keyids.iter();
        let named = |id: &[u8]| hex::encode(id) == name || self.keys.label_of(id) == Some(name);
        let old = ids.find(|id| named(id)).ok_or_else(no_such)?.to_vec();
        let mut next = self.next_root(now)?;
        // One new key at most with each version: the label was never used before, here or elsewhere.
        let label = format!("root-{}", u64::from(self.settings.root_keys) + next.version.get() - 1);
        dismiss(&mut next, RoleType::Root, |id| id == old);
        // The new key will be here; whether the others suffice must be known before it is made.
        self.enough("new", self.keys.count(&next, RoleType::Root) + 1)?;
        self.keys.ensure(&label)?;
        admit(&mut next, RoleType::Root, self.keys.get(&label)?);
        self.publish_root(next).await?;
        Ok(label)
    }

    /// Replaces the key of another role by a new one and signs what is published anew; gives the new key's label.
    ///
    /// # Errors
    /// Too few root keys are here, or the keys for publishing.
    pub async fn rotate_role_key(&mut self, role: OnlineRole, now: Ts) -> Result<String, AuthorityError> {
        let mut next = self.next_root(now)?;
        let label = format!("{}-{}", role.label(), next.version);
        self.keys.ensure(&label)?;
        dismiss(&mut next, role.kind(), |_| true);
        admit(&mut next, role.kind(), self.keys.get(&label)?);
        self.publish_root(next).await?;
        if self.content.number > 0 {
            self.publish(now).await?;
        }
        Ok(label)
    }

    /// Signs a new root file with the same keys, before the present one expires.
    ///
    /// # Errors
    /// Too few root keys are here.
    pub async fn renew_root(&mut self, now: Ts) -> Result<(), AuthorityError> {
        let next = self.next_root(now)?;
        self.publish_root(next).await
    }

    /// The present root one version further; too few keys are noticed here, before anything is made.
    fn next_root(&self, now: Ts) -> Result<Root, AuthorityError> {
        self.enough("present", self.keys.count(&self.root.signed, RoleType::Root))?;
        let mut next = self.root.signed.clone();
        next.version = next.version.saturating_add(1);
        next.expires = after(now, self.settings.days.root)?;
        Ok(next)
    }

    fn enough(&self, whose: &'static str, here: u64) -> Result<(), AuthorityError> {
        let needed = self.root.signed.roles.get(&RoleType::Root).map_or(1, |keys| keys.threshold.get());
        if here < needed { Err(AuthorityError::TooFewRootKeys { whose, needed, here }) } else { Ok(()) }
    }

    /// Signs `next` by the keys of the present root and by its own, checks both, and writes it.
    pub(super) async fn publish_root(&mut self, next: Root) -> Result<(), AuthorityError> {
        let present = self.root.signed.clone();
        let by_present = self.keys.sign(next.clone(), &present).await?;
        let by_own = self.keys.sign(next, &by_present.signed().signed).await?;
        let signed = by_own.add_old_signatures(by_present.signed().signatures.clone())?;
        for (whose, root) in [("present", &present), ("new", &signed.signed().signed)] {
            if root.verify_role(signed.signed()).is_err() {
                let needed = root.roles.get(&RoleType::Root).map_or(1, |keys| keys.threshold.get());
                return Err(AuthorityError::TooFewRootKeys {
                    whose,
                    needed,
                    here: self.keys.count(root, RoleType::Root),
                });
            }
        }
        self.files.write_role(&signed)?;
        self.root = signed.signed().clone();
        Ok(())
    }
}
