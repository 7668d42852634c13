//! What is remembered of others' tables.

use base::Ts;
use testkit::TestStore;

use super::open;
use crate::{
    Added, Batch, Compared, Db, Known, LEFT_AFTER_US, Operation, PART_PLACES, Rewritten, StoreError,
};

const NOW: Ts = Ts(1_000_000_000);

async fn begin(db: &Db, token: i64, now: Ts) -> Result<Compared, StoreError> {
    db.compare_begin("HOTICH/khai-sinh", [1; 16], token, now).await
}

fn hash(number: i64) -> [u8; 16] {
    u128::try_from(number).unwrap().to_be_bytes()
}

fn added(place: i64, number: i64, operation: Operation) -> Added {
    let row = Known { place, key_hash: hash(place), row_hash: hash(place + 1), operation };
    Added { row, number, row_key: vec![0, 0xff] }
}

async fn a_batch_is_there_with_where_the_run_goes_on(store: TestStore) {
    let db = open(&store).await;
    assert_eq!(db.compared("HOTICH/khai-sinh").await.unwrap(), None);
    let mut run = begin(&db, 7, NOW).await.unwrap();
    assert_eq!((run.next_place, run.next_number, run.base, run.finished), (0, 1, 0, None));
    run.next_place = 1_200;
    run.position = Some(vec![3, 4]);
    run.read_rows = 1_200;
    let base = (0..1_200).map(|place| added(place, 0, Operation::Base)).collect();
    db.compare_write(&run, &Batch { added: base, seen: vec![(0, vec![0xff])], ..Batch::default() })
        .await
        .unwrap();
    let read = db.compared("HOTICH/khai-sinh").await.unwrap().unwrap();
    assert_eq!((read.next_place, read.read_rows, read.position), (1_200, 1_200, Some(vec![3, 4])));
    assert_eq!(db.compare_seen(run.id, 0).await.unwrap(), Some(vec![0xff]));
    assert_eq!(db.compare_seen(run.id, 1).await.unwrap(), None);
    let keys: Vec<_> = (600..1_300).map(hash).collect();
    let found = db.compare_find(run.id, &keys).await.unwrap();
    assert_eq!(found.len(), 600);
    assert!(found.contains(&added(777, 0, Operation::Base).row));
    assert_eq!(db.compared_changes(run.id, 0, 10).await.unwrap(), [], "a base line is no change");

    let rewritten = vec![
        Rewritten { place: 5, row_hash: hash(9), number: 1, operation: Operation::Changed },
        Rewritten { place: 6, row_hash: hash(0), number: 2, operation: Operation::Gone },
    ];
    let new = vec![added(1_200, 3, Operation::Added)];
    let batch = Batch { added: new, rewritten, seen: vec![(0, vec![1])] };
    db.compare_write(&run, &batch).await.unwrap();
    let told = db.compared_changes(run.id, 0, 10).await.unwrap();
    let told: Vec<_> = told.iter().map(|change| (change.number, change.operation, change.key_hash)).collect();
    let expected =
        [(1, Operation::Changed, hash(5)), (2, Operation::Gone, hash(6)), (3, Operation::Added, hash(1_200))];
    assert_eq!(told, expected);
    assert_eq!(db.compared_changes(run.id, 1, 1).await.unwrap()[0].number, 2);
    assert_eq!(db.compare_seen(run.id, 0).await.unwrap(), Some(vec![1]));
    let alive = db.compare_alive(run.id, 0).await.unwrap();
    assert_eq!((alive.len(), alive.contains(&6)), (1_200, false));
    assert_eq!(db.compare_alive(run.id, 1).await.unwrap(), [0; 0]);
    assert_eq!(PART_PLACES, 8_192);

    db.compare_finish(&run, 1_200, Ts(5)).await.unwrap();
    let read = db.compared("HOTICH/khai-sinh").await.unwrap().unwrap();
    assert_eq!((read.finished, read.alive, read.position, read.token), (Some(Ts(5)), 1_200, None, None));
    assert_eq!(db.compare_seen(run.id, 0).await.unwrap(), None);
}

async fn only_one_run_of_a_service_writes(store: TestStore) {
    let db = open(&store).await;
    let first = begin(&db, 7, NOW).await.unwrap();
    assert!(matches!(begin(&db, 8, NOW).await, Err(StoreError::Locked { .. })));
    assert!(db.compare_begin("HOTICH/ket-hon", [1; 16], 8, NOW).await.is_ok(), "another service may");
    let later = Ts(NOW.0 + LEFT_AFTER_US + 1);
    let second = begin(&db, 8, later).await.unwrap();
    assert_eq!(second.id, first.id);
    let batch = Batch { added: vec![added(0, 0, Operation::Base)], ..Batch::default() };
    assert!(matches!(db.compare_write(&first, &batch).await, Err(StoreError::Locked { .. })));
    assert_eq!(db.compare_find(first.id, &[hash(0)]).await.unwrap(), [], "nothing of it was written");
    assert!(matches!(db.compare_finish(&first, 0, later).await, Err(StoreError::Locked { .. })));
    db.compare_write(&second, &batch).await.unwrap();
    db.compare_leave(&second).await.unwrap();
    assert!(begin(&db, 9, later).await.is_ok(), "a run that was left is taken over at once");
}

async fn another_kind_of_key_begins_anew_and_numbers_go_on(store: TestStore) {
    let db = open(&store).await;
    let mut run = begin(&db, 7, NOW).await.unwrap();
    run.next_number = 41;
    let batch = Batch { added: vec![added(0, 40, Operation::Added)], ..Batch::default() };
    db.compare_write(&run, &batch).await.unwrap();
    db.compare_finish(&run, 1, NOW).await.unwrap();
    let anew = db.compare_begin("HOTICH/khai-sinh", [2; 16], 8, NOW).await.unwrap();
    assert_eq!((anew.base, anew.next_number, anew.next_place, anew.finished), (41, 42, 0, None));
    assert_eq!(db.compare_find(anew.id, &[hash(0)]).await.unwrap(), []);
}

testkit::on_both! {
    a_batch_is_there_with_where_the_run_goes_on,
    only_one_run_of_a_service_writes,
    another_kind_of_key_begins_anew_and_numbers_go_on,
}
