//! What only a server can do: go away and come back.

use testkit::TestStore;

use super::{group, open};
use crate::{Db, LogWriter, StoreError};

#[tokio::test]
async fn connections_cut_by_the_server_are_made_anew() {
    let store = TestStore::postgres().await;
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 5), &[]).await.unwrap();
    store.cut_connections().await;
    writer.append(&group(5, 10), &[]).await.unwrap();
    assert_eq!(db.rows(0, 100).await.unwrap(), group(0, 10));
}

#[tokio::test]
async fn the_writer_goes_on_when_the_server_is_back() {
    let store = TestStore::postgres().await;
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 5), &[]).await.unwrap();
    store.set_reachable(false).await;
    store.cut_connections().await;
    for _ in 0..2 {
        let gone = writer.append(&group(5, 10), &[]).await;
        assert!(matches!(gone, Err(StoreError::Unavailable { .. })), "{gone:?}");
    }
    assert!(matches!(db.log_size().await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(db.try_write().await, Err(StoreError::Unavailable { .. })));
    store.set_reachable(true).await;
    writer.append(&group(5, 10), &[]).await.unwrap();
    assert_eq!(db.rows(0, 100).await.unwrap(), group(0, 10));
    let second = LogWriter::open(&db).await;
    assert!(matches!(second, Err(StoreError::Locked { .. })), "the lock was lost with the connection");
}

#[tokio::test]
async fn a_missing_database_is_refused_with_the_remedy() {
    let store = TestStore::postgres().await;
    let missing = Db::open(&store.url().replace("/lt_", "/not_lt_")).await.unwrap_err();
    assert!(
        matches!(&missing, StoreError::Unavailable { remedy, .. } if remedy.contains("create")),
        "{missing:?}"
    );
}
