//! The journal, and two processes that continue it.

use base::Ts;
use testkit::TestStore;

use super::{meddle, open};
use crate::{Db, JournalRow, StoreError};

fn act(seq: i64, by: &str) -> JournalRow {
    let text = format!("{{\"seq\":{seq},\"by\":\"{by}\",\"lý do\":\"Đã duyệt\\u0000\"}}\n");
    JournalRow { seq, at: Ts::from_secs(seq), leaf: [u8::try_from(seq & 0xff).unwrap(); 32], text }
}

fn acts(from: i64, to: i64) -> Vec<JournalRow> {
    (from..to).map(|seq| act(seq, "an")).collect()
}

async fn acts_read_back_as_they_were_written(store: TestStore) {
    let db = open(&store).await;
    assert_eq!(db.journal_size().await.unwrap(), 0);
    db.journal_append(&[]).await.unwrap();
    let mut from = 0;
    // Sizes around those of one statement.
    for size in [1, 2, 255, 256, 257, 1_000, 1_001] {
        db.journal_append(&acts(from, from + size)).await.unwrap();
        from += size;
    }
    assert_eq!(db.journal_size().await.unwrap(), from);
    assert_eq!(db.journal_rows(0, 10_000).await.unwrap(), acts(0, from));
    assert_eq!(db.journal_rows(5, 2).await.unwrap(), acts(5, 7));
    assert_eq!(db.journal_rows(from, 1).await.unwrap(), []);
    assert_eq!(db.log_size().await.unwrap(), 0, "the message log is another table");
}

async fn acts_that_do_not_continue_the_journal_are_refused(store: TestStore) {
    let db = open(&store).await;
    let gap = db.journal_append(&acts(1, 2)).await;
    assert!(matches!(gap, Err(StoreError::Sequence { expected: 0, found: 1 })), "{gap:?}");
    let hole = db.journal_append(&[act(0, "an"), act(2, "an")]).await;
    assert!(matches!(hole, Err(StoreError::Sequence { expected: 1, found: 2 })), "{hole:?}");
    db.journal_append(&acts(0, 3)).await.unwrap();
    let again = db.journal_append(&acts(0, 3)).await;
    assert!(matches!(again, Err(StoreError::Sequence { expected: 3, found: 0 })), "{again:?}");
    assert_eq!(db.journal_rows(0, 9).await.unwrap(), acts(0, 3));
    db.journal_append(&acts(3, 4)).await.unwrap();
}

/// Appends `acts` acts one by one, as often behind the other process as it happens; how often it was.
async fn append_in_a_race(db: Db, by: &'static str, acts: u32) -> u32 {
    let mut behind = 0;
    for _ in 0..acts {
        let mut next = db.journal_size().await.unwrap();
        loop {
            match db.journal_append(&[act(next, by), act(next + 1, by)]).await {
                Ok(()) => break,
                Err(StoreError::Sequence { expected, found }) => {
                    assert!(expected > found, "{expected} {found}");
                    behind += 1;
                    next = expected;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    behind
}

async fn of_two_processes_each_number_goes_to_one(store: TestStore) {
    let (one, two) = (open(&store).await, open(&store).await);
    let first = tokio::spawn(append_in_a_race(one.clone(), "an", 40));
    let second = tokio::spawn(append_in_a_race(two, "bình", 40));
    first.await.unwrap();
    second.await.unwrap();
    let rows = one.journal_rows(0, 1_000).await.unwrap();
    assert_eq!(rows.len(), 160);
    for (expected, pair) in (0_i64..).step_by(2).zip(rows.chunks(2)) {
        let by = if pair[0].text.contains("an") { "an" } else { "bình" };
        assert_eq!(pair, [act(expected, by), act(expected + 1, by)], "a group is not torn apart");
    }
}

async fn a_hundred_thousand_acts_are_one_transaction(store: TestStore) {
    let db = open(&store).await;
    let rows = acts(0, 100_000);
    let other = open(&store).await;
    let mut writing = tokio::spawn(async move { db.journal_append(&rows).await });
    loop {
        let ended = tokio::time::timeout(std::time::Duration::from_millis(1), &mut writing).await;
        let size = other.journal_size().await.unwrap();
        assert!(size == 0 || size == 100_000, "half of it is visible: {size}");
        if let Ok(ended) = ended {
            ended.unwrap().unwrap();
            break;
        }
    }
    assert_eq!(other.journal_rows(99_998, 9).await.unwrap(), acts(99_998, 100_000));
}

async fn a_group_with_one_bad_act_leaves_nothing(store: TestStore) {
    let db = open(&store).await;
    db.journal_append(&acts(0, 2)).await.unwrap();
    // The store itself refuses a row in the middle of the group.
    meddle(&db, "CREATE UNIQUE INDEX one_at_a_time ON journal (at)").await;
    let mut group = acts(2, 700);
    group[600].at = group[0].at;
    assert!(db.journal_append(&group).await.is_err());
    assert_eq!(db.journal_rows(0, 1_000).await.unwrap(), acts(0, 2));
    db.journal_append(&acts(2, 700)).await.unwrap();
}

async fn a_damaged_act_is_named(store: TestStore) {
    let db = open(&store).await;
    db.journal_append(&acts(0, 3)).await.unwrap();
    meddle(&db, "UPDATE journal SET leaf = substr(leaf, 1, 31) WHERE seq = 1").await;
    let damaged = db.journal_rows(0, 9).await.unwrap_err();
    assert!(
        matches!(&damaged, StoreError::Corrupt { table: "journal", row, .. } if row == "1"),
        "{damaged:?}"
    );
}

testkit::on_both!(
    acts_read_back_as_they_were_written,
    acts_that_do_not_continue_the_journal_are_refused,
    of_two_processes_each_number_goes_to_one,
    a_hundred_thousand_acts_are_one_transaction,
    a_group_with_one_bad_act_leaves_nothing,
    a_damaged_act_is_named,
);

#[test]
fn an_act_printed_for_the_log_does_not_show_its_text() {
    assert!(!format!("{:?}", act(0, "bình")).contains("bình"));
}
