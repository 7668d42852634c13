//! What somebody can try who holds the network or the web server, but not the keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directory::{Authority, Client, DirectoryError, Limits};
use serde_json::Value;
use tempfile::TempDir;

use crate::site::{Reply, Site};
use crate::support::{NOW, authority, client_with, id};

const LIMITS: fn() -> Limits = || Limits { file_time_max: Duration::from_millis(1_500), ..Limits::default() };

/// A node that trusts publication 1 while publication 2 is offered.
struct Scene {
    dir: TempDir,
    authority: Authority,
    site: Site,
    client: Client,
    /// The repository as it was at publication 1.
    first: PathBuf,
}

impl Scene {
    async fn set() -> Self {
        let (dir, mut authority) = authority(NOW).await;
        authority.publish(NOW).await.unwrap();
        let site = Site::start(&authority.repository_path()).await;
        let (client, _) = client_with(&authority.root_path(), &dir.path().join("cache"), &site.url, LIMITS());
        client.refresh().await.unwrap();
        let first = dir.path().join("first");
        copy(&authority.repository_path(), &first);
        authority
            .edit(|content| {
                content.put_member(id("VN-DEMO/GOV/G02"), "Bộ Tư pháp");
                Ok(())
            })
            .unwrap();
        authority.publish(NOW).await.unwrap();
        Self { dir, authority, site, client, first }
    }

    fn offered(&self, name: &str) -> Vec<u8> {
        fs::read(self.authority.repository_path().join(name)).unwrap()
    }

    fn earlier(&self, name: &str) -> Vec<u8> {
        fs::read(self.first.join(name)).unwrap()
    }

