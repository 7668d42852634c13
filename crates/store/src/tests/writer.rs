//! The single writer.

use testkit::TestStore;

use super::{group, meddle, node, open, row};
use crate::{Db, LogWriter, StoreError};

async fn a_group_with_one_bad_row_leaves_nothing(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 10), &[node(8, 0)]).await.unwrap();
    // The second of these nodes is there already: the store refuses in the middle of the group.
    let refused = writer.append(&group(10, 400), &[node(8, 1), node(8, 0)]).await;
    assert!(matches!(refused, Err(StoreError::Other { .. })), "{refused:?}");
    assert_eq!(writer.size().await.unwrap(), 10);
    assert!(matches!(db.tree_node(8, 1).await, Err(StoreError::Corrupt { .. })));
    writer.append(&group(10, 400), &[node(8, 1)]).await.unwrap();
    assert_eq!(db.log_size().await.unwrap(), 400);
}

async fn rows_that_do_not_continue_the_log_are_refused(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    let gap = writer.append(&group(1, 2), &[]).await;
    assert!(matches!(gap, Err(StoreError::Sequence { expected: 0, found: 1 })), "{gap:?}");
    let hole = writer.append(&[row(0), row(2)], &[]).await;
    assert!(matches!(hole, Err(StoreError::Sequence { expected: 1, found: 2 })), "{hole:?}");
    writer.append(&group(0, 3), &[]).await.unwrap();
    let mut other = group(1, 3);
    other[1].leaf = [0xee; 32];
    let again = writer.append(&other, &[]).await;
    assert!(matches!(again, Err(StoreError::Sequence { expected: 3, found: 1 })), "{again:?}");
    assert_eq!(db.rows(0, 9).await.unwrap(), group(0, 3));
}

async fn an_append_may_be_repeated(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    for _ in 0..3 {
        writer.append(&group(0, 300), &[node(8, 0)]).await.unwrap();
    }
    writer.append(&[], &[]).await.unwrap();
    assert_eq!(db.rows(0, 1_000).await.unwrap(), group(0, 300));
}

async fn a_second_writer_is_refused_until_the_first_is_gone(store: TestStore) {
    let (db, other) = (open(&store).await, open(&store).await);
    let first = LogWriter::open(&db).await.unwrap();
    let second = LogWriter::open(&other).await;
    assert!(matches!(second, Err(StoreError::Locked { .. })));
    drop(first);
    let mut third = LogWriter::open(&other).await.unwrap();
    third.append(&group(0, 1), &[]).await.unwrap();
    third.close().await;
    assert_eq!(LogWriter::open(&db).await.unwrap().size().await.unwrap(), 1);
}

async fn a_cancelled_append_is_written_whole_or_not_at_all(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    for polls in 1..12 {
        let from = writer.size().await.unwrap();
        let rows = group(from, from + 100);
        {
            let mut append = std::pin::pin!(writer.append(&rows, &[]));
            for _ in 0..polls {
                let turn = std::future::poll_fn(|cx| std::task::Poll::Ready(append.as_mut().poll(cx)));
                if turn.await.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        writer.append(&rows, &[]).await.unwrap();
        assert_eq!(db.log_size().await.unwrap(), from + 100);
    }
}

async fn a_schema_of_a_newer_program_is_refused(store: TestStore) {
    let db = open(&store).await;
    let next = crate::schema::KNOWN + 1;
    let newer = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'schema'";
    meddle(&db, newer).await;
    let newer = Db::open(store.url()).await.unwrap_err();
    assert!(
        matches!(newer, StoreError::Version { found, known: crate::schema::KNOWN } if found == next),
        "{newer:?}"
    );
    assert_eq!(newer.to_string().lines().count(), 1);
    meddle(&db, "UPDATE meta SET value = 'x' WHERE key = 'schema'").await;
    let damaged = Db::open(store.url()).await.unwrap_err();
    assert!(matches!(damaged, StoreError::Corrupt { table: "meta", .. }), "{damaged:?}");
}

async fn a_store_opened_again_has_its_rows(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 5), &[]).await.unwrap();
    writer.close().await;
    db.close().await;
    let db = open(&store).await;
    assert_eq!(LogWriter::open(&db).await.unwrap().size().await.unwrap(), 5);
}

testkit::on_both!(
    a_group_with_one_bad_row_leaves_nothing,
    rows_that_do_not_continue_the_log_are_refused,
    an_append_may_be_repeated,
    a_second_writer_is_refused_until_the_first_is_gone,
    a_cancelled_append_is_written_whole_or_not_at_all,
    a_schema_of_a_newer_program_is_refused,
    a_store_opened_again_has_its_rows,
);
