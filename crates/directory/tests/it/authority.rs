//! Making and keeping the repository.

use std::path::Path;

use crypto::sign::Passphrase;
use directory::authority::{OnlineRole, Options};
use directory::{Authority, AuthorityError};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{DAY, NOW, authority, client, id, passphrase};

fn versions(authority: &Authority) -> Vec<Option<u64>> {
    authority.status().unwrap().into_iter().map(|role| role.published.map(|(version, _)| version)).collect()
}

fn reopen(dir: &TempDir) -> Result<Authority, AuthorityError> {
    Authority::open(&dir.path().join("a"), &passphrase())
}

/// Takes key files out of the keys folder, as if they were in a safe.
fn put_away(dir: &TempDir, labels: &[&str]) {
    for label in labels {
        let from = dir.path().join("a/keys").join(format!("{label}.key"));
        std::fs::rename(from, dir.path().join(label)).unwrap();
    }
}

fn metadata(authority: &Authority, name: &str) -> Value {
    let path = authority.repository_path().join("metadata").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What a node that was given the first root sees.
async fn seen(authority: &Authority, cache: &Path) -> u64 {
    let url = format!("file://{}", authority.repository_path().display());
    let (client, _) = client(&authority.root_path(), cache, &url);
    client.refresh().await.unwrap().number()
}

#[tokio::test]
async fn publishing_counts_up_and_renewing_does_not() {
    let (dir, mut authority) = authority(NOW).await;
    assert_eq!(versions(&authority), [Some(1), None, None, None]);
    assert!(matches!(authority.renew(NOW).await, Err(AuthorityError::NotPublished)));
    assert_eq!(authority.publish(NOW).await.unwrap(), 1);
    drop(authority);
    let mut authority = reopen(&dir).unwrap();
    assert_eq!(authority.publish(NOW).await.unwrap(), 2);
    authority.renew(NOW.plus_secs(DAY)).await.unwrap();
    assert_eq!(versions(&authority), [Some(1), Some(2), Some(3), Some(3)]);
    let status = authority.status().unwrap();
    let expiries: Vec<_> = status.iter().map(|role| role.published.unwrap().1).collect();
    assert_eq!(expiries, [365, 90, 8, 8].map(|days| NOW.plus_secs(days * DAY)));
    assert_eq!((status[0].threshold, status[0].keys.len()), (2, 3));
    assert_eq!(status[0].keys[0].1.as_deref(), Some("root-1"));
    assert_eq!(authority.content().number, 2);
}

#[tokio::test]
async fn expiry_times_have_whole_seconds() {
    let (_dir, mut authority) = authority(base::Ts(NOW.0 + 123_456)).await;
    authority.publish(base::Ts(NOW.0 + 999_999)).await.unwrap();
    for name in ["1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"] {
        let expires = metadata(&authority, name)["signed"]["expires"].as_str().unwrap().to_owned();
        assert!(!expires.contains('.') && expires.ends_with('Z'), "{name}: {expires}");
    }
    assert_eq!(authority.content().created, NOW);
}

#[tokio::test]
async fn keys_lie_encrypted_on_the_disk_and_only_the_passphrase_opens_them() {
    let (dir, authority) = authority(NOW).await;
    drop(authority);
    let keys: Vec<_> = std::fs::read_dir(dir.path().join("a/keys")).unwrap().collect();
    assert_eq!(keys.len(), 6);
    for key in keys {
        let text = std::fs::read_to_string(key.unwrap().path()).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
    }
    let wrong = Passphrase::new("wrong".to_owned()).unwrap();
    assert!(matches!(Authority::open(&dir.path().join("a"), &wrong), Err(AuthorityError::Key(_))));
}

#[tokio::test]
async fn an_authority_is_made_once_and_opened_by_one_process_at_a_time() {
    let (dir, authority) = authority(NOW).await;
    assert!(matches!(reopen(&dir), Err(AuthorityError::Busy { .. })));
    drop(authority);
    let again =
        Authority::create(&dir.path().join("a"), Options::new(id("VN-DEMO")), &passphrase(), NOW).await;
    assert!(matches!(again, Err(AuthorityError::Exists { .. })));
    assert!(matches!(Authority::open(dir.path(), &passphrase()), Err(AuthorityError::Missing { .. })));
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (root_keys, threshold) in [(0, 0), (3, 0), (3, 4), (17, 2)] {
        let options = Options { root_keys, threshold, ..Options::new(id("VN-DEMO")) };
        let made = Authority::create(&dir.path().join("a"), options, &passphrase(), NOW).await;
        assert!(matches!(made, Err(AuthorityError::Settings(_))), "{threshold} of {root_keys}");
    }
}

#[tokio::test]
async fn an_edit_with_a_mistake_changes_nothing() {
    let (dir, mut authority) = authority(NOW).await;
    let before = authority.content().clone();
    let refused = authority.edit(|content| {
        content.put_member(id("VN-DEMO/GOV/G02"), " ");
        Ok(())
    });
    assert!(matches!(refused, Err(AuthorityError::Content(_))));
    let refused = authority.edit(|content| content.remove_member(&id("VN-DEMO/GOV/G02")));
    assert!(matches!(refused, Err(AuthorityError::NoSuch(_))));
    let other = directory::Content::empty(id("VN"), NOW).to_json();
    assert!(matches!(authority.replace(other.as_bytes()), Err(AuthorityError::OtherInstance { .. })));
    assert_eq!(*authority.content(), before);
    authority
        .edit(|content| {
            content.put_member(id("VN-DEMO/GOV/G02"), "Bộ Tư pháp");
            Ok(())
        })
        .unwrap();
    drop(authority);
    assert_eq!(reopen(&dir).unwrap().content().members.len(), 3);
}

#[tokio::test]
async fn a_content_file_broken_by_hand_is_refused_with_its_mistakes() {
    let (dir, authority) = authority(NOW).await;
    drop(authority);
    let path = dir.path().join("a/content.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("VN-DEMO/GOV/H17", "VN-DEMO/GOV/H 17");
    std::fs::write(path, text).unwrap();
    let Err(AuthorityError::Content(mistakes)) = reopen(&dir) else { panic!("it was opened") };
    assert!(mistakes.count() >= 3, "{mistakes}");
}

#[tokio::test]
async fn renewing_needs_no_key_but_those_of_snapshot_and_timestamp() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    drop(authority);
    put_away(&dir, &["root-1", "root-2", "root-3", "targets"]);
    let mut authority = reopen(&dir).unwrap();
    authority.renew(NOW).await.unwrap();
    assert!(matches!(authority.publish(NOW).await, Err(AuthorityError::KeyAway { .. })));
    assert_eq!(seen(&authority, &dir.path().join("cache")).await, 1);
}

#[tokio::test]
async fn nodes_follow_the_rotation_of_every_root_key() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    for (old, new) in [("root-1", "root-4"), ("root-2", "root-5"), ("root-3", "root-6")] {
        assert_eq!(authority.rotate_root_key(old, NOW).await.unwrap(), new);
    }
    assert!(matches!(
        authority.rotate_root_key("root-1", NOW).await,
        Err(AuthorityError::NoSuchRootKey { .. })
    ));
    authority.renew_root(NOW).await.unwrap();
    assert_eq!(metadata(&authority, "5.root.json")["signed"]["keys"].as_object().unwrap().len(), 6);
    authority.publish(NOW).await.unwrap();
    assert_eq!(seen(&authority, &dir.path().join("cache")).await, 2);
    drop(authority);
    assert_eq!(versions(&reopen(&dir).unwrap())[0], Some(5));
}