    /// `targets/SHA256.directory.json` of publication 2.
    fn target(&self) -> String {
        let list = |folder: &Path| {
            let entries = fs::read_dir(folder.join("targets")).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        let old = list(&self.first);
        let new =
            list(&self.authority.repository_path()).into_iter().find(|name| !old.contains(name)).unwrap();
        format!("targets/{new}")
    }

    /// The reply is refused for the expected reason, and the node keeps its good copy, in memory and on disk.
    async fn check(&self, path: &str, reply: Reply, expected: fn(&DirectoryError) -> bool) {
        let cache = self.dir.path().join("cache/directory-mirror.json");
        let kept = fs::read(&cache).unwrap();
        self.site.set(path, reply);
        let error = self.client.refresh().await.unwrap_err();
        assert!(expected(&error), "{path}: {error:?}");
        assert_eq!(fs::read(&cache).unwrap(), kept, "{path}: the cache was touched");
        assert_eq!(self.client.load_cached().await.unwrap().number(), 1);
        self.site.behave();
    }

    /// None of it does lasting harm.
    async fn ends_well(&self, number: u64) {
        assert_eq!(self.client.refresh().await.unwrap().number(), number);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn half(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() / 2].to_vec()
}

#[tokio::test]
async fn an_older_publication_is_refused() {
    let scene = Scene::set().await;
    scene.ends_well(2).await;
    scene.site.set("metadata/timestamp.json", Reply::Bytes(scene.earlier("metadata/timestamp.json")));
    let error = scene.client.refresh().await.unwrap_err();
    assert!(matches!(error, DirectoryError::RolledBack { trusted: 2, offered: 1, .. }), "{error:?}");
    // A restart does not make the node forget.
    let cache = scene.dir.path().join("cache");
    let (restarted, _) = client_with(&scene.authority.root_path(), &cache, &scene.site.url, LIMITS());
    let error = restarted.refresh().await.unwrap_err();
    assert!(matches!(error, DirectoryError::RolledBack { trusted: 2, offered: 1, .. }), "{error:?}");
    assert_eq!(restarted.load_cached().await.unwrap().number(), 2);
}

#[tokio::test]
async fn parts_of_different_publications_are_refused() {
    let scene = Scene::set().await;
    let mixed =
        |error: &DirectoryError| matches!(error, DirectoryError::MixedUp { expected: 2, found: 1, .. });
    let snapshot = scene.earlier("metadata/1.snapshot.json");
    scene.check("metadata/2.snapshot.json", Reply::Bytes(snapshot), mixed).await;
    let targets = scene.earlier("metadata/1.targets.json");
    scene.check("metadata/2.targets.json", Reply::Bytes(targets), mixed).await;
    let old_target = fs::read_dir(scene.first.join("targets")).unwrap().next().unwrap().unwrap().path();
    let altered = |error: &DirectoryError| matches!(error, DirectoryError::Altered { .. });
    scene.check(&scene.target(), Reply::Bytes(fs::read(old_target).unwrap()), altered).await;
    scene.ends_well(2).await;
}

#[tokio::test]
async fn files_signed_by_other_keys_are_refused() {
    let scene = Scene::set().await;
    let (_dir, mut stranger) = authority(NOW).await;
    stranger.publish(NOW).await.unwrap();
    stranger.publish(NOW).await.unwrap();
    stranger.rotate_root_key("root-1", NOW).await.unwrap();
    let unsigned = |error: &DirectoryError| matches!(error, DirectoryError::NotSigned { valid: 0, .. });
    for name in ["metadata/timestamp.json", "metadata/2.root.json"] {
        let forged = fs::read(stranger.repository_path().join(name)).unwrap();
        scene.check(name, Reply::Bytes(forged), unsigned).await;
    }
    scene.ends_well(2).await;
}

#[tokio::test]
async fn a_new_root_with_the_signature_of_one_key_is_refused() {
    let mut scene = Scene::set().await;
    scene.authority.rotate_root_key("root-1", NOW).await.unwrap();
    let good: Value = serde_json::from_slice(&scene.offered("metadata/2.root.json")).unwrap();
    // root-1 to root-3 by the present root, root-4 by the new one.
    assert_eq!(good["signatures"].as_array().unwrap().len(), 4);
    for kept in 0..4 {
        let mut lonely = good.clone();
        lonely["signatures"] = serde_json::json!([good["signatures"][kept]]);
        let reply = Reply::Bytes(lonely.to_string().into_bytes());
        let unsigned = |error: &DirectoryError| {
            matches!(error, DirectoryError::NotSigned { needed: 2, valid: 0 | 1, .. })
        };
        scene.check("metadata/2.root.json", reply, unsigned).await;
    }
    scene.ends_well(2).await;
}

#[tokio::test]
async fn truncated_and_damaged_downloads_are_refused() {
    let scene = Scene::set().await;
    let malformed = |error: &DirectoryError| matches!(error, DirectoryError::Malformed { .. });
    let altered = |error: &DirectoryError| matches!(error, DirectoryError::Altered { .. });
    let interrupted = |error: &DirectoryError| matches!(error, DirectoryError::Interrupted { .. });
    let timestamp = "metadata/timestamp.json";
    scene.check(timestamp, Reply::Bytes(half(&scene.offered(timestamp))), malformed).await;
    scene.check(timestamp, Reply::Bytes(b"<html>".to_vec()), malformed).await;
    scene.check(timestamp, Reply::Bytes(vec![0xff; 99]), malformed).await;
    scene.check(timestamp, Reply::Bytes(Vec::new()), malformed).await;
    scene.check("metadata/2.root.json", Reply::Bytes(b"<html>".to_vec()), malformed).await;
    for name in ["metadata/2.snapshot.json", "metadata/2.targets.json", &scene.target()] {
        let good = scene.offered(name);
        scene.check(name, Reply::Bytes(half(&good)), altered).await;
        scene.check(name, Reply::Bytes([good.as_slice(), b" "].concat()), altered).await;
        scene.check(name, Reply::Cut(good), interrupted).await;
    }
    scene.ends_well(2).await;
}

#[tokio::test]
async fn a_server_that_does_not_serve_is_named_for_what_it_does() {
    let scene = Scene::set().await;
    let status = |error: &DirectoryError| matches!(error, DirectoryError::Status { status: 503, .. });
    let redirect = |error: &DirectoryError| matches!(error, DirectoryError::Redirect { status: 302, .. });
    let missing = |error: &DirectoryError| matches!(error, DirectoryError::NotFound { .. });
    let too_large = |error: &DirectoryError| matches!(error, DirectoryError::TooLarge { .. });
    let late = |error: &DirectoryError| matches!(error, DirectoryError::Timeout { .. });
    scene.check("metadata/timestamp.json", Reply::Status(503), status).await;
    // Keeping the next root away is not taken for "there is none".
    scene.check("metadata/2.root.json", Reply::Status(503), status).await;
    scene.check("metadata/timestamp.json", Reply::Status(302), redirect).await;
    scene.check("metadata/2.snapshot.json", Reply::Status(404), missing).await;
    scene.check(&scene.target(), Reply::Status(404), missing).await;
    scene.check("metadata/timestamp.json", Reply::Endless, too_large).await;
    scene.check("metadata/2.targets.json", Reply::Endless, too_large).await;
    scene.check("metadata/timestamp.json", Reply::Silent, late).await;
    scene.ends_well(2).await;
}
