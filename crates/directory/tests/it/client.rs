//! Downloading, keeping, starting without the centre.

use std::sync::Arc;

use directory::{Client, DirectoryError, Limits};

use crate::site::{Reply, Site};
use crate::support::{DAY, NOW, authority, client};

#[tokio::test]
async fn a_node_sees_each_publication() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let (client, _) = client(&authority.root_path(), &dir.path().join("cache"), &site.url);
    let first = client.refresh().await.unwrap();
    assert_eq!(first.content().members, authority.content().members);
    assert_eq!(first.expires(), NOW.plus_secs(7 * DAY));
    assert_eq!(first.roles().len(), 4);
    assert!(Arc::ptr_eq(&first, &client.refresh().await.unwrap()), "nothing new was published");
    assert!(Arc::ptr_eq(&first, &client.load_cached().await.unwrap()));
    authority.renew(NOW.plus_secs(DAY)).await.unwrap();
    let renewed = client.refresh().await.unwrap();
    assert_eq!((renewed.number(), renewed.expires()), (1, NOW.plus_secs(8 * DAY)));
    authority.publish(NOW).await.unwrap();
    assert_eq!(client.refresh().await.unwrap().number(), 2);
}

#[tokio::test]
async fn a_node_starts_and_runs_while_the_centre_is_down_until_the_directory_expires() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    authority.rotate_root_key("root-1", NOW).await.unwrap();
    let cache = dir.path().join("cache");
    let site = Site::start(&authority.repository_path()).await;
    let (first, _) = client(&authority.root_path(), &cache, &site.url);
    assert!(matches!(first.load_cached().await, Err(DirectoryError::NoCache { .. })));
    first.refresh().await.unwrap();
    let url = site.url.clone();
    drop(site);
    let (restarted, clock) = client(&authority.root_path(), &cache, &url);
    assert!(matches!(restarted.refresh().await, Err(DirectoryError::Unreachable { .. })));
    assert_eq!(restarted.load_cached().await.unwrap().number(), 1);
    clock.advance_secs(7 * DAY - 1);
    assert_eq!(restarted.load_cached().await.unwrap().number(), 1);
    clock.advance_secs(1);
    let Err(DirectoryError::Expired { since, .. }) = restarted.load_cached().await else {
        panic!("it was used")
    };
    assert_eq!(since, NOW.plus_secs(7 * DAY));
}

#[tokio::test]
async fn a_cache_put_back_to_an_older_copy_is_noticed() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let cache = dir.path().join("cache");
    let (client, _) = client(&authority.root_path(), &cache, &site.url);
    client.refresh().await.unwrap();
    let file = cache.join("directory-mirror.json");
    let old = std::fs::read(&file).unwrap();
    authority.publish(NOW).await.unwrap();
    client.refresh().await.unwrap();
    std::fs::write(&file, old).unwrap();
    let refused = client.load_cached().await;
    assert!(matches!(refused, Err(DirectoryError::RolledBack { trusted: 2, offered: 1, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_damaged_cache_is_refused_and_healed_by_the_next_download() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let cache = dir.path().join("cache");
    let file = cache.join("directory-mirror.json");
    client(&authority.root_path(), &cache, &site.url).0.refresh().await.unwrap();
    let good = std::fs::read_to_string(&file).unwrap();
    let forged = good.replace("Bộ Công an", "Bộ Công An");
    assert_ne!(forged, good);
    let half = good[..good.len() / 2].to_owned();
    for (damaged, is_altered) in [(forged, true), (half, false)] {
        std::fs::write(&file, damaged).unwrap();
        let (client, _) = client(&authority.root_path(), &cache, &site.url);
        let refused = client.load_cached().await.unwrap_err();
        assert_eq!(matches!(refused, DirectoryError::Altered { .. }), is_altered, "{refused:?}");
        assert_eq!(matches!(refused, DirectoryError::Malformed { .. }), !is_altered, "{refused:?}");
        assert_eq!(client.refresh().await.unwrap().number(), 1);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), good);
    }
}

#[tokio::test]
async fn news_that_arrive_expired_do_not_replace_the_good_copy() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let cache = dir.path().join("cache");
    let (client, _) = client(&authority.root_path(), &cache, &site.url);
    client.refresh().await.unwrap();
    let kept = std::fs::read(cache.join("directory-mirror.json")).unwrap();
    authority.publish(NOW.plus_secs(-8 * DAY)).await.unwrap();
    let refused = client.refresh().await;
    assert!(matches!(refused, Err(DirectoryError::Expired { .. })), "{refused:?}");
    assert_eq!(std::fs::read(cache.join("directory-mirror.json")).unwrap(), kept);
    assert_eq!(client.load_cached().await.unwrap().number(), 1);
}

#[tokio::test]
async fn the_root_of_another_authority_is_no_ground_for_trust() {
    let (dir, mut ours) = authority(NOW).await;
    let (_theirs_dir, theirs) = authority(NOW).await;
    ours.publish(NOW).await.unwrap();
    let site = Site::start(&ours.repository_path()).await;
    let (client, _) = client(&theirs.root_path(), &dir.path().join("cache"), &site.url);
    assert!(matches!(client.refresh().await, Err(DirectoryError::NotSigned { .. })));
}

#[tokio::test]
async fn a_root_file_that_does_not_sign_itself_is_refused() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let text = std::fs::read_to_string(authority.root_path()).unwrap();
    let root = dir.path().join("root.json");
    for bad in ["{}".to_owned(), text.replace("2027-", "2037-")] {
        assert_ne!(bad, text);
        std::fs::write(&root, bad).unwrap();
        let (client, _) = client(&root, &dir.path().join("cache"), &site.url);
        let refused = client.refresh().await;
        assert!(matches!(refused, Err(DirectoryError::Root { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_fetched_from_is_refused_at_once() {
    let (dir, authority) = authority(NOW).await;
    for url in ["", "directory", "https://centre.vi-du.vn/", "ftp://centre.vi-du.vn/", "file:relative"] {
        let made = Client::new(&authority.root_path(), &dir.path().join("cache"), url, Limits::default());
        assert!(matches!(made, Err(DirectoryError::Address { .. })), "{url}");
    }
    let made = Client::new(&dir.path().join("none"), dir.path(), "http://127.0.0.1:1/", Limits::default());
    assert!(matches!(made, Err(DirectoryError::Root { .. })));
}

#[tokio::test]
async fn the_file_of_a_publication_is_downloaded_once() {
    let (dir, mut authority) = authority(NOW).await;
    authority.publish(NOW).await.unwrap();
    let site = Site::start(&authority.repository_path()).await;
    let (client, _) = client(&authority.root_path(), &dir.path().join("cache"), &site.url);
    client.refresh().await.unwrap();
    let files = std::fs::read_dir(authority.repository_path().join("targets")).unwrap();
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        site.set(&format!("targets/{name}"), Reply::Status(500));
    }
    authority.renew(NOW.plus_secs(DAY)).await.unwrap();
    assert_eq!(client.refresh().await.unwrap().expires(), NOW.plus_secs(8 * DAY));
}
