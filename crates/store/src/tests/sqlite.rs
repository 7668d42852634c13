//! What only a file can do, and addresses that are no store.

use sqlx::Connection;
use testkit::TestStore;

use super::{group, meddle, open, row};
use crate::db::Engine;
use crate::{Db, LogWriter, StoreError};

/// Forbids or allows the file to grow, as a full disk does.
async fn limit_pages(db: &Db, statement: &'static str) {
    let Engine::Sqlite(it) = db.engine() else { panic!("not a file") };
    let (mut slot, mut held) = it.writer().await.unwrap();
    sqlx::query(statement).execute(&mut held).await.unwrap();
    *slot = Some(held);
}

#[tokio::test]
async fn a_full_disk_is_named_and_the_log_goes_on_when_there_is_room() {
    let store = TestStore::sqlite();
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 10), &[]).await.unwrap();
    // Smaller than the file already is: SQLite then takes the present size as the limit. The limit
    // goes with the connection, which is dropped with the error; so there is room at once after it.
    limit_pages(&db, "PRAGMA max_page_count = 1").await;
    let full = writer.append(&group(10, 500), &[]).await;
    assert!(matches!(full, Err(StoreError::DiskFull { .. })), "{full:?}");
    assert_eq!(db.log_size().await.unwrap(), 10);
    writer.append(&group(10, 500), &[]).await.unwrap();
    assert_eq!(db.rows(0, 1_000).await.unwrap(), group(0, 500));
}

#[tokio::test]
async fn reading_goes_on_while_a_group_is_being_written() {
    let store = TestStore::sqlite();
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 10), &[]).await.unwrap();
    let Engine::Sqlite(it) = db.engine() else { panic!("not a file") };
    let (mut slot, mut held) = it.writer().await.unwrap();
    let tx = held.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(db.rows(9, 5).await.unwrap(), [row(9)]);
    tx.rollback().await.unwrap();
    *slot = Some(held);
}

#[tokio::test]
async fn readers_cannot_write() {
    let store = TestStore::sqlite();
    let db = open(&store).await;
    let Engine::Sqlite(it) = db.engine() else { panic!("not a file") };
    assert!(sqlx::query("DELETE FROM record").execute(&it.readers).await.is_err());
    meddle(&db, "DELETE FROM record").await;
}

#[tokio::test]
async fn commits_wait_for_the_disk() {
    let store = TestStore::sqlite();
    let db = open(&store).await;
    let Engine::Sqlite(it) = db.engine() else { panic!("not a file") };
    let (_slot, mut held) = it.writer().await.unwrap();
    let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut held).await.unwrap();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut held).await.unwrap();
    assert_eq!((level, journal.as_str()), (2, "wal"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let store = TestStore::sqlite();
    let db = open(&store).await;
    let _writer = LogWriter::open(&db).await.unwrap();
    let path = store.file().unwrap();
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path.display());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "{file}");
    }
}

#[tokio::test]
async fn what_is_no_store_is_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("text");
    std::fs::write(&file, "no database, and long enough to have a header of one".repeat(40)).unwrap();
    let refusal = async |url: &str| Db::open(url).await.unwrap_err();
    let text = refusal(&format!("sqlite:{}", file.display())).await;
    assert!(matches!(text, StoreError::Corrupt { .. }), "{text:?}");
    let directory = refusal(&format!("sqlite:{}/no/such/place.db", dir.path().display())).await;
    assert!(matches!(directory, StoreError::Unavailable { .. }), "{directory:?}");
    let memory = refusal("sqlite::memory:").await;
    assert!(matches!(memory, StoreError::Other { .. }), "{memory:?}");
    let scheme = refusal("mysql://a:secret@b/c").await;
    assert!(
        matches!(scheme, StoreError::Other { .. }) && !scheme.to_string().contains("secret"),
        "{scheme:?}"
    );
    let server = refusal("postgres://nobody:secret@127.0.0.1:1/none").await;
    assert!(matches!(server, StoreError::Unavailable { .. }), "{server:?}");
    assert!(!server.to_string().contains("secret"), "{server}");
}

#[tokio::test]
async fn a_file_that_was_removed_or_replaced_is_written_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let (file, away) = (dir.path().join("a.db"), dir.path().join("b.db"));
    let db = Db::open(&format!("sqlite:{}", file.display())).await.unwrap();
    db.try_write().await.unwrap();
    std::fs::rename(&file, &away).unwrap();
    let gone = db.try_write().await.unwrap_err();
    assert!(matches!(gone, StoreError::Unavailable { .. }) && gone.to_string().contains("a.db"), "{gone:?}");
    std::fs::write(&file, "").unwrap();
    assert!(db.try_write().await.is_err(), "another file of the same name");
    std::fs::rename(&away, &file).unwrap();
    db.try_write().await.unwrap();
}