#[tokio::test]
async fn a_lost_root_key_is_replaced_by_the_other_two() {
    let (dir, authority) = authority(NOW).await;
    let lost = authority.status().unwrap()[0].keys[0].0.clone();
    drop(authority);
    put_away(&dir, &["root-1"]);
    let mut authority = reopen(&dir).unwrap();
    assert_eq!(authority.rotate_root_key(&lost, NOW).await.unwrap(), "root-4");
    authority.publish(NOW).await.unwrap();
    assert_eq!(seen(&authority, &dir.path().join("cache")).await, 1);
}

#[tokio::test]
async fn one_root_key_alone_cannot_make_a_new_root() {
    let (dir, authority) = authority(NOW).await;
    drop(authority);
    put_away(&dir, &["root-2", "root-3"]);
    let mut authority = reopen(&dir).unwrap();
    let refusals = [
        authority.rotate_root_key("root-1", NOW).await.map(drop),
        authority.rotate_role_key(OnlineRole::Targets, NOW).await.map(drop),
        authority.renew_root(NOW).await,
    ];
    for refusal in refusals {
        let Err(AuthorityError::TooFewRootKeys { needed, here, .. }) = refusal else { panic!("{refusal:?}") };
        assert_eq!((needed, here), (2, 1));
    }
    assert!(!authority.repository_path().join("metadata/2.root.json").exists());
    assert!(!dir.path().join("a/keys/root-4.key").exists(), "no key is made for a root that cannot be");
}

#[tokio::test]
async fn nodes_follow_the_rotation_of_the_other_keys() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let cache = dir.path().join("cache");
    assert_eq!(seen(&authority, &cache).await, 1);
    for (role, label) in [
        (OnlineRole::Timestamp, "timestamp-2"),
        (OnlineRole::Snapshot, "snapshot-3"),
        (OnlineRole::Targets, "targets-4"),
    ] {
        assert_eq!(authority.rotate_role_key(role, NOW).await.unwrap(), label);
    }
    assert_eq!(seen(&authority, &cache).await, 4);
}
