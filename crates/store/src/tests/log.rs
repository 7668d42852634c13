//! Reading the log back.

use base::Ts;
use testkit::TestStore;

use super::{group, meddle, node, open, row};
use crate::{LogTail, LogWriter, StoreError};

async fn rows_read_back_as_they_were_written(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    let mut written = Vec::new();
    // Sizes around each number of places that a statement can have.
    for size in [1, 2, 3, 63, 64, 65, 255, 256, 257, 700] {
        let from = i64::try_from(written.len()).unwrap();
        let rows = group(from, from + size);
        writer.append(&rows, &[]).await.unwrap();
        written.extend(rows);
    }
    let size = i64::try_from(written.len()).unwrap();
    assert_eq!(db.log_size().await.unwrap(), size);
    assert_eq!(db.rows(0, 10_000).await.unwrap(), written);
    assert_eq!(db.rows(size - 2, 10_000).await.unwrap(), written[written.len() - 2..]);
    assert_eq!(db.rows(5, 2).await.unwrap(), group(5, 7));
    assert_eq!(db.rows(size, 1).await.unwrap(), []);
}

async fn a_long_text_reads_back_whole(store: TestStore) {
    let db = open(&store).await;
    let mut long = row(0);
    long.text = "Đà Nẵng ".repeat(100_000);
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(std::slice::from_ref(&long), &[]).await.unwrap();
    assert_eq!(db.rows(0, 1).await.unwrap(), [long]);
}

async fn rows_are_found_by_their_key_in_every_part_of_the_log(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    assert_eq!(db.rows_by_id_key(7).await.unwrap(), []);
    let mut rows = group(0, 20_000);
    for seq in [0, 4_095, 4_096, 19_999] {
        rows[seq].id_key = i64::MIN;
    }
    writer.append(&rows, &[]).await.unwrap();
    let found: Vec<i64> = db.rows_by_id_key(i64::MIN).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(found, [0, 4_095, 4_096, 19_999]);
    assert_eq!(db.rows_by_id_key(i64::MAX).await.unwrap(), []);
}

async fn only_calls_without_a_closing_row_are_open(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    let mut rows = group(0, 10);
    rows[5].closes = None;
    writer.append(&rows, &[]).await.unwrap();
    let open_since = async |seq: i64| -> Vec<i64> {
        let found = db.open_rows(0, Ts::from_secs(1_000 + seq)).await.unwrap();
        found.iter().map(|row| row.seq).collect()
    };
    assert_eq!(open_since(0).await, [4]);
    assert_eq!(open_since(4).await, [4]);
    assert_eq!(open_since(5).await, []);
}

async fn nonces_are_those_of_rows_since_the_moment(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 10), &[]).await.unwrap();
    let mut found = db.nonces_since(Ts::from_secs(1_006)).await.unwrap();
    found.sort();
    assert_eq!(found, [(row(6).at, row(6).nonce.unwrap()), (row(8).at, row(8).nonce.unwrap())]);
}

async fn the_tail_names_each_complete_subtree_once(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    let empty = LogTail { size: 0, nodes: vec![], leaves: vec![] };
    assert_eq!(db.log_tail(0).await.unwrap(), empty);
    let nodes = [node(8, 0), node(8, 1), node(9, 0), node(8, 2)];
    writer.append(&group(0, 771), &nodes).await.unwrap();
    let leaves = vec![row(768).leaf, row(769).leaf, row(770).leaf];
    let tail = LogTail { size: 771, nodes: vec![node(9, 0), node(8, 2)], leaves };
    assert_eq!(db.log_tail(771).await.unwrap(), tail);
    let earlier = LogTail { size: 256, nodes: vec![node(8, 0)], leaves: vec![] };
    assert_eq!(db.log_tail(256).await.unwrap(), earlier);
    assert_eq!(db.tree_node(9, 0).await.unwrap(), [9; 32]);
}

async fn a_missing_leaf_or_node_is_named(store: TestStore) {
    let db = open(&store).await;
    let mut writer = LogWriter::open(&db).await.unwrap();
    writer.append(&group(0, 300), &[]).await.unwrap();
    let named = |error: StoreError| match error {
        StoreError::Corrupt { table, row, .. } => (table, row),
        other => panic!("{other}"),
    };
    assert_eq!(named(db.log_tail(300).await.unwrap_err()), ("tree_node", "8/0".into()));
    assert_eq!(named(db.leaf_hashes(298, 302).await.unwrap_err()), ("record", "300".into()));
    meddle(&db, "DELETE FROM record WHERE seq = 7").await;
    assert_eq!(named(db.leaf_hashes(0, 300).await.unwrap_err()), ("record", "7".into()));
    meddle(&db, "UPDATE record SET leaf = nonce WHERE seq = 8").await;
    assert_eq!(named(db.rows(8, 1).await.unwrap_err()), ("record", "8".into()));
}

testkit::on_both!(
    rows_read_back_as_they_were_written,
    a_long_text_reads_back_whole,
    rows_are_found_by_their_key_in_every_part_of_the_log,
    only_calls_without_a_closing_row_are_open,
    nonces_are_those_of_rows_since_the_moment,
    the_tail_names_each_complete_subtree_once,
    a_missing_leaf_or_node_is_named,
);

#[test]
fn a_row_printed_for_the_log_does_not_show_its_text() {
    assert!(!format!("{:?}", row(0)).contains("Nguyễn"));
}
