//! The tables of the process engine.

use testkit::TestStore;

use super::open;
use crate::process::{
    Changes, Failpoint, HistoryPage, LetterRow, ProcessStore, TaskFilter, TaskRow, WaitRow,
};

fn task(number: i64) -> TaskRow {
    TaskRow {
        instance: format!("i-{}", number / 10),
        exec: number,
        kind: number % 2,
        element: "Bước".to_owned(),
        name: "Thẩm định “hồ sơ”".to_owned(),
        role: (number % 3 == 0).then(|| "clerk".to_owned()),
        agency: (number % 4 == 0).then(|| format!("H{}", number % 3)),
        topic: (number % 2 == 1).then(|| "stamp".to_owned()),
        assignee: None,
        created: -number,
        due: (number % 5 == 0).then_some(number),
        retries: 3,
        not_before: 0,
        locked_by: None,
        locked_until: 0,
        business_key: Some(format!("H.{number}")),
    }
}

fn key(task: &TaskRow) -> (String, i64) {
    (task.instance.clone(), task.exec)
}

fn letter(id: &str, name: &str, correlation: &str) -> LetterRow {
    LetterRow {
        id: id.to_owned(),
        kind: 0,
        name: name.to_owned(),
        correlation: correlation.to_owned(),
        instance: None,
        model: None,
        who: "system:x".to_owned(),
        variables: "{}".to_owned(),
        due: 5,
        until: 100,
        chain: Some("c".to_owned()),
        agency: Some("H17".to_owned()),
    }
}

async fn rows_of_any_number_read_back_as_they_were_written(store: TestStore) {
    let rows = ProcessStore::new(open(&store).await);
    // Sizes around those of one statement.
    for size in [1, 3, 4, 5, 16, 63, 64, 65, 150] {
        let all: Vec<_> = (0..size).map(task).collect();
        let keys: Vec<_> = all.iter().map(key).collect();
        let mut tx = rows.begin().await.unwrap();
        let changes = Changes { tasks: all.clone(), ..Changes::default() };
        assert!(tx.write(changes).await.unwrap());
        // Written again they are changed, not there twice.
        let later: Vec<_> = all.iter().map(|row| TaskRow { retries: 2, ..row.clone() }).collect();
        assert!(tx.write(Changes { tasks: later.clone(), ..Changes::default() }).await.unwrap());
        let mut found = tx.tasks(keys.clone()).await.unwrap();
        found.sort_by_key(|row| row.exec);
        assert_eq!(found, later);
        tx.commit().await.unwrap();
        assert_eq!(rows.tasks(&TaskFilter::default(), 1_000).await.unwrap().len(), all.len());
        let mut tx = rows.begin().await.unwrap();
        tx.write(Changes { tasks_gone: keys, ..Changes::default() }).await.unwrap();
        tx.commit().await.unwrap();
        assert!(rows.tasks(&TaskFilter::default(), 9).await.unwrap().is_empty());
    }
}

async fn a_transaction_that_is_not_committed_leaves_nothing(store: TestStore) {
    let fails = Failpoint::default();
    let rows = ProcessStore::failing(open(&store).await, fails.clone());
    let changes =
        || Changes { tasks: vec![task(1)], letters: vec![letter("a", "x", "")], ..Changes::default() };
    let mut tx = rows.begin().await.unwrap();
    tx.write(changes()).await.unwrap();
    drop(tx);
    let mut tx = rows.begin().await.unwrap();
    tx.write(changes()).await.unwrap();
    tx.undo().await.unwrap();
    for writes in 0..3 {
        fails.after(writes);
        let mut tx = rows.begin().await.unwrap();
        let written = tx.write(changes()).await;
        assert!(written.is_err() || tx.commit().await.is_err());
        assert!(fails.has_failed());
        assert!(rows.tasks(&TaskFilter::default(), 9).await.unwrap().is_empty(), "after {writes} writes");
    }
    // The last one fails behind the commit: it is there, and nobody was told so.
    fails.after(3);
    let mut tx = rows.begin().await.unwrap();
    tx.write(changes()).await.unwrap();
    assert!(tx.commit().await.is_err());
    assert_eq!(rows.tasks(&TaskFilter::default(), 9).await.unwrap(), [task(1)]);
    assert!(rows.history("i-0", HistoryPage { after: 0, limit: 9 }).await.unwrap().is_empty());
}

async fn a_letter_is_found_when_somebody_waits_for_it(store: TestStore) {
    let rows = ProcessStore::new(open(&store).await);
    let wait = |instance: &str, correlation: &str| WaitRow {
        instance: instance.to_owned(),
        number: 1,
        kind: 1,
        due: None,
        name: Some("paid".to_owned()),
        correlation: Some(correlation.to_owned()),
    };
    let letters = vec![letter("1", "paid", "7"), letter("2", "paid", ""), letter("3", "other", "7")];
    let mut tx = rows.begin().await.unwrap();
    tx.write(Changes { letters, waits: vec![wait("a", "8")], ..Changes::default() }).await.unwrap();
    let found = async |tx: &mut crate::process::ProcessTx<'_>, now, starts: &[String]| {
        let found = tx.letters(now, starts, 9).await.unwrap();
        found.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut tx, 9, &[]).await, [""; 0]);
    assert_eq!(found(&mut tx, 9, &["other".to_owned()]).await, ["3"]);
    tx.write(Changes { waits: vec![wait("b", "7")], ..Changes::default() }).await.unwrap();
    assert_eq!(found(&mut tx, 9, &[]).await, ["1"]);
    assert_eq!(found(&mut tx, 4, &[]).await, [""; 0], "it is not due");
    tx.write(Changes { waits: vec![wait("c", "")], ..Changes::default() }).await.unwrap();
    assert_eq!(found(&mut tx, 9, &[]).await, ["1", "2"]);
    let waiting = tx.waiting(("paid", "7"), 9).await.unwrap();
    assert_eq!(waiting, [("b".to_owned(), 1), ("c".to_owned(), 1)], "who asks for the key comes first");
    assert_eq!(tx.forget(101, 0).await.unwrap(), 3);
    tx.commit().await.unwrap();
}

testkit::on_both!(
    rows_of_any_number_read_back_as_they_were_written,
    a_transaction_that_is_not_committed_leaves_nothing,
    a_letter_is_found_when_somebody_waits_for_it,
);
